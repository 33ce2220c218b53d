/*
 * Which rows of a reading speak of which asset: by when its device was attached to what, as the ledger knows
 * now. Pure.
 */
#ifndef NODE_READING_ROWS_H
#define NODE_READING_ROWS_H

#include "node/execution.h"

#define READING_ROWS_MAX (STATE_ATTACHMENTS_MAX + 1) /* past attachments and the present one */

struct reading_rows_span {
    size_t from, to; /* rows: from <= i < to */
};

/* The rows of one asset; several spans when it was left and come back to. */
struct reading_rows_asset {
    struct slice asset;
    size_t span_count;
    struct reading_rows_span spans[READING_ROWS_MAX];
};

struct reading_rows {
    size_t count; /* assets that have rows, by their oldest attachment */
    struct reading_rows_asset assets[READING_ROWS_MAX];
};

void reading_rows_split(struct execution *x, const struct kid *device, const struct samples *s,
                        struct reading_rows *ret_rows);
size_t reading_rows_first(const struct reading_rows_asset *a); /* row */
size_t reading_rows_last(const struct reading_rows_asset *a);
size_t reading_rows_count(const struct reading_rows_asset *a);

#endif
