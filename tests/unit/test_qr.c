/*
 * Codes written and read again, at sizes people print and photograph them, and pictures made to break
 * the decoders (scanner/qr_read, tools/qr_make). QR_MUTATIONS sets how many hostile pictures there are.
 */
#include "scanner/qr_read.h"

#include "common/image.h"
#include "tools/qr_font.h"
#include "tools/qr_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define URI       "https://id.example.org/01/09506000134352/21/DEMO1?wb=7f3a000102030405060708090a0b0cff"
#define HUMAN     "(01)09506000134352(21)DEMO1"
#define MUTATIONS 4000
#define SEED      20240611U

static struct qr_codes codes;

static struct image label_image(const char *text, unsigned scale)
{
    struct buf file = buf_heap(4U << 20);
    struct image image = { .grey = NULL };
    struct err err = { 0 };
    struct qr_label label = { .text = text, .human = "", .scale = scale };
    if (!qr_make_png(&label, &file, &err) || !image_decode(buf_slice(&file), &image, &err))
        fail_msg("%s", err.msg);
    buf_free(&file);
    if (image.grey == NULL)
        abort();
    return image;
}

static void read_image(const struct image *image)
{
    struct buf file = buf_heap(64U << 20);
    struct err err = { 0 };
    if (!image_encode_png(image, &file, &err) || !qr_read(buf_slice(&file), &codes, &err))
        fail_msg("%s", err.msg);
    buf_free(&file);
}

static void expect_payload(const char *text)
{
    assert_int_equal(codes.count, 1);
    assert_int_equal(codes.codes[0].len, strlen(text));
    assert_memory_equal(codes.codes[0].payload, text, strlen(text));
}

static void labels_of_every_scale_are_read_back(void **state)
{
    (void)state;
    for (unsigned scale = 1; scale <= QR_MAKE_MAX_SCALE; scale += scale < 8 ? 1 : 8) {
        struct buf file = buf_heap(4U << 20);
        struct err err = { 0 };
        struct qr_label label = { .text = URI, .human = HUMAN, .scale = scale };
        if (!qr_make_png(&label, &file, &err) || !qr_read(buf_slice(&file), &codes, &err))
            fail_msg("scale %u: %s", scale, err.msg);
        expect_payload(URI);
        buf_free(&file);
    }
}

static void an_svg_label_draws_what_it_says(void **state)
{
    (void)state;
    struct buf file = buf_heap(1U << 20);
    struct image image;
    struct err err = { 0 };
    struct qr_label label = { .text = URI, .human = "(21)<\"&'>", .scale = 4 };
    assert_true(qr_make_svg(&label, &file, &err));
    buf_add_byte(&file, '\0');
    assert_non_null(strstr((char *)file.data, ">(21)&lt;&quot;&amp;&#39;&gt;</text>"));
    assert_null(strstr((char *)file.data, "(21)<"));
    if (!qr_make_draw_svg(buf_slice(&file), 4, &image, &err))
        fail_msg("%s", err.msg);
    read_image(&image);
    expect_payload(URI);
    image_free(&image);
    /* A file changed on its way to the disk is not drawn from memory. */
    char *path = strstr((char *)file.data, "M4 4h7");
    assert_non_null(path);
    path[4] = 'x';
    assert_false(qr_make_draw_svg(buf_slice(&file), 4, &image, &err));
    assert_false(qr_make_draw_svg(slice_text("<svg/>"), 4, &image, &err));
    assert_false(qr_make_draw_svg(slice_text("viewBox=\"0 0 21 21\" <path d=\"M20 20h9v1H20z\""), 4,
                                  &image, &err));
    buf_free(&file);
}

static void a_code_without_quiet_zone_is_read(void **state)
{
    (void)state;
    for (unsigned scale = 1; scale <= 4; scale++) {
        struct image whole = label_image(URI, scale);
        struct image cut;
        uint32_t quiet = QR_MAKE_QUIET * scale;
        if (!image_create(whole.width - 2 * quiet, whole.height - 2 * quiet, &cut, NULL))
            abort();
        for (uint32_t y = 0; y < cut.height; y++)
            memcpy(cut.grey + (size_t)cut.width * y,
                   whole.grey + (size_t)whole.width * (y + quiet) + quiet, cut.width);
        read_image(&cut);
        expect_payload(URI);
        image_free(&cut);
        image_free(&whole);
    }
}

static void a_turned_and_an_inverted_code_are_read(void **state)
{
    (void)state;
    struct image whole = label_image(URI, 4);
    struct image turned;
    assert_true(image_create(whole.height, whole.width, &turned, NULL));
    for (uint32_t y = 0; y < whole.height; y++)
        for (uint32_t x = 0; x < whole.width; x++)
            turned.grey[(size_t)turned.width * x + (whole.height - 1 - y)] =
                whole.grey[(size_t)whole.width * y + x];
    read_image(&turned);
    expect_payload(URI);
    for (size_t i = 0; i < (size_t)turned.width * turned.height; i++)
        turned.grey[i] = (uint8_t)(255 - turned.grey[i]);
    read_image(&turned);
    expect_payload(URI);
    image_free(&turned);
    image_free(&whole);
}

/* A small generator, so that the same pictures are made everywhere. */
static uint32_t next_random(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    return *random;
}

/* As a telephone sees it: large, noisy, grey instead of black and white. */
static void a_noisy_photograph_is_read(void **state)
{
    (void)state;
    struct image code = label_image(URI, 16);
    struct image photo;
    uint32_t random = SEED;
    assert_true(image_create(2000, 1500, &photo, NULL));
    for (size_t i = 0; i < (size_t)photo.width * photo.height; i++)
        photo.grey[i] = (uint8_t)(150 + next_random(&random) % 90);
    for (uint32_t y = 0; y < code.height; y++)
        for (uint32_t x = 0; x < code.width; x++) {
            unsigned noise = next_random(&random) % 90;
            bool dark = code.grey[(size_t)code.width * y + x] < 128;
            photo.grey[(size_t)photo.width * (y + 300) + x + 500] =
                (uint8_t)((dark ? 30 : 150) + noise);
        }
    read_image(&photo);
    expect_payload(URI);
    image_free(&photo);
    image_free(&code);
}

static void several_codes_are_read_each_once(void **state)
{
    (void)state;
    struct image sheet;
    assert_true(image_create(900, 450, &sheet, NULL));
    for (unsigned i = 0; i < 8; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "01/09506000134352/21/UNIT%u", i % 7); /* one twice */
        struct image code = label_image(text, 5);
        for (uint32_t y = 0; y < code.height; y++)
            memcpy(sheet.grey + (size_t)sheet.width * (y + i / 4 * 220) + (size_t)(i % 4) * 220,
                   code.grey + (size_t)code.width * y, code.width);
        image_free(&code);
    }
    read_image(&sheet);
    assert_int_equal(codes.count, 7);
    image_free(&sheet);
}

static void a_payload_of_512_bytes_is_taken_and_a_larger_one_is_counted(void **state)
{
    (void)state;
    char text[QR_READ_MAX_PAYLOAD + 2];
    memset(text, 'x', sizeof text);
    text[QR_READ_MAX_PAYLOAD] = '\0';
    struct image image = label_image(text, 4);
    read_image(&image);
    expect_payload(text);
    image_free(&image);
    text[QR_READ_MAX_PAYLOAD] = 'x';
    text[QR_READ_MAX_PAYLOAD + 1] = '\0';
    struct buf file = buf_heap(4U << 20);
    struct qr_label label = { .text = text, .human = "", .scale = 4 };
    assert_false(qr_make_png(&label, &file, NULL));
    buf_free(&file);
}

static void a_picture_without_a_code_is_no_error(void **state)
{
    (void)state;
    assert_true(qr_read(slice_text("P5 4 2 255\n12345678"), &codes, NULL));
    assert_int_equal(codes.count, 0);
    char line[32 + 16384] = "P5 16384 1 255\n"; /* cannot be halved */
    assert_true(qr_read(slice_of(line, 15 + 16384), &codes, NULL));
    assert_int_equal(codes.count, 0);
    assert_int_equal(codes.too_large, 0);
    struct err err = { 0 };
    assert_false(qr_read(slice_text("hello"), &codes, &err));
    assert_string_equal(err.msg, "not a PNG, JPEG or PGM file");
    assert_false(qr_read_file("/nonexistent/label.png", &codes, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(qr_read_file("/dev/zero", &codes, &err));
    assert_false(qr_read_file("/", &codes, &err));
}

static void the_font_has_every_character_a_name_may_hold(void **state)
{
    (void)state;
    for (char c = '!'; c < 0x7f; c++) {
        unsigned dots = 0;
        unsigned box = 0;
        for (unsigned y = 0; y < QR_FONT_HEIGHT; y++)
            for (unsigned x = 0; x < QR_FONT_WIDTH; x++) {
                dots += qr_font_dot(c, x, y) ? 1U : 0U;
                box += qr_font_dot(c, x, y) == qr_font_dot('\x01', x, y) ? 1U : 0U;
            }
        assert_true(dots > 0);
        bool unknown = box == QR_FONT_WIDTH * QR_FONT_HEIGHT;
        assert_int_equal(unknown, strchr("#$@[]^`{|}~", c) != NULL);
    }
    assert_false(qr_font_dot(' ', 2, 3));
    assert_false(qr_font_dot('A', QR_FONT_WIDTH, 0));
}

/* --------------------------------------------------------------- hostile */

/* Changes one to eight bytes, cuts the end off, or doubles a part: most often in the headers. */
static size_t mutate(uint8_t *file, size_t len, uint32_t *random)
{
    uint32_t changes = 1 + next_random(random) % 8;
    for (uint32_t i = 0; i < changes; i++) {
        size_t reach = next_random(random) % 2 == 0 && len > 64 ? 64 : len;
        size_t at = next_random(random) % reach;
        uint32_t kind = next_random(random) % 4;
        if (kind == 0)
            file[at] ^= (uint8_t)(1U << next_random(random) % 8);
        else if (kind == 1)
            file[at] = (uint8_t)next_random(random);
        else if (kind == 2)
            file[at] = next_random(random) % 2 == 0 ? 0 : 0xff;
        else
            memmove(file + at, file, len - at);
    }
    return next_random(random) % 8 == 0 ? 1 + next_random(random) % len : len;
}

static size_t pgm_of(const struct image *image, uint8_t *file, size_t cap)
{
    int head = snprintf((char *)file, cap, "P5\n%u %u\n255\n", image->width, image->height);
    size_t size = (size_t)image->width * image->height;
    assert_true(head > 0 && (size_t)head + size <= cap);
    memcpy(file + head, image->grey, size);
    return (size_t)head + size;
}

/* A baseline JPEG of a code, so that mutations reach the decoder behind the headers. */
static const uint8_t code_jpeg[] = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01,
    0x00, 0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x50, 0x37, 0x3c, 0x46, 0x3c, 0x32, 0x50,
    0x46, 0x41, 0x46, 0x5a, 0x55, 0x50, 0x5f, 0x78, 0xc8, 0x82, 0x78, 0x6e, 0x6e, 0x78, 0xf5, 0xaf,
    0xb9, 0x91, 0xc8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x32,
    0x00, 0x32, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x18, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x04, 0x02, 0x01,
    0xff, 0xc4, 0x00, 0x32, 0x10, 0x00, 0x01, 0x03, 0x02, 0x04, 0x03, 0x06, 0x03, 0x09, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x03, 0x11, 0x00, 0x12, 0x04, 0x13, 0x21, 0x31, 0x32,
    0x41, 0x51, 0x22, 0x61, 0x71, 0x81, 0xa1, 0xb1, 0x52, 0x82, 0xf0, 0x23, 0x34, 0x42, 0x54, 0x62,
    0x63, 0x91, 0xa2, 0xd1, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0xa1, 0xd7,
    0x48, 0x08, 0x04, 0x42, 0xf5, 0x29, 0xe7, 0x1b, 0x56, 0x73, 0x5f, 0xfc, 0xbf, 0xf7, 0x4a, 0xe2,
    0xe2, 0x85, 0x18, 0x17, 0x15, 0x35, 0x2d, 0x86, 0x7b, 0xfa, 0xd3, 0x73, 0x25, 0xdb, 0x05, 0x26,
    0x38, 0x97, 0xa7, 0x4f, 0x19, 0xa5, 0x03, 0xee, 0x98, 0xa1, 0x0b, 0x12, 0x8b, 0xfa, 0xd2, 0xba,
    0x2f, 0x1e, 0x68, 0x81, 0xb5, 0x6d, 0xd3, 0x0b, 0x74, 0xed, 0x4f, 0xa4, 0x3b, 0xf7, 0x96, 0x3e,
    0x6f, 0x6a, 0x9f, 0x0d, 0x87, 0x74, 0x1f, 0x12, 0x21, 0x84, 0x49, 0xe6, 0x9d, 0x28, 0x10, 0x17,
    0x18, 0x61, 0xb5, 0x4d, 0x4a, 0xe8, 0x2e, 0x9a, 0xf4, 0xaa, 0x32, 0xcc, 0x71, 0x37, 0x8a, 0xc8,
    0x1f, 0x12, 0x74, 0x84, 0xd2, 0xa6, 0x56, 0x8d, 0xdc, 0x33, 0x36, 0x0c, 0xc5, 0xd3, 0xaf, 0x7d,
    0x35, 0xb0, 0x20, 0x2c, 0x30, 0x92, 0x42, 0xa5, 0xd5, 0x5d, 0x4f, 0x8a, 0xb5, 0x49, 0xb1, 0x56,
    0xb3, 0x15, 0x66, 0x3b, 0x51, 0x4a, 0xb7, 0x0a, 0x9a, 0x90, 0x40, 0x2f, 0x09, 0x4a, 0xeb, 0xd7,
    0xc2, 0x2b, 0x4a, 0xdb, 0xaa, 0x22, 0xad, 0xb7, 0x96, 0xad, 0xf0, 0xa4, 0xa2, 0xcc, 0xef, 0x59,
    0xc3, 0x36, 0x6b, 0x92, 0x73, 0x20, 0x97, 0x69, 0xd3, 0xfd, 0x9a, 0xca, 0x0b, 0x48, 0x44, 0x8e,
    0x61, 0xec, 0x41, 0xe2, 0x5b, 0xd5, 0x62, 0x76, 0xa6, 0xe1, 0x40, 0x0b, 0xed, 0x11, 0x9b, 0x3e,
    0x15, 0xba, 0x66, 0xaa, 0xa4, 0x3e, 0xd9, 0x9b, 0xad, 0xa8, 0x2d, 0xb6, 0xcc, 0x96, 0xf1, 0x5c,
    0x50, 0x75, 0x92, 0x1c, 0x94, 0xb9, 0xbf, 0x83, 0x44, 0x8f, 0x35, 0xd7, 0x7d, 0x69, 0x58, 0x82,
    0xcb, 0xc3, 0x0b, 0x79, 0x76, 0xdd, 0x3a, 0x5d, 0x31, 0x0b, 0x43, 0xf8, 0x90, 0xcd, 0x6c, 0xc3,
    0xb5, 0x6c, 0xca, 0x6d, 0xbd, 0x0c, 0x91, 0x84, 0x31, 0x7c, 0x1a, 0xf7, 0x70, 0x73, 0xf3, 0x9f,
    0x4a, 0xd3, 0x4c, 0x3a, 0x8f, 0x83, 0xae, 0x6a, 0xab, 0x37, 0x6d, 0xa6, 0x90, 0x95, 0x5d, 0x4f,
    0x88, 0x01, 0x37, 0xd9, 0x12, 0x49, 0x45, 0xbb, 0xda, 0xa7, 0x65, 0x58, 0x75, 0xd4, 0x0c, 0x88,
    0x9e, 0x77, 0xad, 0x75, 0x15, 0xa4, 0xc1, 0xb6, 0xae, 0x0d, 0xcb, 0xad, 0xa9, 0x2a, 0x9c, 0xf5,
    0xad, 0x62, 0x04, 0x15, 0xd7, 0x0d, 0x42, 0x72, 0xe2, 0xe4, 0x9e, 0x29, 0xf6, 0x8f, 0x5a, 0xd3,
    0xad, 0x34, 0x82, 0x62, 0x07, 0x96, 0x89, 0x17, 0xe8, 0xab, 0xe1, 0xf4, 0x95, 0x9c, 0x3b, 0xc0,
    0x6e, 0xb6, 0x08, 0xd5, 0xb6, 0xcd, 0xab, 0x74, 0xc5, 0x5b, 0x48, 0x7c, 0x4f, 0x35, 0xb3, 0x00,
    0xba, 0xd9, 0x94, 0x98, 0xde, 0x96, 0x0d, 0x90, 0x12, 0x10, 0xe1, 0x61, 0x53, 0xf7, 0x28, 0x46,
    0x1d, 0x56, 0x1b, 0x6b, 0x85, 0x35, 0xbf, 0x65, 0xe7, 0x29, 0xf4, 0x95, 0x96, 0xf0, 0xc6, 0xdb,
    0xaa, 0x89, 0xf2, 0xb9, 0xd3, 0xcb, 0xd2, 0x9a, 0x8d, 0x90, 0x11, 0x03, 0x2d, 0xd8, 0x8b, 0xf8,
    0xe6, 0x7d, 0x17, 0xf8, 0xad, 0xa0, 0x11, 0x93, 0x6e, 0x12, 0x58, 0xa3, 0x3d, 0x9d, 0xf7, 0xef,
    0xa6, 0xd1, 0x45, 0x14, 0x51, 0x45, 0x15, 0xff, 0xd9,
};

static void hostile_pictures_never_harm_the_parent(void **state)
{
    (void)state;
    const char *wanted = getenv("QR_MUTATIONS");
    unsigned long count = wanted == NULL ? MUTATIONS : strtoul(wanted, NULL, 10);
    static uint8_t files[3][8192];
    static uint8_t work[8192];
    size_t lens[3];
    struct buf png = buf_fixed(files[0], sizeof files[0]);
    struct image image = label_image("01/09506000134352/21/A", 2);
    assert_true(image_encode_png(&image, &png, NULL));
    lens[0] = png.len;
    lens[1] = pgm_of(&image, files[1], sizeof files[1]);
    memcpy(files[2], code_jpeg, sizeof code_jpeg);
    lens[2] = sizeof code_jpeg;
    image_free(&image);
    uint32_t random = SEED;
    unsigned long refused = 0;
    for (unsigned long i = 0; i < count; i++) {
        struct err err = { 0 };
        size_t which = i % 3;
        memcpy(work, files[which], lens[which]);
        size_t len = mutate(work, lens[which], &random);
        if (!qr_read(slice_of(work, len), &codes, &err)) {
            if (err.code != ERR_INPUT)
                fail_msg("seed %u, picture %lu: %s", SEED, i, err.msg);
            assert_true(err.msg[0] != '\0');
            refused++;
        }
        assert_true(codes.count <= QR_READ_MAX_CODES);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    print_message("%lu hostile pictures, %lu refused\n", count, refused);
    assert_true(refused > 0 && refused < count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_of_every_scale_are_read_back),
        cmocka_unit_test(an_svg_label_draws_what_it_says),
        cmocka_unit_test(a_code_without_quiet_zone_is_read),
        cmocka_unit_test(a_turned_and_an_inverted_code_are_read),
        cmocka_unit_test(a_noisy_photograph_is_read),
        cmocka_unit_test(several_codes_are_read_each_once),
        cmocka_unit_test(a_payload_of_512_bytes_is_taken_and_a_larger_one_is_counted),
        cmocka_unit_test(a_picture_without_a_code_is_no_error),
        cmocka_unit_test(the_font_has_every_character_a_name_may_hold),
        cmocka_unit_test(hostile_pictures_never_harm_the_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
