/* Proposals: making them when it is my turn, and judging the one of the current round. */
#include "node/consensus_parts.h"

#include <string.h>

static bool is_mine(const struct consensus *c)
{
    return kid_equal(consensus_round_proposer(c, c->round), &c->options.key.kid);
}

static bool has_proposed(const struct consensus *c)
{
    return c->proposed.there && c->proposed.round >= c->round;
}

static bool has_accepted(const struct consensus *c)
{
    return c->accepted.there && c->accepted.round >= c->round;
}

bool consensus_propose_fits(const struct consensus *c, const struct header *h)
{
    return h->height == c->height && hash_equal(&h->ledger, &c->options.ledger) &&
           hash_equal(&h->prev, &c->tip) && hash_equal(&h->set, &c->set_hash) &&
           h->time_ms > c->parent.time_ms;
}

/* ------------------------------------------------------------------ proposing */

/* Round 0: a timer for all and a block from the proposer, once something waits. */
static void begin_round_0(struct consensus *c)
{
    if (!c->work)
        return;
    if (!c->timed)
        consensus_round_arm(c);
    if (!is_mine(c) || !consensus_may_vote(c) || has_proposed(c) || has_accepted(c) || c->building)
        return;
    c->building = c->wants.build = true;
}

/* The prepared block with the highest round is mine to propose, once it is known to hold here. */
static void judge_prepared(struct consensus *c, const struct prepared *p)
{
    struct candidate *k = &c->candidate;
    if (k->state != CANDIDATE_NONE)
        return;
    memset(k, 0, sizeof *k);
    k->own = k->exempt = true;
    k->block = p->block;
    for (size_t i = 0; i < p->count; i++) {
        int place = authority_set_find(&c->set, &p->by[i].kid);
        if (place >= 0)
            bitmap_add(k->sources, (size_t)place);
    }
    k->state = CANDIDATE_ASKED;
    c->wants.judge = true;
}

static void propose_above_0(struct consensus *c)
{
    if (!consensus_round_held(c) || !is_mine(c) || !consensus_may_vote(c) || has_proposed(c) ||
        has_accepted(c))
        return;
    const struct prepared *p = consensus_round_highest(c);
    if (p != NULL)
        judge_prepared(c, p);
    else if (!c->building)
        c->building = c->wants.build = true;
}

static void propose(struct consensus *c, const struct header *h)
{
    c->proposed = (struct said){ true, c->round, *h, header_hash(h) };
    c->building = false;
    c->candidate.state = CANDIDATE_TAKEN;
    c->candidate.own = true;
    c->candidate.block = c->proposed.block;
    if (!c->timed)
        consensus_round_arm(c);
    consensus_want_persist(c, &c->proposed.block);
    consensus_want_send(c, MESSAGE_PROPOSE);
    consensus_vote_accept(c, h);
}

void consensus_propose_built(struct consensus *c, const struct header *h, uint64_t round)
{
    if (!c->building || round != c->round || !consensus_may_vote(c) || has_proposed(c) ||
        !consensus_propose_fits(c, h))
        return;
    propose(c, h);
}

void consensus_propose_nothing(struct consensus *c, uint64_t round)
{
    if (!c->building || round != c->round)
        return;
    c->building = false;
    if (c->round != 0)
        return;
    c->timed = false; /* nothing is late, for nothing waits */
    c->timer_ms = NEVER;
}

/* ------------------------------------------------------------------ judging */

static bool is_late(const struct consensus *c)
{
    const struct candidate *k = &c->candidate;
    return !k->exempt && k->header.time_ms + CONSENSUS_BEHIND_MS < c->clock_ms;
}

static bool is_early(const struct consensus *c)
{
    const struct candidate *k = &c->candidate;
    uint64_t latest = c->clock_ms + CONSENSUS_AHEAD_MS;
    if (c->parent.time_ms + 1 > latest)
        latest = c->parent.time_ms + 1;
    return !k->exempt && k->header.time_ms > latest;
}

/*
 * Nothing makes it right any more: the next round is asked for at once, for others that have not PREPAREd it find it
 * late, too. Only who proposes in a round can bring this about in it, once. What is ahead of the clock is waited for:
 * else two whose clocks differ would run through rounds as fast as their messages travel.
 */
static void pass_over(struct consensus *c)
{
    c->candidate.state = CANDIDATE_BAD;
    if (consensus_may_vote(c) && !has_accepted(c))
        consensus_round_enter(c, c->round + 1);
}

static void judge(struct consensus *c)
{
    struct candidate *k = &c->candidate;
    if (is_late(c))
        pass_over(c);
    else if (is_early(c))
        k->state = CANDIDATE_EARLY;
    else if (k->state != CANDIDATE_ASKED) {
        k->state = CANDIDATE_ASKED;
        c->wants.judge = true;
    }
}

void consensus_propose_advance(struct consensus *c)
{
    if (c->phase == PHASE_DECIDED)
        return;
    if (c->round == 0)
        begin_round_0(c);
    else
        propose_above_0(c);
    if (c->candidate.state == CANDIDATE_EARLY)
        judge(c);
}

void consensus_propose_valid(struct consensus *c, const struct header *h)
{
    struct candidate *k = &c->candidate;
    struct hash block = header_hash(h);
    if (c->phase == PHASE_DECIDED || k->state != CANDIDATE_ASKED ||
        !hash_equal(&block, &k->block) || !consensus_propose_fits(c, h))
        return;
    if (is_late(c)) {
        pass_over(c);
        return;
    }
    k->state = CANDIDATE_TAKEN;
    if (k->own) {
        propose(c, h);
        return;
    }
    if (!c->timed)
        consensus_round_arm(c);
    consensus_vote_accept(c, h);
}

void consensus_propose_invalid(struct consensus *c, const struct header *h)
{
    struct candidate *k = &c->candidate;
    if (k->state != CANDIDATE_ASKED)
        return;
    if (h != NULL) {
        struct hash block = header_hash(h);
        if (!hash_equal(&block, &k->block))
            return;
    }
    k->state = CANDIDATE_BAD;
}

/* ------------------------------------------------------------------ proposals that come */

/* Only the block of the highest round that was claimed, with its certificate; or any fresh one. */
static bool is_justified(const struct consensus *c, const struct message *m,
                         const struct hash *block, struct prepared *ret_highest)
{
    const struct message_propose *p = &m->as.propose;
    struct prepared shown;
    ret_highest->there = false;
    if (m->round == 0)
        return p->prepared.len == 0;
    if (!consensus_round_justified(c, p->roundchanges, p->roundchange_count, ret_highest))
        return false;
    if (!ret_highest->there)
        return p->prepared.len == 0 && kid_equal(&p->header.proposer, &m->from);
    return hash_equal(&ret_highest->block, block) && p->prepared.len > 0 &&
           prepared_take(p->prepared, &shown, NULL) && shown.round == ret_highest->round &&
           hash_equal(&shown.block, block) && shown.count >= c->quorum;
}

static void keep_envelope(struct consensus *c, struct slice bytes)
{
    c->candidate.envelope_len = bytes.len <= EVIDENCE_MAX ? bytes.len : 0;
    if (c->candidate.envelope_len > 0)
        memcpy(c->candidate_envelope, bytes.data, bytes.len);
}

static void see_second(struct consensus *c, const struct message *m, const struct hash *block)
{
    const struct candidate *k = &c->candidate;
    int place = authority_set_find(&c->set, &m->from);
    if (k->own || k->envelope_len == 0 || place < 0 || hash_equal(&k->block, block))
        return;
    consensus_vote_evidence(c, (size_t)place, slice_of(c->candidate_envelope, k->envelope_len),
                            m->bytes);
}

static void set_candidate(struct consensus *c, const struct message *m, const struct hash *block,
                          const struct prepared *highest)
{
    struct candidate *k = &c->candidate;
    int place = authority_set_find(&c->set, &m->from);
    memset(k, 0, sizeof *k);
    k->exempt = highest->there;
    k->has_header = true;
    k->header = m->as.propose.header;
    k->block = *block;
    if (place >= 0)
        bitmap_add(k->sources, (size_t)place);
    for (size_t i = 0; highest->there && i < highest->count; i++) {
        place = authority_set_find(&c->set, &highest->by[i].kid);
        if (place >= 0)
            bitmap_add(k->sources, (size_t)place);
    }
    keep_envelope(c, m->bytes);
}

void consensus_propose_receive(struct consensus *c, const struct message *m)
{
    const struct message_propose *p = &m->as.propose;
    struct prepared highest;
    if (m->round < c->round || !kid_equal(&m->from, consensus_round_proposer(c, m->round)) ||
        !consensus_propose_fits(c, &p->header))
        return;
    struct hash block = header_hash(&p->header);
    if (m->round == c->round && c->candidate.state != CANDIDATE_NONE) {
        see_second(c, m, &block);
        return;
    }
    if (!is_justified(c, m, &block, &highest))
        return;
    if (m->round > 0)
        consensus_round_take(c, p->roundchanges, p->roundchange_count, m->round);
    if (!has_accepted(c))
        set_candidate(c, m, &block, &highest);
    consensus_vote_note_header(c, &p->header);
    if (c->phase != PHASE_DECIDED && c->candidate.state == CANDIDATE_NONE &&
        consensus_may_vote(c) && !has_accepted(c))
        judge(c);
}
