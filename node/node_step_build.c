/* Making a block of what waits: choosing statements, executing them, turning away what may never enter. */
#include "node/node_step_parts.h"

#include "common/block.h"

#include <assert.h>
#include <string.h>

#define BLOCK_MARGIN 4096 /* header and heads of a block, generously */

/* ------------------------------------------------------------------ choosing statements */

/* True while the statement may still wait; then the core wakes when it no longer may. */
static bool hold(struct node_core *core, const struct parcel *p)
{
    uint64_t until = p->arrived_ms + POOL_HOLD_MS;
    if (core->now.steady_ms >= until)
        return false;
    if (core->held_until_ms == 0 || until < core->held_until_ms)
        core->held_until_ms = until;
    return true;
}

/* A statement beyond the next seq waits a while for those before it. */
static bool waits_for_others(struct node_core *core, const struct parcel *p)
{
    return p->st.link.seq > execute_last_seq(core->execution, &p->st.kid) + 1 && hold(core, p);
}

/* Another statement with a seq of this very block is evidence of a clone: it waits for the next block. */
static bool comes_twice(struct node_core *core, const struct parcel *p)
{
    return execute_last_seq(core->execution, &p->st.kid) >= p->st.link.seq &&
           execute_has_heard(core->execution, &p->st.kid, p->st.link.seq);
}

static void refuse(struct node_core *core, const struct parcel *p, enum refusal code)
{
    core->refused[core->refused_count++] = (struct node_refused){ p->st.hash, p->st.kid, code };
}

/* Executes what the pool offers, until the block is full. */
static void fill_block(struct node_core *core)
{
    size_t offered;
    struct parcel *const *parcels = pool_order(core->pool, &offered);
    size_t bytes = BLOCK_MARGIN;
    bool below = false;
    core->statement_count = core->refused_count = 0;
    core->held_until_ms = 0;
    core->pending = false;
    for (size_t i = 0; i < offered; i++) {
        const struct parcel *p = parcels[i];
        if (core->statement_count == BLOCK_STATEMENTS_MAX || bytes + p->len + 8 > BLOCK_SIZE_MAX) {
            core->pending = true;
            return;
        }
        if (waits_for_others(core, p))
            continue;
        if (comes_twice(core, p)) {
            below = true;
            continue;
        }
        enum refusal code = execute_statement(core->execution, &p->st);
        /* A revoked key fills its gaps from above: the lower ones wait for the blocks to come. */
        if (code == REFUSED_REVOKED && hold(core, p)) {
            below = true;
            continue;
        }
        if (code == REFUSED_BUSY) {
            core->pending = true;
            return;
        }
        if (!refusal_is_recorded(code)) {
            refuse(core, p, code);
            continue;
        }
        core->statements[core->statement_count] = slice_of(p->bytes, p->len);
        core->hashes[core->statement_count++] = p->st.hash;
        bytes += p->len + 8;
    }
    core->pending = below && core->statement_count > 0; /* what entered may have made way */
}

/* ------------------------------------------------------------------ what leaves the pool */

static void drop(struct node_core *core, const struct hash *hashes, size_t count, bool refused)
{
    size_t waiting = pool_count(core->pool);
    memset(core->gone, 0, waiting * sizeof core->gone[0]);
    for (size_t i = 0; i < count; i++)
        pool_mark(core->pool, &hashes[i], core->gone);
    for (size_t i = 0; i < core->refused_count && refused; i++)
        pool_mark(core->pool, &core->refused[i].statement, core->gone);
    pool_drop(core->pool, core->gone, waiting);
}

void node_core_turn_away(struct node_core *core)
{
    if (core->refused_count == 0)
        return;
    drop(core, NULL, 0, true);
    struct queued *q = node_core_queue(core, NODE_REFUSED);
    if (q != NULL) {
        q->message = buf_heap(POOL_MAX * sizeof core->refused[0]);
        buf_add(&q->message, core->refused, core->refused_count * sizeof core->refused[0]);
        core->failed = core->failed || q->message.failed;
    }
    core->refused_count = 0;
}

void node_core_drop_sealed(struct node_core *core, const struct hash *hashes, size_t count)
{
    drop(core, hashes, count, false);
}

/* ------------------------------------------------------------------ building */

/* The block's bytes; from now on its statements lie in them. */
static bool keep_body(struct node_core *core, const struct header *h)
{
    struct block b;
    struct buf block = buf_heap(BLOCK_SIZE_MAX);
    block_put_head(&block, h, core->statement_count);
    for (size_t i = 0; i < core->statement_count; i++)
        block_put_statement(&block, core->statements[i]);
    const struct body *body = block.failed ? NULL : node_core_keep_body(core, &block, h);
    buf_free(&block);
    if (body == NULL || !block_decode(buf_slice(&body->bytes), &b, NULL))
        return false;
    for (size_t i = 0; i < b.count; i++)
        core->statements[i] = block_next(&b);
    return true;
}

bool node_core_build(struct node_core *core, uint64_t round, struct header *ret_header)
{
    if (!node_core_begin_execution(core, core->now.clock_ms))
        return false;
    bool must = round > 0 || node_core_timer_due(core) || node_core_empty_due(core);
    fill_block(core);
    if (core->statement_count == 0 && !must) {
        node_core_turn_away(core);
        return false;
    }
    if (!node_core_end_execution(core, core->now.clock_ms, &core->options.authority.kid,
                                 core->statement_count))
        return false;
    core->executed.own = true;
    *ret_header = core->executed.header;
    if (!keep_body(core, ret_header))
        core->failed = true;
    return !core->failed;
}

void node_core_try_pool(struct node_core *core)
{
    if (core->executed.there || !node_core_begin_execution(core, core->now.clock_ms))
        return;
    fill_block(core);
    if (core->statement_count == 0)
        node_core_turn_away(core);
    else
        core->pending = core->tried = true;
}
