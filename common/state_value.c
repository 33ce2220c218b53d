#include "common/state_value.h"

#include "common/authority_set.h"
#include "common/custody.h"

static bool take_optional_hash(struct cbor_reader *r, struct hash *ret_hash)
{
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return false;
    }
    cbor_take_fixed(r, ret_hash->bytes, HASH_SIZE);
    return true;
}

static bool take_optional_kid(struct cbor_reader *r, struct kid *ret_kid)
{
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return false;
    }
    *ret_kid = kid_take(r);
    return true;
}

static void put_optional(struct buf *out, bool present, struct slice bytes)
{
    if (present)
        cbor_put_bytes(out, bytes);
    else
        cbor_put_null(out);
}

void state_params_put(struct buf *out, const struct state_params *v)
{
    cbor_put_map(out, v->name.len > 0 ? 4 : 3);
    cbor_put_int(out, 0);
    cbor_put_uint(out, v->rules);
    cbor_put_int(out, 1);
    cbor_put_bool(out, v->demo);
    cbor_put_int(out, 2);
    cbor_put_uint(out, v->opening_wait_ms);
    if (v->name.len > 0) {
        cbor_put_int(out, 3);
        cbor_put_text(out, v->name);
    }
}

bool state_params_take(struct slice value, struct state_params *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_map(&r);
    (void)cbor_take_int_in(&r, 0, 0);
    ret_v->rules = cbor_take_uint(&r);
    (void)cbor_take_int_in(&r, 1, 1);
    ret_v->demo = cbor_take_bool(&r);
    (void)cbor_take_int_in(&r, 2, 2);
    ret_v->opening_wait_ms = cbor_take_uint(&r);
    ret_v->name = (struct slice){ NULL, 0 };
    for (size_t i = 3; i < n && !r.failed; i++) { /* later versions add parameters */
        if (cbor_take_uint(&r) == 3)
            ret_v->name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
        else
            (void)cbor_take_item(&r);
    }
    return n >= 3 && cbor_done(&r);
}

void state_member_put(struct buf *out, const struct state_member *v)
{
    cbor_put_array(out, v->has_key ? 3 : 2);
    cbor_put_text(out, v->name);
    cbor_put_bool(out, v->active);
    if (v->has_key)
        kid_put(out, &v->key);
}

bool state_member_take(struct slice value, struct state_member *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    ret_v->name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
    ret_v->active = cbor_take_bool(&r);
    ret_v->has_key = n == 3;
    if (ret_v->has_key)
        ret_v->key = kid_take(&r);
    return (n == 2 || n == 3) && cbor_done(&r);
}

void state_key_record_put(struct buf *out, const struct state_key_record *v)
{
    cbor_put_array(out, 6);
    cbor_put_bytes(out, slice_of(v->pub, PUB_SIZE));
    kid_put(out, &v->member);
    cbor_put_uint(out, v->class);
    buf_add_slice(out, v->rights);
    put_optional(out, !v->founding, hash_slice(&v->enrolled_by));
    if (!v->revoked) {
        cbor_put_null(out);
        return;
    }
    cbor_put_array(out, 3);
    cbor_put_uint(out, v->revoked_from_ms);
    cbor_put_uint(out, v->last_good_seq);
    cbor_put_uint(out, v->revoked_height);
}

bool state_key_record_take(struct slice value, struct state_key_record *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_key_record v = { .revoked = false };
    cbor_take_array_of(&r, 6);
    cbor_take_fixed(&r, v.pub, PUB_SIZE);
    v.member = kid_take(&r);
    v.class = (enum key_class)cbor_take_uint_max(&r, CLASS_AUDITOR);
    v.rights = cbor_take_item(&r);
    v.founding = !take_optional_hash(&r, &v.enrolled_by);
    v.revoked = cbor_peek(&r) != CBOR_NULL;
    if (v.revoked) {
        cbor_take_array_of(&r, 3);
        v.revoked_from_ms = cbor_take_uint(&r);
        v.last_good_seq = cbor_take_uint(&r);
        v.revoked_height = cbor_take_uint(&r);
    } else {
        cbor_take_null(&r);
    }
    *ret_v = v;
    return cbor_done(&r);
}

void state_asset_put(struct buf *out, const struct state_asset *v)
{
    bool plain = state_goods_is_plain(&v->goods);
    cbor_put_array(out, plain ? 5 : 6);
    cbor_put_uint(out, v->events);
    cbor_put_bytes(out, hash_slice(&v->chain));
    put_optional(out, v->has_custodian, kid_slice(&v->custodian));
    put_optional(out, v->has_owner, kid_slice(&v->owner));
    put_optional(out, v->has_offer, hash_slice(&v->offer));
    if (!plain)
        state_goods_put(out, &v->goods);
}

bool state_asset_take(struct slice value, struct state_asset *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_asset v = { .events = 0 };
    size_t n = cbor_take_array(&r);
    v.events = cbor_take_uint(&r);
    cbor_take_fixed(&r, v.chain.bytes, HASH_SIZE);
    v.has_custodian = take_optional_kid(&r, &v.custodian);
    v.has_owner = take_optional_kid(&r, &v.owner);
    v.has_offer = take_optional_hash(&r, &v.offer);
    if (n == 6)
        state_goods_take(&r, &v.goods);
    *ret_v = v;
    return (n == 5 || n == 6) && cbor_done(&r);
}

void state_offer_put(struct buf *out, const struct state_offer *v)
{
    cbor_put_array(out, v->has_expiry ? 7 : 5);
    kid_put(out, &v->from);
    kid_put(out, &v->to);
    cbor_put_bytes(out, hash_slice(&v->assets));
    cbor_put_uint(out, v->role);
    cbor_put_uint(out, v->time_ms);
    if (v->has_expiry) {
        cbor_put_uint(out, v->expiry_ms);
        buf_add_slice(out, v->set);
    }
}

bool state_offer_take(struct slice value, struct state_offer *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_offer v = { .has_expiry = false };
    size_t n = cbor_take_array(&r);
    v.from = kid_take(&r);
    v.to = kid_take(&r);
    cbor_take_fixed(&r, v.assets.bytes, HASH_SIZE);
    v.role = cbor_take_uint_max(&r, ROLE_OWNER);
    v.time_ms = cbor_take_uint(&r);
    v.has_expiry = n == 7;
    if (v.has_expiry) {
        v.expiry_ms = cbor_take_uint(&r);
        v.set = asset_set_take(&r).raw;
    }
    *ret_v = v;
    return (n == 5 || n == 7) && cbor_done(&r);
}

void state_instance_put(struct buf *out, const struct state_instance *v)
{
    cbor_put_array(out, 3);
    cbor_put_bytes(out, hash_slice(&v->definition));
    cbor_put_uint(out, v->status);
    cbor_put_array(out, v->agreed_count);
    for (size_t i = 0; i < v->agreed_count; i++)
        kid_put(out, &v->agreed[i]);
}

bool state_instance_take(struct slice value, struct state_instance *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    struct state_instance v = { .agreed_count = 0 };
    cbor_take_array_of(&r, 3);
    cbor_take_fixed(&r, v.definition.bytes, HASH_SIZE);
    v.status = (enum instance_status)cbor_take_uint_max(&r, INSTANCE_REPLACED);
    v.agreed_count = cbor_take_array(&r);
    if (v.agreed_count > sizeof v.agreed / sizeof v.agreed[0])
        return false;
    for (size_t i = 0; i < v.agreed_count; i++)
        v.agreed[i] = kid_take(&r);
    *ret_v = v;
    return cbor_done(&r);
}

void state_attachment_put(struct buf *out, const struct state_attachment *v)
{
    cbor_put_array(out, 2);
    cbor_put_text(out, v->asset);
    cbor_put_uint(out, v->since_ms);
}

bool state_attachment_take(struct slice value, struct state_attachment *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 2);
    ret_v->asset = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    ret_v->since_ms = cbor_take_uint(&r);
    return cbor_done(&r);
}

void state_block_put(struct buf *out, uint64_t height, const struct hash *hash)
{
    cbor_put_array(out, 2);
    cbor_put_uint(out, height);
    cbor_put_bytes(out, hash_slice(hash));
}

bool state_block_take(struct slice value, uint64_t *ret_height, struct hash *ret_hash)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 2);
    *ret_height = cbor_take_uint(&r);
    cbor_take_fixed(&r, ret_hash->bytes, HASH_SIZE);
    return cbor_done(&r);
}

void state_sets_put(struct buf *out, struct slice set, struct slice next)
{
    cbor_put_array(out, 2);
    cbor_put_bytes(out, set);
    cbor_put_bytes(out, next);
}

bool state_sets_take(struct slice value, struct slice *ret_set, struct slice *ret_next)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 2);
    *ret_set = cbor_take_bytes(&r, 1, AUTHORITY_SET_SIZE_MAX + 16);
    *ret_next = cbor_take_bytes(&r, 1, AUTHORITY_SET_SIZE_MAX + 16);
    return cbor_done(&r);
}

void state_master_put(struct buf *out, struct slice payload, const struct hash *statement)
{
    cbor_put_array(out, 2);
    buf_add_slice(out, payload);
    cbor_put_bytes(out, hash_slice(statement));
}

bool state_master_take(struct slice value, struct slice *ret_payload, struct hash *ret_statement)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 2);
    *ret_payload = cbor_take_item(&r);
    cbor_take_fixed(&r, ret_statement->bytes, HASH_SIZE);
    return cbor_done(&r);
}
