/*
 * Plays one world of goods on the product's rules and on the reference at once. After every statement the
 * refusal codes are compared, after every block what was found and revealed, at intervals and at the end the state
 * of everything. What is passed, taken from events alone, must give the same custodians.
 */
#ifndef TESTS_SUPPORT_GOODS_PLAY_H
#define TESTS_SUPPORT_GOODS_PLAY_H

#include "node/execute.h"
#include "tests/support/goods_store.h"
#include "tests/support/goods_world.h"
#include "tests/support/ledger_kit.h"

#define GOODS_PLAY_CODES 128
#define GOODS_PLAY_BLOCK 1024 /* operations in a block, at most */

/* Who holds and owns goods, as events alone tell it. */
struct goods_replay {
    struct kid custodian, owner;
    bool there;
};

/* What the reference expects an operation to tell. */
struct goods_expected {
    const struct goods_op *op;
    struct goods_finding *findings;
    size_t finding_count;
    enum event_reveal reveal;
};

struct goods_play {
    struct goods_world *world;
    struct goods_store *store;
    struct execution *execution;
    struct execute_context context;
    struct state_view view;
    struct kit kit;
    struct kit_signer by[GOODS_SIGNERS];
    struct hash *hashes; /* of operations */
    struct slice *signed_bytes;
    struct statement *statements; /* of the block */
    struct goods_expected *expected;
    size_t block_count;
    struct goods_replay *replay; /* by name */
    goods_wide amounts[3];       /* all there is, by dimension, at the last comparison */
    goods_wide commissioned[3];  /* since then */
    struct buf memory;           /* of the block's statements */

    uint64_t codes[GOODS_PLAY_CODES]; /* how often each was reached */
    uint64_t kinds[32][2];            /* statements by kind: refused, accepted */
    uint64_t findings[FINDING_LAST + 1], reveals[REVEAL_MISMATCH + 1];
    struct hash digest; /* of all that the rules made of it so far: outcomes, and what they wrote */
    uint32_t failed_at; /* operation */
    size_t good;        /* so many operations had been played when all was found well last */
    char why[512];      /* empty: all is well */
};

struct goods_play *goods_play_new(uint64_t seed, const struct goods_world_size *size);
void goods_play_free(struct goods_play *p);
/* Draws, plays and compares until so many operations are done, with a comparison of everything each so many. False: p->why. */
bool goods_play_run(struct goods_play *p, size_t operations, size_t interval);
/* For operations written by hand: a block's beginning, one operation, its end with a comparison of everything. */
void goods_play_begin(struct goods_play *p);
enum refusal goods_play_say(struct goods_play *p, struct goods_op *op);
bool goods_play_end(struct goods_play *p, bool compare);
/* The operation in words. text holds 512 bytes. */
void goods_play_describe(const struct goods_play *p, const struct goods_op *op, char *text);

/* Within the play: false, and p->why is filled. */
__attribute__((format(printf, 3, 4))) bool goods_play_fail(struct goods_play *p, uint32_t op,
                                                           const char *fmt, ...);
/* The statement that an operation is; what it borrows lies in p->memory. Fills the operation's set_bytes. */
struct statement goods_play_statement(struct goods_play *p, struct goods_op *op);
bool goods_play_compare(struct goods_play *p);
bool goods_play_hear(struct goods_play *p, const struct execute_result *result);
extern const char *const goods_play_glns[GOODS_PLACES];

#endif
