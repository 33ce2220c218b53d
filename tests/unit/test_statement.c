/* Statements (common/statement and each kind's file): every statement of the vectors, byte for byte. */
#include "common/hex.h"
#include "common/statement.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNIT "01/04012345678901/21/000001"

static uint8_t scratch_memory[STATEMENT_MAX + COSE_SIG_ROOM];
static uint8_t out_memory[STATEMENT_MAX + COSE_SIG_ROOM];

static const struct {
    const char *name;
    const char *signer;
    enum statement_kind kind;
} vectors[] = {
    { "enrol", "farm", KIND_ENROL },
    { "product", "farm", KIND_PRODUCT },
    { "place", "clinic", KIND_PLACE },
    { "party", "clinic", KIND_PARTY },
    { "commission", "farm", KIND_COMMISSION },
    { "attach", "farm", KIND_ATTACH },
    { "reading 12 samples T+H anchor", "device 1", KIND_READING },
    { "reading 12 samples T+H no anchor", "device 1", KIND_READING },
    { "reading 1 sample T", "device 1", KIND_READING },
    { "reading irregular with nulls", "device 1", KIND_READING },
    { "reading 60 samples T+H", "device 1", KIND_READING },
    { "reading 60 samples T", "device 1", KIND_READING },
    { "custody offer", "farm", KIND_CUSTODY },
    { "custody accept", "carrier", KIND_CUSTODY },
    { "revoke", "carrier", KIND_REVOKE },
    { "contract open", "farm", KIND_OPEN },
    { "agree", "clinic", KIND_AGREE },
    { "custody offer 10,000 units", "farm", KIND_CUSTODY },
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

static struct statement decoded(struct slice bytes)
{
    struct statement s;
    struct err err = { 0 };
    if (!statement_decode(bytes, &s, &err))
        fail_msg("refused: %s", err.msg);
    return s;
}

static bool verifies(const struct statement *s, const struct key_pair *key,
                     const struct hash *ledger)
{
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    return statement_verify(s, key->pub, ledger, &scratch);
}

static void assert_text(struct slice got, const char *want)
{
    assert_true(slice_equal(got, slice_text(want)));
}

static void every_vector_decodes_and_verifies(void **state)
{
    (void)state;
    struct hash ledger = vectors_ledger();
    for (size_t i = 0; i < VECTORS; i++) {
        struct slice bytes = vectors_bytes(vectors[i].name);
        struct key_pair key = vectors_key(vectors[i].signer);
        struct statement s = decoded(bytes);
        struct hash hash = crypto_sha256(bytes);
        assert_int_equal(s.kind, vectors[i].kind);
        assert_int_equal(s.cose.type, COSE_STATEMENT);
        assert_true(hash_equal(&s.hash, &hash));
        assert_true(kid_equal(&s.kid, &key.kid));
        if (!verifies(&s, &key, &ledger))
            fail_msg("%s: the signature does not hold", vectors[i].name);
    }
}

static void every_vector_is_signed_again_to_the_same_bytes(void **state)
{
    (void)state;
    struct hash ledger = vectors_ledger();
    for (size_t i = 0; i < VECTORS; i++) {
        struct slice bytes = vectors_bytes(vectors[i].name);
        struct key_pair key = vectors_key(vectors[i].signer);
        struct statement s = decoded(bytes);
        struct hash hash;
        struct err err = { 0 };
        struct buf out = buf_fixed(out_memory, sizeof out_memory);
        statement_put_payload(&out, &s);
        if (!slice_equal(buf_slice(&out), s.cose.payload))
            fail_msg("%s: another payload", vectors[i].name);
        buf_clear(&out);
        if (!statement_sign(&s, &key, &ledger, &out, &hash, &err))
            fail_msg("%s: %s", vectors[i].name, err.msg);
        if (!slice_equal(buf_slice(&out), bytes))
            fail_msg("%s: other bytes", vectors[i].name);
        assert_true(hash_equal(&hash, &s.hash));
    }
}

/* Those whose bytes statement_sign() does not make, or whose signer's seed is not given. */
static void other_statements_encode_to_the_same_payload(void **state)
{
    (void)state;
    static const char *const names[] = { "SCITT commission", "four: statement" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct statement s = decoded(vectors_bytes(names[i]));
        struct buf out = buf_fixed(out_memory, sizeof out_memory);
        assert_int_equal(s.kind, KIND_COMMISSION);
        statement_put_payload(&out, &s);
        assert_true(slice_equal(buf_slice(&out), s.cose.payload));
    }
}

static void the_statement_hash_is_that_of_the_vectors(void **state)
{
    (void)state;
    struct statement s = decoded(vectors_bytes("reading 12 samples T+H anchor"));
    struct hash want = vectors_hash("statement hash of it");
    assert_true(hash_equal(&s.hash, &want));
    struct statement second = decoded(vectors_bytes("reading 12 samples T+H no anchor"));
    struct hash ledger = vectors_ledger();
    assert_memory_equal(s.link.prev, ledger.bytes, HALF_SIZE); /* a key's first statement */
    assert_memory_equal(second.link.prev, s.hash.bytes, HALF_SIZE);
    assert_true(s.link.seq == 1 && second.link.seq == 2);
    assert_true(s.link.anchor.present && s.link.anchor.height == 1);
    struct hash block = crypto_sha256(vectors_bytes("header 1"));
    assert_memory_equal(s.link.anchor.hash, block.bytes, ANCHOR_HASH_SIZE);
    assert_false(second.link.anchor.present);
}

/* ------------------------------------------------------------------ fields of each kind */

static void custody_says_what_was_said(void **state)
{
    (void)state;
    struct statement offer = decoded(vectors_bytes("custody offer"));
    struct statement accept = decoded(vectors_bytes("custody accept"));
    struct key_pair carrier = vectors_key("carrier");
    assert_int_equal(offer.as.custody.action, CUSTODY_OFFER);
    assert_int_equal(offer.as.custody.role, ROLE_CUSTODIAN);
    assert_true(kid_equal(&offer.as.custody.to, &carrier.kid));
    assert_int_equal(offer.as.custody.condition.len, 0);
    assert_int_equal(accept.as.custody.action, CUSTODY_ACCEPT);
    assert_true(hash_equal(&accept.as.custody.offer, &offer.hash));
    assert_true(slice_equal(accept.as.custody.assets.raw, offer.as.custody.assets.raw));
    assert_text(accept.as.custody.condition, "seal intact");
    assert_true(accept.link.time_ms == UINT64_C(1767232600500));
    assert_int_equal(decoded(vectors_bytes("custody offer 10,000 units")).as.custody.assets.count,
                     10000);
}

static void commission_and_attach_say_what_was_said(void **state)
{
    (void)state;
    struct statement made = decoded(vectors_bytes("commission"));
    struct statement attached = decoded(vectors_bytes("attach"));
    struct key_pair device = vectors_key("device 1");
    struct asset_iter it = asset_set_begin(&made.as.commission.assets);
    assert_true(asset_set_next(&it));
    assert_string_equal(it.name, UNIT);
    assert_int_equal(made.as.commission.assets.count, 2);
    assert_text(made.as.commission.place, "4012345000009");
    assert_text(made.as.commission.lot, "LOT-7");
    assert_true(made.as.commission.has_expiry &&
                made.as.commission.expiry_ms == UINT64_C(1798761600000));
    assert_true(kid_equal(&attached.as.attach.device, &device.kid));
    assert_text(attached.as.attach.asset, UNIT);
    assert_false(attached.as.attach.detach);
}

static void enrol_and_revoke_say_what_was_said(void **state)
{
    (void)state;
    struct statement enrol = decoded(vectors_bytes("enrol"));
    struct statement revoke = decoded(vectors_bytes("revoke"));
    struct key_pair device = vectors_key("device 2");
    assert_int_equal(enrol.as.enrol.class, CLASS_DEVICE);
    assert_text(enrol.as.enrol.name, "logger 1");
    assert_true(slice_equal(enrol.as.enrol.request, vectors_bytes("enrolment request")));
    assert_true(enrol_rights_include(enrol.as.enrol.rights, PROPERTY_TEMPERATURE));
    assert_true(enrol_rights_include(enrol.as.enrol.rights, PROPERTY_HUMIDITY));
    assert_false(enrol_rights_include(enrol.as.enrol.rights, PROPERTY_PRESSURE));
    assert_false(enrol_rights_include(slice_of(NULL, 0), PROPERTY_TEMPERATURE));
    assert_true(kid_equal(&revoke.as.revoke.key, &device.kid));
    assert_true(revoke.as.revoke.from_ms == UINT64_C(1767232800500));
    assert_int_equal(revoke.as.revoke.last_good_seq, 5);
    assert_int_equal(revoke.as.revoke.reason, REVOKE_LOST);
}

static void master_data_say_what_was_said(void **state)
{
    (void)state;
    struct statement product = decoded(vectors_bytes("product"));
    struct statement place = decoded(vectors_bytes("place"));
    struct statement party = decoded(vectors_bytes("party"));
    struct key_pair clinic = vectors_key("clinic");
    assert_text(product.as.product.gtin, "04012345678901");
    assert_text(product.as.product.name, "Vaccine");
    assert_text(product.as.product.brand, "Acme");
    assert_text(product.as.product.unit, "dose");
    assert_int_equal(product.as.product.image.len, HASH_SIZE);
    assert_text(place.as.place.gln, "4012345000009");
    assert_text(place.as.place.name, "Clinic dock");
    assert_true(place.as.place.has_position);
    assert_int_equal(place.as.place.lat, 523702000);
    assert_int_equal(place.as.place.lon, 48952000);
    assert_text(place.as.place.zone, "Europe/Amsterdam");
    assert_false(place.as.place.has_member);
    assert_true(kid_equal(&party.as.party.member, &clinic.kid));
    assert_text(party.as.party.name, "Clinic");
    assert_text(party.as.party.contact, "qa@clinic.example");
    assert_text(party.as.party.gln, "4012345000009");
}

static void open_and_agree_say_what_was_said(void **state)
{
    (void)state;
    struct statement open = decoded(vectors_bytes("contract open"));
    struct statement agree = decoded(vectors_bytes("agree"));
    struct key_pair farm = vectors_key("farm");
    struct key_pair clinic = vectors_key("clinic");
    struct kid parties[OPEN_PARTIES_MAX];
    struct hash definition = crypto_sha256(vectors_bytes("definition (placeholder)"));
    assert_true(cbor_scan(vectors_bytes("definition (placeholder)"), NULL));
    assert_true(slice_equal(open.as.open.compiled, vectors_bytes("definition (placeholder)")));
    assert_true(hash_equal(&open.as.open.definition, &definition));
    assert_int_equal(open_parties(&open.as.open, parties), 2);
    assert_true(kid_equal(&parties[0], &farm.kid));
    assert_true(kid_equal(&parties[1], &clinic.kid));
    assert_int_equal(open.as.open.assets.count, 1);
    assert_true(open.as.open.expires_ms == UINT64_C(1767312000000));
    assert_true(hash_equal(&agree.as.agree.opening, &open.hash));
    assert_false(agree.as.agree.declines);
}

/* ------------------------------------------------------------------ requests, SCITT, SenML, twins */

static void the_enrolment_request_is_made_again(void **state)
{
    (void)state;
    struct enrol_request request;
    struct slice bytes = vectors_bytes("enrolment request");
    struct key_pair device = vectors_key("device 1");
    struct key_pair farm = vectors_key("farm");
    struct hash ledger = vectors_ledger();
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    assert_true(enrol_request_parse(bytes, &request, NULL));
    assert_true(enrol_request_verify(&request));
    assert_memory_equal(request.pub, device.pub, PUB_SIZE);
    assert_true(hash_equal(&request.ledger, &ledger));
    assert_true(kid_equal(&request.sponsor, &farm.kid));
    enrol_request_sign(&device, &ledger, &farm.kid, request.token, &out);
    assert_true(slice_equal(buf_slice(&out), bytes));
    /* With another's key inside, under one's own kid, or the other way round, it is no request. */
    struct key_pair liar = device;
    memcpy(liar.pub, farm.pub, PUB_SIZE);
    buf_clear(&out);
    enrol_request_sign(&liar, &ledger, &farm.kid, request.token, &out);
    assert_false(enrol_request_parse(buf_slice(&out), &request, NULL));
    liar.kid = farm.kid; /* now the form is right and the signature is not the farm's */
    buf_clear(&out);
    enrol_request_sign(&liar, &ledger, &farm.kid, request.token, &out);
    assert_true(enrol_request_parse(buf_slice(&out), &request, NULL));
    assert_false(enrol_request_verify(&request));
}

static void only_statements_are_statements(void **state)
{
    (void)state;
    static const char *const names[] = { "enrolment request", "seal 1 (COMMIT)", "receipt" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct statement s;
        struct err err = { 0 };
        assert_false(statement_decode(vectors_bytes(names[i]), &s, &err));
        assert_non_null(strstr(err.msg, "not a statement"));
    }
    struct enrol_request request;
    assert_false(enrol_request_parse(vectors_bytes("custody offer"), &request, NULL));
}

static void a_scitt_statement_is_for_the_ledger_its_subject_names(void **state)
{
    (void)state;
    struct slice bytes = vectors_bytes("SCITT commission");
    struct key_pair farm = vectors_key("farm");
    struct hash ledger = vectors_ledger();
    struct statement s = decoded(bytes);
    assert_int_equal(s.cose.type, COSE_SCITT);
    assert_int_equal(s.kind, KIND_COMMISSION);
    assert_text(s.cose.issuer, "https://farm.example");
    assert_true(verifies(&s, &farm, &ledger));
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    assert_true(cose_verify(&s.cose, slice_of(NULL, 0), s.cose.payload, farm.pub, &scratch));
    assert_false(cose_verify(&s.cose, hash_slice(&ledger), s.cose.payload, farm.pub, &scratch));
    cose_sign(s.cose.protected, slice_of(NULL, 0), s.cose.payload, &farm, &scratch, &out);
    assert_true(slice_equal(buf_slice(&out), bytes));
    ledger.bytes[31] ^= 1;
    assert_false(verifies(&s, &farm, &ledger));
}

/* The subject is what ties it to a ledger, so a subject of another form is for none. */
static void a_scitt_subject_of_another_form_is_for_no_ledger(void **state)
{
    (void)state;
    struct key_pair farm = vectors_key("farm");
    struct hash ledger = vectors_ledger();
    struct statement model = decoded(vectors_bytes("SCITT commission"));
    char id[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&ledger), id);
    static const struct {
        const char *before, *after;
        bool good;
    } rows[] = { { "", "/" UNIT, true },  { "", "/", false },       { "", "", false },
                 { "", ":" UNIT, false }, { " ", "/" UNIT, false }, { "A", "/" UNIT, false } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char subject[256];
        uint8_t header_bytes[512];
        uint8_t statement_bytes[1024];
        struct buf header = buf_fixed(header_bytes, sizeof header_bytes);
        struct buf out = buf_fixed(statement_bytes, sizeof statement_bytes);
        struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
        (void)snprintf(subject, sizeof subject, "%s%s%s", rows[i].before, id, rows[i].after);
        cbor_put_map(&header, 3);
        buf_add_slice(&header, vectors_unhex("012704"));
        kid_put(&header, &farm.kid);
        buf_add_slice(&header, vectors_unhex("0fa20161"));
        buf_add(&header, "i\x02", 2);
        cbor_put_text(&header, slice_text(subject));
        cose_sign(buf_slice(&header), slice_of(NULL, 0), model.cose.payload, &farm, &scratch, &out);
        struct statement s = decoded(buf_slice(&out));
        assert_int_equal(verifies(&s, &farm, &ledger), rows[i].good);
    }
}

static void a_twin_ledger_or_another_key_verifies_nothing(void **state)
{
    (void)state;
    struct hash twin = vectors_ledger();
    struct hash ledger = vectors_ledger();
    twin.bytes[0] ^= 0x80;
    for (size_t i = 0; i < VECTORS; i++) {
        struct statement s = decoded(vectors_bytes(vectors[i].name));
        struct key_pair key = vectors_key(vectors[i].signer);
        struct key_pair other = vectors_key("node 1");
        assert_false(verifies(&s, &key, &twin));
        assert_false(verifies(&s, &other, &ledger));
    }
}

static void the_newer_algorithm_number_verifies_too(void **state)
{
    (void)state;
    uint8_t bytes[512];
    struct key_pair farm = vectors_key("farm");
    struct hash ledger = vectors_ledger();
    struct statement model = decoded(vectors_bytes("custody offer"));
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    struct buf out = buf_fixed(bytes, sizeof bytes);
    cose_sign(vectors_unhex("a201320448101b27533d668dc0"), hash_slice(&ledger), model.cose.payload,
              &farm, &scratch, &out);
    struct statement s = decoded(buf_slice(&out));
    assert_true(verifies(&s, &farm, &ledger));
    assert_int_equal(s.kind, KIND_CUSTODY);
}

static void a_senml_pack_is_a_reading(void **state)
{
    (void)state;
    static struct samples samples;
    struct key_pair device = vectors_key("device 1");
    struct hash ledger = vectors_ledger();
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    struct slice header = vectors_unhex("a4012703187004482f8468b0474d61da3a00010001"
                                        "840750000102030405060708090a0b0c0d0e0f"
                                        "1b0000019b76e5a480820148bfb46e828ce41a53");
    struct slice pack = vectors_unhex("82a3016343656c02fb402033333333333306383b"
                                      "a2016343656c02f94819");
    cose_sign(header, hash_slice(&ledger), pack, &device, &scratch, &out);
    struct statement s = decoded(buf_slice(&out));
    assert_true(verifies(&s, &device, &ledger));
    assert_int_equal(s.kind, KIND_READING);
    assert_true(s.senml);
    assert_int_equal(s.link.seq, 7);
    assert_int_equal(s.link.prev[15], 15);
    assert_true(s.link.time_ms == UINT64_C(1767226320000));
    assert_true(s.link.anchor.present && s.link.anchor.height == 1);
    assert_true(statement_samples(&s, &samples, NULL));
    assert_int_equal(samples.rows, 2);
    assert_true(samples.time_ms[0] == UINT64_C(1767226260000));
    assert_int_equal(samples.column[0].value[0], 81);
    assert_int_equal(samples.column[0].value[1], 82);
    assert_int_equal(samples.column[0].exponent, -1);
}

static void what_would_not_decode_is_not_signed(void **state)
{
    (void)state;
    struct key_pair farm = vectors_key("farm");
    struct hash ledger = vectors_ledger();
    struct hash hash;
    struct err err = { 0 };
    struct statement s = decoded(vectors_bytes("party"));
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    s.as.party.name = slice_text("line\nbreak");
    assert_false(statement_sign(&s, &farm, &ledger, &out, &hash, &err));
    assert_non_null(strstr(err.msg, "control character"));
    s.as.party.name = slice_text("Clinic");
    s.link.seq = 0;
    assert_false(statement_sign(&s, &farm, &ledger, &out, &hash, &err));
    s.link.seq = 1;
    out = buf_fixed(out_memory, 64);
    assert_false(statement_sign(&s, &farm, &ledger, &out, &hash, &err));
    assert_non_null(strstr(err.msg, "larger than"));
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_decodes_and_verifies),
        cmocka_unit_test(every_vector_is_signed_again_to_the_same_bytes),
        cmocka_unit_test(other_statements_encode_to_the_same_payload),
        cmocka_unit_test(the_statement_hash_is_that_of_the_vectors),
        cmocka_unit_test(custody_says_what_was_said),
        cmocka_unit_test(commission_and_attach_say_what_was_said),
        cmocka_unit_test(enrol_and_revoke_say_what_was_said),
        cmocka_unit_test(master_data_say_what_was_said),
        cmocka_unit_test(open_and_agree_say_what_was_said),
        cmocka_unit_test(the_enrolment_request_is_made_again),
        cmocka_unit_test(only_statements_are_statements),
        cmocka_unit_test(a_scitt_statement_is_for_the_ledger_its_subject_names),
        cmocka_unit_test(a_scitt_subject_of_another_form_is_for_no_ledger),
        cmocka_unit_test(a_twin_ledger_or_another_key_verifies_nothing),
        cmocka_unit_test(the_newer_algorithm_number_verifies_too),
        cmocka_unit_test(a_senml_pack_is_a_reading),
        cmocka_unit_test(what_would_not_decode_is_not_signed),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
