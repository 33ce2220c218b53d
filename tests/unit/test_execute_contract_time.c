/* Which clock contracts go by: what they decide is of block time, whatever a caller signs. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char yaml[] = "contract: clock\n"
                           "roles: { shipper: packs, clinic: receives }\n"
                           "parties: { sender: shipper, receiver: clinic }\n"
                           "terms: { due: { is: time, usual: 2026-06-01T07:00:00Z } }\n"
                           "properties: { signed: time, counted: time }\n"
                           "states: { open: { progress: 0 } }\n"
                           "actions:\n"
                           "  note: { by: sender, sets: { signed: call time, counted: now } }\n"
                           "  in time: { by: sender, when: now <= due }\n";

static int setup(void **state)
{
    struct world *w = world_new();
    *state = w;
    assert_int_equal(world_say(w, FARM, kit_commission(KIT_UNIT), MINUTES(1)), ACCEPTED);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static enum refusal call(struct world *w, const struct deal *d, const char *action,
                         uint64_t signed_ms)
{
    return world_say(w, FARM, kit_call(&d->opening, action, NULL, 0, NULL), signed_ms);
}

static void a_back_dated_call_counts_from_its_block(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, yaml);
    assert_int_equal(call(w, &d, "in time", MINUTES(29)), ACCEPTED);
    world_block(w, MINUTES(70));
    assert_int_equal(call(w, &d, "note", MINUTES(30)), ACCEPTED);
    assert_string_equal(deal_property(w, &d, "signed"), "2026-06-01T06:30:00Z");
    assert_string_equal(deal_property(w, &d, "counted"), "2026-06-01T07:10:00Z");
    assert_int_equal(call(w, &d, "in time", MINUTES(31)), REFUSED_GUARD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_back_dated_call_counts_from_its_block, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
