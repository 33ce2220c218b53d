/*
 * What people ask for, ready to be read: histories, custody, excursions, master data, keys, contracts.
 * Built from the ledger's events in the transaction that stores them; never decides anything; can be
 * dropped and comes back byte-equal. The tables are documented as views in docs/sql-views.md.
 */
#ifndef NODE_READ_MODEL_H
#define NODE_READ_MODEL_H

#include "common/genesis.h"
#include "common/outcome.h"
#include "node/store.h"

struct db;
struct read_model;

/* ------------------------------------------------------------------ for the store only */

bool read_model_create(struct db *db, struct err *err);
bool read_model_open(struct db *db, struct read_model **ret_model, struct err *err);
void read_model_close(struct read_model *m); /* NULL is legal */
/* Empty tables in place of an older schema's, marked as due to be rebuilt. In the caller's transaction. */
bool read_model_migrate(struct db *db, struct err *err);
bool read_model_is_due(struct db *db, bool *ret_due, struct err *err);
/* In the caller's transaction. The genesis is taken by value: reading moves its cursors. */
bool read_model_begin(struct read_model *m, struct genesis genesis, struct err *err);
bool read_model_apply(struct read_model *m, const struct commit *c, uint64_t first_leaf,
                      struct err *err);
/* Stored blocks from..to, after those before them, in the caller's transaction. */
bool read_model_follow(struct store *s, uint64_t from, uint64_t to, struct err *err);

/* ------------------------------------------------------------------ upkeep */

/* Drops everything and builds it again from the blocks, in one transaction. In: a writer's store. */
bool read_model_rebuild(struct store *s, struct err *err);
/* SHA-256 over every row of every table, in order: equal when the read models are. */
bool read_model_digest(struct store *s, struct hash *ret_digest, struct err *err);

/* ------------------------------------------------------------------ questions */

struct asset_event {
    uint64_t n; /* from 0, the asset's own count */
    uint64_t height, outcome, event;
    bool has_leaf; /* false: a timer's */
    uint64_t leaf;
    enum event_what what;
    uint64_t time_ms;
    struct slice data; /* raw CBOR array, common/outcome.h; borrowed during the visit */
};

/* ERR_NOT_FOUND when the ledger knows no such asset. */
bool read_model_find_asset(struct store *s, struct slice name, int64_t *ret_id, struct err *err);
/* Up to `limit` events from number `from` on; the visitor returns false to stop. */
typedef bool (*read_model_event_visitor)(void *ctx, const struct asset_event *e);
struct read_model_page {
    uint64_t from;
    uint64_t limit;
};
bool read_model_events(struct store *s, int64_t asset, struct read_model_page page,
                       read_model_event_visitor visit, void *ctx, struct err *err);
bool read_model_event_count(struct store *s, int64_t asset, uint64_t *ret_count, struct err *err);
/* Names after `after` in bytewise order. */
typedef bool (*read_model_name_visitor)(void *ctx, struct slice name);
bool read_model_assets(struct store *s, struct slice after, uint64_t limit,
                       read_model_name_visitor visit, void *ctx, struct err *err);

/* Leaves of the statements that attached a document of this hash, newest first. Looks at all documents. */
typedef bool (*read_model_leaf_visitor)(void *ctx, uint64_t leaf);
bool read_model_documents(struct store *s, const struct hash *hash, uint64_t limit,
                          read_model_leaf_visitor visit, void *ctx, struct err *err);

#define READ_MODEL_NAME 200

/* What a member calls itself, else what the genesis calls it, else its kid in hex. */
void read_model_member_name(struct store *s, const struct kid *member,
                            char ret_name[READ_MODEL_NAME + 1]);
/* The member a key belongs to: false when the ledger has no such key. */
bool read_model_key_member(struct store *s, const struct kid *kid, struct kid *ret_member);
/* What it was called when it was enrolled: false when it has no name, or the ledger has no such key. */
bool read_model_key_name(struct store *s, const struct kid *kid,
                         char ret_name[READ_MODEL_NAME + 1]);

struct product_facts {
    char name[READ_MODEL_NAME + 1];
    char brand[READ_MODEL_NAME + 1]; /* empty: none */
    char unit[READ_MODEL_NAME + 1];
    uint64_t leaf; /* of the newest statement about it */
};
/* False when nobody has said anything about it. */
bool read_model_product(struct store *s, struct slice gtin, struct product_facts *ret_facts);

struct place_facts {
    char name[READ_MODEL_NAME + 1];
    char zone[READ_MODEL_NAME + 1]; /* IANA; empty: none */
    bool has_position;
    int64_t lat, lon; /* 10^-7 degrees */
    uint64_t leaf;
};
bool read_model_place(struct store *s, struct slice gln, struct place_facts *ret_facts);

#endif
