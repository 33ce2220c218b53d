/* Parts of `waybill asset`: what is asked. */
#ifndef TOOLS_CMD_ASSET_ASK_H
#define TOOLS_CMD_ASSET_ASK_H

#include "tools/cmd_action.h"

/* Several loggers on one asset, and how far they are apart. */
int cmd_asset_loggers(struct cmd_home *home, const struct cmd_args *args, struct err *err);
/* A lot: who made it, how many, when. */
int cmd_asset_lot(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#endif
