/* Who relays statements that do not hold is passed over for a while; who errs now and then is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/loop_mute.h"

static const struct kid liar = { { 1 } }, honest = { { 2 } };

static void a_few_are_borne(void **state)
{
    struct loop_mute m = { .count = 0 };
    (void)state;
    for (uint64_t t = 0; t < 40; t++)
        for (int i = 0; i < LOOP_MUTE_BAD - 1; i++)
            assert_false(loop_mute_note(&m, &liar, 1000 + t * LOOP_MUTE_IN));
    assert_false(loop_mute_is(&m, &liar, 1000));
}

static void a_flood_mutes_its_sender_alone_and_not_for_ever(void **state)
{
    struct loop_mute m = { .count = 0 };
    (void)state;
    (void)loop_mute_note(&m, &honest, 5000);
    for (int i = 1; i <= LOOP_MUTE_BAD; i++)
        assert_int_equal(loop_mute_note(&m, &liar, 5000), i == LOOP_MUTE_BAD);
    assert_true(loop_mute_is(&m, &liar, 5000));
    assert_true(loop_mute_is(&m, &liar, 5000 + LOOP_MUTE_MS - 1));
    assert_false(loop_mute_is(&m, &liar, 5000 + LOOP_MUTE_MS));
    assert_false(loop_mute_is(&m, &honest, 5000));
}

static void more_senders_than_a_set_has_fit(void **state)
{
    struct loop_mute m = { .count = 0 };
    (void)state;
    for (unsigned i = 0; i < 3 * AUTHORITY_MAX; i++) {
        struct kid kid = { { (uint8_t)i, 9 } };
        (void)loop_mute_note(&m, &kid, 5000);
    }
    assert_true(m.count <= AUTHORITY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_are_borne),
        cmocka_unit_test(a_flood_mutes_its_sender_alone_and_not_for_ever),
        cmocka_unit_test(more_senders_than_a_set_has_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
