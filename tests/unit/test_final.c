/* Quorums, seals and the chain of authority sets: what a verifier believes who holds only the ledger's identity. */
#include "common/ack.h"
#include "common/final.h"
#include "tests/support/ledger_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL 5

struct fixture {
    struct key_pair keys[ALL]; /* in order of kid */
    struct identity identity;  /* of the first three */
    struct header next;        /* block 1, which brings the set of all five */
    struct authority_set three, five;
};
static struct fixture fx;

static struct authority_set set_of(size_t count)
{
    struct authority_set set = { .count = count };
    for (size_t i = 0; i < count; i++) {
        set.at[i].kid = fx.keys[i].kid;
        set.at[i].member = fx.keys[i].kid;
        memcpy(set.at[i].pub, fx.keys[i].pub, PUB_SIZE);
    }
    return set;
}

static int by_kid(const void *a, const void *b)
{
    const struct key_pair *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static int setup(void **state)
{
    char name[16];
    (void)state;
    for (size_t i = 0; i < ALL; i++) {
        (void)snprintf(name, sizeof name, "authority %zu", i);
        fx.keys[i] = kit_pair(name);
    }
    qsort(fx.keys, ALL, sizeof fx.keys[0], by_kid);
    fx.three = set_of(3);
    fx.five = set_of(ALL);
    struct hash root = crypto_sha256(slice_text("state")), set = authority_set_hash(&fx.three);
    fx.identity.genesis = header_genesis(KIT_T0, &root, &set);
    fx.identity.set = fx.three;
    fx.next = fx.identity.genesis;
    fx.next.height = 1;
    fx.next.prev = header_hash(&fx.identity.genesis);
    fx.next.next = authority_set_hash(&fx.five);
    return 0;
}

/* ------------------------------------------------------------------ sets */

static void quorums(void **state)
{
    static const size_t want[][2] = { { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 3 },
                                      { 5, 4 }, { 6, 5 }, { 7, 5 }, { 21, 15 } };
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct authority_set set = { .count = want[i][0] };
        assert_int_equal(authority_set_quorum(&set), want[i][1]);
    }
}

static bool decodes(const struct authority_set *set)
{
    struct authority_set back;
    uint8_t memory[AUTHORITY_SET_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    authority_set_put(&out, set);
    return authority_set_decode(buf_slice(&out), &back, NULL);
}

static void sets_that_are_none(void **state)
{
    struct authority_set set = fx.five;
    (void)state;
    assert_true(decodes(&set));
    assert_int_equal(authority_set_find(&set, &fx.keys[3].kid), 3);
    set.at[0] = fx.five.at[1]; /* out of order, and one twice */
    assert_false(decodes(&set));
    set = fx.five;
    set.at[2].pub[0] ^= 1; /* another key than the kid says */
    assert_false(decodes(&set));
    set = fx.five;
    set.at[4].member = set.at[0].member; /* two of one member */
    assert_false(decodes(&set));
    set = fx.five;
    set.count = 0;
    assert_false(decodes(&set));
}

/* ------------------------------------------------------------------ following the sets */

static void put_seals(struct buf *out, const struct header *h, uint64_t round, unsigned who)
{
    size_t n = 0;
    for (size_t i = 0; i < ALL; i++)
        n += who >> i & 1;
    cbor_put_array(out, n);
    for (size_t i = 0; i < ALL; i++) {
        uint8_t memory[SEAL_SIZE_MAX];
        struct buf seal = buf_fixed(memory, sizeof memory);
        if ((who >> i & 1) == 0)
            continue;
        seal_sign(h, round, &fx.keys[i], &seal);
        cbor_put_bytes(out, buf_slice(&seal));
    }
}

static void put_change(struct buf *out, const struct header *h, unsigned who,
                       const struct authority_set *set)
{
    uint8_t header_memory[HEADER_SIZE_MAX], set_memory[AUTHORITY_SET_SIZE_MAX];
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf bytes = buf_fixed(set_memory, sizeof set_memory);
    header_put(&header, h);
    authority_set_put(&bytes, set);
    cbor_put_array(out, 3);
    cbor_put_bytes(out, buf_slice(&header));
    put_seals(out, h, 0, who);
    cbor_put_bytes(out, buf_slice(&bytes));
}

static bool follows(const struct header *h, unsigned who, const struct authority_set *set,
                    struct authority_set *ret)
{
    struct buf out = buf_heap(1 << 16);
    cbor_put_array(&out, 2);
    identity_put(&out, &fx.identity);
    cbor_put_array(&out, 1);
    put_change(&out, h, who, set);
    bool good = identity_follow(buf_slice(&out), &fx.identity, ret, NULL);
    buf_free(&out);
    return good;
}

static void a_change_is_sealed_by_the_set_before(void **state)
{
    struct authority_set newest;
    struct header other = fx.next;
    (void)state;
    assert_true(follows(&fx.next, 7, &fx.five, &newest));
    assert_int_equal(newest.count, ALL);
    assert_false(follows(&fx.next, 3, &fx.five, &newest));  /* two of three */
    assert_false(follows(&fx.next, 25, &fx.five, &newest)); /* the new ones among them */
    assert_false(follows(&fx.next, 7, &fx.three, &newest)); /* another set than the header names */
    other.set = authority_set_hash(&fx.five); /* claims to be sealed under the new set */
    assert_false(follows(&other, 31, &fx.five, &newest));
    other = fx.next;
    other.ledger.bytes[0] ^= 1;
    assert_false(follows(&other, 7, &fx.five, &newest));
}

static void two_changes_in_a_row(void **state)
{
    struct authority_set newest;
    struct header second = fx.next;
    struct buf out = buf_heap(1 << 16);
    (void)state;
    second.height = 2;
    second.set = fx.next.next;
    second.next = authority_set_hash(&fx.three);
    cbor_put_array(&out, 2);
    identity_put(&out, &fx.identity);
    cbor_put_array(&out, 2);
    put_change(&out, &fx.next, 7, &fx.five);
    put_change(&out, &second, 15, &fx.three); /* four of five */
    assert_true(identity_follow(buf_slice(&out), &fx.identity, &newest, NULL));
    assert_int_equal(newest.count, 3);
    struct identity stranger = fx.identity;
    stranger.genesis.ledger.bytes[5] ^= 1;
    assert_false(identity_follow(buf_slice(&out), &stranger, &newest, NULL));
    buf_free(&out);
}

/* ------------------------------------------------------------------ finality */

static void distinct_authorities_of_one_round(void **state)
{
    struct buf seals = buf_heap(4096);
    struct header h = fx.next;
    (void)state;
    h.set = authority_set_hash(&fx.five);
    for (unsigned who = 0; who < 32; who++) {
        buf_clear(&seals);
        put_seals(&seals, &h, 4, who);
        struct final f = { .header = h, .seals = buf_slice(&seals) };
        bool enough = __builtin_popcount(who) >= 4;
        assert_int_equal(final_verify(&f, &fx.five, NULL), enough);
        assert_false(final_verify(&f, &fx.three, NULL));
    }
    buf_free(&seals);
}

static void a_seal_of_another_block_spoils_it(void **state)
{
    struct header h = fx.next, other = fx.next;
    struct seal_count count;
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf seal = buf_fixed(memory, sizeof memory);
    (void)state;
    other.outcomes.bytes[0] ^=
        1; /* the same tree, so the same payload: the block hash tells them apart */
    seal_sign(&other, 0, &fx.keys[0], &seal);
    seal_count_begin(&count, &h, &fx.three);
    assert_false(seal_count_add(&count, buf_slice(&seal), NULL));
    buf_clear(&seal);
    seal_sign(&h, 0, &fx.keys[0], &seal);
    assert_true(seal_count_add(&count, buf_slice(&seal), NULL));
    for (size_t i = 0; i < seal.len; i++) {
        seal_count_begin(&count, &h, &fx.three);
        seal.data[i] ^= 2;
        assert_false(seal_count_add(&count, buf_slice(&seal), NULL));
        seal.data[i] ^= 2;
    }
}

/* An ack whose seals were counted in two rounds proves nothing. */
static void an_ack_of_mixed_rounds(void **state)
{
    uint8_t summary_memory[512];
    struct buf summary = buf_fixed(summary_memory, sizeof summary_memory),
               out = buf_heap(ACK_SIZE_MAX);
    struct buf seals = buf_heap(4096);
    struct summary s = {
        .kid = fx.keys[0].kid, .last = 1, .run = 1, .refusals = slice_of("\x80", 1)
    };
    struct merkle_path none = { .len = 0 };
    struct ack a;
    (void)state;
    summary_put(&summary, &s);
    struct header h = fx.next;
    h.outcomes = merkle_leaf(buf_slice(&summary));
    struct ack_place place = { buf_slice(&summary), 1, 0, &none };
    put_seals(&seals, &h, 0, 7);
    ack_put(&out, &h, buf_slice(&seals), &place);
    assert_true(ack_decode(buf_slice(&out), &a, NULL));
    assert_true(ack_verify(&a, &h.ledger, &fx.three, NULL));
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf one = buf_fixed(memory, SEAL_SIZE_MAX);
    buf_clear(&seals);
    buf_clear(&out);
    cbor_put_array(&seals, 3);
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&one);
        seal_sign(&h, i == 2 ? 1 : 0, &fx.keys[i], &one);
        cbor_put_bytes(&seals, buf_slice(&one));
    }
    ack_put(&out, &h, buf_slice(&seals), &place);
    assert_true(ack_decode(buf_slice(&out), &a, NULL));
    assert_false(ack_verify(&a, &h.ledger, &fx.three, NULL));
    buf_free(&out);
    buf_free(&seals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(quorums, setup),
        cmocka_unit_test_setup(sets_that_are_none, setup),
        cmocka_unit_test_setup(a_change_is_sealed_by_the_set_before, setup),
        cmocka_unit_test_setup(two_changes_in_a_row, setup),
        cmocka_unit_test_setup(distinct_authorities_of_one_round, setup),
        cmocka_unit_test_setup(a_seal_of_another_block_spoils_it, setup),
        cmocka_unit_test_setup(an_ack_of_mixed_rounds, setup),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
