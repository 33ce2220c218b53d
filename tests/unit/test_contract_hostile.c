/*
 * Contracts written to exhaust whoever compiles them. Each is compiled in a child of its own, which must
 * refuse it (or, where it is merely large, be done with it) within 100 ms of its processor's time and
 * 16 MiB of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "contracts/compile.h"
#include "contracts/definition.h"

#define MAX_CPU_MS 100
#define MAX_KIB    (16 * 1024)
#define INPUT_MAX  (24 << 20)
#define IN_FULL    250000 /* bytes: nearly what a file may have */
#define NS_PER_MS  1000000
#define FLOW                                                                    \
    "contract: t\nroles: { a: x }\nstates: { s: {} }\nproperties: { n: int }\n" \
    "actions:\n  go:\n    by: a\n    when: "

/* What a child did, told through a pipe. */
struct outcome {
    bool compiled;
    long cpu_ms;
    long kib;
    char message[256];
};

static struct buf text;

static void add(const char *words)
{
    buf_add_slice(&text, slice_text(words));
}

static void repeat(const char *words, size_t bytes)
{
    for (size_t end = text.len + bytes; text.len < end;)
        add(words);
}

static long cpu_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

static long peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void compile_in_child(struct outcome *ret)
{
    static uint8_t bytes[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    memset(bytes, 0, sizeof bytes);
    long cpu = cpu_ms();
    long kib = peak_kib();
    ret->compiled =
        yaml_parse("h.yaml", buf_slice(&text), &tree, &err) && compile_contract(&tree, &out, &err);
    ret->cpu_ms = cpu_ms() - cpu;
    ret->kib = peak_kib() - kib;
    memcpy(ret->message, err.msg, sizeof ret->message);
}

static struct outcome run(void)
{
    int ends[2];
    struct outcome outcome = { 0 };
    assert_false(text.failed);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        compile_in_child(&outcome);
        _exit(write(ends[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
    }
    (void)close(ends[1]);
    ssize_t got = read(ends[0], &outcome, sizeof outcome);
    (void)close(ends[0]);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(got, sizeof outcome);
    return outcome;
}

/* Whatever becomes of it, it costs little. */
static struct outcome cheap(void)
{
    struct outcome o = run();
    if (o.cpu_ms > MAX_CPU_MS || o.kib > MAX_KIB)
        fail_msg("%ld ms, %ld KiB: %s", o.cpu_ms, o.kib, o.message);
    if (!o.compiled && (strncmp(o.message, "h.yaml:", 7) != 0 || strstr(o.message, "memory")))
        fail_msg("%s", o.message);
    return o;
}

static void refused(const char *why)
{
    struct outcome o = cheap();
    assert_false(o.compiled);
    if (strstr(o.message, why) == NULL)
        fail_msg("%s", o.message);
}

static int set_up(void **state)
{
    (void)state;
    text = buf_heap(INPUT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&text);
    return 0;
}

/* ------------------------------------------------------------------ nesting */

static void test_deep_lists(void **state)
{
    (void)state;
    add("contract: ");
    repeat("[", IN_FULL);
    refused("nest too deep");
}

static void test_deep_maps(void **state)
{
    (void)state;
    add("contract: ");
    repeat("{a: ", IN_FULL);
    refused("nest too deep");
}

static void test_deep_parentheses(void **state)
{
    (void)state;
    add(FLOW);
    repeat("(", IN_FULL);
    refused("one line of at most 400 bytes");
}

static void test_parentheses_that_fit(void **state)
{
    (void)state;
    add(FLOW);
    repeat("(", 190);
    add("n");
    repeat(")", 190);
    refused("nests deeper than 32");
}

static void test_signs_and_words_in_a_row(void **state)
{
    (void)state;
    add(FLOW "n = ");
    repeat("-", 300);
    refused("nests deeper than 32");
    buf_clear(&text);
    add(FLOW);
    repeat("not ", 300);
    refused("nests deeper than 32");
    buf_clear(&text);
    add(FLOW);
    repeat("if n then ", 390);
    refused("nests deeper than 32");
}

/* ------------------------------------------------------------------ numbers */

static void test_huge_numbers(void **state)
{
    (void)state;
    static const char *const places[] = { "terms:\n  a: ", "terms:\n  a: { is: int 0..",
                                          "terms:\n  a: EUR ", "version: " };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        buf_clear(&text);
        add("contract: t\n");
        add(places[i]);
        repeat("9", IN_FULL);
        add(i == 1 ? " }\n" : "\n");
        assert_false(cheap().compiled);
    }
    buf_clear(&text);
    add(FLOW "n = ");
    repeat("9", 300);
    refused("expected a number");
}

static void test_exponents(void **state)
{
    (void)state;
    static const char *const terms[] = { "1e999999999", "1e-999999999 °C", "0.0000000001 °C",
                                         "999999999999999999 bar", "9e9 h" };
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        buf_clear(&text);
        add("contract: t\nterms:\n  a: ");
        add(terms[i]);
        refused("terms.a: ");
    }
}

/* ------------------------------------------------------------------ many and long */

static void test_a_million_states_and_terms(void **state)
{
    (void)state;
    static const char *const sections[] = { "states", "terms", "roles", "properties", "actions" };
    char line[40];
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        buf_clear(&text);
        add("contract: t\n");
        add(sections[i]);
        add(":\n");
        for (int n = 0; n < 1000000; n++) {
            (void)snprintf(line, sizeof line, "  s%d: 1\n", n);
            add(line);
        }
        refused("larger than");
        text.len = IN_FULL - 20; /* as many as a file can hold */
        while (text.data[text.len - 1] != '\n')
            text.len--;
        assert_false(cheap().compiled);
    }
}

static void test_one_gigantic_expression(void **state)
{
    (void)state;
    add("contract: t\nstates: { s: {} }\nproperties:\n  n:\n    is: int\n    starts: 1");
    repeat(" + 1", IN_FULL);
    refused("too long an expression");
}

/* As much code as a contract may have, of the costliest operands to read. */
static void test_as_many_expressions_as_fit(void **state)
{
    (void)state;
    char line[40];
    add("contract: t\nstates: { s: {} }\nproperties:\n");
    for (int i = 0; i < 63; i++) {
        (void)snprintf(line, sizeof line, "  p%d:\n    is: °C\n    starts: ", i);
        add(line);
        add("1.000000001 °C");
        repeat(" + 1.000000001 °C", 82 * strlen(" + 1.000000001 °C"));
        add("\n");
    }
    (void)cheap();
}

static void test_guards_filled_again_and_again(void **state)
{
    (void)state;
    add("contract: t\nroles: { a: x }\nstates: { s: {} }\nproperties: { n: int }\nguards:\n  g: n "
        "= 1");
    repeat(" or n = 1", 27 * strlen(" or n = 1"));
    add("\nactions:\n  go:\n    by: a\n    when:\n");
    repeat("      - guard g\n", IN_FULL);
    refused("more expressions than one contract may have");
    buf_clear(&text);
    add("contract: t\nroles: { a: x }\nstates: { s: {} }\nguards:\n  g: guard g or guard g\n"
        "actions:\n  go:\n    by: a\n    when: guard g\n");
    refused("cannot be filled with another");
}

static void test_long_names_and_texts(void **state)
{
    (void)state;
    static const char *const places[] = { "roles:\n  ", "states:\n  ", "terms:\n  ", "actions:\n  ",
                                          "watch:\n  " };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        buf_clear(&text);
        add("contract: t\nmaximum gap: 5 min\n");
        add(places[i]);
        repeat("n", 1000);
        add(": 1\n");
        assert_false(cheap().compiled);
    }
    buf_clear(&text);
    add("contract: t\nsummary: ");
    repeat("text ", IN_FULL);
    refused("one line of plain text");
    buf_clear(&text);
    add("contract: t\nsummary: ");
    repeat("text ", 8 << 20);
    refused("larger than");
}

static void test_aliases_and_choices(void **state)
{
    (void)state;
    add("contract: &a [x]\nroles: [*a, *a, *a]\n");
    refused("anchors are not allowed");
    buf_clear(&text);
    add("contract: t\nterms:\n  a: { one of: [");
    char word[20];
    for (int i = 0; i < 30000; i++) {
        (void)snprintf(word, sizeof word, "c%d, ", i);
        add(word);
    }
    add("] }\n");
    refused("at most 256");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_deep_lists),
        CASE(test_deep_maps),
        CASE(test_deep_parentheses),
        CASE(test_parentheses_that_fit),
        CASE(test_signs_and_words_in_a_row),
        CASE(test_huge_numbers),
        CASE(test_exponents),
        CASE(test_a_million_states_and_terms),
        CASE(test_one_gigantic_expression),
        CASE(test_as_many_expressions_as_fit),
        CASE(test_guards_filled_again_and_again),
        CASE(test_long_names_and_texts),
        CASE(test_aliases_and_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
