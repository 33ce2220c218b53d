#include "common/image.h"

#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h> /* needs stdio.h before it */
#include <png.h>

#define WHITE          255
#define PNG_CHUNK_MAX  (1u << 20) /* bytes one ancillary chunk may ask for */
#define PNG_CHUNKS_MAX 100
#define JPEG_SCANS_MAX 100 /* a progressive file may redraw the whole image in a few bytes */
#define JPEG_MEMORY    (256L << 20)

/* ------------------------------------------------------------------ sizes */

static bool check_size(uint64_t width, uint64_t height, struct err *err)
{
    if (width == 0 || height == 0)
        return err_set(err, ERR_INPUT, "the image is empty");
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE || width * height > IMAGE_MAX_PIXELS)
        return err_set(err, ERR_INPUT,
                       "the image is %llu x %llu: expected at most %u a side and %u pixels",
                       (unsigned long long)width, (unsigned long long)height, IMAGE_MAX_SIDE,
                       IMAGE_MAX_PIXELS);
    return true;
}

bool image_create(uint32_t width, uint32_t height, struct image *ret_image, struct err *err)
{
    if (!check_size(width, height, err))
        return false;
    size_t size = (size_t)width * height;
    assert(size > 0);
    uint8_t *grey = malloc(size);
    if (grey == NULL)
        return err_set(err, ERR_IO, "out of memory for %zu pixels", size);
    memset(grey, WHITE, size);
    *ret_image = (struct image){ width, height, grey };
    return true;
}

void image_free(struct image *image)
{
    if (image == NULL)
        return;
    free(image->grey);
    *image = (struct image){ .grey = NULL };
}

/* -------------------------------------------------------------------- PNG */

/* Lives outside the function that calls setjmp, so that nothing of it is lost by the jump back. */
struct png_job {
    jmp_buf back;
    png_structp png;
    png_infop info;
    struct slice file;
    size_t pos;
    struct buf *out;
    uint8_t *pixels; /* grey and alpha, two bytes a pixel */
    uint32_t width;
    uint32_t height;
    struct err *err;
};

static void png_failed(png_structp png, png_const_charp words)
{
    struct png_job *job = png_get_error_ptr(png);
    if (job->err == NULL || job->err->code == ERR_NONE)
        (void)err_set(job->err, ERR_INPUT, "PNG: %s", words);
    longjmp(job->back, 1);
}

static void png_warned(png_structp png, png_const_charp words)
{
    (void)png;
    (void)words;
}

static void png_take(png_structp png, png_bytep out, size_t len)
{
    struct png_job *job = png_get_io_ptr(png);
    if (len > job->file.len - job->pos)
        png_error(png, "the file is cut short");
    memcpy(out, job->file.data + job->pos, len);
    job->pos += len;
}

/* Whatever the file holds comes out as one byte of grey and one of alpha. */
static void png_ask_for_grey(png_structp png, png_infop info)
{
    png_set_expand(png);
    png_set_scale_16(png);
    if ((png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) != 0)
        png_set_rgb_to_gray_fixed(png, PNG_ERROR_ACTION_NONE, -1, -1);
    png_set_add_alpha(png, WHITE, PNG_FILLER_AFTER);
}

static void take_rows(struct png_job *job)
{
    int passes = png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    if (png_get_rowbytes(job->png, job->info) != (size_t)2 * job->width)
        png_error(job->png, "pixels of an unexpected kind");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < job->height; y++)
            png_read_row(job->png, job->pixels + (size_t)2 * job->width * y, NULL);
    png_read_end(job->png, NULL);
}

static bool png_read_guarded(struct png_job *job)
{
    if (setjmp(job->back) != 0)
        return false;
    png_set_user_limits(job->png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
    png_set_chunk_cache_max(job->png, PNG_CHUNKS_MAX);
    png_set_chunk_malloc_max(job->png, PNG_CHUNK_MAX);
    png_set_read_fn(job->png, job, png_take);
    png_read_info(job->png, job->info);
    job->width = png_get_image_width(job->png, job->info);
    job->height = png_get_image_height(job->png, job->info);
    if (!check_size(job->width, job->height, job->err))
        return false;
    job->pixels = malloc((size_t)2 * job->width * job->height);
    if (job->pixels == NULL)
        return err_set(job->err, ERR_IO, "out of memory for an image");
    png_ask_for_grey(job->png, job->info);
    take_rows(job);
    return true;
}

/* Over white paper. */
static void blend(const struct png_job *job, struct image *image)
{
    size_t count = (size_t)job->width * job->height;
    for (size_t i = 0; i < count; i++) {
        unsigned grey = job->pixels[2 * i];
        unsigned alpha = job->pixels[2 * i + 1];
        image->grey[i] = (uint8_t)((grey * alpha + WHITE * (WHITE - alpha)) / WHITE);
    }
}

static bool decode_png(struct slice file, struct image *ret_image, struct err *err)
{
    struct err local = { .code = ERR_NONE };
    struct png_job job = { .file = file, .err = &local };
    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, png_failed, png_warned);
    job.info = job.png == NULL ? NULL : png_create_info_struct(job.png);
    bool good =
        job.info != NULL ? png_read_guarded(&job) : err_set(&local, ERR_IO, "PNG: out of memory");
    good = good && image_create(job.width, job.height, ret_image, &local);
    if (good)
        blend(&job, ret_image);
    else
        (void)err_set(err, local.code, "%s", local.msg);
    free(job.pixels);
    png_destroy_read_struct(&job.png, &job.info, NULL);
    return good;
}

static void png_give(png_structp png, png_bytep data, size_t len)
{
    struct png_job *job = png_get_io_ptr(png);
    buf_add(job->out, data, len);
}

static void png_flush_nothing(png_structp png)
{
    (void)png;
}

static bool png_write_guarded(struct png_job *job, const struct image *image)
{
    if (setjmp(job->back) != 0)
        return false;
    png_set_write_fn(job->png, job, png_give, png_flush_nothing);
    png_set_IHDR(job->png, job->info, image->width, image->height, 8, PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(job->png, job->info);
    for (uint32_t y = 0; y < image->height; y++)
        png_write_row(job->png, image->grey + (size_t)image->width * y);
    png_write_end(job->png, job->info);
    return true;
}

bool image_encode_png(const struct image *image, struct buf *out, struct err *err)
{
    struct err local = { .code = ERR_NONE };
    struct png_job job = { .out = out, .err = &local };
    job.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, png_failed, png_warned);
    job.info = job.png == NULL ? NULL : png_create_info_struct(job.png);
    bool good = job.info != NULL ? png_write_guarded(&job, image)
                                 : err_set(&local, ERR_IO, "PNG: out of memory");
    if (good && out->failed)
        good = err_set(&local, ERR_BUSY, "PNG: the file is larger than the room for it");
    if (!good)
        (void)err_set(err, local.code, "%s", local.msg);
    png_destroy_write_struct(&job.png, &job.info);
    return good;
}

/* ------------------------------------------------------------------- JPEG */

struct jpeg_job {
    struct jpeg_error_mgr errors; /* first: libjpeg knows the job by this address */
    jmp_buf back;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    struct image image;
    struct err *err;
};

static struct jpeg_job *jpeg_job_of(j_common_ptr jpeg)
{
    return (struct jpeg_job *)(void *)jpeg->err;
}

static void jpeg_failed(j_common_ptr jpeg)
{
    char words[JMSG_LENGTH_MAX];
    struct jpeg_job *job = jpeg_job_of(jpeg);
    jpeg->err->format_message(jpeg, words);
    (void)err_set(job->err, ERR_INPUT, "JPEG: %s", words);
    longjmp(job->back, 1);
}

/*
 * Level -1 is damage in the data. A photograph with a few bad bytes is still a photograph, and the
 * code in it carries its own error correction; but a file that ends early is not.
 */
static void jpeg_said(j_common_ptr jpeg, int level)
{
    char words[JMSG_LENGTH_MAX];
    if (level >= 0)
        return;
    jpeg->err->num_warnings++;
    jpeg->err->format_message(jpeg, words);
    if (strstr(words, "Premature end") != NULL)
        jpeg_failed(jpeg);
}

static void jpeg_says_nothing(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void jpeg_progressed(j_common_ptr jpeg)
{
    struct jpeg_job *job = jpeg_job_of(jpeg);
    if (job->jpeg.input_scan_number <= JPEG_SCANS_MAX)
        return;
    (void)err_set(job->err, ERR_INPUT, "JPEG: more than %d scans", JPEG_SCANS_MAX);
    longjmp(job->back, 1);
}

static bool jpeg_read_guarded(struct jpeg_job *job, struct slice file)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    if (setjmp(job->back) != 0)
        return false;
    jpeg_create_decompress(jpeg);
    jpeg->mem->max_memory_to_use = JPEG_MEMORY;
    jpeg->progress = &job->progress;
    jpeg_mem_src(jpeg, file.data, file.len);
    (void)jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK)
        return err_set(job->err, ERR_INPUT, "JPEG: CMYK is not read; expected grey or RGB");
    if (!image_create(jpeg->image_width, jpeg->image_height, &job->image, job->err))
        return false;
    jpeg->out_color_space = JCS_GRAYSCALE;
    (void)jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = job->image.grey + (size_t)job->image.width * jpeg->output_scanline;
        (void)jpeg_read_scanlines(jpeg, &row, 1);
    }
    (void)jpeg_finish_decompress(jpeg);
    return true;
}

static bool decode_jpeg(struct slice file, struct image *ret_image, struct err *err)
{
    struct err local = { .code = ERR_NONE };
    struct jpeg_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return err_set(err, ERR_IO, "JPEG: out of memory");
    job->err = &local;
    job->jpeg.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = jpeg_failed;
    job->errors.emit_message = jpeg_said;
    job->errors.output_message = jpeg_says_nothing;
    job->progress.progress_monitor = jpeg_progressed;
    bool good = jpeg_read_guarded(job, file);
    jpeg_destroy_decompress(&job->jpeg);
    if (good) {
        *ret_image = job->image;
    } else {
        (void)err_set(err, local.code, "%s", local.msg);
        image_free(&job->image);
    }
    free(job);
    return good;
}

/* -------------------------------------------------------------------- PGM */

/* The next number of a PGM header or body; blanks and comments before it are passed over. */
static bool pgm_number(struct slice file, size_t *pos, unsigned max, unsigned *ret_value)
{
    size_t i = *pos;
    while (i < file.len && (strchr(" \t\r\n\v\f", file.data[i]) != NULL || file.data[i] == '#')) {
        if (file.data[i] == '\0')
            return false;
        if (file.data[i] == '#')
            while (i < file.len && file.data[i] != '\n')
                i++;
        else
            i++;
    }
    unsigned value = 0;
    size_t first = i;
    while (i < file.len && file.data[i] >= '0' && file.data[i] <= '9') {
        value = value * 10 + (unsigned)(file.data[i] - '0');
        if (value > max)
            return false;
        i++;
    }
    *pos = i;
    *ret_value = value;
    return i > first;
}

static bool pgm_fill(struct slice file, size_t pos, bool plain, unsigned max_value,
                     struct image *image)
{
    size_t count = (size_t)image->width * image->height;
    if (!plain && (pos >= file.len || file.len - pos - 1 < count)) /* one blank before the pixels */
        return false;
    for (size_t i = 0; i < count; i++) {
        unsigned value = 0;
        if (!plain)
            value = file.data[pos + 1 + i];
        else if (!pgm_number(file, &pos, max_value, &value))
            return false;
        if (value > max_value)
            return false;
        image->grey[i] = (uint8_t)(value * WHITE / max_value);
    }
    return true;
}

static bool decode_pgm(struct slice file, struct image *ret_image, struct err *err)
{
    unsigned width;
    unsigned height;
    unsigned max_value;
    size_t pos = 2;
    bool plain = file.data[1] == '2';
    if (!pgm_number(file, &pos, UINT16_MAX, &width) ||
        !pgm_number(file, &pos, UINT16_MAX, &height) ||
        !pgm_number(file, &pos, UINT16_MAX, &max_value))
        return err_set(err, ERR_INPUT, "PGM: expected width, height and the value of white");
    if (max_value == 0 || max_value > WHITE)
        return err_set(err, ERR_INPUT, "PGM: expected 1 to %d as the value of white, found %u",
                       WHITE, max_value);
    if (!check_size(width, height, err))
        return false;
    if (file.len / (plain ? 2 : 1) < (size_t)width * height)
        return err_set(err, ERR_INPUT, "PGM: the file is too short for %u x %u pixels", width,
                       height);
    struct image image = { .grey = NULL };
    if (!image_create(width, height, &image, err))
        return false;
    if (!pgm_fill(file, pos, plain, max_value, &image)) {
        image_free(&image);
        return err_set(err, ERR_INPUT, "PGM: fewer than %u x %u good pixels", width, height);
    }
    *ret_image = image;
    return true;
}

/* ------------------------------------------------------------------ which */

static bool starts_with(struct slice file, const char *magic, size_t len)
{
    return file.len >= len && memcmp(file.data, magic, len) == 0;
}

bool image_decode(struct slice file, struct image *ret_image, struct err *err)
{
    if (file.len > IMAGE_MAX_FILE)
        return err_set(err, ERR_INPUT, "the file has %zu bytes: expected at most %zu", file.len,
                       IMAGE_MAX_FILE);
    if (starts_with(file, "\x89PNG\r\n\x1a\n", 8))
        return decode_png(file, ret_image, err);
    if (starts_with(file, "\xff\xd8\xff", 3))
        return decode_jpeg(file, ret_image, err);
    if (starts_with(file, "P5", 2) || starts_with(file, "P2", 2))
        return decode_pgm(file, ret_image, err);
    return err_set(err, ERR_INPUT, "not a PNG, JPEG or PGM file");
}
