/* The `watch` section: what is judged on every reading. */
#include "contracts/compile_sections.h"

#include <assert.h>
#include <string.h>

#include "contracts/property.h"

/* ------------------------------------------------------------------ numbers and durations */

/* What an author is shown when a number is not in the unit it should be. */
static const char *example_of(const char *unit)
{
    static const char *const examples[][2] = {
        { "Cel", "8 °C" },     { "%RH", "75 %RH" }, { "Pa", "1013 hPa" }, { "lx", "50 lx" },
        { "m/s2", "20 m/s²" }, { "deg", "30 °" },   { "%", "20 %" },      { "V", "3.3 V" },
        { "m", "100 m" },      { "m/s", "25 m/s" }, { "ppm", "400 ppm" }, { "kg", "12.5 kg" },
        { "dBm", "-90 dBm" },  { "s", "10 min" },   { "", "0" },          { "km/h", "900 km/h" },
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

#define MAX_OPERAND 200

static bool take_term(struct compile *c, const struct yaml_node *node, struct place at,
                      const char *text, const char *unit, struct contract_operand *ret)
{
    struct slice name = slice_text(text);
    if (!compile_is_term_name(text))
        return refuse_operand(c, node, at, unit, text);
    if (!definition_find_term(&c->def, name, &ret->term)) {
        struct compile_nearest nearest = compile_nearest_begin(name);
        for (size_t i = 0; i < c->def.term_count; i++)
            compile_nearest_try(&nearest, c->def.terms[i].name);
        return compile_refuse_near(c, node, at, "expected a term declared under \"terms\"",
                                   &nearest);
    }
    const struct value_kind *kind = &c->def.terms[ret->term].kind;
    bool plain = kind->type == CONTRACT_INT && unit[0] == '\0';
    bool same = kind->type == CONTRACT_QUANTITY && slice_equal(kind->unit, slice_text(unit));
    ret->is_term = true;
    return plain || same || refuse_operand(c, node, at, unit, text);
}

bool compile_take_operand(struct compile *c, const struct yaml_node *node, struct place at,
                          struct slice text, const char *unit, struct contract_operand *ret)
{
    char words[MAX_OPERAND];
    while (text.len > 0 && text.data[0] == ' ')
        text = slice_from(text, 1, text.len - 1);
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    if (text.len >= sizeof words)
        return refuse_operand(c, node, at, unit, node->text);
    memcpy(words, text.data, text.len);
    words[text.len] = '\0';
    *ret = (struct contract_operand){ 0 };
    if (!compile_looks_like_number(words))
        return take_term(c, node, at, words, unit, ret);
    struct quantity q;
    struct err why;
    if (!quantity_parse(words, &q, &why))
        return compile_refuse(c, node, at, why.msg, NULL);
    if (strcmp(q.unit, unit) != 0)
        return refuse_operand(c, node, at, unit, words);
    ret->number = (struct contract_value){ .type = CONTRACT_QUANTITY,
                                           .number = q.mantissa,
                                           .exponent = q.exponent,
                                           .text = slice_text(unit) };
    return true;
}

bool compile_take_duration(struct compile *c, const struct yaml_node *node, struct place at,
                           bool zero_allowed, struct contract_operand *ret)
{
    if (node->kind != YAML_SCALAR)
        return refuse_operand(c, node, at, "s", NULL);
    if (!compile_take_operand(c, node, at, slice_text(node->text), "s", ret))
        return false;
    uint64_t ms;
    const struct contract_value *v = ret->is_term ? &c->def.terms[ret->term].usual : &ret->number;
    if (v->type == CONTRACT_NOTHING || definition_duration_ms(v, zero_allowed, &ms))
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

bool compile_take_property(struct compile *c, const struct yaml_node *node, struct place at,
                           const struct property **ret)
{
    static const char why[] = "expected a property such as temperature or humidity";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, why, NULL);
    *ret = property_by_name(slice_text(node->text));
    if (*ret != NULL)
        return true;
    struct compile_nearest nearest = compile_nearest_begin(slice_text(node->text));
    for (uint64_t id = 1; property_by_id(id) != NULL; id++)
        compile_nearest_try(&nearest, slice_text(property_by_id(id)->name));
    return compile_refuse_near(c, node, at, why, &nearest);
}

/* "temperature > 8 °C" as far as the sign; *ret_right: what follows it. */
static bool take_comparison(struct compile *c, const struct yaml_node *node, struct place at,
                            const struct property **ret, enum contract_operator *ret_op,
                            const char **ret_right)
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
    *ret = property_by_name(name);
    *ret_op = sign->op;
    *ret_right = sign_at + strlen(sign->sign);
    return *ret != NULL ||
           compile_refuse(c, node, at,
                          "expected a property such as temperature or humidity before the sign",
                          node->text);
}

static bool take_when(struct compile *c, const struct yaml_node *node, struct place at,
                      struct contract_rule *rule)
{
    const struct property *property = NULL;
    const char *right;
    if (!take_comparison(c, node, at, &property, &rule->op, &right) || property == NULL)
        return false;
    rule->property = property->id;
    return compile_take_operand(c, node, at, slice_text(right), property->unit, &rule->bound);
}

/* Where " - " or " + " stands in a bound that is moved, or NULL. */
static const char *find_move(const char *text, bool *ret_minus, size_t *ret_len)
{
    static const char *const moves[] = { " - ", " \u2212 ", " + " };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const char *at = strstr(text, moves[i]);
        if (at == NULL)
            continue;
        *ret_minus = i < 2;
        *ret_len = strlen(moves[i]);
        return at;
    }
    return NULL;
}

static bool take_until(struct compile *c, const struct yaml_node *node, struct place at,
                       struct contract_rule *rule)
{
    const struct property *property = NULL;
    const char *right;
    if (!take_comparison(c, node, at, &property, &rule->until_op, &right) || property == NULL)
        return false;
    if (property->id != rule->property)
        return compile_refuse(c, node, at, "expected the same property as in \"when\"", node->text);
    if ((rule->until_op < CONTRACT_BELOW) == (rule->op < CONTRACT_BELOW))
        return compile_refuse(
            c, node, at,
            "expected the opposite sign to \"when\": an excursion ends on the way back",
            node->text);
    bool minus = true;
    size_t len = 0;
    const char *move = find_move(right, &minus, &len);
    size_t before = move != NULL ? (size_t)(move - right) : strlen(right);
    struct contract_value nought = { .type = CONTRACT_QUANTITY,
                                     .text = slice_text(property->unit) };
    rule->has_until = true;
    rule->until_less = (struct contract_operand){ .number = nought };
    if (!compile_take_operand(c, node, at, slice_of(right, before), property->unit, &rule->until))
        return false;
    if (move == NULL)
        return true;
    const char *moved = move + len;
    if (!compile_take_operand(c, node, at, slice_text(moved), property->unit, &rule->until_less))
        return false;
    if (rule->until_less.is_term)
        return refuse_operand(c, node, at, property->unit, moved);
    if (!minus)
        rule->until_less.number.number = -rule->until_less.number.number;
    return true;
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
    return node == NULL || compile_take_duration(c, node, at, false, &rule->duration);
}

/* What only a bound on a property may have. */
static bool take_extras(struct compile *c, const struct yaml_node *map, struct place at,
                        struct contract_rule *rule)
{
    const struct yaml_node *until = yaml_get(map, "until");
    const struct yaml_node *ignore = yaml_get(map, "ignore");
    const struct yaml_node *stage = yaml_get(map, "stage");
    const struct yaml_node *budget = yaml_get(map, "budget");
    at.key = "until";
    if (until != NULL && !take_until(c, until, at, rule))
        return false;
    at.key = "ignore";
    rule->has_ignore = ignore != NULL;
    if (ignore != NULL && !compile_take_duration(c, ignore, at, false, &rule->ignore))
        return false;
    at.key = "stage";
    rule->has_stages = stage != NULL;
    if (stage != NULL && !compile_take_state_set(c, stage, at, &rule->stages))
        return false;
    if (rule->has_stages && rule->stages == 0)
        return compile_refuse(c, stage, at, "expected a state or a list of states", NULL);
    at.key = "budget";
    if (budget == NULL)
        return true;
    if (rule->lasting != CONTRACT_TOTAL)
        return compile_refuse(c, budget, at, "only a \"total\" follows the goods as a budget",
                              NULL);
    if (!compile_take_text(c, budget, at, DEFINITION_MAX_NAME, &rule->budget))
        return false;
    for (size_t i = 0; i < c->def.rule_count; i++)
        if (slice_equal(c->def.rules[i].budget, rule->budget))
            return compile_refuse(c, budget, at, "another rule has this budget already",
                                  budget->text);
    return rule->budget.data[0] != ' ' ||
           compile_refuse(c, budget, at, "a name cannot begin or end with a space", budget->text);
}

static bool take_bound(struct compile *c, const struct yaml_node *map, struct place at,
                       struct contract_rule *rule)
{
    const struct yaml_node *when = yaml_get(map, "when");
    struct place when_at = { at.section, at.name, "when" };
    if (when == NULL)
        return compile_refuse(c, map, when_at,
                              "missing; say what is out of bounds, such as \"temperature > 8 °C\"",
                              NULL);
    return take_when(c, when, when_at, rule) && take_lasting(c, map, at, rule) &&
           take_extras(c, map, at, rule);
}

/* ------------------------------------------------------------------ the other kinds of rule */

static bool take_of(struct compile *c, const struct yaml_node *map, struct place at, bool required,
                    struct contract_rule *rule)
{
    const struct yaml_node *of = yaml_get(map, "of");
    const struct property *property = NULL;
    at.key = "of";
    if (of == NULL)
        return !required || compile_refuse(c, map, at, "missing; say of which property", NULL);
    if (!compile_take_property(c, of, at, &property) || property == NULL)
        return false;
    rule->property = property->id;
    return true;
}

static bool take_silence(struct compile *c, const struct yaml_node *map, struct place at,
                         struct contract_rule *rule)
{
    struct place key = { at.section, at.name, "no reading for" };
    rule->lasting = CONTRACT_UNBROKEN;
    return compile_take_duration(c, yaml_get(map, "no reading for"), key, false, &rule->duration) &&
           take_of(c, map, at, false, rule);
}

static bool take_stuck(struct compile *c, const struct yaml_node *map, struct place at,
                       struct contract_rule *rule)
{
    struct place key = { at.section, at.name, "unchanged for" };
    rule->lasting = CONTRACT_UNBROKEN;
    return compile_take_duration(c, yaml_get(map, "unchanged for"), key, false, &rule->duration) &&
           take_of(c, map, at, true, rule);
}

static bool take_fault(struct compile *c, const struct yaml_node *map, struct place at,
                       struct contract_rule *rule)
{
    const struct property *property = NULL;
    at.key = "sensor fault";
    if (!compile_take_property(c, yaml_get(map, "sensor fault"), at, &property) || property == NULL)
        return false;
    rule->property = property->id;
    return true;
}

static bool take_kinetic(struct compile *c, const struct yaml_node *map, struct place at,
                         struct contract_rule *rule)
{
    const struct yaml_node *window = yaml_get(map, "mean kinetic temperature");
    const struct yaml_node *above = yaml_get(map, "above");
    uint64_t ms;
    at.key = "mean kinetic temperature";
    rule->property = PROPERTY_TEMPERATURE;
    rule->whole_journey = compile_is_word(window, "whole journey");
    if (!rule->whole_journey) {
        rule->lasting = CONTRACT_UNBROKEN;
        if (!compile_take_duration(c, window, at, false, &rule->duration))
            return false;
        if (!rule->duration.is_term &&
            (!definition_duration_ms(&rule->duration.number, false, &ms) ||
             ms % DEFINITION_KINETIC_MS != 0))
            return compile_refuse(c, window, at, "expected a multiple of 24 ms", window->text);
    }
    at.key = "above";
    if (above == NULL)
        return compile_refuse(c, map, at, "missing; say above which temperature", NULL);
    if (above->kind != YAML_SCALAR)
        return refuse_operand(c, above, at, "Cel", NULL);
    return compile_take_operand(c, above, at, slice_text(above->text), "Cel", &rule->bound);
}

/* ------------------------------------------------------------------ one rule */

struct form {
    const char *key;
    enum contract_watch watch;
    bool (*take)(struct compile *c, const struct yaml_node *map, struct place at,
                 struct contract_rule *rule);
    const char *const *known;
};

static const struct form *find_form(const struct yaml_node *map, bool *ret_two)
{
    static const char *const of_bound[] = { "when",  "for",    "total",    "until", "ignore",
                                            "stage", "budget", "severity", NULL };
    static const char *const of_silence[] = { "no reading for", "of", "severity", NULL };
    static const char *const of_fault[] = { "sensor fault", "severity", NULL };
    static const char *const of_stuck[] = { "unchanged for", "of", "severity", NULL };
    static const char *const of_kinetic[] = { "mean kinetic temperature", "above", "severity",
                                              NULL };
    static const struct form forms[] = {
        { "when", CONTRACT_BOUND, take_bound, of_bound },
        { "no reading for", CONTRACT_SILENCE, take_silence, of_silence },
        { "sensor fault", CONTRACT_FAULT, take_fault, of_fault },
        { "unchanged for", CONTRACT_STUCK, take_stuck, of_stuck },
        { "mean kinetic temperature", CONTRACT_KINETIC, take_kinetic, of_kinetic },
    };
    const struct form *found = NULL;
    *ret_two = false;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (yaml_get(map, forms[i].key) == NULL)
            continue;
        *ret_two = found != NULL;
        if (*ret_two)
            break;
        found = &forms[i];
    }
    return found != NULL ? found : &forms[0];
}

static bool take_rule(struct compile *c, const struct yaml_node *map, const char *name,
                      struct contract_rule *rule)
{
    static const struct compile_hint hints[] = {
        { "then", "what follows is a reaction of its own: \"on: { broken: … }\" under "
                  "\"reactions\"" },
        { "in", "the states a rule is judged in are its \"stage\"" },
        { "after", "the time not judged after the start is \"ignore\"" },
        { NULL, NULL },
    };
    struct place at = { "watch", name, NULL };
    bool two;
    if (map->kind != YAML_MAP)
        return compile_refuse(c, map, at, "expected \"when\", \"severity\" and so on below it",
                              NULL);
    const struct form *form = find_form(map, &two);
    if (two)
        return compile_refuse(
            c, map, at, "a rule watches one thing: a bound, silence, a sensor or a mean", NULL);
    if (!compile_check_keys(c, map, at, form->known, hints))
        return false;
    rule->name = slice_text(name);
    rule->watch = form->watch;
    return form->take(c, map, at, rule) && take_severity(c, map, at, rule);
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
    if (!compile_take_duration(c, gap, gap_at, false, &c->def.maximum_gap))
        return false;
    c->def.has_lateness = lateness != NULL;
    return lateness == NULL ||
           compile_take_duration(c, lateness, lateness_at, true, &c->def.lateness);
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
