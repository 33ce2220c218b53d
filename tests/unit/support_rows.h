/* Looks into a store's tables by SQL. Failures end the test. */
#ifndef TESTS_UNIT_SUPPORT_ROWS_H
#define TESTS_UNIT_SUPPORT_ROWS_H

#include "node/store.h"

/* The first column of the first row. */
int64_t rows_number(struct store *s, const char *sql);
void rows_expect(struct store *s, const char *sql, const char *text);

#endif
