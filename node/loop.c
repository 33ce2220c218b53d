#include "node/loop.h"

#include "common/hex.h"
#include "common/instant.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "node/announce.h"
#include "node/loop_parts.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define POLL_MAX_MS        200  /* a signal or a virtual clock's timer is noticed within */
#define BROKER_PATIENCE_MS 3000 /* a broker not reached by then is worth a line */
#define PARKED_MAX         1024
#define PARKED_BYTES       (4u * 1024 * 1024) /* nobody vouches for any of them */
#define PARKED_MS          2000 /* a statement by a key that is not enrolled yet waits so long */
#define CLOCK_AGAIN_MS     60000
#define AHEAD_MS           60000 /* so far ahead of the clock a newest block is not worth a word */

static bool make_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

/* ------------------------------------------------------------------ opening */

static bool read_state(void *ctx, struct slice key, struct buf *value)
{
    struct node *n = ctx;
    struct err err;
    if (store_state_get(n->store, key, value, &err))
        return true;
    if (err.code != ERR_NOT_FOUND)
        value->failed = true; /* what can't be read is not taken to be absent */
    return false;
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct node *n = ctx;
    struct state_key_record record;
    if (state_key_table(key) == TABLE_KEY && state_key_record_take(value, &record)) {
        struct kid kid = key_kid(record.pub);
        n->load_ok = n->load_ok && ingest_add_key(n->ingest, &kid, record.pub);
    }
    n->load_ok = n->load_ok && chain_load_entry(&n->chain, key_hash, key, value);
    return n->load_ok;
}

static bool load_identity(struct node *n, struct err *err)
{
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    struct genesis g;
    bool ok = store_genesis(n->store, &bytes, err) && genesis_decode(buf_slice(&bytes), &g, err);
    for (size_t i = 0; ok && i < g.entry_count; i++) {
        struct slice key, value, set, next;
        genesis_next_entry(&g, &key, &value);
        if (state_key_table(key) == TABLE_SETS)
            ok = state_sets_take(value, &set, &next) &&
                 authority_set_decode(set, &n->identity.set, err);
    }
    if (ok)
        n->identity.genesis = g.header;
    buf_free(&bytes);
    return ok;
}

static bool load_chain(struct node *n, struct err *err)
{
    struct header head;
    struct buf seals = buf_heap(AUTHORITY_MAX * (SEAL_SIZE_MAX + 8));
    n->load_ok = chain_init(&n->chain, read_state, n);
    bool ok = n->load_ok && store_head(n->store, &head, &seals, err) &&
              store_state_each(n->store, load_entry, n, err) && n->load_ok &&
              chain_load_head(&n->chain, &head, store_tree_fetch, n->store, err);
    if (ok && n->chain.next.count != 1)
        ok = err_set(err, ERR_INPUT,
                     "the ledger has %zu authorities; this version runs ledgers of one",
                     n->chain.next.count);
    if (ok && head.height > 0) {
        struct final f = { .header = head, .seals = buf_slice(&seals) };
        ok = final_verify(&f, &n->chain.set, err);
    }
    buf_free(&seals);
    return ok;
}

static bool open_core(struct node *n, struct err *err)
{
    struct node_core_options options = { .period_ms = n->settings->period_ms,
                                         .empty_ms = n->settings->empty_ms };
    crypto_random(options.nonce, sizeof options.nonce);
    if (!keyfile_load(n->settings->key.path, &options.authority, err))
        return false;
    if (authority_set_find(&n->chain.next, &options.authority.kid) >= 0)
        n->core = node_core_new(&options, &n->chain, err);
    else
        (void)err_set(err, ERR_INPUT, "this node's key is not an authority of the ledger");
    crypto_wipe(&options.authority, sizeof options.authority);
    return n->core != NULL;
}

static bool open_ledger(struct node *n, struct err *err)
{
    if (!store_open(n->settings->data.path, STORE_WRITE, &n->store, err) || !load_identity(n, err))
        return false;
    n->ingest = ingest_new(n->settings->workers, &n->identity.genesis.ledger, err);
    n->tracker = tracker_new();
    return n->ingest != NULL && n->tracker != NULL && load_chain(n, err) && open_core(n, err);
}

/* ------------------------------------------------------------------ the bus */

bool node_submit(struct node *n, struct slice bytes, struct err *err)
{
    if (ingest_submit(n->ingest, bytes, err))
        return true;
    __atomic_add_fetch(&n->busy, 1, __ATOMIC_RELAXED);
    return false;
}

static void on_message(void *user, const struct bus_message *message)
{
    struct node *n = user;
    struct err err;
    struct cose cose;
    if (node_submit(n, message->payload, &err) || !cose_parse(message->payload, &cose, NULL))
        return;
    struct node_refused refused = { crypto_sha256(message->payload), cose.kid,
                                    err.code == ERR_BUSY ? REFUSED_BUSY : REFUSED_TOO_LARGE };
    announce_refused(n->bus, &refused);
}

static bool open_bus(struct node *n, struct err *err)
{
    char client_id[64], ledger[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&n->identity.genesis.ledger), ledger);
    (void)snprintf(client_id, sizeof client_id, "waybill-node-%.16s", ledger);
    if (n->settings->own_broker) {
        char dir[PATH_MAX + 8];
        (void)snprintf(dir, sizeof dir, "%s/broker", n->settings->data.path);
        if (!make_folder(dir, err))
            return false;
        struct broker_options b = { .dir = dir, .port = n->settings->broker_port };
        if (!broker_start(&b, &n->broker, err))
            return false;
        n->broker_started = true;
    }
    const struct settings *s = n->settings;
    struct bus_options options = {
        .host = s->broker_host,
        .port = n->broker_started ? n->broker.port : s->broker_port,
        .client_id = client_id,
        .session_expiry_s = 7 * 24 * 3600,
        .username = s->broker_user[0] != '\0' ? s->broker_user : NULL,
        .password = s->broker_password[0] != '\0' ? s->broker_password : NULL,
        .ca_file = s->broker_ca.path[0] != '\0' ? s->broker_ca.path : NULL,
        .on_message = on_message,
        .user = n,
    };
    if (!bus_open(&options, &n->bus, err) || !bus_subscribe(n->bus, "wb/1/+/up", err))
        return false;
    log_info("broker %s:%u%s", options.host, options.port,
             n->broker_started ? " (its own, on loopback)" : "");
    return true;
}

/* Says head and set when the broker is reached, for it may have lost what it kept. */
static void greet(struct node *n, uint64_t steady_ms)
{
    bool connected = bus_is_connected(n->bus);
    if (!connected && !n->greeted && !n->complained &&
        steady_ms >= n->metrics.started_ms + BROKER_PATIENCE_MS) {
        log_warn("can't reach the broker: %s; still trying", bus_last_error(n->bus)->msg);
        n->complained = true;
    }
    if (connected && !n->greeted) {
        struct header head;
        struct buf seals = buf_heap(AUTHORITY_MAX * (SEAL_SIZE_MAX + 8));
        announce_set(n->bus, n->store);
        if (store_head(n->store, &head, &seals, NULL) && head.height > 0)
            announce_head(n->bus, &head, buf_slice(&seals));
        buf_free(&seals);
        log_info("connected to the broker");
    } else if (!connected && n->greeted) {
        log_warn("the broker is gone: %s", bus_last_error(n->bus)->msg);
    }
    n->greeted = connected;
    n->complained = n->complained && !connected;
}

/* ------------------------------------------------------------------ results of the door */

static void turn_away(struct node *n, const struct parcel *p, enum refusal code)
{
    struct node_refused refused = { p->st.hash, p->st.kid, code };
    tracker_note(n->tracker, &p->st.hash, code);
    n->metrics.turned_away++;
    if (code != REFUSED_MALFORMED)
        announce_refused(n->bus, &refused);
}

static void park(struct node *n, struct parcel *p, uint64_t steady_ms)
{
    if (steady_ms >= p->arrived_ms + PARKED_MS || n->parked_count == PARKED_MAX ||
        n->parked_bytes + p->len > PARKED_BYTES) {
        turn_away(n, p, REFUSED_UNKNOWN_KEY);
        free(p);
        return;
    }
    n->parked_bytes += p->len;
    n->parked[n->parked_count++] = p;
}

static void retry_parked(struct node *n)
{
    for (size_t i = 0; i < n->parked_count; i++) {
        if (ingest_retry(n->ingest, n->parked[i]))
            continue;
        turn_away(n, n->parked[i], REFUSED_BUSY);
        free(n->parked[i]);
    }
    n->parked_count = 0;
    n->parked_bytes = 0;
}

static void take_result(struct node *n, struct ingest_result result, uint64_t steady_ms)
{
    struct parcel *p = result.parcel;
    if (p->arrived_ms == 0)
        p->arrived_ms = steady_ms;
    if (result.code == REFUSED_UNKNOWN_KEY) {
        park(n, p, steady_ms);
        return;
    }
    if (result.code == ACCEPTED) {
        switch (node_core_add(n->core, p)) {
        case POOL_TAKEN: tracker_note(n->tracker, &p->st.hash, ACCEPTED); return;
        case POOL_KNOWN: free(p); return;
        case POOL_FULL: result.code = REFUSED_BUSY; break;
        case POOL_QUOTA: result.code = REFUSED_QUOTA; break;
        }
    }
    turn_away(n, p, result.code);
    free(p);
}

/* ------------------------------------------------------------------ blocks */

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
    for (size_t i = 0; i < c->statement_count; i++)
        tracker_forget(n->tracker, &c->statement_hashes[i]);
    n->metrics.blocks++;
    n->metrics.statements += c->statement_count;
    announce_block(n->bus, c);
    if (!hash_equal(&c->header.set, &c->header.next))
        announce_set(n->bus, n->store);
    loop_publish_events(n->bus, c);
    node_core_stored(n->core, now);
    retry_parked(n);
    return true;
}

static bool tell_alarm(struct node *n, const struct node_action *a, uint64_t steady_ms,
                       struct err *err)
{
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
    case ALARM_BAD_BLOCK: log_warn("a proposed block did not hold"); return true;
    }
    return true;
}

/* Does one thing that the machine asks for. Among several authorities there is more: loop_peers.c. */
static bool perform(struct node *n, const struct node_action *a, struct node_time now,
                    struct err *err)
{
    switch (a->kind) {
    case NODE_PERSIST:
        return store_put_vote(n->store, a->vote, a->body.len > 0 ? &a->block : NULL, a->body, err);
    case NODE_STORE: return store_block_of(n, &a->commit, now, err);
    case NODE_REFUSED: tell_refused(n, a, now.steady_ms); return true;
    case NODE_ALARM: return tell_alarm(n, a, now.steady_ms, err);
    case NODE_SEND:
    case NODE_RELAY:
    case NODE_FETCH:
    case NODE_CATCH_UP:
    case NODE_EVIDENCE: return true; /* one authority has nobody to talk to */
    }
    return true;
}

/* The trees run ahead of the store inside: HTTP's proofs wait until both agree again. */
static bool run_core(struct node *n, const struct clock *clock, uint64_t steady_ms, struct err *err)
{
    struct node_action action;
    struct node_time now = { .clock_ms = clock_now_ms(clock), .steady_ms = steady_ms };
    bool ok = true;
    pthread_rwlock_wrlock(&n->trees);
    node_core_tick(n->core, now);
    while (ok && node_core_next(n->core, &action))
        ok = perform(n, &action, now, err);
    if (ok && node_core_failed(n->core))
        ok = err_set(err, ERR_IO, "out of memory while making a block");
    n->metrics.waiting = node_core_waiting(n->core);
    n->shown = n->metrics;
    pthread_rwlock_unlock(&n->trees);
    return ok;
}

/* ------------------------------------------------------------------ the loop */

static int wait_ms(const struct node *n, uint64_t steady_ms)
{
    uint64_t ms = node_core_wait_ms(n->core, steady_ms);
    int bus_ms = bus_timeout_ms(n->bus, steady_ms);
    if (bus_ms >= 0 && (uint64_t)bus_ms < ms)
        ms = (uint64_t)bus_ms;
    return ms > POLL_MAX_MS ? POLL_MAX_MS : (int)ms;
}

static bool turn(struct node *n, const struct clock *clock, struct err *err)
{
    uint64_t steady_ms = clock_steady_ms();
    struct pollfd fds[2] = { { .fd = bus_fd(n->bus), .events = bus_events(n->bus) },
                             { .fd = ingest_fd(n->ingest), .events = POLLIN } };
    (void)poll(fds, 2, wait_ms(n, steady_ms));
    steady_ms = clock_steady_ms();
    /* A full queue is left to the broker: it keeps what the node does not read. */
    bus_pause(n->bus, ingest_depth(n->ingest) > INGEST_QUEUE_MAX / 2);
    bus_service(n->bus, fds[0].revents, steady_ms);
    greet(n, steady_ms);
    struct ingest_result result;
    while (ingest_take(n->ingest, &result))
        take_result(n, result, steady_ms);
    if (n->parked_count > 0 && steady_ms >= n->parked[0]->arrived_ms + PARKED_MS)
        retry_parked(n);
    if (n->broker_started && !broker_is_running(&n->broker)) {
        n->broker_started = false;
        return err_set(err, ERR_IO, "the broker ended; the node can't go on without it");
    }
    return run_core(n, clock, steady_ms, err);
}

static void close_all(struct node *n)
{
    loop_api_close(n);
    bus_close(n->bus);
    if (n->broker_started)
        broker_stop(&n->broker);
    for (size_t i = 0; i < n->parked_count; i++)
        free(n->parked[i]);
    free(n->parked);
    ingest_free(n->ingest);
    node_core_free(n->core);
    chain_free(&n->chain);
    tracker_free(n->tracker);
    store_close(n->store);
    pthread_rwlock_destroy(&n->trees);
    free(n);
}

static bool open_all(struct node *n, struct err *err)
{
    n->parked = calloc(PARKED_MAX, sizeof n->parked[0]);
    pthread_rwlock_init(&n->trees, NULL);
    return n->parked != NULL && open_ledger(n, err) && open_bus(n, err) && loop_api_open(n, err);
}

/* Block time never goes back: after a wrong clock it creeps on until the clock has caught up. */
static void tell_start(const struct header *head, const struct clock *clock)
{
    char time[INSTANT_TEXT_SIZE];
    log_info("ledger at block %llu, %llu statements", (unsigned long long)head->height,
             (unsigned long long)head->size);
    if (head->time_ms <= clock_now_ms(clock) + AHEAD_MS)
        return;
    instant_format(head->time_ms, time);
    log_warn("the newest block says %s, which is ahead of this clock: is the clock right?", time);
}

bool loop_run(const struct settings *settings, const struct clock *clock, const volatile int *stop,
              struct err *err)
{
    struct node *n = calloc(1, sizeof *n);
    if (n == NULL)
        return err_set(err, ERR_IO, "out of memory");
    n->settings = settings;
    n->clock = clock;
    bool ok = open_all(n, err);
    if (ok)
        tell_start(&n->chain.head, clock);
    while (ok && !*stop)
        ok = turn(n, clock, err);
    close_all(n);
    return ok;
}
