#include "tests/support/wire_parts.h"

#include "common/final.h"
#include "common/genesis.h"
#include "common/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const key_names[] = { "farm",   "carrier",  "clinic",
                                         "node 1", "device 1", "device 2" };
#define KEYS (sizeof key_names / sizeof key_names[0])

static const char *const native_names[] = { "enrol",
                                            "product",
                                            "place",
                                            "party",
                                            "commission",
                                            "attach",
                                            "reading 12 samples T+H anchor",
                                            "reading 12 samples T+H no anchor",
                                            "reading 1 sample T",
                                            "reading irregular with nulls",
                                            "reading 60 samples T+H",
                                            "reading 60 samples T",
                                            "custody offer",
                                            "custody accept",
                                            "revoke",
                                            "contract open",
                                            "agree",
                                            "custody offer 10,000 units" };
#define NATIVES (sizeof native_names / sizeof native_names[0])

void wire_assert_bytes(struct slice found, const char *name)
{
    struct slice want = vectors_bytes(name);
    if (!slice_equal(found, want))
        fail_msg("%s: other bytes (%zu, expected %zu)", name, found.len, want.len);
}

static void assert_hash(const struct hash *found, const char *name)
{
    wire_assert_bytes(hash_slice(found), name);
}

/* ------------------------------------------------------------------ keys and statements */

static void keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        char entry[64], secret[64];
        uint8_t memory[64];
        struct buf cose = buf_fixed(memory, sizeof memory);
        (void)snprintf(entry, sizeof entry, "key %s", key_names[i]);
        (void)snprintf(secret, sizeof secret, "waybill vector key %s", key_names[i]);
        struct hash seed = crypto_sha256(slice_text(secret));
        struct key_pair pair = vectors_key(key_names[i]);
        key_put_cose(&cose, pair.pub);
        struct hash thumbprint = crypto_sha256(buf_slice(&cose));
        assert_true(slice_equal(hash_slice(&seed), vectors_member(entry, "seed")));
        assert_true(slice_equal(slice_of(pair.pub, PUB_SIZE), vectors_member(entry, "pub")));
        assert_true(slice_equal(buf_slice(&cose), vectors_member(entry, "cose_key")));
        assert_true(slice_equal(hash_slice(&thumbprint), vectors_member(entry, "thumbprint")));
        assert_true(slice_equal(kid_slice(&pair.kid), vectors_member(entry, "kid")));
    }
}

static struct key_pair key_of(const struct kid *kid)
{
    for (size_t i = 0; i < KEYS; i++) {
        struct key_pair pair = vectors_key(key_names[i]);
        if (kid_equal(&pair.kid, kid))
            return pair;
    }
    fail_msg("a statement by none of the keys");
    return vectors_key(key_names[0]);
}

/* Decoded, verified, and made again from what was decoded. */
static void statements(void **state)
{
    struct hash ledger = vectors_ledger(), twin = crypto_sha256(hash_slice(&ledger));
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM), out = buf_heap(STATEMENT_MAX);
    (void)state;
    for (size_t i = 0; i < NATIVES; i++) {
        struct statement st;
        struct hash hash;
        struct err err = { .msg = "" };
        if (!statement_decode(vectors_bytes(native_names[i]), &st, &err))
            fail_msg("%s: %s", native_names[i], err.msg);
        struct key_pair pair = key_of(&st.kid);
        assert_true(statement_verify(&st, pair.pub, &ledger, &scratch));
        assert_false(statement_verify(&st, pair.pub, &twin, &scratch));
        buf_clear(&out);
        assert_true(statement_sign(&st, &pair, &ledger, &out, &hash, NULL));
        wire_assert_bytes(buf_slice(&out), native_names[i]);
        assert_true(hash_equal(&hash, &st.hash));
    }
    buf_free(&scratch);
    buf_free(&out);
}

static void parts_of_a_reading(void **state)
{
    uint8_t memory[512];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct statement st;
    (void)state;
    struct hash ledger = vectors_ledger();
    assert_true(statement_decode(vectors_bytes("reading 12 samples T+H anchor"), &st, NULL));
    statement_put_payload(&out, &st);
    wire_assert_bytes(buf_slice(&out), "reading payload");
    wire_assert_bytes(hash_slice(&st.hash), "statement hash of it");
    buf_clear(&out);
    cbor_put_array(&out, 4);
    cbor_put_text(&out, slice_text("Signature1"));
    cbor_put_bytes(&out, st.cose.protected);
    cbor_put_bytes(&out, hash_slice(&ledger));
    cbor_put_bytes(&out, st.cose.payload);
    wire_assert_bytes(buf_slice(&out), "Sig_structure of it");
}

static void scitt_and_request(void **state)
{
    struct hash ledger = vectors_ledger();
    struct statement st;
    struct enrol_request q;
    uint8_t memory[ENROL_REQUEST_MAX];
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM),
               out = buf_fixed(memory, sizeof memory);
    (void)state;
    assert_true(statement_decode(vectors_bytes("SCITT commission"), &st, NULL));
    struct key_pair pair = key_of(&st.kid);
    assert_int_equal(st.cose.type, COSE_SCITT);
    assert_true(statement_verify(&st, pair.pub, &ledger, &scratch));
    assert_true(enrol_request_parse(vectors_bytes("enrolment request"), &q, NULL));
    assert_true(enrol_request_verify(&q));
    pair = key_of(&q.cose.kid);
    enrol_request_sign(&pair, &q.ledger, &q.sponsor, q.token, &out);
    wire_assert_bytes(buf_slice(&out), "enrolment request");
    assert_true(statement_decode(vectors_bytes("contract open"), &st, NULL));
    char *text = vectors_json("definition (placeholder)"); /* a text of hex digits, in quotes */
    text[strlen(text) - 1] = '\0';
    struct hash definition = crypto_sha256(vectors_unhex(text + 1));
    assert_true(hash_equal(&definition, &st.as.open.definition));
    free(text);
    buf_free(&scratch);
}

/* ------------------------------------------------------------------ genesis, headers, sets */

static void headers(void **state)
{
    static const char *const names[] = { "genesis header", "header 1", "header 2", "header 3",
                                         "four: header 2" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t memory[HEADER_SIZE_MAX];
        struct buf out = buf_fixed(memory, sizeof memory);
        struct header h;
        assert_true(header_decode(vectors_bytes(names[i]), &h, NULL));
        header_put(&out, &h);
        wire_assert_bytes(buf_slice(&out), names[i]);
        struct hash hash = header_hash(&h), want = crypto_sha256(vectors_bytes(names[i]));
        assert_true(hash_equal(&hash, &want));
        assert_int_equal(header_is_genesis(&h), i == 0);
    }
}

static void genesis_file(void **state)
{
    struct genesis g;
    struct header made;
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    (void)state;
    assert_true(genesis_decode(vectors_bytes("genesis file"), &g, NULL));
    struct hash root = vectors_hash("state root of genesis"), set = vectors_hash("set hash");
    made = header_genesis(g.header.time_ms, &root, &set);
    header_put(&out, &made);
    wire_assert_bytes(buf_slice(&out), "genesis header");
    struct hash id = header_ledger_id(&made);
    assert_hash(&id, "ledger id");
    assert_true(g.signature_count > 0);
    for (size_t n = g.signature_count; n > 0; n--) {
        struct kid kid;
        const uint8_t *sig;
        uint8_t again[SIG_SIZE];
        genesis_next_signature(&g, &kid, &sig);
        struct key_pair pair = key_of(&kid);
        assert_true(genesis_verify(&id, sig, pair.pub));
        genesis_sign(&id, &pair, again);
        assert_memory_equal(again, sig, SIG_SIZE);
    }
}

struct authority_set wire_set_named(const char *name)
{
    struct authority_set set;
    uint8_t memory[AUTHORITY_SET_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    assert_true(authority_set_decode(vectors_bytes(name), &set, NULL));
    authority_set_put(&out, &set);
    wire_assert_bytes(buf_slice(&out), name);
    return set;
}

static void authority_sets(void **state)
{
    struct header h;
    (void)state;
    struct authority_set one = wire_set_named("authority set"),
                         four = wire_set_named("four: authority set");
    struct hash hash = authority_set_hash(&one);
    assert_hash(&hash, "set hash");
    assert_int_equal(authority_set_quorum(&one), 1);
    assert_int_equal(four.count, 4);
    assert_int_equal(authority_set_quorum(&four), 3);
    assert_true(header_decode(vectors_bytes("four: header 2"), &h, NULL));
    hash = authority_set_hash(&four);
    assert_true(hash_equal(&hash, &h.set));
}

static void identity_and_set_proof(void **state)
{
    struct identity id;
    struct authority_set newest;
    struct buf out = buf_heap(4096);
    (void)state;
    assert_true(identity_decode(vectors_bytes("identity"), &id, NULL));
    identity_put(&out, &id);
    wire_assert_bytes(buf_slice(&out), "identity");
    buf_clear(&out);
    identity_put_set_proof(&out, &id);
    wire_assert_bytes(buf_slice(&out), "set proof");
    assert_true(identity_follow(buf_slice(&out), &id, &newest, NULL));
    struct hash hash = authority_set_hash(&newest);
    assert_hash(&hash, "set hash");
    for (size_t i = 0; i < out.len;
         i++) { /* whatever is changed, it is another ledger's or none's */
        out.data[i] ^= 0x10;
        assert_false(identity_follow(buf_slice(&out), &id, &newest, NULL));
        out.data[i] ^= 0x10;
    }
    buf_free(&out);
}

/* ------------------------------------------------------------------ seals and receipts */

static void seals(void **state)
{
    struct header h;
    struct seal_count count;
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    (void)state;
    struct key_pair node = vectors_key("node 1");
    struct authority_set one = wire_set_named("authority set");
    assert_true(header_decode(vectors_bytes("header 1"), &h, NULL));
    seal_sign(&h, 0, &node, &out);
    wire_assert_bytes(buf_slice(&out), "seal 1 (COMMIT)");
    seal_count_begin(&count, &h, &one);
    assert_false(seal_count_is_final(&count));
    assert_true(seal_count_add(&count, buf_slice(&out), NULL));
    assert_true(seal_count_is_final(&count));
    assert_true(header_decode(vectors_bytes("header 2"), &h, NULL));
    seal_count_begin(&count, &h, &one);
    assert_false(seal_count_add(&count, buf_slice(&out), NULL));
}

/* Of the first leaf of block 2 under header 3, made from a seal and the tree. */
static void receipts(void **state)
{
    struct vector_chain *c = *state;
    struct receipt_claim claim;
    struct buf seal = buf_heap(SEAL_SIZE_MAX), out = buf_heap(RECEIPT_SIZE_MAX),
               file = buf_heap(4096);
    struct key_pair node = vectors_key("node 1");
    struct authority_set one = wire_set_named("authority set");
    vector_chain_run(c, 3);
    struct hash leaf = vectors_hash("statement hash of it"), ledger = vectors_ledger();
    struct merkle_path path = merkle_path_of(c->leaves, (size_t)c->tree.size, 8);
    seal_sign(&c->parent, 0, &node, &seal);
    assert_true(seal_put_receipt(buf_slice(&seal), c->tree.size, 8, &path, &out, NULL));
    wire_assert_bytes(buf_slice(&out), "receipt");
    cbor_put_array(&file, 1);
    cbor_put_bytes(&file, buf_slice(&out));
    wire_assert_bytes(buf_slice(&file), "receipts file");
    assert_true(seal_verify_receipts(buf_slice(&file), &leaf, &ledger, &one, &claim, NULL));
    assert_int_equal(claim.height, 3);
    assert_int_equal(claim.index, 8);
    assert_int_equal(claim.size, 15);
    assert_int_equal(claim.seals, 1);
    for (size_t i = 0; i < file.len; i++) {
        file.data[i] ^= 4;
        assert_false(seal_verify_receipts(buf_slice(&file), &leaf, &ledger, &one, &claim, NULL));
        file.data[i] ^= 4;
    }
    leaf.bytes[31] ^= 1;
    assert_false(seal_verify_receipts(buf_slice(&file), &leaf, &ledger, &one, &claim, NULL));
    buf_free(&seal);
    buf_free(&out);
    buf_free(&file);
}

/* ------------------------------------------------------------------ four authorities */

static void put_list(struct buf *out, const char *name, size_t from, size_t count)
{
    buf_clear(out);
    cbor_put_array(out, count);
    for (size_t i = from; i < from + count; i++)
        cbor_put_bytes(out, vectors_item(name, i));
}

static bool final_of(struct slice seals, const struct header *h, const struct authority_set *set)
{
    struct final f = { .header = *h, .seals = seals };
    return final_verify(&f, set, NULL);
}

static void four_finality(void **state)
{
    struct header h;
    struct final f;
    struct buf out = buf_heap(4096), list = buf_heap(4096);
    (void)state;
    struct authority_set four = wire_set_named("four: authority set");
    assert_true(header_decode(vectors_bytes("four: header 2"), &h, NULL));
    wire_assert_bytes(hash_slice(&h.tree), "four: tree root of size 2");
    assert_int_equal(vectors_count("four: seals 2, round 1"), 3);
    put_list(&list, "four: seals 2, round 1", 0, 3);
    final_put(&out, &h, buf_slice(&list));
    wire_assert_bytes(buf_slice(&out), "four: finality proof");
    assert_true(final_decode(buf_slice(&out), &f, NULL));
    assert_true(final_verify(&f, &four, NULL));
    put_list(&list, "four: seals 2, round 1", 0, 2);
    assert_false(final_of(buf_slice(&list), &h, &four)); /* two of three */
    buf_clear(&list);
    cbor_put_array(&list, 3);
    for (size_t i = 0; i < 3; i++)
        cbor_put_bytes(&list, vectors_item("four: seals 2, round 1", 0));
    assert_false(final_of(buf_slice(&list), &h, &four)); /* one, three times */
    struct authority_set one = wire_set_named("authority set");
    put_list(&list, "four: seals 2, round 1", 0, 3);
    assert_false(final_of(buf_slice(&list), &h, &one));
    buf_free(&out);
    buf_free(&list);
}

static void four_mixed_rounds(void **state)
{
    struct header h;
    struct buf list = buf_heap(4096);
    (void)state;
    struct authority_set four = wire_set_named("four: authority set");
    assert_true(header_decode(vectors_bytes("four: header 2"), &h, NULL));
    size_t n = vectors_count("four: mixed rounds, refuse");
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) { /* each by itself is a good seal of this block */
        struct seal_count count;
        seal_count_begin(&count, &h, &four);
        assert_true(seal_count_add(&count, vectors_item("four: mixed rounds, refuse", i), NULL));
    }
    put_list(&list, "four: mixed rounds, refuse", 0, n);
    assert_false(final_of(buf_slice(&list), &h, &four));
    buf_free(&list);
}

static void four_receipts(void **state)
{
    struct header h;
    struct receipt_claim claim;
    struct buf list = buf_heap(8192);
    struct statement st;
    (void)state;
    struct authority_set four = wire_set_named("four: authority set");
    assert_true(header_decode(vectors_bytes("four: header 2"), &h, NULL));
    assert_true(statement_decode(vectors_bytes("four: statement"), &st, NULL));
    put_list(&list, "four: receipts", 0, 3);
    assert_true(seal_verify_receipts(buf_slice(&list), &st.hash, &h.ledger, &four, &claim, NULL));
    assert_int_equal(claim.round, 1);
    assert_int_equal(claim.seals, 3);
    put_list(&list, "four: receipts", 1, 2);
    assert_false(seal_verify_receipts(buf_slice(&list), &st.hash, &h.ledger, &four, &claim, NULL));
    struct hash other = vectors_ledger();
    put_list(&list, "four: receipts", 0, 3);
    assert_false(seal_verify_receipts(buf_slice(&list), &st.hash, &other, &four, &claim, NULL));
    buf_free(&list);
}

/* ------------------------------------------------------------------ */

static int setup(void **state)
{
    *state = vector_chain_new();
    return 0;
}

static int teardown(void **state)
{
    vector_chain_free(*state);
    return 0;
}

int wire_cases_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(statements),
        cmocka_unit_test(parts_of_a_reading),
        cmocka_unit_test(scitt_and_request),
        cmocka_unit_test(headers),
        cmocka_unit_test(genesis_file),
        cmocka_unit_test(authority_sets),
        cmocka_unit_test(identity_and_set_proof),
        cmocka_unit_test(seals),
        cmocka_unit_test_setup_teardown(receipts, setup, teardown),
        cmocka_unit_test(four_finality),
        cmocka_unit_test(four_mixed_rounds),
        cmocka_unit_test(four_receipts),
        cmocka_unit_test(wire_case_acks),
        cmocka_unit_test(wire_case_outcomes),
        cmocka_unit_test_setup_teardown(wire_case_a_clone_is_judged_as_the_vectors_say, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(wire_case_state_after_two_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(wire_case_state_after_three_blocks, setup, teardown),
        cmocka_unit_test(wire_case_state_proofs),
        cmocka_unit_test(wire_case_block_three),
        cmocka_unit_test(wire_case_sequence_steps),
        cmocka_unit_test(wire_case_what_must_be_refused),
        cmocka_unit_test(wire_case_senml_floats),
        cmocka_unit_test(wire_case_no_vector_is_left_out), /* last: it looks back */
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
