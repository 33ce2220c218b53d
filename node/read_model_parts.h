/* What read_model*.c share. */
#ifndef NODE_READ_MODEL_PARTS_H
#define NODE_READ_MODEL_PARTS_H

#include "common/statement.h"
#include "node/read_model.h"
#include "node/store_parts.h"

enum read_model_sql {
    RM_ASSET_FIND,
    RM_ASSET_INSERT,
    RM_ASSET_NEXT,
    RM_ASSET_EVENT_INSERT,
    RM_SHARED_EVENT_INSERT,
    RM_RUN_EVENT_INSERT,
    RM_SUBJECT_NEXT,
    RM_SUBJECT_EVENT_INSERT,
    RM_CUSTODY_END,
    RM_CUSTODY_INSERT,
    RM_EXCURSION_OPEN,
    RM_EXCURSION_CLOSE,
    RM_EXCURSION_REVISE,
    RM_EXCURSION_VOID,
    RM_EXCURSION_ACKNOWLEDGE,
    RM_CHARGE_VOID,
    RM_CHARGE_INSERT,
    RM_PRODUCT_INSERT,
    RM_PLACE_INSERT,
    RM_PARTY_INSERT,
    RM_MEMBER_INSERT,
    RM_KEY_INSERT,
    RM_KEY_REVOKE,
    RM_KEY_MEMBER,
    RM_KEY_NAME,
    RM_KEYS_OF_CLASS,
    RM_MEMBER_REMOVE,
    RM_MEMBERS,
    RM_PROPOSAL_INSERT,
    RM_PROPOSAL_STATUS,
    RM_PROPOSALS,
    RM_PROPOSAL,
    RM_BALLOT_INSERT,
    RM_BALLOT_RESCIND,
    RM_ATTACH,
    RM_DETACH,
    RM_CONTRACT_INSERT,
    RM_CONTRACT_STATUS,
    RM_CONTRACT_REPLACE,
    RM_ASSET_CONTRACT_INSERT,
    RM_ASSET_CONTRACT_END,
    RM_ASSET_CONTRACT_STATE,
    RM_NAME_INSERT,
    RM_CALL_INSERT,
    RM_CHANGE_INSERT,
    RM_DOCUMENT_INSERT,
    RM_ADD_BACK_INSERT,
    RM_ADD_BACK_UNDO,
    RM_SCAN_INSERT,
    RM_NOT_JUDGED_INSERT,
    RM_EVENTS,
    RM_ASSETS,
    RM_DOCUMENTS,
    RM_PARTY_NAME,
    RM_PRODUCT,
    RM_PLACE,
    RM_SQL_COUNT,
};

struct read_model_now;
struct read_model_run;

struct read_model {
    struct db *db;
    struct db_stmt *sql[RM_SQL_COUNT];
    struct db_stmt **goods;     /* by enum read_model_goods_sql */
    struct db_stmt **lists;     /* by enum read_model_list */
    struct read_model_now *now; /* of the event at hand */
};

const char *read_model_schema_sql(enum read_model_sql which);
bool read_model_schema_create(struct db *db, struct err *err);
bool read_model_schema_drop(struct db *db, struct err *err);
/* The n-th table, NULL after the last. */
struct read_model_table {
    const char *name;
    const char *key; /* the columns of its primary key, by number */
};
const struct read_model_table *read_model_schema_table(size_t n);

/* One event of one block, with everything that is known around it. */
struct read_model_at {
    struct read_model *m;
    uint64_t height, outcome, event;
    bool has_leaf;
    uint64_t leaf;
    const struct statement *st; /* NULL for timers */
    struct err *err;
};

/* Finds or makes the asset's number. */
bool read_model_asset_id(struct read_model *m, struct slice name, int64_t *ret_id, struct err *err);
bool read_model_member_of(struct read_model *m, const struct kid *kid, struct kid *ret_member);
/* Bound as NULL when empty. */
void read_model_bind_text(struct db_stmt *stmt, int index, struct slice text);
void read_model_bind_blob(struct db_stmt *stmt, int index, struct slice bytes);
void read_model_bind_leaf(const struct read_model_at *at, struct db_stmt *stmt, int index);
/* From then on the member is the custodian or owner of all that the run names. */
bool read_model_hold(const struct read_model_at *at, const struct read_model_run *run,
                     enum custody_role role, const struct kid *member, uint64_t time_ms);
/* What an event says about one asset beyond its history: custody, devices, and contracts' part of it. */
bool read_model_asset_fact(const struct read_model_at *at, int64_t asset, const struct event *e);
bool read_model_contract_asset_fact(const struct read_model_at *at, int64_t asset,
                                    const struct event *e);
/* What it says about a contract, once an event. asset: NULL when it is not about a single one. */
bool read_model_contract_fact(const struct read_model_at *at, const int64_t *asset,
                              const struct event *e);
/* What an event says about a key, a statement or a contract. */
bool read_model_subject_fact(const struct read_model_at *at, struct slice subject,
                             const struct event *e);

#endif
