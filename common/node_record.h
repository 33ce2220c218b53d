/*
 * An authority's own word on where its node is reached, and by which certificate it is known (kind 50,
 * state table 33); a candidate enters the set by it.
 */
#ifndef COMMON_NODE_RECORD_H
#define COMMON_NODE_RECORD_H

#include "common/fields.h"
#include "common/key.h"

#define NODE_ADDRESS_MAX     256
#define NODE_CERTIFICATE_MAX 2048

struct node_record {
    struct slice broker;      /* "host:port" of its broker for peers */
    struct slice url;         /* "https://host:port" */
    struct slice certificate; /* DER */
};

struct node_announce {
    struct node_record record;
    bool enter; /* the candidate's own word that it runs: into the authority set with it */
};

void node_announce_take(struct fields *f, struct node_announce *ret_announce);
size_t node_announce_pairs(const struct node_announce *n);
void node_announce_put(struct buf *out, const struct node_announce *n);

/* Whether addresses and certificate are of the form that the ledger takes. */
bool node_record_is_valid(const struct node_record *n, struct err *err);
/* The state's value: [broker, url, certificate]. */
void node_record_put(struct buf *out, const struct node_record *n);
bool node_record_take(struct slice value, struct node_record *ret_record);
/* SHA-256 of the certificate: what a peer's TLS connection is compared with. */
struct hash node_record_fingerprint(const struct node_record *n);

#endif
