/*
 * The history of a joined ledger, over recoveries and changes of the authority set: those of before the block it
 * joined at, which its own state knows, and those of after, of which it knows nothing yet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/blocks_range.h"
#include "node/snapshot_file.h"
#include "node/snapshot_join.h"
#include "node/snapshot_shelf.h"
#include "tests/support/sealed_ledger.h"
#include "tests/unit/support_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* A ledger whose state is joined, and the folder that joins. */
struct joined {
    struct sealed_ledger *l;
    struct identity trusted;
    char shelf[96], dir[64];
    uint64_t base;
    struct asked asked;
    struct snapshot_join join;
    struct store *store; /* the joined one's writer */
};

static bool put_list(const struct joined *j, struct buf *out)
{
    cbor_put_array(out, 1);
    cbor_put_array(out, 2);
    cbor_put_uint(out, j->base);
    cbor_put_uint(out, 1);
    return true;
}

static bool get(void *ctx, size_t peer, const char *path, size_t max, struct buf *out,
                struct err *err)
{
    static const char pieces[] = "/v1/snapshot/", range[] = "/v1/blocks/range?from=";
    struct joined *j = ctx;
    char *end = NULL;
    (void)peer;
    (void)max;
    if (strcmp(path, "/v1/snapshot") == 0)
        return put_list(j, out);
    if (strcmp(path, "/v1/genesis") == 0)
        return store_genesis(j->l->store, out, err);
    bool piece = strncmp(path, pieces, strlen(pieces)) == 0;
    assert_true(piece || strncmp(path, range, strlen(range)) == 0);
    uint64_t number = strtoull(path + strlen(piece ? pieces : range), &end, 10);
    if (!piece)
        return blocks_range_put_history(j->l->store, number, BLOCKS_RANGE_SIZE, out, err);
    if (*end == '\0')
        return snapshot_file_manifest(j->shelf, number, out, err);
    return snapshot_file_chunk(j->shelf, number, (uint32_t)strtoul(end + 1, NULL, 10), out, err);
}

static void say_some(struct sealed_ledger *l, unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++)
        sealed_enrol(l, 3);
}

/* Pins what the ledger has gone on by: only that is joined. */
static void recover(struct joined *j)
{
    sealed_recover(j->l);
    j->trusted.pins[j->trusted.pin_count++] = j->l->recovery.hash;
}

static struct joined *begin(void)
{
    struct joined *j = calloc(1, sizeof *j);
    assert_non_null(j);
    j->l = sealed_new(4);
    j->trusted = j->l->identity;
    cut_make_folder(j->dir);
    say_some(j->l, 2);
    return j;
}

static void join(struct joined *j)
{
    struct err err = { .msg = "" };
    struct header head;
    struct store *reader = NULL;
    (void)snprintf(j->shelf, sizeof j->shelf, "%s/" SNAPSHOT_FOLDER, j->l->dir);
    expect(store_open(j->l->dir, STORE_READ, &reader, &err), &err);
    expect(store_begin_read(reader, &err), &err);
    expect(snapshot_file_cut(reader, j->shelf, UINT64_MAX, NULL, &j->base, &err), &err);
    store_end_read(reader);
    store_close(reader);
    j->asked = (struct asked){ .count = 1 };
    j->join = (struct snapshot_join){
        .dir = j->dir, .trusted = &j->trusted, .asked = &j->asked, .ctx = j, .get = get
    };
    expect(snapshot_join_run(&j->join, &head, &err), &err);
    expect(store_open(j->dir, STORE_WRITE, &j->store, &err), &err);
    assert_int_equal(head.height, j->base);
}

static void end(struct joined *j)
{
    store_close(j->store);
    cut_remove_folder(j->dir);
    sealed_free(j->l);
    free(j);
}

/* By who trusts the founding alone: what the ledger went on by since, its state knows. */
static void check_history(struct joined *j)
{
    struct err err = { .msg = "" };
    struct store_history at;
    j->join.trusted = &j->l->identity;
    assert_int_equal(j->l->identity.pin_count, 0);
    expect(snapshot_join_history(&j->join, j->store, &err), &err);
    expect(store_history(j->store, &at, &err), &err);
    assert_true(at.complete);
    struct buf mine = buf_heap(BLOCK_SIZE_MAX), theirs = buf_heap(BLOCK_SIZE_MAX);
    for (uint64_t h = 1; h <= j->base; h++) {
        buf_clear(&mine);
        buf_clear(&theirs);
        expect(store_block(j->store, h, &mine, NULL, NULL, &err), &err);
        expect(store_block(j->l->store, h, &theirs, NULL, NULL, &err), &err);
        assert_true(slice_equal(buf_slice(&mine), buf_slice(&theirs)));
    }
    buf_free(&mine);
    buf_free(&theirs);
}

/* ------------------------------------------------------------------ */

static void test_over_recoveries_that_the_state_knows(void **state)
{
    (void)state;
    struct joined *j = begin();
    recover(j);
    say_some(j->l, 2);
    sealed_rotate(j->l, 1);
    say_some(j->l, 1);
    recover(j);
    say_some(j->l, 1);
    join(j);
    check_history(j);
    end(j);
}

/* An answer goes on past the block that was joined at: what is there is no part of the history. */
static void test_whatever_seals_after_it(void **state)
{
    (void)state;
    struct joined *j = begin();
    sealed_rotate(j->l, 0);
    say_some(j->l, 1);
    join(j);
    sealed_remove(j->l, 2);
    say_some(j->l, 1);
    sealed_recover(j->l);
    say_some(j->l, 1);
    check_history(j);
    end(j);
}

/* The next portion, with a byte of the seals of its block at this height wrong. */
static bool take_with_a_wrong_seal(struct joined *j, uint64_t height, struct err *err)
{
    struct buf answer = buf_heap(BLOCKS_RANGE_HISTORY_MAX);
    struct blocks_range r;
    struct slice block, seals, outcomes;
    expect(blocks_range_put_history(j->l->store, 1, BLOCKS_RANGE_SIZE, &answer, err), err);
    expect(blocks_range_begin(buf_slice(&answer), 1, &r, err), err);
    for (uint64_t h = 1; h <= height; h++)
        expect(blocks_range_next_history(&r, &block, &seals, &outcomes, err), err);
    answer.data[(size_t)(seals.data - answer.data) + seals.len - 1] ^= 1;
    bool good = snapshot_history_take(j->store, &j->l->identity, buf_slice(&answer), err);
    buf_free(&answer);
    return good;
}

static void test_each_block_is_sealed_by_its_own_set(void **state)
{
    (void)state;
    struct err err = { .msg = "" };
    struct store_history at;
    struct joined *j = begin();
    sealed_rotate(j->l, 0);
    recover(j);
    say_some(j->l, 1);
    join(j);
    say_some(j->l, 1);
    for (uint64_t h = 1; h <= j->base; h++) {
        assert_false(take_with_a_wrong_seal(j, h, &err));
        assert_int_equal(err.code, ERR_PROOF);
        expect(store_history(j->store, &at, &err), &err);
        assert_int_equal(at.history, 0);
    }
    expect(take_with_a_wrong_seal(j, j->base + 1, &err), &err); /* it is not looked at */
    end(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_recoveries_that_the_state_knows),
        cmocka_unit_test(test_whatever_seals_after_it),
        cmocka_unit_test(test_each_block_is_sealed_by_its_own_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
