#include "scanner/report.h"

#include "common/hex.h"
#include "common/refusal.h"
#include "scanner/json_text.h"

#include <inttypes.h>
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

static const char *step_name(enum scan_step step)
{
    switch (step) {
    case SCAN_STEP_NONE: return "none";
    case SCAN_STEP_OFFER: return "offered";
    case SCAN_STEP_ACCEPT: return "accepted";
    case SCAN_STEP_SEEN: return "seen";
    }
    return "";
}

static void put_text(struct buf *out, const char *key, const char *text)
{
    add_text(out, ",");
    json_text_put_words(out, key, slice_text(text));
}

static void put_number(struct buf *out, const char *key, uint64_t number)
{
    char text[64];
    (void)snprintf(text, sizeof text, ",\"%s\":%" PRIu64, key, number);
    add_text(out, text);
}

/* A statement that was signed: what became of it. */
static void put_sent(struct buf *out, const struct handover_result *r)
{
    char statement[2 * HASH_SIZE + 1], kid[2 * KID_SIZE + 1];
    hex_encode(hash_slice(&r->sent.hash), statement);
    hex_encode(kid_slice(&r->other), kid);
    if (r->step != SCAN_STEP_SEEN) {
        put_text(out, r->step == SCAN_STEP_OFFER ? "to" : "from", kid);
        put_text(out, "name", r->other_name);
        put_text(out, "role", r->role == ROLE_OWNER ? "owner" : "custodian");
    }
    put_number(out, "assets", r->count);
    put_text(out, "statement", statement);
    put_text(out, "status", node_client_fate_name(r->sent.status.fate));
    if (r->sent.status.on_ledger) {
        put_number(out, "leaf", r->sent.status.leaf);
        put_number(out, "height", r->sent.status.height);
    }
    if (r->sent.status.fate == NODE_FATE_REFUSED) {
        put_number(out, "code", r->sent.status.code);
        put_text(out, "refusal", refusal_name(r->sent.status.code));
    }
}

static void put_handover(struct buf *out, const struct report_code *code)
{
    const struct handover_result *r = &code->handover;
    if (code->acted || r->step != SCAN_STEP_NONE)
        put_text(out, "step", step_name(code->failed ? SCAN_STEP_NONE : r->step));
    if (r->step != SCAN_STEP_NONE)
        put_sent(out, r);
    else if (code->acted)
        put_text(out, "why", r->why);
    if (code->failed)
        put_text(out, "error", code->why_not.msg);
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
        put_handover(out, code);
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

/* "accepted 01/…/21/DEMO1 from Farm A, block 12" */
static void print_handover(const struct report_code *code)
{
    const struct handover_result *r = &code->handover;
    const char *asset = code->label.asset;
    char more[48] = "";
    (void)fflush(stdout);
    if (code->failed) /* most messages begin with the goods' name already */
        (void)fprintf(stderr, "waybill-scan: %s%s%s\n",
                      strstr(code->why_not.msg, asset) == NULL ? asset : "",
                      strstr(code->why_not.msg, asset) == NULL ? ": " : "", code->why_not.msg);
    if (code->failed)
        return;
    if (r->step == SCAN_STEP_NONE) {
        printf("%s: %s\n", asset, r->why);
        return;
    }
    if (r->step == SCAN_STEP_SEEN) {
        printf("recorded that %s was seen, block %" PRIu64 "\n", asset, r->sent.status.height);
        return;
    }
    if (r->count > 1)
        (void)snprintf(more, sizeof more, " and %zu more with it", r->count - 1);
    printf("%s %s%s%s %s %s, block %" PRIu64 "\n", step_name(r->step),
           r->role == ROLE_OWNER ? "ownership of " : "", asset, more,
           r->step == SCAN_STEP_ACCEPT ? "from" : "to", r->other_name, r->sent.status.height);
}

static void print_code(const struct report *report, const struct report_code *code)
{
    if (code->acted || code->failed) {
        print_handover(code);
        return;
    }
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
