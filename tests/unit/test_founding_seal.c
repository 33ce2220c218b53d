/* A consortium's genesis: the same draft whoever makes it, sealed when everybody signed that one. */
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/founding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 UINT64_C(1767225600000)

static struct key_pair members[3], authorities[3];

static int setup(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t seed[SEED_SIZE];
        memset(seed, 10 + i, sizeof seed);
        members[i] = key_from_seed(seed);
        memset(seed, 20 + i, sizeof seed);
        authorities[i] = key_from_seed(seed);
    }
    return crypto_init() ? 0 : 1;
}

static void plan_of(struct founding_plan *plan, const size_t order[3])
{
    static const char *const names[] = { "Farm A", "Carrier B", "Clinic C" };
    memset(plan, 0, sizeof *plan);
    plan->time_ms = T0;
    plan->opening_wait_ms = FOUNDING_OPENING_WAIT_MS;
    plan->name = slice_text("pilot");
    plan->count = 3;
    for (size_t i = 0; i < 3; i++)
        plan->parties[i] = (struct founding_party){ .name = slice_text(names[order[i]]),
                                                    .pub = members[order[i]].pub,
                                                    .authority = authorities[order[i]].pub };
}

static void draft_of(struct buf *out, struct identity *id)
{
    static const size_t order[] = { 0, 1, 2 };
    struct founding_plan *plan = malloc(sizeof *plan);
    assert_non_null(plan);
    plan_of(plan, order);
    assert_true(founding_draft(plan, out, id, NULL));
    free(plan);
}

static void order_does_not_matter(void **state)
{
    (void)state;
    static const size_t orders[2][3] = { { 0, 1, 2 }, { 2, 0, 1 } };
    struct founding_plan *plan = malloc(sizeof *plan);
    struct buf out[2] = { buf_heap(GENESIS_SIZE_MAX), buf_heap(GENESIS_SIZE_MAX) };
    struct identity id[2];
    assert_non_null(plan);
    for (size_t i = 0; i < 2; i++) {
        plan_of(plan, orders[i]);
        assert_true(founding_draft(plan, &out[i], &id[i], NULL));
    }
    assert_true(slice_equal(buf_slice(&out[0]), buf_slice(&out[1])));
    plan->name = slice_text("another");
    buf_clear(&out[1]);
    assert_true(founding_draft(plan, &out[1], &id[1], NULL));
    assert_false(hash_equal(&id[0].genesis.ledger, &id[1].genesis.ledger));
    buf_free(&out[0]);
    buf_free(&out[1]);
    free(plan);
}

static void sign(const struct identity *id, size_t who, struct founding_signature *ret_s)
{
    ret_s->kid = members[who].kid;
    genesis_sign(&id->genesis.ledger, &members[who], ret_s->sig);
}

static void every_founder_must_sign(void **state)
{
    (void)state;
    struct buf draft = buf_heap(GENESIS_SIZE_MAX), out = buf_heap(GENESIS_SIZE_MAX);
    struct identity id, again;
    struct founding_signature s[3];
    struct err err;
    draft_of(&draft, &id);
    assert_true(founding_check(buf_slice(&draft), false, &again, NULL));
    assert_false(founding_check(buf_slice(&draft), true, &again, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    for (size_t i = 0; i < 3; i++)
        sign(&id, 2 - i, &s[i]);
    assert_false(founding_seal(buf_slice(&draft), s, 2, &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.msg, "Farm A has not signed; every founder must");
    assert_true(founding_seal(buf_slice(&draft), s, 3, &out, NULL));
    assert_true(founding_check(buf_slice(&out), true, &again, NULL));
    assert_true(hash_equal(&again.genesis.ledger, &id.genesis.ledger));
    assert_int_equal(again.set.count, 3);
    assert_false(founding_seal(buf_slice(&out), s, 3, &draft, NULL)); /* sealed already */
    buf_free(&draft);
    buf_free(&out);
}

static void no_wrong_signature_passes(void **state)
{
    (void)state;
    struct buf draft = buf_heap(GENESIS_SIZE_MAX), out = buf_heap(GENESIS_SIZE_MAX);
    struct identity id, again;
    struct founding_signature s[3];
    struct err err;
    draft_of(&draft, &id);
    for (size_t i = 0; i < 3; i++)
        sign(&id, i, &s[i]);
    s[1].sig[5] ^= 1;
    assert_false(founding_seal(buf_slice(&draft), s, 3, &out, &err));
    assert_int_equal(err.code, ERR_PROOF);
    s[1].sig[5] ^= 1;
    s[0].kid = authorities[0].kid; /* nobody who founds */
    assert_false(founding_seal(buf_slice(&draft), s, 3, &out, &err));
    assert_int_equal(err.code, ERR_PROOF);
    s[0].kid = members[0].kid;
    assert_true(founding_seal(buf_slice(&draft), s, 3, &out, NULL));
    out.data[out.len - 1] ^= 1;
    assert_false(founding_check(buf_slice(&out), true, &again, &err));
    assert_int_equal(err.code, ERR_PROOF);
    buf_free(&draft);
    buf_free(&out);
}

/* A name in the entries was changed: the header no longer binds them. */
static void no_changed_entry_passes(void **state)
{
    (void)state;
    struct buf draft = buf_heap(GENESIS_SIZE_MAX);
    struct identity id;
    struct err err;
    draft_of(&draft, &id);
    uint8_t *name = memmem(draft.data, draft.len, "Carrier B", 9);
    assert_non_null(name);
    name[0] = 'B';
    assert_false(founding_check(buf_slice(&draft), false, &id, &err));
    assert_int_equal(err.code, ERR_PROOF);
    buf_free(&draft);
}

/* A fork brings entries along; what the founders say stands in their place, and who stays founds nothing. */
static void a_fork_brings_its_state_along(void **state)
{
    (void)state;
    static const size_t order[] = { 0, 1, 2 };
    struct key_pair gone = authorities[0];
    struct state_member left = { .name = slice_text("Left Behind"), .active = false };
    struct state_member alike = { .name = slice_text("Another Name"), .active = true };
    struct state_key_record record = { .member = gone.kid,
                                       .class = CLASS_MEMBER,
                                       .rights = slice_of("\x80", 1) };
    struct buf values[3] = { buf_heap(256), buf_heap(256), buf_heap(256) };
    memcpy(record.pub, gone.pub, PUB_SIZE);
    state_member_put(&values[0], &left);
    state_key_record_put(&values[1], &record);
    state_member_put(&values[2], &alike);
    struct founding_entry entries[] = {
        { state_key_kid(TABLE_MEMBER, &gone.kid), buf_slice(&values[0]) },
        { state_key_kid(TABLE_KEY, &gone.kid), buf_slice(&values[1]) },
        { state_key_kid(TABLE_MEMBER, &members[1].kid), buf_slice(&values[2]) },
    };
    struct founding_plan *plan = malloc(sizeof *plan);
    struct buf draft = buf_heap(GENESIS_SIZE_MAX), out = buf_heap(GENESIS_SIZE_MAX);
    struct founding_signature s[3];
    struct identity id, again;
    assert_non_null(plan);
    plan_of(plan, order);
    plan->parties[0].authority = NULL; /* its key plays the one who stays */
    plan->entries = entries;
    plan->entry_count = 3;
    assert_true(founding_draft(plan, &draft, &id, NULL));
    assert_non_null(memmem(draft.data, draft.len, "Left Behind", 11));
    assert_null(memmem(draft.data, draft.len, "Another Name", 12));
    for (size_t i = 0; i < 3; i++)
        sign(&id, i, &s[i]);
    assert_true(founding_seal(buf_slice(&draft), s, 3, &out, NULL));
    assert_true(founding_check(buf_slice(&out), true, &again, NULL));
    for (size_t i = 0; i < 3; i++)
        buf_free(&values[i]);
    buf_free(&draft);
    buf_free(&out);
    free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),         cmocka_unit_test(every_founder_must_sign),
        cmocka_unit_test(no_wrong_signature_passes),     cmocka_unit_test(no_changed_entry_passes),
        cmocka_unit_test(a_fork_brings_its_state_along),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
