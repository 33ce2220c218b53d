/*
 * Proposal (kind 17): a member asks the others to decide something. It is not a ballot. What the action
 * needs stands in its body, which has one form an action.
 */
#ifndef COMMON_PROPOSAL_H
#define COMMON_PROPOSAL_H

#include "common/constitution.h"
#include "common/enrol.h"

#define PROPOSAL_BODY_MAX      (CONSTITUTION_SIZE_MAX + 8)
#define PROPOSAL_PARAMETER_MAX 65535

struct proposal {
    enum govern_action action;
    struct slice body; /* CBOR, form checked */
    uint64_t expires_ms;
    bool has_height;
    uint64_t height;     /* it takes effect there, or a block after it passed if that is later */
    struct slice reason; /* empty = none */
};

/* A body taken apart; what an action does not have is zero. */
struct proposal_body {
    struct slice request; /* enrolment request: of ADD_MEMBER, ADD_AUTHORITY, RECOVER_MEMBER */
    struct slice name;    /* of ADD_MEMBER */
    struct kid kid;       /* a member; of REMOVE_AUTHORITY the authority's */
    uint64_t until_ms;    /* of ADD_AUTHORITY: it must have entered by then */
    struct hash definition;
    uint64_t number;    /* of SET_PARAMETER which one, of RULES_VERSION the version */
    struct slice value; /* of SET_PARAMETER: raw CBOR */
    struct slice constitution;
};

void proposal_take(struct fields *f, struct proposal *ret_proposal);
size_t proposal_pairs(const struct proposal *p);
void proposal_put(struct buf *out, const struct proposal *p);

/* Scans and decodes; everything in ret_body is borrowed from body. */
bool proposal_body_decode(enum govern_action action, struct slice body,
                          struct proposal_body *ret_body, struct err *err);
void proposal_body_put(struct buf *out, enum govern_action action,
                       const struct proposal_body *body);

#endif
