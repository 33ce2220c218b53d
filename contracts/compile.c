#include "contracts/compile.h"

#include <string.h>

#include "common/cbor.h"
#include "common/quantity.h"
#include "contracts/compile_parts.h"
#include "contracts/property.h"

#define SHOWN_MAX 60 /* bytes of the author's own words repeated in a message */

bool compile_refuse(struct compile *c, const struct yaml_node *node, struct place at,
                    const char *why, const char *found)
{
    char quoted[SHOWN_MAX + sizeof ", found \"…\""] = "";
    struct buf b = buf_fixed(quoted, sizeof quoted - 1);
    if (found != NULL) {
        size_t len = strlen(found);
        bool cut = len > SHOWN_MAX;
        for (len = cut ? SHOWN_MAX : len; cut && ((unsigned char)found[len] & 0xc0) == 0x80;)
            len--; /* not inside a character */
        buf_add_slice(&b, slice_text(", found \""));
        buf_add(&b, found, len);
        buf_add_slice(&b, slice_text(cut ? "…\"" : "\""));
    }
    return yaml_refuse(c->tree, node, c->err, "%s%s%s%s%s: %s%s", at.section,
                       at.name != NULL ? "." : "", at.name != NULL ? at.name : "",
                       at.key != NULL ? "." : "", at.key != NULL ? at.key : "", why, quoted);
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
                        const char *const *known, const char *const *later)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->text;
        if (in_words(known, key))
            continue;
        const char *why = in_words(later, key)
                              ? "not in the contract language yet; docs/contracts.md says what is"
                              : "the contract language has no such key";
        if (at.section == NULL)
            at.section = key;
        else
            at.key = key;
        return compile_refuse(c, map->keys[i], at, why, NULL);
    }
    return true;
}

static bool check_name(struct compile *c, const struct yaml_node *key, const char *section)
{
    struct slice name = slice_text(key->text);
    struct place at = { .section = section };
    if (name.len == 0 || name.len > DEFINITION_MAX_NAME || !cbor_text_valid(name))
        return compile_refuse(c, key, at, "expected a name of 1 to 64 bytes in plain characters",
                              key->text);
    if (name.data[0] == ' ' || name.data[name.len - 1] == ' ')
        return compile_refuse(c, key, at, "a name cannot begin or end with a space", key->text);
    return true;
}

static bool take_text(struct compile *c, const struct yaml_node *node, struct place at, size_t max,
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

bool compile_take_section(struct compile *c, const char *section, size_t max,
                          const struct yaml_node **ret)
{
    const struct yaml_node *map = yaml_get(c->tree->root, section);
    *ret = map;
    if (map == NULL)
        return true;
    struct place at = { .section = section };
    if (map->kind != YAML_MAP || map->count == 0)
        return compile_refuse(c, map, at,
                              "expected names, each with its value, on lines of their own", NULL);
    if (map->count > max)
        return yaml_refuse(c->tree, map, c->err, "%s: at most %zu, found %zu", section, max,
                           map->count);
    for (size_t i = 0; i < map->count; i++)
        if (!check_name(c, map->keys[i], section))
            return false;
    return true;
}

/* ------------------------------------------------------------------ heading, roles, parties */

static bool take_version(struct compile *c)
{
    const struct yaml_node *node = yaml_get(c->tree->root, "version");
    struct place at = { .section = "version" };
    c->def.version = 1;
    if (node == NULL)
        return true;
    struct quantity q;
    bool good = node->kind == YAML_SCALAR && !node->quoted &&
                quantity_parse(node->text, &q, NULL) && q.unit[0] == '\0' && q.exponent == 0 &&
                q.mantissa >= 1 && q.mantissa <= UINT32_MAX;
    if (!good)
        return compile_refuse(c, node, at, "expected a whole number from 1",
                              node->kind == YAML_SCALAR ? node->text : NULL);
    c->def.version = (unsigned)q.mantissa;
    return true;
}

static bool take_heading(struct compile *c)
{
    const struct yaml_node *name = yaml_get(c->tree->root, "contract");
    const struct yaml_node *summary = yaml_get(c->tree->root, "summary");
    struct place name_at = { .section = "contract" };
    struct place summary_at = { .section = "summary" };
    if (name == NULL)
        return compile_refuse(c, c->tree->root, name_at,
                              "missing; a contract has a name, such as \"contract: vaccine-2-8\"",
                              NULL);
    if (!take_text(c, name, name_at, DEFINITION_MAX_NAME, &c->def.name) ||
        !check_name(c, name, "contract"))
        return false;
    if (summary != NULL && !take_text(c, summary, summary_at, DEFINITION_MAX_TEXT, &c->def.summary))
        return false;
    return take_version(c);
}

static bool take_roles(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "roles", DEFINITION_MAX_ROLES, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_role *role = &c->def.roles[i];
        role->name = slice_text(map->keys[i]->text);
        struct place at = { "roles", map->keys[i]->text, NULL };
        if (!take_text(c, map->values[i], at, DEFINITION_MAX_TEXT, &role->meaning))
            return false;
        c->def.role_count = i + 1;
    }
    return true;
}

static bool take_party_role(struct compile *c, const struct yaml_node *node, struct place at,
                            unsigned *ret)
{
    for (size_t i = 0; node->kind == YAML_SCALAR && i < c->def.role_count; i++) {
        if (!slice_equal(c->def.roles[i].name, slice_text(node->text)))
            continue;
        *ret = (unsigned)i;
        return true;
    }
    return compile_refuse(c, node, at, "expected one of the roles declared under \"roles\"",
                          node->kind == YAML_SCALAR ? node->text : NULL);
}

static bool take_parties(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "parties", DEFINITION_MAX_PARTIES, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_party *party = &c->def.parties[i];
        party->name = slice_text(map->keys[i]->text);
        struct place at = { "parties", map->keys[i]->text, NULL };
        if (!take_party_role(c, map->values[i], at, &party->role))
            return false;
        c->def.party_count = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ terms */

static bool take_plain_term(struct compile *c, const struct yaml_node *node, struct place at,
                            size_t index)
{
    struct contract_value *v = &c->def.terms[index].usual;
    static const char *const yes[] = { "true", "yes", NULL };
    static const char *const no[] = { "false", "no", NULL };
    if (in_words(yes, node->text) || in_words(no, node->text)) {
        *v = (struct contract_value){ .type = CONTRACT_BOOL, .number = in_words(yes, node->text) };
        return true;
    }
    if (!compile_looks_like_number(node->text))
        return compile_refuse(c, node, at,
                              "expected a quantity such as \"8 °C\", a whole number, yes, no, or a "
                              "text in quotes",
                              node->text);
    struct quantity q;
    struct err why;
    if (!quantity_parse(node->text, &q, &why))
        return compile_refuse(c, node, at, why.msg, NULL);
    *v = (struct contract_value){ .number = q.mantissa, .exponent = q.exponent };
    v->type = q.unit[0] == '\0' && q.exponent == 0 ? CONTRACT_INT : CONTRACT_QUANTITY;
    if (v->type != CONTRACT_QUANTITY)
        return true;
    memcpy(c->units[index], q.unit, sizeof q.unit);
    v->text = slice_text(c->units[index]);
    return true;
}

static bool take_terms(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "terms", DEFINITION_MAX_TERMS, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        const struct yaml_node *node = map->values[i];
        const char *name = map->keys[i]->text;
        struct place at = { "terms", name, NULL };
        if (!compile_is_term_name(name) || property_by_name(slice_text(name)) != NULL)
            return compile_refuse(
                c, map->keys[i], at,
                "a term's name has letters, digits and spaces, begins with a letter, "
                "and is not a property's",
                NULL);
        c->def.terms[i].name = slice_text(name);
        if (node->kind != YAML_SCALAR)
            return compile_refuse(c, node, at,
                                  "lists and maps are not in the contract language yet", NULL);
        struct contract_value *v = &c->def.terms[i].usual;
        v->type = CONTRACT_TEXT;
        if (node->quoted ? !take_text(c, node, at, DEFINITION_MAX_TEXT, &v->text)
                         : !take_plain_term(c, node, at, i))
            return false;
        c->def.term_count = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ the whole */

static bool take_all(struct compile *c)
{
    static const char *const known[] = { "contract", "version",     "summary",  "roles", "parties",
                                         "terms",    "maximum gap", "lateness", "watch", NULL };
    static const char *const later[] = { "states",     "actions", "reactions",
                                         "properties", "stages",  "documents",
                                         "oracles",    "import",  NULL };
    const struct yaml_node *root = c->tree->root;
    struct place nowhere = { 0 };
    struct place file = { .section = "contract" };
    if (root == NULL || root->kind != YAML_MAP)
        return compile_refuse(c, root, file, "expected a contract, found none", NULL);
    return compile_check_keys(c, root, nowhere, known, later) && take_heading(c) && take_roles(c) &&
           take_parties(c) && take_terms(c) && compile_take_rules(c);
}

bool compile_contract(const struct yaml_tree *tree, struct buf *out, struct err *err)
{
    struct compile c = { .tree = tree, .err = err };
    if (!take_all(&c))
        return false;
    size_t start = out->len;
    definition_encode(&c.def, out);
    struct contract_definition again;
    bool good = out->failed ? err_set(err, ERR_BUSY, "the compiled contract does not fit")
                            : definition_decode(slice_from(buf_slice(out), start, out->len - start),
                                                &again, err);
    if (good)
        return true;
    out->len = start;
    return err_wrap(err, "%s", tree->name);
}
