/* Contracts and what is around them: handovers, scans, documents, other contracts, newer versions. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROLES              \
    "roles:\n"             \
    "  shipper: packs\n"   \
    "  clinic: receives\n" \
    "parties:\n"           \
    "  sender: shipper\n"  \
    "  receiver: clinic\n"

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

static void hand_over(struct world *w, enum world_key from, enum world_key to,
                      enum custody_role role)
{
    world_end(w);
    uint64_t now = w->context.time_ms;
    assert_int_equal(world_say(w, from, kit_offer(KIT_UNIT, world_kid(w, to), role), now),
                     ACCEPTED);
    struct hash offer = w->last;
    assert_int_equal(world_say(w, to, kit_answer(CUSTODY_ACCEPT, KIT_UNIT, &offer, role), now),
                     ACCEPTED);
}

/* ------------------------------------------------------------------ what happens to goods */

static const char watching_yaml[] =
    "contract: watching\n" ROLES "properties:\n"
    "  holder: party\n"
    "  seen: { is: int 0..2, starts: 0 }\n"
    "states:\n"
    "  waiting: { progress: 0 }\n"
    "  moving: { progress: 50 }\n"
    "  there: { progress: 90 }\n"
    "  paid: { progress: 100, ends: success }\n"
    "documents:\n"
    "  invoice: sender\n"
    "reactions:\n"
    "  leaves: { on: { handover: custody }, in: waiting, sets: { holder: to }, to: moving }\n"
    "  goes on: { on: { handover: custody }, in: moving, sets: { holder: to } }\n"
    "  arrives: { on: { handover: custody }, in: moving, when: to = receiver, to: there }\n"
    "  sold: { on: { handover: ownership }, in: there, to: paid }\n"
    "  looked at: { on: { scan: any }, sets: { seen: seen + 1 } }\n"
    "  billed: { on: { document: invoice }, in: waiting, to: there }\n"
    "actions:\n"
    "  pay: { by: sender, to: paid }\n";

static void a_handover_moves_it_on(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, watching_yaml);
    hand_over(w, FARM, CARRIER, ROLE_CUSTODIAN);
    assert_string_equal(deal_state(w, &d, NULL), "moving");
    assert_int_equal(world_count(w, "state " KIT_UNIT " # 0 1 leaves"), 1);
    hand_over(w, FARM, CLINIC, ROLE_OWNER); /* not while it is on its way */
    assert_string_equal(deal_state(w, &d, NULL), "moving");
    hand_over(w, CARRIER, CLINIC, ROLE_CUSTODIAN);
    assert_string_equal(deal_state(w, &d, NULL), "there"); /* both reactions ran */
    char holder[2 * KID_SIZE + 1];
    struct contract_value clinic = { .type = CONTRACT_PARTY,
                                     .text = kid_slice(world_kid(w, CLINIC)) };
    value_show(&clinic, holder, sizeof holder);
    assert_string_equal(deal_property(w, &d, "holder"), holder);
    hand_over(w, CLINIC, CARRIER, ROLE_OWNER);
    assert_string_equal(deal_state(w, &d, NULL), "paid");
    assert_int_equal(world_count(w, "finished " KIT_UNIT " # 1"), 1);
}

/* One event is one step: what listens in the state that it led to waits for the next. */
static void a_handover_moves_it_on_once(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, watching_yaml);
    hand_over(w, FARM, CLINIC, ROLE_CUSTODIAN);
    assert_string_equal(deal_state(w, &d, NULL), "moving");
}

/* `seen` may not be 3: the reaction fails, and the scan is on the ledger all the same. */
static void a_reaction_that_fails_refuses_nobody(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, watching_yaml);
    for (int i = 0; i < 4; i++)
        assert_int_equal(world_say(w, OPERATOR, kit_scan(KIT_UNIT, NULL, NULL), MINUTES(9 + i)),
                         ACCEPTED);
    assert_int_equal(world_count(w, "scanned " KIT_UNIT), 4);
    assert_string_equal(deal_property(w, &d, "seen"), "2");
    deal_said(w, "");
}

static void a_document_moves_it_on(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, watching_yaml);
    struct statement bill = kit_document(&d.opening, "invoice", slice_text("x"), NULL);
    assert_int_equal(world_say(w, FARM, bill, MINUTES(9)), ACCEPTED);
    assert_string_equal(deal_state(w, &d, NULL), "there");
}

/* ------------------------------------------------------------------ other contracts */

static const char delivery_yaml[] = "contract: delivery\n" ROLES "states:\n"
                                    "  open: { progress: 0 }\n"
                                    "  done: { progress: 100, ends: success }\n"
                                    "  lost: { progress: 0, ends: failure }\n"
                                    "actions:\n"
                                    "  arrive: { by: receiver, to: done }\n"
                                    "  lose: { by: receiver, to: lost }\n";

static const char credit_yaml[] =
    "contract: credit\n" ROLES "terms:\n"
    "  delivery: { is: contract }\n"
    "states:\n"
    "  issued: { progress: 0 }\n"
    "  payable: { progress: 50 }\n"
    "  paid: { progress: 100, ends: success }\n"
    "  refused: { progress: 0, ends: failure }\n"
    "reactions:\n"
    "  delivered: { on: { success: delivery }, in: issued, to: payable }\n"
    "  failed: { on: { failure: delivery }, in: issued, to: refused }\n"
    "actions:\n"
    "  pay: { by: sender, in: payable, to: paid }\n";

static struct deal open_naming(struct world *w, struct slice definition, const char *term,
                               const struct deal *named)
{
    struct kit_opening o = deal_draft(w, definition);
    struct kit_argument terms[] = { kit_bytes(term, hash_slice(&named->opening)) };
    o.terms = terms;
    o.term_count = 1;
    return deal_open(w, &o);
}

static void success_tells_who_listens(void **state)
{
    struct world *w = *state;
    struct deal delivery = deal_open_yaml(w, delivery_yaml);
    struct deal credit = open_naming(w, deal_compile(credit_yaml), "delivery", &delivery);
    assert_int_equal(deal_call(w, FARM, &credit, "pay"), REFUSED_WRONG_STATE);
    assert_int_equal(deal_call(w, CLINIC, &delivery, "arrive"), ACCEPTED);
    assert_string_equal(deal_state(w, &credit, NULL), "payable");
    assert_int_equal(deal_call(w, FARM, &credit, "pay"), ACCEPTED);
}

static void failure_tells_who_listens(void **state)
{
    struct world *w = *state;
    struct deal delivery = deal_open_yaml(w, delivery_yaml);
    struct deal credit = open_naming(w, deal_compile(credit_yaml), "delivery", &delivery);
    assert_int_equal(deal_call(w, CLINIC, &delivery, "lose"), ACCEPTED);
    assert_string_equal(deal_state(w, &credit, NULL), "refused");
    assert_int_equal(deal_status(w, &credit), INSTANCE_FINISHED);
}

static void who_comes_late_hears_of_it_too(void **state)
{
    struct world *w = *state;
    struct deal delivery = deal_open_yaml(w, delivery_yaml);
    assert_int_equal(deal_call(w, CLINIC, &delivery, "arrive"), ACCEPTED);
    struct deal credit = open_naming(w, deal_compile(credit_yaml), "delivery", &delivery);
    assert_string_equal(deal_state(w, &credit, NULL), "payable");
}

static void a_term_names_a_contract_of_the_ledger(void **state)
{
    struct world *w = *state;
    struct deal d, nobodys = { .opening = crypto_sha256(slice_text("none")) };
    struct kit_opening o = deal_draft(w, deal_compile(credit_yaml));
    struct kit_argument term = kit_bytes("delivery", hash_slice(&nobodys.opening));
    o.terms = &term;
    o.term_count = 1;
    assert_int_equal(deal_try(w, &o, &d), REFUSED_BAD_TERMS);
    deal_said(w, "term \"delivery\": the ledger has no such contract");
}

/* ------------------------------------------------------------------ a chain of listeners */

static const char chain_yaml[] = "contract: chain\n" ROLES "terms:\n"
                                 "  before: { is: contract }\n"
                                 "states:\n"
                                 "  open: { progress: 0 }\n"
                                 "  done: { progress: 100, ends: success }\n"
                                 "reactions:\n"
                                 "  follows: { on: { success: before }, to: done }\n"
                                 "actions:\n"
                                 "  end: { by: sender, to: done }\n";

/* Each link ends with the one before it, to the depth that is allowed; the rest stays as it is. */
static void a_chain_ends_at_the_limit(void **state)
{
    struct world *w = *state;
    struct deal first = deal_open_yaml(w, delivery_yaml), links[6];
    struct slice definition = deal_compile(chain_yaml);
    for (int i = 0; i < 6; i++)
        links[i] = open_naming(w, definition, "before", i == 0 ? &first : &links[i - 1]);
    assert_int_equal(deal_call(w, CLINIC, &first, "arrive"), ACCEPTED);
    for (int i = 0; i < 6; i++)
        assert_string_equal(deal_state(w, &links[i], NULL), i < FLOW_MAX_DEPTH ? "done" : "open");
}

/* ------------------------------------------------------------------ a newer version */

static const char first_yaml[] =
    "contract: growing\n"
    "version: 1\n" ROLES "properties:\n"
    "  count: { is: int, starts: 0 }\n"
    "  word: text\n"
    "states:\n"
    "  open: { progress: 0 }\n"
    "  half: { progress: 50 }\n"
    "  done: { progress: 100, ends: success }\n"
    "actions:\n"
    "  add: { by: sender, sets: { count: count + 1, word: \"one\" } }\n"
    "  go: { by: sender, in: open, to: half }\n";

static const char second_yaml[] = "contract: growing\n"
                                  "version: 2\n" ROLES "properties:\n"
                                  "  fresh: { is: int, starts: 7 }\n"
                                  "  count: { is: int, starts: 0 }\n"
                                  "  word: { is: int, starts: 5 }\n"
                                  "states:\n"
                                  "  begin: { progress: 0 }\n"
                                  "  half: { progress: 50 }\n"
                                  "  done: { progress: 100, ends: success }\n"
                                  "actions:\n"
                                  "  add: { by: sender, sets: { count: count + 10 } }\n"
                                  "  end: { by: sender, in: half, to: done }\n";

#define FAILING_YAML(version)                      \
    "contract: failing\n"                          \
    "version: " version "\n" ROLES "states:\n"     \
    "  open: { progress: 0 }\n"                    \
    "  lost: { progress: 100, ends: failure }\n"   \
    "actions:\n"                                   \
    "  lose: { by: sender, in: open, to: lost }\n" \
    "  recover: { by: sender, in: lost, to: open }\n"

static struct kit_opening upgrade(struct world *w, const struct deal *old)
{
    struct kit_opening o = deal_draft(w, deal_compile(second_yaml));
    o.replaces = &old->opening;
    return o;
}

static void a_newer_version_takes_over(void **state)
{
    struct world *w = *state;
    struct deal old = deal_open_yaml(w, first_yaml);
    struct deal other = deal_open_yaml(w, first_yaml);
    assert_int_equal(deal_call(w, FARM, &old, "add"), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &old, "go"), ACCEPTED);
    struct kit_opening o = upgrade(w, &old);
    struct deal new = deal_open(w, &o);
    assert_int_equal(world_count(w, "replaced " KIT_UNIT " # #"), 1);
    assert_int_equal(deal_status(w, &old), INSTANCE_REPLACED);
    assert_int_equal(deal_call(w, FARM, &old, "add"), REFUSED_FINISHED);
    deal_said(w, "it was replaced by a newer version");
    /* by name, where the kind fits */
    assert_string_equal(deal_state(w, &new, NULL), "half");
    assert_string_equal(deal_property(w, &new, "count"), "1");
    assert_string_equal(deal_property(w, &new, "word"), "5");
    assert_string_equal(deal_property(w, &new, "fresh"), "7");
    assert_int_equal(deal_call(w, FARM, &new, "add"), ACCEPTED);
    assert_string_equal(deal_property(w, &new, "count"), "11");
    /* a running one keeps the version that was agreed to */
    assert_int_equal(deal_call(w, FARM, &other, "add"), ACCEPTED);
    assert_string_equal(deal_property(w, &other, "count"), "1");
}

/* Until all have agreed, the old one runs. */
static void an_upgrade_waits_for_all(void **state)
{
    struct world *w = *state;
    struct deal new, old = deal_open_yaml(w, first_yaml);
    struct kit_opening o = upgrade(w, &old);
    assert_int_equal(deal_try(w, &o, &new), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &old, "add"), ACCEPTED);
    assert_int_equal(world_say(w, CLINIC, kit_agree(&new.opening, false), MINUTES(90)), ACCEPTED);
    assert_string_equal(deal_property(w, &new, "count"), "1");
}

/* Who listens to the old one hears of the new one, and so does who named the new one before it took over. */
static void listeners_of_both_versions_hear_of_it(void **state)
{
    struct world *w = *state;
    struct deal new, old = deal_open_yaml(w, first_yaml);
    struct slice chain = deal_compile(chain_yaml);
    assert_int_equal(deal_call(w, FARM, &old, "go"), ACCEPTED);
    struct deal of_old = open_naming(w, chain, "before", &old);
    struct kit_opening o = upgrade(w, &old);
    assert_int_equal(deal_try(w, &o, &new), ACCEPTED);
    struct deal of_new = open_naming(w, chain, "before", &new);
    assert_int_equal(world_say(w, CLINIC, kit_agree(&new.opening, false), MINUTES(90)), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &new, "end"), ACCEPTED);
    assert_string_equal(deal_state(w, &of_old, NULL), "done");
    assert_string_equal(deal_state(w, &of_new, NULL), "done");
}

/* A version that fails stays open to be replaced; the next one knows that it has failed. */
static void a_failure_is_carried_over(void **state)
{
    struct world *w = *state;
    struct deal old = deal_open_yaml(w, FAILING_YAML("1"));
    assert_int_equal(deal_call(w, FARM, &old, "lose"), ACCEPTED);
    struct kit_opening o = deal_draft(w, deal_compile(FAILING_YAML("2")));
    o.replaces = &old.opening;
    struct deal new = deal_open(w, &o);
    assert_string_equal(deal_state(w, &new, NULL), "lost");
    assert_int_equal(deal_status(w, &new), INSTANCE_FINISHED);
}

static void check_not_replaceable(struct world *w, struct kit_opening o, const struct deal *old,
                                  const char *words)
{
    struct deal d;
    o.replaces = &old->opening;
    assert_int_equal(deal_try(w, &o, &d), REFUSED_NOT_REPLACEABLE);
    deal_said(w, words);
}

static void what_can_not_be_replaced(void **state)
{
    struct world *w = *state;
    struct deal old = deal_open_yaml(w, first_yaml), nobodys = { .opening = { { 1 } } };
    struct slice second = deal_compile(second_yaml);
    assert_int_equal(world_say(w, FARM, kit_commission("01/09506000134352/21/OTHER"), MINUTES(9)),
                     ACCEPTED);
    check_not_replaceable(w, deal_draft(w, second), &nobodys,
                          "the contract to be replaced is not in force");
    check_not_replaceable(w, deal_draft(w, deal_compile(delivery_yaml)), &old,
                          "it is a contract of another name");
    check_not_replaceable(w, deal_draft(w, deal_compile(first_yaml)), &old,
                          "its version is not lower");
    struct kit_opening o = deal_draft(w, second);
    o.asset = "01/09506000134352/21/OTHER";
    check_not_replaceable(w, o, &old, "it is for other goods");
    struct kit_party parties[] = { { "sender", *world_kid(w, FARM) },
                                   { "receiver", *world_kid(w, CARRIER) } };
    o = deal_draft(w, second);
    o.parties = parties;
    check_not_replaceable(w, o, &old, "one of its parties is not a party of the new one");
    assert_int_equal(deal_status(w, &old), INSTANCE_IN_FORCE);
}

/* ------------------------------------------------------------------ room for another */

static void an_ended_contract_makes_room(void **state)
{
    struct world *w = *state;
    struct deal d, all[STATE_CONTRACTS_MAX];
    struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
    for (int i = 0; i < STATE_CONTRACTS_MAX; i++)
        all[i] = deal_open(w, &o);
    assert_int_equal(deal_try(w, &o, &d), ACCEPTED);
    assert_int_equal(world_say(w, CLINIC, kit_agree(&d.opening, false), MINUTES(90)),
                     REFUSED_EXISTS);
    deal_said(w, KIT_UNIT " is under 8 contracts already");
    assert_int_equal(deal_call(w, CLINIC, &all[3], "arrive"), ACCEPTED);
    assert_int_equal(world_say(w, CLINIC, kit_agree(&d.opening, false), MINUTES(91)), ACCEPTED);
    assert_int_equal(deal_status(w, &d), INSTANCE_IN_FORCE);
}

/* What is replaced is the first to go: an upgrade needs no place of its own. */
static void an_upgrade_finds_room(void **state)
{
    struct world *w = *state;
    struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
    struct deal old = deal_open_yaml(w, first_yaml);
    for (int i = 1; i < STATE_CONTRACTS_MAX; i++)
        (void)deal_open(w, &o);
    o = upgrade(w, &old);
    struct deal new = deal_open(w, &o);
    assert_int_equal(deal_status(w, &new), INSTANCE_IN_FORCE);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_handover_moves_it_on),
        CASE(a_handover_moves_it_on_once),
        CASE(a_reaction_that_fails_refuses_nobody),
        CASE(a_document_moves_it_on),
        CASE(success_tells_who_listens),
        CASE(failure_tells_who_listens),
        CASE(who_comes_late_hears_of_it_too),
        CASE(a_term_names_a_contract_of_the_ledger),
        CASE(a_chain_ends_at_the_limit),
        CASE(a_newer_version_takes_over),
        CASE(an_upgrade_waits_for_all),
        CASE(listeners_of_both_versions_hear_of_it),
        CASE(a_failure_is_carried_over),
        CASE(what_can_not_be_replaced),
        CASE(an_ended_contract_makes_room),
        CASE(an_upgrade_finds_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
