/* One workflow as a contract in YAML: the sections, and the proof that it compiles. */
#include "contracts/compile.h"
#include "tools/import_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARTIES  (DEFINITION_MAX_PARTIES - 1) /* and who opens it */
#define MAX_COMPILED DEFINITION_MAX_BYTES
#define NAME         "contract" /* of the YAML, in the compiler's messages */

/* ------------------------------------------------------------------ kinds */

static const char *kind_word(const struct import_build *b, enum import_kind kind, char word[16])
{
    switch (kind) {
    case IMPORT_BOOL: return "yes or no";
    case IMPORT_CONTRACT: return "contract";
    case IMPORT_INT: return "int";
    case IMPORT_MONEY:
        (void)snprintf(word, 16, "money %.3s", b->currency != NULL ? b->currency : "");
        return b->currency != NULL ? word : "int";
    case IMPORT_STRING: return "text";
    case IMPORT_TIME: return "time";
    case IMPORT_ADDRESS:
    case IMPORT_USER: return "party";
    case IMPORT_ROLE:
    case IMPORT_ARRAY:
    case IMPORT_ENUM:
    case IMPORT_STATE: break;
    }
    return "";
}

static bool is_choice(const struct import_type *type)
{
    return type->kind == IMPORT_ENUM || type->kind == IMPORT_STATE;
}

/* "[A, B]" */
static void put_choices(struct import_build *b, const struct import_type *type)
{
    bool states = type->kind == IMPORT_STATE;
    size_t count = states ? b->w->state_count : type->value_count;
    import_put(b, "[");
    for (size_t i = 0; i < count; i++)
        import_put(b, "%s%s", i > 0 ? ", " : "",
                   states ? b->w->states[i].name.legal : type->values[i].legal);
    import_put(b, "]");
}

static void put_kind(struct import_build *b, const struct import_type *type)
{
    char word[16];
    if (type->kind == IMPORT_ROLE)
        import_put(b, "party of %s", b->a->roles.at[type->role].name.legal);
    else if (type->kind == IMPORT_ARRAY)
        import_put(b, "list of %s", kind_word(b, type->element, word));
    else
        import_put(b, "%s", kind_word(b, type->kind, word));
}

void import_put_kind(struct import_build *b, unsigned indent, const struct import_item *item,
                     bool more)
{
    bool choice = is_choice(&item->type);
    import_put(b, "%*s%s:", (int)indent, "", item->name.legal);
    if (more)
        import_put(b, "\n%*s%s: ", (int)indent + 2, "", choice ? "one of" : "is");
    else
        import_put(b, choice ? " { one of: " : " ");
    if (choice)
        put_choices(b, &item->type);
    else
        put_kind(b, &item->type);
    import_put(b, choice && !more ? " }\n" : "\n");
}

/* ------------------------------------------------------------------ people */

/*
 * Constructor parameters that are people become parties, who agree; one contract has 16 of them. Who opens
 * it is one, because the ledger lets only a party open a contract; of no application role, or naming oneself
 * there would be enough to hold it.
 */
static void choose_people(struct import_build *b)
{
    size_t count = 0;
    uint32_t who = b->w->initiators;
    for (size_t i = 0; i < b->w->constructor.count && count < MAX_PARTIES; i++) {
        enum import_kind kind = b->w->constructor.at[i].type.kind;
        if (kind != IMPORT_ROLE && kind != IMPORT_USER)
            continue;
        b->parties |= UINT64_C(1) << i;
        count++;
    }
    const struct import_items *c = &b->w->constructor;
    const struct import_items *roles = &b->a->roles;
    const struct import_names parameters = { c->at, c->count, sizeof c->at[0] };
    const struct import_names known = { roles->at, roles->count, sizeof roles->at[0] };
    b->opener.given = slice_text("initiator");
    import_make_name(&b->opener, IMPORT_TERM, &parameters);
    b->participant.given = slice_text("Participant");
    import_make_name(&b->participant, IMPORT_PLAIN, &known);
    if (who != 0 && (who & (who - 1)) == 0)
        return;
    b->initiator.given = slice_text("Initiator");
    import_make_name(&b->initiator, IMPORT_PLAIN, &known);
}

static const char *opening_role(const struct import_build *b)
{
    for (size_t i = 0; b->initiator.legal[0] == '\0' && i < b->a->roles.count; i++)
        if ((b->w->initiators >> i & 1) != 0)
            return b->a->roles.at[i].name.legal;
    return b->initiator.legal;
}

static void put_initiator(struct import_build *b)
{
    size_t count = 0;
    import_put(b, "  %s: may open it", b->initiator.legal);
    for (size_t i = 0; i < b->a->roles.count; i++)
        if ((b->w->initiators >> i & 1) != 0 && count < 4)
            import_put(b, "%s%s", count++ > 0 ? " or " : ", as ", b->a->roles.at[i].name.legal);
    import_put(b, b->w->initiators == 0 ? ", in place of the contract that did\n" : "\n");
}

static void put_roles(struct import_build *b)
{
    import_put(b, "roles:\n");
    for (size_t i = 0; i < b->a->roles.count; i++) {
        const struct import_item *role = &b->a->roles.at[i];
        const struct yaml_node *rank = import_said(b, "roles", role->name.legal);
        if (rank != NULL) {
            import_put(b, "  %s:\n", role->name.legal);
            import_put_node(b, 4, "is", rank);
            import_put(b, "    does: ");
        } else {
            import_put(b, "  %s: ", role->name.legal);
        }
        import_put_quoted(b, role->about.len > 0 ? role->about : role->name.given,
                          DEFINITION_MAX_TEXT);
        import_put(b, "\n");
    }
    if (b->initiator.legal[0] != '\0')
        put_initiator(b);
    import_put(b, "  %s: takes part, whatever else it is\n", b->participant.legal);
}

static void put_parties(struct import_build *b)
{
    import_put(b, "parties:\n  %s: %s\n", b->opener.legal, b->participant.legal);
    for (size_t i = 0; i < b->w->constructor.count; i++) {
        const struct import_item *p = &b->w->constructor.at[i];
        if ((b->parties >> i & 1) != 0)
            import_put(b, "  %s: %s\n", p->name.legal,
                       p->type.kind == IMPORT_USER ? b->participant.legal
                                                   : b->a->roles.at[p->type.role].name.legal);
    }
}

/* ------------------------------------------------------------------ terms, properties, states */

static void put_terms(struct import_build *b)
{
    bool any = false;
    for (size_t i = 0; i < b->w->constructor.count; i++) {
        const struct import_item *p = &b->w->constructor.at[i];
        const struct yaml_node *usual = import_said(b, "terms", p->name.legal);
        if ((b->parties >> i & 1) != 0)
            continue;
        if (!any)
            import_put(b, "terms:\n");
        any = true;
        import_put_kind(b, 2, p, true);
        if (usual != NULL)
            import_put_node(b, 4, "usual", usual);
    }
}

static bool same_type(const struct import_type *x, const struct import_type *y)
{
    bool same = x->kind == y->kind && x->role == y->role && x->element == y->element &&
                x->value_count == y->value_count;
    for (size_t i = 0; same && i < x->value_count; i++)
        same = slice_equal(x->values[i].given, y->values[i].given);
    return same;
}

static bool same_letters(struct slice x, struct slice y)
{
    bool same = x.len == y.len;
    for (size_t i = 0; same && i < x.len; i++) {
        unsigned a = x.data[i];
        unsigned c = y.data[i];
        bool letters = ((a | 32u) >= 'a') && ((a | 32u) <= 'z');
        same = a == c || (letters && (a | 32u) == (c | 32u));
    }
    return same;
}

/* The constructor's parameter of the property's name and type, whatever the case of its letters. */
static const struct import_item *find_start(const struct import_build *b,
                                            const struct import_item *property)
{
    const struct import_item *found = NULL;
    for (size_t i = 0; i < b->w->constructor.count; i++) {
        const struct import_item *p = &b->w->constructor.at[i];
        if (!same_type(&p->type, &property->type) ||
            !same_letters(p->name.given, property->name.given))
            continue;
        if (found == NULL || slice_equal(p->name.given, property->name.given))
            found = p;
    }
    return found;
}

static void put_properties(struct import_build *b)
{
    bool any = false;
    for (size_t i = 0; i < b->w->properties.count; i++) {
        const struct import_item *p = &b->w->properties.at[i];
        const struct import_item *start = find_start(b, p);
        const struct yaml_node *said = import_said(b, "properties", p->name.legal);
        if (p->type.kind == IMPORT_STATE)
            continue;
        if (!any)
            import_put(b, "properties:\n");
        any = true;
        import_put_kind(b, 2, p, said != NULL || start != NULL);
        if (said != NULL)
            import_put_node(b, 4, "starts", said);
        else if (start != NULL)
            import_put(b, "    starts: %s\n", start->name.legal);
    }
}

/* A state from which nothing leads on is an end; not so the first one, or nothing would ever begin. */
static void put_state(struct import_build *b, size_t i)
{
    const struct import_state *s = &b->w->states[i];
    bool ends = s->transition_count == 0 && i != b->w->start;
    import_put(b, "  %s: { progress: %u%s }\n", s->name.legal, s->progress,
               !ends        ? ""
               : s->failure ? ", ends: failure"
                            : ", ends: success");
}

static void put_states(struct import_build *b)
{
    import_put(b, "states:\n");
    put_state(b, b->w->start);
    for (size_t i = 0; i < b->w->state_count; i++)
        if (i != b->w->start)
            put_state(b, i);
}

static void put_guards(struct import_build *b)
{
    if (b->guard_count > 0)
        import_put(b, "guards:\n");
    for (size_t i = 0; i < b->guard_count; i++) {
        const char *name = b->guards[i].name.legal;
        const struct yaml_node *said = import_said(b, "guards", name);
        char key[DEFINITION_MAX_NAME + 3];
        (void)snprintf(key, sizeof key, "%s", name);
        if (said != NULL)
            import_put_node(b, 2, key, said);
        else
            import_put(b, "  %s: open\n", key);
    }
}

/* Functions that no transition names are called by other code alone. */
static void put_unused(struct import_build *b)
{
    for (unsigned f = 0; f < b->w->function_count; f++) {
        bool used = false;
        for (size_t i = 0; i < b->action_count; i++)
            used = used || b->actions[i].function == f;
        if (!used)
            import_put(b, "# No transition names the function %s: it is not imported.\n",
                       b->w->functions[f].name.legal);
    }
}

static void put_all(struct import_build *b)
{
    import_put(b,
               "# Imported by waybill contract import. What code decided is a guard, filled by an "
               "overlay:\n# do not edit this file; fill the overlay and import again.\n");
    put_unused(b);
    import_put(b, "contract: %s\nversion: 1\n", b->w->name.legal);
    if (b->w->about.len > 0) {
        import_put(b, "summary: ");
        import_put_quoted(b, b->w->about, DEFINITION_MAX_TEXT);
        import_put(b, "\n");
    }
    import_put(b, "opened by: %s\n", opening_role(b));
    put_roles(b);
    put_parties(b);
    put_terms(b);
    put_properties(b);
    put_states(b);
    put_guards(b);
    import_put_actions(b);
}

/* ------------------------------------------------------------------ the whole */

/* "contract:31: actions…": where the overlay says it, or else which workflow does not fit. */
static bool translate(struct import_build *b, const struct err *why)
{
    struct import_at root = { .err = b->err };
    struct import_at list = import_key(&root, "Workflows");
    struct import_at at = import_index(&list, b->workflow);
    const char *words = why->msg;
    if (strncmp(words, NAME ":", sizeof NAME) != 0)
        return import_refuse(&at, "does not fit a contract: %s", words);
    char *end;
    unsigned long line = strtoul(words + sizeof NAME, &end, 10);
    end += *end == ':' ? 1 : 0;
    for (size_t i = b->mark_count; i > 0; i--)
        if (b->marks[i - 1].line == line)
            return err_set(b->err, ERR_INPUT, "%s:%u:%s", b->overlay->name,
                           b->marks[i - 1].overlay_line, end);
    return import_refuse(&at, "does not fit a contract:%s", end);
}

static bool prove(struct import_build *b)
{
    struct yaml_tree tree;
    struct err why = { .code = ERR_NONE };
    struct buf compiled = buf_heap(MAX_COMPILED);
    bool good = !b->text.failed ||
                err_set(&why, ERR_INPUT, "more than %d bytes of YAML", IMPORT_MAX_YAML_BYTES);
    if (good && (good = yaml_parse(NAME, buf_slice(&b->text), &tree, &why))) {
        good = compile_contract(&tree, &compiled, &why);
        yaml_free(&tree);
    }
    buf_free(&compiled);
    return good || translate(b, &why);
}

bool import_write(const struct import_application *a, size_t workflow,
                  const struct import_options *options, struct buf *out, struct err *err)
{
    struct import_build *b = calloc(1, sizeof *b);
    if (b == NULL)
        return err_set(err, ERR_IO, "out of memory");
    b->a = a;
    b->w = &a->workflows[workflow];
    b->workflow = workflow;
    b->currency = options->currency;
    b->overlay = options->overlay;
    b->text = buf_heap(IMPORT_MAX_YAML_BYTES);
    b->line = 1;
    b->err = err;
    bool good = import_gather(b);
    if (good) {
        choose_people(b);
        good = import_check_overlay(b);
    }
    if (good) {
        put_all(b);
        good = prove(b);
    }
    if (good)
        buf_add_slice(out, buf_slice(&b->text));
    buf_free(&b->text);
    free(b);
    return good;
}
