/*
 * Enrolment (kind 5): a member sponsors a key. The key proves itself first, by its own signed request,
 * which the sponsor's statement carries as bytes.
 */
#ifndef COMMON_ENROL_H
#define COMMON_ENROL_H

#include "common/cose.h"
#include "common/fields.h"

#define ENROL_RIGHTS_MAX  64
#define ENROL_REQUEST_MAX 1024

enum key_class {
    CLASS_MEMBER = 0,
    CLASS_AUTHORITY = 1,
    CLASS_DEVICE = 2,
    CLASS_OPERATOR = 3,
    CLASS_ORACLE = 4,
    CLASS_AUDITOR = 5,
};

/* What the new key signs, external_aad empty: [COSE_Key, ledger id, sponsor kid, token]. */
struct enrol_request {
    struct cose cose;
    uint8_t pub[PUB_SIZE];
    struct hash ledger;
    struct kid sponsor;
    uint8_t token[HALF_SIZE];
};

struct enrol {
    struct slice request; /* COSE_Sign1 bytes, form checked */
    enum key_class class;
    struct slice rights; /* the raw array: properties (device) or names; empty = absent */
    struct slice name;   /* empty = absent */
};

void enrol_take(struct fields *f, struct enrol *ret_enrol);
size_t enrol_pairs(const struct enrol *e);
void enrol_put(struct buf *out, const struct enrol *e);

/* Form only, everything borrowed from bytes; the kid in the header is the key's own. */
bool enrol_request_parse(struct slice bytes, struct enrol_request *ret_request, struct err *err);
bool enrol_request_verify(const struct enrol_request *request);
/* Makes and signs a request; appended to out. */
void enrol_request_sign(const struct key_pair *key, const struct hash *ledger,
                        const struct kid *sponsor, const uint8_t token[HALF_SIZE], struct buf *out);

/* True when a raw rights array names property; an empty or absent array grants nothing. */
bool enrol_rights_include(struct slice rights, uint64_t property);

#endif
