/*
 * Where a node listens, given the address at which others find it: on loopback for an address of loopback,
 * else everywhere, for a name or an address may be a router's.
 */
#ifndef TOOLS_LISTENING_H
#define TOOLS_LISTENING_H

#include "common/broker.h"
#include "common/err.h"

#include <stdint.h>

struct listening {
    char host[BROKER_HOST_SIZE]; /* an IPv4 or IPv6 address, without brackets */
    uint16_t port;
};

/*
 * In: address, "host:port" or "https://host:port"; wanted, an address of the machine to listen on instead,
 * with or without brackets, or NULL. Refused is what no other machine can connect to, such as 0.0.0.0 or
 * 10.0.0.300, and what is no address to listen on.
 */
bool listening_choose(const char *address, const char *wanted, struct listening *ret_listening,
                      struct err *err);

#endif
