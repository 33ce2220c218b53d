#include "common/keyfile.h"

#include "common/hex.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char seed_mark[] = "waybill-key 1\nseed ";
static const char pub_mark[] = "\npub ";

#define SEED_AT   (sizeof seed_mark - 1)
#define PUB_AT    (SEED_AT + (size_t)2 * SEED_SIZE + sizeof pub_mark - 1)
#define FILE_SIZE (PUB_AT + (size_t)2 * PUB_SIZE + 1)

struct text {
    char at[FILE_SIZE +
            1]; /* one more: hex_encode() ends with a zero, and a longer file is noticed */
};

static void compose(const struct key_pair *key, struct text *text)
{
    memcpy(text->at, seed_mark, SEED_AT);
    hex_encode(slice_of(key->secret, SEED_SIZE), text->at + SEED_AT);
    memcpy(text->at + PUB_AT - (sizeof pub_mark - 1), pub_mark, sizeof pub_mark - 1);
    hex_encode(slice_of(key->pub, PUB_SIZE), text->at + PUB_AT);
    text->at[FILE_SIZE - 1] = '\n';
}

/* Exactly what compose() writes for some key, nothing else. */
static bool parse(const struct text *text, size_t len, struct key_pair *ret_key)
{
    uint8_t seed[SEED_SIZE];
    if (len != FILE_SIZE ||
        !hex_decode_lower(text->at + SEED_AT, (size_t)2 * SEED_SIZE, seed, sizeof seed))
        return false;
    struct key_pair key = key_from_seed(seed);
    struct text again;
    compose(&key, &again);
    bool same = memcmp(again.at, text->at, FILE_SIZE) == 0;
    if (same)
        *ret_key = key;
    crypto_wipe(seed, sizeof seed);
    crypto_wipe(&key, sizeof key);
    crypto_wipe(&again, sizeof again);
    return same;
}

static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(folder, slash == NULL ? "." : path, len);
    folder[len] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = fsync(fd) == 0;
    (void)close(fd);
    return good;
}

static bool write_whole(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0;
}

bool keyfile_write(const char *path, const struct key_pair *key, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_INPUT, "%s: there is a file already; a key is never overwritten",
                       path);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: cannot create: %s", path, strerror(errno));
    struct text text;
    compose(key, &text);
    bool good = write_whole(fd, text.at, FILE_SIZE);
    crypto_wipe(&text, sizeof text);
    good = close(fd) == 0 && good;
    if (good && sync_folder(path))
        return true;
    int why = errno;
    (void)unlink(path); /* nobody has seen this key yet */
    return err_set(err, ERR_IO, "%s: cannot write: %s", path, strerror(why));
}

bool keyfile_make(const char *path, struct key_pair *ret_key, struct err *err)
{
    uint8_t seed[SEED_SIZE];
    crypto_random(seed, sizeof seed);
    struct key_pair key = key_from_seed(seed);
    crypto_wipe(seed, sizeof seed);
    bool good = keyfile_write(path, &key, err);
    if (good)
        *ret_key = key;
    crypto_wipe(&key, sizeof key);
    return good;
}

static bool read_text(int fd, const char *path, struct text *ret_text, size_t *ret_len,
                      struct err *err)
{
    size_t len = 0;
    while (len < sizeof ret_text->at) {
        ssize_t n = read(fd, ret_text->at + len, sizeof ret_text->at - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, "%s: cannot read: %s", path, strerror(errno));
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret_len = len;
    return true;
}

static bool is_private(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_IO, "%s: cannot look at: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "%s: expected a key file, found no regular file", path);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(
            err, ERR_INPUT,
            "%s: mode %04o lets others at the key; expected 0600: chmod 600 it, and make "
            "a new key if somebody may have read it",
            path, (unsigned)(st.st_mode & 07777));
    return true;
}

bool keyfile_load(const char *path, struct key_pair *ret_key, struct err *err)
{
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: cannot open: %s", path,
                       strerror(errno));
    struct text text = { "" };
    size_t len = 0;
    bool good = is_private(fd, path, err) && read_text(fd, path, &text, &len, err);
    (void)close(fd);
    if (good && !parse(&text, len, ret_key))
        good = err_set(err, ERR_INPUT,
                       "%s: damaged, or no key file: expected \"waybill-key 1\" and the lines seed "
                       "and pub, which must belong together",
                       path);
    crypto_wipe(&text, sizeof text);
    return good;
}
