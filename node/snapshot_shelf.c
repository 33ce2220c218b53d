#include "node/snapshot_shelf.h"

#include "common/log.h"
#include "node/disk.h"
#include "node/snapshot_file.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

struct snapshot_shelf {
    char data_dir[PATH_MAX];
    char dir[PATH_MAX]; /* of the snapshots; made with the first */
    uint64_t every;
    uint64_t seen;        /* the loop's: the height it told last */
    struct store *reader; /* the loop's while idle, the thread's while cutting */
    pthread_t thread;
    bool thread_there;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool cutting; /* under lock: a height is pinned, and the thread's to write */
    bool ending;  /* under lock */
    volatile int stop;
    atomic_bool wanted;
};

/* ------------------------------------------------------------------ room on the disk */

static uint64_t free_bytes(const struct snapshot_shelf *s)
{
    struct statvfs v;
    return statvfs(s->data_dir, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

/* Keeps the newest `keep`. */
static void drop_older(const char *dir, size_t keep)
{
    struct snapshot_file files[SNAPSHOT_FILES_MAX];
    struct err err;
    size_t n = snapshot_file_list(dir, files);
    for (size_t i = keep; i < n; i++)
        if (!snapshot_file_remove(dir, files[i].height, &err))
            log_warn("an old snapshot stays: %s", err.msg);
}

/* What the ledger may still need comes first. */
static uint64_t share(const struct snapshot_shelf *s)
{
    uint64_t room = free_bytes(s), kept = 2 * DISK_REFUSE_BYTES;
    return room > kept ? (room - kept) / SNAPSHOT_SHARE : 0;
}

/* An old one goes first where both would be too much. */
static uint64_t make_room(const struct snapshot_shelf *s)
{
    struct snapshot_file files[SNAPSHOT_FILES_MAX];
    size_t n = snapshot_file_list(s->dir, files);
    drop_older(s->dir, SNAPSHOT_KEEP - 1);
    if (n > 0 && files[0].bytes + files[0].bytes / 8 > share(s))
        drop_older(s->dir, 0);
    return share(s);
}

/* ------------------------------------------------------------------ the thread */

static void cut(struct snapshot_shelf *s)
{
    struct err err;
    uint64_t height = 0;
    if (snapshot_file_cut(s->reader, s->dir, make_room(s), &s->stop, &height, &err))
        log_info("a snapshot of block %" PRIu64 " is ready for those who join", height);
    else if (!s->stop)
        log_warn("no snapshot: %s", err.msg);
    store_end_read(s->reader);
}

static void *run(void *arg)
{
    struct snapshot_shelf *s = arg;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->ending) {
        if (!s->cutting) {
            (void)pthread_cond_wait(&s->woken, &s->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&s->lock);
        cut(s);
        (void)pthread_mutex_lock(&s->lock);
        s->cutting = false;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ------------------------------------------------------------------ the loop's side */

bool snapshot_shelf_open(const struct snapshot_shelf_options *options,
                         struct snapshot_shelf **ret_shelf, struct err *err)
{
    struct snapshot_shelf *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(err, ERR_IO, "out of memory");
    s->every = options->every > 0 ? options->every : SNAPSHOT_EVERY;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->woken, NULL);
    (void)snprintf(s->data_dir, sizeof s->data_dir, "%s", options->data_dir);
    bool good = snprintf(s->dir, sizeof s->dir, "%s/" SNAPSHOT_FOLDER, options->data_dir) <
                    (int)sizeof s->dir ||
                err_set(err, ERR_INPUT, "%s: the name is too long", options->data_dir);
    good = good && store_open(options->data_dir, STORE_READ, &s->reader, err);
    if (good) {
        snapshot_file_clean(s->dir);
        s->thread_there = pthread_create(&s->thread, NULL, run, s) == 0;
        good = s->thread_there || err_set(err, ERR_IO, "no thread can be made");
    }
    if (!good) {
        snapshot_shelf_close(s);
        return false;
    }
    *ret_shelf = s;
    return true;
}

void snapshot_shelf_close(struct snapshot_shelf *s)
{
    if (s == NULL)
        return;
    if (s->thread_there) {
        (void)pthread_mutex_lock(&s->lock);
        s->ending = true;
        s->stop = 1;
        (void)pthread_cond_signal(&s->woken);
        (void)pthread_mutex_unlock(&s->lock);
        (void)pthread_join(s->thread, NULL);
    }
    if (s->cutting) /* pinned, and the thread ended before it began */
        store_end_read(s->reader);
    store_close(s->reader);
    (void)pthread_cond_destroy(&s->woken);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* Pins the height at which the store is now. */
static void begin(struct snapshot_shelf *s)
{
    struct err err;
    (void)pthread_mutex_lock(&s->lock);
    if (!s->cutting) {
        s->cutting = store_begin_read(s->reader, &err);
        if (s->cutting)
            (void)pthread_cond_signal(&s->woken);
        else
            log_warn("no snapshot: %s", err.msg);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

void snapshot_shelf_committed(struct snapshot_shelf *s, uint64_t height)
{
    struct snapshot_file files[SNAPSHOT_FILES_MAX];
    if (s == NULL || height == 0)
        return;
    bool due = height != s->seen && height % s->every == 0;
    s->seen = height;
    if (due || (atomic_exchange(&s->wanted, false) && snapshot_file_list(s->dir, files) == 0))
        begin(s);
}

void snapshot_shelf_want(struct snapshot_shelf *s)
{
    atomic_store(&s->wanted, true);
}

void snapshot_shelf_yield(struct snapshot_shelf *s)
{
    if (s != NULL)
        drop_older(s->dir, 0);
}

bool snapshot_shelf_busy(struct snapshot_shelf *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool busy = s->cutting;
    (void)pthread_mutex_unlock(&s->lock);
    return busy || atomic_load(&s->wanted);
}
