#include "common/asset_set.h"

#include <assert.h>
#include <string.h>

#define RANGE_DIGITS_MAX 18

static bool parse_number(struct slice digits, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (digits.len == 0 || digits.len > RANGE_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits.data[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* True when value is written in at most `digits` digits. */
static bool number_fits(uint64_t value, size_t digits)
{
    while (digits-- > 0)
        value /= 10;
    return value == 0;
}

static size_t take_range(struct cbor_reader *r, struct slice prefix)
{
    uint64_t first = 0;
    struct slice digits = cbor_take_text(r, 1, RANGE_DIGITS_MAX);
    size_t count = (size_t)cbor_take_uint_max(r, ASSET_SET_MAX);
    if (count < 2 || !parse_number(digits, &first) || !number_fits(first + count - 1, digits.len) ||
        prefix.len + digits.len > ASSET_NAME_MAX)
        cbor_fail(r);
    return count;
}

/* A rising list; each with the prefix must fit a name. */
static void take_names(struct cbor_reader *r, size_t count, size_t prefix_len)
{
    struct slice before = { NULL, 0 };
    if (count == 0 || count > ASSET_SET_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < count && !r->failed; i++) {
        struct slice name = cbor_take_text(r, prefix_len == 0 ? 1 : 0, ASSET_NAME_MAX - prefix_len);
        if (i > 0 && slice_compare(before, name) >= 0)
            cbor_fail(r);
        before = name;
    }
}

static size_t take_body(struct cbor_reader *r)
{
    struct cbor_reader ahead = *r;
    size_t n = cbor_take_array(&ahead);
    struct slice prefix = cbor_take_text(&ahead, 0, ASSET_NAME_MAX);
    enum cbor_kind second = cbor_peek(&ahead);
    if (n == 2 && second == CBOR_ARRAY) {
        n = cbor_take_array(&ahead);
        take_names(&ahead, n, prefix.len);
    } else if (n == 3 && second == CBOR_TEXT) {
        struct cbor_reader third = ahead;
        (void)cbor_take_item(&third);
        if (cbor_peek(&third) == CBOR_UINT) {
            n = take_range(&ahead, prefix);
        } else {
            ahead = *r;
            take_names(&ahead, cbor_take_array(&ahead), 0);
        }
    } else {
        ahead = *r;
        n = cbor_take_array(&ahead);
        take_names(&ahead, n, 0);
    }
    *r = ahead;
    return n;
}

struct asset_set asset_set_take(struct cbor_reader *r)
{
    struct asset_set set = { { NULL, 0 }, 0 };
    size_t start = r->pos;
    set.count = take_body(r);
    if (!r->failed)
        set.raw = slice_from(r->in, start, r->pos - start);
    return set;
}

void asset_set_put(struct buf *out, const struct asset_set *set)
{
    buf_add_slice(out, set->raw);
}

struct asset_set asset_set_one(const char *name, struct buf *memory)
{
    size_t start = memory->len;
    cbor_put_array(memory, 1);
    cbor_put_text(memory, slice_text(name));
    return (struct asset_set){ slice_from(buf_slice(memory), start, memory->len - start), 1 };
}

struct asset_set asset_set_range(const char *prefix, const char *first, size_t count,
                                 struct buf *memory)
{
    size_t start = memory->len;
    cbor_put_array(memory, 3);
    cbor_put_text(memory, slice_text(prefix));
    cbor_put_text(memory, slice_text(first));
    cbor_put_uint(memory, count);
    return (struct asset_set){ slice_from(buf_slice(memory), start, memory->len - start), count };
}

struct asset_iter asset_set_begin(const struct asset_set *set)
{
    struct asset_iter it = { .items = cbor_reader(set->raw), .left = set->count };
    size_t n = cbor_take_array(&it.items);
    struct cbor_reader ahead = it.items;
    struct slice prefix = cbor_take_text(&ahead, 0, ASSET_NAME_MAX);
    if (n == 2 && cbor_peek(&ahead) == CBOR_ARRAY) {
        (void)cbor_take_array(&ahead);
        it.prefix = prefix;
        it.items = ahead;
    } else if (n == 3 && cbor_peek(&ahead) == CBOR_TEXT) {
        struct slice first = cbor_take_text(&ahead, 1, ASSET_NAME_MAX);
        if (cbor_peek(&ahead) == CBOR_UINT && parse_number(first, &it.number)) {
            it.prefix = prefix;
            it.digits = first.len;
        }
    }
    return it;
}

static void write_number(char *text, uint64_t value, size_t digits)
{
    for (size_t i = digits; i > 0; i--) {
        text[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

bool asset_set_next(struct asset_iter *it)
{
    if (it->left == 0)
        return false;
    it->left--;
    if (it->prefix.len > 0)
        memcpy(it->name, it->prefix.data, it->prefix.len);
    it->name_len = it->prefix.len;
    if (it->digits > 0) {
        write_number(it->name + it->name_len, it->number++, it->digits);
        it->name_len += it->digits;
    } else {
        struct slice part = cbor_take_text(&it->items, 0, ASSET_NAME_MAX);
        assert(!it->items.failed && it->name_len + part.len <= ASSET_NAME_MAX);
        if (part.len > 0)
            memcpy(it->name + it->name_len, part.data, part.len);
        it->name_len += part.len;
    }
    it->name[it->name_len] = '\0';
    return true;
}
