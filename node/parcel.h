/* A statement on its way through the node: its bytes and what decoding made of them, in one allocation. */
#ifndef NODE_PARCEL_H
#define NODE_PARCEL_H

#include "common/statement.h"

struct parcel {
    struct statement st; /* borrows from bytes; only hash and kid are set until it is verified */
    uint64_t arrived_ms; /* steady clock */
    uint64_t order;      /* of arrival in the pool */
    size_t len;
    uint8_t bytes[];
};

#endif
