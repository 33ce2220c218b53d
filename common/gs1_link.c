#include "common/gs1_link.h"

#include "common/hex.h"

#include <assert.h>
#include <string.h>

#define GS           0x1d /* FNC1 as a reader transmits it */
#define SEGMENT_MAX  64   /* bytes of one decoded path segment worth looking at */
#define LEDGER_PARAM "wb="
#define GTIN_LEN     14
#define MAX_AI_LEN   4
#define SYMBOLOGY_ID 3 /* "]Q3" */
#define LOT_AI       "10"

/* --------------------------------------------------------------- build */

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_unreserved(uint8_t c) /* RFC 3986 section 2.3 */
{
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void add_text(struct buf *out, const char *text)
{
    buf_add_slice(out, slice_text(text));
}

static void add_encoded(struct buf *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const char *at = text; *at != '\0'; at++) {
        uint8_t c = (uint8_t)*at;
        if (is_unreserved(c)) {
            buf_add_byte(out, c);
            continue;
        }
        const char code[] = { '%', digits[c >> 4], digits[c & 15] };
        buf_add(out, code, sizeof code);
    }
}

static bool has_scheme(struct slice text, const char *scheme)
{
    size_t len = strlen(scheme);
    if (text.len < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        if (c != (uint8_t)scheme[i])
            return false;
    }
    return true;
}

/* Bytes of "https://" or "http://" before the host; 0 when neither is there. */
static size_t scheme_len(struct slice text)
{
    if (has_scheme(text, "https://"))
        return strlen("https://");
    return has_scheme(text, "http://") ? strlen("http://") : 0;
}

static bool check_host(struct slice host, struct err *err)
{
    size_t skip = scheme_len(host);
    struct slice rest = slice_from(host, skip, host.len - skip);
    if (rest.len == 0 || rest.len > GS1_LINK_HOST_MAX || rest.data[0] == '/')
        return err_set(err, ERR_INPUT,
                       "host: expected a name such as id.example.org, at most %d characters",
                       GS1_LINK_HOST_MAX);
    for (size_t i = 0; i < rest.len; i++)
        if (!is_unreserved(rest.data[i]) && strchr(":/[]", rest.data[i]) == NULL)
            return err_set(
                err, ERR_INPUT,
                "host: expected letters, digits and . - : / only, found byte 0x%02x at %zu",
                rest.data[i], skip + i);
    return true;
}

bool gs1_link_build(const char *host, const struct gs1_link *link, char *text, struct err *err)
{
    struct slice base = slice_text(host);
    const struct gs1_name *name = &link->name;
    if (!check_host(base, err))
        return false;
    if (strcmp(name->part, ".") == 0 || strcmp(name->part, "..") == 0)
        return err_set(err, ERR_INPUT,
                       "a serial or lot of \"%s\" cannot be carried in a link: browsers remove it",
                       name->part);
    while (base.len > 0 && base.data[base.len - 1] == '/')
        base.len--;
    struct buf out = buf_fixed(text, GS1_LINK_MAX + 1);
    if (scheme_len(base) == 0)
        add_text(&out, "https://");
    buf_add_slice(&out, base);
    switch (name->kind) {
    case GS1_UNIT:
    case GS1_LOT: add_text(&out, "/01/"); break;
    case GS1_LOGISTIC: add_text(&out, "/00/"); break;
    case GS1_PLACE: add_text(&out, "/414/"); break;
    }
    add_text(&out, name->key);
    if (name->part[0] != '\0') {
        add_text(&out, name->kind == GS1_UNIT ? "/21/" : "/10/");
        add_encoded(&out, name->part);
    }
    if (link->has_ledger) {
        char hex[2 * GS1_LINK_LEDGER + 1];
        hex_encode(slice_of(link->ledger, sizeof link->ledger), hex);
        add_text(&out, "?" LEDGER_PARAM);
        add_text(&out, hex);
    }
    buf_add_byte(&out, '\0');
    assert(!out.failed); /* host, name and identity together stay below GS1_LINK_MAX */
    return true;
}

/* ------------------------------------------------- identifiers collected */

struct found {
    char sscc[19];
    char gtin[GTIN_LEN + 1];
    char gln[14];
    char lot[GS1_PART_MAX + 1];
    char serial[GS1_PART_MAX + 1];
};

static char *found_place(struct found *f, const char *ai)
{
    if (strcmp(ai, "00") == 0)
        return f->sscc;
    if (strcmp(ai, "01") == 0)
        return f->gtin;
    if (strcmp(ai, "414") == 0)
        return f->gln;
    return strcmp(ai, LOT_AI) == 0 ? f->lot : f->serial;
}

static bool refuse_value(const struct gs1_ai *row, size_t found_len, struct err *err)
{
    if (row->numeric)
        return err_set(err, ERR_INPUT, "(%s): expected %zu digits, found %zu characters", row->ai,
                       row->max_len, found_len);
    return err_set(err, ERR_INPUT,
                   "(%s): expected %zu to %zu characters that GS1 allows, found %zu characters",
                   row->ai, row->min_len, row->max_len, found_len);
}

/* Keeps the value of an identifier Waybill knows; others pass unread. */
static bool found_add(struct found *f, struct slice ai, struct slice value, struct err *err)
{
    const struct gs1_ai *row = gs1_find_ai(ai);
    if (row == NULL)
        return true;
    if (!gs1_value_fits(row, value))
        return refuse_value(row, value.len, err);
    char *place = found_place(f, row->ai);
    if (place[0] != '\0')
        return err_set(err, ERR_INPUT, "(%s) is given twice", row->ai);
    memcpy(place, value.data, value.len);
    place[value.len] = '\0';
    return true;
}

static void copy_text(char *to, const char *from) /* from is a part of struct found and fits */
{
    memcpy(to, from, strlen(from) + 1);
}

static bool found_name(const struct found *f, struct gs1_name *ret_name, struct err *err)
{
    struct gs1_name name = { .kind = GS1_UNIT };
    if (f->gtin[0] != '\0' && f->sscc[0] != '\0')
        return err_set(err, ERR_INPUT, "the code names two things, a (00) and a (01)");
    if (f->gtin[0] != '\0') {
        if (f->serial[0] == '\0' && f->lot[0] == '\0')
            return err_set(
                err, ERR_INPUT,
                "the code names product %s only: expected also a serial (21) or a lot (10)",
                f->gtin);
        name.kind = f->serial[0] != '\0' ? GS1_UNIT : GS1_LOT;
        copy_text(name.key, f->gtin);
        copy_text(name.part, name.kind == GS1_UNIT ? f->serial : f->lot);
    } else if (f->sscc[0] != '\0') {
        name.kind = GS1_LOGISTIC;
        copy_text(name.key, f->sscc);
    } else if (f->gln[0] != '\0') {
        name.kind = GS1_PLACE;
        copy_text(name.key, f->gln);
    } else {
        return err_set(err, ERR_INPUT,
                       "the code names no goods: expected (01) with (21) or (10), (00), or (414)");
    }
    *ret_name = name;
    return true;
}

/* ----------------------------------------------------------- Digital Link */

/* The part of s before the first c, and the rest after it (empty when c is not there). */
static struct slice cut(struct slice *s, char c)
{
    const uint8_t *at = s->len == 0 ? NULL : memchr(s->data, c, s->len);
    size_t len = at == NULL ? s->len : (size_t)(at - s->data);
    struct slice head = slice_from(*s, 0, len);
    size_t past = at == NULL ? len : len + 1;
    *s = slice_from(*s, past, s->len - past);
    return head;
}

static bool percent_decode(struct slice in, struct buf *out, struct err *err)
{
    buf_clear(out);
    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = in.data[i];
        if (byte == '%') {
            if (in.len - i < 3 || !hex_decode((const char *)in.data + i + 1, 2, &byte, 1))
                return err_set(err, ERR_INPUT, "a %% without two hexadecimal digits after it");
            i += 2;
        }
        buf_add_byte(out, byte);
    }
    if (out->failed)
        return err_set(err, ERR_INPUT, "a path segment of more than %d bytes", SEGMENT_MAX);
    return true;
}

/* GTIN-8, -12 and -13 as some links still carry them become the 14 digits of AI 01. */
static struct slice pad_gtin(struct slice ai, struct slice value, uint8_t padded[GTIN_LEN])
{
    if (!slice_equal(ai, slice_text("01")) ||
        (value.len != 8 && value.len != 12 && value.len != 13))
        return value;
    memset(padded, '0', GTIN_LEN);
    memcpy(padded + GTIN_LEN - value.len, value.data, value.len);
    return slice_of(padded, GTIN_LEN);
}

static bool is_primary(struct slice ai, struct slice value)
{
    const struct gs1_ai *row = gs1_find_ai(ai);
    uint8_t padded[GTIN_LEN];
    return row != NULL && row->numeric && gs1_value_fits(row, pad_gtin(ai, value, padded));
}

/* After the host: perhaps a path of the host's own, then AI/value pairs to the end. */
static bool parse_path(struct slice path, struct found *f, struct err *err)
{
    bool primary = false;
    while (path.len > 0) {
        struct slice ai = cut(&path, '/');
        if (ai.len == 0 && (path.len == 0 || !primary))
            continue;
        struct slice after = path;
        struct slice raw = cut(&after, '/');
        uint8_t memory[SEGMENT_MAX];
        uint8_t padded[GTIN_LEN];
        struct buf decoded = buf_fixed(memory, sizeof memory);
        if (!primary && !is_primary(ai, raw))
            continue;
        if (raw.len == 0)
            return err_set(err, ERR_INPUT, "the link ends in an identifier without a value");
        primary = true;
        path = after;
        if (gs1_find_ai(ai) == NULL)
            continue;
        if (!percent_decode(raw, &decoded, err) ||
            !found_add(f, ai, pad_gtin(ai, buf_slice(&decoded), padded), err))
            return false;
    }
    return true;
}

static bool parse_query(struct slice query, struct gs1_link *link, struct err *err)
{
    while (query.len > 0) {
        struct slice pair = cut(&query, '&');
        size_t key_len = strlen(LEDGER_PARAM);
        if (pair.len < key_len || memcmp(pair.data, LEDGER_PARAM, key_len) != 0)
            continue;
        if (link->has_ledger)
            return err_set(err, ERR_INPUT, "the link names two ledgers");
        if (!hex_decode((const char *)pair.data + key_len, pair.len - key_len, link->ledger,
                        sizeof link->ledger))
            return err_set(err, ERR_INPUT,
                           "the ledger's identity in the link: expected %d hexadecimal digits, "
                           "found %zu characters",
                           2 * GS1_LINK_LEDGER, pair.len - key_len);
        link->has_ledger = true;
    }
    return true;
}

static bool parse_uri(struct slice uri, struct gs1_link *link, struct err *err)
{
    struct slice rest = slice_from(uri, scheme_len(uri), uri.len - scheme_len(uri));
    rest = cut(&rest, '#');
    struct slice path = cut(&rest, '?');
    if (cut(&path, '/').len == 0)
        return err_set(err, ERR_INPUT, "the link has no host");
    struct found f = { .sscc = "" };
    return parse_path(path, &f, err) && parse_query(rest, link, err) &&
           found_name(&f, &link->name, err);
}

/* -------------------------------------------------------- element strings */

/* Length of "(AI)" at the start of s, 0 when it is not one. */
static size_t bracket_len(struct slice s)
{
    if (s.len == 0 || s.data[0] != '(')
        return 0;
    size_t i = 1;
    while (i < s.len && i <= MAX_AI_LEN && s.data[i] >= '0' && s.data[i] <= '9')
        i++;
    return i >= 3 && i < s.len && s.data[i] == ')' ? i + 1 : 0;
}

static bool parse_bracketed(struct slice in, struct found *f, struct err *err)
{
    while (in.len > 0) {
        size_t head = bracket_len(in);
        if (head == 0)
            return err_set(err, ERR_INPUT, "expected an identifier such as (01)");
        struct slice ai = slice_from(in, 1, head - 2);
        in = slice_from(in, head, in.len - head);
        uint8_t memory[GS1_LINK_MAX];
        struct buf value = buf_fixed(memory, sizeof memory);
        while (in.len > 0 && bracket_len(in) == 0) {
            size_t skip = in.len > 1 && in.data[0] == '\\' && in.data[1] == '(' ? 1 : 0;
            buf_add_byte(&value, in.data[skip]);
            in = slice_from(in, skip + 1, in.len - skip - 1);
        }
        if (!found_add(f, ai, buf_slice(&value), err))
            return false;
    }
    return true;
}

/*
 * Bytes of identifier and data together of elements whose first two digits settle them (General
 * Specifications figure 7.8.5-2: these need no FNC1 after them); 0 for all others.
 */
static size_t predefined_len(struct slice s)
{
    unsigned ai = (unsigned)(s.data[0] - '0') * 10 + (unsigned)(s.data[1] - '0');
    if (ai == 0)
        return 20;
    if (ai >= 1 && ai <= 3)
        return 16;
    if (ai == 4)
        return 18;
    if (ai >= 11 && ai <= 19)
        return 8;
    if (ai == 20)
        return 4;
    if (ai >= 31 && ai <= 36)
        return 10;
    return ai == 41 ? 16 : 0;
}

static bool parse_raw(struct slice in, struct found *f, struct err *err)
{
    while (in.len > 0) {
        if (in.data[0] == GS) {
            in = slice_from(in, 1, in.len - 1);
            continue;
        }
        if (in.len < 3 || in.data[0] < '0' || in.data[0] > '9' || in.data[1] < '0' ||
            in.data[1] > '9')
            return err_set(err, ERR_INPUT,
                           "expected a name such as 01/GTIN/21/SERIAL, or digits of an application "
                           "identifier");
        size_t len = predefined_len(in);
        size_t ai_len = in.data[0] == '4' && in.data[1] == '1' ? 3 : 2;
        if (len == 0) {
            const uint8_t *end = memchr(in.data, GS, in.len);
            len = end == NULL ? in.len : (size_t)(end - in.data);
        }
        if (len > in.len)
            return err_set(err, ERR_INPUT, "(%.*s) is cut short", (int)ai_len,
                           (const char *)in.data);
        if (!found_add(f, slice_from(in, 0, ai_len), slice_from(in, ai_len, len - ai_len), err))
            return false;
        in = slice_from(in, len, in.len - len);
    }
    return true;
}

static bool is_plain_name(struct slice s)
{
    return s.len > 3 && (s.data[2] == '/' || (s.data[3] == '/' && s.data[0] == '4'));
}

bool gs1_link_parse(struct slice payload, struct gs1_link *ret_link, struct err *err)
{
    struct gs1_link link = { .has_ledger = false };
    struct found f = { .sscc = "" };
    bool good;
    if (payload.len == 0 || payload.len > GS1_LINK_MAX)
        return err_set(err, ERR_INPUT, "expected a payload of 1 to %d bytes, found %zu",
                       GS1_LINK_MAX, payload.len);
    if (payload.data[0] == ']' && payload.len > SYMBOLOGY_ID)
        payload = slice_from(payload, SYMBOLOGY_ID, payload.len - SYMBOLOGY_ID);
    if (scheme_len(payload) > 0)
        good = parse_uri(payload, &link, err);
    else if (payload.data[0] == '(')
        good = parse_bracketed(payload, &f, err) && found_name(&f, &link.name, err);
    else if (is_plain_name(payload))
        good = gs1_parse_name(payload, &link.name, err);
    else
        good = parse_raw(payload, &f, err) && found_name(&f, &link.name, err);
    if (good)
        *ret_link = link;
    return good;
}
