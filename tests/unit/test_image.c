/* Pictures in, pictures out, and files made to break their readers (common/image). */
#include "common/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A JPEG of 8 x 8 pixels, all of one middle grey. */
static const uint8_t grey_jpeg[] = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01,
    0x00, 0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x08, 0x06, 0x06, 0x07, 0x06, 0x05, 0x08,
    0x07, 0x07, 0x07, 0x09, 0x09, 0x08, 0x0a, 0x0c, 0x14, 0x0d, 0x0c, 0x0b, 0x0b, 0x0c, 0x19, 0x12,
    0x13, 0x0f, 0x14, 0x1d, 0x1a, 0x1f, 0x1e, 0x1d, 0x1a, 0x1c, 0x1c, 0x20, 0x24, 0x2e, 0x27, 0x20,
    0x22, 0x2c, 0x23, 0x1c, 0x1c, 0x28, 0x37, 0x29, 0x2c, 0x30, 0x31, 0x34, 0x34, 0x34, 0x1f, 0x27,
    0x39, 0x3d, 0x38, 0x32, 0x3c, 0x2e, 0x33, 0x34, 0x32, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x08,
    0x00, 0x08, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x1f, 0x00, 0x00, 0x01, 0x05, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04,
    0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0xff, 0xc4, 0x00, 0xb5, 0x10, 0x00, 0x02, 0x01, 0x03,
    0x03, 0x02, 0x04, 0x03, 0x05, 0x05, 0x04, 0x04, 0x00, 0x00, 0x01, 0x7d, 0x01, 0x02, 0x03, 0x00,
    0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32,
    0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35,
    0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55,
    0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75,
    0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94,
    0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2,
    0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
    0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6,
    0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xff, 0xda,
    0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x2b, 0xff, 0xd9,
};

/* 2 x 1 pixels, RGBA: red opaque, black transparent. */
static const uint8_t rgba_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0xf4,
    0x22, 0x7f, 0x8a, 0x00, 0x00, 0x00, 0x0f, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8,
    0xcf, 0xc0, 0x00, 0x44, 0x0c, 0x0c, 0x00, 0x0c, 0xfc, 0x01, 0xff, 0x5c, 0xfd, 0x14, 0x95,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

/* 4 x 4 pixels, 1 bit, interlaced: the checkerboard 0101/1010. */
static const uint8_t interlaced_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00, 0x01, 0xf6,
    0x8d, 0x93, 0x45, 0x00, 0x00, 0x00, 0x11, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60,
    0x00, 0x83, 0x03, 0x40, 0xb8, 0x80, 0x61, 0x01, 0x00, 0x0b, 0x8e, 0x02, 0xc1, 0x85, 0x92,
    0x71, 0x1a, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

static bool decode_text(const char *text, struct image *ret_image, struct err *err)
{
    return image_decode(slice_text(text), ret_image, err);
}

static void png_round_trips(void **state)
{
    (void)state;
    struct image image;
    struct image back;
    struct err err = { 0 };
    struct buf file = buf_heap(1U << 20);
    assert_true(image_create(300, 7, &image, &err));
    for (size_t i = 0; i < 2100; i++)
        image.grey[i] = (uint8_t)(i * 31);
    assert_true(image_encode_png(&image, &file, &err));
    if (!image_decode(buf_slice(&file), &back, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(back.width, 300);
    assert_int_equal(back.height, 7);
    assert_memory_equal(back.grey, image.grey, 2100);
    image_free(&back);
    for (size_t cut = 0; cut < file.len; cut++)
        assert_false(image_decode(slice_of(file.data, cut), &back, &err));
    struct buf small = buf_heap(40);
    assert_false(image_encode_png(&image, &small, &err));
    assert_int_equal(err.code, ERR_BUSY);
    buf_free(&small);
    buf_free(&file);
    image_free(&image);
    image_free(&image);
    image_free(NULL);
}

static void colour_becomes_grey_and_transparent_becomes_white(void **state)
{
    (void)state;
    struct image image;
    struct err err = { 0 };
    if (!image_decode(slice_of(rgba_png, sizeof rgba_png), &image, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(image.width, 2);
    assert_in_range(image.grey[0], 30, 140);
    assert_int_equal(image.grey[1], 255);
    image_free(&image);
}

static void interlaced_png_is_put_together(void **state)
{
    (void)state;
    static const uint8_t want[16] = {
        0, 255, 0, 255, 255, 0, 255, 0, 0, 255, 0, 255, 255, 0, 255, 0
    };
    struct image image;
    struct err err = { 0 };
    if (!image_decode(slice_of(interlaced_png, sizeof interlaced_png), &image, &err))
        fail_msg("%s", err.msg);
    assert_memory_equal(image.grey, want, sizeof want);
    image_free(&image);
}

static void jpeg_is_read_and_a_cut_one_refused(void **state)
{
    (void)state;
    struct image image;
    struct err err = { 0 };
    if (!image_decode(slice_of(grey_jpeg, sizeof grey_jpeg), &image, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(image.width, 8);
    assert_int_equal(image.height, 8);
    for (size_t i = 0; i < 64; i++)
        assert_in_range(image.grey[i], 118, 138);
    image_free(&image);
    for (size_t cut = 0; cut < sizeof grey_jpeg - 2; cut++)
        assert_false(image_decode(slice_of(grey_jpeg, cut), &image, &err));
}

static void pgm_of_both_kinds_is_read(void **state)
{
    (void)state;
    static const char *const files[] = {
        "P5 2 2 255\n\x01\x80\xff\x40",
        "P5\n# made by hand\n2 # wide\n2\n255 \x01\x80\xff\x40",
        "P2 2 2 255\n1 128\n255 64\n",
        "P2\n2 2\n255\n1 128 # half\n255 64",
    };
    static const uint8_t want[] = { 1, 128, 255, 64 };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct image image;
        struct err err = { 0 };
        if (!decode_text(files[i], &image, &err))
            fail_msg("%zu: %s", i, err.msg);
        assert_int_equal(image.width, 2);
        assert_int_equal(image.height, 2);
        assert_memory_equal(image.grey, want, sizeof want);
        image_free(&image);
    }
    struct image image;
    assert_true(decode_text("P2 3 1 15 0 3 15", &image, NULL)); /* scaled to 255 */
    assert_memory_equal(image.grey, "\x00\x33\xff", 3);
    image_free(&image);
}

static void malformed_files_are_refused(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",
        "P",
        "P5",
        "P6 1 1 255 abc",
        "P5 0 1 255\n",
        "P5 1 0 255\nx",
        "P5 1 1 0\nx",
        "P5 1 1 256\nxx",
        "P5 1 1 65535\nxx",
        "P5 2 2 255\nxxx",
        "P5 2 2 100\nxyz\xff",
        "P5 -1 1 255\nx",
        "P5 99999999999999999999 1 255\nx",
        "P5 16385 1 255\nx",
        "P5 16384 16384 255\nx",
        "P5 4000 4000 255\nx",
        "P2 2 2 255 1 2 3",
        "P2 2 1 255 1 256",
        "P2 2 1 255 1 x",
        "GIF89a",
        "\x89PNG\r\n\x1a\n",
        "\xff\xd8\xff",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct image image;
        struct err err = { 0 };
        if (decode_text(files[i], &image, &err))
            fail_msg("accepted number %zu", i);
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(err.msg[0] != '\0');
    }
}

/* CRC-32 as PNG wants it, so that a changed size reaches the check behind the checksum. */
static uint32_t crc_of(const uint8_t *data, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    }
    return ~crc;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void a_png_that_claims_to_be_huge_takes_no_memory(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {
        { 16385, 1 },  { 1, 16385 }, { 16384, 16384 }, { 0, 1 }, { 0x7fffffff, 0x7fffffff },
        { 8192, 4097 }
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t file[sizeof rgba_png];
        struct image image;
        struct err err = { 0 };
        memcpy(file, rgba_png, sizeof file);
        put_u32(file + 16, sizes[i][0]);
        put_u32(file + 20, sizes[i][1]);
        put_u32(file + 29, crc_of(file + 12, 17));
        assert_false(image_decode(slice_of(file, sizeof file), &image, &err));
        assert_int_equal(err.code, ERR_INPUT);
        if (sizes[i][0] > 0 && sizes[i][0] <= 16384 && sizes[i][1] <= 16384 &&
            strstr(err.msg, "pixels") == NULL) /* the others libpng itself refuses */
            fail_msg("%s", err.msg);
    }
}

static void a_jpeg_that_claims_to_be_huge_is_refused(void **state)
{
    (void)state;
    uint8_t file[sizeof grey_jpeg];
    struct image image;
    struct err err = { 0 };
    memcpy(file, grey_jpeg, sizeof file);
    for (size_t i = 0; i + 9 < sizeof file; i++)
        if (file[i] == 0xff && file[i + 1] == 0xc0)
            memset(file + i + 5, 0xff, 4); /* height and width of the frame header */
    assert_false(image_decode(slice_of(file, sizeof file), &image, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (strstr(err.msg, "65535") == NULL && strstr(err.msg, "65500") == NULL)
        fail_msg("%s", err.msg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_round_trips),
        cmocka_unit_test(colour_becomes_grey_and_transparent_becomes_white),
        cmocka_unit_test(interlaced_png_is_put_together),
        cmocka_unit_test(jpeg_is_read_and_a_cut_one_refused),
        cmocka_unit_test(pgm_of_both_kinds_is_read),
        cmocka_unit_test(malformed_files_are_refused),
        cmocka_unit_test(a_png_that_claims_to_be_huge_takes_no_memory),
        cmocka_unit_test(a_jpeg_that_claims_to_be_huge_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
