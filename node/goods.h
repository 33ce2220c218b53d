/*
 * What the rules of goods share: what stands in the way of a handover, what is inside a container, what goods
 * descend from. Pure.
 */
#ifndef NODE_GOODS_H
#define NODE_GOODS_H

#include "node/execution.h"

/* The name of an asset's lot, "01/GTIN/10/LOT": false when it is of none, or its number is no GS1 lot number. */
bool goods_lot_name(struct slice asset, struct slice lot, char ret_name[ASSET_NAME_MAX + 1]);
/* The commission or making that brought it into being: false when that is not kept. */
bool goods_load_making(struct execution *x, const struct hash *statement,
                       struct state_making *ret_making);
bool goods_load_hold(struct execution *x, struct slice name, struct state_hold *ret_hold);
void goods_store_hold(struct execution *x, struct slice name, const struct state_hold *hold);
/* The member that made it; its owner when that is not kept. */
struct kid goods_maker(struct execution *x, const struct state_asset *a);

/* ------------------------------------------------------------------ coming into being: goods_birth.c */

struct goods_birth {
    const struct asset_set *assets;
    uint64_t output; /* its place in the making */
    struct slice lot;
    bool has_amount;
    struct amount amount; /* of each */
    struct kid custodian, owner;
};
/* Names that nobody has commissioned yet: else EXISTS, explained. */
enum refusal goods_check_unborn(struct execution *x, const struct asset_set *assets);
/* A lot is the maker's own who named it first: else NOT_MAKER. */
enum refusal goods_check_lot(struct execution *x, const struct speaker *by,
                             const struct asset_set *assets, struct slice lot);
/* Makes them, with the speaker's statement as their origin, and counts them to their lot. */
void goods_bear(struct execution *x, const struct speaker *by, const struct goods_birth *birth);
/* Says MORE_THAN_MADE of those beyond their lot's number; after the event that tells of their birth. */
void goods_tell_surplus(struct execution *x, const struct speaker *by,
                        const struct goods_birth *birth);

/* ------------------------------------------------------------------ holds and descent: goods_hold.c */

/*
 * QUARANTINED or RECALLED when the asset, or its lot, is in quarantine or rejected, or when it, its lot, or
 * anything it descends from is recalled; STEPS or GENEALOGY when that can't be told. Explains. In: to: the
 * member it is to go to, for which its own recalls (and, as the maker, rejections) are no hindrance; NULL: nobody.
 */
enum refusal goods_check_holds(struct execution *x, struct slice asset, const struct state_asset *a,
                               const struct kid *to);
/* Makings that goods descend from, all together; more are not followed. */
#define GOODS_MAKINGS_MAX 4096
/* Whether a making of these inputs can be followed back: else GENEALOGY. raw: asset-sets, one after the other. */
enum refusal goods_check_descent(struct execution *x, struct slice raw, size_t sets);

/* What a walk back has seen; kept from statement to statement of a block. */
struct goods_walk;
struct goods_walk *goods_walk_new(void); /* NULL when memory is short */
void goods_walk_free(struct goods_walk *w);
/* A statement begins: what was found clean may not be so any more. */
void goods_walk_begin(struct goods_walk *w);

/* ------------------------------------------------------------------ containers: goods_inside.c */

#define GOODS_INSIDE_DEPTH 8 /* boxes in boxes */

/* Visits all that is inside, boxes and what is in them, in packing order; false as soon as the visitor says so. */
typedef bool (*goods_visitor)(void *ctx, struct slice name, const struct state_asset *a);
bool goods_visit_inside(struct execution *x, const struct state_asset *container,
                        goods_visitor visit, void *ctx);
/*
 * Emits an event for everything inside, in as few asset-sets as its names allow. The writer puts the data, of
 * data_items items.
 */
typedef void (*goods_data_writer)(void *ctx, struct buf *data);
void goods_emit_inside(struct execution *x, const struct state_asset *container,
                       enum event_what what, uint64_t time_ms, size_t data_items,
                       goods_data_writer write, void *ctx);
/* Puts it at the end of the container's contents; both are stored. */
void goods_put_inside(struct execution *x, struct slice container, struct slice asset);
/* Takes it out; both, and its neighbours, are stored. */
void goods_take_out(struct execution *x, struct slice container, struct slice asset);

#endif
