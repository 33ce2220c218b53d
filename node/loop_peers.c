/* The node among other authorities: who they are, what they say, and what is fetched from them. */
#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/tls_certificate.h"
#include "node/blocks_range.h"
#include "node/loop_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MESSAGES_A_TURN 128
#define BLOCKS_A_TURN   16
#define TAG_CATCH_UP    (UINT64_C(1) << 61) /* with the height, and a byte of whom it is asked */
#define TAG_GUARD       (UINT64_C(1) << 62)
#define TAG_BODY        (UINT64_C(1) << 63) /* with the first bytes of the hash */
#define HEIGHT_MASK     ((UINT64_C(1) << 52) - 1)
#define BODY_SIZE_MAX   (BLOCK_SIZE_MAX + 1024)

/* ------------------------------------------------------------------ opening and closing */

static bool open_peers(struct node *n, struct err *err)
{
    const struct settings_peers *s = &n->settings->peers;
    char dir[PATH_MAX + 8];
    (void)snprintf(dir, sizeof dir, "%s/peers", n->settings->data.path);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    struct peers_options p = { .dir = dir,
                               .own = n->kid,
                               .certificate_file = s->certificate.path,
                               .key_file = s->key.path,
                               .host = s->broker_host,
                               .port = s->broker_port };
    struct fetch_options f = { s->certificate.path, s->key.path };
    struct peer_api_options a = { .data_dir = n->settings->data.path,
                                  .host = s->http_host,
                                  .port = s->http_port,
                                  .certificate_file = s->certificate.path,
                                  .key_file = s->key.path };
    if (!peers_open(&p, &n->meet.peers, err) || !fetch_open(&f, &n->meet.fetch, err))
        return false;
    a.peers = n->meet.peers;
    if (!peer_api_open(&a, &n->meet.api, err))
        return false;
    log_info("for peers: broker on %s:%u, https on %s:%u", p.host, peers_port(n->meet.peers),
             a.host, peer_api_port(n->meet.api));
    return true;
}

/* What others will not let in is better known at once. */
static void compare_own(const struct node *n)
{
    struct peer known;
    struct buf der = buf_heap(PEER_CERTIFICATE_MAX);
    if (peer_book_find(n->meet.book, &n->kid, &known) &&
        tls_certificate_read(n->settings->peers.certificate.path, &der, NULL) &&
        !slice_equal(buf_slice(&der), slice_of(known.certificate, known.certificate_len)))
        log_warn("%s is not the certificate that the ledger knows of this authority: its peers"
                 " will not let this node in",
                 n->settings->peers.certificate.path);
    buf_free(&der);
}

static bool refresh(struct node *n, struct err *err)
{
    struct peer *list = calloc(PEER_MAX, sizeof list[0]);
    if (list == NULL)
        return err_set(err, ERR_IO, "out of memory");
    size_t count = peer_book_list(n->meet.book, &n->chain.next, &n->settings->peers, list);
    bool of_set = authority_set_find(&n->chain.next, &n->kid) >= 0;
    if (n->meet.changed && of_set != n->meet.of_set)
        log_info(of_set ? "this node's key is of the authority set now"
                        : "this node's key has left the authority set: the others let it in no"
                          " more, and what is given to this node is refused");
    n->meet.of_set = of_set;
    n->meet.changed = false;
    peers_set(n->meet.peers, list, count, clock_steady_ms());
    size_t others = 0;
    for (size_t i = 0; i < count; i++)
        if (!kid_equal(&list[i].kid, &n->kid))
            list[others++] = list[i];
    fetch_set(n->meet.fetch, list, others);
    free(list);
    loop_farewell_say(n);
    return true;
}

/* Only who is of the set speaks with its key; and where it is alone, nobody else can tell. */
static bool open_guard(struct node *n, struct err *err)
{
    if (authority_set_find(&n->chain.next, &n->kid) < 0 || n->chain.next.count == 1)
        return true;
    n->meet.guard = loop_guard_new(&n->chain.next, &n->kid, clock_steady_ms());
    return n->meet.guard != NULL || err_set(err, ERR_IO, "out of memory");
}

/* Other users of the machine could speak for this node to its peers, though not vote for it. */
static void look_at_key(const struct node *n)
{
    const char *path = n->settings->peers.key.path;
    if (!file_is_private(path))
        log_warn("%s: others on this machine can get at the key: chmod 600 it, and if they had "
                 "time to, make another: waybill member certificate",
                 path);
}

bool loop_peers_open(struct node *n, struct err *err)
{
    if (!n->settings->has_peers)
        return n->chain.next.count == 1 ||
               err_set(err, ERR_INPUT,
                       "the ledger has %zu authorities: the configuration needs \"peers:\"",
                       n->chain.next.count);
    if (!open_peers(n, err) || !refresh(n, err) || !open_guard(n, err))
        return false;
    compare_own(n);
    look_at_key(n);
    return true;
}

void loop_peers_close(struct node *n)
{
    peer_api_close(n->meet.api); /* first: it asks peers who is allowed */
    fetch_close(n->meet.fetch);
    peers_close(n->meet.peers);
    peer_book_free(n->meet.book);
    buf_free(&n->meet.range_bytes);
    loop_guard_free(n->meet.guard);
}

/* ------------------------------------------------------------------ the poll loop */

int loop_peers_poll(const struct node *n, struct pollfd *fds, uint64_t steady_ms)
{
    const struct loop_meeting *m = &n->meet;
    for (size_t i = 0; i < LOOP_PEERS_POLL; i++)
        fds[i] = (struct pollfd){ .fd = -1 };
    if (m->peers == NULL)
        return -1;
    peers_poll(m->peers, fds);
    fds[PEERS_POLL_COUNT] = (struct pollfd){ .fd = fetch_fd(m->fetch), .events = POLLIN };
    int ms = m->ranging ? 0 : peers_timeout_ms(m->peers, steady_ms);
    if (m->guard == NULL)
        return ms;
    uint64_t guard_ms = loop_guard_wait_ms(m->guard, steady_ms);
    return ms < 0 || guard_ms < (uint64_t)ms ? (int)guard_ms : ms;
}

static void ask_others(struct node *n)
{
    const struct authority_set *set = &n->chain.next;
    struct fetch_job job = { .path = PEER_API_PATH "heard", .reply_max = 16, .urgent = true };
    job.kid_count = 1;
    for (size_t i = 0; i < set->count; i++) {
        job.tag = TAG_GUARD | (uint64_t)loop_guard_turn(n->meet.guard) << 8 | i;
        job.kids[0] = set->at[i].kid;
        if (!kid_equal(&set->at[i].kid, &n->kid))
            (void)fetch_ask(n->meet.fetch, &job, NULL);
    }
}

/* The set stays what it was at the start: no block is made or taken while the guard stands. */
static bool tick_guard(struct node *n, uint64_t steady_ms, struct err *err)
{
    switch (loop_guard_tick(n->meet.guard, steady_ms)) {
    case GUARD_WAIT: return true;
    case GUARD_ASK: ask_others(n); return true;
    case GUARD_CLEAR:
        loop_guard_free(n->meet.guard);
        n->meet.guard = NULL;
        return true;
    case GUARD_TAKEN: break;
    }
    return err_set(err, ERR_REFUSED,
                   "other authorities hear this authority's key from another process: a key is for"
                   " one process alone, so this one ends");
}

bool loop_peers_service(struct node *n, const struct pollfd *fds, uint64_t steady_ms,
                        struct err *err)
{
    if (n->meet.peers == NULL) {
        if (n->meet.changed && n->chain.next.count > 1)
            log_error("the ledger has %zu authorities now: the configuration needs \"peers:\"",
                      n->chain.next.count);
        n->meet.changed = false;
        return true;
    }
    peers_service(n->meet.peers, fds, steady_ms);
    if (n->meet.changed && !refresh(n, err))
        return false;
    return n->meet.guard == NULL || tick_guard(n, steady_ms, err);
}

/* ------------------------------------------------------------------ what peers say */

/* Each statement vouches for itself: the door verifies it. */
static void take_statements(struct node *n, const struct message *m)
{
    struct cbor_reader at = m->as.statements.at;
    for (size_t i = 0; i < m->as.statements.count; i++) {
        struct slice bytes = cbor_take_bytes(&at, 1, STATEMENT_MAX);
        struct hash hash = crypto_sha256(bytes);
        if (!at.failed && !node_core_has(n->core, &hash))
            ingest_submit_relayed(n->ingest, &m->from, bytes);
    }
}

static bool take_message(struct node *n, const struct kid *link, struct slice bytes,
                         struct node_time now, struct err *err)
{
    struct message m;
    if (n->meet.guard != NULL)
        return true; /* what it says matters only to one who may answer */
    /* on its own broker each says only its own: its TLS key has vouched for that */
    if (!message_decode(bytes, &m, NULL) || !kid_equal(&m.from, link))
        return true;
    if (m.type == MESSAGE_STATEMENTS) {
        if (!loop_mute_is(&n->meet.mute, link, now.steady_ms))
            take_statements(n, &m);
        return true;
    }
    node_core_receive(n->core, bytes, now);
    return loop_core_perform(n, now, err);
}

/* ------------------------------------------------------------------ catching up */

static void end_range(struct node *n, const struct err *why)
{
    char kid[2 * KID_SIZE + 1];
    if (why != NULL) {
        hex_encode(kid_slice(&n->meet.range_from), kid);
        log_warn("blocks from %s: %s", kid, why->msg);
    }
    buf_free(&n->meet.range_bytes);
    n->meet.ranging = false;
}

/* Takes the bytes over. */
static void begin_range(struct node *n, struct fetch_result *r)
{
    struct err why;
    if (n->meet.ranging)
        return;
    n->meet.ranging = true;
    n->meet.range_bytes = r->body;
    n->meet.range_from = r->from;
    r->body = (struct buf){ .data = NULL };
    if (!blocks_range_begin(buf_slice(&n->meet.range_bytes), r->tag & HEIGHT_MASK, &n->meet.range,
                            &why))
        end_range(n, &why);
}

/* A run of blocks is taken some at a time: signals, peers and HTTP's proofs have their turns in between. */
static bool go_on_with_range(struct node *n, struct node_time now, struct err *err)
{
    struct slice block, seals;
    struct err why;
    bool ok = true;
    for (size_t i = 0; ok && n->meet.ranging && i < BLOCKS_A_TURN; i++) {
        struct blocks_range *range = &n->meet.range;
        uint64_t height = range->height;
        if (range->count == 0) {
            end_range(n, NULL);
            break;
        }
        bool good = blocks_range_next(range, &block, &seals, &why);
        if (good && height > n->chain.head.height) {
            good = node_core_catch_up(n->core, block, seals, now, &why);
            ok = loop_core_perform(n, now, err);
        }
        if (!good)
            end_range(n, &why);
    }
    return ok;
}

/* The tag says which question it answers, and whose answer it is. */
static void take_guard(struct node *n, const struct fetch_result *r)
{
    struct cbor_reader at = cbor_reader(buf_slice(&r->body));
    unsigned turn = (unsigned)(r->tag >> 8 & 0xff);
    size_t place = (size_t)(r->tag & 0xff);
    if (n->meet.guard == NULL || turn != loop_guard_turn(n->meet.guard))
        return;
    bool heard = r->found && cbor_peek(&at) == CBOR_UINT;
    uint64_t ago_ms = heard ? cbor_take_uint(&at) : 0;
    loop_guard_hear(n->meet.guard, &n->chain.next.at[place].kid, heard && !at.failed, ago_ms);
}

static bool take_fetched(struct node *n, struct fetch_result *r, struct node_time now,
                         struct err *err)
{
    uint64_t what = (r->tag & TAG_BODY) != 0 ? TAG_BODY : r->tag & (TAG_GUARD | TAG_CATCH_UP);
    if (what == TAG_GUARD) {
        take_guard(n, r);
        return true;
    }
    if (r->tag == LOOP_TAG_HISTORY) {
        loop_history_take(n, r, now.steady_ms);
        return true;
    }
    if (!r->found) {
        log_debug("nothing fetched: %s", r->why.msg);
        return true;
    }
    if (what == TAG_CATCH_UP) {
        begin_range(n, r);
        return true;
    }
    node_core_body(n->core, buf_slice(&r->body), now);
    return loop_core_perform(n, now, err);
}

bool loop_peers_events(struct node *n, struct node_time now, struct err *err)
{
    struct kid link;
    struct slice message;
    struct fetch_result result;
    bool ok = true;
    if (n->meet.peers == NULL)
        return true;
    for (size_t i = 0; ok && i < MESSAGES_A_TURN && peers_take(n->meet.peers, &link, &message); i++)
        ok = take_message(n, &link, message, now, err);
    while (ok && fetch_take(n->meet.fetch, &result)) {
        ok = take_fetched(n, &result, now, err);
        buf_free(&result.body);
    }
    return ok && go_on_with_range(n, now, err);
}

/* ------------------------------------------------------------------ what the machine asks for */

void loop_peers_send(struct node *n, const struct node_action *a)
{
    /* what is lost here is said again; an empty message is one the machine could not make */
    if (n->meet.peers != NULL && a->message.len > 0)
        (void)peers_send(n->meet.peers, a->has_kid ? &a->kid : NULL, a->message);
}

static void ask(struct node *n, const struct fetch_job *job)
{
    struct err err;
    if (!fetch_ask(n->meet.fetch, job, &err))
        log_warn("%s", err.msg);
}

void loop_peers_fetch(struct node *n, const struct node_action *a)
{
    char hash[2 * HASH_SIZE + 1];
    struct fetch_job job = { .tag = 0, .reply_max = BODY_SIZE_MAX, .urgent = true };
    if (n->meet.fetch == NULL)
        return;
    hex_encode(hash_slice(&a->block), hash);
    (void)snprintf(job.path, sizeof job.path, PEER_API_PATH "candidate/%s", hash);
    memcpy(&job.tag, a->block.bytes, sizeof job.tag);
    job.tag |= TAG_BODY;
    job.kid_count = a->kid_count;
    memcpy(job.kids, a->kids, a->kid_count * sizeof a->kids[0]);
    ask(n, &job);
}

void loop_peers_catch_up(struct node *n, const struct node_action *a)
{
    struct fetch_job job = { .tag = TAG_CATCH_UP, .reply_max = BLOCKS_RANGE_SIZE_MAX };
    if (n->meet.fetch == NULL || n->meet.ranging)
        return; /* the machine asks again */
    (void)snprintf(job.path, sizeof job.path, PEER_API_PATH "blocks?from=%llu",
                   (unsigned long long)a->height);
    job.tag |= (uint64_t)a->kid.bytes[0] << 52 | (a->height & HEIGHT_MASK);
    job.kid_count = a->has_kid ? 1 : 0;
    job.kids[0] = a->kid;
    ask(n, &job);
}
