/*
 * A company's request to be a member: its public keys, where its node is reached, and the certificate that
 * its node shows there, signed by the keys themselves. What it sends to the others; nothing in it is secret.
 *
 *   [1, name, member COSE_Key, authority COSE_Key / null, [broker, url, certificate] / null,
 *    member signature, authority signature / null, ? [member enrolment, authority enrolment / null]]
 *
 * Both sign "waybill/1/request" 00 and the first five items as an array. Who joins a ledger that runs adds
 * the enrolment requests (enrol.h) that a proposal to take it in carries.
 */
#ifndef COMMON_REQUEST_H
#define COMMON_REQUEST_H

#include "common/enrol.h"

#define REQUEST_SIZE_MAX        8192
#define REQUEST_ADDRESS_MAX     200 /* as of node_record.h */
#define REQUEST_CERTIFICATE_MAX 2048

struct request {
    struct slice name;
    uint8_t member[PUB_SIZE];
    bool has_node; /* the rest of this block is set */
    uint8_t authority[PUB_SIZE];
    struct slice broker;                                /* "host:port" of its broker for peers */
    struct slice url;                                   /* "https://host:port" where peers ask it */
    struct slice certificate;                           /* DER */
    bool joins;                                         /* a ledger that runs; and these are set */
    struct slice member_enrolment, authority_enrolment; /* the second empty without a node */
};

/* What signs it. authority: NULL without a node. */
struct request_keys {
    const struct key_pair *member, *authority;
};

/* Appends the signed file; the keys' public halves are taken from keys, not from q. */
void request_put(struct buf *out, const struct request *q, const struct request_keys *keys);

/*
 * Form, addresses and every signature; everything borrowed from bytes.
 * Returns: false with ERR_INPUT when it is malformed, ERR_PROOF when a signature does not hold.
 */
bool request_decode(struct slice bytes, struct request *ret_request, struct err *err);

/* Whether its enrolments are for this ledger. In: joins. */
bool request_is_for(const struct request *q, const struct hash *ledger);
/*
 * The member that its keys will belong to: the member key's own kid, or that of a member which has lost its
 * key and asks to be recovered. In: joins.
 */
struct kid request_sponsor(const struct request *q);

/* "host:port", port 1 to 65535. */
bool request_check_broker(struct slice broker, struct err *err);
/* "https://host:port", nothing after it. */
bool request_check_url(struct slice url, struct err *err);

#endif
