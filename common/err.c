#include "common/err.h"

#include <stdio.h>
#include <string.h>

bool err_setv(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
    if (err == NULL)
        return false;
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, ap);
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
    va_end(ap);
    char rest[sizeof err->msg];
    memcpy(rest, err->msg, sizeof rest);
    size_t used = strnlen(prefix, sizeof prefix);
    memcpy(err->msg, prefix, used);
    size_t room = sizeof err->msg - used;
    (void)snprintf(err->msg + used, room, ": %.*s", (int)(room > 3 ? room - 3 : 0), rest);
    return false;
}
