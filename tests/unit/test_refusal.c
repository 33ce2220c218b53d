/* The registry of codes is that of the wire: numbers, names, a sentence each, and what becomes of it. */
#include "common/refusal.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* WIRE "Codes". */
static const struct {
    uint64_t code;
    const char *name;
} wire[] = {
    { 0, "ACCEPTED" },
    { 1, "MALFORMED" },
    { 2, "BAD_SIGNATURE" },
    { 3, "UNKNOWN_KEY" },
    { 4, "REVOKED" },
    { 5, "REPEAT" },
    { 6, "OUTSIDE" },
    { 7, "JUMP" },
    { 8, "GAP_EDGE" },
    { 9, "BUSY" },
    { 10, "TOO_LARGE" },
    { 11, "QUOTA" },
    { 12, "NOT_AUTHORITY" },
    { 32, "CLONE" },
    { 33, "NOT_ALLOWED" },
    { 34, "NO_RIGHT" },
    { 35, "UNKNOWN_ASSET" },
    { 36, "EXISTS" },
    { 37, "NOT_HOLDER" },
    { 39, "OFFER_OPEN" },
    { 40, "NO_SUCH_OFFER" },
    { 41, "NOT_FOR_YOU" },
    { 42, "OFFER_DIFFERS" },
    { 43, "KID_TAKEN" },
    { 44, "BAD_REQUEST" },
    { 45, "NOT_YOUR_KEY" },
    { 46, "ATTACHED_ELSEWHERE" },
    { 47, "UNKNOWN_CONTRACT" },
    { 48, "NOT_A_PARTY" },
    { 49, "AGREED_ALREADY" },
    { 50, "EXPIRED" },
    { 51, "BAD_TERMS" },
    { 52, "STEPS" },
    { 53, "UNKNOWN_MEMBER" },
    { 54, "WRONG_STATE" },
    { 55, "GUARD" },
    { 64, "NO_SUCH_ACTION" },
    { 65, "BAD_ARGUMENT" },
    { 66, "FINISHED" },
    { 67, "NO_SUCH_DOCUMENT" },
    { 68, "DEPTH" },
    { 69, "NOT_REPLACEABLE" },
    { 96, "NO_REASON" },
    { 97, "QUARANTINED" },
    { 98, "RECALLED" },
    { 99, "ENDED" },
    { 100, "PACKED" },
    { 101, "NOT_PACKED" },
    { 102, "NOT_EMPTY" },
    { 103, "FULL" },
    { 104, "MASS" },
    { 105, "UNITS" },
    { 106, "NOT_MAKER" },
    { 107, "NO_SUCH_CERTIFICATE" },
    { 108, "NOT_CORRECTABLE" },
    { 109, "NOT_SIGNER" },
    { 110, "NO_SUCH_READING" },
    { 111, "NO_LABEL" },
    { 112, "OWNERS_DIFFER" },
    { 113, "GENEALOGY" },
    { 114, "NOT_OFFERED" },
    { 115, "NOT_HELD" },
    { 128, "NO_SUCH_PROPOSAL" },
    { 129, "PROPOSAL_CLOSED" },
    { 130, "VOTED_ALREADY" },
    { 131, "OTHER_SET" },
    { 132, "NOT_OPERATOR" },
    { 133, "BAD_ACTION" },
    { 134, "LAST_AUTHORITY" },
    { 135, "TOO_MANY_OPEN" },
    { 136, "NOT_CANDIDATE" },
    { 137, "TIP_NOT_RECENT" },
    { 138, "SET_CHANGING" },
    { 139, "NO_EVIDENCE" },
    { 140, "NOT_PROPOSER" },
    { 141, "NOT_SPONSOR" },
    { 142, "NOT_APPROVED" },
    { 143, "BAD_EXPIRY" },
};

static void the_codes_of_the_wire(void **state)
{
    size_t n;
    const struct refusal_entry *all = refusal_all(&n);
    (void)state;
    assert_int_equal(n, sizeof wire / sizeof wire[0]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i].code, wire[i].code);
        assert_string_equal(all[i].name, wire[i].name);
        assert_ptr_equal(refusal_find(wire[i].code), &all[i]);
        assert_string_equal(refusal_name(wire[i].code), wire[i].name);
    }
}

static void each_has_a_sentence(void **state)
{
    size_t n;
    const struct refusal_entry *all = refusal_all(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(all[i].sentence);
        assert_true(len > 10 && isupper((unsigned char)all[i].sentence[0]));
        assert_int_equal(all[i].sentence[len - 1], '.');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i].sentence, all[k].sentence);
    }
}

static void fates(void **state)
{
    static const uint64_t retried[] = { REFUSED_UNKNOWN_KEY, REFUSED_BUSY, REFUSED_QUOTA,
                                        REFUSED_NOT_AUTHORITY };
    size_t n, retry = 0;
    const struct refusal_entry *all = refusal_all(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        bool on_ledger = all[i].code == ACCEPTED || all[i].code >= 32;
        assert_int_equal(refusal_is_recorded(all[i].code), on_ledger);
        assert_int_equal(all[i].fate == FATE_FINAL, all[i].code >= 32);
        retry += all[i].fate == FATE_RETRY ? 1 : 0;
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(refusal_find(retried[i])->fate, FATE_RETRY);
    assert_int_equal(retry, 4);
    assert_int_equal(refusal_find(REFUSED_REPEAT)->fate, FATE_KNOWN);
}

static void a_number_that_is_none(void **state)
{
    static const uint64_t none[] = { 13, 31, 38,  56,         63,
                                     70, 95, 116, UINT64_MAX, (UINT64_C(1) << 32) + 5 };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_null(refusal_find(none[i]));
        assert_string_equal(refusal_name(none[i]), "UNKNOWN_CODE");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_codes_of_the_wire),
        cmocka_unit_test(each_has_a_sentence),
        cmocka_unit_test(fates),
        cmocka_unit_test(a_number_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
