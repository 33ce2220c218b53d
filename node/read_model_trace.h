/*
 * Where goods come from and where they went: questions to the read model that walk from making to making.
 * Goods are told as sets, runs of assets with consecutive numbers: an answer about a million units is as
 * long as the list of the statements that made and used them.
 */
#ifndef NODE_READ_MODEL_TRACE_H
#define NODE_READ_MODEL_TRACE_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "common/key.h"
#include "node/store.h"

#define TRACE_HOPS_MAX 4096 /* makings: as many as goods may descend from */
#define TRACE_SETS_MAX 256  /* shown of one hop */

struct trace_run {
    int64_t first, count;
};

/* Runs of assets, as they are found; trace_runs_settle() sorts them and joins what overlaps or touches. */
struct trace_runs {
    size_t count, room;
    struct trace_run *at;
    bool failed; /* memory ran short */
};
void trace_runs_add(struct trace_runs *r, int64_t first, int64_t count);
void trace_runs_settle(struct trace_runs *r);
void trace_runs_free(struct trace_runs *r);

/* One input or output of a making. Texts are in the struct. */
struct trace_set {
    struct trace_run run;
    uint64_t n; /* its place in the statement */
    char first[ASSET_NAME_MAX + 1], last[ASSET_NAME_MAX + 1];
    bool has_amount;
    struct amount amount; /* of each; its unit points into unit[] */
    char unit[AMOUNT_UNIT_MAX + 1];
    char lot[ASSET_NAME_MAX + 1]; /* outputs: the lot's name, or what was said of it; empty: none */
    bool has_expiry;
    uint64_t expiry_ms;
};

struct trace_making {
    int64_t id;
    struct hash statement;
    uint64_t kind; /* enum making_kind */
    bool has_member;
    struct kid member;
    char place[14]; /* GLN; empty: not said */
    bool has_leaf;
    uint64_t leaf, time_ms;
};
bool trace_load_making(struct store *s, int64_t making, struct trace_making *ret_making,
                       struct err *err);
/* The visitor returns false to stop. */
typedef bool (*trace_set_visitor)(void *ctx, const struct trace_set *set);
bool trace_inputs(struct store *s, int64_t making, trace_set_visitor visit, void *ctx,
                  struct err *err);
bool trace_outputs(struct store *s, int64_t making, trace_set_visitor visit, void *ctx,
                   struct err *err);

/* One making on the way, and which of its outputs are meant. */
struct trace_hop {
    int64_t making;
    size_t depth; /* 0: the asset's own; of uses: 1 the first that used it */
    size_t via,
        via_count; /* of trace_path.via: origin: outputs that went on; uses: inputs that came in */
};

/* Goods went from the one hop to the other, by their places in trace_path.hops. */
struct trace_link {
    size_t hop, to; /* origin: to where they were used; uses: to where they came from */
};

struct trace_path {
    size_t count;
    struct trace_hop *hops; /* nearest first */
    struct trace_runs via;
    size_t link_count, link_room;
    struct trace_link *links;
    bool cut; /* there are more than TRACE_HOPS_MAX */
};
void trace_path_free(struct trace_path *p);

/* From an asset back to its sources: the makings it descends from, its own first. */
bool trace_origin(struct store *s, int64_t asset, struct trace_path *ret_path, struct err *err);
/* From an asset to all that was made of it. */
bool trace_uses(struct store *s, int64_t asset, struct trace_path *ret_path, struct err *err);

/*
 * All that a recall of these names reaches: they, the goods of those that are lots, and all that was made of
 * either, settled.
 */
bool trace_reached(struct store *s, int64_t disposition, struct trace_runs *ret_runs,
                   struct err *err);

/* ------------------------------------------------------------------ goods as they are now */

struct trace_asset {
    int64_t id;
    char name[ASSET_NAME_MAX + 1];
    size_t name_len;
    bool has_custodian, has_owner;
    struct kid custodian, owner;
    uint64_t end;              /* enum goods_end */
    int64_t container, making; /* 0: none */
};
/* Those of a run, by number. The visitor returns false to stop. */
typedef bool (*trace_asset_visitor)(void *ctx, const struct trace_asset *a);
bool trace_assets(struct store *s, struct trace_run run, trace_asset_visitor visit, void *ctx,
                  struct err *err);
bool trace_asset(struct store *s, int64_t id, struct trace_asset *ret_asset, struct err *err);

#endif
