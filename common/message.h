/*
 * What authorities say to each other (CONSENSUS "Messages"): an envelope [type, height, round, from, body,
 * signature], signed over "waybill/1/<type>" 00 and the canonical [ledger id, height, round, body]. A
 * COMMIT's body is a seal, which signs itself: its signature is empty.
 */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include "common/seal.h"

#define MESSAGE_SIZE_MAX     (1024 * 1024)
#define PREPARED_SIZE_MAX    (64 + AUTHORITY_MAX * (KID_SIZE + SIG_SIZE + 4))
#define ROUNDCHANGE_SIZE_MAX (PREPARED_SIZE_MAX + 128)

enum message_type {
    MESSAGE_STATEMENTS = 1,  /* [* bstr statement] */
    MESSAGE_PROPOSE = 2,     /* [bstr header, [* hash], [* bstr ROUNDCHANGE], prepared / null] */
    MESSAGE_PREPARE = 3,     /* bstr: the block hash */
    MESSAGE_COMMIT = 4,      /* the seal's own bytes */
    MESSAGE_ROUNDCHANGE = 5, /* prepared / null */
    MESSAGE_RCCERT = 6,      /* [+ bstr ROUNDCHANGE], all of the envelope's round */
    MESSAGE_DECIDED = 7,     /* [bstr header, [* hash], [+ bstr seal]], of the envelope's round */
    MESSAGE_STATUS = 8, /* [tip: hash, clock: ms, question/null, answer/null, heard: ms/null] */
};

/* prepared = [round, block hash, [+ [kid, signature]]]: q PREPAREs of one round, as one certificate. */
struct prepared {
    bool there;
    uint64_t round;
    struct hash block;
    size_t count;
    struct prepared_by {
        struct kid kid;
        uint8_t sig[SIG_SIZE];
    } by[AUTHORITY_MAX];
};

/* A ROUNDCHANGE taken apart, so that it can be kept and said again inside an RCCERT. */
struct roundchange {
    struct kid from;
    uint64_t height, round;
    uint8_t sig[SIG_SIZE];
    struct prepared prepared;
};

struct message {
    enum message_type type;
    uint64_t height, round;
    struct kid from;
    struct slice body;  /* raw CBOR */
    const uint8_t *sig; /* SIG_SIZE bytes; NULL in a COMMIT */
    struct slice bytes; /* the whole envelope */
    union {
        struct message_statements {
            size_t count;
            struct cbor_reader at; /* the first byte string */
        } statements;
        struct message_propose {
            struct header header;
            size_t hash_count;
            struct cbor_reader hashes; /* at the first */
            size_t roundchange_count;
            struct cbor_reader roundchanges; /* at the first byte string */
            struct slice prepared;           /* raw; empty: none */
        } propose;
        struct hash prepare;
        struct slice commit;      /* the seal */
        struct slice roundchange; /* prepared, raw; empty: none */
        struct message_rccert {
            size_t count;
            struct cbor_reader at;
        } rccert;
        struct message_decided {
            struct header header;
            size_t hash_count;
            struct cbor_reader hashes;
            struct slice seals; /* raw array of byte strings */
        } decided;
        struct message_status {
            struct hash tip;
            uint64_t clock_ms;
            const uint8_t *question; /* HALF_SIZE bytes; NULL: none */
            const uint8_t *answer;   /* the question it answers; NULL: none */
            bool has_heard;
            uint64_t heard_ms; /* answer: how long ago the asker's key was heard before it asked */
        } status;
    } as;
};

/*
 * Form only, everything borrowed from bytes; nested messages and certificates are walked too. What is nested
 * is of the envelope's height, and of its round where the protocol says so; a claim is of an earlier one.
 */
bool message_decode(struct slice bytes, struct message *ret_message, struct err *err);

/* Takes a ROUNDCHANGE or a certificate apart; form was checked by message_decode(). */
void message_take_roundchange(const struct message *m, struct roundchange *ret_roundchange);
/* The next ROUNDCHANGE of a PROPOSE's or an RCCERT's list, whose form was checked. */
void message_next_roundchange(struct cbor_reader *at, struct roundchange *ret_roundchange);
bool prepared_take(struct slice raw, struct prepared *ret_prepared, struct err *err);
void prepared_put(struct buf *out, const struct prepared *p);

/* What is to be signed, or was: body is canonical CBOR, in a COMMIT the seal. */
struct message_draft {
    enum message_type type;
    uint64_t height, round;
    struct slice body;
};
/* The signature alone; of any type but COMMIT. */
void message_make_sig(const struct message_draft *draft, const struct key_pair *key,
                      const struct hash *ledger, uint8_t *ret_sig);
/* Signs and appends the envelope. A COMMIT is not signed: its body is the seal. */
void message_sign(const struct message_draft *draft, const struct key_pair *key,
                  const struct hash *ledger, struct buf *out);
/* The envelope around a signature that is held already: a ROUNDCHANGE, or a PREPARE from a certificate. */
void message_put_roundchange(struct buf *out, const struct roundchange *r);
void message_put_signed(struct buf *out, const struct message_draft *draft, const struct kid *from,
                        const uint8_t *sig);
const char *message_type_name(enum message_type type); /* "propose" … */
#endif
