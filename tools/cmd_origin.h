/* `waybill origin` and `waybill uses`: what they share with `waybill verify`, and how a node's answer is told. */
#ifndef TOOLS_CMD_ORIGIN_H
#define TOOLS_CMD_ORIGIN_H

#include "common/json.h"
#include "tools/cmd_action.h"

/* Checks a file that origin or uses kept. In: home: with an identity. Returns the exit code. */
int cmd_origin_verify_pack(struct cmd_home *home, struct slice bytes, struct err *err);

/* A node's answer, for a person. */
void cmd_origin_tell(const struct json_doc *doc, bool back);

#endif
