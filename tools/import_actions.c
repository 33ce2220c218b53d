/* Functions and transitions as actions: who, in which states, to which states, and under which guards. */
#include "tools/import_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_SIZE 160

static bool same_callers(const struct import_transition *x, const struct import_transition *y)
{
    return x->roles == y->roles && x->fields == y->fields;
}

static void add_next(struct import_transition *to, const struct import_transition *more)
{
    for (size_t i = 0; i < more->next_count; i++)
        if ((to->next_set >> more->next[i] & 1) == 0)
            to->next[to->next_count++] = more->next[i];
    to->next_set |= more->next_set;
}

/* ------------------------------------------------------------------ gathering */

static bool refuse_too_many(struct import_build *b, const char *what, int max)
{
    struct import_at root = { .err = b->err };
    struct import_at list = import_key(&root, "Workflows");
    struct import_at one = import_index(&list, b->workflow);
    struct import_at at = import_key(&one, "States");
    return import_refuse(&at, "expected transitions that make at most %d %s of a contract", max,
                         what);
}

static bool add_entry(struct import_build *b, unsigned state, const struct import_transition *t,
                      size_t first)
{
    for (size_t i = first; i < b->action_count; i++) {
        struct import_action *action = &b->actions[i];
        if (!same_callers(&action->how, t) || action->how.next_set != t->next_set)
            continue;
        action->states |= UINT64_C(1) << state;
        return true;
    }
    if (b->action_count == DEFINITION_MAX_ACTIONS)
        return refuse_too_many(b, "actions", DEFINITION_MAX_ACTIONS);
    b->actions[b->action_count++] = (struct import_action){ .function = t->function,
                                                            .states = UINT64_C(1) << state,
                                                            .how = *t };
    return true;
}

/* Of two transitions alike but for their next states, either may follow: they are one. */
static bool gather_state(struct import_build *b, unsigned function, unsigned state, size_t first,
                         struct import_transition *seen)
{
    const struct import_state *s = &b->w->states[state];
    size_t count = 0;
    for (size_t i = 0; i < s->transition_count; i++) {
        const struct import_transition *t = &s->transitions[i];
        size_t k = 0;
        if (t->function != function)
            continue;
        while (k < count && !same_callers(&seen[k], t))
            k++;
        if (k == count)
            seen[count++] = *t;
        else
            add_next(&seen[k], t);
    }
    for (size_t i = 0; i < count; i++)
        if (!add_entry(b, state, &seen[i], first))
            return false;
    return true;
}

/* A function that means one thing keeps its name; of several, each adds the state it begins in. */
static void name_actions(struct import_build *b, unsigned function, size_t first)
{
    const struct import_name *name = &b->w->functions[function].name;
    bool one = b->action_count == first + 1;
    for (size_t i = first; i < b->action_count; i++) {
        struct import_action *action = &b->actions[i];
        char label[LABEL_SIZE];
        unsigned state = 0;
        while ((action->states >> state & 1) == 0)
            state++;
        int n = one ? snprintf(label, sizeof label, "%s", name->legal)
                    : snprintf(label, sizeof label, "%s (%s)", name->legal,
                               b->w->states[state].name.legal);
        action->name.given = slice_of(label, n > 0 ? (size_t)n : 0);
        import_make_name(&action->name, IMPORT_CHOICE,
                         &(struct import_names){ b->actions, i, sizeof *action });
        action->name.given = slice_text(action->name.legal);
    }
}

/* ------------------------------------------------------------------ guards */

static const struct import_guard *find_guard(const struct import_build *b, unsigned function,
                                             int next, bool last)
{
    for (size_t i = 0; i < b->guard_count; i++) {
        const struct import_guard *g = &b->guards[i];
        if (g->function == function && g->next == next && g->last == last)
            return g;
    }
    return NULL;
}

static bool add_guard(struct import_build *b, unsigned function, int next, bool last)
{
    const char *name = b->w->functions[function].name.legal;
    char label[LABEL_SIZE];
    if (find_guard(b, function, next, last) != NULL)
        return true;
    if (b->guard_count == DEFINITION_MAX_GUARD_NAMES)
        return refuse_too_many(b, "guards", DEFINITION_MAX_GUARD_NAMES);
    struct import_guard *g = &b->guards[b->guard_count];
    *g = (struct import_guard){ .function = function, .next = next, .last = last };
    int n = last ? snprintf(label, sizeof label, "%s to a next state", name)
            : next >= 0
                ? snprintf(label, sizeof label, "%s to %s", name, b->w->states[next].name.legal)
                : snprintf(label, sizeof label, "%s", name);
    g->name.given = slice_of(label, n > 0 ? (size_t)n : 0);
    import_make_name(&g->name, IMPORT_CHOICE,
                     &(struct import_names){ b->guards, b->guard_count, sizeof *g });
    g->name.given = slice_text(g->name.legal);
    b->guard_count++;
    return true;
}

static bool add_guards(struct import_build *b, const struct import_action *action)
{
    if (!add_guard(b, action->function, -1, false))
        return false;
    if (action->how.next_count == 1)
        return true;
    for (size_t i = 0; i < action->how.next_count; i++)
        if (!add_guard(b, action->function, action->how.next[i], false))
            return false;
    return add_guard(b, action->function, -1, true);
}

bool import_gather(struct import_build *b)
{
    size_t most = 1;
    for (size_t s = 0; s < b->w->state_count; s++)
        if (b->w->states[s].transition_count > most)
            most = b->w->states[s].transition_count;
    struct import_transition *seen = calloc(most, sizeof *seen);
    bool good = true;
    if (seen == NULL)
        return err_set(b->err, ERR_IO, "out of memory");
    for (unsigned f = 0; good && f < b->w->function_count; f++) {
        size_t first = b->action_count;
        for (unsigned s = 0; good && s < b->w->state_count; s++)
            good = gather_state(b, f, s, first, seen);
        if (!good)
            break;
        name_actions(b, f, first);
        for (size_t i = first; good && i < b->action_count; i++)
            good = add_guards(b, &b->actions[i]);
    }
    free(seen);
    return good;
}

/* ------------------------------------------------------------------ writing */

static void put_callers(struct import_build *b, const struct import_action *action)
{
    const struct yaml_node *by = import_said_of(b, action, "by");
    size_t count = 0;
    if (action->how.roles == 0 && action->how.fields == 0) {
        if (by != NULL)
            import_put_node(b, 4, "by", by);
        else
            import_put(b, "    by: nobody # but code: a transition that allows no one\n");
        return;
    }
    import_put(b, "    by: [");
    for (size_t i = 0; i < b->a->roles.count; i++)
        if ((action->how.roles >> i & 1) != 0)
            import_put(b, "%sany %s", count++ > 0 ? ", " : "", b->a->roles.at[i].name.legal);
    for (size_t i = 0; i < b->w->properties.count; i++)
        if ((action->how.fields >> i & 1) != 0)
            import_put(b, "%sproperty %s", count++ > 0 ? ", " : "",
                       b->w->properties.at[i].name.legal);
    import_put(b, "]\n");
}

static void put_states(struct import_build *b, const struct import_action *action)
{
    size_t count = 0;
    import_put(b, "    in: [");
    for (size_t i = 0; i < b->w->state_count; i++)
        if ((action->states >> i & 1) != 0)
            import_put(b, "%s%s", count++ > 0 ? ", " : "", b->w->states[i].name.legal);
    import_put(b, "]\n");
}

static void put_cases(struct import_build *b, const struct import_action *action)
{
    const struct yaml_node *said = import_said_of(b, action, "to");
    import_put(b, "    cases:\n");
    for (size_t i = 0; i < action->how.next_count; i++) {
        unsigned next = action->how.next[i];
        const char *state = b->w->states[next].name.legal;
        const struct import_guard *g = find_guard(b, action->function, (int)next, false);
        const struct yaml_node *more = said != NULL ? yaml_get(said, state) : NULL;
        const struct yaml_node *sets = more != NULL ? yaml_get(more, "sets") : NULL;
        const struct yaml_node *calls = more != NULL ? yaml_get(more, "calls") : NULL;
        import_put(b, "      - when: guard %s\n", g->name.legal);
        if (sets != NULL)
            import_put_node(b, 8, "sets", sets);
        if (calls != NULL)
            import_put_node(b, 8, "calls", calls);
        import_put(b, "        to: %s\n", state);
    }
    import_put(b, "      - when: guard %s\n",
               find_guard(b, action->function, -1, true)->name.legal);
}

void import_put_actions(struct import_build *b)
{
    if (b->action_count > 0)
        import_put(b, "actions:\n");
    for (size_t i = 0; i < b->action_count; i++) {
        const struct import_action *action = &b->actions[i];
        const struct import_function *f = &b->w->functions[action->function];
        const struct yaml_node *sets = import_said_of(b, action, "sets");
        const struct yaml_node *calls = import_said_of(b, action, "calls");
        import_put(b, "  %s:\n", action->name.legal);
        put_callers(b, action);
        put_states(b, action);
        if (f->params.count > 0)
            import_put(b, "    takes:\n");
        for (size_t k = 0; k < f->params.count; k++)
            import_put_kind(b, 6, &f->params.at[k], false);
        import_put(b, "    when: guard %s\n",
                   find_guard(b, action->function, -1, false)->name.legal);
        if (sets != NULL)
            import_put_node(b, 4, "sets", sets);
        if (calls != NULL)
            import_put_node(b, 4, "calls", calls);
        if (action->how.next_count == 1)
            import_put(b, "    to: %s\n", b->w->states[action->how.next[0]].name.legal);
        else
            put_cases(b, action);
    }
}
