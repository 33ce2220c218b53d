/*
 * A TCP connection made without waiting, only to see whether the other side answers at all: libmosquitto's
 * own way of connecting waits, and a host that swallows packets would hold its caller for minutes.
 */
#ifndef COMMON_BUS_PROBE_H
#define COMMON_BUS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* Returns: a descriptor to poll for POLLOUT, or -1 with a text in *ret_why that lives for good. */
int bus_probe_start(const char *host, uint16_t port, const char **ret_why);
/* Returns: 0: connected; EINPROGRESS: not yet; else why not. The descriptor stays the caller's. */
int bus_probe_look(int fd);
/* Has the other side closed the connection, with nothing left to read? */
bool bus_probe_ended(int fd);

#endif
