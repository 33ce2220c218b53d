#include "scanner/report.h"

#include "scanner/json_text.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES (256 * 1024)

static void add_text(struct buf *out, const char *text)
{
    buf_add_slice(out, slice_text(text));
}

static void print_line(struct buf *out)
{
    buf_add_byte(out, '\n');
    (void)fwrite(out->data, 1, out->len, stdout);
    (void)fflush(stdout);
    buf_free(out);
}

static void put_code(struct buf *out, const struct report_code *code)
{
    add_text(out, "{");
    json_text_put_member(out, "payload", code->payload);
    add_text(out, ",");
    if (code->named) {
        json_text_put_member(out, "asset", slice_text(code->label.asset));
        add_text(out, ",");
        json_text_put_member(out, "human", slice_text(code->label.human));
        add_text(out, ",");
        json_text_put_member(out, "ledger", slice_text(scan_identity_name(code->identity)));
    } else {
        json_text_put_member(out, "error", slice_text(code->why_not.msg));
    }
    add_text(out, "}");
}

static void put_report(const struct report *report)
{
    struct buf out = buf_heap(LINE_MAX_BYTES);
    char number[32];
    add_text(&out, "{");
    json_text_put_member(&out, "image", slice_text(report->image));
    add_text(&out, ",\"codes\":[");
    for (size_t i = 0; i < report->count; i++) {
        if (i > 0)
            add_text(&out, ",");
        put_code(&out, &report->codes[i]);
    }
    (void)snprintf(number, sizeof number, "],\"not_read\":%zu}", report->too_large);
    add_text(&out, number);
    print_line(&out);
}

static const char *say_identity(enum scan_identity identity)
{
    switch (identity) {
    case SCAN_SAME: return "this ledger's label";
    case SCAN_OTHER: return "ANOTHER LEDGER'S LABEL: do not act on it";
    case SCAN_ABSENT: return "the label names no ledger";
    case SCAN_UNCHECKED: return "ledger not checked: no --identity given";
    }
    return "";
}

/* A payload on a terminal: nothing that could move its cursor. */
static void put_visible(struct buf *out, struct slice payload)
{
    for (size_t i = 0; i < payload.len; i++) {
        uint8_t c = payload.data[i];
        buf_add_byte(out, c >= ' ' && c < 0x7f ? c : '?');
    }
}

static void print_code(const struct report *report, const struct report_code *code)
{
    struct buf out = buf_heap(LINE_MAX_BYTES);
    add_text(&out, report->image);
    add_text(&out, ": ");
    if (code->named) {
        add_text(&out, code->label.asset);
        add_text(&out, "  ");
        add_text(&out, say_identity(code->identity));
    } else {
        add_text(&out, "not a label of goods: ");
        add_text(&out, code->why_not.msg);
    }
    add_text(&out, "\n  ");
    put_visible(&out, code->payload);
    print_line(&out);
}

void report_codes(const struct report *report, bool json)
{
    if (json) {
        put_report(report);
        return;
    }
    for (size_t i = 0; i < report->count; i++)
        print_code(report, &report->codes[i]);
    if (report->count == 0 && report->too_large == 0)
        printf("%s: no QR code found\n", report->image);
    if (report->too_large > 0)
        printf("%s: %zu more codes not read (above %d bytes, or beyond the %dth)\n", report->image,
               report->too_large, QR_READ_MAX_PAYLOAD, QR_READ_MAX_CODES);
}

void report_failure(const struct report *report, const struct err *err, bool json)
{
    if (!json) {
        (void)fprintf(stderr, "waybill-scan: %s\n", err->msg);
        return;
    }
    struct buf out = buf_heap(LINE_MAX_BYTES);
    add_text(&out, "{");
    json_text_put_member(&out, "image", slice_text(report->image));
    add_text(&out, ",");
    json_text_put_member(&out, "error", slice_text(err->msg));
    add_text(&out, "}");
    print_line(&out);
}
