/*
 * The key and certificate that a member's node shows to other nodes, and the next ones: made beside them,
 * and put in their place once the ledger holds the new certificate. The old ones stay, as KEY.old and
 * CERTIFICATE.old. Neither signs anything on the ledger.
 */
#ifndef TOOLS_MEMBER_CERTIFICATE_H
#define TOOLS_MEMBER_CERTIFICATE_H

#include "common/err.h"
#include "common/key.h"

#include <limits.h>

struct member_certificate {
    char key[PATH_MAX], certificate[PATH_MAX]; /* as DIR/node.yaml names them */
    char next_key[PATH_MAX], next_certificate[PATH_MAX];
};

/* Without a readable node.yaml they are DIR/tls.key and DIR/tls.crt. */
bool member_certificate_find(const char *dir, struct member_certificate *ret_files,
                             struct err *err);

/*
 * Makes the next key and certificate, or takes up those that an earlier call made and nobody put in place.
 * In: authority: whom the certificate names; now_ms: of the real clock. Appends it, DER, to der.
 */
bool member_certificate_make(const struct member_certificate *files, const struct kid *authority,
                             uint64_t now_ms, struct buf *der, struct err *err);

/* Puts the next ones in place. Cut short at any point, a later make and replace end it. */
bool member_certificate_replace(const struct member_certificate *files, struct err *err);

#endif
