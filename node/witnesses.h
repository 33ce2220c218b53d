/*
 * The newest checkpoint that each of the configured witnesses has cosigned, as a note in the ledger's folder:
 * DATA/witness-<id>.note. Kept only when its signature holds; nothing else is believed here.
 */
#ifndef NODE_WITNESSES_H
#define NODE_WITNESSES_H

#include "common/checkpoint.h"

#include <limits.h>

#define WITNESSES_MAX 16

struct witness_seen {
    struct note_key key;
    uint64_t size, time_s; /* of what it cosigned; 0: nothing yet */
    struct buf text;       /* the checkpoint's */
    struct buf lines;      /* the node's and of finality, as they were cosigned */
    struct buf own;        /* its own line */
};

struct witnesses {
    char folder[PATH_MAX];
    size_t count;
    struct witness_seen at[WITNESSES_MAX];
};

/* In: count keys as texts ("NAME+ID+KEY"). What the folder holds of them is read; what is damaged is left out. */
bool witnesses_open(struct witnesses *w, const char *folder, const char *const *keys, size_t count,
                    struct err *err);
void witnesses_close(struct witnesses *w);

/*
 * Keeps the cosignatures of a checkpoint that was found to be of this ledger. lines: those that it is served
 * with. ret_kept: how many were new. False: one by a known witness does not hold, or it cannot be stored.
 */
bool witnesses_take(struct witnesses *w, const struct checkpoint *c, struct slice lines,
                    size_t *ret_kept, struct err *err);

/* Appends the lines of all who cosigned exactly this text; how many. */
size_t witnesses_put(const struct witnesses *w, struct slice text, struct buf *out);
/* The largest checkpoint that so many have cosigned; NULL: none. */
const struct witness_seen *witnesses_find(const struct witnesses *w, size_t least);

#endif
