#include "device/agent_pending.h"

#include <assert.h>
#include <stdlib.h>

bool agent_pending_begin(struct agent_table *t)
{
    *t = (struct agent_table){ .ring = calloc(AGENT_PENDING_MAX, sizeof *t->ring) };
    return t->ring != NULL;
}

void agent_pending_end(struct agent_table *t)
{
    free(t->ring);
    t->ring = NULL;
}

uint64_t agent_pending_first(const struct agent_table *t)
{
    return t->last_seq + 1 - t->count;
}

struct agent_pending *agent_pending_at(const struct agent_table *t, size_t i)
{
    assert(i < t->count);
    return &t->ring[(t->start + i) % AGENT_PENDING_MAX];
}

struct agent_pending *agent_pending_find(const struct agent_table *t, uint64_t seq)
{
    if (seq > t->last_seq || seq < agent_pending_first(t))
        return NULL;
    return agent_pending_at(t, (size_t)(seq - agent_pending_first(t)));
}

void agent_pending_add(struct agent_table *t, const struct hash *hash)
{
    assert(t->count < AGENT_PENDING_MAX);
    t->count++;
    t->last_seq++;
    *agent_pending_at(t, t->count - 1) = (struct agent_pending){ .hash = *hash };
}

void agent_pending_restore(struct agent_table *t, uint64_t seq, const struct hash *hash, bool freed)
{
    assert(seq <= t->last_seq && t->last_seq - seq < AGENT_PENDING_MAX);
    if (t->count == 0)
        t->count = (size_t)(t->last_seq - seq + 1);
    struct agent_pending *p = agent_pending_find(t, seq);
    assert(p != NULL);
    *p = (struct agent_pending){ .hash = *hash, .freed = freed };
}

void agent_pending_drop_freed(struct agent_table *t)
{
    while (t->count > 0 && agent_pending_at(t, 0)->freed) {
        t->start = (t->start + 1) % AGENT_PENDING_MAX;
        t->count--;
        if (t->unsent > 0)
            t->unsent--;
    }
}

size_t agent_pending_unacked(const struct agent_table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++)
        n += !agent_pending_at(t, i)->freed;
    return n;
}
