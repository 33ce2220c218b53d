/*
 * Founds a ledger: members with their founding keys, authorities, parameters, all signed by the founders.
 * Pure: the keys and the time come in, the genesis file comes out. A consortium's is drafted from public
 * keys alone, signed by each founder where its key is, and sealed; the same plan gives the same bytes
 * whoever drafts it.
 */
#ifndef NODE_FOUNDING_H
#define NODE_FOUNDING_H

#include "common/final.h"
#include "common/genesis.h"
#include "common/node_record.h"
#include "common/state_govern.h"
#include "common/state_key.h"

#define FOUNDING_MEMBERS_MAX     64
#define FOUNDING_OPENING_WAIT_MS 300000 /* parameter 2 when nobody says otherwise */

/* ------------------------------------------------------------------ from public keys */

struct founding_party {
    struct slice name;
    const uint8_t *pub;       /* its founding key: names the member for ever */
    const uint8_t *authority; /* its node's key; NULL: it runs no node */
    struct slice node;        /* the value of [33, authority]: where the node is; empty: not said */
    uint64_t roles;           /* ROLE_BIT_…, 0 = none */
};

/* An entry of the state that a fork brings along. */
struct founding_entry {
    struct state_key key;
    struct slice value;
};

struct founding_plan {
    uint64_t time_ms;
    bool demo;                 /* says so on every page and trace */
    uint64_t opening_wait_ms;  /* parameter 2 */
    struct slice name;         /* of the ledger, parameter 3; empty: none is signed */
    struct slice constitution; /* the value of [32]; empty: the ledger is never governed by vote */
    size_t count;
    struct founding_party parties[FOUNDING_MEMBERS_MAX];
    size_t
        entry_count; /* beside what the above make, which stands in their place where keys are alike */
    const struct founding_entry *entries;
};

/*
 * Appends a genesis file that nobody has signed yet, and fills the public identity.
 * Returns: false when no member has an authority, two share a key, or memory is short.
 */
bool founding_draft(const struct founding_plan *plan, struct buf *out,
                    struct identity *ret_identity, struct err *err);

struct founding_signature {
    struct kid kid;
    uint8_t sig[SIG_SIZE];
};

/*
 * Appends the draft with its founders' signatures.
 * Returns: false with ERR_NOT_FOUND when a founder's is missing (its name in err), ERR_PROOF when one does
 * not hold or is of nobody who founds.
 */
bool founding_seal(struct slice draft, const struct founding_signature *signatures, size_t count,
                   struct buf *out, struct err *err);

/*
 * Are all founders' signatures there, do they hold, and who stands in it? Fills the public identity.
 * ERR_NOT_FOUND: one is missing; with sealed false that is no fault.
 */
bool founding_check(struct slice file, bool sealed, struct identity *ret_identity, struct err *err);

/* ------------------------------------------------------------------ with all keys at hand */

struct founding_member {
    const char *name;
    const struct key_pair *key;       /* its founding key: names the member for ever */
    const struct key_pair *authority; /* its node's key; NULL: it runs no node */
    struct slice node;                /* as in founding_party */
    uint64_t roles;
};

struct founding {
    uint64_t time_ms;
    bool demo;
    uint64_t opening_wait_ms;
    struct slice name, constitution; /* as in founding_plan */
    size_t member_count;
    struct founding_member members[FOUNDING_MEMBERS_MAX];
};

/* founding_draft() and founding_seal() in one. */
bool founding_make(const struct founding *f, struct buf *out, struct identity *ret_identity,
                   struct err *err);

#endif
