#include "common/cbor.h"

#include <assert.h>
#include <cbor.h>
#include <string.h>

#define HEAD_MAX 9 /* initial byte and an 8-byte argument */

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
