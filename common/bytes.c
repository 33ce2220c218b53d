#include "common/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_CAP 256

struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){ data, len };
}

struct slice slice_text(const char *text)
{
    return (struct slice){ (const uint8_t *)text, strlen(text) };
}

struct slice slice_from(struct slice s, size_t offset, size_t len)
{
    assert(offset <= s.len && len <= s.len - offset);
    return (struct slice){ s.data + offset, len };
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

struct buf buf_fixed(void *memory, size_t cap)
{
    return (struct buf){ .data = memory, .cap = cap, .max = cap };
}

struct buf buf_heap(size_t max)
{
    return (struct buf){ .max = max, .heap = true };
}

void buf_free(struct buf *b)
{
    if (b == NULL)
        return;
    if (b->heap)
        free(b->data);
    *b = (struct buf){ .heap = b->heap, .max = b->max };
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

static bool buf_grow(struct buf *b, size_t need)
{
    if (!b->heap || need > b->max)
        return false;
    size_t cap = b->cap == 0 ? BUF_FIRST_CAP : b->cap;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    uint8_t *bigger = realloc(b->data, cap);
    if (bigger == NULL)
        return false;
    b->data = bigger;
    b->cap = cap;
    return true;
}

uint8_t *buf_extend(struct buf *b, size_t len)
{
    if (b->failed)
        return NULL;
    if (len > b->max - b->len || (len > b->cap - b->len && !buf_grow(b, b->len + len))) {
        b->failed = true;
        return NULL;
    }
    uint8_t *at = b->data + b->len;
    b->len += len;
    return at;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    uint8_t *at = buf_extend(b, len);
    if (at != NULL)
        memcpy(at, data, len);
}

void buf_add_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.data, s.len);
}

void buf_add_byte(struct buf *b, uint8_t byte)
{
    buf_add(b, &byte, 1);
}

struct slice buf_slice(const struct buf *b)
{
    return (struct slice){ b->data, b->len };
}
