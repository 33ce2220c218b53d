/*
 * The authority sets of a ledger, one after the other, each proven by seals of the one before: from the
 * identity that a verifier trusts to the set in force at any height. Pure; allocates nothing.
 *
 * identity  = [1, bstr header, bstr authority-set]                 no change yet
 * set-proof = [identity, [* [bstr header, [+ bstr seal], bstr authority-set]]]
 * set-chain = [2, identity, [* [bstr header, round, [+ [place, signature]], bstr authority-set]]]
 *
 * Where the quorum was lost for good, an entry [bstr recovery] (recovery.h) stands among the changes, of any
 * form: it is followed only by a verifier whose identity pins it.
 *
 * A change is a block whose header names another set for the next height; the set beside it is in force
 * from there on. A set-chain is a set-proof for people and phones: header, round and place in the set
 * before give a seal's bytes but for its signature, and more seals than a quorum are left out.
 */
#ifndef COMMON_SET_CHAIN_H
#define COMMON_SET_CHAIN_H

#include "common/final.h"

#define SET_CHAIN_SIZE_MAX (4 * 1024 * 1024)

/* ------------------------------------------------------------------ reading one */

/* About 4 kB. Goes forward only; borrows the proof's bytes. */
struct set_chain {
    struct hash ledger;
    struct authority_set set; /* in force from `from` to `to`, both included */
    uint64_t from, to;        /* UINT64_MAX: the proof knows of no later change */
    size_t changes;           /* before this set */
    size_t pin_count;         /* the verifier's own */
    struct hash pins[IDENTITY_PINS_MAX];

    /* the changes that follow */
    bool compact;
    size_t left;
    struct cbor_reader reader;
};

/*
 * Takes any of the three forms; all of it is walked, signatures are checked on the way to a height.
 * In: trusted: whose ledger it must be; NULL: of whichever it begins with (the caller compares ledger).
 */
bool set_chain_begin(struct set_chain *c, struct slice proof, const struct identity *trusted,
                     struct err *err);
/*
 * Goes on to the set in force at a height, UINT64_MAX: to the newest.
 * Returns: false unless every change on the way is sealed by the set before it, and for a height before
 * `from`; c is then of no more use.
 */
bool set_chain_to(struct set_chain *c, uint64_t height, struct err *err);
/* Both in one. */
bool set_chain_at(struct slice proof, const struct identity *trusted, uint64_t height,
                  struct authority_set *ret_set, struct err *err);
/*
 * Passes over the changes that are left, nothing verified, up to behind the next recovery among them. False:
 * there is none.
 */
bool set_chain_next_recovery(struct set_chain *c, struct slice *ret_recovery);
/* How many changes it lists, whether they hold or not; 0 when it is none of the three. */
size_t set_chain_count(struct slice proof);

/* Is the block final under the set in force at its height? In: c at or before it. */
bool set_chain_final(struct set_chain *c, const struct final *f, struct err *err);

/* ------------------------------------------------------------------ making one */

enum set_chain_form { SET_CHAIN_PROOF, SET_CHAIN_COMPACT };

struct set_chain_maker {
    enum set_chain_form form;
    struct authority_set set; /* before the next change */
    struct buf *out;
};

/* Appends the head of a proof of `changes` changes; set_chain_add() follows as often. */
void set_chain_make(struct set_chain_maker *m, enum set_chain_form form, const struct identity *id,
                    size_t changes, struct buf *out);
/* A recovery, as it stands on the ledger. */
bool set_chain_add_recovery(struct set_chain_maker *m, struct slice recovery, struct err *err);
/* In: seals: raw CBOR array of byte strings; next: an authority-set. False when they don't fit. */
bool set_chain_add(struct set_chain_maker *m, const struct header *h, struct slice seals,
                   struct slice next, struct err *err);

#endif
