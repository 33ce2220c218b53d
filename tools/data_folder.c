#include "tools/data_folder.h"

#include "common/file.h"
#include "node/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define COPY_BYTES (1 << 20)

/* DIR is a node's folder, or a company's with a node in it. */
bool data_folder_find(const char *dir, char data[PATH_MAX], char home[PATH_MAX], struct err *err)
{
    char path[PATH_MAX];
    home[0] = '\0';
    if (snprintf(path, sizeof path, "%s/ledger.db", dir) >= (int)sizeof path)
        return err_set(err, ERR_INPUT, "%s: the name is too long", dir);
    if (file_exists(path))
        return snprintf(data, PATH_MAX, "%s", dir) < PATH_MAX;
    if (snprintf(path, sizeof path, "%s/node/ledger.db", dir) >= (int)sizeof path ||
        !file_exists(path))
        return err_set(err, ERR_NOT_FOUND, "%s: holds no ledger (ledger.db, or node/ledger.db)",
                       dir);
    return snprintf(data, PATH_MAX, "%s/node", dir) < PATH_MAX &&
           snprintf(home, PATH_MAX, "%s", dir) < PATH_MAX;
}

/* A running node would change what is being read. */
bool data_folder_lock(const char *data, int *ret_fd, struct err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lock", data) >= (int)sizeof path)
        return err_set(err, ERR_INPUT, "%s: the name is too long", data);
    *ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*ret_fd >= 0 && flock(*ret_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    return errno == EWOULDBLOCK
               ? err_set(err, ERR_BUSY, "%s: a node is running here: stop it first", data)
               : err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

void data_folder_unlock(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

bool data_folder_key(const char *data, const char *home, char path[PATH_MAX])
{
    static const char *const names[] = { "authority.key", "node.key" };
    char config[PATH_MAX];
    struct err ignored = { .code = ERR_NONE };
    struct settings *s = calloc(1, sizeof *s);
    bool found = s != NULL && home[0] != '\0' &&
                 snprintf(config, sizeof config, "%s/node.yaml", home) < (int)sizeof config &&
                 file_exists(config) && settings_load(config, s, &ignored) &&
                 file_exists(s->key.path);
    if (found)
        (void)snprintf(path, PATH_MAX, "%s", s->key.path);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = snprintf(path, PATH_MAX, "%s/%s", data, names[i]) < PATH_MAX && file_exists(path);
    free(s);
    return found;
}

static bool copy_bytes(int in, int out, const char *to, struct err *err)
{
    uint8_t *memory = malloc(COPY_BYTES);
    ssize_t n = 1;
    bool good = memory != NULL || err_set(err, ERR_IO, "out of memory");
    while (good && (n = read(in, memory, COPY_BYTES)) > 0)
        for (ssize_t done = 0; good && done < n;) {
            ssize_t written = write(out, memory + done, (size_t)(n - done));
            good = written > 0 || err_set(err, ERR_IO, "%s: %s", to, strerror(errno));
            done += written;
        }
    free(memory);
    return good &&
           ((n == 0 && fsync(out) == 0) || err_set(err, ERR_IO, "%s: %s", to, strerror(errno)));
}

bool data_folder_copy(const char *from, const char *to, struct err *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", from,
                       strerror(errno));
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = out >= 0 ? copy_bytes(in, out, to, err)
                         : err_set(err, errno == EEXIST ? ERR_INPUT : ERR_IO, "%s: %s", to,
                                   strerror(errno));
    (void)close(in);
    if (out >= 0)
        (void)close(out);
    return good;
}
