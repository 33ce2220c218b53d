#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/asked.h"

#include <string.h>

static void expect_order(const struct asked *a, size_t turn, const char *expected)
{
    char found[ASKED_MAX + 1] = "";
    size_t order[ASKED_MAX];
    asked_order(a, turn, order);
    for (size_t i = 0; i < a->count; i++)
        found[i] = (char)('a' + order[i]);
    found[a->count] = '\0';
    assert_string_equal(found, expected);
}

static void blame(struct asked *a, size_t peer, enum err_code code)
{
    struct err err;
    (void)err_set(&err, code, "no");
    asked_failed(a, peer, &err);
}

static void test_equals_share_the_work(void **state)
{
    (void)state;
    struct asked a = { .count = 4 };
    expect_order(&a, 0, "abcd");
    expect_order(&a, 1, "bcda");
    expect_order(&a, 7, "dabc");
}

static void test_the_better_come_first(void **state)
{
    (void)state;
    struct asked a = { .count = 5 };
    blame(&a, 0, ERR_IO);
    blame(&a, 1, ERR_NOT_FOUND);
    asked_answered(&a, 2, 9000, 1);
    asked_answered(&a, 3, 100, 1);
    asked_answered(&a, 4, 900, 1);
    expect_order(&a, 0, "decba");
    expect_order(&a, 4, "edcba");
    blame(&a, 3, ERR_PROOF);
    blame(&a, 3, ERR_PROOF);
    expect_order(&a, 0, "ecbad");
    asked_anew(&a);
    expect_order(&a, 0, "becad");
}

/* Nobody is slow beside others that are as slow. */
static void test_slow_is_beside_others(void **state)
{
    (void)state;
    struct asked a = { .count = 2 };
    asked_answered(&a, 0, 8000, 1);
    expect_order(&a, 0, "ab");
    asked_answered(&a, 1, 2001, 1);
    expect_order(&a, 0, "ab");
    asked_answered(&a, 1, 1999, 1);
    expect_order(&a, 0, "ba");
}

/* ------------------------------------------------------------------ asking */

struct play {
    struct asked a;
    enum err_code answer[ASKED_MAX]; /* ERR_NONE: good */
    bool mends[ASKED_MAX];           /* good when asked again */
    bool stop;                       /* a fault of nobody's */
    char asked[64];
    unsigned complaints;
};

static enum asked_end answer(void *ctx, size_t peer, struct err *err)
{
    struct play *p = ctx;
    enum err_code code = p->answer[peer];
    p->asked[strlen(p->asked)] = (char)('a' + peer);
    if (p->mends[peer])
        p->answer[peer] = ERR_NONE;
    if (code == ERR_NONE)
        return ASKED_GOOD;
    (void)err_set(err, code, "%c", (char)('a' + peer));
    return p->stop ? ASKED_STOP : ASKED_FAULT;
}

static void complain(void *ctx, size_t peer, const struct err *err)
{
    struct play *p = ctx;
    assert_int_equal(err->msg[0], 'a' + (int)peer);
    p->complaints++;
}

static bool ask(struct play *p, struct err *err)
{
    const struct asked_question q = { p, answer, complain };
    memset(p->asked, 0, sizeof p->asked);
    p->complaints = 0;
    return asked_each(&p->a, 0, &q, err);
}

static void test_one_bad_peer_costs_one_question(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct play p = { .a = { .count = 3 }, .answer = { ERR_IO, ERR_NONE, ERR_NONE } };
    assert_true(ask(&p, &err));
    assert_string_equal(p.asked, "ab");
    assert_int_equal(p.complaints, 1);
    assert_true(ask(&p, &err));
    assert_string_equal(p.asked, "b");
}

static void test_who_has_answered_before_is_asked_again(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct play p = { .a = { .count = 2 }, .answer = { ERR_IO, ERR_IO }, .mends = { true, true } };
    asked_answered(&p.a, 1, 5, 5);
    assert_true(ask(&p, &err));
    assert_string_equal(p.asked, "abb");
    struct play never = { .a = { .count = 2 }, .answer = { ERR_IO, ERR_BUSY } };
    assert_false(ask(&never, &err));
    assert_string_equal(never.asked, "ab");
}

static void test_what_does_not_hold_is_told_first(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct play p = { .a = { .count = 3 }, .answer = { ERR_NOT_FOUND, ERR_PROOF, ERR_IO } };
    assert_false(ask(&p, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_string_equal(err.msg, "b");
    assert_int_equal(p.complaints, 3);
    assert_true(p.a.of[0].lacks && p.a.of[0].faults == 0);
}

static void test_nobodys_fault_ends_it(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct play p = { .a = { .count = 3 }, .answer = { ERR_IO, ERR_NONE }, .stop = true };
    assert_false(ask(&p, &err));
    assert_string_equal(p.asked, "a");
    assert_int_equal(p.complaints + p.a.of[0].faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_share_the_work),
        cmocka_unit_test(test_the_better_come_first),
        cmocka_unit_test(test_slow_is_beside_others),
        cmocka_unit_test(test_one_bad_peer_costs_one_question),
        cmocka_unit_test(test_who_has_answered_before_is_asked_again),
        cmocka_unit_test(test_what_does_not_hold_is_told_first),
        cmocka_unit_test(test_nobodys_fault_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
