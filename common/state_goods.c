#include "common/state_goods.h"

#include "common/commission.h"
#include "common/custody.h"

/* ------------------------------------------------------------------ one asset */

enum goods_field {
    FIELD_END = 0,
    FIELD_ORIGIN = 1,
    FIELD_SALE = 2,
    FIELD_AMOUNT = 3,
    FIELD_INSIDE = 4,
    FIELD_CONTENTS = 5,
    FIELD_SIGHTING = 6,
    FIELD_LABEL = 7,
    FIELD_REVEAL = 8,
};

static size_t fields_of(const struct state_goods *v)
{
    return (size_t)(v->end != GOODS_ACTIVE) + (size_t)v->has_origin + (size_t)v->has_sale +
           (size_t)v->has_amount + (size_t)(v->container.len > 0) + (size_t)(v->inside > 0) +
           (size_t)v->has_sighting + (size_t)v->has_label + (size_t)v->has_reveal;
}

bool state_goods_is_plain(const struct state_goods *v)
{
    return fields_of(v) == 0;
}

static void put_name(struct buf *out, struct slice name)
{
    if (name.len > 0)
        cbor_put_text(out, name);
    else
        cbor_put_null(out);
}

static struct slice take_name(struct cbor_reader *r)
{
    if (cbor_peek(r) != CBOR_NULL)
        return cbor_take_text(r, 1, ASSET_NAME_MAX);
    cbor_take_null(r);
    return (struct slice){ NULL, 0 };
}

static void put_end(struct buf *out, const struct state_goods *v)
{
    cbor_put_array(out, 4);
    cbor_put_uint(out, v->end);
    cbor_put_bytes(out, hash_slice(&v->end_by));
    kid_put(out, &v->end_member);
    cbor_put_uint(out, v->end_ms);
}

static void put_sighting(struct buf *out, const struct goods_sighting *s)
{
    cbor_put_array(out, 5);
    cbor_put_uint(out, s->time_ms);
    cbor_put_int(out, s->lat);
    cbor_put_int(out, s->lon);
    cbor_put_bytes(out, hash_slice(&s->statement));
    kid_put(out, &s->kid);
}

static void put_places(struct buf *out, const struct state_goods *v)
{
    if (v->container.len > 0) {
        cbor_put_uint(out, FIELD_INSIDE);
        cbor_put_array(out, 3);
        cbor_put_text(out, v->container);
        put_name(out, v->previous);
        put_name(out, v->next);
    }
    if (v->inside > 0) {
        cbor_put_uint(out, FIELD_CONTENTS);
        cbor_put_array(out, 4);
        cbor_put_text(out, v->first);
        cbor_put_text(out, v->last);
        cbor_put_uint(out, v->inside);
        cbor_put_uint(out, v->inside_all);
    }
}

static void put_hash_field(struct buf *out, bool present, enum goods_field field,
                           const struct hash *hash)
{
    if (!present)
        return;
    cbor_put_uint(out, field);
    cbor_put_bytes(out, hash_slice(hash));
}

void state_goods_put(struct buf *out, const struct state_goods *v)
{
    cbor_put_map(out, fields_of(v));
    if (v->end != GOODS_ACTIVE) {
        cbor_put_uint(out, FIELD_END);
        put_end(out, v);
    }
    if (v->has_origin) {
        cbor_put_uint(out, FIELD_ORIGIN);
        cbor_put_array(out, 2);
        cbor_put_bytes(out, hash_slice(&v->origin));
        cbor_put_uint(out, v->origin_output);
    }
    put_hash_field(out, v->has_sale, FIELD_SALE, &v->sale);
    if (v->has_amount) {
        cbor_put_uint(out, FIELD_AMOUNT);
        amount_put(out, &v->amount);
    }
    put_places(out, v);
    if (v->has_sighting) {
        cbor_put_uint(out, FIELD_SIGHTING);
        put_sighting(out, &v->sighting);
    }
    put_hash_field(out, v->has_label, FIELD_LABEL, &v->label);
    put_hash_field(out, v->has_reveal, FIELD_REVEAL, &v->reveal);
}

static void take_field(struct cbor_reader *r, uint64_t field, struct state_goods *v)
{
    switch ((enum goods_field)field) {
    case FIELD_END:
        cbor_take_array_of(r, 4);
        v->end = (enum goods_end)cbor_take_int_in(r, GOODS_DISPENSED, GOODS_USED_UP);
        cbor_take_fixed(r, v->end_by.bytes, HASH_SIZE);
        v->end_member = kid_take(r);
        v->end_ms = cbor_take_uint(r);
        return;
    case FIELD_ORIGIN:
        cbor_take_array_of(r, 2);
        v->has_origin = true;
        cbor_take_fixed(r, v->origin.bytes, HASH_SIZE);
        v->origin_output = cbor_take_uint_max(r, STATE_MAKING_OUTPUTS - 1);
        return;
    case FIELD_SALE:
        v->has_sale = true;
        cbor_take_fixed(r, v->sale.bytes, HASH_SIZE);
        return;
    case FIELD_AMOUNT:
        v->has_amount = true;
        v->amount = amount_take(r, 0);
        return;
    case FIELD_INSIDE:
        cbor_take_array_of(r, 3);
        v->container = cbor_take_text(r, 1, ASSET_NAME_MAX);
        v->previous = take_name(r);
        v->next = take_name(r);
        return;
    case FIELD_CONTENTS:
        cbor_take_array_of(r, 4);
        v->first = cbor_take_text(r, 1, ASSET_NAME_MAX);
        v->last = cbor_take_text(r, 1, ASSET_NAME_MAX);
        v->inside = (uint64_t)cbor_take_int_in(r, 1, ASSET_SET_MAX);
        v->inside_all = cbor_take_uint_max(r, ASSET_SET_MAX);
        return;
    case FIELD_SIGHTING:
        cbor_take_array_of(r, 5);
        v->has_sighting = true;
        v->sighting.time_ms = cbor_take_uint(r);
        v->sighting.lat = cbor_take_int(r);
        v->sighting.lon = cbor_take_int(r);
        cbor_take_fixed(r, v->sighting.statement.bytes, HASH_SIZE);
        v->sighting.kid = kid_take(r);
        return;
    case FIELD_LABEL:
        v->has_label = true;
        cbor_take_fixed(r, v->label.bytes, HASH_SIZE);
        return;
    case FIELD_REVEAL:
        v->has_reveal = true;
        cbor_take_fixed(r, v->reveal.bytes, HASH_SIZE);
        return;
    }
    cbor_fail(r);
}

void state_goods_take(struct cbor_reader *r, struct state_goods *ret_v)
{
    size_t n = cbor_take_map(r);
    uint64_t least = 0; /* keys rise */
    *ret_v = (struct state_goods){ .end = GOODS_ACTIVE };
    if (n == 0)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        uint64_t field = (uint64_t)cbor_take_int_in(r, (int64_t)least, FIELD_REVEAL);
        take_field(r, field, ret_v);
        least = field + 1;
    }
}

/* ------------------------------------------------------------------ making */

void state_making_put(struct buf *out, const struct state_making *v)
{
    cbor_put_array(out, 6);
    cbor_put_uint(out, v->kind);
    kid_put(out, &v->member);
    cbor_put_uint(out, v->time_ms);
    put_name(out, v->place);
    cbor_put_array(out, v->output_count);
    for (size_t i = 0; i < v->output_count; i++) {
        cbor_put_array(out, 2);
        put_name(out, v->outputs[i].lot);
        if (v->outputs[i].has_expiry)
            cbor_put_uint(out, v->outputs[i].expiry_ms);
        else
            cbor_put_null(out);
    }
    cbor_put_array(out, v->input_count);
    buf_add_slice(out, v->inputs);
}

static void take_output(struct cbor_reader *r, struct making_output *o)
{
    cbor_take_array_of(r, 2);
    o->lot = (struct slice){ NULL, 0 };
    if (cbor_peek(r) == CBOR_NULL)
        cbor_take_null(r);
    else
        o->lot = cbor_take_text(r, 1, NAME_MAX_BYTES);
    o->has_expiry = cbor_peek(r) != CBOR_NULL;
    if (o->has_expiry)
        o->expiry_ms = cbor_take_uint(r);
    else
        cbor_take_null(r);
}

bool state_making_take(struct slice value, struct state_making *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 6);
    ret_v->kind = (enum making_kind)cbor_take_uint_max(&r, MAKING_COMMISSION);
    ret_v->member = kid_take(&r);
    ret_v->time_ms = cbor_take_uint(&r);
    ret_v->place = take_name(&r);
    ret_v->output_count = cbor_take_array(&r);
    if (ret_v->output_count > STATE_MAKING_OUTPUTS)
        return false;
    for (size_t i = 0; i < ret_v->output_count; i++)
        take_output(&r, &ret_v->outputs[i]);
    ret_v->input_count = cbor_take_array(&r);
    size_t start = r.pos;
    for (size_t i = 0; i < ret_v->input_count && !r.failed; i++)
        (void)asset_set_take(&r);
    ret_v->inputs = slice_from(value, start, r.pos - start);
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ holds */

void state_hold_put(struct buf *out, const struct state_hold *v)
{
    cbor_put_array(out, 2);
    if (v->quarantined) {
        cbor_put_array(out, 3);
        kid_put(out, &v->quarantine_member);
        cbor_put_bytes(out, hash_slice(&v->quarantine));
        cbor_put_bool(out, v->rejected);
    } else {
        cbor_put_null(out);
    }
    if (v->recalled) {
        cbor_put_array(out, 2);
        kid_put(out, &v->recall_member);
        cbor_put_bytes(out, hash_slice(&v->recall));
    } else {
        cbor_put_null(out);
    }
}

bool state_hold_take(struct slice value, struct state_hold *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_hold v = { .quarantined = false };
    cbor_take_array_of(&r, 2);
    v.quarantined = cbor_peek(&r) != CBOR_NULL;
    if (v.quarantined) {
        cbor_take_array_of(&r, 3);
        v.quarantine_member = kid_take(&r);
        cbor_take_fixed(&r, v.quarantine.bytes, HASH_SIZE);
        v.rejected = cbor_take_bool(&r);
    } else {
        cbor_take_null(&r);
    }
    v.recalled = cbor_peek(&r) != CBOR_NULL;
    if (v.recalled) {
        cbor_take_array_of(&r, 2);
        v.recall_member = kid_take(&r);
        cbor_take_fixed(&r, v.recall.bytes, HASH_SIZE);
    } else {
        cbor_take_null(&r);
    }
    *ret_v = v;
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ lots */

void state_lot_put(struct buf *out, const struct state_lot *v)
{
    cbor_put_array(out, 3);
    kid_put(out, &v->maker);
    if (v->has_declared)
        cbor_put_uint(out, v->declared);
    else
        cbor_put_null(out);
    cbor_put_uint(out, v->made);
}

bool state_lot_take(struct slice value, struct state_lot *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_lot v = { .declared = 0 };
    cbor_take_array_of(&r, 3);
    v.maker = kid_take(&r);
    v.has_declared = cbor_peek(&r) != CBOR_NULL;
    if (v.has_declared)
        v.declared = cbor_take_uint(&r);
    else
        cbor_take_null(&r);
    v.made = cbor_take_uint(&r);
    *ret_v = v;
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ certificates */

void state_certificate_put(struct buf *out, const struct state_certificate *v)
{
    cbor_put_array(out, 8);
    kid_put(out, &v->issuer);
    cbor_put_text(out, v->name);
    cbor_put_uint(out, v->from_ms);
    cbor_put_uint(out, v->until_ms);
    if (v->assets.len > 0)
        buf_add_slice(out, v->assets);
    else
        cbor_put_null(out);
    put_name(out, v->place);
    if (v->has_member)
        kid_put(out, &v->member);
    else
        cbor_put_null(out);
    if (v->revoked) {
        cbor_put_array(out, 2);
        cbor_put_uint(out, v->revoked_from_ms);
        cbor_put_bytes(out, hash_slice(&v->revoked_by));
    } else {
        cbor_put_null(out);
    }
}

bool state_certificate_take(struct slice value, struct state_certificate *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_certificate v = { .revoked = false };
    cbor_take_array_of(&r, 8);
    v.issuer = kid_take(&r);
    v.name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
    v.from_ms = cbor_take_uint(&r);
    v.until_ms = cbor_take_uint(&r);
    if (cbor_peek(&r) == CBOR_NULL)
        cbor_take_null(&r);
    else
        v.assets = asset_set_take(&r).raw;
    v.place = take_name(&r);
    v.has_member = cbor_peek(&r) != CBOR_NULL;
    if (v.has_member)
        v.member = kid_take(&r);
    else
        cbor_take_null(&r);
    v.revoked = cbor_peek(&r) != CBOR_NULL;
    if (v.revoked) {
        cbor_take_array_of(&r, 2);
        v.revoked_from_ms = cbor_take_uint(&r);
        cbor_take_fixed(&r, v.revoked_by.bytes, HASH_SIZE);
    } else {
        cbor_take_null(&r);
    }
    *ret_v = v;
    return cbor_done(&r);
}

bool state_certificate_holds(const struct state_certificate *v, uint64_t time_ms)
{
    return v->from_ms <= time_ms && time_ms < v->until_ms &&
           !(v->revoked && time_ms >= v->revoked_from_ms);
}

/* ------------------------------------------------------------------ attachments */

void state_attachments_put(struct buf *out, const struct state_attachments *v)
{
    cbor_put_array(out, v->count);
    for (size_t i = 0; i < v->count; i++) {
        cbor_put_array(out, 3);
        cbor_put_text(out, v->items[i].asset);
        cbor_put_uint(out, v->items[i].from_ms);
        cbor_put_uint(out, v->items[i].to_ms);
    }
}

bool state_attachments_take(struct slice value, struct state_attachments *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    ret_v->count = cbor_take_array(&r);
    if (ret_v->count == 0 || ret_v->count > STATE_ATTACHMENTS_MAX)
        return false;
    for (size_t i = 0; i < ret_v->count; i++) {
        cbor_take_array_of(&r, 3);
        ret_v->items[i].asset = cbor_take_text(&r, 1, ASSET_NAME_MAX);
        ret_v->items[i].from_ms = cbor_take_uint(&r);
        ret_v->items[i].to_ms = cbor_take_uint(&r);
    }
    return cbor_done(&r);
}
