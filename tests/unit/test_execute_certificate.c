/* Certificates: who issues them, of what, how many there may be, and revocations that reach back. */
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PLACE "414/" FATE_ROME

/* Of a unit, from minute 100 to 200. */
static struct statement of_unit(const char *name)
{
    return fate_certificate(name, NULL, NULL, MINUTES(100), MINUTES(200));
}

static bool load(struct world *w, const struct hash *hash, struct state_certificate *ret)
{
    struct state_key key = state_key_hash(TABLE_CERTIFICATE, hash);
    struct slice value;
    world_end(w);
    return memory_state_get(w->state, state_key_slice(&key), &value) &&
           state_certificate_take(value, ret);
}

/* How many are known of a subject, and whether this one is the last of them. */
static size_t known(struct world *w, struct state_key key, const struct hash *last)
{
    struct slice value;
    struct hash hash;
    world_end(w);
    if (!memory_state_get(w->state, state_key_slice(&key), &value))
        return 0;
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n; i++)
        cbor_take_fixed(&r, hash.bytes, HASH_SIZE);
    assert_true(cbor_done(&r));
    assert_true(hash_equal(&hash, last));
    return n;
}

static size_t known_of(struct world *w, const char *name, const struct hash *last)
{
    return known(w, state_key_text(TABLE_CERTIFIED, slice_text(name)), last);
}

/* ------------------------------------------------------------------ issuing */

static void goods_lots_places_and_companies_are_certified(void **state)
{
    struct world *w = *state;
    struct state_certificate v = { .revoked = false };
    const struct kid *carrier = world_kid(w, CARRIER);
    struct fate_said unit = fate_do(w, CLINIC, of_unit(FATE_FIRST), MINUTES(2));
    assert_true(world_has(w, "certified " FATE_FIRST " # organic clinic +100m +200m at +2m"));
    assert_int_equal(known_of(w, FATE_FIRST, &unit.hash), 1);
    struct fate_said lot = fate_do(w, CLINIC, of_unit(FATE_LOT), MINUTES(3));
    assert_true(world_has(w, "certified " FATE_LOT " # organic clinic +100m +200m at +3m"));
    assert_int_equal(known_of(w, FATE_LOT, &lot.hash), 1);
    struct fate_said all =
        fate_do(w, FARM, fate_certificate(FATE_FIRST, FATE_ROME, carrier, MINUTES(5), MINUTES(6)),
                MINUTES(4));
    assert_int_equal(known_of(w, FATE_FIRST, &all.hash), 2);
    assert_int_equal(known_of(w, PLACE, &all.hash), 1);
    assert_int_equal(known(w, state_key_kid(TABLE_CERTIFIED, carrier), &all.hash), 1);
    assert_true(world_has(w, "certified " FATE_FIRST " # organic farm +5m +6m at +4m"));
    assert_true(world_has(w, "certified # # organic farm +5m +6m at +4m"));
    assert_true(load(w, &all.hash, &v));
    assert_true(kid_equal(&v.issuer, world_kid(w, FARM)) && v.has_member && !v.revoked);
    assert_true(kid_equal(&v.member, carrier));
    assert_true(slice_equal(v.place, slice_text(FATE_ROME)));
    assert_true(v.assets.len > 0);
}

static void a_place_or_a_company_has_a_history_of_its_own(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, CLINIC, fate_certificate(NULL, "9506000134390", NULL, MINUTES(1), MINUTES(2)),
                  MINUTES(2)); /* of which there is no master data */
    (void)fate_do(w, CLINIC,
                  fate_certificate(NULL, NULL, world_kid(w, FARM), MINUTES(1), MINUTES(2)),
                  MINUTES(3));
    assert_true(world_has(w, "certified # # organic clinic +1m +2m at +2m"));
    assert_true(world_has(w, "certified # # organic clinic +1m +2m at +3m"));
    assert_int_equal(world_count(w, "certified "), 2);
}

static void who_and_what_is_checked_in_order(void **state)
{
    struct world *w = *state;
    fate_refused(w, LOGGER, of_unit(FATE_NONE), MINUTES(2), REFUSED_NOT_ALLOWED);
    fate_refused(w, AUDITOR, of_unit(FATE_NONE), MINUTES(2), REFUSED_NOT_ALLOWED);
    fate_refused(w, FARM,
                 fate_certificate(FATE_NONE, NULL, world_kid(w, STRANGER), MINUTES(1), MINUTES(2)),
                 MINUTES(2), REFUSED_UNKNOWN_MEMBER);
    fate_refused(w, FARM,
                 fate_certificate(FATE_FIRST, NULL, world_kid(w, OPERATOR), MINUTES(1), MINUTES(2)),
                 MINUTES(2), REFUSED_UNKNOWN_MEMBER); /* a key, not a company */
    fate_refused(w, FARM, of_unit(FATE_NONE), MINUTES(2), REFUSED_UNKNOWN_ASSET);
    assert_string_equal(w->detail, FATE_NONE);
    (void)fate_do(w, CLINIC, fate_scan(FATE_GHOST, NULL, false), MINUTES(3));
    fate_refused(w, FARM, of_unit(FATE_GHOST), MINUTES(3), REFUSED_UNKNOWN_ASSET);
    (void)fate_do(w, OPERATOR, of_unit(FATE_FIRST), MINUTES(4)); /* anybody may vouch for it */
}

static void fill(struct world *w, const struct statement *s)
{
    world_end(w);
    for (int i = 0; i < STATE_CERTIFICATES_OF_ONE; i++)
        assert_int_equal(world_say(w, CLINIC, *s, MINUTES(2)), ACCEPTED);
    world_end(w);
}

static void there_are_so_many_of_one_subject(void **state)
{
    static const char *const names[] = { FATE_FIRST, FATE_OTHER };
    struct world *w = *state;
    struct statement s = of_unit(FATE_OTHER);
    struct statement member =
        fate_certificate(NULL, NULL, world_kid(w, FARM), MINUTES(1), MINUTES(2));
    struct statement place = fate_certificate(NULL, FATE_ROME, NULL, MINUTES(1), MINUTES(2));
    fill(w, &s);
    fate_refused(w, CLINIC, s, MINUTES(3), REFUSED_FULL);
    assert_string_equal(w->detail, FATE_OTHER);
    s.as.certificate.assets = custody_list(2, names);
    fate_refused(w, CLINIC, s, MINUTES(3), REFUSED_FULL);
    assert_string_equal(w->detail, FATE_OTHER);
    (void)fate_do(w, CLINIC, of_unit(FATE_FIRST), MINUTES(4)); /* what was refused left no trace */
    assert_int_equal(known_of(w, FATE_FIRST, &w->last), 1);
    fill(w, &member);
    fate_refused(w, CLINIC, member, MINUTES(5), REFUSED_FULL);
    fill(w, &place);
    fate_refused(w, CLINIC, place, MINUTES(5), REFUSED_FULL);
    /* who has said all that one may does not keep others from it */
    (void)fate_do(w, FARM, of_unit(FATE_OTHER), MINUTES(6));
    (void)fate_do(w, CARRIER, member, MINUTES(6));
    (void)fate_do(w, CARRIER, place, MINUTES(6));
}

/* So many in all, whoever issued them. */
static void there_are_so_many_of_all_issuers(void **state)
{
    static uint8_t memory[STATE_CERTIFICATES_MAX * (HASH_SIZE + 2) + 9];
    struct world *w = *state;
    struct state_key key = state_key_text(TABLE_CERTIFIED, slice_text(FATE_OTHER));
    for (unsigned n = STATE_CERTIFICATES_MAX - 1; n <= STATE_CERTIFICATES_MAX; n++) {
        struct buf index = buf_fixed(memory, sizeof memory);
        world_end(w);
        cbor_put_array(&index, n);
        for (unsigned i = 0; i < n; i++) {
            struct hash hash = crypto_sha256(slice_of(&i, sizeof i));
            cbor_put_bytes(&index, hash_slice(&hash));
        }
        memory_state_set(w->state, state_key_slice(&key), buf_slice(&index));
        if (n < STATE_CERTIFICATES_MAX)
            (void)fate_do(w, CLINIC, of_unit(FATE_OTHER), MINUTES(3));
        else
            fate_refused(w, CLINIC, of_unit(FATE_OTHER), MINUTES(3), REFUSED_FULL);
    }
}

/* ------------------------------------------------------------------ revoking */

static void a_revocation_reaches_back(void **state)
{
    struct world *w = *state;
    struct state_certificate v = { .revoked = false };
    struct fate_said said = fate_do(w, CLINIC, of_unit(FATE_FIRST), MINUTES(2));
    assert_true(load(w, &said.hash, &v));
    assert_false(state_certificate_holds(&v, MINUTES(100) - 1));
    assert_true(state_certificate_holds(&v, MINUTES(100)));
    assert_true(state_certificate_holds(&v, MINUTES(200) - 1));
    assert_false(state_certificate_holds(&v, MINUTES(200)));
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN); /* shipped already */
    struct fate_said revoked =
        fate_do(w, CLINIC, fate_revoke(&said.hash, MINUTES(120)), MINUTES(180));
    assert_true(load(w, &said.hash, &v) && v.revoked);
    assert_true(hash_equal(&v.revoked_by, &revoked.hash));
    assert_true(state_certificate_holds(&v, MINUTES(120) - 1));
    assert_false(state_certificate_holds(&v, MINUTES(120)));
    assert_true(world_has(w, "certificate_revoked " FATE_FIRST " # organic clinic +120m at +180m"));
    assert_int_equal(world_count(w, "certificate_revoked "), 1);
    fate_refused(w, CLINIC, fate_revoke(&said.hash, MINUTES(100)), MINUTES(181), REFUSED_EXISTS);
}

static void a_revocation_is_told_where_the_certificate_was(void **state)
{
    struct world *w = *state;
    struct fate_said said =
        fate_do(w, FARM, fate_certificate(FATE_FIRST, FATE_ROME, NULL, MINUTES(100), MINUTES(200)),
                MINUTES(2));
    (void)fate_do(w, FARM, fate_revoke(&said.hash, MINUTES(0)), MINUTES(3));
    assert_true(world_has(w, "certificate_revoked " FATE_FIRST " # organic farm +0m at +3m"));
    assert_true(world_has(w, "certificate_revoked # # organic farm +0m at +3m"));
    said = fate_do(w, FARM,
                   fate_certificate(NULL, NULL, world_kid(w, FARM), MINUTES(100), MINUTES(200)),
                   MINUTES(4));
    (void)fate_do(w, FARM, fate_revoke(&said.hash, MINUTES(0)), MINUTES(5));
    assert_true(world_has(w, "certificate_revoked # # organic farm +0m at +5m"));
    assert_int_equal(world_count(w, "certificate_revoked "), 3);
}

static void only_its_issuer_revokes_it(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_do(w, CARRIER, of_unit(FATE_FIRST), MINUTES(2));
    struct statement s = fate_revoke(&said.hash, MINUTES(0));
    fate_refused(w, TRACKER, s, MINUTES(3), REFUSED_NOT_ALLOWED);
    fate_refused(w, FARM, s, MINUTES(3), REFUSED_NOT_ALLOWED);
    struct hash nothing = crypto_sha256(slice_text("nothing"));
    fate_refused(w, FARM, fate_revoke(&nothing, MINUTES(0)), MINUTES(3),
                 REFUSED_NO_SUCH_CERTIFICATE);
    fate_refused(w, TRACKER, fate_revoke(&nothing, MINUTES(0)), MINUTES(3), REFUSED_NOT_ALLOWED);
    (void)fate_do(w, OPERATOR, s, MINUTES(4)); /* another key of the issuer's company */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fate_set_up, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(goods_lots_places_and_companies_are_certified),
        CASE(a_place_or_a_company_has_a_history_of_its_own),
        CASE(who_and_what_is_checked_in_order),
        CASE(there_are_so_many_of_one_subject),
        CASE(there_are_so_many_of_all_issuers),
        CASE(a_revocation_reaches_back),
        CASE(a_revocation_is_told_where_the_certificate_was),
        CASE(only_its_issuer_revokes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
