/*
 * What holds an asset back, by whatever name: its own, its lot's, or that of anything it was made of. The
 * rules find the same by walking the state; here the read model is asked.
 */
#ifndef NODE_ASSET_GOODS_H
#define NODE_ASSET_GOODS_H

#include "node/read_model_list.h"
#include "node/read_model_trace.h"

#define ASSET_HOLDS_MAX 16
#define ASSET_HOLD_TEXT 200

enum asset_hold_way {
    ASSET_HOLD_OWN,
    ASSET_HOLD_LOT,
    ASSET_HOLD_DESCENT, /* it was made of what is recalled */
};

struct asset_hold {
    enum asset_hold_way way;
    bool recall;   /* false: quarantine */
    bool rejected; /* of a quarantine */
    char name[ASSET_NAME_MAX + 1];
    struct hash statement;
    struct kid member;
    uint64_t since_ms;
    char meaning[ASSET_HOLD_TEXT + 1], reason[ASSET_HOLD_TEXT + 1]; /* empty: not said */
};

struct asset_holds {
    size_t count;
    struct asset_hold at[ASSET_HOLDS_MAX]; /* further ones are left out */
};

/* In: path: of trace_origin(), the asset's own making first. */
bool asset_goods_holds(struct store *s, int64_t asset, const struct trace_path *path,
                       struct asset_holds *ret_holds, struct err *err);
const struct asset_hold *asset_goods_recall(const struct asset_holds *h); /* NULL: none */
const struct asset_hold *asset_goods_quarantine(const struct asset_holds *h);

/* How a certificate stands at a time. */
enum asset_certificate_status {
    ASSET_CERTIFICATE_VALID,
    ASSET_CERTIFICATE_NOT_YET,
    ASSET_CERTIFICATE_EXPIRED,
    ASSET_CERTIFICATE_REVOKED,
};
enum asset_certificate_status asset_goods_certificate(const struct read_model_cell *cells,
                                                      size_t count, uint64_t time_ms);
const char *asset_goods_certificate_name(enum asset_certificate_status status); /* "NOT_YET" */

/*
 * The certificates that bear on a hop of an origin: of its member, its place, and of the goods that went on or
 * their lots. A row is as LIST_CERTIFICATE's; one may come twice.
 */
struct asset_hop {
    const struct trace_path *path;
    const struct trace_hop *hop; /* of the path */
    const struct trace_making *making;
};
bool asset_goods_hop_certificates(struct store *s, const struct asset_hop *at,
                                  read_model_row_visitor visit, void *ctx, struct err *err);

#endif
