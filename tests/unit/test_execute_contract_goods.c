/* Contracts that hear what becomes of their goods, and what is found to be wrong with them. */
#include "tests/unit/support_deal.h"
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FIRST    FATE_FIRST
#define OTHER    FATE_OTHER
#define COUNT    10000
#define FINDINGS 1000 /* of one scan that are told */

#define ROLES              \
    "roles:\n"             \
    "  shipper: packs\n"   \
    "  clinic: receives\n" \
    "parties:\n"           \
    "  sender: shipper\n"  \
    "  receiver: clinic\n"

static int setup(void **state)
{
    *state = fate_world();
    fate_places(*state);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static struct deal open_for(struct world *w, const char *yaml, const char *name)
{
    struct kit_opening o = deal_draft(w, deal_compile(yaml));
    o.asset = name;
    return deal_open(w, &o);
}

static uint64_t later(struct world *w)
{
    world_end(w);
    return w->context.time_ms + 60000;
}

static void dispose(struct world *w, enum world_key who, const char *name,
                    enum disposition_action action)
{
    (void)fate_do(w, who, fate_dispose(name, action), later(w));
}

static void scan(struct world *w, enum world_key who, const char *name, const char *place,
                 bool in_custody)
{
    (void)fate_do(w, who, fate_scan(name, place, in_custody), later(w));
}

static void holds(struct world *w, const struct deal *d, const char *last, const char *count)
{
    assert_string_equal(deal_property(w, d, "last"), last);
    assert_string_equal(deal_property(w, d, "count"), count);
}

/* ------------------------------------------------------------------ dispositions */

#define HEARS(word) \
    "  " word ": { on: { disposition: " word " }, sets: { last: '\"" word "\"' } }\n"

static const char fates_yaml[] =
    "contract: fates\n" ROLES "properties:\n"
    "  last: text\n"
    "  count: { is: int 0..100, starts: 0 }\n"
    "states:\n"
    "  open: { progress: 0 }\n"
    "  over: { progress: 100, ends: success }\n"
    "actions:\n"
    "  finish: { by: sender, to: over }\n"
    "reactions:\n"
    "  counted: { on: { disposition: any }, sets: { count: count + 1 } }\n" HEARS("quarantined")
        HEARS("released") HEARS("rejected") HEARS("returned") HEARS("recalled")
            HEARS("recall ended") HEARS("decommissioned") HEARS("dispensed") HEARS("destroyed");

static void each_disposition_is_heard(void **state)
{
    struct world *w = *state;
    struct deal d = open_for(w, fates_yaml, FIRST);
    holds(w, &d, "nothing", "0");
    dispose(w, FARM, FIRST, DISPOSITION_QUARANTINE);
    holds(w, &d, "\"quarantined\"", "1");
    dispose(w, FARM, FIRST, DISPOSITION_RELEASE);
    holds(w, &d, "\"released\"", "2");
    dispose(w, FARM, FIRST, DISPOSITION_DISPENSE);
    holds(w, &d, "\"dispensed\"", "3");
    dispose(w, FARM, FIRST, DISPOSITION_RETURN);
    holds(w, &d, "\"returned\"", "4");
    dispose(w, FARM, FIRST, DISPOSITION_RECALL);
    holds(w, &d, "\"recalled\"", "5");
    dispose(w, FARM, FIRST, DISPOSITION_END_RECALL);
    holds(w, &d, "\"recall ended\"", "6");
    dispose(w, FARM, FIRST, DISPOSITION_REJECT);
    holds(w, &d, "\"rejected\"", "7");
    dispose(w, FARM, FIRST, DISPOSITION_DESTROY);
    holds(w, &d, "\"destroyed\"", "8");
    d = open_for(w, fates_yaml, OTHER);
    dispose(w, FARM, OTHER, DISPOSITION_DECOMMISSION);
    holds(w, &d, "\"decommissioned\"", "1");
}

/* A recall by the lot's name reaches its goods by reference: they are held, and no contract is told. */
static void a_lot_tells_nobody(void **state)
{
    struct world *w = *state;
    struct deal d = open_for(w, fates_yaml, FIRST);
    dispose(w, FARM, FATE_LOT, DISPOSITION_RECALL);
    fate_refused(w, FARM, fate_dispose(FIRST, DISPOSITION_DISPENSE), later(w), REFUSED_RECALLED);
    dispose(w, FARM, FATE_LOT, DISPOSITION_QUARANTINE);
    holds(w, &d, "nothing", "0");
}

static void what_is_refused_tells_nobody(void **state)
{
    struct world *w = *state;
    struct deal d = open_for(w, fates_yaml, FIRST);
    fate_refused(w, CLINIC, fate_dispose(FIRST, DISPOSITION_QUARANTINE), later(w),
                 REFUSED_NOT_HOLDER);
    fate_refused(w, FARM, fate_dispose(FIRST, DISPOSITION_RELEASE), later(w), REFUSED_NOT_HELD);
    holds(w, &d, "nothing", "0");
}

/* ------------------------------------------------------------------ findings */

#define FOUND(word) "  " word ": { on: { finding: " word " }, sets: { last: '\"" word "\"' } }\n"

static const char findings_yaml[] =
    "contract: findings\n" ROLES "properties:\n"
    "  last: text\n"
    "  count: { is: int 0..2000, starts: 0 }\n"
    "states:\n"
    "  open: { progress: 0 }\n"
    "  over: { progress: 100, ends: success }\n"
    "actions:\n"
    "  finish: { by: sender, to: over }\n"
    "reactions:\n"
    "  counted: { on: { finding: any }, sets: { count: count + 1 } }\n" FOUND("after end")
        FOUND("impossible travel") FOUND("two custodians");

static void each_finding_is_heard(void **state)
{
    struct world *w = *state;
    struct deal d = open_for(w, findings_yaml, FIRST);
    scan(w, CLINIC, FIRST, FATE_ROME, false);
    holds(w, &d, "nothing", "0");
    scan(w, CLINIC, FIRST, FATE_LYON, false);
    holds(w, &d, "\"impossible travel\"", "1");
    scan(w, CLINIC, FIRST, NULL, true);
    holds(w, &d, "\"two custodians\"", "2");
    dispose(w, FARM, FIRST, DISPOSITION_DESTROY);
    scan(w, CLINIC, FIRST, NULL, false);
    holds(w, &d, "\"after end\"", "3");
    scan(w, CLINIC, FIRST, FATE_ROME, true); /* all three at once */
    holds(w, &d, "\"two custodians\"", "6");
}

/* What is claimed by a statement that is refused is a finding, and that alone is left of it. */
static void a_claim_tells_nobody(void **state)
{
    struct world *w = *state;
    struct deal d = open_for(w, findings_yaml, FIRST);
    size_t before = world_count(w, "finding " FIRST);
    fate_refused(w, CLINIC, fate_commission(FIRST, NULL, 0), later(w), REFUSED_EXISTS);
    assert_int_equal(world_count(w, "finding " FIRST), before + 1);
    holds(w, &d, "nothing", "0");
}

/* One state for all its goods: one scan is one finding of a kind to it. */
static void a_shared_state_hears_of_it_once(void **state)
{
    static const char *const names[] = { FIRST, OTHER };
    struct world *w = *state;
    struct asset_set both = custody_list(2, names);
    struct kit_opening o = deal_draft(w, deal_compile(findings_yaml));
    o.asset = NULL;
    o.assets = both;
    struct deal d = deal_open(w, &o);
    struct statement st = fate_scan(FIRST, NULL, true);
    st.as.scan.assets = both;
    (void)fate_do(w, CLINIC, st, later(w));
    assert_int_equal(world_count(w, "finding " FIRST), 1);
    assert_int_equal(world_count(w, "finding " OTHER), 1);
    holds(w, &d, "\"two custodians\"", "1");
}

/* ------------------------------------------------------------------ what it can not do */

static const char failing_yaml[] = "contract: failing\n" ROLES "properties:\n"
                                   "  seen: { is: int 0..1, starts: 0 }\n"
                                   "states:\n"
                                   "  open: { progress: 0 }\n"
                                   "  over: { progress: 100, ends: success }\n"
                                   "actions:\n"
                                   "  finish: { by: sender, to: over }\n"
                                   "reactions:\n"
                                   "  disposed:\n"
                                   "    on: { disposition: any }\n"
                                   "    sets: { seen: seen + 1 }\n"
                                   "    to: over\n"
                                   "    cases: [ { when: seen < 2, to: open } ]\n"
                                   "  found: { on: { finding: any }, sets: { seen: seen + 1 } }\n";

/* `seen` may not be 2: the reaction fails, and what set it off is on the ledger all the same. */
static void a_reaction_that_fails_refuses_nobody(void **state)
{
    struct world *w = *state;
    struct deal d = open_for(w, failing_yaml, FIRST);
    struct state_hold hold;
    dispose(w, FARM, FIRST, DISPOSITION_QUARANTINE);
    assert_string_equal(deal_property(w, &d, "seen"), "1");
    dispose(w, FARM, FIRST, DISPOSITION_RELEASE);
    dispose(w, FARM, FIRST, DISPOSITION_QUARANTINE);
    deal_said(w, "");
    assert_int_equal(world_count(w, "disposition " FIRST), 3);
    assert_true(fate_is_held(w, FIRST, &hold) && hold.quarantined);
    scan(w, CLINIC, FIRST, NULL, true);
    assert_int_equal(world_count(w, "finding " FIRST), 1);
    assert_int_equal(world_count(w, "scanned " FIRST), 1);
    assert_string_equal(deal_property(w, &d, "seen"), "1");
    assert_string_equal(deal_state(w, &d, NULL), "open");
}

/* ------------------------------------------------------------------ many units */

static const char units_yaml[] = "contract: units\n"
                                 "each unit: yes\n" ROLES "states:\n"
                                 "  full: { progress: 0 }\n"
                                 "  odd: { progress: 0 }\n"
                                 "  used: { progress: 100, ends: success }\n"
                                 "actions:\n"
                                 "  look: { by: receiver, in: odd, to: full }\n"
                                 "reactions:\n"
                                 "  used up: { on: { disposition: dispensed }, to: used }\n"
                                 "  doubtful: { on: { finding: two custodians }, to: odd }\n";

static struct deal open_units(struct world *w, size_t count)
{
    struct statement birth = { .kind = KIND_COMMISSION };
    birth.as.commission.assets = custody_range(count);
    (void)fate_do(w, FARM, birth, later(w));
    struct kit_opening o = deal_draft(w, deal_compile(units_yaml));
    o.asset = NULL;
    o.assets = custody_range(count);
    return deal_open(w, &o);
}

static void each_unit_hears_of_itself(void **state)
{
    struct world *w = *state;
    struct deal d = open_units(w, 4);
    dispose(w, FARM, custody_unit(1), DISPOSITION_DISPENSE);
    scan(w, CLINIC, custody_unit(2), NULL, true);
    assert_string_equal(deal_state(w, &d, custody_unit(0)), "full");
    assert_string_equal(deal_state(w, &d, custody_unit(1)), "used");
    assert_string_equal(deal_state(w, &d, custody_unit(2)), "odd");
    assert_string_equal(deal_state(w, &d, custody_unit(3)), "full");
    dispose(w, FARM, custody_unit(2), DISPOSITION_DISPENSE);
    dispose(w, FARM, custody_unit(0), DISPOSITION_DISPENSE);
    assert_int_equal(deal_status(w, &d), INSTANCE_IN_FORCE);
    dispose(w, FARM, custody_unit(3), DISPOSITION_DISPENSE);
    assert_int_equal(deal_status(w, &d), INSTANCE_FINISHED);
}

static size_t count_in(struct world *w, const struct deal *d, const char *name)
{
    size_t count = 0;
    for (unsigned i = 0; i < COUNT; i++)
        count += strcmp(deal_state(w, d, custody_unit(i)), name) == 0;
    return count;
}

/* What reactions cost never refuses the statement; how many ran is the same everywhere. */
static void ten_thousand_are_dispensed(void **state)
{
    struct world *w = *state;
    struct deal d = open_units(w, COUNT);
    struct asset_set all = custody_range(COUNT);
    struct state_asset a;
    (void)fate_do(w, FARM, fate_dispose_set(&all, DISPOSITION_DISPENSE), later(w));
    assert_true(world_asset(w, custody_unit(COUNT - 1), &a) && a.goods.end == GOODS_DISPENSED);
    size_t used = count_in(w, &d, "used");
    assert_true(used > 1000 && used < COUNT); /* half of what a statement may cause */
    assert_int_equal(w->caused, 1 + 2 * used);
    for (unsigned i = 0; i < used; i++)
        assert_string_equal(deal_state(w, &d, custody_unit(i)), "used");
    assert_int_equal(deal_status(w, &d), INSTANCE_IN_FORCE);
}

static void findings_are_heard_while_there_is_room(void **state)
{
    struct world *w = *state;
    struct deal d = open_units(w, COUNT);
    struct statement st = fate_scan(FIRST, NULL, true);
    st.as.scan.assets = custody_range(COUNT);
    (void)fate_do(w, CLINIC, st, later(w));
    size_t odd = count_in(w, &d, "odd");
    assert_true(odd > 100 && odd < FINDINGS);
    assert_int_equal(w->caused, 1 + 3 * FINDINGS + odd);
    assert_string_equal(deal_state(w, &d, custody_unit(0)), "odd");
    assert_string_equal(deal_state(w, &d, custody_unit(FINDINGS)), "full");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_disposition_is_heard),
        CASE(a_lot_tells_nobody),
        CASE(what_is_refused_tells_nobody),
        CASE(each_finding_is_heard),
        CASE(a_claim_tells_nobody),
        CASE(a_shared_state_hears_of_it_once),
        CASE(a_reaction_that_fails_refuses_nobody),
        CASE(each_unit_hears_of_itself),
        CASE(ten_thousand_are_dispensed),
        CASE(findings_are_heard_while_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
