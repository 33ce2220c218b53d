/*
 * Inside the read model: what it keeps of goods beyond who holds them. Goods that came into being together
 * have consecutive numbers, so a set of ten thousand is one row wherever it is spoken of as a whole.
 */
#ifndef NODE_READ_MODEL_GOODS_H
#define NODE_READ_MODEL_GOODS_H

#include "common/event_data.h"
#include "node/read_model_parts.h"

enum read_model_goods_sql {
    GM_ASSET_BORN,
    GM_ASSET_AMOUNT,
    GM_ASSET_GET_AMOUNT,
    GM_ASSET_CUSTODIAN,
    GM_ASSET_OWNER,
    GM_ASSET_GET_OWNER,
    GM_ASSET_CONTAINER,
    GM_ASSET_END,
    GM_ASSET_RETURN,
    GM_ASSET_UNEND,
    GM_MAKING_FIND,
    GM_MAKING_INSERT,
    GM_OUTPUT_INSERT,
    GM_INPUT_INSERT,
    GM_INPUT_FIRST,
    GM_LOT_FIND,
    GM_LOT_INSERT,
    GM_LOT_MADE,
    GM_LOT_DECLARE,
    GM_PACK,
    GM_UNPACK,
    GM_DISPOSITION_FIND,
    GM_DISPOSITION_INSERT,
    GM_DISPOSITION_NAMES,
    GM_HOLD_BEGIN,
    GM_HOLD_END,
    GM_HOLD_REJECT,
    GM_HOLD_UNDO,
    GM_CERTIFICATE_FIND,
    GM_CERTIFICATE_INSERT,
    GM_CERTIFICATE_ASSET,
    GM_CERTIFICATE_REVOKE,
    GM_CERTIFICATE_VOID,
    GM_CORRECTION_INSERT,
    GM_DISPUTE_INSERT,
    GM_FINDING_INSERT,
    GM_FINDING_KEY,
    GM_FINDING_WITHDRAW,
    GM_LABEL_INSERT,
    GM_REVEAL_INSERT,
    GM_HANDOVER_INSERT,
    GM_HANDOVER_ANSWER,
    GM_HANDOVER_COUNTS,
    GM_BOUND_INSERT,
    GM_MAKING_GET,
    GM_MAKING_LAST,
    GM_MAKINGS_OF_RUN,
    GM_INPUTS,
    GM_OUTPUTS,
    GM_INPUTS_OVER,
    GM_ASSETS_OF_RUN,
    GM_DISPOSITION_RUNS,
    GM_DISPOSITION_LOTS,
    GM_SQL_COUNT,
};

/* What the event at hand speaks of, found once for all its assets. */
struct read_model_now {
    int64_t making, disposition, certificate, finding, container;
    bool has_owner;
    struct kid member, owner; /* of what is made */
};

/* Assets with consecutive numbers that one event names one after the other. */
struct read_model_run {
    int64_t first;
    int64_t count;
    char name[ASSET_NAME_MAX + 1]; /* of the first */
    size_t name_len;
};

/* True when the asset can be told in the same row as those of the run. */
bool read_model_run_takes(const struct read_model_run *run, int64_t asset, struct slice name);

const char *read_model_goods_sql(enum read_model_goods_sql which);
bool read_model_goods_create(struct db *db, struct err *err);
bool read_model_goods_create_views(struct db *db, struct err *err);
const struct read_model_table *read_model_goods_table(size_t n); /* NULL after the last */
const char *read_model_goods_view(size_t n);

/* Once an event, before its assets. */
bool read_model_goods_fact(const struct read_model_at *at, const struct event *e);
/* Once a run of assets, after each of them is known. */
bool read_model_goods_run(const struct read_model_at *at, const struct read_model_run *run,
                          const struct event *e);
/* Once an asset. */
bool read_model_goods_asset(const struct read_model_at *at, int64_t asset, const struct event *e);
/* Of a key or a statement. */
bool read_model_goods_subject(const struct read_model_at *at, struct slice subject,
                              const struct event *e);

/* A quarantine or a recall begins, ends or is undone (read_model_fate.c). */
bool read_model_fate_fact(const struct read_model_at *at, const struct event *e);
bool read_model_fate_run(const struct read_model_at *at, const struct read_model_run *run,
                         const struct event *e);
bool read_model_fate_asset(const struct read_model_at *at, int64_t asset, const struct event *e);
/* Runs of inputs that overlap a run of assets, ready to be stepped: making, first, count. */
struct db_stmt *read_model_inputs_over(struct store *s, int64_t first, int64_t count);

enum read_model_hold {
    HOLD_QUARANTINE = 0,
    HOLD_RECALL = 1,
};

#endif
