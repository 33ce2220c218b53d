/*
 * One signed message by one key (COSE_Sign1, DESIGN section 5): what enters the ledger. Decoding checks
 * everything that can be checked from the bytes alone; a statement that decodes is well-formed.
 */
#ifndef COMMON_STATEMENT_H
#define COMMON_STATEMENT_H

#include "common/agree.h"
#include "common/attach.h"
#include "common/ballot.h"
#include "common/call.h"
#include "common/certificate.h"
#include "common/commission.h"
#include "common/correction.h"
#include "common/cose.h"
#include "common/custody.h"
#include "common/disposition.h"
#include "common/dispute.h"
#include "common/document.h"
#include "common/enrol.h"
#include "common/evidence.h"
#include "common/label_code.h"
#include "common/make.h"
#include "common/node_record.h"
#include "common/open.h"
#include "common/pack.h"
#include "common/party.h"
#include "common/place.h"
#include "common/product.h"
#include "common/proposal.h"
#include "common/reading.h"
#include "common/revoke.h"
#include "common/scan.h"
#include "common/withdraw.h"

#define STATEMENT_MAX COSE_MAX_SIZE

enum statement_kind {
    KIND_READING = 1,
    KIND_CUSTODY = 2,
    KIND_COMMISSION = 3,
    KIND_ATTACH = 4,
    KIND_ENROL = 5,
    KIND_REVOKE = 6,
    KIND_PRODUCT = 7,
    KIND_PLACE = 8,
    KIND_PARTY = 9,
    KIND_OPEN = 10,
    KIND_AGREE = 11,
    KIND_SCAN = 12,
    KIND_EVIDENCE = 13,
    KIND_CALL = 15,
    KIND_DOCUMENT = 16,
    KIND_PROPOSE = 17,
    KIND_BALLOT = 18,
    KIND_WITHDRAW = 19,
    KIND_PACK = 20,
    KIND_MAKE = 21,
    KIND_DISPOSITION = 22,
    KIND_DISPUTE = 23,
    KIND_CERTIFICATE = 24,
    KIND_CERTIFICATE_REVOKE = 25,
    KIND_CORRECTION = 26,
    KIND_LABEL_SEAL = 27,
    KIND_LABEL_REVEAL = 28,
    KIND_NODE = 50,
};

struct statement {
    struct slice bytes; /* whole, from d2; empty until encoded */
    struct hash hash;   /* SHA-256 of bytes: the statement's name */
    struct cose cose;
    struct kid kid; /* the signer */
    struct chain_link link;
    enum statement_kind kind;
    bool senml; /* a reading whose payload is a SenML pack: samples come from senml_expand() */
    union {
        struct reading reading;
        struct custody custody;
        struct commission commission;
        struct attach attach;
        struct enrol enrol;
        struct revoke revoke;
        struct product product;
        struct place place;
        struct party party;
        struct open open;
        struct agree agree;
        struct scan scan;
        struct evidence evidence;
        struct call call;
        struct document document;
        struct proposal proposal;
        struct ballot ballot;
        struct withdraw withdraw;
        struct pack pack;
        struct make make;
        struct disposition disposition;
        struct dispute dispute;
        struct certificate certificate;
        struct certificate_revoke certificate_revoke;
        struct correction correction;
        struct label_seal label_seal;
        struct label_reveal label_reveal;
        struct node_announce node;
    } as;
};

/* Everything in ret_statement is borrowed from bytes. No allocation, whatever the bytes claim. */
bool statement_decode(struct slice bytes, struct statement *ret_statement, struct err *err);

/* Does the signature hold for this ledger? scratch: at least STATEMENT_MAX + COSE_SIG_ROOM. */
bool statement_verify(const struct statement *s, const uint8_t pub[PUB_SIZE],
                      const struct hash *ledger, struct buf *scratch);

/* Encodes kind, link and as, and signs with key; the bytes are appended to out and ret_hash is theirs.
 * Returns: false when a buffer is too small or the statement would not decode. */
bool statement_sign(const struct statement *s, const struct key_pair *key,
                    const struct hash *ledger, struct buf *out, struct hash *ret_hash,
                    struct err *err);

/* Just the payload map, {0: kind, 1: seq, …}. */
void statement_put_payload(struct buf *out, const struct statement *s);

/* Samples of a reading, native or SenML. */
bool statement_samples(const struct statement *s, struct samples *ret_samples, struct err *err);

/* The one set of goods that it names; NULL when it names none, a single one, or several sets. */
const struct asset_set *statement_assets(const struct statement *s);

/* "reading", "custody" … */
const char *statement_kind_name(enum statement_kind kind);

#endif
