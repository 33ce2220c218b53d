/* What a node answers about where goods come from and went, in words. */
#include "tools/cmd_origin.h"

#include <stdio.h>

void cmd_origin_tell(const struct json_doc *doc, bool back)
{
    struct buf out = buf_heap((size_t)64 << 20);
    (void)back;
    json_doc_write(doc, 2, &out);
    (void)printf("%.*s\n", (int)out.len, (const char *)out.data);
    buf_free(&out);
}
