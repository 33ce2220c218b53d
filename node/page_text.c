#include "node/page.h"

#include "common/instant.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_markup(struct buf *out, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text)
        out->failed = true;
    else
        buf_add(out, text, (size_t)n);
}

/* Also what has no meaning today: a page must not depend on where its text is put. */
static const char *escaped(uint8_t byte)
{
    switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '`': return "&#96;";
    case '=': return "&#61;";
    }
    return NULL;
}

/* Marks that turn the direction of writing could make a name read as another: U+202A-202E, 2066-2069. */
static size_t bidi_mark(struct slice text, size_t i)
{
    if (text.len - i < 3 || text.data[i] != 0xe2)
        return 0;
    uint8_t second = text.data[i + 1], third = text.data[i + 2];
    bool embed = second == 0x80 && third >= 0xaa && third <= 0xae;
    bool isolate = second == 0x81 && third >= 0xa6 && third <= 0xa9;
    return embed || isolate ? 3 : 0;
}

void page_slice(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t mark = bidi_mark(text, i);
        const char *replaced = escaped(text.data[i]);
        if (mark > 0) {
            buf_add(out, "\xef\xbf\xbd", 3);
            i += mark - 1;
        } else if (replaced != NULL) {
            buf_add(out, replaced, strlen(replaced));
        } else if (text.data[i] >= 0x20 && text.data[i] != 0x7f) {
            buf_add_byte(out, text.data[i]);
        }
    }
}

void page_text(struct buf *out, const char *text)
{
    page_slice(out, slice_text(text));
}

static void put_time(struct buf *out, uint64_t time_ms, bool with_day)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    char iso[INSTANT_TEXT_SIZE];
    struct instant_parts p = instant_to_parts(time_ms);
    instant_format(time_ms, iso);
    page_markup(out, "<time datetime=\"%s\">", iso);
    if (with_day)
        page_markup(out, "%d %s %d, ", p.day, months[p.month - 1], p.year);
    page_markup(out, "%02d:%02d</time>", p.hour, p.minute);
}

void page_time(struct buf *out, uint64_t time_ms)
{
    put_time(out, time_ms, true);
}

void page_span(struct buf *out, uint64_t from_ms, uint64_t to_ms)
{
    struct instant_parts a = instant_to_parts(from_ms), b = instant_to_parts(to_ms);
    put_time(out, from_ms, true);
    page_markup(out, " to ");
    put_time(out, to_ms, a.year != b.year || a.month != b.month || a.day != b.day);
}

void page_duration(struct buf *out, uint64_t seconds)
{
    uint64_t hours = seconds / 3600, minutes = seconds / 60 % 60;
    if (seconds < 60)
        page_markup(out, "%" PRIu64 " s", seconds);
    else if (hours == 0)
        page_markup(out, "%" PRIu64 " min", minutes);
    else if (minutes == 0)
        page_markup(out, "%" PRIu64 " h", hours);
    else
        page_markup(out, "%" PRIu64 " h %" PRIu64 " min", hours, minutes);
}
