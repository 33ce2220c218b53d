#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/hex.h"
#include "node/provenance.h"
#include "node/read_model_parts.h"
#include "tests/unit/support_ledger.h"
#include "tests/unit/support_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE 60000
#define AT(h)  (LEDGER_T0 + (uint64_t)((h)*60) * MINUTE)

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

static void test_journey_fills_the_tables(void **state)
{
    (void)state;
    struct ledger *l = ledger_new(false);
    char carrier[2 * KID_SIZE + 1], device[2 * KID_SIZE + 1], sql[256];
    (void)ledger_journey(l);
    hex_encode(kid_slice(&l->device.kid), device);
    struct store *s = l->store;
    hex_encode(kid_slice(&l->carrier.kid), carrier);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM asset"), 1);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM asset_history WHERE what = 1"), 24);
    assert_int_equal(
        rows_number(s, "SELECT count(*) FROM custody_intervals WHERE role = 'custodian'"), 3);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM custody_intervals WHERE role = 'owner'"),
                     1);
    (void)snprintf(sql, sizeof sql,
                   "SELECT until_ms - since_ms FROM custody_intervals WHERE member = '%s'",
                   carrier);
    assert_int_equal(rows_number(s, sql), 500 * MINUTE);
    rows_expect(s, "SELECT since FROM custody_intervals WHERE until IS NULL AND role = 'custodian'",
                "2026-06-01T18:40:00.000Z");
    assert_int_equal(rows_number(s, "SELECT seconds FROM excursions"), 3600);
    assert_int_equal(rows_number(s, "SELECT peak FROM excursions"), 910);
    assert_int_equal(
        rows_number(s, "SELECT mean FROM excursions WHERE certain AND mean_exponent = -3"), 8650);
    rows_expect(s, "SELECT rule_name FROM excursions WHERE acknowledged_ms IS NULL", "too warm");
    rows_expect(s, "SELECT device FROM charges LIMIT 1", device);
    (void)snprintf(sql, sizeof sql, "SELECT seconds FROM charges WHERE member = '%s'", carrier);
    assert_int_equal(rows_number(s, sql), 2400);
    rows_expect(s, "SELECT name FROM products WHERE gtin = '09506000134352'",
                "Measles vaccine, 10 doses");
    rows_expect(s, "SELECT status FROM contracts", "in force");
    assert_int_equal(rows_number(s, "SELECT class FROM keys WHERE name = 'logger 1'"),
                     CLASS_DEVICE);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM keys"), 5);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM attachments WHERE until_ms IS NULL"), 1);
    ledger_free(l);
}

/* Every further fact an event can bring: sets, revisions, lapses, revocations, detachment, gaps. */
static void add_the_rest(struct ledger *l, const struct hash *opening)
{
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = asset_set_range("01/09506000134352/21/R", "0001", 500, &set);
    (void)ledger_add(l, &l->farm, AT(25), s);
    ledger_event_raw(l, EVENT_COMMISSIONED, s.as.commission.assets.raw, AT(25), "k", &l->farm.kid);
    s = (struct statement){ .kind = KIND_ATTACH };
    s.as.attach = (struct attach){ l->device.kid, slice_text(LEDGER_UNIT), true };
    (void)ledger_add(l, &l->clinic, AT(25) + 1, s);
    ledger_event(l, EVENT_DETACHED, LEDGER_UNIT, AT(25) + 1, "k", &l->device.kid);
    ledger_event(l, EVENT_REVISION, LEDGER_UNIT, AT(25) + 1, "uuhkb", UINT64_C(0), AT(4), opening,
                 &l->device.kid, 0);
    ledger_event(l, EVENT_CHARGED, LEDGER_UNIT, AT(25) + 1, "unuuhk", UINT64_C(0), UINT64_C(600),
                 AT(4), opening, &l->device.kid);
    s = (struct statement){ .kind = KIND_REVOKE };
    s.as.revoke = (struct revoke){ .key = l->device.kid, .from_ms = AT(20), .last_good_seq = 7 };
    (void)ledger_add(l, &l->farm, AT(25) + 2, s);
    ledger_event_bytes(l, EVENT_REVOKED, kid_slice(&l->device.kid), AT(25) + 2, "uu", AT(20),
                       UINT64_C(7));
    ledger_event_bytes(l, EVENT_LAPSED, hash_slice(opening), AT(25) + 2, "");
    ledger_event(l, EVENT_GAP, LEDGER_UNIT, AT(25) + 2, "uu", UINT64_C(3), UINT64_C(4));
    ledger_event(l, (enum event_what)99, LEDGER_UNIT, AT(25) + 2, "t", "of a later version");
    ledger_event(l, EVENT_PASSED, LEDGER_UNIT, AT(25) + 2, "t", "misfit");
    ledger_seal(l, AT(26));
}

static void test_revision_and_revocation(void **state)
{
    (void)state;
    struct ledger *l = ledger_new(false);
    struct hash opening = ledger_journey(l);
    add_the_rest(l, &opening);
    struct store *s = l->store;
    assert_int_equal(rows_number(s, "SELECT sum(seconds) FROM charges"), 600);
    assert_int_equal(
        rows_number(s, "SELECT count(*) FROM charges WHERE member IS NULL OR member = ''"), 1);
    assert_int_equal(rows_number(s, "SELECT revisions FROM excursions"), 1);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM asset"), 501);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM custody_intervals"), 4 + 1000);
    rows_expect(s, "SELECT status FROM contracts", "lapsed");
    assert_int_equal(rows_number(s, "SELECT last_good_seq FROM keys WHERE revoked_ms IS NOT NULL"),
                     7);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM attachments WHERE until_ms IS NULL"), 0);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM asset_history WHERE what = 99"), 1);
    ledger_free(l);
}

/* A contract's whole life by events: called, moved on, documented, acknowledged, added back, ended. */
static void live(struct ledger *l, const struct hash *opening)
{
    struct statement s = { .kind = KIND_CALL };
    struct hash paper = crypto_sha256(slice_text("bill of lading"));
    uint64_t t = AT(28);
    s.as.call = (struct call){ .opening = *opening, .action = slice_text("acknowledge") };
    struct hash call = ledger_add(l, &l->farm, t, s);
    ledger_event(l, EVENT_CALLED, LEDGER_UNIT, t, "htk", opening, "acknowledge", &l->farm.kid);
    ledger_event(l, EVENT_ACKNOWLEDGED, LEDGER_UNIT, t, "uuhk", UINT64_C(0), AT(4), opening,
                 &l->device.kid);
    ledger_event_raw(l, EVENT_STATE, slice_of("\x81\x78\x1a" LEDGER_UNIT, 29), t, "huut", opening,
                     UINT64_C(0), UINT64_C(1), "ship");
    ledger_event(l, EVENT_DOCUMENT, LEDGER_UNIT, t, "hth", opening, "bill of lading", &paper);
    ledger_event(l, EVENT_ADDED_BACK, LEDGER_UNIT, t, "htuh", opening, "room", UINT64_C(90000),
                 &call);
    ledger_event(l, EVENT_ADDED_BACK, LEDGER_UNIT, t, "htuh", opening, "cold", UINT64_C(60000),
                 &call);
    ledger_event(l, EVENT_ADD_BACK_UNDONE, LEDGER_UNIT, t + 1, "htuh", opening, "room",
                 UINT64_C(90000), &call);
    ledger_event(l, EVENT_SCANNED, LEDGER_UNIT, t, "kn", &l->clinic.kid);
    ledger_event(l, EVENT_SCANNED, LEDGER_UNIT, t, "kt", &l->clinic.kid, "9506000134352");
    ledger_event(l, EVENT_NOT_JUDGED, LEDGER_UNIT, t, "kuuh", &l->device.kid, AT(1), AT(2),
                 opening);
    ledger_event(l, EVENT_FINISHED, LEDGER_UNIT, t + 2, "hu", opening, UINT64_C(2));
    ledger_seal(l, t + 3);
}

static void test_a_contracts_life_fills_the_tables(void **state)
{
    (void)state;
    struct ledger *l = ledger_new(false);
    struct hash opening = ledger_journey(l);
    live(l, &opening);
    struct store *s = l->store;
    rows_expect(s, "SELECT action FROM contract_calls WHERE asset = '" LEDGER_UNIT "'",
                "acknowledge");
    assert_int_equal(rows_number(s, "SELECT acknowledged_ms FROM excursions"), (int64_t)AT(28));
    assert_int_equal(
        rows_number(s, "SELECT acknowledged_leaf = leaf FROM excursions, contract_calls"), 1);
    assert_int_equal(rows_number(s, "SELECT to_state FROM contract_states WHERE asset IS NULL"), 1);
    rows_expect(s, "SELECT by FROM contract_states", "ship");
    assert_int_equal(rows_number(s, "SELECT state FROM contracts"), 1);
    assert_int_equal(rows_number(s, "SELECT length(hash) FROM contract_documents"), 64);
    assert_int_equal(rows_number(s, "SELECT sum(seconds) FROM add_backs WHERE undone_ms IS NULL"),
                     60);
    assert_int_equal(rows_number(s, "SELECT undone_ms FROM add_backs WHERE budget = 'room'"),
                     (int64_t)AT(28) + 1);
    rows_expect(s, "SELECT place FROM scans WHERE n = 1", "9506000134352");
    assert_int_equal(rows_number(s, "SELECT count(*) FROM scans WHERE place IS NULL"), 1);
    assert_int_equal(rows_number(s, "SELECT last_ms - first_ms FROM unjudged_readings"),
                     60 * MINUTE);
    rows_expect(s, "SELECT status FROM contracts", "finished");
    rows_expect(s, "SELECT ending FROM contracts", "failure");
    struct err err = { 0 }; /* taken up again: in a state that ends nothing */
    expect(db_exec(s->db,
                   "INSERT INTO definition_name SELECT definition, 1, 1, 'again', 0"
                   " FROM contract",
                   &err),
           &err);
    rows_expect(s, "SELECT status FROM contracts", "in force");
    rows_expect(s, "SELECT state_name FROM contracts WHERE ending IS NULL", "again");
    expect(db_exec(s->db, "DELETE FROM definition_name WHERE kind = 1", &err), &err);
    struct hash next = crypto_sha256(slice_text("next"));
    (void)ledger_add_readings(l, AT(29), (const int[]){ 500 }, 1);
    ledger_event(l, EVENT_REPLACED, LEDGER_UNIT, AT(29), "hh", &opening, &next);
    ledger_event(l, EVENT_REVISION, LEDGER_UNIT, AT(29), "uuhkb", UINT64_C(0), AT(4), &opening,
                 &l->device.kid, 1);
    ledger_seal(l, AT(29));
    rows_expect(s, "SELECT status FROM contracts", "replaced");
    assert_int_equal(rows_number(s, "SELECT length(replaced_by) FROM contracts"), 64);
    assert_int_equal(rows_number(s, "SELECT count(*) FROM excursions"), 0); /* it was void */
    assert_int_equal(rows_number(s, "SELECT count(*) FROM charges"), 0);
    ledger_free(l);
}

/* A file of the first schema: its read model has other tables, and is made anew at the first start. */
static void test_an_older_schema_is_migrated(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(true);
    struct hash before, after;
    struct hash opening = ledger_journey(l);
    live(l, &opening);
    expect(read_model_digest(l->store, &before, &err), &err);
    expect(db_exec(l->store->db,
                   "DROP VIEW excursions; DROP TABLE excursion; DROP TABLE definition_name;"
                   "CREATE TABLE excursion (asset INTEGER); DROP TABLE vote; DROP TABLE candidate;"
                   "DROP TABLE set_change; PRAGMA user_version = 1",
                   &err),
           &err);
    ledger_reopen(l);
    expect(read_model_digest(l->store, &after, &err), &err);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(rows_number(l->store, "SELECT count(*) FROM excursions"), 1);
    bool due = true;
    expect(read_model_is_due(l->store->db, &due, &err), &err);
    assert_false(due);
    ledger_free(l);
}

static void test_rebuild_is_byte_equal(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(true);
    struct hash before, changed, after;
    struct hash opening = ledger_journey(l);
    add_the_rest(l, &opening);
    live(l, &opening);
    expect(read_model_digest(l->store, &before, &err), &err);
    expect(db_exec(l->store->db, "UPDATE charge SET seconds = 1", &err), &err);
    expect(read_model_digest(l->store, &changed, &err), &err);
    assert_false(hash_equal(&before, &changed));
    expect(read_model_rebuild(l->store, &err), &err);
    expect(read_model_digest(l->store, &after, &err), &err);
    assert_true(hash_equal(&before, &after));
    (void)ledger_add_readings(l, AT(29), (const int[]){ 500 }, 1); /* and it goes on */
    ledger_event(l, EVENT_RECORDED, LEDGER_UNIT, AT(29), "kuu", &l->device.kid, AT(29), AT(29));
    ledger_seal(l, AT(29));
    ledger_reopen(l);
    assert_int_equal(rows_number(l->store, "SELECT count(*) FROM asset_history WHERE what = 1"),
                     25);
    ledger_free(l);
}

/* ------------------------------------------------------------------ questions */

static bool add_to_journey(void *ctx, const struct asset_event *e)
{
    provenance_add(ctx, e->what, e->time_ms, e->data);
    return true;
}

static bool count_name(void *ctx, struct slice name)
{
    assert_true(name.len > 0);
    ++*(unsigned *)ctx;
    return true;
}

static void test_questions(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct provenance *p = calloc(1, sizeof *p);
    struct hash opening = ledger_journey(l);
    char name[READ_MODEL_NAME + 1];
    struct product_facts product;
    struct place_facts place;
    int64_t id = 0;
    uint64_t count = 0;
    unsigned names = 0;
    add_the_rest(l, &opening);
    expect(read_model_find_asset(l->store, slice_text(LEDGER_UNIT), &id, &err), &err);
    expect(read_model_event_count(l->store, id, &count, &err), &err);
    provenance_begin(p);
    for (uint64_t from = 0; from < count; from += 7)
        expect(read_model_events(l->store, id, (struct read_model_page){ from, 7 }, add_to_journey,
                                 p, &err),
               &err);
    assert_int_equal(p->events, count);
    assert_int_equal(p->packs, 24);
    assert_false(read_model_find_asset(l->store, slice_text("01/09506000134352/21/NO"), &id, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    expect(read_model_assets(l->store, slice_text("01/09506000134352/21/R0400"), 200, count_name,
                             &names, &err),
           &err);
    assert_int_equal(names, 100);
    read_model_member_name(l->store, &l->carrier.kid, name);
    assert_string_equal(name, "Carrier B, Lyon"); /* its own word over the genesis's */
    read_model_member_name(l->store, &l->clinic.kid, name);
    assert_string_equal(name, "Clinic C");
    struct kid stranger = { { 1, 2, 3, 4, 5, 6, 7, 8 } }, member;
    read_model_member_name(l->store, &stranger, name);
    assert_string_equal(name, "0102030405060708");
    assert_true(read_model_key_member(l->store, &l->device.kid, &member));
    assert_true(kid_equal(&member, &l->farm.kid));
    assert_false(read_model_key_member(l->store, &stranger, &member));
    assert_true(read_model_product(l->store, slice_text("09506000134352"), &product));
    assert_string_equal(product.brand, "Immuna");
    assert_false(read_model_product(l->store, slice_text("09506000134353"), &product));
    assert_false(read_model_place(l->store, slice_text("9506000134352"), &place));
    free(p);
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journey_fills_the_tables),
        cmocka_unit_test(test_revision_and_revocation),
        cmocka_unit_test(test_a_contracts_life_fills_the_tables),
        cmocka_unit_test(test_an_older_schema_is_migrated),
        cmocka_unit_test(test_rebuild_is_byte_equal),
        cmocka_unit_test(test_questions),
    };
    return cmocka_run_group_tests_name("read_model", tests, NULL, NULL);
}
