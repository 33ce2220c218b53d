/*
 * The history of a ledger that was joined at a snapshot, brought in while the node does its work: a small
 * portion at a time from whichever peer has it, then the read models, a few blocks at a time.
 */
#include "common/log.h"
#include "node/blocks_range.h"
#include "node/loop_parts.h"
#include "node/snapshot_join.h"
#include "node/store_base.h"

#include <inttypes.h>
#include <stdio.h>

#define PAUSE_MS      100   /* between portions */
#define AGAIN_MS      10000 /* after an answer that did not come, or was wrong */
#define FOLLOW_BLOCKS 4
#define TELL_BLOCKS   1000

static void ask(struct node *n, const struct store_history *at, uint64_t steady_ms)
{
    struct err err;
    struct fetch_job job = { .tag = LOOP_TAG_HISTORY, .reply_max = BLOCKS_RANGE_HISTORY_MAX };
    (void)snprintf(job.path, sizeof job.path, PEER_API_PATH "history?from=%" PRIu64,
                   at->history + 1);
    n->history.next_ms = steady_ms + AGAIN_MS;
    if (!fetch_ask(n->meet.fetch, &job, &err))
        log_debug("history: %s", err.msg);
}

static void follow(struct node *n, uint64_t steady_ms)
{
    struct err err;
    struct store_history at;
    bool good = store_follow(n->store, FOLLOW_BLOCKS, &err);
    n->history.next_ms = steady_ms + (good ? PAUSE_MS / 4 : AGAIN_MS);
    if (!good)
        log_warn("the read models don't follow: %s", err.msg);
    else if (store_history(n->store, &at, NULL) && at.complete)
        log_info("the history is whole: this node answers whatever others do");
}

void loop_history_tick(struct node *n, uint64_t steady_ms)
{
    struct store_history at;
    if (steady_ms < n->history.next_ms || n->watch.full || !store_history(n->store, &at, NULL))
        return;
    if (at.complete) {
        n->history.next_ms = UINT64_MAX;
        return;
    }
    if (!n->history.told)
        log_info("this ledger was joined at block %" PRIu64 "; what happened before is being"
                 " fetched, from block %" PRIu64 " on",
                 at.base, at.history + 1);
    n->history.told = true;
    if (at.history == at.base)
        follow(n, steady_ms);
    else if (n->meet.fetch != NULL)
        ask(n, &at, steady_ms);
}

void loop_history_take(struct node *n, const struct fetch_result *r, uint64_t steady_ms)
{
    struct err err = r->why;
    struct store_history at = { .complete = false };
    if (r->found && snapshot_history_take(n->store, &n->identity, buf_slice(&r->body), &err)) {
        n->history.next_ms = steady_ms + PAUSE_MS;
        if (store_history(n->store, &at, NULL) && at.history / TELL_BLOCKS != n->history.thousands)
            log_info("the history is here up to block %" PRIu64, at.history);
        n->history.thousands = at.history / TELL_BLOCKS;
        return;
    }
    log_warn("history: %s", err.msg);
    n->history.next_ms = steady_ms + AGAIN_MS;
}
