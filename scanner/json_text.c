#include "scanner/json_text.h"

#include "common/cbor.h"
#include "common/hex.h"

static void put(struct buf *out, struct slice text, bool letters)
{
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        char code[] = "\\u00xx";
        if (c == '"' || c == '\\')
            buf_add_byte(out, '\\');
        if ((c >= ' ' && c < 0x7f) || (letters && c >= 0x80)) {
            buf_add_byte(out, c);
            continue;
        }
        hex_encode(slice_of(&c, 1), code + 4);
        buf_add(out, code, 6);
    }
    buf_add_byte(out, '"');
}

void json_text_put(struct buf *out, struct slice text)
{
    put(out, text, false);
}

void json_text_put_member(struct buf *out, const char *key, struct slice text)
{
    json_text_put(out, slice_text(key));
    buf_add_byte(out, ':');
    json_text_put(out, text);
}

void json_text_put_words(struct buf *out, const char *key, struct slice text)
{
    json_text_put(out, slice_text(key));
    buf_add_byte(out, ':');
    put(out, text, cbor_text_valid(text));
}
