/* The HTTP side of the node's loop. */
#include "node/loop_parts.h"

bool loop_api_open(struct node *n, struct err *err)
{
    (void)n;
    (void)err;
    return true;
}

void loop_api_close(struct node *n)
{
    (void)n;
}
