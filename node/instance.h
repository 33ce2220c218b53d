/*
 * A contract instance on the ledger: its life, its workflow's state, who holds which role, and what it does
 * when something happens. Pure.
 */
#ifndef NODE_INSTANCE_H
#define NODE_INSTANCE_H

#include "contracts/flow.h"
#include "node/contract_cache.h"

/* State table 20. Where every unit has a state of its own the contract ends when its last unit has. */
struct instance_life {
    uint64_t start_ms; /* block time from which it is in force */
    bool ended, replaced;
    uint64_t ended_ms;
    enum contract_ending ending;
    struct hash by;             /* the opening that replaced it */
    uint64_t succeeded, failed; /* units, of a contract with `each unit` */
};
/* False when the contract never came into force. */
bool instance_load_life(struct execution *x, const struct hash *opening,
                        struct instance_life *ret_life);
/* From when on an asset's samples are not judged by it any more; UINT64_MAX: it goes on, or it failed. */
uint64_t instance_end_ms(struct execution *x, const struct contract_bound *contract,
                         struct slice asset);

/* The workflow's state for an asset (table 21). Borrows from the overlay. False: the contract has none. */
bool instance_load_flow(struct execution *x, const struct contract_bound *contract,
                        struct slice asset, struct flow_state *ret_state);

/* Something that contracts react to. What does not belong to the trigger is left zero. */
struct instance_event {
    enum contract_trigger trigger;
    unsigned detail;    /* as struct contract_reaction's */
    struct slice asset; /* empty: the whole opening's assets */
    uint64_t time_ms;   /* for the events it causes */
    bool has_reading;
    struct contract_value reading; /* in the property's unit */
    uint64_t reading_ms;
    struct slice from, to, place;
};
/*
 * Runs the reactions of one contract to an event, and what they set off in others, to FLOW_MAX_DEPTH: in the
 * definition's order all that listen in the state the event found. What fails has no effect and is not an
 * error: whoever caused the event is not refused for it.
 */
void instance_react(struct execution *x, const struct contract_bound *contract,
                    const struct instance_event *event);
/* The same for every contract in force of these assets: one with a shared state for several of them reacts once. */
void instance_react_set(struct execution *x, const struct asset_set *assets,
                        const struct instance_event *event);

/* Whatever reactions cost, what set them off has room left for itself: false when they have had theirs. */
bool instance_may_react(const struct execution *x);

struct instance_frames; /* what one execution works with */
struct instance_frames *instance_frames_new(void);
void instance_frames_free(struct instance_frames *f);

#endif
