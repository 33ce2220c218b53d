/*
 * What authorities say to each other, byte by byte: against vectors that tests/vectors/make_messages.py made
 * with an encoder and an Ed25519 of its own; what is not of the form; and whose signatures hold.
 */
#include "tests/support/ledger_kit.h"
#include "tests/support/vote_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS "tests/vectors/messages.txt"
#define KINDS   12

struct vector {
    char name[32];
    uint8_t bytes[4096];
    size_t len;
};

static struct vector vectors[KINDS];
static struct vote_net net;
static struct header block; /* that the vectors are about */

static void read_vectors(void)
{
    static char line[8192];
    FILE *f = fopen(VECTORS, "r");
    assert_non_null(f);
    size_t n = 0;
    for (; fgets(line, sizeof line, f) != NULL; n++) {
        struct vector *v = &vectors[n];
        char *rest = line, *name = strsep(&rest, " ");
        assert_true(n < KINDS && strlen(name) < sizeof v->name);
        memcpy(v->name, name, strlen(name) + 1);
        for (v->len = 0; rest[0] > ' '; rest += 2) {
            char pair[3] = { rest[0], rest[1], 0 };
            v->bytes[v->len++] = (uint8_t)strtoul(pair, NULL, 16);
        }
    }
    assert_int_equal(n, KINDS);
    assert_int_equal(fclose(f), 0);
}

static struct slice vector(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(vectors[i].name, name) == 0)
            return slice_of(vectors[i].bytes, vectors[i].len);
    fail_msg("no vector %s", name);
    return (struct slice){ NULL, 0 };
}

static int setup(void **state)
{
    (void)state;
    read_vectors();
    vote_net_begin(&net, 4, 0);
    block = net.genesis;
    block.rules = 3;
    block.height = 1;
    block.prev = header_hash(&net.genesis);
    block.time_ms = KIT_T0 + 1000;
    block.proposer = net.keys[1].kid;
    block.size = 7;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vote_net_end(&net);
    return 0;
}

/* ------------------------------------------------------------------ vectors */

static void same(struct buf *out, const char *name)
{
    struct slice want = vector(name);
    assert_false(out->failed);
    assert_int_equal(out->len, want.len);
    assert_memory_equal(out->data, want.data, want.len);
    buf_free(out);
}

static void all_hold(void **state)
{
    struct message m;
    struct err err;
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct slice bytes = slice_of(vectors[i].bytes, vectors[i].len);
        if (!message_decode(bytes, &m, &err) ||
            !message_verify(&m, &net.genesis.ledger, &net.set, NULL, &err))
            fail_msg("%s: %s", vectors[i].name, err.msg);
        assert_true(strncmp(message_type_name(m.type), vectors[i].name,
                            strlen(message_type_name(m.type))) == 0);
        int place = authority_set_find(&net.set, &m.from);
        assert_true(message_verify_sender(&m, &net.genesis.ledger, net.set.at[place].pub));
        assert_false(
            message_verify_sender(&m, &net.genesis.ledger, net.set.at[(place + 1) % 4].pub));
    }
}

static void the_same_bytes_are_written(void **state)
{
    struct buf out = buf_heap(1 << 16);
    (void)state;
    vote_net_prepare(&net, 2, 3, &block, &out);
    same(&out, "prepare");
    out = buf_heap(1 << 16);
    vote_net_commit(&net, 2, 3, &block, &out);
    same(&out, "commit");
    struct prepared p = vote_net_prepared(&net, 14, 0, &block);
    out = buf_heap(1 << 16);
    vote_net_roundchange(&net, 0, 1, 1, NULL, &out);
    same(&out, "roundchange");
    out = buf_heap(1 << 16);
    vote_net_roundchange(&net, 0, 1, 300, &p, &out);
    same(&out, "roundchange-claiming");
    const struct prepared *claims[] = { NULL, NULL, &p, NULL };
    out = buf_heap(1 << 16);
    vote_net_propose(&net, 3, 2, &block, (struct net_reasons){ 14, claims }, &out);
    same(&out, "propose-again");
}

static void roundchanges_come_out_as_they_went_in(void **state)
{
    struct roundchange r;
    struct message m, cert;
    (void)state;
    for (int claims = 0; claims < 2; claims++) {
        const char *name = claims == 0 ? "roundchange" : "roundchange-claiming";
        struct buf out = buf_heap(1 << 16);
        assert_true(message_decode(vector(name), &m, NULL));
        message_take_roundchange(&m, &r);
        assert_int_equal(r.prepared.there, claims);
        message_put_roundchange(&out, &r);
        same(&out, name);
    }
    assert_true(message_decode(vector("rccert"), &cert, NULL));
    assert_int_equal(cert.as.rccert.count, 3);
    for (size_t i = 0; i < 3; i++) {
        message_next_roundchange(&cert.as.rccert.at, &r);
        assert_true(kid_equal(&r.from, &net.keys[i + 1].kid));
        assert_int_equal(r.round, 2);
    }
}

/* As many signers as a set may have, and the largest numbers. */
static void the_largest_claim_fits(void **state)
{
    struct message m;
    static struct roundchange r, back;
    uint8_t memory[ROUNDCHANGE_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    (void)state;
    memset(&r, 0, sizeof r);
    r.height = r.round = INT64_MAX;
    r.prepared.there = true;
    r.prepared.round = INT64_MAX - 1;
    r.prepared.count = AUTHORITY_MAX;
    for (size_t i = 0; i < AUTHORITY_MAX; i++)
        r.prepared.by[i].kid.bytes[0] = (uint8_t)i;
    message_put_roundchange(&out, &r);
    assert_false(out.failed);
    assert_true(message_decode(buf_slice(&out), &m, NULL));
    message_take_roundchange(&m, &back);
    assert_int_equal(back.prepared.count, AUTHORITY_MAX);
    assert_int_equal(back.prepared.by[63].kid.bytes[0], 63);
}

static void fields_are_where_they_belong(void **state)
{
    struct message m;
    (void)state;
    assert_true(message_decode(vector("propose"), &m, NULL));
    struct hash h = header_hash(&m.as.propose.header), want = header_hash(&block);
    assert_true(hash_equal(&h, &want));
    assert_int_equal(m.as.propose.hash_count, 3);
    cbor_take_fixed(&m.as.propose.hashes, h.bytes, HASH_SIZE);
    assert_int_equal(h.bytes[0], 1);
    assert_int_equal(m.as.propose.roundchange_count, 0);
    assert_int_equal(m.as.propose.prepared.len, 0);
    assert_true(message_decode(vector("status-answering"), &m, NULL));
    assert_true(m.as.status.has_heard);
    assert_int_equal(m.as.status.heard_ms, 70000);
    assert_null(m.as.status.question);
    assert_int_equal(m.as.status.answer[15], 15);
    assert_true(message_decode(vector("statements"), &m, NULL));
    assert_int_equal(m.as.statements.count, 2);
    assert_true(slice_equal(cbor_take_bytes(&m.as.statements.at, 1, 9), slice_text("one")));
    assert_true(message_decode(vector("decided"), &m, NULL));
    assert_int_equal(m.as.decided.hash_count, 3);
    assert_int_equal(m.round, 1);
}

/* ------------------------------------------------------------------ signatures */

/* Every bit counts: a message with one of them turned is not of the form or does not hold. */
static void no_bit_can_be_turned(void **state)
{
    struct message m;
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct vector *v = &vectors[i];
        size_t step = v->len > 600 ? 37 : 5;
        for (size_t bit = 0; bit < 8 * v->len; bit += step) {
            v->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (message_decode(slice_of(v->bytes, v->len), &m, NULL) &&
                message_verify(&m, &net.genesis.ledger, &net.set, NULL, NULL))
                fail_msg("%s: bit %zu", v->name, bit);
            v->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

static void another_ledger_s_do_not_hold(void **state)
{
    struct message m;
    struct hash other = net.genesis.ledger;
    (void)state;
    other.bytes[5] ^= 1;
    for (size_t i = 0; i < KINDS; i++) {
        assert_true(message_decode(slice_of(vectors[i].bytes, vectors[i].len), &m, NULL));
        assert_false(message_verify(&m, &other, &net.set, NULL, NULL));
    }
}

static void strangers_may_only_tell(void **state)
{
    struct message m;
    (void)state;
    struct authority_set without = net.set;
    for (size_t i = 0; i < KINDS; i++) {
        assert_true(message_decode(slice_of(vectors[i].bytes, vectors[i].len), &m, NULL));
        int place = authority_set_find(&net.set, &m.from);
        const uint8_t *pub = net.set.at[place].pub;
        without = net.set;
        without.count = 3;
        for (int k = place; k < 3; k++)
            without.at[k] = net.set.at[k + 1];
        assert_false(message_verify(&m, &net.genesis.ledger, &without, NULL, NULL));
        bool tells = m.type == MESSAGE_STATEMENTS || m.type == MESSAGE_STATUS;
        assert_int_equal(message_verify(&m, &net.genesis.ledger, &without, pub, NULL), tells);
    }
}

static void what_held_once_is_known(void **state)
{
    static struct message_cache cache;
    struct message m;
    (void)state;
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < KINDS; i++) {
            assert_true(message_decode(slice_of(vectors[i].bytes, vectors[i].len), &m, NULL));
            assert_true(
                message_verify_cached(&m, &net.genesis.ledger, &net.set, NULL, &cache, NULL));
        }
    struct vector *v = &vectors[3]; /* but not what differs from it in one bit */
    v->bytes[v->len - 1] ^= 1;
    assert_true(message_decode(slice_of(v->bytes, v->len), &m, NULL));
    assert_false(message_verify_cached(&m, &net.genesis.ledger, &net.set, NULL, &cache, NULL));
    v->bytes[v->len - 1] ^= 1;
}

/* ------------------------------------------------------------------ form */

static bool decodes(enum message_type type, uint64_t height, uint64_t round, struct buf *body)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX + 4096);
    struct message m;
    struct message_draft d = { type, height, round, buf_slice(body) };
    vote_net_sign(&net, 0, &d, &out);
    assert_false(out.failed);
    bool ok = message_decode(buf_slice(&out), &m, NULL);
    buf_free(&out);
    buf_free(body);
    return ok;
}

static void a_claim_is_of_an_earlier_round_and_its_signers_rise(void **state)
{
    (void)state;
    struct prepared p = vote_net_prepared(&net, 14, 2, &block);
    struct buf body = buf_heap(1 << 16);
    prepared_put(&body, &p);
    assert_false(decodes(MESSAGE_ROUNDCHANGE, 1, 2, &body));
    body = buf_heap(1 << 16);
    prepared_put(&body, &p);
    assert_true(decodes(MESSAGE_ROUNDCHANGE, 1, 3, &body));
    p.by[2] = p.by[1]; /* one of them twice */
    body = buf_heap(1 << 16);
    prepared_put(&body, &p);
    assert_false(decodes(MESSAGE_ROUNDCHANGE, 1, 3, &body));
    p.count = 0;
    body = buf_heap(1 << 16);
    prepared_put(&body, &p);
    assert_false(decodes(MESSAGE_ROUNDCHANGE, 1, 3, &body));
    body = buf_heap(1 << 16);
    cbor_put_null(&body);
    assert_false(decodes(MESSAGE_ROUNDCHANGE, 1, 0, &body)); /* round 0 is nobody's change */
}

static void put_rccert(struct buf *body, uint64_t height, uint64_t round, size_t count)
{
    cbor_put_array(body, count);
    for (size_t i = 0; i < count; i++) {
        struct buf one = buf_heap(1 << 16);
        vote_net_roundchange(&net, i % 4, height, round, NULL, &one);
        cbor_put_bytes(body, buf_slice(&one));
        buf_free(&one);
    }
}

static void a_certificate_is_of_one_height_and_round(void **state)
{
    static const struct {
        uint64_t height, round;
        size_t count;
        bool good;
    } cases[] = { { 1, 2, 3, true },
                  { 2, 2, 3, false },
                  { 1, 1, 3, false },
                  { 1, 2, 0, false },
                  { 1, 2, 4, true },
                  { 1, 2, 5, false }, /* the first of four once more */
                  { 1, 2, AUTHORITY_MAX, false },
                  { 1, 2, AUTHORITY_MAX + 1, false } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf body = buf_heap(1 << 20);
        put_rccert(&body, cases[i].height, cases[i].round, cases[i].count);
        assert_int_equal(decodes(MESSAGE_RCCERT, 1, 2, &body), cases[i].good);
    }
    struct buf body = buf_heap(1 << 16), inner = buf_heap(1 << 16);
    put_rccert(&inner, 1, 2, 1);
    struct buf nested = buf_heap(1 << 16); /* a certificate within a certificate */
    struct message_draft d = { MESSAGE_RCCERT, 1, 2, buf_slice(&inner) };
    vote_net_sign(&net, 0, &d, &nested);
    cbor_put_array(&body, 1);
    cbor_put_bytes(&body, buf_slice(&nested));
    assert_false(decodes(MESSAGE_RCCERT, 1, 2, &body));
    buf_free(&inner);
    buf_free(&nested);
}

static void a_proposal_above_0_has_reasons_and_one_of_0_has_none(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 3; round++)
        for (unsigned who = 0; who < 2; who++) {
            struct buf out = buf_heap(1 << 16);
            struct message m;
            vote_net_propose(&net, 0, round, &block, (struct net_reasons){ who, NULL }, &out);
            assert_int_equal(message_decode(buf_slice(&out), &m, NULL), (round > 0) == (who > 0));
            buf_free(&out);
        }
    struct header other = block;
    other.height = 2;
    struct buf body = buf_heap(4096);
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    header_put(&header, &other);
    cbor_put_array(&body, 4);
    cbor_put_bytes(&body, buf_slice(&header));
    cbor_put_array(&body, 0);
    cbor_put_array(&body, 0);
    cbor_put_null(&body);
    assert_false(decodes(MESSAGE_PROPOSE, 1, 0, &body)); /* a header of another height */
}

static void a_commit_says_what_its_seal_says(void **state)
{
    static const struct {
        uint64_t height, round;
        size_t by;
        bool good;
    } cases[] = { { 1, 3, 0, true }, { 1, 2, 0, false }, { 2, 3, 0, false }, { 1, 3, 1, false } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf seal = buf_heap(SEAL_SIZE_MAX);
        seal_sign(&block, 3, &net.keys[cases[i].by], &seal);
        assert_int_equal(decodes(MESSAGE_COMMIT, cases[i].height, cases[i].round, &seal),
                         cases[i].good);
    }
    struct buf none = buf_heap(64);
    cbor_put_null(&none);
    assert_false(decodes(MESSAGE_COMMIT, 1, 3, &none));
}

static void what_is_too_large_or_of_no_type_is_refused(void **state)
{
    struct message m;
    uint8_t memory[256];
    struct buf out = buf_fixed(memory, sizeof memory);
    (void)state;
    uint8_t *large = calloc(1, MESSAGE_SIZE_MAX + 1);
    assert_non_null(large);
    assert_false(message_decode(slice_of(large, MESSAGE_SIZE_MAX + 1), &m, NULL));
    free(large);
    for (unsigned type = 0; type < 12; type++) {
        uint8_t sig[SIG_SIZE] = { 0 };
        struct message_draft d = { (enum message_type)type, 1, 0, slice_text("\xf6") };
        buf_clear(&out);
        message_put_signed(&out, &d, &net.keys[0].kid, sig);
        assert_false(message_decode(buf_slice(&out), &m, NULL));
    }
    assert_false(message_decode(slice_of(NULL, 0), &m, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_hold),
        cmocka_unit_test(the_same_bytes_are_written),
        cmocka_unit_test(roundchanges_come_out_as_they_went_in),
        cmocka_unit_test(the_largest_claim_fits),
        cmocka_unit_test(fields_are_where_they_belong),
        cmocka_unit_test(no_bit_can_be_turned),
        cmocka_unit_test(another_ledger_s_do_not_hold),
        cmocka_unit_test(strangers_may_only_tell),
        cmocka_unit_test(what_held_once_is_known),
        cmocka_unit_test(a_claim_is_of_an_earlier_round_and_its_signers_rise),
        cmocka_unit_test(a_certificate_is_of_one_height_and_round),
        cmocka_unit_test(a_proposal_above_0_has_reasons_and_one_of_0_has_none),
        cmocka_unit_test(a_commit_says_what_its_seal_says),
        cmocka_unit_test(what_is_too_large_or_of_no_type_is_refused),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, setup, teardown) : 1;
}
