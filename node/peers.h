/*
 * The bus between authorities: this node's own peers-only broker, on which only it publishes, and a
 * subscription at each other authority's. QoS 0 both ways: consensus says everything again. A connection
 * to a peer has a thread of its own, so that one that hangs holds up nobody; what it brings waits, within
 * bounds, until the node's loop takes it.
 */
#ifndef NODE_PEERS_H
#define NODE_PEERS_H

#include "common/bytes.h"
#include "common/err.h"
#include "node/peer.h"

#include <poll.h>

#define PEERS_MESSAGE_MAX (1024 * 1024 + 1024) /* an envelope and its topic */
#define PEERS_LINK_BYTES  (8u << 20)           /* of one peer, waiting to be taken; more are lost */
#define PEERS_LINK_COUNT  4096
#define PEERS_SEND_BYTES  (32u << 20) /* for the own broker, not yet written; more are lost */
#define PEERS_SILENCE_MS \
    5000 /* a peer says its status every second: what is silent so long is dead */
#define PEERS_PATIENCE_MS 1500
#define PEERS_POLL_COUNT  2

struct peers;

struct peers_options {
    const char *dir; /* exists; holds the broker's files and the peers' certificates */
    struct kid own;
    const char *certificate_file, *key_file; /* PEM; named by the kid */
    const char *host;                        /* where the own broker listens */
    uint16_t port;                           /* 0: any free one */
};

/* Starts the broker, which nobody else may enter yet. From the main thread: see broker_start(). */
bool peers_open(const struct peers_options *options, struct peers **ret_peers, struct err *err);
void peers_close(struct peers *p); /* NULL is legal */
uint16_t peers_port(const struct peers *p);

/*
 * Who they are from now on; those with the own kid are left out. A peer whose certificate is none that a
 * peer may have (common/tls_certificate.h), or is not named by its kid, is not let in and not listened to.
 * Who enters does so at once; who leaves, and what others announce anew, waits: see peers_roster.h. A changed
 * list of certificates restarts the broker.
 */
void peers_set(struct peers *p, const struct peer *list, size_t count, uint64_t now_ms);
/*
 * Whose certificate is this? One that waits to be taken over counts as the one before it does. Any thread.
 * Returns: false when it is none of theirs. Out: ret_heard_ms: when the newest message of that peer came that
 * the loop has taken, by clock_steady_ms(); 0: none has. Both may be NULL.
 */
bool peers_find(struct peers *p, const struct hash *fingerprint, struct kid *ret_kid,
                uint64_t *ret_heard_ms);

/* For the loop's poll(). */
void peers_poll(const struct peers *p, struct pollfd fds[PEERS_POLL_COUNT]);
int peers_timeout_ms(const struct peers *p, uint64_t now_ms);
/* A broker that ended, or could not be started again, is tried again, each time after a longer pause. */
void peers_service(struct peers *p, const struct pollfd fds[PEERS_POLL_COUNT], uint64_t now_ms);

/* To all others, or to one. It may be lost: false when it was already. */
bool peers_send(struct peers *p, const struct kid *to, struct slice message);

/* The oldest message of one peer after the other: false, none waits. It lives until the next call. */
bool peers_take(struct peers *p, struct kid *ret_link, struct slice *ret_message);

/* Whether the own broker runs: else nobody hears this node. */
bool peers_is_up(const struct peers *p);
/* Whose broker is heard at this moment. */
bool peers_hear(const struct peers *p, const struct kid *kid);
/* Of how many; *ret_heard: how many of them. */
size_t peers_count(const struct peers *p, size_t *ret_heard);

#endif
