#include "common/hex.h"

void hex_encode(struct slice s, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < s.len; i++) {
        text[2 * i] = digits[s.data[i] >> 4];
        text[2 * i + 1] = digits[s.data[i] & 15];
    }
    text[2 * s.len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len)
{
    if (text_len != 2 * len)
        return false;
    for (size_t i = 0; i < text_len; i++)
        if (hex_digit(text[i]) < 0)
            return false;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
    return true;
}

bool hex_decode_lower(const char *text, size_t text_len, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < text_len; i++)
        if (text[i] >= 'A' && text[i] <= 'F')
            return false;
    return hex_decode(text, text_len, out, len);
}
