/* Budgets at work: what earlier openings used is carried into the later ones' totals. */
#include "node/budget.h"

#include <string.h>

struct name {
    char text[DEFINITION_MAX_NAME];
    size_t len;
};

/* A copy: looking at other contracts may let the cache forget this one. */
static struct name name_of(const struct contract_rule *rule)
{
    struct name n = { .len = rule->budget.len < sizeof n.text ? rule->budget.len : sizeof n.text };
    if (n.len > 0)
        memcpy(n.text, rule->budget.data, n.len);
    return n;
}

static struct slice name_slice(const struct name *n)
{
    return slice_of(n->text, n->len);
}

static bool load(struct execution *x, struct slice asset, struct slice name, struct budget *ret)
{
    struct state_key key = state_key_budget(asset, name);
    struct slice value = { NULL, 0 };
    (void)execution_get(x, &key, &value);
    return budget_decode(value, ret);
}

static void store(struct execution *x, struct slice asset, struct slice name,
                  const struct budget *b)
{
    struct state_key key = state_key_budget(asset, name);
    budget_encode(b, execution_value(x));
    execution_store(x, &key);
}

/* ------------------------------------------------------------------ what was used before */

/* Milliseconds of [from, to) that lie before `end`. */
static uint64_t length_before(uint64_t from_ms, uint64_t to_ms, uint64_t end_ms)
{
    to_ms = to_ms < end_ms ? to_ms : end_ms;
    return to_ms > from_ms ? to_ms - from_ms : 0;
}

static bool counts(const struct contract_definition *def, unsigned rule, struct slice name)
{
    return rule < def->rule_count && slice_equal(def->rules[rule].budget, name);
}

/* What a device used under an earlier opening before end_ms: closed stretches are in its book, an open run
 * is what the book does not have. */
static uint64_t device_used_before(const struct contract_definition *def, const struct book *book,
                                   const struct budget_device *d, struct slice name,
                                   uint64_t end_ms)
{
    uint64_t closed = 0, before = 0;
    for (size_t i = 0; i < book->count; i++) {
        const struct book_stretch *s = &book->stretches[i];
        if (s->sure || s->open || !counts(def, s->rule, name) ||
            memcmp(s->device, d->kid.bytes, KID_SIZE) != 0)
            continue;
        closed += s->to_ms - s->from_ms;
        before += length_before(s->from_ms, s->to_ms, end_ms);
    }
    for (size_t i = 0; i < book->settled_count; i++) {
        const struct book_settled *s = &book->settled[i];
        if (s->sure || !counts(def, s->rule, name) ||
            memcmp(s->device, d->kid.bytes, KID_SIZE) != 0)
            continue;
        closed += s->total_ms;
        before += s->total_ms;
    }
    uint64_t open_ms = d->used_ms > closed ? d->used_ms - closed : 0;
    uint64_t open_from = d->newest_ms > open_ms ? d->newest_ms - open_ms : 0;
    return before + length_before(open_from, open_from + open_ms, end_ms);
}

/* An opening that was still judging when a later one began must not count the same seconds again. */
static uint64_t used_before(struct execution *x, struct slice asset, struct slice name,
                            const struct budget_opening *o, uint64_t end_ms)
{
    struct book *book = &x->judging->other_book;
    const struct contract_bound *contract = contract_cache_find(x, &o->hash);
    uint64_t most = 0;
    (void)execution_step(x, 1);
    if (contract == NULL || !judging_load_book(x, contract, asset, book))
        return 0;
    for (size_t i = 0; i < o->device_count; i++) {
        uint64_t used =
            device_used_before(&contract->definition, book, &o->devices[i], name, end_ms);
        most = used > most ? used : most;
    }
    return most;
}

static int64_t carried(struct execution *x, struct slice asset, struct slice name,
                       const struct budget *b, size_t index)
{
    const struct budget_opening *own = &b->openings[index];
    uint64_t sum = b->let_go_ms;
    for (size_t i = 0; i < index; i++) {
        uint64_t used = used_before(x, asset, name, &b->openings[i], own->start_ms);
        uint64_t back = budget_added_by(b, &b->openings[i].hash);
        sum += used > back ? used - back : 0;
    }
    return (int64_t)sum - (int64_t)budget_added_by(b, &own->hash);
}

/* ------------------------------------------------------------------ a device is judged */

static void carry_rule(struct judging *j, unsigned rule, const struct kid *device)
{
    struct name name = name_of(&j->contract->definition.rules[rule]);
    struct budget b;
    if (!load(j->x, j->asset, name_slice(&name), &b)) {
        j->damaged = true;
        return;
    }
    struct budget_opening *o = budget_enter(&b, &j->opening, j->watch.start_ms);
    if (o == NULL) /* let go long ago */
        return;
    bool is_new = o->device_count == 0;
    if (is_new)
        o->judged_ms = carried(j->x, j->asset, name_slice(&name), &b, (size_t)(o - &b.openings[0]));
    j->watch.carried_ms[rule] = o->judged_ms;
    if (budget_meet(o, device) || is_new)
        store(j->x, j->asset, name_slice(&name), &b);
}

void budget_carry(struct judging *j, const struct kid *device)
{
    bool any = false;
    for (unsigned i = 0; i < j->contract->definition.rule_count; i++) {
        if (j->contract->definition.rules[i].budget.len == 0)
            continue;
        any = true;
        carry_rule(j, i, device);
        j->contract = contract_cache_find(j->x, &j->opening);
        if (j->contract == NULL) {
            j->damaged = true;
            return;
        }
    }
    if (!any)
        return;
    j->watch.definition = &j->contract->definition;
    j->watch.terms = &j->contract->terms;
}

/* The rule is the first of its contract that names its budget. */
static bool is_first_of_budget(const struct contract_definition *def, unsigned rule)
{
    if (def->rules[rule].budget.len == 0)
        return false;
    for (unsigned i = 0; i < rule; i++)
        if (slice_equal(def->rules[i].budget, def->rules[rule].budget))
            return false;
    return true;
}

/* What a device used is the sum over the rules that name the budget. */
static void note_used(struct judging *j, unsigned rule, const uint64_t *used_ms)
{
    const struct contract_definition *def = &j->contract->definition;
    struct slice name = def->rules[rule].budget;
    struct budget b;
    struct kid device;
    uint64_t sum = 0;
    if (!load(j->x, j->asset, name, &b))
        return;
    struct budget_opening *o = budget_enter(&b, &j->opening, j->watch.start_ms);
    for (unsigned i = 0; i < def->rule_count; i++)
        sum += counts(def, i, name) ? used_ms[i] : 0;
    memcpy(device.bytes, j->watch.device, KID_SIZE);
    if (o == NULL)
        return;
    bool changed = budget_note(o, &device, sum, j->newest_ms);
    if (changed)
        store(j->x, j->asset, name, &b);
    if (changed || j->book_changed) /* when it was used matters, too */
        j->used_changed |= UINT32_C(1) << rule;
}

void budget_keep(struct judging *j)
{
    const struct contract_definition *def = &j->contract->definition;
    uint64_t used_ms[DEFINITION_MAX_RULES];
    bool any = false;
    for (unsigned i = 0; i < def->rule_count; i++)
        any = any || def->rules[i].budget.len > 0;
    if (!any)
        return;
    watch_used(&j->watch, used_ms);
    for (unsigned i = 0; i < def->rule_count; i++)
        if (is_first_of_budget(def, i))
            note_used(j, i, used_ms);
}

/* ------------------------------------------------------------------ what that changes for others */

static void recount(struct execution *x, struct slice asset, const struct hash *opening,
                    const struct kid *device)
{
    struct judging j;
    if (execution_is_over(x) || !judging_open(&j, x, asset, opening) || !judging_load(&j, device))
        return;
    (void)execution_step(x, BOOK_MAX_STRETCHES);
    watch_recount(&j.watch);
    judging_report(&j);
    judging_keep(&j);
    j.used_changed = 0; /* no more was used, it only counts in another way */
    judging_close(&j);
}

/* Judges the totals of openings from number `first` on anew, where what they carry has changed. */
static void carry_anew(struct execution *x, struct slice asset, struct slice name, size_t first)
{
    struct budget b;
    uint64_t changed = 0;
    if (!load(x, asset, name, &b))
        return;
    for (size_t i = first; i < b.opening_count; i++) {
        int64_t ms = carried(x, asset, name, &b, i);
        if (ms == b.openings[i].judged_ms)
            continue;
        b.openings[i].judged_ms = ms;
        changed |= UINT64_C(1) << i;
    }
    if (changed == 0)
        return;
    store(x, asset, name, &b);
    for (size_t i = first; i < b.opening_count; i++)
        for (size_t k = 0; (changed >> i & 1) != 0 && k < b.openings[i].device_count; k++)
            recount(x, asset, &b.openings[i].hash, &b.openings[i].devices[k].kid);
}

void budget_settle(struct judging *j)
{
    for (unsigned i = 0; i < DEFINITION_MAX_RULES; i++) {
        if ((j->used_changed >> i & 1) == 0)
            continue;
        const struct contract_bound *contract = contract_cache_find(j->x, &j->opening);
        struct budget b;
        if (contract == NULL)
            return;
        struct name name = name_of(&contract->definition.rules[i]);
        if (!load(j->x, j->asset, name_slice(&name), &b))
            return;
        const struct budget_opening *o = budget_enter(&b, &j->opening, j->watch.start_ms);
        if (o != NULL)
            carry_anew(j->x, j->asset, name_slice(&name), (size_t)(o - &b.openings[0]) + 1);
    }
}

/* ------------------------------------------------------------------ quality adds time back */

static bool names_budget(const struct contract_bound *contract, struct slice budget)
{
    for (unsigned i = 0; i < contract->definition.rule_count; i++)
        if (budget.len > 0 && counts(&contract->definition, i, budget))
            return true;
    return false;
}

/* What a call gave back under an opening. */
static struct budget_added *find_added(struct budget *b, const struct hash *opening,
                                       const struct hash *call)
{
    for (size_t i = 0; i < b->added_count; i++)
        if (hash_equal(&b->added[i].call, call) && hash_equal(&b->added[i].opening, opening))
            return &b->added[i];
    return NULL;
}

/* The opening's place among those that used of the budget; their count when it is not among them. */
static size_t find_opening(const struct budget *b, const struct hash *opening)
{
    size_t i = 0;
    while (i < b->opening_count && !hash_equal(&b->openings[i].hash, opening))
        i++;
    return i;
}

static void tell(struct execution *x, enum event_what what, struct slice asset,
                 const struct hash *opening, struct slice budget, const struct budget_added *a)
{
    struct slice subject = execution_subject_asset(x, asset);
    struct buf *data = execution_emit(x, what, subject, x->context.time_ms, 4);
    cbor_put_bytes(data, hash_slice(opening));
    cbor_put_text(data, budget);
    cbor_put_uint(data, a->ms);
    cbor_put_bytes(data, hash_slice(&a->call));
}

bool judging_add_back(struct execution *x, const struct contract_bound *contract,
                      struct slice asset, struct slice budget, const struct hash *call, uint64_t ms)
{
    struct budget b;
    if (!names_budget(contract, budget) || !load(x, asset, budget, &b) ||
        b.added_count == BUDGET_ADDED_MAX || find_added(&b, &contract->opening, call) != NULL)
        return false;
    size_t at = find_opening(&b, &contract->opening);
    if (at == b.opening_count)
        return false;
    uint64_t used = budget_used_by(&b.openings[at]), back = budget_added_by(&b, &contract->opening);
    if (ms == 0 || back > used || ms > used - back)
        return false;
    struct budget_added *a = &b.added[b.added_count++];
    *a = (struct budget_added){ .call = *call, .opening = contract->opening, .ms = ms };
    store(x, asset, budget, &b);
    tell(x, EVENT_ADDED_BACK, asset, &contract->opening, budget, a);
    carry_anew(x, asset, budget, at);
    return true;
}

/* What a call added back under this contract to one of its budgets; NULL when it did not. */
static struct budget_added *find_call(struct execution *x, const struct contract_bound *contract,
                                      struct slice asset, const struct hash *call,
                                      struct name *ret_name, struct budget *ret_budget)
{
    for (unsigned i = 0; i < contract->definition.rule_count; i++) {
        if (!is_first_of_budget(&contract->definition, i))
            continue;
        *ret_name = name_of(&contract->definition.rules[i]);
        if (!load(x, asset, name_slice(ret_name), ret_budget))
            return NULL;
        struct budget_added *a = find_added(ret_budget, &contract->opening, call);
        if (a != NULL)
            return a;
    }
    return NULL;
}

bool judging_undo_add_back(struct execution *x, const struct contract_bound *contract,
                           struct slice asset, const struct hash *call)
{
    struct budget b;
    struct name name;
    struct budget_added *a = find_call(x, contract, asset, call, &name, &b);
    if (a == NULL || a->undone)
        return false;
    a->undone = true;
    store(x, asset, name_slice(&name), &b);
    tell(x, EVENT_ADD_BACK_UNDONE, asset, &contract->opening, name_slice(&name), a);
    carry_anew(x, asset, name_slice(&name), find_opening(&b, &contract->opening));
    return true;
}
