/* A statement on its way through the node: its bytes and what decoding made of them, in one allocation. */
#ifndef NODE_PARCEL_H
#define NODE_PARCEL_H

#include "common/statement.h"

struct parcel {
    struct statement st; /* borrows from bytes; only hash and kid are set until it is verified */
    uint64_t arrived_ms; /* steady clock */
    bool from_peer;      /* another authority relayed it; else a client gave it to this node */
    struct kid relayer;  /* that authority */
    size_t len;
    /* the pool's own */
    uint64_t order;                             /* of arrival */
    uint64_t relay_ms;                          /* when it is to be relayed next */
    struct parcel *relay_before, *relay_behind; /* in the order of that */
    uint8_t bytes[];
};

#endif
