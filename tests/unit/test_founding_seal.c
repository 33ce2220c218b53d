/* A consortium's genesis: the same draft whoever makes it, sealed when everybody signed that one. */
#include "common/state_key.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(every_founder_must_sign),
        cmocka_unit_test(no_wrong_signature_passes),
        cmocka_unit_test(no_changed_entry_passes),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
