#include "common/config.h"

#include "common/quantity.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE   256
#define FOUND_SIZE     48
#define EXPECTED_SIZE  160
#define NEAR_KEY_MAX   32 /* longer keys are not compared for likeness */
#define DURATION_PARTS 5

/* ------------------------------------------------------------------ complaints */

static bool at_root(const struct config *c)
{
    return c->path[0] == '\0';
}

static void complain(const struct config *c, const struct yaml_node *node, const char *key,
                     const char *why)
{
    if (!config_good(c))
        return;
    (void)yaml_refuse(c->tree, node != NULL ? node : c->place, c->err, "%s%s%s: %s", c->path,
                      at_root(c) ? "" : ".", key, why);
}

void config_refuse(const struct config *c, const char *key, const char *fmt, ...)
{
    char why[MESSAGE_SIZE];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    complain(c, yaml_get(c->map, key), key, why);
}

static void describe_found(const struct yaml_node *node, char *text, size_t size)
{
    if (node->kind == YAML_MAP)
        (void)snprintf(text, size, "a map");
    else if (node->kind == YAML_LIST)
        (void)snprintf(text, size, "a list");
    else if (node->text[0] == '\0')
        (void)snprintf(text, size, "nothing");
    else
        (void)snprintf(text, size, "\"%.32s\"%s%s", node->text,
                       strnlen(node->text, 33) > 32 ? "…" : "", node->quoted ? " in quotes" : "");
}

static void complain_expected(const struct config *c, const struct yaml_node *node, const char *key,
                              const char *expected)
{
    char found[FOUND_SIZE];
    char why[EXPECTED_SIZE + FOUND_SIZE + 32];
    describe_found(node, found, sizeof found);
    (void)snprintf(why, sizeof why, "expected %s, found %s", expected, found);
    complain(c, node, key, why);
}

/* The scalar under key, or NULL: absent, or a complaint made. */
static const struct yaml_node *get_scalar(const struct config *c, const char *key,
                                          const char *expected)
{
    if (!config_good(c))
        return NULL;
    const struct yaml_node *node = yaml_get(c->map, key);
    if (node == NULL || node->kind == YAML_SCALAR)
        return node;
    complain_expected(c, node, key, expected);
    return NULL;
}

/* ------------------------------------------------------------------ maps and lists */

struct config config_open(const struct yaml_tree *tree, struct err *err)
{
    assert(tree != NULL && err != NULL);
    *err = (struct err){ .code = ERR_NONE };
    struct config c = { .tree = tree, .map = tree->root, .place = tree->root, .err = err };
    if (tree->root != NULL && tree->root->kind != YAML_MAP) {
        c.map = NULL;
        (void)yaml_refuse(tree, tree->root, err, "expected \"key: value\" lines");
    }
    return c;
}

bool config_good(const struct config *c)
{
    return c->err->code == ERR_NONE;
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && !node->quoted && node->text[0] == '\0';
}

static struct config enter(const struct config *c, const struct yaml_node *node, const char *key)
{
    struct config inner = { .tree = c->tree, .place = node, .err = c->err };
    (void)snprintf(inner.path, sizeof inner.path, "%.90s%s%.90s", c->path, at_root(c) ? "" : ".",
                   key);
    if (node == NULL)
        inner.place = c->place;
    else if (node->kind == YAML_MAP)
        inner.map = node;
    else if (!is_empty(node))
        complain_expected(c, node, key, "a map");
    return inner;
}

struct config config_section(const struct config *c, const char *key)
{
    return enter(c, yaml_get(c->map, key), key);
}

static const struct yaml_node *get_list(const struct config *c, const char *key)
{
    const struct yaml_node *node = yaml_get(c->map, key);
    if (node == NULL || node->kind == YAML_LIST)
        return node;
    if (!is_empty(node))
        complain_expected(c, node, key, "a list");
    return NULL;
}

size_t config_count(const struct config *c, const char *key, size_t max)
{
    const struct yaml_node *list = get_list(c, key);
    if (list == NULL || !config_good(c))
        return 0;
    if (list->count > max) {
        config_refuse(c, key, "expected at most %zu elements, found %zu", max, list->count);
        return 0;
    }
    return list->count;
}

static void element_name(const char *key, size_t i, char *text, size_t size)
{
    (void)snprintf(text, size, "%s[%zu]", key, i);
}

struct config config_element(const struct config *c, const char *key, size_t i)
{
    const struct yaml_node *list = get_list(c, key);
    char name[CONFIG_PATH_SIZE];
    element_name(key, i, name, sizeof name);
    return enter(c, list != NULL && i < list->count ? list->values[i] : NULL, name);
}

bool config_has(const struct config *c, const char *key)
{
    return yaml_get(c->map, key) != NULL;
}

void config_need(const struct config *c, const char *key)
{
    if (!config_has(c, key))
        complain(c, NULL, key, "is missing");
}

/* ------------------------------------------------------------------ unknown keys */

/* Levenshtein's distance: how many letters to insert, drop or change. */
static size_t key_distance(const char *a, const char *b)
{
    size_t a_len = strnlen(a, NEAR_KEY_MAX + 1);
    size_t b_len = strnlen(b, NEAR_KEY_MAX + 1);
    if (a_len > NEAR_KEY_MAX || b_len > NEAR_KEY_MAX)
        return SIZE_MAX;
    size_t row[NEAR_KEY_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_len];
}

static bool is_allowed(const char *key, const char *const *allowed)
{
    for (size_t i = 0; allowed[i] != NULL; i++)
        if (strcmp(key, allowed[i]) == 0)
            return true;
    return false;
}

static const char *nearest_key(const char *key, const char *const *allowed)
{
    const char *nearest = NULL;
    size_t least = strlen(key) / 3 + 2; /* further away it is no misspelling */
    for (size_t i = 0; allowed[i] != NULL; i++) {
        size_t distance = key_distance(key, allowed[i]);
        if (distance < least) {
            least = distance;
            nearest = allowed[i];
        }
    }
    return nearest;
}

static void list_names(const char *const *names, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; names[i] != NULL && used < size; i++) {
        int n = snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ", ", names[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

void config_check_keys(const struct config *c, const char *const *allowed)
{
    if (c->map == NULL)
        return;
    for (size_t i = 0; i < c->map->count; i++) {
        const struct yaml_node *key = c->map->keys[i];
        if (is_allowed(key->text, allowed))
            continue;
        char why[MESSAGE_SIZE];
        char known[EXPECTED_SIZE];
        const char *nearest = nearest_key(key->text, allowed);
        list_names(allowed, known, sizeof known);
        if (nearest != NULL)
            (void)snprintf(why, sizeof why, "unknown key; did you mean \"%s\"?", nearest);
        else
            (void)snprintf(why, sizeof why, "unknown key; known are %s", known);
        complain(c, key, key->text, why);
        return;
    }
}

/* ------------------------------------------------------------------ scalars */

const char *config_text(const struct config *c, const char *key, const char *fallback)
{
    const struct yaml_node *node = get_scalar(c, key, "text");
    if (node == NULL) {
        if (fallback == NULL)
            config_need(c, key);
        return fallback;
    }
    if (node->text[0] != '\0')
        return node->text;
    complain_expected(c, node, key, "text");
    return fallback;
}

static bool parse_uint(const struct yaml_node *node, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    if (node->quoted || node->text[0] == '\0')
        return false;
    for (const char *p = node->text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

uint64_t config_uint(const struct config *c, const char *key, uint64_t min, uint64_t max,
                     uint64_t fallback)
{
    char expected[EXPECTED_SIZE];
    (void)snprintf(expected, sizeof expected, "a number %" PRIu64 "-%" PRIu64, min, max);
    const struct yaml_node *node = get_scalar(c, key, expected);
    if (node == NULL)
        return fallback;
    uint64_t value = 0;
    if (parse_uint(node, max, &value) && value >= min)
        return value;
    complain_expected(c, node, key, expected);
    return fallback;
}

bool config_bool(const struct config *c, const char *key, bool fallback)
{
    const struct yaml_node *node = get_scalar(c, key, "true or false");
    if (node == NULL)
        return fallback;
    bool yes = strcmp(node->text, "true") == 0;
    if (!node->quoted && (yes || strcmp(node->text, "false") == 0))
        return yes;
    complain_expected(c, node, key, "true or false");
    return fallback;
}

/* In the largest unit that says it whole. */
static void describe_duration(uint64_t ms, char *text, size_t size)
{
    static const struct {
        uint64_t ms;
        const char *name;
    } units[DURATION_PARTS] = {
        { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" }, { 1, "ms" }
    };
    size_t i = 0;
    while (i < DURATION_PARTS - 1 && (ms < units[i].ms || ms % units[i].ms != 0))
        i++;
    (void)snprintf(text, size, "%" PRIu64 " %s", ms / units[i].ms, units[i].name);
}

uint64_t config_duration_ms(const struct config *c, const char *key, uint64_t min_ms,
                            uint64_t max_ms, uint64_t fallback_ms)
{
    static const char example[] = "a duration such as \"5 min\"";
    const struct yaml_node *node = get_scalar(c, key, example);
    if (node == NULL)
        return fallback_ms;
    uint64_t ms = 0;
    if (!quantity_parse_duration_ms(node->text, &ms, NULL)) {
        complain_expected(c, node, key, example);
        return fallback_ms;
    }
    if (ms >= min_ms && ms <= max_ms)
        return ms;
    char least[FOUND_SIZE];
    char most[FOUND_SIZE];
    char expected[EXPECTED_SIZE];
    describe_duration(min_ms, least, sizeof least);
    describe_duration(max_ms, most, sizeof most);
    (void)snprintf(expected, sizeof expected, "a duration of %s to %s", least, most);
    complain_expected(c, node, key, expected);
    return fallback_ms;
}

size_t config_choice(const struct config *c, const char *key, const char *const *names,
                     size_t fallback)
{
    char expected[EXPECTED_SIZE] = "one of ";
    size_t used = strlen(expected);
    list_names(names, expected + used, sizeof expected - used);
    const struct yaml_node *node = get_scalar(c, key, expected);
    if (node == NULL)
        return fallback;
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(node->text, names[i]) == 0)
            return i;
    complain_expected(c, node, key, expected);
    return fallback;
}

const char *config_list_text(const struct config *c, const char *key, size_t i)
{
    const struct yaml_node *list = get_list(c, key);
    if (list == NULL || i >= list->count || !config_good(c))
        return NULL;
    const struct yaml_node *node = list->values[i];
    if (node->kind == YAML_SCALAR && node->text[0] != '\0')
        return node->text;
    char name[CONFIG_PATH_SIZE];
    element_name(key, i, name, sizeof name);
    complain_expected(c, node, name, "text");
    return NULL;
}

struct config_file config_path(const struct config *c, const char *key, const char *fallback)
{
    struct config_file file = { .path = "" };
    const char *text = config_text(c, key, fallback);
    if (text == NULL || text[0] == '\0')
        return file;
    const char *slash = strrchr(c->tree->name, '/');
    int folder = text[0] == '/' || slash == NULL ? 0 : (int)(slash - c->tree->name) + 1;
    int n = snprintf(file.path, sizeof file.path, "%.*s%s", folder, c->tree->name, text);
    if (n < 0 || (size_t)n >= sizeof file.path) {
        file.path[0] = '\0';
        config_refuse(c, key, "the path is too long");
    }
    return file;
}
