#include "tools/qr_make.h"

#include "tools/qr_font.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <qrencode.h>

#define DARK            1u  /* libqrencode: the lowest bit of a module */
#define MAX_MODULES     177 /* version 40 */
#define TEXT_GAP        1   /* modules between the quiet zone and the characters */
#define PAYLOAD_MAX     512
#define HUMAN_MAX       100
#define SVG_TEXT_HEIGHT 3 /* modules */
#define SVG_CODE        "<path d=\""

static bool check_label(const struct qr_label *label, struct err *err)
{
    size_t len = strlen(label->text);
    if (len == 0 || len > PAYLOAD_MAX)
        return err_set(err, ERR_INPUT, "a label carries 1 to %d bytes, found %zu", PAYLOAD_MAX,
                       len);
    if (label->scale == 0 || label->scale > QR_MAKE_MAX_SCALE)
        return err_set(err, ERR_INPUT, "scale: expected 1 to %d pixels a module, found %u",
                       QR_MAKE_MAX_SCALE, label->scale);
    if (strlen(label->human) > HUMAN_MAX)
        return err_set(err, ERR_INPUT, "at most %d characters fit beneath a code", HUMAN_MAX);
    return true;
}

/* NULL, with the reason in err, when there is no code; the caller frees it. */
static QRcode *encode(const struct qr_label *label, struct err *err)
{
    if (!check_label(label, err))
        return NULL;
    QRcode *code = QRcode_encodeString8bit(label->text, 0, QR_ECLEVEL_M);
    if (code == NULL)
        (void)err_set(err, ERR_IO, "libqrencode cannot encode %zu bytes", strlen(label->text));
    return code;
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return (code->data[y * code->width + x] & DARK) != 0;
}

/* ------------------------------------------------------------------ PNG */

struct rectangle {
    uint32_t x, y, width, height;
};

static void fill(struct image *image, struct rectangle r)
{
    assert(r.x + r.width <= image->width && r.y + r.height <= image->height);
    for (uint32_t y = r.y; y < r.y + r.height; y++)
        memset(image->grey + (size_t)image->width * y + r.x, 0, r.width);
}

/*
 * Where the characters go: as many lines as the width of the code asks for, dots of half a module so
 * that the line is no wider than it must be.
 */
struct layout {
    uint32_t dot;      /* pixels of a character's dot */
    uint32_t per_line; /* characters */
    uint32_t lines;
};

static struct layout lay_out(uint32_t width, unsigned scale, size_t chars)
{
    struct layout l = { .dot = scale < 4 ? 1 : scale / 3 };
    uint32_t margin = 2 * QR_MAKE_QUIET * scale;
    l.per_line = (width - margin) / (l.dot * (QR_FONT_WIDTH + 1));
    assert(l.per_line > 0); /* the smallest code has 21 modules, a character 6 thirds of one */
    l.lines = (uint32_t)((chars + l.per_line - 1) / l.per_line);
    return l;
}

static void draw_char(struct image *image, char c, uint32_t left, uint32_t top, uint32_t dot)
{
    for (unsigned y = 0; y < QR_FONT_HEIGHT; y++)
        for (unsigned x = 0; x < QR_FONT_WIDTH; x++)
            if (qr_font_dot(c, x, y))
                fill(image, (struct rectangle){ left + x * dot, top + y * dot, dot, dot });
}

static void draw_text(struct image *image, const char *text, struct layout l, uint32_t left,
                      uint32_t top)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        uint32_t column = (uint32_t)(i % l.per_line);
        uint32_t line = (uint32_t)(i / l.per_line);
        draw_char(image, text[i], left + column * l.dot * (QR_FONT_WIDTH + 1),
                  top + line * l.dot * (QR_FONT_HEIGHT + 2), l.dot);
    }
}

static void draw_code(struct image *image, const QRcode *code, unsigned scale)
{
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (is_dark(code, x, y))
                fill(image,
                     (struct rectangle){ ((uint32_t)x + QR_MAKE_QUIET) * scale,
                                         ((uint32_t)y + QR_MAKE_QUIET) * scale, scale, scale });
}

bool qr_make_png(const struct qr_label *label, struct buf *out, struct err *err)
{
    QRcode *code = encode(label, err);
    if (code == NULL)
        return false;
    uint32_t side = ((uint32_t)code->width + 2 * QR_MAKE_QUIET) * label->scale;
    struct layout l = lay_out(side, label->scale, strlen(label->human));
    uint32_t text_height =
        l.lines == 0 ? 0 : TEXT_GAP * label->scale + l.lines * l.dot * (QR_FONT_HEIGHT + 2);
    struct image image;
    bool good = image_create(side, side + text_height, &image, err);
    if (good) {
        draw_code(&image, code, label->scale);
        draw_text(&image, label->human, l, QR_MAKE_QUIET * label->scale, side);
        good = image_encode_png(&image, out, err);
        image_free(&image);
    }
    QRcode_free(code);
    return good;
}

/* ------------------------------------------------------------------ SVG */

__attribute__((format(printf, 2, 3))) static void add(struct buf *out, const char *fmt, ...);

static void add(struct buf *out, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    assert(len >= 0 && (size_t)len < sizeof text);
    buf_add(out, text, (size_t)len);
}

static void add_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': add(out, "&amp;"); break;
        case '<': add(out, "&lt;"); break;
        case '>': add(out, "&gt;"); break;
        case '"': add(out, "&quot;"); break;
        case '\'': add(out, "&#39;"); break;
        default: buf_add(out, text, 1); break;
        }
    }
}

/* Every run of dark modules in a row as one rectangle: M x y h n v 1 H x z. */
static void add_modules(struct buf *out, const QRcode *code)
{
    for (int y = 0; y < code->width; y++) {
        int x = 0;
        while (x < code->width) {
            int first = x;
            while (x < code->width && is_dark(code, x, y))
                x++;
            if (x > first)
                add(out, "M%d %dh%dv1H%dz", first + QR_MAKE_QUIET, y + QR_MAKE_QUIET, x - first,
                    first + QR_MAKE_QUIET);
            else
                x++;
        }
    }
}

bool qr_make_svg(const struct qr_label *label, struct buf *out, struct err *err)
{
    QRcode *code = encode(label, err);
    if (code == NULL)
        return false;
    int side = code->width + 2 * QR_MAKE_QUIET;
    int height = side + (label->human[0] == '\0' ? 0 : SVG_TEXT_HEIGHT + TEXT_GAP);
    add(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%u\" "
        "height=\"%u\">\n",
        side, height, (unsigned)side * label->scale, (unsigned)height * label->scale);
    add(out, "<title>");
    add_escaped(out, label->human[0] == '\0' ? label->text : label->human);
    add(out, "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", side, height);
    add(out, SVG_CODE);
    add_modules(out, code);
    add(out, "\" fill=\"#000\" shape-rendering=\"crispEdges\"/>\n");
    if (label->human[0] != '\0') {
        /* textLength squeezes a long name into the code's width instead of running off the label. */
        bool squeeze = strlen(label->human) * 3 > (size_t)code->width * 2;
        add(out,
            "<text x=\"%d\" y=\"%d\" font-family=\"monospace\" font-size=\"2.5\" "
            "text-anchor=\"middle\"",
            side / 2, side + 2);
        if (squeeze)
            add(out, " textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\"", code->width);
        add(out, ">");
        add_escaped(out, label->human);
        add(out, "</text>\n");
    }
    add(out, "</svg>\n");
    QRcode_free(code);
    return !out->failed || err_set(err, ERR_BUSY, "SVG: the file is larger than the room for it");
}

/* One number of a path, after the letter it belongs to. */
static bool take_number(struct slice *in, char letter, unsigned *ret_value)
{
    if (in->len == 0 || in->data[0] != (uint8_t)letter)
        return false;
    size_t i = 1;
    unsigned value = 0;
    while (i < in->len && in->data[i] >= '0' && in->data[i] <= '9' && value < 1000)
        value = value * 10 + (unsigned)(in->data[i++] - '0');
    *in = slice_from(*in, i, in->len - i);
    *ret_value = value;
    return i > 1;
}

static bool draw_run(struct slice *path, unsigned scale, struct image *image)
{
    unsigned x;
    unsigned y;
    unsigned run;
    unsigned height;
    unsigned back;
    if (!take_number(path, 'M', &x) || !take_number(path, ' ', &y) ||
        !take_number(path, 'h', &run) || !take_number(path, 'v', &height) ||
        !take_number(path, 'H', &back) || path->len == 0 || path->data[0] != 'z')
        return false;
    *path = slice_from(*path, 1, path->len - 1);
    if (height != 1 || back != x || (x + run) * scale > image->width ||
        (y + 1) * scale > image->height)
        return false;
    fill(image, (struct rectangle){ x * scale, y * scale, run * scale, scale });
    return true;
}

/* The text between the first `from` and the next quotation mark. */
static bool find_value(struct slice in, const char *from, struct slice *ret_value)
{
    const uint8_t *at = memmem(in.data, in.len, from, strlen(from));
    if (at == NULL)
        return false;
    size_t first = (size_t)(at - in.data) + strlen(from);
    const uint8_t *end = memchr(in.data + first, '"', in.len - first);
    if (end == NULL)
        return false;
    *ret_value = slice_from(in, first, (size_t)(end - in.data) - first);
    return true;
}

bool qr_make_draw_svg(struct slice svg, unsigned scale, struct image *ret_image, struct err *err)
{
    struct slice box;
    struct slice path;
    unsigned width;
    unsigned height;
    if (!find_value(svg, "viewBox=\"0 0", &box) || !find_value(svg, SVG_CODE, &path) ||
        !take_number(&box, ' ', &width) || !take_number(&box, ' ', &height) || box.len != 0 ||
        width > MAX_MODULES + 2 * QR_MAKE_QUIET)
        return err_set(err, ERR_INPUT, "not an SVG label of ours");
    struct image image;
    if (!image_create(width * scale, height * scale, &image, err))
        return false;
    while (path.len > 0) {
        if (!draw_run(&path, scale, &image)) {
            image_free(&image);
            return err_set(err, ERR_INPUT, "the label's path is malformed");
        }
    }
    *ret_image = image;
    return true;
}
