/* What an authority must not forget: its vote and the bodies it voted for; and who was to seal since when. */
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/store_parts.h"
#include "tests/unit/support_ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE 60000

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

static bool add_candidate(void *ctx, struct slice body)
{
    struct buf *out = ctx;
    buf_add_slice(out, body);
    return true;
}

static void check_vote(struct store *s, const char *vote, const char *bodies)
{
    struct err err = { 0 };
    struct buf out = buf_heap(1000), all = buf_heap(1000);
    expect(store_vote(s, &out, &err), &err);
    expect(store_candidates(s, add_candidate, &all, &err), &err);
    assert_true(slice_equal(buf_slice(&out), slice_text(vote)));
    assert_true(slice_equal(buf_slice(&all), slice_text(bodies)));
    buf_free(&out);
    buf_free(&all);
}

static void test_votes_and_bodies_stay_until_a_block(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct hash a = crypto_sha256(slice_text("a")), b = crypto_sha256(slice_text("b"));
    struct store *reader = NULL;
    struct buf out = buf_heap(1000);
    check_vote(l->store, "", "");
    expect(store_put_vote(l->store, slice_text("one"), &b, slice_text("(b)"), &err), &err);
    expect(store_put_vote(l->store, slice_text("two"), &a, slice_text("(a)"), &err), &err);
    expect(store_put_vote(l->store, slice_text("three"), &b, slice_text("(b)"), &err), &err);
    expect(store_put_vote(l->store, slice_text("four"), NULL, slice_text(""), &err), &err);
    ledger_reopen(l);
    check_vote(l->store, "four", "(a)(b)");
    expect(store_open(l->dir, STORE_READ, &reader, &err), &err);
    expect(store_candidate(reader, &a, &out, &err), &err);
    assert_true(slice_equal(buf_slice(&out), slice_text("(a)")));
    assert_false(store_put_vote(reader, slice_text("five"), NULL, slice_text(""), &err));
    ledger_seal(l, LEDGER_T0 + MINUTE);
    check_vote(l->store, "four", ""); /* what was voted is known beyond the block */
    assert_false(store_candidate(reader, &a, &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    expect(store_put_vote(l->store, slice_text("six"), &a, slice_text("(a)"), &err), &err);
    expect(store_forget_vote(l->store, &err), &err);
    check_vote(l->store, "", "");
    store_close(reader);
    buf_free(&out);
    ledger_free(l);
}

static bool add_set_change(void *ctx, uint64_t height, struct slice next)
{
    struct buf *out = ctx;
    cbor_put_uint(out, height);
    buf_add_slice(out, next);
    return true;
}

/* An empty block that says `next` of the set to come; with what it writes to [5], unless empty. */
static bool commit_set(struct ledger *l, struct slice next, struct slice sets, struct err *err)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    struct state_write write = { state_key_slice(&key), sets };
    struct commit c = { .header = l->head,
                        .seals = slice_of("\x80", 1),
                        .writes = &write,
                        .write_count = sets.len > 0 ? 1 : 0 };
    c.header.height++;
    c.header.prev = header_hash(&l->head);
    c.header.time_ms++;
    c.header.next = crypto_sha256(next);
    bool good = store_commit(l->store, &c, err);
    if (good)
        l->head = c.header;
    return good;
}

static void test_a_change_of_the_set_is_noted(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct buf value = buf_heap(1000), out = buf_heap(1000), now = buf_heap(1000);
    struct slice next = slice_text("next");
    authority_set_put(&now, &l->identity.set);
    state_sets_put(&value, buf_slice(&now), next);
    expect(commit_set(l, buf_slice(&now), buf_slice(&value), &err), &err); /* no change, it says */
    assert_false(commit_set(l, next, slice_of(NULL, 0), &err)); /* and now it alone says one */
    assert_int_equal(err.code, ERR_INPUT);
    expect(commit_set(l, next, buf_slice(&value), &err), &err);
    expect(store_set_changes(l->store, add_set_change, &out, &err), &err);
    assert_true(slice_equal(buf_slice(&out), slice_text("\x02next")));
    buf_free(&value);
    buf_free(&out);
    buf_free(&now);
    ledger_free(l);
}

/* ------------------------------------------------------------------ migrations */

/* As the version before left it: what was there stays, and votes can be kept. */
static void test_an_older_file_is_migrated(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    int64_t version = 0;
    ledger_seal(l, LEDGER_T0 + MINUTE);
    expect(
        db_exec(l->store->db, "DROP TABLE vote; DROP TABLE candidate; DROP TABLE set_change", &err),
        &err);
    expect(db_set_version(l->store->db, 3, &err), &err);
    store_close(l->store);
    l->store = NULL;
    assert_false(store_open(l->dir, STORE_READ, &l->store, &err));
    assert_non_null(strstr(err.msg, "start the node once"));
    expect(store_open(l->dir, STORE_WRITE, &l->store, &err), &err);
    if (l->store == NULL)
        return;
    expect(db_get_version(l->store->db, &version, &err), &err);
    assert_int_equal(version, STORE_SCHEMA_VERSION);
    check_vote(l->store, "", "");
    expect(store_put_vote(l->store, slice_text("one"), NULL, slice_text(""), &err), &err);
    check_vote(l->store, "one", "");
    ledger_seal(l, LEDGER_T0 + 2 * MINUTE);
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_votes_and_bodies_stay_until_a_block),
        cmocka_unit_test(test_a_change_of_the_set_is_noted),
        cmocka_unit_test(test_an_older_file_is_migrated),
    };
    return crypto_init() ? cmocka_run_group_tests_name("store_vote", tests, NULL, NULL) : 1;
}
