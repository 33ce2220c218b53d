/*
 * The time before anybody heard of the goods: from the contract's start to the first sample of any device.
 * It is silence as any other, of a device that is none, and is raised by a timer of its own.
 */
#include "node/judging_parts.h"

#include <string.h>

struct heard {
    uint64_t first_ms[DEFINITION_MAX_RULES]; /* of SILENCE rules; 0 = never */
};

/* ------------------------------------------------------------------ table 23 */

/* [+ first sample of any device, one for each SILENCE rule, 0 = none] */
static void load_heard(struct judging *j, struct heard *ret)
{
    const struct contract_definition *def = &j->contract->definition;
    struct state_key key = state_key_heard(j->asset, &j->opening);
    struct slice value;
    memset(ret, 0, sizeof *ret);
    if (!execution_get(j->x, &key, &value))
        return;
    struct cbor_reader r = cbor_reader(value);
    (void)cbor_take_array(&r);
    for (size_t i = 0; i < def->rule_count; i++)
        if (def->rules[i].watch == CONTRACT_SILENCE)
            ret->first_ms[i] = cbor_take_uint(&r);
    j->damaged = j->damaged || !cbor_done(&r);
}

static void store_heard(struct judging *j, const struct heard *heard)
{
    const struct contract_definition *def = &j->contract->definition;
    struct state_key key = state_key_heard(j->asset, &j->opening);
    struct buf *out = execution_value(j->x);
    size_t n = 0;
    for (size_t i = 0; i < def->rule_count; i++)
        n += def->rules[i].watch == CONTRACT_SILENCE ? 1 : 0;
    cbor_put_array(out, n);
    for (size_t i = 0; i < def->rule_count; i++)
        if (def->rules[i].watch == CONTRACT_SILENCE)
            cbor_put_uint(out, heard->first_ms[i]);
    execution_store(j->x, &key);
}

/* ------------------------------------------------------------------ the stretch */

static void find(struct judging *j, enum watch_finding_kind kind, const struct book_stretch *s)
{
    struct watch_findings *f = &j->room->findings;
    f->items[f->count++] = (struct watch_finding){ kind, *s };
}

/* What the book shall say of the silence before first_ms (0: nobody was heard); false: nothing. */
static bool wanted(const struct judging *j, unsigned rule, uint64_t first_ms,
                   struct book_stretch *ret)
{
    uint64_t start_ms = j->watch.start_ms;
    uint64_t broken_ms = start_ms + j->contract->terms.limits[rule].duration_ms;
    *ret = (struct book_stretch){ .rule = (uint8_t)rule,
                                  .from_ms = start_ms,
                                  .open = first_ms == 0,
                                  .to_ms = first_ms,
                                  .excursion = true,
                                  .broken_ms = broken_ms,
                                  .certain = true };
    if (first_ms != 0)
        return first_ms > broken_ms;
    return j->x->context.time_ms >= broken_ms && broken_ms < j->stops_ms;
}

static void judge_beginning(struct judging *j, unsigned rule, uint64_t first_ms)
{
    struct book *book = judging_book(j);
    struct book_stretch now;
    bool exists = wanted(j, rule, first_ms, &now);
    struct book_stretch *there = book_find(book, rule, now.device, now.from_ms);
    bool had = there != NULL;
    struct book_stretch before = had ? *there : now;
    j->room->findings.count = 0;
    if (book_find_settled(book, &now) != NULL || (had && exists && before.to_ms == now.to_ms))
        return;
    bool ends = had && exists && before.open && !now.open;
    if (had && !ends) {
        find(j, WATCH_REVISED, &before);
        (void)book_remove(book, &before);
    }
    if (exists) {
        if (ends) {
            now.acknowledged = before.acknowledged;
            now.acknowledgement = before.acknowledgement;
        }
        exists = book_put(book, &now);
    }
    if (exists) {
        if (!ends)
            find(j, WATCH_OPENED, &now);
        if (!now.open) {
            find(j, WATCH_CLOSED, &now);
            find(j, WATCH_CHARGE, &now);
        }
    }
    judging_report(j);
}

/* ------------------------------------------------------------------ a sample, a timer */

void judging_heard(struct judging *j, uint16_t property, uint64_t time_ms)
{
    const struct contract_definition *def = &j->contract->definition;
    if (time_ms < j->watch.start_ms)
        return;
    for (size_t i = 0; i < def->rule_count; i++) {
        const struct contract_rule *rule = &def->rules[i];
        if (rule->watch != CONTRACT_SILENCE || (rule->property != 0 && rule->property != property))
            continue;
        if (j->first_ms[i] != 0 && j->first_ms[i] <= time_ms)
            continue;
        j->first_ms[i] = time_ms;
        j->heard_changed = true;
    }
}

void judging_heard_settle(struct judging *j)
{
    const struct contract_definition *def = &j->contract->definition;
    struct heard heard;
    bool earlier = false;
    if (!j->heard_changed)
        return;
    load_heard(j, &heard);
    for (unsigned i = 0; i < def->rule_count; i++) {
        uint64_t mine = j->first_ms[i];
        if (mine == 0 || (heard.first_ms[i] != 0 && heard.first_ms[i] <= mine))
            continue;
        heard.first_ms[i] = mine;
        earlier = true;
        judge_beginning(j, i, mine);
    }
    if (earlier && !j->damaged)
        store_heard(j, &heard);
}

static void arm(struct execution *x, struct slice asset, const struct hash *opening,
                uint64_t time_ms)
{
    uint8_t memory[STATE_KEY_MAX];
    struct buf id = buf_fixed(memory, sizeof memory);
    cbor_put_array(&id, 2);
    cbor_put_text(&id, asset);
    cbor_put_bytes(&id, hash_slice(opening));
    struct state_key timer = state_key_timer(time_ms, TIMER_NEVER_HEARD, buf_slice(&id));
    cbor_put_bool(execution_value(x), true);
    execution_store(x, &timer);
}

/* When the first rule that heard does not still is broken, after now_ms; 0 = none will. */
static uint64_t next_due(const struct contract_bound *c, const struct heard *heard,
                         uint64_t start_ms, uint64_t now_ms)
{
    uint64_t due = 0;
    for (size_t i = 0; i < c->definition.rule_count; i++) {
        uint64_t at = start_ms + c->terms.limits[i].duration_ms;
        if (c->definition.rules[i].watch == CONTRACT_SILENCE && heard->first_ms[i] == 0 &&
            at > now_ms && (due == 0 || at < due))
            due = at;
    }
    return due;
}

void judging_contract_began(struct execution *x, const struct contract_bound *contract,
                            const struct asset_set *assets, uint64_t start_ms)
{
    static const struct heard nothing;
    uint64_t due = next_due(contract, &nothing, start_ms, 0);
    if (due == 0)
        return;
    struct asset_iter it = asset_set_begin(assets);
    while (!execution_is_over(x) && asset_set_next(&it)) {
        (void)execution_step(x, 1);
        arm(x, slice_of(it.name, it.name_len), &contract->opening, due);
    }
}

void rules_timer_never_heard(struct execution *x, struct slice id)
{
    struct judging j;
    struct heard heard;
    struct hash opening;
    struct cbor_reader r = cbor_reader(id);
    cbor_take_array_of(&r, 2);
    struct slice asset = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
    if (!cbor_done(&r) || !judging_open(&j, x, asset, &opening))
        return;
    load_heard(&j, &heard);
    for (unsigned i = 0; i < j.contract->definition.rule_count; i++)
        if (j.contract->definition.rules[i].watch == CONTRACT_SILENCE && heard.first_ms[i] == 0)
            judge_beginning(&j, i, 0);
    uint64_t due = next_due(j.contract, &heard, j.watch.start_ms, x->context.time_ms);
    if (due != 0)
        arm(x, asset, &opening, due);
    judging_close(&j);
}
