/* The machine's side of the loop: what it asks for is done here, in order. */
#include "common/hex.h"
#include "common/log.h"
#include "node/announce.h"
#include "node/loop_parts.h"

#include <string.h>

#define CLOCK_AGAIN_MS 60000

/* ------------------------------------------------------------------ a block's consequences */

static void note_keys(struct node *n, const struct commit *c)
{
    for (size_t i = 0; i < c->write_count; i++) {
        struct state_key_record record;
        if (state_key_table(c->writes[i].key) != TABLE_KEY ||
            !state_key_record_take(c->writes[i].value, &record))
            continue;
        struct kid kid = key_kid(record.pub);
        if (!ingest_add_key(n->ingest, &kid, record.pub))
            log_error("out of memory: a new key is known only after a restart");
    }
}

static void note_peers(struct node *n, const struct commit *c)
{
    for (size_t i = 0; i < c->write_count; i++)
        if (peer_book_note(n->meet.book, c->writes[i].key, c->writes[i].value))
            n->meet.changed = true;
}

static void tell_refused(struct node *n, const struct node_action *a, uint64_t steady_ms)
{
    loop_answer_repeats(n, a, steady_ms);
    for (size_t i = 0; i < a->refused_count; i++) {
        const struct node_refused *r = &a->refused[i];
        n->metrics.turned_away++;
        if (r->code == REFUSED_REPEAT) {
            tracker_forget(n->tracker, &r->statement);
            continue;
        }
        tracker_note(n->tracker, &r->statement, r->code);
        announce_refused(n->bus, r);
    }
}

static bool store_block_of(struct node *n, const struct commit *c, struct node_time now,
                           struct err *err)
{
    if (!store_commit(n->store, c, err))
        return false;
    note_keys(n, c);
    note_peers(n, c);
    for (size_t i = 0; i < c->statement_count; i++)
        tracker_forget(n->tracker, &c->statement_hashes[i]);
    n->metrics.blocks++;
    snapshot_shelf_committed(n->shelf, c->header.height);
    n->metrics.statements += c->statement_count;
    announce_block(n->bus, c);
    if (!hash_equal(&c->header.set, &c->header.next))
        announce_set(n->bus, n->store);
    loop_publish_events(n->bus, c);
    node_core_stored(n->core, now);
    if (n->meet.changed)
        loop_door_look(n, c->header.height + 1);
    loop_retry_parked(n);
    return true;
}

/* ------------------------------------------------------------------ votes */

/*
 * The marker beside the key comes first: from then on a missing vote is a lost one. What is stored says
 * whose vote it is, for a ledger's folder may get another key.
 */
static bool persist(struct node *n, const struct node_action *a, struct err *err)
{
    struct buf vote = buf_heap(KID_SIZE + CONSENSUS_VOTE_MAX);
    buf_add_slice(&vote, kid_slice(&n->kid));
    buf_add_slice(&vote, a->vote);
    bool ok = !vote.failed || err_set(err, ERR_IO, "out of memory");
    ok = ok && voted_mark(&n->voted, &n->identity.genesis.ledger, err) &&
         store_put_vote(n->store, buf_slice(&vote), a->body.len > 0 ? &a->block : NULL, a->body,
                        err);
    buf_free(&vote);
    return ok;
}

/* ------------------------------------------------------------------ actions */

static bool tell_alarm(struct node *n, const struct node_action *a, uint64_t steady_ms,
                       struct err *err)
{
    char kid[2 * KID_SIZE + 1];
    switch (a->alarm) {
    case ALARM_CLOCK:
        if (steady_ms >= n->clock_told_ms) /* it comes with every block */
            log_warn("the newest block's time is ahead of this clock: is the clock right?");
        n->clock_told_ms = steady_ms + CLOCK_AGAIN_MS;
        return true;
    case ALARM_DIVERGED:
        return err_set(err, ERR_PROOF,
                       "a sealed block gives other roots here: this ledger's file"
                       " or this program is not what the others have");
    case ALARM_RULES:
        return err_set(err, ERR_INPUT,
                       "the next block is of rules that this program does not know");
    case ALARM_BAD_BLOCK:
        hex_encode(kid_slice(&a->kid), kid);
        log_warn("a block that %s proposed did not hold", kid);
        return true;
    }
    return true;
}

static bool perform(struct node *n, const struct node_action *a, struct node_time now,
                    struct err *err)
{
    switch (a->kind) {
    case NODE_PERSIST: return persist(n, a, err);
    case NODE_STORE: return store_block_of(n, &a->commit, now, err);
    case NODE_REFUSED: tell_refused(n, a, now.steady_ms); return true;
    case NODE_ALARM: return tell_alarm(n, a, now.steady_ms, err);
    case NODE_SEND:
    case NODE_RELAY:
        n->metrics.sent++;
        n->metrics.sent_bytes += a->message.len;
        loop_peers_send(n, a);
        return true;
    case NODE_FETCH: loop_peers_fetch(n, a); return true;
    case NODE_CATCH_UP: loop_peers_catch_up(n, a); return true;
    case NODE_EVIDENCE:
        loop_watch_evidence(n, &a->kid, now.steady_ms);
        loop_own_evidence(n, a);
        return true;
    }
    return true;
}

bool loop_core_perform(struct node *n, struct node_time now, struct err *err)
{
    struct node_action action;
    bool ok = true;
    while (ok && node_core_next(n->core, &action))
        ok = perform(n, &action, now, err);
    if (ok && node_core_failed(n->core))
        ok = err_set(err, ERR_IO, "out of memory while making a block");
    return ok;
}

static void note_metrics(struct node *n, uint64_t steady_ms)
{
    struct node_metrics *m = &n->metrics;
    m->waiting = node_core_waiting(n->core);
    m->height = n->chain.head.height;
    m->tip = n->chain.head_hash;
    uint64_t round = m->view.height == m->height + 1 ? m->view.round : 0;
    node_core_look(n->core, steady_ms, &m->view);
    m->highest = m->view.reached > m->height ? m->view.reached : m->height;
    m->rounds += m->view.round > round ? m->view.round - round : 0;
    if (n->meet.peers != NULL)
        m->peers = peers_count(n->meet.peers, &m->peers_heard);
    n->shown = *m;
    n->shown_watch = n->watch;
}

/* The trees run ahead of the store inside: HTTP's proofs wait until both agree again. */
bool loop_core(struct node *n, uint64_t steady_ms, struct err *err)
{
    struct node_time now = { .clock_ms = clock_now_ms(n->clock), .steady_ms = steady_ms };
    pthread_rwlock_wrlock(&n->trees);
    /* Without room for a block nothing is voted for or taken: peers say it all again. */
    disk_look_room(&n->watch.disk, n->settings->data.path);
    bool halted = disk_halts(&n->watch.disk);
    bool ok = halted || loop_peers_events(n, now, err);
    if (ok && !halted && n->meet.guard == NULL) {
        node_core_tick(n->core, now);
        ok = loop_core_perform(n, now, err);
    }
    note_metrics(n, steady_ms);
    pthread_rwlock_unlock(&n->trees);
    return ok;
}
