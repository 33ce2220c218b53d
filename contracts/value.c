#include "contracts/value.h"

#include <assert.h>
#include <string.h>

#include "common/quantity.h"
#include "contracts/value_words.h"

#define QUANTITY_FIELDS 3
#define KID_BYTES       8
#define HASH_BYTES      32
#define ASSET_BYTES     64
#define SHOWN           96 /* bytes of a value or a kind in a message */

const char *value_type_name(enum contract_type type)
{
    switch (type) {
    case CONTRACT_BOOL: return "yes or no";
    case CONTRACT_INT: return "a whole number";
    case CONTRACT_TEXT: return "a text";
    case CONTRACT_QUANTITY: return "a quantity";
    case CONTRACT_TIME: return "a time";
    case CONTRACT_CHOICE: return "one of some texts";
    case CONTRACT_PARTY: return "a party";
    case CONTRACT_ASSET: return "an asset";
    case CONTRACT_INSTANCE: return "a contract";
    case CONTRACT_HASH: return "a hash";
    case CONTRACT_LIST: return "a list";
    case CONTRACT_NOTHING: return "nothing";
    }
    assert(!"a value of no type");
    return "";
}

/* ------------------------------------------------------------------ kinds */

static void add_unit(struct words *w, struct slice unit)
{
    if (unit.len == 0) {
        words_add(w, " without a unit");
        return;
    }
    words_add(w, " in \"");
    words_add_slice(w, unit);
    words_add(w, "\"");
}

void value_kind_show(const struct value_kind *kind, char *text, size_t size)
{
    struct words w = words_begin(text, size);
    bool list = kind->type == CONTRACT_LIST;
    enum contract_type type = list ? kind->scalar : kind->type;
    if (list)
        words_add(&w, "a list");
    if (list && type == CONTRACT_NOTHING)
        return;
    words_add(&w, list ? ", each " : "");
    words_add(&w, value_type_name(type));
    if (type == CONTRACT_QUANTITY)
        add_unit(&w, kind->unit);
}

static bool type_suits(enum contract_type type, enum contract_type wanted)
{
    if (type == wanted)
        return true;
    bool texts = wanted == CONTRACT_TEXT || type == CONTRACT_TEXT;
    bool type_is_text = type == CONTRACT_TEXT || type == CONTRACT_CHOICE || type == CONTRACT_ASSET;
    bool wanted_is_text =
        wanted == CONTRACT_TEXT || wanted == CONTRACT_CHOICE || wanted == CONTRACT_ASSET;
    return texts && type_is_text && wanted_is_text;
}

bool value_kind_suits(const struct value_kind *kind, const struct value_kind *wanted)
{
    if (kind->type == CONTRACT_NOTHING)
        return true;
    if (!type_suits(kind->type, wanted->type))
        return false;
    if (kind->type == CONTRACT_QUANTITY)
        return slice_equal(kind->unit, wanted->unit);
    if (kind->type != CONTRACT_LIST)
        return true;
    /* An empty list in the source has elements of no type. */
    if (kind->scalar == CONTRACT_NOTHING || wanted->scalar == CONTRACT_NOTHING)
        return true;
    return type_suits(kind->scalar, wanted->scalar) &&
           (kind->scalar != CONTRACT_QUANTITY || slice_equal(kind->unit, wanted->unit));
}

/* ------------------------------------------------------------------ lists */

size_t value_list_begin(const struct contract_value *list, struct cbor_reader *ret_items)
{
    assert(list->type == CONTRACT_LIST);
    *ret_items = cbor_reader(list->text);
    return cbor_take_array(ret_items);
}

struct contract_value value_list_next(struct cbor_reader *items, enum contract_type scalar)
{
    struct contract_value v = { .type = scalar };
    switch (scalar) {
    case CONTRACT_BOOL: v.number = cbor_take_bool(items) ? 1 : 0; break;
    case CONTRACT_INT:
    case CONTRACT_TIME: v.number = cbor_take_int(items); break;
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: v.text = cbor_take_text(items, 0, VALUE_TEXT_MAX); break;
    case CONTRACT_QUANTITY:
        cbor_take_array_of(items, QUANTITY_FIELDS);
        v.number = cbor_take_int(items);
        v.exponent = (int)cbor_take_int_in(items, -QUANTITY_MAX_EXPONENT, QUANTITY_MAX_EXPONENT);
        v.text = cbor_take_text(items, 0, VALUE_UNIT_MAX);
        break;
    case CONTRACT_PARTY:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH: v.text = cbor_take_bytes(items, 0, HASH_BYTES); break;
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: cbor_fail(items); break;
    }
    if (items->failed)
        v = (struct contract_value){ .type = CONTRACT_NOTHING };
    return v;
}

/* ------------------------------------------------------------------ what fits */

static bool length_fits(const struct contract_value *v, size_t min, size_t max, struct err *err)
{
    if (v->text.len >= min && v->text.len <= max)
        return true;
    return err_set(err, ERR_INPUT, "expected %s of at most %zu bytes, found %zu",
                   value_type_name(v->type), max, v->text.len);
}

static bool bytes_fit(const struct contract_value *v, size_t len, struct err *err)
{
    if (v->text.len == len)
        return true;
    return err_set(err, ERR_INPUT, "expected %s of %zu bytes, found %zu", value_type_name(v->type),
                   len, v->text.len);
}

/* The same kind of number at one end of a range. */
static struct contract_value limit_of(const struct contract_value *v, const struct value_kind *kind,
                                      int64_t number)
{
    struct contract_value limit = *v;
    limit.number = number;
    limit.exponent = v->type == CONTRACT_QUANTITY ? kind->exponent : 0;
    return limit;
}

static bool number_fits(const struct contract_value *v, const struct value_kind *kind,
                        struct err *err)
{
    if (!kind->ranged)
        return true;
    struct contract_value low = limit_of(v, kind, kind->min);
    struct contract_value high = limit_of(v, kind, kind->max);
    if (value_compare(v, &low) >= 0 && value_compare(v, &high) <= 0)
        return true;
    char found[SHOWN], least[SHOWN], most[SHOWN];
    value_show(v, found, sizeof found);
    value_show(&low, least, sizeof least);
    value_show(&high, most, sizeof most);
    return err_set(err, ERR_INPUT, "expected %s to %s, found %s", least, most, found);
}

static bool time_fits(const struct contract_value *v, const struct value_kind *kind,
                      struct err *err)
{
    if (v->number < 0 || v->number > VALUE_TIME_MAX)
        return err_set(err, ERR_INPUT, "expected a time between 1970 and the year 9999");
    return number_fits(v, kind, err);
}

static bool choice_fits(const struct contract_value *v, const struct value_kind *kind,
                        const struct slice *choices, struct err *err)
{
    char text[SHOWN];
    struct words w = words_begin(text, sizeof text);
    for (unsigned i = 0; i < kind->count; i++) {
        if (slice_equal(choices[kind->first + i], v->text))
            return true;
        words_add(&w, i > 0 ? ", " : "");
        words_add_slice(&w, choices[kind->first + i]);
    }
    char found[SHOWN];
    value_show(v, found, sizeof found);
    return err_set(err, ERR_INPUT, "expected one of %s, found \"%s\"", text, found);
}

static bool text_fits(const struct contract_value *v, const struct value_kind *kind,
                      struct err *err)
{
    size_t max = VALUE_TEXT_MAX;
    if (kind->ranged && kind->max < VALUE_TEXT_MAX)
        max = kind->max < 0 ? 0 : (size_t)kind->max;
    return length_fits(v, 0, max, err);
}

static bool quantity_fits(const struct contract_value *v, const struct value_kind *kind,
                          struct err *err)
{
    if (v->exponent < -QUANTITY_MAX_EXPONENT || v->exponent > QUANTITY_MAX_EXPONENT)
        return err_set(err, ERR_INPUT, "a quantity that is too large or too fine");
    return number_fits(v, kind, err);
}

static bool scalar_fits(const struct contract_value *v, const struct value_kind *kind,
                        const struct slice *choices, struct err *err)
{
    switch (v->type) {
    case CONTRACT_BOOL: return true;
    case CONTRACT_INT: return number_fits(v, kind, err);
    case CONTRACT_TEXT: return text_fits(v, kind, err);
    case CONTRACT_QUANTITY: return quantity_fits(v, kind, err);
    case CONTRACT_TIME: return time_fits(v, kind, err);
    case CONTRACT_CHOICE: return choice_fits(v, kind, choices, err);
    case CONTRACT_PARTY: return bytes_fit(v, KID_BYTES, err);
    case CONTRACT_ASSET: return length_fits(v, 1, ASSET_BYTES, err);
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH: return bytes_fit(v, HASH_BYTES, err);
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    return err_set(err, ERR_INPUT, "%s where a single value belongs", value_type_name(v->type));
}

bool value_is_settled(const struct contract_value *value)
{
    struct contract_value settled = *value;
    value_settle(&settled);
    return settled.number == value->number && settled.exponent == value->exponent;
}

static bool list_fits(const struct contract_value *list, const struct value_kind *kind,
                      const struct slice *choices, struct err *err)
{
    struct cbor_reader items;
    size_t n = value_list_begin(list, &items);
    if (items.failed || n > VALUE_LIST_MAX)
        return err_set(err, ERR_INPUT, "expected a list of at most %d values", VALUE_LIST_MAX);
    for (size_t i = 0; i < n; i++) {
        struct contract_value v = value_list_next(&items, kind->scalar);
        if (items.failed)
            return err_set(err, ERR_INPUT, "value %zu of the list is not %s", i + 1,
                           value_type_name(kind->scalar));
        if (v.type == CONTRACT_QUANTITY && !slice_equal(v.text, kind->unit))
            return err_set(err, ERR_INPUT, "value %zu of the list is in another unit", i + 1);
        if (!value_is_settled(&v))
            return err_set(err, ERR_INPUT, "value %zu of the list has zeros to cut", i + 1);
        if (!scalar_fits(&v, kind, choices, err))
            return err_wrap(err, "value %zu of the list", i + 1);
    }
    if (!cbor_done(&items))
        return err_set(err, ERR_INPUT, "bytes after the list");
    return true;
}

bool value_fits(const struct contract_value *value, const struct value_kind *kind,
                const struct slice *choices, struct err *err)
{
    if (value->type == CONTRACT_NOTHING)
        return true;
    bool unit = kind->type != CONTRACT_QUANTITY || slice_equal(value->text, kind->unit);
    if (value->type != kind->type || !unit) {
        char wanted[SHOWN], found[SHOWN];
        value_kind_show(kind, wanted, sizeof wanted);
        value_show(value, found, sizeof found);
        return err_set(err, ERR_INPUT, "expected %s, found %s", wanted, found);
    }
    if (kind->type == CONTRACT_LIST)
        return list_fits(value, kind, choices, err);
    return scalar_fits(value, kind, choices, err);
}

/* ------------------------------------------------------------------ reading and writing */

static const char *found_name(const struct cbor_reader *r)
{
    switch (cbor_peek(r)) {
    case CBOR_UINT:
    case CBOR_NINT: return "a whole number";
    case CBOR_BYTES: return "bytes";
    case CBOR_TEXT: return "a text";
    case CBOR_ARRAY: return "a list or a quantity";
    case CBOR_MAP: return "a map";
    case CBOR_BOOL: return "yes or no";
    case CBOR_NULL: return "nothing";
    case CBOR_FLOAT: return "a float";
    case CBOR_END: break;
    }
    return "the end";
}

bool value_take(struct cbor_reader *r, const struct value_kind *kind, const struct slice *choices,
                struct contract_value *ret_value, struct err *err)
{
    const char *found = found_name(r);
    struct contract_value v = { .type = CONTRACT_NOTHING };
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
    } else if (kind->type == CONTRACT_LIST && cbor_peek(r) == CBOR_ARRAY) {
        v.type = CONTRACT_LIST;
        v.text = cbor_take_item(r);
    } else {
        v = value_list_next(r, kind->type);
    }
    if (r->failed) {
        char wanted[SHOWN];
        value_kind_show(kind, wanted, sizeof wanted);
        return err_set(err, ERR_INPUT, "expected %s, found %s", wanted, found);
    }
    if (!value_fits(&v, kind, choices, err)) {
        cbor_fail(r);
        return false;
    }
    *ret_value = v;
    return true;
}

void value_put(struct buf *out, const struct contract_value *value)
{
    switch (value->type) {
    case CONTRACT_BOOL: cbor_put_bool(out, value->number != 0); return;
    case CONTRACT_INT:
    case CONTRACT_TIME: cbor_put_int(out, value->number); return;
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: cbor_put_text(out, value->text); return;
    case CONTRACT_QUANTITY:
        cbor_put_array(out, QUANTITY_FIELDS);
        cbor_put_int(out, value->number);
        cbor_put_int(out, value->exponent);
        cbor_put_text(out, value->text);
        return;
    case CONTRACT_PARTY:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH: cbor_put_bytes(out, value->text); return;
    case CONTRACT_LIST: buf_add_slice(out, value->text); return;
    case CONTRACT_NOTHING: cbor_put_null(out); return;
    }
    assert(!"a value of no type");
}

/* ------------------------------------------------------------------ comparing */

void value_settle(struct contract_value *value)
{
    if (value->type != CONTRACT_QUANTITY)
        return;
    if (value->number == 0)
        value->exponent = 0;
    for (; value->exponent < 0 && value->number % 10 == 0; value->exponent++)
        value->number /= 10;
    int64_t more;
    for (; value->exponent > 0 && !__builtin_mul_overflow(value->number, 10, &more);
         value->exponent--)
        value->number = more;
}

int value_compare(const struct contract_value *a, const struct contract_value *b)
{
    if (!type_suits(a->type, b->type) &&
        !(type_suits(a->type, CONTRACT_TEXT) && type_suits(b->type, CONTRACT_TEXT)))
        return 1;
    switch (a->type) {
    case CONTRACT_BOOL:
    case CONTRACT_INT:
    case CONTRACT_TIME: return (a->number > b->number) - (a->number < b->number);
    case CONTRACT_QUANTITY:
        if (!slice_equal(a->text, b->text))
            return 1;
        return quantity_compare(a->number, a->exponent, b->number, b->exponent);
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET:
    case CONTRACT_PARTY:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH:
    case CONTRACT_LIST: return slice_equal(a->text, b->text) ? 0 : 1;
    case CONTRACT_NOTHING: return 0;
    }
    assert(!"a value of no type");
    return 1;
}
