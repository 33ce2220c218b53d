/* One node: a machine, its disk, and the runner that does what the machine wants done. */
#include "tests/sim/sim.h"

#include "common/block.h"
#include "common/state_value.h"
#include "node/blocks_range.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_liar.h"
#include "tests/sim/sim_truth.h"
#include "tests/sim/sim_work.h"
#include "tests/support/fake_crypto.h"

#include <stdlib.h>
#include <string.h>

#define ACTIONS_MAX 10000 /* of one event: more is a machine that runs in a circle */

static struct node_time time_of(const struct sim *s, const struct sim_node *node)
{
    return (struct node_time){ .clock_ms =
                                   (uint64_t)((int64_t)(KIT_T0 + s->now_ms) + node->offset_ms),
                               .steady_ms = SIM_STEADY0_MS + s->now_ms };
}

uint64_t sim_node_height(const struct sim_node *node)
{
    return node->up && node->chain_there ? node->chain.head.height : 0;
}

/* ------------------------------------------------------------------ life */

static bool get_state(void *ctx, struct slice key, struct buf *value)
{
    struct sim_node *node = ctx;
    return sim_disk_get(node->disk, key, value);
}

static void note_restart(struct sim *s, struct sim_node *node)
{
    uint64_t *b = s->cover->branches;
    node_core_look(node->core, SIM_STEADY0_MS + s->now_ms, &node->seen);
    b[BRANCH_RESTARTED_IDLE] += node->seen.phase == PHASE_IDLE;
    b[BRANCH_RESTARTED_PREPARED] += node->seen.phase == PHASE_PREPARE;
    b[BRANCH_RESTARTED_SEALED] += node->seen.phase == PHASE_COMMIT;
    b[BRANCH_RESTARTED_ABOVE_0] += node->seen.round > 0;
}

#define BODIES_MAX 64

struct bodies {
    size_t count;
    struct slice at[BODIES_MAX];
};

static bool add_body(void *ctx, struct slice body)
{
    struct bodies *b = ctx;
    uint8_t *copy = malloc(body.len);
    if (copy == NULL || b->count == BODIES_MAX)
        abort();
    memcpy(copy, body.data, body.len);
    b->at[b->count++] = slice_of(copy, body.len);
    return true;
}

static void close_all(struct sim_node *node)
{
    node_core_free(node->core);
    node->core = NULL;
    if (node->chain_there)
        chain_free(&node->chain);
    node->chain_there = false;
    sim_disk_close(node->disk);
}

static void lose_power(struct sim *s, struct sim_node *node)
{
    if (sim_chance(s, 50))
        sim_disk_power_cut(node->disk, rand_next(&s->rnd));
}

static bool open_all(struct sim *s, struct sim_node *node, bool lost)
{
    struct err err = { .msg = "" };
    struct node_core_options options = { .authority = s->keys[node->key],
                                         .period_ms = SIM_PERIOD_MS,
                                         .empty_ms = 60000,
                                         .t0_ms = SIM_T0_MS,
                                         .vote_lost = lost };
    crypto_random(options.nonce, sizeof options.nonce);
    if (!sim_disk_open(node->disk, &err))
        return sim_fail(s, "DISK", "node %u can't open its disk: %s", node->number, err.msg);
    node->chain_there = chain_init(&node->chain, get_state, node);
    if (!node->chain_there || !sim_disk_load(node->disk, &node->chain, &err))
        return sim_fail(s, "REPLAY", "node %u can't load its chain: %s", node->number, err.msg);
    struct bodies bodies = { .count = 0 };
    sim_disk_candidates(node->disk, add_body, &bodies);
    options.vote = sim_disk_vote(node->disk);
    options.bodies = bodies.at;
    options.body_count = bodies.count;
    node->core = node_core_new(&options, &node->chain, &err);
    while (bodies.count > 0)
        free((void *)(uintptr_t)bodies.at[--bodies.count].data);
    if (node->core == NULL)
        return sim_fail(s, "DISK", "node %u can't start: %s", node->number, err.msg);
    return true;
}

bool sim_node_start(struct sim *s, struct sim_node *node)
{
    bool lost = node->forgets;
    node->dies_in = 0;
    node->wake_at = UINT64_MAX;
    if (node->kind == SIM_COSIGNER) {
        node->up = true;
        sim_node_wake(s, node);
        return true;
    }
    if (lost) {
        bool all_too = sim_chance(s, 50);
        sim_say(s, "node %u: its disk forgot %s", node->number,
                all_too ? "everything" : "the vote");
        sim_disk_forget(node->disk, all_too);
        node->forgets = false;
    }
    if (!open_all(s, node, lost)) {
        close_all(node);
        return false;
    }
    node->up = true;
    node->abstained = false;
    sim_say(s, "node %u: up at height %llu", node->number,
            (unsigned long long)node->chain.head.height);
    sim_node_wake(s, node);
    if (node->up && s->now_ms > 0)
        note_restart(s, node);
    return node->up;
}

void sim_node_crash(struct sim *s, struct sim_node *node)
{
    if (!node->up)
        return;
    sim_say(s, "node %u: down", node->number);
    if (node->kind != SIM_COSIGNER)
        lose_power(s, node);
    close_all(node);
    node->up = false;
    node->dies_in = 0;
}

void sim_node_free(struct sim_node *node)
{
    if (node->disk != NULL)
        close_all(node);
    sim_disk_free(node->disk);
    sim_liar_free(node->liar);
}

/* ------------------------------------------------------------------ the door */

static bool is_genuine(struct sim *s, struct sim_node *node, const struct statement *st)
{
    static uint8_t memory[STATEMENT_MAX + COSE_SIG_ROOM];
    struct state_key key = state_key_kid(TABLE_KEY, &st->kid);
    struct state_key_record record;
    struct buf value = buf_heap(4096), scratch = buf_fixed(memory, sizeof memory);
    bool good = sim_disk_get(node->disk, state_key_slice(&key), &value) &&
                state_key_record_take(buf_slice(&value), &record);
    if (!good)
        s->cover->codes[REFUSED_UNKNOWN_KEY]++;
    else if (!statement_verify(st, record.pub, &s->kit.identity.genesis.ledger, &scratch)) {
        s->cover->codes[REFUSED_BAD_SIGNATURE]++;
        good = false;
    }
    buf_free(&value);
    return good;
}

static void door(struct sim *s, struct sim_node *node, struct slice bytes, bool from_peer)
{
    struct hash hash = crypto_sha256(bytes);
    if (node_core_has(node->core, &hash))
        return;
    if (bytes.len > STATEMENT_MAX) {
        s->cover->codes[REFUSED_TOO_LARGE]++;
        return;
    }
    struct parcel *p = malloc(sizeof *p + bytes.len);
    if (p == NULL)
        abort();
    *p = (struct parcel){ .arrived_ms = SIM_STEADY0_MS + s->now_ms,
                          .from_peer = from_peer,
                          .len = bytes.len };
    memcpy(p->bytes, bytes.data, bytes.len);
    if (!statement_decode(slice_of(p->bytes, p->len), &p->st, NULL))
        s->cover->codes[REFUSED_MALFORMED]++;
    else if (node->kind == SIM_LIAR || is_genuine(s, node, &p->st)) {
        enum pool_answer answer = node_core_add(node->core, p);
        if (answer == POOL_TAKEN)
            return;
        s->cover->codes[REFUSED_QUOTA] += answer == POOL_QUOTA;
        s->cover->codes[REFUSED_BUSY] += answer == POOL_FULL;
    }
    free(p);
}

/* ------------------------------------------------------------------ actions */

static void send(struct sim *s, struct sim_node *node, const struct node_action *a)
{
    if (a->message.len < 2)
        return;
    struct sim_packet *p = sim_net_packet(a->message.data[1], node->number, a->message);
    if (!node->byzantine)
        sim_truth_said(s, node, p);
    if (a->has_kid && p->what == MESSAGE_DECIDED)
        s->cover->branches[BRANCH_DECIDED_ANSWERED]++;
    if (node->kind == SIM_LIAR)
        p = sim_liar_bend(s, node, p);
    if (p == NULL)
        return;
    if (a->has_kid)
        sim_net_to_kid(s, p, &a->kid);
    else
        sim_net_cast(s, p);
}

static void ask(struct sim *s, struct sim_node *node, const struct node_action *a)
{
    struct slice nothing = { NULL, 0 };
    node_core_look(node->core, SIM_STEADY0_MS + s->now_ms, &node->seen);
    s->cover->branches[BRANCH_BODY_AFTER_SEALS] += node->seen.phase == PHASE_DECIDED;
    for (size_t i = 0; i < a->kid_count; i++) {
        struct sim_packet *p = sim_net_packet(SIM_FETCH, node->number, nothing);
        p->block = a->block;
        sim_net_to_kid(s, p, &a->kids[i]);
    }
}

static void store(struct sim *s, struct sim_node *node, const struct node_action *a)
{
    if (!sim_disk_commit(node->disk, &a->commit)) {
        (void)sim_fail(s, "DISK", "node %u can't store block %llu", node->number,
                       (unsigned long long)a->commit.header.height);
        return;
    }
    sim_say(s, "node %u: block %llu, %zu statements", node->number,
            (unsigned long long)a->commit.header.height, a->commit.statement_count);
    if (!node->byzantine)
        sim_truth_decided(s, node, &a->commit);
    node_core_stored(node->core, time_of(s, node));
}

static void alarm(struct sim *s, const struct sim_node *node, enum node_alarm what)
{
    s->cover->branches[BRANCH_CLOCK_ALARM] += what == ALARM_CLOCK;
    s->cover->branches[BRANCH_BAD_BLOCK] += what == ALARM_BAD_BLOCK;
    if (!node->byzantine && what == ALARM_DIVERGED)
        (void)sim_fail(s, "DIVERGED", "node %u came to other roots than were decided",
                       node->number);
    if (!node->byzantine && what == ALARM_RULES)
        (void)sim_fail(s, "RULES", "node %u does not know the rules", node->number);
}

static void note_evidence(struct sim *s, const struct sim_node *node, const struct node_action *a)
{
    uint64_t *b = s->cover->branches;
    if (a->message.len > 1) {
        b[BRANCH_EVIDENCE_PROPOSE] += a->message.data[1] == MESSAGE_PROPOSE;
        b[BRANCH_EVIDENCE_PREPARE] += a->message.data[1] == MESSAGE_PREPARE;
        b[BRANCH_EVIDENCE_COMMIT] += a->message.data[1] == MESSAGE_COMMIT;
    }
    if (!node->byzantine && sim_is_member(s, node))
        sim_govern_accuse(s, node->key, a->message, a->other);
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && !s->nodes[i].ill && !s->wide &&
            kid_equal(&s->keys[s->nodes[i].key].kid, &a->kid))
            (void)sim_fail(s, "EVIDENCE", "node %u has evidence against node %u, which is honest",
                           node->number, i);
}

static void perform(struct sim *s, struct sim_node *node, const struct node_action *a)
{
    struct slice nothing = { NULL, 0 };
    switch (a->kind) {
    case NODE_PERSIST:
        if (!sim_disk_put_vote(node->disk, a->vote, &a->block, a->body))
            (void)sim_fail(s, "DISK", "node %u can't store its vote", node->number);
        break;
    case NODE_SEND: send(s, node, a); break;
    case NODE_RELAY:
        s->cover->branches[BRANCH_RELAYED]++;
        sim_net_cast(s, sim_net_packet(MESSAGE_STATEMENTS, node->number, a->message));
        break;
    case NODE_FETCH: ask(s, node, a); break;
    case NODE_CATCH_UP: {
        struct sim_packet *p = sim_net_packet(SIM_ASK, node->number, nothing);
        p->height = a->height;
        sim_net_to_kid(s, p, &a->kid);
        break;
    }
    case NODE_STORE: store(s, node, a); break;
    case NODE_REFUSED:
        for (size_t i = 0; i < a->refused_count; i++)
            s->cover->codes[a->refused[i].code % SIM_CODES_MAX]++;
        break;
    case NODE_EVIDENCE: note_evidence(s, node, a); break;
    case NODE_ALARM: alarm(s, node, a->alarm); break;
    }
}

/* True: the node dies before it does this. */
static bool dies_before(struct sim *s, struct sim_node *node, const struct node_action *a)
{
    if (node->dies_in == 0 || --node->dies_in > 0)
        return false;
    uint64_t *b = s->cover->branches;
    b[BRANCH_DIED_BEFORE_PERSIST] += a->kind == NODE_PERSIST;
    b[BRANCH_DIED_BEFORE_SEND] += a->kind == NODE_SEND;
    b[BRANCH_DIED_BEFORE_STORE] += a->kind == NODE_STORE;
    sim_node_crash(s, node);
    sim_at(s, node->down_ms, (struct sim_event){ .kind = SIM_RESTART, .node = node->number });
    return true;
}

static void look(struct sim *s, struct sim_node *node)
{
    struct consensus_view was = node->seen, *is = &node->seen;
    uint64_t *b = s->cover->branches;
    node_core_look(node->core, SIM_STEADY0_MS + s->now_ms, is);
    if (is->abstains)
        node->abstained = true;
    b[BRANCH_ABSTAINED] += is->abstains && !was.abstains;
    if (!is->abstains && was.abstains && node->abstained)
        b[is->quorum == is->members ? BRANCH_REJOINED_ALL : BRANCH_REJOINED]++;
    if (is->height == was.height && is->round > was.round)
        b[is->round > was.round + 1 ? BRANCH_ROUND_JUMPED : BRANCH_ROUND_EXPIRED]++;
    b[BRANCH_ONE_ALONE] += is->members == 1 && is->height > was.height;
    if (is->height != was.height || is->round != was.round || is->phase != was.phase)
        sim_say(s, "node %u: height %llu round %llu phase %d%s", node->number,
                (unsigned long long)is->height, (unsigned long long)is->round, (int)is->phase,
                is->abstains ? " (abstains)" : "");
}

/* Does everything the machine wants, then plans when to ask it again. */
static void run(struct sim *s, struct sim_node *node)
{
    struct node_action a;
    unsigned count = 0;
    while (node->up && s->fault == NULL && node_core_next(node->core, &a)) {
        if (dies_before(s, node, &a))
            return;
        if (++count > ACTIONS_MAX) {
            (void)sim_fail(s, "CIRCLE", "node %u does not come to rest", node->number);
            return;
        }
        perform(s, node, &a);
    }
    if (!node->up || s->fault != NULL)
        return;
    if (node_core_failed(node->core)) {
        if (!node->byzantine)
            (void)sim_fail(s, "FAILED", "the machine of node %u has failed", node->number);
        sim_node_crash(s, node);
        return;
    }
    look(s, node);
    uint64_t wait = node_core_wait_ms(node->core, SIM_STEADY0_MS + s->now_ms);
    if (wait == UINT64_MAX)
        return;
    uint64_t at = s->now_ms + (wait == 0 ? 1 : wait);
    if (at < node->wake_at || node->wake_at <= s->now_ms) {
        node->wake_at = at;
        sim_at(s, at - s->now_ms, (struct sim_event){ .kind = SIM_WAKE, .node = node->number });
    }
}

/* ------------------------------------------------------------------ events */

void sim_node_wake(struct sim *s, struct sim_node *node)
{
    node->wake_at = UINT64_MAX;
    if (node->kind == SIM_COSIGNER) {
        sim_liar_wake(s, node);
        node->wake_at = s->now_ms + 500;
        sim_at(s, 500, (struct sim_event){ .kind = SIM_WAKE, .node = node->number });
        return;
    }
    if (node->kind == SIM_LIAR)
        sim_liar_moody(s, node);
    node_core_tick(node->core, time_of(s, node));
    run(s, node);
}

void sim_node_submit(struct sim *s, struct sim_node *node, struct slice statement)
{
    if (!node->up || node->core == NULL)
        return;
    door(s, node, statement, false);
    node_core_tick(node->core, time_of(s, node));
    run(s, node);
}

static void take_statements(struct sim *s, struct sim_node *node, struct slice bytes)
{
    struct message m;
    if (!message_decode(bytes, &m, NULL))
        return;
    for (size_t i = 0; i < m.as.statements.count; i++)
        door(s, node, cbor_take_bytes(&m.as.statements.at, 1, STATEMENT_MAX), true);
    node_core_tick(node->core, time_of(s, node));
}

static void take_blocks(struct sim *s, struct sim_node *node, const struct sim_packet *packet)
{
    struct blocks_range range;
    struct slice block, seals, answer = slice_of(packet->bytes, packet->len);
    bool good = blocks_range_begin(answer, packet->height, &range, NULL);
    while (good && range.count > 0 && node->up && s->fault == NULL) {
        uint64_t height = range.height;
        good = blocks_range_next(&range, &block, &seals, NULL);
        if (good && height <= node->chain.head.height)
            continue;
        good = good && node_core_catch_up(node->core, block, seals, time_of(s, node), NULL);
        s->cover->branches[good ? BRANCH_CAUGHT_UP : BRANCH_CATCH_UP_REFUSED]++;
        run(s, node);
    }
}

void sim_node_deliver(struct sim *s, struct sim_node *node, const struct sim_packet *packet)
{
    struct slice bytes = slice_of(packet->bytes, packet->len);
    if (node->kind == SIM_COSIGNER) {
        sim_liar_hear(s, node, packet);
        return;
    }
    if (packet->what == MESSAGE_STATEMENTS)
        take_statements(s, node, bytes);
    else if (packet->what == SIM_FETCH)
        sim_serve_body(s, node, packet);
    else if (packet->what == SIM_BODY) {
        s->cover->branches[BRANCH_BODY_FETCHED]++;
        node_core_body(node->core, bytes, time_of(s, node));
    } else if (packet->what == SIM_ASK)
        sim_serve_blocks(s, node, packet);
    else if (packet->what == SIM_BLOCKS)
        take_blocks(s, node, packet);
    else
        node_core_receive(node->core, bytes, time_of(s, node));
    if (node->up)
        run(s, node);
}
