/* Steps that open contracts and move goods. */
#include "tools/trial_step.h"

#include "contracts/terms.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRES_MS UINT64_C(86400000)
#define PAIRS_MAX  64

/* ------------------------------------------------------------------ maps with canonical keys */

struct pair {
    struct slice name;
    const struct yaml_node *node; /* NULL: the default */
    const struct trial_person *who;
};

/* Deterministic CBOR orders text keys by length, then bytewise. */
static int by_name(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->name.len != y->name.len)
        return x->name.len < y->name.len ? -1 : 1;
    return slice_compare(x->name, y->name);
}

static bool read_pairs(struct trial_case *c, const struct yaml_node *map, struct pair *pairs,
                       size_t *ret_count)
{
    *ret_count = 0;
    if (map == NULL)
        return true;
    if (map->kind != YAML_MAP || map->count > PAIRS_MAX)
        return trial_case_refuse(c, map, "expected a map of at most %d names", PAIRS_MAX);
    for (size_t i = 0; i < map->count; i++)
        pairs[i] = (struct pair){ .name = slice_text(map->keys[i]->text), .node = map->values[i] };
    qsort(pairs, map->count, sizeof *pairs, by_name);
    *ret_count = map->count;
    return true;
}

/* ------------------------------------------------------------------ opening a contract */

struct opening {
    const struct yaml_node *step;
    struct trial_contract *contract;
    size_t party_count;
    struct pair parties[PAIRS_MAX];
    struct statement draft;
};

static const struct yaml_node *part(const struct opening *o, const char *key)
{
    return o->step->kind == YAML_MAP ? yaml_get(o->step, key) : NULL;
}

static bool is_party(const struct opening *o, const struct trial_person *who)
{
    for (size_t i = 0; i < o->party_count; i++)
        if (o->parties[i].who == who)
            return true;
    return false;
}

/* Where the test names nobody: the first who has the role and no other place at the table. */
static const struct trial_person *usual_party(struct trial_case *c, const struct opening *o,
                                              struct slice role)
{
    for (size_t i = 0; i < c->t->person_count; i++)
        if (trial_people_holds(c, &c->t->people[i], role) && !is_party(o, &c->t->people[i]))
            return &c->t->people[i];
    return NULL;
}

static bool named_party(struct trial_case *c, const struct yaml_node *node, struct pair *p)
{
    if (node->kind != YAML_SCALAR || (p->who = trial_find(c->t, node->text)) == NULL)
        return trial_case_refuse(c, node, "parties.%.*s: expected someone under `people`",
                                 (int)p->name.len, (const char *)p->name.data);
    return true;
}

static bool add_party(struct trial_case *c, struct opening *o, size_t i)
{
    const struct contract_definition *d = &o->contract->definition;
    const struct yaml_node *given = part(o, "parties");
    struct pair p = { .name = d->parties[i].name };
    for (size_t k = 0; given != NULL && k < given->count; k++)
        if (slice_equal(slice_text(given->keys[k]->text), p.name))
            p.node = given->values[k];
    if (p.node != NULL) {
        if (!named_party(c, p.node, &p))
            return false;
    } else if ((p.who = usual_party(c, o, d->roles[d->parties[i].role].name)) == NULL) {
        return trial_case_refuse(c, o->step, "parties: nobody is \"%.*s\", a %.*s", (int)p.name.len,
                                 (const char *)p.name.data,
                                 (int)d->roles[d->parties[i].role].name.len,
                                 (const char *)d->roles[d->parties[i].role].name.data);
    }
    o->parties[o->party_count++] = p;
    return true;
}

/* A contract that names no parties takes whom the opening names: all companies, by their own names. */
static bool add_any_parties(struct trial_case *c, struct opening *o)
{
    const struct yaml_node *given = part(o, "parties");
    if (given != NULL) {
        if (!read_pairs(c, given, o->parties, &o->party_count))
            return false;
        for (size_t i = 0; i < o->party_count; i++)
            if (!named_party(c, o->parties[i].node, &o->parties[i]))
                return false;
        return true;
    }
    for (size_t i = 0; i < c->t->person_count && o->party_count < OPEN_PARTIES_MAX; i++)
        if (c->t->people[i].class == CLASS_MEMBER)
            o->parties[o->party_count++] =
                (struct pair){ .name = slice_text(c->t->people[i].name), .who = &c->t->people[i] };
    return true;
}

static bool put_parties(struct trial_case *c, struct opening *o, struct buf *out)
{
    const struct contract_definition *d = &o->contract->definition;
    const struct yaml_node *given = part(o, "parties");
    unsigned index;
    if (given != NULL && given->kind != YAML_MAP)
        return trial_case_refuse(c, given, "parties: expected a map of parties to people");
    for (size_t i = 0; given != NULL && d->party_count > 0 && i < given->count; i++)
        if (!definition_find_party(d, slice_text(given->keys[i]->text), &index))
            return trial_case_refuse(c, given->keys[i], "the contract has no party \"%.60s\"",
                                     given->keys[i]->text);
    for (size_t i = 0; i < d->party_count; i++)
        if (!add_party(c, o, i))
            return false;
    if (d->party_count == 0 && !add_any_parties(c, o))
        return false;
    qsort(o->parties, o->party_count, sizeof o->parties[0], by_name);
    cbor_put_map(out, o->party_count);
    for (size_t i = 0; i < o->party_count; i++) {
        cbor_put_text(out, o->parties[i].name);
        kid_put(out, &o->parties[i].who->key.kid);
    }
    o->draft.as.open.parties = buf_slice(out);
    return true;
}

static bool put_terms(struct trial_case *c, struct opening *o, struct buf *out)
{
    const struct contract_definition *d = &o->contract->definition;
    const struct yaml_node *given = part(o, "terms");
    struct trial_names names = trial_case_names(c);
    struct pair pairs[PAIRS_MAX];
    size_t n;
    if (!read_pairs(c, given, pairs, &n))
        return false;
    cbor_put_map(out, n);
    for (size_t i = 0; i < n; i++) {
        unsigned index;
        if (!definition_find_term(d, pairs[i].name, &index))
            return trial_case_refuse(c, pairs[i].node, "the contract has no term \"%.*s\"",
                                     (int)pairs[i].name.len, (const char *)pairs[i].name.data);
        const struct contract_term *t = &d->terms[index];
        enum contract_type type = t->usual.type != CONTRACT_NOTHING ? t->usual.type : t->kind.type;
        if (t->kind.type == CONTRACT_CHOICE)
            type = CONTRACT_CHOICE;
        cbor_put_text(out, pairs[i].name);
        if (!trial_value_put(pairs[i].node, type, t->kind.scalar, &names, out, &c->err))
            return trial_case_blame(c, pairs[i].node);
    }
    o->draft.as.open.terms = buf_slice(out);
    return true;
}

static int by_kid(const void *a, const void *b)
{
    return kid_compare(a, b);
}

static bool add_holder(struct trial_case *c, const struct yaml_node *node, struct kid *kids,
                       size_t *n)
{
    const struct trial_person *who =
        node->kind == YAML_SCALAR ? trial_find(c->t, node->text) : NULL;
    if (who == NULL || *n == OPEN_HOLDER_KIDS)
        return trial_case_refuse(c, node, "holders: expected at most %d people", OPEN_HOLDER_KIDS);
    kids[(*n)++] = who->key.kid;
    return true;
}

static bool collect_holders(struct trial_case *c, const struct opening *o, struct slice role,
                            struct kid kids[OPEN_HOLDER_KIDS], size_t *n)
{
    const struct yaml_node *given = part(o, "holders"), *node = NULL;
    *n = 0;
    if (given == NULL) {
        for (size_t i = 0; i < c->t->person_count; i++)
            if (*n < OPEN_HOLDER_KIDS && trial_people_holds(c, &c->t->people[i], role))
                kids[(*n)++] = c->t->people[i].key.kid;
    } else {
        for (size_t i = 0; i < given->count; i++)
            if (slice_equal(slice_text(given->keys[i]->text), role))
                node = given->values[i];
        for (size_t i = 0; node != NULL && node->kind == YAML_LIST && i < node->count; i++)
            if (!add_holder(c, node->values[i], kids, n))
                return false;
        if (node != NULL && node->kind != YAML_LIST && !add_holder(c, node, kids, n))
            return false;
    }
    qsort(kids, *n, sizeof kids[0], by_kid);
    return true;
}

static bool check_holders(struct trial_case *c, const struct opening *o)
{
    const struct yaml_node *given = part(o, "holders");
    unsigned index;
    if (given != NULL && given->kind != YAML_MAP)
        return trial_case_refuse(c, given, "holders: expected a map of roles to people");
    for (size_t i = 0; given != NULL && i < given->count; i++)
        if (!definition_find_role(&o->contract->definition, slice_text(given->keys[i]->text),
                                  &index))
            return trial_case_refuse(c, given->keys[i], "the contract has no role \"%.60s\"",
                                     given->keys[i]->text);
    return true;
}

/* Those `holders` names, or everybody who has the role under `people`. */
static bool put_holders(struct trial_case *c, struct opening *o, struct buf *out)
{
    const struct contract_definition *d = &o->contract->definition;
    struct pair roles[DEFINITION_MAX_ROLES];
    struct kid kids[OPEN_HOLDER_KIDS];
    size_t count = 0, n;
    if (!check_holders(c, o))
        return false;
    for (size_t i = 0; i < d->role_count && count < OPEN_HOLDERS_MAX; i++) {
        if (!collect_holders(c, o, d->roles[i].name, kids, &n))
            return false;
        if (n > 0)
            roles[count++] = (struct pair){ .name = d->roles[i].name };
    }
    if (count == 0)
        return true;
    qsort(roles, count, sizeof roles[0], by_name);
    cbor_put_map(out, count);
    for (size_t i = 0; i < count; i++) {
        (void)collect_holders(c, o, roles[i].name, kids, &n);
        cbor_put_text(out, roles[i].name);
        cbor_put_array(out, n);
        for (size_t k = 0; k < n; k++)
            kid_put(out, &kids[k]);
    }
    o->draft.as.open.holders = buf_slice(out);
    return true;
}

/* Who `by` names; else a party, and one with the role that may open it. */
static bool find_opener(struct trial_case *c, const struct opening *o,
                        struct trial_person **ret_person)
{
    const struct contract_definition *d = &o->contract->definition;
    struct trial_person *first = NULL;
    if (part(o, "by") != NULL)
        return trial_case_person(c, o->step, "by", ret_person);
    for (size_t i = c->t->person_count; i-- > 0;) {
        struct trial_person *who = &c->t->people[i];
        if (who->class == CLASS_MEMBER && is_party(o, who) &&
            (!d->has_opener || trial_people_holds(c, who, d->roles[d->opener].name)))
            first = who;
    }
    *ret_person = first;
    return first != NULL || trial_case_refuse(c, o->step, "by: nobody here may open it");
}

static bool names_somebody(struct trial_case *c, const struct yaml_node *node)
{
    return (node->kind == YAML_SCALAR && trial_find(c->t, node->text) != NULL) ||
           trial_case_refuse(c, node, "agree: expected all, none or people under `people`");
}

static bool check_agree(struct trial_case *c, const struct opening *o)
{
    const struct yaml_node *agree = part(o, "agree");
    if (agree == NULL || (agree->kind == YAML_SCALAR &&
                          (strcmp(agree->text, "all") == 0 || strcmp(agree->text, "none") == 0)))
        return true;
    if (agree->kind != YAML_LIST)
        return names_somebody(c, agree);
    for (size_t i = 0; i < agree->count; i++)
        if (!names_somebody(c, agree->values[i]))
            return false;
    return true;
}

static bool wants_agreement(const struct opening *o, const struct trial_person *who)
{
    const struct yaml_node *agree = part(o, "agree");
    if (agree == NULL)
        return true;
    if (agree->kind == YAML_SCALAR)
        return strcmp(agree->text, "all") == 0 || strcmp(agree->text, who->name) == 0;
    for (size_t i = 0; i < agree->count; i++)
        if (strcmp(agree->values[i]->text, who->name) == 0)
            return true;
    return false;
}

static bool all_agree(struct trial_case *c, struct opening *o, const struct trial_person *opener,
                      const struct hash *opening)
{
    struct statement draft = { .kind = KIND_AGREE, .as.agree = { .opening = *opening } };
    for (size_t i = 0; i < c->t->person_count; i++) {
        struct trial_person *who = &c->t->people[i];
        if (who->class == CLASS_MEMBER && is_party(o, who) && who != opener &&
            wants_agreement(o, who) && !trial_case_say(c, o->step, who, draft))
            return false;
    }
    return true;
}

static bool fill_opening(struct trial_case *c, struct opening *o)
{
    struct open *open = &o->draft.as.open;
    struct trial_opening *before;
    uint64_t wait_ms = EXPIRES_MS;
    const char *expires;
    if (!put_parties(c, o, &c->bufs[0]) || !put_terms(c, o, &c->bufs[1]) ||
        !put_holders(c, o, &c->bufs[2]) ||
        !trial_case_units(c, o->step, &c->bufs[3], &open->assets) ||
        !trial_case_text(c, o->step, "expires", &expires))
        return false;
    if (expires != NULL && !quantity_parse_duration_ms(expires, &wait_ms, &c->err))
        return trial_case_blame(c, part(o, "expires"));
    if (part(o, "replaces") != NULL) {
        if (!trial_case_opening(c, o->step, "replaces", &before))
            return false;
        open->has_replaces = true;
        open->replaces = before->hash;
    }
    open->definition = o->contract->hash;
    open->compiled = buf_slice(&o->contract->bytes);
    open->expires_ms = c->t->now_ms + wait_ms;
    return true;
}

static bool open_contract(struct trial_case *c, struct opening *o)
{
    struct trial_person *opener;
    const char *path, *name = c->as;
    o->contract = c->file->contracts[0];
    o->draft.kind = KIND_OPEN;
    if (!trial_case_text(c, o->step, "contract", &path))
        return false;
    if (path != NULL &&
        !trial_case_contract(c->file, part(o, "contract"), path, &o->contract, &c->err))
        return false;
    if (c->opening_count == TRIAL_OPENINGS_MAX)
        return trial_case_refuse(c, o->step, "more than %d openings", TRIAL_OPENINGS_MAX);
    if (!check_agree(c, o) || !fill_opening(c, o) || !find_opener(c, o, &opener) ||
        !trial_case_say(c, o->step, opener, o->draft))
        return false;
    struct trial_opening *kept = &c->openings[c->opening_count++];
    *kept = (struct trial_opening){ name, c->t->last.statement, o->contract };
    return all_agree(c, o, opener, &kept->hash);
}

bool trial_step_open(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "parties", "terms",   "holders",  "units",    "by",
                                         "agree",   "expires", "contract", "replaces", NULL };
    struct opening *o = calloc(1, sizeof *o);
    if (o == NULL)
        return err_set(&c->err, ERR_IO, "out of memory");
    o->step = step;
    bool good = trial_case_check_keys(c, step, known) && open_contract(c, o);
    free(o);
    return good;
}

bool trial_step_agree(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "to", "decline", NULL };
    struct statement draft = { .kind = KIND_AGREE };
    struct trial_person *by;
    struct trial_opening *o;
    const char *decline;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_opening(c, step, "to", &o) || !trial_case_text(c, step, "decline", &decline))
        return false;
    draft.as.agree.opening = o->hash;
    draft.as.agree.declines = decline != NULL && strcmp(decline, "yes") == 0;
    return trial_case_say(c, step, by, draft);
}

/* ------------------------------------------------------------------ goods */

bool trial_step_handover(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "from", "to", "role", "answer", "units", NULL };
    struct statement draft = { .kind = KIND_CUSTODY };
    struct trial_person *from, *to;
    const char *role, *answer;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "from", &from) ||
        !trial_case_person(c, step, "to", &to) || !trial_case_text(c, step, "role", &role) ||
        !trial_case_text(c, step, "answer", &answer) ||
        !trial_case_units(c, step, &c->bufs[0], &draft.as.custody.assets))
        return false;
    if (role != NULL && strcmp(role, "owner") != 0 && strcmp(role, "custodian") != 0)
        return trial_case_refuse(c, yaml_get(step, "role"), "role: expected owner or custodian");
    if (answer == NULL)
        answer = "accept";
    draft.as.custody.action = CUSTODY_OFFER;
    draft.as.custody.to = to->member;
    draft.as.custody.role =
        role != NULL && strcmp(role, "owner") == 0 ? ROLE_OWNER : ROLE_CUSTODIAN;
    if (!trial_case_say(c, step, from, draft))
        return false;
    draft.as.custody.offer = c->t->last.statement;
    draft.as.custody.to = (struct kid){ { 0 } };
    if (strcmp(answer, "none") == 0)
        return true;
    if (strcmp(answer, "accept") != 0 && strcmp(answer, "reject") != 0)
        return trial_case_refuse(c, yaml_get(step, "answer"),
                                 "answer: expected accept, reject or none");
    draft.as.custody.action = strcmp(answer, "accept") == 0 ? CUSTODY_ACCEPT : CUSTODY_REJECT;
    if (draft.as.custody.action == CUSTODY_REJECT) {
        draft.as.custody.meaning = slice_text("rejection of delivery");
        draft.as.custody.reason = slice_text("the test says so");
    }
    return trial_case_say(c, step, to, draft);
}

/* By the device's own company. */
static bool attach(struct trial_case *c, const struct yaml_node *step, bool detach)
{
    static const char *const known[] = { "device", "unit", NULL };
    struct statement draft = { .kind = KIND_ATTACH };
    char unit[ASSET_NAME_MAX + 1];
    unsigned number = 1;
    struct trial_person *device;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "device", &device) ||
        (yaml_get(step, "unit") != NULL &&
         !trial_case_unit_number(c, yaml_get(step, "unit"), &number)))
        return false;
    trial_case_unit(number, unit);
    draft.as.attach = (struct attach){ device->key.kid, slice_text(unit), detach };
    struct trial_person *company = trial_find_kid(c->t, &device->member);
    return company != NULL && trial_case_say(c, step, company, draft);
}

bool trial_step_attach(struct trial_case *c, const struct yaml_node *step)
{
    return attach(c, step, false);
}

bool trial_step_detach(struct trial_case *c, const struct yaml_node *step)
{
    return attach(c, step, true);
}

bool trial_step_scan(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "place", "note", "in custody", "units", NULL };
    struct statement draft = { .kind = KIND_SCAN };
    struct trial_person *by;
    const char *place, *note, *custody;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_text(c, step, "place", &place) || !trial_case_text(c, step, "note", &note) ||
        !trial_case_text(c, step, "in custody", &custody) ||
        !trial_case_units(c, step, &c->bufs[0], &draft.as.scan.assets))
        return false;
    if (custody != NULL && strcmp(custody, "yes") != 0 && strcmp(custody, "no") != 0)
        return trial_case_refuse(c, yaml_get(step, "in custody"), "in custody: expected yes or no");
    draft.as.scan.in_custody = custody != NULL && strcmp(custody, "yes") == 0;
    draft.as.scan.place = slice_text(place != NULL ? place : "");
    draft.as.scan.note = slice_text(note != NULL ? note : "");
    return trial_case_say(c, step, by, draft);
}
