/* Part of `waybill product`. */
#ifndef TOOLS_CMD_PRODUCT_VERIFY_H
#define TOOLS_CMD_PRODUCT_VERIFY_H

#include "tools/cmd_action.h"

int cmd_product_verify(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#endif
