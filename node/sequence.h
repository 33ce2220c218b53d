/*
 * A key's sequence record: which of its statements are on the ledger, where gaps are, and whether the key
 * shows signs of being in two hands (DESIGN section 5, WIRE "Sequence record"). Pure.
 */
#ifndef NODE_SEQUENCE_H
#define NODE_SEQUENCE_H

#include "common/outcome.h"
#include "common/state_value.h"
#include "common/statement.h"

#define SEQUENCE_WINDOW 16
#define SEQUENCE_GAPS   16
#define SEQUENCE_JUMP   (UINT64_C(1) << 20)

struct sequence_seen {
    uint64_t seq;
    uint8_t half[HALF_SIZE];
    bool conflicted;
    uint8_t other[HALF_SIZE]; /* of the one conflicting statement recorded */
};

struct sequence_gap {
    uint64_t from, to;       /* both missing, and all between */
    uint8_t low[HALF_SIZE];  /* of the statement before the gap */
    uint8_t high[HALF_SIZE]; /* prev of the statement after it */
};

struct sequence {
    uint64_t last;
    struct hash hash; /* of the statement at last; the ledger id at first */
    uint64_t since;
    bool cloned;
    size_t window_count;
    struct sequence_seen window[SEQUENCE_WINDOW];
    size_t gap_count;
    struct sequence_gap gaps[SEQUENCE_GAPS];
};

/* A gap that was given up to make room. */
struct sequence_lost {
    bool happened;
    uint64_t from, to;
};

/* The record of a key that has said nothing yet. */
void sequence_fresh(struct sequence *s, const struct hash *ledger);
bool sequence_take(struct slice value, struct sequence *ret_sequence);
void sequence_put(struct buf *out, const struct sequence *s);

/*
 * Takes one statement into the record.
 * In: key tells whether it is revoked, as of the block before.
 * Returns: ACCEPTED with flags (FILLS, GAP, FORK), REFUSED_CLONE with FLAG_CLONE, or a code that keeps it
 * off the ledger; then *s is unchanged.
 */
enum refusal sequence_enter(struct sequence *s, const struct statement *st,
                            const struct state_key_record *key, uint64_t *ret_flags,
                            struct sequence_lost *ret_lost);

/* First of the run that ends in last: all of it is recorded and hash-chained to last. */
uint64_t sequence_run(const struct sequence *s);
/* Fills last, hash, run and gaps. */
void sequence_summary(const struct sequence *s, struct summary *ret_summary);

#endif
