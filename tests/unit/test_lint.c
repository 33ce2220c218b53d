/* Mistakes planted in contracts, each found and named; a contract without one is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "contracts/compile.h"
#include "contracts/lint.h"

#include <stdlib.h>
#include <string.h>

/* A sale in which nothing is wrong; each case changes one line. */
static const char sale[] = "contract: sale\n"
                           "roles:\n"
                           "  seller: sells\n"
                           "  buyer: buys\n"
                           "parties:\n"
                           "  owner: seller\n"
                           "terms:\n"
                           "  asking price: EUR 100\n"
                           "properties:\n"
                           "  offered: EUR 0..1000000\n"
                           "  bidder: party\n"
                           "  broker: party\n"
                           "  offers: { is: int 0..1000, starts: 0 }\n"
                           "states:\n"
                           "  for sale: { progress: 0 }\n"
                           "  offer placed: { progress: 50 }\n"
                           "  sold: { progress: 100, ends: success }\n"
                           "actions:\n"
                           "  make offer:\n"
                           "    by: buyer\n"
                           "    in: for sale\n"
                           "    takes: { price: EUR 0..1000000 }\n"
                           "    when: price >= asking price\n"
                           "    sets: { offered: price, bidder: caller, offers: offers + 1 }\n"
                           "    to: offer placed\n"
                           "  reject:\n"
                           "    by: owner\n"
                           "    in: offer placed\n"
                           "    sets: { offered: nothing, bidder: nobody }\n"
                           "    to: for sale\n"
                           "  accept offer:\n"
                           "    by: owner\n"
                           "    in: offer placed\n"
                           "    when: offered >= asking price\n"
                           "    to: sold\n";

/* The text with `old` once replaced by `new`. */
static void change(const char *old, const char *new, char *out, size_t size)
{
    const char *at = strstr(sale, old);
    assert_non_null(at);
    assert_null(strstr(at + 1, old)); /* once */
    size_t before = (size_t)(at - sale);
    assert_true(sizeof sale + strlen(new) < size);
    memcpy(out, sale, before);
    strcpy(out + before, new);
    strcat(out, at + strlen(old));
}

static struct lint *lint_text(const char *text)
{
    struct yaml_tree tree;
    struct err err = { .msg = "" };
    struct buf bytes = buf_heap(DEFINITION_MAX_BYTES);
    struct contract_definition *def = malloc(sizeof *def);
    struct lint *lint = malloc(sizeof *lint);
    assert_non_null(def);
    assert_non_null(lint);
    bool good = yaml_parse("sale.yaml", slice_text(text), &tree, &err) &&
                compile_contract(&tree, &bytes, &err) &&
                definition_decode(buf_slice(&bytes), def, &err);
    if (!good)
        fail_msg("%s", err.msg);
    lint_contract(def, lint);
    /* Names are borrowed from the bytes: what the tests look at are the words. */
    for (size_t i = 0; i < lint->count; i++)
        lint->items[i].name = slice_text("");
    yaml_free(&tree);
    buf_free(&bytes);
    free(def);
    return lint;
}

/* Exactly one finding of this kind, whose words hold `words`. */
static void expect(const char *text, enum lint_what what, bool error, const char *words)
{
    struct lint *lint = lint_text(text);
    size_t found = 0;
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_finding *f = &lint->items[i];
        if (f->what != what)
            continue;
        found++;
        assert_int_equal(f->error, error);
        if (strstr(f->words, words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", f->words, words);
    }
    if (found != 1)
        fail_msg("%zu findings of %s, of %zu in all", found, lint_what_name(what), lint->count);
    free(lint);
}

static void expect_changed(const char *old, const char *new, enum lint_what what, bool error,
                           const char *words)
{
    char text[4096];
    change(old, new, text, sizeof text);
    expect(text, what, error, words);
}

/* ------------------------------------------------------------------ cases */

static void test_nothing_wrong(void **state)
{
    (void)state;
    struct lint *lint = lint_text(sale);
    for (size_t i = 0; i < lint->count; i++)
        print_message("%s: %s\n", lint_what_name(lint->items[i].what), lint->items[i].words);
    assert_int_equal(lint->count, 0);
    free(lint);
}

static void test_unreachable_state(void **state)
{
    (void)state;
    expect_changed("  sold: {", "  lost: { progress: 0, ends: failure }\n  sold: {",
                   LINT_UNREACHABLE_STATE, true, "leads to this state");
}

static void test_no_way_on(void **state)
{
    (void)state;
    expect_changed("{ progress: 100, ends: success }", "{ progress: 100 }", LINT_NO_WAY_ON, true,
                   "nothing leads on");
}

static void test_no_success(void **state)
{
    (void)state;
    expect_changed("    to: sold\n", "    to: for sale\n", LINT_NO_SUCCESS, true, "success");
}

static void test_no_caller(void **state)
{
    (void)state;
    expect_changed("  reject:\n    by: owner\n", "  reject:\n    by: broker\n", LINT_NO_CALLER,
                   true, "nothing sets");
}

static void test_never_callable(void **state)
{
    (void)state;
    expect_changed("actions:\n",
                   "  lost: { progress: 0 }\nactions:\n"
                   "  find:\n    by: owner\n    in: lost\n    to: for sale\n",
                   LINT_NEVER_CALLABLE, true, "can be reached");
}

static void test_call_after_end(void **state)
{
    (void)state;
    expect_changed("    in: for sale\n", "    in: [for sale, sold]\n", LINT_CALL_AFTER_END, true,
                   "\"sold\"");
}

static void test_overflow(void **state)
{
    (void)state;
    expect_changed("offers: { is: int 0..1000,", "offers: { is: int,", LINT_OVERFLOW, false,
                   "64 bits");
}

static void test_division_by_nought(void **state)
{
    (void)state;
    expect_changed("    when: price >= asking price\n",
                   "    when: price >= asking price / offers\n", LINT_OVERFLOW, false, "nought");
}

static void test_an_offer_nobody_made(void **state)
{
    (void)state;
    expect_changed("    by: owner\n    in: offer placed\n    when: offered",
                   "    by: owner\n    in: [for sale, offer placed]\n    when: offered",
                   LINT_NEVER_SET, true,
                   "\"offered\", which nothing has set in state \"for sale\"");
}

static void test_perhaps_not_set(void **state)
{
    (void)state;
    expect_changed("  reject:\n",
                   "  ask:\n    by: owner\n    in: for sale\n    to: offer placed\n  reject:\n",
                   LINT_PERHAPS_NOT_SET, false, "not every way");
}

static void test_a_guard_assures(void **state)
{
    char text[4096];
    (void)state;
    change("    by: owner\n    in: offer placed\n    when: offered >= asking price\n",
           "    by: owner\n    in: [for sale, offer placed]\n"
           "    when: [offered != nothing, offered >= asking price]\n",
           text, sizeof text);
    struct lint *lint = lint_text(text);
    assert_int_equal(lint->count, 0);
    free(lint);
}

static void test_unused_term(void **state)
{
    (void)state;
    expect_changed("  asking price: EUR 100\n", "  asking price: EUR 100\n  fee: EUR 1\n",
                   LINT_UNUSED, false, "term");
}

static void test_unused_role(void **state)
{
    (void)state;
    expect_changed("  buyer: buys\n", "  buyer: buys\n  broker: watches\n", LINT_UNUSED, false,
                   "role");
}

static void test_a_device_reports_without_being_asked(void **state)
{
    (void)state;
    char text[4096];
    change("  buyer: buys\n", "  buyer: buys\n  scale: { is: device, does: weighs }\n", text,
           sizeof text);
    struct lint *lint = lint_text(text);
    assert_int_equal(lint->count, 0);
    free(lint);
}

static void test_unused_parameter(void **state)
{
    (void)state;
    expect_changed("price: EUR 0..1000000 }", "price: EUR 0..1000000, note: text }", LINT_UNUSED,
                   false, "\"note\"");
}

static void test_open_guard(void **state)
{
    char text[4096], whole[8192] = "guards: { money is there: open }\n";
    (void)state;
    change("    when: offered >= asking price\n", "    when: guard money is there\n", text,
           sizeof text);
    strcat(whole, text);
    expect(whole, LINT_OPEN_GUARD, false, "refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_wrong),
        cmocka_unit_test(test_unreachable_state),
        cmocka_unit_test(test_no_way_on),
        cmocka_unit_test(test_no_success),
        cmocka_unit_test(test_no_caller),
        cmocka_unit_test(test_never_callable),
        cmocka_unit_test(test_call_after_end),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_division_by_nought),
        cmocka_unit_test(test_an_offer_nobody_made),
        cmocka_unit_test(test_perhaps_not_set),
        cmocka_unit_test(test_a_guard_assures),
        cmocka_unit_test(test_unused_term),
        cmocka_unit_test(test_unused_role),
        cmocka_unit_test(test_a_device_reports_without_being_asked),
        cmocka_unit_test(test_unused_parameter),
        cmocka_unit_test(test_open_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
