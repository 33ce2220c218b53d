/* What a node gives to others over the transport that is not messages: bodies by hash, and runs of blocks. */
#include "tests/sim/sim.h"

#include "common/block.h"
#include "node/blocks_range.h"
#include "tests/sim/sim_disk.h"

#define NEWEST_BLOCKS 64 /* a decided block is found by hash among so many */

/* A decided block among the newest: others may have all but its body. */
static bool find_decided(struct sim_node *node, const struct hash *hash, struct buf *ret_block)
{
    struct buf seals = buf_heap(1 << 20);
    uint64_t height = sim_disk_height(node->disk),
             oldest = height > NEWEST_BLOCKS ? height - NEWEST_BLOCKS : 0;
    bool found = false;
    for (; height > oldest && !found; height--) {
        struct block b;
        buf_clear(ret_block);
        buf_clear(&seals);
        if (!sim_disk_block(node->disk, height, ret_block, &seals) ||
            !block_decode(buf_slice(ret_block), &b, NULL))
            break;
        struct hash this = header_hash(&b.header);
        found = hash_equal(&this, hash);
    }
    buf_free(&seals);
    return found;
}

void sim_serve_body(struct sim *s, struct sim_node *node, const struct sim_packet *packet)
{
    struct buf decided = buf_heap(BLOCK_SIZE_MAX);
    struct slice body = node_core_find_body(node->core, &packet->block);
    bool hides = node->kind == SIM_LIAR && sim_chance(s, 70);
    if (body.len == 0 && find_decided(node, &packet->block, &decided))
        body = buf_slice(&decided);
    if (body.len > 0 && !hides)
        sim_net_to(s, sim_net_packet(SIM_BODY, node->number, body), packet->from);
    buf_free(&decided);
}

/* One answer holds a run of blocks in order, as over HTTP. */
void sim_serve_blocks(struct sim *s, struct sim_node *node, const struct sim_packet *packet)
{
    struct buf block = buf_heap(BLOCK_SIZE_MAX), seals = buf_heap(1 << 20);
    struct buf items = buf_heap(BLOCKS_RANGE_SIZE_MAX), answer = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    size_t count = 0;
    while (count < BLOCKS_RANGE_COUNT && items.len < BLOCKS_RANGE_SIZE / 2 &&
           sim_disk_block(node->disk, packet->height + count, &block, &seals)) {
        cbor_put_array(&items, 2);
        cbor_put_bytes(&items, buf_slice(&block));
        buf_add_slice(&items, buf_slice(&seals));
        buf_clear(&block);
        buf_clear(&seals);
        count++;
    }
    cbor_put_array(&answer, count);
    buf_add_slice(&answer, buf_slice(&items));
    if (count > 0)
        sim_net_answer(s, packet, node->number, buf_slice(&answer));
    buf_free(&block);
    buf_free(&seals);
    buf_free(&items);
    buf_free(&answer);
}
