/* The genesis file: header, the first state, and the founders' signatures. */
#ifndef COMMON_GENESIS_H
#define COMMON_GENESIS_H

#include "common/header.h"

#define GENESIS_SIZE_MAX (4 * 1024 * 1024)

/* [1, bstr header, entries, signatures]; entries in order of key bytes. */
struct genesis {
    struct header header;
    size_t entry_count;
    struct cbor_reader entries; /* at the first [key, value] */
    size_t signature_count;
    struct cbor_reader signatures; /* at the first [kid, signature] */
};

bool genesis_decode(struct slice bytes, struct genesis *ret_genesis, struct err *err);
/* Call entry_count times. */
void genesis_next_entry(struct genesis *g, struct slice *ret_key, struct slice *ret_value);
/* Every founder's signature over "waybill/1/genesis" 00 ledger id; call signature_count times. */
void genesis_next_signature(struct genesis *g, struct kid *ret_kid, const uint8_t **ret_sig);
void genesis_sign(const struct hash *ledger, const struct key_pair *founder,
                  uint8_t ret_sig[SIG_SIZE]);
bool genesis_verify(const struct hash *ledger, const uint8_t sig[SIG_SIZE],
                    const uint8_t pub[PUB_SIZE]);

#endif
