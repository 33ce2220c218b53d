/* Sets of assets (common/asset_set): three forms, one meaning. */
#include "common/asset_set.h"
#include "common/cose.h"
#include "common/fields.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNITS "01/04012345678901/21/"

static bool takes(struct slice bytes, struct asset_set *ret_set)
{
    assert_true(cbor_scan(bytes, NULL));
    struct cbor_reader r = cbor_reader(bytes);
    *ret_set = asset_set_take(&r);
    return cbor_done(&r);
}

static void refused(const char *hex)
{
    struct asset_set set;
    if (takes(vectors_unhex(hex), &set))
        fail_msg("%s is accepted", hex);
}

/* The names of a set, joined by spaces. */
static void assert_names(const char *hex, const char *want)
{
    struct asset_set set;
    char got_memory[512];
    struct buf got = buf_fixed(got_memory, sizeof got_memory);
    struct slice bytes = vectors_unhex(hex);
    if (!takes(bytes, &set))
        fail_msg("%s is refused", hex);
    struct asset_iter it = asset_set_begin(&set);
    size_t n = 0;
    for (; asset_set_next(&it); n++) {
        assert_int_equal(strlen(it.name), it.name_len);
        if (n > 0)
            buf_add_byte(&got, ' ');
        buf_add_slice(&got, slice_text(it.name));
    }
    assert_int_equal(n, set.count);
    assert_true(slice_equal(buf_slice(&got), slice_text(want)));
    uint8_t memory[256];
    struct buf out = buf_fixed(memory, sizeof memory);
    asset_set_put(&out, &set);
    assert_true(slice_equal(buf_slice(&out), bytes));
}

static void each_form_gives_its_names(void **state)
{
    (void)state;
    assert_names("816161", "a");
    assert_names("8261616162", "a b");
    assert_names("83616161626163", "a b c");
    assert_names("846161616261636164", "a b c d");
    assert_names("826161816162", "ab");
    assert_names("82616182606162", "a ab"); /* an empty suffix: the prefix itself */
    assert_names("82608261616162", "a b");
    assert_names("83616162303802", "a08 a09");
    assert_names("836161613802", "a8 a9");
    assert_names("836062303102", "01 02");
    assert_names("83616162303703", "a07 a08 a09");
    assert_names("83616162393802", "a98 a99");
}

static void ten_thousand_units_cost_little(void **state)
{
    (void)state;
    struct cose c;
    assert_true(cose_parse(vectors_bytes("custody offer 10,000 units"), &c, NULL));
    struct cbor_reader r = cbor_reader(c.payload);
    struct fields f = fields_begin(&r);
    for (int key = 0; key < 4; key++) {
        fields_need(&f, key);
        (void)cbor_take_item(&r);
    }
    fields_need(&f, 5);
    struct asset_set set = asset_set_take(&r);
    assert_false(r.failed);
    assert_int_equal(set.count, ASSET_SET_MAX);
    assert_true(set.raw.len < 35);
    struct asset_iter it = asset_set_begin(&set);
    size_t n = 0;
    for (; asset_set_next(&it); n++) {
        char want[ASSET_NAME_MAX + 1];
        (void)snprintf(want, sizeof want, UNITS "%06zu", n + 1);
        assert_string_equal(it.name, want);
    }
    assert_int_equal(n, ASSET_SET_MAX);
}

static void what_is_built_is_what_is_read(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct asset_set one = asset_set_one("00/106141411234567897", &out);
    struct asset_set range = asset_set_range(UNITS "f", "00001", 9999, &out);
    struct asset_set again;
    assert_true(takes(one.raw, &again));
    assert_int_equal(again.count, 1);
    assert_true(takes(range.raw, &again));
    assert_int_equal(again.count, 9999);
    struct asset_iter it = asset_set_begin(&range);
    while (asset_set_next(&it))
        ;
    assert_string_equal(it.name, UNITS "f09999");
}

static void names_must_rise_strictly(void **state)
{
    (void)state;
    refused("8261626161");       /* b a */
    refused("8261616161");       /* a a */
    refused("8362616161616162"); /* aa a b */
    refused("8261618261626161"); /* suffixes b a */
    refused("8261618261626162");
    refused("82616182616260"); /* the empty one last */
}

static void empty_sets_names_and_strange_items_are_refused(void **state)
{
    (void)state;
    refused("80");
    refused("8160"); /* an empty name */
    refused("8101");
    refused("814161"); /* bytes */
    refused("f6");
    refused("a0");
    refused("6161");
    refused("82616180"); /* no suffix */
    refused("82608160"); /* prefix and suffix both empty */
    refused("8261618101");
    refused("824161816162");
    refused("8461616131026162");
    refused("8361616131f6");
    refused("82816161816162");
}

static void a_range_stays_inside_its_digits_and_its_bounds(void **state)
{
    (void)state;
    refused("836161613900");             /* count 0 */
    refused("836161613901");             /* count 1: that is a list */
    refused("836161613902");             /* 9, 10: one digit more */
    refused("83616162393902");           /* 99, 100 */
    refused("83616162393803");           /* 98, 99, 100 */
    refused("8361616002");               /* no digits */
    refused("836161616102");             /* not a number */
    refused("83616162203102");           /* a space */
    refused("836161613120");             /* count -1 */
    refused("836161653030303031192711"); /* 10,001 */
    /* 18 digits are read, 19 not; nor do they overflow. */
    assert_names("83607239393939393939393939393939393939393802",
                 "999999999999999998 999999999999999999");
    refused("83607239393939393939393939393939393939393902");
    refused("8360733030303030303030303030303030303030303102");
}

static struct slice list_of(size_t n, struct buf *memory)
{
    buf_clear(memory);
    cbor_put_array(memory, n);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "u%05zu", i);
        cbor_put_text(memory, slice_text(name));
    }
    return buf_slice(memory);
}

static void a_list_holds_10000_names_and_no_more(void **state)
{
    (void)state;
    struct asset_set set;
    struct buf memory = buf_heap(1 << 20);
    assert_true(takes(list_of(ASSET_SET_MAX, &memory), &set));
    assert_int_equal(set.count, ASSET_SET_MAX);
    assert_false(takes(list_of(ASSET_SET_MAX + 1, &memory), &set));
    buf_free(&memory);
}

/* [prefix of p characters, [suffix of s]] and [prefix, "0…01" of s digits, 2]. */
static bool takes_lengths(size_t p, size_t s, bool range)
{
    char text[80];
    uint8_t memory[256];
    struct asset_set set;
    struct buf out = buf_fixed(memory, sizeof memory);
    memset(text, '0', sizeof text);
    cbor_put_array(&out, range ? 3 : 2);
    cbor_put_text(&out, slice_of(text, p));
    if (!range)
        cbor_put_array(&out, 1);
    cbor_put_text(&out, slice_of(text, s));
    if (range)
        cbor_put_uint(&out, 2);
    return takes(buf_slice(&out), &set);
}

static void names_are_at_most_64_bytes(void **state)
{
    (void)state;
    assert_true(takes_lengths(60, 4, false));
    assert_false(takes_lengths(60, 5, false));
    assert_false(takes_lengths(64, 1, false));
    assert_true(takes_lengths(64, 0, false));
    assert_true(takes_lengths(0, 64, false));
    assert_false(takes_lengths(0, 65, false));
    assert_false(takes_lengths(65, 0, false));
    assert_true(takes_lengths(60, 4, true));
    assert_false(takes_lengths(60, 5, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_gives_its_names),
        cmocka_unit_test(ten_thousand_units_cost_little),
        cmocka_unit_test(what_is_built_is_what_is_read),
        cmocka_unit_test(names_must_rise_strictly),
        cmocka_unit_test(empty_sets_names_and_strange_items_are_refused),
        cmocka_unit_test(a_range_stays_inside_its_digits_and_its_bounds),
        cmocka_unit_test(a_list_holds_10000_names_and_no_more),
        cmocka_unit_test(names_are_at_most_64_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
