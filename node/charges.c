#include "node/charges.h"

#include <string.h>

/* ------------------------------------------------------------------ the book */

void charges_open(struct charge_book *b, struct execution *x, struct slice asset,
                  const struct hash *opening)
{
    struct slice value;
    *b = (struct charge_book){ .asset = asset, .opening = *opening };
    b->key = state_key_book(asset, opening);
    if (!execution_get(x, &b->key, &value))
        return;
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n && i < STATE_EXCURSIONS_MAX; i++) {
        cbor_take_array_of(&r, 3);
        b->at[i].rule = cbor_take_uint(&r);
        b->at[i].from_ms = cbor_take_uint(&r);
        b->at[i].to_ms = cbor_take_uint(&r);
        b->count++;
    }
}

void charges_close(struct charge_book *b, struct execution *x)
{
    if (!b->changed)
        return;
    struct buf *out = execution_value(x);
    cbor_put_array(out, b->count);
    for (size_t i = 0; i < b->count; i++) {
        cbor_put_array(out, 3);
        cbor_put_uint(out, b->at[i].rule);
        cbor_put_uint(out, b->at[i].from_ms);
        cbor_put_uint(out, b->at[i].to_ms);
    }
    execution_store(x, &b->key);
}

static size_t load_custody(struct execution *x, struct slice asset,
                           struct charge_holder history[STATE_CUSTODY_MAX])
{
    struct state_key key = state_key_text(TABLE_CUSTODY, asset);
    struct slice value;
    if (!execution_get(x, &key, &value))
        return 0;
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n && i < STATE_CUSTODY_MAX; i++) {
        cbor_take_array_of(&r, 2);
        history[i].time_ms = cbor_take_uint(&r);
        cbor_take_fixed(&r, history[i].member, KID_SIZE);
        history[i].held = true;
    }
    return n;
}

static void emit_charges(const struct charge_book *b, struct execution *x,
                         const struct charge_stretch *s)
{
    struct charge_holder history[STATE_CUSTODY_MAX];
    struct charge_shares shares;
    size_t n = load_custody(x, b->asset, history);
    if (!charge_split(history, n, s->from_ms, s->to_ms, &shares, NULL))
        return; /* more custodians than are kept: the excursion stands, its split is not given */
    for (size_t i = 0; i < shares.count; i++) {
        struct slice subject = execution_subject_asset(x, b->asset);
        struct buf *data = execution_emit(x, EVENT_CHARGED, subject, s->to_ms, 5);
        cbor_put_uint(data, s->rule);
        if (shares.items[i].held)
            cbor_put_bytes(data, slice_of(shares.items[i].member, KID_SIZE));
        else
            cbor_put_null(data);
        cbor_put_uint(data, shares.items[i].seconds);
        cbor_put_uint(data, s->from_ms);
        cbor_put_bytes(data, hash_slice(&b->opening));
    }
}

void charges_add(struct charge_book *b, struct execution *x, uint64_t rule, uint64_t from_ms,
                 uint64_t to_ms)
{
    if (b->count == STATE_EXCURSIONS_MAX) {
        memmove(&b->at[0], &b->at[1], (STATE_EXCURSIONS_MAX - 1) * sizeof b->at[0]);
        b->count--;
    }
    struct charge_stretch *s = &b->at[b->count++];
    *s = (struct charge_stretch){ rule, from_ms, to_ms };
    b->changed = true;
    emit_charges(b, x, s);
}

/* ------------------------------------------------------------------ a handover */

static void revise(struct execution *x, struct slice asset, const struct hash *opening,
                   uint64_t time_ms)
{
    struct charge_book b;
    charges_open(&b, x, asset, opening);
    for (size_t i = 0; i < b.count && !execution_is_over(x); i++) {
        (void)execution_step(x, 1);
        if (b.at[i].to_ms <= time_ms)
            continue;
        struct slice subject = execution_subject_asset(x, asset);
        struct buf *data = execution_emit(x, EVENT_REVISION, subject, time_ms, 3);
        cbor_put_uint(data, b.at[i].rule);
        cbor_put_uint(data, b.at[i].from_ms);
        cbor_put_bytes(data, hash_slice(opening));
        emit_charges(&b, x, &b.at[i]);
    }
}

/* Appends a holder; times never step back, and the oldest makes room. */
static void put_holder(struct buf *out, struct slice before, const struct kid *to, uint64_t time_ms)
{
    struct cbor_reader r = cbor_reader(before);
    size_t n = cbor_take_array(&r);
    size_t skip = n == STATE_CUSTODY_MAX ? 1 : 0;
    uint64_t last = 0;
    cbor_put_array(out, n - skip + 1);
    for (size_t i = 0; i < n; i++) {
        struct cbor_reader item = r;
        cbor_take_array_of(&item, 2);
        last = cbor_take_uint(&item);
        struct slice raw = cbor_take_item(&r);
        if (i >= skip)
            buf_add_slice(out, raw);
    }
    cbor_put_array(out, 2);
    cbor_put_uint(out, time_ms > last ? time_ms : last);
    kid_put(out, to);
}

void rules_custody_passed(struct execution *x, struct slice asset, const struct kid *to,
                          uint64_t time_ms)
{
    struct state_key key = state_key_text(TABLE_CUSTODY, asset);
    struct slice before, contracts;
    if (!execution_get(x, &key, &before))
        return; /* no contract has asked for this asset's custody yet */
    put_holder(execution_value(x), before, to, time_ms);
    execution_store(x, &key);
    key = state_key_text(TABLE_CONTRACTS, asset);
    if (!execution_get(x, &key, &contracts))
        return;
    struct cbor_reader r = cbor_reader(contracts);
    for (size_t n = cbor_take_array(&r); n > 0 && !execution_is_over(x); n--) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        if (!r.failed)
            revise(x, asset, &opening, time_ms);
    }
}
