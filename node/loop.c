#include "node/loop.h"

#include "common/file.h"
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

#define POLL_MAX_MS        200   /* a signal or a virtual clock's timer is noticed within */
#define BROKER_PATIENCE_MS 3000  /* a broker not reached by then is worth a line */
#define PARKED_MS          2000  /* a statement by a key that is not enrolled yet waits so long */
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
    (void)peer_book_note(n->meet.book, key, value);
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
    if (ok && head.height > 0) {
        struct final f = { .header = head, .seals = buf_slice(&seals) };
        ok = final_verify(&f, &n->chain.set, err);
    }
    buf_free(&seals);
    return ok;
}

/* ------------------------------------------------------------------ votes */

#define BODIES_MAX 64 /* blocks voted for since the newest one: rounds of one height */

struct stored_votes {
    struct buf vote;
    size_t count;
    struct buf bodies[BODIES_MAX];
    struct slice slices[BODIES_MAX];
};

static bool take_body(void *ctx, struct slice body)
{
    struct stored_votes *v = ctx;
    if (v->count == BODIES_MAX)
        return false;
    struct buf *b = &v->bodies[v->count];
    *b = buf_heap(body.len);
    buf_add_slice(b, body);
    v->slices[v->count++] = buf_slice(b);
    return !b->failed;
}

/* Said whenever it starts: if another copy of the key had sealed what came after, this is where it began. */
static void note_resumed(const struct node *n)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/" SETTINGS_RESUMED, n->settings->data.path);
    if (len < (int)sizeof path && file_exists(path))
        log_warn("what this key had voted was set aside by hand, see %s", path);
}

/* From now on it is known that the key was here before it could vote, whenever it gets into the set. */
static bool note_never(struct node *n, const struct stored_votes *v, struct err *err)
{
    bool needless = !n->settings->has_peers || v->vote.len > 0; /* another key's stays, too */
    return needless || store_put_vote(n->store, kid_slice(&n->kid), NULL, slice_of(NULL, 0), err);
}

/* A vote of another key, which this folder had before, is none of this key's. */
static bool load_votes(struct node *n, struct stored_votes *v, struct node_core_options *o,
                       struct err *err)
{
    *v = (struct stored_votes){ .vote = buf_heap(KID_SIZE + CONSENSUS_VOTE_MAX) };
    if (!voted_open(n->settings->key.path, &n->identity.genesis.ledger, &n->voted, err) ||
        !store_vote(n->store, &v->vote, err) || !store_candidates(n->store, take_body, v, err))
        return false;
    struct slice row = buf_slice(&v->vote);
    o->bodies = v->slices;
    o->body_count = v->count;
    note_resumed(n);
    switch (voted_judge(&n->voted, row, &n->kid, n->chain.head.height, &n->chain.set)) {
    case VOTED_KNOWN: o->vote = slice_from(row, KID_SIZE, row.len - KID_SIZE); return true;
    case VOTED_NEVER: return note_never(n, v, err);
    case VOTED_LOST: break;
    }
    o->vote_lost = true;
    log_warn("what this key has voted on this ledger is not here: it abstains until it can't"
             " contradict itself");
    return true;
}

static void free_votes(struct stored_votes *v)
{
    for (size_t i = 0; i < v->count; i++)
        buf_free(&v->bodies[i]);
    buf_free(&v->vote);
}

static bool open_core(struct node *n, struct err *err)
{
    struct stored_votes votes = { .count = 0 };
    struct node_core_options options = { .period_ms = n->settings->period_ms,
                                         .empty_ms = n->settings->empty_ms,
                                         .t0_ms = n->settings->t0_ms };
    crypto_random(options.nonce, sizeof options.nonce);
    if (!keyfile_load(n->settings->key.path, &options.authority, err))
        return false;
    n->kid = options.authority.kid;
    bool ok = authority_set_find(&n->chain.next, &n->kid) >= 0 || n->settings->has_peers ||
              err_set(err, ERR_INPUT, "this node's key is not an authority of the ledger");
    if (ok && load_votes(n, &votes, &options, err))
        n->core = node_core_new(&options, &n->chain, err);
    crypto_wipe(&options.authority, sizeof options.authority);
    free_votes(&votes);
    return n->core != NULL;
}

static bool open_ledger(struct node *n, struct err *err)
{
    if (!store_open(n->settings->data.path, STORE_WRITE, &n->store, err) || !load_identity(n, err))
        return false;
    n->ingest = ingest_new(n->settings->workers, &n->identity.genesis.ledger, err);
    n->tracker = tracker_new();
    n->meet.book = peer_book_new();
    if (n->ingest == NULL || n->tracker == NULL || n->meet.book == NULL)
        return err_set(err, ERR_IO, "out of memory");
    if (!load_chain(n, err) || !loop_load_recovery(n, err) || !open_core(n, err))
        return false;
    loop_door_look(n, 0);
    return true;
}

/* ------------------------------------------------------------------ the bus */

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
        .on_message = loop_on_message,
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

/* ------------------------------------------------------------------ the loop */

static void sooner(int *ms, int other_ms)
{
    if (other_ms >= 0 && other_ms < *ms)
        *ms = other_ms;
}

static int core_wait_ms(const struct node *n, uint64_t steady_ms)
{
    uint64_t ms = n->meet.guard == NULL ? node_core_wait_ms(n->core, steady_ms) : POLL_MAX_MS;
    return ms > POLL_MAX_MS ? POLL_MAX_MS : (int)ms;
}

static bool turn(struct node *n, struct err *err)
{
    uint64_t steady_ms = clock_steady_ms();
    struct pollfd fds[LOOP_PEERS_POLL + 2];
    int ms = core_wait_ms(n, steady_ms);
    sooner(&ms, loop_peers_poll(n, fds, steady_ms));
    sooner(&ms, bus_timeout_ms(n->bus, steady_ms));
    struct pollfd *own = &fds[LOOP_PEERS_POLL];
    own[0] = (struct pollfd){ .fd = bus_fd(n->bus), .events = bus_events(n->bus) };
    own[1] = (struct pollfd){ .fd = ingest_fd(n->ingest), .events = POLLIN };
    (void)poll(fds, LOOP_PEERS_POLL + 2, ms);
    steady_ms = clock_steady_ms();
    /* A full queue is left to the broker: it keeps what the node does not read. */
    bus_pause(n->bus, ingest_depth(n->ingest) > INGEST_QUEUE_MAX / 2);
    bus_service(n->bus, own[0].revents, steady_ms);
    greet(n, steady_ms);
    loop_door(n, steady_ms);
    if (n->broker_started && !broker_is_running(&n->broker)) {
        n->broker_started = false;
        return err_set(err, ERR_IO, "the broker ended; the node can't go on without it");
    }
    if (!loop_peers_service(n, fds, steady_ms, err) || !loop_core(n, steady_ms, err))
        return false;
    loop_own_tick(n, steady_ms);
    loop_watch(n, steady_ms);
    loop_history_tick(n, steady_ms);
    loop_farewell_tick(n, steady_ms);
    snapshot_shelf_committed(n->shelf, n->chain.head.height);
    return true;
}

static void close_all(struct node *n)
{
    loop_api_close(n);
    loop_peers_close(n);
    bus_close(n->bus);
    if (n->broker_started)
        broker_stop(&n->broker);
    for (size_t i = 0; i < n->parked_count; i++)
        free(n->parked[i]);
    free(n->parked);
    ingest_free(n->ingest);
    node_core_free(n->core);
    chain_free(&n->chain);
    buf_free(&n->recovery_bytes);
    tracker_free(n->tracker);
    store_close(n->store);
    voted_close(&n->voted);
    pthread_rwlock_destroy(&n->trees);
    free(n);
}

static bool open_all(struct node *n, struct err *err)
{
    n->parked = calloc(LOOP_PARKED_MAX, sizeof n->parked[0]);
    pthread_rwlock_init(&n->trees, NULL);
    return n->parked != NULL && open_ledger(n, err) && open_bus(n, err) &&
           loop_peers_open(n, err) && loop_api_open(n, err);
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
    n->voted.fd = -1;
    bool ok = open_all(n, err);
    if (ok) {
        tell_start(&n->chain.head, clock);
        loop_watch_open(n, clock_steady_ms());
    }
    while (ok && !*stop)
        ok = turn(n, err);
    close_all(n);
    return ok;
}
