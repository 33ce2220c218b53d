/* What was found in a picture, written to standard output: for a person, or as one line of JSON. */
#ifndef SCANNER_REPORT_H
#define SCANNER_REPORT_H

#include "scanner/handover.h"
#include "scanner/qr_read.h"
#include "scanner/scan.h"

struct report_code {
    struct slice payload; /* borrowed; any bytes */
    bool named;           /* it names goods or a place: label and identity hold */
    struct scan_label label;
    enum scan_identity identity;
    bool acted;  /* the handover was looked into, and handover says what came of it */
    bool failed; /* … or it was not done */
    struct handover_result handover;
    struct err why_not; /* of a payload that names nothing, or of what failed */
};

struct report {
    const char *image; /* the file's path */
    bool acts;         /* not only reading */
    size_t count;
    size_t too_large; /* codes that were seen and not read */
    struct report_code codes[QR_READ_MAX_CODES];
};

void report_codes(const struct report *report, bool json);
/* The picture could not be read; in plain form to standard error. */
void report_failure(const struct report *report, const struct err *err, bool json);

#endif
