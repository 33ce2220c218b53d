#include "device/outbox_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ integers in records */

struct field_reader {
    struct slice in;
    size_t at;
    bool failed;
};

static struct slice take(struct field_reader *r, size_t len)
{
    static const uint8_t zeros[HASH_SIZE];
    if (r->failed || r->in.len - r->at < len) {
        r->failed = true;
        return slice_of(zeros, len);
    }
    r->at += len;
    return slice_of(r->in.data + r->at - len, len);
}

static uint64_t take_u64(struct field_reader *r)
{
    struct slice s = take(r, 8);
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++)
        value = value << 8 | s.data[i];
    return value;
}

static struct hash take_hash(struct field_reader *r)
{
    struct hash hash;
    memcpy(hash.bytes, take(r, HASH_SIZE).data, HASH_SIZE);
    return hash;
}

void outbox_replay_put_u64(struct buf *out, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_byte(out, (uint8_t)(value >> shift));
}

/* ------------------------------------------------------------------ the row in memory */

uint64_t outbox_replay_first(const struct outbox *o)
{
    return o->state.last_seq + 1 - o->count;
}

struct outbox_row *outbox_replay_find(const struct outbox *o, uint64_t seq)
{
    if (seq > o->state.last_seq || seq < outbox_replay_first(o))
        return NULL;
    return &o->entries[seq - outbox_replay_first(o)];
}

bool outbox_replay_make_room(struct outbox *o, struct err *err)
{
    if (o->count == OUTBOX_ENTRIES_MAX)
        return err_set(err, ERR_BUSY, "outbox: %d statements wait for the ledger",
                       OUTBOX_ENTRIES_MAX);
    if (o->count < o->cap)
        return true;
    size_t cap = o->cap == 0 ? 64 : 2 * o->cap;
    struct outbox_row *more = realloc(o->entries, cap * sizeof *more);
    if (more == NULL)
        return err_set(err, ERR_IO, "outbox: no memory");
    o->entries = more;
    o->cap = cap;
    return true;
}

void outbox_replay_push(struct outbox *o, const struct outbox_row *row)
{
    o->entries[o->count++] = *row;
    o->state.last_seq++;
    o->state.last_hash = row->hash;
    o->state.last_time_ms = row->time_ms;
    if (row->len > 0) {
        o->state.kept++;
        o->state.kept_bytes += row->len;
    }
}

static void free_row(struct outbox *o, struct outbox_row *e)
{
    if (e->len == 0)
        return;
    o->state.kept--;
    o->state.kept_bytes -= e->len;
    e->len = 0;
}

/* Freed entries at the front have nothing kept below them. */
static void trim(struct outbox *o)
{
    size_t n = 0;
    while (n < o->count && o->entries[n].len == 0)
        n++;
    if (n > 0)
        memmove(o->entries, o->entries + n, (o->count - n) * sizeof *o->entries);
    o->count -= n;
}

void outbox_replay_drop(struct outbox *o, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < o->count; i++) {
        uint64_t seq = outbox_replay_first(o) + i;
        if (seq >= from && seq <= to)
            free_row(o, &o->entries[i]);
    }
    trim(o);
}

/* ------------------------------------------------------------------ replay */

static bool visit_meta(struct outbox *o, struct field_reader *r, struct err *err)
{
    struct kid kid;
    memcpy(kid.bytes, take(r, KID_SIZE).data, KID_SIZE);
    struct hash ledger = take_hash(r);
    o->state.last_seq = take_u64(r);
    o->state.last_time_ms = take_u64(r);
    o->state.last_hash = take_hash(r);
    o->state.ack_height = take_u64(r);
    o->state.ack_time_ms = take_u64(r);
    if (r->failed || o->begun)
        return err_set(err, ERR_PROOF, "not the record that was expected");
    if (!o->any_key && !kid_equal(&kid, &o->kid))
        return err_set(err, ERR_INPUT, "this is the outbox of another key");
    if (!o->any_key && !hash_equal(&ledger, &o->ledger))
        return err_set(err, ERR_INPUT, "this outbox is for another ledger");
    o->begun = true;
    return true;
}

static bool visit_signed(struct outbox *o, const struct outbox_log_record *record,
                         struct field_reader *r, struct err *err)
{
    uint64_t seq = take_u64(r);
    struct outbox_row e = { .time_ms = take_u64(r) };
    if (record->type == 'H') {
        e.hash = take_hash(r);
    } else {
        struct slice bytes = take(r, r->failed ? 0 : r->in.len - r->at);
        e.hash = crypto_sha256(bytes);
        e.offset = record->offset + OUTBOX_STATEMENT_HEAD;
        e.len = bytes.len;
        r->failed = r->failed || bytes.len == 0;
    }
    if (r->failed || !o->begun || seq != o->state.last_seq + 1)
        return err_set(err, ERR_PROOF, "statement %" PRIu64 " stands after %" PRIu64, seq,
                       o->state.last_seq);
    if (!outbox_replay_make_room(o, err))
        return false;
    outbox_replay_push(o, &e);
    return true;
}

static bool visit_freed(struct outbox *o, struct field_reader *r, struct err *err)
{
    uint64_t from = take_u64(r);
    uint64_t to = take_u64(r);
    uint64_t height = take_u64(r);
    uint64_t now_ms = take_u64(r);
    if (r->failed || !o->begun)
        return err_set(err, ERR_PROOF, "not the record that was expected");
    outbox_replay_drop(o, from, to);
    if (height > 0) {
        o->state.ack_height = height;
        o->state.ack_time_ms = now_ms;
    }
    return true;
}

bool outbox_replay_visit(void *to, const struct outbox_log_record *record, struct err *err)
{
    struct outbox *o = to;
    struct field_reader r = { .in = record->payload };
    bool good = false;
    switch (record->type) {
    case 'M': good = visit_meta(o, &r, err); break;
    case 'S':
    case 'H': good = visit_signed(o, record, &r, err); break;
    case 'F': good = visit_freed(o, &r, err); break;
    default: return err_set(err, ERR_INPUT, "a record of a later version of this program");
    }
    return good && (r.at == r.in.len || err_set(err, ERR_PROOF, "a record of the wrong length"));
}
