#include "node/loop_guard.h"

#include <stdlib.h>
#include <string.h>

#define TURNS 3 /* heard in two silences: in one it could be a message that was late */

enum heard {
    HEARD_NO_ANSWER,
    HEARD_NOTHING,
    HEARD_FRESH,
};

struct loop_guard {
    struct authority_set set;
    struct kid own;
    unsigned turn;     /* questions asked */
    bool silent;       /* before the next question, until then … */
    uint64_t until_ms; /* … or, after one, at most so long */
    enum heard heard[AUTHORITY_MAX];
};

struct loop_guard *loop_guard_new(const struct authority_set *set, const struct kid *own,
                                  uint64_t steady_ms)
{
    struct loop_guard *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->set = *set;
    g->own = *own;
    g->silent = true; /* the first question comes at once */
    g->until_ms = steady_ms;
    return g;
}

void loop_guard_free(struct loop_guard *g)
{
    free(g);
}

static size_t count_heard(const struct loop_guard *g, enum heard what)
{
    size_t n = 0;
    for (size_t i = 0; i < g->set.count; i++)
        n += g->heard[i] == what;
    return n;
}

/* To the first question "fresh" is all that is not old: it may be this node before it was restarted. */
void loop_guard_hear(struct loop_guard *g, const struct kid *peer, bool heard, uint64_t ago_ms)
{
    uint64_t limit = g->turn == 1 ? LOOP_GUARD_OLD_MS : LOOP_GUARD_FRESH_MS;
    int place = authority_set_find(&g->set, peer);
    if (place >= 0 && !g->silent && !kid_equal(peer, &g->own))
        g->heard[place] = heard && ago_ms < limit ? HEARD_FRESH : HEARD_NOTHING;
}

static enum loop_guard_answer judge(struct loop_guard *g, uint64_t steady_ms)
{
    size_t faulty = (g->set.count - 1) / 3;
    if (count_heard(g, HEARD_FRESH) <= faulty)
        return GUARD_CLEAR;
    if (g->turn == TURNS)
        return GUARD_TAKEN;
    g->silent = true;
    g->until_ms = steady_ms + LOOP_GUARD_SILENT_MS;
    return GUARD_WAIT;
}

enum loop_guard_answer loop_guard_tick(struct loop_guard *g, uint64_t steady_ms)
{
    if (g->silent && steady_ms < g->until_ms)
        return GUARD_WAIT;
    if (!g->silent) {
        bool all = count_heard(g, HEARD_NO_ANSWER) <= 1; /* the own place */
        return all || steady_ms >= g->until_ms ? judge(g, steady_ms) : GUARD_WAIT;
    }
    g->silent = false;
    g->turn++;
    g->until_ms = steady_ms + LOOP_GUARD_PATIENCE_MS;
    memset(g->heard, 0, sizeof g->heard);
    return GUARD_ASK;
}

uint64_t loop_guard_wait_ms(const struct loop_guard *g, uint64_t steady_ms)
{
    return g->until_ms > steady_ms ? g->until_ms - steady_ms : 0;
}

unsigned loop_guard_turn(const struct loop_guard *g)
{
    return g->turn;
}
