/*
 * Two recoveries of one ledger. A ledger goes on by one: whoever signed two decisions about it has
 * contradicted himself, and both files together prove that. Pure; judges, and forbids nothing.
 *
 *   recovery-evidence = [1, bstr recovery, bstr recovery]   the one with the lesser hash first
 */
#ifndef COMMON_RECOVERY_RIVALS_H
#define COMMON_RECOVERY_RIVALS_H

#include "common/recovery.h"

#define RECOVERY_EVIDENCE_MAX (2 * RECOVERY_SIZE_MAX + 16)

enum recovery_relation {
    RIVALS_SAME,      /* one file */
    RIVALS_UNRELATED, /* of different ledgers, or one after the other: nobody signed both */
    RIVALS_SEALED_TWICE, /* one decision with different signatures under it; followed, still two ledgers */
    RIVALS_OF_ONE_TIP, /* two decisions about one block; nobody known signed both */
    RIVALS_EVIDENCE,   /* two decisions, and the same authorities signed both */
};

struct recovery_rivals {
    enum recovery_relation relation;
    size_t count; /* EVIDENCE: whose signatures hold under both */
    struct kid both[AUTHORITY_MAX];
};

/* The key of an authority that is or was on the ledger. False: unknown. */
typedef bool recovery_pub_of(void *ctx, const struct kid *kid, uint8_t ret_pub[PUB_SIZE]);

struct recovery_rivals recovery_rivals(const struct recovery *a, const struct recovery *b,
                                       recovery_pub_of *pub_of, void *ctx);

/* A ledger that follows the one does not follow the other. */
bool recovery_rivals_exclude(const struct recovery_rivals *v);

void recovery_evidence_put(struct buf *out, const struct recovery *a, const struct recovery *b);
/* Form only; recovery_rivals() judges. Borrowed from bytes. */
bool recovery_evidence_decode(struct slice bytes, struct recovery *ret_a, struct recovery *ret_b,
                              struct err *err);

#endif
