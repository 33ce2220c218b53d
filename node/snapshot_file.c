#include "node/snapshot_file.h"

#include "common/set_chain.h"
#include "node/proof.h"
#include "node/store_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX       ".snapshot"
#define PARTIAL_NAME "partial"
#define MAGIC        UINT64_C(0x57624c31736e6170) /* "WbL1snap" */
#define INDEX_ENTRY  16                           /* first bucket and offset, both big-endian */
#define TRAILER_SIZE 40 /* magic, height, manifest's offset and length, chunks; big-endian */

static bool path_of(char path[PATH_MAX], const char *dir, const char *name, struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", dir);
}

static bool snapshot_path(char path[PATH_MAX], const char *dir, uint64_t height, struct err *err)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%" PRIu64 SUFFIX, height);
    return path_of(path, dir, name, err);
}

static void put_u64(struct buf *out, uint64_t v)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_byte(out, (uint8_t)(v >> shift));
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | at[i];
    return v;
}

/* ------------------------------------------------------------------ cutting */

struct cut {
    int fd;
    uint64_t size, size_max;
    size_t chunks;
    struct buf index;
    struct snapshot_maker *maker;
    const volatile int *stop;
    bool good;
    struct err *err;
};

static bool append(struct cut *c, struct slice bytes)
{
    size_t done = 0;
    if (bytes.len > c->size_max - c->size)
        return err_set(c->err, ERR_BUSY, "a snapshot of more than its share of %" PRIu64 " bytes",
                       c->size_max);
    while (done < bytes.len) {
        ssize_t n = write(c->fd, bytes.data + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(c->err, ERR_IO, "the snapshot's file: %s", strerror(errno));
        done += (size_t)n;
    }
    c->size += bytes.len;
    return true;
}

static bool put_chunk(void *ctx, uint32_t first, uint32_t count, struct slice chunk)
{
    struct cut *c = ctx;
    (void)count;
    put_u64(&c->index, first);
    put_u64(&c->index, c->size);
    c->chunks++;
    return append(c, chunk);
}

static bool add_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct cut *c = ctx;
    struct err err = { 0 };
    if (c->stop != NULL && *c->stop)
        return c->good = err_set(c->err, ERR_BUSY, "the node is ending");
    c->good = snapshot_maker_add(c->maker, key_hash, key, value, &err);
    if (!c->good && c->err->code == ERR_NONE)
        *c->err = err;
    return c->good;
}

/* What proves the height: its seals, the sets of authorities until then, and the tree's edge. */
static bool put_manifest(struct cut *c, struct store *s, const struct header *head,
                         struct slice seals)
{
    struct buf final = buf_heap(FINAL_SIZE_MAX), sets = buf_heap(SET_CHAIN_SIZE_MAX);
    struct buf manifest = buf_heap(SNAPSHOT_MANIFEST_MAX);
    struct identity id;
    struct tree_edge edge;
    bool good = proof_identity(s, &id, c->err) &&
                proof_sets(s, &id, SET_CHAIN_PROOF, &sets, c->err) &&
                store_tree_load(s, head->size, &edge, c->err);
    if (good) {
        final_put(&final, head, seals);
        struct snapshot_parts parts = { buf_slice(&final), buf_slice(&sets), &edge };
        snapshot_maker_put_manifest(c->maker, &parts, &manifest);
        good = (!final.failed && !sets.failed && !manifest.failed) ||
               err_set(c->err, ERR_BUSY, "a snapshot's manifest of more than %d bytes",
                       SNAPSHOT_MANIFEST_MAX);
    }
    uint64_t at = c->size;
    good = good && append(c, buf_slice(&manifest));
    put_u64(&c->index, MAGIC);
    put_u64(&c->index, head->height);
    put_u64(&c->index, at);
    put_u64(&c->index, manifest.len);
    put_u64(&c->index, c->chunks);
    good = good && !c->index.failed && append(c, buf_slice(&c->index));
    buf_free(&final);
    buf_free(&sets);
    buf_free(&manifest);
    return good;
}

/* A failure of the file was told by who met it. */
static bool end_chunks(struct cut *c, struct hash *ret_state)
{
    struct err err = { 0 };
    bool good = snapshot_maker_end(c->maker, ret_state, &err);
    if (!good && c->err->code == ERR_NONE)
        *c->err = err;
    return good;
}

static bool write_all(struct cut *c, struct store *s, uint64_t *ret_height)
{
    struct buf seals = buf_heap(FINAL_SIZE_MAX);
    struct header head;
    struct hash state;
    bool good = store_head(s, &head, &seals, c->err) &&
                (head.height > 0 || err_set(c->err, ERR_INPUT, "there is no block yet"));
    c->good = true;
    good =
        good && store_state_each(s, add_entry, c, c->err) && c->good && end_chunks(c, &state) &&
        (hash_equal(&state, &head.state) ||
         err_set(c->err, ERR_PROOF, "the stored state does not have block %" PRIu64 "'s root",
                 head.height)) &&
        put_manifest(c, s, &head, buf_slice(&seals)) &&
        (fsync(c->fd) == 0 || err_set(c->err, ERR_IO, "the snapshot's file: %s", strerror(errno)));
    *ret_height = head.height;
    buf_free(&seals);
    return good;
}

static bool place(const char *dir, const char *partial, uint64_t height, struct err *err)
{
    char path[PATH_MAX];
    if (!snapshot_path(path, dir, height, err))
        return false;
    if (rename(partial, path) != 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return store_sync_folder(dir, err);
}

bool snapshot_file_cut(struct store *s, const char *dir, uint64_t size_max,
                       const volatile int *stop, uint64_t *ret_height, struct err *err)
{
    char partial[PATH_MAX];
    struct err why = { 0 };
    uint64_t height = 0;
    struct cut c = { .size_max = size_max, .stop = stop, .err = &why };
    if ((mkdir(dir, 0700) != 0 && errno != EEXIST) || !path_of(partial, dir, PARTIAL_NAME, err))
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    c.fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (c.fd < 0)
        return err_set(err, ERR_IO, "%s: %s", partial, strerror(errno));
    c.index = buf_heap((SNAPSHOT_CHUNKS_MAX + 1) * INDEX_ENTRY + TRAILER_SIZE);
    c.maker = snapshot_maker_new(put_chunk, &c);
    bool good =
        (c.maker != NULL || err_set(&why, ERR_IO, "out of memory")) && write_all(&c, s, &height);
    (void)close(c.fd);
    good = good && place(dir, partial, height, &why);
    if (good)
        *ret_height = height;
    else
        (void)unlink(partial);
    snapshot_maker_free(c.maker);
    buf_free(&c.index);
    return good || err_set(err, why.code, "%s", why.msg);
}

/* ------------------------------------------------------------------ looking */

static bool parse_name(const char *name, uint64_t *ret_height)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || digits > 18 || strcmp(name + digits, SUFFIX) != 0)
        return false;
    *ret_height = strtoull(name, NULL, 10);
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct snapshot_file *x = a, *y = b;
    return (x->height < y->height) - (x->height > y->height);
}

size_t snapshot_file_list(const char *dir, struct snapshot_file files[SNAPSHOT_FILES_MAX])
{
    char path[PATH_MAX];
    size_t n = 0;
    DIR *d = opendir(dir);
    struct dirent *entry;
    struct stat status;
    while (d != NULL && n < SNAPSHOT_FILES_MAX && (entry = readdir(d)) != NULL) {
        if (!parse_name(entry->d_name, &files[n].height) ||
            !path_of(path, dir, entry->d_name, NULL) || stat(path, &status) != 0)
            continue;
        files[n++].bytes = (uint64_t)status.st_size;
    }
    if (d != NULL)
        (void)closedir(d);
    qsort(files, n, sizeof files[0], newest_first);
    return n;
}

bool snapshot_file_remove(const char *dir, uint64_t height, struct err *err)
{
    char path[PATH_MAX];
    if (!snapshot_path(path, dir, height, err))
        return false;
    return unlink(path) == 0 ||
           err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
}

void snapshot_file_clean(const char *dir)
{
    char path[PATH_MAX];
    if (path_of(path, dir, PARTIAL_NAME, NULL))
        (void)unlink(path);
}

/* ------------------------------------------------------------------ reading */

struct opened {
    int fd;
    uint64_t size, manifest_at, manifest_len, chunks, index_at;
};

static bool read_at(int fd, uint64_t offset, uint8_t *to, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, to + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* A file that a disk has damaged must not lead anywhere outside it. */
static bool take_trailer(struct opened *o, uint64_t height)
{
    uint8_t t[TRAILER_SIZE];
    struct stat status;
    if (fstat(o->fd, &status) != 0 || status.st_size < TRAILER_SIZE)
        return false;
    o->size = (uint64_t)status.st_size;
    if (!read_at(o->fd, o->size - TRAILER_SIZE, t, sizeof t) || get_u64(t) != MAGIC ||
        get_u64(t + 8) != height)
        return false;
    o->manifest_at = get_u64(t + 16);
    o->manifest_len = get_u64(t + 24);
    o->chunks = get_u64(t + 32);
    if (o->chunks == 0 || o->chunks > SNAPSHOT_CHUNKS_MAX ||
        o->size < TRAILER_SIZE + o->chunks * INDEX_ENTRY)
        return false;
    o->index_at = o->size - TRAILER_SIZE - o->chunks * INDEX_ENTRY;
    return o->manifest_len <= SNAPSHOT_MANIFEST_MAX && o->manifest_at <= o->index_at &&
           o->manifest_len == o->index_at - o->manifest_at;
}

static bool open_snapshot(const char *dir, uint64_t height, struct opened *o, struct err *err)
{
    char path[PATH_MAX];
    if (!snapshot_path(path, dir, height, err))
        return false;
    o->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (o->fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                       "no snapshot of block %" PRIu64, height);
    if (take_trailer(o, height))
        return true;
    (void)close(o->fd);
    return err_set(err, ERR_PROOF, "the snapshot of block %" PRIu64 " is damaged", height);
}

static bool read_part(const struct opened *o, uint64_t offset, uint64_t len, struct buf *out,
                      struct err *err)
{
    uint8_t *to = buf_extend(out, (size_t)len);
    if (to == NULL)
        return err_set(err, ERR_BUSY, "the answer is larger than its room");
    return read_at(o->fd, offset, to, (size_t)len) ||
           err_set(err, ERR_IO, "the snapshot can't be read");
}

bool snapshot_file_manifest(const char *dir, uint64_t height, struct buf *out, struct err *err)
{
    struct opened o = { .fd = -1 };
    if (!open_snapshot(dir, height, &o, err))
        return false;
    bool good = read_part(&o, o.manifest_at, o.manifest_len, out, err);
    (void)close(o.fd);
    return good;
}

static bool find_chunk(const struct opened *o, uint32_t first, uint64_t *ret_at, uint64_t *ret_end,
                       struct err *err)
{
    struct buf index = buf_heap((SNAPSHOT_CHUNKS_MAX + 1) * INDEX_ENTRY);
    bool found = false, good = read_part(o, o->index_at, o->chunks * INDEX_ENTRY, &index, err);
    for (uint64_t i = 0; good && !found && i < o->chunks; i++) {
        const uint8_t *at = index.data + i * INDEX_ENTRY;
        if (get_u64(at) != first)
            continue;
        found = true;
        *ret_at = get_u64(at + 8);
        *ret_end = i + 1 < o->chunks ? get_u64(at + INDEX_ENTRY + 8) : o->manifest_at;
    }
    buf_free(&index);
    if (!good || found)
        return good;
    return err_set(err, ERR_NOT_FOUND, "no chunk begins with bucket %" PRIu32, first);
}

bool snapshot_file_chunk(const char *dir, uint64_t height, uint32_t first, struct buf *out,
                         struct err *err)
{
    struct opened o = { .fd = -1 };
    uint64_t at = 0, end = 0;
    if (!open_snapshot(dir, height, &o, err))
        return false;
    bool good = find_chunk(&o, first, &at, &end, err) &&
                ((at < end && end <= o.manifest_at && end - at <= SNAPSHOT_CHUNK_MAX) ||
                 err_set(err, ERR_PROOF, "the snapshot of block %" PRIu64 " is damaged", height)) &&
                read_part(&o, at, end - at, out, err);
    (void)close(o.fd);
    return good;
}
