/* The strict pre-scan of foreign bytes: plain C, so that no library meets them first. */
#include "common/cbor.h"

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

/* What the first byte of a UTF-8 sequence promises; 0 for a byte that begins none. */
static size_t utf8_promised(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first >= 0xf5)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Length of the UTF-8 sequence at text[i], 0 when it is none (overlong, surrogate, cut, > 10FFFF). */
static size_t utf8_length(struct slice text, size_t i)
{
    const uint8_t *p = text.data + i;
    size_t left = text.len - i;
    size_t len = utf8_promised(p[0]);
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
