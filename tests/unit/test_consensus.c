/* Agreement is counted by authority, of one set, for one block, in one round. */
#include "node/consensus.h"
#include "tests/support/ledger_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOUR 4

struct fixture {
    struct key_pair keys[FOUR];
    struct authority_set set;
    struct consensus *c; /* of the authority keys[0] */
    struct header header;
    struct consensus_actions actions;
};
static struct fixture fx;

static void make_set(size_t count)
{
    struct kit kit;
    struct buf genesis = buf_heap(1 << 16);
    static const char *const members[FOUR] = { "m one", "m two", "m three", "m four" };
    static const char *const nodes[FOUR] = { "n one", "n two", "n three", "n four" };
    kit_begin(&kit, KIT_T0, false);
    for (size_t i = 0; i < count; i++) {
        struct key_pair member = kit_pair(members[i]);
        fx.keys[i] = kit_pair(nodes[i]);
        kit_add_member(&kit, &member, members[i]);
        kit_add_key(&kit, &fx.keys[i], &member.kid, CLASS_AUTHORITY);
    }
    kit_genesis(&kit, &genesis);
    fx.set = kit.identity.set;
    fx.header = kit.identity.genesis;
    fx.header.height = 1;
    fx.header.prev = header_hash(&kit.identity.genesis);
    buf_free(&genesis);
}

static void begin(size_t count)
{
    fx.c = calloc(1, sizeof *fx.c);
    make_set(count);
    assert_true(consensus_begin(fx.c, &fx.set, &fx.keys[0]));
}

static int teardown(void **state)
{
    (void)state;
    free(fx.c);
    return 0;
}

static void propose(void)
{
    struct consensus_event e = { .kind = CONSENSUS_PROPOSAL, .header = fx.header };
    consensus_step(fx.c, &e, &fx.actions);
    assert_int_equal(fx.actions.count, 1);
    assert_int_equal(fx.actions.at[0], CONSENSUS_SEND_PREPARE);
}

static size_t prepare(const struct kid *by)
{
    struct consensus_event e = { .kind = CONSENSUS_PREPARE, .authority = *by };
    e.block = header_hash(&fx.header);
    consensus_step(fx.c, &e, &fx.actions);
    return fx.actions.count;
}

static size_t seal(const struct key_pair *by, uint64_t round)
{
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    seal_sign(&fx.header, round, by, &out);
    struct consensus_event e = { .kind = CONSENSUS_SEAL, .seal = buf_slice(&out) };
    consensus_step(fx.c, &e, &fx.actions);
    return fx.actions.count;
}

static void one_authority_decides_by_itself(void **state)
{
    (void)state;
    begin(1);
    propose();
    assert_int_equal(prepare(&fx.keys[0].kid), 1);
    assert_int_equal(fx.actions.at[0], CONSENSUS_SEND_SEAL);
    struct consensus_event e = { .kind = CONSENSUS_SEAL, .seal = consensus_own_seal(fx.c) };
    consensus_step(fx.c, &e, &fx.actions);
    assert_int_equal(fx.actions.count, 1);
    assert_int_equal(fx.actions.at[0], CONSENSUS_DECIDED);
}

static void three_of_four_decide(void **state)
{
    struct buf seals = buf_heap(4096);
    (void)state;
    begin(FOUR);
    propose();
    assert_int_equal(prepare(&fx.keys[1].kid), 0);
    assert_int_equal(prepare(&fx.keys[1].kid), 0); /* the same once more is no second */
    assert_int_equal(prepare(&fx.keys[0].kid), 0);
    struct key_pair stranger = kit_pair("stranger");
    assert_int_equal(prepare(&stranger.kid), 0);
    assert_int_equal(prepare(&fx.keys[3].kid), 1);
    assert_int_equal(fx.actions.at[0], CONSENSUS_SEND_SEAL);
    assert_int_equal(seal(&fx.keys[0], 0), 0);
    assert_int_equal(seal(&fx.keys[0], 0), 0);
    assert_int_equal(seal(&stranger, 0), 0);
    assert_int_equal(seal(&fx.keys[2], 1), 0); /* of another round */
    assert_int_equal(seal(&fx.keys[3], 0), 0);
    assert_int_equal(seal(&fx.keys[1], 0), 1);
    assert_int_equal(fx.actions.at[0], CONSENSUS_DECIDED);
    consensus_put_seals(fx.c, &seals);
    struct final f = { .header = fx.header, .seals = buf_slice(&seals) };
    assert_true(final_verify(&f, &fx.set, NULL));
    assert_int_equal(seal(&fx.keys[2], 0), 0); /* it is decided once */
    buf_free(&seals);
}

static void a_seal_of_another_block_does_not_count(void **state)
{
    (void)state;
    begin(FOUR);
    propose();
    struct header proposed = fx.header;
    fx.header.time_ms++;
    for (size_t i = 0; i < FOUR; i++) {
        assert_int_equal(prepare(&fx.keys[i].kid), 0);
        assert_int_equal(seal(&fx.keys[i], 0), 0);
    }
    fx.header = proposed;
    assert_int_equal(prepare(&fx.keys[0].kid), 0);
    assert_int_equal(prepare(&fx.keys[1].kid), 0);
    assert_int_equal(prepare(&fx.keys[2].kid), 1);
}

static void a_new_proposal_forgets_the_old_votes(void **state)
{
    (void)state;
    begin(FOUR);
    propose();
    assert_int_equal(prepare(&fx.keys[0].kid), 0);
    assert_int_equal(prepare(&fx.keys[1].kid), 0);
    fx.header.height = 2;
    propose();
    assert_int_equal(prepare(&fx.keys[2].kid), 0);
    assert_int_equal(prepare(&fx.keys[0].kid), 0);
    assert_int_equal(prepare(&fx.keys[1].kid), 1);
}

static void only_an_authority_takes_part(void **state)
{
    (void)state;
    begin(1);
    struct key_pair stranger = kit_pair("stranger");
    assert_false(consensus_begin(fx.c, &fx.set, &stranger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_authority_decides_by_itself, teardown),
        cmocka_unit_test_teardown(three_of_four_decide, teardown),
        cmocka_unit_test_teardown(a_seal_of_another_block_does_not_count, teardown),
        cmocka_unit_test_teardown(a_new_proposal_forgets_the_old_votes, teardown),
        cmocka_unit_test_teardown(only_an_authority_takes_part, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
