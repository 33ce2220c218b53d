/*
 * Ledgers and statements for tests: a genesis from named keys, and signers that know their place in their
 * own sequence. Keys come from names, so whatever is made here is the same every time. Failures end the
 * program: a test without its ledger must not pass.
 */
#ifndef TESTS_SUPPORT_LEDGER_KIT_H
#define TESTS_SUPPORT_LEDGER_KIT_H

#include "common/final.h"
#include "common/state_key.h"
#include "common/statement.h"

#define KIT_KEYS_MAX    320
#define KIT_T0          UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z */
#define KIT_UNIT        "01/09506000134352/21/DEMO1"
#define KIT_NODES_MAX   16
#define KIT_ENTRIES_MAX 16

/* ------------------------------------------------------------------ genesis */

struct kit_key {
    struct key_pair pair;
    struct kid member;
    enum key_class class;
    const char *name; /* of the member; NULL: the key founds none */
};

struct kit {
    uint64_t time_ms;
    bool demo;
    size_t count;
    struct kit_key keys[KIT_KEYS_MAX];
    size_t node_count;
    struct kid nodes[KIT_NODES_MAX];
    struct node_record records[KIT_NODES_MAX]; /* of each; borrowed */
    size_t entry_count;
    struct state_key entry_keys[KIT_ENTRIES_MAX];
    struct slice entry_values[KIT_ENTRIES_MAX]; /* borrowed */
    struct identity identity;                   /* set by kit_genesis() */
};

/* The key whose seed is the SHA-256 of its name. */
struct key_pair kit_pair(const char *name);
void kit_begin(struct kit *k, uint64_t time_ms, bool demo);
/* A member founded by pair. */
void kit_add_member(struct kit *k, const struct key_pair *pair, const char *name);
/* A key of a member; devices may report temperature and humidity, authorities make the set. */
void kit_add_key(struct kit *k, const struct key_pair *pair, const struct kid *member,
                 enum key_class class);
/* Where peers find an authority, and by which certificate; what it borrows must live until kit_genesis(). */
void kit_add_node(struct kit *k, const struct kid *authority, const struct node_record *record);
/* An entry of the first state as it is; the value must live until kit_genesis(). */
void kit_add_entry(struct kit *k, const struct state_key *key, struct slice value);
/* Appends the genesis file, signed by every member, and fills k->identity. */
void kit_genesis(struct kit *k, struct buf *out);

/* ------------------------------------------------------------------ statements */

struct kit_signer {
    struct key_pair key;
    struct hash ledger;
    uint64_t seq; /* the last one signed */
    uint8_t prev[HALF_SIZE];
    struct hash last; /* hash of it */
};

void kit_signer_begin(struct kit_signer *s, const struct key_pair *key, const struct hash *ledger);
/* Signs draft as the signer's next statement; only link.seq and link.prev are the kit's to fill. */
struct hash kit_sign(struct kit_signer *s, struct statement draft, uint64_t time_ms,
                     struct buf *out);

/*
 * Drafts. What they borrow lies in memory that the next call of the same function overwrites.
 * Temperatures are 10^-2 degrees, step_ms apart, the last at the statement's time.
 */
struct statement kit_temperatures(const int *centi, size_t count, uint64_t step_ms);
struct statement kit_commission(const char *asset);
struct statement kit_commission_range(const char *prefix, const char *first, size_t count);
struct statement kit_offer(const char *asset, const struct kid *to, enum custody_role role);
struct statement kit_answer(enum custody_action action, const char *asset, const struct hash *offer,
                            enum custody_role role);
struct statement kit_attach(const struct kid *device, const char *asset, bool detach);
struct statement kit_enrol(const struct key_pair *key, const struct hash *ledger,
                           const struct kid *sponsor, enum key_class class);
struct statement kit_revoke(const struct kid *key, uint64_t from_ms, uint64_t last_good_seq);
/* A contract between two parties under the usual terms; definition = compiled bytes. */
struct statement kit_open(struct slice definition, const char *asset, const struct kid *sender,
                          const struct kid *receiver, uint64_t expires_ms);
struct statement kit_agree(const struct hash *opening, bool declines);
struct statement kit_product(const char *gtin);
struct statement kit_party(const struct kid *member);

#endif
