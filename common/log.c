#include "common/log.h"

#include "common/bytes.h"
#include "common/clock.h"
#include "common/instant.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ESCAPED_MAX 6 /* \u001f */

static const char *const level_names[] = { "error", "warn", "info", "debug" };

/* Set by main before it starts threads, read by all of them after. */
static struct {
    const char *program;
    enum log_level level;
    bool json;
    int fd;
} settings = { .program = "waybill", .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO };

void log_set_program(const char *name)
{
    settings.program = name;
}

void log_set_level(enum log_level level)
{
    settings.level = level;
}

void log_set_json(bool json)
{
    settings.json = json;
}

void log_set_fd(int fd)
{
    settings.fd = fd;
}

bool log_parse_level(const char *text, enum log_level *ret_level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Bytes of the UTF-8 sequence (RFC 3629) text starts with, 0 when it is none. */
static size_t utf8_length(const unsigned char *text)
{
    unsigned char c = text[0];
    if (c < 0x80)
        return 1;
    size_t len = c >= 0xc2 && c < 0xe0   ? 2
                 : c >= 0xe0 && c < 0xf0 ? 3
                 : c >= 0xf0 && c < 0xf5 ? 4
                                         : 0;
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c == 0xe0 && text[1] < 0xa0) || (c == 0xf0 && text[1] < 0x90);
    bool beyond = (c == 0xed && text[1] > 0x9f) || (c == 0xf4 && text[1] > 0x8f);
    return overlong || beyond ? 0 : len;
}

static void add_text(struct buf *line, const char *text)
{
    buf_add(line, text, strlen(text));
}

/*
 * Foreign text cannot forge a line or move the terminal's cursor: control characters and bytes that are
 * not UTF-8 are written out.
 */
static void add_escaped(struct buf *line, const char *text, bool json)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        char escaped[ESCAPED_MAX + 1];
        size_t len = utf8_length(at);
        bool control = *at < 0x20 || *at == 0x7f || (len == 2 && at[0] == 0xc2 && at[1] < 0xa0);
        if (len == 0)
            (void)snprintf(escaped, sizeof escaped, "\xef\xbf\xbd"); /* U+FFFD */
        else if (control)
            (void)snprintf(escaped, sizeof escaped, "\\u%04x", len == 2 ? at[1] : at[0]);
        else if (json && (*at == '"' || *at == '\\'))
            (void)snprintf(escaped, sizeof escaped, "\\%c", *at);
        else
            (void)snprintf(escaped, sizeof escaped, "%.*s", (int)len, (const char *)at);
        add_text(line, escaped);
        at += len == 0 ? 1 : len;
    }
}

static void add_plain_line(struct buf *line, const char *time, const char *level, const char *text)
{
    const char *const parts[] = { time, " ", settings.program, " ", level, ": " };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_text(line, parts[i]);
    add_escaped(line, text, false);
    add_text(line, "\n");
}

static void add_json_line(struct buf *line, const char *time, const char *level, const char *text)
{
    const char *const parts[] = { "{\"time\":\"", time, "\",\"level\":\"", level,
                                  "\",\"program\":\"" };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_text(line, parts[i]);
    add_escaped(line, settings.program, true);
    add_text(line, "\",\"message\":\"");
    add_escaped(line, text, true);
    add_text(line, "\"}\n");
}

static void write_line(enum log_level level, const char *fmt, va_list ap)
{
    int saved = errno;
    char text[LOG_MAX_LINE];
    char time[INSTANT_TEXT_SIZE];
    char memory[LOG_MAX_LINE * ESCAPED_MAX + 256];
    struct buf line = buf_fixed(memory, sizeof memory);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    instant_format(clock_real_ms(), time);
    if (settings.json)
        add_json_line(&line, time, level_names[level], text);
    else
        add_plain_line(&line, time, level_names[level], text);
    if (write(settings.fd, line.data, line.len) < 0)
        errno = 0; /* nowhere left to say so */
    errno = saved;
}

void log_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(LOG_LEVEL_ERROR, fmt, ap);
    va_end(ap);
}

void log_warn(const char *fmt, ...)
{
    if (settings.level < LOG_LEVEL_WARN)
        return;
    va_list ap;
    va_start(ap, fmt);
    write_line(LOG_LEVEL_WARN, fmt, ap);
    va_end(ap);
}

void log_info(const char *fmt, ...)
{
    if (settings.level < LOG_LEVEL_INFO)
        return;
    va_list ap;
    va_start(ap, fmt);
    write_line(LOG_LEVEL_INFO, fmt, ap);
    va_end(ap);
}

void log_debug(const char *fmt, ...)
{
    if (settings.level < LOG_LEVEL_DEBUG)
        return;
    va_list ap;
    va_start(ap, fmt);
    write_line(LOG_LEVEL_DEBUG, fmt, ap);
    va_end(ap);
}
