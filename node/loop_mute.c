#include "node/loop_mute.h"

static struct loop_mute_peer *find(struct loop_mute *m, const struct kid *peer)
{
    for (size_t i = 0; i < m->count; i++)
        if (kid_equal(&m->at[i].kid, peer))
            return &m->at[i];
    if (m->count ==
        AUTHORITY_MAX) /* sets have changed often: whoever was here first is forgotten */
        m->count = 0;
    m->at[m->count] = (struct loop_mute_peer){ .kid = *peer };
    return &m->at[m->count++];
}

bool loop_mute_note(struct loop_mute *m, const struct kid *peer, uint64_t steady_ms)
{
    struct loop_mute_peer *p = find(m, peer);
    if (p->bad == 0 || steady_ms >= p->since_ms + LOOP_MUTE_IN) {
        p->bad = 0;
        p->since_ms = steady_ms;
    }
    if (++p->bad < LOOP_MUTE_BAD || steady_ms < p->until_ms)
        return false;
    p->bad = 0;
    p->until_ms = steady_ms + LOOP_MUTE_MS;
    return true;
}

bool loop_mute_is(const struct loop_mute *m, const struct kid *peer, uint64_t steady_ms)
{
    for (size_t i = 0; i < m->count; i++)
        if (kid_equal(&m->at[i].kid, peer))
            return steady_ms < m->at[i].until_ms;
    return false;
}
