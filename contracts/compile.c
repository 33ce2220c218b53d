#include "contracts/compile.h"

#include <stdlib.h>
#include <string.h>

#include "contracts/compile_sections.h"
#include "contracts/terms.h"

/* ------------------------------------------------------------------ heading */

static bool take_version(struct compile *c)
{
    const struct yaml_node *node = yaml_get(c->tree->root, "version");
    struct place at = { .section = "version" };
    static const int64_t limits[] = { 1, UINT32_MAX };
    int64_t version = 1;
    if (node != NULL &&
        !compile_take_number(c, node, at, limits, "expected a whole number from 1", &version))
        return false;
    c->def.version = (unsigned)version;
    return true;
}

static bool take_name(struct compile *c, const struct yaml_node *node)
{
    struct place at = { .section = "contract" };
    if (!compile_take_text(c, node, at, DEFINITION_MAX_NAME, &c->def.name))
        return false;
    if (c->def.name.data[0] == ' ' || c->def.name.data[c->def.name.len - 1] == ' ')
        return compile_refuse(c, node, at, "a name cannot begin or end with a space", node->text);
    return true;
}

static bool take_heading(struct compile *c)
{
    const struct yaml_node *name = yaml_get(c->tree->root, "contract");
    const struct yaml_node *summary = yaml_get(c->tree->root, "summary");
    const struct yaml_node *unit = yaml_get(c->tree->root, "each unit");
    struct place name_at = { .section = "contract" };
    struct place summary_at = { .section = "summary" };
    struct place unit_at = { .section = "each unit" };
    if (name == NULL)
        return compile_refuse(c, c->tree->root, name_at,
                              "missing; a contract has a name, such as \"contract: vaccine-2-8\"",
                              NULL);
    if (!take_name(c, name))
        return false;
    if (summary != NULL &&
        !compile_take_text(c, summary, summary_at, DEFINITION_MAX_TEXT, &c->def.summary))
        return false;
    if (unit != NULL && !compile_take_yes(c, unit, unit_at, &c->def.each_unit))
        return false;
    return take_version(c);
}

/* ------------------------------------------------------------------ roles and parties */

static bool take_rank(struct compile *c, const struct yaml_node *node, struct place at,
                      enum contract_rank *ret)
{
    static const struct {
        const char *word;
        enum contract_rank rank;
    } ranks[] = {
        { "member", CONTRACT_MEMBER },
        { "device", CONTRACT_DEVICE },
        { "operator", CONTRACT_OPERATOR },
        { "oracle", CONTRACT_ORACLE },
    };
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        if (!compile_is_word(node, ranks[i].word))
            continue;
        *ret = ranks[i].rank;
        return true;
    }
    return compile_refuse(c, node, at, "expected member, device, operator or oracle",
                          node->kind == YAML_SCALAR ? node->text : NULL);
}

static bool take_role_map(struct compile *c, const struct yaml_node *map, struct place at,
                          struct contract_role *role)
{
    static const char *const known[] = { "is", "does", NULL };
    const struct yaml_node *is = yaml_get(map, "is");
    const struct yaml_node *does = yaml_get(map, "does");
    if (!compile_check_keys(c, map, at, known, NULL))
        return false;
    at.key = "is";
    if (is != NULL && !take_rank(c, is, at, &role->rank))
        return false;
    at.key = "does";
    return does == NULL || compile_take_text(c, does, at, DEFINITION_MAX_TEXT, &role->meaning);
}

static bool take_roles(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "roles", DEFINITION_MAX_ROLES, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_role *role = &c->def.roles[i];
        role->name = slice_text(map->keys[i]->text);
        role->rank = CONTRACT_ANY_RANK;
        struct place at = { "roles", map->keys[i]->text, NULL };
        const struct yaml_node *node = map->values[i];
        if (!(node->kind == YAML_MAP
                  ? take_role_map(c, node, at, role)
                  : compile_take_text(c, node, at, DEFINITION_MAX_TEXT, &role->meaning)))
            return false;
        c->def.role_count = i + 1;
    }
    return true;
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
        if (!compile_take_role(c, map->values[i], at, &party->role))
            return false;
        c->def.party_count = i + 1;
    }
    return true;
}

static bool take_opener(struct compile *c)
{
    const struct yaml_node *node = yaml_get(c->tree->root, "opened by");
    struct place at = { .section = "opened by" };
    c->def.has_opener = node != NULL;
    return node == NULL || compile_take_role(c, node, at, &c->def.opener);
}

static bool take_fastest(struct compile *c)
{
    static const char why[] = "expected a whole number of km/h from 1 to 100000";
    const struct yaml_node *node = yaml_get(c->tree->root, "fastest travel");
    struct place at = { .section = "fastest travel" };
    struct contract_operand *o = &c->def.fastest;
    uint64_t kmh;
    c->def.has_fastest = node != NULL;
    if (node == NULL)
        return true;
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, why, NULL);
    if (!compile_take_operand(c, node, at, slice_text(node->text), "km/h", o))
        return false;
    const struct contract_value *v = o->is_term ? &c->def.terms[o->term].usual : &o->number;
    return v->type == CONTRACT_NOTHING || definition_speed_kmh(v, &kmh) ||
           compile_refuse(c, node, at, why, node->text);
}

/* ------------------------------------------------------------------ the whole */

static bool check_workflow(struct compile *c)
{
    static const char *const needing[] = { "properties", "actions", "reactions", "documents",
                                           "each unit" };
    for (size_t i = 0; c->def.state_count == 0 && i < sizeof needing / sizeof needing[0]; i++) {
        const struct yaml_node *node = yaml_get(c->tree->root, needing[i]);
        struct place at = { .section = needing[i] };
        if (node != NULL && (i < 4 || c->def.each_unit))
            return compile_refuse(c, node, at, "has no meaning without \"states\"", NULL);
    }
    return true;
}

/* Each section after those it may speak of; expressions last, when every name is known. */
static bool take_all(struct compile *c)
{
    static const char *const known[] = {
        "contract", "version",   "summary",        "each unit", "opened by",        "roles",
        "parties",  "terms",     "sensors",        "guards",    "calibrated until", "maximum gap",
        "lateness", "watch",     "properties",     "states",    "quality",          "documents",
        "actions",  "reactions", "fastest travel", NULL
    };
    static const struct compile_hint hints[] = {
        { "stages", "a rule names its states itself: \"stage: travelling\"" },
        { "oracles", "an oracle is a role: \"weather: { is: oracle }\" under \"roles\"" },
        { NULL, NULL },
    };
    const struct yaml_node *root = c->tree->root;
    struct place nowhere = { 0 };
    struct place file = { .section = "contract" };
    if (root == NULL || root->kind != YAML_MAP)
        return compile_refuse(c, root, file, "expected a contract, found none", NULL);
    return compile_check_keys(c, root, nowhere, known, hints) && take_heading(c) && take_roles(c) &&
           take_parties(c) && take_opener(c) && compile_take_terms(c) && take_fastest(c) &&
           compile_take_states(c) && check_workflow(c) && compile_take_rules(c) &&
           compile_take_sensors(c) && compile_take_fields(c) && compile_take_documents(c) &&
           compile_take_quality(c) && compile_take_guard_names(c) && compile_take_starts(c) &&
           compile_take_actions(c) && compile_take_reactions(c);
}

/* What was written can be opened as it stands, unless the opening has something to say. */
static bool check_usual_terms(const struct contract_definition *def, struct err *err)
{
    struct contract_terms terms;
    struct slice none = { NULL, 0 };
    for (size_t i = 0; i < def->term_count; i++)
        if (def->terms[i].usual.type == CONTRACT_NOTHING)
            return true;
    return terms_bind(def, none, &terms, err);
}

static bool compile_into(struct compile *c, struct contract_definition *again, struct buf *out,
                         struct err *err)
{
    if (!take_all(c))
        return false;
    size_t start = out->len;
    definition_encode(&c->def, out);
    bool good = out->failed ? err_set(err, ERR_BUSY, "the compiled contract does not fit")
                            : definition_decode(slice_from(buf_slice(out), start, out->len - start),
                                                again, err) &&
                                  check_usual_terms(again, err);
    if (good)
        return true;
    out->len = start;
    return err_wrap(err, "%s", c->tree->name);
}

bool compile_contract(const struct yaml_tree *tree, struct buf *out, struct err *err)
{
    struct compile *c = calloc(1, sizeof *c);
    struct contract_definition *again = calloc(1, sizeof *again);
    bool good = c != NULL && again != NULL;
    if (good) {
        c->tree = tree;
        c->err = err;
        good = compile_into(c, again, out, err);
    } else {
        (void)err_set(err, ERR_IO, "%s: out of memory", tree->name);
    }
    free(again);
    free(c);
    return good;
}
