/*
 * A ledger on disk that companies govern, in one process that has all their keys: real rules, chain, state and store,
 * and every block sealed by a quorum of the set in force at it. For what is proven across changes of that set.
 * Failures end the test.
 */
#ifndef TESTS_SUPPORT_SEALED_LEDGER_H
#define TESTS_SUPPORT_SEALED_LEDGER_H

#include "common/proposal.h"
#include "common/recovery.h"
#include "node/chain.h"
#include "node/store.h"
#include "tests/support/ledger_kit.h"

#define SEALED_COMPANIES_MAX  8
#define SEALED_STATEMENTS_MAX 4096 /* of one block */

struct sealed_ledger {
    char dir[64];
    size_t companies;
    struct kit_signer member[SEALED_COMPANIES_MAX];
    struct kit_signer node[SEALED_COMPANIES_MAX]; /* the company's newest authority key */
    size_t key_count;
    struct key_pair keys[64]; /* all authority keys that ever were */
    struct identity identity;
    struct store *store;
    struct chain chain;
    struct execution *execution;
    struct execute_context context; /* of the open block */
    size_t count;
    struct statement *statements;
    struct buf *bytes;
    uint64_t devices;
    struct hash last; /* statement */
    struct buf recovery_bytes;
    struct recovery recovery; /* the last one */
};

/* Each company founds it with an authority of its own. */
struct sealed_ledger *sealed_new(size_t companies);
void sealed_free(struct sealed_ledger *l); /* and its folder */

/* Signs, executes in the open block, and expects that it is accepted. */
void sealed_say(struct sealed_ledger *l, struct kit_signer *by, struct statement draft);
/* Ends the open block: sealed in this round, stored, and the next one opened. */
void sealed_block(struct sealed_ledger *l, uint64_t round);
void sealed_blocks(struct sealed_ledger *l, size_t count);
/* Enrols so many more devices of the first company, in as many blocks as it takes. */
void sealed_enrol(struct sealed_ledger *l, size_t count);

/* Changes of the set, by the votes that they need, in a few blocks each. */
void sealed_rotate(struct sealed_ledger *l, size_t company); /* a new key in place of its own */
void sealed_remove(struct sealed_ledger *l, size_t company); /* its authority leaves */
/* The quorum is lost: the next block is the first of other authorities, one of each company. */
void sealed_recover(struct sealed_ledger *l);

#endif
