/* An authority's word on its node, and a candidate's entry into the authority set. */
#include "node/rules_govern.h"

#include <string.h>

/* The block it names is on the chain and recent: its node follows the ledger. */
static bool tip_is_recent(struct execution *x, const struct anchor *a)
{
    struct slice value;
    uint64_t height;
    struct hash hash;
    if (!a->present || a->height >= x->context.height ||
        x->context.height - a->height > GOVERN_TIP_BLOCKS)
        return false;
    struct state_key key = state_key_block(a->height);
    return execution_get(x, &key, &value) && state_block_take(value, &height, &hash) &&
           height == a->height && memcmp(hash.bytes, a->hash, ANCHOR_HASH_SIZE) == 0;
}

static bool may_enter(struct execution *x, const struct state_candidate *c)
{
    return c->from_height <= x->context.height && c->until_ms > x->context.time_ms &&
           execution_member_active(x, &c->member);
}

static enum refusal check_enter(struct execution *x, const struct speaker *by,
                                const struct govern_sets *sets, struct state_candidate *c)
{
    if (authority_set_find(&sets->next, &by->st->kid) >= 0)
        return REFUSED_EXISTS;
    if (!govern_candidate(x, &by->st->kid, c) || !may_enter(x, c))
        return REFUSED_NOT_CANDIDATE;
    if (!tip_is_recent(x, &by->st->link.anchor))
        return REFUSED_TIP_NOT_RECENT;
    if (govern_set_changes(sets))
        return REFUSED_SET_CHANGING;
    if (govern_place_of(&sets->next, &c->member) < 0 && sets->next.count == AUTHORITY_MAX)
        return REFUSED_FULL;
    return ACCEPTED;
}

static void enter(struct execution *x, const struct speaker *by, struct govern_sets *sets,
                  const struct state_candidate *c)
{
    struct state_key key = state_key_kid(TABLE_CANDIDATE, &by->st->kid);
    struct authority in = { .kid = by->st->kid, .member = c->member };
    struct kid out;
    memcpy(in.pub, c->pub, PUB_SIZE);
    overlay_remove(x->overlay, state_key_slice(&key));
    int place = govern_place_of(&sets->next, &c->member);
    if (place >= 0) /* a member has one authority: the spare takes its place */
        out = sets->next.at[place].kid;
    govern_change_set(x, sets, &in, place >= 0 ? &out : NULL, by->st->link.time_ms);
}

enum refusal rules_node(struct execution *x, const struct speaker *by)
{
    const struct node_announce *n = &by->st->as.node;
    struct govern_sets sets;
    struct state_candidate c;
    if (by->key.class != CLASS_AUTHORITY)
        return REFUSED_NOT_ALLOWED;
    govern_sets(x, &sets);
    if (n->enter) {
        enum refusal code = check_enter(x, by, &sets, &c);
        if (code != ACCEPTED)
            return code;
    } else if (authority_set_find(&sets.next, &by->st->kid) < 0 &&
               (!govern_candidate(x, &by->st->kid, &c) || !may_enter(x, &c))) {
        return REFUSED_NOT_CANDIDATE;
    }
    struct state_key key = state_key_kid(TABLE_NODE, &by->st->kid);
    node_record_put(execution_value(x), &n->record);
    execution_store(x, &key);
    struct slice subject = execution_subject_bytes(x, kid_slice(&by->st->kid));
    struct buf *data = execution_emit(x, EVENT_NODE, subject, by->st->link.time_ms, 2);
    cbor_put_text(data, n->record.broker);
    cbor_put_text(data, n->record.url);
    if (n->enter)
        enter(x, by, &sets, &c);
    return ACCEPTED;
}
