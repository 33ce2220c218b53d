/*
 * A private MQTT broker for one node: Debian's mosquitto, started and stopped with the program; it dies
 * with its parent. For devices, when no broker is configured: on the loopback interface, open to all there.
 * For peers: TLS, and only whoever shows one of the certificates it was given comes in, under the name
 * that the certificate says; its owner publishes, the others listen.
 */
#ifndef COMMON_BROKER_H
#define COMMON_BROKER_H

#include "common/bytes.h"
#include "common/err.h"

#include <stdint.h>
#include <sys/types.h>

#define BROKER_PROGRAM "/usr/sbin/mosquitto"
#define BROKER_MAX_QUEUED \
    1000000 /* messages for one slow or absent client; mosquitto drops the rest */
#define BROKER_MAX_INFLIGHT 4096 /* to one client, without its acknowledgement */
#define BROKER_PEER_QUEUED  512 /* for one peer that does not read; more are lost, as they may be */

#define BROKER_HOST_SIZE 64

/*
 * mosquitto 2.0.11 does not take a changed list over when told to read its configuration again, and leaves
 * connections alone: a changed list wants broker_stop() and broker_start().
 */
struct broker_peers {
    const char *host;             /* an IPv4 or IPv6 address to listen on */
    const char *certificate_file; /* the broker's own, PEM */
    const char *key_file;
    struct slice allowed; /* PEM: exactly the certificates that may enter */
    const char *owner;    /* the name that may publish */
    const char *topics;   /* "wb/1/peer": the owner writes below it, others read all/ and to/NAME */
    size_t max_packet;
};

struct broker_options {
    const char *dir;                  /* exists; holds its configuration, log and stored sessions */
    uint16_t port;                    /* 0: any free one */
    const char *program;              /* NULL: BROKER_PROGRAM */
    const struct broker_peers *peers; /* NULL: for devices, on 127.0.0.1 */
};

struct broker {
    pid_t pid; /* 0: none */
    uint16_t port;
    char host[BROKER_HOST_SIZE]; /* where this machine reaches it */
};

/*
 * Returns when the broker accepts connections. ERR_BUSY: another program has the port; ERR_NOT_FOUND: no
 * such program. Call from the main thread: the broker is killed when the calling thread ends.
 */
bool broker_start(const struct broker_options *options, struct broker *ret_broker, struct err *err);
/* False when it has ended by itself; then it is reaped and broker_stop() does nothing. */
bool broker_is_running(struct broker *broker);
/* Lets it store its sessions and waits until it has ended. */
void broker_stop(struct broker *broker);

/* Is it an address to listen on, such as 0.0.0.0 or ::1? A name is none. */
bool broker_is_address(const char *host);

#endif
