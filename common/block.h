/* A block as it travels and is stored: [bstr header, [* bstr statement]]. */
#ifndef COMMON_BLOCK_H
#define COMMON_BLOCK_H

#include "common/header.h"

#define BLOCK_SIZE_MAX       (4 * 1024 * 1024)
#define BLOCK_STATEMENTS_MAX 20000

/* Walks a block's statements; everything borrowed. */
struct block {
    struct header header;
    struct slice header_bytes;
    size_t count;
    struct cbor_reader statements; /* at the first */
};

/*
 * Form only; the statements are not decoded. The caller's cap on items is BLOCK_STATEMENTS_MAX, checked
 * before anything is walked.
 */
bool block_decode(struct slice bytes, struct block *ret_block, struct err *err);
/* The next statement's bytes; call block.count times. */
struct slice block_next(struct block *b);

void block_put_head(struct buf *out, const struct header *h, size_t count);
/* Then count times: */
void block_put_statement(struct buf *out, struct slice statement);

#endif
