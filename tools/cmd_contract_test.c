/*
 * `waybill contract test`: files of journeys and of what is expected of them, run on ledgers in memory by the
 * rules that the nodes run. Touches no ledger and no home.
 */
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_try.h"
#include "tools/trial_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char cmd_contract_test_usage[] =
    "Usage: waybill contract test FILE.yaml... [--only TEXT] [--untested]\n"
    "Runs the tests in these files, each on a ledger of its own in memory; docs/contract-tests.md\n"
    "says how to write one.\n"
    "\n"
    "  --only TEXT         only tests with this in their names\n"
    "  --untested          name the actions, reactions, rules, states and documents that no test "
    "touched\n"
    "Exit code: 0 all is as expected, 1 something is not, or a file cannot be read.\n";

struct running {
    const struct cmd_args *args;
    const char *path;
    struct json_doc *tests, *untested; /* with --json, else NULL */
    struct trial_outcome *outcome;
    size_t count, failed, untested_count;
};

static void print_outcome(const struct trial_outcome *o)
{
    (void)printf("%s  %s\n", o->message_count == 0 ? "ok    " : "FAILED", o->name);
    for (size_t i = 0; i < o->message_count; i++)
        (void)printf("        %s\n", o->messages[i]);
}

static void put_outcome(struct running *r, const struct trial_outcome *o)
{
    struct json_doc *one = json_doc_put_object(r->tests, NULL);
    json_doc_put_text(one, "file", r->path);
    json_doc_put_text(one, "name", o->name);
    json_doc_put_bool(one, "ok", o->message_count == 0);
    json_doc_put_int(one, "steps", (int64_t)o->step_count);
    struct json_doc *list = json_doc_put_array(one, "messages");
    for (size_t i = 0; i < o->message_count; i++)
        json_doc_put_text(list, NULL, o->messages[i]);
}

static void tell_untested(void *ctx, const char *kind, struct slice name)
{
    struct running *r = ctx;
    r->untested_count++;
    if (r->untested != NULL) {
        struct json_doc *one = json_doc_put_object(r->untested, NULL);
        json_doc_put_text(one, "file", r->path);
        json_doc_put_text(one, "kind", kind);
        json_doc_put_slice(one, "name", name);
        return;
    }
    (void)printf("untested %s %.*s\n", kind, (int)name.len, (const char *)name.data);
}

static void run_tests(struct running *r, struct trial_file *f)
{
    const char *only = cmd_args_text(r->args, "only", "");
    for (size_t i = 0; i < trial_file_count(f); i++) {
        if (strstr(trial_file_test_name(f, i), only) == NULL)
            continue;
        trial_file_run(f, i, r->outcome);
        r->count++;
        r->failed += r->outcome->message_count > 0;
        if (r->tests != NULL)
            put_outcome(r, r->outcome);
        else
            print_outcome(r->outcome);
    }
    if (cmd_args_flag(r->args, "untested"))
        trial_file_untested(f, tell_untested, r);
}

static bool run_files(struct running *r, struct err *err)
{
    for (size_t i = 0; i < r->args->operand_count; i++) {
        struct trial_file *f;
        r->path = r->args->operand[i];
        if (!trial_file_load(r->path, &f, err))
            return false;
        run_tests(r, f);
        trial_file_free(f);
    }
    if (r->count == 0)
        return err_set(err, ERR_INPUT, "no test has \"%.60s\" in its name",
                       cmd_args_text(r->args, "only", ""));
    return true;
}

int cmd_contract_test(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct running r = { .args = args, .outcome = calloc(1, sizeof *r.outcome) };
    if (r.outcome == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    if (doc != NULL) {
        r.tests = json_doc_put_array(doc, "tests");
        if (cmd_args_flag(args, "untested"))
            r.untested = json_doc_put_array(doc, "untested");
    }
    bool good = r.outcome != NULL || err_set(err, ERR_IO, "out of memory");
    good =
        good && cmd_args_expect(args, 1, CMD_ARGS_MAX, "FILE.yaml...", err) && run_files(&r, err);
    free(r.outcome);
    if (!good || doc == NULL) {
        json_doc_free(doc);
    } else {
        json_doc_put_int(doc, "passed", (int64_t)(r.count - r.failed));
        json_doc_put_int(doc, "failed", (int64_t)r.failed);
        cmd_action_print(doc);
    }
    if (!good)
        return CMD_ERROR;
    if (doc == NULL)
        (void)printf("%zu test%s, %zu failed\n", r.count, r.count == 1 ? "" : "s", r.failed);
    return r.failed == 0 ? CMD_GOOD : CMD_ERROR;
}
