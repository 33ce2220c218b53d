/* Every refusal that the rules can record, reached by a statement that deserves it. */
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define UNIT KIT_UNIT
#define NONE "01/09506000134352/21/NONE"

static int setup(void **state)
{
    *state = world_new();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* ------------------------------------------------------------------ ways to deserve one */

static void commissioned(struct world *w)
{
    assert_int_equal(world_say(w, FARM, kit_commission(UNIT), MINUTES(1)), ACCEPTED);
}

static struct hash offered(struct world *w)
{
    commissioned(w);
    assert_int_equal(
        world_say(w, FARM, kit_offer(UNIT, world_kid(w, CARRIER), ROLE_CUSTODIAN), MINUTES(2)),
        ACCEPTED);
    return w->last;
}

static struct hash opened(struct world *w)
{
    commissioned(w);
    assert_int_equal(world_say(w, FARM,
                               kit_open(world_contract(), UNIT, world_kid(w, FARM),
                                        world_kid(w, CLINIC), MINUTES(60)),
                               MINUTES(2)),
                     ACCEPTED);
    return w->last;
}

static const int warm[] = { 500 };

static enum refusal device_commissions(struct world *w)
{
    return world_say(w, LOGGER, kit_commission(UNIT), MINUTES(1));
}

static enum refusal member_reads(struct world *w)
{
    return world_say(w, FARM, kit_temperatures(warm, 1, 0), MINUTES(1));
}

static enum refusal auditor_offers(struct world *w)
{
    commissioned(w);
    return world_say(w, AUDITOR, kit_offer(UNIT, world_kid(w, FARM), ROLE_CUSTODIAN), MINUTES(2));
}

static enum refusal operator_enrols(struct world *w)
{
    return world_say(w, OPERATOR,
                     kit_enrol(&w->by[STRANGER].key, &w->id, world_kid(w, OPERATOR), CLASS_DEVICE),
                     MINUTES(1));
}

static enum refusal member_enrols_authority(struct world *w)
{
    return world_say(w, FARM,
                     kit_enrol(&w->by[STRANGER].key, &w->id, world_kid(w, FARM), CLASS_AUTHORITY),
                     MINUTES(1));
}

static enum refusal member_revokes_itself(struct world *w)
{
    return world_say(w, FARM, kit_revoke(world_kid(w, FARM), MINUTES(0), 0), MINUTES(1));
}

static enum refusal device_opens(struct world *w)
{
    commissioned(w);
    return world_say(
        w, LOGGER,
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60)),
        MINUTES(2));
}

static enum refusal device_agrees(struct world *w)
{
    struct hash opening = opened(w);
    return world_say(w, LOGGER, kit_agree(&opening, false), MINUTES(3));
}

static enum refusal auditor_names_product(struct world *w)
{
    return world_say(w, AUDITOR, kit_product("09506000134352"), MINUTES(1));
}

static enum refusal names_another_party(struct world *w)
{
    return world_say(w, FARM, kit_party(world_kid(w, CLINIC)), MINUTES(1));
}

static enum refusal reads_pressure(struct world *w)
{
    struct statement s = kit_temperatures(warm, 1, 0);
    s.as.reading.column[0].property = PROPERTY_PRESSURE;
    return world_say(w, LOGGER, s, MINUTES(1));
}

static enum refusal offers_nothing(struct world *w)
{
    return world_say(w, FARM, kit_offer(NONE, world_kid(w, CARRIER), ROLE_CUSTODIAN), MINUTES(1));
}

static enum refusal attaches_to_nothing(struct world *w)
{
    return world_say(w, FARM, kit_attach(world_kid(w, LOGGER), NONE, false), MINUTES(1));
}

static enum refusal opens_for_nothing(struct world *w)
{
    return world_say(
        w, FARM,
        kit_open(world_contract(), NONE, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60)),
        MINUTES(1));
}

static enum refusal commissions_twice(struct world *w)
{
    commissioned(w);
    return world_say(w, CLINIC, kit_commission(UNIT), MINUTES(2));
}

static enum refusal revokes_twice(struct world *w)
{
    assert_int_equal(
        world_say(w, FARM, kit_revoke(world_kid(w, LOGGER), MINUTES(0), 0), MINUTES(1)), ACCEPTED);
    return world_say(w, FARM, kit_revoke(world_kid(w, LOGGER), MINUTES(0), 0), MINUTES(2));
}

static enum refusal offers_anothers(struct world *w)
{
    commissioned(w);
    return world_say(w, CARRIER, kit_offer(UNIT, world_kid(w, CLINIC), ROLE_CUSTODIAN), MINUTES(2));
}

/* Custodian and owner are not the same thing: a custodian has nothing to sell. */
static enum refusal custodian_sells(struct world *w)
{
    struct hash offer = offered(w);
    assert_int_equal(
        world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, UNIT, &offer, ROLE_CUSTODIAN), MINUTES(3)),
        ACCEPTED);
    return world_say(w, CARRIER, kit_offer(UNIT, world_kid(w, CLINIC), ROLE_OWNER), MINUTES(4));
}

static enum refusal offers_twice(struct world *w)
{
    (void)offered(w);
    return world_say(w, FARM, kit_offer(UNIT, world_kid(w, CLINIC), ROLE_CUSTODIAN), MINUTES(3));
}

static enum refusal accepts_no_offer(struct world *w)
{
    commissioned(w);
    return world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, UNIT, &w->last, ROLE_CUSTODIAN),
                     MINUTES(2));
}

static enum refusal accepts_twice(struct world *w)
{
    struct hash offer = offered(w);
    assert_int_equal(
        world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, UNIT, &offer, ROLE_CUSTODIAN), MINUTES(3)),
        ACCEPTED);
    return world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, UNIT, &offer, ROLE_CUSTODIAN),
                     MINUTES(4));
}

static enum refusal accepts_anothers(struct world *w)
{
    struct hash offer = offered(w);
    return world_say(w, CLINIC, kit_answer(CUSTODY_ACCEPT, UNIT, &offer, ROLE_CUSTODIAN),
                     MINUTES(3));
}

static enum refusal receiver_cancels(struct world *w)
{
    struct hash offer = offered(w);
    return world_say(w, CARRIER, kit_answer(CUSTODY_CANCEL, UNIT, &offer, ROLE_CUSTODIAN),
                     MINUTES(3));
}

static enum refusal accepts_other_goods(struct world *w)
{
    struct hash offer = offered(w);
    return world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, NONE, &offer, ROLE_CUSTODIAN),
                     MINUTES(3));
}

static enum refusal accepts_other_role(struct world *w)
{
    struct hash offer = offered(w);
    return world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, UNIT, &offer, ROLE_OWNER), MINUTES(3));
}

static enum refusal enrols_known_key(struct world *w)
{
    return world_say(w, FARM,
                     kit_enrol(&w->by[TRACKER].key, &w->id, world_kid(w, FARM), CLASS_DEVICE),
                     MINUTES(1));
}

static enum refusal enrols_for_twin(struct world *w)
{
    struct hash twin = crypto_sha256(hash_slice(&w->id));
    return world_say(w, FARM,
                     kit_enrol(&w->by[STRANGER].key, &twin, world_kid(w, FARM), CLASS_DEVICE),
                     MINUTES(1));
}

static enum refusal enrols_for_another_sponsor(struct world *w)
{
    return world_say(w, FARM,
                     kit_enrol(&w->by[STRANGER].key, &w->id, world_kid(w, CLINIC), CLASS_DEVICE),
                     MINUTES(1));
}

static enum refusal offers_to_itself(struct world *w)
{
    commissioned(w);
    return world_say(w, FARM, kit_offer(UNIT, world_kid(w, FARM), ROLE_CUSTODIAN), MINUTES(2));
}

static enum refusal attaches_anothers_device(struct world *w)
{
    commissioned(w);
    return world_say(w, FARM, kit_attach(world_kid(w, TRACKER), UNIT, false), MINUTES(2));
}

static enum refusal revokes_anothers_key(struct world *w)
{
    return world_say(w, FARM, kit_revoke(world_kid(w, TRACKER), MINUTES(0), 0), MINUTES(1));
}

static enum refusal attaches_twice(struct world *w)
{
    commissioned(w);
    assert_int_equal(world_say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(2)),
                     ACCEPTED);
    return world_say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(3));
}

static enum refusal detaches_what_is_not(struct world *w)
{
    commissioned(w);
    return world_say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, true), MINUTES(2));
}

static enum refusal opens_unknown_definition(struct world *w)
{
    struct statement s =
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60));
    commissioned(w);
    s.as.open.compiled = (struct slice){ NULL, 0 };
    return world_say(w, FARM, s, MINUTES(2));
}

static enum refusal opens_misnamed_definition(struct world *w)
{
    struct statement s =
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60));
    commissioned(w);
    s.as.open.definition.bytes[0] ^= 1;
    return world_say(w, FARM, s, MINUTES(2));
}

static enum refusal agrees_to_nothing(struct world *w)
{
    return world_say(w, CLINIC, kit_agree(&w->id, false), MINUTES(1));
}

static enum refusal opens_for_others(struct world *w)
{
    commissioned(w);
    return world_say(
        w, CARRIER,
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60)),
        MINUTES(2));
}

static enum refusal outsider_agrees(struct world *w)
{
    struct hash opening = opened(w);
    return world_say(w, CARRIER, kit_agree(&opening, false), MINUTES(3));
}

static enum refusal opener_agrees(struct world *w)
{
    struct hash opening = opened(w);
    return world_say(w, FARM, kit_agree(&opening, false), MINUTES(3));
}

static enum refusal opens_in_the_past(struct world *w)
{
    commissioned(w);
    world_block(w, MINUTES(90));
    return world_say(
        w, FARM,
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60)),
        MINUTES(2));
}

static enum refusal agrees_too_late(struct world *w)
{
    struct hash opening = opened(w);
    world_block(w, MINUTES(60));
    return world_say(w, CLINIC, kit_agree(&opening, false), MINUTES(3));
}

static enum refusal opens_with_unknown_term(struct world *w)
{
    static const uint8_t terms[] = { 0xa1, 0x61, 'x', 0x01 };
    struct statement s =
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60));
    commissioned(w);
    s.as.open.terms = slice_of(terms, sizeof terms);
    return world_say(w, FARM, s, MINUTES(2));
}

static enum refusal opens_without_party(struct world *w)
{
    uint8_t bytes[32];
    struct buf parties = buf_fixed(bytes, sizeof bytes);
    struct statement s =
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60));
    commissioned(w);
    cbor_put_map(&parties, 1);
    cbor_put_text(&parties, slice_text("sender"));
    kid_put(&parties, world_kid(w, FARM));
    s.as.open.parties = buf_slice(&parties);
    return world_say(w, FARM, s, MINUTES(2));
}

static enum refusal offers_to_nobody(struct world *w)
{
    commissioned(w);
    return world_say(w, FARM, kit_offer(UNIT, world_kid(w, STRANGER), ROLE_CUSTODIAN), MINUTES(2));
}

/* A device or an operator is no company: goods can't be handed to it. */
static enum refusal offers_to_operator(struct world *w)
{
    commissioned(w);
    return world_say(w, FARM, kit_offer(UNIT, world_kid(w, OPERATOR), ROLE_CUSTODIAN), MINUTES(2));
}

static enum refusal opens_with_stranger(struct world *w)
{
    commissioned(w);
    return world_say(
        w, FARM,
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, STRANGER), MINUTES(60)),
        MINUTES(2));
}

static enum refusal speaks_twice_at_one_seq(struct world *w)
{
    struct kit_signer before = w->by[FARM];
    commissioned(w);
    world_end(w);
    w->by[FARM] = before;
    return world_say(w, FARM, kit_product("09506000134352"), MINUTES(2));
}

/* ------------------------------------------------------------------ the table */

static const struct way {
    enum refusal code;
    enum refusal (*deserve)(struct world *w);
    const char *detail; /* in the verdict, for people */
} ways[] = {
    { REFUSED_CLONE, speaks_twice_at_one_seq, "" },
    { REFUSED_NOT_ALLOWED, device_commissions, "" },
    { REFUSED_NOT_ALLOWED, member_reads, "" },
    { REFUSED_NOT_ALLOWED, auditor_offers, "" },
    { REFUSED_NOT_ALLOWED, operator_enrols, "" },
    { REFUSED_NOT_ALLOWED, member_enrols_authority, "" },
    { REFUSED_NOT_ALLOWED, member_revokes_itself, "" },
    { REFUSED_NOT_ALLOWED, device_opens, "" },
    { REFUSED_NOT_ALLOWED, device_agrees, "" },
    { REFUSED_NOT_ALLOWED, auditor_names_product, "" },
    { REFUSED_NOT_ALLOWED, names_another_party, "" },
    { REFUSED_NO_RIGHT, reads_pressure, "property 3" },
    { REFUSED_UNKNOWN_ASSET, offers_nothing, NONE },
    { REFUSED_UNKNOWN_ASSET, attaches_to_nothing, "" },
    { REFUSED_UNKNOWN_ASSET, opens_for_nothing, NONE },
    { REFUSED_EXISTS, commissions_twice, UNIT },
    { REFUSED_EXISTS, revokes_twice, "" },
    { REFUSED_NOT_HOLDER, offers_anothers, UNIT },
    { REFUSED_NOT_HOLDER, custodian_sells, UNIT },
    { REFUSED_OFFER_OPEN, offers_twice, UNIT },
    { REFUSED_NO_SUCH_OFFER, accepts_no_offer, "" },
    { REFUSED_NO_SUCH_OFFER, accepts_twice, "" },
    { REFUSED_NOT_FOR_YOU, accepts_anothers, "" },
    { REFUSED_NOT_FOR_YOU, receiver_cancels, "" },
    { REFUSED_OFFER_DIFFERS, accepts_other_goods, "" },
    { REFUSED_OFFER_DIFFERS, accepts_other_role, "" },
    { REFUSED_KID_TAKEN, enrols_known_key, "" },
    { REFUSED_BAD_REQUEST, enrols_for_twin, "the request is for another ledger" },
    { REFUSED_BAD_REQUEST, enrols_for_another_sponsor, "the request names another sponsor" },
    { REFUSED_BAD_REQUEST, offers_to_itself, "an offer to oneself" },
    { REFUSED_NOT_YOUR_KEY, attaches_anothers_device, "" },
    { REFUSED_NOT_YOUR_KEY, revokes_anothers_key, "" },
    { REFUSED_ATTACHED_ELSEWHERE, attaches_twice, "" },
    { REFUSED_ATTACHED_ELSEWHERE, detaches_what_is_not, "" },
    { REFUSED_UNKNOWN_CONTRACT, opens_unknown_definition, "the ledger has no such contract" },
    { REFUSED_UNKNOWN_CONTRACT, opens_misnamed_definition, NULL },
    { REFUSED_UNKNOWN_CONTRACT, agrees_to_nothing, "" },
    { REFUSED_NOT_A_PARTY, opens_for_others, "" },
    { REFUSED_NOT_A_PARTY, outsider_agrees, "" },
    { REFUSED_AGREED_ALREADY, opener_agrees, "" },
    { REFUSED_EXPIRED, opens_in_the_past, "" },
    { REFUSED_EXPIRED, agrees_too_late, "" },
    { REFUSED_BAD_TERMS, opens_with_unknown_term, NULL },
    { REFUSED_BAD_TERMS, opens_without_party, NULL },
    { REFUSED_UNKNOWN_MEMBER, offers_to_nobody, "" },
    { REFUSED_UNKNOWN_MEMBER, offers_to_operator, "" },
    { REFUSED_UNKNOWN_MEMBER, opens_with_stranger, "" },
};
#define WAYS (sizeof ways / sizeof ways[0])

/* Who claims what another has is told of in three histories: of the goods, of the claimant, of the holder. */
static size_t told_of(enum refusal (*deserve)(struct world *))
{
    return deserve == commissions_twice || deserve == offers_anothers ? 3 : 0;
}

static void every_refusal_is_recorded(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        struct world *w = world_new();
        enum refusal code = ways[i].deserve(w);
        if (code != ways[i].code)
            fail_msg("way %zu: expected %s, found %s", i, refusal_name(ways[i].code),
                     refusal_name(code));
        world_end(w);
        if (ways[i].detail != NULL)
            assert_string_equal(w->detail, ways[i].detail);
        else
            assert_true(w->detail[0] != '\0');
        assert_int_equal(w->flags & FLAG_CLONE, code == REFUSED_CLONE ? FLAG_CLONE : 0);
        /* a refusal changes nothing */
        assert_int_equal(w->caused, code == REFUSED_CLONE ? 1 : told_of(ways[i].deserve));
        world_free(w);
    }
}

/* Codes of a contract's own actions: test_execute_contract*.c. Too much work: test_execute_rules_journey.c. */
static bool is_elsewhere(enum refusal code)
{
    return code == REFUSED_STEPS || code == REFUSED_WRONG_STATE || code == REFUSED_GUARD ||
           code >= REFUSED_NO_SUCH_ACTION;
}

static void no_recorded_code_is_left_out(void **state)
{
    (void)state;
    size_t n;
    const struct refusal_entry *all = refusal_all(&n);
    for (size_t i = 0; i < n; i++) {
        bool reached = is_elsewhere(all[i].code) || all[i].fate != FATE_FINAL;
        for (size_t k = 0; k < WAYS; k++)
            reached = reached || ways[k].code == all[i].code;
        if (!reached)
            fail_msg("no test reaches %s", all[i].name);
    }
}

/* What stays off the ledger: no outcome, no summary, no write. */
static void turned_away_leaves_no_trace(void **state)
{
    struct world *w = *state;
    struct buf out = buf_heap(STATEMENT_MAX);
    commissioned(w);
    world_end(w);
    size_t events = w->event_count;
    struct hash root = memory_state_root(w->state);
    struct kit_signer jumper = w->by[FARM], stranger = w->by[STRANGER];
    world_block(w, MINUTES(2));
    assert_int_equal(world_say(w, STRANGER, kit_product("09506000134352"), MINUTES(1)),
                     REFUSED_UNKNOWN_KEY);
    jumper.seq += UINT64_C(1) << 20;
    (void)kit_sign(&jumper, kit_product("09506000134352"), MINUTES(1), &out);
    assert_int_equal(world_say_bytes(w, buf_slice(&out)), REFUSED_JUMP);
    stranger.key.kid = *world_kid(w, FARM); /* a false name */
    buf_clear(&out);
    (void)kit_sign(&stranger, kit_product("09506000134352"), MINUTES(1), &out);
    assert_int_equal(world_say_bytes(w, buf_slice(&out)), REFUSED_BAD_SIGNATURE);
    struct kit_signer twin = w->by[FARM];
    twin.ledger = crypto_sha256(hash_slice(&w->id));
    buf_clear(&out);
    (void)kit_sign(&twin, kit_product("09506000134352"), MINUTES(1), &out);
    assert_int_equal(world_say_bytes(w, buf_slice(&out)), REFUSED_BAD_SIGNATURE);
    world_end(w);
    buf_free(&out);
    assert_int_equal(w->event_count, events);
    assert_int_equal(w->summary_count, 0);
    struct state_key parent = state_key_block(w->height - 1);
    memory_state_set(w->state, state_key_slice(&parent), (struct slice){ NULL, 0 });
    struct hash after = memory_state_root(w->state);
    assert_memory_equal(root.bytes, after.bytes, HASH_SIZE);
}

/* 10,000 units in one statement: each gets its entry, and one that exists refuses all of them. */
static void ten_thousand_units_at_once(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    assert_int_equal(world_say(w, FARM, kit_commission("01/09506000134352/21/u00009"), MINUTES(1)),
                     ACCEPTED);
    struct statement all = kit_commission_range("01/09506000134352/21/u", "00000", 10000);
    assert_int_equal(world_say(w, FARM, all, MINUTES(2)), REFUSED_EXISTS);
    assert_false(world_asset(w, "01/09506000134352/21/u00000", &a));
    assert_string_equal(w->detail, "01/09506000134352/21/u00009");
    all = kit_commission_range("01/09506000134352/21/v", "00000", 200);
    assert_int_equal(world_say(w, FARM, all, MINUTES(3)), ACCEPTED);
    assert_true(world_asset(w, "01/09506000134352/21/v00000", &a));
    assert_true(world_asset(w, "01/09506000134352/21/v00199", &a));
    assert_int_equal(a.events, 1);
    assert_true(kid_equal(&a.owner, world_kid(w, FARM)));
    assert_false(world_asset(w, "01/09506000134352/21/v00200", &a));
}

/* Offers of 10,000 units, cancelled at once: a block stops taking them, the next one goes on. */
static void a_block_holds_only_so_much(void **state)
{
    struct world *w = *state;
    static uint8_t memory[128];
    struct buf b = buf_fixed(memory, sizeof memory);
    struct statement st = { .kind = KIND_CUSTODY };
    enum refusal code =
        world_say(w, FARM, kit_commission_range("u", "00000", ASSET_SET_MAX), MINUTES(1));
    assert_int_equal(code, ACCEPTED);
    st.as.custody.assets = asset_set_range("u", "00000", ASSET_SET_MAX, &b);
    st.as.custody.to = *world_kid(w, CARRIER);
    world_block(w, MINUTES(2));
    for (size_t i = 0; i < 200 && code == ACCEPTED; i++) {
        st.as.custody.action = i % 2 == 0 ? CUSTODY_OFFER : CUSTODY_CANCEL;
        st.as.custody.offer = w->last;
        code = world_say(w, FARM, st, MINUTES(2));
    }
    assert_int_equal(code, REFUSED_BUSY);
    world_block(w, MINUTES(3));
    assert_int_equal(world_say(w, FARM, kit_product("09506000134352"), MINUTES(3)), ACCEPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_is_recorded),
        cmocka_unit_test(no_recorded_code_is_left_out),
        cmocka_unit_test_setup_teardown(turned_away_leaves_no_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_units_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_block_holds_only_so_much, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
