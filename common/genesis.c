#include "common/genesis.h"

#include "common/state_key.h"

#include <string.h>

#define DOMAIN      "waybill/1/genesis" /* signed with its terminating zero */
#define ENTRIES_MAX 65536
#define VALUE_MAX   (64 * 1024)

static void message(const struct hash *ledger, uint8_t out[sizeof DOMAIN + HASH_SIZE])
{
    memcpy(out, DOMAIN, sizeof DOMAIN);
    memcpy(out + sizeof DOMAIN, ledger->bytes, HASH_SIZE);
}

void genesis_sign(const struct hash *ledger, const struct key_pair *founder,
                  uint8_t ret_sig[SIG_SIZE])
{
    uint8_t m[sizeof DOMAIN + HASH_SIZE];
    message(ledger, m);
    crypto_ed25519_sign(slice_of(m, sizeof m), founder->secret, ret_sig);
}

bool genesis_verify(const struct hash *ledger, const uint8_t sig[SIG_SIZE],
                    const uint8_t pub[PUB_SIZE])
{
    uint8_t m[sizeof DOMAIN + HASH_SIZE];
    message(ledger, m);
    return crypto_ed25519_verify(slice_of(m, sizeof m), sig, pub);
}

void genesis_next_entry(struct genesis *g, struct slice *ret_key, struct slice *ret_value)
{
    cbor_take_array_of(&g->entries, 2);
    *ret_key = cbor_take_bytes(&g->entries, 1, STATE_KEY_MAX);
    *ret_value = cbor_take_bytes(&g->entries, 1, VALUE_MAX);
}

void genesis_next_signature(struct genesis *g, struct kid *ret_kid, const uint8_t **ret_sig)
{
    cbor_take_array_of(&g->signatures, 2);
    *ret_kid = kid_take(&g->signatures);
    *ret_sig = cbor_take_bytes(&g->signatures, SIG_SIZE, SIG_SIZE).data;
}

static void check_entries(struct genesis g, struct cbor_reader *r)
{
    struct slice before = { NULL, 0 };
    for (size_t i = 0; i < g.entry_count && !g.entries.failed; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        if (g.entries.failed || !cbor_scan(key, NULL) || !cbor_scan(value, NULL) ||
            (i > 0 && slice_compare(before, key) >= 0))
            cbor_fail(&g.entries);
        before = key;
    }
    *r = g.entries;
}

bool genesis_decode(struct slice bytes, struct genesis *ret_genesis, struct err *err)
{
    struct genesis g;
    if (bytes.len > GENESIS_SIZE_MAX)
        return err_set(err, ERR_INPUT, "genesis: %zu bytes, more than the %d allowed", bytes.len,
                       GENESIS_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "genesis");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 4);
    (void)cbor_take_int_in(&r, 1, 1);
    struct slice header = cbor_take_bytes(&r, 1, HEADER_SIZE_MAX);
    g.entry_count = cbor_take_array(&r);
    if (g.entry_count > ENTRIES_MAX)
        cbor_fail(&r);
    g.entries = r;
    if (!r.failed)
        check_entries(g, &r);
    g.signature_count = cbor_take_array(&r);
    g.signatures = r;
    for (size_t i = 0; i < g.signature_count && !r.failed; i++) {
        cbor_take_array_of(&r, 2);
        (void)kid_take(&r);
        (void)cbor_take_bytes(&r, SIG_SIZE, SIG_SIZE);
    }
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "genesis: not [1, header, entries, signatures]");
    if (!header_decode(header, &g.header, err))
        return err_wrap(err, "genesis");
    if (!header_is_genesis(&g.header))
        return err_set(err, ERR_PROOF, "genesis: the header does not give its ledger id");
    *ret_genesis = g;
    return true;
}
