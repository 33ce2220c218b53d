#include "tools/cmd_node.h"

#include "common/hex.h"

#include <stdio.h>

bool cmd_node_open(struct cmd_home *home, struct node_client **ret_node, struct err *err)
{
    if (home->node == NULL && !node_client_open(home->node_url, home->ca_file, &home->node, err))
        return err_wrap(err, "--node");
    *ret_node = home->node;
    return true;
}

bool cmd_node_get_json(struct cmd_home *home, const char *path, struct json_doc **ret_doc,
                       struct err *err)
{
    struct node_client *node = NULL;
    return cmd_node_open(home, &node, err) && node_client_get_json(node, path, ret_doc, err);
}

bool cmd_node_get_bytes(struct cmd_home *home, const char *path, struct buf *out, struct err *err)
{
    struct node_client *node = NULL;
    return cmd_node_open(home, &node, err) && node_client_get_bytes(node, path, out, err);
}

bool cmd_node_status(struct cmd_home *home, const struct hash *statement,
                     struct node_status *ret_status, struct err *err)
{
    struct node_client *node = NULL;
    return cmd_node_open(home, &node, err) && node_client_status(node, statement, ret_status, err);
}

bool cmd_node_get_statement(struct cmd_home *home, const struct hash *hash, struct buf *out,
                            struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    hex_encode(hash_slice(hash), hex);
    (void)snprintf(path, sizeof path, "/v1/statements/%s", hex);
    if (!cmd_node_get_bytes(home, path, out, err))
        return false;
    struct hash got = crypto_sha256(buf_slice(out));
    return hash_equal(&got, hash) ||
           err_set(err, ERR_PROOF,
                   "the node answers with another statement than the one asked for");
}
