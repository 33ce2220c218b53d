/* A constitution as people write it: what it comes to, and what is told of a mistake. */
#include "common/file.h"
#include "tools/constitution_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];
static struct constitution_names names;
static struct constitution_file file;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/waybill-constitution-%ld.yaml", (long)getpid());
    names.count = 2;
    names.at[0].name = slice_text("Farm A");
    names.at[0].kid = (struct kid){ { 9 } };
    names.at[1].name = slice_text("Carrier B");
    names.at[1].kid = (struct kid){ { 3 } };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static bool load(const char *text, struct err *err)
{
    assert_true(file_replace(path, slice_text(text), 0644, NULL));
    return constitution_file_load(path, &names, &file, err);
}

static void all_of_it(void **state)
{
    (void)state;
    assert_true(
        load("default: at least 3/4\nrules: 7\ndefinitions: approved\nsponsoring: sponsors\n"
             "actions:\n  add-member: more than 2/3\n"
             "  amend: { threshold: all, veto: [farm a, Carrier B] }\n"
             "  set-parameter: { by: operators }\n"
             "operators: [Farm A]\nsponsors: [0300000000000000, Farm A]\n",
             NULL));
    const struct constitution *c = &file.constitution;
    assert_int_equal(c->rules, 7);
    assert_false(c->open_definitions || c->open_sponsoring);
    assert_int_equal(constitution_needed(c, ACTION_ADD_MEMBER, 3), 3);
    assert_int_equal(constitution_needed(c, ACTION_REMOVE_MEMBER, 4), 3); /* the default */
    assert_int_equal(constitution_needed(c, ACTION_SET_PARAMETER, 4),
                     3); /* no threshold of its own */
    assert_true(c->actions[ACTION_SET_PARAMETER].operator_only);
    assert_int_equal(constitution_needed(c, ACTION_AMEND, 5), 5);
    assert_int_equal(c->actions[ACTION_AMEND].veto_count, 2);
    assert_int_equal(c->actions[ACTION_AMEND].veto[0].bytes[0], 3); /* in order of kid */
    assert_int_equal(file.operator_count, 1);
    assert_int_equal(file.sponsor_count, 2);
    struct buf bytes = buf_heap(CONSTITUTION_SIZE_MAX);
    struct constitution again;
    constitution_put(&bytes, c);
    assert_true(constitution_decode(buf_slice(&bytes), &again, NULL));
    buf_free(&bytes);
}

static void what_is_not_said_is_the_default(void **state)
{
    (void)state;
    struct constitution d = constitution_default();
    assert_true(load("definitions: approved\n", NULL));
    for (int action = 1; action <= ACTION_LAST; action++)
        for (size_t n = 1; n < 20; n++)
            assert_int_equal(constitution_needed(&file.constitution, (enum govern_action)action, n),
                             constitution_needed(&d, (enum govern_action)action, n));
    assert_true(load("default: more than 1/2\n", NULL)); /* then it is for every action */
    assert_int_equal(constitution_needed(&file.constitution, ACTION_ADD_MEMBER, 10), 6);
}

static void mistakes_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        { "default: 1/2\n", ":1: default: expected \"more than 1/2\"" },
        { "default: more than 1/1\n", ":1: default: expected" },
        { "default: at least 0/3\n", ":1: default: expected" },
        { "default: at least 4/3\n", ":1: default: expected" },
        { "default: at least 1/2000\n", ":1: default: expected" },
        { "rules: 4\nactions:\n  add-membr: all\n", ":3: actions.add-membr: is no action" },
        { "actions:\n  amend: { veto: [Nobody] }\n", "\"Nobody\" is no member here" },
        { "operators: [Farm A, farm a]\n", ":1: operators: names a member twice" },
        { "sponsoring: closed\n", ":1: sponsoring:" },
        { "actions:\n  amend: { by: kings }\n", ":2: actions.amend.by:" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = { .code = ERR_NONE };
        assert_false(load(wrong[i].text, &err));
        if (strstr(err.msg, wrong[i].says) == NULL)
            fail_msg("%s: said \"%s\"", wrong[i].text, err.msg);
    }
}

/* Whoever can amend can change every other threshold. */
static void warns(void **state)
{
    (void)state;
    assert_true(load("default: more than 1/2\n", NULL));
    assert_int_equal(constitution_file_warn(&file.constitution, 0), 0);
    assert_true(load("default: more than 1/2\nactions: { add-member: at least 2/3 }\n", NULL));
    assert_int_equal(constitution_file_warn(&file.constitution, 0), 1);
    assert_true(load("actions: { recover-member: all }\n", NULL));
    assert_int_equal(constitution_file_warn(&file.constitution, 5), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(what_is_not_said_is_the_default),
        cmocka_unit_test(mistakes_name_their_line),
        cmocka_unit_test(warns),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
