#include "common/err.h"

#include <stdio.h>
#include <string.h>

/* Length of the character at text[i] that must not reach a terminal: control, or turning the direction. */
static size_t unsafe(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7f)
        return 1;
    if (text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f)
        return 2;
    if (text[0] != 0xe2 || (text[1] != 0x80 && text[1] != 0x81))
        return 0;
    bool embed = text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae;
    bool isolate = text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9;
    return embed || isolate ? 3 : 0;
}

/* What was found in a foreign file stands in messages: each such character becomes a question mark. */
static void make_safe(char *msg)
{
    char *to = msg;
    for (const char *from = msg; *from != '\0';) {
        size_t len = unsafe((const unsigned char *)from);
        *to++ = len > 0 ? '?' : *from;
        from += len > 0 ? len : 1;
    }
    *to = '\0';
}

bool err_setv(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
    if (err == NULL)
        return false;
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    make_safe(err->msg);
    err->code = code;
    return false;
}

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)err_setv(err, code, fmt, ap);
    va_end(ap);
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    if (err == NULL)
        return false;
    char prefix[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(prefix, sizeof prefix, fmt, ap);
    make_safe(prefix);
    va_end(ap);
    char rest[sizeof err->msg];
    memcpy(rest, err->msg, sizeof rest);
    size_t used = strnlen(prefix, sizeof prefix);
    memcpy(err->msg, prefix, used);
    size_t room = sizeof err->msg - used;
    (void)snprintf(err->msg + used, room, ": %.*s", (int)(room > 3 ? room - 3 : 0), rest);
    return false;
}
