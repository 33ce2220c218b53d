/*
 * What the rules of goods share: what stands in the way of a handover, what is inside a container, what goods
 * descend from. Pure.
 */
#ifndef NODE_GOODS_H
#define NODE_GOODS_H

#include "node/execution.h"

/* A step, and the asset: UNKNOWN_ASSET unless it was made, STEPS when they are used up. */
enum refusal goods_load(struct execution *x, struct slice name, struct state_asset *ret_asset);
/* ENDED, or NOT_HOLDER unless the speaker's member is its custodian. */
enum refusal goods_check_holder(const struct speaker *by, const struct state_asset *a);
/* The same; then OFFER_OPEN, of either role, or PACKED, inside a container. */
enum refusal goods_check_loose(const struct speaker *by, const struct state_asset *a);
/*
 * The commission or making that brought it into being: false when that is not kept. It costs steps, as large as it
 * is, unless it was the last one asked for.
 */
bool goods_load_making(struct execution *x, const struct hash *statement,
                       struct state_making *ret_making);
bool goods_load_hold(struct execution *x, struct slice name, struct state_hold *ret_hold);
void goods_store_hold(struct execution *x, struct slice name, const struct state_hold *hold);
/* A signed time as it counts: a clock that is ahead is not to hide what comes after. */
uint64_t goods_counted_time(const struct execution *x, uint64_t time_ms);
/* The member that made it; its owner when that is not kept. */
struct kid goods_maker(struct execution *x, const struct state_asset *a);
/* Until when they keep: false when nobody said, or where they come from is not kept. */
bool goods_expiry(struct execution *x, const struct state_goods *g, uint64_t *ret_expiry_ms);

/* ------------------------------------------------------------------ coming into being: goods_birth.c */

struct goods_birth {
    const struct asset_set *assets;
    uint64_t output; /* its place in the making */
    struct slice lot;
    bool has_amount;
    struct amount amount; /* of each */
    struct kid custodian, owner;
};
/*
 * Whether they can come into being: EXISTS when a name is taken, NOT_MAKER when its lot is another's, who named
 * it first. Explains. claims: a name that another holds is noted as a finding.
 */
enum refusal goods_check_birth(struct execution *x, const struct speaker *by,
                               const struct goods_birth *birth, bool claims);

#define GOODS_SURPLUS_TOLD 100 /* of one statement */
/* Units beyond the number that their lot was declared to have. */
struct goods_surplus {
    size_t count;
    char names[GOODS_SURPLUS_TOLD][ASSET_NAME_MAX + 1];
};
/* Makes them, with the speaker's statement as their origin, counts them to their lot and adds to surplus. */
void goods_bear(struct execution *x, const struct speaker *by, const struct goods_birth *birth,
                struct goods_surplus *surplus);
/* Says MORE_THAN_MADE of them; after the events that tell of their birth. */
void goods_tell_surplus(struct execution *x, const struct speaker *by,
                        const struct goods_surplus *surplus);
/* Keeps what the speaker's statement made. */
void goods_store_making(struct execution *x, const struct speaker *by,
                        const struct state_making *making);

/* ------------------------------------------------------------------ holds and descent: goods_hold.c */

/*
 * QUARANTINED or RECALLED when the asset, or its lot, is in quarantine or rejected, or when it, its lot, or
 * anything it descends from is recalled; STEPS or GENEALOGY when that can't be told. Explains. In: to: the
 * member it is to go to, for which its own recalls (and, as the maker, rejections) are no hindrance; NULL: nobody.
 */
enum refusal goods_check_holds(struct execution *x, struct slice asset, const struct state_asset *a,
                               const struct kid *to);
#define GOODS_MAKINGS_MAX 4096 /* that goods descend from, all together, their own included */
/*
 * Whether what is made of the goods that goods_check_holds() let pass in this statement can be followed back
 * in turn: else GENEALOGY.
 */
enum refusal goods_check_descent(struct execution *x);

/* What a walk back has seen; its memory is kept from statement to statement. */
struct goods_walk;
struct goods_walk *goods_walk_new(void); /* NULL when memory is short */
void goods_walk_free(struct goods_walk *w);
void goods_walk_begin(struct goods_walk *w); /* a statement begins */
/* A hold changed: what was found clean may not be so any more. */
void goods_walk_forget(struct goods_walk *w);

/* ------------------------------------------------------------------ containers: goods_inside.c */

#define GOODS_INSIDE_DEPTH 8 /* boxes in boxes */

/*
 * Visits all that is inside, a box before what is in it, in packing order; a step each. False as soon as the
 * visitor says so, or the steps are used up: execution_is_over() then.
 */
typedef bool (*goods_visitor)(void *ctx, struct slice name, const struct state_asset *a);
bool goods_visit_inside(struct execution *x, const struct state_asset *container,
                        goods_visitor visit, void *ctx);
struct goods_event {
    enum event_what what;
    uint64_t time_ms;
    size_t data_items;
    struct slice data; /* that many, encoded */
};
/* Emits it for these names, which rise: of ranges where they allow it, else of short lists. */
void goods_emit_names(struct execution *x, const struct slice *names, size_t count,
                      const struct goods_event *e);
/*
 * Emits events for everything inside, in order of the names: of ranges where these allow it, else of short lists.
 * data: of each event, data_items items.
 */
void goods_emit_inside(struct execution *x, const struct state_asset *container,
                       enum event_what what, uint64_t time_ms, size_t data_items,
                       struct slice data);
/* The boxes in boxes: 0 of what holds nothing. */
unsigned goods_depth(struct execution *x, const struct state_asset *container);
/* Puts loose assets at the end of the container's contents. Returns: how many that is, with all inside them. */
uint64_t goods_put_inside(struct execution *x, struct slice container,
                          const struct asset_set *assets);
/* Takes out what is directly inside. Returns as above. */
uint64_t goods_take_out(struct execution *x, struct slice container,
                        const struct asset_set *assets);

#endif
