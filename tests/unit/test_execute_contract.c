/* A contract's life: opened by those who may, called by those who may, refused with a reason, ended. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/hex.h"

static const char watched_yaml[] =
    "contract: watched\n"
    "roles: { shipper: packs, clinic: receives, inspector: looks }\n"
    "parties: { sender: shipper, receiver: clinic }\n"
    "terms: { judge: { is: party of inspector } }\n"
    "states: { open: { progress: 0 }, done: { progress: 100, ends: success } }\n"
    "actions: { end: { by: sender, in: open, when: judge != sender, to: done } }\n";

static const char delivery_yaml[] =
    "contract: delivery\n"
    "version: 1\n"
    "summary: Goods go from a shipper to a clinic.\n"
    "opened by: shipper\n"
    "roles:\n"
    "  shipper: packs the goods\n"
    "  clinic: receives them\n"
    "  inspector: looks at them\n"
    "  logger: { is: device, does: reports }\n"
    "parties:\n"
    "  sender: shipper\n"
    "  receiver: clinic\n"
    "properties:\n"
    "  note: text 40\n"
    "  opens: { is: int 0..3, starts: 0 }\n"
    "  helper: { is: party of inspector }\n"
    "states:\n"
    "  packed: { progress: 0 }\n"
    "  travelling: { progress: 50 }\n"
    "  released: { progress: 100, ends: success }\n"
    "  lost: { progress: 0, ends: failure }\n"
    "quality: [inspector]\n"
    "documents:\n"
    "  bill of lading: { by: sender }\n"
    "actions:\n"
    "  ship: { by: sender, in: packed, to: travelling }\n"
    "  look: { by: inspector, sets: { opens: opens + 1 } }\n"
    "  appoint: { by: sender, takes: { who: party of inspector }, sets: { helper: who } }\n"
    "  help: { by: helper, sets: { note: \"helped\" } }\n"
    "  release:\n"
    "    by: receiver\n"
    "    in: travelling\n"
    "    takes: { reason: text }\n"
    "    when: custodian = caller\n"
    "    sets: { note: reason }\n"
    "    to: released\n"
    "  lose: { by: inspector, in: [packed, travelling], to: lost }\n"
    "  find: { by: inspector, in: lost, to: travelling }\n"
    "  report: { by: logger, sets: { note: \"reported\" } }\n";

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

/* With the carrier as inspector and the farm's logger as logger. */
static struct deal open_delivery(struct world *w)
{
    struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
    struct kit_party holders[] = { { "inspector", *world_kid(w, CARRIER) },
                                   { "logger", *world_kid(w, LOGGER) } };
    o.holders = holders;
    o.holder_count = 2;
    return deal_open(w, &o);
}

static void hand_over(struct world *w, enum world_key from, enum world_key to)
{
    uint64_t now = w->context.time_ms;
    assert_int_equal(world_say(w, from, kit_offer(KIT_UNIT, world_kid(w, to), ROLE_CUSTODIAN), now),
                     ACCEPTED);
    struct hash offer = w->last;
    assert_int_equal(
        world_say(w, to, kit_answer(CUSTODY_ACCEPT, KIT_UNIT, &offer, ROLE_CUSTODIAN), now),
        ACCEPTED);
}

static enum refusal release(struct world *w, enum world_key who, const struct deal *d)
{
    struct kit_argument reason = kit_text("reason", "arrived well");
    return deal_call_with(w, who, d, "release", &reason, 1);
}

/* ------------------------------------------------------------------ from end to end */

static void it_goes_its_way(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_string_equal(deal_state(w, &d, NULL), "packed");
    assert_int_equal(deal_call(w, FARM, &d, "ship"), ACCEPTED);
    assert_string_equal(deal_state(w, &d, NULL), "travelling");
    assert_int_equal(world_count(w, "called " KIT_UNIT " # ship farm"), 1);
    assert_int_equal(world_count(w, "state " KIT_UNIT " # 0 1 ship"), 1);
    hand_over(w, FARM, CLINIC);
    assert_int_equal(release(w, CLINIC, &d), ACCEPTED);
    assert_string_equal(deal_state(w, &d, NULL), "released");
    assert_string_equal(deal_property(w, &d, "note"), "arrived well");
    assert_int_equal(world_count(w, "finished " KIT_UNIT " # 1"), 1);
    assert_int_equal(deal_status(w, &d), INSTANCE_FINISHED);
}

static void after_success_nothing_more(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_int_equal(deal_call(w, FARM, &d, "ship"), ACCEPTED);
    hand_over(w, FARM, CLINIC);
    assert_int_equal(release(w, CLINIC, &d), ACCEPTED);
    assert_int_equal(deal_call(w, CARRIER, &d, "look"), REFUSED_FINISHED);
    deal_said(w, "it ended with success");
    assert_int_equal(world_say(w, FARM,
                               kit_document(&d.opening, "bill of lading", slice_text("x"), NULL),
                               MINUTES(60)),
                     REFUSED_FINISHED);
    /* quality is heard even now, and told what is wrong with what it said */
    assert_int_equal(deal_call(w, CARRIER, &d, "acknowledge"), REFUSED_BAD_ARGUMENT);
}

/* A breach never stops a contract: what failed can be found again. */
static void after_failure_it_can_recover(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_int_equal(deal_call(w, CARRIER, &d, "lose"), ACCEPTED);
    assert_int_equal(deal_status(w, &d), INSTANCE_FINISHED);
    assert_int_equal(world_count(w, "finished " KIT_UNIT " # 2"), 1);
    assert_int_equal(deal_call(w, FARM, &d, "ship"), REFUSED_WRONG_STATE);
    assert_int_equal(deal_call(w, CARRIER, &d, "find"), ACCEPTED);
    assert_int_equal(deal_status(w, &d), INSTANCE_IN_FORCE);
    assert_string_equal(deal_state(w, &d, NULL), "travelling");
}

/* ------------------------------------------------------------------ who may */

static void only_those_who_may(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_int_equal(deal_call(w, CLINIC, &d, "ship"), REFUSED_NOT_ALLOWED);
    deal_said(w, "ship: only for sender");
    assert_int_equal(deal_call(w, NODE, &d, "ship"), REFUSED_NOT_ALLOWED);
    assert_int_equal(deal_call(w, AUDITOR, &d, "ship"), REFUSED_NOT_ALLOWED);
    /* the operator is the carrier's, and so an inspector; the farm's logger is not the farm */
    assert_int_equal(deal_call(w, OPERATOR, &d, "look"), ACCEPTED);
    assert_int_equal(deal_call(w, LOGGER, &d, "ship"), REFUSED_NOT_ALLOWED);
    assert_int_equal(deal_call(w, LOGGER, &d, "report"), ACCEPTED);
    assert_int_equal(deal_call(w, TRACKER, &d, "report"), REFUSED_NOT_ALLOWED);
    assert_int_equal(deal_call(w, TRACKER, &d, "look"), REFUSED_NOT_ALLOWED);
    assert_string_equal(deal_property(w, &d, "opens"), "1");
    assert_string_equal(deal_property(w, &d, "note"), "reported");
}

static void a_property_names_who_may(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_int_equal(deal_call(w, CARRIER, &d, "help"), REFUSED_NOT_ALLOWED);
    struct kit_argument clinic = kit_bytes("who", kid_slice(world_kid(w, CLINIC)));
    assert_int_equal(deal_call_with(w, FARM, &d, "appoint", &clinic, 1), REFUSED_BAD_ARGUMENT);
    struct kit_argument carrier = kit_bytes("who", kid_slice(world_kid(w, CARRIER)));
    assert_int_equal(deal_call_with(w, FARM, &d, "appoint", &carrier, 1), ACCEPTED);
    assert_int_equal(deal_call(w, OPERATOR, &d, "help"), ACCEPTED);
    assert_string_equal(deal_property(w, &d, "note"), "helped");
}

static void enrol_with_right(struct world *w, const char *right)
{
    uint8_t bytes[64];
    struct buf rights = buf_fixed(bytes, sizeof bytes);
    struct statement enrol =
        kit_enrol(&w->by[STRANGER].key, &w->id, world_kid(w, FARM), CLASS_OPERATOR);
    cbor_put_array(&rights, 1);
    cbor_put_text(&rights, slice_text(right));
    enrol.as.enrol.rights = buf_slice(&rights);
    assert_int_equal(world_say(w, FARM, enrol, MINUTES(1)), ACCEPTED);
}

/* Who neither owns nor holds goods can't have them judged without a word of those who do. */
static void goods_of_others_are_not_put_under_a_contract(void **state)
{
    struct world *w = *state;
    struct kit_opening o = deal_draft(w, deal_compile("contract: grasping\n"
                                                      "states: { open: { progress: 0 } }\n"));
    struct kit_party alone = { "keeper", *world_kid(w, CARRIER) };
    o.parties = &alone;
    o.party_count = 1;
    assert_int_equal(world_say(w, CARRIER, kit_open_with(&o), MINUTES(2)), REFUSED_NOT_A_PARTY);
    deal_said(w, KIT_UNIT ": neither its owner nor its custodian is a party");
    struct statement offer = kit_offer(KIT_UNIT, world_kid(w, CARRIER), ROLE_CUSTODIAN);
    assert_int_equal(world_say(w, FARM, offer, MINUTES(3)), ACCEPTED);
    struct hash offered = w->last;
    offer = kit_answer(CUSTODY_ACCEPT, KIT_UNIT, &offered, ROLE_CUSTODIAN);
    assert_int_equal(world_say(w, CARRIER, offer, MINUTES(3)), ACCEPTED);
    assert_int_equal(world_say(w, CARRIER, kit_open_with(&o), MINUTES(4)), ACCEPTED);
}

/* Not even where it is named itself: an opening gives no right that its company has not. */
static void a_named_key_has_no_more_than_its_rights(void **state)
{
    static const char yaml[] = "contract: named\n"
                               "roles: { shipper: packs, clinic: receives }\n"
                               "parties: { sender: shipper, receiver: clinic }\n"
                               "states: { open: { progress: 0 } }\n"
                               "documents: { bill: sender }\n"
                               "actions: { go: { by: sender } }\n";
    static const char *const rights[] = { "driver", "shipper" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world *w;
        (void)setup((void **)&w);
        enrol_with_right(w, rights[i]);
        struct kit_opening o = deal_draft(w, deal_compile(yaml));
        struct kit_party parties[] = { { "sender", *world_kid(w, STRANGER) },
                                       { "receiver", *world_kid(w, CLINIC) } };
        o.parties = parties;
        o.asset = "01/09506000134352/21/CLINICS";
        assert_int_equal(world_say(w, CLINIC, kit_commission(o.asset), MINUTES(2)), ACCEPTED);
        assert_int_equal(world_say(w, CLINIC, kit_open_with(&o), MINUTES(2)), ACCEPTED);
        struct deal d = { o.definition, w->last };
        enum refusal wanted = i == 0 ? REFUSED_NOT_ALLOWED : ACCEPTED;
        assert_int_equal(deal_call(w, STRANGER, &d, "go"), wanted);
        deal_said(w, i == 0 ? "go: the signer's rights do not name a role that may" : "");
        struct statement bill = kit_document(&d.opening, "bill", slice_text("x"), NULL);
        assert_int_equal(world_say(w, STRANGER, bill, MINUTES(9)), wanted);
        world_free(w);
    }
}

/* A key enrolled with names as rights holds the roles of these names and no others. */
static void rights_that_name_roles_bind_the_key(void **state)
{
    static const struct {
        const char *right;
        enum refusal look, ship;
    } cases[] = { { "inspector", ACCEPTED, REFUSED_NOT_ALLOWED },
                  { "driver", REFUSED_NOT_ALLOWED, REFUSED_NOT_ALLOWED },
                  { "shipper", REFUSED_NOT_ALLOWED, ACCEPTED } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w;
        (void)setup((void **)&w);
        enrol_with_right(w, cases[i].right);
        /* the farm is sender, and an inspector too */
        struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
        struct kit_party holder = { "inspector", *world_kid(w, FARM) };
        o.holders = &holder;
        o.holder_count = 1;
        struct deal d = deal_open(w, &o);
        assert_int_equal(deal_call(w, STRANGER, &d, "look"), cases[i].look);
        assert_int_equal(deal_call(w, STRANGER, &d, "ship"), cases[i].ship);
        world_free(w);
    }
    (void)state;
}

/* ------------------------------------------------------------------ refusals and their words */

static void each_refusal_says_why(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_int_equal(deal_call(w, FARM, &d, "fly"), REFUSED_NO_SUCH_ACTION);
    deal_said(w, "\"delivery\" has no action \"fly\"");
    assert_int_equal(deal_call(w, CARRIER, &d, "find"), REFUSED_WRONG_STATE);
    deal_said(w, "find: not in the state packed, only in lost");
    assert_int_equal(deal_call(w, FARM, &d, "ship"), ACCEPTED);
    assert_int_equal(deal_call(w, CLINIC, &d, "release"), REFUSED_BAD_ARGUMENT);
    assert_int_equal(release(w, CLINIC, &d), REFUSED_GUARD);
    world_end(w);
    assert_non_null(strstr(w->detail, "release: \"custodian = caller\" does not hold"));
    for (int i = 0; i < 3; i++)
        assert_int_equal(deal_call(w, CARRIER, &d, "look"), ACCEPTED);
    assert_int_equal(deal_call(w, CARRIER, &d, "look"), REFUSED_GUARD); /* 4 is beyond 0..3 */
    assert_string_equal(deal_property(w, &d, "opens"), "3");
    struct statement call = kit_call(&d.opening, "look", NULL, 0, KIT_UNIT);
    assert_int_equal(world_say(w, CARRIER, call, MINUTES(60)), REFUSED_BAD_ARGUMENT);
    deal_said(w, "all goods of this contract share one state: name no units");
}

static void what_is_refused_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    assert_int_equal(deal_call(w, FARM, &d, "ship"), ACCEPTED);
    world_end(w);
    size_t before = w->event_count;
    assert_int_equal(release(w, CLINIC, &d), REFUSED_GUARD);
    world_end(w);
    assert_int_equal(w->event_count, before);
    assert_string_equal(deal_property(w, &d, "note"), "nothing");
    assert_string_equal(deal_state(w, &d, NULL), "travelling");
}

static void only_what_is_in_force_is_called(void **state)
{
    struct world *w = *state;
    struct deal d;
    struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
    struct hash nobodys = crypto_sha256(slice_text("no such opening"));
    assert_int_equal(deal_try(w, &o, &d), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &d, "ship"), REFUSED_WRONG_STATE);
    deal_said(w, "not all parties have agreed to it yet");
    assert_int_equal(world_say(w, CLINIC, kit_agree(&d.opening, true), MINUTES(5)), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &d, "ship"), REFUSED_WRONG_STATE);
    deal_said(w, "it never came into force");
    d.opening = nobodys;
    assert_int_equal(deal_call(w, FARM, &d, "ship"), REFUSED_UNKNOWN_CONTRACT);
}

/* ------------------------------------------------------------------ opening */

static void only_its_opener_opens(void **state)
{
    struct world *w = *state;
    struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
    assert_int_equal(world_say(w, CLINIC, kit_open_with(&o), MINUTES(2)), REFUSED_NOT_ALLOWED);
    deal_said(w, "only a holder of shipper may open it");
}

static void holders_are_checked(void **state)
{
    struct world *w = *state;
    struct deal d;
    struct kit_opening o = deal_draft(w, deal_compile(delivery_yaml));
    const struct {
        struct kit_party holder;
        enum refusal code;
        const char *words;
    } cases[] = {
        { { "pilot", *world_kid(w, FARM) },
          REFUSED_BAD_TERMS,
          "the contract has no role \"pilot\"" },
        { { "logger", *world_kid(w, FARM) }, REFUSED_BAD_TERMS, "logger must be a device" },
        { { "inspector", *world_kid(w, STRANGER) },
          REFUSED_UNKNOWN_MEMBER,
          "a holder of inspector is not on the ledger" },
    };
    o.holder_count = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        o.holders = &cases[i].holder;
        assert_int_equal(deal_try(w, &o, &d), cases[i].code);
        deal_said(w, cases[i].words);
        /* nothing of it is left: not even for a contract kept in memory */
        assert_int_equal(deal_call(w, FARM, &d, "ship"), REFUSED_UNKNOWN_CONTRACT);
    }
}

/* A term whose kind asks for a role: who has it, by the opening, may be named, and nobody else. */
static void a_party_named_by_a_term_has_its_role(void **state)
{
    struct world *w = *state;
    struct deal d;
    struct kit_opening o = deal_draft(w, deal_compile(watched_yaml));
    struct kit_party inspector = { "inspector", *world_kid(w, CARRIER) };
    struct kit_argument judge = kit_bytes("judge", kid_slice(world_kid(w, CARRIER)));
    o.terms = &judge;
    o.term_count = 1;
    assert_int_equal(deal_try(w, &o, &d), REFUSED_BAD_TERMS);
    char words[128], hex[2 * KID_SIZE + 1];
    hex_encode(kid_slice(world_kid(w, CARRIER)), hex);
    (void)snprintf(words, sizeof words, "term \"judge\": %s does not hold the role \"inspector\"",
                   hex);
    deal_said(w, words);
    o.holders = &inspector;
    o.holder_count = 1;
    assert_int_equal(deal_try(w, &o, &d), ACCEPTED);
    judge = kit_bytes("judge", kid_slice(world_kid(w, CLINIC)));
    assert_int_equal(deal_try(w, &o, &d), REFUSED_BAD_TERMS);
}

static void documents_stand_by_their_hash(void **state)
{
    struct world *w = *state;
    struct deal d = open_delivery(w);
    struct statement bill = kit_document(&d.opening, "bill of lading", slice_text("one"), NULL);
    assert_int_equal(world_say(w, CLINIC, bill, MINUTES(9)), REFUSED_NOT_ALLOWED);
    deal_said(w, "bill of lading: only for sender");
    assert_int_equal(world_say(w, FARM, bill, MINUTES(9)), ACCEPTED);
    assert_int_equal(world_say(w, FARM, bill, MINUTES(10)), ACCEPTED); /* a newer one may follow */
    assert_int_equal(world_count(w, "document " KIT_UNIT " # bill of lading #"), 2);
    struct statement other = kit_document(&d.opening, "invoice", slice_text("one"), NULL);
    assert_int_equal(world_say(w, FARM, other, MINUTES(11)), REFUSED_NO_SUCH_DOCUMENT);
    deal_said(w, "\"delivery\" has no document \"invoice\"");
}

/* ------------------------------------------------------------------ scans */

static void a_scan_is_recorded(void **state)
{
    struct world *w = *state;
    assert_int_equal(
        world_say(w, OPERATOR, kit_scan(KIT_UNIT, "9506000134352", "fine"), MINUTES(2)), ACCEPTED);
    assert_true(world_has(w, "scanned " KIT_UNIT " operator 9506000134352 at +2m"));
    assert_int_equal(world_say(w, LOGGER, kit_scan(KIT_UNIT, NULL, NULL), MINUTES(3)), ACCEPTED);
    assert_true(world_has(w, "scanned " KIT_UNIT " logger - at +3m"));
    assert_int_equal(world_say(w, AUDITOR, kit_scan(KIT_UNIT, NULL, NULL), MINUTES(3)),
                     REFUSED_NOT_ALLOWED);
    assert_int_equal(
        world_say(w, FARM, kit_scan("01/09506000134352/21/NONE", NULL, NULL), MINUTES(4)),
        ACCEPTED);
    assert_true(world_has(w, "scanned 01/09506000134352/21/NONE farm - at +4m"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_goes_its_way),
        CASE(after_success_nothing_more),
        CASE(after_failure_it_can_recover),
        CASE(only_those_who_may),
        CASE(a_property_names_who_may),
        CASE(rights_that_name_roles_bind_the_key),
        CASE(goods_of_others_are_not_put_under_a_contract),
        CASE(a_named_key_has_no_more_than_its_rights),
        CASE(each_refusal_says_why),
        CASE(what_is_refused_leaves_nothing),
        CASE(only_what_is_in_force_is_called),
        CASE(only_its_opener_opens),
        CASE(holders_are_checked),
        CASE(a_party_named_by_a_term_has_its_role),
        CASE(documents_stand_by_their_hash),
        CASE(a_scan_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
