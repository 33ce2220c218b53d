/* Statements to contracts: calls, documents, scans, openings that replace and name holders, and their limits. */
#include "tests/support/contract_kit.h"
#include "tests/support/statements.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct hash opening = { { 7, 7, 7 } }, ledger = { { 9 } };
static uint8_t bytes_memory[STATEMENT_MAX], payload_memory[STATEMENT_MAX];

/* Signed, decoded, and encoded again to the same payload. */
static struct statement round_trip(struct statement draft)
{
    static struct buf bytes, payload;
    struct key_pair farm = kit_pair("farm");
    struct kit_signer signer;
    struct statement s;
    struct err err = { .msg = "" };
    bytes = buf_fixed(bytes_memory, sizeof bytes_memory);
    payload = buf_fixed(payload_memory, sizeof payload_memory);
    kit_signer_begin(&signer, &farm, &ledger);
    (void)kit_sign(&signer, draft, KIT_T0, &bytes);
    if (!statement_decode(buf_slice(&bytes), &s, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(s.kind, draft.kind);
    statement_put_payload(&payload, &s);
    assert_true(slice_equal(buf_slice(&payload), s.cose.payload));
    return s;
}

static void assert_slice(struct slice got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.data, want, got.len);
}

static void calls_say_what_was_said(void **state)
{
    (void)state;
    struct kid kid = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
    struct kit_argument all[] = {
        kit_text("reason", "dented"),
        kit_bool("urgent", true),
        kit_int("count", -3),
        kit_bytes("to", kid_slice(&kid)),
        kit_bytes("paper", hash_slice(&ledger)),
        kit_quantity("amount", 1250, -2, "EUR"),
        kit_nothing("note"),
    };
    struct statement s = round_trip(kit_call(&opening, "hold", all, 7, KIT_UNIT));
    const struct call *c = &s.as.call;
    struct slice text;
    assert_true(hash_equal(&c->opening, &opening));
    assert_slice(c->action, "hold");
    assert_true(c->has_assets);
    assert_int_equal(c->assets.count, 1);
    assert_true(call_text(c, "reason", &text));
    assert_slice(text, "dented");
    assert_false(call_text(c, "urgent", &text)); /* no text */
    assert_false(call_text(c, "reasons", &text));
    s = round_trip(kit_call(&opening, "complete", NULL, 0, NULL));
    assert_false(s.as.call.has_assets);
    assert_slice(s.as.call.arguments, "\xa0");
    assert_false(call_text(&s.as.call, "reason", &text));
}

static void documents_and_scans_say_what_was_said(void **state)
{
    (void)state;
    struct statement draft = kit_document(&opening, "bill of lading", slice_text("paper"), NULL);
    struct hash paper = crypto_sha256(slice_text("paper"));
    draft.as.document.media = slice_text("application/pdf");
    struct statement s = round_trip(draft);
    assert_slice(s.as.document.name, "bill of lading");
    assert_true(hash_equal(&s.as.document.hash, &paper));
    assert_int_equal(s.as.document.size, 5);
    assert_slice(s.as.document.media, "application/pdf");
    assert_false(s.as.document.has_assets);
    s = round_trip(kit_document(&opening, "certificate", slice_text(""), KIT_UNIT));
    assert_int_equal(s.as.document.assets.count, 1);
    assert_int_equal(s.as.document.media.len, 0);
    s = round_trip(kit_scan(KIT_UNIT, "9506000134352", "seal intact"));
    assert_slice(s.as.scan.place, "9506000134352");
    assert_slice(s.as.scan.note, "seal intact");
    s = round_trip(kit_scan(KIT_UNIT, NULL, NULL));
    assert_int_equal(s.as.scan.place.len + s.as.scan.note.len, 0);
    assert_int_equal(s.as.scan.assets.count, 1);
}

static void openings_replace_and_name_holders(void **state)
{
    (void)state;
    struct kid a = { { 1 } }, b = { { 2 } };
    struct kit_party parties[] = { { "sender", a }, { "to", b } };
    struct kit_party holders[] = { { "driver", b }, { "quality officer", a }, { "driver", a } };
    struct kit_opening o = { .definition = slice_text("compiled"),
                             .asset = KIT_UNIT,
                             .parties = parties,
                             .party_count = 2,
                             .holders = holders,
                             .holder_count = 3,
                             .expires_ms = KIT_T0,
                             .replaces = &opening };
    struct statement s = round_trip(kit_open_with(&o));
    assert_true(s.as.open.has_replaces);
    assert_true(hash_equal(&s.as.open.replaces, &opening));
    struct cbor_reader r = cbor_reader(s.as.open.holders);
    assert_int_equal(cbor_take_map(&r), 2);
    assert_slice(cbor_take_text(&r, 1, 200), "driver");
    assert_int_equal(cbor_take_array(&r), 2);
    struct kid first = kid_take(&r), second = kid_take(&r);
    assert_true(kid_equal(&first, &a)); /* rising, whatever order they were given in */
    assert_true(kid_equal(&second, &b));
    o.holder_count = 0;
    o.replaces = NULL;
    o.known = true;
    s = round_trip(kit_open_with(&o));
    assert_false(s.as.open.has_replaces);
    assert_int_equal(s.as.open.holders.len + s.as.open.compiled.len, 0);
}

/* ------------------------------------------------------------------ malformed */

/* A payload of this kind whose fields from key 5 on are these bytes, `pairs` of them. */
static bool decodes(unsigned kind, size_t pairs, const void *fields, size_t len)
{
    static uint8_t memory[STATEMENT_MAX];
    struct buf b = buf_fixed(memory, sizeof memory);
    struct statement s;
    struct err err = { .msg = "" };
    cbor_put_map(&b, 4 + pairs);
    cbor_put_int(&b, 0);
    cbor_put_uint(&b, kind);
    cbor_put_int(&b, 1);
    cbor_put_uint(&b, 1);
    cbor_put_int(&b, 2);
    cbor_put_bytes(&b, slice_of(ledger.bytes, HALF_SIZE));
    cbor_put_int(&b, 3);
    cbor_put_uint(&b, KIT_T0);
    buf_add(&b, fields, len);
    bool good = statements_decode(buf_slice(&b), &s, &err);
    assert_true(good || err.msg[0] != '\0');
    return good;
}

struct some_fields {
    uint8_t memory[STATEMENT_MAX - 1024];
    struct buf b;
};

static struct some_fields *call_up_to_arguments(const char *action)
{
    static struct some_fields f;
    f.b = buf_fixed(f.memory, sizeof f.memory);
    cbor_put_int(&f.b, 5);
    cbor_put_bytes(&f.b, hash_slice(&opening));
    cbor_put_int(&f.b, 6);
    cbor_put_text(&f.b, slice_text(action));
    cbor_put_int(&f.b, 7);
    return &f;
}

static bool call_with(const char *action, struct slice arguments)
{
    struct some_fields *f = call_up_to_arguments(action);
    buf_add_slice(&f->b, arguments);
    return decodes(KIND_CALL, 3, f->memory, f->b.len);
}

static void arguments_have_forms_and_no_others(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        size_t len;
        bool good;
    } cases[] = {
        { "\xa0", 1, true },
        { "\xa1\x61x\xf6", 4, true },
        { "\xa1\x61x\xf5", 4, true },
        { "\xa1\x61x\x20", 4, true },
        { "\xa1\x61x\x60", 4, true },
        { "\xa1\x61x\x48\x01\x02\x03\x04\x05\x06\x07\x08", 12, true },
        { "\xa1\x61x\x47\x01\x02\x03\x04\x05\x06\x07", 11, false }, /* 7 bytes */
        { "\xa1\x61x\x40", 4, false },
        { "\xa1\x61x\x83\x01\x20\x63"
          "Cel",
          10, true },
        { "\xa1\x61x\x83\x01\x29\x63"
          "Cel",
          10, false }, /* exponent -10 */
        { "\xa1\x61x\x80", 4, true },
        { "\xa1\x61x\x82\x01\x02", 6, true },
        { "\xa1\x61x\x82\x61\x61\x61\x62", 8, true },
        { "\xa1\x61x\x82\x01\x61\x62", 7, false }, /* mixed */
        { "\xa1\x61x\x81\xf6", 5, false },
        { "\xa1\x61x\xa0", 4, false },
        { "\xa1\x60\xf6", 3, false },           /* a name without letters */
        { "\xa1\x01\xf6", 3, false },           /* a number for a name */
        { "\xa2\x61y\xf6\x61x\xf6", 7, false }, /* not in order */
        { "\xa2\x61x\xf6\x61x\xf6", 7, false }, /* twice */
        { "\x80", 1, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (call_with("do", slice_of(cases[i].map, cases[i].len)) != cases[i].good)
            fail_msg("case %zu: wrongly %s", i, cases[i].good ? "refused" : "accepted");
}

static struct slice many_arguments(size_t n)
{
    static uint8_t memory[1024];
    struct buf b = buf_fixed(memory, sizeof memory);
    cbor_put_map(&b, n);
    for (size_t i = 0; i < n; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "a%02zu", i);
        cbor_put_text(&b, slice_text(name));
        cbor_put_null(&b);
    }
    return buf_slice(&b);
}

static struct slice one_text(size_t name, size_t text)
{
    static uint8_t memory[8192];
    static char letters[CALL_TEXT_MAX + 2];
    struct buf b = buf_fixed(memory, sizeof memory);
    memset(letters, 'x', sizeof letters);
    cbor_put_map(&b, 1);
    cbor_put_text(&b, slice_of(letters, name));
    cbor_put_text(&b, slice_of(letters, text));
    return buf_slice(&b);
}

static void sizes_of_a_call_are_bounded(void **state)
{
    (void)state;
    char name[CALL_ACTION_MAX + 2];
    memset(name, 'n', sizeof name);
    name[CALL_ACTION_MAX + 1] = '\0';
    assert_false(call_with(name, slice_text("\xa0")));
    name[CALL_ACTION_MAX] = '\0';
    assert_true(call_with(name, slice_text("\xa0")));
    assert_false(call_with("", slice_text("\xa0")));
    assert_true(call_with("do", many_arguments(CALL_ARGUMENTS_MAX)));
    assert_false(call_with("do", many_arguments(CALL_ARGUMENTS_MAX + 1)));
    assert_true(call_with("do", one_text(200, CALL_TEXT_MAX)));
    assert_false(call_with("do", one_text(201, 1)));
    assert_false(call_with("do", one_text(1, CALL_TEXT_MAX + 1)));
}

static void keys_beyond_those_known_are_refused(void **state)
{
    (void)state;
    struct some_fields *f = call_up_to_arguments("do");
    cbor_put_map(&f->b, 0);
    assert_true(decodes(KIND_CALL, 3, f->memory, f->b.len));
    assert_false(decodes(13, 3, f->memory, f->b.len)); /* kinds that are not there yet */
    assert_false(decodes(14, 3, f->memory, f->b.len));
    assert_false(decodes(17, 3, f->memory, f->b.len));
    cbor_put_int(&f->b, 9);
    cbor_put_uint(&f->b, 0);
    assert_false(decodes(KIND_CALL, 4, f->memory, f->b.len));
    assert_false(decodes(KIND_CALL, 2, f->memory, f->b.len - 3)); /* no arguments at all */
}

/* The holders of an opening, under key 12 of a vector's. */
static bool holds(struct slice holders)
{
    static const uint8_t key = 12;
    struct statement s;
    return statements_decode(statements_edit("contract open", slice_of(&key, 1), holders), &s,
                             NULL);
}

static struct slice holder_map(size_t roles, size_t kids, bool rising)
{
    static uint8_t memory[32768];
    struct buf b = buf_fixed(memory, sizeof memory);
    cbor_put_map(&b, roles);
    for (size_t i = 0; i < roles; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "r%02zu", i);
        cbor_put_text(&b, slice_text(name));
        cbor_put_array(&b, kids);
        for (size_t k = 0; k < kids; k++) {
            struct kid kid = { { 0 } };
            kid.bytes[7] = (uint8_t)(rising ? k : 0);
            kid_put(&b, &kid);
        }
    }
    return buf_slice(&b);
}

static void holders_rise_and_are_bounded(void **state)
{
    (void)state;
    static const uint8_t key = 11;
    struct statement s;
    assert_true(holds(holder_map(1, 1, true)));
    assert_true(holds(holder_map(OPEN_HOLDERS_MAX, OPEN_HOLDER_KIDS, true)));
    assert_false(holds(holder_map(OPEN_HOLDERS_MAX + 1, 1, true)));
    assert_false(holds(holder_map(1, OPEN_HOLDER_KIDS + 1, true)));
    assert_false(holds(holder_map(0, 0, true)));
    assert_false(holds(holder_map(1, 0, true)));
    assert_false(holds(holder_map(1, 2, false))); /* the same twice */
    assert_false(statements_decode(
        statements_edit("contract open", slice_of(&key, 1), slice_text("\x41x")), &s, NULL));
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_say_what_was_said),
        cmocka_unit_test(documents_and_scans_say_what_was_said),
        cmocka_unit_test(openings_replace_and_name_holders),
        cmocka_unit_test(arguments_have_forms_and_no_others),
        cmocka_unit_test(sizes_of_a_call_are_bounded),
        cmocka_unit_test(keys_beyond_those_known_are_refused),
        cmocka_unit_test(holders_rise_and_are_bounded),
    };
    return cmocka_run_group_tests_name("statement_contract", tests, set_up, NULL);
}
