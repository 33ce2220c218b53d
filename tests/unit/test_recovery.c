/* A recovery: who may sign one, what it says, and that a chain of sets follows it only where it is pinned. */
#include "common/recovery.h"
#include "common/set_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LAST  4
#define FRESH 2

struct world {
    struct key_pair old[LAST], fresh[FRESH], members[FRESH];
    struct identity id; /* of a ledger that begins with the old ones */
    struct authority_set last;
    struct recovery_draft draft;
    struct buf requests[FRESH], body, file, proof;
    struct recovery r;
};

static struct key_pair key_of(uint8_t byte)
{
    uint8_t seed[SEED_SIZE];
    memset(seed, byte, sizeof seed);
    return key_from_seed(seed);
}

static int by_kid(const void *a, const void *b)
{
    const struct authority *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static void found(struct world *w)
{
    struct hash state = crypto_sha256(slice_text("state")), set;
    for (uint8_t i = 0; i < LAST; i++) {
        w->old[i] = key_of((uint8_t)(10 + i));
        struct authority *a = &w->last.at[w->last.count++];
        *a = (struct authority){ .kid = w->old[i].kid, .member = key_of((uint8_t)(50 + i)).kid };
        memcpy(a->pub, w->old[i].pub, PUB_SIZE);
    }
    qsort(w->last.at, w->last.count, sizeof w->last.at[0], by_kid);
    set = authority_set_hash(&w->last);
    w->id.set = w->last;
    w->id.genesis = header_genesis(1767225600000u, &state, &set);
}

static int setup(void **state)
{
    static const uint8_t token[HALF_SIZE] = { 1 };
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL || !crypto_init())
        return 1;
    found(w);
    w->draft = (struct recovery_draft){ .ledger = w->id.genesis.ledger,
                                        .tip = crypto_sha256(slice_text("tip")),
                                        .height = 7,
                                        .time_ms = 1767225700000u,
                                        .reason = slice_text("fire"),
                                        .count = FRESH };
    for (uint8_t i = 0; i < FRESH; i++) {
        w->fresh[i] = key_of((uint8_t)(20 + i));
        w->members[i] = key_of((uint8_t)(50 + i));
        w->requests[i] = buf_heap(ENROL_REQUEST_MAX);
        enrol_request_sign(&w->fresh[i], &w->draft.ledger, &w->members[i].kid, token,
                           &w->requests[i]);
        w->draft.nodes[i].request = buf_slice(&w->requests[i]);
        w->draft.nodes[i].record =
            (struct node_record){ slice_text("a.example:1"), slice_text("https://a.example:2"),
                                  slice_text("certificate") };
    }
    w->body = buf_heap(RECOVERY_SIZE_MAX);
    w->file = buf_heap(RECOVERY_SIZE_MAX);
    w->proof = buf_heap(RECOVERY_SIZE_MAX);
    recovery_put_body(&w->body, &w->draft);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < FRESH; i++)
        buf_free(&w->requests[i]);
    buf_free(&w->body);
    buf_free(&w->file);
    buf_free(&w->proof);
    free(w);
    return 0;
}

static int by_signer(const void *a, const void *b)
{
    const struct recovery_signature *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static void seal(struct world *w, size_t count)
{
    struct recovery_signature s[LAST];
    for (size_t i = 0; i < count; i++)
        recovery_sign(buf_slice(&w->body), &w->old[i], &s[i]);
    qsort(s, count, sizeof s[0], by_signer);
    buf_clear(&w->file);
    recovery_put(&w->file, buf_slice(&w->body), s, count);
    assert_true(recovery_decode(buf_slice(&w->file), &w->r, NULL));
}

static void more_than_half_must_sign(void **state)
{
    struct world *w = *state;
    struct err err;
    for (size_t count = 0; count <= LAST; count++) {
        seal(w, count);
        assert_int_equal(recovery_verify(&w->r, &w->last, &err), count >= 3);
        assert_true(count >= 3 || err.code == ERR_PROOF);
    }
    assert_int_equal(w->r.height, 7);
    assert_int_equal(w->r.set.count, FRESH);
    assert_true(authority_set_find(&w->r.set, &w->fresh[0].kid) >= 0);
    assert_true(slice_equal(w->r.reason, slice_text("fire")));
}

static void only_the_last_set_signs(void **state)
{
    struct world *w = *state;
    struct recovery_signature s[3];
    for (size_t i = 0; i < 3; i++)
        recovery_sign(buf_slice(&w->body), &w->old[i], &s[i]);
    recovery_sign(buf_slice(&w->body), &w->fresh[0], &s[2]);
    qsort(s, 3, sizeof s[0], by_signer);
    recovery_put(&w->file, buf_slice(&w->body), s, 3);
    assert_true(recovery_decode(buf_slice(&w->file), &w->r, NULL));
    assert_false(recovery_verify(&w->r, &w->last, NULL));
    for (size_t i = 0; i < 3; i++) /* one three times */
        recovery_sign(buf_slice(&w->body), &w->old[0], &s[i]);
    buf_clear(&w->file);
    recovery_put(&w->file, buf_slice(&w->body), s, 3);
    assert_true(recovery_decode(buf_slice(&w->file), &w->r, NULL));
    assert_false(recovery_verify(&w->r, &w->last, NULL));
}

static void no_flipped_byte_passes(void **state)
{
    struct world *w = *state;
    struct recovery r;
    seal(w, 3);
    for (size_t i = 0; i < w->file.len; i++) {
        w->file.data[i] ^= 1;
        assert_false(recovery_decode(buf_slice(&w->file), &r, NULL) &&
                     recovery_verify(&r, &w->last, NULL));
        w->file.data[i] ^= 1;
    }
}

/* A member has one authority, and a key proves itself for this ledger. */
static void new_keys_prove_themselves(void **state)
{
    struct world *w = *state;
    struct recovery r;
    static const uint8_t token[HALF_SIZE] = { 1 };
    struct hash other = crypto_sha256(slice_text("another ledger"));
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        buf_clear(&w->requests[1]);
        enrol_request_sign(&w->fresh[1], wrong == 0 ? &other : &w->draft.ledger,
                           &w->members[wrong == 0 ? 1 : 0].kid, token, &w->requests[1]);
        w->draft.nodes[1].request = buf_slice(&w->requests[1]);
        buf_clear(&w->body);
        recovery_put_body(&w->body, &w->draft);
        buf_clear(&w->file);
        recovery_put(&w->file, buf_slice(&w->body), NULL, 0);
        assert_false(recovery_decode(buf_slice(&w->file), &r, NULL));
    }
}

static void make_proof(struct world *w)
{
    struct set_chain_maker m;
    buf_clear(&w->proof);
    set_chain_make(&m, SET_CHAIN_COMPACT, &w->id, 1, &w->proof);
    assert_true(set_chain_add_recovery(&m, buf_slice(&w->file), NULL));
}

static void a_chain_follows_what_is_pinned(void **state)
{
    struct world *w = *state;
    struct authority_set set;
    struct err err;
    seal(w, 3);
    make_proof(w);
    assert_int_equal(set_chain_count(buf_slice(&w->proof)), 1);
    assert_true(set_chain_at(buf_slice(&w->proof), &w->id, 7, &set, NULL)); /* what was before */
    assert_int_equal(set.count, LAST);
    assert_false(set_chain_at(buf_slice(&w->proof), &w->id, 8, &set, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_non_null(strstr(err.msg, "not pinned"));
    w->id.pin_count = 2;
    w->id.pins[1] = w->r.hash;
    assert_true(set_chain_at(buf_slice(&w->proof), &w->id, 8, &set, NULL));
    assert_int_equal(set.count, FRESH);
    seal(w, 2); /* pinned, and signed by too few */
    make_proof(w);
    w->id.pins[0] = w->r.hash;
    assert_false(set_chain_at(buf_slice(&w->proof), &w->id, 8, &set, NULL));
}

/* An identity carries its pins; the one in a proof is the node's word, and counts for nothing. */
static void pins_are_the_verifiers_own(void **state)
{
    struct world *w = *state;
    struct identity again, own = w->id;
    struct authority_set set;
    struct buf bytes = buf_heap(64 * 1024);
    seal(w, 3);
    w->id.pin_count = 1;
    w->id.pins[0] = w->r.hash;
    identity_put(&bytes, &w->id);
    assert_true(identity_decode(buf_slice(&bytes), &again, NULL));
    assert_int_equal(again.pin_count, 1);
    assert_true(hash_equal(&again.pins[0], &w->r.hash));
    make_proof(w);
    assert_false(set_chain_at(buf_slice(&w->proof), &own, 8, &set, NULL));
    assert_false(set_chain_at(buf_slice(&w->proof), NULL, 8, &set, NULL));
    assert_true(set_chain_at(buf_slice(&w->proof), &again, 8, &set, NULL));
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_half_must_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_last_set_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(no_flipped_byte_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(new_keys_prove_themselves, setup, teardown),
        cmocka_unit_test_setup_teardown(a_chain_follows_what_is_pinned, setup, teardown),
        cmocka_unit_test_setup_teardown(pins_are_the_verifiers_own, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
