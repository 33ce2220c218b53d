/*
 * All that is shown of one contract: how it stands, read from the ledger's state as the rules themselves
 * read it, through an execution whose block is never made.
 */
#ifndef NODE_CONTRACT_VIEW_H
#define NODE_CONTRACT_VIEW_H

#include "node/contract_probe.h"
#include "node/judging.h"
#include "node/store.h"

struct contract_view {
    struct execution *x; /* over the store's state: */
    struct state_view state;
    struct store *store; /* borrowed, of the last load */
    struct header head;
    struct hash opening;
    bool has_leaf;
    uint64_t leaf; /* of the opening statement */
    struct state_instance instance;
    const struct contract_bound *contract; /* NULL: the opening's bytes are gone, it lapsed */
    bool began;                            /* it came into force: life holds */
    struct instance_life life;
    struct flow_state flow; /* of the last contract_view_flow() */
    struct book book;       /* of the last contract_view_book() */
};

struct contract_view *contract_view_new(void); /* NULL when memory is short */
void contract_view_free(struct contract_view *v);
/* ERR_NOT_FOUND when the ledger has no such opening. Can be called again. */
bool contract_view_load(struct store *s, const struct hash *opening, struct contract_view *v,
                        struct err *err);

/* The state of the asset's workflow, or of the whole: false when there is none (yet). */
bool contract_view_flow(struct contract_view *v, struct slice asset);
bool contract_view_book(struct contract_view *v, struct slice asset);
/* "in force", "ended in failure" …: of the whole contract. */
const char *contract_view_status(const struct contract_view *v);
/* The compiled definition, appended. */
bool contract_view_definition(struct contract_view *v, struct buf *out);

#endif
