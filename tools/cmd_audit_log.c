/*
 * The write-ahead log a killed node leaves (SQLite file format, section 4). SQLite takes a frame whose
 * checksum fails for the log's end and drops what follows; a wrong byte would so lose blocks without a
 * word. Its checksum is linear: one wrong byte moves the sums by that byte times a factor of its place, so
 * the place can be solved for. A torn last frame, which a kill may leave, fits no single byte.
 */
#include "tools/cmd_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define LOG_HEADER   32
#define FRAME_HEADER 24
#define FRAME_PAGE   4096
#define FRAME_SIZE   (FRAME_HEADER + FRAME_PAGE)
#define SUMMED_MAX   (8 + FRAME_PAGE)
#define SALT_AT      8 /* in a frame's header */
#define LOG_SALT_AT  16

struct sums {
    uint32_t s0, s1;
};

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

/* In: len a multiple of 8. */
static struct sums add_up(struct sums s, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        s.s0 += little(data + i) + s.s1;
        s.s1 += little(data + i + 4) + s.s0;
    }
    return s;
}

/* By how much one more in the word at `at` moves the sums of len bytes. */
static struct sums factor(size_t at, size_t len)
{
    struct sums f = { 0, 0 };
    for (size_t i = at / 8 * 8; i < len; i += 8) {
        f.s0 += (i == at) + f.s1;
        f.s1 += (i + 4 == at) + f.s0;
    }
    return f;
}

/* Where the wrong byte may be: for the upper bits of a word several places fit. */
struct places {
    size_t count, first, last;
};

static void add_place(struct places *p, size_t at)
{
    p->first = p->count == 0 || at < p->first ? at : p->first;
    p->last = p->count == 0 || at > p->last ? at : p->last;
    p->count++;
}

/* The bytes among len of which one, changed, makes the sums differ as they do. */
static struct places solve(const uint8_t *data, size_t len, struct sums computed,
                           struct sums stored)
{
    uint32_t d0 = computed.s0 - stored.s0, d1 = computed.s1 - stored.s1;
    struct places p = { .count = 0 };
    for (size_t at = 0; at < len; at++) {
        struct sums f = factor(at / 4 * 4, len);
        bool fits = false;
        for (uint32_t was = 0; was < 256 && !fits; was++) {
            uint32_t off = ((uint32_t)data[at] - was) << (8 * (at % 4));
            fits = off != 0 && f.s0 * off == d0 && f.s1 * off == d1;
        }
        if (fits)
            add_place(&p, at);
    }
    return p;
}

/* A wrong byte in the stored sums themselves: exactly one of the eight differs. */
static bool differs_once(const uint8_t *stored, struct sums computed, size_t *ret_at)
{
    size_t count = 0;
    for (size_t i = 0; i < 8; i++) {
        uint32_t word = i < 4 ? computed.s0 : computed.s1;
        if (stored[i] == (uint8_t)(word >> (24 - 8 * (i % 4))))
            continue;
        count++;
        *ret_at = i;
    }
    return count == 1;
}

struct log {
    const char *path;
    int fd;
    uint8_t salt[8];
    struct sums sums; /* up to the last good frame */
    struct err *err;
};

static bool damaged(const struct log *l, uint64_t offset)
{
    return err_set(l->err, ERR_PROOF, "%s: byte offset %" PRIu64 " differs", l->path, offset);
}

static bool damaged_between(const struct log *l, uint64_t first, uint64_t last)
{
    if (first == last)
        return damaged(l, first);
    return err_set(l->err, ERR_PROOF,
                   "%s: one byte between offset %" PRIu64 " and %" PRIu64 " differs", l->path,
                   first, last);
}

static bool read_at(const struct log *l, uint8_t *out, size_t len, uint64_t offset)
{
    return pread(l->fd, out, len, (off_t)offset) == (ssize_t)len;
}

static bool check_log_header(struct log *l)
{
    uint8_t head[LOG_HEADER];
    size_t at = 0;
    if (!read_at(l, head, sizeof head, 0))
        return err_set(l->err, ERR_PROOF, "%s: ends in its header", l->path);
    struct sums computed = add_up((struct sums){ 0, 0 }, head, 24);
    struct sums stored = { big(head + 24), big(head + 28) };
    memcpy(l->salt, head + LOG_SALT_AT, sizeof l->salt);
    l->sums = computed;
    if (computed.s0 == stored.s0 && computed.s1 == stored.s1)
        return true;
    struct places p = solve(head, 24, computed, stored);
    if (differs_once(head + 24, computed, &at))
        add_place(&p, 24 + at);
    if (p.count > 0)
        return damaged_between(l, p.first, p.last);
    return err_set(l->err, ERR_PROOF, "%s: bytes 0 to 31 differ: its header is damaged", l->path);
}

static size_t equal_salts(const struct log *l, const uint8_t *frame)
{
    size_t same = 0;
    for (size_t i = 0; i < 8; i++)
        same += frame[SALT_AT + i] == l->salt[i];
    return same;
}

enum frame {
    FRAME_GOOD,
    FRAME_END,     /* of an earlier log, torn, or missing */
    FRAME_DAMAGED, /* err names the byte */
};

/* From a place among the summed bytes to one in the frame. */
static size_t in_frame(size_t at)
{
    return at < 8 ? at : at - 8 + FRAME_HEADER;
}

static enum frame check_frame(struct log *l, const uint8_t *frame, uint64_t offset)
{
    uint8_t summed[SUMMED_MAX];
    size_t at = 0, same = equal_salts(l, frame);
    memcpy(summed, frame, 8);
    memcpy(summed + 8, frame + FRAME_HEADER, FRAME_PAGE);
    struct sums computed = add_up(l->sums, summed, sizeof summed);
    struct sums stored = { big(frame + 16), big(frame + 20) };
    bool holds = computed.s0 == stored.s0 && computed.s1 == stored.s1;
    if (same == 8 && holds) {
        l->sums = computed;
        return FRAME_GOOD;
    }
    if (holds) { /* only a salt is wrong */
        while (frame[SALT_AT + at] == l->salt[at])
            at++;
        (void)damaged(l, offset + SALT_AT + at);
        return FRAME_DAMAGED;
    }
    if (same < 8)
        return FRAME_END;
    struct places p = solve(summed, sizeof summed, computed, stored);
    if (p.count > 0) {
        p.first = in_frame(p.first);
        p.last = in_frame(p.last);
    }
    if (differs_once(frame + 16, computed, &at))
        add_place(&p, 16 + at);
    if (p.count == 0)
        return FRAME_END;
    (void)damaged_between(l, offset + p.first, offset + p.last);
    return FRAME_DAMAGED;
}

/* Frames are written in order: one of this log behind a bad one means that the bad one was good once. */
static bool goes_on(const struct log *l, uint64_t offset)
{
    uint8_t frame[FRAME_HEADER];
    return read_at(l, frame, sizeof frame, offset) && equal_salts(l, frame) == 8;
}

static bool check_frames(struct log *l)
{
    uint8_t frame[FRAME_SIZE];
    uint64_t offset = LOG_HEADER;
    enum frame state = FRAME_GOOD;
    while (state == FRAME_GOOD && read_at(l, frame, sizeof frame, offset)) {
        state = check_frame(l, frame, offset);
        offset += FRAME_SIZE;
    }
    if (state == FRAME_END && goes_on(l, offset))
        return err_set(l->err, ERR_PROOF,
                       "%s: several bytes from offset %" PRIu64 " to %" PRIu64 " differ", l->path,
                       offset - FRAME_SIZE, offset - 1);
    return state != FRAME_DAMAGED;
}

bool audit_log_file(const char *path, struct err *err)
{
    struct log l = { .path = path, .err = err };
    l.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (l.fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    bool good = lseek(l.fd, 0, SEEK_END) == 0 || (check_log_header(&l) && check_frames(&l));
    (void)close(l.fd);
    return good;
}
