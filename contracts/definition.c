#include "contracts/definition.h"

#include <assert.h>
#include <string.h>

#include "common/cbor.h"
#include "common/quantity.h"
#include "contracts/property.h"

enum {
    KEY_LANGUAGE = 0,
    KEY_NAME = 1,
    KEY_VERSION = 2, /* absent: 1 */
    KEY_SUMMARY = 3,
    KEY_ROLES = 4,
    KEY_PARTIES = 5,
    KEY_TERMS = 6,
    KEY_RULES = 7,
    KEY_MAXIMUM_GAP = 8, /* there exactly when rules are */
    KEY_LATENESS = 9,
    KEY_COUNT,
};

#define RULE_FIELDS     7
#define QUANTITY_FIELDS 3
#define MAX_TERM_TEXT   4000 /* of an opening, by the wire format */
#define MS_EXPONENT     (-3)

static const struct slice seconds = { (const uint8_t *)"s", 1 };

/* Decoding latches its first complaint here; the reader fails with it. */
struct decode {
    struct cbor_reader r;
    struct contract_definition *def;
    struct err *err;
    bool explained;
};

static bool refuse(struct decode *d, const char *why)
{
    if (!d->r.failed)
        (void)err_set(d->err, ERR_INPUT, "definition: byte %zu: %s", d->r.pos, why);
    d->explained = d->explained || !d->r.failed;
    cbor_fail(&d->r);
    return false;
}

/* ------------------------------------------------------------------ values */

bool definition_take_value(struct cbor_reader *r, struct contract_value *ret_value)
{
    struct contract_value v = { 0 };
    enum cbor_kind kind = cbor_peek(r);
    if (kind == CBOR_BOOL) {
        v.type = CONTRACT_BOOL;
        v.number = cbor_take_bool(r) ? 1 : 0;
    } else if (kind == CBOR_UINT || kind == CBOR_NINT) {
        v.type = CONTRACT_INT;
        v.number = cbor_take_int(r);
    } else if (kind == CBOR_TEXT) {
        v.type = CONTRACT_TEXT;
        v.text = cbor_take_text(r, 0, MAX_TERM_TEXT);
    } else {
        v.type = CONTRACT_QUANTITY;
        cbor_take_array_of(r, QUANTITY_FIELDS);
        v.number = cbor_take_int(r);
        v.exponent = (int)cbor_take_int_in(r, -QUANTITY_MAX_EXPONENT, QUANTITY_MAX_EXPONENT);
        v.text = cbor_take_text(r, 0, DEFINITION_MAX_UNIT);
    }
    if (r->failed)
        return false;
    *ret_value = v;
    return true;
}

static void put_value(struct buf *out, const struct contract_value *v)
{
    switch (v->type) {
    case CONTRACT_BOOL: cbor_put_bool(out, v->number != 0); return;
    case CONTRACT_INT: cbor_put_int(out, v->number); return;
    case CONTRACT_TEXT: cbor_put_text(out, v->text); return;
    case CONTRACT_QUANTITY:
        cbor_put_array(out, QUANTITY_FIELDS);
        cbor_put_int(out, v->number);
        cbor_put_int(out, v->exponent);
        cbor_put_text(out, v->text);
        return;
    case CONTRACT_TIME:
    case CONTRACT_CHOICE:
    case CONTRACT_PARTY:
    case CONTRACT_ASSET:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH:
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    assert(!"a contract value of no type");
}

bool definition_duration_ms(const struct contract_value *value, bool zero_allowed, uint64_t *ret_ms)
{
    int64_t ms;
    if (value->type != CONTRACT_QUANTITY || !slice_equal(value->text, seconds) ||
        !quantity_rescale(value->number, value->exponent, MS_EXPONENT, &ms))
        return false;
    if (ms < 0 || (ms == 0 && !zero_allowed) || ms > (int64_t)DEFINITION_MAX_DURATION_MS)
        return false;
    *ret_ms = (uint64_t)ms;
    return true;
}

/* ------------------------------------------------------------------ names */

static struct slice take_name(struct decode *d)
{
    struct slice name = cbor_take_text(&d->r, 1, DEFINITION_MAX_NAME);
    if (name.len > 0 && (name.data[0] == ' ' || name.data[name.len - 1] == ' '))
        (void)refuse(d, "a name that begins or ends with a space");
    return name;
}

/* Elements of a list of 1 to max; 0 once refused. */
static size_t take_list(struct decode *d, size_t max)
{
    size_t n = cbor_take_array(&d->r);
    if (n >= 1 && n <= max)
        return n;
    (void)refuse(d, "a list that is empty or too long");
    return 0;
}

bool definition_find_term(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index)
{
    for (size_t i = 0; i < definition->term_count; i++) {
        if (!slice_equal(definition->terms[i].name, name))
            continue;
        *ret_index = (unsigned)i;
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ decoding, section by section */

static void take_roles(struct decode *d)
{
    struct contract_definition *def = d->def;
    size_t n = take_list(d, DEFINITION_MAX_ROLES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        struct contract_role role = { .name = take_name(d) };
        role.meaning = cbor_take_text(&d->r, 0, DEFINITION_MAX_TEXT);
        for (size_t k = 0; k < i; k++)
            if (slice_equal(def->roles[k].name, role.name))
                (void)refuse(d, "two roles of one name");
        def->roles[i] = role;
        def->role_count = i + 1;
    }
}

static void take_parties(struct decode *d)
{
    struct contract_definition *def = d->def;
    size_t n = take_list(d, DEFINITION_MAX_PARTIES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        struct contract_party party = { .name = take_name(d) };
        party.role = (unsigned)cbor_take_uint_max(&d->r, DEFINITION_MAX_ROLES - 1);
        if (party.role >= def->role_count)
            (void)refuse(d, "a party whose role is not declared");
        for (size_t k = 0; k < i; k++)
            if (slice_equal(def->parties[k].name, party.name))
                (void)refuse(d, "two parties of one name");
        def->parties[i] = party;
        def->party_count = i + 1;
    }
}

static void take_terms(struct decode *d)
{
    struct contract_definition *def = d->def;
    size_t n = take_list(d, DEFINITION_MAX_TERMS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        struct contract_term term = { .name = take_name(d) };
        if (!definition_take_value(&d->r, &term.usual))
            (void)refuse(d, "a term without a usable value");
        if (term.usual.type == CONTRACT_TEXT && term.usual.text.len > DEFINITION_MAX_TEXT)
            (void)refuse(d, "a term whose text is too long");
        unsigned same;
        if (definition_find_term(def, term.name, &same))
            (void)refuse(d, "two terms of one name");
        def->terms[i] = term;
        def->term_count = i + 1;
    }
}

/* A term's index or a quantity; either way in `unit`. */
static struct contract_operand take_operand(struct decode *d, struct slice unit)
{
    struct contract_operand o = { .is_term = cbor_peek(&d->r) == CBOR_UINT };
    struct contract_value v = { 0 };
    if (o.is_term) {
        o.term = (unsigned)cbor_take_uint_max(&d->r, DEFINITION_MAX_TERMS - 1);
        if (o.term >= d->def->term_count) {
            (void)refuse(d, "a term that is not declared");
            return (struct contract_operand){ 0 };
        }
        v = d->def->terms[o.term].usual;
    } else if (definition_take_value(&d->r, &v)) {
        o.number = v;
    }
    /* A plain integer term may bound a property that has no unit, such as a door. */
    bool plain = o.is_term && v.type == CONTRACT_INT && unit.len == 0;
    if (!plain && (v.type != CONTRACT_QUANTITY || !slice_equal(v.text, unit)))
        (void)refuse(d, "a number that is not in the unit it is compared in");
    return o;
}

static struct contract_operand take_duration(struct decode *d, bool zero_allowed)
{
    struct contract_operand o = take_operand(d, seconds);
    uint64_t ms;
    const struct contract_value *v = o.is_term ? &d->def->terms[o.term].usual : &o.number;
    if (!d->r.failed && !definition_duration_ms(v, zero_allowed, &ms))
        (void)refuse(d, "a duration that is not whole milliseconds within ten years");
    return o;
}

static void take_rule(struct decode *d, struct contract_rule *rule)
{
    cbor_take_array_of(&d->r, RULE_FIELDS);
    rule->name = take_name(d);
    const struct property *p = property_by_id(cbor_take_uint(&d->r));
    if (p == NULL) {
        (void)refuse(d, "a property that is not in the table");
        return;
    }
    rule->property = p->id;
    rule->op = (enum contract_operator)cbor_take_uint_max(&d->r, CONTRACT_AT_MOST);
    rule->bound = take_operand(d, slice_text(p->unit));
    rule->lasting = (enum contract_lasting)cbor_take_uint_max(&d->r, CONTRACT_TOTAL);
    if (rule->lasting == CONTRACT_INSTANT)
        cbor_take_null(&d->r);
    else
        rule->duration = take_duration(d, false);
    rule->severity = (enum verdict_severity)cbor_take_uint_max(&d->r, VERDICT_CRITICAL);
    if (rule->severity == VERDICT_NONE)
        (void)refuse(d, "a rule without a severity");
}

static void take_rules(struct decode *d)
{
    struct contract_definition *def = d->def;
    size_t n = take_list(d, DEFINITION_MAX_RULES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        take_rule(d, &def->rules[i]);
        for (size_t k = 0; k < i; k++)
            if (slice_equal(def->rules[k].name, def->rules[i].name))
                (void)refuse(d, "two rules of one name");
        def->rule_count = i + 1;
    }
}

static void take_section(struct decode *d, uint64_t key)
{
    struct contract_definition *def = d->def;
    switch (key) {
    case KEY_LANGUAGE:
        if (cbor_take_uint(&d->r) != DEFINITION_LANGUAGE)
            (void)refuse(d, "a version of the contract language that is not known here");
        break;
    case KEY_NAME: def->name = take_name(d); break;
    case KEY_VERSION:
        def->version = (unsigned)cbor_take_uint_max(&d->r, UINT32_MAX);
        if (def->version < 2)
            (void)refuse(d, "version 1 is said by leaving it out");
        break;
    case KEY_SUMMARY: def->summary = cbor_take_text(&d->r, 1, DEFINITION_MAX_TEXT); break;
    case KEY_ROLES: take_roles(d); break;
    case KEY_PARTIES: take_parties(d); break;
    case KEY_TERMS: take_terms(d); break;
    case KEY_RULES: take_rules(d); break;
    case KEY_MAXIMUM_GAP: def->maximum_gap = take_duration(d, false); break;
    case KEY_LATENESS:
        def->has_lateness = true;
        def->lateness = take_duration(d, true);
        break;
    default: (void)refuse(d, "a key that is not known here"); break;
    }
}

/* The watched properties by number, and each rule's place among them. */
static void index_properties(struct contract_definition *def)
{
    for (size_t i = 0; i < def->rule_count; i++) {
        size_t at = def->property_count;
        while (at > 0 && def->properties[at - 1] > def->rules[i].property)
            at--;
        if (at > 0 && def->properties[at - 1] == def->rules[i].property)
            continue;
        for (size_t k = def->property_count; k > at; k--)
            def->properties[k] = def->properties[k - 1];
        def->properties[at] = def->rules[i].property;
        def->property_count++;
    }
    for (size_t i = 0; i < def->rule_count; i++)
        while (def->properties[def->rules[i].slot] != def->rules[i].property)
            def->rules[i].slot++;
}

bool definition_decode(struct slice bytes, struct contract_definition *ret_definition,
                       struct err *err)
{
    if (bytes.len > DEFINITION_MAX_BYTES)
        return err_set(err, ERR_INPUT, "definition: larger than %d bytes", DEFINITION_MAX_BYTES);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "definition");
    memset(ret_definition, 0, sizeof *ret_definition);
    ret_definition->version = 1;
    struct decode d = { .r = cbor_reader(bytes), .def = ret_definition, .err = err };
    size_t pairs = cbor_take_map(&d.r);
    unsigned seen = 0;
    for (size_t i = 0; i < pairs && !d.r.failed; i++) {
        uint64_t key = cbor_take_uint_max(&d.r, KEY_COUNT - 1);
        seen |= 1u << key;
        if (!d.r.failed)
            take_section(&d, key);
    }
    if ((seen & 1u << KEY_LANGUAGE) == 0 || (seen & 1u << KEY_NAME) == 0)
        (void)refuse(&d, "the language or the name is missing");
    bool rules = (seen & 1u << KEY_RULES) != 0;
    if (rules != ((seen & 1u << KEY_MAXIMUM_GAP) != 0) ||
        (!rules && (seen & 1u << KEY_LATENESS) != 0))
        (void)refuse(&d, "rules need a maximum gap, and only rules do");
    if (!cbor_done(&d.r) && !d.explained)
        return err_set(err, ERR_INPUT, "definition: byte %zu: something else was expected here",
                       d.r.pos);
    if (!cbor_done(&d.r))
        return false;
    index_properties(ret_definition);
    return true;
}

/* ------------------------------------------------------------------ encoding */

static void put_operand(struct buf *out, const struct contract_operand *o)
{
    if (o->is_term)
        cbor_put_uint(out, o->term);
    else
        put_value(out, &o->number);
}

static void put_key_list(struct buf *out, uint64_t key, size_t count)
{
    cbor_put_uint(out, key);
    cbor_put_array(out, count);
}

static void put_people(const struct contract_definition *def, struct buf *out)
{
    if (def->role_count > 0)
        put_key_list(out, KEY_ROLES, def->role_count);
    for (size_t i = 0; i < def->role_count; i++) {
        cbor_put_array(out, 2);
        cbor_put_text(out, def->roles[i].name);
        cbor_put_text(out, def->roles[i].meaning);
    }
    if (def->party_count > 0)
        put_key_list(out, KEY_PARTIES, def->party_count);
    for (size_t i = 0; i < def->party_count; i++) {
        cbor_put_array(out, 2);
        cbor_put_text(out, def->parties[i].name);
        cbor_put_uint(out, def->parties[i].role);
    }
}

static void put_terms(const struct contract_definition *def, struct buf *out)
{
    if (def->term_count > 0)
        put_key_list(out, KEY_TERMS, def->term_count);
    for (size_t i = 0; i < def->term_count; i++) {
        cbor_put_array(out, 2);
        cbor_put_text(out, def->terms[i].name);
        put_value(out, &def->terms[i].usual);
    }
}

static void put_rules(const struct contract_definition *def, struct buf *out)
{
    if (def->rule_count == 0)
        return;
    put_key_list(out, KEY_RULES, def->rule_count);
    for (size_t i = 0; i < def->rule_count; i++) {
        const struct contract_rule *rule = &def->rules[i];
        cbor_put_array(out, RULE_FIELDS);
        cbor_put_text(out, rule->name);
        cbor_put_uint(out, rule->property);
        cbor_put_uint(out, rule->op);
        put_operand(out, &rule->bound);
        cbor_put_uint(out, rule->lasting);
        if (rule->lasting == CONTRACT_INSTANT)
            cbor_put_null(out);
        else
            put_operand(out, &rule->duration);
        cbor_put_uint(out, rule->severity);
    }
    cbor_put_uint(out, KEY_MAXIMUM_GAP);
    put_operand(out, &def->maximum_gap);
    if (!def->has_lateness)
        return;
    cbor_put_uint(out, KEY_LATENESS);
    put_operand(out, &def->lateness);
}

void definition_encode(const struct contract_definition *definition, struct buf *out)
{
    const struct contract_definition *def = definition;
    bool rules = def->rule_count > 0;
    const bool there[] = {
        true,                 /* language */
        true,                 /* name */
        def->version > 1,     /* version */
        def->summary.len > 0, /* summary */
        def->role_count > 0,  /* roles */
        def->party_count > 0, /* parties */
        def->term_count > 0,  /* terms */
        rules,                /* rules */
        rules,                /* maximum gap */
        rules && def->has_lateness,
    };
    size_t pairs = 0;
    for (size_t i = 0; i < KEY_COUNT; i++)
        pairs += there[i] ? 1 : 0;
    cbor_put_map(out, pairs);
    cbor_put_uint(out, KEY_LANGUAGE);
    cbor_put_uint(out, DEFINITION_LANGUAGE);
    cbor_put_uint(out, KEY_NAME);
    cbor_put_text(out, def->name);
    if (def->version > 1) {
        cbor_put_uint(out, KEY_VERSION);
        cbor_put_uint(out, def->version);
    }
    if (def->summary.len > 0) {
        cbor_put_uint(out, KEY_SUMMARY);
        cbor_put_text(out, def->summary);
    }
    put_people(def, out);
    put_terms(def, out);
    put_rules(def, out);
}

struct hash definition_hash(struct slice bytes)
{
    return crypto_sha256(bytes);
}
