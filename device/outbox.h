/*
 * The statements an agent has signed, on disk before they are sent and until the ledger has proven that it
 * has them; and, for ever, which seq was signed last. One process at a time; it deletes nothing of its own
 * accord, and drops nothing when full: it takes no more.
 */
#ifndef DEVICE_OUTBOX_H
#define DEVICE_OUTBOX_H

#include "common/key.h"

#define OUTBOX_ENTRIES_MAX 65536
#define OUTBOX_MIN_BYTES   (256 * 1024)

struct outbox;

struct outbox_entry {
    uint64_t seq;
    struct hash hash;
    bool freed; /* its bytes are gone; kept as long as a statement before it is there */
};

struct outbox_state {
    uint64_t last_seq; /* 0: nothing was ever signed */
    uint64_t last_time_ms;
    struct hash last_hash;
    size_t kept; /* statements */
    uint64_t kept_bytes;
    uint64_t file_bytes;
    uint64_t ack_height;  /* of the last ack that freed something; 0: none … */
    uint64_t ack_time_ms; /* … and when it came */
    uint64_t cut;         /* bytes of a torn record cut off by outbox_open() */
    bool busy;            /* outbox_inspect(): a process has it open */
};

/* Makes the folder, if need be, and an empty outbox in it. ERR_INPUT: there is one that was used. */
bool outbox_create(const char *folder, const struct kid *kid, const struct hash *ledger,
                   struct err *err);

/*
 * In: max_bytes is how much the kept statements may take together.
 * Errors: ERR_NOT_FOUND, ERR_BUSY (another process has it open), ERR_INPUT (another key's or ledger's),
 * ERR_PROOF (damaged; the message names the byte).
 */
bool outbox_open(const char *folder, const struct kid *kid, const struct hash *ledger,
                 uint64_t max_bytes, struct outbox **ret_outbox, struct err *err);
void outbox_close(struct outbox *o);

/* Only looks, also while a process has it open. */
bool outbox_inspect(const char *folder, const struct kid *kid, const struct hash *ledger,
                    struct outbox_state *ret_state, struct err *err);

struct outbox_state outbox_state(const struct outbox *o);
/* Entries in order of seq, in a row without a hole. */
size_t outbox_count(const struct outbox *o);
struct outbox_entry outbox_at(const struct outbox *o, size_t i);

/*
 * Stores the statement after last_seq; it is on disk when this returns true.
 * ERR_BUSY: full. ERR_IO: the disk refused; the same statement may be tried again.
 */
bool outbox_append(struct outbox *o, uint64_t seq, uint64_t time_ms, struct slice bytes,
                   struct err *err);
/* The bytes of one that is kept, appended to out; checked against its hash. */
bool outbox_read(const struct outbox *o, uint64_t seq, struct buf *out, struct err *err);
/* Deletes what is kept of from … to, because of the ack of block `height`. */
bool outbox_free(struct outbox *o, uint64_t from, uint64_t to, uint64_t height, uint64_t now_ms,
                 struct err *err);
/* Moves one that the ledger will never take to <folder>/aside/<seq>.cose, where it stays. */
bool outbox_set_aside(struct outbox *o, uint64_t seq, struct err *err);

/* How full it is, and how much room the disk has left for it. */
unsigned outbox_percent(const struct outbox *o);
bool outbox_disk_free(const struct outbox *o, uint64_t *ret_bytes, struct err *err);

#endif
