#include "tools/trial_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_PREFIX "01/09506000134352/21/T"
#define LOT_PREFIX  "01/09506000134352/10/"
#define UNIT_DIGITS 5

/* ------------------------------------------------------------------ complaints */

bool trial_case_refuse(struct trial_case *c, const struct yaml_node *node, const char *fmt, ...)
{
    struct err why;
    va_list ap;
    va_start(ap, fmt);
    (void)err_setv(&why, ERR_INPUT, fmt, ap);
    va_end(ap);
    return yaml_refuse(&c->file->tree, node, &c->err, "%s", why.msg);
}

bool trial_case_blame(struct trial_case *c, const struct yaml_node *node)
{
    struct err why = c->err;
    return yaml_refuse(&c->file->tree, node, &c->err, "%s", why.msg);
}

void trial_case_differs(struct trial_case *c, const struct yaml_node *node, const char *fmt, ...)
{
    struct err why, whole;
    va_list ap;
    va_start(ap, fmt);
    (void)err_setv(&why, ERR_INPUT, fmt, ap);
    va_end(ap);
    (void)yaml_refuse(&c->file->tree, node, &whole, "%s", why.msg);
    if (c->out->message_count == TRIAL_MESSAGES_MAX)
        return;
    memcpy(c->out->messages[c->out->message_count++], whole.msg, sizeof whole.msg);
}

/* ------------------------------------------------------------------ what stands in a step */

bool trial_case_check_keys(struct trial_case *c, const struct yaml_node *node,
                           const char *const *known)
{
    if (node->kind == YAML_SCALAR && node->text[0] == '\0')
        return true;
    if (node->kind != YAML_MAP)
        return trial_case_refuse(c, node, "expected a map such as { %s: … }", known[0]);
    for (size_t i = 0; i < node->count; i++) {
        size_t k = 0;
        while (known[k] != NULL && strcmp(known[k], node->keys[i]->text) != 0)
            k++;
        if (known[k] == NULL)
            return trial_case_refuse(c, node->keys[i], "unknown key \"%.60s\"",
                                     node->keys[i]->text);
    }
    return true;
}

static const struct yaml_node *get(const struct yaml_node *map, const char *key)
{
    return map != NULL && map->kind == YAML_MAP ? yaml_get(map, key) : NULL;
}

bool trial_case_text(struct trial_case *c, const struct yaml_node *map, const char *key,
                     const char **ret_text)
{
    const struct yaml_node *node = get(map, key);
    *ret_text = NULL;
    if (node == NULL)
        return true;
    if (node->kind != YAML_SCALAR || node->text[0] == '\0')
        return trial_case_refuse(c, node, "%s: expected a name", key);
    *ret_text = node->text;
    return true;
}

bool trial_case_person(struct trial_case *c, const struct yaml_node *map, const char *key,
                       struct trial_person **ret_person)
{
    const struct yaml_node *node = get(map, key);
    const char *name;
    if (node == NULL)
        return trial_case_refuse(c, map, "%s: expected someone under `people`", key);
    if (!trial_case_text(c, map, key, &name))
        return false;
    *ret_person = trial_find(c->t, name);
    return *ret_person != NULL ||
           trial_case_refuse(c, node, "%s: expected someone under `people`, found \"%.60s\"", key,
                             name);
}

static bool find_kid(void *ctx, const char *name, struct kid *ret_kid)
{
    const struct trial_case *c = ctx;
    const struct trial_person *who = trial_find(c->t, name);
    if (who != NULL)
        *ret_kid = who->key.kid;
    return who != NULL;
}

static bool find_hash(void *ctx, const char *name, struct hash *ret_hash)
{
    const struct trial_case *c = ctx;
    for (size_t i = c->named_count; i-- > 0;)
        if (strcmp(c->named[i].name, name) == 0) {
            *ret_hash = c->named[i].hash;
            return true;
        }
    return false;
}

struct trial_names trial_case_names(struct trial_case *c)
{
    return (
        struct trial_names){ .ctx = c, .kid = find_kid, .hash = find_hash, .now_ms = c->t->now_ms };
}

bool trial_case_opening(struct trial_case *c, const struct yaml_node *map, const char *key,
                        struct trial_opening **ret_opening)
{
    const char *name;
    const struct yaml_node *node = get(map, key);
    if (!trial_case_text(c, map, key, &name))
        return false;
    for (size_t i = c->opening_count; i-- > 0;)
        if (name == NULL ||
            (c->openings[i].name != NULL && strcmp(c->openings[i].name, name) == 0)) {
            *ret_opening = &c->openings[i];
            return true;
        }
    if (name == NULL)
        return trial_case_refuse(c, map, "no contract was opened yet");
    return trial_case_refuse(c, node, "%s: no contract was opened as \"%.60s\"", key, name);
}

/* ------------------------------------------------------------------ goods */

void trial_case_unit(unsigned number, char ret_name[ASSET_NAME_MAX + 1])
{
    (void)snprintf(ret_name, ASSET_NAME_MAX + 1, UNIT_PREFIX "%0*u", UNIT_DIGITS, number);
}

void trial_case_lot(const char *number, char ret_name[ASSET_NAME_MAX + 1])
{
    (void)snprintf(ret_name, ASSET_NAME_MAX + 1, LOT_PREFIX "%s", number);
}

bool trial_case_unit_number(struct trial_case *c, const struct yaml_node *node,
                            unsigned *ret_number)
{
    char *end = NULL;
    unsigned long n = node->kind == YAML_SCALAR ? strtoul(node->text, &end, 10) : 0;
    if (n == 0 || *end != '\0' || n > c->file->units)
        return trial_case_refuse(c, node, "expected the number of a unit, 1 to %u", c->file->units);
    *ret_number = (unsigned)n;
    return true;
}

static bool put_listed(struct trial_case *c, const struct yaml_node *list, struct buf *memory)
{
    char name[ASSET_NAME_MAX + 1];
    unsigned before = 0, number = 0;
    cbor_put_array(memory, list->count);
    for (size_t i = 0; i < list->count; i++) {
        if (!trial_case_unit_number(c, list->values[i], &number))
            return false;
        if (number <= before)
            return trial_case_refuse(c, list->values[i], "units: expected rising numbers");
        before = number;
        trial_case_unit(number, name);
        cbor_put_text(memory, slice_text(name));
    }
    return list->count > 0 || trial_case_refuse(c, list, "units: expected at least one");
}

bool trial_case_units(struct trial_case *c, const struct yaml_node *map, struct buf *memory,
                      struct asset_set *ret_set)
{
    const struct yaml_node *node = get(map, "units");
    char name[ASSET_NAME_MAX + 1];
    unsigned number = 1;
    if (node != NULL && node->kind == YAML_LIST) {
        if (!put_listed(c, node, memory))
            return false;
        struct cbor_reader r = cbor_reader(buf_slice(memory));
        *ret_set = asset_set_take(&r);
        return cbor_done(&r) || trial_case_refuse(c, node, "units: too many");
    }
    if (node != NULL && !trial_case_unit_number(c, node, &number))
        return false;
    trial_case_unit(number, name);
    *ret_set =
        node != NULL || c->file->units == 1
            ? asset_set_one(name, memory)
            : asset_set_range(UNIT_PREFIX, name + strlen(UNIT_PREFIX), c->file->units, memory);
    return true;
}

/* ------------------------------------------------------------------ saying */

bool trial_case_say(struct trial_case *c, const struct yaml_node *node, struct trial_person *by,
                    struct statement draft)
{
    if (!trial_say(c->t, by, draft, &c->err))
        return trial_case_blame(c, node);
    c->refused = c->t->last.code != ACCEPTED;
    if (c->as != NULL && !c->refused) {
        if (c->named_count == TRIAL_NAMED_MAX)
            return trial_case_refuse(c, node, "more than %d names", TRIAL_NAMED_MAX);
        c->named[c->named_count++] =
            (struct trial_named){ .name = c->as, .hash = c->t->last.statement };
        c->as = NULL; /* the step's first statement bears its name */
    }
    return !c->refused;
}

bool trial_case_advance(struct trial_case *c, const struct yaml_node *node, uint64_t time_ms)
{
    char now[TRIAL_TEXT_SIZE], then[TRIAL_TEXT_SIZE];
    if (time_ms + 1000 <= c->t->now_ms)
        return trial_case_refuse(c, node, "it is %s already, and time runs one way: %s is past",
                                 trial_value_show_time(c->t->now_ms, now),
                                 trial_value_show_time(time_ms, then));
    return trial_advance(c->t, time_ms, &c->err) || trial_case_blame(c, node);
}
