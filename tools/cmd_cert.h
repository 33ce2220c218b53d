/* Parts of `waybill cert`: what is asked of the node. */
#ifndef TOOLS_CMD_CERT_H
#define TOOLS_CMD_CERT_H

#include "tools/cmd_action.h"

int cmd_cert_list(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_cert_show(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#endif
