#include "tools/constitution_file.h"

#include "common/config.h"
#include "common/header.h"
#include "common/hex.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_home.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MANY 60 /* members, where halves, thirds, quarters and fifths part */

/* ------------------------------------------------------------------ thresholds */

/* "2/3" */
static bool parse_part(const char *text, struct constitution_threshold *ret_t)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    ret_t->n = strtoul(text, &end, 10);
    if (*end != '/' || end[1] < '1' || end[1] > '9')
        return false;
    ret_t->d = strtoul(end + 1, &end, 10);
    return *end == '\0' && ret_t->n <= CONSTITUTION_PART_MAX && ret_t->d <= CONSTITUTION_PART_MAX;
}

static bool parse_threshold(const char *text, struct constitution_threshold *ret_t)
{
    static const char more[] = "more than ", least[] = "at least ";
    if (strcmp(text, "all") == 0) {
        *ret_t = (struct constitution_threshold){ 1, 1, false };
        return true;
    }
    struct constitution_threshold t = { .strict = strncmp(text, more, sizeof more - 1) == 0 };
    bool good = t.strict ? parse_part(text + sizeof more - 1, &t) && t.n < t.d
                         : strncmp(text, least, sizeof least - 1) == 0 &&
                               parse_part(text + sizeof least - 1, &t) && t.n > 0 && t.n <= t.d;
    if (good)
        *ret_t = t;
    return good;
}

static void take_threshold(const struct config *c, const char *key, const char *text,
                           struct constitution_threshold *ret_t)
{
    if (text != NULL && config_good(c) && !parse_threshold(text, ret_t))
        config_refuse(c, key,
                      "expected \"more than 1/2\", \"at least 2/3\" or \"all\", found \"%.60s\"",
                      text);
}

/* ------------------------------------------------------------------ members */

static bool find_member(const struct constitution_names *names, const char *text,
                        struct kid *ret_kid)
{
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        struct slice name = names->at[i].name;
        if (strlen(text) == name.len && strncasecmp(text, (const char *)name.data, name.len) == 0) {
            *ret_kid = names->at[i].kid;
            return true;
        }
    }
    return cmd_home_parse_kid(text, ret_kid, NULL);
}

static int by_kid(const void *a, const void *b)
{
    const struct kid *x = a, *y = b;
    return kid_compare(x, y);
}

/* In order of kid, nobody twice. Without names only the form is looked at, and the list stays empty. */
static size_t take_members(const struct config *c, const char *key, size_t max,
                           const struct constitution_names *names, struct kid *ret_kids)
{
    size_t count = config_has(c, key) ? config_count(c, key, max) : 0;
    for (size_t i = 0; i < count && config_good(c); i++) {
        const char *text = config_list_text(c, key, i);
        if (text != NULL && names != NULL && !find_member(names, text, &ret_kids[i]))
            config_refuse(c, key, "\"%.60s\" is no member here", text);
    }
    if (!config_good(c) || names == NULL)
        return 0;
    qsort(ret_kids, count, sizeof *ret_kids, by_kid);
    for (size_t i = 1; i < count; i++)
        if (kid_equal(&ret_kids[i - 1], &ret_kids[i]))
            config_refuse(c, key, "names a member twice");
    return count;
}

/* ------------------------------------------------------------------ the file */

static void take_action(const struct config *actions, const char *key,
                        const struct yaml_node *value, const struct constitution_names *names,
                        struct constitution *c)
{
    static const char *const keys[] = { "threshold", "veto", "by", NULL };
    static const char *const by[] = { "members", "operators", NULL };
    enum govern_action action = constitution_find_action(slice_text(key));
    if (action == 0) {
        config_refuse(actions, key, "is no action; waybill constitution show names them");
        return;
    }
    struct constitution_rule *rule = &c->actions[action];
    rule->there = true;
    rule->threshold = c->otherwise;
    if (value->kind == YAML_SCALAR) {
        take_threshold(actions, key, value->text, &rule->threshold);
        return;
    }
    struct config section = config_section(actions, key);
    config_check_keys(&section, keys);
    if (config_has(&section, "threshold"))
        take_threshold(&section, "threshold", config_text(&section, "threshold", NULL),
                       &rule->threshold);
    rule->veto_count = take_members(&section, "veto", CONSTITUTION_VETO_MAX, names, rule->veto);
    rule->operator_only = config_choice(&section, "by", by, 0) == 1;
}

static void take_all(const struct config *root, const struct constitution_names *names,
                     struct constitution_file *f)
{
    static const char *const keys[] = { "default", "rules",     "definitions", "sponsoring",
                                        "actions", "operators", "sponsors",    NULL };
    static const char *const definitions[] = { "open", "approved", NULL };
    static const char *const sponsoring[] = { "open", "sponsors", NULL };
    struct constitution *c = &f->constitution;
    config_check_keys(root, keys);
    if (config_has(root, "default") || config_has(root, "actions"))
        memset(c->actions, 0, sizeof c->actions); /* what the file says is all there is */
    if (config_has(root, "default"))
        take_threshold(root, "default", config_text(root, "default", NULL), &c->otherwise);
    c->rules = config_uint(root, "rules", 1, UINT16_MAX, RULES_VERSION);
    c->open_definitions = config_choice(root, "definitions", definitions, 0) == 0;
    c->open_sponsoring = config_choice(root, "sponsoring", sponsoring, 0) == 0;
    struct config actions = config_section(root, "actions");
    for (size_t i = 0; actions.map != NULL && i < actions.map->count && config_good(root); i++)
        take_action(&actions, actions.map->keys[i]->text, actions.map->values[i], names, c);
    f->operator_count =
        take_members(root, "operators", CONSTITUTION_FILE_MEMBERS_MAX, names, f->operators);
    f->sponsor_count =
        take_members(root, "sponsors", CONSTITUTION_FILE_MEMBERS_MAX, names, f->sponsors);
}

bool constitution_file_load(const char *path, const struct constitution_names *names,
                            struct constitution_file *ret_file, struct err *err)
{
    struct yaml_tree tree;
    struct err why = { .code = ERR_NONE };
    if (!yaml_load(path, &tree, err))
        return false;
    struct config root = config_open(&tree, &why);
    *ret_file = (struct constitution_file){ .constitution = constitution_default() };
    take_all(&root, names, ret_file);
    bool good = config_good(&root);
    if (!good)
        (void)err_set(err, why.code, "%s", why.msg);
    yaml_free(&tree);
    return good;
}

/* ------------------------------------------------------------------ words */

const char *constitution_file_threshold(const struct constitution_threshold *t, char text[32])
{
    if (!t->strict && t->n == t->d)
        (void)snprintf(text, 32, "all");
    else
        (void)snprintf(text, 32, "%s %" PRIu64 "/%" PRIu64, t->strict ? "more than" : "at least",
                       t->n, t->d);
    return text;
}

static void print_names(const struct constitution_rule *rule,
                        const struct constitution_names *names)
{
    for (size_t i = 0; i < rule->veto_count; i++) {
        char hex[2 * KID_SIZE + 1];
        size_t at = 0;
        while (names != NULL && at < names->count && !kid_equal(&names->at[at].kid, &rule->veto[i]))
            at++;
        (void)printf("%s", i > 0 ? ", " : "; a no of ");
        hex_encode(kid_slice(&rule->veto[i]), hex);
        if (names != NULL && at < names->count)
            cmd_contract_print(names->at[at].name);
        else
            (void)printf("%s", hex);
    }
    if (rule->veto_count > 0)
        (void)printf(" ends it");
}

static void print_action(const struct constitution *c, enum govern_action action, size_t members,
                         const struct constitution_names *names)
{
    char text[32];
    const struct constitution_rule *rule = &c->actions[action];
    const struct constitution_threshold *t = rule->there ? &rule->threshold : &c->otherwise;
    (void)printf("  %-20s %s of the %s", constitution_action_name(action),
                 constitution_file_threshold(t, text),
                 rule->operator_only ? "operators" : "members");
    if (members > 0 && !rule->operator_only)
        (void)printf(", now %zu of %zu", constitution_needed(c, action, members), members);
    print_names(rule, names);
    (void)printf("\n");
}

void constitution_file_print(const struct constitution *c, size_t members,
                             const struct constitution_names *names)
{
    (void)printf("constitution: what must agree for\n");
    for (int action = 1; action <= ACTION_LAST; action++)
        print_action(c, (enum govern_action)action, members, names);
    (void)printf("  and never less than a quorum of the authorities' number for their set\n"
                 "  rules %" PRIu64 "; %s; %s\n",
                 c->rules,
                 c->open_definitions ? "any contract may be opened"
                                     : "only approved contracts may be opened",
                 c->open_sponsoring ? "every member enrols devices"
                                    : "only sponsors enrol devices");
}

/* a less than b, of so many */
static bool easier(const struct constitution *c, enum govern_action a, enum govern_action b,
                   size_t members)
{
    return constitution_needed(c, a, members) < constitution_needed(c, b, members);
}

size_t constitution_file_warn(const struct constitution *c, size_t members)
{
    size_t warnings = 0;
    size_t voters =
        members > 0 ? members : 60; /* of many, where thirds, quarters and fifths part */
    for (int action = 1; action <= ACTION_LAST; action++)
        if (easier(c, ACTION_AMEND, (enum govern_action)action, voters)) {
            (void)printf("warning: to amend is easier than %s: whoever can amend can change what "
                         "that needs\n",
                         constitution_action_name((enum govern_action)action));
            warnings++;
        }
    for (int action = 1; action <= ACTION_LAST; action++)
        if (constitution_needed(c, (enum govern_action)action, MANY) == MANY) {
            (void)printf("warning: %s needs everybody: one member that is gone stops it for ever\n",
                         constitution_action_name((enum govern_action)action));
            warnings++;
        }
    return warnings;
}

struct json_doc *constitution_file_json(const struct constitution *c)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *actions = json_doc_put_object(doc, "actions");
    char text[32];
    json_doc_put_int(doc, "rules", (int64_t)c->rules);
    json_doc_put_text(doc, "default", constitution_file_threshold(&c->otherwise, text));
    json_doc_put_text(doc, "definitions", c->open_definitions ? "open" : "approved");
    json_doc_put_text(doc, "sponsoring", c->open_sponsoring ? "open" : "sponsors");
    for (int action = 1; action <= ACTION_LAST; action++) {
        const struct constitution_rule *rule = &c->actions[action];
        struct json_doc *one =
            json_doc_put_object(actions, constitution_action_name((enum govern_action)action));
        struct json_doc *veto = json_doc_put_array(one, "veto");
        json_doc_put_text(
            one, "threshold",
            constitution_file_threshold(rule->there ? &rule->threshold : &c->otherwise, text));
        json_doc_put_text(one, "by", rule->operator_only ? "operators" : "members");
        for (size_t i = 0; i < rule->veto_count; i++)
            json_doc_put_hex(veto, NULL, kid_slice(&rule->veto[i]));
    }
    return doc;
}
