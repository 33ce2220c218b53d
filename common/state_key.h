/* Keys of the ledger's state map: canonical [table, id…] (WIRE "State tables"). */
#ifndef COMMON_STATE_KEY_H
#define COMMON_STATE_KEY_H

#include "common/asset_set.h"
#include "common/key.h"

#define STATE_KEY_MAX    192
#define STATE_BLOCK_RING 4096 /* block hashes kept: an older anchor can't be checked */

enum state_table {
    TABLE_PARAMS = 0,
    TABLE_MEMBER = 1,
    TABLE_KEY = 2,
    TABLE_SEQUENCE = 3,
    TABLE_BLOCK = 4,
    TABLE_SETS = 5,
    TABLE_ASSET = 6,
    TABLE_OFFER = 7,
    TABLE_INSTANCE = 8,
    TABLE_DEFINITION = 9,
    TABLE_PRODUCT = 10,
    TABLE_PLACE = 11,
    TABLE_PARTY = 12,
    TABLE_ATTACHMENT = 13,
    TABLE_TIMER = 14,
    TABLE_RULE = 15,      /* [15, asset, opening, device]: the judge's state */
    TABLE_OPENING = 16,   /* [16, opening]: definition, parties, terms, assets, expiry */
    TABLE_CONTRACTS = 17, /* [17, asset]: openings in force for it */
    TABLE_CUSTODY = 18,   /* [18, asset]: who held it since when */
    TABLE_BOOK = 19,      /* [19, asset, opening]: what its rules found (contracts/book.h) */
    TABLE_LIFE = 20,      /* [20, opening]: since when it is in force, and how it ended */
    TABLE_FLOW = 21,      /* [21, opening] or [21, opening, asset]: the workflow's state */
    TABLE_BUDGET = 22,    /* [22, asset, budget]: used by which contract, and what was added back */
    TABLE_HEARD = 23,     /* [23, asset, opening]: whether any device was ever heard */
    TABLE_LISTENERS = 24, /* [24, opening]: contracts to be told of its end */
    TABLE_MAKING = 25,    /* [25, statement]: what a commission or a making brought into being */
    TABLE_HOLD = 26,      /* [26, asset or lot]: in quarantine, recalled */
    TABLE_LOT = 27,       /* [27, lot]: whose it is and how many were made */
    TABLE_CERTIFICATE = 28,     /* [28, statement] */
    TABLE_CERTIFIED = 29,       /* [29, asset, "414/GLN" or member]: its certificates */
    TABLE_ATTACHED_BEFORE = 30, /* [30, device]: what it was attached to, and when */
    TABLE_CORRECTED = 31,       /* [31, statement]: the correction of it */
    TABLE_CONSTITUTION = 32,    /* [32] */
    TABLE_NODE = 33,            /* [33, kid]: an authority's addresses and certificate */
    TABLE_PROPOSAL = 34,        /* [34, proposal] */
    TABLE_PROPOSALS = 35,       /* [35]: those that are open */
    TABLE_EFFECTS = 36,         /* [36, height]: proposals to take effect there */
    TABLE_CANDIDATE = 37,       /* [37, kid]: a key that may enter the authority set */
    TABLE_EVIDENCE = 38,        /* [38, kid], and [38, kid, type, height, round] each */
    TABLE_ROLES = 39,           /* [39, member] */
    TABLE_APPROVED = 40,        /* [40, definition] */
    TABLE_MEMBERS = 41,         /* [41]: those that are active */
    TABLE_RECOVERY = 42,        /* [42]: heights of blocks that began with one; [42, height] it */
    TABLE_ORIGIN = 43,          /* [43]: of a fork, the ledger and block that it was taken from */
};

struct state_key {
    uint8_t bytes[STATE_KEY_MAX];
    size_t len;
};

struct slice state_key_slice(const struct state_key *k);  /* borrowed from *k */
struct state_key state_key_plain(enum state_table table); /* params and sets */
struct state_key state_key_kid(enum state_table table, const struct kid *kid);
struct state_key state_key_hash(enum state_table table, const struct hash *hash);
struct state_key state_key_text(enum state_table table, struct slice text);
struct state_key state_key_block(uint64_t height);
struct state_key state_key_effects(uint64_t height);
struct state_key state_key_recovery(uint64_t height);
struct state_key state_key_evidence(const struct kid *kid, uint64_t type, uint64_t height,
                                    uint64_t round);
struct state_key state_key_timer(uint64_t time_ms, uint64_t what, struct slice id);
struct state_key state_key_rule(struct slice asset, const struct hash *opening,
                                const struct kid *device);
struct state_key state_key_book(struct slice asset, const struct hash *opening);
struct state_key state_key_flow(const struct hash *opening, struct slice asset); /* or empty */
struct state_key state_key_budget(struct slice asset, struct slice name);
struct state_key state_key_heard(struct slice asset, const struct hash *opening);
/* The table of an encoded key. */
enum state_table state_key_table(struct slice key);
/* Takes a timer's key apart. */
bool state_key_take_timer(struct slice key, uint64_t *ret_time_ms, uint64_t *ret_what,
                          struct slice *ret_id);

#endif
