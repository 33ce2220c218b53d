/* Peers: who was heard, whose clock says what, who is behind, and rejoining after vote state was lost. */
#include "node/consensus_parts.h"

#include <assert.h>
#include <string.h>

/* Only a question leaves `spoken` as it was: asking is what a process does before it speaks. */
void consensus_peer_heard(struct consensus *c, size_t place, const struct message *m)
{
    struct peer *p = &c->peers[place];
    p->heard = true;
    p->heard_ms = c->now_ms;
    if (m->type == MESSAGE_STATUS && m->as.status.question != NULL)
        return;
    p->spoken = true;
    p->spoken_ms = c->now_ms;
}

/* ------------------------------------------------------------------ who is behind, who ahead */

void consensus_peer_answer(struct consensus *c, size_t place, const struct message *m)
{
    struct peer *p = &c->peers[place];
    if (c->now_ms < p->answered_ms)
        return;
    p->answered_ms = c->now_ms + ANSWER_MS;
    c->wants.answer_to = m->from;
    bool last = m->height + 1 == c->height && c->decision.there && c->phase != PHASE_DECIDED;
    c->wants.answer |= 1U << (last ? MESSAGE_DECIDED : MESSAGE_STATUS);
}

/* More than one above: what was decided is fetched. One above: DECIDED should come, but may be lost. */
static void look_ahead(struct consensus *c, const struct message *m)
{
    bool stuck = false;
    if (m->height <= c->height)
        return;
    if (m->height == c->height + 1) {
        if (c->above_ms == NEVER)
            c->above_ms = c->now_ms;
        stuck = c->now_ms >= c->above_ms + STUCK_MS;
    }
    if (m->height == c->height + 1 && !stuck)
        return;
    c->wants.behind = true;
    c->wants.behind_whom = m->from;
    c->wants.behind_height = m->height;
}

/* One of f + 1 is honest; who lies says what he likes of himself alone. */
uint64_t consensus_peer_reached(const struct consensus *c)
{
    uint64_t falling[AUTHORITY_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->set.count; i++) {
        uint64_t reached = c->peers[i].reached;
        if ((int)i == c->place || reached == 0)
            continue;
        size_t at = n++;
        for (; at > 0 && falling[at - 1] < reached; at--)
            falling[at] = falling[at - 1];
        falling[at] = reached;
    }
    return n > c->faults ? falling[c->faults] : 0;
}

/* A candidate, say, that wants to know when it has followed all. */
bool consensus_peer_listens(const struct consensus *c)
{
    const struct peer *p = &c->peers[STRANGER];
    return p->heard && c->now_ms <= p->heard_ms + HEARD_MS;
}

/* ------------------------------------------------------------------ STATUS */

/* One who forgot vouches for nobody. The answer says when the asker's key had spoken before it asked. */
static void answer_question(struct consensus *c, size_t place, const struct message *m)
{
    struct peer *p = &c->peers[place];
    const uint8_t *question = m->as.status.question;
    if (!p->has_question || memcmp(p->question, question, HALF_SIZE) != 0) {
        p->has_question = true;
        memcpy(p->question, question, HALF_SIZE);
        p->spoken_before = p->spoken;
        p->spoken_before_ms = p->spoken ? c->now_ms - p->spoken_ms : 0;
    }
    if (c->lost != LOST_NOT || c->now_ms < p->replied_ms)
        return;
    p->replied_ms = c->now_ms + ANSWER_MS;
    c->wants.answer_to = m->from;
    c->wants.answer |= 1U << MESSAGE_STATUS;
    c->wants.replies = true;
    memcpy(c->wants.question, question, HALF_SIZE);
    c->wants.has_heard = p->spoken_before && place != STRANGER;
    c->wants.heard_ms = p->spoken_before_ms;
}

/* An answer to my own question: the first of each is taken, or the newest where all are needed. */
static void take_answer(struct consensus *c, size_t place, const struct message *m)
{
    struct peer *p = &c->peers[place];
    const uint8_t *answer = m->as.status.answer;
    if (c->lost == LOST_NOT || answer == NULL || place == STRANGER ||
        memcmp(answer, c->options.nonce, HALF_SIZE) != 0)
        return;
    if (p->asked && c->quorum < c->set.count)
        return;
    p->asked = true;
    p->asked_height = m->height;
    p->asked_round = m->round;
    consensus_peer_rejoin(c);
}

void consensus_peer_status(struct consensus *c, size_t place, const struct message *m)
{
    struct peer *p = &c->peers[place];
    p->has_offset = true;
    p->offset_ms = (int64_t)c->clock_ms - (int64_t)m->as.status.clock_ms;
    if (m->height > p->reached + 1)
        p->reached = m->height - 1;
    if (m->height < c->height)
        consensus_peer_answer(c, place, m);
    if (m->as.status.question != NULL)
        answer_question(c, place, m);
    look_ahead(c, m);
    take_answer(c, place, m);
}

/* ------------------------------------------------------------------ rejoining */

/* Where all are needed nothing was decided without me: I join above any round I can have voted in. */
static void rejoin_all(struct consensus *c)
{
    uint64_t highest = 0;
    if (c->set.count == 1 || c->phase == PHASE_DECIDED)
        return;
    for (size_t i = 0; i < c->set.count; i++) {
        if ((int)i == c->place)
            continue;
        const struct peer *p = &c->peers[i];
        if (!p->asked || p->asked_height != c->height)
            return;
        if (p->asked_round > highest)
            highest = p->asked_round;
    }
    c->lost = LOST_NOT;
    consensus_round_enter(c, highest + 2);
}

/* From q - 1 others the first tip each answered that my own chain has reached; then two heights more. */
static void fix_height(struct consensus *c)
{
    uint64_t tip = c->height - 1, highest = tip;
    size_t known = 0;
    for (size_t i = 0; i < c->set.count; i++) {
        const struct peer *p = &c->peers[i];
        if ((int)i == c->place || !p->asked || p->asked_height > c->height)
            continue;
        known++;
        if (p->asked_height > highest + 1)
            highest = p->asked_height - 1;
    }
    if (known + 1 < c->quorum)
        return;
    c->lost = LOST_UNTIL;
    c->until_height = highest + 2;
    consensus_want_persist(c, NULL);
}

void consensus_peer_rejoin(struct consensus *c)
{
    if (c->lost == LOST_NOT || c->place < 0)
        return;
    if (c->quorum == c->set.count) {
        rejoin_all(c);
        return;
    }
    if (c->lost == LOST_ASKING)
        fix_height(c);
    if (c->lost == LOST_UNTIL && c->height - 1 >= c->until_height)
        c->lost = LOST_NOT;
}

/* ------------------------------------------------------------------ sets, clocks */

void consensus_peer_move(struct consensus *c, const struct authority_set *set)
{
    struct peer moved[AUTHORITY_MAX];
    bool same = set->count == c->set.count;
    for (size_t i = 0; same && i < set->count; i++)
        same = kid_equal(&set->at[i].kid, &c->set.at[i].kid);
    if (same)
        return;
    memset(moved, 0, sizeof moved);
    for (size_t i = 0; i < set->count; i++) {
        int place = authority_set_find(&c->set, &set->at[i].kid);
        if (place >= 0)
            moved[i] = c->peers[place];
        moved[i].kid = set->at[i].kid;
    }
    memcpy(c->peers, moved, sizeof moved);
}

bool consensus_peer_offset(const struct consensus *c, int64_t *ret_ms)
{
    int64_t sorted[AUTHORITY_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->set.count; i++) {
        const struct peer *p = &c->peers[i];
        if ((int)i == c->place || !p->has_offset || c->now_ms > p->heard_ms + HEARD_MS)
            continue;
        size_t at = n++;
        for (; at > 0 && sorted[at - 1] > p->offset_ms; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = p->offset_ms;
    }
    if (n == 0)
        return false;
    *ret_ms = sorted[n / 2];
    return true;
}
