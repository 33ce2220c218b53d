#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/block.h"
#include "common/state_key.h"
#include "node/store_parts.h"
#include "tests/unit/support_ledger.h"

#include <stdio.h>
#include <string.h>

#define MINUTE 60000

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* A commissioning of one unit. */
static struct hash add_unit(struct ledger *l, unsigned number, uint64_t time_ms)
{
    char name[64];
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    (void)snprintf(name, sizeof name, "01/09506000134352/21/U%06u", number);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = asset_set_one(name, &set);
    struct hash hash = ledger_add(l, &l->farm, time_ms, s);
    ledger_event(l, EVENT_COMMISSIONED, name, time_ms, "k", &l->farm.kid);
    return hash;
}

static void test_new_ledger_is_its_genesis(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(true);
    struct header head;
    struct buf seals = buf_heap(1000), genesis = buf_heap(1 << 20), value = buf_heap(1000);
    expect(store_head(l->store, &head, &seals, &err), &err);
    assert_int_equal(head.height, 0);
    assert_true(hash_equal(&head.ledger, &l->id));
    assert_int_equal(seals.len, 1);
    assert_int_equal(seals.data[0], 0x80);
    expect(store_genesis(l->store, &genesis, &err), &err);
    struct state_key key = state_key_kid(TABLE_MEMBER, &l->farm.kid);
    expect(store_state_get(l->store, state_key_slice(&key), &value, &err), &err);
    assert_true(slice_equal(buf_slice(&value), slice_of("\x82\x66"
                                                        "Farm A\xf5",
                                                        9)));
    assert_false(store_create(l->dir, buf_slice(&genesis), &err)); /* the writer holds it */
    assert_int_equal(err.code, ERR_BUSY);
    store_close(l->store);
    l->store = NULL;
    assert_false(store_create(l->dir, buf_slice(&genesis), &err));
    assert_true(store_create_or_keep(l->dir, buf_slice(&genesis), &err)); /* it stays */
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "holds a ledger already"));
    buf_free(&seals);
    buf_free(&genesis);
    buf_free(&value);
    ledger_free(l);
}

static void test_one_writer_many_readers(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct store *second = NULL, *reader = NULL;
    assert_false(store_open(l->dir, STORE_WRITE, &second, &err));
    assert_int_equal(err.code, ERR_BUSY);
    expect(store_open(l->dir, STORE_READ, &reader, &err), &err);
    uint64_t height = 9;
    expect(store_height(reader, &height, &err), &err);
    assert_int_equal(height, 0);
    (void)add_unit(l, 1, LEDGER_T0 + MINUTE);
    ledger_seal(l, LEDGER_T0 + MINUTE);
    expect(store_height(reader, &height, &err), &err);
    assert_int_equal(height, 1);
    expect(store_begin_read(reader, &err), &err);
    expect(store_height(reader, &height, &err), &err);
    (void)add_unit(l, 2, LEDGER_T0 + 2 * MINUTE);
    ledger_seal(l, LEDGER_T0 + 2 * MINUTE);
    expect(store_height(reader, &height, &err), &err);
    assert_int_equal(height, 1); /* one moment until the end */
    store_end_read(reader);
    expect(store_height(reader, &height, &err), &err);
    assert_int_equal(height, 2);
    struct commit c = { .statement_count = 0 };
    assert_false(store_commit(reader, &c, &err));
    store_close(reader);
    assert_false(store_open("/tmp/waybill-no-such-folder", STORE_READ, &reader, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    ledger_free(l);
}

/* Bytes come back as they were given, over packs and blocks of every size. */
static void test_blocks_come_back(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    static const unsigned counts[] = { 1, 0, 3, 300, 0, 2 };
    struct buf block = buf_heap(1 << 22), outcomes = buf_heap(1 << 22), item = buf_heap(1 << 18);
    unsigned number = 0;
    uint64_t leaf = 0;
    for (unsigned b = 0; b < 6; b++) {
        struct hash hashes[300];
        for (unsigned i = 0; i < counts[b]; i++, number++)
            hashes[i] = add_unit(l, number, LEDGER_T0 + number);
        ledger_seal(l, LEDGER_T0 + (uint64_t)(b + 1) * MINUTE);
        ledger_reopen(l);
        buf_clear(&block);
        buf_clear(&outcomes);
        expect(store_block(l->store, b + 1, &block, NULL, &outcomes, &err), &err);
        struct block decoded;
        expect(block_decode(buf_slice(&block), &decoded, &err), &err);
        assert_int_equal(decoded.count, counts[b]);
        assert_int_equal(decoded.header.height, b + 1);
        assert_true(cbor_scan(buf_slice(&outcomes), &err));
        for (unsigned i = 0; i < counts[b]; i++, leaf++) {
            struct hash hash = crypto_sha256(block_next(&decoded));
            struct store_place place;
            uint64_t found = 0;
            assert_true(hash_equal(&hash, &hashes[i]));
            expect(store_find_statement(l->store, &hash, &found, &err), &err);
            assert_int_equal(found, leaf);
            expect(store_leaf_place(l->store, leaf, &place, &err), &err);
            assert_int_equal(place.height, b + 1);
            assert_int_equal(place.index, i);
            assert_int_equal(place.first_leaf, leaf - i);
            buf_clear(&item);
            expect(store_statement(l->store, leaf, &item, &err), &err);
            struct hash again = crypto_sha256(buf_slice(&item));
            assert_true(hash_equal(&again, &hash));
            buf_clear(&item);
            expect(store_verdict(l->store, leaf, &item, &err), &err);
            struct outcome o;
            expect(outcome_decode(buf_slice(&item), &o, &err), &err);
            assert_true(hash_equal(&o.verdict.statement, &hash));
        }
    }
    struct store_place place;
    assert_false(store_leaf_place(l->store, leaf, &place, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(store_block(l->store, 7, NULL, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(store_outcome(l->store, 3, 3, &item, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    buf_free(&block);
    buf_free(&outcomes);
    buf_free(&item);
    ledger_free(l);
}

/* Every path of every tree size that was ever a head leads to that head's root. */
static void test_tree_gives_paths(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct hash roots[40], leaves[5200];
    uint64_t sizes[40];
    size_t heads = 0;
    unsigned n = 0;
    for (unsigned grow = 1; n<4300; grow = grow * 2> 1000 ? 1000 : grow * 2, heads++) {
        for (unsigned i = 0; i < grow; i++, n++) {
            struct hash h = add_unit(l, n, LEDGER_T0 + n);
            leaves[n] = merkle_leaf(hash_slice(&h));
        }
        ledger_seal(l, LEDGER_T0 + (heads + 1) * MINUTE);
        ledger_reopen(l); /* loads the edge from the tiles */
        roots[heads] = l->head.tree;
        sizes[heads] = l->head.size;
    }
    for (size_t i = 0; i < heads; i++)
        for (uint64_t leaf = 0; leaf < sizes[i]; leaf += 1 + sizes[i] / 37) {
            struct merkle_path path;
            assert_true(merkle_path_fetch(sizes[i], leaf, store_tree_fetch, l->store, &path));
            assert_true(merkle_verify(&leaves[leaf], leaf, sizes[i], &path, &roots[i]));
        }
    struct hash none;
    assert_false(store_tree_fetch(l->store, 0, n, &none));
    assert_false(store_tree_fetch(l->store, 13, 0, &none)); /* not complete */
    assert_true(store_tree_fetch(l->store, 12, 0, &none));
    expect(store_find_statement(l->store, &l->last, &sizes[0], &err), &err);
    ledger_free(l);
}

static void add_index(struct ledger *l, const struct hash *as, uint64_t leaf)
{
    struct err err = { 0 };
    struct store_index_entry e = { store_index_key(as), leaf };
    expect(db_begin(l->store->db, &err), &err);
    expect(store_index_add(l->store, &e, 1, &err), &err);
    expect(db_commit(l->store->db, &err), &err);
}

/* Two hashes with the same first 8 bytes: both are found, and a third is not. */
static void test_index_survives_collisions(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct hash a = add_unit(l, 1, LEDGER_T0 + 1), b = add_unit(l, 2, LEDGER_T0 + 2);
    uint64_t leaf = 0;
    ledger_seal(l, LEDGER_T0 + MINUTE);
    add_index(l, &a, 1); /* as if b's hash began like a's, and a's like b's */
    add_index(l, &b, 0);
    expect(store_find_statement(l->store, &a, &leaf, &err), &err);
    assert_int_equal(leaf, 0);
    expect(store_find_statement(l->store, &b, &leaf, &err), &err);
    assert_int_equal(leaf, 1);
    struct hash near_a = a;
    near_a.bytes[31] ^= 1;
    assert_false(store_find_statement(l->store, &near_a, &leaf, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    ledger_free(l);
}

/* Through several merges every entry stays, and chunks with many equal keys are read whole. */
static void test_index_merges(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    uint64_t leaves[64], next = 0;
    size_t n = 0;
    for (unsigned block = 0; block < 600; block++) {
        struct store_index_entry e[3];
        for (unsigned i = 0; i < 3; i++, next++)
            e[i] =
                (struct store_index_entry){ next * UINT64_C(0x9e3779b97f4a7c15) >> (next % 5 == 0),
                                            next };
        e[2].key = 42; /* the same one in every block */
        expect(db_begin(l->store->db, &err), &err);
        expect(store_index_add(l->store, e, 3, &err), &err);
        expect(db_commit(l->store->db, &err), &err);
    }
    for (uint64_t i = 0; i < next; i++) {
        bool found = i % 3 == 2;
        uint64_t key = i * UINT64_C(0x9e3779b97f4a7c15) >> (i % 5 == 0);
        expect(store_index_find(l->store, key, leaves, 64, &n, &err), &err);
        for (size_t k = 0; k < n; k++)
            found = found || leaves[k] == i;
        assert_true(found);
    }
    expect(store_index_find(l->store, 42, leaves, 64, &n, &err), &err);
    assert_int_equal(n, 64);
    expect(store_index_find(l->store, 43, leaves, 64, &n, &err), &err);
    assert_int_equal(n, 0);
    ledger_free(l);
}

static bool count_entries(void *ctx, const struct hash *key_hash, struct slice key,
                          struct slice value)
{
    struct hash hash = crypto_sha256(key);
    assert_true(hash_equal(&hash, key_hash));
    assert_true(value.len > 0);
    return ++*(unsigned *)ctx != 500;
}

static void test_state_is_written_and_removed(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct buf value = buf_heap(100);
    unsigned seen = 0;
    for (unsigned i = 0; i < 700; i++) {
        struct state_key key = state_key_block(i);
        ledger_put_state(l, state_key_slice(&key), slice_of("\x01", 1));
    }
    ledger_seal(l, LEDGER_T0 + MINUTE);
    struct state_key key = state_key_block(5);
    ledger_put_state(l, state_key_slice(&key), slice_of("\x02", 1));
    struct state_key gone = state_key_block(6);
    ledger_put_state(l, state_key_slice(&gone), slice_of(NULL, 0));
    ledger_seal(l, LEDGER_T0 + 2 * MINUTE);
    expect(store_state_get(l->store, state_key_slice(&key), &value, &err), &err);
    assert_int_equal(value.data[0], 2);
    assert_false(store_state_get(l->store, state_key_slice(&gone), &value, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    expect(store_state_each(l->store, count_entries, &seen, &err), &err);
    assert_int_equal(seen, 500); /* stopped there */
    expect(store_state_each(l->store, count_entries, &seen, &err), &err);
    assert_int_equal(seen, 500 + 699 + 9);
    buf_free(&value);
    ledger_free(l);
}

static void test_a_block_that_does_not_follow_leaves_nothing(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct header before = l->head;
    (void)add_unit(l, 1, LEDGER_T0 + 1);
    l->head.height = 4;
    assert_false(ledger_try_seal(l, LEDGER_T0 + MINUTE, &err));
    assert_int_equal(err.code, ERR_INPUT);
    l->head = before;
    struct hash h = add_unit(l, 2, LEDGER_T0 + 1);
    l->hash[0].bytes[0] ^= 1; /* then the store's own tree would differ from a verifier's */
    struct merkle_frontier tree = l->tree;
    struct hash other = merkle_leaf(hash_slice(&h));
    merkle_frontier_add(&l->tree, &other);
    assert_false(ledger_try_seal(l, LEDGER_T0 + MINUTE, &err));
    l->tree = tree;
    uint64_t leaf = 0, height = 9;
    assert_false(store_find_statement(l->store, &h, &leaf, &err));
    expect(store_height(l->store, &height, &err), &err);
    assert_int_equal(height, 0);
    (void)add_unit(l, 3, LEDGER_T0 + 1);
    ledger_seal(l, LEDGER_T0 + MINUTE); /* the store goes on */
    l->tree.peaks[0].bytes[0] ^= 1;     /* a root that its statements do not give */
    (void)add_unit(l, 4, LEDGER_T0 + 2);
    assert_false(ledger_try_seal(l, LEDGER_T0 + 2 * MINUTE, &err));
    assert_non_null(strstr(err.msg, "tree root"));
    ledger_free(l);
}

/* ------------------------------------------------------------------ versions */

static bool add_column(struct db *db, struct err *err)
{
    return db_exec(db, "ALTER TABLE genesis ADD COLUMN note TEXT", err);
}

static bool fail_halfway(struct db *db, struct err *err)
{
    return db_exec(db, "CREATE TABLE half (id INTEGER PRIMARY KEY)", err) &&
           db_exec(db, "INSERT INTO nowhere VALUES (1)", err);
}

static void test_migrations(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct db *db = l->store->db;
    static const struct store_migration good[] = { { STORE_SCHEMA_VERSION, add_column } };
    static const struct store_migration bad[] = { { STORE_SCHEMA_VERSION + 1, fail_halfway } };
    int64_t version = 0;
    expect(store_schema_migrate(db, good, 1, STORE_SCHEMA_VERSION + 1, &err), &err);
    expect(db_get_version(db, &version, &err), &err);
    assert_int_equal(version, STORE_SCHEMA_VERSION + 1);
    expect(db_exec(db, "SELECT note FROM genesis", &err), &err);
    assert_false(store_schema_migrate(db, bad, 1, STORE_SCHEMA_VERSION + 2, &err));
    assert_non_null(strstr(err.msg, "migrating from schema version 5"));
    expect(db_get_version(db, &version, &err), &err);
    assert_int_equal(version, STORE_SCHEMA_VERSION + 1);
    assert_false(db_exec(db, "SELECT id FROM half", &err)); /* rolled back whole */
    assert_false(store_schema_migrate(db, good, 1, STORE_SCHEMA_VERSION, &err));
    assert_non_null(strstr(err.msg, "schema version 5, this program knows 4"));
    store_close(l->store);
    l->store = NULL;
    assert_false(store_open(l->dir, STORE_WRITE, &l->store, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "schema version 5, this program knows 4"));
    assert_false(store_open(l->dir, STORE_READ, &l->store, &err));
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_ledger_is_its_genesis),
        cmocka_unit_test(test_one_writer_many_readers),
        cmocka_unit_test(test_blocks_come_back),
        cmocka_unit_test(test_tree_gives_paths),
        cmocka_unit_test(test_index_survives_collisions),
        cmocka_unit_test(test_index_merges),
        cmocka_unit_test(test_state_is_written_and_removed),
        cmocka_unit_test(test_a_block_that_does_not_follow_leaves_nothing),
        cmocka_unit_test(test_migrations),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
