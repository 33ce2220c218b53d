/* YAML as the import writes it: one line for one value, so that a line leads back to the overlay. */
#include "tools/import_build.h"

#include <stdio.h>
#include <string.h>

#define PIECE_MAX 512

void import_put(struct import_build *b, const char *fmt, ...)
{
    char piece[PIECE_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(piece, sizeof piece, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1;
    for (size_t i = 0; i < len; i++)
        b->line += piece[i] == '\n' ? 1 : 0;
    buf_add(&b->text, piece, len);
}

/* A control character, of one byte or (c2 80 to c2 9f) two, would end the line or be no text. */
static bool is_control(struct slice text, size_t i)
{
    uint8_t ch = text.data[i];
    bool c1 = ch == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0;
    return ch < 0x20 || ch == 0x7f || c1;
}

void import_put_quoted(struct import_build *b, struct slice text, size_t max)
{
    text = import_cut(text, max);
    buf_add_byte(&b->text, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t ch = text.data[i];
        bool control = is_control(text, i);
        i += control && ch == 0xc2 ? 1 : 0;
        if (ch == '"' || ch == '\\')
            buf_add_byte(&b->text, '\\');
        if (control)
            buf_add_byte(&b->text, ' ');
        else if (i + 2 < text.len && ch == 0xe2 && text.data[i + 1] == 0x80 &&
                 (text.data[i + 2] & 0xfe) == 0xa8) { /* a line or paragraph separator */
            buf_add_byte(&b->text, ' ');
            i += 2;
        } else {
            buf_add_byte(&b->text, ch);
        }
    }
    buf_add_byte(&b->text, '"');
}

/* ------------------------------------------------------------------ what an overlay says */

static void mark(struct import_build *b, const struct yaml_node *node)
{
    if (b->mark_count < IMPORT_MAX_MARKS)
        b->marks[b->mark_count++] = (struct import_mark){ b->line, node->line };
}

/* As it was written: in quotes it is a text, without it is an expression. */
static void put_scalar(struct import_build *b, const struct yaml_node *node)
{
    struct slice text = slice_text(node->text);
    if (node->quoted) {
        buf_add_byte(&b->text, '"');
        for (size_t i = 0; i < text.len; i++) {
            uint8_t ch = text.data[i];
            char code[8];
            if (is_control(text, i) && ch < 0x80) {
                (void)snprintf(code, sizeof code, "\\x%02x", ch);
                buf_add_slice(&b->text, slice_text(code));
                continue;
            }
            if (ch == '"' || ch == '\\')
                buf_add_byte(&b->text, '\\');
            buf_add_byte(&b->text, ch);
        }
        buf_add_byte(&b->text, '"');
        return;
    }
    for (size_t i = 0; i < text.len; i++)
        buf_add_byte(&b->text, text.data[i] == '\n' ? ' ' : text.data[i]);
}

static void put_indent(struct import_build *b, unsigned indent)
{
    import_put(b, "%*s", (int)indent, "");
}

static void put_value(struct import_build *b, unsigned indent, const struct yaml_node *node,
                      unsigned depth);

static void put_list(struct import_build *b, unsigned indent, const struct yaml_node *node,
                     unsigned depth)
{
    for (size_t i = 0; i < node->count; i++) {
        put_indent(b, indent);
        import_put(b, "-");
        mark(b, node->values[i]);
        put_value(b, indent + 2, node->values[i], depth + 1);
    }
}

/* After "key:" or "-", to the line's end and below it. */
static void put_value(struct import_build *b, unsigned indent, const struct yaml_node *node,
                      unsigned depth)
{
    if (node->kind == YAML_SCALAR) {
        import_put(b, " ");
        put_scalar(b, node);
        import_put(b, "\n");
        return;
    }
    if (node->count == 0 || depth > YAML_MAX_DEPTH) {
        import_put(b, node->kind == YAML_LIST ? " []\n" : " {}\n");
        return;
    }
    import_put(b, "\n");
    if (node->kind == YAML_LIST) {
        put_list(b, indent, node, depth);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        put_indent(b, indent);
        import_put_quoted(b, slice_text(node->keys[i]->text), SIZE_MAX);
        import_put(b, ":");
        mark(b, node->keys[i]);
        put_value(b, indent + 2, node->values[i], depth + 1);
    }
}

void import_put_node(struct import_build *b, unsigned indent, const char *key,
                     const struct yaml_node *node)
{
    put_indent(b, indent);
    import_put(b, "%s:", key);
    mark(b, node);
    put_value(b, indent + 2, node, 0);
}
