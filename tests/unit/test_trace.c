/* tools/cmd_journey: a journey told from its bundle alone, and nothing told from a bundle that was touched. */
#include "common/state_key.h"
#include "node/proof.h"
#include "tests/support/contract_kit.h"
#include "tests/unit/support_ledger.h"
#include "tests/unit/support_printed.h"
#include "tools/cmd_journey_holds.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TOLD_MAX 8192

struct told {
    struct ledger *l;
    struct cmd_home *home;
    struct buf bundle;
    struct hash opening;
};

static void name_member(struct cmd_home *home, const struct key_pair *key, const char *name)
{
    struct cmd_member *m = &home->members[home->member_count++];
    m->kid = key->kid;
    memcpy(m->pub, key->pub, PUB_SIZE);
    (void)snprintf(m->name, sizeof m->name, "%s", name);
}

static void prove_again(struct told *t)
{
    struct err err;
    struct proof_state proof = { t->l, ledger_prove };
    buf_clear(&t->bundle);
    if (!proof_bundle(t->l->store, &proof, slice_text(LEDGER_UNIT), &t->bundle, &err))
        fail_msg("%s", err.msg);
}

static int set_up(void **state)
{
    struct told *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->l = ledger_new(true);
    t->home = calloc(1, sizeof *t->home);
    assert_non_null(t->home);
    t->bundle = buf_heap(BUNDLE_SIZE_MAX);
    t->opening = ledger_journey(t->l);
    prove_again(t);
    t->home->has_identity = true;
    t->home->identity = t->l->identity;
    name_member(t->home, &t->l->farm, "Farm A");
    name_member(t->home, &t->l->carrier, "Carrier B");
    name_member(t->home, &t->l->clinic, "Clinic C");
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct told *t = *state;
    buf_free(&t->bundle);
    free(t->home);
    ledger_free(t->l);
    free(t);
    return 0;
}

static struct journey *load(struct told *t)
{
    struct journey *j = NULL;
    struct err err;
    if (!journey_load(t->home, buf_slice(&t->bundle), &t->l->identity, &j, &err))
        fail_msg("%s", err.msg);
    return j;
}

static void tell(struct told *t, const struct journey *j, char text[TOLD_MAX + 1])
{
    printed_journey(t->home, j, text, TOLD_MAX + 1);
}

static void expect_text(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL)
        fail_msg("expected \"%s\" in:\n%s", wanted, text);
}

static void journey_reads_as_a_person_would_want(void **state)
{
    struct told *t = *state;
    char text[TOLD_MAX + 1];
    struct journey *j = load(t);
    tell(t, j, text);
    expect_text(text, "commissioned by Farm A");
    expect_text(text, "10:00  EXCURSION ");
    expect_text(text, "60 min above 8 °C");
    expect_text(text, "20 min with Farm A, 40 min with Carrier B");
    expect_text(text, "10:20  custody Farm A -> Carrier B");
    expect_text(text, "18:40  custody Carrier B -> Clinic C");
    expect_text(text, "verdict  BREACH");
    expect_text(text, "1,440 readings in 24 packs, ");
    expect_text(text, "proof ok");
    assert_true(j->signatures_checked > 0);
    journey_free(j);
}

/* A call with what it caused, an acknowledgement with its comment, and readings that came too late. */
static void live_on(struct told *t)
{
    struct ledger *l = t->l;
    uint64_t at = LEDGER_T0 + UINT64_C(90000000), from = LEDGER_T0 + UINT64_C(14400000);
    struct kit_argument comment = kit_text("comment", "looked into it");
    struct hash opening = t->opening, paper = crypto_sha256(slice_text("paper"));
    struct statement s = kit_call(&opening, "acknowledge", &comment, 1, NULL);
    struct hash call = ledger_add(l, &l->farm, at, s);
    ledger_event(l, EVENT_CALLED, LEDGER_UNIT, at, "htk", &opening, "acknowledge", &l->farm.kid);
    ledger_event(l, EVENT_ACKNOWLEDGED, LEDGER_UNIT, at, "uuhk", UINT64_C(0), from, &opening,
                 &l->device.kid);
    ledger_event(l, EVENT_STATE, LEDGER_UNIT, at, "huut", &opening, UINT64_C(0), UINT64_C(1),
                 "ship");
    ledger_event(l, EVENT_DOCUMENT, LEDGER_UNIT, at, "hth", &opening, "bill of lading", &paper);
    ledger_event(l, EVENT_ADDED_BACK, LEDGER_UNIT, at, "htuh", &opening, "room", UINT64_C(600000),
                 &call);
    ledger_event(l, EVENT_ADD_BACK_UNDONE, LEDGER_UNIT, at, "htuh", &opening, "room",
                 UINT64_C(600000), &call);
    ledger_event(l, EVENT_SCANNED, LEDGER_UNIT, at, "kt", &l->clinic.kid, "9506000134352");
    ledger_event(l, EVENT_NOT_JUDGED, LEDGER_UNIT, at, "kuuh", &l->device.kid, from,
                 from + UINT64_C(60000), &opening);
    ledger_event(l, EVENT_FINISHED, LEDGER_UNIT, at, "hu", &opening, UINT64_C(1));
    ledger_event(l, EVENT_REPLACED, LEDGER_UNIT, at, "hh", &opening, &paper);
    ledger_event(l, EVENT_EXCURSION_CLOSED, LEDGER_UNIT, at, "uuuiihkiib", UINT64_C(0), from,
                 from + UINT64_C(600000), INT64_C(81), INT64_C(-1), &opening, &l->device.kid,
                 INT64_C(805), INT64_C(-2), 0);
    ledger_seal(l, at);
}

static void what_happens_in_contracts_is_told(void **state)
{
    struct told *t = *state;
    char text[TOLD_MAX + 1];
    live_on(t);
    prove_again(t);
    struct journey *j = load(t);
    tell(t, j, text);
    expect_text(text, "acknowledge called by Farm A");
    expect_text(text, "acknowledged: too warm (looked into it)");
    expect_text(text, "state 0 -> state 1, by ship");
    expect_text(text, "document bill of lading attached");
    expect_text(text, "given back: 10 min to the budget room (looked into it)");
    expect_text(text, "undone: giving back 10 min to the budget room");
    expect_text(text, " at 9506000134352");
    expect_text(text, "NOT JUDGED readings of sensor");
    expect_text(text, "from 10:00 to 10:01 came too late");
    expect_text(text, "contract vaccine-2-8 fulfilled");
    expect_text(text, "contract vaccine-2-8 replaced by a newer one");
    expect_text(text, "UNCERTAIN too warm: 8.1 °C at worst, 10 min above 8 °C");
    expect_text(text, "the sensor's accuracy could explain it");
    expect_text(text, "verdict  UNCERTAIN");
    struct json_doc *doc = journey_json(t->home, j, true);
    const struct json_doc *all = json_doc_at(doc, "/happenings");
    struct slice word;
    assert_int_equal(json_doc_count(all), 10);
    assert_true(json_doc_get_text(json_doc_at(all, "/0/event"), &word));
    assert_string_equal((const char *)word.data, "called");
    assert_true(json_doc_get_text(json_doc_at(all, "/1/note"), &word));
    assert_string_equal((const char *)word.data, "looked into it");
    assert_true(json_doc_get_text(json_doc_at(all, "/8/ending"), &word));
    assert_string_equal((const char *)word.data, "success");
    json_doc_free(doc);
    journey_free(j);
}

static void identity_that_is_not_pinned_is_said(void **state)
{
    struct told *t = *state;
    struct journey *j = load(t);
    struct json_doc *doc = journey_json(t->home, j, false);
    bool pinned = true;
    assert_true(json_doc_get_bool(json_doc_at(doc, "/proof/identity_pinned"), &pinned));
    assert_false(pinned);
    json_doc_free(doc);
    journey_free(j);
}

/* ------------------------------------------------------------------ what holds goods back */

/* As bundles were before there were recalls: [1, set-proof, final, state-proof, parts]. */
static void cut_holds(struct told *t)
{
    struct cbor_reader r = cbor_reader(buf_slice(&t->bundle));
    assert_int_equal(cbor_take_array(&r), 6);
    for (size_t i = 0; i < 5; i++)
        (void)cbor_take_item(&r);
    assert_false(r.failed);
    t->bundle.len = r.pos;
    t->bundle.data[0] = 0x85;
}

static bool json_bool(const struct json_doc *doc, const char *pointer)
{
    bool value = false;
    assert_true(json_doc_get_bool(json_doc_at(doc, pointer), &value));
    return value;
}

static void old_proofs_say_nothing_of_holds(void **state)
{
    struct told *t = *state;
    char text[TOLD_MAX + 1];
    struct journey *j = load(t);
    tell(t, j, text);
    expect_text(text, "\n   holds    none of its name at 20");
    journey_free(j);
    cut_holds(t);
    j = load(t);
    tell(t, j, text);
    expect_text(text, "\n   holds    NOT PROVEN");
    expect_text(text, "verdict  BREACH");
    assert_false(journey_holds_stop(j) || journey_holds_any(j));
    struct json_doc *doc = journey_json(t->home, j, true);
    assert_false(json_bool(doc, "/holds/proven") || json_bool(doc, "/holds/recalled"));
    json_doc_free(doc);
    journey_free(j);
}

static void put_hold(struct told *t, const struct state_hold *hold)
{
    uint8_t memory[256];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(LEDGER_UNIT));
    state_hold_put(&value, hold);
    ledger_put_state(t->l, state_key_slice(&key), buf_slice(&value));
    ledger_seal(t->l, t->l->head.time_ms + 1000);
    prove_again(t);
}

/* No event tells of it here: the state's word is enough. */
static void the_state_has_the_last_word(void **state)
{
    struct told *t = *state;
    char text[TOLD_MAX + 1];
    struct state_hold hold = { .quarantined = true, .quarantine_member = t->l->carrier.kid };
    put_hold(t, &hold);
    struct journey *j = load(t);
    tell(t, j, text);
    expect_text(text, "\n   QUARANTINED by Carrier B (proven)\n");
    assert_true(journey_holds_any(j));
    assert_false(journey_holds_stop(j));
    journey_free(j);
    hold.rejected = true;
    put_hold(t, &hold);
    j = load(t);
    assert_true(journey_holds_stop(j));
    journey_free(j);
    hold = (struct state_hold){ .recalled = true, .recall_member = t->l->farm.kid };
    put_hold(t, &hold);
    j = load(t);
    tell(t, j, text);
    expect_text(text, "\n   RECALLED by Farm A (proven)\n   verdict  BREACH");
    assert_true(journey_holds_stop(j));
    struct json_doc *doc = journey_json(t->home, j, true);
    assert_true(json_bool(doc, "/holds/proven") && json_bool(doc, "/holds/recalled"));
    assert_true(json_bool(doc, "/holds/recall/proven"));
    assert_false(json_bool(doc, "/holds/quarantined"));
    json_doc_free(doc);
    journey_free(j);
}

/* The kit's signers share one sequence: what others say between two packs looks like missing ones. */
static void missing_packs_are_counted(void **state)
{
    struct told *t = *state;
    struct journey *j = load(t);
    assert_int_equal(j->device_count, 1);
    const struct journey_device *d = &j->devices[0];
    assert_int_equal(d->packs, 24);
    assert_int_equal(journey_missing(j), d->last_seq - d->first_seq + 1 - 24);
    assert_true(journey_missing(j) > 0);
    journey_free(j);
}

static void json_holds_the_charges(void **state)
{
    struct told *t = *state;
    struct journey *j = load(t);
    struct json_doc *doc = journey_json(t->home, j, true);
    struct slice verdict, name;
    int64_t seconds = 0;
    assert_true(json_doc_get_text(json_doc_at(doc, "/verdict"), &verdict));
    assert_true(slice_equal(verdict, slice_text("BREACH")));
    const struct json_doc *charged = json_doc_at(doc, "/excursions/0/charged");
    assert_int_equal(json_doc_count(charged), 2);
    assert_true(json_doc_get_int(json_doc_at(charged, "/0/seconds"), &seconds));
    assert_int_equal(seconds, 1200);
    assert_true(json_doc_get_text(json_doc_at(charged, "/1/member/name"), &name));
    assert_true(slice_equal(name, slice_text("Carrier B")));
    assert_true(json_doc_get_int(json_doc_at(charged, "/1/seconds"), &seconds));
    assert_int_equal(seconds, 2400);
    json_doc_free(doc);
    journey_free(j);
}

static void touched_bundles_tell_nothing(void **state)
{
    struct told *t = *state;
    struct err err;
    for (size_t i = 0; i < t->bundle.len; i += 61) {
        struct journey *j = NULL;
        t->bundle.data[i] ^= 0x04;
        if (journey_load(t->home, buf_slice(&t->bundle), &t->l->identity, &j, &err)) {
            /* sizes and indices are hints (WIRE): then everything else must be as it was */
            assert_string_equal(j->claim.asset, LEDGER_UNIT);
            assert_int_equal(provenance_breaches(&j->provenance), 1);
            journey_free(j);
        } else {
            assert_int_equal(err.code, ERR_PROOF);
        }
        t->bundle.data[i] ^= 0x04;
    }
}

static void another_ledgers_identity_proves_nothing(void **state)
{
    struct told *t = *state;
    struct journey *j = NULL;
    struct err err;
    struct ledger *other = ledger_new(false);
    assert_false(journey_load(t->home, buf_slice(&t->bundle), &other->identity, &j, &err));
    assert_int_equal(err.code, ERR_PROOF);
    ledger_free(other);
}

/* A founder's key that is not the one that signed: the outcome was sealed, the signature still fails. */
static void founders_signatures_are_checked(void **state)
{
    struct told *t = *state;
    struct journey *j = load(t);
    uint64_t all = j->signatures_checked;
    journey_free(j);
    t->home->member_count = 0;
    j = load(t);
    assert_int_equal(j->signatures_checked, 0);
    assert_true(all >= 4); /* commissioning, contract, handovers */
    journey_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(journey_reads_as_a_person_would_want, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_happens_in_contracts_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(identity_that_is_not_pinned_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_packs_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_proofs_say_nothing_of_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_state_has_the_last_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_holds_the_charges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(touched_bundles_tell_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_ledgers_identity_proves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(founders_signatures_are_checked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
