/* The `watch` section: what is judged on every reading. */
#include "contracts/compile_parts.h"

#include <assert.h>
#include <string.h>

#include "common/quantity.h"
#include "contracts/property.h"

bool compile_looks_like_number(const char *text)
{
    return (*text >= '0' && *text <= '9') || *text == '-' || *text == '+' ||
           strncmp(text, "\u2212", strlen("\u2212")) == 0;
}

bool compile_is_term_name(const char *name)
{
    unsigned char before = ' ';
    for (const char *p = name; *p != '\0'; p++) {
        unsigned char ch = (unsigned char)*p;
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch >= 0x80;
        bool digit = ch >= '0' && ch <= '9';
        bool joined = ch == '-' && before != ' ' && p[1] != ' ' && p[1] != '\0';
        if (!letter && !digit && !joined && ch != '_' && ch != ' ')
            return false;
        before = ch;
    }
    return !compile_looks_like_number(name);
}

/* ------------------------------------------------------------------ numbers and durations */

/* What an author is shown when a number is not in the unit it should be. */
static const char *example_of(const char *unit)
{
    static const char *const examples[][2] = {
        { "Cel", "8 °C" },     { "%RH", "75 %RH" }, { "Pa", "1013 hPa" }, { "lx", "50 lx" },
        { "m/s2", "20 m/s²" }, { "deg", "30 °" },   { "%", "20 %" },      { "V", "3.3 V" },
        { "m", "100 m" },      { "m/s", "25 m/s" }, { "ppm", "400 ppm" }, { "kg", "12.5 kg" },
        { "dBm", "-90 dBm" },  { "s", "10 min" },   { "", "0" },
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        if (strcmp(examples[i][0], unit) == 0)
            return examples[i][1];
    assert(!"a unit without an example");
    return "";
}

static bool refuse_operand(struct compile *c, const struct yaml_node *node, struct place at,
                           const char *unit, const char *found)
{
    char why[160] = "";
    struct buf b = buf_fixed(why, sizeof why - 1);
    buf_add_slice(&b, slice_text("expected "));
    if (strcmp(unit, "s") == 0)
        buf_add_slice(&b, slice_text("a duration "));
    else
        buf_add_slice(&b, slice_text("a value "));
    buf_add_slice(&b, slice_text("such as \""));
    buf_add_slice(&b, slice_text(example_of(unit)));
    buf_add_slice(&b, slice_text("\" or a term of that kind"));
    assert(!b.failed);
    return compile_refuse(c, node, at, why, found);
}

/* text: a number with its unit, or a term's name. unit outlives the compilation. */
static bool take_operand(struct compile *c, const struct yaml_node *node, struct place at,
                         const char *text, const char *unit, struct contract_operand *ret)
{
    struct contract_operand o = { 0 };
    if (!compile_looks_like_number(text)) {
        if (compile_is_term_name(text) && !definition_find_term(&c->def, slice_text(text), &o.term))
            return compile_refuse(c, node, at, "expected a term declared under \"terms\"", text);
        if (!compile_is_term_name(text))
            return refuse_operand(c, node, at, unit, text);
        const struct contract_value *v = &c->def.terms[o.term].usual;
        bool plain = v->type == CONTRACT_INT && unit[0] == '\0';
        bool same = v->type == CONTRACT_QUANTITY && slice_equal(v->text, slice_text(unit));
        o.is_term = true;
        *ret = o;
        return plain || same || refuse_operand(c, node, at, unit, text);
    }
    struct quantity q;
    struct err why;
    if (!quantity_parse(text, &q, &why))
        return compile_refuse(c, node, at, why.msg, NULL);
    if (strcmp(q.unit, unit) != 0)
        return refuse_operand(c, node, at, unit, text);
    o.number = (struct contract_value){ .type = CONTRACT_QUANTITY,
                                        .number = q.mantissa,
                                        .exponent = q.exponent,
                                        .text = slice_text(unit) };
    *ret = o;
    return true;
}

static bool take_duration(struct compile *c, const struct yaml_node *node, struct place at,
                          bool zero_allowed, struct contract_operand *ret)
{
    if (node->kind != YAML_SCALAR)
        return refuse_operand(c, node, at, "s", NULL);
    if (!take_operand(c, node, at, node->text, "s", ret))
        return false;
    uint64_t ms;
    if (definition_duration_ms(ret->is_term ? &c->def.terms[ret->term].usual : &ret->number,
                               zero_allowed, &ms))
        return true;
    return compile_refuse(c, node, at, "expected a duration of at least 1 ms and at most ten years",
                          node->text);
}

/* ------------------------------------------------------------------ when: <property> <op> <value> */

struct comparison {
    const char *sign;
    enum contract_operator op;
};

/* Longer signs before their beginnings. */
static const struct comparison comparisons[] = {
    { ">=", CONTRACT_AT_LEAST }, { "<=", CONTRACT_AT_MOST }, { "≥", CONTRACT_AT_LEAST },
    { "≤", CONTRACT_AT_MOST },   { ">", CONTRACT_ABOVE },    { "<", CONTRACT_BELOW },
};

static const struct comparison *find_sign(const char *text, const char **ret_at)
{
    for (const char *p = text; *p != '\0'; p++)
        for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
            if (strncmp(p, comparisons[i].sign, strlen(comparisons[i].sign)) != 0)
                continue;
            *ret_at = p;
            return &comparisons[i];
        }
    return NULL;
}

static bool take_when(struct compile *c, const struct yaml_node *node, struct place at,
                      struct contract_rule *rule)
{
    static const char form[] = "expected a comparison such as \"temperature > 8 °C\"";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, form, NULL);
    const char *sign_at;
    const struct comparison *sign = find_sign(node->text, &sign_at);
    if (sign == NULL)
        return compile_refuse(c, node, at, form, node->text);
    struct slice name = slice_of(node->text, (size_t)(sign_at - node->text));
    while (name.len > 0 && name.data[name.len - 1] == ' ')
        name.len--;
    const struct property *property = property_by_name(name);
    if (property == NULL)
        return compile_refuse(c, node, at,
                              "expected a property such as temperature or humidity before the sign",
                              node->text);
    const char *right = sign_at + strlen(sign->sign);
    while (*right == ' ')
        right++;
    rule->property = property->id;
    rule->op = sign->op;
    return take_operand(c, node, at, right, property->unit, &rule->bound);
}

/* ------------------------------------------------------------------ one rule */

static bool take_severity(struct compile *c, const struct yaml_node *map, struct place at,
                          struct contract_rule *rule)
{
    static const char form[] = "expected low, medium, high or critical";
    const struct yaml_node *node = yaml_get(map, "severity");
    at.key = "severity";
    if (node == NULL)
        return compile_refuse(c, map, at, form, NULL);
    if (node->kind != YAML_SCALAR ||
        !verdict_severity_parse(slice_text(node->text), &rule->severity) ||
        rule->severity == VERDICT_NONE)
        return compile_refuse(c, node, at, form, node->kind == YAML_SCALAR ? node->text : NULL);
    return true;
}

static bool take_lasting(struct compile *c, const struct yaml_node *map, struct place at,
                         struct contract_rule *rule)
{
    const struct yaml_node *unbroken = yaml_get(map, "for");
    const struct yaml_node *total = yaml_get(map, "total");
    at.key = unbroken != NULL ? "for" : "total";
    if (unbroken != NULL && total != NULL)
        return compile_refuse(
            c, total, at, "a rule has \"for\" (unbroken) or \"total\", not both: write two rules",
            NULL);
    rule->lasting = unbroken != NULL ? CONTRACT_UNBROKEN
                    : total != NULL  ? CONTRACT_TOTAL
                                     : CONTRACT_INSTANT;
    const struct yaml_node *node = unbroken != NULL ? unbroken : total;
    return node == NULL || take_duration(c, node, at, false, &rule->duration);
}

static bool take_rule(struct compile *c, const struct yaml_node *map, const char *name,
                      struct contract_rule *rule)
{
    static const char *const known[] = { "when", "for", "total", "severity", NULL };
    static const char *const later[] = { "until", "then",  "in",
                                         "after", "above", "mean kinetic temperature",
                                         "below", "stage", "no reading for",
                                         NULL };
    struct place at = { "watch", name, NULL };
    if (map->kind != YAML_MAP)
        return compile_refuse(c, map, at, "expected \"when\", \"severity\" and so on below it",
                              NULL);
    if (!compile_check_keys(c, map, at, known, later))
        return false;
    rule->name = slice_text(name);
    const struct yaml_node *when = yaml_get(map, "when");
    struct place when_at = { "watch", name, "when" };
    if (when == NULL)
        return compile_refuse(c, map, when_at,
                              "missing; say what is out of bounds, such as \"temperature > 8 °C\"",
                              NULL);
    return take_when(c, when, when_at, rule) && take_lasting(c, map, at, rule) &&
           take_severity(c, map, at, rule);
}

/* ------------------------------------------------------------------ the section */

static bool take_holding(struct compile *c, bool watches)
{
    const struct yaml_node *gap = yaml_get(c->tree->root, "maximum gap");
    const struct yaml_node *lateness = yaml_get(c->tree->root, "lateness");
    struct place gap_at = { .section = "maximum gap" };
    struct place lateness_at = { .section = "lateness" };
    if (!watches && (gap != NULL || lateness != NULL))
        return compile_refuse(c, gap != NULL ? gap : lateness, gap != NULL ? gap_at : lateness_at,
                              "has no meaning without rules under \"watch\"", NULL);
    if (!watches)
        return true;
    if (gap == NULL)
        return compile_refuse(c, yaml_get(c->tree->root, "watch"), gap_at,
                              "missing; say how long a reading counts when none follows, such as "
                              "\"maximum gap: 30 min\"",
                              NULL);
    if (!take_duration(c, gap, gap_at, false, &c->def.maximum_gap))
        return false;
    c->def.has_lateness = lateness != NULL;
    return lateness == NULL || take_duration(c, lateness, lateness_at, true, &c->def.lateness);
}

bool compile_take_rules(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "watch", DEFINITION_MAX_RULES, &map) ||
        !take_holding(c, map != NULL))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        if (!take_rule(c, map->values[i], map->keys[i]->text, &c->def.rules[i]))
            return false;
        c->def.rule_count = i + 1;
    }
    return true;
}
