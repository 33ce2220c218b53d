/*
 * An append-only file of checked records. Each append is on disk before it returns, so a power cut can
 * tear only the last record; a torn tail is cut off, a wrong byte anywhere else is refused.
 *
 *   file   = "WbOutbx1" id(16) record*
 *   record = length(4, big-endian, of the payload) type(1) payload check(8)
 *   check  = first 8 bytes of SHA-256(id, the record's offset (8, big-endian), length, type, payload)
 *
 * The check binds a record to its file and place: bytes left from an earlier life are never taken for one.
 */
#ifndef DEVICE_OUTBOX_LOG_H
#define DEVICE_OUTBOX_LOG_H

#include "common/bytes.h"
#include "common/err.h"

#define OUTBOX_LOG_PAYLOAD_MAX (72 * 1024)

struct outbox_log {
    int fd;
    bool writable;
    bool bulk; /* appends are not synced: the caller does it when the file is whole */
    uint8_t id[16];
    uint64_t end; /* where the next record goes; 0 until scanned */
};

struct outbox_log_record {
    char type;
    struct slice payload;
    uint64_t offset; /* of the payload */
};

/* False stops the scan with err. */
typedef bool (*outbox_log_visit)(void *to, const struct outbox_log_record *record, struct err *err);

/* A new file; it must not exist. */
bool outbox_log_create(const char *path, struct outbox_log *ret_log, struct err *err);
/* ERR_NOT_FOUND: no such file. ERR_INPUT: not an outbox. */
bool outbox_log_open(const char *path, bool writable, struct outbox_log *ret_log, struct err *err);
void outbox_log_close(struct outbox_log *log);

/*
 * Visits every record in order. A torn tail is cut off when the file is writable; ret_cut is its length.
 * ERR_PROOF: a wrong byte before the last record; the message names its place.
 */
bool outbox_log_scan(struct outbox_log *log, outbox_log_visit visit, void *to, uint64_t *ret_cut,
                     struct err *err);

/*
 * On disk when it returns true. After a failure the file is as before, or has a torn tail that the next
 * append overwrites. ret_offset is the payload's.
 */
bool outbox_log_append(struct outbox_log *log, char type, struct slice payload,
                       uint64_t *ret_offset, struct err *err);

/* len bytes at offset. */
bool outbox_log_read(const struct outbox_log *log, uint64_t offset, uint8_t *out, size_t len,
                     struct err *err);

#endif
