#include "common/cbor.h"

#include <assert.h>
#include <cbor.h>
#include <string.h>

#define HEAD_MAX 9 /* initial byte and an 8-byte argument */

enum {
    MAJOR_UINT = 0,
    MAJOR_NINT = 1,
    MAJOR_BYTES = 2,
    MAJOR_TEXT = 3,
    MAJOR_ARRAY = 4,
    MAJOR_MAP = 5,
    MAJOR_TAG = 6,
    MAJOR_SIMPLE = 7,
};

/* ------------------------------------------------------------------ scanning foreign bytes */

struct head {
    unsigned major;
    unsigned info; /* low five bits: 24..27 say how many argument bytes follow, 31 indefinite */
    uint64_t arg;
    size_t size; /* of the head itself */
};

struct scan {
    struct slice in;
    size_t pos;
    size_t items;
    bool strict;
    struct err *err;
};

static bool scan_refuse(const struct scan *s, const char *why)
{
    return err_set(s->err, ERR_INPUT, "byte %zu: %s", s->pos, why);
}

static bool scan_head(const struct scan *s, struct head *ret)
{
    if (s->pos >= s->in.len)
        return scan_refuse(s, "the data ends inside an item");
    uint8_t first = s->in.data[s->pos];
    *ret = (struct head){ .major = first >> 5, .info = first & 31u, .arg = first & 31u, .size = 1 };
    if (ret->info < 24 || ret->info == 31)
        return true;
    if (ret->info > 27)
        return scan_refuse(s, "a reserved length code");
    size_t extra = (size_t)1 << (ret->info - 24);
    if (extra > s->in.len - s->pos - 1)
        return scan_refuse(s, "the data ends inside a head");
    ret->arg = 0;
    for (size_t i = 1; i <= extra; i++)
        ret->arg = ret->arg << 8 | s->in.data[s->pos + i];
    ret->size += extra;
    return true;
}

static bool head_is_shortest(const struct head *h)
{
    static const uint64_t least[] = { 24, 0x100, 0x10000, 0x100000000 };
    return h->info < 24 || h->arg >= least[h->info - 24];
}

static bool scan_strict_head(const struct scan *s, const struct head *h)
{
    if (h->major == MAJOR_TAG)
        return scan_refuse(s, "a tag is not allowed here");
    if (h->major == MAJOR_SIMPLE) {
        if (h->info < 20 || h->info > 22)
            return scan_refuse(
                s, "of the simple values and floats only false, true and null are allowed");
        return true;
    }
    if (h->info == 31)
        return scan_refuse(s, "indefinite lengths are not allowed");
    if (!head_is_shortest(h))
        return scan_refuse(s, "not in its shortest form");
    if (h->arg > INT64_MAX)
        return scan_refuse(s, "an integer beyond 64 bits with sign");
    return true;
}

static bool scan_item(struct scan *s, unsigned depth);

/* Items up to a break byte, which an indefinite array or map ends with. */
static bool scan_indefinite(struct scan *s, unsigned major, unsigned depth)
{
    s->pos++;
    size_t n = 0;
    while (s->pos < s->in.len && s->in.data[s->pos] != 0xff) {
        if (!scan_item(s, depth + 1))
            return false;
        n++;
    }
    if (s->pos >= s->in.len)
        return scan_refuse(s, "an indefinite item without its end");
    if (major == MAJOR_MAP && n % 2 != 0)
        return scan_refuse(s, "a map with a key and no value");
    s->pos++;
    return true;
}

static bool scan_string(struct scan *s, const struct head *h)
{
    if (h->arg > s->in.len - s->pos - h->size)
        return scan_refuse(s, "a string longer than the data");
    struct slice text = slice_from(s->in, s->pos + h->size, (size_t)h->arg);
    if (s->strict && h->major == MAJOR_TEXT && !cbor_text_valid(text))
        return scan_refuse(s, "text that is not UTF-8 or holds a control character");
    s->pos += h->size + (size_t)h->arg;
    return true;
}

static bool scan_array(struct scan *s, const struct head *h, unsigned depth)
{
    s->pos += h->size;
    for (uint64_t i = 0; i < h->arg; i++)
        if (!scan_item(s, depth + 1))
            return false;
    return true;
}

static bool scan_map(struct scan *s, const struct head *h, unsigned depth)
{
    s->pos += h->size;
    struct slice previous = { NULL, 0 };
    for (uint64_t i = 0; i < h->arg; i++) {
        size_t key_at = s->pos;
        if (s->strict && s->pos < s->in.len && s->in.data[s->pos] >> 5 != MAJOR_UINT &&
            s->in.data[s->pos] >> 5 != MAJOR_NINT && s->in.data[s->pos] >> 5 != MAJOR_TEXT)
            return scan_refuse(s, "a map key that is neither an integer nor text");
        if (!scan_item(s, depth + 1))
            return false;
        struct slice key = slice_from(s->in, key_at, s->pos - key_at);
        if (s->strict && i > 0 && slice_compare(previous, key) >= 0)
            return scan_refuse(s, "map keys out of order or repeated");
        previous = key;
        if (!scan_item(s, depth + 1))
            return false;
    }
    return true;
}

static bool scan_container(struct scan *s, const struct head *h, unsigned depth)
{
    if (depth >= CBOR_MAX_DEPTH)
        return scan_refuse(s, "nested deeper than 8");
    if (h->info == 31)
        return scan_indefinite(s, h->major, depth);
    if (h->arg > s->in.len - s->pos - h->size)
        return scan_refuse(s, "more elements than bytes left");
    return h->major == MAJOR_ARRAY ? scan_array(s, h, depth) : scan_map(s, h, depth);
}

static bool scan_item(struct scan *s, unsigned depth)
{
    struct head h = { 0 };
    if (++s->items > CBOR_MAX_ITEMS)
        return scan_refuse(s, "more than 65,536 items");
    if (!scan_head(s, &h) || (s->strict && !scan_strict_head(s, &h)))
        return false;
    if (h.major == MAJOR_ARRAY || h.major == MAJOR_MAP)
        return scan_container(s, &h, depth);
    if (h.info == 31)
        return scan_refuse(s, "an indefinite string or a stray end");
    if (h.major == MAJOR_BYTES || h.major == MAJOR_TEXT)
        return scan_string(s, &h);
    s->pos += h.size;
    return h.major != MAJOR_TAG || scan_refuse(s, "a tag is not allowed here");
}

static bool scan_whole(struct slice in, bool strict, struct err *err)
{
    struct scan s = { .in = in, .strict = strict, .err = err };
    if (!scan_item(&s, 0))
        return false;
    return s.pos == in.len || scan_refuse(&s, "bytes after the item");
}

bool cbor_scan(struct slice in, struct err *err)
{
    return scan_whole(in, true, err);
}

bool cbor_scan_bounds(struct slice in, struct err *err)
{
    return scan_whole(in, false, err);
}

/* ------------------------------------------------------------------ text */

/* Length of the UTF-8 sequence at text[i], 0 when it is none (overlong, surrogate, cut, > 10FFFF). */
static size_t utf8_length(struct slice text, size_t i)
{
    const uint8_t *p = text.data + i;
    size_t left = text.len - i;
    size_t len = p[0] < 0x80                   ? 1
                 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                               : 0;
    if (len == 0 || len > left)
        return 0;
    for (size_t k = 1; k < len; k++)
        if ((p[k] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
    return overlong || outside ? 0 : len;
}

bool cbor_text_valid(struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_length(text, i);
        bool c0 = text.data[i] < 0x20 || text.data[i] == 0x7f;
        bool c1 = len == 2 && text.data[i] == 0xc2 && text.data[i + 1] < 0xa0;
        if (len == 0 || c0 || c1)
            return false;
        i += len;
    }
    return true;
}

/* ------------------------------------------------------------------ reading, through libcbor */

struct token {
    enum cbor_kind type;
    uint64_t arg; /* value, element count, or string length */
    const uint8_t *string;
};

static void on_uint8(void *t, uint8_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_UINT, .arg = v };
}
static void on_uint16(void *t, uint16_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_UINT, .arg = v };
}
static void on_uint32(void *t, uint32_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_UINT, .arg = v };
}
static void on_uint64(void *t, uint64_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_UINT, .arg = v };
}
static void on_nint8(void *t, uint8_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_NINT, .arg = v };
}
static void on_nint16(void *t, uint16_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_NINT, .arg = v };
}
static void on_nint32(void *t, uint32_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_NINT, .arg = v };
}
static void on_nint64(void *t, uint64_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_NINT, .arg = v };
}
static void on_bytes(void *t, cbor_data data, size_t len)
{
    *(struct token *)t = (struct token){ .type = CBOR_BYTES, .arg = len, .string = data };
}
static void on_text(void *t, cbor_data data, size_t len)
{
    *(struct token *)t = (struct token){ .type = CBOR_TEXT, .arg = len, .string = data };
}
static void on_array(void *t, size_t len)
{
    *(struct token *)t = (struct token){ .type = CBOR_ARRAY, .arg = len };
}
static void on_map(void *t, size_t len)
{
    *(struct token *)t = (struct token){ .type = CBOR_MAP, .arg = len };
}
static void on_bool(void *t, bool v)
{
    *(struct token *)t = (struct token){ .type = CBOR_BOOL, .arg = v };
}
static void on_null(void *t)
{
    *(struct token *)t = (struct token){ .type = CBOR_NULL };
}
static void on_float(void *t, float v)
{
    (void)v; /* its bits are read from the input: no floating point decides anything here */
    *(struct token *)t = (struct token){ .type = CBOR_FLOAT };
}
static void on_double(void *t, double v)
{
    (void)v;
    *(struct token *)t = (struct token){ .type = CBOR_FLOAT };
}

static void on_indefinite(void *t)
{
    *(struct token *)t = (struct token){ .type = CBOR_END };
}
static void on_tag(void *t, uint64_t v)
{
    *(struct token *)t = (struct token){ .type = CBOR_END, .arg = v };
}

static const struct cbor_callbacks token_callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_nint8,
    .negint16 = on_nint16,
    .negint32 = on_nint32,
    .negint64 = on_nint64,
    .byte_string = on_bytes,
    .byte_string_start = on_indefinite,
    .string = on_text,
    .string_start = on_indefinite,
    .array_start = on_array,
    .indef_array_start = on_indefinite,
    .map_start = on_map,
    .indef_map_start = on_indefinite,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .null = on_null,
    .undefined = on_indefinite,
    .boolean = on_bool,
    .indef_break = on_indefinite,
};

/* One item's head (and string) at the reader's place; ret_size is how many bytes it takes. */
static struct token reader_token(const struct cbor_reader *r, size_t *ret_size)
{
    struct token t = { .type = CBOR_END };
    *ret_size = 0;
    if (r->failed || r->pos >= r->in.len)
        return t;
    struct cbor_decoder_result got =
        cbor_stream_decode(r->in.data + r->pos, r->in.len - r->pos, &token_callbacks, &t);
    *ret_size = got.status == CBOR_DECODER_FINISHED ? got.read : 0;
    if (got.status != CBOR_DECODER_FINISHED)
        t.type = CBOR_END;
    return t;
}

static struct token reader_take(struct cbor_reader *r, enum cbor_kind type)
{
    size_t size;
    struct token t = reader_token(r, &size);
    if (t.type != type) {
        r->failed = true;
        return (struct token){ .type = CBOR_END };
    }
    r->pos += size;
    return t;
}

struct cbor_reader cbor_reader(struct slice in)
{
    return (struct cbor_reader){ .in = in };
}

enum cbor_kind cbor_peek(const struct cbor_reader *r)
{
    size_t size;
    return reader_token(r, &size).type;
}

uint64_t cbor_take_uint(struct cbor_reader *r)
{
    return reader_take(r, CBOR_UINT).arg;
}

uint64_t cbor_take_uint_max(struct cbor_reader *r, uint64_t max)
{
    uint64_t v = cbor_take_uint(r);
    if (v <= max)
        return v;
    r->failed = true;
    return 0;
}

int64_t cbor_take_int(struct cbor_reader *r)
{
    bool negative = cbor_peek(r) == CBOR_NINT;
    uint64_t arg = reader_take(r, negative ? CBOR_NINT : CBOR_UINT).arg;
    if (arg > INT64_MAX) {
        r->failed = true;
        return 0;
    }
    return negative ? -1 - (int64_t)arg : (int64_t)arg;
}

int64_t cbor_take_int_in(struct cbor_reader *r, int64_t min, int64_t max)
{
    int64_t v = cbor_take_int(r);
    if (v >= min && v <= max)
        return v;
    r->failed = true;
    return 0;
}

bool cbor_take_bool(struct cbor_reader *r)
{
    return reader_take(r, CBOR_BOOL).arg != 0;
}

void cbor_take_null(struct cbor_reader *r)
{
    (void)reader_take(r, CBOR_NULL);
}

static struct slice take_string(struct cbor_reader *r, enum cbor_kind type, size_t min, size_t max)
{
    struct token t = reader_take(r, type);
    if (r->failed || t.arg < min || t.arg > max) {
        r->failed = true;
        return (struct slice){ NULL, 0 };
    }
    return (struct slice){ t.string, (size_t)t.arg };
}

struct slice cbor_take_bytes(struct cbor_reader *r, size_t min, size_t max)
{
    return take_string(r, CBOR_BYTES, min, max);
}

struct slice cbor_take_text(struct cbor_reader *r, size_t min, size_t max)
{
    return take_string(r, CBOR_TEXT, min, max);
}

void cbor_take_fixed(struct cbor_reader *r, uint8_t *out, size_t len)
{
    struct slice s = cbor_take_bytes(r, len, len);
    if (s.data != NULL)
        memcpy(out, s.data, len);
    else
        memset(out, 0, len);
}

size_t cbor_take_array(struct cbor_reader *r)
{
    return (size_t)reader_take(r, CBOR_ARRAY).arg;
}

size_t cbor_take_map(struct cbor_reader *r)
{
    return (size_t)reader_take(r, CBOR_MAP).arg;
}

void cbor_take_array_of(struct cbor_reader *r, size_t len)
{
    if (cbor_take_array(r) != len)
        r->failed = true;
}

struct slice cbor_take_item(struct cbor_reader *r)
{
    size_t start = r->pos;
    uint64_t open = 1; /* items still to pass; the scan has bounded it by the input's length */
    while (open > 0 && !r->failed) {
        size_t size;
        struct token t = reader_token(r, &size);
        if (t.type == CBOR_END) {
            r->failed = true;
            break;
        }
        r->pos += size;
        open += t.type == CBOR_ARRAY ? t.arg : t.type == CBOR_MAP ? 2 * t.arg : 0;
        open--;
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

uint64_t cbor_take_float_bits(struct cbor_reader *r, size_t *ret_size)
{
    size_t start = r->pos + 1;
    (void)reader_take(r, CBOR_FLOAT);
    *ret_size = r->failed ? 0 : r->pos - start;
    uint64_t bits = 0;
    for (size_t i = 0; i < *ret_size; i++)
        bits = bits << 8 | r->in.data[start + i];
    return bits;
}

void cbor_fail(struct cbor_reader *r)
{
    r->failed = true;
}

bool cbor_done(const struct cbor_reader *r)
{
    return !r->failed && r->pos == r->in.len;
}

/* ------------------------------------------------------------------ writing, through libcbor */

static void put_head(struct buf *out, size_t (*encode)(uint64_t, unsigned char *, size_t),
                     uint64_t value)
{
    unsigned char head[HEAD_MAX];
    size_t len = encode(value, head, sizeof head);
    assert(len > 0);
    buf_add(out, head, len);
}

void cbor_put_uint(struct buf *out, uint64_t value)
{
    put_head(out, cbor_encode_uint, value);
}

void cbor_put_int(struct buf *out, int64_t value)
{
    if (value >= 0)
        put_head(out, cbor_encode_uint, (uint64_t)value);
    else
        put_head(out, cbor_encode_negint, (uint64_t)(-1 - value));
}

void cbor_put_bool(struct buf *out, bool value)
{
    buf_add_byte(out, value ? 0xf5 : 0xf4);
}

void cbor_put_null(struct buf *out)
{
    buf_add_byte(out, 0xf6);
}

void cbor_put_bytes_head(struct buf *out, size_t len)
{
    put_head(out, cbor_encode_bytestring_start, len);
}

void cbor_put_bytes(struct buf *out, struct slice value)
{
    cbor_put_bytes_head(out, value.len);
    buf_add_slice(out, value);
}

void cbor_put_text(struct buf *out, struct slice value)
{
    put_head(out, cbor_encode_string_start, value.len);
    buf_add_slice(out, value);
}

void cbor_put_array(struct buf *out, size_t len)
{
    put_head(out, cbor_encode_array_start, len);
}

void cbor_put_map(struct buf *out, size_t pairs)
{
    put_head(out, cbor_encode_map_start, pairs);
}
