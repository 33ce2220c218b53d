/*
 * `waybill contract import`: workflows of an Azure Blockchain Workbench configuration as contracts. Touches no
 * ledger. What the overlay does not fill refuses every call, by its name.
 */
#include "tools/cmd_contract_import.h"
#include "common/file.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/import.h"

#include <stdio.h>
#include <string.h>

#define MAX_PATH 1024

const char cmd_contract_import_usage[] =
    "Usage: waybill contract import CONFIG.json [-o FILE.yaml | --folder DIR] [options]\n"
    "Makes contracts of the workflows of an Azure Blockchain Workbench configuration, and prints\n"
    "the YAML, or writes it. What the configuration leaves to code becomes named guards, which\n"
    "refuse every call until an overlay fills them; docs/import.md says how.\n"
    "\n"
    "  -o FILE.yaml          here; for one workflow\n"
    "  --folder DIR          as DIR/WORKFLOW.yaml, each\n"
    "  --workflow NAME       only this one\n"
    "  --overlay FILE.yaml   conditions, effects and first values that were code; for one "
    "workflow\n"
    "  --currency EUR        what money is counted in (default: whole numbers)\n"
    "Exit code: 0 good, 1 error: its place in the configuration, or line of the overlay.\n";

struct importing {
    const struct cmd_args *args;
    struct import_application *application;
    struct import_options options;
    struct yaml_tree overlay;
    size_t first, count;   /* of the workflows */
    struct json_doc *list; /* with --json, else NULL */
};

static bool choose_workflows(struct importing *m, struct err *err)
{
    const char *name = cmd_args_text(m->args, "workflow", NULL);
    char names[160];
    struct buf known = buf_fixed(names, sizeof names - 1);
    m->count = import_workflow_count(m->application);
    for (size_t i = 0; name != NULL && i < m->count; i++) {
        struct slice given = import_workflow_given(m->application, i);
        if (slice_equal(given, slice_text(name))) {
            m->first = i;
            m->count = 1;
            return true;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        buf_add_slice(&known, slice_text(i > 0 ? ", " : ""));
        buf_add_slice(&known, import_workflow_given(m->application, i));
    }
    names[known.len] = '\0';
    if (name != NULL)
        return err_set(err, ERR_INPUT, "--workflow: expected one of %s, found \"%.60s\"", names,
                       name);
    bool one_file = m->options.overlay != NULL || cmd_args_text(m->args, "folder", NULL) == NULL;
    if (m->count > 1 && one_file)
        return err_set(err, ERR_INPUT, "it has %zu workflows: say --workflow and one of %s%s",
                       m->count, names,
                       m->options.overlay == NULL ? ", or --folder for them all" : "");
    return true;
}

static bool check_currency(const char *currency, struct err *err)
{
    bool good = currency == NULL || strlen(currency) == 3;
    for (size_t i = 0; good && currency != NULL && i < 3; i++)
        good = currency[i] >= 'A' && currency[i] <= 'Z';
    return good || err_set(err, ERR_INPUT,
                           "--currency: expected three capital letters of ISO 4217, such as EUR, "
                           "found \"%.20s\"",
                           currency);
}

static bool load(struct importing *m, struct err *err)
{
    const char *path = m->args->operand[0];
    const char *overlay = cmd_args_text(m->args, "overlay", NULL);
    struct buf text = buf_heap(IMPORT_MAX_BYTES);
    m->options.currency = cmd_args_text(m->args, "currency", NULL);
    if (!check_currency(m->options.currency, err))
        return false;
    bool good = file_read(path, IMPORT_MAX_BYTES, &text, err) &&
                (import_read(buf_slice(&text), &m->application, err) || err_wrap(err, "%s", path));
    buf_free(&text);
    if (!good || (overlay != NULL && !yaml_load(overlay, &m->overlay, err)))
        return false;
    if (overlay != NULL)
        m->options.overlay = &m->overlay;
    return choose_workflows(m, err);
}

static bool tell(struct importing *m, const char *path, size_t workflow, struct slice yaml)
{
    struct slice name = import_workflow_given(m->application, workflow);
    if (m->list == NULL) {
        if (path == NULL)
            return fwrite(yaml.data, 1, yaml.len, stdout) == yaml.len;
        (void)printf("%s: %.*s\n", path, (int)name.len, (const char *)name.data);
        return true;
    }
    struct json_doc *one = json_doc_put_object(m->list, NULL);
    json_doc_put_slice(one, "workflow", name);
    if (path != NULL)
        json_doc_put_text(one, "file", path);
    else
        json_doc_put_slice(one, "contract", yaml);
    return true;
}

/* The contract's own name keeps what the configuration calls it from being a path. */
static bool write_one(struct importing *m, size_t workflow, bool only_try, struct err *err)
{
    const char *output = cmd_args_text(m->args, "o", NULL);
    const char *folder = cmd_args_text(m->args, "folder", NULL);
    char path[MAX_PATH];
    if (folder != NULL) {
        int n = snprintf(path, sizeof path, "%s/%s.yaml", folder,
                         import_workflow_name(m->application, workflow));
        if (n < 0 || (size_t)n >= sizeof path)
            return err_set(err, ERR_INPUT, "--folder: its path is too long");
        output = path;
    }
    struct buf yaml = buf_heap(IMPORT_MAX_YAML_BYTES);
    bool good = import_write(m->application, workflow, &m->options, &yaml, err);
    if (!good && strncmp(err->msg, "Workflows[", strlen("Workflows[")) == 0)
        (void)err_wrap(err, "%s", m->args->operand[0]);
    if (good && !only_try)
        good = (output == NULL || file_replace(output, buf_slice(&yaml), 0644, err)) &&
               (tell(m, output, workflow, buf_slice(&yaml)) ||
                err_set(err, ERR_IO, "standard output: cannot be written"));
    buf_free(&yaml);
    return good;
}

static bool import_all(struct importing *m, struct err *err)
{
    const char *folder = cmd_args_text(m->args, "folder", NULL);
    if (folder != NULL && cmd_args_text(m->args, "o", NULL) != NULL)
        return err_set(err, ERR_INPUT, "-o and --folder: say one of them");
    if (!load(m, err))
        return false;
    for (size_t i = m->first; i < m->first + m->count; i++)
        if (!write_one(m, i, true, err))
            return false; /* nothing is written yet */
    if (folder != NULL && !file_exists(folder) && !file_make_folder(folder, 0755, err))
        return false;
    for (size_t i = m->first; i < m->first + m->count; i++)
        if (!write_one(m, i, false, err))
            return false;
    return true;
}

int cmd_contract_import(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct importing m = { .args = args };
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    if (doc != NULL)
        m.list = json_doc_put_array(doc, "contracts");
    bool good = cmd_args_expect(args, 1, 1, "one CONFIG.json", err) && import_all(&m, err);
    if (good && doc != NULL)
        cmd_action_print(doc);
    else
        json_doc_free(doc);
    yaml_free(&m.overlay);
    import_free(m.application);
    return good ? CMD_GOOD : cmd_action_fail(err);
}
