/*
 * The folder of one member: keys made where they are used, its node's certificate and configuration, its
 * request to the others; and, once there is a ledger, what a node and a person need to take part in it.
 *
 *   DIR/member.key          signs for the company; .state its place in its sequence
 *   DIR/tls.key, tls.crt    what its node shows to other nodes: no ledger key
 *   DIR/node/authority.key  seals blocks; .state its place, .voted once it has
 *   DIR/node.yaml           the node's configuration
 *   DIR/address.cbor        what the ledger is to hold of its node: [broker, url, certificate]
 *   DIR/request.cbor        all of it that is public, signed; for the others
 *   DIR/enrolment.cose      instead of that and of member.key: a spare's authority asks to enter; and
 *   DIR/node-request.cbor   the same with its addresses, for a recovery
 *   DIR/keys/               keys of devices and people, made later
 *   DIR/genesis.cbor, name, identity.cbor, node/ledger.db    from member_folder_start() or _settle() on
 */
#ifndef TOOLS_MEMBER_FOLDER_H
#define TOOLS_MEMBER_FOLDER_H

#include "common/final.h"
#include "common/node_record.h"
#include "common/request.h"

#include <limits.h>

#define MEMBER_FOLDER_HTTP_PORT 8600

struct member_plan {
    const char *dir;
    const char *name;                 /* of the company */
    bool node;                        /* it runs one, and the rest of this block is read */
    const char *broker, *url;         /* where the others reach it */
    const char *listen;               /* where it listens for them; NULL: as the address says */
    unsigned http_port, devices_port; /* for people and for devices, on loopback; 0: any free one */
    const struct hash *ledger;        /* one that runs, to be joined; NULL: one yet to be founded */
    const struct kid *recovers;       /* with ledger: a member that lost its key; NULL: a new one */
    const struct kid *spare_of; /* with ledger and node: no member key, a node for this member */
    uint64_t now_ms;            /* of the real clock, by which certificates are judged */
};

/* DIR/name, false with a complaint when that is too long. */
bool member_folder_path(const char *dir, const char *name, char path[PATH_MAX], struct err *err);

/* Makes the folder, which must not be there yet; request.cbor or enrolment.cose comes last. */
bool member_folder_make(const struct member_plan *plan, struct err *err);

/* A request's file, with its certificate checked. In: out: holds the bytes that ret_request borrows. */
bool member_folder_read_request(const char *path, struct buf *out, struct request *ret_request,
                                struct err *err);

/*
 * Takes a sealed genesis into the folder: ledger, signers' states, genesis, name, and last identity.cbor.
 * Returns: false, ERR_PROOF, when the genesis does not hold, or does not have this folder's keys in it and
 * the folder's request is not to join this ledger.
 */
bool member_folder_start(const char *dir, struct slice genesis, struct identity *ret_identity,
                         struct err *err);

/*
 * May the folder join this ledger, which others run? True of one that is no member's, too.
 * Returns: false, nothing changed, with ERR_INPUT when it takes part in another ledger, or as
 * member_folder_start(). A folder whose ledger is gone notes that its key has voted.
 */
bool member_folder_fits(const char *dir, struct slice genesis, const struct identity *id,
                        struct err *err);
/*
 * The ledger was fetched into DIR/node: whatever else member_folder_start() gives a folder, identity.cbor
 * last. What is there stays. A key that the ledger has heard by then gets no state anew.
 */
bool member_folder_settle(const char *dir, struct slice genesis, const struct identity *id,
                          struct err *err);

/* Where its node says that it is. In: out: holds what ret_record borrows. */
bool member_folder_read_address(const char *dir, struct buf *out, struct node_record *ret_record,
                                struct err *err);
bool member_folder_write_address(const char *dir, const struct node_record *record,
                                 struct err *err);

/* The ledger's name that its founders signed; empty when they signed none. Borrowed from genesis. */
struct slice member_folder_ledger_name(struct slice genesis);

#endif
