#include "node/peers.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"
#include "node/peers_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOWED_MAX   ((size_t)PEER_MAX * TLS_CERTIFICATE_PEM_MAX)
#define KID_TEXT_SIZE (2 * KID_SIZE + 1)
#define RESTART_MS    1000  /* a broker that ended is started again not more often, and … */
#define RETRY_MAX_MS  30000 /* … when it does not start, twice as patiently each time up to this */
#define PATH_SIZE     (PATH_MAX - 64)

struct peers {
    struct peers_options options;
    char dir[PATH_SIZE], certificate_file[PATH_SIZE], key_file[PATH_SIZE];
    char host[BROKER_HOST_SIZE];
    char own[KID_TEXT_SIZE];
    struct broker broker;
    uint64_t retry_ms;       /* not before then is the broker started again */
    uint64_t retry_pause_ms; /* 0: it started when it was last tried */
    struct bus *bus;         /* to the own broker, to publish */
    size_t unwritten;        /* bytes published and perhaps not yet written */
    struct buf allowed;      /* PEM of all that may enter, the own first */
    struct buf own_pem;
    struct peers_inbox inbox;
    struct peers_message *taken;
    struct peers_link *links, *retired;
    struct peers_roster roster;
    struct peers_known known;
};

/* ------------------------------------------------------------------ the own broker */

static bool start_broker(struct peers *p, struct err *err)
{
    struct broker_peers peers = {
        .host = p->host,
        .certificate_file = p->certificate_file,
        .key_file = p->key_file,
        .allowed = buf_slice(&p->allowed),
        .owner = p->own,
        .topics = PEERS_TOPICS,
        .max_packet = PEERS_MESSAGE_MAX,
    };
    struct broker_options o = { .dir = p->dir, .port = p->broker.port, .peers = &peers };
    if (o.port == 0)
        o.port = p->options.port;
    struct broker broker;
    if (!broker_start(&o, &broker, err))
        return err_wrap(err, "the peers' broker");
    p->broker = broker;
    return true;
}

static bool open_bus(struct peers *p, struct err *err)
{
    struct bus_options o = {
        .host = p->broker.host,
        .port = p->broker.port,
        .client_id = p->own,
        .ca_file = p->certificate_file,
        .pinned = true,
        .certificate_file = p->certificate_file,
        .key_file = p->key_file,
        .max_packet = PEERS_MESSAGE_MAX,
        .patience_ms = PEERS_PATIENCE_MS,
    };
    struct bus *bus = NULL;
    if (!bus_open(&o, &bus, err))
        return false;
    bus_close(p->bus);
    p->bus = bus;
    p->unwritten = 0;
    return true;
}

/* A port that another program has for a moment, a slow machine: the node goes on, and tries it again. */
static void restart_broker(struct peers *p, uint64_t now_ms)
{
    struct err err;
    broker_stop(&p->broker);
    bool up = start_broker(p, &err) && open_bus(p, &err);
    if (up && p->retry_pause_ms > 0)
        log_info("the peers' broker runs again");
    if (up) {
        p->retry_pause_ms = 0;
        p->retry_ms = now_ms + RESTART_MS;
        return;
    }
    broker_stop(&p->broker);
    p->retry_pause_ms = p->retry_pause_ms == 0 ? RESTART_MS : 2 * p->retry_pause_ms;
    if (p->retry_pause_ms > RETRY_MAX_MS)
        p->retry_pause_ms = RETRY_MAX_MS;
    p->retry_ms = now_ms + p->retry_pause_ms;
    log_error("%s; no peer hears this node; trying again in %u s", err.msg,
              (unsigned)(p->retry_pause_ms / 1000));
}

static void keep_broker(struct peers *p, uint64_t now_ms)
{
    if (broker_is_running(&p->broker) || now_ms < p->retry_ms)
        return;
    if (p->retry_pause_ms == 0)
        log_error("the peers' broker ended; starting it again");
    restart_broker(p, now_ms);
}

/* ------------------------------------------------------------------ opening and closing */

static bool copy_path(char to[PATH_SIZE], const char *from, struct err *err)
{
    int n = snprintf(to, PATH_SIZE, "%s", from);
    return (n >= 0 && n < (int)PATH_SIZE) ||
           err_set(err, ERR_INPUT, "%s: the path is too long", from);
}

/* Tried here, for libmosquitto names neither the file nor the trouble. */
static bool try_key(const char *path, struct err *err)
{
    struct buf pem = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    bool good = file_read(path, TLS_CERTIFICATE_PEM_MAX, &pem, err);
    if (pem.data != NULL)
        crypto_wipe(pem.data, pem.len);
    buf_free(&pem);
    return good;
}

/* The own certificate has to be what others expect of it. */
static bool read_own(struct peers *p, struct err *err)
{
    struct buf der = buf_heap(TLS_CERTIFICATE_MAX);
    struct tls_certificate c;
    bool good = tls_certificate_read(p->certificate_file, &der, err) &&
                (tls_certificate_check(buf_slice(&der), &c, err) ||
                 err_wrap(err, "%s", p->certificate_file));
    if (good && strcmp(c.name, p->own) != 0)
        good = err_set(err, ERR_INPUT, "%s is named \"%s\", and the authority's key is %s",
                       p->certificate_file, c.name, p->own);
    if (good)
        tls_certificate_put_pem(buf_slice(&der), &p->own_pem);
    buf_free(&der);
    return good;
}

static bool set_up(struct peers *p, const struct peers_options *o, struct err *err)
{
    p->options = *o;
    hex_encode(kid_slice(&o->own), p->own);
    (void)snprintf(p->host, sizeof p->host, "%s", o->host);
    if (!copy_path(p->dir, o->dir, err) ||
        !copy_path(p->certificate_file, o->certificate_file, err) ||
        !copy_path(p->key_file, o->key_file, err) || !read_own(p, err) ||
        !try_key(p->key_file, err))
        return false;
    p->options.dir = p->dir;
    p->options.certificate_file = p->certificate_file;
    p->options.key_file = p->key_file;
    p->options.host = p->host;
    buf_add_slice(&p->allowed, buf_slice(&p->own_pem));
    return start_broker(p, err) && open_bus(p, err);
}

bool peers_open(const struct peers_options *options, struct peers **ret_peers, struct err *err)
{
    struct peers *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(err, ERR_IO, "out of memory");
    p->allowed = buf_heap(ALLOWED_MAX);
    p->own_pem = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    pthread_mutex_init(&p->known.lock, NULL);
    if (!peers_inbox_open(&p->inbox, err) || !set_up(p, options, err)) {
        peers_close(p);
        return false;
    }
    *ret_peers = p;
    return true;
}

static void reap_list(struct peers_link *list)
{
    while (list != NULL) {
        struct peers_link *next = list->next;
        peers_link_reap(list);
        list = next;
    }
}

void peers_close(struct peers *p)
{
    if (p == NULL)
        return;
    for (struct peers_link *l = p->links; l != NULL; l = l->next)
        peers_link_stop(l);
    reap_list(p->links);
    reap_list(p->retired);
    free(p->taken);
    peers_inbox_close(&p->inbox);
    bus_close(p->bus);
    broker_stop(&p->broker);
    buf_free(&p->allowed);
    buf_free(&p->own_pem);
    pthread_mutex_destroy(&p->known.lock);
    free(p);
}

uint16_t peers_port(const struct peers *p)
{
    return p->broker.port;
}

/* ------------------------------------------------------------------ who they are */

static bool same_peer(const struct peer *a, const struct peer *b)
{
    return kid_equal(&a->kid, &b->kid) && strcmp(a->broker, b->broker) == 0 &&
           slice_equal(slice_of(a->certificate, a->certificate_len),
                       slice_of(b->certificate, b->certificate_len));
}

/* Threads of connections that are no longer wanted, where they have ended. */
static void reap_retired(struct peers *p)
{
    for (struct peers_link **at = &p->retired; *at != NULL;) {
        struct peers_link *link = *at;
        if (!__atomic_load_n(&link->ended, __ATOMIC_ACQUIRE)) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        peers_link_reap(link);
    }
}

static void retire_others(struct peers *p, const struct peer *const *good, size_t count)
{
    for (struct peers_link **at = &p->links; *at != NULL;) {
        struct peers_link *link = *at;
        size_t i = 0;
        while (i < count && !same_peer(&link->peer, good[i]))
            i++;
        if (i < count) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        link->next = p->retired;
        p->retired = link;
        peers_link_stop(link);
    }
}

static bool is_linked(const struct peers *p, const struct peer *peer)
{
    const struct peers_link *link = p->links;
    while (link != NULL && !same_peer(&link->peer, peer))
        link = link->next;
    return link != NULL;
}

/* One that can't be listened to is told of, and the others are. */
static void start_link(struct peers *p, const struct peer *peer)
{
    char path[PATH_MAX], kid[KID_TEXT_SIZE];
    struct buf pem = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    struct peers_link *link = NULL;
    struct err err;
    hex_encode(kid_slice(&peer->kid), kid);
    (void)snprintf(path, sizeof path, "%s/%s.crt", p->dir, kid);
    tls_certificate_put_pem(slice_of(peer->certificate, peer->certificate_len), &pem);
    if (file_replace(path, buf_slice(&pem), 0600, &err) &&
        peers_link_start(peer, &p->options, path, &p->inbox, &link, &err)) {
        link->next = p->links;
        p->links = link;
    } else {
        log_error("peer %s can't be listened to: %s", kid, err.msg);
    }
    buf_free(&pem);
}

/* The broker learns of another list of certificates only when it starts. */
static void admit(struct peers *p, const struct peer *const *good, size_t count, uint64_t now_ms)
{
    struct buf pem = buf_heap(ALLOWED_MAX);
    buf_add_slice(&pem, buf_slice(&p->own_pem));
    for (size_t i = 0; i < count; i++)
        tls_certificate_put_pem(slice_of(good[i]->certificate, good[i]->certificate_len), &pem);
    if (slice_equal(buf_slice(&pem), buf_slice(&p->allowed))) {
        buf_free(&pem);
        return;
    }
    buf_free(&p->allowed);
    p->allowed = pem;
    restart_broker(p, now_ms);
}

static void tell_left_out(const struct peer *peer, const struct err *why)
{
    char kid[KID_TEXT_SIZE];
    hex_encode(kid_slice(&peer->kid), kid);
    log_warn("peer %s is left out: %s", kid, why->msg);
}

/* What waited in the roster, when it is time. */
static void take_over(struct peers *p, uint64_t now_ms)
{
    const struct peer *good[PEER_MAX];
    size_t count = 0;
    struct err err;
    if (!peers_roster_take(&p->roster, now_ms))
        return;
    for (size_t i = 0; i < p->roster.count; i++) {
        const struct peers_roster_entry *e = &p->roster.at[i];
        if (e->present && peers_is_good(&e->taken, &err))
            good[count++] = &e->taken;
        else if (e->present)
            tell_left_out(&e->taken, &err);
    }
    retire_others(p, good, count);
    reap_retired(p);
    peers_known_set(&p->known, &p->roster);
    admit(p, good, count, now_ms);
    for (size_t i = 0; i < count; i++)
        if (good[i]->broker[0] != '\0' && !is_linked(p, good[i]))
            start_link(p, good[i]);
}

void peers_set(struct peers *p, const struct peer *list, size_t count, uint64_t now_ms)
{
    struct peer *others = calloc(PEER_MAX, sizeof others[0]);
    size_t other_count = 0;
    assert(count <= PEER_MAX);
    for (size_t i = 0; i < count && others != NULL; i++)
        if (!kid_equal(&list[i].kid, &p->options.own))
            others[other_count++] = list[i];
    if (others == NULL) {
        log_error("out of memory: who the peers are is not taken over");
        return;
    }
    peers_roster_say(&p->roster, others, other_count, now_ms);
    free(others);
    peers_known_set(&p->known, &p->roster);
    take_over(p, now_ms);
}

bool peers_find(struct peers *p, const struct hash *fingerprint, struct kid *ret_kid,
                uint64_t *ret_heard_ms)
{
    return peers_known_find(&p->known, fingerprint, ret_kid, ret_heard_ms);
}

/* ------------------------------------------------------------------ the loop's side */

void peers_poll(const struct peers *p, struct pollfd fds[PEERS_POLL_COUNT])
{
    fds[0] = (struct pollfd){ .fd = bus_fd(p->bus), .events = bus_events(p->bus) };
    fds[1] = (struct pollfd){ .fd = p->inbox.fd, .events = POLLIN };
}

int peers_timeout_ms(const struct peers *p, uint64_t now_ms)
{
    return bus_timeout_ms(p->bus, now_ms);
}

void peers_service(struct peers *p, const struct pollfd fds[PEERS_POLL_COUNT], uint64_t now_ms)
{
    bus_service(p->bus, fds[0].revents, now_ms);
    if ((bus_events(p->bus) & POLLOUT) == 0)
        p->unwritten = 0;
    reap_retired(p);
    take_over(p, now_ms);
    keep_broker(p, now_ms);
}

bool peers_send(struct peers *p, const struct kid *to, struct slice message)
{
    char topic[PEERS_TOPIC_SIZE] = PEERS_TOPICS "/all", kid[KID_TEXT_SIZE];
    struct bus_publish m = { .topic = topic, .payload = message };
    if (to != NULL) {
        hex_encode(kid_slice(to), kid);
        (void)snprintf(topic, sizeof topic, PEERS_TOPICS "/to/%s", kid);
    }
    if (p->unwritten + message.len > PEERS_SEND_BYTES || !bus_publish(p->bus, &m, NULL, NULL))
        return false;
    p->unwritten += message.len;
    return true;
}

bool peers_take(struct peers *p, struct kid *ret_link, struct slice *ret_message)
{
    free(p->taken);
    p->taken = peers_inbox_take(&p->inbox);
    if (p->taken == NULL)
        return false;
    peers_known_heard(&p->known, &p->taken->kid, p->taken->came_ms);
    *ret_link = p->taken->kid;
    *ret_message = slice_of(p->taken->bytes, p->taken->len);
    return true;
}

bool peers_is_up(const struct peers *p)
{
    return p->broker.pid != 0;
}

bool peers_hear(const struct peers *p, const struct kid *kid)
{
    for (const struct peers_link *l = p->links; l != NULL; l = l->next)
        if (kid_equal(&l->peer.kid, kid))
            return __atomic_load_n(&l->heard, __ATOMIC_RELAXED);
    return false;
}

size_t peers_count(const struct peers *p, size_t *ret_heard)
{
    size_t count = 0;
    *ret_heard = 0;
    for (const struct peers_link *l = p->links; l != NULL; l = l->next) {
        count++;
        *ret_heard += __atomic_load_n(&l->heard, __ATOMIC_RELAXED);
    }
    return count;
}
