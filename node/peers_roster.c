#include "node/peers_roster.h"

#include <assert.h>
#include <string.h>

/* For the bus: where its pages are is the asker's own matter. */
static bool same(const struct peer *a, const struct peer *b)
{
    return strcmp(a->broker, b->broker) == 0 &&
           slice_equal(slice_of(a->certificate, a->certificate_len),
                       slice_of(b->certificate, b->certificate_len));
}

/* ------------------------------------------------------------------ what is said */

static struct peers_roster_entry *find(struct peers_roster *r, const struct kid *kid)
{
    for (size_t i = 0; i < r->count; i++)
        if (kid_equal(&r->at[i].said.kid, kid))
            return &r->at[i];
    return NULL;
}

static bool is_sooner(const struct peers_roster_entry *a, const struct peers_roster_entry *b)
{
    return a->present == b->present ? a->not_before_ms < b->not_before_ms : b->present;
}

/* Where there is no room, the one that left and whose pause is over first is forgotten. */
static struct peers_roster_entry *add(struct peers_roster *r)
{
    struct peers_roster_entry *oldest = NULL;
    if (r->count < PEERS_ROSTER_MAX)
        return &r->at[r->count++];
    for (size_t i = 0; i < r->count; i++) {
        struct peers_roster_entry *e = &r->at[i];
        if (!e->listed && (oldest == NULL || is_sooner(e, oldest)))
            oldest = e;
    }
    assert(oldest != NULL); /* at most half of them are listed */
    return oldest;
}

void peers_roster_say(struct peers_roster *r, const struct peer *list, size_t count,
                      uint64_t now_ms)
{
    assert(count <= PEER_MAX);
    for (size_t i = 0; i < r->count; i++) {
        struct peers_roster_entry *e = &r->at[i];
        e->left_ms = e->listed ? now_ms : e->left_ms;
        e->listed = false;
    }
    for (size_t i = 0; i < count; i++) {
        struct peers_roster_entry *e = find(r, &list[i].kid);
        if (e == NULL) {
            e = add(r);
            *e = (struct peers_roster_entry){ .present = false };
        }
        e->said = list[i];
        e->listed = true;
    }
}

/* ------------------------------------------------------------------ what is taken over */

static bool waits(const struct peers_roster_entry *e)
{
    return e->listed != e->present || (e->listed && !same(&e->said, &e->taken));
}

static uint64_t due_ms(const struct peers_roster *r, const struct peers_roster_entry *e)
{
    uint64_t gathered_ms = r->taken_ms + PEERS_ROSTER_GATHER_MS;
    if (!waits(e))
        return UINT64_MAX;
    if (!e->listed)
        return e->left_ms + PEERS_ROSTER_LEAVE_MS;
    return !e->present || e->not_before_ms > gathered_ms ? e->not_before_ms : gathered_ms;
}

uint64_t peers_roster_due_ms(const struct peers_roster *r)
{
    uint64_t first_ms = UINT64_MAX;
    for (size_t i = 0; i < r->count; i++) {
        uint64_t ms = due_ms(r, &r->at[i]);
        first_ms = ms < first_ms ? ms : first_ms;
    }
    return first_ms;
}

static void lengthen(struct peers_roster_entry *e, uint64_t now_ms)
{
    if (e->pause_ms == 0 || now_ms >= e->not_before_ms + PEERS_ROSTER_QUIET_MS)
        e->pause_ms = PEERS_ROSTER_PAUSE_MS;
    else
        e->pause_ms = 2 * e->pause_ms < PEERS_ROSTER_PAUSE_MAX_MS ? 2 * e->pause_ms
                                                                  : PEERS_ROSTER_PAUSE_MAX_MS;
    e->not_before_ms = now_ms + e->pause_ms;
}

bool peers_roster_take(struct peers_roster *r, uint64_t now_ms)
{
    if (peers_roster_due_ms(r) > now_ms)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        struct peers_roster_entry *e = &r->at[i];
        if (!waits(e) || (!e->listed && due_ms(r, e) > now_ms))
            continue;
        if (e->listed && e->present)
            lengthen(e, now_ms);
        e->taken = e->said;
        e->present = e->listed;
    }
    r->taken_ms = now_ms;
    return true;
}
