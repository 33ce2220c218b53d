#include "common/signer.h"

#include "common/file.h"
#include "common/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define STATE_VERSION 1

struct signer {
    struct key_pair key;
    struct hash ledger;
    char state_path[PATH_MAX];
    int lock_fd;
    uint64_t seq;
    struct hash hash;
    size_t count;
    struct buf pending[SIGNER_PENDING_MAX];
};

/* ------------------------------------------------------------------ the state file */

static bool name_state(const char *key_path, char path[PATH_MAX], struct err *err)
{
    return snprintf(path, PATH_MAX, "%s.state", key_path) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", key_path);
}

/* [version, ledger, seq, hash, [* statement]], then the SHA-256 of that. */
static void put_state(const struct signer *s, struct buf *out)
{
    cbor_put_array(out, 5);
    cbor_put_uint(out, STATE_VERSION);
    cbor_put_bytes(out, hash_slice(&s->ledger));
    cbor_put_uint(out, s->seq);
    cbor_put_bytes(out, hash_slice(&s->hash));
    cbor_put_array(out, s->count);
    for (size_t i = 0; i < s->count; i++)
        cbor_put_bytes(out, buf_slice(&s->pending[i]));
    struct hash sum = crypto_sha256(buf_slice(out));
    buf_add_slice(out, hash_slice(&sum));
}

static bool check_sum(struct slice bytes)
{
    if (bytes.len < HASH_SIZE)
        return false;
    struct hash sum = crypto_sha256(slice_from(bytes, 0, bytes.len - HASH_SIZE));
    return memcmp(sum.bytes, bytes.data + bytes.len - HASH_SIZE, HASH_SIZE) == 0;
}

static bool take_state(struct signer *s, struct slice bytes)
{
    if (!check_sum(bytes))
        return false;
    struct slice body = slice_from(bytes, 0, bytes.len - HASH_SIZE);
    if (!cbor_scan(body, NULL))
        return false;
    struct cbor_reader r = cbor_reader(body);
    cbor_take_array_of(&r, 5);
    (void)cbor_take_int_in(&r, STATE_VERSION, STATE_VERSION);
    cbor_take_fixed(&r, s->ledger.bytes, HASH_SIZE);
    s->seq = cbor_take_uint(&r);
    cbor_take_fixed(&r, s->hash.bytes, HASH_SIZE);
    size_t count = cbor_take_array(&r);
    for (size_t i = 0; i < count && i < SIGNER_PENDING_MAX && !r.failed; i++) {
        s->pending[i] = buf_heap(STATEMENT_MAX);
        buf_add_slice(&s->pending[i], cbor_take_bytes(&r, 1, STATEMENT_MAX));
        s->count++;
    }
    return cbor_done(&r) && count == s->count;
}

static bool load_state(struct signer *s, const struct hash *ledger, struct err *err)
{
    struct buf file = buf_heap(SIGNER_STATE_MAX);
    bool good = file_read(s->state_path, SIGNER_STATE_MAX, &file, err);
    if (!good && err != NULL && err->code == ERR_NOT_FOUND)
        (void)err_set(err, ERR_NOT_FOUND,
                      "%s: missing: without it a number could be signed twice, so this key is not "
                      "used. Restore it, or enrol a new key",
                      s->state_path);
    if (good && !take_state(s, buf_slice(&file)))
        good =
            err_set(err, ERR_INPUT, "%s: damaged: restore it, or enrol a new key", s->state_path);
    if (good && !hash_equal(&s->ledger, ledger))
        good = err_set(err, ERR_INPUT, "%s: belongs to another ledger", s->state_path);
    buf_free(&file);
    return good;
}

static bool store_state(const struct signer *s, struct err *err)
{
    struct buf file = buf_heap(SIGNER_STATE_MAX);
    put_state(s, &file);
    bool good = file.failed ? err_set(err, ERR_BUSY, "%s: too much is pending", s->state_path)
                            : file_replace(s->state_path, buf_slice(&file), 0600, err);
    buf_free(&file);
    return good;
}

bool signer_create(const char *key_path, const struct hash *ledger, struct err *err)
{
    struct buf file = buf_heap(SIGNER_STATE_MAX);
    struct signer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(err, ERR_IO, "out of memory");
    s->ledger = *ledger;
    s->hash = *ledger; /* the first statement's prev is the ledger's own id */
    put_state(s, &file);
    bool good = name_state(key_path, s->state_path, err) &&
                file_create(s->state_path, buf_slice(&file), 0600, err);
    buf_free(&file);
    free(s);
    return good;
}

/* ------------------------------------------------------------------ opening */

/* The key file never changes, so the lock on it cannot be lost by a rename. */
static bool lock_key(struct signer *s, const char *key_path, struct err *err)
{
    s->lock_fd = open(key_path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (s->lock_fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", key_path,
                       strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    return errno == EWOULDBLOCK
               ? err_set(err, ERR_BUSY, "%s: another process is signing with this key", key_path)
               : err_set(err, ERR_IO, "%s: cannot lock: %s", key_path, strerror(errno));
}

bool signer_open(const char *key_path, const struct hash *ledger, struct signer **ret_signer,
                 struct err *err)
{
    struct err why = { .code = ERR_NONE };
    struct signer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(err, ERR_IO, "out of memory");
    s->lock_fd = -1;
    if (lock_key(s, key_path, &why) && keyfile_load(key_path, &s->key, &why) &&
        name_state(key_path, s->state_path, &why) && load_state(s, ledger, &why)) {
        *ret_signer = s;
        return true;
    }
    signer_close(s);
    return err_set(err, why.code, "%s", why.msg);
}

void signer_close(struct signer *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        buf_free(&s->pending[i]);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    crypto_wipe(&s->key, sizeof s->key);
    free(s);
}

const struct kid *signer_kid(const struct signer *s)
{
    return &s->key.kid;
}

const struct key_pair *signer_key(const struct signer *s)
{
    return &s->key;
}

uint64_t signer_seq(const struct signer *s)
{
    return s->seq;
}

struct hash signer_last(const struct signer *s)
{
    return s->hash;
}

/* ------------------------------------------------------------------ signing */

bool signer_sign(struct signer *s, const struct statement *draft, struct buf *out,
                 struct hash *ret_hash, struct err *err)
{
    if (s->count == SIGNER_PENDING_MAX)
        return err_set(err, ERR_BUSY,
                       "%d signed statements are not final yet: send them first (waybill "
                       "statement send)",
                       SIGNER_PENDING_MAX);
    struct statement next = *draft;
    struct hash hash;
    struct buf *bytes = &s->pending[s->count];
    next.link.seq = s->seq + 1;
    memcpy(next.link.prev, s->hash.bytes, HALF_SIZE);
    *bytes = buf_heap(STATEMENT_MAX);
    if (!statement_sign(&next, &s->key, &s->ledger, bytes, &hash, err)) {
        buf_free(bytes);
        return false;
    }
    struct hash before = s->hash;
    s->seq++;
    s->hash = hash;
    s->count++;
    if (!store_state(s, err)) { /* the bytes have left nobody's hands */
        s->seq--;
        s->hash = before;
        s->count--;
        buf_free(bytes);
        return false;
    }
    buf_add_slice(out, buf_slice(bytes));
    *ret_hash = hash;
    return !out->failed || err_set(err, ERR_IO, "out of memory");
}

size_t signer_pending_count(const struct signer *s)
{
    return s->count;
}

struct slice signer_pending(const struct signer *s, size_t index)
{
    return buf_slice(&s->pending[index]);
}

bool signer_settle(struct signer *s, const struct hash *statement, struct err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        struct hash hash = crypto_sha256(buf_slice(&s->pending[i]));
        if (!hash_equal(&hash, statement))
            continue;
        buf_free(&s->pending[i]);
        memmove(&s->pending[i], &s->pending[i + 1], (s->count - i - 1) * sizeof s->pending[0]);
        s->count--;
        return store_state(s, err);
    }
    return true;
}
