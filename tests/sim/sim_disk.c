#include "tests/sim/sim_disk.h"

#include "common/genesis.h"
#include "node/store.h"
#include "tests/fault/fault_vfs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANDIDATES_MAX 64

struct entry {
    struct slice key, value; /* no key: free; no value: removed */
};

struct kept_block {
    struct header header;
    struct slice block, seals;
};

struct sim_disk {
    struct slice genesis;
    char *dir; /* NULL: in memory, which is: */
    struct entry *entries;
    size_t used, cap;
    struct kept_block *blocks; /* from height 1 on */
    size_t block_count, block_cap;
    struct hash *leaves;
    size_t leaf_count, leaf_cap;
    struct slice candidates[CANDIDATES_MAX];
    size_t candidate_count;
    struct header head;

    struct store *store; /* else */
    struct buf vote;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static struct slice copy(struct slice s)
{
    uint8_t *memory = must(malloc(s.len + 1));
    if (s.len > 0)
        memcpy(memory, s.data, s.len);
    return slice_of(memory, s.len);
}

static void drop(struct slice *s)
{
    free((void *)(uintptr_t)s->data);
    *s = (struct slice){ NULL, 0 };
}

static void *grown(void *old, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return old;
    *cap = *cap == 0 ? 64 : 2 * *cap;
    return must(realloc(old, *cap * size));
}

/* ------------------------------------------------------------------ state in memory */

static struct entry *find(const struct sim_disk *d, struct slice key)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < key.len; i++)
        sum = (sum ^ key.data[i]) * UINT64_C(1099511628211);
    size_t at = (size_t)(sum >> 20) % d->cap;
    while (d->entries[at].key.data != NULL && !slice_equal(d->entries[at].key, key))
        at = (at + 1) % d->cap;
    return &d->entries[at];
}

static void widen(struct sim_disk *d)
{
    struct entry *old = d->entries;
    size_t cap = d->cap;
    d->cap = cap == 0 ? 1024 : 2 * cap;
    d->entries = must(calloc(d->cap, sizeof d->entries[0]));
    for (size_t i = 0; i < cap; i++)
        if (old[i].key.data != NULL)
            *find(d, old[i].key) = old[i];
    free(old);
}

static void set(struct sim_disk *d, struct slice key, struct slice value)
{
    if (2 * d->used >= d->cap)
        widen(d);
    struct entry *e = find(d, key);
    if (e->key.data == NULL) {
        e->key = copy(key);
        d->used++;
    }
    drop(&e->value);
    if (value.len > 0)
        e->value = copy(value);
}

static void clear_candidates(struct sim_disk *d)
{
    for (size_t i = 0; i < d->candidate_count; i++)
        drop(&d->candidates[i]);
    d->candidate_count = 0;
}

static void clear(struct sim_disk *d)
{
    for (size_t i = 0; i < d->cap; i++) {
        drop(&d->entries[i].key);
        drop(&d->entries[i].value);
    }
    for (size_t i = 0; i < d->block_count; i++) {
        drop(&d->blocks[i].block);
        drop(&d->blocks[i].seals);
    }
    clear_candidates(d);
    buf_clear(&d->vote);
    d->used = d->block_count = d->leaf_count = 0;
}

static void load_genesis(struct sim_disk *d)
{
    struct genesis g;
    bool good = genesis_decode(d->genesis, &g, NULL);
    assert(good);
    d->head = g.header;
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        set(d, key, value);
    }
}

static void commit_to_memory(struct sim_disk *d, const struct commit *c)
{
    for (size_t i = 0; i < c->write_count; i++)
        set(d, c->writes[i].key, c->writes[i].value);
    for (size_t i = 0; i < c->statement_count; i++) {
        d->leaves = grown(d->leaves, &d->leaf_cap, d->leaf_count, sizeof d->leaves[0]);
        d->leaves[d->leaf_count++] = merkle_leaf(hash_slice(&c->statement_hashes[i]));
    }
    d->blocks = grown(d->blocks, &d->block_cap, d->block_count, sizeof d->blocks[0]);
    d->blocks[d->block_count++] = (struct kept_block){ c->header, copy(c->block), copy(c->seals) };
    d->head = c->header;
    clear_candidates(d);
}

static bool fetch_from_memory(void *disk, unsigned level, uint64_t index, struct hash *ret_hash)
{
    const struct sim_disk *d = disk;
    size_t n = (size_t)1 << level, first = (size_t)index << level;
    if (first + n > d->leaf_count)
        return false;
    *ret_hash = merkle_root(d->leaves + first, n);
    return true;
}

/* ------------------------------------------------------------------ life */

static void remove_files(const struct sim_disk *d)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "lock" };
    char path[512];
    fault_vfs_power_on_below(d->dir, 0, 0); /* the VFS forgets them, too */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", d->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(d->dir);
}

static void make_files(struct sim_disk *d)
{
    struct err err = { .msg = "" };
    remove_files(d);
    if (store_create(d->dir, d->genesis, &err))
        return;
    (void)fprintf(stderr, "%s: %s\n", d->dir, err.msg);
    abort();
}

struct sim_disk *sim_disk_new(struct slice genesis, const char *dir)
{
    struct sim_disk *d = must(calloc(1, sizeof *d));
    d->genesis = genesis;
    d->vote = buf_heap(1 << 20);
    if (dir == NULL) {
        load_genesis(d);
        return d;
    }
    fault_vfs_register();
    d->dir = must(strdup(dir));
    make_files(d);
    return d;
}

void sim_disk_free(struct sim_disk *d)
{
    if (d == NULL)
        return;
    sim_disk_close(d);
    clear(d);
    if (d->dir != NULL)
        remove_files(d);
    buf_free(&d->vote);
    free(d->entries);
    free(d->blocks);
    free(d->leaves);
    free(d->dir);
    free(d);
}

bool sim_disk_open(struct sim_disk *d, struct err *err)
{
    return d->dir == NULL || store_open_over(d->dir, STORE_WRITE, FAULT_VFS_NAME, &d->store, err);
}

void sim_disk_close(struct sim_disk *d)
{
    store_close(d->store);
    d->store = NULL;
}

void sim_disk_power_cut(struct sim_disk *d, uint64_t seed)
{
    if (d->dir == NULL) /* in memory each write is durable at once */
        return;
    fault_vfs_power_cut_below(d->dir);
    sim_disk_close(d);
    fault_vfs_power_on_below(d->dir, seed, seed % 2 == 0 ? 0 : 50);
}

void sim_disk_forget(struct sim_disk *d, bool all_too)
{
    struct err err = { .msg = "" };
    if (d->dir == NULL) {
        buf_clear(&d->vote);
        clear_candidates(d);
        if (all_too) {
            clear(d);
            load_genesis(d);
        }
        return;
    }
    if (all_too) {
        make_files(d);
        return;
    }
    bool good = sim_disk_open(d, &err) && store_forget_vote(d->store, &err);
    assert(good);
    sim_disk_close(d);
}

/* ------------------------------------------------------------------ reading */

bool sim_disk_get(struct sim_disk *d, struct slice key, struct buf *value)
{
    if (d->dir != NULL) {
        struct err err;
        if (store_state_get(d->store, key, value, &err))
            return true;
        value->failed = value->failed || err.code != ERR_NOT_FOUND;
        return false;
    }
    const struct entry *e = find(d, key);
    if (e->value.data == NULL)
        return false;
    buf_add_slice(value, e->value);
    return true;
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    return chain_load_entry(ctx, key_hash, key, value);
}

bool sim_disk_load(struct sim_disk *d, struct chain *chain, struct err *err)
{
    if (d->dir != NULL) {
        struct header head;
        return store_head(d->store, &head, NULL, err) &&
               store_state_each(d->store, load_entry, chain, err) &&
               chain_load_head(chain, &head, store_tree_fetch, d->store, err);
    }
    for (size_t i = 0; i < d->cap; i++) {
        const struct entry *e = &d->entries[i];
        if (e->value.data == NULL)
            continue;
        struct hash key = crypto_sha256(e->key);
        if (!chain_load_entry(chain, &key, e->key, e->value))
            return err_set(err, ERR_IO, "out of memory");
    }
    return chain_load_head(chain, &d->head, fetch_from_memory, d, err);
}

struct slice sim_disk_vote(struct sim_disk *d)
{
    if (d->dir != NULL) {
        buf_clear(&d->vote);
        (void)store_vote(d->store, &d->vote, NULL);
    }
    return buf_slice(&d->vote);
}

void sim_disk_candidates(struct sim_disk *d, bool (*visit)(void *ctx, struct slice body), void *ctx)
{
    if (d->dir != NULL)
        (void)store_candidates(d->store, visit, ctx, NULL);
    for (size_t i = d->candidate_count; i-- > 0;)
        (void)visit(ctx, d->candidates[i]);
}

uint64_t sim_disk_height(struct sim_disk *d)
{
    uint64_t height = d->block_count;
    if (d->store != NULL && !store_height(d->store, &height, NULL))
        return 0;
    return height;
}

bool sim_disk_block(struct sim_disk *d, uint64_t height, struct buf *block, struct buf *seals)
{
    if (height == 0)
        return false;
    if (d->dir != NULL)
        return store_block(d->store, height, block, seals, NULL, NULL);
    if (height > d->block_count)
        return false;
    buf_add_slice(block, d->blocks[height - 1].block);
    buf_add_slice(seals, d->blocks[height - 1].seals);
    return true;
}

/* ------------------------------------------------------------------ writing */

bool sim_disk_commit(struct sim_disk *d, const struct commit *c)
{
    if (d->dir != NULL)
        return store_commit(d->store, c, NULL);
    commit_to_memory(d, c);
    return true;
}

bool sim_disk_put_vote(struct sim_disk *d, struct slice vote, const struct hash *body_hash,
                       struct slice body)
{
    if (d->dir != NULL)
        return store_put_vote(d->store, vote, body.len > 0 ? body_hash : NULL, body, NULL);
    buf_clear(&d->vote);
    buf_add_slice(&d->vote, vote);
    if (body.len == 0)
        return true;
    for (size_t i = 0; i < d->candidate_count; i++)
        if (slice_equal(d->candidates[i], body))
            return true;
    assert(d->candidate_count < CANDIDATES_MAX);
    d->candidates[d->candidate_count++] = copy(body);
    return true;
}
