/*
 * Pointer and length, always together. A slice is borrowed and read only; a buf is written to, and
 * latches its first overflow so that a whole encoding is checked once, at its end.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const uint8_t *data;
    size_t len;
};

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;  /* a heap buf grows up to this; equal to cap in a fixed one */
    bool heap;   /* data belongs to the buf: buf_free() releases it */
    bool failed; /* an append did not fit; the content is no longer whole */
};

struct slice slice_of(const void *data, size_t len);
struct slice slice_text(const char *text); /* without the terminating zero */
struct slice slice_from(struct slice s, size_t offset, size_t len);
bool slice_equal(struct slice a, struct slice b);
/* Bytewise order, a proper prefix first: negative, 0, positive. */
int slice_compare(struct slice a, struct slice b);

/* A buf over the caller's memory; never grows. */
struct buf buf_fixed(void *memory, size_t cap);
/* A buf that allocates as it grows, never above max bytes. Release with buf_free(). */
struct buf buf_heap(size_t max);
void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* empties and unlatches; keeps the memory */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_slice(struct buf *b, struct slice s);
void buf_add_byte(struct buf *b, uint8_t byte);
/* Room for len more bytes, to be written by the caller: NULL when it does not fit (latched). */
uint8_t *buf_extend(struct buf *b, size_t len);
struct slice buf_slice(const struct buf *b);

#endif
