/* Parts of `waybill custody`: what is asked. */
#ifndef TOOLS_CMD_CUSTODY_ASK_H
#define TOOLS_CMD_CUSTODY_ASK_H

#include "tools/cmd_action.h"

int cmd_custody_at(struct cmd_home *home, const struct cmd_args *args, struct err *err);
/* Both statements of a handover with their receipts, checked and written to a file. */
int cmd_custody_receipt(struct cmd_home *home, const struct cmd_args *args, struct err *err);
/* Checks such a file against the pinned identity, offline, and tells it. Returns the exit code. */
int cmd_custody_check_receipt(struct cmd_home *home, struct slice bytes, struct err *err);

#endif
