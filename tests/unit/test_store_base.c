#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/block.h"
#include "common/file.h"
#include "node/read_model.h"
#include "node/store_base.h"
#include "node/store_parts.h"
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

/* The n-th unit of the story; every third one is then offered to the carrier. */
static void add_unit(struct ledger *l, unsigned n)
{
    char name[64];
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    uint64_t time_ms = LEDGER_T0 + n;
    (void)snprintf(name, sizeof name, "01/09506000134352/21/U%06u", n);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = asset_set_one(name, &set);
    (void)ledger_add(l, &l->farm, time_ms, s);
    ledger_event(l, EVENT_COMMISSIONED, name, time_ms, "k", &l->farm.kid);
}

/* Block b of the story, the same for whoever tells it. */
static void tell(struct ledger *l, unsigned b)
{
    static const unsigned counts[] = { 0, 3, 70, 0, 130, 1, 5, 64, 2 };
    unsigned n = 0;
    for (unsigned i = 0; i < b; i++)
        n += counts[i];
    for (unsigned i = 0; i < counts[b]; i++)
        add_unit(l, n + i);
    ledger_seal(l, LEDGER_T0 + (uint64_t)b * MINUTE);
}

static struct ledger *story(unsigned from, unsigned to)
{
    struct ledger *l = ledger_new(false);
    for (unsigned b = from; b <= to; b++)
        tell(l, b);
    return l;
}

/* Joins dir at a ledger's head, with the process ending after each piece. */
static void join(struct ledger *l, const char *dir)
{
    struct err err = { 0 };
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct store_join *j = NULL;
    struct header head;
    struct buf genesis = buf_heap(1 << 20), manifest = buf_heap(SNAPSHOT_MANIFEST_MAX);
    expect(store_genesis(l->store, &genesis, &err), &err);
    expect(snapshot_verify(buf_slice(&c->manifest), &l->identity, s, &err), &err);
    expect(store_join_open(dir, &j, &err), &err);
    assert_false(store_join_is_whole(j));
    expect(store_join_begin(j, buf_slice(&genesis), buf_slice(&c->manifest), &err), &err);
    for (size_t i = 0; i < c->count; i++) {
        bool has = true;
        store_join_close(j);
        expect(store_join_open(dir, &j, &err), &err);
        expect(store_join_has(j, c->first[i], &has, &err), &err);
        assert_false(has);
        expect(store_join_put(j, c->first[i], buf_slice(&c->chunk[i]), &err), &err);
    }
    buf_clear(&genesis);
    expect(store_join_manifest(j, &genesis, &manifest, &err), &err);
    assert_true(slice_equal(buf_slice(&manifest), buf_slice(&c->manifest)));
    expect(store_join_finish(j, s, &head, &err), &err);
    assert_int_equal(head.height, l->head.height);
    buf_free(&genesis);
    buf_free(&manifest);
    free(s);
    cut_free(c);
}

static void test_a_joined_ledger_goes_on(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 4), *full = story(1, 8);
    struct store *own = l->store;
    struct buf a = buf_heap(1 << 20), b = buf_heap(1 << 20);
    cut_make_folder(dir);
    join(l, dir);
    expect(store_open(dir, STORE_WRITE, &l->store, &err), &err);
    for (unsigned h = 5; h <= 8; h++)
        tell(l, h);
    store_close(l->store);
    expect(store_open(dir, STORE_WRITE, &l->store, &err), &err);
    assert_true(hash_equal(&l->head.state, &full->head.state));
    assert_true(hash_equal(&l->head.tree, &full->head.tree));
    for (uint64_t h = 5; h <= 8; h++) {
        buf_clear(&a);
        buf_clear(&b);
        expect(store_block(l->store, h, &a, NULL, &a, &err), &err);
        expect(store_block(full->store, h, &b, NULL, &b, &err), &err);
        assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
    }
    /* what came before is told apart from what never was */
    for (uint64_t h = 1; h <= 4; h++) {
        assert_false(store_block(l->store, h, &a, NULL, NULL, &err));
        assert_int_equal(err.code, ERR_NOT_FOUND);
        assert_non_null(strstr(err.msg, "not here before block 5"));
        assert_false(store_outcome(l->store, h, 0, &a, &err));
    }
    assert_false(store_block(l->store, 9, &a, NULL, NULL, &err));
    assert_null(strstr(err.msg, "not here"));
    assert_false(store_statement(l->store, 200, &a, &err));
    assert_non_null(strstr(err.msg, "not here"));
    assert_false(store_header(l->store, 3, &l->head, NULL, &err));
    expect(store_header(l->store, 4, &l->head, NULL, &err), &err);
    store_close(l->store);
    l->store = own;
    buf_free(&a);
    buf_free(&b);
    cut_remove_folder(dir);
    ledger_free(l);
    ledger_free(full);
}

/* Receipts of later leaves need only the edge; those of leaves before are not to be had. */
static void test_later_leaves_have_paths(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 4), *full = story(1, 8);
    struct store *own = l->store;
    cut_make_folder(dir);
    join(l, dir);
    expect(store_open(dir, STORE_WRITE, &l->store, &err), &err);
    for (unsigned h = 5; h <= 8; h++)
        tell(l, h);
    for (uint64_t leaf = 203; leaf < full->head.size; leaf++) {
        struct merkle_path path, expected;
        assert_true(merkle_path_fetch(full->head.size, leaf, store_tree_fetch, l->store, &path));
        assert_true(
            merkle_path_fetch(full->head.size, leaf, store_tree_fetch, full->store, &expected));
        assert_int_equal(path.len, expected.len);
        assert_memory_equal(path.step, expected.step, path.len * HASH_SIZE);
    }
    struct merkle_path path;
    assert_false(merkle_path_fetch(full->head.size, 3, store_tree_fetch, l->store, &path));
    store_close(l->store);
    l->store = own;
    cut_remove_folder(dir);
    ledger_free(l);
    ledger_free(full);
}

/* Blocks from..to of a ledger, as a peer gives them. */
static bool fill(struct store *into, struct store *from, uint64_t first, uint64_t last,
                 struct err *err)
{
    struct buf bytes[24];
    struct store_filled blocks[8] = { 0 };
    size_t n = 0;
    for (uint64_t h = first; h <= last; h++, n++) {
        for (size_t i = 0; i < 3; i++)
            bytes[3 * n + i] = buf_heap(1 << 22);
        struct buf *at = &bytes[3 * n];
        expect(store_block(from, h, &at[0], &at[1], &at[2], err), err);
        blocks[n] =
            (struct store_filled){ buf_slice(&at[0]), buf_slice(&at[1]), buf_slice(&at[2]) };
    }
    bool good = store_fill(into, blocks, n, err);
    for (size_t i = 0; i < 3 * n; i++)
        buf_free(&bytes[i]);
    return good;
}

/* All that was ever told is there, under the numbers it has elsewhere. */
static void same_as(struct store *s, struct ledger *full)
{
    struct err err = { 0 };
    struct hash digest, expected;
    struct buf b = buf_heap(1 << 20);
    expect(read_model_digest(s, &digest, &err), &err);
    expect(read_model_digest(full->store, &expected, &err), &err);
    assert_true(hash_equal(&digest, &expected));
    for (uint64_t leaf = 0; leaf < full->head.size; leaf++) {
        struct merkle_path path, same;
        uint64_t found = 0;
        buf_clear(&b);
        expect(store_statement(s, leaf, &b, &err), &err);
        struct hash hash = crypto_sha256(buf_slice(&b));
        expect(store_find_statement(s, &hash, &found, &err), &err);
        assert_int_equal(found, leaf);
        buf_clear(&b);
        expect(store_verdict(s, leaf, &b, &err), &err);
        assert_true(merkle_path_fetch(full->head.size, leaf, store_tree_fetch, s, &path));
        assert_true(merkle_path_fetch(full->head.size, leaf, store_tree_fetch, full->store, &same));
        assert_memory_equal(path.step, same.step, path.len * HASH_SIZE);
    }
    buf_free(&b);
}

static void reopen(struct ledger *l, const char *dir)
{
    struct err err = { 0 };
    store_close(l->store);
    expect(store_open(dir, STORE_WRITE, &l->store, &err), &err);
}

static void test_history_comes_in_parts(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 4), *full = story(1, 5);
    struct store *own = l->store, *reader = NULL;
    struct store_history history;
    struct buf b = buf_heap(1 << 20);
    cut_make_folder(dir);
    join(l, dir);
    expect(store_open(dir, STORE_WRITE, &l->store, &err), &err);
    tell(l, 5);
    expect(store_open(dir, STORE_READ, &reader, &err), &err);
    expect(store_history(reader, &history, &err), &err);
    assert_false(history.complete);
    assert_int_equal(history.base, 4);
    assert_int_equal(history.history, 0);
    assert_false(store_follow(l->store, 1, &err)); /* not yet */
    expect(fill(l->store, own, 1, 2, &err), &err);
    expect(store_history(reader, &history, &err), &err);
    assert_int_equal(history.history, 2);
    expect(store_block(reader, 2, &b, NULL, &b, &err), &err);
    expect(store_statement(reader, 72, &b, &err), &err);
    assert_false(store_statement(reader, 73, &b, &err));
    assert_false(fill(l->store, own, 4, 4, &err));
    assert_false(fill(l->store, own, 2, 2, &err));
    assert_false(fill(l->store, full->store, 3, 5, &err)); /* beyond the snapshot's block */
    store_close(reader);
    store_close(l->store);
    l->store = own;
    buf_free(&b);
    cut_remove_folder(dir);
    ledger_free(l);
    ledger_free(full);
}

static void test_history_makes_it_whole(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 4), *full = story(1, 8);
    struct store *own = l->store, *reader = NULL;
    struct store_history history;
    cut_make_folder(dir);
    join(l, dir);
    expect(store_open(dir, STORE_WRITE, &l->store, &err), &err);
    expect(store_open(dir, STORE_READ, &reader, &err), &err);
    for (unsigned h = 5; h <= 6; h++)
        tell(l, h);
    expect(fill(l->store, own, 1, 2, &err), &err);
    tell(l, 7); /* blocks go on meanwhile */
    reopen(l, dir);
    expect(read_model_rebuild(l->store, &err), &err); /* as far as it goes */
    expect(fill(l->store, own, 3, 4, &err), &err);
    tell(l, 8);
    expect(store_follow(l->store, 1, &err), &err);
    expect(store_history(l->store, &history, &err), &err);
    assert_int_equal(history.model, 5);
    expect(store_follow(l->store, 100, &err), &err);
    expect(store_history(l->store, &history, &err), &err);
    assert_true(history.complete);
    expect(store_history(reader, &history, &err), &err);
    assert_true(history.complete);
    assert_false(store_follow(l->store, 1, &err));
    same_as(l->store, full);
    /* and from here on it is like any other */
    store_close(reader);
    reopen(l, dir);
    add_unit(l, 999);
    ledger_seal(l, LEDGER_T0 + 9 * MINUTE);
    add_unit(full, 999);
    ledger_seal(full, LEDGER_T0 + 9 * MINUTE);
    same_as(l->store, full);
    store_close(l->store);
    l->store = own;
    cut_remove_folder(dir);
    ledger_free(l);
    ledger_free(full);
}

/* A history of false outcomes or of other blocks does not come in, and nothing of it stays. */
static void test_a_false_history_is_refused(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 2);
    struct store *joined = NULL;
    struct store_history history;
    struct buf block = buf_heap(1 << 20), seals = buf_heap(1 << 16), outcomes = buf_heap(1 << 20);
    cut_make_folder(dir);
    join(l, dir);
    expect(store_open(dir, STORE_WRITE, &joined, &err), &err);
    expect(store_block(l->store, 1, &block, &seals, &outcomes, &err), &err);
    struct store_filled one = { buf_slice(&block), buf_slice(&seals), buf_slice(&outcomes) };
    for (size_t i = 0; i < outcomes.len; i += 5) {
        outcomes.data[i] ^= 1;
        assert_false(store_fill(joined, &one, 1, &err));
        outcomes.data[i] ^= 1;
    }
    /* the header may say what it likes until the last block: its seals are for the caller */
    size_t header_end = 270;
    for (size_t i = header_end; i < block.len; i += 5) {
        block.data[i] ^= 1;
        assert_false(store_fill(joined, &one, 1, &err));
        block.data[i] ^= 1;
    }
    expect(store_history(joined, &history, &err), &err);
    assert_int_equal(history.history, 0);
    expect(fill(joined, l->store, 1, 2, &err), &err);
    store_close(joined);
    buf_free(&block);
    buf_free(&seals);
    buf_free(&outcomes);
    cut_remove_folder(dir);
    ledger_free(l);
}

static void test_what_is_missing_keeps_it_unfinished(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 2);
    struct cut *c = cut_ledger(l);
    struct snapshot *s = calloc(1, sizeof *s);
    struct store_join *j = NULL;
    struct store *none = NULL;
    struct header head;
    struct buf genesis = buf_heap(1 << 20);
    cut_make_folder(dir);
    expect(store_genesis(l->store, &genesis, &err), &err);
    expect(snapshot_verify(buf_slice(&c->manifest), &l->identity, s, &err), &err);
    expect(store_join_open(dir, &j, &err), &err);
    assert_false(store_join_manifest(j, &genesis, &genesis, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    expect(store_join_begin(j, buf_slice(&genesis), buf_slice(&c->manifest), &err), &err);
    assert_false(store_join_finish(j, s, &head, &err));
    assert_non_null(strstr(err.msg, "missing"));
    assert_false(store_open(dir, STORE_READ, &none, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    join(l, dir); /* begins anew over what is there */
    expect(store_open(dir, STORE_READ, &none, &err), &err);
    store_close(none);
    assert_false(store_join_open(dir, &j, &err));
    assert_non_null(strstr(err.msg, "holds a ledger already"));
    free(s);
    buf_free(&genesis);
    cut_free(c);
    cut_remove_folder(dir);
    ledger_free(l);
}

/* Ended after its last transaction and before the file had its name: the next try only renames. */
static void test_what_is_whole_is_only_renamed(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64], done[96], unfinished[128];
    struct ledger *l = story(1, 3);
    struct store_join *j = NULL;
    struct store *s = NULL;
    struct header head;
    struct buf genesis = buf_heap(1 << 20), manifest = buf_heap(SNAPSHOT_MANIFEST_MAX);
    cut_make_folder(dir);
    join(l, dir);
    (void)snprintf(done, sizeof done, "%s/ledger.db", dir);
    (void)snprintf(unfinished, sizeof unfinished, "%s.joining", done);
    assert_int_equal(rename(done, unfinished), 0);
    assert_false(store_open(dir, STORE_WRITE, &s, &err));
    assert_non_null(strstr(err.msg, "is still being joined"));
    expect(store_join_open(dir, &j, &err), &err);
    assert_true(store_join_is_whole(j));
    expect(store_join_manifest(j, &genesis, &manifest, &err), &err);
    assert_true(genesis.len > 0 && manifest.len == 0);
    expect(store_join_finish(j, NULL, &head, &err), &err);
    assert_int_equal(head.height, l->head.height);
    expect(store_open(dir, STORE_WRITE, &s, &err), &err);
    store_close(s);
    buf_free(&genesis);
    buf_free(&manifest);
    cut_remove_folder(dir);
    ledger_free(l);
}

static void copy_log(const struct ledger *l, const char *dir)
{
    char path[128];
    struct err err = { 0 };
    struct buf log = buf_heap(64 << 20);
    (void)snprintf(path, sizeof path, "%s/ledger.db-wal", l->dir);
    expect(file_read(path, 64 << 20, &log, &err), &err);
    assert_true(log.len > 0);
    (void)snprintf(path, sizeof path, "%s/ledger.db-wal", dir);
    expect(file_replace(path, buf_slice(&log), 0600, &err), &err);
    buf_free(&log);
}

/* Of a ledger that was removed without it: it is not played into the next of that name. */
static void test_an_old_log_is_dropped(void **state)
{
    (void)state;
    struct err err = { 0 };
    char dir[64];
    struct ledger *l = story(1, 4), *other = story(1, 8);
    struct store *s = NULL;
    struct header head;
    struct buf genesis = buf_heap(1 << 20);
    cut_make_folder(dir);
    copy_log(other, dir);
    join(l, dir);
    expect(store_open(dir, STORE_WRITE, &s, &err), &err);
    expect(store_head(s, &head, NULL, &err), &err);
    assert_int_equal(head.height, l->head.height);
    store_close(s);
    cut_remove_folder(dir);
    cut_make_folder(dir);
    copy_log(other, dir);
    expect(store_genesis(l->store, &genesis, &err), &err);
    expect(store_create(dir, buf_slice(&genesis), &err), &err);
    expect(store_open(dir, STORE_WRITE, &s, &err), &err);
    expect(store_head(s, &head, NULL, &err), &err);
    assert_int_equal(head.height, 0);
    store_close(s);
    buf_free(&genesis);
    cut_remove_folder(dir);
    ledger_free(other);
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_joined_ledger_goes_on),
        cmocka_unit_test(test_later_leaves_have_paths),
        cmocka_unit_test(test_history_comes_in_parts),
        cmocka_unit_test(test_history_makes_it_whole),
        cmocka_unit_test(test_a_false_history_is_refused),
        cmocka_unit_test(test_what_is_missing_keeps_it_unfinished),
        cmocka_unit_test(test_what_is_whole_is_only_renamed),
        cmocka_unit_test(test_an_old_log_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
