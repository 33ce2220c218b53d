/*
 * Signing as the company of a cmd_home, sending, and waiting until the ledger has decided. Signed bytes are
 * durable before they are sent; what an earlier command could not finish is sent again first.
 */
#ifndef TOOLS_CMD_SEND_H
#define TOOLS_CMD_SEND_H

#include "common/signer.h"
#include "tools/cmd_node.h"

#define CMD_SEND_WAIT_MS 30000 /* for finality, in real time */

struct cmd_sent {
    struct hash hash;
    struct kid signer;
    uint64_t seq;
    struct cmd_status status;
};

/*
 * In: draft: kind and content; time (unless set), seq and prev are filled in. With --no-wait it returns
 * when the node has the bytes.
 * Returns: false with ERR_REFUSED and the rule's sentence when it was refused; ret_sent is then filled too.
 */
bool cmd_send_draft(struct cmd_home *home, struct statement *draft, struct cmd_sent *ret_sent,
                    struct err *err);
/* Bytes signed elsewhere: only what becomes of them. */
bool cmd_send_bytes(struct cmd_home *home, struct slice statement, bool wait,
                    struct cmd_sent *ret_sent, struct err *err);

/* Sends what this key has signed and never saw decided, and says how many that were. */
bool cmd_send_pending(struct cmd_home *home, size_t *ret_count, struct err *err);

/* The key's own kid, without signing. */
bool cmd_send_kid(struct cmd_home *home, struct kid *ret_kid, struct err *err);

/* Tells it: "<what>: final, leaf 12 in block 5, <hash>", or JSON. Returns the exit code. */
int cmd_send_report(struct cmd_home *home, const char *what, const struct cmd_sent *sent);
/* The whole end of a command that signs one statement: sends, reports or fails. Returns the exit code. */
int cmd_send_finish(struct cmd_home *home, const char *what, struct statement *draft);

#endif
