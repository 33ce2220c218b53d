/*
 * The node of a cmd_home, opened when it is first asked. Answers are the node's claims: show them as such, or
 * verify what comes with them.
 */
#ifndef TOOLS_CMD_NODE_H
#define TOOLS_CMD_NODE_H

#include "common/node_client.h"
#include "tools/cmd_home.h"

/* ret_node belongs to the home. */
bool cmd_node_open(struct cmd_home *home, struct node_client **ret_node, struct err *err);

/* As node_client_get_json() and so on. */
bool cmd_node_get_json(struct cmd_home *home, const char *path, struct json_doc **ret_doc,
                       struct err *err);
bool cmd_node_get_bytes(struct cmd_home *home, const char *path, struct buf *out, struct err *err);
/* ERR_PROOF when the node's answer does not hash to what was asked for. */
bool cmd_node_get_statement(struct cmd_home *home, const struct hash *hash, struct buf *out,
                            struct err *err);
bool cmd_node_status(struct cmd_home *home, const struct hash *statement,
                     struct node_status *ret_status, struct err *err);

#endif
