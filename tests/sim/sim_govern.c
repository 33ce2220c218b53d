/* Changes of the authority set, by real proposals and ballots, and what becomes of evidence. */
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_truth.h"
#include "tests/sim/sim_work.h"

#include "common/state_value.h"

#include <stdlib.h>
#include <string.h>

#define STEP_MS     250
#define CHANGES_MAX 3
#define TRIES_MAX   12
#define NEAR        3 /* blocks that a candidate may still lack */

enum stage {
    STAGE_PROPOSE,
    STAGE_PROPOSING,
    STAGE_VOTE,
    STAGE_ENTER,
    STAGE_ENTERING,
    STAGE_OVER,
};

struct change {
    bool adds;
    unsigned key;
    enum stage stage;
    unsigned by;    /* the voter who proposes */
    bool proposing; /* what it says now is the proposal */
    struct hash proposal;
    bool voted[SIM_KEYS_MAX + GOODS_MEMBERS], asked[SIM_KEYS_MAX + GOODS_MEMBERS];
    unsigned tries;
};

struct sim_govern {
    bool hesitant; /* voters take their time, and proposals stay open */
    size_t count;
    struct change changes[CHANGES_MAX];
};

/* ------------------------------------------------------------------ planning */

static unsigned faults_of(unsigned n)
{
    return (n - 1) / 3;
}

/* Liars and ill nodes stay within f of every set there may be, in whatever order. */
static void plan(struct sim *s, struct sim_govern *g)
{
    unsigned least = s->n;
    for (size_t i = 0; i < 1 + sim_pick(s, CHANGES_MAX); i++) {
        struct change *c = &g->changes[g->count];
        bool may_remove = least > 1 && faults_of(least - 1) >= s->liars + s->weak;
        *c = (struct change){ .adds = !may_remove || sim_chance(s, 50) };
        c->by = sim_pick(s, sim_work_voters(s));
        c->key = c->adds ? s->n + (unsigned)(i % SIM_CANDIDATES) : sim_pick(s, s->n);
        for (size_t k = 0; k < g->count; k++)
            if (g->changes[k].key == c->key)
                return;
        least -= c->adds ? 0 : 1;
        g->count++;
    }
}

struct sim_govern *sim_govern_new(struct sim *s)
{
    struct sim_govern *g = calloc(1, sizeof *g);
    if (g == NULL)
        abort();
    if (!s->governed)
        return g;
    plan(s, g);
    g->hesitant = sim_chance(s, 30);
    sim_at(s, 300 + sim_pick(s, (unsigned)s->heal_ms), (struct sim_event){ .kind = SIM_GOVERN });
    return g;
}

void sim_govern_free(struct sim_govern *g)
{
    free(g);
}

/* ------------------------------------------------------------------ saying */

static bool propose(struct sim *s, const struct change *c)
{
    static uint8_t memory[ENROL_REQUEST_MAX], bytes[PROPOSAL_BODY_MAX];
    static const uint8_t token[HALF_SIZE] = { 7 };
    struct buf request = buf_fixed(memory, sizeof memory), body = buf_fixed(bytes, sizeof bytes);
    struct proposal_body b = { .kid = s->keys[c->key].kid, .until_ms = KIT_T0 + 86400000 };
    enum govern_action action = c->adds ? ACTION_ADD_AUTHORITY : ACTION_REMOVE_AUTHORITY;
    if (c->adds) {
        struct kid member = sim_work_member(s, c->key);
        enrol_request_sign(&s->keys[c->key], &s->kit.identity.genesis.ledger, &member, token,
                           &request);
        b.request = buf_slice(&request);
    }
    proposal_body_put(&body, action, &b);
    struct statement st = { .kind = KIND_PROPOSE };
    st.as.proposal = (struct proposal){ .action = action,
                                        .body = buf_slice(&body),
                                        .expires_ms = KIT_T0 + s->now_ms + 40000000 };
    return sim_work_utter(s, SIM_MEMBER(c->by), st);
}

static void vote(struct sim *s, struct change *c)
{
    const struct authority_set *set = sim_truth_set(s->truth, UINT64_MAX);
    bool all = true;
    for (unsigned i = 0; i < sim_work_voters(s); i++) {
        struct statement st = { .kind = KIND_BALLOT };
        bool again =
            c->voted[i] && s->govern->hesitant && sim_chance(s, 5); /* is not sure any more */
        st.as.ballot = (struct ballot){ c->proposal, true, authority_set_hash(set) };
        all = all && c->voted[i];
        if (again)
            (void)sim_work_utter(s, SIM_MEMBER(i), st);
        else if (!c->voted[i] && !c->asked[i] && (!s->govern->hesitant || sim_chance(s, 20)))
            c->asked[i] = sim_work_utter(s, SIM_MEMBER(i), st);
    }
    if (all)
        c->stage = c->adds ? STAGE_ENTER : STAGE_OVER;
}

/* The candidate's machine; NULL: it is down, or has not followed so far that it could vote at once. */
static struct sim_node *ready(struct sim *s, unsigned key)
{
    for (unsigned i = 0; i < s->node_count; i++) {
        struct sim_node *node = &s->nodes[i];
        if (node->key == key && node->up &&
            sim_node_height(node) + NEAR >= sim_truth_height(s->truth))
            return node;
    }
    return NULL;
}

/* Once the vote took effect, the candidate's own word, on its own tip, puts it into the set. */
static void enter(struct sim *s, struct change *c)
{
    struct state_key key = state_key_kid(TABLE_CANDIDATE, &s->keys[c->key].kid);
    struct buf value = buf_heap(4096);
    struct sim_node *node = ready(s, c->key);
    bool may = node != NULL && sim_disk_get(node->disk, state_key_slice(&key), &value);
    buf_free(&value);
    if (!may) {
        if (++c->tries > 8 * TRIES_MAX)
            c->stage = STAGE_OVER;
        return;
    }
    struct statement st = { .kind = KIND_NODE };
    bool forgetful = sim_chance(s, 20); /* names no block it has seen */
    st.as.node =
        (struct node_announce){ { slice_text("127.0.0.1:18830"),
                                  slice_text("https://127.0.0.1:18840"), slice_text("DER") },
                                true };
    st.link.anchor = (struct anchor){ .present = !forgetful, .height = node->chain.head.height };
    memcpy(st.link.anchor.hash, node->chain.head_hash.bytes, ANCHOR_HASH_SIZE);
    if (sim_work_utter(s, SIM_AUTHORITY(c->key), st))
        c->stage = STAGE_ENTERING;
}

bool sim_govern_is_over(const struct sim *s)
{
    const struct sim_govern *g = s->govern;
    for (size_t i = 0; i < g->count; i++)
        if (g->changes[i].stage != STAGE_OVER)
            return false;
    return true;
}

static void step(struct sim *s, struct change *c)
{
    switch (c->stage) {
    case STAGE_PROPOSE:
        if (propose(s, c)) {
            c->stage = STAGE_PROPOSING;
            c->proposing = true;
        }
        break;
    case STAGE_VOTE: vote(s, c); break;
    case STAGE_ENTER: enter(s, c); break;
    case STAGE_PROPOSING:
    case STAGE_ENTERING:
    case STAGE_OVER: break;
    }
}

void sim_govern_step(struct sim *s)
{
    struct sim_govern *g = s->govern;
    if (sim_govern_is_over(s))
        return;
    sim_at(s, STEP_MS, (struct sim_event){ .kind = SIM_GOVERN });
    for (size_t i = 0; i < g->count; i++)
        step(s, &g->changes[i]);
}

struct hash sim_govern_proposal(const struct sim *s)
{
    const struct sim_govern *g = s->govern;
    struct hash newest = crypto_sha256(slice_text("no proposal"));
    for (size_t i = 0; i < g->count; i++)
        if (g->changes[i].stage > STAGE_PROPOSING)
            newest = g->changes[i].proposal;
    return newest;
}

void sim_govern_accuse(struct sim *s, unsigned key, struct slice a, struct slice b)
{
    struct statement st = { .kind = KIND_EVIDENCE };
    bool less = slice_compare(a, b) < 0;
    st.as.evidence = (struct evidence){ less ? a : b, less ? b : a };
    (void)sim_work_utter(s, SIM_AUTHORITY(key), st);
}

/* ------------------------------------------------------------------ hearing */

static void hear(struct sim *s, struct change *c, unsigned signer, const struct verdict *v)
{
    if (c->stage == STAGE_PROPOSING && signer == SIM_MEMBER(c->by) && c->proposing) {
        c->proposing = false;
        c->proposal = v->statement;
        c->stage = v->code == ACCEPTED ? STAGE_VOTE : STAGE_OVER;
    } else if (c->stage == STAGE_ENTERING && signer == SIM_AUTHORITY(c->key)) {
        bool again = v->code == REFUSED_TIP_NOT_RECENT || v->code == REFUSED_SET_CHANGING;
        c->stage = again && ++c->tries < TRIES_MAX ? STAGE_ENTER : STAGE_OVER;
    } else if (c->stage == STAGE_VOTE) {
        for (unsigned i = 0; i < sim_work_voters(s); i++)
            if (c->asked[i] && signer == SIM_MEMBER(i)) {
                c->asked[i] = false;
                c->voted[i] = v->code != REFUSED_OTHER_SET || ++c->tries > TRIES_MAX;
            }
    }
}

void sim_govern_heard(struct sim *s, unsigned signer, const struct verdict *v)
{
    sim_say(s, "signer %u: %s %.*s", signer, refusal_name(v->code), (int)v->detail.len,
            (const char *)v->detail.data);
    for (size_t i = 0; i < s->govern->count; i++)
        hear(s, &s->govern->changes[i], signer, v);
}
