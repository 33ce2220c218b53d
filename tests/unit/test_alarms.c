/* Alarms go on and off once each, keep the moment, and say which of them call for somebody. */
#include "node/alarms.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void an_alarm_is_told_when_it_changes(void **state)
{
    struct alarms a = { 0 };
    (void)state;
    assert_false(alarms_set(&a, ALARMS_LONE, false, 5, "-"));
    assert_true(alarms_set(&a, ALARMS_LONE, true, 10, "%d of %d", 1, 4));
    assert_string_equal(a.at[ALARMS_LONE].text, "1 of 4");
    assert_false(alarms_set(&a, ALARMS_LONE, true, 20, "%d of %d", 2, 4));
    assert_string_equal(a.at[ALARMS_LONE].text, "2 of 4");
    assert_int_equal(a.at[ALARMS_LONE].since_ms, 10);
    assert_true(alarms_set(&a, ALARMS_LONE, false, 30, "-"));
    assert_int_equal(a.at[ALARMS_LONE].since_ms, 30);
    assert_string_equal(a.at[ALARMS_LONE].text, "2 of 4");
}

static void how_the_ledger_was_made_is_not_urgent(void **state)
{
    struct alarms a = { 0 };
    (void)state;
    (void)alarms_set(&a, ALARMS_NO_MARGIN, true, 1, "three");
    assert_int_equal(alarms_urgent(&a), 0);
    (void)alarms_set(&a, ALARMS_EVIDENCE, true, 1, "two");
    assert_int_equal(alarms_urgent(&a), 1);
}

static void each_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < ALARMS_COUNT; i++)
        assert_non_null(alarms_name((enum alarm)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_is_told_when_it_changes),
        cmocka_unit_test(how_the_ledger_was_made_is_not_urgent),
        cmocka_unit_test(each_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
