#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse_system(struct err *err, const char *path)
{
    return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
}

static bool read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
    uint8_t chunk[16384];
    size_t total = 0;
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse_system(err, path);
        if (n == 0)
            break;
        total += (size_t)n;
        if (total > max)
            return err_set(err, ERR_INPUT, "%s: larger than the %zu bytes expected", path, max);
        buf_add(out, chunk, (size_t)n);
    }
    return !out->failed || err_set(err, ERR_IO, "%s: out of memory", path);
}

bool file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return refuse_system(err, path);
    bool good;
    if (fstat(fd, &st) != 0)
        good = refuse_system(err, path);
    else if (!S_ISREG(st.st_mode))
        good = err_set(err, ERR_INPUT, "%s: expected a file, found something else", path);
    else
        good = read_all(fd, path, max, out, err);
    (void)close(fd);
    return good;
}

static bool write_all(int fd, struct slice content)
{
    size_t done = 0;
    while (done < content.len) {
        ssize_t n = write(fd, content.data + done, content.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

static bool folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(folder, slash == NULL ? "." : path, len);
    folder[len] = '\0';
    return true;
}

static bool sync_parent(const char *path)
{
    char folder[PATH_MAX];
    if (!folder_of(path, folder))
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = fsync(fd) == 0;
    (void)close(fd);
    return good;
}

/*
 * What root writes into a service's folder is the service's, as what that writes itself: it has to read it.
 * Where the system does not let root give it away it stays root's.
 */
static void give_to_folder(int fd, const char *path)
{
    char folder[PATH_MAX];
    struct stat there;
    if (geteuid() == 0 && folder_of(path, folder) && stat(folder, &there) == 0 && there.st_uid != 0)
        (void)!fchown(fd, there.st_uid, there.st_gid);
}

/* Writes a whole new file under a name that is not its last. */
static bool write_part(const char *part, struct slice content, unsigned mode)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return false;
    give_to_folder(fd, part);
    bool good = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, content);
    int why = errno;
    good = close(fd) == 0 && good;
    errno = why;
    return good;
}

static bool put_file(const char *path, struct slice content, unsigned mode, bool replace,
                     struct err *err)
{
    char part[PATH_MAX];
    struct stat there;
    if (replace && stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return err_set(err, ERR_INPUT, "%s: is no plain file and is not replaced", path);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return err_set(err, ERR_INPUT, "%s: the name is too long", path);
    bool named = write_part(part, content, mode) &&
                 (replace ? rename(part, path) == 0 : link(part, path) == 0);
    int why = errno;
    if (!named || !replace)
        (void)unlink(part);
    errno = why;
    if (!named && !replace && errno == EEXIST)
        return err_set(err, ERR_INPUT, "%s: is there already and is not replaced", path);
    return (named && sync_parent(path)) || refuse_system(err, path);
}

bool file_replace(const char *path, struct slice content, unsigned mode, struct err *err)
{
    return put_file(path, content, mode, true, err);
}

bool file_create(const char *path, struct slice content, unsigned mode, struct err *err)
{
    return put_file(path, content, mode, false, err);
}

bool file_make_folder(const char *path, unsigned mode, struct err *err)
{
    if (mkdir(path, (mode_t)mode) != 0)
        return errno == EEXIST ? err_set(err, ERR_INPUT, "%s: is there already", path)
                               : refuse_system(err, path);
    return sync_parent(path) || refuse_system(err, path);
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool file_is_private(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

bool file_hold_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}
