/* What an overlay may say: every name in it is looked up before anything is written. */
#include "tools/import_build.h"

#include <string.h>

static bool refuse_name(struct import_build *b, const struct yaml_node *key, const char *wanted,
                        struct import_near *near)
{
    char words[IMPORT_NEAR_SIZE];
    return yaml_refuse(b->overlay, key, b->err, "expected %s, found \"%.60s\"%s", wanted, key->text,
                       import_near_words(near, words));
}

/* One of the words, as a key. */
static bool check_key(struct import_build *b, const struct yaml_node *key, const char *wanted,
                      const char *const *words)
{
    struct import_near near = import_near_begin(slice_text(key->text));
    for (; *words != NULL; words++) {
        if (strcmp(*words, key->text) == 0)
            return true;
        import_near_try(&near, slice_text(*words));
    }
    return refuse_name(b, key, wanted, &near);
}

static bool is_name(const struct import_names *names, const char *word, struct import_near *near)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct import_name *name = import_nth_name(names, i);
        if (strcmp(name->legal, word) == 0)
            return true;
        import_near_try(near, slice_text(name->legal));
    }
    return false;
}

static bool check_name(struct import_build *b, const struct yaml_node *key, const char *wanted,
                       const struct import_names *names)
{
    struct import_near near = import_near_begin(slice_text(key->text));
    return is_name(names, key->text, &near) || refuse_name(b, key, wanted, &near);
}

static bool expect_map(struct import_build *b, const struct yaml_node *node, const char *what)
{
    return node->kind == YAML_MAP ||
           yaml_refuse(b->overlay, node, b->err, "expected names of %s, each with its value", what);
}

/* ------------------------------------------------------------------ sections */

static bool check_guards(struct import_build *b, const struct yaml_node *map)
{
    struct import_names names = { b->guards, b->guard_count, sizeof b->guards[0] };
    for (size_t i = 0; i < map->count; i++) {
        if (!check_name(b, map->keys[i], "the name of a guard of this contract", &names))
            return false;
        for (size_t k = 0; k < b->guard_count; k++)
            if (b->guards[k].last && strcmp(b->guards[k].name.legal, map->keys[i]->text) == 0)
                return yaml_refuse(b->overlay, map->keys[i], b->err,
                                   "this guard refuses a call that leads to none of its next "
                                   "states; it cannot be filled");
        if (map->values[i]->kind != YAML_SCALAR || map->values[i]->text[0] == '\0')
            return yaml_refuse(b->overlay, map->values[i], b->err,
                               "expected a condition, \"yes\" or \"open\"");
    }
    return true;
}

static bool check_properties(struct import_build *b, const struct yaml_node *map)
{
    struct import_names names = { b->w->properties.at, b->w->properties.count,
                                  sizeof b->w->properties.at[0] };
    for (size_t i = 0; i < map->count; i++) {
        if (!check_name(b, map->keys[i], "the name of a property", &names))
            return false;
        for (size_t k = 0; k < names.count; k++)
            if (b->w->properties.at[k].type.kind == IMPORT_STATE &&
                strcmp(b->w->properties.at[k].name.legal, map->keys[i]->text) == 0)
                return yaml_refuse(b->overlay, map->keys[i], b->err,
                                   "the ledger itself keeps the state: no property \"%.60s\" is "
                                   "imported",
                                   map->keys[i]->text);
    }
    return true;
}

static bool check_terms(struct import_build *b, const struct yaml_node *map)
{
    struct import_names names = { b->w->constructor.at, b->w->constructor.count,
                                  sizeof b->w->constructor.at[0] };
    for (size_t i = 0; i < map->count; i++) {
        if (!check_name(b, map->keys[i], "the name of a constructor's parameter", &names))
            return false;
        for (size_t k = 0; k < names.count; k++)
            if ((b->parties >> k & 1) != 0 &&
                strcmp(b->w->constructor.at[k].name.legal, map->keys[i]->text) == 0)
                return yaml_refuse(b->overlay, map->keys[i], b->err,
                                   "this parameter is a party: every opening names it anew");
    }
    return true;
}

static bool check_roles(struct import_build *b, const struct yaml_node *map)
{
    struct import_names names = { b->a->roles.at, b->a->roles.count, sizeof b->a->roles.at[0] };
    for (size_t i = 0; i < map->count; i++) {
        if (!check_name(b, map->keys[i], "the name of an application role", &names))
            return false;
        if (map->values[i]->kind != YAML_SCALAR)
            return yaml_refuse(b->overlay, map->values[i], b->err,
                               "expected member, device, operator or oracle");
    }
    return true;
}

static bool check_steps(struct import_build *b, const struct yaml_node *map)
{
    static const char *const known[] = { "sets", "calls", NULL };
    struct import_names states = { b->w->states, b->w->state_count, sizeof b->w->states[0] };
    if (!expect_map(b, map, "next states"))
        return false;
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *step = map->values[i];
        if (!check_name(b, map->keys[i], "the name of a state", &states) ||
            !expect_map(b, step, "what happens on the way there"))
            return false;
        for (size_t k = 0; k < step->count; k++)
            if (!check_key(b, step->keys[k], "sets or calls", known))
                return false;
    }
    return true;
}

static bool is_of(const struct import_build *b, const struct import_action *action,
                  const char *name)
{
    return strcmp(action->name.legal, name) == 0 ||
           strcmp(b->w->functions[action->function].name.legal, name) == 0;
}

/* `by` and `to` are there only where the configuration leaves a choice to code. */
static bool check_choice(struct import_build *b, const struct yaml_node *key,
                         const struct import_action *action)
{
    bool by = strcmp(key->text, "by") == 0;
    bool to = strcmp(key->text, "to") == 0;
    if (by && (action->how.roles | action->how.fields) != 0)
        return yaml_refuse(b->overlay, key, b->err,
                           "the configuration says who may call %s; an overlay says it only where "
                           "nobody may",
                           action->name.legal);
    if (to && action->how.next_count == 1)
        return yaml_refuse(b->overlay, key, b->err,
                           "%s leads to one state alone: put \"sets\" beside it, not below \"to\"",
                           action->name.legal);
    return true;
}

static bool check_action(struct import_build *b, const struct yaml_node *key,
                         const struct yaml_node *map)
{
    static const char *const known[] = { "by", "sets", "calls", "to", NULL };
    if (!expect_map(b, map, "by, sets, calls or to"))
        return false;
    for (size_t i = 0; i < map->count; i++) {
        if (!check_key(b, map->keys[i], "by, sets, calls or to", known))
            return false;
        for (size_t k = 0; k < b->action_count; k++)
            if (is_of(b, &b->actions[k], key->text) &&
                !check_choice(b, map->keys[i], &b->actions[k]))
                return false;
        if (strcmp(map->keys[i]->text, "to") == 0 && !check_steps(b, map->values[i]))
            return false;
    }
    return true;
}

static bool check_actions(struct import_build *b, const struct yaml_node *map)
{
    struct import_names actions = { b->actions, b->action_count, sizeof b->actions[0] };
    for (size_t i = 0; i < map->count; i++) {
        struct import_near near = import_near_begin(slice_text(map->keys[i]->text));
        bool found = is_name(&actions, map->keys[i]->text, &near);
        for (size_t k = 0; k < b->action_count; k++)
            found = found || is_of(b, &b->actions[k], map->keys[i]->text);
        if (!found)
            return refuse_name(b, map->keys[i], "the name of an action or of its function", &near);
        if (!check_action(b, map->keys[i], map->values[i]))
            return false;
    }
    return true;
}

bool import_check_overlay(struct import_build *b)
{
    static const struct {
        const char *section, *what;
        bool (*check)(struct import_build *b, const struct yaml_node *map);
    } sections[] = {
        { "guards", "guards", check_guards },    { "properties", "properties", check_properties },
        { "terms", "terms", check_terms },       { "roles", "roles", check_roles },
        { "actions", "actions", check_actions },
    };
    static const char *const known[] = {
        "guards", "properties", "terms", "actions", "roles", NULL
    };
    const struct yaml_node *root = b->overlay != NULL ? b->overlay->root : NULL;
    if (root == NULL)
        return true;
    if (!expect_map(b, root, "guards, properties, terms, roles and actions"))
        return false;
    for (size_t i = 0; i < root->count; i++)
        if (!check_key(b, root->keys[i], "guards, properties, terms, roles or actions", known))
            return false;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct yaml_node *map = yaml_get(root, sections[i].section);
        if (map != NULL && (!expect_map(b, map, sections[i].what) || !sections[i].check(b, map)))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ what was said */

const struct yaml_node *import_said(const struct import_build *b, const char *section,
                                    const char *name)
{
    const struct yaml_node *root = b->overlay != NULL ? b->overlay->root : NULL;
    const struct yaml_node *map = root != NULL ? yaml_get(root, section) : NULL;
    return map != NULL ? yaml_get(map, name) : NULL;
}

const struct yaml_node *import_said_of(const struct import_build *b,
                                       const struct import_action *action, const char *key)
{
    const struct yaml_node *own = import_said(b, "actions", action->name.legal);
    const struct yaml_node *shared =
        import_said(b, "actions", b->w->functions[action->function].name.legal);
    const struct yaml_node *found = own != NULL ? yaml_get(own, key) : NULL;
    return found != NULL || shared == NULL ? found : yaml_get(shared, key);
}
