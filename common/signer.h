/*
 * A person's or company's key together with its own place in its sequence, on disk: so that no seq is
 * ever signed twice, whatever crashes. Beside KEY lies KEY.state: ledger id, last seq, its hash, and
 * the signed statements not yet known to be final, with a checksum. It is replaced and synced before the
 * new bytes leave signer_sign(); the key file is locked while a signer is open.
 *
 * What was signed stays in KEY.state until signer_settle(): after a crash the same bytes are sent again,
 * which is idempotent, and nothing is signed anew. A key whose state file is missing is not used: an older
 * copy, or none, would sign a seq twice.
 */
#ifndef COMMON_SIGNER_H
#define COMMON_SIGNER_H

#include "common/statement.h"

#define SIGNER_PENDING_MAX 64        /* signed and not settled; then ERR_BUSY */
#define SIGNER_STATE_MAX   (8 << 20) /* bytes of the state file */

struct signer;

/* The state file of a new key that has signed nothing for this ledger; refuses to replace one. */
bool signer_create(const char *key_path, const struct hash *ledger, struct err *err);

/*
 * Returns: false with ERR_NOT_FOUND when key or state is missing, ERR_BUSY when another process has the
 * key open, ERR_INPUT when a file is damaged or the state is for another ledger.
 */
bool signer_open(const char *key_path, const struct hash *ledger, struct signer **ret_signer,
                 struct err *err);
void signer_close(struct signer *s); /* wipes the key; NULL is legal */

const struct kid *signer_kid(const struct signer *s);
const struct key_pair *signer_key(const struct signer *s);
uint64_t signer_seq(const struct signer *s); /* the last one signed; 0 at first */
struct hash signer_last(const struct signer *s);

/*
 * Signs draft as this key's next statement: link.seq and link.prev are filled in here; kind, time, anchor
 * and content are the caller's. The bytes are durable when they are appended to out.
 * Returns: false, nothing signed, when the draft is malformed, ERR_BUSY when too many are pending.
 */
bool signer_sign(struct signer *s, const struct statement *draft, struct buf *out,
                 struct hash *ret_hash, struct err *err);

/* Signed statements not yet settled, oldest first; borrowed until the next sign or settle. */
size_t signer_pending_count(const struct signer *s);
struct slice signer_pending(const struct signer *s, size_t index);
/* This statement is final (or turned away for good): it need not be kept. Unknown ones are no error. */
bool signer_settle(struct signer *s, const struct hash *statement, struct err *err);

#endif
