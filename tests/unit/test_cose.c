/* COSE_Sign1 and its six types (common/cose). */
#include "common/cose.h"
#include "common/hex.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint8_t scratch_memory[COSE_MAX_SIZE + COSE_SIG_ROOM];
static uint8_t out_memory[COSE_MAX_SIZE + COSE_SIG_ROOM];

static struct cose parsed(struct slice bytes)
{
    struct cose c;
    struct err err = { 0 };
    if (!cose_parse(bytes, &c, &err))
        fail_msg("refused: %s", err.msg);
    return c;
}

static void refused(struct slice bytes, const char *why)
{
    struct cose c;
    struct err err = { 0 };
    if (cose_parse(bytes, &c, &err))
        fail_msg("accepted, expected \"%s\"", why);
    assert_int_equal(err.code, ERR_INPUT);
    if (strstr(err.msg, why) == NULL)
        fail_msg("refused with \"%s\", expected \"%s\"", err.msg, why);
}

/* Signs payload 00 under a protected header given in hex; K stands for the kid of device 1. */
static struct slice signed_under(const char *header_hex)
{
    char text[512];
    size_t len = 0;
    for (const char *h = header_hex; *h != '\0'; h++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s", *h == 'K' ? 18 : 1,
                                *h == 'K' ? "482f8468b0474d61da" : h);
    struct key_pair key = vectors_key("device 1");
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    cose_sign(vectors_unhex(text), slice_of(NULL, 0), slice_of("\0", 1), &key, &scratch, &out);
    assert_false(out.failed);
    return buf_slice(&out);
}

static void the_vectors_parse_as_their_types(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum cose_type type;
    } rows[] = {
        { "reading 12 samples T+H anchor", COSE_STATEMENT },
        { "custody accept", COSE_STATEMENT },
        { "SCITT commission", COSE_SCITT },
        { "enrolment request", COSE_REQUEST },
        { "seal 1 (COMMIT)", COSE_SEAL },
        { "receipt", COSE_RECEIPT },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cose c = parsed(vectors_bytes(rows[i].name));
        assert_int_equal(c.type, rows[i].type);
        assert_int_equal(c.alg, -8);
        assert_true((c.payload.len == 0) == (c.type == COSE_RECEIPT));
        assert_true((c.proof.len > 0) == (c.type == COSE_RECEIPT));
    }
}

static void the_sig_structure_is_that_of_the_vectors(void **state)
{
    (void)state;
    struct cose c = parsed(vectors_bytes("reading 12 samples T+H anchor"));
    struct hash ledger = vectors_ledger();
    struct key_pair key = vectors_key("device 1");
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    assert_true(cose_verify(&c, hash_slice(&ledger), c.payload, key.pub, &scratch));
    assert_true(slice_equal(buf_slice(&scratch), vectors_bytes("Sig_structure of it")));
    assert_true(slice_equal(c.payload, vectors_bytes("reading payload")));
    assert_true(kid_equal(&c.kid, &key.kid));
}

static void an_empty_protected_map_is_signed_as_the_empty_string(void **state)
{
    (void)state;
    struct cose c = { .protected = slice_of("\xa0", 1), .sig = scratch_memory };
    struct key_pair key = vectors_key("device 1");
    uint8_t sig[SIG_SIZE] = { 0 };
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    c.sig = sig;
    assert_false(cose_verify(&c, slice_of(NULL, 0), slice_of("\x01", 1), key.pub, &scratch));
    assert_true(
        slice_equal(buf_slice(&scratch), vectors_unhex("846a5369676e61747572653140404101")));
}

static void a_seal_binds_what_the_header_says(void **state)
{
    (void)state;
    struct cose c = parsed(vectors_bytes("seal 1 (COMMIT)"));
    struct hash ledger = vectors_ledger();
    struct hash block = crypto_sha256(vectors_bytes("header 1"));
    struct key_pair node = vectors_key("node 1");
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    assert_true(hash_equal(&c.seal.ledger, &ledger));
    assert_true(hash_equal(&c.seal.block, &block));
    assert_int_equal(c.seal.height, 1);
    assert_int_equal(c.seal.round, 0);
    assert_int_equal(c.seal.size, 8);
    assert_int_equal(c.payload.len, HASH_SIZE);
    assert_true(cose_verify(&c, slice_of(NULL, 0), c.payload, node.pub, &scratch));

    uint8_t header_memory[256];
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    cose_put_seal_claims(&header, &node.kid, &c.seal);
    assert_true(slice_equal(buf_slice(&header), c.protected));
    cose_sign(buf_slice(&header), slice_of(NULL, 0), c.payload, &node, &scratch, &out);
    assert_true(slice_equal(buf_slice(&out), vectors_bytes("seal 1 (COMMIT)")));
}

/* A receipt is a seal with its payload taken out: the tree root goes back in to verify it. */
static void a_receipt_verifies_over_its_detached_root_only(void **state)
{
    (void)state;
    struct cose receipt = parsed(vectors_bytes("receipt"));
    struct key_pair node = vectors_key("node 1");
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    struct cbor_reader header = cbor_reader(vectors_bytes("header 3"));
    (void)cbor_take_array(&header);
    for (int i = 0; i < 8; i++)
        (void)cbor_take_item(&header);
    struct slice root = cbor_take_bytes(&header, HASH_SIZE, HASH_SIZE);
    assert_int_equal(root.len, HASH_SIZE);
    assert_true(cose_verify(&receipt, slice_of(NULL, 0), root, node.pub, &scratch));
    assert_false(cose_verify(&receipt, slice_of(NULL, 0), receipt.payload, node.pub, &scratch));
    assert_false(cose_verify(&receipt, slice_of(NULL, 0), receipt.proof, node.pub, &scratch));
}

static void each_exact_set_of_headers_is_a_type_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(parsed(signed_under("a2012704K")).type, COSE_STATEMENT);
    assert_int_equal(parsed(signed_under("a2013204K")).alg, -19);
    assert_int_equal(parsed(signed_under("a3012704K0fa2016161026162")).type, COSE_SCITT);
    assert_int_equal(parsed(signed_under("a3013204K0fa2016161026162")).type, COSE_SCITT);
    assert_int_equal(parsed(signed_under("a3012704K3a0001000201")).type, COSE_REQUEST);
    static const char *const senml = "a40127031870"
                                     "04K"
                                     "3a00010001"
                                     "83015000000000000000000000000000000000"
                                     "19ffff";
    assert_int_equal(parsed(signed_under(senml)).type, COSE_SENML);
    refused(signed_under("a10127"), "not a set of fields");
    refused(signed_under("a104K"), "names no algorithm");
    refused(signed_under("a0"), "names no algorithm");
    refused(signed_under("a301270281"
                         "0104K"),
            "a field that Waybill does not use");                                /* crit */
    refused(signed_under("a30127030004K"), "a field that Waybill does not use"); /* type 0 */
    refused(signed_under("a3012703187004K"), "not a set of fields"); /* SenML, no chain */
    refused(signed_under("a2012704412f"), "a field that Waybill does not use"); /* short kid */
    refused(signed_under("a3012704K0fa1016161"), "a field that Waybill does not use");
    refused(signed_under("a3012704K0fa301616102616203"
                         "6163"),
            "a field that Waybill does not use");
    refused(signed_under("a3012704K3a0001000202"), "a field that Waybill does not use");
    refused(signed_under("a3012704K3a0001000301"), "a field that Waybill does not use");
    refused(signed_under("a3012704K616100"), "a field that Waybill does not use");
    refused(signed_under("a3012704K19018b01"), "not a set of fields"); /* a seal's 395 alone */
    refused(signed_under("a204K0127"), "protected header");            /* keys unsorted */
    refused(signed_under("8101"), "protected header");
}

/* [seq, prev, time, ? anchor], as hex after the label -65538. */
static struct slice senml_with(const char *chain)
{
    char header[256];
    (void)snprintf(header, sizeof header, "a4012703187004K3a00010001%s", chain);
    return signed_under(header);
}

static void a_senml_chain_is_exact(void **state)
{
    (void)state;
#define PREV "5000112233445566778899aabbccddeeff"
    struct cose c = parsed(senml_with("8301" PREV "19ffff"));
    assert_true(c.link.seq == 1 && c.link.time_ms == 65535 && !c.link.anchor.present);
    c = parsed(senml_with("8401" PREV "19ffff8209481122334455667788"));
    assert_true(c.link.anchor.present && c.link.anchor.height == 9);
    static const char *const bad[] = {
        "8300" PREV "19ffff",                         /* seq 0 */
        "8320" PREV "19ffff",                         /* seq -1 */
        "8201" PREV,                                  /* no time */
        "83014f112233445566778899aabbccddeeff19ffff", /* a short prev */
        "8301" PREV "1b0000e677d21fdc00",             /* after the year 9999 */
        "8401" PREV "19fffff6",                       /* no anchor */
        "8401" PREV "19ffff82094711223344556677",     /* a short anchor */
        "8501" PREV "19ffff820948112233445566778800", /* something more */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(senml_with(bad[i]), "a field that Waybill does not use");
#undef PREV
}

static void only_statements_may_use_the_newer_algorithm_number(void **state)
{
    (void)state;
    refused(signed_under("a3013204K3a0001000201"), "not a set of fields");
    struct cose seal = parsed(vectors_bytes("seal 1 (COMMIT)"));
    char text[512];
    hex_encode(seal.protected, text);
    assert_memory_equal(text, "a50127", 6);
    text[4] = '3';
    text[5] = '2';
    refused(signed_under(text), "not a set of fields");
}

static void other_algorithms_are_named_in_the_refusal(void **state)
{
    (void)state;
    refused(signed_under("a2012604K"), "algorithm -7 is not supported");
    refused(signed_under("a201382204K"), "algorithm -35 is not supported");
    refused(signed_under("a2013903e604K"), "algorithm -999 is not supported");
    refused(signed_under("a20167756e6b6e6f776e04K"), "an algorithm named by text");
    /* ES256 as others write it, the kid outside: still told by its algorithm. */
    char text[256];
    (void)snprintf(text, sizeof text,
                   "d28443a10126a1044231314100"
                   "5840%0128d",
                   0);
    refused(vectors_unhex(text), "algorithm -7 is not supported");
}

static void refuse_changed(const char *name, const char *from, const char *to, const char *why)
{
    static char text[4096];
    struct slice bytes = vectors_bytes(name);
    assert_true(2 * bytes.len < sizeof text / 2);
    hex_encode(bytes, text);
    char *at = strstr(text, from);
    assert_non_null(at);
    static char changed[4096];
    (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
    refused(vectors_unhex(changed), why);
}

static void the_outer_form_is_exact(void **state)
{
    (void)state;
    static const char *const name = "custody offer";
    refuse_changed(name, "d284", "84", "must begin with tag 18");
    refuse_changed(name, "d284", "d184", "must begin with tag 18");
    refuse_changed(name, "d284", "d2d284", "a tag is not allowed");
    refuse_changed(name, "d284", "d81284", "must begin with tag 18");
    refuse_changed(name, "d2844d", "d2834d", "COSE_Sign1");
    refuse_changed(name, "d2844d", "d2854d", "COSE_Sign1");
    refuse_changed(name, "a058", "a1010058", "COSE_Sign1"); /* something unprotected */
    refuse_changed(name, "5840", "583f", "COSE_Sign1");
    refuse_changed("receipt", "f65840", "405840", "COSE_Sign1");
    refuse_changed("seal 1 (COMMIT)", "a05820",
                   "a119018ca120814101"
                   "5820",
                   "COSE_Sign1");
    struct slice bytes = vectors_bytes(name);
    uint8_t longer[512];
    memcpy(longer, bytes.data, bytes.len);
    longer[bytes.len] = 0;
    refused(slice_of(longer, bytes.len + 1), "bytes after the item");
    refused(slice_of(longer, bytes.len - 1), "COSE_Sign1");
    refused(slice_of(NULL, 0), "must begin with tag 18");
}

/* Unprotected fields on anything but a receipt's set of headers. */
static void a_statement_dressed_as_a_receipt_is_refused(void **state)
{
    (void)state;
    uint8_t memory[512];
    struct cose statement = parsed(vectors_bytes("custody offer"));
    struct buf out = buf_fixed(memory, sizeof memory);
    buf_add_byte(&out, 0xd2);
    cbor_put_array(&out, 4);
    cbor_put_bytes(&out, statement.protected);
    buf_add_slice(&out, vectors_unhex("a119018ca120814101"));
    cbor_put_null(&out);
    cbor_put_bytes(&out, slice_of(statement.sig, SIG_SIZE));
    refused(buf_slice(&out), "only a receipt");
}

static void more_than_256_kib_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static uint8_t big[COSE_MAX_SIZE + 1];
    big[0] = 0xd2;
    refused(slice_of(big, sizeof big), "262145 bytes, more than");
    refused(slice_of(big, sizeof big - 1), "COSE_Sign1");
}

static void a_message_too_large_for_its_buffers_is_not_signed(void **state)
{
    (void)state;
    uint8_t small[64];
    struct key_pair key = vectors_key("farm");
    struct buf scratch = buf_fixed(small, sizeof small);
    struct buf out = buf_fixed(out_memory, sizeof out_memory);
    cose_sign(slice_of("\xa0", 1), slice_of(NULL, 0), slice_of(out_memory, 100), &key, &scratch,
              &out);
    assert_true(out.failed);
    struct cose c = parsed(vectors_bytes("custody offer"));
    struct hash ledger = vectors_ledger();
    assert_false(cose_verify(&c, hash_slice(&ledger), c.payload, key.pub, &scratch));
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_parse_as_their_types),
        cmocka_unit_test(the_sig_structure_is_that_of_the_vectors),
        cmocka_unit_test(an_empty_protected_map_is_signed_as_the_empty_string),
        cmocka_unit_test(a_seal_binds_what_the_header_says),
        cmocka_unit_test(a_receipt_verifies_over_its_detached_root_only),
        cmocka_unit_test(each_exact_set_of_headers_is_a_type_and_no_other),
        cmocka_unit_test(a_senml_chain_is_exact),
        cmocka_unit_test(only_statements_may_use_the_newer_algorithm_number),
        cmocka_unit_test(other_algorithms_are_named_in_the_refusal),
        cmocka_unit_test(the_outer_form_is_exact),
        cmocka_unit_test(a_statement_dressed_as_a_receipt_is_refused),
        cmocka_unit_test(more_than_256_kib_is_refused_before_it_is_read),
        cmocka_unit_test(a_message_too_large_for_its_buffers_is_not_signed),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
