/* Government: what the state holds of it. */
#include "node/rules_govern.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

struct constitution govern_constitution(struct execution *x)
{
    struct state_key key = state_key_plain(TABLE_CONSTITUTION);
    struct constitution c;
    struct slice value;
    if (!execution_get(x, &key, &value) || !constitution_decode(value, &c, NULL))
        c = constitution_default();
    return c;
}

void govern_store_constitution(struct execution *x, const struct constitution *c)
{
    struct state_key key = state_key_plain(TABLE_CONSTITUTION);
    constitution_put(execution_value(x), c);
    execution_store(x, &key);
}

bool govern_members(struct execution *x, struct state_members *ret_members)
{
    struct state_key key = state_key_plain(TABLE_MEMBERS);
    struct slice value;
    return execution_get(x, &key, &value) && state_members_take(value, ret_members);
}

void govern_store_members(struct execution *x, const struct state_members *members)
{
    struct state_key key = state_key_plain(TABLE_MEMBERS);
    state_members_put(execution_value(x), members);
    execution_store(x, &key);
}

uint64_t govern_roles(struct execution *x, const struct kid *member)
{
    struct state_key key = state_key_kid(TABLE_ROLES, member);
    struct slice value;
    uint64_t roles;
    return execution_get(x, &key, &value) && state_roles_take(value, &roles) ? roles : 0;
}

void govern_store_roles(struct execution *x, const struct kid *member, uint64_t roles)
{
    struct state_key key = state_key_kid(TABLE_ROLES, member);
    if (roles == 0) {
        overlay_remove(x->overlay, state_key_slice(&key));
        return;
    }
    cbor_put_uint(execution_value(x), roles);
    execution_store(x, &key);
}

bool govern_proposal(struct execution *x, const struct hash *hash, struct state_proposal *ret_v)
{
    struct state_key key = state_key_hash(TABLE_PROPOSAL, hash);
    struct slice value;
    return execution_get(x, &key, &value) && state_proposal_take(value, ret_v);
}

void govern_store_proposal(struct execution *x, const struct hash *hash,
                           const struct state_proposal *v)
{
    struct state_key key = state_key_hash(TABLE_PROPOSAL, hash);
    state_proposal_put(execution_value(x), v);
    execution_store(x, &key);
}

static void load_hashes(struct execution *x, const struct state_key *key, struct state_hashes *v)
{
    struct slice value;
    if (!execution_get(x, key, &value) || !state_hashes_take(value, v))
        v->count = 0;
}

static void store_hashes(struct execution *x, const struct state_key *key,
                         const struct state_hashes *v)
{
    if (v->count == 0) {
        overlay_remove(x->overlay, state_key_slice(key));
        return;
    }
    state_hashes_put(execution_value(x), v);
    execution_store(x, key);
}

void govern_open(struct execution *x, struct state_hashes *ret_hashes)
{
    struct state_key key = state_key_plain(TABLE_PROPOSALS);
    load_hashes(x, &key, ret_hashes);
}

void govern_store_open(struct execution *x, const struct state_hashes *hashes)
{
    struct state_key key = state_key_plain(TABLE_PROPOSALS);
    store_hashes(x, &key, hashes);
}

bool govern_schedule(struct execution *x, const struct hash *hash, uint64_t *height)
{
    for (size_t i = 0; i < GOVERN_EFFECT_LOOKS && *height + i <= INT64_MAX; i++) {
        struct state_key key = state_key_effects(*height + i);
        struct state_hashes at;
        (void)execution_step(x, EXECUTION_LOOK_STEPS);
        load_hashes(x, &key, &at);
        if (at.count == STATE_HASHES_MAX)
            continue;
        at.at[at.count++] = *hash;
        store_hashes(x, &key, &at);
        *height += i;
        return true;
    }
    execution_explain(x, "no room for its effect at height %" PRIu64 " and %d after it", *height,
                      GOVERN_EFFECT_LOOKS - 1);
    return false;
}

bool govern_candidate(struct execution *x, const struct kid *kid, struct state_candidate *ret_v)
{
    struct state_key key = state_key_kid(TABLE_CANDIDATE, kid);
    struct slice value;
    return execution_get(x, &key, &value) && state_candidate_take(value, ret_v);
}

bool govern_has_key(struct execution *x, const struct kid *kid, struct state_key_record *ret_v)
{
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    struct slice value;
    return execution_get(x, &key, &value) && state_key_record_take(value, ret_v);
}

/* ------------------------------------------------------------------ the authority set */

void govern_sets(struct execution *x, struct govern_sets *ret_sets)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    struct slice value, now, next;
    bool good = execution_get(x, &key, &value) && state_sets_take(value, &now, &next) &&
                authority_set_decode(now, &ret_sets->now, NULL) &&
                authority_set_decode(next, &ret_sets->next, NULL);
    assert(good); /* the genesis has one, and only what decodes is ever put there */
    (void)good;
}

bool govern_set_changes(const struct govern_sets *sets)
{
    struct hash now = authority_set_hash(&sets->now), next = authority_set_hash(&sets->next);
    return !hash_equal(&now, &next);
}

static int by_kid(const void *a, const void *b)
{
    const struct authority *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static void store_sets(struct execution *x, const struct govern_sets *sets)
{
    uint8_t memory[2][AUTHORITY_SET_SIZE_MAX + 16];
    struct buf now = buf_fixed(memory[0], sizeof memory[0]);
    struct buf next = buf_fixed(memory[1], sizeof memory[1]);
    struct state_key key = state_key_plain(TABLE_SETS);
    authority_set_put(&now, &sets->now);
    authority_set_put(&next, &sets->next);
    state_sets_put(execution_value(x), buf_slice(&now), buf_slice(&next));
    execution_store(x, &key);
}

static void put_kid_or_null(struct buf *data, const struct kid *kid)
{
    if (kid == NULL)
        cbor_put_null(data);
    else
        kid_put(data, kid);
}

void govern_change_set(struct execution *x, struct govern_sets *sets, const struct authority *in,
                       const struct kid *out, uint64_t time_ms)
{
    struct authority_set *next = &sets->next;
    size_t kept = 0;
    for (size_t i = 0; i < next->count; i++)
        if (out == NULL || !kid_equal(&next->at[i].kid, out))
            next->at[kept++] = next->at[i];
    next->count = kept;
    assert(in == NULL || kept < AUTHORITY_MAX);
    if (in != NULL)
        next->at[next->count++] = *in;
    assert(next->count > 0);
    qsort(next->at, next->count, sizeof next->at[0], by_kid);
    store_sets(x, sets);
    struct hash hash = authority_set_hash(next);
    const struct kid *in_kid = in == NULL ? NULL : &in->kid;
    struct slice subject = execution_subject_bytes(x, kid_slice(in_kid == NULL ? out : in_kid));
    struct buf *data = execution_emit(x, EVENT_SET_CHANGED, subject, time_ms, 3);
    put_kid_or_null(data, in_kid);
    put_kid_or_null(data, out);
    cbor_put_bytes(data, hash_slice(&hash));
}
