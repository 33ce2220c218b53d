/*
 * Contracts opened, agreed to and called in the small world of tests/support/world.h. The farm opens, with
 * itself as "sender" and the clinic as "receiver"; the clinic agrees. Failures end the test.
 */
#ifndef TESTS_UNIT_SUPPORT_DEAL_H
#define TESTS_UNIT_SUPPORT_DEAL_H

#include "contracts/flow.h"
#include "tests/support/contract_kit.h"
#include "tests/support/world.h"

/* Compiled, and kept until the program ends. */
struct slice deal_compile(const char *yaml);

struct deal {
    struct slice definition;
    struct hash opening;
};

/* For KIT_UNIT, under the usual terms; change what is to be different. */
struct kit_opening deal_draft(struct world *w, struct slice definition);
/* The farm's word for it: what the rules say. ret_deal is filled in either case. */
enum refusal deal_try(struct world *w, const struct kit_opening *o, struct deal *ret_deal);
/* Opened, and agreed to by the clinic. */
struct deal deal_open(struct world *w, const struct kit_opening *o);
struct deal deal_open_yaml(struct world *w, const char *yaml);

/* A call without arguments on all goods, a minute after the one before. */
enum refusal deal_call(struct world *w, enum world_key who, const struct deal *d,
                       const char *action);
/* With arguments; asset: NULL = all. */
enum refusal deal_call_with(struct world *w, enum world_key who, const struct deal *d,
                            const char *action, const struct kit_argument *arguments, size_t count);
/* The last verdict's words are these. */
void deal_said(struct world *w, const char *words);

/* The name of the state of a unit, or of all goods (asset NULL). */
const char *deal_state(struct world *w, const struct deal *d, const char *asset);
/* A property as people read it; "nothing" when it has no value. */
const char *deal_property(struct world *w, const struct deal *d, const char *name);
enum instance_status deal_status(struct world *w, const struct deal *d);

#endif
