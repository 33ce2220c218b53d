/* Two recoveries of one ledger: what they say about each other, and about who signed both. */
#include "common/recovery_rivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LAST 4

struct file {
    struct buf request, body, bytes;
    struct recovery r;
};
static struct key_pair old[LAST];
static struct file a, b;

static struct key_pair key_of(uint8_t byte)
{
    uint8_t seed[SEED_SIZE];
    memset(seed, byte, sizeof seed);
    return key_from_seed(seed);
}

/* All of the last set but the first are known. */
static bool pub_of(void *ctx, const struct kid *kid, uint8_t pub[PUB_SIZE])
{
    const size_t *unknown = ctx;
    for (size_t i = *unknown; i < LAST; i++)
        if (kid_equal(&old[i].kid, kid)) {
            memcpy(pub, old[i].pub, PUB_SIZE);
            return true;
        }
    return false;
}

static int by_kid(const void *x, const void *y)
{
    return kid_compare(&((const struct key_pair *)x)->kid, &((const struct key_pair *)y)->kid);
}

static int set_up(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < LAST; i++)
        old[i] = key_of((uint8_t)(10 + i));
    qsort(old, LAST, sizeof old[0], by_kid);
    struct file *const files[] = { &a, &b };
    for (size_t i = 0; i < 2; i++) {
        files[i]->request = buf_heap(ENROL_REQUEST_MAX);
        files[i]->body = buf_heap(RECOVERY_SIZE_MAX);
        files[i]->bytes = buf_heap(RECOVERY_SIZE_MAX);
    }
    return crypto_init() ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    struct file *const files[] = { &a, &b };
    for (size_t i = 0; i < 2; i++) {
        buf_free(&files[i]->request);
        buf_free(&files[i]->body);
        buf_free(&files[i]->bytes);
    }
    return 0;
}

struct what {
    const char *ledger, *reason;
    uint64_t height;
};

/* Signed by the keys first..first + count - 1 of the last set. */
static void make(struct file *f, struct what what, size_t first, size_t count)
{
    static const uint8_t token[HALF_SIZE] = { 1 };
    struct key_pair fresh = key_of(30), member = key_of(50);
    struct recovery_signature s[LAST];
    struct recovery_draft d = { .ledger = crypto_sha256(slice_text(what.ledger)),
                                .tip = crypto_sha256(slice_text("tip")),
                                .height = what.height,
                                .time_ms = 1767225700000u,
                                .reason = slice_text(what.reason),
                                .count = 1 };
    enrol_request_sign(&fresh, &d.ledger, &member.kid, token, &f->request);
    d.nodes[0].request = buf_slice(&f->request);
    d.nodes[0].record =
        (struct node_record){ slice_text("a.example:1"), slice_text("https://a.example:2"),
                              slice_text("certificate") };
    recovery_put_body(&f->body, &d);
    for (size_t i = 0; i < count; i++)
        recovery_sign(buf_slice(&f->body), &old[first + i], &s[i]);
    recovery_put(&f->bytes, buf_slice(&f->body), s, count);
    assert_true(recovery_decode(buf_slice(&f->bytes), &f->r, NULL));
}

static struct recovery_rivals judge(size_t unknown)
{
    return recovery_rivals(&a.r, &b.r, pub_of, &unknown);
}

static const struct what fire = { "ledger", "fire", 7 }, flood = { "ledger", "flood", 7 };

static void who_signed_both_is_named(void **state)
{
    (void)state;
    make(&a, fire, 0, 3);
    make(&b, flood, 1, 3);
    struct recovery_rivals v = judge(0);
    assert_int_equal(v.relation, RIVALS_EVIDENCE);
    assert_int_equal(v.count, 2);
    assert_true(kid_equal(&v.both[0], &old[1].kid));
    assert_true(kid_equal(&v.both[1], &old[2].kid));
    assert_true(recovery_rivals_exclude(&v));
}

/* About another block: where one authority signed both, the ledger goes on in two ways all the same. */
static void another_block_is_no_excuse(void **state)
{
    (void)state;
    make(&a, fire, 0, 3);
    make(&b, (struct what){ "ledger", "fire", 9 }, 2, 2);
    struct recovery_rivals v = judge(0);
    assert_int_equal(v.relation, RIVALS_EVIDENCE);
    assert_int_equal(v.count, 1);
}

static void one_follows_another(void **state)
{
    (void)state;
    make(&a, fire, 0, 2);
    make(&b, (struct what){ "ledger", "fire", 9 }, 2, 2);
    struct recovery_rivals v = judge(0);
    assert_int_equal(v.relation, RIVALS_UNRELATED);
    assert_false(recovery_rivals_exclude(&v));
}

static void what_nobody_known_signed_is_no_evidence(void **state)
{
    (void)state;
    make(&a, fire, 0, 2);
    make(&b, flood, 0, 1);
    struct recovery_rivals v = judge(1); /* the key of the first is unknown */
    assert_int_equal(v.relation, RIVALS_OF_ONE_TIP);
    assert_int_equal(v.count, 0);
    assert_true(recovery_rivals_exclude(&v));
}

/* A name under a decision is no signature of it. */
static void a_forged_signature_convicts_nobody(void **state)
{
    (void)state;
    make(&a, fire, 0, 3);
    make(&b, flood, 0, 3);
    b.bytes.data[b.bytes.len - 1] ^= 1; /* the last one's */
    assert_true(recovery_decode(buf_slice(&b.bytes), &b.r, NULL));
    struct recovery_rivals v = judge(0);
    assert_int_equal(v.relation, RIVALS_EVIDENCE);
    assert_int_equal(v.count, 2);
    assert_true(kid_equal(&v.both[1], &old[1].kid));
}

static void one_decision_sealed_twice_is_no_evidence(void **state)
{
    (void)state;
    make(&a, fire, 0, 3);
    make(&b, fire, 1, 3);
    struct recovery_rivals v = judge(0);
    assert_int_equal(v.relation, RIVALS_SEALED_TWICE);
    assert_true(recovery_rivals_exclude(&v));
}

static void other_ledgers_are_no_rivals(void **state)
{
    (void)state;
    make(&a, fire, 0, 3);
    make(&b, (struct what){ "another", "fire", 7 }, 0, 3);
    assert_int_equal(judge(0).relation, RIVALS_UNRELATED);
    assert_int_equal(recovery_rivals(&a.r, &a.r, pub_of, NULL).relation, RIVALS_SAME);
}

static void evidence_is_one_file(void **state)
{
    (void)state;
    struct recovery one, two;
    struct buf here = buf_heap(RECOVERY_EVIDENCE_MAX), there = buf_heap(RECOVERY_EVIDENCE_MAX);
    make(&a, fire, 0, 3);
    make(&b, flood, 0, 3);
    recovery_evidence_put(&here, &a.r, &b.r);
    recovery_evidence_put(&there, &b.r, &a.r);
    assert_true(slice_equal(buf_slice(&here), buf_slice(&there)));
    assert_true(recovery_evidence_decode(buf_slice(&here), &one, &two, NULL));
    assert_true(hash_equal(&one.hash, &a.r.hash) != hash_equal(&two.hash, &a.r.hash));
    for (size_t i = 0; i < 8; i++) {
        here.data[i] ^= 1;
        assert_false(recovery_evidence_decode(buf_slice(&here), &one, &two, NULL));
        here.data[i] ^= 1;
    }
    assert_false(recovery_evidence_decode(slice_of(here.data, here.len - 1), &one, &two, NULL));
    buf_clear(&there);
    recovery_evidence_put(&there, &a.r, &a.r);
    assert_false(recovery_evidence_decode(buf_slice(&there), &one, &two, NULL));
    buf_free(&here);
    buf_free(&there);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_signed_both_is_named),
        TEST(another_block_is_no_excuse),
        TEST(one_follows_another),
        TEST(what_nobody_known_signed_is_no_evidence),
        TEST(a_forged_signature_convicts_nobody),
        TEST(one_decision_sealed_twice_is_no_evidence),
        TEST(other_ledgers_are_no_rivals),
        TEST(evidence_is_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
