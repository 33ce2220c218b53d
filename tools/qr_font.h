/* Printable ASCII as 5 x 7 dots: the line of characters under a printed code. */
#ifndef TOOLS_QR_FONT_H
#define TOOLS_QR_FONT_H

#include <stdbool.h>

#define QR_FONT_WIDTH  5
#define QR_FONT_HEIGHT 7

/* Is the dot at column x, row y (from the top left) of this character black? Unknown ones are a box. */
bool qr_font_dot(char c, unsigned x, unsigned y);

#endif
