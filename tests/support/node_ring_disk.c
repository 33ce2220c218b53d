/* The disk of a machine in the ring: its vote and bodies, its blocks, and the state after them. */
#include "tests/support/node_ring_parts.h"

#include "common/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void node_ring_must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "node_ring: %s\n", what);
    abort();
}

void node_ring_persist(struct ring_node *n, const struct node_action *a)
{
    buf_clear(&n->vote);
    buf_add_slice(&n->vote, a->vote);
    if (a->body.len == 0)
        return;
    node_ring_must(n->body_count < RING_BODIES, "bodies");
    struct buf *body = &n->bodies[n->body_count++];
    *body = buf_heap(BLOCK_SIZE_MAX);
    buf_add_slice(body, a->body);
}

void node_ring_forget_bodies(struct ring_node *n)
{
    while (n->body_count > 0)
        buf_free(&n->bodies[--n->body_count]);
}

static void add_leaf(struct ring_node *n, const struct hash *statement)
{
    if (n->leaf_count == n->leaf_cap) {
        n->leaf_cap = n->leaf_cap == 0 ? 256 : 2 * n->leaf_cap;
        n->leaves = realloc(n->leaves, n->leaf_cap * sizeof n->leaves[0]);
        node_ring_must(n->leaves != NULL, "memory");
    }
    n->leaves[n->leaf_count++] = merkle_leaf(hash_slice(statement));
}

void node_ring_store(struct ring_node *n, const struct commit *c)
{
    struct final f = { .header = c->header, .seals = c->seals };
    node_ring_must(c->header.height == n->height + 1 && c->header.height < RING_HEIGHTS, "height");
    node_ring_must(final_verify(&f, &n->chain.next, NULL), "a block that its seals do not prove");
    struct ring_block *b = &n->blocks[++n->height];
    *b = (struct ring_block){ .hash = header_hash(&c->header), .statements = c->statement_count };
    b->block = buf_heap(BLOCK_SIZE_MAX);
    b->seals = buf_heap(1 << 20);
    buf_add_slice(&b->block, c->block);
    buf_add_slice(&b->seals, c->seals);
    for (size_t i = 0; i < c->statement_count; i++)
        add_leaf(n, &c->statement_hashes[i]);
    for (size_t i = 0; i < c->write_count; i++)
        memory_state_set(n->state, c->writes[i].key, c->writes[i].value);
    struct hash root = memory_state_root(n->state);
    node_ring_must(hash_equal(&root, &c->header.state), "a state that is not the header's");
    node_ring_forget_bodies(n);
    n->stored++;
}

/* ------------------------------------------------------------------ loading */

static bool get(void *ctx, struct slice key, struct buf *value)
{
    struct slice found;
    if (!memory_state_get(ctx, key, &found))
        return false;
    buf_add_slice(value, found);
    return true;
}

static bool load_entry(void *ctx, struct slice key, struct slice value)
{
    struct hash key_hash = crypto_sha256(key);
    return chain_load_entry(ctx, &key_hash, key, value);
}

static bool fetch_leaves(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    const struct ring_node *n = source;
    *ret_hash = merkle_root(n->leaves + (index << level), (size_t)1 << level);
    return true;
}

static struct header head_of(const struct node_ring *r, const struct ring_node *n)
{
    struct block b;
    if (n->height == 0)
        return r->kit.identity.genesis;
    node_ring_must(block_decode(buf_slice(&n->blocks[n->height].block), &b, NULL), "a block");
    return b.header;
}

void node_ring_load(const struct node_ring *r, struct ring_node *n)
{
    struct err err = { .msg = "" };
    struct header head = head_of(r, n);
    node_ring_must(chain_init(&n->chain, get, n->state), "memory");
    node_ring_must(memory_state_each(n->state, load_entry, &n->chain), "memory");
    node_ring_must(chain_load_head(&n->chain, &head, fetch_leaves, n, &err), err.msg);
}
