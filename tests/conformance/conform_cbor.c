/*
 * Our CBOR profile against public test vectors (RFC 8949 appendix A, and deterministic CBOR).
 * Usage: conform_cbor VECTORS. Prints one line a disagreement, then "N passed, N failed".
 *
 * What the profile holds must be read, and written again to the same bytes. What it leaves out (floats,
 * tags, bignums, other simple values, indefinite lengths, integers beyond int64) must be refused with a
 * reason; which of the two it is, the vector's first bytes tell, not our decoder.
 */
#include "common/cbor.h"
#include "common/hex.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_MAX 4096

static unsigned passed;
static unsigned failed;

static void report(bool good, const char *hex, const char *what)
{
    if (good) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL  cbor %s: %s\n", hex, what);
}

/* Is there a byte outside the profile anywhere? A second, naive reading of the heads (RFC 8949 section 3). */
static bool outside_profile(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        unsigned major = bytes[i] >> 5;
        unsigned info = bytes[i] & 31u;
        uint64_t arg = info;
        size_t extra = info >= 24 && info <= 27 ? (size_t)1 << (info - 24) : 0;
        if (extra > 0)
            arg = 0;
        for (size_t k = 1; k <= extra && i + k < len; k++)
            arg = arg << 8 | bytes[i + k];
        if (info == 31 || major == 6 || (major == 7 && (info < 20 || info > 22)) ||
            (major < 2 && arg > INT64_MAX))
            return true;
        i += 1 + extra;
        if (major == 2 || major == 3)
            i += (size_t)arg;
    }
    return false;
}

/* Copies one item, head by head, through the reader and the writers. */
static void copy_item(struct cbor_reader *r, struct buf *out)
{
    size_t left = 1;
    while (left-- > 0 && !r->failed) {
        size_t n;
        switch (cbor_peek(r)) {
        case CBOR_UINT: cbor_put_uint(out, cbor_take_uint(r)); break;
        case CBOR_NINT: cbor_put_int(out, cbor_take_int(r)); break;
        case CBOR_BYTES: cbor_put_bytes(out, cbor_take_bytes(r, 0, VECTOR_MAX)); break;
        case CBOR_TEXT: cbor_put_text(out, cbor_take_text(r, 0, VECTOR_MAX)); break;
        case CBOR_ARRAY:
            n = cbor_take_array(r);
            cbor_put_array(out, n);
            left += n;
            break;
        case CBOR_MAP:
            n = cbor_take_map(r);
            cbor_put_map(out, n);
            left += 2 * n;
            break;
        case CBOR_BOOL: cbor_put_bool(out, cbor_take_bool(r)); break;
        case CBOR_NULL:
            cbor_take_null(r);
            cbor_put_null(out);
            break;
        case CBOR_FLOAT:
        case CBOR_END: cbor_fail(r); break;
        }
    }
}

static bool same_value(struct slice bytes, const json_t *decoded)
{
    struct cbor_reader r = cbor_reader(bytes);
    if (json_is_real(decoded)) /* some are beyond 64 bits, so all are read as reals */
        return (double)cbor_take_int(&r) == json_real_value(decoded) && cbor_done(&r);
    if (json_is_boolean(decoded))
        return cbor_take_bool(&r) == json_is_true(decoded) && cbor_done(&r);
    if (json_is_string(decoded))
        return slice_equal(cbor_take_text(&r, 0, VECTOR_MAX),
                           slice_text(json_string_value(decoded))) &&
               cbor_done(&r);
    if (json_is_array(decoded))
        return cbor_take_array(&r) == json_array_size(decoded) && !r.failed;
    if (json_is_object(decoded))
        return cbor_take_map(&r) == json_object_size(decoded) && !r.failed;
    return true; /* null, or given as diagnostic notation only */
}

static void check(const char *hex, const json_t *decoded)
{
    uint8_t bytes[VECTOR_MAX];
    uint8_t again[VECTOR_MAX];
    size_t len = strlen(hex) / 2;
    struct err err = { 0 };
    if (len > sizeof bytes || !hex_decode(hex, strlen(hex), bytes, len)) {
        report(false, hex, "the vector itself cannot be read");
        return;
    }
    bool inside = !outside_profile(bytes, len);
    bool scanned = cbor_scan(slice_of(bytes, len), &err);
    if (!inside) {
        report(!scanned, hex, "accepted, though the profile leaves it out");
        report(scanned || err.msg[0] != '\0', hex, "refused without a reason");
        return;
    }
    report(scanned, hex, err.msg);
    if (!scanned)
        return;
    struct cbor_reader r = cbor_reader(slice_of(bytes, len));
    struct buf out = buf_fixed(again, sizeof again);
    copy_item(&r, &out);
    report(cbor_done(&r) && slice_equal(buf_slice(&out), slice_of(bytes, len)), hex,
           "written again to other bytes");
    report(same_value(slice_of(bytes, len), decoded), hex, "another value");
}

static bool check_file(const char *folder, const char *name)
{
    char path[4096];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/cbor/%s", folder, name);
    json_t *all = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    if (all == NULL) {
        (void)fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
        return false;
    }
    size_t i;
    json_t *vector;
    json_array_foreach(all, i, vector)
    {
        const char *hex = json_string_value(json_object_get(vector, "hex"));
        report(hex != NULL, name, "a vector without hex");
        if (hex != NULL)
            check(hex, json_object_get(vector, "decoded"));
    }
    json_decref(all);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: conform_cbor VECTORS\n");
        return 2;
    }
    bool read = check_file(argv[1], "appendix_a.json") && check_file(argv[1], "dcbor-valid.json");
    printf("%u passed, %u failed\n", passed, failed);
    return read && failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
