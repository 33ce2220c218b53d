/* Do the signatures of a message hold? Form is message.h's matter, and enough of them consensus's. */
#ifndef COMMON_MESSAGE_VERIFY_H
#define COMMON_MESSAGE_VERIFY_H

#include "common/message.h"

/* Signatures that held before, by hash: a message that comes again costs no curve arithmetic. */
#define MESSAGE_CACHE_SIZE 1024
struct message_cache {
    struct hash seen[MESSAGE_CACHE_SIZE];
};

/*
 * Every signature in it: the sender's, and those of nested ROUNDCHANGEs, certificates and seals. The
 * sender and all others must be of set, except in STATEMENTS, DECIDED and STATUS, whose sender may be one
 * who is not and whose key is known_pub (NULL: must be of set). Counts nothing: whether there are enough is
 * consensus's matter. In: cache may be NULL; consensus_verify() is this with consensus's own.
 */
bool message_verify(const struct message *m, const struct hash *ledger,
                    const struct authority_set *set, const uint8_t *known_pub, struct err *err);
bool message_verify_cached(const struct message *m, const struct hash *ledger,
                           const struct authority_set *set, const uint8_t *known_pub,
                           struct message_cache *cache, struct err *err);

/* The sender's own signature alone, for evidence: of a COMMIT the seal's; nothing nested is looked at. */
bool message_verify_sender(const struct message *m, const struct hash *ledger,
                           const uint8_t pub[PUB_SIZE]);

#endif
