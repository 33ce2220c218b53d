/*
 * Drafts of statements that make, pack and judge goods, for tests in the small world of tests/support/world.h. Sets
 * are written as text: names with a blank between them, or "PREFIX|FIRST|COUNT" for a range.
 */
#ifndef TESTS_UNIT_SUPPORT_MAKING_H
#define TESTS_UNIT_SUPPORT_MAKING_H

#include "tests/unit/support_custody.h"

#define MAKING_GTIN "01/09506000134352"
#define MAKING_BEAN "01/09506000134369/21/"
#define MAKING_BAR  "01/09506000134376/21/"

/* Sets lie in memory that many later calls overwrite, but not within one statement. */
struct asset_set making_set(const char *text);
/* "25 t", "24999.9 kg"; the unit is borrowed. */
struct amount making_amount(const char *text);

/* amount: NULL: none; lot: NULL: none. */
struct statement making_commission(const char *set, const char *amount, const char *lot);
struct statement making_pack(const char *container, const char *set);
struct statement making_unpack(const char *container, const char *set);
struct statement making_disposition(enum disposition_action action, const char *set);

/* A making, put together from one input or output after the other. */
struct statement making_begin(enum make_action action);
void making_add_input(struct statement *s, const char *set, const char *amount);
void making_add_output(struct statement *s, const char *set, const char *amount, const char *lot);
/* One input, one output. */
struct statement making_of(enum make_action action, const char *in, const char *taken,
                           const char *out, const char *made);

struct state_asset making_asset(struct world *w, const char *name); /* it is there */
/* "25 t", or "-"; in memory that the next call overwrites. */
const char *making_left(struct world *w, const char *name);
bool making_record(struct world *w, const struct hash *statement, struct state_making *ret_making);
bool making_lot(struct world *w, const char *name, struct state_lot *ret_lot);
/* A new block goes by an older version of the rules. */
void making_rules(struct world *w, uint64_t version);
/* That the last statement took. */
uint64_t making_steps(const struct world *w);

#endif
