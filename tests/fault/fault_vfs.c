#include "tests/fault/fault_vfs.h"

#include "common/rand.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512

/* ------------------------------------------------------------------ what the disk holds */

struct change { /* since the last sync, oldest first */
    struct change *next;
    bool truncate; /* to offset */
    sqlite3_int64 offset;
    size_t len;
    uint8_t bytes[];
};

struct medium {
    struct medium *next;
    char *path;
    uint8_t *durable;
    size_t durable_len;
    struct change *first;
    struct change **tail;
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct medium *media;
    enum fault_kind kind;
    uint64_t calls;
    uint64_t next; /* the call that fails; 0: none */
    uint64_t every;
    uint64_t epoch; /* files of an earlier one are dead */
    bool power_off;
    char *dark; /* the folder of the one machine that is without power */
} fault;

static void *must(void *memory)
{
    assert(memory != NULL);
    return memory;
}

static void drop_changes(struct medium *m)
{
    while (m->first != NULL) {
        struct change *next = m->first->next;
        free(m->first);
        m->first = next;
    }
    m->tail = &m->first;
}

static struct medium **find_medium(const char *path)
{
    struct medium **at = &fault.media;
    while (*at != NULL && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    return at;
}

static void forget_medium(const char *path)
{
    struct medium **at = find_medium(path);
    struct medium *m = *at;
    if (m == NULL)
        return;
    *at = m->next;
    drop_changes(m);
    free(m->durable);
    free(m->path);
    free(m);
}

static void set_durable_len(struct medium *m, size_t len)
{
    if (len > m->durable_len) {
        m->durable = must(realloc(m->durable, len));
        memset(m->durable + m->durable_len, 0, len - m->durable_len);
    }
    m->durable_len = len;
}

/* A file met for the first time is durable as it is. */
static struct medium *open_medium(const char *path)
{
    struct medium *m = *find_medium(path);
    if (m != NULL)
        return m;
    m = must(calloc(1, sizeof *m));
    m->path = must(strdup(path));
    m->tail = &m->first;
    m->next = fault.media;
    fault.media = m;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return m;
    uint8_t block[SECTOR];
    size_t n = 0;
    while ((n = fread(block, 1, sizeof block, f)) > 0) {
        size_t at = m->durable_len;
        set_durable_len(m, at + n);
        memcpy(m->durable + at, block, n);
    }
    (void)fclose(f);
    return m;
}

static void add_change(struct medium *m, bool truncate_it, sqlite3_int64 offset, const void *bytes,
                       size_t len)
{
    struct change *c = must(malloc(sizeof *c + len));
    *c = (struct change){ .truncate = truncate_it, .offset = offset, .len = len };
    if (len > 0)
        memcpy(c->bytes, bytes, len);
    *m->tail = c;
    m->tail = &c->next;
}

static void apply_change(struct medium *m, const struct change *c, size_t from, size_t len)
{
    size_t at = (size_t)c->offset + from;
    if (c->truncate) {
        set_durable_len(m, at);
        return;
    }
    if (at + len > m->durable_len)
        set_durable_len(m, at + len);
    memcpy(m->durable + at, c->bytes + from, len);
}

static void make_durable(struct medium *m)
{
    for (const struct change *c = m->first; c != NULL; c = c->next)
        apply_change(m, c, 0, c->len);
    drop_changes(m);
}

/* Any run of its sectors, all of them as likely as one. */
static void apply_torn(struct medium *m, const struct change *c, struct rand_seq *r)
{
    size_t sectors = (c->len + SECTOR - 1) / SECTOR;
    size_t from = 0;
    size_t to = c->len;
    if (sectors > 1 && rand_below(r, 2) == 0) {
        from = SECTOR * (size_t)rand_below(r, sectors);
        to = from + SECTOR * (size_t)rand_below(r, sectors + 1 - from / SECTOR);
    }
    if (to > c->len)
        to = c->len;
    apply_change(m, c, from, to - from);
}

static void restore_medium(struct medium *m, struct rand_seq *r, unsigned keep_percent)
{
    for (const struct change *c = m->first; c != NULL; c = c->next)
        if (rand_below(r, 100) < keep_percent)
            apply_torn(m, c, r);
    drop_changes(m);
    FILE *f = must(fopen(m->path, "wb"));
    size_t n = m->durable_len > 0 ? fwrite(m->durable, 1, m->durable_len, f) : 0;
    int rc = fclose(f);
    assert(n == m->durable_len && rc == 0);
    (void)n;
    (void)rc;
}

/* ------------------------------------------------------------------ faults */

static bool applies(enum fault_kind op)
{
    bool changing = op != FAULT_READ;
    switch (fault.kind) {
    case FAULT_READ: return !changing;
    case FAULT_FULL:
    case FAULT_SHORT_WRITE: return op == FAULT_SHORT_WRITE;
    case FAULT_SYNC: return op == FAULT_SYNC;
    case FAULT_NONE:
    case FAULT_EIO:
    case FAULT_POWER_CUT: return changing;
    }
    return false;
}

/* op: FAULT_SHORT_WRITE for a write, FAULT_SYNC, FAULT_READ, FAULT_EIO for a truncation. */
static bool strikes(enum fault_kind op)
{
    if (!applies(op))
        return false;
    fault.calls++;
    if (fault.kind == FAULT_NONE || fault.calls != fault.next)
        return false;
    fault.next = fault.every > 0 ? fault.next + fault.every : 0;
    if (fault.kind == FAULT_POWER_CUT)
        fault_vfs_power_cut();
    return true;
}

/* ------------------------------------------------------------------ files */

struct fault_file {
    sqlite3_file file; /* must be first */
    char *path;
    uint64_t epoch;
    /* the system's file follows */
};

static struct fault_file *fault_of(sqlite3_file *file)
{
    return (struct fault_file *)(void *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)(void *)(fault_of(file) + 1);
}

static bool is_below(const char *path, const char *dir)
{
    size_t len = dir == NULL ? 0 : strlen(dir);
    return len > 0 && strncmp(path, dir, len) == 0 && path[len] == '/';
}

static bool is_dead(sqlite3_file *file)
{
    return is_below(fault_of(file)->path, fault.dark) || fault.power_off ||
           fault_of(file)->epoch != fault.epoch;
}

static struct medium *medium_of(sqlite3_file *file)
{
    return open_medium(fault_of(file)->path);
}

static int fault_close(sqlite3_file *file)
{
    int rc = real_of(file)->pMethods->xClose(real_of(file));
    free(fault_of(file)->path);
    fault_of(file)->path = NULL;
    return rc;
}

static int fault_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
    if (is_dead(file) || strikes(FAULT_READ))
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), out, n, offset);
}

static int fault_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
    if (is_dead(file))
        return SQLITE_IOERR_WRITE;
    bool struck = strikes(FAULT_SHORT_WRITE);
    if (struck && fault.kind == FAULT_FULL)
        return SQLITE_FULL;
    if (struck && fault.kind != FAULT_SHORT_WRITE)
        return SQLITE_IOERR_WRITE;
    if (struck)
        n /= 2;
    add_change(medium_of(file), false, offset, data, (size_t)n);
    int rc = real_of(file)->pMethods->xWrite(real_of(file), data, n, offset);
    return rc == SQLITE_OK && struck ? SQLITE_IOERR_WRITE : rc;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (is_dead(file) || strikes(FAULT_EIO))
        return SQLITE_IOERR_TRUNCATE;
    add_change(medium_of(file), true, size, NULL, 0);
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int fault_sync(sqlite3_file *file, int flags)
{
    (void)flags; /* the real sync is for a real power cut */
    if (is_dead(file) || strikes(FAULT_SYNC))
        return SQLITE_IOERR_FSYNC;
    make_durable(medium_of(file));
    return SQLITE_OK;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return is_dead(file) ? SQLITE_IOERR_FSTAT
                         : real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int fault_lock(sqlite3_file *file, int lock)
{
    return is_dead(file) ? SQLITE_IOERR_LOCK : real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int fault_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int fault_check_lock(sqlite3_file *file, int *ret)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int fault_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int fault_sector_size(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

static int fault_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0; /* promise nothing, not even SQLITE_IOCAP_POWERSAFE_OVERWRITE */
}

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return is_dead(file) ? SQLITE_IOERR_SHMMAP
                         : real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int fault_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void fault_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int fault_shm_unmap(sqlite3_file *file, int delete_flag)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_flag);
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_lock,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector_size,
    .xDeviceCharacteristics = fault_characteristics,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

/* ------------------------------------------------------------------ the VFS */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *ret_flags)
{
    (void)vfs;
    file->pMethods = NULL;
    if (fault.power_off)
        return SQLITE_CANTOPEN;
    /* temporary files are nobody's loss */
    if (path == NULL || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0)
        return SQLITE_CANTOPEN;
    struct fault_file *f = fault_of(file);
    *f = (struct fault_file){ .epoch = fault.epoch };
    int rc = fault.real->xOpen(fault.real, path, real_of(file), flags, ret_flags);
    if (real_of(file)->pMethods == NULL)
        return rc;
    f->path = must(strdup(path));
    f->file.pMethods = &fault_methods;
    (void)open_medium(path);
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    if (fault.power_off)
        return SQLITE_IOERR_DELETE;
    forget_medium(path);
    return fault.real->xDelete(fault.real, path, sync_folder);
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    (void)vfs;
    return fault.real->xAccess(fault.real, path, flags, ret);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
    (void)vfs;
    return fault.real->xFullPathname(fault.real, path, size, ret);
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *ret)
{
    (void)vfs;
    return fault.real->xRandomness(fault.real, size, ret);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return fault.real->xSleep(fault.real, us);
}

static int vfs_time(sqlite3_vfs *vfs, double *ret)
{
    (void)vfs;
    return fault.real->xCurrentTime(fault.real, ret);
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *ret)
{
    (void)vfs;
    return fault.real->xGetLastError(fault.real, size, ret);
}

void fault_vfs_register(void)
{
    if (fault.real != NULL)
        return;
    fault.real = must(sqlite3_vfs_find(NULL));
    fault.vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct fault_file) + fault.real->szOsFile,
        .mxPathname = fault.real->mxPathname,
        .zName = FAULT_VFS_NAME,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    int rc = sqlite3_vfs_register(&fault.vfs, 0);
    assert(rc == SQLITE_OK);
    (void)rc;
}

/* ------------------------------------------------------------------ the test's side */

void fault_vfs_arm(enum fault_kind kind, uint64_t first, uint64_t every)
{
    fault.kind = kind;
    fault.calls = 0;
    fault.next = first;
    fault.every = every;
}

uint64_t fault_vfs_calls(void)
{
    return fault.calls;
}

void fault_vfs_power_cut(void)
{
    fault.power_off = true;
}

bool fault_vfs_power_is_off(void)
{
    return fault.power_off;
}

void fault_vfs_power_on(uint64_t seed, unsigned keep_percent)
{
    struct rand_seq r = rand_seeded(seed);
    for (struct medium *m = fault.media; m != NULL; m = m->next)
        restore_medium(m, &r, keep_percent);
    fault_vfs_reset();
    fault.epoch++;
}

void fault_vfs_power_cut_below(const char *dir)
{
    free(fault.dark);
    fault.dark = must(strdup(dir));
}

void fault_vfs_power_on_below(const char *dir, uint64_t seed, unsigned keep_percent)
{
    struct rand_seq r = rand_seeded(seed);
    for (struct medium *m = fault.media, *next; m != NULL; m = next) {
        next = m->next;
        if (!is_below(m->path, dir))
            continue;
        restore_medium(m, &r, keep_percent);
        forget_medium(m->path);
    }
    free(fault.dark);
    fault.dark = NULL;
}

void fault_vfs_reset(void)
{
    while (fault.media != NULL)
        forget_medium(fault.media->path);
    fault_vfs_arm(FAULT_NONE, 0, 0);
    fault.power_off = false;
}
