/*
 * Labels: a text as a QR code (ISO/IEC 18004), with the name in plain characters beneath it, as PNG or
 * SVG. The only file that includes libqrencode.
 */
#ifndef TOOLS_QR_MAKE_H
#define TOOLS_QR_MAKE_H

#include "common/bytes.h"
#include "common/err.h"
#include "common/image.h"

#define QR_MAKE_QUIET     4  /* modules of white around, as the standard asks */
#define QR_MAKE_MAX_SCALE 32 /* pixels a module */

struct qr_label {
    const char *text;  /* the payload */
    const char *human; /* printed beneath, printable ASCII; empty for none */
    unsigned scale;    /* pixels a module, 1 to QR_MAKE_MAX_SCALE */
};

/* A whole PNG file, appended to out. Error correction level M: 15 % of the code may be lost. */
bool qr_make_png(const struct qr_label *label, struct buf *out, struct err *err);

/* A whole SVG file; its unit is the module, so it prints at any size. */
bool qr_make_svg(const struct qr_label *label, struct buf *out, struct err *err);

/*
 * Draws the code of an SVG that qr_make_svg() wrote, so that what is in the file can be scanned before
 * it is printed. Returns: false when it is no such file. The caller frees ret_image.
 */
bool qr_make_draw_svg(struct slice svg, unsigned scale, struct image *ret_image, struct err *err);

#endif
