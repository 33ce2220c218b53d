/* Contracts that make each other end while their goods are on offer: whoever signs is refused, nobody else. */
#include "tests/unit/support_custody.h"
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OTHER "other" /* goods of the contract that begins it all */

#define HEAD(name, version)        \
    "contract: " name "\n"         \
    "version: " version "\n"       \
    "roles:\n"                     \
    "  shipper: packs\n"           \
    "  clinic: receives\n"         \
    "parties:\n"                   \
    "  sender: shipper\n"          \
    "  receiver: clinic\n"         \
    "states:\n"                    \
    "  open: { progress: 0 }\n"    \
    "  pushed: { progress: 50 }\n" \
    "  done: { progress: 100, ends: success }\n"

static const char first_yaml[] = HEAD("first", "1") "actions:\n"
                                                    "  arrive: { by: receiver, to: done }\n";

/* It is opened before the one it calls, which must know it: so a newer version takes its place. */
static const char place_yaml[] = HEAD("caller", "1") "actions:\n"
                                                     "  wait: { by: sender, to: done }\n";
static const char caller_yaml[] =
    HEAD("caller", "2") "terms:\n"
                        "  first: { is: contract }\n"
                        "  next: { is: contract }\n"
                        "actions:\n"
                        "  close: { by: sender, in: open, to: pushed, calls: { next: { action: "
                        "close } } }\n"
                        "reactions:\n"
                        "  follows:\n"
                        "    on: { success: first }\n"
                        "    in: open\n"
                        "    to: pushed\n"
                        "    calls: { next: { action: close } }\n";

static const char called_yaml[] =
    HEAD("called", "1") "terms:\n"
                        "  before: { is: contract }\n"
                        "actions:\n"
                        "  close: { by: before, in: open, to: done }\n";

struct fixture {
    struct world *w;
    struct deal first, caller, called;
    struct hash offer; /* of KIT_UNIT, open */
};

static struct fixture begin(void)
{
    struct fixture fx = { .w = custody_world() };
    struct asset_set unit = custody_one(KIT_UNIT);
    (void)custody_do(fx.w, FARM, kit_commission(OTHER), MINUTES(1));
    struct kit_opening o = deal_draft(fx.w, deal_compile(first_yaml));
    o.asset = OTHER;
    fx.first = deal_open(fx.w, &o);
    struct deal place = deal_open_yaml(fx.w, place_yaml);
    struct kit_argument before[] = { kit_bytes("before", hash_slice(&place.opening)) };
    o = deal_draft(fx.w, deal_compile(called_yaml));
    o.terms = before;
    o.term_count = 1;
    fx.called = deal_open(fx.w, &o);
    struct kit_argument terms[] = { kit_bytes("first", hash_slice(&fx.first.opening)),
                                    kit_bytes("next", hash_slice(&fx.called.opening)) };
    o = deal_draft(fx.w, deal_compile(caller_yaml));
    o.replaces = &place.opening;
    o.terms = terms;
    o.term_count = 2;
    fx.caller = deal_open(fx.w, &o);
    fx.offer = custody_do(fx.w, FARM, custody_offer(fx.w, &unit, CARRIER, ROLE_CUSTODIAN),
                          fx.w->context.time_ms + 60000);
    return fx;
}

static void check(struct fixture *fx, const char *caller, const char *called)
{
    assert_string_equal(deal_state(fx->w, &fx->caller, NULL), caller);
    assert_string_equal(deal_state(fx->w, &fx->called, NULL), called);
}

static void a_call_that_makes_another_contract_end_is_refused(void **state)
{
    struct fixture fx = begin();
    (void)state;
    assert_int_equal(deal_call(fx.w, FARM, &fx.caller, "close"), REFUSED_OFFER_OPEN);
    deal_said(fx.w, KIT_UNIT);
    check(&fx, "open", "open");
    struct asset_set unit = custody_one(KIT_UNIT);
    (void)custody_do(fx.w, FARM, custody_answer(CUSTODY_CANCEL, &unit, &fx.offer, ROLE_CUSTODIAN),
                     fx.w->context.time_ms + 60000);
    assert_int_equal(deal_call(fx.w, FARM, &fx.caller, "close"), ACCEPTED);
    check(&fx, "pushed", "done");
    world_free(fx.w);
}

/* The clinic speaks of other goods; what follows from it among contracts is not its to answer for. */
static void what_follows_from_a_call_is_not_refused(void **state)
{
    struct fixture fx = begin();
    (void)state;
    assert_int_equal(deal_call(fx.w, CLINIC, &fx.first, "arrive"), ACCEPTED);
    check(&fx, "pushed", "done");
    assert_true(custody_on_offer(fx.w, KIT_UNIT, ROLE_CUSTODIAN));
    world_free(fx.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_makes_another_contract_end_is_refused),
        cmocka_unit_test(what_follows_from_a_call_is_not_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
