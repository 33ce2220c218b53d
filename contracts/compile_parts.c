#include "contracts/compile_parts.h"

#include <string.h>

#define SHOWN_MAX    60 /* bytes of the author's own words repeated in a message */
#define NEAR         2  /* letters by which a misspelt name may differ */
#define SUGGEST_SIZE (DEFINITION_MAX_NAME + 32)

/* ------------------------------------------------------------------ complaints */

static void add_found(struct buf *b, const char *found)
{
    size_t len = strlen(found);
    bool cut = len > SHOWN_MAX;
    for (len = cut ? SHOWN_MAX : len; cut && ((unsigned char)found[len] & 0xc0) == 0x80;)
        len--; /* not inside a character */
    buf_add_slice(b, slice_text(", found \""));
    buf_add(b, found, len);
    buf_add_slice(b, slice_text(cut ? "…\"" : "\""));
}

static bool refuse_with(struct compile *c, const struct yaml_node *node, struct place at,
                        const char *why, const char *found, const char *suggestion)
{
    char quoted[SHOWN_MAX + sizeof ", found \"…\""] = "";
    struct buf b = buf_fixed(quoted, sizeof quoted - 1);
    if (found != NULL)
        add_found(&b, found);
    return yaml_refuse(c->tree, node, c->err, "%s%s%s%s%s: %s%s%s", at.section,
                       at.name != NULL ? "." : "", at.name != NULL ? at.name : "",
                       at.key != NULL ? "." : "", at.key != NULL ? at.key : "", why, quoted,
                       suggestion);
}

bool compile_refuse(struct compile *c, const struct yaml_node *node, struct place at,
                    const char *why, const char *found)
{
    return refuse_with(c, node, at, why, found, "");
}

bool compile_refuse_near(struct compile *c, const struct yaml_node *node, struct place at,
                         const char *why, const struct compile_nearest *nearest)
{
    char suggestion[SUGGEST_SIZE] = "";
    char found[SHOWN_MAX + 4] = "";
    struct buf words = buf_fixed(found, sizeof found - 1);
    struct buf b = buf_fixed(suggestion, sizeof suggestion - 1);
    struct slice word = nearest->word;
    buf_add(&words, word.data, word.len < sizeof found ? word.len : sizeof found - 1);
    if (nearest->best.len > 0 && !nearest->tied) {
        buf_add_slice(&b, slice_text("; did you mean \""));
        buf_add_slice(&b, nearest->best);
        buf_add_slice(&b, slice_text("\"?"));
    }
    return refuse_with(c, node, at, why, found, suggestion);
}

/* ------------------------------------------------------------------ the nearest name */

struct compile_nearest compile_nearest_begin(struct slice word)
{
    return (struct compile_nearest){ .word = word, .distance = NEAR + 1 };
}

/* Letters to put in, take out or change, by rows of the table of prefixes. */
static unsigned edit_distance(struct slice a, struct slice b)
{
    unsigned row[DEFINITION_MAX_NAME + 1];
    for (size_t k = 0; k <= b.len; k++)
        row[k] = (unsigned)k;
    for (size_t i = 0; i < a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t k = 0; k < b.len; k++) {
            unsigned change = diagonal + (a.data[i] != b.data[k] ? 1u : 0u);
            unsigned other = (row[k] < row[k + 1] ? row[k] : row[k + 1]) + 1;
            diagonal = row[k + 1];
            row[k + 1] = change < other ? change : other;
        }
    }
    return row[b.len];
}

void compile_nearest_try(struct compile_nearest *n, struct slice name)
{
    if (name.len > DEFINITION_MAX_NAME || n->word.len > DEFINITION_MAX_NAME ||
        slice_equal(name, n->best))
        return;
    unsigned distance = edit_distance(n->word, name);
    /* Of a short word nothing would be left. */
    if (distance > NEAR || 2 * distance > n->word.len || distance > n->distance)
        return;
    n->tied = distance == n->distance;
    n->distance = distance;
    n->best = name;
}

/* ------------------------------------------------------------------ keys and names */

static bool in_words(const char *const *words, const char *word)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

bool compile_check_keys(struct compile *c, const struct yaml_node *map, struct place at,
                        const char *const *known, const struct compile_hint *hints)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->text;
        if (in_words(known, key))
            continue;
        if (at.section == NULL)
            at.section = key;
        else if (at.name == NULL)
            at.name = key;
        else
            at.key = key;
        for (; hints != NULL && hints->key != NULL; hints++)
            if (strcmp(hints->key, key) == 0)
                return compile_refuse(c, map->keys[i], at, hints->why, NULL);
        if (strchr(key, ')') != NULL)
            return compile_refuse(c, map->keys[i], at,
                                  "between { and } a comma ends a value: write the one before this "
                                  "on a line of its own",
                                  NULL);
        struct compile_nearest nearest = compile_nearest_begin(slice_text(key));
        for (; *known != NULL; known++)
            compile_nearest_try(&nearest, slice_text(*known));
        static const char why[] = "the contract language has no such key";
        return nearest.best.len > 0 && !nearest.tied
                   ? compile_refuse_near(c, map->keys[i], at, why, &nearest)
                   : compile_refuse(c, map->keys[i], at, why, NULL);
    }
    return true;
}

static bool check_name(struct compile *c, const struct yaml_node *key, struct place at)
{
    struct slice name = slice_text(key->text);
    if (name.len == 0 || name.len > DEFINITION_MAX_NAME || !cbor_text_valid(name))
        return compile_refuse(c, key, at, "expected a name of 1 to 64 bytes in plain characters",
                              key->text);
    if (name.data[0] == ' ' || name.data[name.len - 1] == ' ')
        return compile_refuse(c, key, at, "a name cannot begin or end with a space", key->text);
    return true;
}

bool compile_take_pairs(struct compile *c, const struct yaml_node *node, struct place at,
                        size_t max, size_t *ret_count)
{
    *ret_count = 0;
    if (node == NULL)
        return true;
    if (node->kind != YAML_MAP || node->count == 0)
        return compile_refuse(c, node, at,
                              "expected names, each with its value, on lines of their own", NULL);
    if (node->count > max)
        return yaml_refuse(c->tree, node, c->err, "%s%s%s%s%s: at most %zu, found %zu", at.section,
                           at.name != NULL ? "." : "", at.name != NULL ? at.name : "",
                           at.key != NULL ? "." : "", at.key != NULL ? at.key : "", max,
                           node->count);
    for (size_t i = 0; i < node->count; i++)
        if (!check_name(c, node->keys[i], at))
            return false;
    *ret_count = node->count;
    return true;
}

bool compile_take_section(struct compile *c, const char *section, size_t max,
                          const struct yaml_node **ret)
{
    size_t count;
    struct place at = { .section = section };
    *ret = yaml_get(c->tree->root, section);
    return compile_take_pairs(c, *ret, at, max, &count);
}

/* ------------------------------------------------------------------ plain values */

bool compile_take_text(struct compile *c, const struct yaml_node *node, struct place at, size_t max,
                       struct slice *ret)
{
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, "expected a text, found a list or a map", NULL);
    struct slice text = slice_text(node->text);
    if (text.len == 0 || text.len > max || !cbor_text_valid(text))
        return compile_refuse(
            c, node, at, "expected one line of plain text, not empty and not too long", node->text);
    *ret = text;
    return true;
}

bool compile_is_word(const struct yaml_node *node, const char *word)
{
    return node != NULL && node->kind == YAML_SCALAR && !node->quoted &&
           strcmp(node->text, word) == 0;
}

bool compile_take_number(struct compile *c, const struct yaml_node *node, struct place at,
                         const int64_t limits[2], const char *why, int64_t *ret)
{
    struct quantity q;
    bool good = node->kind == YAML_SCALAR && !node->quoted &&
                quantity_parse(node->text, &q, NULL) && q.unit[0] == '\0' && q.exponent == 0 &&
                q.mantissa >= limits[0] && q.mantissa <= limits[1];
    if (!good)
        return compile_refuse(c, node, at, why, node->kind == YAML_SCALAR ? node->text : NULL);
    *ret = q.mantissa;
    return true;
}

bool compile_take_yes(struct compile *c, const struct yaml_node *node, struct place at, bool *ret)
{
    bool yes = compile_is_word(node, "yes") || compile_is_word(node, "true");
    bool no = compile_is_word(node, "no") || compile_is_word(node, "false");
    if (!yes && !no)
        return compile_refuse(c, node, at, "expected yes or no",
                              node->kind == YAML_SCALAR ? node->text : NULL);
    *ret = yes;
    return true;
}

bool compile_take_role(struct compile *c, const struct yaml_node *node, struct place at,
                       unsigned *ret)
{
    static const char why[] = "expected one of the roles declared under \"roles\"";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, why, NULL);
    struct slice name = slice_text(node->text);
    if (definition_find_role(&c->def, name, ret))
        return true;
    struct compile_nearest nearest = compile_nearest_begin(name);
    for (size_t i = 0; i < c->def.role_count; i++)
        compile_nearest_try(&nearest, c->def.roles[i].name);
    return compile_refuse_near(c, node, at, why, &nearest);
}

size_t compile_count(const struct yaml_node *node)
{
    return node->kind == YAML_LIST ? node->count : 1;
}

const struct yaml_node *compile_nth(const struct yaml_node *node, size_t i)
{
    return node->kind == YAML_LIST ? node->values[i] : node;
}
