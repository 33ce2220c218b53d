/*
 * Deterministic CBOR (RFC 8949 section 4.2.1) in Waybill's profile: integers within int64, byte and
 * text strings, arrays, maps, false, true, null; definite lengths, shortest heads, sorted keys, no
 * floats, and a tag only as the first byte d2 of a COSE_Sign1, which cose.h peels.
 *
 * Foreign bytes pass cbor_scan() first; only then may a reader walk them. Neither allocates, so a
 * hostile length costs nothing. The heads are read and written by libcbor's streaming functions.
 */
#ifndef COMMON_CBOR_H
#define COMMON_CBOR_H

#include "common/bytes.h"
#include "common/err.h"

#define CBOR_MAX_DEPTH 8     /* arrays and maps inside each other */
#define CBOR_MAX_ITEMS 65536 /* data items, keys included */

/*
 * Checks that `in` is exactly one item of the profile above.
 * Returns: false with the offset and the reason in err.
 */
bool cbor_scan(struct slice in, struct err *err);

/*
 * Checks bounds only: one whole item, depth, item count and lengths, definite or not; any head form,
 * floats and unsorted keys pass. For SenML (RFC 8428), whose bytes other people's encoders make.
 */
bool cbor_scan_bounds(struct slice in, struct err *err);

enum cbor_kind {
    CBOR_UINT,
    CBOR_NINT,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_BOOL,
    CBOR_NULL,
    CBOR_FLOAT, /* only where cbor_scan_bounds() was used */
    CBOR_END,   /* nothing left, or the reader has failed */
};

/*
 * Walks scanned bytes. A wrong type latches `failed`, after which every take returns zero or an empty
 * slice: decode a whole structure, then check cbor_done() once.
 */
struct cbor_reader {
    struct slice in;
    size_t pos;
    bool failed;
};

struct cbor_reader cbor_reader(struct slice in);
enum cbor_kind cbor_peek(const struct cbor_reader *r);
uint64_t cbor_take_uint(struct cbor_reader *r);
/* An unsigned integer of at most max; a larger one fails the reader. */
uint64_t cbor_take_uint_max(struct cbor_reader *r, uint64_t max);
int64_t cbor_take_int(struct cbor_reader *r);
int64_t cbor_take_int_in(struct cbor_reader *r, int64_t min, int64_t max);
bool cbor_take_bool(struct cbor_reader *r);
void cbor_take_null(struct cbor_reader *r);
/* Borrowed from the reader's input; min and max are bytes, both inclusive. */
struct slice cbor_take_bytes(struct cbor_reader *r, size_t min, size_t max);
struct slice cbor_take_text(struct cbor_reader *r, size_t min, size_t max);
/* Copies a byte string of exactly len bytes to out; out is zeroed when the reader fails. */
void cbor_take_fixed(struct cbor_reader *r, uint8_t *out, size_t len);
/* Number of elements (arrays) or of pairs (maps). The elements follow. */
size_t cbor_take_array(struct cbor_reader *r);
size_t cbor_take_map(struct cbor_reader *r);
void cbor_take_array_of(struct cbor_reader *r, size_t len);
/* Passes over one whole item and returns its bytes. */
struct slice cbor_take_item(struct cbor_reader *r);
/* The IEEE 754 bits of a half, single or double: ret_size is 2, 4 or 8 bytes. Only in SenML. */
uint64_t cbor_take_float_bits(struct cbor_reader *r, size_t *ret_size);
/* Fails the reader: for a value that is well-formed and wrong. */
void cbor_fail(struct cbor_reader *r);
/* True when nothing failed and every byte was taken. */
bool cbor_done(const struct cbor_reader *r);

/* Writers append to out, whose latch tells of an overflow. Map keys are the caller's to order. */
void cbor_put_uint(struct buf *out, uint64_t value);
void cbor_put_int(struct buf *out, int64_t value);
void cbor_put_bool(struct buf *out, bool value);
void cbor_put_null(struct buf *out);
void cbor_put_bytes(struct buf *out, struct slice value);
void cbor_put_text(struct buf *out, struct slice value);
void cbor_put_array(struct buf *out, size_t len);
void cbor_put_map(struct buf *out, size_t pairs);
/* Head of a byte string whose len bytes the caller appends itself. */
void cbor_put_bytes_head(struct buf *out, size_t len);

/* UTF-8 (RFC 3629) without control characters: what text on the ledger may hold. */
bool cbor_text_valid(struct slice text);

#endif
