/*
 * Who the peers are, as the ledger's state has it: authorities, and candidates that a vote let enter, each
 * with the addresses and the certificate that its own key announced. The book is shown every entry of the
 * state once and then what each block writes.
 */
#ifndef NODE_PEER_BOOK_H
#define NODE_PEER_BOOK_H

#include "node/peer.h"
#include "node/settings.h"

#define PEER_BOOK_MAX 4096 /* keys that ever announced a node, or were let enter */

struct peer_book;

struct peer_book *peer_book_new(void); /* NULL: out of memory */
void peer_book_free(struct peer_book *b);

/*
 * An entry of the state; an empty value: it is gone. Entries that say nothing of peers are passed over.
 * Returns: whether the list may be another now.
 */
bool peer_book_note(struct peer_book *b, struct slice key, struct slice value);

/*
 * Candidates and the authorities of `set`, with a certificate, in no particular order.
 * In: own: addresses of the configuration that count instead of the ledger's; NULL: none.
 * Returns: how many, at most PEER_MAX.
 */
size_t peer_book_list(const struct peer_book *b, const struct authority_set *set,
                      const struct settings_peers *own, struct peer *ret_list);
/* Each other one with a certificate: those who left the set, or never got into it. */
void peer_book_each_outside(const struct peer_book *b, const struct authority_set *set,
                            void (*visit)(void *ctx, const struct peer *peer), void *ctx);
/* What a key announced: false when nothing is known. */
bool peer_book_find(const struct peer_book *b, const struct kid *kid, struct peer *ret_peer);
bool peer_book_is_candidate(const struct peer_book *b, const struct kid *kid);

#endif
