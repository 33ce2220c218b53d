/* Kinds, as an author writes them: "int 0..5", "party of clinic", "one of [A, B]". */
#include "contracts/compile_sections.h"

#include <string.h>

#define MAX_WRITTEN 200

static const char kinds[] =
    "expected a kind: yes or no, int, text, a unit such as °C, money EUR, duration, time, party, "
    "asset, one of […], contract, hash or list of …";

/* Where a kind stands, so that its parts can be complained of. */
struct kind_text {
    struct compile *c;
    const struct yaml_node *node;
    struct place at;
};

static struct slice trim(struct slice s)
{
    while (s.len > 0 && s.data[0] == ' ')
        s = slice_from(s, 1, s.len - 1);
    while (s.len > 0 && s.data[s.len - 1] == ' ')
        s.len--;
    return s;
}

static bool begins(struct slice s, const char *words, struct slice *ret_rest)
{
    size_t len = strlen(words);
    if (s.len < len || memcmp(s.data, words, len) != 0)
        return false;
    *ret_rest = trim(slice_from(s, len, s.len - len));
    return true;
}

static bool is(struct slice s, const char *words)
{
    return slice_equal(s, slice_text(words));
}

/* ------------------------------------------------------------------ ranges */

/* A number of a range, in the unit or, where the unit is not a duration, without. */
static bool take_end(struct slice text, const char *unit, struct quantity *ret)
{
    char plain[MAX_WRITTEN];
    if (text.len == 0 || text.len >= sizeof plain)
        return false;
    memcpy(plain, text.data, text.len);
    plain[text.len] = '\0';
    if (!compile_quantity(plain, ret, NULL))
        return false;
    bool bare = ret->unit[0] == '\0' && (strcmp(unit, "s") != 0 || ret->mantissa == 0);
    return bare || strcmp(ret->unit, unit) == 0;
}

static bool take_range(struct slice text, const char *unit, struct value_kind *kind)
{
    struct quantity low;
    struct quantity high;
    size_t dots = 0;
    while (dots + 1 < text.len && (text.data[dots] != '.' || text.data[dots + 1] != '.'))
        dots++;
    if (dots + 1 >= text.len || !take_end(trim(slice_from(text, 0, dots)), unit, &low) ||
        !take_end(trim(slice_from(text, dots + 2, text.len - dots - 2)), unit, &high))
        return false;
    kind->ranged = true;
    kind->exponent = low.exponent < high.exponent ? low.exponent : high.exponent;
    bool whole = kind->type == CONTRACT_QUANTITY || kind->exponent == 0;
    return whole && quantity_rescale(low.mantissa, low.exponent, kind->exponent, &kind->min) &&
           quantity_rescale(high.mantissa, high.exponent, kind->exponent, &kind->max) &&
           kind->min <= kind->max;
}

/* Where the numbers of "°C -40..85" begin: after a space. */
static size_t range_at(struct slice text)
{
    for (size_t i = 1; i < text.len; i++)
        if (text.data[i - 1] == ' ' && compile_looks_like_number((const char *)text.data + i))
            return i;
    return text.len;
}

/* ------------------------------------------------------------------ kinds that say more */

static bool take_unit(struct kind_text *t, struct slice name, struct slice range,
                      struct value_kind *kind)
{
    char one[MAX_WRITTEN] = "1 ";
    struct quantity q;
    kind->type = CONTRACT_QUANTITY;
    if (name.len == 0 || name.len + 3 > sizeof one)
        return compile_refuse(t->c, t->node, t->at, kinds, t->node->text);
    memcpy(one + 2, name.data, name.len);
    one[name.len + 2] = '\0';
    /* "min" is a duration written in minutes: a kind has the unit itself. */
    if (!compile_quantity(one, &q, NULL) || q.mantissa != 1 || q.exponent != 0 || q.unit[0] == '\0')
        return compile_refuse(t->c, t->node, t->at, kinds, t->node->text);
    if (!compile_keep_unit(t->c, q.unit, &kind->unit))
        return compile_refuse(t->c, t->node, t->at,
                              "more different units than one contract may have", NULL);
    return range.len == 0 || take_range(range, q.unit, kind) ||
           compile_refuse(t->c, t->node, t->at, "expected a range such as \"0..5\"", t->node->text);
}

static bool take_choice(struct kind_text *t, struct slice text, struct value_kind *kind)
{
    struct contract_definition *def = &t->c->def;
    bool more = def->choice_count < DEFINITION_MAX_CHOICES;
    for (unsigned i = 0; i < kind->count; i++)
        if (slice_equal(def->choices[kind->first + i], text))
            return compile_refuse(t->c, t->node, t->at, "a choice that is given twice", NULL);
    if (!more || text.len == 0 || text.len > DEFINITION_MAX_NAME || !cbor_text_valid(text))
        return compile_refuse(t->c, t->node, t->at,
                              "expected choices of 1 to 64 bytes in plain characters, at most 256 "
                              "in one contract",
                              NULL);
    def->choices[def->choice_count++] = text;
    kind->count++;
    return true;
}

/* "[A, B]" inside a text. */
static bool take_choices(struct kind_text *t, struct slice text, struct value_kind *kind)
{
    kind->type = CONTRACT_CHOICE;
    kind->first = (unsigned)t->c->def.choice_count;
    if (text.len < 2 || text.data[0] != '[' || text.data[text.len - 1] != ']')
        return compile_refuse(t->c, t->node, t->at, "expected \"one of [A, B]\"", t->node->text);
    text = slice_from(text, 1, text.len - 2);
    for (;;) {
        size_t end = 0;
        while (end < text.len && text.data[end] != ',')
            end++;
        if (!take_choice(t, trim(slice_from(text, 0, end)), kind))
            return false;
        if (end == text.len)
            return true;
        text = slice_from(text, end + 1, text.len - end - 1);
    }
}

static bool take_choice_list(struct kind_text *t, const struct yaml_node *list,
                             struct value_kind *kind)
{
    kind->type = CONTRACT_CHOICE;
    kind->first = (unsigned)t->c->def.choice_count;
    if (list->kind != YAML_LIST || list->count == 0)
        return compile_refuse(t->c, list, t->at, "expected a list such as [A, B]", NULL);
    for (size_t i = 0; i < list->count; i++) {
        if (list->values[i]->kind != YAML_SCALAR)
            return compile_refuse(t->c, list, t->at, "expected a list such as [A, B]", NULL);
        if (!take_choice(t, slice_text(list->values[i]->text), kind))
            return false;
    }
    return true;
}

static bool take_party(struct kind_text *t, struct slice role, struct value_kind *kind)
{
    unsigned index;
    kind->type = CONTRACT_PARTY;
    if (definition_find_role(&t->c->def, role, &index)) {
        kind->role = (int)index;
        return true;
    }
    struct compile_nearest nearest = compile_nearest_begin(role);
    for (size_t i = 0; i < t->c->def.role_count; i++)
        compile_nearest_try(&nearest, t->c->def.roles[i].name);
    return compile_refuse_near(t->c, t->node, t->at,
                               "expected one of the roles declared under \"roles\"", &nearest);
}

/* ------------------------------------------------------------------ any kind */

static bool take_simple(struct slice text, enum contract_type *ret)
{
    static const struct {
        const char *word;
        enum contract_type type;
    } simple[] = {
        { "yes or no", CONTRACT_BOOL }, { "bool", CONTRACT_BOOL },
        { "int", CONTRACT_INT },        { "text", CONTRACT_TEXT },
        { "time", CONTRACT_TIME },      { "party", CONTRACT_PARTY },
        { "asset", CONTRACT_ASSET },    { "contract", CONTRACT_INSTANCE },
        { "hash", CONTRACT_HASH },
    };
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (!is(text, simple[i].word))
            continue;
        *ret = simple[i].type;
        return true;
    }
    return false;
}

/* A head with numbers behind it: "int 0..5", "text 20", "°C -40..85". */
static bool take_numbered(struct kind_text *t, struct slice text, struct value_kind *kind)
{
    size_t numbers = range_at(text);
    struct slice head = trim(slice_from(text, 0, numbers));
    struct slice rest = trim(slice_from(text, numbers, text.len - numbers));
    struct quantity q;
    if (is(head, "int")) {
        kind->type = CONTRACT_INT;
        return take_range(rest, "", kind) ||
               compile_refuse(t->c, t->node, t->at, "expected a range such as \"int 0..5\"",
                              t->node->text);
    }
    if (is(head, "text")) {
        kind->type = CONTRACT_TEXT;
        kind->ranged = true;
        if (!take_end(rest, "", &q) || q.exponent != 0 || q.mantissa < 1 ||
            q.mantissa > VALUE_TEXT_MAX)
            return compile_refuse(t->c, t->node, t->at, "expected a length from 1 to 4000 bytes",
                                  t->node->text);
        kind->max = q.mantissa;
        return true;
    }
    if (is(head, "duration"))
        return take_unit(t, slice_text("s"), rest, kind);
    struct slice unit = head;
    (void)(begins(head, "quantity of ", &unit) || begins(head, "money ", &unit));
    return take_unit(t, unit, rest, kind);
}

static bool take_scalar(struct kind_text *t, struct slice text, struct value_kind *kind)
{
    struct slice rest;
    *kind = (struct value_kind){ .role = -1 };
    if (take_simple(text, &kind->type))
        return true;
    if (begins(text, "party of ", &rest))
        return take_party(t, rest, kind);
    if (begins(text, "one of ", &rest))
        return take_choices(t, rest, kind);
    return take_numbered(t, text, kind);
}

static bool take_text_kind(struct kind_text *t, struct value_kind *kind)
{
    struct slice text = slice_text(t->node->text);
    if (text.len >= MAX_WRITTEN || !cbor_text_valid(text))
        return compile_refuse(t->c, t->node, t->at, kinds, t->node->text);
    text = trim(text);
    struct slice rest;
    if (!begins(text, "list of ", &rest))
        return take_scalar(t, text, kind);
    if (!take_scalar(t, rest, kind))
        return false;
    kind->scalar = kind->type;
    kind->type = CONTRACT_LIST;
    return true;
}

bool compile_take_kind(struct compile *c, const struct yaml_node *node, struct place at,
                       struct value_kind *ret)
{
    struct kind_text t = { c, node, at };
    *ret = (struct value_kind){ .role = -1 };
    if (node->kind == YAML_SCALAR)
        return take_text_kind(&t, ret);
    const struct yaml_node *is_node = yaml_get(node, "is");
    const struct yaml_node *choices = yaml_get(node, "one of");
    if (node->kind != YAML_MAP || (is_node == NULL) == (choices == NULL))
        return compile_refuse(c, node, at, "expected \"is\" with a kind, or \"one of\"", NULL);
    t.at.key = is_node != NULL ? "is" : "one of";
    if (choices != NULL)
        return take_choice_list(&t, choices, ret);
    if (is_node->kind != YAML_SCALAR)
        return compile_refuse(c, is_node, t.at, kinds, NULL);
    t.node = is_node;
    return take_text_kind(&t, ret);
}
