#include "scanner/json_text.h"

#include "common/hex.h"

void json_text_put(struct buf *out, struct slice text)
{
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        char code[] = "\\u00xx";
        if (c == '"' || c == '\\')
            buf_add_byte(out, '\\');
        if (c >= ' ' && c < 0x7f) {
            buf_add_byte(out, c);
            continue;
        }
        hex_encode(slice_of(&c, 1), code + 4);
        buf_add(out, code, 6);
    }
    buf_add_byte(out, '"');
}

void json_text_put_member(struct buf *out, const char *key, struct slice text)
{
    json_text_put(out, slice_text(key));
    buf_add_byte(out, ':');
    json_text_put(out, text);
}
