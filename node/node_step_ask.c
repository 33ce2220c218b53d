/* What consensus wants done: sent, made durable, and its questions, which are answered as soon as they can be. */
#include "node/node_step_parts.h"

#include <string.h>

/* ------------------------------------------------------------------ consensus asks */

static void send(struct node_core *core, const struct consensus_action *a)
{
    const struct hash *hashes = NULL;
    size_t count = 0;
    bool listed = a->message == MESSAGE_PROPOSE || a->message == MESSAGE_DECIDED;
    if (a->message == MESSAGE_COMMIT && a->has_block)
        core->needed_block = a->block;
    if (listed && !node_core_hashes_of(core, &a->block, &hashes, &count))
        return;
    struct queued *q = node_core_queue(core, NODE_SEND);
    if (q != NULL) {
        consensus_put_message(core->consensus, a, hashes, count, &q->message);
        q->has_kid = a->kind == CONSENSUS_SEND_TO;
        q->kid = a->to;
        if (q->message.failed)
            buf_clear(&q->message); /* the runner passes over what is empty */
    }
}

static void persist(struct node_core *core, const struct consensus_action *a)
{
    struct body *body = a->has_block ? node_core_body_of(core, &a->block) : NULL;
    struct queued *q = node_core_queue(core, NODE_PERSIST);
    if (q == NULL)
        return;
    buf_free(&q->message);
    q->message = buf_heap(CONSENSUS_VOTE_MAX);
    consensus_put_vote(core->consensus, &q->message);
    core->failed = core->failed || q->message.failed;
    if (body == NULL || body->stored)
        return;
    body->stored = true;
    q->has_block = true;
    q->block = body->block;
}

static void tell_evidence(struct node_core *core, const struct consensus_action *a)
{
    struct queued *q = node_core_queue(core, NODE_EVIDENCE);
    if (q == NULL)
        return;
    consensus_put_evidence(core->consensus, &q->message, &q->other);
    q->has_kid = true;
    q->kid = a->to;
}

/* The same block again: where its body is fetched from may have grown, the patience goes on. */
static void note_question(struct question *q, const struct consensus_action *a)
{
    if (!q->there || !hash_equal(&q->block, &a->block))
        *q = (struct question){ .there = true, .block = a->block };
    memcpy(q->sources, a->sources, sizeof q->sources);
}

static void take_action(struct node_core *core, const struct consensus_action *a)
{
    switch (a->kind) {
    case CONSENSUS_PERSIST: persist(core, a); break;
    case CONSENSUS_SEND:
    case CONSENSUS_SEND_TO: send(core, a); break;
    case CONSENSUS_BUILD:
        core->build = true;
        core->build_round = a->round;
        break;
    case CONSENSUS_JUDGE: note_question(&core->judge, a); break;
    case CONSENSUS_DECIDE:
        note_question(&core->decide, a);
        core->judge.there = core->build = false;
        break;
    case CONSENSUS_EVIDENCE: tell_evidence(core, a); break;
    case CONSENSUS_BEHIND: node_core_behind(core, &a->to, a->round); break;
    case CONSENSUS_CLOCK: node_core_alarm(core, ALARM_CLOCK, NULL); break;
    }
}

static void one_step(struct node_core *core, struct consensus_event event)
{
    struct consensus_actions actions;
    event.steady_ms = core->now.steady_ms;
    event.clock_ms = core->now.clock_ms;
    event.work = node_core_work(core);
    consensus_step(core->consensus, &event, &actions);
    for (size_t i = 0; i < actions.count; i++)
        take_action(core, &actions.at[i]);
}

/* ------------------------------------------------------------------ its questions */

static void answer_build(struct node_core *core)
{
    struct header h;
    uint64_t round = core->build_round;
    core->build = false;
    bool built = node_core_build(core, round, &h);
    if (core->failed)
        return;
    one_step(core, (struct consensus_event){ .kind = built ? CONSENSUS_BUILT : CONSENSUS_NOTHING,
                                             .header = &h,
                                             .round = round });
}

/* Whether the candidate holds, once its body is here. False: it is not. */
static bool answer_judge(struct node_core *core)
{
    const struct executed *x = &core->executed;
    struct body *body = node_core_get_body(core, &core->judge);
    if (body == NULL)
        return false;
    core->judge.there = false;
    struct header h = body->header;
    bool good = (x->there && hash_equal(&x->block, &body->block)) ||
                (authority_set_find(node_core_set(core), &h.proposer) >= 0 &&
                 node_core_execute(core, body, false));
    if (core->failed)
        return true;
    if (!good)
        node_core_alarm(core, ALARM_BAD_BLOCK, &h.proposer);
    one_step(core, (struct consensus_event){ .kind = good ? CONSENSUS_VALID : CONSENSUS_INVALID,
                                             .header = &h });
    return true;
}

void node_core_fail(struct node_core *core, enum node_alarm alarm)
{
    core->failed = true;
    node_core_alarm(core, alarm, NULL);
}

/* The block is to be stored; what a quorum sealed and this node can't follow ends it. */
bool node_core_apply(struct node_core *core, const struct body *body)
{
    const struct executed *x = &core->executed;
    bool there = x->there && hash_equal(&x->block, &body->block);
    if (!there && !node_core_execute(core, body, true)) {
        if (!core->failed)
            node_core_fail(core, ALARM_DIVERGED);
        return false;
    }
    core->judge.there = core->decide.there = core->build = false;
    core->storing = true;
    (void)node_core_queue(core, NODE_STORE);
    return !core->failed;
}

static bool answer_decide(struct node_core *core)
{
    const struct body *body = node_core_get_body(core, &core->decide);
    if (body == NULL)
        return false;
    buf_clear(&core->seals);
    consensus_put_seals(core->consensus, &core->seals);
    if (core->seals.failed)
        core->failed = true;
    else
        (void)node_core_apply(core, body);
    return true;
}

void node_core_settle(struct node_core *core)
{
    bool more = true;
    while (more && !core->failed && !core->storing) {
        if (core->build)
            answer_build(core);
        else if (core->decide.there)
            more = answer_decide(core);
        else
            more = core->judge.there && answer_judge(core);
    }
}

void node_core_step(struct node_core *core, struct consensus_event event)
{
    one_step(core, event);
    node_core_settle(core);
}
