#include "common/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        buf_add_byte(out, (uint8_t)digits[group >> 18]);
        buf_add_byte(out, (uint8_t)digits[group >> 12 & 63]);
        buf_add_byte(out, left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=');
        buf_add_byte(out, left > 2 ? (uint8_t)digits[group & 63] : '=');
    }
}

static bool take_digit(uint8_t c, uint32_t *group)
{
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    if (at == NULL)
        return false;
    *group = *group << 6 | (uint32_t)(at - digits);
    return true;
}

/* Four characters, the last one or two '=' only where the text ends; the bits they leave over are 0. */
static bool take_group(const uint8_t *text, bool last, struct buf *out)
{
    uint32_t group = 0;
    size_t padding = !last || text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
    for (size_t i = 0; i < 4 - padding; i++)
        if (!take_digit(text[i], &group))
            return false;
    group <<= 6 * padding;
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0))
        return false;
    buf_add_byte(out, (uint8_t)(group >> 16));
    if (padding < 2)
        buf_add_byte(out, (uint8_t)(group >> 8));
    if (padding < 1)
        buf_add_byte(out, (uint8_t)group);
    return !out->failed;
}

bool base64_take(struct slice text, struct buf *out)
{
    size_t before = out->len;
    bool good = text.len % 4 == 0 && !out->failed;
    for (size_t i = 0; i < text.len && good; i += 4)
        good = take_group(text.data + i, i + 4 == text.len, out);
    if (!good)
        out->len = before;
    return good;
}
