/*
 * Bundles from strangers. The identity is taken from the bundle itself, so that mutations get past the first
 * step; what then holds must hold again, and must be about an asset.
 */
#include "common/bundle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take_identity(struct slice bytes, struct identity *ret_identity)
{
    if (!cbor_scan(bytes, NULL))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    (void)cbor_take_array(&r);
    (void)cbor_take_item(&r);
    struct slice sets = cbor_take_bytes(&r, 1, SIZE_MAX);
    if (r.failed || !cbor_scan(sets, NULL))
        return false;
    r = cbor_reader(sets);
    cbor_take_array_of(&r, 2);
    struct slice identity = cbor_take_item(&r);
    return !r.failed && identity_decode(identity, ret_identity, NULL);
}

static bool count(void *ctx, const struct bundle_event *e)
{
    assert(e->header->height > 0);
    assert(e->statement.len == 0 || e->has_statement);
    ++*(uint64_t *)ctx;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct identity identity;
    struct bundle_claim claim, again;
    struct err err = { .msg = "" };
    uint64_t seen = 0;
    if (!crypto_init())
        abort();
    struct slice bytes = slice_of(data, size);
    if (!take_identity(bytes, &identity)) {
        memset(&identity, 0, sizeof identity);
        assert(!bundle_verify(bytes, &identity, NULL, NULL, &claim, &err));
        assert(err.msg[0] != '\0');
        return 0;
    }
    if (!bundle_verify(bytes, &identity, count, &seen, &claim, &err)) {
        assert(err.msg[0] != '\0');
        return 0;
    }
    assert(seen == claim.events && claim.asset[0] != '\0');
    assert(claim.known || seen == 0);
    const struct bundle_holds *h = &claim.holds;
    assert(h->proven || (!h->has_lot && !h->own.recalled && !h->own.quarantined));
    assert(h->has_lot == (h->lot_name[0] != '\0'));
    assert(h->has_lot || (!h->lot.recalled && !h->lot.quarantined));
    bool good = bundle_verify(bytes, &identity, NULL, NULL, &again, NULL);
    assert(good && again.events == claim.events);
    return 0;
}
