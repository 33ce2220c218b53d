/*
 * Goods in every state they can be in, for tests of who hands over what, in the small world of
 * tests/support/world.h. What other rules would have brought about is put into the state by hand.
 */
#ifndef TESTS_UNIT_SUPPORT_CUSTODY_H
#define TESTS_UNIT_SUPPORT_CUSTODY_H

#include "tests/support/contract_kit.h"
#include "tests/support/world.h"

#define CUSTODY_PREFIX "01/09506000134352/21/"
#define CUSTODY_PALLET "00/109506000134352000"

/* A world in which the farm has commissioned KIT_UNIT. */
struct world *custody_world(void);
/* Says it, and fails the test unless it is accepted. */
struct hash custody_do(struct world *w, enum world_key who, struct statement draft,
                       uint64_t time_ms);
/* The same for what must be refused; what it says of it is in w->detail after world_end(). */
void custody_refused(struct world *w, enum world_key who, struct statement draft,
                     enum refusal expected);

/* A list of names, in memory that the next call but three overwrites. */
struct asset_set custody_list(size_t count, const char *const names[]);
/* CUSTODY_PREFIX 00000 and the count - 1 after it. */
struct asset_set custody_range(size_t count);
struct asset_set custody_one(const char *name);

struct statement custody_offer(const struct world *w, const struct asset_set *assets,
                               enum world_key to, enum custody_role role);
struct statement custody_answer(enum custody_action action, const struct asset_set *assets,
                                const struct hash *offer, enum custody_role role);

/* ------------------------------------------------------------------ by hand */

void custody_store(struct world *w, const char *name, const struct state_asset *a);
void custody_end(struct world *w, const char *name, enum goods_end end);
/* Nobody but who saw it knows of it. */
void custody_ghost(struct world *w, const char *name);
void custody_quarantine(struct world *w, const char *name, enum world_key by);
void custody_recall(struct world *w, const char *name, enum world_key by);
void custody_release(struct world *w, const char *name);
/* Puts count names, CUSTODY_PREFIX first and on, into a container that has none yet. */
void custody_stow(struct world *w, const char *container, unsigned first, unsigned count);
/* Puts the second, whatever is inside it, into the first, which is empty. */
void custody_stow_one(struct world *w, const char *container, const char *name);
/* "CUSTODY_PREFIX 00042" in memory that the next call overwrites. */
const char *custody_unit(unsigned number);

/* ------------------------------------------------------------------ looking */

bool custody_is_holder(struct world *w, const char *name, enum custody_role role,
                       enum world_key who);
bool custody_on_offer(struct world *w, const char *name, enum custody_role role);

#endif
