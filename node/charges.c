#include "node/charges.h"

#include "node/judging.h"

#include <string.h>

/* ------------------------------------------------------------------ who held it */

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
    return n < STATE_CUSTODY_MAX ? n : STATE_CUSTODY_MAX;
}

/* False when more custodians took part than are kept: the stretch stands, its split is not given. */
static bool split(struct execution *x, struct slice asset, uint64_t from_ms, uint64_t to_ms,
                  struct charge_shares *ret_shares)
{
    struct charge_holder history[STATE_CUSTODY_MAX];
    size_t n = load_custody(x, asset, history);
    (void)execution_step(x, 1 + n);
    return charge_split(history, n, from_ms, to_ms, ret_shares, NULL);
}

void charges_emit(struct execution *x, struct slice asset, const struct hash *opening,
                  const struct book_stretch *stretch)
{
    struct charge_shares shares;
    if (!split(x, asset, stretch->from_ms, stretch->to_ms, &shares))
        return;
    for (size_t i = 0; i < shares.count; i++) {
        struct slice subject = execution_subject_asset(x, asset);
        struct buf *data = execution_emit(x, EVENT_CHARGED, subject, stretch->to_ms, 6);
        cbor_put_uint(data, stretch->rule);
        if (shares.items[i].held)
            cbor_put_bytes(data, slice_of(shares.items[i].member, KID_SIZE));
        else
            cbor_put_null(data);
        cbor_put_uint(data, shares.items[i].seconds);
        cbor_put_uint(data, stretch->from_ms);
        cbor_put_bytes(data, hash_slice(opening));
        cbor_put_bytes(data, slice_of(stretch->device, BOOK_DEVICE_SIZE));
    }
}

uint64_t charges_of_member(struct execution *x, struct slice asset, const struct kid *member,
                           uint64_t from_ms, uint64_t to_ms)
{
    struct charge_shares shares;
    if (!split(x, asset, from_ms, to_ms, &shares))
        return 0;
    for (size_t i = 0; i < shares.count; i++)
        if (shares.items[i].held && memcmp(shares.items[i].member, member->bytes, KID_SIZE) == 0)
            return shares.items[i].seconds;
    return 0;
}

/* ------------------------------------------------------------------ a handover */

static void revise(struct execution *x, struct slice asset, const struct hash *opening,
                   uint64_t time_ms)
{
    struct state_key key = state_key_book(asset, opening);
    struct slice value;
    struct book book;
    if (!execution_get(x, &key, &value))
        return; /* nothing was found */
    const struct contract_bound *contract = contract_cache_find(x, opening);
    if (contract == NULL || !judging_load_book(x, contract, asset, &book))
        return;
    (void)execution_step(x, book.count);
    for (size_t i = 0; i < book.count && !execution_is_over(x); i++) {
        const struct book_stretch *s = &book.stretches[i];
        if (s->sure || s->open || s->to_ms <= time_ms)
            continue;
        struct slice subject = execution_subject_asset(x, asset);
        struct buf *data = execution_emit(x, EVENT_REVISION, subject, time_ms, 5);
        cbor_put_uint(data, s->rule);
        cbor_put_uint(data, s->from_ms);
        cbor_put_bytes(data, hash_slice(opening));
        cbor_put_bytes(data, slice_of(s->device, BOOK_DEVICE_SIZE));
        cbor_put_bool(data, false);
        charges_emit(x, asset, opening, s);
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
