/*
 * The step: an event goes to the part it concerns, then everything goes as far as votes, certificates and
 * time allow, and what is wanted comes out as actions: durable first, then sent, then questions, then the
 * decision.
 */
#include "node/consensus_parts.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

size_t consensus_size(void)
{
    return sizeof(struct consensus);
}

void consensus_begin(struct consensus *c, const struct consensus_options *options)
{
    memset(c, 0, offsetof(struct consensus, prepared));
    c->options = *options;
    c->place = -1;
    c->prepared.there = c->cert.there = c->decision.there = false;
    c->timer_ms = c->above_ms = NEVER;
}

bool consensus_may_vote(const struct consensus *c)
{
    return c->place >= 0 && c->lost == LOST_NOT;
}

void consensus_want_send(struct consensus *c, enum message_type type)
{
    c->wants.send |= 1U << type;
}

void consensus_want_persist(struct consensus *c, const struct hash *block)
{
    c->wants.persist = true;
    if (block == NULL)
        return;
    c->wants.has_block = true;
    c->wants.block = *block;
}

bool consensus_verify(struct consensus *c, const struct message *m, const uint8_t *known_pub,
                      struct err *err)
{
    bool over = m->height < c->height || (m->height == c->height && c->phase == PHASE_DECIDED);
    if (m->type == MESSAGE_DECIDED && over)
        return err_set(err, ERR_REFUSED, "decided: of a block that is known to be decided");
    return message_verify_cached(m, &c->options.ledger, &c->set, known_pub, &c->cache, err);
}

static void advance(struct consensus *c)
{
    if (c->phase == PHASE_DECIDED)
        return;
    consensus_round_advance(c);
    consensus_propose_advance(c);
    consensus_vote_seal(c);
}

/* ------------------------------------------------------------------ events */

static void forget_height(struct consensus *c)
{
    c->round = 0;
    c->proposed.there = c->accepted.there = c->sealed.there = false;
    c->prepared.there = c->cert.there = false;
    c->phase = PHASE_IDLE;
    memset(&c->candidate, 0, sizeof c->candidate);
    memset(c->has_roundchange, 0, sizeof c->has_roundchange);
    c->header_count = 0;
    c->timed = c->certified = c->building = false;
    c->timer_ms = c->above_ms = NEVER;
    for (size_t i = 0; i < AUTHORITY_MAX; i++)
        c->peers[i].evidenced = false;
    consensus_vote_clear(c);
}

/* What was decided here is kept through START, for those who ask for it. */
static bool keep_decision(struct consensus *c)
{
    bool own = c->decision.there && hash_equal(&c->decision.block, &c->tip);
    c->decision.there = own;
    return own;
}

static void restore(struct consensus *c, struct slice vote)
{
    bool known = vote.len == 0 ? !c->options.vote_lost : consensus_store_load(c, vote);
    if (!known) {
        forget_height(c);
        c->lost = LOST_ASKING;
    }
    if (c->round == 0 && (c->proposed.there || c->accepted.there))
        consensus_round_arm(c); /* above 0 only q ROUNDCHANGEs do */
    c->status_ms = c->resend_ms = c->now_ms;
}

static void on_start(struct consensus *c, const struct consensus_event *e)
{
    bool first = !c->begun;
    if (!first)
        consensus_peer_move(c, e->set);
    else
        for (size_t i = 0; i < e->set->count; i++)
            c->peers[i].kid = e->set->at[i].kid;
    c->begun = true;
    c->set = *e->set;
    c->set_hash = authority_set_hash(&c->set);
    c->place = authority_set_find(&c->set, &c->options.key.kid);
    c->quorum = authority_set_quorum(&c->set);
    c->faults = (c->set.count - 1) / 3;
    c->parent = *e->parent;
    c->height = e->parent->height + 1;
    c->tip = header_hash(e->parent);
    bool tell = keep_decision(c);
    forget_height(c);
    c->resend_ms = c->now_ms + CONSENSUS_RESEND_MS;
    if (first)
        restore(c, e->vote);
    if (tell && c->place >= 0)
        consensus_want_send(c, MESSAGE_DECIDED);
    c->wants.clock = c->parent.time_ms > c->clock_ms + CONSENSUS_AHEAD_MS;
    consensus_peer_rejoin(c);
}

/* A message of this height by one of the set. */
static void on_vote(struct consensus *c, size_t place, const struct message *m)
{
    bool vote = m->type == MESSAGE_PREPARE || m->type == MESSAGE_COMMIT;
    if (m->round > c->round + CONSENSUS_ROUNDS_AHEAD || (c->phase == PHASE_DECIDED && !vote))
        return; /* a vote may be its sender's second, whatever was decided */
    switch (m->type) {
    case MESSAGE_PROPOSE: consensus_propose_receive(c, m); break;
    case MESSAGE_PREPARE: consensus_vote_prepare(c, place, m); break;
    case MESSAGE_COMMIT: consensus_vote_commit(c, place, m); break;
    case MESSAGE_ROUNDCHANGE: consensus_round_change(c, place, m); break;
    case MESSAGE_RCCERT: consensus_round_cert(c, m); break;
    case MESSAGE_STATEMENTS:
    case MESSAGE_DECIDED:
    case MESSAGE_STATUS: break;
    }
}

static void on_message(struct consensus *c, const struct message *m)
{
    if (kid_equal(&m->from, &c->options.key.kid) || m->type == MESSAGE_STATEMENTS)
        return;
    int found = authority_set_find(&c->set, &m->from);
    size_t place = found < 0 ? STRANGER : (size_t)found;
    consensus_peer_heard(c, place, m);
    if (m->type == MESSAGE_STATUS)
        consensus_peer_status(c, place, m);
    else if (m->height < c->height && m->type != MESSAGE_DECIDED) {
        consensus_peer_answer(c, place, m);
        if (found >= 0 && m->type == MESSAGE_COMMIT)
            consensus_vote_late(c, place, m);
    } else if (m->height == c->height && m->type == MESSAGE_DECIDED)
        consensus_vote_decided(c, m);
    else if (m->height == c->height && found >= 0)
        on_vote(c, place, m);
    else if (m->height > c->height + 1) {
        c->wants.behind = true;
        c->wants.behind_whom = m->from;
        c->wants.behind_height = m->height;
    }
}

/* The reasons of the newest proposal are at hand until a later round is certified, which makes it idle. */
static bool may_repeat_proposal(const struct consensus *c)
{
    if (!c->proposed.there)
        return false;
    return c->proposed.round == 0 ? !c->cert.there
                                  : c->cert.there && c->cert.round == c->proposed.round;
}

/*
 * Everything of this height once more: the network may lose anything. Of an older round too, when I went on alone: the
 * others may still wait in it for just that (simulator seed 12737).
 */
static void resend(struct consensus *c)
{
    c->resend_ms = c->now_ms + CONSENSUS_RESEND_MS;
    c->wants.decide = c->phase == PHASE_DECIDED;
    if (c->phase != PHASE_DECIDED) {
        c->wants.judge = c->candidate.state == CANDIDATE_ASKED;
        c->wants.build = c->building;
    }
    if (c->cert.there)
        consensus_want_send(c, MESSAGE_RCCERT);
    if (!consensus_may_vote(c))
        return;
    if (may_repeat_proposal(c))
        consensus_want_send(c, MESSAGE_PROPOSE);
    if (c->accepted.there)
        consensus_want_send(c, MESSAGE_PREPARE);
    if (c->sealed.there)
        consensus_want_send(c, MESSAGE_COMMIT);
    if (c->has_roundchange[c->place])
        consensus_want_send(c, MESSAGE_ROUNDCHANGE);
}

static void on_tick(struct consensus *c)
{
    if (c->now_ms >= c->timer_ms)
        consensus_round_expire(c);
    if (c->now_ms >= c->resend_ms)
        resend(c);
    if (c->now_ms >= c->status_ms) {
        c->status_ms = c->now_ms + CONSENSUS_RESEND_MS;
        consensus_want_send(c, MESSAGE_STATUS);
    }
}

/* ------------------------------------------------------------------ actions */

static struct consensus_action *act(struct consensus_actions *a, enum consensus_action_kind kind)
{
    assert(a->count < CONSENSUS_ACTIONS_MAX);
    struct consensus_action *one = &a->at[a->count++];
    memset(one, 0, sizeof *one);
    one->kind = kind;
    return one;
}

static void act_about(struct consensus_action *a, const struct said *s)
{
    a->round = s->round;
    a->has_block = true;
    a->block = s->block;
}

static void act_send(const struct consensus *c, struct consensus_actions *actions,
                     enum message_type type, const struct kid *to)
{
    struct consensus_action *a = act(actions, to == NULL ? CONSENSUS_SEND : CONSENSUS_SEND_TO);
    a->message = type;
    a->round = c->round;
    if (to != NULL)
        a->to = *to;
    if (type == MESSAGE_PROPOSE)
        act_about(a, &c->proposed);
    else if (type == MESSAGE_PREPARE)
        act_about(a, &c->accepted);
    else if (type == MESSAGE_COMMIT)
        act_about(a, &c->sealed);
    else if (type == MESSAGE_RCCERT)
        a->round = c->cert.round;
    else if (type == MESSAGE_DECIDED) {
        a->has_block = true;
        a->block = c->decision.block;
        a->round = c->decision.round;
    }
}

/* Who is not of the set tells only where it stands; so does a set of one, and only to strangers if there are any. */
static unsigned may_send(const struct consensus *c)
{
    bool alone = c->place >= 0 && c->set.count == 1;
    if (c->place < 0 || (alone && consensus_peer_listens(c)))
        return 1U << MESSAGE_STATUS;
    return alone ? 0 : c->wants.send;
}

static void act_questions(const struct consensus *c, struct consensus_actions *actions)
{
    struct consensus_action *a;
    if (c->wants.build) {
        a = act(actions, CONSENSUS_BUILD);
        a->round = c->round;
    }
    if (c->wants.judge) {
        a = act(actions, CONSENSUS_JUDGE);
        a->round = c->round;
        a->has_block = true;
        a->block = c->candidate.block;
        memcpy(a->sources, c->candidate.sources, sizeof a->sources);
    }
    if (c->wants.decide) {
        a = act(actions, CONSENSUS_DECIDE);
        a->round = c->decision.round;
        a->has_block = true;
        a->block = c->decision.block;
        memcpy(a->sources, c->decision.bits, sizeof a->sources);
    }
}

static void act_hints(const struct consensus *c, struct consensus_actions *actions)
{
    struct consensus_action *a;
    if (c->wants.evidence)
        act(actions, CONSENSUS_EVIDENCE)->to = c->wants.evidence_of;
    if (c->wants.behind) {
        a = act(actions, CONSENSUS_BEHIND);
        a->to = c->wants.behind_whom;
        a->round = c->wants.behind_height;
    }
    if (c->wants.clock)
        (void)act(actions, CONSENSUS_CLOCK);
}

static void act_all(const struct consensus *c, struct consensus_actions *actions)
{
    unsigned send = c->wants.send & may_send(c);
    if (c->wants.persist && c->place >= 0 && c->set.count > 1) {
        struct consensus_action *a = act(actions, CONSENSUS_PERSIST);
        a->has_block = c->wants.has_block;
        a->block = c->wants.block;
    }
    for (unsigned type = MESSAGE_PROPOSE; type <= MESSAGE_STATUS; type++)
        if ((send >> type & 1) != 0)
            act_send(c, actions, (enum message_type)type, NULL);
    for (unsigned type = MESSAGE_DECIDED; type <= MESSAGE_STATUS; type++)
        if ((c->wants.answer >> type & 1) != 0)
            act_send(c, actions, (enum message_type)type, &c->wants.answer_to);
    act_hints(c, actions);
    act_questions(c, actions);
}

void consensus_step(struct consensus *c, const struct consensus_event *event,
                    struct consensus_actions *ret_actions)
{
    ret_actions->count = 0;
    if (!c->begun && event->kind != CONSENSUS_START)
        return;
    memset(&c->wants, 0, sizeof c->wants);
    c->now_ms = event->steady_ms;
    c->clock_ms = event->clock_ms;
    c->work = event->work;
    switch (event->kind) {
    case CONSENSUS_START: on_start(c, event); break;
    case CONSENSUS_MESSAGE: on_message(c, event->message); break;
    case CONSENSUS_TICK: on_tick(c); break;
    case CONSENSUS_BUILT: consensus_propose_built(c, event->header, event->round); break;
    case CONSENSUS_NOTHING: consensus_propose_nothing(c, event->round); break;
    case CONSENSUS_VALID: consensus_propose_valid(c, event->header); break;
    case CONSENSUS_INVALID: consensus_propose_invalid(c, event->header); break;
    }
    if (event->kind != CONSENSUS_NOTHING)
        advance(c);
    act_all(c, ret_actions);
}

/* ------------------------------------------------------------------ looking */

/* When a candidate that is ahead of the clock may be judged. */
static uint64_t early_ms(const struct consensus *c)
{
    const struct candidate *k = &c->candidate;
    if (k->state != CANDIDATE_EARLY || c->phase == PHASE_DECIDED)
        return NEVER;
    uint64_t from = k->header.time_ms - CONSENSUS_AHEAD_MS;
    return from <= c->clock_ms ? c->now_ms : c->now_ms + (from - c->clock_ms);
}

uint64_t consensus_wake_ms(const struct consensus *c)
{
    if (!c->begun)
        return NEVER;
    uint64_t at = c->phase == PHASE_DECIDED ? NEVER : c->timer_ms;
    if (early_ms(c) < at)
        at = early_ms(c);
    bool alone = c->place >= 0 && c->set.count == 1;
    if (alone && !consensus_peer_listens(c))
        return at; /* nobody to tell anything */
    if (c->resend_ms < at && !alone)
        at = c->resend_ms;
    return c->status_ms < at ? c->status_ms : at;
}

void consensus_look(const struct consensus *c, uint64_t steady_ms, struct consensus_view *ret_view)
{
    memset(ret_view, 0, sizeof *ret_view);
    ret_view->height = c->height;
    ret_view->round = c->round;
    ret_view->reached = consensus_peer_reached(c);
    ret_view->phase = c->phase;
    ret_view->votes = consensus_may_vote(c);
    ret_view->abstains = c->place >= 0 && c->lost != LOST_NOT;
    ret_view->quorum = c->quorum;
    ret_view->members = c->set.count;
    for (size_t i = 0; i < c->set.count; i++)
        if (c->peers[i].heard && steady_ms <= c->peers[i].heard_ms + HEARD_MS)
            bitmap_add(ret_view->heard, i);
    ret_view->offset_known = consensus_peer_offset(c, &ret_view->offset_ms);
}
