#include "tools/cmd_node.h"

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
