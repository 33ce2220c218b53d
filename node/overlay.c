#include "node/overlay.h"

#include "common/crypto.h"
#include "common/state_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE        (1024 * 1024)
#define FIRST_SLOTS       4096
#define OVERLAY_VALUE_MAX (512 * 1024) /* an opening of ten thousand listed assets, and room */

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) uint8_t memory[];
};

struct entry {
    struct hash key_hash;
    struct slice key;
    struct slice before; /* the state's value; empty = absent */
    struct slice now;
};

/* What an entry was before a change since the mark. */
struct undo {
    size_t entry;
    struct slice now;
};

struct overlay {
    const struct state_view *view;
    struct chunk *chunks; /* in use, newest first */
    struct chunk *spare;
    struct entry *entries;
    size_t count, cap;
    uint32_t *slots; /* entry number + 1, 0 = free */
    size_t slot_count;
    struct state_write *writes;
    struct hash *write_hashes;
    size_t write_cap;
    struct undo *undo;
    size_t undo_count, undo_cap;
    bool marked;
    size_t size;
    struct buf scratch;
    bool failed;
};

struct overlay *overlay_new(void)
{
    struct overlay *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->slot_count = FIRST_SLOTS;
    o->slots = calloc(o->slot_count, sizeof o->slots[0]);
    o->scratch = buf_heap(OVERLAY_VALUE_MAX);
    if (o->slots == NULL) {
        overlay_free(o);
        return NULL;
    }
    return o;
}

static void free_chunks(struct chunk *c)
{
    while (c != NULL) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
}

void overlay_free(struct overlay *o)
{
    if (o == NULL)
        return;
    free_chunks(o->chunks);
    free_chunks(o->spare);
    free(o->entries);
    free(o->slots);
    free(o->writes);
    free(o->write_hashes);
    free(o->undo);
    buf_free(&o->scratch);
    free(o);
}

void overlay_reset(struct overlay *o, const struct state_view *view)
{
    while (o->chunks != NULL) {
        struct chunk *c = o->chunks;
        o->chunks = c->next;
        c->used = 0;
        c->next = o->spare;
        o->spare = c;
    }
    memset(o->slots, 0, o->slot_count * sizeof o->slots[0]);
    o->count = o->undo_count = o->size = 0;
    o->marked = o->failed = false;
    o->view = view;
}

static struct chunk *chunk_take(struct overlay *o, size_t size)
{
    struct chunk *c = o->spare;
    if (c != NULL && c->size >= size) {
        o->spare = c->next;
    } else {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        c = malloc(sizeof *c + room);
        if (c == NULL)
            return NULL;
        c->size = room;
    }
    c->used = 0;
    c->next = o->chunks;
    o->chunks = c;
    return c;
}

void *overlay_alloc(struct overlay *o, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct chunk *c = o->chunks;
    if (c == NULL || c->size - c->used < size)
        c = chunk_take(o, size);
    if (c == NULL) {
        o->failed = true;
        return NULL;
    }
    void *at = c->memory + c->used;
    c->used += size;
    o->size += size;
    return at;
}

static struct slice copy(struct overlay *o, struct slice s)
{
    uint8_t *at = s.len > 0 ? overlay_alloc(o, s.len) : NULL;
    if (at == NULL)
        return (struct slice){ NULL, 0 };
    memcpy(at, s.data, s.len);
    return (struct slice){ at, s.len };
}

static size_t first_slot(const struct overlay *o, const struct hash *key_hash)
{
    uint64_t v;
    memcpy(&v, key_hash->bytes + 8, sizeof v);
    return (size_t)(v % o->slot_count);
}

static void slot_fill(struct overlay *o, size_t entry)
{
    size_t i = first_slot(o, &o->entries[entry].key_hash);
    while (o->slots[i] != 0)
        i = (i + 1) % o->slot_count;
    o->slots[i] = (uint32_t)(entry + 1);
}

static bool make_room(struct overlay *o)
{
    if (o->count == o->cap) {
        size_t cap = o->cap == 0 ? FIRST_SLOTS / 2 : o->cap * 2;
        struct entry *bigger = realloc(o->entries, cap * sizeof bigger[0]);
        if (bigger == NULL)
            return false;
        o->entries = bigger;
        o->cap = cap;
    }
    if (2 * o->count < o->slot_count)
        return true;
    uint32_t *slots = calloc(2 * o->slot_count, sizeof slots[0]);
    if (slots == NULL)
        return false;
    free(o->slots);
    o->slots = slots;
    o->slot_count *= 2;
    for (size_t i = 0; i < o->count; i++)
        slot_fill(o, i);
    return true;
}

/* The entry of key, read from the state when this block meets it first. */
static struct entry *find(struct overlay *o, struct slice key)
{
    struct hash key_hash = crypto_sha256(key);
    for (size_t i = first_slot(o, &key_hash); o->slots[i] != 0; i = (i + 1) % o->slot_count) {
        struct entry *e = &o->entries[o->slots[i] - 1];
        if (hash_equal(&e->key_hash, &key_hash))
            return e;
    }
    if (!make_room(o)) {
        o->failed = true;
        return NULL;
    }
    size_t size = o->size;
    struct entry *e = &o->entries[o->count];
    *e = (struct entry){ .key_hash = key_hash, .key = copy(o, key) };
    buf_clear(&o->scratch);
    if (o->view->get(o->view->ctx, key, &o->scratch))
        e->before = copy(o, buf_slice(&o->scratch));
    if (o->scratch.failed)
        o->failed = true;
    e->now = e->before;
    o->size = size; /* what is only read differs between nodes: their caches do */
    slot_fill(o, o->count++);
    return e;
}

bool overlay_get(struct overlay *o, struct slice key, struct slice *ret_value)
{
    const struct entry *e = find(o, key);
    if (e == NULL || e->now.len == 0)
        return false;
    *ret_value = e->now;
    return true;
}

static bool note_undo(struct overlay *o, const struct entry *e)
{
    if (!o->marked)
        return true;
    if (o->undo_count == o->undo_cap) {
        size_t cap = o->undo_cap == 0 ? 256 : o->undo_cap * 2;
        struct undo *bigger = realloc(o->undo, cap * sizeof bigger[0]);
        if (bigger == NULL)
            return false;
        o->undo = bigger;
        o->undo_cap = cap;
    }
    o->undo[o->undo_count++] = (struct undo){ (size_t)(e - o->entries), e->now };
    return true;
}

static void change(struct overlay *o, struct slice key, struct slice value)
{
    struct entry *e = find(o, key);
    if (e == NULL)
        return;
    if (!note_undo(o, e))
        o->failed = true;
    e->now = copy(o, value);
}

void overlay_put(struct overlay *o, struct slice key, struct slice value)
{
    assert(value.len > 0);
    change(o, key, value);
}

void overlay_remove(struct overlay *o, struct slice key)
{
    change(o, key, (struct slice){ NULL, 0 });
}

void overlay_mark(struct overlay *o)
{
    o->undo_count = 0;
    o->marked = true;
}

size_t overlay_savepoint(const struct overlay *o)
{
    assert(o->marked);
    return o->undo_count;
}

void overlay_return(struct overlay *o, size_t savepoint)
{
    while (o->undo_count > savepoint) {
        const struct undo *u = &o->undo[--o->undo_count];
        o->entries[u->entry].now = u->now;
    }
}

void overlay_undo(struct overlay *o)
{
    overlay_return(o, 0);
}

void overlay_settle(struct overlay *o)
{
    o->undo_count = 0;
    o->marked = false;
}

size_t overlay_size(const struct overlay *o)
{
    return o->size;
}

bool overlay_failed(const struct overlay *o)
{
    return o->failed;
}

size_t overlay_writes(struct overlay *o, const struct state_write **ret_writes,
                      const struct hash **ret_key_hashes)
{
    if (o->write_cap < o->count) {
        struct state_write *writes = realloc(o->writes, o->count * sizeof writes[0]);
        if (writes != NULL)
            o->writes = writes;
        struct hash *hashes = realloc(o->write_hashes, o->count * sizeof hashes[0]);
        if (hashes != NULL)
            o->write_hashes = hashes;
        if (writes == NULL || hashes == NULL) {
            o->failed = true;
            return 0;
        }
        o->write_cap = o->count;
    }
    size_t n = 0;
    for (size_t i = 0; i < o->count; i++) {
        const struct entry *e = &o->entries[i];
        if (slice_equal(e->before, e->now))
            continue;
        o->writes[n] = (struct state_write){ e->key, e->now };
        o->write_hashes[n++] = e->key_hash;
    }
    *ret_writes = o->writes;
    *ret_key_hashes = o->write_hashes;
    return n;
}
