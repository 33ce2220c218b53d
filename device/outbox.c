/*
 * The log's records. A file starts with one 'M'; compaction writes a new file and renames it over the old.
 *   'M' kid(8) ledger(32) seq time hash(32) ack_height ack_time   what was signed before this file's row
 *   'S' seq time statement                                        signed; to be kept
 *   'H' seq time hash(32)                                         signed and freed, but not the first of the row
 *   'F' from to height now                                        freed
 * Integers are 8 bytes, big-endian.
 */
#include "device/outbox_parts.h"

#include "common/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COMPACT_LEAST (256 * 1024) /* a file smaller than this is left as it is */
#define HASH_RECORD   96           /* about what a freed statement still takes */

/* ------------------------------------------------------------------ files */

static bool path_in(const struct outbox *o, const char *name, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", o->folder, name) < PATH_MAX;
}

static bool sync_folder(const char *folder, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good)
        (void)err_set(err, ERR_IO, "%s: cannot sync: %s", folder, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return good;
}

static struct outbox *make(const char *folder, const struct kid *kid, const struct hash *ledger,
                           struct err *err)
{
    struct outbox *o = calloc(1, sizeof *o);
    size_t len = strlen(folder);
    if (o == NULL || len >= sizeof o->folder) {
        free(o);
        (void)err_set(err, ERR_INPUT, "outbox: the folder's path is too long");
        return NULL;
    }
    memcpy(o->folder, folder, len + 1);
    o->lock = -1;
    o->log.fd = -1;
    o->kid = *kid;
    o->ledger = *ledger;
    return o;
}

void outbox_close(struct outbox *o)
{
    if (o == NULL)
        return;
    outbox_log_close(&o->log);
    if (o->lock >= 0)
        (void)close(o->lock);
    free(o->entries);
    free(o);
}

static bool open_lock(struct outbox *o, bool create, struct err *err)
{
    char path[PATH_MAX];
    (void)path_in(o, "lock", path);
    o->lock =
        open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), S_IRUSR | S_IWUSR);
    return o->lock >= 0 || err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                                   "%s: cannot open: %s", path, strerror(errno));
}

/* Belongs to the open file, so it goes with the process, and can be asked for without taking it. */
static bool take_lock(struct outbox *o, bool create, struct err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (!open_lock(o, create, err))
        return false;
    return fcntl(o->lock, F_OFD_SETLK, &lock) == 0 ||
           err_set(err, ERR_BUSY, "%s: another process uses this outbox", o->folder);
}

static bool is_locked(struct outbox *o)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return open_lock(o, false, NULL) && fcntl(o->lock, F_OFD_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

/* A whole new file under the name "new": the row and, before it, what was signed earlier. */
static bool write_file(const struct outbox *o, struct outbox_log *log, struct err *err)
{
    uint8_t memory[KID_SIZE + 2 * HASH_SIZE + 4 * 8];
    struct buf meta = buf_fixed(memory, sizeof memory);
    static const struct hash unknown = { { 0 } };
    buf_add_slice(&meta, kid_slice(&o->kid));
    buf_add_slice(&meta, hash_slice(&o->ledger));
    outbox_replay_put_u64(&meta, outbox_replay_first(o) - 1);
    outbox_replay_put_u64(&meta, o->count > 0 ? 0 : o->state.last_time_ms);
    buf_add_slice(&meta, hash_slice(o->count > 0 ? &unknown : &o->state.last_hash));
    outbox_replay_put_u64(&meta, o->state.ack_height);
    outbox_replay_put_u64(&meta, o->state.ack_time_ms);
    assert(!meta.failed);
    uint64_t offset;
    if (!outbox_log_append(log, 'M', buf_slice(&meta), &offset, err))
        return false;
    struct buf record = buf_heap(OUTBOX_LOG_PAYLOAD_MAX);
    bool good = true;
    for (size_t i = 0; good && i < o->count; i++) {
        const struct outbox_row *e = &o->entries[i];
        buf_clear(&record);
        outbox_replay_put_u64(&record, outbox_replay_first(o) + i);
        outbox_replay_put_u64(&record, e->time_ms);
        if (e->len == 0)
            buf_add_slice(&record, hash_slice(&e->hash));
        else
            good = outbox_read(o, outbox_replay_first(o) + i, &record, err);
        good = good &&
               outbox_log_append(log, e->len == 0 ? 'H' : 'S', buf_slice(&record), &offset, err);
    }
    buf_free(&record);
    return good;
}

/* ret_replaced: the old file is gone, so the new one must be loaded, whatever else failed. */
static bool replace_file(struct outbox *o, bool *ret_replaced, struct err *err)
{
    char fresh[PATH_MAX];
    char path[PATH_MAX];
    struct outbox_log log;
    (void)path_in(o, "log.new", fresh);
    (void)path_in(o, "log", path);
    *ret_replaced = false;
    (void)unlink(fresh); /* of a compaction that was cut short */
    if (!outbox_log_create(fresh, &log, err))
        return false;
    log.bulk = true;
    bool good = write_file(o, &log, err);
    if (good && (fsync(log.fd) != 0 || rename(fresh, path) != 0))
        good = err_set(err, ERR_IO, "%s: cannot replace: %s", path, strerror(errno));
    outbox_log_close(&log);
    if (!good)
        (void)unlink(fresh);
    *ret_replaced = good;
    return good && sync_folder(o->folder, err);
}

static bool load(struct outbox *o, bool writable, struct err *err)
{
    char path[PATH_MAX];
    (void)path_in(o, "log", path);
    outbox_log_close(&o->log);
    o->count = 0;
    o->begun = false;
    o->state = (struct outbox_state){ .last_seq = 0 };
    if (!outbox_log_open(path, writable, &o->log, err) ||
        !outbox_log_scan(&o->log, outbox_replay_visit, o, &o->state.cut, err))
        return false;
    if (!o->begun)
        return err_set(err, ERR_PROOF, "%s: the outbox does not say whose it is", path);
    o->state.file_bytes = o->log.end;
    return true;
}

/* ------------------------------------------------------------------ opening */

static bool make_folder(const char *folder, struct err *err)
{
    if (mkdir(folder, S_IRWXU) == 0 || errno == EEXIST)
        return true;
    return err_set(err, ERR_IO, "%s: cannot make the folder: %s", folder, strerror(errno));
}

/* One that never held anything is no loss: a set-up that was cut short left it. */
static bool check_unused(struct outbox *o, struct err *err)
{
    char path[PATH_MAX];
    (void)path_in(o, "log", path);
    if (!file_exists(path))
        return true;
    o->any_key = true;
    if (!load(o, false, err))
        return false;
    return o->state.last_seq == 0 ||
           err_set(err, ERR_INPUT,
                   "%s: there is an outbox already, which signed up to seq %" PRIu64, o->folder,
                   o->state.last_seq);
}

bool outbox_create(const char *folder, const struct kid *kid, const struct hash *ledger,
                   struct err *err)
{
    struct outbox *o = make(folder, kid, ledger, err);
    if (o == NULL)
        return false;
    bool replaced;
    bool good = make_folder(folder, err) && take_lock(o, true, err) && check_unused(o, err);
    o->count = 0;
    o->state = (struct outbox_state){ .last_hash = *ledger };
    good = good && replace_file(o, &replaced, err);
    outbox_close(o);
    return good;
}

bool outbox_open(const char *folder, const struct kid *kid, const struct hash *ledger,
                 uint64_t max_bytes, struct outbox **ret_outbox, struct err *err)
{
    struct outbox *o = make(folder, kid, ledger, err);
    if (o == NULL)
        return false;
    o->max_bytes = max_bytes;
    if (!take_lock(o, false, err) || !load(o, true, err)) {
        outbox_close(o);
        return false;
    }
    *ret_outbox = o;
    return true;
}

bool outbox_inspect(const char *folder, const struct kid *kid, const struct hash *ledger,
                    struct outbox_state *ret_state, struct err *err)
{
    struct outbox *o = make(folder, kid, ledger, err);
    if (o == NULL)
        return false;
    bool good = load(o, false, err);
    if (good) {
        *ret_state = o->state;
        ret_state->busy = is_locked(o);
    }
    outbox_close(o);
    return good;
}

struct outbox_state outbox_state(const struct outbox *o)
{
    return o->state;
}

size_t outbox_count(const struct outbox *o)
{
    return o->count;
}

struct outbox_entry outbox_at(const struct outbox *o, size_t i)
{
    assert(i < o->count);
    return (struct outbox_entry){ .seq = outbox_replay_first(o) + i,
                                  .hash = o->entries[i].hash,
                                  .freed = o->entries[i].len == 0 };
}

/* ------------------------------------------------------------------ the life of a statement */

bool outbox_append(struct outbox *o, uint64_t seq, uint64_t time_ms, struct slice bytes,
                   struct err *err)
{
    assert(seq == o->state.last_seq + 1 && bytes.len > 0);
    if (o->state.kept_bytes + bytes.len > o->max_bytes)
        return err_set(err, ERR_BUSY,
                       "outbox: full: %zu statements of %" PRIu64 " bytes wait for the ledger",
                       o->state.kept, o->state.kept_bytes);
    if (!outbox_replay_make_room(o, err))
        return false;
    struct outbox_row row = { .hash = crypto_sha256(bytes), .time_ms = time_ms, .len = bytes.len };
    struct buf record = buf_heap(OUTBOX_LOG_PAYLOAD_MAX);
    outbox_replay_put_u64(&record, seq);
    outbox_replay_put_u64(&record, time_ms);
    buf_add_slice(&record, bytes);
    bool good = !record.failed || err_set(err, ERR_INPUT, "outbox: a statement too large");
    good = good && outbox_log_append(&o->log, 'S', buf_slice(&record), &row.offset, err);
    buf_free(&record);
    if (!good)
        return false;
    row.offset += OUTBOX_STATEMENT_HEAD;
    outbox_replay_push(o, &row);
    o->state.file_bytes = o->log.end;
    return true;
}

bool outbox_read(const struct outbox *o, uint64_t seq, struct buf *out, struct err *err)
{
    const struct outbox_row *row = outbox_replay_find(o, seq);
    if (row == NULL || row->len == 0)
        return err_set(err, ERR_NOT_FOUND, "outbox: statement %" PRIu64 " is not there", seq);
    uint8_t *at = buf_extend(out, row->len);
    if (at == NULL)
        return err_set(err, ERR_INPUT, "outbox: no room for a statement of %zu bytes", row->len);
    if (!outbox_log_read(&o->log, row->offset, at, row->len, err))
        return false;
    struct hash hash = crypto_sha256(slice_of(at, row->len));
    return hash_equal(&hash, &row->hash) ||
           err_set(err, ERR_PROOF, "outbox: statement %" PRIu64 " was altered on disk", seq);
}

/*
 * A new file when less than half of the old one is of use. No room for a new one is no reason to stop: it
 * is tried again with the next ack.
 */
static bool compact(struct outbox *o, struct err *err)
{
    uint64_t useful = o->state.kept_bytes + o->count * (uint64_t)HASH_RECORD;
    if (o->log.end < COMPACT_LEAST || o->log.end < 2 * useful)
        return true;
    bool replaced;
    bool synced = replace_file(o, &replaced, err);
    if (!replaced)
        return true;
    /* A rename that is not on disk could bring the old file back, without what is signed from now on. */
    if (!synced)
        outbox_log_close(&o->log);
    return synced && load(o, true, err);
}

static bool record_freed(struct outbox *o, uint64_t from, uint64_t to, uint64_t height,
                         uint64_t now_ms, struct err *err)
{
    uint8_t memory[4 * 8];
    uint64_t offset;
    struct buf record = buf_fixed(memory, sizeof memory);
    outbox_replay_put_u64(&record, from);
    outbox_replay_put_u64(&record, to);
    outbox_replay_put_u64(&record, height);
    outbox_replay_put_u64(&record, now_ms);
    if (!outbox_log_append(&o->log, 'F', buf_slice(&record), &offset, err))
        return false;
    outbox_replay_drop(o, from, to);
    o->state.file_bytes = o->log.end;
    return true;
}

bool outbox_free(struct outbox *o, uint64_t from, uint64_t to, uint64_t height, uint64_t now_ms,
                 struct err *err)
{
    if (!record_freed(o, from, to, height, now_ms, err))
        return false;
    if (height > 0) {
        o->state.ack_height = height;
        o->state.ack_time_ms = now_ms;
    }
    return compact(o, err);
}

bool outbox_set_aside(struct outbox *o, uint64_t seq, struct err *err)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    char name[64];
    (void)snprintf(name, sizeof name, "aside/%" PRIu64 ".cose", seq);
    (void)path_in(o, "aside", folder);
    (void)path_in(o, name, path);
    struct buf bytes = buf_heap(OUTBOX_LOG_PAYLOAD_MAX);
    bool good = outbox_read(o, seq, &bytes, err) && make_folder(folder, err) &&
                file_replace(path, buf_slice(&bytes), S_IRUSR | S_IWUSR, err) &&
                sync_folder(o->folder, err) && record_freed(o, seq, seq, 0, 0, err);
    buf_free(&bytes);
    return good;
}

/* ------------------------------------------------------------------ how full */

unsigned outbox_percent(const struct outbox *o)
{
    uint64_t bytes = o->state.kept_bytes * 100 / o->max_bytes;
    uint64_t entries = (uint64_t)o->count * 100 / OUTBOX_ENTRIES_MAX;
    return (unsigned)(bytes > entries ? bytes : entries);
}

bool outbox_disk_free(const struct outbox *o, uint64_t *ret_bytes, struct err *err)
{
    struct statvfs st;
    if (fstatvfs(o->log.fd, &st) != 0)
        return err_set(err, ERR_IO, "%s: cannot ask for free space: %s", o->folder,
                       strerror(errno));
    *ret_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    return true;
}
