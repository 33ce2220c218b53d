/* What the authority's key of a member's folder says on the ledger of its node. */
#ifndef TOOLS_CMD_MEMBER_NODE_H
#define TOOLS_CMD_MEMBER_NODE_H

#include "common/node_record.h"
#include "tools/cmd_send.h"

/* An address of each kind, a certificate, and what CBOR puts around them. */
#define CMD_MEMBER_NODE_ROOM 4096

/* --key, or what node.yaml says, or DIR/node/authority.key. */
bool cmd_member_node_key(const struct cmd_home *home, char path[PATH_MAX], struct err *err);

/* Signs where the node is, sends it and waits for the verdict. As node_client_send(). */
bool cmd_member_node_say(struct cmd_home *home, bool enter, const struct node_record *record,
                         struct node_sent *ret_sent, struct err *err);

#endif
