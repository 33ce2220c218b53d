/* One `expect` under way: what trial_expect.c and trial_expect_excursions.c share. Nobody else includes this. */
#ifndef TOOLS_TRIAL_EXPECT_H
#define TOOLS_TRIAL_EXPECT_H

#include "contracts/flow.h"
#include "tools/trial_case.h"

#define TRIAL_EXPECT_EXCURSION "excursion of "

struct trial_expecting {
    struct trial_case *c;
    const struct yaml_node *all;    /* the whole map */
    struct trial_opening *opening;  /* NULL: none was opened */
    char asset[ASSET_NAME_MAX + 1]; /* of `unit:`; "" for all of them */
    bool has_flow;
    struct flow_state flow;
};

/* The node is this one word. */
bool trial_expect_is(const struct yaml_node *node, const char *word);
/* Notes "<what>: expected <as the test has it>, found <found>". */
void trial_expect_differs(struct trial_expecting *e, const struct yaml_node *node, const char *what,
                          const char *found);

/* Each returns false when the expectation cannot be understood; what differs is noted. */
bool trial_expect_excursions_of(struct trial_expecting *e, const struct yaml_node *key,
                                const struct yaml_node *node);
bool trial_expect_count(struct trial_expecting *e, const struct yaml_node *node, const char *what);
bool trial_expect_worst(struct trial_expecting *e, const struct yaml_node *node);

#endif
