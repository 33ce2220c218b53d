/* States and transitions of a configuration. */
#include "tools/import_path.h"

#define MAX_NAME        50
#define MAX_WORDS       255
#define MAX_PERCENT     100
#define MAX_TRANSITIONS 256 /* of one state */

static const struct import_bounds displayed = { 0, MAX_WORDS, false };
static const struct import_bounds described = { 0, MAX_WORDS, true };

/* ------------------------------------------------------------------ names that are looked up */

static bool find_state(const struct import_workflow *w, const struct import_at *at,
                       const struct json_doc *name, unsigned *ret)
{
    struct slice word;
    if (!json_doc_get_text(name, &word))
        return import_refuse_kind(at, "one of the workflow's states", name);
    struct import_near near = import_near_begin(word);
    for (size_t i = 0; i < w->state_count; i++) {
        *ret = (unsigned)i;
        if (slice_equal(w->states[i].name.given, word))
            return true;
        import_near_try(&near, w->states[i].name.given);
    }
    return import_refuse_near(at, "one of the workflow's states", &near);
}

static bool find_function(const struct import_workflow *w, const struct import_at *at,
                          const struct json_doc *name, unsigned *ret)
{
    struct slice word;
    if (!json_doc_get_text(name, &word))
        return import_refuse_kind(at, "one of the workflow's functions", name);
    struct import_near near = import_near_begin(word);
    for (size_t i = 0; i < w->function_count; i++) {
        *ret = (unsigned)i;
        if (slice_equal(w->functions[i].name.given, word))
            return true;
        import_near_try(&near, w->functions[i].name.given);
    }
    return import_refuse_near(at, "one of the workflow's functions", &near);
}

static bool is_person(const struct import_type *type)
{
    return type->kind == IMPORT_ROLE || type->kind == IMPORT_USER || type->kind == IMPORT_ADDRESS;
}

static bool find_person(const struct import_workflow *w, const struct import_at *at,
                        const struct json_doc *name, unsigned *ret)
{
    static const char wanted[] = "one of the workflow's properties that is a user, an address or "
                                 "of a role";
    struct slice word;
    if (!json_doc_get_text(name, &word))
        return import_refuse_kind(at, wanted, name);
    struct import_near near = import_near_begin(word);
    for (size_t i = 0; i < w->properties.count; i++) {
        const struct import_item *property = &w->properties.at[i];
        if (!is_person(&property->type))
            continue;
        *ret = (unsigned)i;
        if (slice_equal(property->name.given, word))
            return true;
        import_near_try(&near, property->name.given);
    }
    return import_refuse_near(at, wanted, &near);
}

/* ------------------------------------------------------------------ transitions */

static bool read_allowed(struct import_application *a, const struct import_at *up,
                         const struct json_doc *object, const struct import_workflow *w,
                         struct import_transition *t)
{
    static const struct import_bounds bounds = { 0, DEFINITION_MAX_FIELDS, true };
    const struct json_doc *roles;
    const struct json_doc *people;
    struct import_at roles_at = import_key(up, "AllowedRoles");
    struct import_at people_at = import_key(up, "AllowedInstanceRoles");
    if (!import_take_list(up, object, "AllowedRoles", bounds, &roles) ||
        !import_take_list(up, object, "AllowedInstanceRoles", bounds, &people))
        return false;
    for (size_t i = 0; i < json_doc_count(roles); i++) {
        struct import_at here = import_index(&roles_at, i);
        unsigned role = 0;
        if (!import_find_role(a, &here, json_doc_element(roles, i), "one of ApplicationRoles",
                              &role))
            return false;
        t->roles |= UINT32_C(1) << role;
    }
    for (size_t i = 0; i < json_doc_count(people); i++) {
        struct import_at here = import_index(&people_at, i);
        unsigned field = 0;
        if (!find_person(w, &here, json_doc_element(people, i), &field))
            return false;
        t->fields |= UINT64_C(1) << field;
    }
    return true;
}

static bool read_next(const struct import_at *up, const struct json_doc *object,
                      const struct import_workflow *w, struct import_transition *t)
{
    static const struct import_bounds bounds = { 1, IMPORT_MAX_NEXT, false };
    const struct json_doc *list;
    struct import_at at = import_key(up, "NextStates");
    if (!import_take_list(up, object, "NextStates", bounds, &list))
        return false;
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        unsigned state = 0;
        if (!find_state(w, &here, json_doc_element(list, i), &state))
            return false;
        if ((t->next_set >> state & 1) == 0)
            t->next[t->next_count++] = (uint8_t)state;
        t->next_set |= UINT64_C(1) << state;
    }
    return true;
}

static bool read_transition(struct import_application *a, const struct import_at *at,
                            const struct json_doc *one, const struct import_workflow *w,
                            struct import_transition *t)
{
    static const char *const known[] = {
        "AllowedRoles", "AllowedInstanceRoles", "DisplayName", "Description",
        "Function",     "NextStates",           NULL
    };
    struct import_at function_at = import_key(at, "Function");
    struct slice words;
    return import_take_object(at, one, known) &&
           import_take_text(at, one, "DisplayName", displayed, &words) &&
           import_take_text(at, one, "Description", described, &words) &&
           find_function(w, &function_at, import_member(one, "Function"), &t->function) &&
           read_allowed(a, at, one, w, t) && read_next(at, one, w, t);
}

static bool read_transitions(struct import_application *a, const struct import_at *up,
                             const struct json_doc *object, const struct import_workflow *w,
                             struct import_state *s)
{
    static const struct import_bounds bounds = { 0, MAX_TRANSITIONS, true };
    const struct json_doc *list;
    struct import_at at = import_key(up, "Transitions");
    if (!import_take_list(up, object, "Transitions", bounds, &list))
        return false;
    s->transitions = import_memory(a, json_doc_count(list), sizeof s->transitions[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        if (!read_transition(a, &here, json_doc_element(list, i), w, &s->transitions[i]))
            return false;
        s->transition_count = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ states */

static bool take_progress(const struct import_at *up, const struct json_doc *object,
                          struct import_state *s)
{
    static const char wanted[] = "a whole number from 0 to 100";
    struct import_at at = import_key(up, "PercentComplete");
    const struct json_doc *doc = import_member(object, "PercentComplete");
    int64_t number;
    if (!json_doc_get_int(doc, &number))
        return import_refuse_kind(&at, wanted, doc);
    if (number < 0 || number > MAX_PERCENT)
        return import_refuse(&at, "expected %s, found %lld", wanted, (long long)number);
    s->progress = (unsigned)number;
    return true;
}

static bool take_style(const struct import_at *up, const struct json_doc *object,
                       struct import_state *s)
{
    struct import_at at = import_key(up, "Style");
    const struct json_doc *doc = import_member(object, "Style");
    struct slice word = { NULL, 0 };
    bool text = json_doc_get_text(doc, &word);
    s->failure = slice_equal(word, slice_text("Failure"));
    return (text && (s->failure || slice_equal(word, slice_text("Success")))) ||
           import_refuse_kind(&at, "Success or Failure", doc);
}

/* Which number the code gives to a state means nothing here. */
static bool check_value(const struct import_at *up, const struct json_doc *object)
{
    struct import_at at = import_key(up, "Value");
    const struct json_doc *doc = import_member(object, "Value");
    int64_t number;
    return doc == NULL || json_doc_is_null(doc) || json_doc_get_int(doc, &number) ||
           import_refuse_kind(&at, "a whole number", doc);
}

static bool read_state(const struct import_at *at, const struct json_doc *one,
                       const struct import_workflow *w, struct import_state *s)
{
    static const char *const known[] = { "Name",  "DisplayName", "Description", "PercentComplete",
                                         "Style", "Value",       "Transitions", NULL };
    static const struct import_bounds named = { 1, MAX_NAME, false };
    struct import_at name_at = import_key(at, "Name");
    struct slice words;
    if (!import_take_object(at, one, known) ||
        !import_take_text(at, one, "Name", named, &s->name.given))
        return false;
    for (size_t i = 0; i < w->state_count; i++)
        if (slice_equal(w->states[i].name.given, s->name.given))
            return import_refuse_kind(&name_at, "a name that no state before it has",
                                      import_member(one, "Name"));
    import_make_name(&s->name, IMPORT_PLAIN,
                     &(struct import_names){ w->states, w->state_count, sizeof *s });
    return import_take_text(at, one, "DisplayName", displayed, &words) &&
           import_take_text(at, one, "Description", described, &words) &&
           take_progress(at, one, s) && take_style(at, one, s) && check_value(at, one);
}

/* All states first: a transition may name a later one. */
bool import_read_states(struct import_application *a, const struct import_at *up,
                        const struct json_doc *object, struct import_workflow *w)
{
    static const struct import_bounds bounds = { 1, DEFINITION_MAX_STATES, false };
    const struct json_doc *list;
    struct import_at at = import_key(up, "States");
    struct import_at start_at = import_key(up, "StartState");
    if (!import_take_list(up, object, "States", bounds, &list))
        return false;
    w->states = import_memory(a, json_doc_count(list), sizeof w->states[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        if (!read_state(&here, json_doc_element(list, i), w, &w->states[i]))
            return false;
        w->state_count = i + 1;
    }
    if (!find_state(w, &start_at, import_member(object, "StartState"), &w->start))
        return false;
    for (size_t i = 0; i < w->state_count; i++) {
        struct import_at here = import_index(&at, i);
        if (!read_transitions(a, &here, json_doc_element(list, i), w, &w->states[i]))
            return false;
    }
    return true;
}
