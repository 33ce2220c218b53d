/* What outbox.c and outbox_replay.c share: the outbox in memory, and how a file's records make it. */
#ifndef DEVICE_OUTBOX_PARTS_H
#define DEVICE_OUTBOX_PARTS_H

#include "device/outbox.h"
#include "device/outbox_log.h"

#include <limits.h>

#define OUTBOX_STATEMENT_HEAD 16 /* seq and time before the bytes of an 'S' */

struct outbox_row {
    struct hash hash;
    uint64_t time_ms;
    uint64_t offset; /* of the statement in the file */
    size_t len;      /* 0: freed */
};

struct outbox {
    char folder[PATH_MAX - 64];
    int lock;
    struct kid kid;
    struct hash ledger;
    uint64_t max_bytes;
    struct outbox_log log;
    struct outbox_state state;
    struct outbox_row *entries; /* the row: its last has seq state.last_seq */
    size_t count, cap;
    bool any_key; /* whose it is does not matter */
    bool begun;   /* the 'M' was read */
};

uint64_t outbox_replay_first(
    const struct outbox *o); /* its seq; last_seq + 1 when the row is empty */
struct outbox_row *outbox_replay_find(const struct outbox *o,
                                      uint64_t seq); /* NULL: not in the row */
/* Room for one more; ERR_BUSY when there are OUTBOX_ENTRIES_MAX. */
bool outbox_replay_make_room(struct outbox *o, struct err *err);
void outbox_replay_push(struct outbox *o, const struct outbox_row *row); /* into that room */
void outbox_replay_drop(struct outbox *o, uint64_t from, uint64_t to);
void outbox_replay_put_u64(struct buf *out, uint64_t value);

/* The outbox_log_visit of a struct outbox. */
bool outbox_replay_visit(void *to, const struct outbox_log_record *record, struct err *err);

#endif
