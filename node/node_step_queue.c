/* What the runner is to do: queued in order, taken one by one. */
#include "node/node_step_parts.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX \
    4096 /* a runner that takes nothing away: then messages are lost, as on any network */

static void queued_free(struct queued *q)
{
    buf_free(&q->message);
    buf_free(&q->other);
}

void node_core_queue_free(struct node_core *core)
{
    for (size_t i = 0; i < core->queue_count; i++)
        queued_free(&core->queue[core->queue_first + i]);
    queued_free(&core->current);
    free(core->queue);
}

static bool make_room(struct node_core *core)
{
    if (core->queue_first + core->queue_count < core->queue_cap)
        return true;
    if (core->queue_first > 0) {
        memmove(core->queue, core->queue + core->queue_first,
                core->queue_count * sizeof core->queue[0]);
        core->queue_first = 0;
        return true;
    }
    size_t cap = core->queue_cap == 0 ? 32 : 2 * core->queue_cap;
    struct queued *bigger = realloc(core->queue, cap * sizeof bigger[0]);
    if (bigger == NULL)
        return false;
    core->queue = bigger;
    core->queue_cap = cap;
    return true;
}

/* One message of a full queue is let go, the oldest. */
static void drop_one(struct node_core *core)
{
    for (size_t i = core->queue_first; i < core->queue_first + core->queue_count; i++) {
        enum node_action_kind kind = core->queue[i].kind;
        if (kind != NODE_SEND && kind != NODE_RELAY && kind != NODE_FETCH)
            continue;
        queued_free(&core->queue[i]);
        core->queue_count--;
        memmove(&core->queue[i], &core->queue[i + 1],
                (core->queue_first + core->queue_count - i) * sizeof core->queue[0]);
        return;
    }
}

struct queued *node_core_queue(struct node_core *core, enum node_action_kind kind)
{
    if (core->queue_count >= QUEUE_MAX)
        drop_one(core);
    if (!make_room(core)) {
        core->failed = true;
        return NULL;
    }
    struct queued *q = &core->queue[core->queue_first + core->queue_count++];
    memset(q, 0, sizeof *q);
    q->kind = kind;
    q->message = buf_heap(MESSAGE_SIZE_MAX);
    q->other = buf_heap(MESSAGE_SIZE_MAX);
    return q;
}

void node_core_alarm(struct node_core *core, enum node_alarm alarm, const struct kid *kid)
{
    struct queued *q = node_core_queue(core, NODE_ALARM);
    if (q == NULL)
        return;
    q->alarm = alarm;
    q->has_kid = kid != NULL;
    if (kid != NULL)
        q->kid = *kid;
}

/* ------------------------------------------------------------------ taking */

static void fill_commit(struct node_core *core, struct node_action *a)
{
    const struct executed *x = &core->executed;
    const struct body *body = node_core_body_of(core, &x->block);
    a->commit =
        (struct commit){ .header = x->header,
                         .seals = buf_slice(&core->seals),
                         .block = body == NULL ? slice_of(NULL, 0) : buf_slice(&body->bytes),
                         .statement_count = x->count,
                         .statements = core->statements,
                         .statement_hashes = core->hashes,
                         .outcome_count = x->result.outcome_count,
                         .outcomes = x->result.outcomes,
                         .write_count = x->result.write_count,
                         .writes = x->result.writes };
}

/* Whoever of the set may have the body, but this node: another first each time, for one may give lies. */
static void fill_kids(struct node_core *core, const struct queued *q, struct node_action *a)
{
    const struct authority_set *set = node_core_set(core);
    struct kid kids[AUTHORITY_MAX];
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        if ((q->sources[i / 64] >> (i % 64) & 1) != 0 &&
            !kid_equal(&set->at[i].kid, &core->options.authority.kid))
            kids[count++] = set->at[i].kid;
    for (size_t i = 0; i < count; i++)
        a->kids[i] = kids[(core->fetch_turn + i) % count];
    a->kid_count = count;
    core->fetch_turn++;
}

static void fill_body(struct node_core *core, const struct queued *q, struct node_action *a)
{
    const struct body *body = q->has_block ? node_core_body_of(core, &q->block) : NULL;
    a->vote = buf_slice(&q->message);
    if (body != NULL)
        a->body = buf_slice(&body->bytes);
}

bool node_core_next(struct node_core *core, struct node_action *ret_action)
{
    struct queued *q = &core->current;
    queued_free(q);
    memset(q, 0, sizeof *q);
    if (core->queue_count == 0)
        return false;
    *q = core->queue[core->queue_first++];
    if (--core->queue_count == 0)
        core->queue_first = 0;
    memset(ret_action, 0, sizeof *ret_action);
    ret_action->kind = q->kind;
    ret_action->message = buf_slice(&q->message);
    ret_action->other = buf_slice(&q->other);
    ret_action->block = q->block;
    ret_action->has_kid = q->has_kid;
    ret_action->kid = q->kid;
    ret_action->height = q->height;
    ret_action->alarm = q->alarm;
    if (q->kind == NODE_STORE)
        fill_commit(core, ret_action);
    else if (q->kind == NODE_FETCH)
        fill_kids(core, q, ret_action);
    else if (q->kind == NODE_PERSIST)
        fill_body(core, q, ret_action);
    else if (q->kind == NODE_REFUSED) {
        ret_action->message = slice_of(NULL, 0);
        ret_action->refused = (const void *)q->message.data;
        ret_action->refused_count = q->message.len / sizeof ret_action->refused[0];
    }
    return true;
}
