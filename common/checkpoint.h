/*
 * Checkpoints (c2sp.org/tlog-checkpoint): the tree of statements as a signed note that witnesses of any log
 * understand: origin, size, root. A quorum's seals sign other bytes than a note's; so a checkpoint bears the
 * signature of the node that made it, and in a line of a type of its own, which others pass over, the block's
 * whole proof of finality. Pure.
 */
#ifndef COMMON_CHECKPOINT_H
#define COMMON_CHECKPOINT_H

#include "common/note.h"
#include "common/set_chain.h"

#define CHECKPOINT_ORIGIN_SIZE (8 + 2 * HASH_SIZE + 1) /* "waybill/" and the ledger's id in hex */

struct checkpoint {
    struct note note;
    struct slice origin; /* borrowed */
    uint64_t size;
    struct hash root;
};

void checkpoint_origin(const struct hash *ledger, char ret_origin[CHECKPOINT_ORIGIN_SIZE]);
/* origin, size, root: what is signed. */
void checkpoint_put_text(struct buf *out, const char *origin, uint64_t size,
                         const struct hash *root);
/* Form only; extension lines of other logs are let be. */
bool checkpoint_decode(struct slice bytes, struct checkpoint *ret_checkpoint, struct err *err);

/* The key by which an authority signs checkpoints of its ledger as notes. */
struct note_key checkpoint_authority_key(const struct hash *ledger, const uint8_t pub[PUB_SIZE]);

/* The line that holds a proof of finality [bstr header, seals], as final_put() makes it. */
void checkpoint_put_final(struct buf *out, const struct hash *ledger, struct slice final);
/*
 * Is it a checkpoint of this ledger, of a block that the authorities of its height made final? sets: any
 * form of proof. ret_header: the block's. ERR_NOT_FOUND: it brings no proof of finality.
 */
bool checkpoint_check_final(const struct checkpoint *c, struct slice sets,
                            const struct identity *trusted, struct header *ret_header,
                            size_t *ret_changes, struct err *err);

#endif
