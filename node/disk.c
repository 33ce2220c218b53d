#include "node/disk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MARK_EVERY_MS (UINT64_C(5) * 60 * 1000)  /* 64 of them: some five hours */
#define SHORTEST_MS   (UINT64_C(30) * 60 * 1000) /* over less than this nothing is said of growth */
#define DAY_MS        (UINT64_C(24) * 60 * 60 * 1000)

static void put_mark(struct disk *d, uint64_t now_ms)
{
    if (d->count > 0 && now_ms < d->marks[d->count - 1].at_ms + MARK_EVERY_MS)
        return;
    if (d->count == DISK_MARKS)
        memmove(d->marks, d->marks + 1, (size_t)(--d->count) * sizeof d->marks[0]);
    d->marks[d->count++] = (struct disk_mark){ now_ms, d->used_bytes };
}

void disk_note(struct disk *d, uint64_t free_bytes, uint64_t used_bytes, uint64_t now_ms)
{
    d->free_bytes = free_bytes;
    d->used_bytes = used_bytes;
    put_mark(d, now_ms);
    uint64_t span = now_ms - d->marks[0].at_ms;
    uint64_t room = free_bytes > DISK_REFUSE_BYTES ? free_bytes - DISK_REFUSE_BYTES : 0;
    d->days = DISK_DAYS_NONE;
    if (span < SHORTEST_MS || used_bytes <= d->marks[0].used_bytes)
        return;
    uint64_t a_day =
        (uint64_t)((double)(used_bytes - d->marks[0].used_bytes) * (double)DAY_MS / (double)span);
    d->days = a_day == 0 ? DISK_DAYS_NONE : room / a_day;
}

static uint64_t size_of(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path || stat(path, &st) != 0)
        return 0;
    return (uint64_t)st.st_size;
}

void disk_look_room(struct disk *d, const char *dir)
{
    struct statvfs v;
    if (statvfs(dir, &v) == 0)
        d->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
}

bool disk_look(struct disk *d, const char *dir, uint64_t now_ms, struct err *err)
{
    struct statvfs v;
    if (statvfs(dir, &v) != 0)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    disk_note(d, (uint64_t)v.f_bavail * v.f_frsize,
              size_of(dir, "ledger.db") + size_of(dir, "ledger.db-wal"), now_ms);
    return true;
}
