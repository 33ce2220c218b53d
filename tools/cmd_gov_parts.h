/* Inside `waybill gov` (cmd_gov*.c). */
#ifndef TOOLS_CMD_GOV_PARTS_H
#define TOOLS_CMD_GOV_PARTS_H

#include "tools/cmd_action.h"
#include "tools/gov_world.h"

/* `waybill gov propose ACTION …` chooses among the actions of its own. */
int cmd_gov_propose(int argc, char **argv);

extern const struct cmd_action cmd_gov_list_action;
extern const struct cmd_action cmd_gov_show_action;
extern const struct cmd_action cmd_gov_constitution_action;

/* "remove-member Carrier B (98fe…)": what a proposal would do, on standard output. */
void cmd_gov_print_action(const struct gov_world *w, const struct gov_proposal *p);
/* What people should think about twice before they vote for it; a line each. */
void cmd_gov_warn(const struct gov_world *w, enum govern_action action,
                  const struct proposal_body *body);
/*
 * Would it lock everybody out? Then false, with the reason, unless --despite-warning was given. Asks the node
 * who is there, for some seconds when too few are.
 */
bool cmd_gov_check(struct cmd_home *home, const struct gov_world *w, enum govern_action action,
                   const struct proposal_body *body, struct err *err);

#endif
