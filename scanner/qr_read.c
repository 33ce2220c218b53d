#include "scanner/qr_read.h"

#include "common/image.h"
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zbar.h>

#define GREY_FOURCC zbar_fourcc('Y', '8', '0', '0')
#define SMALL_SIDE  400 /* below this, modules may be a pixel wide, which zbar misses */
#define ENLARGE     3
#define LARGE_SIDE  500 /* from here on, noise between the pixels may hide the code: try halves */

static const struct sandbox_limits limits = {
    .memory_bytes = (size_t)768 << 20,
    .cpu_s = 10,
    .timeout_ms = 20000,
    .result_max = 4 + QR_READ_MAX_CODES * (2 + QR_READ_MAX_PAYLOAD),
};

/* ------------------------------------------------- in the child: pictures */

static bool enlarge(const struct image *in, struct image *ret_out, struct err *err)
{
    if (!image_create(in->width * ENLARGE, in->height * ENLARGE, ret_out, err))
        return false;
    for (uint32_t y = 0; y < ret_out->height; y++)
        for (uint32_t x = 0; x < ret_out->width; x++)
            ret_out->grey[(size_t)ret_out->width * y + x] =
                in->grey[(size_t)in->width * (y / ENLARGE) + x / ENLARGE];
    return true;
}

/* Half as wide and high: each pixel the mean of four. */
static bool halve(const struct image *in, struct image *ret_out, struct err *err)
{
    if (!image_create(in->width / 2, in->height / 2, ret_out, err))
        return false;
    for (uint32_t y = 0; y < ret_out->height; y++) {
        const uint8_t *above = in->grey + (size_t)in->width * (2 * (size_t)y);
        const uint8_t *below = above + in->width;
        for (uint32_t x = 0; x < ret_out->width; x++) {
            size_t at = 2 * (size_t)x;
            unsigned sum = (unsigned)above[at] + above[at + 1] + below[at] + below[at + 1];
            ret_out->grey[(size_t)ret_out->width * y + x] = (uint8_t)(sum / 4);
        }
    }
    return true;
}

/* ---------------------------------------------------- in the child: codes */

static bool is_known(const struct qr_codes *codes, struct slice payload)
{
    for (size_t i = 0; i < codes->count; i++)
        if (slice_equal(payload, slice_of(codes->codes[i].payload, codes->codes[i].len)))
            return true;
    return false;
}

static void keep(struct qr_codes *codes, struct slice payload)
{
    if (payload.len > QR_READ_MAX_PAYLOAD || codes->count == QR_READ_MAX_CODES) {
        codes->too_large++;
        return;
    }
    if (is_known(codes, payload))
        return;
    struct qr_code *code = &codes->codes[codes->count++];
    code->len = payload.len;
    if (payload.len > 0)
        memcpy(code->payload, payload.data, payload.len);
}

/* Adds what zbar sees in this picture. */
static bool look(zbar_image_scanner_t *scanner, const struct image *picture, struct qr_codes *codes,
                 struct err *err)
{
    zbar_image_t *image = zbar_image_create();
    if (image == NULL)
        return err_set(err, ERR_IO, "out of memory for zbar");
    zbar_image_set_format(image, GREY_FOURCC);
    zbar_image_set_size(image, picture->width, picture->height);
    zbar_image_set_data(image, picture->grey, (size_t)picture->width * picture->height, NULL);
    bool good = zbar_scan_image(scanner, image) >= 0;
    codes->too_large = 0;
    for (const zbar_symbol_t *symbol = zbar_image_first_symbol(image); symbol != NULL;
         symbol = zbar_symbol_next(symbol))
        if (zbar_symbol_get_type(symbol) == ZBAR_QRCODE)
            keep(codes,
                 slice_of(zbar_symbol_get_data(symbol), zbar_symbol_get_data_length(symbol)));
    zbar_image_destroy(image);
    return good || err_set(err, ERR_INPUT, "zbar cannot scan this picture");
}

static bool found(const struct qr_codes *codes)
{
    return codes->count > 0 || codes->too_large > 0;
}

/*
 * The picture as it is; then, if nothing was seen, a small one enlarged (of 45 codes of one pixel a
 * module without quiet zone none was read, enlarged all), a large one halved, and again.
 */
static bool look_at_scales(zbar_image_scanner_t *scanner, const struct image *picture,
                           struct qr_codes *codes, struct err *err)
{
    struct image work = { .grey = NULL };
    if (!look(scanner, picture, codes, err))
        return false;
    if (found(codes))
        return true;
    if (picture->width <= SMALL_SIDE && picture->height <= SMALL_SIDE) {
        bool good = enlarge(picture, &work, err) && look(scanner, &work, codes, err);
        image_free(&work);
        return good;
    }
    bool small = picture->width < LARGE_SIDE && picture->height < LARGE_SIDE;
    if (small || picture->width < 2 || picture->height < 2)
        return true;
    bool good = halve(picture, &work, err) && look_at_scales(scanner, &work, codes, err);
    image_free(&work);
    return good;
}

static zbar_image_scanner_t *make_scanner(void)
{
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    if (scanner == NULL)
        return NULL;
    /* Everything off, then QR on: the other symbologies are attack surface without use. */
    if (zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0) == 0 &&
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1) == 0 &&
        zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1) == 0 &&
        zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_TEST_INVERTED, 1) == 0)
        return scanner;
    zbar_image_scanner_destroy(scanner);
    return NULL;
}

static void put_codes(const struct qr_codes *codes, struct buf *out)
{
    buf_add_byte(out, (uint8_t)codes->count);
    buf_add_byte(out, codes->too_large > UINT8_MAX ? UINT8_MAX : (uint8_t)codes->too_large);
    for (size_t i = 0; i < codes->count; i++) {
        buf_add_byte(out, (uint8_t)(codes->codes[i].len >> 8));
        buf_add_byte(out, (uint8_t)(codes->codes[i].len & 0xff));
        buf_add(out, codes->codes[i].payload, codes->codes[i].len);
    }
}

static bool decode_in_child(struct slice file, struct buf *result, struct err *err)
{
    static struct qr_codes codes;
    struct image picture = { .grey = NULL };
    if (!image_decode(file, &picture, err))
        return false;
    zbar_image_scanner_t *scanner = make_scanner();
    if (scanner == NULL) {
        image_free(&picture);
        return err_set(err, ERR_IO, "zbar cannot be set up");
    }
    bool good = look_at_scales(scanner, &picture, &codes, err);
    if (good)
        put_codes(&codes, result);
    zbar_image_scanner_destroy(scanner);
    image_free(&picture);
    return good;
}

/* ---------------------------------------------------------- in the parent */

/* The child may be anybody's by now: its answer is foreign bytes. */
static bool take_codes(struct slice in, struct qr_codes *ret_codes, struct err *err)
{
    if (in.len < 2 || in.data[0] > QR_READ_MAX_CODES)
        return err_set(err, ERR_INPUT, "the decoder's answer is malformed");
    struct qr_codes codes = { .count = in.data[0], .too_large = in.data[1] };
    size_t pos = 2;
    for (size_t i = 0; i < codes.count; i++) {
        if (in.len - pos < 2)
            return err_set(err, ERR_INPUT, "the decoder's answer is malformed");
        size_t len = (size_t)in.data[pos] << 8 | in.data[pos + 1];
        pos += 2;
        if (len > QR_READ_MAX_PAYLOAD || len > in.len - pos)
            return err_set(err, ERR_INPUT, "the decoder's answer is malformed");
        codes.codes[i].len = len;
        memcpy(codes.codes[i].payload, in.data + pos, len);
        pos += len;
    }
    if (pos != in.len)
        return err_set(err, ERR_INPUT, "the decoder's answer is malformed");
    *ret_codes = codes;
    return true;
}

bool qr_read(struct slice file, struct qr_codes *ret_codes, struct err *err)
{
    struct buf answer = buf_heap(limits.result_max);
    bool good = sandbox_run(decode_in_child, file, &limits, &answer, err) &&
                take_codes(buf_slice(&answer), ret_codes, err);
    buf_free(&answer);
    return good;
}

static bool read_whole(int fd, struct buf *out, struct err *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return err_set(err, ERR_IO, "%s", strerror(errno));
    if (!S_ISREG(about.st_mode))
        return err_set(err, ERR_INPUT, "not a regular file");
    for (;;) {
        uint8_t chunk[16384];
        ssize_t len = read(fd, chunk, sizeof chunk);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return err_set(err, ERR_IO, "%s", strerror(errno));
        if (len == 0)
            return true;
        buf_add(out, chunk, (size_t)len);
        if (out->failed)
            return err_set(err, ERR_INPUT, "larger than %zu bytes", IMAGE_MAX_FILE);
    }
}

bool qr_read_file(const char *path, struct qr_codes *ret_codes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        (void)err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s", strerror(errno));
        return err_wrap(err, "%s", path);
    }
    struct buf file = buf_heap(IMAGE_MAX_FILE);
    bool good = read_whole(fd, &file, err) && qr_read(buf_slice(&file), ret_codes, err);
    buf_free(&file);
    (void)close(fd);
    return good || err_wrap(err, "%s", path);
}
