/*
 * How much room the ledger's disk has, and how long it will last as the ledger grows now. A block is only
 * made or taken while there is room for the largest one; before that, new statements are refused.
 */
#ifndef NODE_DISK_H
#define NODE_DISK_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define DISK_REFUSE_BYTES (UINT64_C(96) << 20) /* free: below this new statements are refused */
#define DISK_HALT_BYTES \
    (UINT64_C(64) << 20) /* and below this no block is made, voted for or stored */
#define DISK_DAYS_LOW  7
#define DISK_DAYS_NONE UINT64_MAX /* it does not grow, or has not been watched for long enough */
#define DISK_MARKS     64

struct disk {
    uint64_t free_bytes, used_bytes; /* of the file system; of the ledger's files */
    size_t count;                    /* marks, a while apart: the growth over the last hours */
    struct disk_mark {
        uint64_t at_ms, used_bytes;
    } marks[DISK_MARKS];
    uint64_t days; /* until statements are refused; DISK_DAYS_NONE */
};

/* What stands in dir now. now_ms: steady. */
bool disk_look(struct disk *d, const char *dir, uint64_t now_ms, struct err *err);
/* The room alone, before each turn: another program may fill a disk within a second. */
void disk_look_room(struct disk *d, const char *dir);
/* The same with figures from elsewhere; disk_look() without the system. */
void disk_note(struct disk *d, uint64_t free_bytes, uint64_t used_bytes, uint64_t now_ms);

static inline bool disk_refuses(const struct disk *d)
{
    return d->free_bytes < DISK_REFUSE_BYTES;
}

static inline bool disk_halts(const struct disk *d)
{
    return d->free_bytes < DISK_HALT_BYTES;
}

#endif
