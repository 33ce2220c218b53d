/* The other half of support_ledger: what follows from a block's events, and the sample journey. */
#include "tests/unit/support_ledger.h"

#include "common/block.h"
#include "common/state_key.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ledger_put_state(struct ledger *l, struct slice key, struct slice value)
{
    for (size_t i = 0; i < l->writes; i++)
        if (slice_equal(l->write[i].key, key)) {
            l->write[i].value = ledger_keep(l, value);
            return;
        }
    assert(l->writes < LEDGER_ITEMS);
    l->write[l->writes++] = (struct state_write){ ledger_keep(l, key), ledger_keep(l, value) };
}

/* ------------------------------------------------------------------ an asset's entry */

struct asset_entry {
    uint64_t events;
    struct hash chain;
    struct slice custodian, owner; /* empty: nobody */
};

static struct slice pending_value(struct ledger *l, struct slice key, struct buf *stored)
{
    for (size_t i = 0; i < l->writes; i++)
        if (slice_equal(l->write[i].key, key))
            return l->write[i].value;
    (void)store_state_get(l->store, key, stored, NULL);
    return buf_slice(stored);
}

static struct slice take_member(struct cbor_reader *r)
{
    if (cbor_peek(r) == CBOR_BYTES)
        return cbor_take_bytes(r, KID_SIZE, KID_SIZE);
    cbor_take_null(r);
    return (struct slice){ NULL, 0 };
}

static struct asset_entry take_entry(struct slice value)
{
    struct asset_entry e = { 0 };
    struct cbor_reader r = cbor_reader(value);
    if (value.len == 0)
        return e;
    cbor_take_array_of(&r, 5);
    e.events = cbor_take_uint(&r);
    cbor_take_fixed(&r, e.chain.bytes, HASH_SIZE);
    e.custodian = take_member(&r);
    e.owner = take_member(&r);
    return e;
}

static void put_member_or_null(struct buf *out, struct slice member)
{
    if (member.len > 0)
        cbor_put_bytes(out, member);
    else
        cbor_put_null(out);
}

static void follow_event(struct asset_entry *e, const struct event *event)
{
    struct cbor_reader r = cbor_reader(event->data);
    (void)cbor_take_array(&r);
    if (event->what == EVENT_COMMISSIONED) {
        e->custodian = e->owner = cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
    } else if (event->what == EVENT_PASSED) {
        (void)cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE);
        (void)cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
        struct slice to = cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
        if (cbor_take_uint(&r) == ROLE_CUSTODIAN)
            e->custodian = to;
        else
            e->owner = to;
    }
}

static void chain_asset(struct ledger *l, const char *name, uint64_t index,
                        const struct event *event)
{
    uint8_t memory[256];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct buf stored = buf_heap(1024), link = buf_heap(STATEMENT_MAX);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(name));
    struct asset_entry e = take_entry(pending_value(l, state_key_slice(&key), &stored));
    buf_add_slice(&link, hash_slice(&e.chain));
    cbor_put_array(&link, 3);
    cbor_put_uint(&link, l->head.height + 1);
    cbor_put_uint(&link, index);
    event_put(&link, event);
    e.events++;
    e.chain = crypto_sha256(buf_slice(&link));
    follow_event(&e, event);
    cbor_put_array(&value, 5);
    cbor_put_uint(&value, e.events);
    cbor_put_bytes(&value, hash_slice(&e.chain));
    put_member_or_null(&value, e.custodian);
    put_member_or_null(&value, e.owner);
    cbor_put_null(&value);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&value));
    buf_free(&stored);
    buf_free(&link);
}

static void chain_event(struct ledger *l, uint64_t index, const struct event *event)
{
    struct cbor_reader r = cbor_reader(event->subject);
    if (cbor_peek(&r) == CBOR_TEXT) {
        char name[ASSET_NAME_MAX + 1] = "";
        struct slice text = cbor_take_text(&r, 1, ASSET_NAME_MAX);
        memcpy(name, text.data, text.len);
        chain_asset(l, name, index, event);
    } else if (cbor_peek(&r) == CBOR_ARRAY) {
        struct asset_set set = asset_set_take(&r);
        struct asset_iter it = asset_set_begin(&set);
        while (asset_set_next(&it))
            chain_asset(l, it.name, index, event);
    }
}

/* ------------------------------------------------------------------ sealing */

static void chain_outcomes(struct ledger *l)
{
    for (size_t i = 0; i < l->outcomes; i++) {
        struct outcome o;
        bool good = outcome_decode(l->outcome[i], &o, NULL);
        assert(good && o.type == OUTCOME_VERDICT);
        struct cbor_reader r = cbor_reader(o.verdict.events);
        for (size_t n = o.verdict.event_count; n > 0; n--) {
            struct event e = event_take(&r);
            chain_event(l, i, &e);
        }
    }
}

static struct hash outcomes_root(const struct ledger *l)
{
    struct merkle_frontier f;
    merkle_frontier_begin(&f);
    for (size_t i = 0; i < l->outcomes; i++) {
        struct hash leaf = merkle_leaf(l->outcome[i]);
        merkle_frontier_add(&f, &leaf);
    }
    return merkle_frontier_root(&f);
}

static void next_header(struct ledger *l, uint64_t time_ms, struct header *h,
                        struct merkle_frontier *tree)
{
    *h = l->head;
    h->height++;
    h->prev = header_hash(&l->head);
    h->time_ms = time_ms;
    h->proposer = l->node.kid;
    for (size_t i = 0; i < l->statements; i++) {
        struct hash leaf = merkle_leaf(hash_slice(&l->hash[i]));
        merkle_frontier_add(tree, &leaf);
    }
    h->size = tree->size;
    h->tree = merkle_frontier_root(tree);
    h->outcomes = outcomes_root(l);
    for (size_t i = 0; i < l->writes; i++) {
        struct hash key = crypto_sha256(l->write[i].key);
        struct hash value = crypto_sha256(l->write[i].value);
        (void)state_tree_set(l->state, &key, l->write[i].value.len > 0 ? &value : NULL);
    }
    h->state = state_tree_root(l->state);
}

bool ledger_try_seal(struct ledger *l, uint64_t time_ms, struct err *err)
{
    struct buf seal = buf_heap(SEAL_SIZE_MAX), seals = buf_heap(1024), block = buf_heap(1 << 22);
    struct merkle_frontier tree = l->tree;
    struct commit c = { .statement_count = l->statements };
    ledger_end_verdict(l);
    chain_outcomes(l);
    next_header(l, time_ms, &c.header, &tree);
    seal_sign(&c.header, 0, &l->node, &seal);
    cbor_put_array(&seals, 1);
    cbor_put_bytes(&seals, buf_slice(&seal));
    block_put_head(&block, &c.header, l->statements);
    for (size_t i = 0; i < l->statements; i++)
        block_put_statement(&block, l->statement[i]);
    c.seals = buf_slice(&seals);
    c.block = buf_slice(&block);
    c.statements = l->statement;
    c.statement_hashes = l->hash;
    c.outcomes = l->outcome;
    c.outcome_count = l->outcomes;
    c.writes = l->write;
    c.write_count = l->writes;
    bool good = store_commit(l->store, &c, err);
    if (good) {
        l->head = c.header;
        l->tree = tree;
    }
    ledger_forget_block(l);
    buf_free(&seal);
    buf_free(&seals);
    buf_free(&block);
    return good;
}

void ledger_seal(struct ledger *l, uint64_t time_ms)
{
    struct err err = { 0 };
    if (ledger_try_seal(l, time_ms, &err))
        return;
    (void)fprintf(stderr, "ledger_seal: %s\n", err.msg);
    abort();
}

bool ledger_prove(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                  uint64_t *ret_height, struct err *err)
{
    struct ledger *l = ctx;
    struct buf value = buf_heap(1 << 16);
    (void)err;
    for (size_t i = 0; i < count; i++) {
        buf_clear(&value);
        (void)store_state_get(l->store, keys[i], &value, NULL);
        state_tree_prove(l->state, keys[i], buf_slice(&value), &outs[i]);
    }
    *ret_height = l->head.height;
    buf_free(&value);
    return true;
}
