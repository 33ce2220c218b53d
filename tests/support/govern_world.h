/*
 * A ledger in memory that companies A to H may govern, for tests of the rules of government. Statements are
 * executed at once; what the rules made of them is kept as text: "<event> <subject> <data…>", keys by name
 * ("A", "A-second", "A-node", "A-spare", "A-third", "A-device"), proposals as "P1" in order of proposing,
 * other hashes as "#", a bool as "yes" or "no", nothing as "-". Failures end the test.
 */
#ifndef TESTS_SUPPORT_GOVERN_WORLD_H
#define TESTS_SUPPORT_GOVERN_WORLD_H

#include "common/state_govern.h"
#include "node/execute.h"
#include "tests/support/ledger_kit.h"
#include "tests/support/memory_state.h"

#define GW_COMPANIES     8
#define GW_PROPOSALS_MAX 4096
#define GW_EVENTS_MAX    512 /* of one block */
#define GW_TEXT          160
#define GW_BLOCK_MS      1000

/* The keys of a company. */
enum gw_slot {
    GW_MEMBER,
    GW_SECOND, /* the member's key after recovery */
    GW_NODE,
    GW_SPARE,
    GW_THIRD,
    GW_DEVICE,
    GW_KEYS,
};

struct govern_world {
    struct hash id;
    struct authority_set founders;
    struct kit_signer by[GW_COMPANIES][GW_KEYS];
    enum gw_slot voice[GW_COMPANIES]; /* which key speaks for the member; at first GW_MEMBER */
    struct memory_state *state;
    struct state_view view;
    struct execution *execution;
    struct execute_context context; /* of the open block */
    bool late;        /* no timer runs: as when a block has more of them than it may run */
    struct hash head; /* stands for the hash of the last block */
    size_t count;     /* statements of the open block */
    struct statement *statements;
    struct buf *bytes;
    size_t proposal_count;
    struct hash proposals[GW_PROPOSALS_MAX];
    struct hash last; /* statement */
    char detail[OUTCOME_DETAIL_MAX + 1];
    size_t event_count; /* of the last block that ended */
    char events[GW_EVENTS_MAX][GW_TEXT];
};

/* The first `members` companies found it, the first `authorities` of these run nodes. */
struct govern_world *gw_new(size_t members, size_t authorities, const struct constitution *c);
void gw_free(struct govern_world *w);
/* Ends the open block and opens the next, GW_BLOCK_MS or ms later. */
void gw_block(struct govern_world *w);
void gw_block_after(struct govern_world *w, uint64_t ms);
const struct kid *gw_kid(const struct govern_world *w, size_t company, enum gw_slot slot);
/* Signs and executes; what stays off the ledger does not move the signer on. */
enum refusal gw_say(struct govern_world *w, size_t company, enum gw_slot slot,
                    struct statement draft);

struct gw_proposal {
    enum govern_action action;
    struct proposal_body body;
    uint64_t for_ms; /* it expires so long after its block; 0: a day */
    uint64_t height; /* 0: not named */
};
/* An accepted one is w->proposals' last. */
enum refusal gw_propose(struct govern_world *w, size_t company, const struct gw_proposal *p);
enum refusal gw_vote(struct govern_world *w, size_t company, const struct hash *proposal, bool yes);
enum refusal gw_withdraw(struct govern_world *w, size_t company, const struct hash *proposal);
/* The node's word on itself; enter: naming the block `age` blocks before this one. */
enum refusal gw_announce(struct govern_world *w, size_t company, enum gw_slot slot, bool enter,
                         uint64_t age);
/* The request of a key to belong to sponsor; lives until the next call. */
struct slice gw_request(struct govern_world *w, size_t company, enum gw_slot slot,
                        const struct kid *sponsor);

const struct hash *gw_last(const struct govern_world *w); /* the newest proposal */
enum proposal_status gw_status(struct govern_world *w, const struct hash *proposal);
/* Of the state as it was when the last block ended. */
struct authority_set gw_set(struct govern_world *w, bool next);
bool gw_is_member(struct govern_world *w, size_t company);
uint64_t gw_roles(struct govern_world *w, size_t company);
bool gw_constitution(struct govern_world *w, struct constitution *ret_c);
/* Events of the last block that ended which begin with this text. */
size_t gw_count(const struct govern_world *w, const char *text);
bool gw_has(const struct govern_world *w,
            const char *text); /* exactly one, else it prints them all */

#endif
