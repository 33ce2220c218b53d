/* What a contract at work may know of the ledger: facts about its goods, its books and who is who. */
#include "contracts/property.h"
#include "node/instance_parts.h"
#include "node/judging.h"

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX (80u * 1024) /* of one call */

struct instance_frames *instance_frames_new(void)
{
    struct instance_frames *all = calloc(1, sizeof *all);
    bool good = all != NULL;
    for (size_t i = 0; all != NULL && i <= FLOW_MAX_DEPTH; i++) {
        struct buf *arguments = &all->items[i].arguments;
        *arguments = buf_heap(ARGUMENTS_MAX);
        (void)buf_extend(arguments, ARGUMENTS_MAX); /* then what fails is too large, for all */
        good = good && !arguments->failed;
    }
    if (good)
        return all;
    instance_frames_free(all);
    return NULL;
}

void instance_frames_free(struct instance_frames *f)
{
    for (size_t i = 0; f != NULL && i <= FLOW_MAX_DEPTH; i++)
        buf_free(&f->items[i].arguments);
    free(f);
}

/* ------------------------------------------------------------------ its goods */

/*
 * What is asked of every asset costs a step each. A reaction may use half of what a statement has: the rest
 * is for what set it off, which it must not bring down.
 */
bool instance_has_room(const struct instance_frame *f, size_t steps)
{
    uint64_t limit = f->by != NULL ? EXECUTE_STEPS_STATEMENT : INSTANCE_REACTION_STEPS;
    return f->x->statement_steps + steps <= limit;
}

bool instance_each_asset(struct instance_frame *f,
                         bool (*visit)(struct instance_frame *f, struct slice asset, void *ctx),
                         void *ctx)
{
    if (!instance_has_room(f, f->unit.len > 0 ? 1 : f->contract->assets.count))
        return false;
    if (f->unit.len > 0)
        return execution_step(f->x, 1) && visit(f, f->unit, ctx);
    struct asset_iter it = asset_set_begin(&f->contract->assets);
    while (asset_set_next(&it))
        if (!execution_step(f->x, 1) || !visit(f, slice_of(it.name, it.name_len), ctx))
            return false;
    return true;
}

struct holder_search {
    enum custody_role role;
    bool found;
    struct kid kid;
};

static bool visit_holder(struct instance_frame *f, struct slice asset, void *ctx)
{
    struct holder_search *s = ctx;
    struct state_asset a;
    if (!execution_asset(f->x, asset, &a))
        return false;
    bool held = s->role == ROLE_OWNER ? a.has_owner : a.has_custodian;
    const struct kid *kid = s->role == ROLE_OWNER ? &a.owner : &a.custodian;
    if (!held || (s->found && !kid_equal(&s->kid, kid)))
        return false;
    s->found = true;
    s->kid = *kid;
    return true;
}

static struct contract_value party(struct slice kid)
{
    return (struct contract_value){ .type = CONTRACT_PARTY, .text = kid };
}

/* Who holds all of the goods; no value when they are in several hands. */
static bool fact_holder(struct instance_frame *f, enum custody_role role,
                        struct contract_value *ret_value)
{
    struct holder_search s = { .role = role };
    struct kid *kept = role == ROLE_OWNER ? &f->owner : &f->custodian;
    if (!instance_each_asset(f, visit_holder, &s) || !s.found)
        return false;
    *kept = s.kid;
    *ret_value = party(kid_slice(kept));
    return true;
}

/* ------------------------------------------------------------------ its books */

static struct contract_value peak_value(const struct book_summary *sum, unsigned rule,
                                        struct slice unit)
{
    return (struct contract_value){ .type = CONTRACT_QUANTITY,
                                    .number = sum->peak[rule],
                                    .exponent = sum->peak_exponent[rule],
                                    .text = unit };
}

static void add_peak(struct book_summary *sum, const struct book_summary *one, unsigned rule,
                     enum contract_operator op)
{
    struct slice none = slice_text("");
    struct contract_value before = peak_value(sum, rule, none), now = peak_value(one, rule, none);
    if (!one->has_peak[rule])
        return;
    int order = sum->has_peak[rule] ? value_compare(&now, &before) : 0;
    bool low = op == CONTRACT_BELOW || op == CONTRACT_AT_MOST;
    if (sum->has_peak[rule] && (low ? order >= 0 : order <= 0))
        return;
    sum->has_peak[rule] = true;
    sum->peak[rule] = one->peak[rule];
    sum->peak_exponent[rule] = one->peak_exponent[rule];
}

static bool visit_book(struct instance_frame *f, struct slice asset, void *ctx)
{
    const struct contract_definition *d = &f->contract->definition;
    struct book *book = &f->x->frames->book;
    struct book_summary one, *sum = &f->sum;
    (void)ctx;
    if (!judging_load_book(f->x, f->contract, asset, book))
        return false;
    book_sum(book, d, f->x->context.time_ms, &one);
    sum->excursions += one.excursions;
    sum->unacknowledged += one.unacknowledged;
    sum->uncertain += one.uncertain;
    if (one.worst > sum->worst)
        sum->worst = one.worst;
    for (unsigned i = 0; i < d->rule_count; i++) {
        sum->rule_excursions[i] += one.rule_excursions[i];
        sum->rule_ms[i] += one.rule_ms[i];
        add_peak(sum, &one, i, d->rules[i].op);
    }
    return true;
}

/* The books of all its goods together, added up once. */
static bool sum_up(struct instance_frame *f)
{
    if (f->summed)
        return f->sum_known;
    f->summed = true;
    memset(&f->sum, 0, sizeof f->sum);
    f->sum_known =
        f->contract->definition.rule_count == 0 || instance_each_asset(f, visit_book, NULL);
    return f->sum_known;
}

static bool count_fact(struct instance_frame *f, enum expr_fact fact,
                       struct contract_value *ret_value)
{
    if (!sum_up(f))
        return false;
    uint64_t number = fact == EXPR_WORST            ? (uint64_t)f->sum.worst
                      : fact == EXPR_EXCURSIONS     ? f->sum.excursions
                      : fact == EXPR_UNACKNOWLEDGED ? f->sum.unacknowledged
                                                    : f->sum.uncertain;
    *ret_value = (struct contract_value){ .type = CONTRACT_INT, .number = (int64_t)number };
    return true;
}

/* ------------------------------------------------------------------ answers */

static bool time_value(bool known, uint64_t ms, struct contract_value *ret_value)
{
    *ret_value = (struct contract_value){ .type = CONTRACT_TIME, .number = (int64_t)ms };
    return known;
}

static bool caller_value(const struct instance_frame *f, struct contract_value *ret_value)
{
    if (f->by == NULL)
        return false;
    *ret_value = party(execution_speaks_for_member(f->by) ? f->caller.member : f->caller.kid);
    return true;
}

static bool text_value(enum contract_type type, struct slice text, struct contract_value *ret_value)
{
    *ret_value = (struct contract_value){ .type = type, .text = text };
    return text.len > 0;
}

static bool on_fact(void *ctx, enum expr_fact fact, struct contract_value *ret_value)
{
    static const struct instance_event nothing;
    struct instance_frame *f = ctx;
    const struct instance_event *e = f->event != NULL ? f->event : &nothing;
    switch (fact) {
    case EXPR_CALLER: return caller_value(f, ret_value);
    case EXPR_NOW: return time_value(true, f->x->context.time_ms, ret_value);
    case EXPR_OPENER: *ret_value = party(kid_slice(&f->contract->opener)); return true;
    case EXPR_CUSTODIAN: return fact_holder(f, ROLE_CUSTODIAN, ret_value);
    case EXPR_OWNER: return fact_holder(f, ROLE_OWNER, ret_value);
    case EXPR_WORST:
    case EXPR_EXCURSIONS:
    case EXPR_UNACKNOWLEDGED:
    case EXPR_UNCERTAIN: return count_fact(f, fact, ret_value);
    case EXPR_STARTED: return time_value(true, f->life.start_ms, ret_value);
    case EXPR_READING: *ret_value = e->reading; return e->has_reading;
    case EXPR_READING_TIME: return time_value(e->has_reading, e->reading_ms, ret_value);
    case EXPR_FROM: return text_value(CONTRACT_PARTY, e->from, ret_value);
    case EXPR_TO: return text_value(CONTRACT_PARTY, e->to, ret_value);
    case EXPR_PLACE: return text_value(CONTRACT_TEXT, e->place, ret_value);
    case EXPR_CALL_TIME:
        return time_value(f->by != NULL, f->by != NULL ? f->by->st->link.time_ms : 0, ret_value);
    }
    return false;
}

static bool on_rule_fact(void *ctx, enum expr_rule_fact fact, unsigned rule,
                         struct contract_value *ret_value)
{
    struct instance_frame *f = ctx;
    const struct property *p = property_by_id(f->contract->definition.rules[rule].property);
    if (!sum_up(f))
        return false;
    switch (fact) {
    case EXPR_COUNT_OF:
        *ret_value = (struct contract_value){ .type = CONTRACT_INT,
                                              .number = (int64_t)f->sum.rule_excursions[rule] };
        return true;
    case EXPR_TIME_OF:
        *ret_value = (struct contract_value){ .type = CONTRACT_QUANTITY,
                                              .number = (int64_t)f->sum.rule_ms[rule],
                                              .exponent = -3,
                                              .text = slice_text("s") };
        value_settle(ret_value);
        return true;
    case EXPR_PEAK_OF:
        if (p == NULL || !f->sum.has_peak[rule])
            return false;
        *ret_value = peak_value(&f->sum, rule, slice_text(p->unit));
        value_settle(ret_value);
        return true;
    }
    return false;
}

struct charge_search {
    int rule;
    struct kid member;
    uint64_t seconds;
};

static bool visit_charges(struct instance_frame *f, struct slice asset, void *ctx)
{
    struct charge_search *s = ctx;
    uint64_t seconds;
    if (!judging_charged(f->x, f->contract, asset, s->rule, &s->member, &seconds))
        return false;
    s->seconds += seconds;
    return true;
}

static bool on_charged(void *ctx, int rule, struct slice who, uint64_t *ret_seconds)
{
    struct charge_search s = { .rule = rule };
    if (who.len != KID_SIZE)
        return false;
    memcpy(s.member.bytes, who.data, KID_SIZE);
    if (!instance_each_asset(ctx, visit_charges, &s))
        return false;
    *ret_seconds = s.seconds;
    return true;
}

static bool on_holds(void *ctx, unsigned role, struct slice who)
{
    struct instance_frame *f = ctx;
    return instance_holds(f->x, f->contract, role, who);
}

/* ------------------------------------------------------------------ frames */

struct instance_frame *instance_enter(struct execution *x, const struct contract_bound *contract,
                                      struct slice unit)
{
    struct instance_frames *all = x->frames;
    if (all->depth == 0)
        all->runs = 0;
    if (all->depth > FLOW_MAX_DEPTH || all->runs > INSTANCE_RUNS_MAX)
        return NULL;
    struct instance_frame *f = &all->items[all->depth++];
    all->runs += all->depth > 1 ? 1 : 0;
    f->x = x;
    f->contract = contract;
    f->unit = unit;
    f->by = NULL;
    f->event = NULL;
    f->caller = (struct flow_caller){ .kid = { NULL, 0 } };
    f->calls.count = 0;
    f->summed = f->has_params = false;
    f->ledger = (struct expr_ledger){ f,          on_fact,  on_rule_fact,
                                      on_charged, on_holds, instance_certificate };
    f->scope = (struct expr_scope){ .definition = &contract->definition,
                                    .terms = &contract->terms,
                                    .parties = contract->parties,
                                    .ledger = &f->ledger,
                                    .memory = f->memory };
    if (!instance_load_life(x, &contract->opening, &f->life))
        memset(&f->life, 0, sizeof f->life);
    contract_cache_hold(x, contract);
    return f;
}

void instance_leave(struct instance_frame *f)
{
    contract_cache_release(f->x, f->contract);
    f->x->frames->depth--;
}
