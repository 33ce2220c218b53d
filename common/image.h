/*
 * Pictures as 8-bit grey: reads PNG, JPEG and PGM, writes PNG. The only file that includes libpng
 * and libjpeg. Sizes are checked against the caps before memory is taken; a hostile file gives an
 * error. The libraries are not trusted with foreign files: the scanner calls this in a sandbox.
 */
#ifndef COMMON_IMAGE_H
#define COMMON_IMAGE_H

#include "common/bytes.h"
#include "common/err.h"

#define IMAGE_MAX_SIDE   16384u
#define IMAGE_MAX_PIXELS (1u << 25) /* 33 million: above what telephones take by default */
#define IMAGE_MAX_FILE   ((size_t)32 << 20)

struct image {
    uint32_t width;
    uint32_t height;
    uint8_t *grey; /* height rows of width bytes, top first; 0 is black. Owned. */
};

/* A white image. Returns: false with ERR_INPUT beyond the caps, ERR_IO without memory. */
bool image_create(uint32_t width, uint32_t height, struct image *ret_image, struct err *err);
void image_free(struct image *image); /* NULL and a zeroed image are legal */

/*
 * Decodes a whole file, told apart by its first bytes: PNG (any depth and colour, transparent parts
 * become white), JPEG (grey or colour, not CMYK), PGM (P5 or P2, 8 bits).
 */
bool image_decode(struct slice file, struct image *ret_image, struct err *err);

/* Appends a PNG file (8-bit grey) to out. */
bool image_encode_png(const struct image *image, struct buf *out, struct err *err);

#endif
