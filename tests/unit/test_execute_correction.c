/* Corrections: whose statements may be corrected by whom, and when. */
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void refused(struct world *w, enum world_key who, const struct fate_said *said,
                    enum refusal expected)
{
    fate_refused(w, who, fate_correct(said), w->context.time_ms + 1000, expected);
}

/* ------------------------------------------------------------------ who may */

static void a_correction_says_why(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DESTROY);
    struct statement s = fate_correct(&said);
    s.as.correction.meaning.len = 0;
    fate_refused(w, FARM, s, w->context.time_ms, REFUSED_NO_REASON);
    fate_refused(w, CARRIER, s, w->context.time_ms, REFUSED_NO_REASON);
    s = fate_correct(&said);
    s.as.correction.reason.len = 0;
    fate_refused(w, FARM, s, w->context.time_ms, REFUSED_NO_REASON);
}

static void who_signed_it_or_speaks_for_its_company_may(void **state)
{
    struct world *w = *state;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    struct fate_said by_member =
        fate_do(w, CARRIER, fate_scan(FATE_FIRST, NULL, false), MINUTES(10));
    struct fate_said by_operator =
        fate_do(w, OPERATOR, fate_scan(FATE_FIRST, NULL, false), MINUTES(10));
    struct fate_said by_device =
        fate_do(w, TRACKER, fate_scan(FATE_FIRST, NULL, false), MINUTES(10));
    struct fate_said by_device_too =
        fate_do(w, TRACKER, fate_scan(FATE_FIRST, NULL, false), MINUTES(10));
    static const enum world_key strangers[] = { FARM, CLINIC, AUDITOR, LOGGER };
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        refused(w, strangers[i], &by_member, REFUSED_NOT_SIGNER);
        refused(w, strangers[i], &by_operator, REFUSED_NOT_SIGNER);
        refused(w, strangers[i], &by_device, REFUSED_NOT_SIGNER);
    }
    refused(w, TRACKER, &by_member, REFUSED_NOT_SIGNER); /* a device speaks for itself only */
    (void)fate_take_back(w, OPERATOR, &by_member);
    (void)fate_take_back(w, CARRIER, &by_operator);
    (void)fate_take_back(w, TRACKER, &by_device);
    (void)fate_take_back(w, CARRIER, &by_device_too);
    refused(w, CARRIER, &by_member, REFUSED_EXISTS);
    refused(w, TRACKER, &by_device, REFUSED_EXISTS);
    refused(w, FARM, &by_device, REFUSED_NOT_SIGNER);
}

static void an_auditor_corrects_its_own_reveal(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_seal(FATE_FIRST, "0123456789"), MINUTES(2));
    struct fate_said said = fate_do(w, AUDITOR, fate_reveal(FATE_FIRST, "0123456789"), MINUTES(3));
    (void)fate_take_back(w, AUDITOR, &said);
    fate_told_correction(w, 2, FATE_FIRST, KIND_LABEL_REVEAL);
}

static void the_original_must_be_a_statement_of_this_ledger(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DESTROY), bad = said;
    bad.bytes[bad.len - 1] ^= 1; /* its signature */
    refused(w, FARM, &bad, REFUSED_BAD_REQUEST);
    bad = said;
    bad.len--;
    refused(w, FARM, &bad, REFUSED_BAD_REQUEST);
    struct buf out = buf_fixed(bad.bytes, sizeof bad.bytes);
    struct kit_signer stranger = w->by[STRANGER];
    bad.hash = kit_sign(&stranger, fate_scan(FATE_FIRST, NULL, false), MINUTES(2), &out);
    bad.len = out.len;
    refused(w, FARM, &bad, REFUSED_BAD_REQUEST);
    struct hash elsewhere = crypto_sha256(slice_text("another ledger"));
    struct kit_signer other;
    kit_signer_begin(&other, &w->by[FARM].key, &elsewhere);
    buf_clear(&out);
    bad.hash = kit_sign(&other, fate_scan(FATE_FIRST, NULL, false), MINUTES(2), &out);
    bad.len = out.len;
    refused(w, FARM, &bad, REFUSED_BAD_REQUEST);
}

/* Of one that is no longer in the signer's window nothing but the signature is known. */
static void the_signature_is_looked_at(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DESTROY), bad = said;
    for (int i = 0; i < 17; i++)
        (void)fate_do(w, FARM, fate_scan(FATE_OTHER, NULL, false), w->context.time_ms + 1000);
    bad.bytes[bad.len - 1] ^= 1;
    refused(w, FARM, &bad, REFUSED_BAD_REQUEST);
    assert_string_equal(w->detail, "the original's signature does not hold");
    (void)fate_take_back(w, FARM, &said);
}

/* A statement that never came to the ledger is not there to be corrected. */
static void the_original_must_be_on_the_ledger(void **state)
{
    struct world *w = *state;
    struct fate_said ahead, beside;
    struct kit_signer farm = w->by[FARM], forks = w->by[FARM];
    struct buf out = buf_fixed(ahead.bytes, sizeof ahead.bytes);
    farm.seq += 5; /* not said yet */
    ahead.hash = kit_sign(&farm, fate_scan(FATE_FIRST, NULL, false), MINUTES(2), &out);
    ahead.len = out.len;
    refused(w, CARRIER, &ahead, REFUSED_BAD_REQUEST);
    assert_string_equal(w->detail, "the original is not on the ledger");
    refused(w, FARM, &ahead, REFUSED_BAD_REQUEST);
    out = buf_fixed(beside.bytes, sizeof beside.bytes);
    forks.seq -= 1; /* in the place of one that was */
    beside.hash = kit_sign(&forks, fate_scan(FATE_OTHER, NULL, false), MINUTES(2), &out);
    beside.len = out.len;
    refused(w, FARM, &beside, REFUSED_BAD_REQUEST);
    w->by[FARM].seq += 3; /* leaves a gap */
    struct fate_said in_gap;
    struct kit_signer late = w->by[FARM];
    out = buf_fixed(in_gap.bytes, sizeof in_gap.bytes);
    late.seq -= 2;
    in_gap.hash = kit_sign(&late, fate_scan(FATE_FIRST, NULL, false), MINUTES(2), &out);
    in_gap.len = out.len;
    (void)fate_do(w, FARM, fate_scan(FATE_FIRST, NULL, false), w->context.time_ms + 1000);
    refused(w, FARM, &in_gap, REFUSED_BAD_REQUEST);
    assert_string_equal(w->detail, "the original is not on the ledger");
}

/* Whatever comes first, samples and their correction, the same is left of them. */
static void a_reading_may_come_after_its_correction(void **state)
{
    static const int warm[] = { 1200, 1210 };
    struct world *w = *state;
    struct fate_said ahead, beside;
    struct kit_signer logger = w->by[LOGGER], forks;
    struct buf out = buf_fixed(ahead.bytes, sizeof ahead.bytes);
    (void)fate_do(w, FARM, kit_attach(world_kid(w, LOGGER), FATE_FIRST, false), MINUTES(2));
    ahead.hash = kit_sign(&logger, kit_temperatures(warm, 2, 60000), MINUTES(10), &out);
    ahead.len = out.len;
    (void)fate_take_back(w, FARM, &ahead);
    fate_told_correction(w, 2, FATE_FIRST, KIND_READING);
    (void)fate_do(w, LOGGER, kit_temperatures(warm, 2, 60000), MINUTES(10));
    out = buf_fixed(beside.bytes, sizeof beside.bytes);
    forks = w->by[LOGGER];
    forks.seq -= 1; /* made up later, in the place of the one that was */
    beside.hash = kit_sign(&forks, kit_temperatures(warm, 2, 60000), MINUTES(400), &out);
    beside.len = out.len;
    refused(w, FARM, &beside, REFUSED_BAD_REQUEST);
    assert_string_equal(w->detail, "the original is not on the ledger");
}

static void some_kinds_are_corrected_in_ways_of_their_own(void **state)
{
    struct world *w = *state;
    struct asset_set set = custody_one(FATE_FIRST);
    struct fate_said scan = fate_do(w, FARM, fate_scan(FATE_FIRST, NULL, false), MINUTES(2));
    struct fate_said certificate = fate_do(
        w, FARM, fate_certificate(FATE_FIRST, NULL, NULL, MINUTES(1), MINUTES(9)), MINUTES(3));
    struct statement dispute = { .kind = KIND_DISPUTE };
    dispute.as.dispute = (struct dispute){ scan.hash, set, slice_text("not so") };
    struct statement place = { .kind = KIND_PLACE };
    place.as.place = (struct place){ .gln = slice_text(FATE_ROME), .name = slice_text("Rome") };
    const struct statement drafts[] = {
        kit_product("09506000134352"),
        place,
        kit_party(world_kid(w, FARM)),
        dispute,
        fate_revoke(&certificate.hash, MINUTES(2)),
        fate_correct(&scan),
        kit_open(world_contract(), FATE_FIRST, world_kid(w, FARM), world_kid(w, CLINIC),
                 MINUTES(60)),
        kit_revoke(world_kid(w, LOGGER), MINUTES(4), 0),
    };
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        struct fate_said said = fate_do(w, FARM, drafts[i], w->context.time_ms + 1000);
        refused(w, FARM, &said, REFUSED_NOT_CORRECTABLE);
        assert_string_equal(w->detail, statement_kind_name(drafts[i].kind));
        refused(w, CARRIER, &said, REFUSED_NOT_SIGNER);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fate_set_up, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_correction_says_why),
        CASE(who_signed_it_or_speaks_for_its_company_may),
        CASE(an_auditor_corrects_its_own_reveal),
        CASE(the_original_must_be_a_statement_of_this_ledger),
        CASE(the_signature_is_looked_at),
        CASE(the_original_must_be_on_the_ledger),
        CASE(a_reading_may_come_after_its_correction),
        CASE(some_kinds_are_corrected_in_ways_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
