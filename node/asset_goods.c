#include "node/asset_goods.h"

#include "node/read_model_goods.h"

#include <string.h>

#define LOTS_MAX 64 /* of one run of goods: a run is of one product, and mostly of one lot */

static void copy_text(const struct read_model_cell *cell, char *ret, size_t room)
{
    size_t len = cell->bytes.len < room ? cell->bytes.len : room - 1;
    if (len > 0)
        memcpy(ret, cell->bytes.data, len);
    ret[len] = '\0';
}

static void copy_bytes(const struct read_model_cell *cell, uint8_t *ret, size_t size)
{
    if (cell->bytes.len == size)
        memcpy(ret, cell->bytes.data, size);
}

/* ------------------------------------------------------------------ holds */

struct hold_walk {
    struct asset_holds *holds;
    enum asset_hold_way way;
};

/* Columns as LIST_HOLDS_OF_RUN has them. */
static bool add_hold(void *ctx, const struct read_model_cell *c, size_t count)
{
    struct hold_walk *w = ctx;
    bool recall = c[2].number == HOLD_RECALL;
    if (count < 9 || (w->way == ASSET_HOLD_DESCENT && !recall))
        return true; /* a quarantine holds no more than its own goods */
    if (w->holds->count == ASSET_HOLDS_MAX)
        return false;
    struct asset_hold *h = &w->holds->at[w->holds->count++];
    *h = (struct asset_hold){ .way = w->way,
                              .recall = recall,
                              .rejected = c[3].number != 0,
                              .since_ms = (uint64_t)c[8].number };
    copy_text(&c[1], h->name, sizeof h->name);
    copy_bytes(&c[4], h->statement.bytes, HASH_SIZE);
    copy_bytes(&c[5], h->member.bytes, KID_SIZE);
    copy_text(&c[6], h->meaning, sizeof h->meaning);
    copy_text(&c[7], h->reason, sizeof h->reason);
    return true;
}

static bool holds_of(struct store *s, struct trace_run run, struct hold_walk *w, struct err *err)
{
    struct read_model_args args = { 2,
                                    { read_model_arg_number((uint64_t)run.first),
                                      read_model_arg_number(
                                          (uint64_t)(run.first + run.count - 1)) } };
    return read_model_list(s, LIST_HOLDS_OF_RUN, &args, add_hold, w, err);
}

struct lots {
    size_t count;
    int64_t asset[LOTS_MAX];
};

static bool add_lot(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct lots *lots = ctx;
    (void)count;
    if (lots->count == LOTS_MAX)
        return false;
    lots->asset[lots->count++] = cells[0].number;
    return true;
}

/* The lots of a run's goods that are names on the ledger themselves: only such are held or certified. */
static bool lots_of(struct store *s, int64_t making, struct trace_run run, struct lots *ret_lots,
                    struct err *err)
{
    struct read_model_args args = {
        3,
        { read_model_arg_number((uint64_t)making), read_model_arg_number((uint64_t)run.first),
          read_model_arg_number((uint64_t)(run.first + run.count - 1)) }
    };
    ret_lots->count = 0;
    return read_model_list(s, LIST_LOTS_OF_RUN, &args, add_lot, ret_lots, err);
}

static bool add_run(struct store *s, const struct trace_hop *hop, struct trace_run run,
                    struct asset_holds *holds, struct err *err)
{
    struct hold_walk own = { holds, hop->depth == 0 ? ASSET_HOLD_OWN : ASSET_HOLD_DESCENT };
    struct hold_walk lot = { holds, hop->depth == 0 ? ASSET_HOLD_LOT : ASSET_HOLD_DESCENT };
    struct lots lots;
    if (!holds_of(s, run, &own, err) || !lots_of(s, hop->making, run, &lots, err))
        return false;
    for (size_t i = 0; i < lots.count; i++) {
        bool itself = run.first == lots.asset[i] && run.count == 1;
        if (!itself && !holds_of(s, (struct trace_run){ lots.asset[i], 1 }, &lot, err))
            return false;
    }
    return true;
}

bool asset_goods_holds(struct store *s, int64_t asset, const struct trace_path *path,
                       struct asset_holds *ret_holds, struct err *err)
{
    ret_holds->count = 0;
    if (path->count == 0) {
        struct hold_walk own = { ret_holds, ASSET_HOLD_OWN };
        return holds_of(s, (struct trace_run){ asset, 1 }, &own, err);
    }
    for (size_t i = 0; i < path->count; i++)
        for (size_t k = 0; k < path->hops[i].via_count; k++)
            if (!add_run(s, &path->hops[i], path->via.at[path->hops[i].via + k], ret_holds, err))
                return false;
    return true;
}

static const struct asset_hold *first_hold(const struct asset_holds *h, bool recall)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->at[i].recall == recall)
            return &h->at[i];
    return NULL;
}

const struct asset_hold *asset_goods_recall(const struct asset_holds *h)
{
    return first_hold(h, true);
}

const struct asset_hold *asset_goods_quarantine(const struct asset_holds *h)
{
    return first_hold(h, false);
}

/* ------------------------------------------------------------------ certificates */

enum asset_certificate_status asset_goods_certificate(const struct read_model_cell *cells,
                                                      size_t count, uint64_t time_ms)
{
    const struct read_model_cell *from = read_model_cell_of(cells, count, "from");
    const struct read_model_cell *until = read_model_cell_of(cells, count, "until");
    const struct read_model_cell *revoked = read_model_cell_of(cells, count, "revoked_from");
    if (revoked != NULL && !revoked->is_null && time_ms >= (uint64_t)revoked->number)
        return ASSET_CERTIFICATE_REVOKED;
    if (from != NULL && time_ms < (uint64_t)from->number)
        return ASSET_CERTIFICATE_NOT_YET;
    return until != NULL && time_ms >= (uint64_t)until->number ? ASSET_CERTIFICATE_EXPIRED
                                                               : ASSET_CERTIFICATE_VALID;
}

const char *asset_goods_certificate_name(enum asset_certificate_status status)
{
    switch (status) {
    case ASSET_CERTIFICATE_VALID: return "VALID";
    case ASSET_CERTIFICATE_NOT_YET: return "NOT_YET";
    case ASSET_CERTIFICATE_EXPIRED: return "EXPIRED";
    case ASSET_CERTIFICATE_REVOKED: return "REVOKED";
    }
    return "VALID";
}

static bool certificates_of(struct store *s, const struct trace_making *m, struct trace_run run,
                            read_model_row_visitor visit, void *ctx, struct err *err)
{
    struct slice none = { NULL, 0 };
    struct read_model_args args = {
        4,
        { read_model_arg_bytes(m != NULL && m->has_member ? kid_slice(&m->member) : none),
          read_model_arg_text(m != NULL ? slice_text(m->place) : none),
          read_model_arg_number((uint64_t)run.first),
          read_model_arg_number((uint64_t)(run.first + run.count - 1)) }
    };
    return read_model_list(s, LIST_CERTIFICATES_OF_HOP, &args, visit, ctx, err);
}

bool asset_goods_hop_certificates(struct store *s, const struct asset_hop *at,
                                  read_model_row_visitor visit, void *ctx, struct err *err)
{
    const struct trace_hop *hop = at->hop;
    struct trace_run no_asset = { 0, 1 }; /* rows begin at 1 */
    if (!certificates_of(s, at->making, no_asset, visit, ctx, err))
        return false;
    for (size_t k = 0; k < hop->via_count; k++) {
        struct trace_run run = at->path->via.at[hop->via + k];
        struct lots lots;
        if (!certificates_of(s, NULL, run, visit, ctx, err) ||
            !lots_of(s, hop->making, run, &lots, err))
            return false;
        for (size_t i = 0; i < lots.count; i++)
            if (!certificates_of(s, NULL, (struct trace_run){ lots.asset[i], 1 }, visit, ctx, err))
                return false;
    }
    return true;
}
