/* Contracts made to harm: what they cost others is bounded, and every node sees the same. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

/* Opened by one company for itself alone: in force at once. */
static struct kit_opening draft_alone(struct world *w, enum world_key who, struct slice definition)
{
    static struct kit_party party;
    party = (struct kit_party){ "keeper", *world_kid(w, who) };
    return (struct kit_opening){ .definition = definition,
                                 .asset = KIT_UNIT,
                                 .parties = &party,
                                 .party_count = 1,
                                 .expires_ms = MINUTES(100000) };
}

/* ------------------------------------------------------------------ blocks that come to nothing */

static const char plain_yaml[] = "contract: plain\n"
                                 "states:\n"
                                 "  open: { progress: 0 }\n";

/* The open block was proposed and never decided: another of the same height takes its place. */
static void throw_block_away(struct world *w)
{
    uint64_t time_ms = w->context.time_ms;
    for (size_t i = 0; i < w->count; i++)
        buf_free(&w->bytes[i]);
    w->count = 0;
    w->open = false;
    w->height--;
    w->context.time_ms = time_ms - 60000;
    world_block(w, time_ms);
}

/* A node that executed the proposal remembers the contract; one that did not must come to the same. */
static void what_a_lost_proposal_defined_is_not_known(void **state)
{
    struct world *w = *state;
    struct slice definition = deal_compile(plain_yaml);
    struct buf letter = buf_heap(STATEMENT_MAX);
    struct kit_opening mine = draft_alone(w, FARM, definition);
    mine.known = true;
    (void)kit_sign(&w->by[FARM], kit_open_with(&mine), MINUTES(60), &letter);
    world_block(w, MINUTES(60));
    struct kit_opening other = draft_alone(w, CARRIER, definition);
    assert_int_equal(world_say(w, CARRIER, kit_open_with(&other), MINUTES(60)), ACCEPTED);
    assert_int_equal(world_say_bytes(w, buf_slice(&letter)), ACCEPTED);
    throw_block_away(w);
    assert_int_equal(world_say_bytes(w, buf_slice(&letter)), REFUSED_UNKNOWN_CONTRACT);
    buf_free(&letter);
    deal_said(w, "the ledger has no such contract");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_lost_proposal_defined_is_not_known, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
