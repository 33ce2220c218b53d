#include "node/asked.h"

#define ROUNDS     2
#define SLOW_MS    1000 /* nobody is called slow for less */
#define SLOW_TIMES 4    /* the fastest one's time */

static uint64_t fastest(const struct asked *a)
{
    uint64_t best = UINT64_MAX;
    for (size_t i = 0; i < a->count; i++)
        if (a->of[i].answers > 0 && a->of[i].faults == 0 && a->of[i].ms < best)
            best = a->of[i].ms;
    return best;
}

/* The less the sooner. */
static unsigned rank(const struct asked_peer *p, uint64_t best)
{
    bool slow = p->answers > 0 && p->ms > SLOW_MS && p->ms / SLOW_TIMES > best;
    return p->faults * 4 + p->lacks * 2u + slow;
}

void asked_order(const struct asked *a, size_t turn, size_t ret_order[ASKED_MAX])
{
    uint64_t best = fastest(a);
    for (size_t i = 0; i < a->count; i++) {
        size_t peer = (turn + i) % a->count, at = i;
        unsigned own = rank(&a->of[peer], best);
        for (; at > 0 && rank(&a->of[ret_order[at - 1]], best) > own; at--)
            ret_order[at] = ret_order[at - 1];
        ret_order[at] = peer;
    }
}

void asked_anew(struct asked *a)
{
    for (size_t i = 0; i < a->count; i++)
        a->of[i].lacks = false;
}

void asked_answered(struct asked *a, size_t peer, uint64_t ms, uint64_t bytes)
{
    a->of[peer].answers++;
    a->of[peer].ms = ms;
    a->of[peer].bytes += bytes;
}

void asked_failed(struct asked *a, size_t peer, const struct err *err)
{
    if (err->code == ERR_NOT_FOUND)
        a->of[peer].lacks = true;
    else
        a->of[peer].faults++;
}

/* What a second try could mend. */
static bool is_passing(const struct err *err)
{
    return err->code == ERR_IO || err->code == ERR_BUSY;
}

static unsigned weight(enum err_code code)
{
    return code == ERR_PROOF ? 2 : code == ERR_NOT_FOUND ? 1 : 0;
}

bool asked_each(struct asked *a, size_t turn, const struct asked_question *q, struct err *err)
{
    size_t order[ASKED_MAX];
    bool again[ASKED_MAX] = { false };
    struct err own, why = { .code = ERR_NONE };
    asked_order(a, turn, order);
    for (unsigned round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < a->count; i++) {
            size_t peer = order[i];
            if (round > 0 && !again[peer])
                continue;
            own = (struct err){ .code = ERR_NONE };
            enum asked_end end = q->ask(q->ctx, peer, &own);
            if (end == ASKED_GOOD)
                return true;
            if (end == ASKED_STOP)
                return err_set(err, own.code, "%s", own.msg);
            asked_failed(a, peer, &own);
            again[peer] = is_passing(&own) && a->of[peer].answers > 0;
            if (why.code == ERR_NONE || weight(own.code) >= weight(why.code))
                why = own;
            if (q->complain != NULL)
                q->complain(q->ctx, peer, &own);
        }
    return err_set(err, why.code, "%s", why.msg);
}
