/*
 * Asking the node of a cmd_home over HTTP. Answers are the node's claims: show them as such, or verify
 * what comes with them.
 */
#ifndef TOOLS_CMD_NODE_H
#define TOOLS_CMD_NODE_H

#include "common/json.h"
#include "tools/cmd_home.h"

#define CMD_NODE_CBOR "application/cbor"

/* ERR_NOT_FOUND, ERR_BUSY or ERR_INPUT with the node's own words when it answers with a problem. */
bool cmd_node_get_json(struct cmd_home *home, const char *path, struct json_doc **ret_doc,
                       struct err *err);
/* As CBOR, appended to out. */
bool cmd_node_get_bytes(struct cmd_home *home, const char *path, struct buf *out, struct err *err);

/* "/v1/assets/" and the asset's name, escaped, and what follows. */
bool cmd_node_asset_path(const char *asset, const char *rest, char *path, size_t size,
                         struct err *err);

/* A name as part of a path or query, escaped. */
void cmd_node_put_path(struct buf *out, const char *text);

enum cmd_fate {
    CMD_FATE_UNKNOWN,
    CMD_FATE_QUEUED,
    CMD_FATE_FINAL,
    CMD_FATE_REFUSED,
};

/* What the node says of a statement. */
struct cmd_status {
    enum cmd_fate fate;
    bool on_ledger; /* leaf and height are known */
    uint64_t leaf, height;
    uint64_t code; /* when refused */
    bool retry;    /* refused for now: the same bytes may be sent again */
    char detail[201];
};

bool cmd_node_status(struct cmd_home *home, const struct hash *statement,
                     struct cmd_status *ret_status, struct err *err);
const char *cmd_node_fate_name(enum cmd_fate fate);
/* Hands the bytes in: true when the node took them, which says nothing of their fate. */
bool cmd_node_post(struct cmd_home *home, struct slice statement, struct err *err);

#endif
