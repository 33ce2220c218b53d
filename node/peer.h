/* Another authority's node as this one reaches it: what the ledger says, or the configuration instead. */
#ifndef NODE_PEER_H
#define NODE_PEER_H

#include "common/authority_set.h"

#define PEER_TEXT_SIZE       256
#define PEER_CERTIFICATE_MAX 2048
#define PEER_MAX             (2 * AUTHORITY_MAX) /* authorities, and candidates */

struct peer {
    struct kid kid;
    char broker[PEER_TEXT_SIZE]; /* "host:port"; "" = not known */
    char url[PEER_TEXT_SIZE];    /* "https://host:port"; "" = not known */
    size_t certificate_len;
    uint8_t certificate[PEER_CERTIFICATE_MAX]; /* DER */
};

#endif
