/*
 * Statements made wrong on purpose: payloads of the vectors with one value changed. What is returned lies in
 * memory that the next call of the same function overwrites.
 */
#ifndef TESTS_SUPPORT_STATEMENTS_H
#define TESTS_SUPPORT_STATEMENTS_H

#include "common/statement.h"

/* A statement with this payload and no true signature: decoding does not look at it. */
struct slice statements_around(struct slice payload);
/* statement_decode() of statements_around(). */
bool statements_decode(struct slice payload, struct statement *ret_statement, struct err *err);

struct slice statements_payload(const char *name);
/*
 * The payload of the vector of that name with the value under `key` replaced, added in its place, or (value empty) left
 * out. Both are CBOR.
 */
struct slice statements_edit(const char *name, struct slice key, struct slice value);

/* A text of len letters, at most 8192, as CBOR in memory, which is cleared first. */
struct slice statements_text(size_t len, struct buf *memory);

#endif
