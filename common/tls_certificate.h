/*
 * Certificates by which nodes know each other on the network: ECDSA P-256, self-signed, named by the kid of
 * the authority. They are no ledger keys and sign nothing on it. Nobody vouches for them but the ledger,
 * which holds each one whole; so a peer is known by its fingerprint, the SHA-256 of its DER form, and a
 * certificate that could vouch for others is refused. The only file that includes GnuTLS.
 */
#ifndef COMMON_TLS_CERTIFICATE_H
#define COMMON_TLS_CERTIFICATE_H

#include "common/crypto.h"
#include "common/err.h"

#define TLS_CERTIFICATE_MAX       2048 /* bytes of DER */
#define TLS_CERTIFICATE_PEM_MAX   4096
#define TLS_CERTIFICATE_NAME_SIZE 65
#define TLS_CERTIFICATE_YEARS     20

struct tls_certificate {
    char name[TLS_CERTIFICATE_NAME_SIZE]; /* the common name: for a peer, its kid in hex */
    struct hash fingerprint;
    uint64_t from_ms, until_ms;
};

/*
 * Makes a key (0600) and its certificate, both PEM files; a file that is there is refused.
 * In: from_ms = now. It is valid from a day before, so that a peer whose clock is behind believes it.
 */
bool tls_certificate_make(const char *key_path, const char *certificate_path, const char *name,
                          uint64_t from_ms, struct err *err);

/* Appends the DER form of the first certificate in a PEM file. */
bool tls_certificate_read(const char *path, struct buf *der, struct err *err);
/*
 * What a peer's has to be: X.509 version 3, one common name and no other, signed by itself, and no
 * authority over others (with such a one its owner could make himself another peer's name).
 */
bool tls_certificate_check(struct slice der, struct tls_certificate *ret_certificate,
                           struct err *err);
void tls_certificate_put_pem(struct slice der, struct buf *pem);

/*
 * Of the other side of an open TLS session. In: session as libmicrohttpd hands it out.
 * Returns: false when it showed none.
 */
bool tls_certificate_of_session(void *session, struct hash *ret_fingerprint);

#endif
