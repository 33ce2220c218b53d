/* `waybill member new` and what it made: a company's folder and its request. */
#ifndef TOOLS_CMD_MEMBER_NEW_H
#define TOOLS_CMD_MEMBER_NEW_H

#include "tools/cmd_action.h"

extern const struct cmd_action cmd_member_new_action;
extern const struct cmd_action cmd_member_spare_action;
extern const struct cmd_action cmd_member_enter_action;
extern const struct cmd_action cmd_member_announce_action;
extern const struct cmd_action cmd_member_certificate_action;
extern const struct cmd_action cmd_member_resume_action;

/* `waybill member show REQUEST`. */
int cmd_member_new_show(struct cmd_home *home, const char *path, struct err *err);

#endif
