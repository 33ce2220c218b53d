/*
 * The one registry of refusal codes: number, name, a sentence for people, and what becomes of a statement
 * that meets it. WIRE "Codes".
 */
#ifndef COMMON_REFUSAL_H
#define COMMON_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum refusal {
    ACCEPTED = 0,
    /* turned away at the door: not on the ledger */
    REFUSED_MALFORMED = 1,
    REFUSED_BAD_SIGNATURE = 2,
    REFUSED_UNKNOWN_KEY = 3,
    REFUSED_REVOKED = 4,
    REFUSED_REPEAT = 5,
    REFUSED_OUTSIDE = 6,
    REFUSED_JUMP = 7,
    REFUSED_GAP_EDGE = 8,
    REFUSED_BUSY = 9,
    REFUSED_TOO_LARGE = 10,
    REFUSED_QUOTA = 11,
    REFUSED_NOT_AUTHORITY = 12,
    /* recorded with this outcome, final */
    REFUSED_CLONE = 32,
    REFUSED_NOT_ALLOWED = 33,
    REFUSED_NO_RIGHT = 34,
    REFUSED_UNKNOWN_ASSET = 35,
    REFUSED_EXISTS = 36,
    REFUSED_NOT_HOLDER = 37,
    REFUSED_OFFER_OPEN = 39,
    REFUSED_NO_SUCH_OFFER = 40,
    REFUSED_NOT_FOR_YOU = 41,
    REFUSED_OFFER_DIFFERS = 42,
    REFUSED_KID_TAKEN = 43,
    REFUSED_BAD_REQUEST = 44,
    REFUSED_NOT_YOUR_KEY = 45,
    REFUSED_ATTACHED_ELSEWHERE = 46,
    REFUSED_UNKNOWN_CONTRACT = 47,
    REFUSED_NOT_A_PARTY = 48,
    REFUSED_AGREED_ALREADY = 49,
    REFUSED_EXPIRED = 50,
    REFUSED_BAD_TERMS = 51,
    REFUSED_STEPS = 52,
    REFUSED_UNKNOWN_MEMBER = 53,
    REFUSED_WRONG_STATE = 54,
    REFUSED_GUARD = 55,
    /* contracts */
    REFUSED_NO_SUCH_ACTION = 64,
    REFUSED_BAD_ARGUMENT = 65,
    REFUSED_FINISHED = 66,
    REFUSED_NO_SUCH_DOCUMENT = 67,
    REFUSED_DEPTH = 68,
    REFUSED_NOT_REPLACEABLE = 69,
    /* goods */
    REFUSED_NO_REASON = 96,
    REFUSED_QUARANTINED = 97,
    REFUSED_RECALLED = 98,
    REFUSED_ENDED = 99,
    REFUSED_PACKED = 100,
    REFUSED_NOT_PACKED = 101,
    REFUSED_NOT_EMPTY = 102,
    REFUSED_FULL = 103,
    REFUSED_MASS = 104,
    REFUSED_UNITS = 105,
    REFUSED_NOT_MAKER = 106,
    REFUSED_NO_SUCH_CERTIFICATE = 107,
    REFUSED_NOT_CORRECTABLE = 108,
    REFUSED_NOT_SIGNER = 109,
    REFUSED_NO_SUCH_READING = 110,
    REFUSED_NO_LABEL = 111,
    REFUSED_OWNERS_DIFFER = 112,
    REFUSED_GENEALOGY = 113,
    REFUSED_NOT_OFFERED = 114,
    REFUSED_NOT_HELD = 115,
    /* government */
    REFUSED_NO_SUCH_PROPOSAL = 128,
    REFUSED_PROPOSAL_CLOSED = 129,
    REFUSED_VOTED_ALREADY = 130,
    REFUSED_OTHER_SET = 131,
    REFUSED_NOT_OPERATOR = 132,
    REFUSED_BAD_ACTION = 133,
    REFUSED_LAST_AUTHORITY = 134,
    REFUSED_TOO_MANY_OPEN = 135,
    REFUSED_NOT_CANDIDATE = 136,
    REFUSED_TIP_NOT_RECENT = 137,
    REFUSED_SET_CHANGING = 138,
    REFUSED_NO_EVIDENCE = 139,
    REFUSED_NOT_PROPOSER = 140,
    REFUSED_NOT_SPONSOR = 141,
    REFUSED_NOT_APPROVED = 142,
    REFUSED_BAD_EXPIRY = 143,
};

enum refusal_fate {
    FATE_ACCEPTED,
    FATE_FINAL, /* recorded on the ledger, will not change */
    FATE_RETRY, /* not recorded; the same bytes may be sent again later */
    FATE_AWAY,  /* not recorded; sending it again is of no use */
    FATE_KNOWN, /* already on the ledger or waiting for it: nothing to do */
};

struct refusal_entry {
    enum refusal code;
    const char *name;     /* "NOT_HOLDER" */
    const char *sentence; /* what it means, for the person who meets it */
    enum refusal_fate fate;
};

/* NULL for a number that is no code. */
const struct refusal_entry *refusal_find(uint64_t code);
/* Every code in rising order. */
const struct refusal_entry *refusal_all(size_t *ret_count);
const char *refusal_name(uint64_t code); /* "UNKNOWN_CODE" for a number that is none */
/* True for codes that go on the ledger as an outcome. */
bool refusal_is_recorded(enum refusal code);

#endif
