#include "common/keyfile.h"

#include "common/file.h"
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

bool keyfile_write(const char *path, const struct key_pair *key, struct err *err)
{
    struct text text;
    struct err why = { .code = ERR_NONE };
    compose(key, &text);
    bool good = file_create(path, slice_of(text.at, FILE_SIZE), S_IRUSR | S_IWUSR, &why);
    crypto_wipe(&text, sizeof text);
    if (!good && why.code == ERR_INPUT)
        return err_set(err, ERR_INPUT, "%s: there is a file already; a key is never overwritten",
                       path);
    return good || err_set(err, ERR_IO, "%s", why.msg);
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
