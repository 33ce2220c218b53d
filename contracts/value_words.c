#include "contracts/value_words.h"

#include <assert.h>
#include <string.h>

#include "common/hex.h"
#include "common/instant.h"
#include "common/quantity.h"

#define ELLIPSIS       "…"
#define SHOWN_BYTES    32 /* of bytes in hex: a hash */
#define SHOWN_ITEMS    8  /* of a list */
#define MONEY_LETTERS  3
#define MONEY_DECIMALS 2
#define MINUTE_S       60
#define HOUR_S         3600

struct words words_begin(char *text, size_t size)
{
    assert(size > 0);
    text[0] = 0;
    return (struct words){ .text = text, .size = size };
}

/* Bytes of the text that fit into max without cutting a character. */
static size_t whole_characters(struct slice text, size_t max)
{
    if (text.len <= max)
        return text.len;
    while (max > 0 && (text.data[max] & 0xc0) == 0x80)
        max--;
    return max;
}

void words_add_slice(struct words *w, struct slice text)
{
    if (w->full || text.len == 0)
        return;
    size_t fits = whole_characters(text, w->size - 1 - w->len);
    memcpy(w->text + w->len, text.data, fits);
    w->len += fits;
    w->text[w->len] = 0;
    w->full = fits < text.len;
}

void words_add(struct words *w, const char *text)
{
    words_add_slice(w, slice_text(text));
}

void words_add_cut(struct words *w, struct slice text, size_t max)
{
    size_t len = whole_characters(text, max);
    words_add_slice(w, slice_from(text, 0, len));
    if (len < text.len)
        words_add(w, ELLIPSIS);
}

/* ------------------------------------------------------------------ values */

static bool is_money(struct slice unit)
{
    if (unit.len != MONEY_LETTERS)
        return false;
    for (size_t i = 0; i < unit.len; i++)
        if (unit.data[i] < 'A' || unit.data[i] > 'Z')
            return false;
    return true;
}

static void add_money(struct words *w, const struct contract_value *v)
{
    char number[QUANTITY_TEXT_SIZE];
    quantity_format(v->number, v->exponent, number, sizeof number);
    const char *point = strchr(number, '.');
    size_t decimals = point == NULL ? 0 : strlen(point + 1);
    words_add_slice(w, v->text);
    words_add(w, " ");
    words_add(w, number);
    if (point == NULL)
        words_add(w, ".");
    for (; decimals < MONEY_DECIMALS; decimals++)
        words_add(w, "0");
}

/* Whole hours and minutes as such, all else in seconds. */
static void add_duration(struct words *w, const struct contract_value *v)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = { { HOUR_S, " h" }, { MINUTE_S, " min" } };
    char number[QUANTITY_TEXT_SIZE];
    int64_t s;
    bool whole = quantity_rescale(v->number, v->exponent, 0, &s) && s != 0;
    for (size_t i = 0; whole && i < sizeof units / sizeof units[0]; i++) {
        if (s % units[i].seconds != 0)
            continue;
        quantity_format(s / units[i].seconds, 0, number, sizeof number);
        words_add(w, number);
        words_add(w, units[i].unit);
        return;
    }
    quantity_format(v->number, v->exponent, number, sizeof number);
    words_add(w, number);
    words_add(w, " s");
}

static void add_quantity(struct words *w, const struct contract_value *v)
{
    static const struct {
        const char *unit, *shown;
    } shown[] = { { "Cel", " °C" }, { "deg", "°" }, { "m/s2", " m/s²" } };
    if (is_money(v->text)) {
        add_money(w, v);
        return;
    }
    if (slice_equal(v->text, slice_text("s"))) {
        add_duration(w, v);
        return;
    }
    char number[QUANTITY_TEXT_SIZE];
    quantity_format(v->number, v->exponent, number, sizeof number);
    words_add(w, number);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (!slice_equal(v->text, slice_text(shown[i].unit)))
            continue;
        words_add(w, shown[i].shown);
        return;
    }
    words_add(w, v->text.len > 0 ? " " : "");
    words_add_slice(w, v->text);
}

static void add_hex(struct words *w, struct slice bytes)
{
    char hex[2 * SHOWN_BYTES + 1];
    size_t len = bytes.len < SHOWN_BYTES ? bytes.len : SHOWN_BYTES;
    hex_encode(slice_from(bytes, 0, len), hex);
    words_add(w, hex);
}

static void add_time(struct words *w, int64_t ms)
{
    char text[INSTANT_TEXT_SIZE];
    if (ms < 0 || ms > VALUE_TIME_MAX) {
        words_add(w, "no time");
        return;
    }
    instant_format((uint64_t)ms, text);
    words_add(w, text);
}

/* A list does not say what its values are, but how they are written does, nearly. */
static enum contract_type guess_scalar(const struct cbor_reader *items)
{
    switch (cbor_peek(items)) {
    case CBOR_BOOL: return CONTRACT_BOOL;
    case CBOR_UINT:
    case CBOR_NINT: return CONTRACT_INT;
    case CBOR_TEXT: return CONTRACT_TEXT;
    case CBOR_BYTES: return CONTRACT_HASH;
    case CBOR_ARRAY: return CONTRACT_QUANTITY;
    case CBOR_MAP:
    case CBOR_NULL:
    case CBOR_FLOAT:
    case CBOR_END: break;
    }
    return CONTRACT_NOTHING;
}

static void add_list(struct words *w, const struct contract_value *list)
{
    struct cbor_reader items;
    size_t n = value_list_begin(list, &items);
    words_add(w, "[");
    for (size_t i = 0; i < n && i < SHOWN_ITEMS; i++) {
        words_add(w, i > 0 ? ", " : "");
        struct contract_value v = value_list_next(&items, guess_scalar(&items));
        assert(v.type != CONTRACT_LIST);
        words_add_value(w, &v);
    }
    words_add(w, n > SHOWN_ITEMS ? ", " ELLIPSIS "]" : "]");
}

void words_add_value(struct words *w, const struct contract_value *value)
{
    char number[QUANTITY_TEXT_SIZE];
    switch (value->type) {
    case CONTRACT_BOOL: words_add(w, value->number != 0 ? "yes" : "no"); return;
    case CONTRACT_INT:
        quantity_format(value->number, 0, number, sizeof number);
        words_add(w, number);
        return;
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: words_add_slice(w, value->text); return;
    case CONTRACT_QUANTITY: add_quantity(w, value); return;
    case CONTRACT_TIME: add_time(w, value->number); return;
    case CONTRACT_PARTY:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH: add_hex(w, value->text); return;
    case CONTRACT_LIST: add_list(w, value); return;
    case CONTRACT_NOTHING: words_add(w, "nothing"); return;
    }
    assert(!"a value of no type");
}

void value_show(const struct contract_value *value, char *text, size_t size)
{
    struct words w = words_begin(text, size);
    words_add_value(&w, value);
}
