#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/state_key.h"
#include "tests/unit/support_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE 60000

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* A ledger of so many blocks with `each` units in each, and state of several chunks when values are long. */
static struct ledger *make(unsigned blocks, unsigned each, size_t value_len)
{
    struct ledger *l = ledger_new(false);
    uint8_t *value = calloc(1, value_len + 8);
    unsigned n = 0;
    for (unsigned b = 0; b < blocks; b++) {
        for (unsigned i = 0; i < each; i++, n++) {
            char name[64];
            uint8_t memory[128], key[64];
            struct buf set = buf_fixed(memory, sizeof memory), k = buf_fixed(key, sizeof key);
            struct buf v = buf_fixed(value, value_len + 8);
            (void)snprintf(name, sizeof name, "01/09506000134352/21/U%06u", n);
            struct statement s = { .kind = KIND_COMMISSION };
            s.as.commission.assets = asset_set_one(name, &set);
            (void)ledger_add(l, &l->farm, LEDGER_T0 + n, s);
            ledger_event(l, EVENT_COMMISSIONED, name, LEDGER_T0 + n, "k", &l->farm.kid);
            cbor_put_array(&k, 2);
            cbor_put_uint(&k, 99);
            cbor_put_uint(&k, n);
            cbor_put_bytes_head(&v, value_len);
            memset(buf_extend(&v, value_len), (int)n, value_len);
            ledger_put_state(l, buf_slice(&k), buf_slice(&v));
        }
        ledger_seal(l, LEDGER_T0 + (b + 1) * MINUTE);
    }
    free(value);
    return l;
}

struct seen {
    size_t count;
    struct hash last;
    struct ledger *l;
};

static bool compare_entry(void *ctx, const struct hash *key_hash, struct slice key,
                          struct slice value)
{
    struct seen *seen = ctx;
    struct buf stored = buf_heap(1 << 20);
    bool same = store_state_get(seen->l->store, key, &stored, NULL) &&
                slice_equal(buf_slice(&stored), value) &&
                memcmp(seen->last.bytes, key_hash->bytes, HASH_SIZE) < 0;
    seen->last = *key_hash;
    seen->count++;
    buf_free(&stored);
    return same;
}

static bool count_entry(void *ctx, const struct hash *key_hash, struct slice key,
                        struct slice value)
{
    (void)key_hash;
    (void)key;
    (void)value;
    (*(size_t *)ctx)++;
    return true;
}

static void test_chunks_hold_the_whole_state(void **state)
{
    (void)state;
    struct ledger *l = make(3, 400, 4000);
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct err err = { 0 };
    size_t entries = 0;
    expect(snapshot_verify(buf_slice(&c->manifest), &l->identity, s, &err), &err);
    assert_true(c->count > 3);
    assert_int_equal(s->chunk_count, c->count);
    assert_int_equal(s->header.height, 3);
    assert_int_equal(s->edge.size, 1200);
    struct seen seen = { .l = l };
    for (size_t i = 0; i < c->count; i++) {
        assert_int_equal(s->first[i], c->first[i]);
        assert_true(c->chunk[i].len < SNAPSHOT_CHUNK_SIZE + 100000);
        expect(snapshot_check_chunk(s, i, buf_slice(&c->chunk[i]), &err), &err);
        assert_true(snapshot_each(buf_slice(&c->chunk[i]), compare_entry, &seen));
    }
    assert_true(store_state_each(l->store, count_entry, &entries, NULL));
    assert_int_equal(seen.count, entries);
    free(s);
    cut_free(c);
    ledger_free(l);
}

static void test_a_chunk_in_anothers_place_is_refused(void **state)
{
    (void)state;
    struct ledger *l = make(1, 400, 6000);
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct err err = { 0 };
    expect(snapshot_verify(buf_slice(&c->manifest), &l->identity, s, &err), &err);
    assert_true(c->count > 1);
    assert_false(snapshot_check_chunk(s, 0, buf_slice(&c->chunk[1]), &err));
    assert_int_equal(strncmp(err.msg, "buckets 0 to ", 13), 0);
    assert_false(snapshot_check_chunk(s, 1, buf_slice(&c->chunk[0]), &err));
    free(s);
    cut_free(c);
    ledger_free(l);
}

/* What is wrong anywhere in a chunk is found: a bit of a key, of a value or of the form around them. */
static void test_every_wrong_byte_of_a_chunk_is_found(void **state)
{
    (void)state;
    struct ledger *l = make(1, 40, 20);
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct err err = { 0 };
    expect(snapshot_verify(buf_slice(&c->manifest), &l->identity, s, &err), &err);
    struct slice chunk = buf_slice(&c->chunk[0]);
    assert_int_equal(c->count, 1);
    for (size_t i = 0; i < chunk.len; i += 3) {
        c->chunk[0].data[i] ^= 1;
        if (snapshot_check_chunk(s, 0, chunk, &err))
            fail_msg("byte %zu may be anything", i);
        c->chunk[0].data[i] ^= 1;
    }
    for (size_t cut = 0; cut < chunk.len; cut += 7)
        assert_false(snapshot_check_chunk(s, 0, slice_of(chunk.data, cut), &err));
    free(s);
    cut_free(c);
    ledger_free(l);
}

/* One chunk of entries in the test's own order; `leave` is left out. */
static struct slice compose(struct slice chunk, size_t swap, size_t leave, struct buf *out)
{
    struct cbor_reader r = cbor_reader(chunk);
    struct slice items[512];
    size_t n = 0;
    cbor_take_array_of(&r, 3);
    (void)cbor_take_uint(&r);
    (void)cbor_take_uint(&r);
    size_t packs = cbor_take_array(&r);
    assert_int_equal(packs, 1);
    struct cbor_reader p = cbor_reader(cbor_take_bytes(&r, 1, SIZE_MAX));
    n = cbor_take_array(&p);
    for (size_t i = 0; i < n; i++)
        items[i] = cbor_take_bytes(&p, 1, SIZE_MAX);
    if (swap + 3 < n)
        for (size_t i = swap; i < swap + 2; i++) {
            struct slice held = items[i];
            items[i] = items[i + 2];
            items[i + 2] = held;
        }
    struct buf pack = buf_heap(1 << 20);
    cbor_put_array(&pack, leave < n ? n - 2 : n);
    for (size_t i = 0; i < n; i++)
        if (i != leave && i != leave + 1)
            cbor_put_bytes(&pack, items[i]);
    buf_clear(out);
    cbor_put_array(out, 3);
    cbor_put_uint(out, 0);
    cbor_put_uint(out, STATE_BUCKETS);
    cbor_put_array(out, 1);
    cbor_put_bytes(out, buf_slice(&pack));
    buf_free(&pack);
    return buf_slice(out);
}

static void test_left_out_and_moved_entries_are_found(void **state)
{
    (void)state;
    struct ledger *l = make(1, 40, 20);
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct buf out = buf_heap(1 << 20);
    struct err err = { 0 };
    struct slice chunk = buf_slice(&c->chunk[0]);
    expect(snapshot_verify(buf_slice(&c->manifest), &l->identity, s, &err), &err);
    expect(snapshot_check_chunk(s, 0, compose(chunk, SIZE_MAX - 8, SIZE_MAX - 8, &out), &err),
           &err);
    for (size_t i = 0; i < 80; i += 2) {
        assert_false(snapshot_check_chunk(s, 0, compose(chunk, SIZE_MAX - 8, i, &out), &err));
        assert_int_equal(err.code, ERR_PROOF);
        assert_false(snapshot_check_chunk(s, 0, compose(chunk, i, SIZE_MAX - 8, &out), &err));
    }
    assert_int_equal(err.code, ERR_PROOF);
    free(s);
    buf_free(&out);
    cut_free(c);
    ledger_free(l);
}

static void refuse_flip(struct cut *c, size_t at, struct ledger *l, struct snapshot *s)
{
    c->manifest.data[at] ^= 0x10;
    if (snapshot_verify(buf_slice(&c->manifest), &l->identity, s, NULL))
        fail_msg("byte %zu may be anything", at);
    c->manifest.data[at] ^= 0x10;
}

/* Each part of a manifest is bound to the block's seals: a flipped bit anywhere is refused. */
static void test_manifests_prove_themselves(void **state)
{
    (void)state;
    struct ledger *l = make(2, 70, 20);
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct err err = { 0 };
    struct slice m = buf_slice(&c->manifest);
    expect(snapshot_verify(m, &l->identity, s, &err), &err);
    assert_int_equal(s->set.count, 1);
    size_t roots = (size_t)(s->roots - m.data), end = roots + (size_t)STATE_BUCKETS * HASH_SIZE;
    for (size_t i = 0; i < m.len; i += i < roots ? 1 : 99991) {
        refuse_flip(c, i, l, s);
        if (i >= end)
            break;
    }
    for (size_t i = end; i < m.len; i++)
        refuse_flip(c, i, l, s);
    expect(snapshot_verify(m, &l->identity, s, &err), &err);
    struct identity stranger = l->identity;
    stranger.genesis.ledger.bytes[0] ^= 1;
    assert_false(snapshot_verify(m, &stranger, s, &err));
    assert_int_equal(err.code, ERR_PROOF);
    for (size_t cut = 0; cut < 3000; cut += 7)
        assert_false(snapshot_verify(slice_of(m.data, cut), &l->identity, s, &err));
    free(s);
    cut_free(c);
    ledger_free(l);
}

/* The same state cut twice, or by somebody else, comes in the same chunks. */
static void test_chunks_follow_from_the_state(void **state)
{
    (void)state;
    struct ledger *a = make(2, 300, 5000), *b = make(2, 300, 5000);
    struct cut *c = cut_ledger(a), *d = cut_ledger(b);
    assert_int_equal(c->count, d->count);
    assert_true(c->count > 1);
    for (size_t i = 0; i < c->count; i++)
        assert_int_equal(c->first[i], d->first[i]);
    cut_free(c);
    cut_free(d);
    ledger_free(a);
    ledger_free(b);
}

/* An empty state is 65,536 empty buckets in one chunk, and has the root the tree of buckets gives it. */
static void test_an_empty_state_has_a_root(void **state)
{
    (void)state;
    struct cut c = { .count = 0 };
    struct snapshot_maker *m = snapshot_maker_new(cut_sink, &c);
    struct state_tree *t = state_tree_new();
    struct hash root, expected = state_tree_root(t);
    struct err err = { 0 };
    expect(snapshot_maker_end(m, &root, &err), &err);
    assert_true(hash_equal(&root, &expected));
    assert_int_equal(c.count, 1);
    assert_int_equal(c.chunk[0].len, 1 + 1 + 5 + 1);
    buf_free(&c.chunk[0]);
    snapshot_maker_free(m);
    state_tree_free(t);
}

static void test_edges_give_their_tree(void **state)
{
    (void)state;
    struct merkle_frontier f;
    struct tree_edge edge = { .size = 0 };
    struct buf out = buf_heap(1 << 16);
    merkle_frontier_begin(&f);
    for (uint64_t n = 0; n < 5000; n++) {
        if (n < 70 || n % 97 == 0 || n == 4096) {
            struct tree_edge back;
            struct hash root = tree_edge_root(&edge), expected = merkle_frontier_root(&f);
            assert_true(hash_equal(&root, &expected));
            buf_clear(&out);
            tree_edge_put(&out, &edge);
            struct cbor_reader r = cbor_reader(buf_slice(&out));
            assert_true(cbor_scan(buf_slice(&out), NULL));
            tree_edge_take(&r, &back);
            assert_true(cbor_done(&r));
            root = tree_edge_root(&back);
            assert_true(hash_equal(&root, &expected));
        }
        struct hash leaf = merkle_leaf(slice_of(&n, sizeof n)), up = leaf;
        merkle_frontier_add(&f, &leaf);
        for (unsigned g = 0; g < TILE_GROUPS; g++) {
            size_t place = (size_t)(tree_edge_count(n, g) % TILE_WIDTH);
            edge.hashes[g][place] = up;
            if (place + 1 < TILE_WIDTH)
                break;
            up = merkle_root(edge.hashes[g], TILE_WIDTH);
        }
        edge.size++;
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks_hold_the_whole_state),
        cmocka_unit_test(test_a_chunk_in_anothers_place_is_refused),
        cmocka_unit_test(test_every_wrong_byte_of_a_chunk_is_found),
        cmocka_unit_test(test_left_out_and_moved_entries_are_found),
        cmocka_unit_test(test_manifests_prove_themselves),
        cmocka_unit_test(test_chunks_follow_from_the_state),
        cmocka_unit_test(test_an_empty_state_has_a_root),
        cmocka_unit_test(test_edges_give_their_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
