/*
 * What people get wrong, and try: statements that are turned away at the door, clones, gaps, votes that do not
 * count. Nobody waits for what becomes of them.
 */
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_truth.h"
#include "tests/sim/sim_work.h"

#include "common/state_value.h"

#include <stdlib.h>
#include <string.h>

#define SPARES     2
#define PAUSE_MS   400
#define SPONSOR    5 /* the company that enrols the spare devices */
#define TOO_MANY   10
#define EARLIER_MS 3600000
#define HOLE_MS    2000

struct sim_mischief {
    struct kit_signer spare[SPARES]; /* devices: the second may report humidity only */
    struct kit_signer before[SPARES];
    struct kit_signer hole[SPARES]; /* who could fill a gap, but for its link */
    uint64_t hole_ms[SPARES];       /* the gap was made then; 0: there is none */
    bool floods;                    /* the first device will say more than one may */
};

struct sim_mischief *sim_mischief_new(struct sim *s)
{
    static const char *const names[SPARES] = { "spare device", "humble device" };
    struct sim_mischief *m = calloc(1, sizeof *m);
    if (m == NULL)
        abort();
    for (unsigned i = 0; i < SPARES; i++) {
        struct key_pair key = kit_pair(names[i]);
        kit_signer_begin(&m->spare[i], &key, &s->kit.identity.genesis.ledger);
    }
    m->floods = s->n == 1 && !s->governed && sim_chance(s, 2);
    if (m->floods || sim_chance(s, 30))
        sim_at(s, sim_pick(s, 1000), (struct sim_event){ .kind = SIM_MISCHIEF });
    return m;
}

void sim_mischief_free(struct sim_mischief *m)
{
    free(m);
}

/* ------------------------------------------------------------------ devices */

/* Said once, to one node, and forgotten. */
static void shout(struct sim *s, struct kit_signer *signer, struct statement draft)
{
    struct buf out = buf_heap(STATEMENT_MAX);
    struct sim_node *node = sim_any_good(s);
    (void)kit_sign(signer, draft, KIT_T0 + s->now_ms, &out);
    if (node != NULL)
        sim_node_submit(s, node, buf_slice(&out));
    buf_free(&out);
}

static void flood(struct sim *s)
{
    const int centi[] = { 450 };
    s->mischief->floods = false;
    for (unsigned i = 0; i <= POOL_MAX_KEY; i++)
        shout(s, &s->mischief->spare[0], kit_temperatures(centi, 1, 1000));
}

static void enrol(struct sim *s, unsigned i)
{
    static const uint8_t humidity[] = { 0x81, 0x02 };
    struct kid sponsor = sim_work_member(s, SPONSOR);
    struct statement st = kit_enrol(&s->mischief->spare[i].key, &s->kit.identity.genesis.ledger,
                                    &sponsor, CLASS_DEVICE);
    if (i == 1)
        st.as.enrol.rights = slice_of(humidity, sizeof humidity);
    (void)sim_work_utter(s, SIM_MEMBER(SPONSOR), st);
}

static void revoke(struct sim *s, unsigned i)
{
    struct sim_mischief *m = s->mischief;
    struct statement st = kit_revoke(&m->spare[i].key.kid, KIT_T0 + s->now_ms, m->spare[i].seq);
    if (m->spare[i].seq > 1)
        (void)sim_work_utter(s, SIM_MEMBER(SPONSOR), st);
}

static void report(struct sim *s, unsigned i)
{
    const int centi[] = { 500 + (int)sim_pick(s, 300), 510 };
    s->mischief->before[i] = s->mischief->spare[i];
    shout(s, &s->mischief->spare[i], kit_temperatures(centi, 2, 1000));
}

/* Another statement with the seq of the last one. */
static void clone(struct sim *s, unsigned i)
{
    const int centi[] = { -100 - (int)sim_pick(s, 300) };
    struct kit_signer earlier = s->mischief->before[i];
    if (earlier.seq > 0)
        shout(s, &earlier, kit_temperatures(centi, 1, 1000));
}

static void jump(struct sim *s, unsigned i)
{
    const int centi[] = { 400 };
    struct kit_signer far = s->mischief->spare[i];
    far.seq += 1U << 21;
    shout(s, &far, kit_temperatures(centi, 1, 1000));
}

/* Three are left out; once that is sealed the first of them is filled in by one that does not follow. */
static void gap(struct sim *s, unsigned i)
{
    const int centi[] = { 450 };
    struct sim_mischief *m = s->mischief;
    if (m->hole_ms[i] > 0) {
        shout(s, &m->hole[i], kit_temperatures(centi, 1, 2000));
        m->hole_ms[i] = 0;
        return;
    }
    m->hole[i] = m->spare[i];
    m->hole[i].prev[0] ^= 1;
    m->hole_ms[i] = s->now_ms;
    m->spare[i].seq += 3;
    shout(s, &m->spare[i], kit_temperatures(centi, 1, 1000));
}

/* ------------------------------------------------------------------ the door */

static void garbage(struct sim *s)
{
    static uint8_t huge[STATEMENT_MAX + 1];
    static const uint8_t bytes[] = { 0xd2, 0x84, 0x00 };
    struct sim_node *node = sim_any_good(s);
    if (node == NULL)
        return;
    sim_node_submit(s, node, slice_of(bytes, sizeof bytes));
    sim_node_submit(s, node, slice_of(huge, sizeof huge));
}

static void forge(struct sim *s)
{
    struct buf out = buf_heap(STATEMENT_MAX);
    struct sim_node *node = sim_any_good(s);
    struct kit_signer signer = s->mischief->spare[0];
    const int centi[] = { 450 };
    signer.key.kid = s->kit.keys[0].pair.kid; /* in a company's name */
    (void)kit_sign(&signer, kit_temperatures(centi, 1, 1000), KIT_T0 + s->now_ms, &out);
    if (node != NULL)
        sim_node_submit(s, node, buf_slice(&out));
    buf_free(&out);
}

/* ------------------------------------------------------------------ votes */

static bool propose(struct sim *s, unsigned by, enum govern_action action,
                    const struct proposal_body *b, uint64_t expires_ms)
{
    static uint8_t memory[PROPOSAL_BODY_MAX];
    struct buf body = buf_fixed(memory, sizeof memory);
    struct statement st = { .kind = KIND_PROPOSE };
    proposal_body_put(&body, action, b);
    st.as.proposal =
        (struct proposal){ .action = action, .body = buf_slice(&body), .expires_ms = expires_ms };
    return sim_work_utter(s, SIM_MEMBER(by), st);
}

/* As many at once as one company may not have open; nobody waits for what becomes of them. */
static void propose_too_often(struct sim *s, unsigned by)
{
    static uint8_t memory[PROPOSAL_BODY_MAX];
    struct buf body = buf_fixed(memory, sizeof memory);
    struct proposal_body b = { .kid = sim_work_member(s, by) };
    struct statement st = { .kind = KIND_PROPOSE };
    proposal_body_put(&body, ACTION_ADD_SPONSOR, &b);
    for (unsigned i = 0; i < TOO_MANY; i++) {
        st.as.proposal = (struct proposal){ .action = ACTION_ADD_SPONSOR,
                                            .body = buf_slice(&body),
                                            .expires_ms = KIT_T0 + s->now_ms + EARLIER_MS + i };
        sim_work_shout(s, SIM_MEMBER(by), st);
    }
}

static void propose_wrongly(struct sim *s, unsigned by)
{
    static const uint8_t value[] = { 0x19, 0x27, 0x10 };
    struct kid member = sim_work_member(s, by);
    const struct authority_set *set = sim_truth_set(s->truth, UINT64_MAX);
    struct proposal_body body = { .kid = member,
                                  .number = 2,
                                  .value = slice_of(value, sizeof value) };
    uint64_t later = KIT_T0 + s->now_ms + EARLIER_MS;
    switch (sim_pick(s, 8)) {
    case 5: (void)propose(s, by, ACTION_REMOVE_AUTHORITY, &body, later); break; /* it is none */
    case 6:
        body.number = 1; /* older than the ledger goes by */
        (void)propose(s, by, ACTION_RULES_VERSION, &body, later);
        break;
    case 7: propose_too_often(s, by); break;
    case 0: (void)propose(s, by, ACTION_ADD_SPONSOR, &body, KIT_T0 - 1); break;
    case 1: (void)propose(s, by, ACTION_SET_PARAMETER, &body, later); break;
    case 2: (void)propose(s, by, ACTION_REMOVE_OPERATOR, &body, later); break;
    case 3: (void)propose(s, by, ACTION_ADD_OPERATOR, &body, later); break;
    case 4:
        if (set->count == 1) {
            body.kid = set->at[0].kid;
            (void)propose(s, by, ACTION_REMOVE_AUTHORITY, &body, later);
        }
        break;
    }
}

static void vote_wrongly(struct sim *s, unsigned by)
{
    struct hash nothing = crypto_sha256(slice_text("nothing"));
    struct hash proposal = sim_govern_proposal(s);
    struct hash set = authority_set_hash(sim_truth_set(s->truth, UINT64_MAX));
    struct statement st = { .kind = KIND_BALLOT };
    switch (sim_pick(s, 4)) {
    case 0: st.as.ballot = (struct ballot){ nothing, true, set }; break;
    case 1: st.as.ballot = (struct ballot){ proposal, true, nothing }; break;
    case 2: st.as.ballot = (struct ballot){ proposal, true, set }; break;
    case 3:
        st.kind = KIND_WITHDRAW;
        st.as.withdraw.proposal = proposal;
        break;
    }
    (void)sim_work_utter(s, SIM_MEMBER(by), st);
}

/* An authority of the set enters it once more, or accuses with nothing in its hands. */
static void err_as_authority(struct sim *s)
{
    const struct authority_set *set = sim_truth_set(s->truth, UINT64_MAX);
    struct statement st = { .kind = KIND_NODE };
    st.as.node =
        (struct node_announce){ { slice_text("127.0.0.1:18830"),
                                  slice_text("https://127.0.0.1:18840"), slice_text("DER") },
                                true };
    for (unsigned i = 0; i < s->n; i++)
        if (authority_set_find(set, &s->keys[i].kid) >= 0 && sim_chance(s, 50)) {
            if (sim_chance(s, 50))
                (void)sim_work_utter(s, SIM_AUTHORITY(i), st);
            else
                sim_govern_accuse(s, i, slice_text("one"), slice_text("two"));
            return;
        }
}

/* ------------------------------------------------------------------ now and then */

static bool is_enrolled(struct sim *s, unsigned i)
{
    struct state_key key = state_key_kid(TABLE_KEY, &s->mischief->spare[i].key.kid);
    struct buf value = buf_heap(4096);
    struct sim_node *node = sim_any_good(s);
    bool there = node != NULL && sim_disk_get(node->disk, state_key_slice(&key), &value);
    buf_free(&value);
    return there;
}

static void with_device(struct sim *s, unsigned i)
{
    if (!is_enrolled(s, i)) {
        enrol(s, i);
        return;
    }
    if (i == 0 && s->mischief->floods) {
        flood(s);
        return;
    }
    if (s->mischief->hole_ms[i] > 0 && s->now_ms > s->mischief->hole_ms[i] + HOLE_MS) {
        gap(s, i);
        return;
    }
    switch (sim_pick(s, 8)) {
    case 0: enrol(s, i); break;
    case 1: revoke(s, i); break;
    case 2: clone(s, i); break;
    case 3: jump(s, i); break;
    case 4:
        if (s->mischief->hole_ms[i] == 0)
            gap(s, i);
        break;
    default: report(s, i); break;
    }
}

void sim_mischief_step(struct sim *s)
{
    unsigned by = sim_pick(s, sim_work_voters(s));
    if (s->now_ms < s->heal_ms)
        sim_at(s, 1 + sim_pick(s, 2 * PAUSE_MS), (struct sim_event){ .kind = SIM_MISCHIEF });
    switch (sim_pick(s, 9)) {
    case 0: garbage(s); break;
    case 1: forge(s); break;
    case 2: propose_wrongly(s, by); break;
    case 3: vote_wrongly(s, by); break;
    case 4: err_as_authority(s); break;
    case 5:
    case 6: with_device(s, 0); break;
    case 7:
    case 8: with_device(s, 1); break;
    }
}
