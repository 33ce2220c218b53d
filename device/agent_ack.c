#include "device/agent_ack.h"

#include <assert.h>
#include <string.h>

static bool in_gap(const struct summary *s, uint64_t seq)
{
    for (size_t i = 0; i < s->gap_count; i++)
        if (seq >= s->gap_from[i] && seq <= s->gap_to[i])
            return true;
    return false;
}

/*
 * The hash at `last` is this agent's own: then run…last is on the ledger in one chain that ends in it.
 * Outside the run nothing may be freed, whatever the gaps say (WIRE, "Run and deletion").
 */
static bool ends_in_our_own(const struct agent *a, const struct summary *s)
{
    if (s->last == a->table.last_seq)
        return hash_equal(&s->hash, &a->last_hash);
    const struct agent_pending *p = agent_pending_find(&a->table, s->last);
    return p != NULL && hash_equal(&s->hash, &p->hash);
}

/* Older than anything this agent still knows: no news, and no contradiction either. */
static bool is_before_memory(const struct agent *a, const struct summary *s)
{
    return s->last < agent_pending_first(&a->table) && s->last != a->table.last_seq;
}

static void free_run(struct agent *a, const struct summary *s, struct agent_ack *ret)
{
    for (size_t i = 0; i < a->table.count; i++) {
        uint64_t seq = agent_pending_first(&a->table) + i;
        struct agent_pending *p = agent_pending_at(&a->table, i);
        if (p->freed || seq < s->run || seq > s->last)
            continue;
        p->freed = true;
        if (ret->freed++ == 0)
            ret->freed_from = seq;
        ret->to = seq;
    }
}

static bool is_gap_above(const struct summary *s, uint64_t seq)
{
    for (size_t i = 0; i < s->gap_count; i++)
        if (s->gap_from[i] > seq)
            return true;
    return false;
}

/* What is in a gap goes again; what is below the run and in no gap can't enter any more. */
static void heed_gaps(struct agent *a, const struct summary *s, uint64_t steady_ms,
                      struct agent_ack *ret)
{
    for (size_t i = 0; i < a->table.count; i++) {
        uint64_t seq = agent_pending_first(&a->table) + i;
        struct agent_pending *p = agent_pending_at(&a->table, i);
        if (p->freed || seq >= s->run)
            continue;
        p->settled = !in_gap(s, seq);
        p->stuck = p->settled && !is_gap_above(s, seq);
        uint64_t soon = p->sent_ms + AGENT_GAP_GRACE_MS;
        if (p->settled || p->tries == 0 || p->due_ms <= soon)
            continue;
        p->due_ms = soon > steady_ms ? soon : steady_ms;
        ret->again++;
    }
}

/* Whose seals a block of this height needs; NULL: the proof of the sets does not hold, which it did before. */
static const struct authority_set *set_at(struct agent *a, uint64_t height, struct err *err)
{
    if (height >= a->set_from)
        return &a->set;
    if (height < a->before.from &&
        !set_chain_begin(&a->before, buf_slice(&a->sets), &a->identity, err))
        return NULL;
    if (set_chain_to(&a->before, height, err))
        return &a->before.set;
    a->before.from = UINT64_MAX;
    return NULL;
}

bool agent_ack_take(struct agent *a, struct slice bytes, uint64_t steady_ms,
                    struct agent_ack *ret_ack, struct err *err)
{
    struct ack ack;
    if (!ack_decode(bytes, &ack, err))
        return false;
    if (!kid_equal(&ack.summary.kid, &a->key.kid))
        return err_set(err, ERR_PROOF, "ack: for another key");
    const struct authority_set *set = set_at(a, ack.final.header.height, err);
    if (set == NULL || !ack_verify(&ack, &a->identity.genesis.ledger, set, err))
        return false;
    const struct summary *s = &ack.summary;
    struct agent_ack ret = { .summary = ack.summary, .height = ack.final.header.height };
    ret.news = ret.height > a->ack_height;
    if (ends_in_our_own(a, s)) {
        free_run(a, s, &ret);
        if (ret.news)
            heed_gaps(a, s, steady_ms, &ret);
    } else if (!is_before_memory(a, s)) {
        ret.stranger = true;
        a->behind = a->behind || s->last > a->table.last_seq;
    }
    if (ret.news)
        a->ack_height = ret.height;
    agent_pending_drop_freed(&a->table);
    *ret_ack = ret;
    return true;
}

bool agent_ack_next_stuck(const struct agent *a, uint64_t *ret_seq)
{
    for (size_t i = 0; i < a->table.count; i++) {
        const struct agent_pending *p = agent_pending_at(&a->table, i);
        if (!p->stuck || p->freed)
            continue;
        *ret_seq = agent_pending_first(&a->table) + i;
        return true;
    }
    return false;
}

void agent_ack_set_aside(struct agent *a, uint64_t seq)
{
    struct agent_pending *p = agent_pending_find(&a->table, seq);
    assert(p != NULL && p->stuck);
    p->freed = true;
    agent_pending_drop_freed(&a->table);
}

/* ------------------------------------------------------------------ heads and sets */

bool agent_ack_take_head(struct agent *a, struct slice bytes, struct err *err)
{
    struct final f;
    if (bytes.len > FINAL_SIZE_MAX)
        return err_set(err, ERR_INPUT, "head: %zu bytes, more than the %d allowed", bytes.len,
                       (int)FINAL_SIZE_MAX);
    if (!final_decode(bytes, &f, err))
        return err_wrap(err, "head");
    if (!hash_equal(&f.header.ledger, &a->identity.genesis.ledger))
        return err_set(err, ERR_PROOF, "head: of another ledger");
    const struct authority_set *set = set_at(a, f.header.height, err);
    if (set == NULL || !final_verify(&f, set, err))
        return err_wrap(err, "head");
    if (a->head.present && f.header.height <= a->head.height)
        return true;
    struct hash block = header_hash(&f.header);
    a->head.present = true;
    a->head.height = f.header.height;
    memcpy(a->head.hash, block.bytes, sizeof a->head.hash);
    return true;
}

bool agent_ack_take_set(struct agent *a, struct slice bytes, bool *ret_changed, struct err *err)
{
    struct set_chain c;
    if (bytes.len > AGENT_SETS_MAX)
        return err_set(err, ERR_INPUT, "authority sets: %zu bytes, more than the %d allowed",
                       bytes.len, AGENT_SETS_MAX);
    if (!set_chain_begin(&c, bytes, &a->identity, err) || !set_chain_to(&c, UINT64_MAX, err))
        return false;
    /* A broker may keep or replay an old chain, under which authorities since removed would count. */
    *ret_changed = c.changes > a->set_changes;
    if (*ret_changed) {
        a->set = c.set;
        a->set_from = c.from;
        a->set_changes = c.changes;
        a->before.from = UINT64_MAX;
        buf_clear(&a->sets);
        buf_add_slice(&a->sets, bytes);
    }
    return true;
}
