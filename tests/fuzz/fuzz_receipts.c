/* Receipts: of bytes that were changed none is believed for the leaf, the ledger and the set it was made for. */
#include "common/seal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the wire's vectors: any ledger and set will do, for what is believed must be a proof. */
static struct authority_set set;
static struct hash ledger;

static void begin(void)
{
    static const char name[] = "waybill vector key node 1";
    if (set.count > 0)
        return;
    if (!crypto_init())
        abort();
    struct hash seed = crypto_sha256(slice_text(name));
    struct key_pair node = key_from_seed(seed.bytes);
    set.count = 1;
    set.at[0].kid = set.at[0].member = node.kid;
    memcpy(set.at[0].pub, node.pub, PUB_SIZE);
}

/* The ledger id that the first receipt names, so that more than its name is looked at. */
static void believe_name(struct slice receipts)
{
    struct cose c;
    if (!cbor_scan(receipts, NULL))
        return;
    struct cbor_reader r = cbor_reader(receipts);
    if (cbor_take_array(&r) > 0 && cose_parse(cbor_take_bytes(&r, 1, SIZE_MAX), &c, NULL) &&
        c.type == COSE_RECEIPT)
        ledger = c.seal.ledger;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct receipt_claim claim;
    struct err err = { .msg = "" };
    struct hash other = merkle_empty();
    begin();
    believe_name(slice_of(data, size));
    bool holds = seal_verify_receipts(slice_of(data, size), &other, &ledger, &set, &claim, &err);
    assert(!holds); /* nothing proves this statement: it was never recorded */
    assert(err.msg[0] != 0);
    return 0;
}
