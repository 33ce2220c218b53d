#include "common/db_vfs.h"

#include "common/page_sum.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define READ_TRIES   3   /* SQLite's very first read of page 1 may meet a checkpoint half done */
#define HEADER_BYTES 100 /* read once, without a lock, when a file is opened */

/* ------------------------------------------------------------------ the main database file */

struct page_file {
    sqlite3_file file; /* what SQLite sees; must be first */
    const char *path;  /* SQLite keeps it until xClose */
    struct err damage;
    /* the file of the VFS beneath follows */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)(void *)((struct page_file *)(void *)file + 1);
}

void db_vfs_describe(const char *path, uint64_t page, const uint8_t *bytes, struct err *err)
{
    size_t offset = 0;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    enum page_sum_verdict verdict = page_sum_check(bytes, &offset);
    uint64_t start = (page - 1) * PAGE_BYTES;
    if (verdict == PAGE_SUM_ONE_BYTE)
        (void)err_set(err, ERR_PROOF, "%s: page %" PRIu64 ": byte offset %" PRIu64 " differs", name,
                      page, start + offset);
    else if (page == 1 && memcmp(bytes, "SQLite format 3", 16) != 0)
        (void)err_set(err, ERR_INPUT, "%s: not a Waybill database", name);
    else
        (void)err_set(err, ERR_PROOF,
                      "%s: page %" PRIu64 ": several bytes from offset %" PRIu64 " to %" PRIu64
                      " differ, or something else than Waybill wrote it",
                      name, page, start, start + PAGE_BYTES - 1);
}

/* One whole page, checked. */
static int read_page(struct page_file *f, uint8_t *page, sqlite3_int64 start)
{
    sqlite3_file *real = real_of(&f->file);
    for (int i = 0; i < READ_TRIES; i++) {
        size_t offset = 0;
        int rc = real->pMethods->xRead(real, page, PAGE_BYTES, start);
        if (rc == SQLITE_IOERR_SHORT_READ) {
            sqlite3_int64 size = 0;
            rc = real->pMethods->xFileSize(real, &size);
            if (rc != SQLITE_OK || size <= start)
                return rc != SQLITE_OK ? rc : SQLITE_IOERR_SHORT_READ;
        } else if (rc != SQLITE_OK) {
            return rc;
        }
        if (page_sum_check(page, &offset) == PAGE_SUM_GOOD)
            return SQLITE_OK;
    }
    db_vfs_describe(f->path, (uint64_t)start / PAGE_BYTES + 1, page, &f->damage);
    return SQLITE_IOERR_DATA;
}

/*
 * SQLite reads whole pages, and pieces of the first one. It opens a file by looking at the header for the
 * page size; were that to fail there would be no connection to tell the reason through. A wrong header
 * is found all the same: what SQLite trusts is the first page, which it reads again, whole.
 */
static int file_read(sqlite3_file *file, void *out, int amount, sqlite3_int64 offset)
{
    struct page_file *f = (struct page_file *)(void *)file;
    sqlite3_file *real = real_of(file);
    uint8_t *to = out;
    if (amount == HEADER_BYTES && offset == 0)
        return real->pMethods->xRead(real, out, amount, offset);
    if (amount == PAGE_BYTES && offset % PAGE_BYTES == 0) {
        int rc = read_page(f, to, offset);
        if (rc == SQLITE_IOERR_SHORT_READ)
            memset(to, 0, PAGE_BYTES);
        return rc;
    }
    while (amount > 0) {
        uint8_t page[PAGE_BYTES];
        int skip = (int)(offset % PAGE_BYTES);
        int n = PAGE_BYTES - skip < amount ? PAGE_BYTES - skip : amount;
        int rc = read_page(f, page, offset - skip);
        if (rc != SQLITE_OK) {
            memset(to, 0, (size_t)amount);
            return rc;
        }
        memcpy(to, page + skip, (size_t)n);
        to += n;
        offset += n;
        amount -= n;
    }
    return SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    struct page_file *f = (struct page_file *)(void *)file;
    sqlite3_file *real = real_of(file);
    if (amount != PAGE_BYTES || offset % PAGE_BYTES != 0) {
        (void)err_set(&f->damage, ERR_IO, "a write of %d bytes at %lld is not one page", amount,
                      (long long)offset);
        return SQLITE_IOERR_WRITE;
    }
    uint8_t page[PAGE_BYTES]; /* SQLite's own copy must not change under it */
    memcpy(page, data, PAGE_BYTES);
    page_sum_seal(page);
    return real->pMethods->xWrite(real, page, PAGE_BYTES, offset);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    sqlite3_file *real = real_of(file);
    if (op == DB_VFS_GET_DAMAGE) {
        struct err **ret = arg;
        *ret = &((struct page_file *)(void *)file)->damage;
        return SQLITE_OK;
    }
    return real->pMethods->xFileControl(real, op, arg);
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xClose(real);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xTruncate(real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xSync(real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xFileSize(real, ret_size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xLock(real, lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xUnlock(real, lock);
}

static int file_check_lock(sqlite3_file *file, int *ret_reserved)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xCheckReservedLock(real, ret_reserved);
}

static int file_sector_size(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xSectorSize(real);
}

static int file_characteristics(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xDeviceCharacteristics(real);
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmMap(real, page, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmLock(real, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    real->pMethods->xShmBarrier(real);
}

static int file_shm_unmap(sqlite3_file *file, int delete_flag)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmUnmap(real, delete_flag);
}

/* Version 2: without xFetch, so that no page comes in through a memory map, unchecked. */
static const sqlite3_io_methods page_file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ------------------------------------------------------------------ the VFS */

struct page_vfs {
    sqlite3_vfs vfs;
    sqlite3_vfs *base;
    char name[64];
};

static sqlite3_vfs *base_of(sqlite3_vfs *vfs)
{
    return ((struct page_vfs *)vfs->pAppData)->base;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *ret_flags)
{
    sqlite3_vfs *base = base_of(vfs);
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
        return base->xOpen(base, path, file, flags, ret_flags);
    struct page_file *f = (struct page_file *)(void *)file;
    *f = (struct page_file){ .path = path };
    int rc = base->xOpen(base, path, real_of(file), flags, ret_flags);
    if (real_of(file)->pMethods != NULL)
        f->file.pMethods = &page_file_methods;
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    return base_of(vfs)->xDelete(base_of(vfs), path, sync_folder);
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    return base_of(vfs)->xAccess(base_of(vfs), path, flags, ret);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
    return base_of(vfs)->xFullPathname(base_of(vfs), path, size, ret);
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *ret)
{
    return base_of(vfs)->xRandomness(base_of(vfs), size, ret);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    return base_of(vfs)->xSleep(base_of(vfs), us);
}

static int vfs_time(sqlite3_vfs *vfs, double *ret)
{
    return base_of(vfs)->xCurrentTime(base_of(vfs), ret);
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *ret)
{
    return base_of(vfs)->xGetLastError(base_of(vfs), size, ret);
}

static bool vfs_register(struct page_vfs *v, const char *base_name)
{
    sqlite3_vfs *base = sqlite3_vfs_find(base_name);
    if (base == NULL)
        return false;
    (void)snprintf(v->name, sizeof v->name, "waybill-%.50s", base->zName);
    v->base = base;
    v->vfs = (sqlite3_vfs){
        .iVersion = 1, /* no xDlOpen: nothing is ever loaded */
        .szOsFile = (int)sizeof(struct page_file) + base->szOsFile,
        .mxPathname = base->mxPathname,
        .zName = v->name,
        .pAppData = v,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    return sqlite3_vfs_register(&v->vfs, 0) == SQLITE_OK;
}

const char *db_vfs_over(const char *base)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static struct page_vfs all[DB_VFS_MAX];
    static size_t count;
    const char *name = NULL;
    const sqlite3_vfs *found = sqlite3_vfs_find(base);
    (void)pthread_mutex_lock(&mutex);
    for (size_t i = 0; found != NULL && i < count; i++)
        if (all[i].base == found)
            name = all[i].name;
    if (found != NULL && name == NULL && count < DB_VFS_MAX && vfs_register(&all[count], base))
        name = all[count++].name;
    (void)pthread_mutex_unlock(&mutex);
    return name;
}
