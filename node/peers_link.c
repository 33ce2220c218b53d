/* One peer's broker, listened to in a thread of its own. */
#include "common/clock.h"
#include "common/hex.h"
#include "common/host_port.h"
#include "common/log.h"
#include "node/peers_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define POLL_MAX_MS 500

/* ------------------------------------------------------------------ the inbox */

bool peers_inbox_open(struct peers_inbox *inbox, struct err *err)
{
    *inbox = (struct peers_inbox){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    pthread_mutex_init(&inbox->lock, NULL);
    return inbox->fd >= 0 || err_set(err, ERR_IO, "peers: %s", strerror(errno));
}

void peers_inbox_close(struct peers_inbox *inbox)
{
    if (inbox->fd >= 0)
        (void)close(inbox->fd);
    pthread_mutex_destroy(&inbox->lock);
}

static bool inbox_join(struct peers_inbox *inbox, struct peers_link *link)
{
    pthread_mutex_lock(&inbox->lock);
    bool fits = inbox->link_count < 2 * PEER_MAX;
    if (fits)
        inbox->links[inbox->link_count++] = link;
    pthread_mutex_unlock(&inbox->lock);
    return fits;
}

static struct peers_message *pop(struct peers_inbox *inbox, struct peers_link *link)
{
    eventfd_t count;
    struct peers_message *m = link->first;
    link->first = m->next;
    if (link->first == NULL)
        link->last = &link->first;
    link->waiting--;
    link->waiting_bytes -= m->len;
    if (--inbox->waiting == 0)
        (void)eventfd_read(inbox->fd, &count);
    return m;
}

/* With what it brought: nobody takes that any more. */
static void inbox_leave(struct peers_inbox *inbox, struct peers_link *link)
{
    pthread_mutex_lock(&inbox->lock);
    while (link->first != NULL)
        free(pop(inbox, link));
    for (size_t i = 0; i < inbox->link_count; i++)
        if (inbox->links[i] == link)
            inbox->links[i--] = inbox->links[--inbox->link_count];
    pthread_mutex_unlock(&inbox->lock);
}

static void inbox_put(struct peers_inbox *inbox, struct peers_link *link, struct slice bytes)
{
    struct peers_message *m = malloc(sizeof *m + bytes.len);
    if (m == NULL)
        return;
    m->next = NULL;
    m->kid = link->peer.kid;
    m->came_ms = link->last_ms;
    m->len = bytes.len;
    memcpy(m->bytes, bytes.data, bytes.len);
    pthread_mutex_lock(&inbox->lock);
    bool fits =
        link->waiting < PEERS_LINK_COUNT && link->waiting_bytes + bytes.len <= PEERS_LINK_BYTES;
    if (fits) {
        *link->last = m;
        link->last = &m->next;
        link->waiting++;
        link->waiting_bytes += bytes.len;
        if (inbox->waiting++ == 0)
            (void)eventfd_write(inbox->fd, 1);
    }
    pthread_mutex_unlock(&inbox->lock);
    if (!fits)
        free(m);
}

struct peers_message *peers_inbox_take(struct peers_inbox *inbox)
{
    struct peers_message *m = NULL;
    pthread_mutex_lock(&inbox->lock);
    for (size_t i = 0; i < inbox->link_count && inbox->waiting > 0 && m == NULL; i++) {
        struct peers_link *link = inbox->links[inbox->turn++ % inbox->link_count];
        if (link->first != NULL)
            m = pop(inbox, link);
    }
    pthread_mutex_unlock(&inbox->lock);
    return m;
}

/* ------------------------------------------------------------------ the thread */

static void on_message(void *user, const struct bus_message *message)
{
    struct peers_link *link = user;
    link->last_ms = clock_steady_ms();
    if (!message->retained && message->payload.len > 0)
        inbox_put(link->inbox, link, message->payload);
}

enum peers_word peers_link_word(struct peers_told *told, bool heard, uint64_t now_ms)
{
    if (heard != told->heard) {
        told->heard = heard;
        told->any = true;
        return heard ? PEERS_WORD_HEARD : PEERS_WORD_LOST;
    }
    if (heard || told->any || now_ms < told->since_ms + PEERS_NEVER_MS)
        return PEERS_WORD_NONE;
    told->any = true;
    return PEERS_WORD_NEVER;
}

static void tell(struct peers_link *link, bool heard, uint64_t now_ms)
{
    char kid[2 * KID_SIZE + 1];
    const struct err *why = bus_last_error(link->bus);
    const char *text = why->code != ERR_NONE ? why->msg : "it does not answer";
    hex_encode(kid_slice(&link->peer.kid), kid);
    if (__atomic_exchange_n(&link->heard, heard, __ATOMIC_RELAXED) != heard)
        link->last_ms = now_ms;
    switch (peers_link_word(&link->told, heard, now_ms)) {
    case PEERS_WORD_NONE: break;
    case PEERS_WORD_HEARD: log_info("listening to peer %s at %s", kid, link->peer.broker); break;
    case PEERS_WORD_LOST: log_warn("peer %s is not heard: %s", kid, text); break;
    case PEERS_WORD_NEVER:
        log_warn("peer %s is not heard, and was not since the start, at %s: %s; still trying", kid,
                 link->peer.broker, text);
        break;
    }
}

static void turn(struct peers_link *link)
{
    uint64_t now_ms = clock_steady_ms();
    int wait = bus_timeout_ms(link->bus, now_ms);
    struct pollfd fds[2] = { { .fd = bus_fd(link->bus), .events = bus_events(link->bus) },
                             { .fd = link->wake_fd, .events = POLLIN } };
    (void)poll(fds, 2, wait < POLL_MAX_MS ? wait : POLL_MAX_MS);
    now_ms = clock_steady_ms();
    bus_service(link->bus, fds[0].revents, now_ms);
    bool heard = bus_is_connected(link->bus);
    tell(link, heard, now_ms);
    if (heard && now_ms >= link->last_ms + PEERS_SILENCE_MS) {
        bus_drop(link->bus, now_ms);
        link->last_ms = now_ms;
    }
}

static void *run(void *user)
{
    struct peers_link *link = user;
    while (!__atomic_load_n(&link->stop, __ATOMIC_ACQUIRE))
        turn(link);
    __atomic_store_n(&link->ended, true, __ATOMIC_RELEASE);
    return NULL;
}

/* ------------------------------------------------------------------ start and end */

static bool open_bus(struct peers_link *link, const struct peers_options *own, const char *ca_file,
                     struct err *err)
{
    struct host_port place;
    char id[2 * KID_SIZE + 1], topic[PEERS_TOPIC_SIZE];
    hex_encode(kid_slice(&own->own), id);
    (void)snprintf(topic, sizeof topic, PEERS_TOPICS "/to/%s", id);
    if (!host_port_parse(link->peer.broker, &place, err))
        return false;
    struct bus_options o = {
        .host = place.host,
        .port = place.port,
        .client_id = id,
        .ca_file = ca_file,
        .pinned = true,
        .certificate_file = own->certificate_file,
        .key_file = own->key_file,
        .max_packet = PEERS_MESSAGE_MAX,
        .at_most_once = true,
        .patience_ms = PEERS_PATIENCE_MS,
        .on_message = on_message,
        .user = link,
    };
    return bus_open(&o, &link->bus, err) && bus_subscribe(link->bus, PEERS_TOPICS "/all", err) &&
           bus_subscribe(link->bus, topic, err);
}

bool peers_link_start(const struct peer *peer, const struct peers_options *own, const char *ca_file,
                      struct peers_inbox *inbox, struct peers_link **ret_link, struct err *err)
{
    struct peers_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return err_set(err, ERR_IO, "out of memory");
    link->inbox = inbox;
    link->peer = *peer;
    link->last = &link->first;
    link->told.since_ms = clock_steady_ms();
    link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool good = link->wake_fd >= 0 || err_set(err, ERR_IO, "peers: %s", strerror(errno));
    good = good && open_bus(link, own, ca_file, err) &&
           (inbox_join(inbox, link) || err_set(err, ERR_BUSY, "too many connections")) &&
           (pthread_create(&link->thread, NULL, run, link) == 0 ||
            err_set(err, ERR_IO, "peers: no thread can be started"));
    if (!good) {
        inbox_leave(inbox, link);
        bus_close(link->bus);
        if (link->wake_fd >= 0)
            (void)close(link->wake_fd);
        free(link);
        return false;
    }
    *ret_link = link;
    return true;
}

void peers_link_stop(struct peers_link *link)
{
    __atomic_store_n(&link->stop, true, __ATOMIC_RELEASE);
    (void)eventfd_write(link->wake_fd, 1);
}

void peers_link_reap(struct peers_link *link)
{
    (void)pthread_join(link->thread, NULL);
    inbox_leave(link->inbox, link);
    bus_close(link->bus);
    (void)close(link->wake_fd);
    free(link);
}
