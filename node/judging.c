#include "node/judging_parts.h"

#include "node/budget.h"
#include "node/charges.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_OF_STEP 64 /* of a book that is decoded */

struct judging_room *judging_room_new(void)
{
    struct judging_room *room = calloc(1, sizeof *room);
    if (room == NULL)
        return NULL;
    room->bytes = buf_heap(WATCH_MAX_STATE_BYTES);
    room->state = watch_state_new();
    if (room->state == NULL) {
        free(room);
        return NULL;
    }
    return room;
}

void judging_room_free(struct judging_room *room)
{
    if (room == NULL)
        return;
    watch_state_free(room->state);
    buf_free(&room->bytes);
    free(room);
}

/* ------------------------------------------------------------------ the book */

bool judging_load_book(struct execution *x, const struct contract_bound *contract,
                       struct slice asset, struct book *ret_book)
{
    struct state_key key = state_key_book(asset, &contract->opening);
    struct slice value = { NULL, 0 };
    (void)execution_get(x, &key, &value);
    (void)execution_step(x, value.len / BYTES_OF_STEP);
    return book_decode(&contract->definition, value, ret_book, NULL);
}

/* Stores what lies in x->scratch; false when it is there already. */
static bool store_change(struct execution *x, const struct state_key *key)
{
    struct slice before;
    if (execution_get(x, key, &before) && slice_equal(before, buf_slice(&x->scratch)))
        return false;
    execution_store(x, key);
    return true;
}

/* True when it has changed. An empty one leaves no entry. */
static bool store_book(struct execution *x, const struct contract_bound *contract,
                       struct slice asset, const struct book *book)
{
    struct state_key key = state_key_book(asset, &contract->opening);
    struct slice before;
    if (book->count > 0 || book->settled_count > 0) {
        book_encode(book, execution_value(x));
        return store_change(x, &key);
    }
    if (!execution_get(x, &key, &before))
        return false;
    overlay_remove(x->overlay, state_key_slice(&key));
    return true;
}

void judging_store_book(struct execution *x, const struct contract_bound *contract,
                        struct slice asset, const struct book *book)
{
    (void)store_book(x, contract, asset, book);
}

bool judging_charged(struct execution *x, const struct contract_bound *contract, struct slice asset,
                     int rule, const struct kid *member, uint64_t *ret_seconds)
{
    struct book book;
    if (!judging_load_book(x, contract, asset, &book))
        return false;
    uint64_t seconds = 0;
    for (size_t i = 0; i < book.count; i++) {
        const struct book_stretch *s = &book.stretches[i];
        if (!s->sure && s->excursion && !s->open && (rule < 0 || (int)s->rule == rule))
            seconds += charges_of_member(x, asset, member, s->from_ms, s->to_ms);
    }
    *ret_seconds = seconds;
    return true;
}

struct book *judging_book(void *ctx)
{
    struct judging *j = ctx;
    struct book *book = &j->room->book;
    if (j->has_book)
        return book;
    j->has_book = true;
    if (!judging_load_book(j->x, j->contract, j->asset, book)) {
        book->count = book->settled_count = 0;
        j->damaged = true;
    }
    return book;
}

/* ------------------------------------------------------------------ one contract */

static unsigned state_at(void *ctx, uint64_t time_ms)
{
    struct judging *j = ctx;
    if (!j->has_flow)
        j->has_flow = instance_load_flow(j->x, j->contract, j->asset, &j->room->flow);
    return j->has_flow ? flow_state_at(&j->room->flow, time_ms) : 0;
}

bool judging_open(struct judging *j, struct execution *x, struct slice asset,
                  const struct hash *opening)
{
    struct instance_life life;
    memset(j, 0, sizeof *j);
    j->x = x;
    j->room = x->judging;
    j->asset = asset;
    j->opening = *opening;
    j->first_found = j->room->found_count;
    j->contract = contract_cache_find(x, opening);
    if (j->contract == NULL || !instance_load_life(x, opening, &life))
        return false;
    bool may_have_ended = life.ended || life.replaced || life.succeeded > 0;
    j->stops_ms = may_have_ended ? instance_end_ms(x, j->contract, asset) : UINT64_MAX;
    j->watch = (struct watch){ .definition = &j->contract->definition,
                               .terms = &j->contract->terms,
                               .state = j->room->state,
                               .keeps_holds = x->context.rules >= 3,
                               .start_ms = life.start_ms,
                               .book = judging_book,
                               .ctx = j,
                               .findings = &j->room->findings };
    if (j->contract->definition.state_count > 0)
        j->watch.state_at = state_at;
    return true;
}

static bool take_firsts(struct judging *j, struct cbor_reader *r)
{
    const struct contract_definition *def = &j->contract->definition;
    size_t left = cbor_take_array(r);
    for (size_t i = 0; i < def->rule_count; i++)
        if (def->rules[i].watch == CONTRACT_SILENCE && left > 0) {
            j->first_ms[i] = cbor_take_uint(r);
            left--;
        }
    return left == 0;
}

/* As table 15 has it: [armed, bstr watch state, [* first sample of each SILENCE rule, 0 = none]] */
static bool take_state(struct judging *j, struct slice value)
{
    struct slice bytes = { NULL, 0 };
    if (value.len > 0) {
        struct cbor_reader r = cbor_reader(value);
        cbor_take_array_of(&r, 3);
        j->armed_ms = cbor_take_uint(&r);
        bytes = cbor_take_bytes(&r, 0, WATCH_MAX_STATE_BYTES);
        if (!take_firsts(j, &r) || !cbor_done(&r))
            return false;
    }
    return watch_state_decode(&j->contract->definition, bytes, j->room->state, NULL);
}

bool judging_load(struct judging *j, const struct kid *device)
{
    struct slice value = { NULL, 0 };
    memcpy(j->watch.device, device->bytes, KID_SIZE);
    j->key = state_key_rule(j->asset, &j->opening, device);
    budget_carry(j, device);
    if (j->damaged)
        return false;
    (void)execution_get(j->x, &j->key, &value);
    if (take_state(j, value))
        return true;
    j->damaged = true;
    return false;
}

static void put_state(struct judging *j)
{
    const struct contract_definition *def = &j->contract->definition;
    struct buf *bytes = &j->room->bytes;
    struct buf *out = execution_value(j->x);
    size_t silences = 0;
    for (size_t i = 0; i < def->rule_count; i++)
        silences += def->rules[i].watch == CONTRACT_SILENCE ? 1 : 0;
    buf_clear(bytes);
    watch_state_encode(def, j->room->state, bytes);
    cbor_put_array(out, 3);
    cbor_put_uint(out, j->armed_ms);
    cbor_put_bytes(out, buf_slice(bytes));
    cbor_put_array(out, silences);
    for (size_t i = 0; i < def->rule_count; i++)
        if (def->rules[i].watch == CONTRACT_SILENCE)
            cbor_put_uint(out, j->first_ms[i]);
    if (bytes->failed)
        j->x->failed = true;
}

static void put_timer(struct execution *x, uint64_t time_ms, struct slice id)
{
    struct state_key timer = state_key_timer(time_ms, TIMER_SENSOR_SILENT, id);
    cbor_put_bool(execution_value(x), true);
    execution_store(x, &timer);
}

/* A timer is moved only to an earlier time; one that fires too early is armed again then. */
static void move_timer(struct judging *j)
{
    uint64_t deadline = watch_deadline(&j->watch);
    struct slice id = state_key_slice(&j->key);
    if (deadline == 0 || (j->armed_ms != 0 && j->armed_ms <= deadline))
        return;
    if (j->armed_ms != 0) {
        struct state_key old = state_key_timer(j->armed_ms, TIMER_SENSOR_SILENT, id);
        overlay_remove(j->x->overlay, state_key_slice(&old));
    }
    /* never in the past: it would be due in the same block for ever */
    uint64_t now_ms = j->x->context.time_ms;
    j->armed_ms = deadline > now_ms ? deadline : now_ms + 1;
    put_timer(j->x, j->armed_ms, id);
}

static void keep_book(struct judging *j)
{
    if (j->has_book && !j->damaged)
        j->book_changed |= store_book(j->x, j->contract, j->asset, &j->room->book);
    j->has_book = false;
}

void judging_keep(struct judging *j)
{
    if (j->damaged)
        return;
    keep_book(j);
    budget_keep(j);
    move_timer(j);
    put_state(j);
    (void)store_change(j->x, &j->key);
}

/* ------------------------------------------------------------------ reactions */

static void react(struct judging *j)
{
    struct execution *x = j->x;
    struct judging_room *room = j->room;
    size_t end = room->found_count;
    if (room->depth == FLOW_MAX_DEPTH)
        end = j->first_found;
    room->depth++;
    for (size_t i = j->first_found; i < end && instance_may_react(x); i++) {
        /* by its name: what it set off may have let the cache forget it */
        const struct contract_bound *contract = contract_cache_find(x, &j->opening);
        struct instance_event event = { .trigger = room->found[i].trigger,
                                        .detail = room->found[i].rule,
                                        .asset = j->asset,
                                        .time_ms = room->found[i].time_ms };
        (void)execution_step(x, 1);
        if (contract != NULL)
            instance_react(x, contract, &event);
    }
    room->depth--;
    room->found_count = j->first_found;
}

void judging_close(struct judging *j)
{
    keep_book(j);
    react(j);
    budget_settle(j);
}
