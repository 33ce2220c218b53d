/*
 * Recovery of a ledger whose quorum is lost for good: more than half of the last authorities name the tip they
 * have, and other authorities that go on from there. Nobody follows one by itself: a person pins its hash.
 * It keeps the ledger's id; what was sealed before stays as valid as it was; it stands on the ledger for ever.
 *
 *   recovery = [1, bstr body, [* [kid, signature]]]
 *   body     = [ledger id, height, tip hash, time, reason, [+ [bstr enrolment request, broker, url, certificate]]]
 *
 * Signed: "waybill/1/recovery" 00 body, by authorities of the set that should have sealed the block after the
 * tip. The new keys are fresh, so that no vote of before can meet one of after.
 */
#ifndef COMMON_RECOVERY_H
#define COMMON_RECOVERY_H

#include "common/authority_set.h"
#include "common/enrol.h"
#include "common/node_record.h"

#define RECOVERY_SIZE_MAX   60000 /* it is a value of the state */
#define RECOVERY_REASON_MAX 200
#define RECOVERY_TIMES_MAX  64 /* in the life of a ledger */

struct recovery_node {
    struct slice request; /* the new authority's own enrolment request; sponsor: its member */
    struct node_record record;
};

struct recovery {
    struct slice bytes; /* the whole file */
    struct hash hash;   /* of all of it: what a person pins */
    struct slice body;
    struct hash ledger, tip;
    uint64_t height; /* of the tip */
    uint64_t time_ms;
    struct slice reason;
    struct authority_set set; /* in force from height + 1 on */
    struct cbor_reader nodes; /* at the first; set.count of them */
    size_t signature_count;
    struct cbor_reader signatures; /* at the first */
};

/* Form, and that each new key proves itself; everything borrowed from bytes. Whether it holds is not asked. */
bool recovery_decode(struct slice bytes, struct recovery *ret_recovery, struct err *err);
/* The height of the tip it names, of bytes that a scan has passed; nothing else is looked at. */
bool recovery_peek(struct slice bytes, uint64_t *ret_height);
/* Call set.count times. */
void recovery_next_node(struct recovery *r, struct recovery_node *ret_node);

/* Signed by more than half of the last set? */
bool recovery_verify(const struct recovery *r, const struct authority_set *last, struct err *err);
/* How many of the last set have signed, and whether each signature holds. */
bool recovery_count(const struct recovery *r, const struct authority_set *last, size_t *ret_count,
                    struct err *err);

struct recovery_draft {
    struct hash ledger, tip;
    uint64_t height, time_ms;
    struct slice reason;
    size_t count;
    struct recovery_node nodes[AUTHORITY_MAX];
};
struct recovery_signature {
    struct kid kid;
    uint8_t sig[SIG_SIZE];
};
void recovery_put_body(struct buf *out, const struct recovery_draft *d);
void recovery_sign(struct slice body, const struct key_pair *authority,
                   struct recovery_signature *ret_signature);
/* The file; with no signature yet, a draft. In: kids rise. */
void recovery_put(struct buf *out, struct slice body, const struct recovery_signature *signatures,
                  size_t count);

/* [* height]: the value of state table 42 without a height. Returns how many. */
size_t recovery_take_heights(struct slice value, uint64_t ret_heights[RECOVERY_TIMES_MAX]);
void recovery_put_heights(struct buf *out, const uint64_t *heights, size_t count);

#endif
