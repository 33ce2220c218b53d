/*
 * Local times of a named zone (IANA, through the C library's zone files) into instants. A time that the
 * clocks skipped has none, one that they showed twice has two. For one thread only: it sets TZ.
 */
#ifndef DEVICE_ZONE_H
#define DEVICE_ZONE_H

#include "common/err.h"
#include "common/instant.h"

#define ZONE_NAME_SIZE 64

struct zone {
    char name[ZONE_NAME_SIZE]; /* "": none */
};

/* ERR_INPUT when this machine has no such zone: the C library itself would take UTC without a word. */
bool zone_find(const char *name, struct zone *ret_zone, struct err *err);

/* How many instants show these parts on the zone's clocks, 0-2, in order. The parts' offset is ignored. */
unsigned zone_instants(const struct zone *zone, const struct instant_parts *parts,
                       uint64_t ret_ms[2]);

#endif
