#include "node/voted.h"

#include "common/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FIRST_LINE "waybill-voted 1\n"
#define LINE_SIZE  (sizeof "ledger " + (size_t)2 * HASH_SIZE) /* with its line end */
#define FILE_MAX   (sizeof FIRST_LINE - 1 + VOTED_LEDGER_MAX * LINE_SIZE)

static bool system_err(struct err *err, const char *what)
{
    return err_set(err, ERR_IO, "the marker of the key's votes: %s: %s", what, strerror(errno));
}

static void ledger_line(const struct hash *ledger, char line[LINE_SIZE + 1])
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(ledger), hex);
    (void)snprintf(line, LINE_SIZE + 1, "ledger %s\n", hex);
}

static bool write_all(int fd, const char *text, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return system_err(err, "writing");
        text += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 || system_err(err, "syncing");
}

/* Of a file that a power cut left without its first line: there never was a second one. */
static bool begin(int fd, const char *text, size_t len, struct err *err)
{
    if (memcmp(text, FIRST_LINE, len) != 0)
        return err_set(err, ERR_INPUT, "the marker of the key's votes is not as it was written");
    return (ftruncate(fd, 0) == 0 || system_err(err, "cutting")) &&
           write_all(fd, FIRST_LINE, strlen(FIRST_LINE), err);
}

/* A line that a power cut left half written counts as none: it was not yet relied upon. */
static bool look_for(int fd, const struct hash *ledger, bool *ret_there, struct err *err)
{
    static char text[FILE_MAX + 1];
    char line[LINE_SIZE + 1];
    ssize_t n = pread(fd, text, FILE_MAX + 1, 0);
    size_t len = n > 0 ? (size_t)n : 0, at = strlen(FIRST_LINE);
    if (n < 0)
        return system_err(err, "reading");
    *ret_there = false;
    if (len < at)
        return begin(fd, text, len, err);
    if (len > FILE_MAX || memcmp(text, FIRST_LINE, at) != 0)
        return err_set(err, ERR_INPUT, "the marker of the key's votes is not as it was written");
    ledger_line(ledger, line);
    for (; at + LINE_SIZE <= len; at += LINE_SIZE)
        *ret_there = *ret_there || memcmp(text + at, line, LINE_SIZE) == 0;
    return at == len || ftruncate(fd, (off_t)at) == 0 || system_err(err, "cutting");
}

/* A new name is durable only when its folder is. */
static bool sync_folder(const char *path, struct err *err)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good)
        (void)system_err(err, folder);
    if (fd >= 0)
        (void)close(fd);
    return good;
}

bool voted_open(const char *key_path, const struct hash *ledger, struct voted *ret_voted,
                struct err *err)
{
    char path[PATH_MAX];
    struct voted v = { .fd = -1 };
    int n = snprintf(path, sizeof path, "%s" VOTED_SUFFIX, key_path);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ERR_INPUT, "%s: the path is too long", key_path);
    v.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (v.fd < 0)
        return system_err(err, path);
    bool good =
        flock(v.fd, LOCK_EX | LOCK_NB) == 0 ||
        (errno == EWOULDBLOCK ? err_set(err, ERR_BUSY, "%s: another process uses this key", path)
                              : system_err(err, path));
    good = good && look_for(v.fd, ledger, &v.there, err) && sync_folder(path, err);
    if (good)
        *ret_voted = v;
    else
        (void)close(v.fd);
    return good;
}

bool voted_mark(struct voted *v, const struct hash *ledger, struct err *err)
{
    char line[LINE_SIZE + 1];
    if (v->there)
        return true;
    off_t size = lseek(v->fd, 0, SEEK_END);
    if (size < 0 || (size_t)size + LINE_SIZE > FILE_MAX)
        return err_set(err, ERR_INPUT, "the marker of the key's votes is full");
    ledger_line(ledger, line);
    v->there = write_all(v->fd, line, LINE_SIZE, err);
    return v->there;
}

void voted_close(struct voted *v)
{
    if (v->fd >= 0)
        (void)close(v->fd);
    v->fd = -1;
}

/*
 * A key that the newest block's set has, beside others, has most likely voted in it; where neither row nor marker says
 * so, it was brought here without them. At genesis, alone, or just let in by that block, there was nothing to vote for.
 */
enum voted_known voted_judge(const struct voted *v, struct slice row, const struct kid *kid,
                             uint64_t height, const struct authority_set *sealers)
{
    bool own = row.len >= KID_SIZE && slice_equal(slice_from(row, 0, KID_SIZE), kid_slice(kid));
    if (own && row.len > KID_SIZE)
        return VOTED_KNOWN;
    if (v->there)
        return VOTED_LOST;
    if (own || height == 0 || sealers->count == 1 || authority_set_find(sealers, kid) < 0)
        return VOTED_NEVER;
    return VOTED_LOST;
}
