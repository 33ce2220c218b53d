/* Several bundles in one file. What is in each is test_bundle.c's. */
#include "common/bundle_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const names[] = { "01/09506000134352/21/A", "01/09506000134352/10/B",
                                     "00/195060001343520014" };

static struct buf make_pack(enum bundle_pack_direction direction)
{
    struct buf out = buf_heap(BUNDLE_PACK_SIZE_MAX);
    bundle_pack_put_head(&out, direction, 3);
    for (size_t i = 0; i < 3; i++)
        bundle_pack_put(&out, names[i], slice_of("abc", i + 1));
    assert_false(out.failed);
    return out;
}

static void out_and_in_again(void **state)
{
    struct bundle_pack *p = calloc(1, sizeof *p);
    struct buf bytes = make_pack(BUNDLE_PACK_FORWARD);
    struct err err = { .code = ERR_NONE };
    (void)state;
    assert_non_null(p);
    assert_true(bundle_pack_is(buf_slice(&bytes)));
    assert_true(bundle_pack_take(buf_slice(&bytes), p, &err));
    assert_int_equal(p->direction, BUNDLE_PACK_FORWARD);
    assert_int_equal(p->count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(slice_equal(p->item[i].asset, slice_text(names[i])));
        assert_true(slice_equal(bundle_pack_find(p, names[i]), slice_of("abc", i + 1)));
    }
    assert_int_equal(bundle_pack_find(p, "01/09506000134352/21/Z").len, 0);
    buf_free(&bytes);
    free(p);
}

static void a_whole_file_only(void **state)
{
    struct bundle_pack *p = calloc(1, sizeof *p);
    struct buf bytes = make_pack(BUNDLE_PACK_BACK);
    struct err err;
    (void)state;
    assert_non_null(p);
    for (size_t len = 0; len < bytes.len; len++) { /* cut short */
        err = (struct err){ .code = ERR_NONE };
        assert_false(bundle_pack_take(slice_of(bytes.data, len), p, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    buf_add_byte(&bytes, 0); /* too long */
    assert_false(bundle_pack_take(buf_slice(&bytes), p, &err));
    buf_free(&bytes);
    free(p);
}

static void refuse(struct bundle_pack *p, const char *bytes, size_t len)
{
    struct err err = { .code = ERR_NONE };
    assert_false(bundle_pack_take(slice_of(bytes, len), p, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void misfits(void **state)
{
    struct bundle_pack *p = calloc(1, sizeof *p);
    (void)state;
    assert_non_null(p);
    refuse(p, "\x83\x03\x00\x81\x82\x61\x41\x41\x00", 9); /* a later version */
    refuse(p, "\x83\x02\x02\x81\x82\x61\x41\x41\x00", 9); /* no direction */
    refuse(p, "\x83\x02\x00\x80", 4);                     /* nothing in it */
    refuse(p, "\x83\x02\x00\x81\x82\x60\x41\x00", 8);     /* no name */
    refuse(p, "\x83\x02\x00\x81\x82\x61\x41\x40", 8);     /* no bundle */
    refuse(p, "\x83\x02\x00\x81\x81\x61\x41", 7);         /* half of an item */
    assert_false(bundle_pack_is(slice_of("\x85\x01\x40", 3)));
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_and_in_again),
        cmocka_unit_test(a_whole_file_only),
        cmocka_unit_test(misfits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
