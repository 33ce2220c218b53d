#include "device/csv.h"

#include <errno.h>
#include <string.h>

/* One row's parsing: fields are written over the same memory, each ended by a zero. */
struct parse {
    size_t len; /* of text used */
    bool quoted;
    bool closed; /* after a closing quote */
    bool start;  /* of a field: only spaces so far */
    const char *why;
};

static void end_field(struct csv *c, struct parse *p, bool was_quoted)
{
    char *field = c->text + (c->field[c->fields] - c->text);
    c->text[p->len] = '\0';
    if (!was_quoted) {
        char *end = c->text + p->len;
        while (end > field && (end[-1] == ' ' || end[-1] == '\t'))
            *--end = '\0';
        while (*field == ' ' || *field == '\t')
            field++;
    }
    c->field[c->fields++] = field;
    p->len++;
    if (c->fields < CSV_FIELDS_MAX)
        c->field[c->fields] = c->text + p->len;
}

static void begin_field(struct parse *p)
{
    p->quoted = false;
    p->closed = false;
    p->start = true;
}

static void add_char(struct csv *c, struct parse *p, int byte)
{
    bool blank = byte == ' ' || byte == '\t';
    if (p->closed) {
        if (!blank && p->why == NULL)
            p->why = "text after a closing quote";
        return;
    }
    if (p->start && byte == '"') {
        p->quoted = true;
        p->start = false;
        p->len = (size_t)(c->field[c->fields] - c->text); /* spaces before the quote */
        return;
    }
    p->start = p->start && blank;
    c->text[p->len++] = (char)byte;
}

/* Inside quotes everything is text but a quote, and a doubled quote is one. */
static void add_quoted(struct csv *c, struct parse *p, int byte)
{
    if (byte != '"') {
        c->text[p->len++] = (char)byte;
        c->next_line += byte == '\n';
        return;
    }
    int after = getc(c->file);
    if (after == '"') {
        c->text[p->len++] = '"';
        return;
    }
    if (after != EOF)
        (void)ungetc(after, c->file);
    p->quoted = false;
    p->closed = true;
}

static bool ends_line(struct csv *c, int byte)
{
    if (byte == '\r') {
        int after = getc(c->file);
        if (after != '\n' && after != EOF)
            (void)ungetc(after, c->file);
    }
    return byte == '\r' || byte == '\n';
}

static enum csv_result stop(struct err *err, const char *why)
{
    (void)err_set(err, ERR_INPUT, "%s", why);
    return CSV_STOP;
}

/* Why nothing after this byte can be trusted; NULL: it can. */
static const char *reason_to_stop(const struct csv *c, const struct parse *p, int byte)
{
    if (byte == EOF && ferror(c->file) != 0)
        return strerror(errno);
    if (p->quoted && (byte == EOF || p->len + 2 >= CSV_ROW_MAX))
        return "a quote that is never closed";
    if (p->len + 2 >= CSV_ROW_MAX)
        return "a row above 64 KiB";
    if (byte == '\0')
        return "a zero byte: is the file UTF-16? Save it as UTF-8";
    return c->fields == CSV_FIELDS_MAX ? "more than 255 fields: is the delimiter right?" : NULL;
}

static enum csv_result read_row(struct csv *c, struct parse *p, struct err *err)
{
    for (;;) {
        int byte = getc(c->file);
        const char *why = reason_to_stop(c, p, byte);
        if (why != NULL)
            return stop(err, why);
        if (p->quoted) {
            add_quoted(c, p, byte);
            continue;
        }
        bool end = byte == EOF || ends_line(c, byte);
        if (end || byte == c->delimiter) {
            end_field(c, p, p->closed);
            begin_field(p);
        } else {
            add_char(c, p, byte);
        }
        if (end)
            return byte == EOF && c->fields == 1 && p->len == 1 ? CSV_END : CSV_ROW;
    }
}

enum csv_result csv_next(struct csv *c, struct err *err)
{
    for (;;) {
        struct parse p = { .len = 0 };
        begin_field(&p);
        c->line = c->next_line;
        c->fields = 0;
        c->field[0] = c->text;
        enum csv_result got = read_row(c, &p, err);
        c->next_line++;
        if (got != CSV_ROW)
            return got;
        if (p.why != NULL) {
            (void)err_set(err, ERR_INPUT, "%s", p.why);
            return CSV_BAD;
        }
        if (c->fields > 1 || c->field[0][0] != '\0')
            return CSV_ROW;
    }
}

enum csv_result csv_begin(struct csv *c, FILE *file, char delimiter, unsigned skip_lines,
                          struct err *err)
{
    c->file = file;
    c->delimiter = delimiter;
    c->line = 1;
    c->next_line = 1;
    if (fseek(file, 0, SEEK_SET) != 0)
        return stop(err, strerror(errno));
    unsigned char mark[3];
    size_t n = fread(mark, 1, sizeof mark, file);
    if (n >= 2 && ((mark[0] == 0xff && mark[1] == 0xfe) || (mark[0] == 0xfe && mark[1] == 0xff)))
        return stop(err, "the file is UTF-16; save it as UTF-8");
    if (n < 3 || memcmp(mark, "\xef\xbb\xbf", 3) != 0)
        if (fseek(file, 0, SEEK_SET) != 0)
            return stop(err, strerror(errno));
    for (unsigned i = 0; i < skip_lines; i++) {
        int byte;
        do
            byte = getc(file);
        while (byte != EOF && !ends_line(c, byte));
        c->next_line++;
    }
    return CSV_ROW;
}
