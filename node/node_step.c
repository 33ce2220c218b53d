#include "node/node_step_parts.h"

#include "common/block.h"
#include "common/final.h"
#include "common/state_value.h"
#include "node/rules_next.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define T0_MS 1000

/* ------------------------------------------------------------------ life */

static bool make_room(struct node_core *core)
{
    core->pool = pool_new();
    core->execution = execution_new();
    core->consensus = malloc(consensus_size());
    core->gone = malloc(POOL_MAX * sizeof core->gone[0]);
    core->statements = malloc(BLOCK_STATEMENTS_MAX * sizeof core->statements[0]);
    core->hashes = malloc(BLOCK_STATEMENTS_MAX * sizeof core->hashes[0]);
    core->last_hashes = malloc(BLOCK_STATEMENTS_MAX * sizeof core->last_hashes[0]);
    core->other_hashes = malloc(BLOCK_STATEMENTS_MAX * sizeof core->other_hashes[0]);
    core->refused = malloc(POOL_MAX * sizeof core->refused[0]);
    core->seals = buf_heap(AUTHORITY_MAX * (SEAL_SIZE_MAX + 8));
    core->scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    core->first_vote = buf_heap(CONSENSUS_VOTE_MAX);
    return core->pool != NULL && core->execution != NULL && core->consensus != NULL &&
           core->gone != NULL && core->statements != NULL && core->hashes != NULL &&
           core->last_hashes != NULL && core->other_hashes != NULL && core->refused != NULL;
}

/* What was stored before the process ended. A body that does not fit the head is of an older height. */
static void take_stored(struct node_core *core)
{
    buf_add_slice(&core->first_vote, core->options.vote);
    for (size_t i = core->options.body_count; i-- > 0;) {
        struct body *body = node_core_take_body(core, core->options.bodies[i], NULL);
        if (body != NULL)
            body->stored = true;
    }
    core->options.vote = slice_of(NULL, 0);
    core->options.bodies = NULL;
}

struct node_core *node_core_new(const struct node_core_options *options, struct chain *chain,
                                struct err *err)
{
    struct node_core *core = calloc(1, sizeof *core);
    if (core != NULL) {
        core->options = *options;
        core->chain = chain;
        core->last_block = chain->head_hash;
    }
    if (core == NULL || !make_room(core)) {
        node_core_free(core);
        (void)err_set(err, ERR_IO, "out of memory");
        return NULL;
    }
    take_stored(core);
    struct consensus_options c = { .key = options->authority,
                                   .ledger = chain->head.ledger,
                                   .t0_ms = options->t0_ms == 0 ? T0_MS : options->t0_ms,
                                   .vote_lost = options->vote_lost };
    memcpy(c.nonce, options->nonce, sizeof c.nonce);
    consensus_begin(core->consensus, &c);
    crypto_wipe(&c.key, sizeof c.key);
    return core;
}

void node_core_free(struct node_core *core)
{
    if (core == NULL)
        return;
    pool_free(core->pool);
    execution_free(core->execution);
    core->executed.there = false;
    node_core_forget_bodies(core);
    node_core_queue_free(core);
    node_core_later_free(core);
    if (core->consensus != NULL)
        crypto_wipe(core->consensus, consensus_size());
    free(core->consensus);
    free(core->bodies);
    free(core->gone);
    free(core->statements);
    free(core->hashes);
    free(core->last_hashes);
    free(core->other_hashes);
    free(core->refused);
    buf_free(&core->seals);
    buf_free(&core->scratch);
    buf_free(&core->first_vote);
    buf_free(&core->spent);
    crypto_wipe(&core->options.authority, sizeof core->options.authority);
    free(core);
}

/* ------------------------------------------------------------------ what there is to do */

bool node_core_timer_due(const struct node_core *core)
{
    struct state_key key;
    return core->effects || timers_due(core->chain->timers, core->now.clock_ms, &key, 1) > 0;
}

bool node_core_empty_due(const struct node_core *core)
{
    return core->options.empty_ms != 0 &&
           core->now.steady_ms >= core->last_block_ms + core->options.empty_ms;
}

bool node_core_alone(const struct node_core *core)
{
    const struct authority_set *set = node_core_set(core);
    return set->count == 1 && kid_equal(&set->at[0].kid, &core->options.authority.kid);
}

bool node_core_work(const struct node_core *core)
{
    uint64_t now = core->now.steady_ms;
    if (core->executed.there || core->judge.there)
        return true; /* a block is under way */
    if (now < core->last_block_ms + core->options.period_ms)
        return false;
    bool released = core->held_until_ms != 0 && now >= core->held_until_ms;
    return core->pending || released || node_core_timer_due(core) || node_core_empty_due(core);
}

/* ------------------------------------------------------------------ events */

/* The height after the head begins. */
static void start(struct node_core *core)
{
    if (!chain_knows_rules(chain_next_rules(core->chain))) {
        node_core_fail(core, ALARM_RULES);
        return;
    }
    core->effects = rules_next_has_effects(&core->chain->view, core->chain->head.height + 1);
    node_core_step(core, (struct consensus_event){ .kind = CONSENSUS_START,
                                                   .set = node_core_set(core),
                                                   .parent = &core->chain->head,
                                                   .vote = buf_slice(&core->first_vote) });
}

/* False: nothing is to be done now, or ever. */
static bool enter(struct node_core *core, struct node_time now)
{
    core->now = now;
    if (core->failed || core->storing)
        return false;
    if (core->begun)
        return true;
    core->begun = true;
    core->last_block_ms = now.steady_ms;
    start(core);
    buf_free(&core->first_vote);
    return !core->failed && !core->storing;
}

enum pool_answer node_core_add(struct node_core *core, struct parcel *parcel)
{
    enum pool_answer answer = pool_add(core->pool, parcel);
    if (answer == POOL_TAKEN) {
        core->pending = true;
        core->tried = false;
    }
    return answer;
}

/* The key of an authority that is not of the set now: it may be behind, or wait to enter. */
static const uint8_t *known_key(struct node_core *core, const struct kid *kid,
                                uint8_t pub[PUB_SIZE])
{
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    struct state_key_record record;
    struct buf value = buf_heap(STATE_VALUE_MAX);
    bool known = core->chain->get(core->chain->get_ctx, state_key_slice(&key), &value) &&
                 state_key_record_take(buf_slice(&value), &record) &&
                 record.class == CLASS_AUTHORITY && !record.revoked;
    if (known)
        memcpy(pub, record.pub, PUB_SIZE);
    buf_free(&value);
    return known ? pub : NULL;
}

static bool is_authentic(struct node_core *core, const struct message *m)
{
    uint8_t pub[PUB_SIZE];
    const uint8_t *known = NULL;
    if (authority_set_find(node_core_set(core), &m->from) < 0)
        known = known_key(core, &m->from, pub);
    return consensus_verify(core->consensus, m, known, NULL);
}

void node_core_receive(struct node_core *core, struct slice message, struct node_time now)
{
    struct message m;
    uint64_t height = core->chain->head.height + 1;
    if (!enter(core, now) || !message_decode(message, &m, NULL) || m.type == MESSAGE_STATEMENTS ||
        kid_equal(&m.from, &core->options.authority.kid) || !is_authentic(core, &m))
        return;
    if (m.height == height + 1 && m.type != MESSAGE_STATUS)
        node_core_keep_later(core, &m);
    if (m.height == height && (m.type == MESSAGE_PROPOSE || m.type == MESSAGE_DECIDED))
        node_core_note_hint(core, &m);
    node_core_step(core, (struct consensus_event){ .kind = CONSENSUS_MESSAGE, .message = &m });
}

void node_core_body(struct node_core *core, struct slice block, struct node_time now)
{
    if (!enter(core, now))
        return;
    if (node_core_take_body(core, block, NULL) != NULL)
        node_core_settle(core);
}

/* Seals and form; what the rules make of it is seen when it is executed. */
static struct body *check_sealed(struct node_core *core, struct slice block, struct slice seals,
                                 struct err *err)
{
    struct block b;
    if (!block_decode(block, &b, err))
        return NULL;
    struct final f = { .header = b.header, .seals = seals };
    if (!cbor_scan(seals, err) || !final_verify(&f, node_core_set(core), err))
        return NULL;
    return node_core_take_body(core, block, err);
}

bool node_core_catch_up(struct node_core *core, struct slice block, struct slice seals,
                        struct node_time now, struct err *err)
{
    if (!enter(core, now))
        return err_set(err, ERR_BUSY, "a block is being stored");
    const struct body *body = check_sealed(core, block, seals, err);
    if (body == NULL)
        return false;
    buf_clear(&core->seals);
    buf_add_slice(&core->seals, seals);
    core->fetched_ms = now.steady_ms;
    return (!core->seals.failed && node_core_apply(core, body)) ||
           err_set(err, ERR_PROOF, "block %llu can't be followed",
                   (unsigned long long)core->chain->head.height + 1);
}

/* A statement waits, they say: is one valid on this tip? Asked before others are troubled. */
static void try_before_expiry(struct node_core *core)
{
    struct consensus_view view;
    if (!core->pending || core->tried || core->now.steady_ms < consensus_wake_ms(core->consensus))
        return;
    consensus_look(core->consensus, core->now.steady_ms, &view);
    if (view.round == 0 && view.phase == PHASE_IDLE && !core->judge.there && view.members > 1 &&
        !node_core_timer_due(core) && !node_core_empty_due(core))
        node_core_try_pool(core);
}

void node_core_tick(struct node_core *core, struct node_time now)
{
    if (!enter(core, now))
        return;
    node_core_settle(core);
    if (core->failed || core->storing)
        return;
    try_before_expiry(core);
    node_core_step(core, (struct consensus_event){ .kind = CONSENSUS_TICK });
    node_core_ask_again(core);
    node_core_relay(core);
}

void node_core_stored(struct node_core *core, struct node_time now)
{
    struct executed *x = &core->executed;
    assert(core->storing && x->there);
    core->now = now;
    if (!chain_keep(core->chain)) {
        core->failed = true;
        return;
    }
    node_core_drop_sealed(core, core->hashes, x->count);
    if (x->own) {
        node_core_turn_away(core);
    } else { /* what waits was not tried on this tip */
        core->pending = pool_count(core->pool) > 0;
        core->held_until_ms = 0;
    }
    core->tried = false;
    node_core_forget_bodies(core);
    struct hash *hashes = core->last_hashes;
    core->last_hashes = core->hashes;
    core->hashes = hashes;
    core->last_count = x->count;
    core->last_block = x->block;
    x->there = core->storing = false;
    core->last_block_ms = now.steady_ms;
    node_core_caught_up(core);
    start(core);
    if (!core->failed)
        node_core_feed_later(core);
}

bool node_core_failed(const struct node_core *core)
{
    return core->failed;
}

/* ------------------------------------------------------------------ questions */

bool node_core_has(const struct node_core *core, const struct hash *statement)
{
    return pool_has(core->pool, statement);
}

size_t node_core_waiting(const struct node_core *core)
{
    return pool_count(core->pool);
}

void node_core_look(const struct node_core *core, uint64_t steady_ms,
                    struct consensus_view *ret_view)
{
    consensus_look(core->consensus, steady_ms, ret_view);
}

/* A time that was over at the last event has been acted upon. */
static void sooner(const struct node_core *core, bool when, uint64_t ms, uint64_t *at)
{
    if (when && ms > core->now.steady_ms && ms < *at)
        *at = ms;
}

uint64_t node_core_wait_ms(const struct node_core *core, uint64_t steady_ms)
{
    const struct node_core_options *o = &core->options;
    uint64_t at = consensus_wake_ms(core->consensus), peers = node_core_peers_wait(core);
    if (!core->begun || core->queue_count > 0)
        return 0;
    sooner(core, core->pending, core->last_block_ms + o->period_ms, &at);
    sooner(core, core->held_until_ms != 0, core->held_until_ms, &at);
    sooner(core, o->empty_ms != 0, core->last_block_ms + o->empty_ms, &at);
    sooner(core, core->judge.there, core->judge.fetch_ms, &at);
    sooner(core, core->decide.there, core->decide.fetch_ms, &at);
    if (peers < at)
        at = peers;
    if (at == UINT64_MAX)
        return UINT64_MAX;
    return at > steady_ms ? at - steady_ms : 0;
}
