/*
 * QR codes in a picture. The only file that includes libzbar. Picture and code are decoded in a
 * sandboxed child, because hostile files attack those libraries too; what comes back is a payload
 * somebody printed, nothing more.
 */
#ifndef SCANNER_QR_READ_H
#define SCANNER_QR_READ_H

#include "common/bytes.h"
#include "common/err.h"

#define QR_READ_MAX_CODES   16
#define QR_READ_MAX_PAYLOAD 512 /* bytes; a larger payload is dropped and counted */

struct qr_code {
    size_t len;
    uint8_t payload[QR_READ_MAX_PAYLOAD];
};

struct qr_codes {
    size_t count;
    size_t too_large; /* codes seen whose payload is above the cap, or beyond the sixteenth */
    struct qr_code codes[QR_READ_MAX_CODES];
};

/*
 * Reads all QR codes of a PNG, JPEG or PGM file, each payload once. None found is no error: count 0.
 * Returns: false when the file is no such picture or brought its decoder down; ERR_IO when there is
 * no sandbox to decode it in.
 */
bool qr_read(struct slice file, struct qr_codes *ret_codes, struct err *err);

/* Opens the file itself, at most IMAGE_MAX_FILE bytes. The message begins with the path. */
bool qr_read_file(const char *path, struct qr_codes *ret_codes, struct err *err);

#endif
