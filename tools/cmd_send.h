/*
 * Signing as the company of a cmd_home, sending, and telling what the ledger made of it. Signed bytes are
 * durable before they are sent; what an earlier command could not finish is sent again first.
 */
#ifndef TOOLS_CMD_SEND_H
#define TOOLS_CMD_SEND_H

#include "tools/cmd_node.h"

/*
 * The whole end of a command that signs one statement. In: draft: kind and content, and its time unless
 * that is now. With --no-wait it ends when the node has the bytes. Returns the exit code; a refusal's sentence has been told.
 */
int cmd_send_finish(struct cmd_home *home, const char *what, struct statement *draft);

/* Only the sending; as node_client_send(). Without --no-wait it has been decided when this returns true. */
bool cmd_send_draft(struct cmd_home *home, struct statement *draft, struct node_sent *ret_sent,
                    struct err *err);

/* Bytes signed elsewhere: what becomes of them. */
bool cmd_send_bytes(struct cmd_home *home, struct slice statement, bool wait,
                    struct node_sent *ret_sent, struct err *err);

/* Sends what this key has signed and never saw decided, and says how many that were. */
bool cmd_send_pending(struct cmd_home *home, size_t *ret_count, struct err *err);

/* The key's own kid, without signing. */
bool cmd_send_kid(struct cmd_home *home, struct kid *ret_kid, struct err *err);
/* The member that the key speaks for; where the node does not know one, the key's own kid. */
bool cmd_send_member(struct cmd_home *home, struct kid *ret_member, struct err *err);

/* "<what>: accepted, leaf 12 in block 5" and the hash, or JSON. Returns the exit code. */
int cmd_send_report(struct cmd_home *home, const char *what, const struct node_sent *sent);

#endif
