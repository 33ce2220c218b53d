/*
 * The rules of government a second time, from docs/governance.md alone: slow, obvious, without bytes. It says
 * what each operation on a govern_world must be answered with, and how the ledger must stand after a block.
 */
#ifndef TESTS_SUPPORT_GOVERN_REFERENCE_H
#define TESTS_SUPPORT_GOVERN_REFERENCE_H

#include "tests/support/govern_world.h"

/* A key by company and slot, as one number; a set of keys as a bitmap of them. */
#define GR_KEY(company, slot) ((size_t)(company)*GW_KEYS + (size_t)(slot))
#define GR_KEYS               (GW_COMPANIES * GW_KEYS)
#define GR_BIT(key)           (UINT64_C(1) << (key))

struct gr_ballot {
    bool there, yes;
    uint64_t set; /* bitmap of the authorities it was cast under */
};

struct gr_proposal {
    enum govern_action action;
    size_t company, key;   /* whom it is about */
    size_t sponsor;        /* company that a request names */
    uint64_t until_ms;     /* ADD_AUTHORITY */
    unsigned number;       /* which definition, parameter or rules version */
    struct constitution c; /* AMEND */
    size_t proposer;
    uint64_t expires_ms, named_height;
    enum proposal_status status;
    uint64_t height, turn; /* of its effect: when, and in which order */
    struct gr_ballot ballots[GW_COMPANIES];
};

struct gr_candidate {
    bool there;
    uint64_t from_height, until_ms;
};

#define GR_DEFINITIONS 4

struct govern_reference {
    uint64_t height, time_ms, turns;
    bool active[GW_COMPANIES], known[GW_COMPANIES];
    unsigned roles[GW_COMPANIES];
    size_t voice[GW_COMPANIES]; /* the slot of the member's present key */
    enum { GR_NO_KEY, GR_MEMBER_KEY, GR_AUTHORITY_KEY } keys[GR_KEYS];
    size_t owner[GR_KEYS];     /* the company that a key belongs to, once it is known */
    uint64_t revoked[GR_KEYS]; /* height; 0: not */
    struct gr_candidate candidates[GR_KEYS];
    uint64_t now, next; /* the sets */
    struct constitution c;
    bool approved[GR_DEFINITIONS];
    size_t count;
    struct gr_proposal proposals[GW_PROPOSALS_MAX];
};

void gr_begin(struct govern_reference *r, const struct govern_world *w, size_t members,
              size_t authorities, const struct constitution *c);
/* The next block begins. */
void gr_block(struct govern_reference *r, uint64_t ms);

/* Each says what the ledger must answer, and does it. In p: what is proposed; the rest is filled in. */
enum refusal gr_propose(struct govern_reference *r, size_t company, struct gr_proposal p);
enum refusal gr_vote(struct govern_reference *r, const struct govern_world *w, size_t company,
                     size_t proposal, bool yes);
enum refusal gr_withdraw(struct govern_reference *r, size_t company, size_t proposal);
enum refusal gr_announce(struct govern_reference *r, size_t company, size_t slot, bool enter,
                         uint64_t age);

#endif
