/* Product verification: what a label says against what the ledger knows, and the first reason that holds. */
#include "node/verify.h"
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOTTLE FATE_GTIN "/21/B1"
#define CASE_1 FATE_GTIN "/21/C1"
#define DAY_MS UINT64_C(86400000)
#define EXPIRY (KIT_T0 + 100 * DAY_MS)
#define NOW    MINUTES(500)

static struct verify_label label_of(const char *asset)
{
    static const char gtin[] = "09506000134352";
    return (struct verify_label){ .gtin = slice_text(gtin),
                                  .serial = slice_text(asset + strlen(FATE_GTIN "/21/")) };
}

static struct verify_answer ask(struct world *w, const struct verify_label *label,
                                const struct verify_findings *findings, uint64_t time_ms)
{
    struct verify_answer answer;
    struct err err = { .msg = "" };
    world_end(w);
    struct state_view view = memory_state_view(w->state);
    if (!verify_product(&view, label, findings, time_ms, &answer, &err))
        fail_msg("%s", err.msg);
    return answer;
}

static struct verify_answer result(struct world *w, const char *asset, enum verify_result expected)
{
    struct verify_label label = label_of(asset);
    struct verify_answer answer = ask(w, &label, NULL, NOW);
    if (answer.result != expected)
        fail_msg("%s, not %s", verify_result_name(answer.result), verify_result_name(expected));
    assert_string_equal(answer.asset, asset);
    return answer;
}

static struct hash dispose(struct world *w, enum world_key who, const char *name,
                           enum disposition_action action)
{
    return fate_do(w, who, fate_dispose(name, action), w->context.time_ms + 1000).hash;
}

static void rests_on(const struct verify_answer *answer, const struct hash *cause)
{
    assert_true(answer->has_cause && hash_equal(&answer->cause, cause));
}

/* ------------------------------------------------------------------ the label */

static void what_is_as_it_says_is_verified(void **state)
{
    struct world *w = *state;
    struct verify_label label = label_of(FATE_FIRST);
    struct verify_answer answer = result(w, FATE_FIRST, VERIFY_VERIFIED);
    assert_false(answer.has_cause || answer.lot_compared || answer.expiry_compared);
    label.lot = slice_text("L1");
    answer = ask(w, &label, NULL, NOW);
    assert_int_equal(answer.result, VERIFY_VERIFIED);
    assert_true(answer.lot_compared);
}

static void a_serial_nobody_made_is_said_to_be_that(void **state)
{
    struct world *w = *state;
    struct verify_answer answer = result(w, FATE_NONE, VERIFY_NEVER_COMMISSIONED);
    assert_false(answer.has_cause);
    (void)fate_do(w, CLINIC, fate_scan(FATE_GHOST, NULL, false), MINUTES(2));
    (void)result(w, FATE_GHOST, VERIFY_NEVER_COMMISSIONED); /* being seen makes it no better */
}

static void a_withdrawn_commission_comes_before_all_else(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_do(w, FARM, fate_commission(CASE_1, "L1", EXPIRY), MINUTES(2));
    struct fate_said correction = fate_do(w, FARM, fate_correct(&said), MINUTES(3));
    (void)dispose(w, FARM, CASE_1, DISPOSITION_RECALL);
    struct verify_answer answer = result(w, CASE_1, VERIFY_COMMISSION_WITHDRAWN);
    rests_on(&answer, &correction.hash);
    said =
        fate_do(w, FARM, fate_transform(FATE_OTHER, BOTTLE, "B"), MINUTES(4)); /* a making, too */
    (void)result(w, BOTTLE, VERIFY_VERIFIED);
    (void)fate_do(w, FARM, fate_correct(&said), MINUTES(5));
    (void)result(w, BOTTLE, VERIFY_COMMISSION_WITHDRAWN);
}

static void lot_and_expiry_are_as_the_maker_said(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_do(w, FARM, fate_commission(CASE_1, "L7", EXPIRY), MINUTES(2));
    struct verify_label label = label_of(CASE_1);
    label.lot = slice_text("L8");
    label.has_expiry = true;
    label.expiry_ms = EXPIRY + DAY_MS;
    struct verify_answer answer = ask(w, &label, NULL, NOW);
    assert_int_equal(answer.result, VERIFY_LOT_DIFFERS);
    rests_on(&answer, &said.hash);
    label.lot = slice_text("L7");
    answer = ask(w, &label, NULL, NOW);
    assert_int_equal(answer.result, VERIFY_EXPIRY_DIFFERS);
    rests_on(&answer, &said.hash);
    uint64_t day = EXPIRY / DAY_MS * DAY_MS;
    const uint64_t same_day[] = { day, EXPIRY, day + DAY_MS - 1 };
    for (size_t i = 0; i < 3; i++) {
        label.expiry_ms = same_day[i];
        answer = ask(w, &label, NULL, NOW);
        assert_int_equal(answer.result, VERIFY_VERIFIED);
        assert_true(answer.lot_compared && answer.expiry_compared);
    }
    label.expiry_ms = day - 1;
    assert_int_equal(ask(w, &label, NULL, NOW).result, VERIFY_EXPIRY_DIFFERS);
    label.expiry_ms = day + DAY_MS;
    assert_int_equal(ask(w, &label, NULL, NOW).result, VERIFY_EXPIRY_DIFFERS);
}

/* Nobody is called a forger for what the maker did not put on the ledger; the answer says what was compared. */
static void what_the_maker_did_not_say_is_not_compared(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(CASE_1, NULL, 0), MINUTES(2));
    struct verify_label label = label_of(CASE_1);
    label.lot = slice_text("L8");
    label.has_expiry = true;
    label.expiry_ms = EXPIRY;
    struct verify_answer answer = ask(w, &label, NULL, NOW);
    assert_int_equal(answer.result, VERIFY_VERIFIED);
    assert_false(answer.lot_compared || answer.expiry_compared);
}

static void a_label_that_can_be_none_is_refused(void **state)
{
    static const char *const serials[] = { "", "no blanks in it", "123456789012345678901" };
    struct world *w = *state;
    struct verify_answer answer;
    struct err err = { .msg = "" };
    struct state_view view = memory_state_view(w->state);
    struct verify_label label = label_of(FATE_FIRST);
    label.gtin = slice_text("09506000134353"); /* check digit */
    assert_false(verify_product(&view, &label, NULL, NOW, &answer, &err));
    assert_int_equal(err.code, ERR_INPUT);
    label.gtin = slice_text("9506000134352"); /* 13 digits */
    assert_false(verify_product(&view, &label, NULL, NOW, &answer, &err));
    for (size_t i = 0; i < 3; i++) {
        label = label_of(FATE_FIRST);
        label.serial = slice_text(serials[i]);
        assert_false(verify_product(&view, &label, NULL, NOW, &answer, &err));
        assert_non_null(strstr(err.msg, "serial number"));
    }
}

/* ------------------------------------------------------------------ held back */

static void a_recall_is_found_by_every_name(void **state)
{
    struct world *w = *state;
    struct hash recall = dispose(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    struct verify_answer answer = result(w, FATE_FIRST, VERIFY_RECALLED);
    rests_on(&answer, &recall);
    assert_false(answer.has_name);
    (void)result(w, FATE_OTHER, VERIFY_VERIFIED);
    (void)dispose(w, FARM, FATE_FIRST, DISPOSITION_END_RECALL);
    (void)result(w, FATE_FIRST, VERIFY_VERIFIED);
    recall = dispose(w, FARM, FATE_LOT, DISPOSITION_RECALL);
    answer = result(w, FATE_OTHER, VERIFY_RECALLED);
    rests_on(&answer, &recall);
    assert_true(answer.has_name);
    assert_string_equal(answer.name, FATE_LOT);
}

/* Two makings later, and with another's name on it. */
static void a_recall_reaches_what_was_made_of_it(void **state)
{
    struct world *w = *state;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    (void)fate_do(w, CARRIER, fate_transform(FATE_FIRST, "01/09506000134376/21/X", "X"),
                  MINUTES(20));
    (void)fate_do(w, CARRIER, fate_transform("01/09506000134376/21/X", BOTTLE, "B"), MINUTES(21));
    (void)result(w, BOTTLE, VERIFY_VERIFIED);
    struct hash recall = dispose(w, FARM, FATE_LOT, DISPOSITION_RECALL);
    struct verify_answer answer = result(w, BOTTLE, VERIFY_RECALLED);
    rests_on(&answer, &recall);
    assert_string_equal(answer.name, FATE_LOT);
    (void)dispose(w, FARM, FATE_LOT, DISPOSITION_END_RECALL);
    (void)dispose(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    answer = result(w, BOTTLE, VERIFY_RECALLED);
    assert_string_equal(answer.name, FATE_FIRST);
    (void)dispose(w, FARM, FATE_FIRST, DISPOSITION_END_RECALL);
    (void)dispose(w, CARRIER, "01/09506000134376/10/X", DISPOSITION_RECALL);
    answer = result(w, BOTTLE, VERIFY_RECALLED);
    assert_string_equal(answer.name, "01/09506000134376/10/X");
}

static void quarantine_and_rejection(void **state)
{
    struct world *w = *state;
    struct hash cause = dispose(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    struct verify_answer answer = result(w, FATE_FIRST, VERIFY_QUARANTINED);
    rests_on(&answer, &cause);
    assert_false(answer.has_name);
    (void)dispose(w, FARM, FATE_FIRST, DISPOSITION_REJECT);
    answer = result(w, FATE_FIRST, VERIFY_REJECTED);
    assert_false(answer.has_name);
    cause = dispose(w, FARM, FATE_LOT, DISPOSITION_QUARANTINE);
    answer = result(w, FATE_OTHER, VERIFY_QUARANTINED);
    rests_on(&answer, &cause);
    assert_string_equal(answer.name, FATE_LOT);
    (void)dispose(w, FARM, FATE_OTHER, DISPOSITION_QUARANTINE); /* both: its own name is named */
    answer = result(w, FATE_OTHER, VERIFY_QUARANTINED);
    assert_false(answer.has_name);
    (void)dispose(w, FARM, FATE_LOT, DISPOSITION_REJECT); /* which is worse */
    answer = result(w, FATE_OTHER, VERIFY_REJECTED);
    assert_string_equal(answer.name, FATE_LOT);
    (void)dispose(w, FARM, FATE_OTHER, DISPOSITION_REJECT);
    answer = result(w, FATE_OTHER, VERIFY_REJECTED);
    assert_false(answer.has_name);
    (void)dispose(w, FARM, FATE_FIRST, DISPOSITION_RECALL); /* and that is worse still */
    (void)result(w, FATE_FIRST, VERIFY_RECALLED);
}

/* ------------------------------------------------------------------ ended, expired */

static void goods_that_ended(void **state)
{
    static const struct {
        enum disposition_action action;
        enum verify_result result;
    } ends[] = { { DISPOSITION_DISPENSE, VERIFY_DISPENSED },
                 { DISPOSITION_DECOMMISSION, VERIFY_DECOMMISSIONED },
                 { DISPOSITION_DESTROY, VERIFY_DESTROYED } };
    struct world *w = *state;
    for (size_t i = 0; i < 3; i++) {
        char name[ASSET_NAME_MAX];
        (void)snprintf(name, sizeof name, FATE_GTIN "/21/E%zu", i);
        (void)fate_do(w, FARM, fate_commission(name, NULL, MINUTES(400)), MINUTES(2));
        struct hash cause = dispose(w, FARM, name, ends[i].action);
        struct verify_answer answer = result(w, name, ends[i].result); /* expired as well */
        rests_on(&answer, &cause);
    }
    (void)fate_do(w, FARM, fate_transform(FATE_FIRST, BOTTLE, "B"), MINUTES(3));
    (void)result(w, FATE_FIRST, VERIFY_USED_UP);
    (void)result(w, BOTTLE, VERIFY_VERIFIED);
}

static void expiry_is_to_the_millisecond(void **state)
{
    struct world *w = *state;
    struct verify_label label = label_of(CASE_1);
    (void)fate_do(w, FARM, fate_commission(CASE_1, NULL, EXPIRY), MINUTES(2));
    assert_int_equal(ask(w, &label, NULL, EXPIRY - 1).result, VERIFY_VERIFIED);
    assert_int_equal(ask(w, &label, NULL, EXPIRY).result, VERIFY_EXPIRED);
    label.has_expiry = true; /* the label's day is not over: the maker's word counts */
    label.expiry_ms = EXPIRY;
    assert_int_equal(ask(w, &label, NULL, EXPIRY).result, VERIFY_EXPIRED);
    label = label_of(FATE_FIRST); /* of which the maker said no date */
    label.has_expiry = true;
    label.expiry_ms = EXPIRY / DAY_MS * DAY_MS;
    assert_int_equal(ask(w, &label, NULL, label.expiry_ms + DAY_MS - 1).result, VERIFY_VERIFIED);
    assert_int_equal(ask(w, &label, NULL, label.expiry_ms + DAY_MS).result, VERIFY_EXPIRED);
}

/* ------------------------------------------------------------------ findings */

static void note(struct world *w, struct verify_findings *f, enum event_finding finding,
                 const struct hash *statement, const struct hash *other)
{
    uint8_t memory[128];
    struct buf data = buf_fixed(memory, sizeof memory);
    struct event e = { .what = EVENT_FINDING };
    cbor_put_array(&data, 4);
    cbor_put_uint(&data, finding);
    cbor_put_bytes(&data, hash_slice(statement));
    if (other != NULL)
        cbor_put_bytes(&data, hash_slice(other));
    else
        cbor_put_null(&data);
    kid_put(&data, world_kid(w, CLINIC));
    e.data = buf_slice(&data);
    verify_findings_event(f, &e);
}

static struct verify_answer with_findings(struct world *w, const char *name,
                                          const struct verify_findings *f)
{
    struct verify_label label = label_of(name);
    return ask(w, &label, f, NOW);
}

static void a_finding_speaks_against_it(void **state)
{
    static const struct {
        enum event_finding finding;
        enum verify_result result;
    } all[] = { { FINDING_NEVER_COMMISSIONED, VERIFY_VERIFIED }, /* before it was */
                { FINDING_AFTER_END, VERIFY_VERIFIED },          /* and it came back */
                { FINDING_TWO_CUSTODIANS, VERIFY_TWO_CUSTODIANS },
                { FINDING_IMPOSSIBLE_TRAVEL, VERIFY_IMPOSSIBLE_TRAVEL },
                { FINDING_MORE_THAN_MADE, VERIFY_MORE_THAN_MADE } };
    struct world *w = *state;
    struct state_view view = memory_state_view(w->state);
    struct verify_findings f;
    struct hash statement = crypto_sha256(slice_text("a scan"));
    verify_findings_begin(&f, &view);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) { /* each comes before the one before */
        note(w, &f, all[i].finding, &statement, NULL);
        struct verify_answer answer = with_findings(w, FATE_FIRST, &f);
        assert_int_equal(answer.result, all[i].result);
        if (answer.result != VERIFY_VERIFIED)
            rests_on(&answer, &statement);
    }
    (void)dispose(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    assert_int_equal(with_findings(w, FATE_FIRST, &f).result, VERIFY_QUARANTINED);
}

/* A scan that was corrected speaks against nothing, on whichever side of the finding it was. */
static void a_withdrawn_finding_does_not(void **state)
{
    struct world *w = *state;
    struct verify_findings f;
    fate_places(w);
    struct fate_said rome =
        fate_do(w, CLINIC, fate_scan(FATE_FIRST, FATE_ROME, false), MINUTES(10));
    struct fate_said lyon =
        fate_do(w, CLINIC, fate_scan(FATE_FIRST, FATE_LYON, false), MINUTES(30));
    for (int corrected = 0; corrected < 2; corrected++) {
        struct state_view view = memory_state_view(w->state);
        verify_findings_begin(&f, &view);
        note(w, &f, FINDING_IMPOSSIBLE_TRAVEL, &lyon.hash, &rome.hash);
        struct verify_answer answer = with_findings(w, FATE_FIRST, &f);
        assert_int_equal(answer.result,
                         corrected == 0 ? VERIFY_IMPOSSIBLE_TRAVEL : VERIFY_VERIFIED);
        verify_findings_begin(&f, &view); /* the same the other way round */
        note(w, &f, FINDING_IMPOSSIBLE_TRAVEL, &rome.hash, &lyon.hash);
        assert_int_equal(with_findings(w, FATE_FIRST, &f).result, answer.result);
        if (corrected == 0)
            (void)fate_do(w, CLINIC, fate_correct(&rome), MINUTES(31));
    }
    struct hash third = crypto_sha256(slice_text("a scan"));
    struct state_view view = memory_state_view(w->state);
    verify_findings_begin(&f, &view); /* another of its kind may still stand */
    note(w, &f, FINDING_IMPOSSIBLE_TRAVEL, &lyon.hash, &rome.hash);
    note(w, &f, FINDING_IMPOSSIBLE_TRAVEL, &third, &lyon.hash);
    note(w, &f, FINDING_IMPOSSIBLE_TRAVEL, &lyon.hash, NULL); /* the first of them is named */
    struct verify_answer answer = with_findings(w, FATE_FIRST, &f);
    assert_int_equal(answer.result, VERIFY_IMPOSSIBLE_TRAVEL);
    rests_on(&answer, &third);
}

static void other_events_say_nothing(void **state)
{
    struct world *w = *state;
    struct state_view view = memory_state_view(w->state);
    struct verify_findings f;
    uint8_t memory[8];
    struct buf data = buf_fixed(memory, sizeof memory);
    verify_findings_begin(&f, &view);
    cbor_put_array(&data, 1);
    cbor_put_uint(&data, FINDING_TWO_CUSTODIANS);
    struct event scanned = { .what = EVENT_SCANNED, .data = buf_slice(&data) };
    struct event damaged = { .what = EVENT_FINDING, .data = buf_slice(&data) };
    verify_findings_event(&f, &scanned);
    verify_findings_event(&f, &damaged);
    assert_int_equal(with_findings(w, FATE_FIRST, &f).result, VERIFY_VERIFIED);
}

static void every_result_has_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= VERIFY_LAST; i++) {
        assert_true(strlen(verify_result_name((enum verify_result)i)) > 5);
        assert_true(strlen(verify_result_sentence((enum verify_result)i)) > 15);
    }
    assert_string_equal(verify_result_name(VERIFY_LOT_DIFFERS), "LOT_DIFFERS");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fate_set_up, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_as_it_says_is_verified),
        CASE(a_serial_nobody_made_is_said_to_be_that),
        CASE(a_withdrawn_commission_comes_before_all_else),
        CASE(lot_and_expiry_are_as_the_maker_said),
        CASE(what_the_maker_did_not_say_is_not_compared),
        CASE(a_label_that_can_be_none_is_refused),
        CASE(a_recall_is_found_by_every_name),
        CASE(a_recall_reaches_what_was_made_of_it),
        CASE(quarantine_and_rejection),
        CASE(goods_that_ended),
        CASE(expiry_is_to_the_millisecond),
        CASE(a_finding_speaks_against_it),
        CASE(a_withdrawn_finding_does_not),
        CASE(other_events_say_nothing),
        CASE(every_result_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
