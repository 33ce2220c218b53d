/* Rounds: when one is over, when the next one's timer runs, and what justifies a proposal in it. */
#include "node/consensus_parts.h"

#include <string.h>

const struct kid *consensus_round_proposer(const struct consensus *c, uint64_t round)
{
    return &c->set.at[(c->height + round) % c->set.count].kid;
}

void consensus_round_arm(struct consensus *c)
{
    uint64_t power = c->round < CONSENSUS_T_CAP ? c->round : CONSENSUS_T_CAP;
    c->timed = true;
    c->timer_ms = c->now_ms + (c->options.t0_ms << power);
}

/* Says it once: the same words are sent again as long as the round lasts. */
static void say_roundchange(struct consensus *c)
{
    struct roundchange *mine = &c->roundchanges[c->place];
    uint8_t memory[PREPARED_SIZE_MAX];
    struct buf body = buf_fixed(memory, sizeof memory);
    mine->from = c->options.key.kid;
    mine->height = c->height;
    mine->round = c->round;
    mine->prepared.there = c->prepared.there;
    if (c->prepared.there) {
        mine->prepared = c->prepared;
        prepared_put(&body, &c->prepared);
    } else {
        cbor_put_null(&body);
    }
    struct message_draft d = { MESSAGE_ROUNDCHANGE, c->height, c->round, buf_slice(&body) };
    message_make_sig(&d, &c->options.key, &c->options.ledger, mine->sig);
    c->has_roundchange[c->place] = true;
    consensus_want_persist(c, NULL);
    consensus_want_send(c, MESSAGE_ROUNDCHANGE);
}

void consensus_round_enter(struct consensus *c, uint64_t round)
{
    c->round = round;
    c->phase = PHASE_IDLE;
    c->timed = c->certified = c->building = false;
    c->timer_ms = NEVER;
    memset(&c->candidate, 0, sizeof c->candidate);
    if (consensus_may_vote(c))
        say_roundchange(c);
}

void consensus_round_expire(struct consensus *c)
{
    c->timer_ms = NEVER;
    if (c->phase == PHASE_DECIDED)
        return;
    bool idle = !c->accepted.there && !c->proposed.there && c->candidate.state == CANDIDATE_NONE;
    if (c->round == 0 && idle && !c->work)
        c->timed = false; /* what waited was not valid on this tip: nothing is late */
    else
        consensus_round_enter(c, c->round + 1);
}

/* ------------------------------------------------------------------ ROUNDCHANGE */

/* A claim needs its certificate: q distinct signers, whose signatures were verified. */
static bool claim_holds(const struct consensus *c, const struct roundchange *r)
{
    return !r->prepared.there || (r->prepared.count >= c->quorum && r->prepared.round < r->round);
}

static void tell_two(struct consensus *c, size_t place, const struct message *m)
{
    uint8_t memory[ROUNDCHANGE_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    message_put_roundchange(&out, &c->roundchanges[place]);
    consensus_vote_evidence(c, place, buf_slice(&out), m->bytes);
}

void consensus_round_change(struct consensus *c, size_t place, const struct message *m)
{
    struct roundchange r, *kept = &c->roundchanges[place];
    message_take_roundchange(m, &r);
    if (!claim_holds(c, &r))
        return;
    if (!c->has_roundchange[place] || r.round > kept->round) {
        c->has_roundchange[place] = true;
        *kept = r;
    } else if (r.round == kept->round && r.prepared.there && kept->prepared.there &&
               !hash_equal(&r.prepared.block, &kept->prepared.block)) {
        tell_two(c, place, m);
    }
}

/* ------------------------------------------------------------------ certificates */

bool consensus_round_justified(const struct consensus *c, struct cbor_reader at, size_t count,
                               struct prepared *ret_highest)
{
    uint64_t bits[BITMAP_WORDS] = { 0 };
    struct roundchange r;
    size_t n = 0;
    ret_highest->there = false;
    for (size_t i = 0; i < count; i++) {
        message_next_roundchange(&at, &r);
        int place = authority_set_find(&c->set, &r.from);
        if (place < 0 || !claim_holds(c, &r))
            return false;
        if (!bitmap_has(bits, (size_t)place)) {
            bitmap_add(bits, (size_t)place);
            n++;
        }
        if (r.prepared.there && (!ret_highest->there || r.prepared.round > ret_highest->round))
            *ret_highest = r.prepared;
    }
    return n >= c->quorum;
}

bool consensus_round_held(const struct consensus *c)
{
    return c->cert.there && c->cert.round == c->round;
}

const struct prepared *consensus_round_highest(const struct consensus *c)
{
    const struct prepared *best = NULL;
    for (size_t i = 0; i < c->cert.count; i++) {
        const struct prepared *p = &c->cert.at[i].prepared;
        if (p->there && (best == NULL || p->round > best->round))
            best = p;
    }
    return best;
}

void consensus_round_take(struct consensus *c, struct cbor_reader at, size_t count, uint64_t round)
{
    if (round > c->round)
        consensus_round_enter(c, round);
    if (round != c->round || consensus_round_held(c))
        return;
    c->cert.there = true;
    c->cert.round = round;
    c->cert.count = count;
    for (size_t i = 0; i < count; i++)
        message_next_roundchange(&at, &c->cert.at[i]);
}

void consensus_round_cert(struct consensus *c, const struct message *m)
{
    struct prepared highest;
    if (m->round < c->round || (m->round == c->round && consensus_round_held(c)) || m->round == 0 ||
        !consensus_round_justified(c, m->as.rccert.at, m->as.rccert.count, &highest))
        return;
    consensus_round_take(c, m->as.rccert.at, m->as.rccert.count, m->round);
}

/* q ROUNDCHANGEs for exactly the current round, gathered one by one. */
static void gather(struct consensus *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->set.count; i++)
        n += c->has_roundchange[i] && c->roundchanges[i].round == c->round;
    if (consensus_round_held(c) || n < c->quorum)
        return;
    c->cert.there = true;
    c->cert.round = c->round;
    c->cert.count = 0;
    for (size_t i = 0; i < c->set.count; i++)
        if (c->has_roundchange[i] && c->roundchanges[i].round == c->round)
            c->cert.at[c->cert.count++] = c->roundchanges[i];
}

/* f + 1 are in rounds above mine: one of them is honest, and I am late. */
static void jump(struct consensus *c)
{
    uint64_t above[AUTHORITY_MAX]; /* falling */
    size_t n = 0;
    for (size_t i = 0; i < c->set.count; i++) {
        if (!c->has_roundchange[i] || c->roundchanges[i].round <= c->round)
            continue;
        size_t at = n++;
        for (; at > 0 && above[at - 1] < c->roundchanges[i].round; at--)
            above[at] = above[at - 1];
        above[at] = c->roundchanges[i].round;
    }
    if (n > c->faults)
        consensus_round_enter(c, above[c->faults]);
}

void consensus_round_advance(struct consensus *c)
{
    jump(c);
    if (c->round == 0)
        return;
    gather(c);
    if (!consensus_round_held(c) || c->certified)
        return;
    c->certified = true;
    if (!c->timed)
        consensus_round_arm(c);
    consensus_want_persist(c, NULL);
    consensus_want_send(c, MESSAGE_RCCERT);
}
