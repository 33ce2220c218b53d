#include "device/outbox_log.h"

#include "common/crypto.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = { 'W', 'b', 'O', 'u', 't', 'b', 'x', '1' };

#define HEAD_SIZE    5 /* length and type */
#define CHECK_SIZE   8
#define FILE_HEAD    (sizeof magic + sizeof((struct outbox_log *)0)->id)
#define RECORD_MAX   (HEAD_SIZE + OUTBOX_LOG_PAYLOAD_MAX + CHECK_SIZE)
#define RECORD_LEAST (HEAD_SIZE + CHECK_SIZE)

static bool fail_io(struct err *err, const char *what)
{
    return err_set(err, ERR_IO, "outbox: cannot %s: %s", what, strerror(errno));
}

static bool write_at(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? ENOSPC : errno;
            return false;
        }
        data += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

bool outbox_log_read(const struct outbox_log *log, uint64_t offset, uint8_t *out, size_t len,
                     struct err *err)
{
    while (len > 0) {
        ssize_t n = pread(log->fd, out, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_io(err, "read");
        if (n == 0)
            return err_set(err, ERR_IO, "outbox: the file ends at byte %" PRIu64, offset);
        out += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

/* ------------------------------------------------------------------ opening */

bool outbox_log_create(const char *path, struct outbox_log *ret_log, struct err *err)
{
    struct outbox_log log = { .writable = true, .end = FILE_HEAD };
    log.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (log.fd < 0)
        return err_set(err, ERR_IO, "%s: cannot create: %s", path, strerror(errno));
    crypto_random(log.id, sizeof log.id);
    uint8_t head[FILE_HEAD];
    memcpy(head, magic, sizeof magic);
    memcpy(head + sizeof magic, log.id, sizeof log.id);
    if (!write_at(log.fd, head, sizeof head, 0)) {
        (void)fail_io(err, "write");
        (void)close(log.fd);
        return false;
    }
    *ret_log = log;
    return true;
}

bool outbox_log_open(const char *path, bool writable, struct outbox_log *ret_log, struct err *err)
{
    struct outbox_log log = { .writable = writable };
    uint8_t head[FILE_HEAD];
    log.fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    if (log.fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: cannot open: %s", path,
                       strerror(errno));
    if (outbox_log_read(&log, 0, head, sizeof head, NULL) &&
        memcmp(head, magic, sizeof magic) == 0) {
        memcpy(log.id, head + sizeof magic, sizeof log.id);
        *ret_log = log;
        return true;
    }
    (void)close(log.fd);
    return err_set(err, ERR_INPUT, "%s: damaged, or not an outbox", path);
}

void outbox_log_close(struct outbox_log *log)
{
    if (log->fd >= 0)
        (void)close(log->fd);
    log->fd = -1;
}

/* ------------------------------------------------------------------ records */

static size_t get_length(const uint8_t *head)
{
    return (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

static void make_check(const struct outbox_log *log, uint64_t at, struct slice head_and_payload,
                       uint8_t check[CHECK_SIZE])
{
    uint8_t place[8];
    for (size_t i = 0; i < sizeof place; i++)
        place[i] = (uint8_t)(at >> 8 * (sizeof place - 1 - i));
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, slice_of(log->id, sizeof log->id));
    crypto_sha256_add(&h, slice_of(place, sizeof place));
    crypto_sha256_add(&h, head_and_payload);
    struct hash hash = crypto_sha256_end(&h);
    memcpy(check, hash.bytes, CHECK_SIZE);
}

/* The whole record at the start of bytes, which stand at place `at` of the file. */
static bool take_record(const struct outbox_log *log, struct slice bytes, uint64_t at,
                        struct outbox_log_record *ret)
{
    if (bytes.len < RECORD_LEAST)
        return false;
    size_t len = get_length(bytes.data);
    if (len > OUTBOX_LOG_PAYLOAD_MAX || bytes.len - RECORD_LEAST < len)
        return false;
    uint8_t check[CHECK_SIZE];
    make_check(log, at, slice_of(bytes.data, HEAD_SIZE + len), check);
    if (memcmp(check, bytes.data + HEAD_SIZE + len, CHECK_SIZE) != 0)
        return false;
    ret->type = (char)bytes.data[4];
    ret->payload = slice_of(bytes.data + HEAD_SIZE, len);
    ret->offset = at + HEAD_SIZE;
    return true;
}

/* What follows the first wrong record: the rest of one torn append, or damage in the middle? */
static bool check_tail(const struct outbox_log *log, uint64_t at, uint64_t size, uint8_t *memory,
                       struct err *err)
{
    bool torn = size - at <= RECORD_MAX;
    struct outbox_log_record later;
    struct slice tail = { memory, (size_t)(torn ? size - at : 0) };
    if (!outbox_log_read(log, at, memory, tail.len, err))
        return false;
    for (size_t i = 1; torn && i < tail.len; i++)
        torn = !take_record(log, slice_from(tail, i, tail.len - i), at + i, &later);
    return torn || err_set(err, ERR_PROOF,
                           "outbox: damaged at byte %" PRIu64 " of %" PRIu64
                           "; nothing is deleted or signed until somebody has looked at it",
                           at, size);
}

static bool scan(struct outbox_log *log, uint64_t size, uint8_t *memory, outbox_log_visit visit,
                 void *to, struct err *err)
{
    uint64_t at = FILE_HEAD;
    while (at < size) {
        struct slice bytes = { memory, size - at < RECORD_MAX ? (size_t)(size - at) : RECORD_MAX };
        struct outbox_log_record record;
        if (bytes.len >= HEAD_SIZE && !outbox_log_read(log, at, memory, HEAD_SIZE, err))
            return false;
        size_t len = bytes.len >= HEAD_SIZE ? get_length(memory) : SIZE_MAX;
        if (len > OUTBOX_LOG_PAYLOAD_MAX || len + RECORD_LEAST > bytes.len)
            break;
        bytes.len = len + RECORD_LEAST;
        if (!outbox_log_read(log, at, memory, bytes.len, err))
            return false;
        if (!take_record(log, bytes, at, &record))
            break;
        if (!visit(to, &record, err))
            return err_wrap(err, "outbox: byte %" PRIu64, at);
        at += bytes.len;
    }
    log->end = at;
    return true;
}

bool outbox_log_scan(struct outbox_log *log, outbox_log_visit visit, void *to, uint64_t *ret_cut,
                     struct err *err)
{
    struct stat st;
    if (fstat(log->fd, &st) != 0)
        return fail_io(err, "look at the file");
    uint64_t size = (uint64_t)st.st_size;
    uint8_t *memory = malloc(RECORD_MAX);
    if (memory == NULL)
        return err_set(err, ERR_IO, "outbox: no memory");
    bool good = scan(log, size, memory, visit, to, err) &&
                (log->end == size || check_tail(log, log->end, size, memory, err));
    free(memory);
    if (!good)
        return false;
    *ret_cut = size - log->end;
    if (*ret_cut > 0 && log->writable &&
        (ftruncate(log->fd, (off_t)log->end) != 0 || fdatasync(log->fd) != 0))
        return fail_io(err, "cut off a torn record");
    return true;
}

bool outbox_log_append(struct outbox_log *log, char type, struct slice payload,
                       uint64_t *ret_offset, struct err *err)
{
    assert(log->writable && log->end >= FILE_HEAD && payload.len <= OUTBOX_LOG_PAYLOAD_MAX);
    size_t len = payload.len + RECORD_LEAST;
    uint8_t *memory = malloc(len);
    if (memory == NULL)
        return err_set(err, ERR_IO, "outbox: no memory");
    for (size_t i = 0; i < 4; i++)
        memory[i] = (uint8_t)(payload.len >> 8 * (3 - i));
    memory[4] = (uint8_t)type;
    if (payload.len > 0)
        memcpy(memory + HEAD_SIZE, payload.data, payload.len);
    make_check(log, log->end, slice_of(memory, HEAD_SIZE + payload.len),
               memory + HEAD_SIZE + payload.len);
    bool good = write_at(log->fd, memory, len, log->end) && (log->bulk || fdatasync(log->fd) == 0);
    free(memory);
    if (!good) {
        (void)fail_io(err, "write");
        /* What is left of it is overwritten by the next append, or cut off by the next scan. */
        if (ftruncate(log->fd, (off_t)log->end) != 0)
            return false;
        return false;
    }
    *ret_offset = log->end + HEAD_SIZE;
    log->end += len;
    return true;
}
