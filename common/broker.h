/*
 * A private MQTT broker for one node: Debian's mosquitto on the loopback interface, started and stopped
 * with the program. The embedded default, when no broker is configured. It dies with its parent.
 */
#ifndef COMMON_BROKER_H
#define COMMON_BROKER_H

#include "common/err.h"

#include <stdint.h>
#include <sys/types.h>

#define BROKER_PROGRAM "/usr/sbin/mosquitto"
#define BROKER_MAX_QUEUED \
    1000000 /* messages for one slow or absent client; mosquitto drops the rest */
#define BROKER_MAX_INFLIGHT 4096 /* to one client, without its acknowledgement */

struct broker_options {
    const char *dir;     /* exists; holds its configuration, log and stored sessions */
    uint16_t port;       /* 0: any free one */
    const char *program; /* NULL: BROKER_PROGRAM */
};

struct broker {
    pid_t pid;     /* 0: none */
    uint16_t port; /* on 127.0.0.1 */
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

#endif
