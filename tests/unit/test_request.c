/* A member's request: what it says is signed by its own keys, all of it. */
#include "common/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct key_pair member, authority;
    struct hash ledger;
    struct buf out, member_enrolment, authority_enrolment;
    struct request q;
    struct request_keys keys;
};

static struct key_pair key_of(uint8_t byte)
{
    uint8_t seed[SEED_SIZE];
    memset(seed, byte, sizeof seed);
    return key_from_seed(seed);
}

static int setup(void **state)
{
    static const uint8_t token[HALF_SIZE] = { 7 };
    struct world *w = calloc(1, sizeof *w);
    if (!crypto_init() || w == NULL)
        return 1;
    w->member = key_of(1);
    w->authority = key_of(2);
    w->ledger = crypto_sha256(slice_text("a ledger"));
    w->out = buf_heap(REQUEST_SIZE_MAX);
    w->member_enrolment = buf_heap(ENROL_REQUEST_MAX);
    w->authority_enrolment = buf_heap(ENROL_REQUEST_MAX);
    enrol_request_sign(&w->member, &w->ledger, &w->member.kid, token, &w->member_enrolment);
    enrol_request_sign(&w->authority, &w->ledger, &w->member.kid, token, &w->authority_enrolment);
    w->keys = (struct request_keys){ &w->member, &w->authority };
    w->q = (struct request){ .name = slice_text("Farm A"),
                             .broker = slice_text("node.farm.example:8883"),
                             .url = slice_text("https://[2001:db8::1]:8643"),
                             .certificate = slice_text("not looked into here"),
                             .member_enrolment = buf_slice(&w->member_enrolment),
                             .authority_enrolment = buf_slice(&w->authority_enrolment) };
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    buf_free(&w->out);
    buf_free(&w->member_enrolment);
    buf_free(&w->authority_enrolment);
    free(w);
    return 0;
}

static void says_what_was_put(void **state)
{
    struct world *w = *state;
    struct request q;
    request_put(&w->out, &w->q, &w->keys);
    assert_true(request_decode(buf_slice(&w->out), &q, NULL));
    assert_true(slice_equal(q.name, w->q.name));
    assert_memory_equal(q.member, w->member.pub, PUB_SIZE);
    assert_memory_equal(q.authority, w->authority.pub, PUB_SIZE);
    assert_true(q.has_node && !q.joins);
    assert_true(slice_equal(q.broker, w->q.broker));
    assert_true(slice_equal(q.url, w->q.url));
    assert_true(slice_equal(q.certificate, w->q.certificate));
}

static void a_member_may_run_no_node(void **state)
{
    struct world *w = *state;
    struct request q;
    w->keys.authority = NULL;
    request_put(&w->out, &w->q, &w->keys);
    assert_true(request_decode(buf_slice(&w->out), &q, NULL));
    assert_false(q.has_node);
}

static void a_joiner_names_the_ledger(void **state)
{
    struct world *w = *state;
    struct request q;
    struct hash other = crypto_sha256(slice_text("another"));
    w->q.joins = true;
    request_put(&w->out, &w->q, &w->keys);
    assert_true(request_decode(buf_slice(&w->out), &q, NULL));
    assert_true(q.joins && request_is_for(&q, &w->ledger) && !request_is_for(&q, &other));
    w->q.authority_enrolment = w->q.member_enrolment; /* of another key than the authority's */
    buf_clear(&w->out);
    request_put(&w->out, &w->q, &w->keys);
    struct err err;
    assert_false(request_decode(buf_slice(&w->out), &q, &err));
    assert_int_equal(err.code, ERR_PROOF);
}

static void no_flipped_byte_passes(void **state)
{
    struct world *w = *state;
    struct request q;
    w->q.joins = true;
    request_put(&w->out, &w->q, &w->keys);
    for (size_t i = 0; i < w->out.len; i++) {
        w->out.data[i] ^= 1;
        assert_false(request_decode(buf_slice(&w->out), &q, NULL));
        w->out.data[i] ^= 1;
        assert_false(request_decode(slice_of(w->out.data, i), &q, NULL));
    }
    assert_true(request_decode(buf_slice(&w->out), &q, NULL));
}

static void one_key_is_not_two(void **state)
{
    struct world *w = *state;
    struct request q;
    w->keys.authority = &w->member;
    request_put(&w->out, &w->q, &w->keys);
    assert_false(request_decode(buf_slice(&w->out), &q, NULL));
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = { "a:1", "10.0.0.7:8883", "node-1.farm.example:65535",
                                        "[::1]:1883" };
    static const char *const bad[] = { "",      "a",       ":1",       "a:",    "a:0",
                                       "a:01",  "a:65536", "a b:1",    "a:1x",  "[::1:1",
                                       "::1:1", "a/b:1",   "a:123456", "a\n:1", "[]:1" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char url[80] = "https://";
        assert_true(request_check_broker(slice_text(good[i]), NULL));
        assert_true(request_check_url(slice_text(strcat(url, good[i])), NULL));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char url[80] = "https://";
        assert_false(request_check_broker(slice_text(bad[i]), NULL));
        assert_false(request_check_url(slice_text(strcat(url, bad[i])), NULL));
    }
    assert_false(request_check_url(slice_text("http://a:1"), NULL));
    assert_false(request_check_url(slice_text("https://a:1/path"), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_what_was_put, setup, teardown),
        cmocka_unit_test_setup_teardown(a_member_may_run_no_node, setup, teardown),
        cmocka_unit_test_setup_teardown(a_joiner_names_the_ledger, setup, teardown),
        cmocka_unit_test_setup_teardown(no_flipped_byte_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(one_key_is_not_two, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
