/* Inside `waybill consortium` (cmd_consortium*.c). */
#ifndef TOOLS_CMD_CONSORTIUM_PARTS_H
#define TOOLS_CMD_CONSORTIUM_PARTS_H

#include "tools/cmd_action.h"
#include "tools/consortium_dir.h"

extern const struct cmd_action cmd_consortium_init_action;
extern const struct cmd_action cmd_consortium_up_action;
extern const struct cmd_action cmd_consortium_down_action;
extern const struct cmd_action cmd_consortium_status_action;
extern const struct cmd_action cmd_consortium_move_action;

#endif
