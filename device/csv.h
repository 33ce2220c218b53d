/*
 * Rows of other people's CSV files (RFC 4180 and what loggers make of it): any delimiter, quoted fields
 * with line ends in them, LF, CRLF or CR, a byte order mark. Says which line a row started on. Guesses
 * nothing: a row that is not clear is reported and skipped.
 */
#ifndef DEVICE_CSV_H
#define DEVICE_CSV_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_ROW_MAX    65536 /* bytes */
#define CSV_FIELDS_MAX 256

enum csv_result {
    CSV_ROW,
    CSV_END,
    CSV_BAD,  /* this row can't be read; the next one can */
    CSV_STOP, /* nothing after this can be trusted */
};

struct csv {
    FILE *file;
    char delimiter;
    uint64_t line; /* the row's first */
    uint64_t next_line;
    size_t fields;
    const char *field[CSV_FIELDS_MAX]; /* into text; spaces around them cut */
    char text[CSV_ROW_MAX + 1];
};

/* The stream must be seekable; it stays the caller's. Skips a byte order mark and the first lines. */
enum csv_result csv_begin(struct csv *c, FILE *file, char delimiter, unsigned skip_lines,
                          struct err *err);
/* err is filled for CSV_BAD and CSV_STOP, without the line. Empty lines are passed over. */
enum csv_result csv_next(struct csv *c, struct err *err);

#endif
