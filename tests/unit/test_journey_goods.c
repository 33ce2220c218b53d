/* What happened to goods, as a journey tells it: each event in words and in JSON, what was corrected marked. */
#include "node/proof.h"
#include "tests/support/transform.h"
#include "tests/unit/support_ledger.h"
#include "tests/unit/support_printed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNIT     "01/09506000134352/21/GOODS"
#define BOX      "00/195060001343520014"
#define TOLD_MAX 16384

struct told {
    struct ledger *l;
    struct cmd_home *home;
    uint64_t time_ms;
    char text[TOLD_MAX + 1];
    struct json_doc *doc;
};

/* ------------------------------------------------------------------ a ledger and its telling */

static void name_member(struct cmd_home *home, const struct key_pair *key, const char *name)
{
    struct cmd_member *m = &home->members[home->member_count++];
    m->kid = key->kid;
    memcpy(m->pub, key->pub, PUB_SIZE);
    (void)snprintf(m->name, sizeof m->name, "%s", name);
}

static struct asset_set unit_set(struct buf *memory)
{
    return asset_set_one(UNIT, memory);
}

/* Some statement of the farm's; what it says is of no matter to a test whose events speak. */
static struct hash any_statement(struct told *t)
{
    uint8_t memory[128];
    struct buf names = buf_fixed(memory, sizeof memory);
    struct statement s = { .kind = KIND_SCAN };
    s.as.scan.assets = unit_set(&names);
    t->time_ms += 60000;
    return ledger_add(t->l, &t->l->farm, t->time_ms, s);
}

static int set_up(void **state)
{
    struct told *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->l = ledger_new(false);
    t->time_ms = LEDGER_T0;
    t->home = calloc(1, sizeof *t->home);
    assert_non_null(t->home);
    t->home->has_identity = true;
    t->home->identity = t->l->identity;
    name_member(t->home, &t->l->farm, "Farm A");
    name_member(t->home, &t->l->carrier, "Carrier B");
    (void)any_statement(t);
    ledger_event(t->l, EVENT_COMMISSIONED, UNIT, t->time_ms, "k", &t->l->farm.kid);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct told *t = *state;
    json_doc_free(t->doc);
    free(t->home);
    ledger_free(t->l);
    free(t);
    return 0;
}

/* Seals what happened, and tells it both ways. */
static void tell(struct told *t)
{
    struct journey *j = NULL;
    struct err err = { .code = ERR_NONE };
    struct proof_state proof = { t->l, ledger_prove };
    struct buf bundle = buf_heap(BUNDLE_SIZE_MAX);
    ledger_seal(t->l, t->time_ms + 1000);
    if (!proof_bundle(t->l->store, &proof, slice_text(UNIT), &bundle, &err) ||
        !journey_load(t->home, buf_slice(&bundle), &t->l->identity, &j, &err))
        fail_msg("%s", err.msg);
    printed_journey(t->home, j, t->text, sizeof t->text);
    t->doc = journey_json(t->home, j, true);
    journey_free(j);
    buf_free(&bundle);
}

static void expect(const struct told *t, const char *wanted)
{
    if (strstr(t->text, wanted) == NULL)
        fail_msg("expected \"%s\" in:\n%s", wanted, t->text);
}

static void expect_not(const struct told *t, const char *unwanted)
{
    if (strstr(t->text, unwanted) != NULL)
        fail_msg("did not expect \"%s\" in:\n%s", unwanted, t->text);
}

/* The n-th happening of a name. */
static const struct json_doc *happening(const struct told *t, const char *name)
{
    const struct json_doc *list = json_doc_at(t->doc, "/happenings");
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct slice event;
        const struct json_doc *one = json_doc_element(list, i);
        if (json_doc_get_text(json_doc_at(one, "/event"), &event) &&
            slice_equal(event, slice_text(name)))
            return one;
    }
    fail_msg("no \"%s\" in JSON", name);
    return NULL;
}

static void expect_json(const struct json_doc *doc, const char *pointer, const char *wanted)
{
    struct slice text = { NULL, 0 };
    (void)json_doc_get_text(json_doc_at(doc, pointer), &text);
    if (!slice_equal(text, slice_text(wanted)))
        fail_msg("%s: expected \"%s\", found \"%.*s\"", pointer, wanted, (int)text.len,
                 (const char *)text.data);
}

/* ------------------------------------------------------------------ tests */

static void packing(void **state)
{
    struct told *t = *state;
    (void)any_statement(t);
    ledger_event(t->l, EVENT_PACKED, UNIT, t->time_ms, "t", BOX);
    ledger_event(t->l, EVENT_LOADED, UNIT, t->time_ms, "uu", UINT64_C(10000), UINT64_C(10048));
    ledger_event(t->l, EVENT_UNLOADED, UNIT, t->time_ms, "uu", UINT64_C(1), UINT64_C(10047));
    ledger_event(t->l, EVENT_UNPACKED, UNIT, t->time_ms, "t", BOX);
    tell(t);
    expect(t, "packed into " BOX "\n");
    expect(t, "10,000 packed into it, now 10,048 inside\n");
    expect(t, "1 taken out of it, now 10,047 inside\n");
    expect(t, "unpacked from " BOX "\n");
    expect_json(happening(t, "packed"), "/container", BOX);
}

static void what_both_sides_saw(void **state)
{
    struct told *t = *state;
    struct hash h = any_statement(t);
    const struct kid *farm = &t->l->farm.kid, *carrier = &t->l->carrier.kid;
    ledger_event(t->l, EVENT_BOUND, UNIT, t->time_ms, "hkhut", &h, farm, &h, UINT64_C(1), "47-11");
    ledger_event(t->l, EVENT_RECEIVED, UNIT, t->time_ms, "huuu", &h, UINT64_C(2), UINT64_C(0),
                 UINT64_C(1));
    ledger_event(t->l, EVENT_RECEIVED, UNIT, t->time_ms, "huuu", &h, UINT64_C(0), UINT64_C(0),
                 UINT64_C(0));
    ledger_event(t->l, EVENT_NOT_RECEIVED, UNIT, t->time_ms, "h", &h);
    ledger_event(t->l, EVENT_OFFER_EXPIRED, UNIT, t->time_ms, "hkku", &h, farm, carrier,
                 UINT64_C(0));
    tell(t);
    expect(t, "SEAL BROKEN, number 47-11; bound to the last reading of sensor ");
    expect(t, "RECEIVED with 2 missing, 0 too many, 1 damaged\n");
    expect(t, "received complete\n");
    expect(t, "NOT RECEIVED: it stays with who offered it\n");
    expect(t, "the offer to Carrier B expired\n");
    expect_json(happening(t, "bound"), "/seal", "broken");
    expect_json(happening(t, "offer_expired"), "/to/name", "Carrier B");
}

static struct hash add_make(struct told *t)
{
    struct buf memory = buf_heap(1 << 12), entries = buf_heap(1 << 12);
    struct make_input input = { .has_amount = true, .amount = { 250, 0, slice_text("kg") } };
    struct make_output output = { .has_amount = true, .amount = { 1, -1, slice_text("kg") } };
    input.assets = asset_set_one("01/09506000134352/10/BEANS", &memory);
    output.assets = asset_set_range("01/09506000134352/21/B", "0001", 2000, &memory);
    t->time_ms += 60000;
    struct hash making =
        ledger_add(t->l, &t->l->farm, t->time_ms, transform_draft(&input, &output, &entries));
    buf_free(&memory);
    buf_free(&entries);
    return making;
}

static void making(void **state)
{
    struct told *t = *state;
    struct hash h = add_make(t);
    ledger_event(t->l, EVENT_MADE, UNIT, t->time_ms, "uhu", UINT64_C(2), &h, UINT64_C(0));
    ledger_event(t->l, EVENT_USED, UNIT, t->time_ms, "uhiit", UINT64_C(2), &h, INT64_C(250),
                 INT64_C(0), "kg");
    tell(t);
    expect(t, "made by Farm A, of 250 kg of 01/09506000134352/10/BEANS\n");
    expect(t, "250 kg used for 0.1 kg each of 01/09506000134352/21/B0001 to "
              "01/09506000134352/21/B2000 (2,000)\n");
    expect_json(happening(t, "used"), "/amount", "250 kg");
    expect_json(happening(t, "made"), "/outputs/0/assets/last", "01/09506000134352/21/B2000");
}

static struct hash dispose(struct told *t, enum disposition_action action, const char *reason)
{
    struct hash h = any_statement(t);
    ledger_event(t->l, EVENT_DISPOSITION, UNIT, t->time_ms, reason != NULL ? "uhktt" : "uhknn",
                 (uint64_t)action, &h, &t->l->farm.kid, "a meaning", reason);
    return h;
}

static void fates_that_stand(void **state)
{
    struct told *t = *state;
    (void)dispose(t, DISPOSITION_QUARANTINE, NULL);
    (void)dispose(t, DISPOSITION_RECALL, "cadmium");
    (void)dispose(t, DISPOSITION_DESTROY, NULL);
    tell(t);
    expect(t, "QUARANTINED by Farm A\n");
    expect(t, "RECALLED by Farm A (a meaning: cadmium)\n");
    expect(t, "\n   RECALLED by Farm A: cadmium\n");
    expect(t, "\n   QUARANTINED by Farm A\n");
    expect(t, "\n   ended    destroyed\n");
    expect_json(t->doc, "/standing/recall/reason", "cadmium");
    expect_json(t->doc, "/standing/state", "destroyed");
}

static void fates_that_ended(void **state)
{
    struct told *t = *state;
    (void)dispose(t, DISPOSITION_QUARANTINE, NULL);
    (void)dispose(t, DISPOSITION_RELEASE, "dry again");
    (void)dispose(t, DISPOSITION_RECALL, "cadmium");
    (void)dispose(t, DISPOSITION_END_RECALL, "a mistake");
    tell(t);
    expect(t, "released by Farm A (a meaning: dry again)\n");
    expect(t, "recall ended by Farm A (a meaning: a mistake)\n");
    expect_not(t, "\n   RECALLED");
    expect_not(t, "\n   QUARANTINED");
}

static void corrected_and_disputed(void **state)
{
    struct told *t = *state;
    struct hash quarantine = dispose(t, DISPOSITION_QUARANTINE, NULL);
    struct hash later = any_statement(t);
    ledger_event(t->l, EVENT_CORRECTED, UNIT, t->time_ms, "huh", &quarantine,
                 (uint64_t)KIND_DISPOSITION, &later);
    struct hash recall = dispose(t, DISPOSITION_RECALL, "cadmium");
    (void)any_statement(t);
    ledger_event(t->l, EVENT_DISPUTED, UNIT, t->time_ms, "hk", &recall, &t->l->carrier.kid);
    tell(t);
    expect(t, "[corrected below] QUARANTINED by Farm A\n");
    expect(t, "CORRECTED an earlier disposition");
    expect(t, "[disputed] RECALLED by Farm A");
    expect(t, "DISPUTED by Carrier B");
    expect(t, "\n   RECALLED by Farm A: cadmium\n"); /* an objection does not undo it */
    expect_not(t, "\n   QUARANTINED");
    bool flag = false;
    assert_true(json_doc_get_bool(json_doc_at(happening(t, "disposition"), "/corrected"), &flag));
    assert_true(flag);
}

static void findings(void **state)
{
    struct told *t = *state;
    struct hash one = any_statement(t), two = any_statement(t);
    ledger_event(t->l, EVENT_FINDING, UNIT, t->time_ms, "uhhk", (uint64_t)FINDING_IMPOSSIBLE_TRAVEL,
                 &two, &one, &t->l->carrier.kid);
    ledger_event(t->l, EVENT_FINDING, UNIT, t->time_ms, "uhnk", (uint64_t)FINDING_AFTER_END, &two,
                 &t->l->carrier.kid);
    struct hash later = any_statement(t);
    ledger_event(t->l, EVENT_CORRECTED, UNIT, t->time_ms, "huh", &one, (uint64_t)KIND_SCAN,
                 &later); /* of the other scan: the travel falls with it */
    tell(t);
    expect(t, "[corrected below] FINDING IMPOSSIBLE_TRAVEL: ");
    expect(t, "  FINDING AFTER_END: ");
    expect(t, "(Carrier B, statement ");
    expect(t, "\n   FINDINGS 1, see above\n");
    expect_json(happening(t, "finding"), "/finding", "IMPOSSIBLE_TRAVEL");
}

static void certificates_and_labels(void **state)
{
    struct told *t = *state;
    struct hash h = any_statement(t);
    ledger_event(t->l, EVENT_CERTIFIED, UNIT, t->time_ms, "htkuu", &h, "organic",
                 &t->l->carrier.kid, LEDGER_T0, LEDGER_T0 + UINT64_C(31536000000));
    ledger_event(t->l, EVENT_CERTIFICATE_REVOKED, UNIT, t->time_ms, "htku", &h, "organic",
                 &t->l->carrier.kid, LEDGER_T0);
    ledger_event(t->l, EVENT_LABEL_SEALED, UNIT, t->time_ms, "");
    ledger_event(t->l, EVENT_REVEALED, UNIT, t->time_ms, "uh", (uint64_t)REVEAL_TAMPER, &h);
    tell(t);
    expect(t, "certified organic by Carrier B, valid from 2026-06-01 until 2027-06-01\n");
    expect(t, "CERTIFICATE organic REVOKED by Carrier B, not valid from 2026-06-01\n");
    expect(t, "covered code sealed\n");
    expect(t, "covered code uncovered: TAMPER\n");
    expect_json(happening(t, "revealed"), "/result", "TAMPER");
    expect_json(happening(t, "certified"), "/issuer/name", "Carrier B");
}

static void events_of_another_shape(void **state)
{
    struct told *t = *state;
    (void)any_statement(t);
    for (uint64_t what = EVENT_RECEIVED; what <= EVENT_REVEALED; what++)
        ledger_event(t->l, (enum event_what)what, UNIT, t->time_ms, "nn");
    tell(t); /* nothing to say, and nothing breaks */
    expect(t, "proof ok");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packing),          TEST(what_both_sides_saw),     TEST(making),
        TEST(fates_that_stand), TEST(fates_that_ended),        TEST(corrected_and_disputed),
        TEST(findings),         TEST(certificates_and_labels), TEST(events_of_another_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
