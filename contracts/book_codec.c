/*
 * The canonical bytes of a book: [[* stretch], [* settled]].
 * stretch = [rule, sure, device, from, to / null, broken / null, certain, peak, exponent, mean, exponent,
 *            acknowledgement / null, ? hold]: to is null while it is open, broken when it is no excursion
 * settled = [rule, sure, device, until, excursions, unacknowledged, uncertain, excursion ms, total ms, highest,
 *            exponent, lowest, exponent]
 */
#include "contracts/book.h"

#include <string.h>

#include "common/cbor.h"
#include "common/quantity.h"

#define STRETCH_FIELDS 12 /* and a hold, where it is kept */
#define SETTLED_FIELDS 13
#define MAX_TIME_MS    (253402300799999u + 2 * DEFINITION_MAX_DURATION_MS)
#define MAX_SUM        (UINT64_C(1) << 60)

static void put_maybe(struct buf *out, bool is_there, uint64_t value)
{
    if (is_there)
        cbor_put_uint(out, value);
    else
        cbor_put_null(out);
}

static void put_stretch(const struct book_stretch *s, struct buf *out)
{
    cbor_put_array(out, STRETCH_FIELDS + (s->hold_ms > 0 ? 1 : 0));
    cbor_put_uint(out, s->rule);
    cbor_put_bool(out, s->sure);
    cbor_put_bytes(out, slice_of(s->device, BOOK_DEVICE_SIZE));
    cbor_put_uint(out, s->from_ms);
    put_maybe(out, !s->open, s->to_ms);
    put_maybe(out, s->excursion, s->broken_ms);
    cbor_put_bool(out, s->certain);
    cbor_put_int(out, s->peak);
    cbor_put_int(out, s->peak_exponent);
    cbor_put_int(out, s->mean);
    cbor_put_int(out, s->mean_exponent);
    if (s->acknowledged)
        cbor_put_bytes(out, slice_of(s->acknowledgement.bytes, HASH_SIZE));
    else
        cbor_put_null(out);
    if (s->hold_ms > 0)
        cbor_put_uint(out, s->hold_ms);
}

static void put_settled(const struct book_settled *s, struct buf *out)
{
    cbor_put_array(out, SETTLED_FIELDS);
    cbor_put_uint(out, s->rule);
    cbor_put_bool(out, s->sure);
    cbor_put_bytes(out, slice_of(s->device, BOOK_DEVICE_SIZE));
    cbor_put_uint(out, s->until_ms);
    cbor_put_uint(out, s->excursions);
    cbor_put_uint(out, s->unacknowledged);
    cbor_put_uint(out, s->uncertain);
    cbor_put_uint(out, s->excursion_ms);
    cbor_put_uint(out, s->total_ms);
    cbor_put_int(out, s->highest);
    cbor_put_int(out, s->highest_exponent);
    cbor_put_int(out, s->lowest);
    cbor_put_int(out, s->lowest_exponent);
}

void book_encode(const struct book *b, struct buf *out)
{
    cbor_put_array(out, 2);
    cbor_put_array(out, b->count);
    for (size_t i = 0; i < b->count; i++)
        put_stretch(&b->stretches[i], out);
    cbor_put_array(out, b->settled_count);
    for (size_t i = 0; i < b->settled_count; i++)
        put_settled(&b->settled[i], out);
}

/* ------------------------------------------------------------------ decoding */

static bool take_maybe(struct cbor_reader *r, uint64_t *ret_value)
{
    *ret_value = 0;
    if (cbor_peek(r) != CBOR_NULL) {
        *ret_value = cbor_take_uint_max(r, MAX_TIME_MS);
        return true;
    }
    cbor_take_null(r);
    return false;
}

static int take_exponent(struct cbor_reader *r)
{
    return (int)cbor_take_int_in(r, -QUANTITY_MAX_EXPONENT, QUANTITY_MAX_EXPONENT);
}

static uint8_t take_rule(struct cbor_reader *r, const struct contract_definition *def)
{
    if (def->rule_count > 0)
        return (uint8_t)cbor_take_uint_max(r, def->rule_count - 1);
    cbor_fail(r);
    return 0;
}

static void check_stretch(struct cbor_reader *r, const struct book_stretch *s)
{
    bool good =
        (s->open ? s->excursion : s->to_ms > s->from_ms) &&
        (!s->excursion || (s->broken_ms >= s->from_ms && (s->open || s->broken_ms <= s->to_ms))) &&
        (s->excursion || (!s->certain && !s->acknowledged));
    if (!good)
        cbor_fail(r);
}

static void take_stretch(struct cbor_reader *r, const struct contract_definition *def,
                         struct book_stretch *s)
{
    *s = (struct book_stretch){ 0 };
    size_t fields = cbor_take_array(r);
    if (fields != STRETCH_FIELDS && fields != STRETCH_FIELDS + 1)
        cbor_fail(r);
    s->rule = take_rule(r, def);
    s->sure = cbor_take_bool(r);
    cbor_take_fixed(r, s->device, BOOK_DEVICE_SIZE);
    s->from_ms = cbor_take_uint_max(r, MAX_TIME_MS);
    s->open = !take_maybe(r, &s->to_ms);
    s->excursion = take_maybe(r, &s->broken_ms);
    s->certain = cbor_take_bool(r);
    s->peak = cbor_take_int(r);
    s->peak_exponent = take_exponent(r);
    s->mean = cbor_take_int(r);
    s->mean_exponent = take_exponent(r);
    s->acknowledged = cbor_peek(r) != CBOR_NULL;
    if (s->acknowledged)
        cbor_take_fixed(r, s->acknowledgement.bytes, HASH_SIZE);
    else
        cbor_take_null(r);
    if (fields > STRETCH_FIELDS) {
        s->hold_ms = cbor_take_uint_max(r, BOOK_MAX_HOLD_MS);
        if (s->hold_ms == 0 || s->hold_ms > s->to_ms) /* an open one has none */
            cbor_fail(r);
    }
    if (!r->failed)
        check_stretch(r, s);
}

static void take_settled(struct cbor_reader *r, const struct contract_definition *def,
                         struct book_settled *s)
{
    *s = (struct book_settled){ 0 };
    cbor_take_array_of(r, SETTLED_FIELDS);
    s->rule = take_rule(r, def);
    s->sure = cbor_take_bool(r);
    cbor_take_fixed(r, s->device, BOOK_DEVICE_SIZE);
    s->until_ms = cbor_take_uint_max(r, MAX_TIME_MS);
    s->excursions = cbor_take_uint_max(r, MAX_SUM);
    s->unacknowledged = cbor_take_uint_max(r, s->excursions);
    s->uncertain = cbor_take_uint_max(r, s->excursions);
    s->excursion_ms = cbor_take_uint_max(r, MAX_SUM);
    s->total_ms = cbor_take_uint_max(r, MAX_SUM);
    s->highest = cbor_take_int(r);
    s->highest_exponent = take_exponent(r);
    s->lowest = cbor_take_int(r);
    s->lowest_exponent = take_exponent(r);
    if (s->total_ms < s->excursion_ms)
        cbor_fail(r);
}

static bool rises(const struct book_stretch *a, const struct book_stretch *b)
{
    int order = book_compare_keys(a, b);
    return order < 0 || (order == 0 && a->from_ms < b->from_ms);
}

static bool settled_rise(const struct book_settled *a, const struct book_settled *b)
{
    struct book_stretch keys[2] = { { .rule = a->rule, .sure = a->sure },
                                    { .rule = b->rule, .sure = b->sure } };
    memcpy(keys[0].device, a->device, BOOK_DEVICE_SIZE);
    memcpy(keys[1].device, b->device, BOOK_DEVICE_SIZE);
    return book_compare_keys(&keys[0], &keys[1]) < 0;
}

static void take_book(struct cbor_reader *r, const struct contract_definition *def, struct book *b)
{
    cbor_take_array_of(r, 2);
    size_t count = cbor_take_array(r);
    if (count > BOOK_MAX_STRETCHES)
        cbor_fail(r);
    for (; b->count < count && !r->failed; b->count++) {
        struct book_stretch *s = &b->stretches[b->count];
        take_stretch(r, def, s);
        if (b->count > 0 && !rises(s - 1, s))
            cbor_fail(r);
    }
    count = cbor_take_array(r);
    if (count > BOOK_MAX_SETTLED)
        cbor_fail(r);
    for (; b->settled_count < count && !r->failed; b->settled_count++) {
        struct book_settled *s = &b->settled[b->settled_count];
        take_settled(r, def, s);
        if (b->settled_count > 0 && !settled_rise(s - 1, s))
            cbor_fail(r);
    }
}

bool book_decode(const struct contract_definition *definition, struct slice bytes,
                 struct book *ret_book, struct err *err)
{
    ret_book->count = ret_book->settled_count = 0;
    if (bytes.len == 0)
        return true;
    if (bytes.len > BOOK_MAX_BYTES)
        return err_set(err, ERR_INPUT, "book: larger than %d bytes", BOOK_MAX_BYTES);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "book");
    struct cbor_reader r = cbor_reader(bytes);
    take_book(&r, definition, ret_book);
    return cbor_done(&r) ||
           err_set(err, ERR_INPUT, "book: byte %zu: not one of this contract's", r.pos);
}
