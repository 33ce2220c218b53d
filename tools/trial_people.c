/* The people of a test, and their goods before the first step. */
#include "tools/trial_case.h"

#include <string.h>

/* "logger of Farm A": the company's name, NULL where none is given; *ret_len is of what stands before. */
static const char *company_of(const char *text, size_t *ret_len)
{
    const char *at = NULL;
    for (const char *s = strstr(text, " of "); s != NULL; s = strstr(s + 1, " of "))
        at = s;
    *ret_len = at == NULL ? strlen(text) : (size_t)(at - text);
    return at == NULL ? NULL : at + 4;
}

static bool is_word(struct slice s, const char *word)
{
    return slice_equal(s, slice_text(word));
}

/* The next name of "shipper, carrier", without spaces round it; false at the end. */
static bool next_role(const char **at, const char *end, struct slice *ret_role)
{
    if (*at >= end)
        return false;
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    const char *stop = comma == NULL ? end : comma;
    const char *start = *at;
    *at = comma == NULL ? end : comma + 1;
    while (start < stop && *start == ' ')
        start++;
    while (stop > start && stop[-1] == ' ')
        stop--;
    *ret_role = slice_of(start, (size_t)(stop - start));
    return true;
}

bool trial_people_holds(const struct trial_case *c, const struct trial_person *who,
                        struct slice role)
{
    const struct yaml_node *node = c->roles[who - c->t->people];
    size_t len;
    struct slice one;
    if (node == NULL)
        return false;
    (void)company_of(node->text, &len);
    for (const char *at = node->text, *end = at + len; next_role(&at, end, &one);)
        if (slice_equal(one, role))
            return true;
    return false;
}

/* The kind of key, by the role's rank or by the bare words device, operator, oracle, member. */
static bool class_of_role(struct trial_case *c, const struct yaml_node *node, struct slice role,
                          bool of_company, enum key_class *ret_class)
{
    static const struct {
        const char *word;
        enum key_class class;
    } words[] = { { "member", CLASS_MEMBER },
                  { "device", CLASS_DEVICE },
                  { "operator", CLASS_OPERATOR },
                  { "oracle", CLASS_ORACLE },
                  { "auditor", CLASS_AUDITOR } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(role, words[i].word)) {
            *ret_class = words[i].class;
            return true;
        }
    bool known = false;
    for (size_t i = 0; i < c->file->contract_count; i++) {
        const struct contract_definition *d = &c->file->contracts[i]->definition;
        unsigned index;
        if (!definition_find_role(d, role, &index))
            continue;
        known = true;
        *ret_class = of_company ? CLASS_DEVICE : CLASS_MEMBER;
        if (of_company && d->roles[index].rank == CONTRACT_OPERATOR)
            *ret_class = CLASS_OPERATOR;
        else if (of_company && d->roles[index].rank == CONTRACT_ORACLE)
            *ret_class = CLASS_ORACLE;
    }
    if (known)
        return true;
    return trial_case_refuse(c, node, "no contract here has a role \"%.*s\"", (int)role.len,
                             (const char *)role.data);
}

/* Names of roles, for a key that is enrolled for these alone. */
static void put_rights(const struct trial_case *c, struct slice roles, struct buf *out)
{
    struct slice names[DEFINITION_MAX_ROLES], one;
    size_t n = 0;
    const char *at = (const char *)roles.data, *end = at + roles.len;
    unsigned index;
    while (n < DEFINITION_MAX_ROLES && next_role(&at, end, &one))
        for (size_t i = 0; i < c->file->contract_count; i++)
            if (definition_find_role(&c->file->contracts[i]->definition, one, &index)) {
                names[n++] = one;
                break;
            }
    if (n == 0)
        return;
    cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++)
        cbor_put_text(out, names[i]);
}

static bool add_person(struct trial_case *c, size_t i, bool companies)
{
    const struct yaml_node *name = c->file->people->keys[i], *node = c->file->people->values[i];
    enum key_class class = CLASS_MEMBER;
    size_t len;
    struct slice role;
    if (node->kind != YAML_SCALAR)
        return trial_case_refuse(c, node, "people.%.60s: expected a role, or ROLE of COMPANY",
                                 name->text);
    const char *company = company_of(node->text, &len);
    if ((company == NULL) != companies)
        return true;
    const struct trial_person *member = company == NULL ? NULL : trial_find(c->t, company);
    if (company != NULL && (member == NULL || member->class != CLASS_MEMBER))
        return trial_case_refuse(c, node, "people.%.60s: no company \"%.60s\" under `people`",
                                 name->text, company);
    for (const char *at = node->text, *end = at + len; next_role(&at, end, &role);)
        if (!class_of_role(c, node, role, company != NULL, &class))
            return false;
    if ((class == CLASS_MEMBER) != (company == NULL))
        return trial_case_refuse(c, node, "people.%.60s: expected %s", name->text,
                                 company == NULL ? "ROLE of COMPANY" : "a company's role alone");
    buf_clear(&c->bufs[0]);
    if (class == CLASS_OPERATOR || class == CLASS_ORACLE)
        put_rights(c, slice_of(node->text, len), &c->bufs[0]);
    c->roles[c->t->person_count] = node;
    struct trial_who who = { name->text, class, member, NULL, buf_slice(&c->bufs[0]) };
    return trial_add(c->t, &who, &c->err) != NULL || trial_case_blame(c, name);
}

static bool add_people(struct trial_case *c)
{
    for (size_t i = 0; i < c->file->people->count; i++)
        if (!add_person(c, i, true))
            return false;
    for (size_t i = 0; i < c->file->people->count; i++)
        if (!add_person(c, i, false))
            return false;
    return true;
}

/* ------------------------------------------------------------------ before the first step */

/* All goods are packed and all devices in the first box; then day 1 begins. */
bool trial_people_found(struct trial_case *c)
{
    const struct trial_file *f = c->file;
    char unit[ASSET_NAME_MAX + 1];
    struct trial_person *packer = NULL;
    struct statement draft = { .kind = KIND_COMMISSION };
    if (!add_people(c))
        return false;
    for (size_t i = c->t->person_count; i-- > 0;)
        if (c->t->people[i].class == CLASS_MEMBER &&
            (f->packer == NULL || strcmp(f->packer, c->t->people[i].name) == 0))
            packer = &c->t->people[i];
    if (packer == NULL)
        return trial_case_refuse(c, f->people, "goods: nobody to pack them: expected a company");
    buf_clear(&c->bufs[0]);
    draft.as.commission.lot = slice_text(f->lot != NULL ? f->lot : "");
    if (!trial_case_units(c, NULL, &c->bufs[0], &draft.as.commission.assets) ||
        !trial_case_say(c, f->people, packer, draft))
        return false;
    trial_case_unit(1, unit);
    for (size_t i = 0; i < c->t->person_count; i++) {
        const struct trial_person *device = &c->t->people[i];
        struct trial_person *company = trial_find_kid(c->t, &device->member);
        draft = (struct statement){ .kind = KIND_ATTACH };
        draft.as.attach = (struct attach){ .device = device->key.kid, .asset = slice_text(unit) };
        if (device->class == CLASS_DEVICE && company != NULL &&
            !trial_case_say(c, f->people, company, draft))
            return false;
    }
    return trial_case_advance(c, f->people, TRIAL_START_MS);
}
