#include "common/state_govern.h"

#include "common/cose.h"
#include "common/proposal.h"

#include <assert.h>
#include <string.h>

const char *proposal_status_name(enum proposal_status status)
{
    switch (status) {
    case PROPOSAL_OPEN: return "open";
    case PROPOSAL_PASSED: return "passed";
    case PROPOSAL_REJECTED: return "rejected";
    case PROPOSAL_WITHDRAWN: return "withdrawn";
    case PROPOSAL_EXPIRED: return "expired";
    case PROPOSAL_APPLIED: return "applied";
    case PROPOSAL_NOT_APPLIED: return "not applied";
    }
    return "unknown";
}

/* ------------------------------------------------------------------ proposals */

void state_proposal_put(struct buf *out, const struct state_proposal *v)
{
    cbor_put_array(out, 7);
    kid_put(out, &v->proposer);
    cbor_put_uint(out, v->action);
    cbor_put_bytes(out, v->body);
    cbor_put_uint(out, v->expires_ms);
    cbor_put_uint(out, v->height);
    cbor_put_uint(out, v->status);
    cbor_put_array(out, v->ballot_count);
    for (size_t i = 0; i < v->ballot_count; i++) {
        cbor_put_array(out, 3);
        kid_put(out, &v->ballots[i].member);
        cbor_put_bool(out, v->ballots[i].yes);
        cbor_put_bytes(out, hash_slice(&v->ballots[i].set));
    }
}

static void take_ballots(struct cbor_reader *r, struct state_proposal *v)
{
    v->ballot_count = cbor_take_array(r);
    if (v->ballot_count > STATE_MEMBERS_MAX) {
        cbor_fail(r);
        return;
    }
    for (size_t i = 0; i < v->ballot_count && !r->failed; i++) {
        struct state_ballot *b = &v->ballots[i];
        cbor_take_array_of(r, 3);
        b->member = kid_take(r);
        b->yes = cbor_take_bool(r);
        cbor_take_fixed(r, b->set.bytes, HASH_SIZE);
        if (i > 0 && kid_compare(&v->ballots[i - 1].member, &b->member) >= 0)
            cbor_fail(r);
    }
}

bool state_proposal_take(struct slice value, struct state_proposal *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 7);
    ret_v->proposer = kid_take(&r);
    ret_v->action = (enum govern_action)cbor_take_int_in(&r, ACTION_ADD_MEMBER, ACTION_LAST);
    ret_v->body = cbor_take_bytes(&r, 1, PROPOSAL_BODY_MAX);
    ret_v->expires_ms = cbor_take_uint_max(&r, TIME_MAX_MS);
    ret_v->height = cbor_take_uint(&r);
    ret_v->status = (enum proposal_status)cbor_take_uint_max(&r, PROPOSAL_NOT_APPLIED);
    take_ballots(&r, ret_v);
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ lists */

void state_hashes_put(struct buf *out, const struct state_hashes *v)
{
    cbor_put_array(out, v->count);
    for (size_t i = 0; i < v->count; i++)
        cbor_put_bytes(out, hash_slice(&v->at[i]));
}

bool state_hashes_take(struct slice value, struct state_hashes *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    ret_v->count = cbor_take_array(&r);
    if (ret_v->count > STATE_HASHES_MAX)
        return false;
    for (size_t i = 0; i < ret_v->count; i++)
        cbor_take_fixed(&r, ret_v->at[i].bytes, HASH_SIZE);
    return cbor_done(&r);
}

void state_hashes_remove(struct state_hashes *v, const struct hash *hash)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->count; i++)
        if (!hash_equal(&v->at[i], hash))
            v->at[kept++] = v->at[i];
    v->count = kept;
}

void state_members_put(struct buf *out, const struct state_members *v)
{
    cbor_put_array(out, v->count);
    for (size_t i = 0; i < v->count; i++)
        kid_put(out, &v->at[i]);
}

bool state_members_take(struct slice value, struct state_members *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    ret_v->count = cbor_take_array(&r);
    if (ret_v->count > STATE_MEMBERS_MAX)
        return false;
    for (size_t i = 0; i < ret_v->count && !r.failed; i++) {
        ret_v->at[i] = kid_take(&r);
        if (i > 0 && kid_compare(&ret_v->at[i - 1], &ret_v->at[i]) >= 0)
            cbor_fail(&r);
    }
    return cbor_done(&r);
}

bool state_members_has(const struct state_members *v, const struct kid *member)
{
    for (size_t i = 0; i < v->count; i++)
        if (kid_equal(&v->at[i], member))
            return true;
    return false;
}

void state_members_add(struct state_members *v, const struct kid *member)
{
    assert(v->count < STATE_MEMBERS_MAX);
    size_t i = v->count++;
    for (; i > 0 && kid_compare(&v->at[i - 1], member) > 0; i--)
        v->at[i] = v->at[i - 1];
    v->at[i] = *member;
}

void state_members_remove(struct state_members *v, const struct kid *member)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->count; i++)
        if (!kid_equal(&v->at[i], member))
            v->at[kept++] = v->at[i];
    v->count = kept;
}

/* ------------------------------------------------------------------ authorities */

void state_candidate_put(struct buf *out, const struct state_candidate *v)
{
    cbor_put_array(out, 5);
    cbor_put_bytes(out, slice_of(v->pub, PUB_SIZE));
    kid_put(out, &v->member);
    cbor_put_uint(out, v->from_height);
    cbor_put_uint(out, v->until_ms);
    cbor_put_bytes(out, hash_slice(&v->proposal));
}

bool state_candidate_take(struct slice value, struct state_candidate *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 5);
    cbor_take_fixed(&r, ret_v->pub, PUB_SIZE);
    ret_v->member = kid_take(&r);
    ret_v->from_height = cbor_take_uint(&r);
    ret_v->until_ms = cbor_take_uint_max(&r, TIME_MAX_MS);
    cbor_take_fixed(&r, ret_v->proposal.bytes, HASH_SIZE);
    return cbor_done(&r);
}

void state_evidence_put(struct buf *out, const struct state_evidence *v)
{
    cbor_put_array(out, 2);
    cbor_put_uint(out, v->count);
    cbor_put_bytes(out, hash_slice(&v->newest));
}

bool state_evidence_take(struct slice value, struct state_evidence *ret_v)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 2);
    ret_v->count = cbor_take_uint(&r);
    cbor_take_fixed(&r, ret_v->newest.bytes, HASH_SIZE);
    return cbor_done(&r);
}

bool state_roles_take(struct slice value, uint64_t *ret_roles)
{
    struct cbor_reader r = cbor_reader(value);
    *ret_roles = cbor_take_uint_max(&r, ROLE_BIT_OPERATOR | ROLE_BIT_SPONSOR);
    return cbor_done(&r) && *ret_roles != 0;
}

bool state_hash_take(struct slice value, struct hash *ret_hash)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_fixed(&r, ret_hash->bytes, HASH_SIZE);
    return cbor_done(&r);
}
