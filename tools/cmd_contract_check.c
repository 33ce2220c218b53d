/* `waybill contract check`, `compile` and `lint`: what is wrong with a contract before anybody agrees to it. */
#include "common/file.h"
#include "common/hex.h"
#include "contracts/compile.h"
#include "contracts/lint.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cmd_contract_is_compiled(struct slice bytes)
{
    return bytes.len > 0 && bytes.data[0] >= 0xa0 && bytes.data[0] <= 0xbf;
}

/* The tree is kept for those who want to know on which line something stands; its root is NULL else. */
static bool load(const char *path, struct contract_file *c, struct yaml_tree *tree, struct err *err)
{
    struct buf text = buf_heap(YAML_MAX_BYTES);
    bool good = file_read(path, YAML_MAX_BYTES, &text, err);
    *tree = (struct yaml_tree){ .root = NULL };
    if (good && cmd_contract_is_compiled(buf_slice(&text))) {
        buf_add_slice(&c->bytes, buf_slice(&text));
        good =
            !c->bytes.failed || err_set(err, ERR_INPUT, "a compiled contract has at most %d bytes",
                                        DEFINITION_MAX_BYTES);
    } else if (good) {
        good = yaml_parse(path, buf_slice(&text), tree, err);
        if (!good || !compile_contract(tree, &c->bytes, err)) {
            buf_free(&text);
            return false; /* names file and line */
        }
    }
    buf_free(&text);
    good = good && (definition_decode(buf_slice(&c->bytes), &c->definition, err) ||
                    err_wrap(err, "%s", path));
    if (good)
        c->hash = definition_hash(buf_slice(&c->bytes));
    return good;
}

bool cmd_contract_load(const char *path, struct contract_file *c, struct err *err)
{
    struct yaml_tree tree;
    bool good = load(path, c, &tree, err);
    yaml_free(&tree);
    return good;
}

static struct contract_file *new_file(struct err *err)
{
    struct contract_file *c = calloc(1, sizeof *c);
    if (c == NULL)
        (void)err_set(err, ERR_IO, "out of memory");
    else
        c->bytes = buf_heap(DEFINITION_MAX_BYTES);
    return c;
}

static void free_file(struct contract_file *c)
{
    if (c == NULL)
        return;
    buf_free(&c->bytes);
    free(c);
}

/* ------------------------------------------------------------------ compile */

static void put_contract(struct json_doc *doc, const struct contract_file *c)
{
    const struct contract_definition *d = &c->definition;
    json_doc_put_slice(doc, "name", d->name);
    json_doc_put_int(doc, "version", d->version);
    json_doc_put_hex(doc, "definition", hash_slice(&c->hash));
    json_doc_put_int(doc, "bytes", (int64_t)c->bytes.len);
    json_doc_put_int(doc, "rules", (int64_t)d->rule_count);
    json_doc_put_int(doc, "terms", (int64_t)d->term_count);
    json_doc_put_int(doc, "states", (int64_t)d->state_count);
    json_doc_put_int(doc, "actions", (int64_t)d->action_count);
}

static void tell_contract(const struct contract_file *c)
{
    char hash[2 * HASH_SIZE + 1];
    const struct contract_definition *d = &c->definition;
    hex_encode(hash_slice(&c->hash), hash);
    (void)printf("%.*s version %u: %zu bytes, %zu rules, %zu terms, %zu states, %zu actions\n"
                 "  definition %s\n",
                 (int)d->name.len, (const char *)d->name.data, d->version, c->bytes.len,
                 d->rule_count, d->term_count, d->state_count, d->action_count, hash);
}

int cmd_contract_compile(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    const char *output = cmd_args_text(args, "o", NULL);
    struct contract_file *c = new_file(err);
    bool good = c != NULL && cmd_args_expect(args, 1, 1, "one FILE.yaml", err) &&
                cmd_contract_load(args->operand[0], c, err) &&
                (output == NULL || file_replace(output, buf_slice(&c->bytes), 0644, err));
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        put_contract(doc, c);
        cmd_action_print(doc);
    } else if (good) {
        tell_contract(c);
    }
    free_file(c);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ check */

static bool check_file(const char *path, struct json_doc *list, struct err *err)
{
    struct err why = { .code = ERR_NONE };
    struct contract_file *c = new_file(err);
    if (c == NULL)
        return false;
    bool good = cmd_contract_load(path, c, &why);
    struct json_doc *one = list != NULL ? json_doc_put_object(list, NULL) : NULL;
    if (one != NULL) {
        json_doc_put_text(one, "file", path);
        json_doc_put_bool(one, "ok", good);
        if (good)
            put_contract(one, c);
        else
            json_doc_put_text(one, "error", why.msg);
    } else if (good) {
        (void)printf("%s: ok, %.*s version %u\n", path, (int)c->definition.name.len,
                     (const char *)c->definition.name.data, c->definition.version);
    } else {
        (void)printf("%s\n", why.msg);
    }
    free_file(c);
    return good;
}

int cmd_contract_check(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    if (!cmd_args_expect(args, 1, CMD_ARGS_MAX, "FILE...", err))
        return cmd_action_fail(err);
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    struct json_doc *list = doc != NULL ? json_doc_put_array(doc, "files") : NULL;
    bool good = true;
    for (size_t i = 0; i < args->operand_count; i++)
        good = check_file(args->operand[i], list, err) && good;
    if (doc != NULL)
        cmd_action_print(doc);
    return good ? CMD_GOOD : CMD_ERROR;
}

/* ------------------------------------------------------------------ lint */

struct linting {
    struct json_doc *list; /* NULL: to be printed */
    size_t errors, warnings;
};

static const struct yaml_node *get(const struct yaml_node *map, struct slice name)
{
    char key[DEFINITION_MAX_NAME + 1];
    if (map == NULL || map->kind != YAML_MAP || name.len >= sizeof key)
        return NULL;
    memcpy(key, name.data, name.len);
    key[name.len] = '\0';
    return yaml_get(map, key);
}

/* A value's line may be below its key's: the key is what people look for. */
static unsigned line_of_key(const struct yaml_node *map, struct slice name)
{
    for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->count; i++)
        if (slice_equal(slice_text(map->keys[i]->text), name))
            return map->keys[i]->line;
    return 0;
}

/* As deep as it is found; 0: this file has no lines. */
static unsigned find_line(const struct yaml_node *root, const struct lint_finding *f)
{
    const struct yaml_node *section = get(root, slice_text(f->section));
    const struct yaml_node *part = f->name.len > 0 ? get(section, f->name) : NULL;
    unsigned line = f->key != NULL ? line_of_key(part, slice_text(f->key)) : 0;
    if (line == 0 && f->name.len > 0)
        line = line_of_key(section, f->name);
    if (line == 0)
        line = line_of_key(root, slice_text(f->section));
    return line != 0 || root == NULL ? line : 1;
}

static void put_finding(struct json_doc *one, const struct lint_finding *f)
{
    json_doc_put_text(one, "what", lint_what_name(f->what));
    json_doc_put_bool(one, "error", f->error);
    json_doc_put_text(one, "section", f->section);
    if (f->name.len > 0)
        json_doc_put_slice(one, "name", f->name);
    if (f->key != NULL)
        json_doc_put_text(one, "key", f->key);
    json_doc_put_text(one, "words", f->words);
}

static void print_finding(const char *path, unsigned line, const struct lint_finding *f)
{
    (void)printf("%s:", path);
    if (line > 0)
        (void)printf("%u:", line);
    (void)printf(" %s: %s", f->error ? "error" : "warning", f->section);
    if (f->name.len > 0)
        (void)printf(".%.*s", (int)f->name.len, (const char *)f->name.data);
    if (f->key != NULL)
        (void)printf(".%s", f->key);
    (void)printf(": %s [%s]\n", f->words, lint_what_name(f->what));
}

static void tell_finding(struct linting *l, const char *path, unsigned line,
                         const struct lint_finding *f)
{
    l->errors += f->error ? 1 : 0;
    l->warnings += f->error ? 0 : 1;
    if (l->list == NULL) {
        print_finding(path, line, f);
        return;
    }
    struct json_doc *one = json_doc_put_object(l->list, NULL);
    json_doc_put_text(one, "file", path);
    if (line > 0)
        json_doc_put_int(one, "line", line);
    put_finding(one, f);
}

/* What does not compile is a finding too; its message names the line. */
static void tell_failure(struct linting *l, const char *path, const struct err *why)
{
    l->errors++;
    if (l->list == NULL) {
        (void)printf("%s [does-not-compile]\n", why->msg);
        return;
    }
    struct json_doc *one = json_doc_put_object(l->list, NULL);
    json_doc_put_text(one, "file", path);
    size_t len = strlen(path);
    if (strncmp(why->msg, path, len) == 0 && why->msg[len] == ':')
        json_doc_put_int(one, "line", (int64_t)strtoul(why->msg + len + 1, NULL, 10));
    json_doc_put_text(one, "what", "does-not-compile");
    json_doc_put_bool(one, "error", true);
    json_doc_put_text(one, "words", why->msg);
}

static bool lint_file(struct linting *l, const char *path, struct err *err)
{
    struct err why = { .code = ERR_NONE };
    struct yaml_tree tree;
    struct contract_file *c = new_file(err);
    struct lint *found = c != NULL ? calloc(1, sizeof *found) : NULL;
    if (found == NULL) {
        free_file(c);
        return err_set(err, ERR_IO, "out of memory");
    }
    if (load(path, c, &tree, &why)) {
        lint_contract(&c->definition, found);
        for (size_t i = 0; i < found->count; i++)
            tell_finding(l, path, find_line(tree.root, &found->items[i]), &found->items[i]);
        if (found->dropped > 0 && l->list == NULL)
            (void)printf("%s: and %zu more\n", path, found->dropped);
    } else {
        tell_failure(l, path, &why);
    }
    yaml_free(&tree);
    free(found);
    free_file(c);
    return true;
}

int cmd_contract_lint(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct linting l = { .errors = 0 };
    if (!cmd_args_expect(args, 1, CMD_ARGS_MAX, "FILE...", err))
        return cmd_action_fail(err);
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    l.list = doc != NULL ? json_doc_put_array(doc, "findings") : NULL;
    bool good = true;
    for (size_t i = 0; good && i < args->operand_count; i++)
        good = lint_file(&l, args->operand[i], err);
    if (!good) {
        json_doc_free(doc);
        return cmd_action_fail(err);
    }
    if (doc != NULL) {
        json_doc_put_int(doc, "errors", (int64_t)l.errors);
        json_doc_put_int(doc, "warnings", (int64_t)l.warnings);
        cmd_action_print(doc);
    } else if (l.errors + l.warnings > 0) {
        (void)printf("%zu error%s, %zu warning%s\n", l.errors, l.errors == 1 ? "" : "s", l.warnings,
                     l.warnings == 1 ? "" : "s");
    }
    bool bad = l.errors > 0 || (cmd_args_flag(args, "strict") && l.warnings > 0);
    return bad ? CMD_ERROR : CMD_GOOD;
}
