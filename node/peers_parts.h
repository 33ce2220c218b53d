/* Inside node/peers*.c: the connection to one peer's broker, where its messages wait, and who is known. */
#ifndef NODE_PEERS_PARTS_H
#define NODE_PEERS_PARTS_H

#include "common/broker.h"
#include "common/bus.h"
#include "common/tls_certificate.h"
#include "node/peers.h"
#include "node/peers_roster.h"

#include <limits.h>
#include <pthread.h>

#define PEERS_TOPICS     "wb/1/peer"
#define PEERS_TOPIC_SIZE 64

struct peers_link;

struct peers_message {
    struct peers_message *next;
    struct kid kid;
    uint64_t came_ms; /* steady */
    size_t len;
    uint8_t bytes[];
};

/*
 * Filled by the links' threads, emptied by the loop: one message of each link in turn, so that a peer that
 * says more than others holds up only itself.
 */
struct peers_inbox {
    pthread_mutex_t lock;
    struct peers_link *links[2 * PEER_MAX]; /* those that end are in it until they are reaped */
    size_t link_count, turn;
    size_t waiting; /* messages of all */
    int fd;         /* an eventfd: readable while messages wait */
};

/* What the log is told of a peer: each change, and once that it was never heard since the start. */
#define PEERS_NEVER_MS 30000

enum peers_word {
    PEERS_WORD_NONE,
    PEERS_WORD_HEARD,
    PEERS_WORD_LOST,
    PEERS_WORD_NEVER,
};

struct peers_told {
    uint64_t since_ms; /* of the start */
    bool heard, any;   /* as last told; whether anything was */
};

/* Pure: what is to be told now, and then was. */
enum peers_word peers_link_word(struct peers_told *told, bool heard, uint64_t now_ms);

struct peers_link {
    struct peers_link *next;
    struct peers_inbox *inbox;
    struct peer peer;
    struct bus *bus; /* the thread's, from its start to its end */
    pthread_t thread;
    int wake_fd;
    bool stop, ended, heard;             /* atomic */
    struct peers_told told;              /* the thread's, as is … */
    uint64_t last_ms;                    /* … when something was heard, or the connection made */
    struct peers_message *first, **last; /* what waits; under the inbox's lock, as is … */
    size_t waiting, waiting_bytes;       /* … how much */
};

/*
 * Starts listening at a peer's broker. In: ca_file holds the peer's certificate, own its paths. From the
 * main thread.
 */
bool peers_link_start(const struct peer *peer, const struct peers_options *own, const char *ca_file,
                      struct peers_inbox *inbox, struct peers_link **ret_link, struct err *err);
/* Tells it to end; peers_link_reap() then waits for that (it may hang in a connection being made). */
void peers_link_stop(struct peers_link *link);
void peers_link_reap(struct peers_link *link);

bool peers_inbox_open(struct peers_inbox *inbox, struct err *err);
void peers_inbox_close(struct peers_inbox *inbox);
/* NULL: nothing waits. The taker's to free(). */
struct peers_message *peers_inbox_take(struct peers_inbox *inbox);

/* One that may come in: with the certificate that counted so far, and with the one announced since. */
struct peers_known_one {
    struct kid kid;
    bool has_taken, has_said;
    struct hash taken, said;
    uint64_t heard_ms; /* steady; 0: never */
};

/* For any thread, under the lock. */
struct peers_known {
    pthread_mutex_t lock;
    size_t count;
    struct peers_known_one at[PEER_MAX];
};

/* Whether a peer may have this certificate, and it is named by its kid. */
bool peers_is_good(const struct peer *peer, struct err *err);
void peers_known_set(struct peers_known *known, const struct peers_roster *roster);
/* As peers_find(). */
bool peers_known_find(struct peers_known *known, const struct hash *fingerprint,
                      struct kid *ret_kid, uint64_t *ret_heard_ms);
/* A message of it was taken that came at this time. */
void peers_known_heard(struct peers_known *known, const struct kid *kid, uint64_t came_ms);

#endif
