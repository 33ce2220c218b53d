/* Numbers, money, terms and the values of every kind, as an author writes them. */
#include "contracts/compile_sections.h"

#include <string.h>

#include "common/hex.h"
#include "common/instant.h"
#include "contracts/property.h"

#define CODE_LEN    3 /* letters of ISO 4217 */
#define MAX_WRITTEN 64
#define HASH_BYTES  32

/* ------------------------------------------------------------------ numbers and money */

bool compile_looks_like_number(const char *text)
{
    return (*text >= '0' && *text <= '9') || *text == '-' || *text == '+' ||
           strncmp(text, "\u2212", strlen("\u2212")) == 0;
}

static bool is_currency(const char *text, size_t len)
{
    for (size_t i = 0; i < CODE_LEN; i++)
        if (i >= len || text[i] < 'A' || text[i] > 'Z')
            return false;
    return true;
}

bool compile_looks_like_money(const char *text)
{
    return is_currency(text, strlen(text)) && text[CODE_LEN] == ' ' &&
           compile_looks_like_number(text + CODE_LEN + 1);
}

static bool take_money(const char *text, const char *number, size_t len, const char *code,
                       struct quantity *ret, struct err *err)
{
    char plain[MAX_WRITTEN];
    if (len >= sizeof plain)
        return err_set(err, ERR_INPUT, "\"%.60s\" is too long for money", text);
    memcpy(plain, number, len);
    plain[len] = '\0';
    if (!quantity_parse(plain, ret, err))
        return false;
    if (ret->unit[0] != '\0')
        return err_set(err, ERR_INPUT, "\"%.60s\" has two units", text);
    memcpy(ret->unit, code, CODE_LEN);
    return true;
}

bool compile_quantity(const char *text, struct quantity *ret, struct err *err)
{
    size_t len = strlen(text);
    if (compile_looks_like_money(text))
        return take_money(text, text + CODE_LEN + 1, len - CODE_LEN - 1, text, ret, err);
    if (len > CODE_LEN && is_currency(text + len - CODE_LEN, CODE_LEN) &&
        (text[len - CODE_LEN - 1] == ' ' ||
         (text[len - CODE_LEN - 1] >= '0' && text[len - CODE_LEN - 1] <= '9')))
        return take_money(text, text, len - CODE_LEN, text + len - CODE_LEN, ret, err);
    return quantity_parse(text, ret, err);
}

bool compile_keep_unit(struct compile *c, const char *unit, struct slice *ret)
{
    for (size_t i = 0; i < c->unit_count; i++)
        if (strcmp(c->units[i], unit) == 0) {
            *ret = slice_text(c->units[i]);
            return true;
        }
    if (c->unit_count == COMPILE_MAX_UNITS || strlen(unit) >= sizeof c->units[0])
        return false;
    memcpy(c->units[c->unit_count], unit, strlen(unit) + 1);
    *ret = slice_text(c->units[c->unit_count++]);
    return true;
}

bool compile_keep_quantity(struct compile *c, const struct quantity *q, struct contract_value *ret)
{
    *ret = (struct contract_value){ .number = q->mantissa, .exponent = q->exponent };
    ret->type = q->unit[0] == '\0' && q->exponent == 0 ? CONTRACT_INT : CONTRACT_QUANTITY;
    return ret->type == CONTRACT_INT || compile_keep_unit(c, q->unit, &ret->text);
}

/* ------------------------------------------------------------------ values of a kind */

static bool refuse_kind(struct compile *c, const struct yaml_node *node, struct place at,
                        const struct value_kind *kind)
{
    char wanted[96];
    char why[128] = "expected ";
    value_kind_show(kind, wanted, sizeof wanted);
    struct buf b = buf_fixed(why, sizeof why - 1);
    b.len = strlen(why);
    buf_add_slice(&b, slice_text(wanted));
    return compile_refuse(c, node, at, why, node->kind == YAML_SCALAR ? node->text : NULL);
}

/* As many bytes of the compiler's own, or NULL. */
static uint8_t *keep(struct compile *c, const void *bytes, size_t len)
{
    if (len > sizeof c->memory - c->memory_used)
        return NULL;
    uint8_t *at = c->memory + c->memory_used;
    memcpy(at, bytes, len);
    c->memory_used += len;
    return at;
}

static bool take_number_of(struct compile *c, const char *text, const struct value_kind *kind,
                           struct contract_value *ret)
{
    struct quantity q = { 0 };
    if (!compile_quantity(text, &q, NULL) || !compile_keep_quantity(c, &q, ret))
        return false;
    if (kind->type == CONTRACT_QUANTITY && ret->type == CONTRACT_INT) {
        ret->type = CONTRACT_QUANTITY;
        ret->text = slice_text("");
    }
    return ret->type == kind->type &&
           (ret->type == CONTRACT_INT || slice_equal(ret->text, kind->unit));
}

static bool take_scalar(struct compile *c, const struct yaml_node *node, enum contract_type type,
                        const struct value_kind *kind, struct contract_value *ret)
{
    uint8_t hash[HASH_BYTES];
    uint64_t ms;
    struct value_kind plain = *kind;
    plain.type = type;
    *ret = (struct contract_value){ .type = type, .text = slice_text(node->text) };
    switch (type) {
    case CONTRACT_BOOL:
        ret->text.len = 0;
        ret->number = compile_is_word(node, "yes") || compile_is_word(node, "true") ? 1 : 0;
        return ret->number == 1 || compile_is_word(node, "no") || compile_is_word(node, "false");
    case CONTRACT_INT:
    case CONTRACT_QUANTITY: return !node->quoted && take_number_of(c, node->text, &plain, ret);
    case CONTRACT_TIME:
        ret->text.len = 0;
        if (!instant_parse(node->text, &ms))
            return false;
        ret->number = (int64_t)ms;
        return true;
    case CONTRACT_HASH:
        if (!hex_decode_lower(node->text, strlen(node->text), hash, sizeof hash))
            return false;
        ret->text = slice_of(keep(c, hash, sizeof hash), sizeof hash);
        return ret->text.data != NULL;
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: return cbor_text_valid(ret->text) && ret->text.len <= DEFINITION_MAX_TEXT;
    case CONTRACT_PARTY:
    case CONTRACT_INSTANCE:
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    return false; /* nobody knows these before it is opened */
}

static bool take_list(struct compile *c, const struct yaml_node *node, struct place at,
                      const struct value_kind *kind, struct contract_value *ret)
{
    struct buf out = buf_fixed(c->memory + c->memory_used, sizeof c->memory - c->memory_used);
    uint8_t *start = out.data;
    cbor_put_array(&out, node->count);
    if (node->count > VALUE_LIST_MAX)
        return compile_refuse(c, node, at, "a list of more than 64 values", NULL);
    for (size_t i = 0; i < node->count; i++) {
        struct contract_value v;
        const struct yaml_node *item = node->values[i];
        bool keeps = kind->scalar == CONTRACT_HASH; /* would be written where the list is */
        if (item->kind != YAML_SCALAR || keeps || !take_scalar(c, item, kind->scalar, kind, &v))
            return refuse_kind(c, item, at, kind);
        value_put(&out, &v);
    }
    if (out.failed)
        return compile_refuse(c, node, at, "more usual values than fit", NULL);
    c->memory_used += out.len;
    *ret = (struct contract_value){ .type = CONTRACT_LIST, .text = slice_of(start, out.len) };
    return true;
}

bool compile_take_value(struct compile *c, const struct yaml_node *node, struct place at,
                        const struct value_kind *kind, struct contract_value *ret)
{
    struct err why;
    if (kind->type == CONTRACT_LIST) {
        if (node->kind != YAML_LIST)
            return refuse_kind(c, node, at, kind);
        if (!take_list(c, node, at, kind, ret))
            return false;
    } else if (node->kind != YAML_SCALAR || !take_scalar(c, node, kind->type, kind, ret)) {
        return refuse_kind(c, node, at, kind);
    }
    return value_fits(ret, kind, c->def.choices, &why) ||
           compile_refuse(c, node, at, why.msg, NULL);
}

/* ------------------------------------------------------------------ terms */

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

static bool take_plain_term(struct compile *c, const struct yaml_node *node, struct place at,
                            struct contract_value *v)
{
    bool yes = compile_is_word(node, "yes") || compile_is_word(node, "true");
    if (yes || compile_is_word(node, "no") || compile_is_word(node, "false")) {
        *v = (struct contract_value){ .type = CONTRACT_BOOL, .number = yes };
        return true;
    }
    if (!compile_looks_like_number(node->text) && !compile_looks_like_money(node->text))
        return compile_refuse(c, node, at,
                              "expected a quantity such as \"8 °C\", a whole number, yes, no, or a "
                              "text in quotes",
                              node->text);
    struct quantity q = { 0 };
    struct err why;
    if (!compile_quantity(node->text, &q, &why))
        return compile_refuse(c, node, at, why.msg, NULL);
    return compile_keep_quantity(c, &q, v) ||
           compile_refuse(c, node, at, "more different units than one contract may have", NULL);
}

static bool take_term_map(struct compile *c, const struct yaml_node *map, struct place at,
                          struct contract_term *term)
{
    static const char *const known[] = { "is", "one of", "usual", NULL };
    const struct yaml_node *usual = yaml_get(map, "usual");
    if (!compile_check_keys(c, map, at, known, NULL) || !compile_take_kind(c, map, at, &term->kind))
        return false;
    at.key = "usual";
    term->usual.type = CONTRACT_NOTHING;
    return usual == NULL || compile_take_value(c, usual, at, &term->kind, &term->usual);
}

static bool take_term(struct compile *c, const struct yaml_node *node, struct place at,
                      struct contract_term *term)
{
    if (node->kind == YAML_MAP)
        return take_term_map(c, node, at, term);
    if (node->kind != YAML_SCALAR)
        return compile_refuse(
            c, node, at,
            "expected one value; a term that is a list says \"is: list of …\" and "
            "\"usual: […]\"",
            NULL);
    struct contract_value *v = &term->usual;
    v->type = CONTRACT_TEXT;
    if (node->quoted ? !compile_take_text(c, node, at, DEFINITION_MAX_TEXT, &v->text)
                     : !take_plain_term(c, node, at, v))
        return false;
    term->kind = (struct value_kind){ .type = v->type, .role = -1 };
    if (v->type == CONTRACT_QUANTITY)
        term->kind.unit = v->text;
    return true;
}

bool compile_take_terms(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "terms", DEFINITION_MAX_TERMS, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        const char *name = map->keys[i]->text;
        struct place at = { "terms", name, NULL };
        if (!compile_is_term_name(name) || property_by_name(slice_text(name)) != NULL)
            return compile_refuse(
                c, map->keys[i], at,
                "a term's name has letters, digits and spaces, begins with a letter, "
                "and is not a property's",
                NULL);
        c->def.terms[i].name = slice_text(name);
        if (!take_term(c, map->values[i], at, &c->def.terms[i]))
            return false;
        c->def.term_count = i + 1;
    }
    return true;
}
