/* `waybill origin` and `waybill uses`: what they share with `waybill verify`, and how a node's answer is told. */
#ifndef TOOLS_CMD_ORIGIN_H
#define TOOLS_CMD_ORIGIN_H

#include "common/json.h"
#include "tools/cmd_action.h"

/* Checks a file that origin or uses kept. In: home: with an identity. Returns the exit code. */
int cmd_origin_verify_pack(struct cmd_home *home, struct slice bytes, struct err *err);

/* What a node answers under the path, for a person or as JSON. Returns the exit code. */
int cmd_origin_ask(struct cmd_home *home, const char *path, bool back, struct err *err);

#endif
