/* Contracts that call each other, to the depth that is allowed. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINKS 6

/*
 * A contract can only name one that is there before it. So that two know each other, the first is opened
 * as a place-holder, and a newer version takes its place once the other is there.
 */
#define HEAD                          \
    "summary: One link of a chain.\n" \
    "roles:\n"                        \
    "  shipper: packs\n"              \
    "  clinic: receives\n"            \
    "parties:\n"                      \
    "  sender: shipper\n"             \
    "  receiver: clinic\n"            \
    "states:\n"                       \
    "  open: { progress: 0 }\n"       \
    "  pushed: { progress: 50 }\n"    \
    "  done: { progress: 100, ends: success }\n"

static const char place_yaml[] = "contract: link\n"
                                 "version: 1\n" HEAD "actions:\n"
                                 "  wait: { by: sender, in: open, to: done }\n";

static const char link_yaml[] =
    "contract: link\n"
    "version: 2\n" HEAD "properties:\n"
    "  word: text\n"
    "terms:\n"
    "  before: { is: contract }\n"
    "  next: { is: contract }\n"
    "actions:\n"
    "  push:\n"
    "    by: [sender, before]\n"
    "    in: open\n"
    "    takes: { said: text }\n"
    "    sets: { word: said }\n"
    "    to: pushed\n"
    "    calls: { next: { action: push, with: { said: said } } }\n"
    "  try: { by: sender, in: open, to: pushed, calls: { next: { action: reserved } } }\n"
    "  ask: { by: sender, in: open, to: pushed, calls: { next: { action: nothing of the kind } } "
    "}\n"
    "reactions:\n"
    "  seen:\n"
    "    on: { scan: any }\n"
    "    in: open\n"
    "    sets: { word: \"seen\" }\n"
    "    to: pushed\n"
    "    calls: { next: { action: push, with: { said: \"no\" } } }\n"
    "  handed over:\n"
    "    on: { handover: custody }\n"
    "    in: open\n"
    "    to: pushed\n"
    "    calls: { next: { action: push, with: { said: \"yes\" } } }\n";

static const char last_yaml[] = "contract: link\n"
                                "version: 3\n" HEAD "properties:\n"
                                "  word: text\n"
                                "terms:\n"
                                "  before: { is: contract }\n"
                                "actions:\n"
                                "  push: { by: before, in: open, takes: { said: text }, when: said "
                                "!= \"no\", sets: { word: said }, to: pushed }\n"
                                "  reserved: { by: sender, in: open, to: pushed }\n";

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

/* chain[0] calls chain[1] and so on; `count` of them. */
static void make_chain(struct world *w, struct deal *chain, size_t count)
{
    struct slice place = deal_compile(place_yaml), link = deal_compile(link_yaml);
    struct deal places[LINKS + 1];
    for (size_t i = 0; i < count; i++) {
        struct kit_opening o = deal_draft(w, place);
        places[i] = deal_open(w, &o);
    }
    for (size_t i = count; i-- > 0;) {
        bool last = i == count - 1;
        struct kit_opening o = deal_draft(w, last ? deal_compile(last_yaml) : link);
        /* the first is called by nobody: any opening will do */
        struct kit_argument terms[] = {
            kit_bytes("before", hash_slice(&places[i == 0 ? 1 : i - 1].opening)),
            kit_bytes("next", hash_slice(&chain[last ? i : i + 1].opening)),
        };
        o.replaces = &places[i].opening;
        o.terms = terms;
        o.term_count = last ? 1 : 2;
        chain[i] = deal_open(w, &o);
    }
}

static enum refusal push(struct world *w, const struct deal *d, const char *word)
{
    struct kit_argument said = kit_text("said", word);
    return deal_call_with(w, FARM, d, "push", &said, 1);
}

static void one_calls_the_other(void **state)
{
    struct world *w = *state;
    struct deal chain[2];
    make_chain(w, chain, 2);
    assert_int_equal(push(w, &chain[0], "hello"), ACCEPTED);
    assert_string_equal(deal_state(w, &chain[1], NULL), "pushed");
    assert_string_equal(deal_property(w, &chain[1], "word"), "hello");
    assert_int_equal(world_count(w, "called " KIT_UNIT " # push farm"), 1);
    assert_int_equal(world_count(w, "called " KIT_UNIT " # push -"), 1); /* by no key */
}

/* Who is named as a caller is the contract: not whoever signed the call that set it off. */
static void only_a_contract_that_is_named_may(void **state)
{
    struct world *w = *state;
    struct deal chain[2];
    make_chain(w, chain, 2);
    assert_int_equal(push(w, &chain[1], "hello"), REFUSED_NOT_ALLOWED);
    deal_said(w, "push: only for before");
    assert_int_equal(deal_call(w, FARM, &chain[0], "try"), REFUSED_NOT_ALLOWED);
    deal_said(w, "reserved: only for sender");
    assert_string_equal(deal_state(w, &chain[0], NULL), "open");
}

static void a_call_that_fails_refuses_the_whole(void **state)
{
    struct world *w = *state;
    struct deal chain[3];
    make_chain(w, chain, 3);
    world_end(w);
    size_t before = w->event_count;
    assert_int_equal(push(w, &chain[0], "no"), REFUSED_GUARD);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(deal_state(w, &chain[i], NULL), "open");
    assert_int_equal(w->event_count, before);
    assert_int_equal(deal_call(w, FARM, &chain[0], "ask"), REFUSED_NO_SUCH_ACTION);
    deal_said(w, "the contract called has no action \"nothing of the kind\"");
    assert_int_equal(push(w, &chain[0], "yes"), ACCEPTED);
}

static void calls_go_so_deep_and_no_deeper(void **state)
{
    struct world *w = *state;
    struct deal chain[LINKS];
    make_chain(w, chain, LINKS);
    assert_int_equal(push(w, &chain[0], "hello"), REFUSED_DEPTH);
    for (size_t i = 0; i < LINKS; i++)
        assert_string_equal(deal_state(w, &chain[i], NULL), "open");
    assert_int_equal(push(w, &chain[1], "hello"),
                     ACCEPTED); /* four calls from contract to contract */
    assert_string_equal(deal_state(w, &chain[LINKS - 1], NULL), "pushed");
    assert_string_equal(deal_state(w, &chain[0], NULL), "open");
}

/* What a reaction did before its call was refused is taken back; the scan stays. */
static void a_reaction_whose_call_fails_does_nothing(void **state)
{
    struct world *w = *state;
    struct deal chain[2];
    make_chain(w, chain, 2);
    assert_int_equal(world_say(w, FARM, kit_scan(KIT_UNIT, NULL, NULL), MINUTES(90)), ACCEPTED);
    assert_string_equal(deal_state(w, &chain[0], NULL), "open");
    assert_string_equal(deal_property(w, &chain[0], "word"), "nothing");
    assert_int_equal(w->caused, 1);
    deal_said(w, "");
}

static void a_reaction_calls_another(void **state)
{
    struct world *w = *state;
    struct deal chain[2];
    make_chain(w, chain, 2);
    assert_int_equal(
        world_say(w, FARM, kit_offer(KIT_UNIT, world_kid(w, CARRIER), ROLE_CUSTODIAN), MINUTES(90)),
        ACCEPTED);
    struct hash offer = w->last;
    assert_int_equal(world_say(w, CARRIER,
                               kit_answer(CUSTODY_ACCEPT, KIT_UNIT, &offer, ROLE_CUSTODIAN),
                               MINUTES(91)),
                     ACCEPTED);
    assert_string_equal(deal_state(w, &chain[0], NULL), "pushed");
    assert_string_equal(deal_state(w, &chain[1], NULL), "pushed");
    assert_string_equal(deal_property(w, &chain[1], "word"), "yes");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* The first is there before the other, so a property takes up whom it will listen to. */
static void two_contracts_know_each_other(void **state)
{
    static const char listener_yaml[] =
        "contract: listener\n" HEAD "properties:\n"
        "  partner: contract\n"
        "actions:\n"
        "  meet: { by: sender, in: open, takes: { whom: contract }, sets: { partner: whom } }\n"
        "  push: { by: partner, in: open, to: pushed }\n";
    static const char speaker_yaml[] =
        "contract: speaker\n" HEAD "terms:\n"
        "  next: { is: contract }\n"
        "actions:\n"
        "  push: { by: sender, in: open, to: pushed, calls: { next: { action: push } } }\n";
    struct world *w = *state;
    struct deal listener = deal_open_yaml(w, listener_yaml);
    struct kit_opening o = deal_draft(w, deal_compile(speaker_yaml));
    struct kit_argument next = kit_bytes("next", hash_slice(&listener.opening));
    o.terms = &next;
    o.term_count = 1;
    struct deal speaker = deal_open(w, &o);
    assert_int_equal(deal_call(w, FARM, &speaker, "push"), REFUSED_NOT_ALLOWED);
    deal_said(w, "push: only for partner");
    struct kit_argument whom = kit_bytes("whom", hash_slice(&speaker.opening));
    assert_int_equal(deal_call_with(w, FARM, &listener, "meet", &whom, 1), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &listener, "push"), REFUSED_NOT_ALLOWED);
    assert_int_equal(deal_call(w, FARM, &speaker, "push"), ACCEPTED);
    assert_string_equal(deal_state(w, &listener, NULL), "pushed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_calls_the_other),
        CASE(two_contracts_know_each_other),
        CASE(only_a_contract_that_is_named_may),
        CASE(a_call_that_fails_refuses_the_whole),
        CASE(calls_go_so_deep_and_no_deeper),
        CASE(a_reaction_whose_call_fails_does_nothing),
        CASE(a_reaction_calls_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
