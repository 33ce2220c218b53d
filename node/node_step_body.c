/* Bodies of proposed blocks: kept by hash, made of what waits in the pool, or asked for. */
#include "node/node_step_parts.h"

#include "common/block.h"

#include <stdlib.h>
#include <string.h>

#define BODIES_MAX        16  /* proposed blocks held in memory, unless more are needed */
#define FETCH_PATIENCE_MS 30  /* statements on their way are waited for before a body is fetched */
#define FETCH_AGAIN_MS    500 /* and it is asked for again */

/* ------------------------------------------------------------------ keeping */

struct body *node_core_body_of(struct node_core *core, const struct hash *block)
{
    for (size_t i = 0; i < core->body_count; i++)
        if (hash_equal(&core->bodies[i].block, block))
            return &core->bodies[i];
    return NULL;
}

static bool is_needed(const struct node_core *core, const struct hash *block)
{
    return hash_equal(block, &core->needed_block) ||
           (core->executed.there && hash_equal(block, &core->executed.block)) ||
           (core->judge.there && hash_equal(block, &core->judge.block)) ||
           (core->decide.there && hash_equal(block, &core->decide.block));
}

static void let_go(struct node_core *core, size_t i)
{
    buf_free(&core->bodies[i].bytes);
    core->body_count--;
    memmove(&core->bodies[i], &core->bodies[i + 1],
            (core->body_count - i) * sizeof core->bodies[0]);
}

/*
 * Lets the oldest go that nothing asks for, those first that were never voted for; not while actions may
 * speak of it, and not before it is known what the vote that was stored is about.
 */
static void make_room(struct node_core *core)
{
    if (core->body_count < BODIES_MAX || core->queue_count > 0 || !core->begun)
        return;
    for (int stored = 0; stored < 2; stored++)
        for (size_t i = 0; i < core->body_count; i++)
            if (core->bodies[i].stored == (stored != 0) &&
                !is_needed(core, &core->bodies[i].block)) {
                let_go(core, i);
                return;
            }
}

struct body *node_core_keep_body(struct node_core *core, struct buf *bytes, const struct header *h)
{
    struct hash block = header_hash(h);
    struct body *body = node_core_body_of(core, &block);
    if (body != NULL)
        return body;
    make_room(core);
    if (core->body_count == core->body_cap) {
        size_t cap = core->body_cap == 0 ? BODIES_MAX : 2 * core->body_cap;
        struct body *bigger = realloc(core->bodies, cap * sizeof bigger[0]);
        if (bigger == NULL)
            return NULL;
        core->bodies = bigger;
        core->body_cap = cap;
    }
    body = &core->bodies[core->body_count++];
    *body = (struct body){ .block = block, .header = *h, .bytes = *bytes };
    *bytes = buf_heap(0);
    return body;
}

/* The head's statements and then these: do they give the header's tree? */
static bool gives_tree(const struct node_core *core, struct block *b)
{
    struct merkle_frontier tree = *chain_head_tree(core->chain);
    for (size_t i = 0; i < b->count; i++) {
        struct hash hash = crypto_sha256(block_next(b));
        struct hash leaf = merkle_leaf(hash_slice(&hash));
        merkle_frontier_add(&tree, &leaf);
    }
    struct hash root = merkle_frontier_root(&tree);
    return tree.size == b->header.size && hash_equal(&root, &b->header.tree);
}

struct body *node_core_take_body(struct node_core *core, struct slice bytes, struct err *err)
{
    struct block b;
    if (bytes.len > BLOCK_SIZE_MAX || !block_decode(bytes, &b, err))
        return NULL;
    struct hash block = header_hash(&b.header);
    struct body *known = node_core_body_of(core, &block);
    if (known != NULL)
        return known;
    if (!hash_equal(&b.header.prev, &core->chain->head_hash) ||
        b.header.height != core->chain->head.height + 1) {
        (void)err_set(err, ERR_INPUT, "block %llu does not follow block %llu",
                      (unsigned long long)b.header.height,
                      (unsigned long long)core->chain->head.height);
        return NULL;
    }
    struct header h = b.header;
    if (!gives_tree(core, &b)) {
        (void)err_set(err, ERR_PROOF, "block %llu: its statements do not give its tree root",
                      (unsigned long long)h.height);
        return NULL;
    }
    struct buf copy = buf_heap(BLOCK_SIZE_MAX);
    buf_add_slice(&copy, bytes);
    struct body *body = copy.failed ? NULL : node_core_keep_body(core, &copy, &h);
    buf_free(&copy);
    if (body == NULL)
        core->failed = true;
    return body;
}

void node_core_forget_bodies(struct node_core *core)
{
    buf_free(&core->spent);
    for (size_t i = 0; i < core->body_count; i++) {
        if (core->executed.there && hash_equal(&core->bodies[i].block, &core->executed.block))
            core->spent = core->bodies[i].bytes;
        else
            buf_free(&core->bodies[i].bytes);
    }
    core->body_count = 0;
    for (size_t i = 0; i < HINTS_MAX; i++) {
        free(core->hints[i].hashes);
        core->hints[i] = (struct hint){ .there = false };
    }
}

struct slice node_core_find_body(const struct node_core *core, const struct hash *block)
{
    for (size_t i = 0; i < core->body_count; i++)
        if (hash_equal(&core->bodies[i].block, block))
            return buf_slice(&core->bodies[i].bytes);
    return slice_of(NULL, 0);
}

/* ------------------------------------------------------------------ hints */

static struct hint *find_hint(struct node_core *core, const struct hash *block)
{
    for (size_t i = 0; i < HINTS_MAX; i++)
        if (core->hints[i].there && hash_equal(&core->hints[i].block, block))
            return &core->hints[i];
    return NULL;
}

void node_core_note_hint(struct node_core *core, const struct message *m)
{
    bool decided = m->type == MESSAGE_DECIDED;
    const struct header *h = decided ? &m->as.decided.header : &m->as.propose.header;
    size_t count = decided ? m->as.decided.hash_count : m->as.propose.hash_count;
    struct cbor_reader r = decided ? m->as.decided.hashes : m->as.propose.hashes;
    struct hash block = header_hash(h);
    if (node_core_body_of(core, &block) != NULL || find_hint(core, &block) != NULL ||
        !hash_equal(&h->prev, &core->chain->head_hash))
        return;
    struct hint *hint = &core->hints[core->next_hint++ % HINTS_MAX];
    free(hint->hashes);
    *hint = (struct hint){ .block = block, .header = *h, .count = count };
    hint->hashes = malloc((count + 1) * sizeof hint->hashes[0]);
    hint->there = hint->hashes != NULL;
    for (size_t i = 0; i < count && hint->there; i++)
        cbor_take_fixed(&r, hint->hashes[i].bytes, HASH_SIZE);
}

/* False: some statement does not wait in the pool. */
static bool assemble(struct node_core *core, const struct hint *hint, struct buf *out)
{
    block_put_head(out, &hint->header, hint->count);
    for (size_t i = 0; i < hint->count && !out->failed; i++) {
        const struct parcel *p = pool_find(core->pool, &hint->hashes[i]);
        if (p == NULL)
            return false;
        block_put_statement(out, slice_of(p->bytes, p->len));
    }
    return !out->failed;
}

static struct body *from_pool(struct node_core *core, const struct hash *block)
{
    struct hint *hint = find_hint(core, block);
    struct body *body = NULL;
    if (hint == NULL)
        return NULL;
    struct buf bytes = buf_heap(BLOCK_SIZE_MAX);
    if (assemble(core, hint, &bytes)) {
        body = node_core_take_body(core, buf_slice(&bytes), NULL);
        hint->there = false; /* made, or the list is not that of the block */
    }
    buf_free(&bytes);
    return body;
}

static void fetch(struct node_core *core, struct question *q)
{
    uint64_t now = core->now.steady_ms;
    if (q->fetch_ms == 0) /* statements that were relayed may still be on their way */
        q->fetch_ms = find_hint(core, &q->block) != NULL ? now + FETCH_PATIENCE_MS : now;
    if (now < q->fetch_ms)
        return;
    q->fetch_ms = now + FETCH_AGAIN_MS;
    struct queued *action = node_core_queue(core, NODE_FETCH);
    if (action == NULL)
        return;
    action->has_block = true;
    action->block = q->block;
    memcpy(action->sources, q->sources, sizeof q->sources);
}

struct body *node_core_get_body(struct node_core *core, struct question *q)
{
    struct body *body = node_core_body_of(core, &q->block);
    if (body == NULL)
        body = from_pool(core, &q->block);
    if (body == NULL)
        fetch(core, q);
    return body;
}

/* ------------------------------------------------------------------ a block's statements */

bool node_core_hashes_of(struct node_core *core, const struct hash *block,
                         const struct hash **ret_hashes, size_t *ret_count)
{
    struct block b;
    if (core->executed.there && hash_equal(block, &core->executed.block)) {
        *ret_hashes = core->hashes;
        *ret_count = core->executed.count;
        return true;
    }
    if (hash_equal(block, &core->last_block)) {
        *ret_hashes = core->last_hashes;
        *ret_count = core->last_count;
        return true;
    }
    const struct body *body = node_core_body_of(core, block);
    if (body == NULL || !block_decode(buf_slice(&body->bytes), &b, NULL))
        return false;
    for (size_t i = 0; i < b.count; i++)
        core->other_hashes[i] = crypto_sha256(block_next(&b));
    *ret_hashes = core->other_hashes;
    *ret_count = b.count;
    return true;
}
