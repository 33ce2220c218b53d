/*
 * Where a person meets a recovery of a ledger, what his folder knows is held against it: those it has pinned,
 * and those its ledger has gone on by. A folder keeps the files of what it pinned.
 */
#ifndef TOOLS_RECOVERY_MEET_H
#define TOOLS_RECOVERY_MEET_H

#include "common/final.h"
#include "common/recovery_rivals.h"
#include "node/store.h"

#include <limits.h>

#define RECOVERY_MET_MAX (IDENTITY_PINS_MAX + 1)

/* Recoveries that a folder knows and that exclude the one that was met. */
struct recovery_met {
    size_t count;
    struct hash hash[RECOVERY_MET_MAX];
    bool gone_on; /* the ledger in the folder has gone on by one of them */
};

/*
 * Whom a folder knows: authorities by its ledger's state, else those of its identity. s: of the folder's
 * ledger; NULL: there is none.
 */
struct recovery_folder {
    const char *dir;
    const struct identity *identity;
    struct store *store;
};

/* A recovery_pub_of; ctx: a struct recovery_folder. */
bool recovery_meet_pub(void *ctx, const struct kid *kid, uint8_t ret_pub[PUB_SIZE]);

/* Says to standard error what two recoveries are to each other, and who signed both. */
void recovery_meet_tell(struct recovery_folder *f, const struct recovery *a,
                        const struct recovery *b, const struct recovery_rivals *v);
/* Writes the evidence into the folder, if it is one: DIR/recovery-evidence-….cbor. */
bool recovery_meet_keep_evidence(struct recovery_folder *f, const struct recovery *a,
                                 const struct recovery *b, const struct recovery_rivals *v,
                                 char ret_path[PATH_MAX], struct err *err);

/*
 * Holds r against all that the folder knows; each that excludes it is told to standard error, and evidence is
 * kept. False: a file could not be read or written; that there are such is no failure of this.
 */
bool recovery_meet(struct recovery_folder *f, const struct recovery *r,
                   struct recovery_met *ret_met, struct err *err);
/* The same, and ERR_PROOF where there is one. */
bool recovery_meet_refuse(struct recovery_folder *f, const struct recovery *r, struct err *err);

/* DIR/recovery-<16 hex>.cbor: so that it can be held against another. */
bool recovery_meet_keep(const char *dir, const struct recovery *r, struct err *err);

#endif
