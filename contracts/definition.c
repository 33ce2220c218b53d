#include "contracts/definition.h"

#include <assert.h>
#include <string.h>

#include "common/quantity.h"
#include "contracts/definition_codec.h"

#define QUANTITY_FIELDS 3
#define MS_EXPONENT     (-3)

static const struct slice seconds = { (const uint8_t *)"s", 1 };
static const struct slice speed = { (const uint8_t *)"km/h", 4 };

bool definition_refuse(struct definition_decoder *d, const char *why)
{
    if (!d->r.failed)
        (void)err_set(d->err, ERR_INPUT, "definition: byte %zu: %s", d->r.pos, why);
    d->explained = d->explained || !d->r.failed;
    cbor_fail(&d->r);
    return false;
}

/* ------------------------------------------------------------------ values and names */

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
        v.text = cbor_take_text(r, 0, VALUE_TEXT_MAX);
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

bool definition_speed_kmh(const struct contract_value *value, uint64_t *ret_kmh)
{
    int64_t kmh;
    if (value->type != CONTRACT_QUANTITY || !slice_equal(value->text, speed) ||
        !quantity_rescale(value->number, value->exponent, 0, &kmh))
        return false;
    if (kmh < 1 || kmh > (int64_t)DEFINITION_FASTEST_MAX)
        return false;
    *ret_kmh = (uint64_t)kmh;
    return true;
}

struct slice definition_decode_name(struct definition_decoder *d)
{
    struct slice name = cbor_take_text(&d->r, 1, DEFINITION_MAX_NAME);
    if (name.len > 0 && (name.data[0] == ' ' || name.data[name.len - 1] == ' '))
        (void)definition_refuse(d, "a name that begins or ends with a space");
    return name;
}

size_t definition_decode_list(struct definition_decoder *d, size_t max)
{
    size_t n = cbor_take_array(&d->r);
    if (n >= 1 && n <= max)
        return n;
    (void)definition_refuse(d, "a list that is empty or too long");
    return 0;
}

/* ------------------------------------------------------------------ kinds */

static void take_choices(struct definition_decoder *d, struct value_kind *kind)
{
    struct contract_definition *def = d->def;
    kind->first = (unsigned)def->choice_count;
    size_t n = definition_decode_list(d, DEFINITION_MAX_CHOICES - def->choice_count);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        struct slice text = cbor_take_text(&d->r, 1, DEFINITION_MAX_NAME);
        for (size_t k = kind->first; k < def->choice_count; k++)
            if (slice_equal(def->choices[k], text))
                (void)definition_refuse(d, "a choice that is given twice");
        def->choices[def->choice_count++] = text;
        kind->count++;
    }
}

/* A scalar's array holds its type and then what more there is to say: `fields` items in all. */
static void take_scalar_kind(struct definition_decoder *d, size_t fields, struct value_kind *kind)
{
    bool long_quantity = kind->type == CONTRACT_QUANTITY && fields == 5;
    bool ranged_int = kind->type == CONTRACT_INT && fields == 3;
    if (kind->type == CONTRACT_QUANTITY && (fields == 2 || long_quantity))
        kind->unit = cbor_take_text(&d->r, 0, DEFINITION_MAX_UNIT);
    if (long_quantity)
        kind->exponent =
            (int)cbor_take_int_in(&d->r, -QUANTITY_MAX_EXPONENT, QUANTITY_MAX_EXPONENT);
    if (long_quantity || ranged_int) {
        kind->ranged = true;
        kind->min = cbor_take_int(&d->r);
        kind->max = cbor_take_int(&d->r);
        if (kind->min > kind->max)
            (void)definition_refuse(d, "a range that ends before it begins");
    } else if (kind->type == CONTRACT_TEXT && fields == 2) {
        kind->ranged = true;
        kind->max = (int64_t)cbor_take_uint_max(&d->r, VALUE_TEXT_MAX);
        if (kind->max == 0)
            (void)definition_refuse(d, "a text of no length");
    } else if (kind->type == CONTRACT_CHOICE && fields == 2) {
        take_choices(d, kind);
    } else if (kind->type == CONTRACT_PARTY && fields == 2) {
        kind->role = (int)cbor_take_uint_max(&d->r, DEFINITION_MAX_ROLES - 1);
    } else if (fields != 1 && !(kind->type == CONTRACT_QUANTITY && fields == 2)) {
        (void)definition_refuse(d, "a kind with more or less than it has");
    } else if (fields == 1 && (kind->type == CONTRACT_QUANTITY || kind->type == CONTRACT_CHOICE)) {
        (void)definition_refuse(d, "a quantity without a unit or a choice without its texts");
    }
}

void definition_decode_kind(struct definition_decoder *d, struct value_kind *ret)
{
    struct value_kind kind = { .role = -1 };
    size_t fields = cbor_take_array(&d->r);
    kind.type = (enum contract_type)cbor_take_uint_max(&d->r, CONTRACT_LIST);
    bool list = kind.type == CONTRACT_LIST;
    if (list && fields == 2) {
        fields = cbor_take_array(&d->r);
        kind.type = (enum contract_type)cbor_take_uint_max(&d->r, CONTRACT_HASH);
    }
    if (kind.type == CONTRACT_LIST)
        (void)definition_refuse(d, "a list without what it is of");
    if (!d->r.failed)
        take_scalar_kind(d, fields, &kind);
    if (list) {
        kind.scalar = kind.type;
        kind.type = CONTRACT_LIST;
    }
    *ret = kind;
}

bool definition_kind_of(const struct contract_value *value, struct value_kind *ret)
{
    bool plain = value->type <= CONTRACT_QUANTITY;
    *ret = (struct value_kind){ .type = value->type, .role = -1 };
    if (value->type == CONTRACT_QUANTITY)
        ret->unit = value->text;
    return plain;
}

bool definition_same_kind(const struct value_kind *a, const struct value_kind *b)
{
    return a->type == b->type && a->ranged == b->ranged && a->min == b->min && a->max == b->max &&
           a->exponent == b->exponent && slice_equal(a->unit, b->unit) && a->count == b->count &&
           a->role == b->role && a->scalar == b->scalar;
}

/* ------------------------------------------------------------------ people, terms, pools */

static void take_roles(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_ROLES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        size_t fields = cbor_take_array(&d->r);
        struct contract_role role = { .name = definition_decode_name(d) };
        role.meaning = cbor_take_text(&d->r, 0, DEFINITION_MAX_TEXT);
        role.rank = CONTRACT_ANY_RANK;
        if (fields == 3) {
            uint64_t rank = cbor_take_uint_max(&d->r, CONTRACT_ORACLE);
            role.rank = (enum contract_rank)rank;
            if (rank == 1)
                (void)definition_refuse(d, "a role for a kind of key that holds none");
        } else if (fields != 2) {
            (void)definition_refuse(d, "a role with more or less than it has");
        }
        def->roles[i] = role;
        def->role_count = i + 1;
    }
}

static void take_parties(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_PARTIES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        struct contract_party party = { .name = definition_decode_name(d) };
        party.role = (unsigned)cbor_take_uint_max(&d->r, DEFINITION_MAX_ROLES - 1);
        if (party.role >= def->role_count)
            (void)definition_refuse(d, "a party whose role is not declared");
        def->parties[i] = party;
        def->party_count = i + 1;
    }
}

/* The value comes before its kind: it is read when that is known. */
static void take_term_of_kind(struct definition_decoder *d, struct contract_term *term)
{
    struct cbor_reader value = cbor_reader(cbor_take_item(&d->r));
    definition_decode_kind(d, &term->kind);
    if (d->r.failed)
        return;
    term->usual = (struct contract_value){ .type = CONTRACT_NOTHING };
    if (cbor_peek(&value) == CBOR_NULL)
        return;
    struct err why = { 0 };
    struct value_kind plain;
    if (!value_take(&value, &term->kind, d->def->choices, &term->usual, &why))
        (void)definition_refuse(d, "a usual value that is not of its term's kind");
    else if (definition_kind_of(&term->usual, &plain) && definition_same_kind(&plain, &term->kind))
        (void)definition_refuse(d, "a kind that the usual value says already");
}

static void take_terms(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_TERMS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        size_t fields = cbor_take_array(&d->r);
        struct contract_term term = { .name = definition_decode_name(d) };
        if (fields == 3)
            take_term_of_kind(d, &term);
        else if (fields != 2)
            (void)definition_refuse(d, "a term with more or less than it has");
        else if (!definition_take_value(&d->r, &term.usual))
            (void)definition_refuse(d, "a term without a usable value");
        else
            (void)definition_kind_of(&term.usual, &term.kind);
        if (term.usual.type == CONTRACT_TEXT && term.usual.text.len > DEFINITION_MAX_TEXT)
            (void)definition_refuse(d, "a term whose text is too long");
        def->terms[i] = term;
        def->term_count = i + 1;
    }
}

/* Two constants are no plain values: nothing, and a list that is empty. */
static void take_constant(struct definition_decoder *d, struct contract_value *v)
{
    struct cbor_reader item = cbor_reader(cbor_take_item(&d->r));
    struct cbor_reader list = item;
    if (cbor_peek(&item) == CBOR_NULL) {
        v->type = CONTRACT_NOTHING;
    } else if (cbor_peek(&list) == CBOR_ARRAY && cbor_take_array(&list) == 0) {
        v->type = CONTRACT_LIST;
        v->text = item.in;
    } else if (!definition_take_value(&item, v)) {
        (void)definition_refuse(d, "a constant of no kind that is known here");
    }
}

static void take_constants(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_CONSTANTS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        take_constant(d, &def->constants[i]);
        def->constant_count = i + 1;
    }
}

static void take_guard_names(struct definition_decoder *d)
{
    size_t n = definition_decode_list(d, DEFINITION_MAX_GUARD_NAMES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        d->def->guard_names[i] = definition_decode_name(d);
        d->def->guard_name_count = i + 1;
    }
}

static void take_calibration(struct definition_decoder *d)
{
    d->def->has_calibration = true;
    d->def->calibration.is_term = true;
    d->def->calibration.term = (unsigned)cbor_take_uint_max(&d->r, DEFINITION_MAX_TERMS - 1);
}

/* A term without a usual value is looked at when an opening says it. */
static void take_fastest(struct definition_decoder *d)
{
    struct contract_operand *o = &d->def->fastest;
    uint64_t kmh;
    d->def->has_fastest = true;
    *o = definition_decode_operand(d, speed);
    if (d->r.failed)
        return;
    const struct contract_value *v = o->is_term ? &d->def->terms[o->term].usual : &o->number;
    bool later = o->is_term && v->type == CONTRACT_NOTHING;
    if (!later && !definition_speed_kmh(v, &kmh))
        (void)definition_refuse(d, "a speed that is no whole number of km/h from 1 to 100000");
}

/* ------------------------------------------------------------------ the whole */

static void take_heading(struct definition_decoder *d, enum definition_key key)
{
    struct contract_definition *def = d->def;
    if (key == DEFINITION_KEY_LANGUAGE) {
        if (cbor_take_uint(&d->r) != DEFINITION_LANGUAGE)
            (void)definition_refuse(d, "a version of the contract language that is not known here");
    } else if (key == DEFINITION_KEY_NAME) {
        def->name = definition_decode_name(d);
    } else if (key == DEFINITION_KEY_VERSION) {
        def->version = (unsigned)cbor_take_uint_max(&d->r, UINT32_MAX);
        if (def->version < 2)
            (void)definition_refuse(d, "version 1 is said by leaving it out");
    } else if (key == DEFINITION_KEY_SUMMARY) {
        def->summary = cbor_take_text(&d->r, 1, DEFINITION_MAX_TEXT);
    } else if (key == DEFINITION_KEY_OPENER) {
        def->has_opener = true;
        def->opener = (unsigned)cbor_take_uint_max(&d->r, DEFINITION_MAX_ROLES - 1);
    } else {
        assert(key == DEFINITION_KEY_EACH_UNIT);
        def->each_unit = cbor_take_bool(&d->r);
        if (!def->each_unit)
            (void)definition_refuse(d, "one state for all is said by leaving it out");
    }
}

static void take_section(struct definition_decoder *d, enum definition_key key)
{
    struct contract_definition *def = d->def;
    switch (key) {
    case DEFINITION_KEY_LANGUAGE:
    case DEFINITION_KEY_NAME:
    case DEFINITION_KEY_VERSION:
    case DEFINITION_KEY_SUMMARY:
    case DEFINITION_KEY_OPENER:
    case DEFINITION_KEY_EACH_UNIT: take_heading(d, key); break;
    case DEFINITION_KEY_ROLES: take_roles(d); break;
    case DEFINITION_KEY_PARTIES: take_parties(d); break;
    case DEFINITION_KEY_TERMS: take_terms(d); break;
    case DEFINITION_KEY_RULES: definition_decode_rules(d); break;
    case DEFINITION_KEY_MAXIMUM_GAP: def->maximum_gap = definition_decode_duration(d, false); break;
    case DEFINITION_KEY_LATENESS:
        def->has_lateness = true;
        def->lateness = definition_decode_duration(d, true);
        break;
    case DEFINITION_KEY_STATES: definition_decode_states(d); break;
    case DEFINITION_KEY_FIELDS: definition_decode_fields(d); break;
    case DEFINITION_KEY_ACTIONS: definition_decode_actions(d); break;
    case DEFINITION_KEY_REACTIONS: definition_decode_reactions(d); break;
    case DEFINITION_KEY_DOCUMENTS: definition_decode_documents(d); break;
    case DEFINITION_KEY_QUALITY:
        definition_decode_callers(d, &def->quality);
        if ((def->quality.parties | def->quality.roles | def->quality.fields |
             def->quality.instance_terms) == 0)
            (void)definition_refuse(d, "nobody is said by leaving it out");
        break;
    case DEFINITION_KEY_CONSTANTS: take_constants(d); break;
    case DEFINITION_KEY_GUARD_NAMES: take_guard_names(d); break;
    case DEFINITION_KEY_SENSORS: definition_decode_sensors(d); break;
    case DEFINITION_KEY_CALIBRATION: take_calibration(d); break;
    case DEFINITION_KEY_FASTEST: take_fastest(d); break;
    case DEFINITION_KEY_COUNT: (void)definition_refuse(d, "a key that is not known here"); break;
    }
}

/* The watched properties by number, and each rule's place among them. */
static void index_properties(struct contract_definition *def)
{
    for (size_t i = 0; i < def->rule_count; i++) {
        if (def->rules[i].property == 0)
            continue; /* silence of anything at all */
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
        while (def->rules[i].property != 0 &&
               def->properties[def->rules[i].slot] != def->rules[i].property)
            def->rules[i].slot++;
}

static bool has(uint64_t seen, enum definition_key key)
{
    return (seen & UINT64_C(1) << key) != 0;
}

/* Sections that have no meaning without another. */
static void check_sections(struct definition_decoder *d, uint64_t seen)
{
    bool rules = has(seen, DEFINITION_KEY_RULES);
    bool states = has(seen, DEFINITION_KEY_STATES);
    if (!has(seen, DEFINITION_KEY_LANGUAGE) || !has(seen, DEFINITION_KEY_NAME))
        (void)definition_refuse(d, "the language or the name is missing");
    if (rules != has(seen, DEFINITION_KEY_MAXIMUM_GAP) ||
        (!rules && has(seen, DEFINITION_KEY_LATENESS)))
        (void)definition_refuse(d, "rules need a maximum gap, and only rules do");
    if (!rules && (has(seen, DEFINITION_KEY_SENSORS) || has(seen, DEFINITION_KEY_CALIBRATION)))
        (void)definition_refuse(d, "sensors that no rule watches");
    if (!states && (has(seen, DEFINITION_KEY_FIELDS) || has(seen, DEFINITION_KEY_ACTIONS) ||
                    has(seen, DEFINITION_KEY_REACTIONS) || has(seen, DEFINITION_KEY_DOCUMENTS) ||
                    has(seen, DEFINITION_KEY_EACH_UNIT)))
        (void)definition_refuse(d, "a workflow without states");
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
    struct definition_decoder d = { .r = cbor_reader(bytes), .def = ret_definition, .err = err };
    size_t pairs = cbor_take_map(&d.r);
    uint64_t seen = 0;
    for (size_t i = 0; i < pairs && !d.r.failed; i++) {
        uint64_t key = cbor_take_uint_max(&d.r, DEFINITION_KEY_COUNT - 1);
        if (d.r.failed)
            break;
        seen |= UINT64_C(1) << key;
        take_section(&d, (enum definition_key)key);
    }
    check_sections(&d, seen);
    if (!cbor_done(&d.r) && !d.explained)
        return err_set(err, ERR_INPUT, "definition: byte %zu: something else was expected here",
                       d.r.pos);
    if (!cbor_done(&d.r))
        return false;
    index_properties(ret_definition);
    return definition_check(ret_definition, err);
}

struct hash definition_hash(struct slice bytes)
{
    return crypto_sha256(bytes);
}
