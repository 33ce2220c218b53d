#include "node/announce.h"

#include "common/ack.h"
#include "common/hex.h"
#include "common/log.h"
#include "node/proof.h"

#include <stdio.h>
#include <stdlib.h>

#define TOPIC_MAX    64
#define OUTCOMES_MAX (BLOCK_STATEMENTS_MAX * 2 + OVERLAY_TIMERS_MAX)
#define ACK_EXPIRY_S (30u * 24 * 3600)

static void publish(struct bus *bus, const char *topic, struct slice payload, bool retain)
{
    struct bus_publish message = {
        .topic = topic, .payload = payload, .qos = 1, .retain = retain, .expiry_s = 0
    };
    if (!retain)
        message.expiry_s = ACK_EXPIRY_S;
    /* A message that finds the broker away is not lost for good: its reader asks again. */
    (void)bus_publish(bus, &message, NULL, NULL);
}

static void kid_topic(char topic[TOPIC_MAX], const struct kid *kid, const char *what)
{
    char hex[2 * KID_SIZE + 1];
    hex_encode(kid_slice(kid), hex);
    (void)snprintf(topic, TOPIC_MAX, "wb/1/%s/%s", hex, what);
}

/* ------------------------------------------------------------------ the outcomes' tree */

/* Complete subtrees of n leaves, level by level, in one array. */
struct levels {
    struct hash *nodes;
    size_t start[MERKLE_LEVELS];
};

static bool levels_build(struct levels *l, const struct slice *outcomes, size_t n)
{
    l->nodes = malloc((2 * n + 1) * sizeof l->nodes[0]);
    if (l->nodes == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        l->nodes[i] = merkle_leaf(outcomes[i]);
    size_t start = 0, width = n, level = 0;
    while (width > 0) {
        l->start[level++] = start;
        for (size_t i = 0; i < width / 2; i++)
            l->nodes[start + width + i] =
                merkle_node(&l->nodes[start + 2 * i], &l->nodes[start + 2 * i + 1]);
        start += width;
        width /= 2;
    }
    return true;
}

static bool levels_fetch(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    const struct levels *l = source;
    *ret_hash = l->nodes[l->start[level] + (size_t)index];
    return true;
}

/* ------------------------------------------------------------------ acks */

/* The sealed block whose outcomes are acknowledged. */
struct sealed {
    const struct header *header;
    struct slice seals;
    size_t size; /* outcomes */
    struct levels levels;
};

static void send_ack(struct bus *bus, const struct kid *kid, struct sealed *block,
                     struct slice summary, size_t index)
{
    struct merkle_path path;
    char topic[TOPIC_MAX];
    struct buf out = buf_heap(ACK_SIZE_MAX);
    (void)merkle_path_fetch(block->size, index, levels_fetch, &block->levels, &path);
    struct ack_place place = { summary, block->size, index, &path };
    ack_put(&out, block->header, block->seals, &place);
    kid_topic(topic, kid, "ack");
    if (!out.failed)
        publish(bus, topic, buf_slice(&out), false);
    buf_free(&out);
}

void announce_head(struct bus *bus, const struct header *head, struct slice seals)
{
    struct buf out = buf_heap(FINAL_SIZE_MAX);
    final_put(&out, head, seals);
    if (!out.failed)
        publish(bus, "wb/1/head", buf_slice(&out), true);
    buf_free(&out);
}

void announce_block(struct bus *bus, const struct commit *c)
{
    struct sealed block = { .header = &c->header, .seals = c->seals, .size = c->outcome_count };
    if (levels_build(&block.levels, c->outcomes, c->outcome_count)) {
        for (size_t i = 0; i < c->outcome_count; i++) {
            struct summary s;
            if (!summary_decode(c->outcomes[i], &s, NULL))
                break; /* summaries come first */
            send_ack(bus, &s.kid, &block, c->outcomes[i], i);
        }
        free(block.levels.nodes);
    }
    announce_head(bus, &c->header, c->seals);
}

bool announce_ack_again(struct bus *bus, const struct kid *kid, const struct header *h,
                        struct slice seals, struct slice outcomes)
{
    struct cbor_reader r = cbor_reader(outcomes);
    size_t n = cbor_take_array(&r);
    struct slice *each = n == 0 || n > OUTCOMES_MAX ? NULL : calloc(n, sizeof each[0]);
    struct sealed block = { .header = h, .seals = seals, .size = n };
    bool sent = false;
    if (each == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        each[i] = cbor_take_bytes(&r, 0, outcomes.len);
    if (!r.failed && levels_build(&block.levels, each, n)) {
        struct summary s;
        for (size_t i = 0; i < n && !sent && summary_decode(each[i], &s, NULL); i++) {
            sent = kid_equal(&s.kid, kid);
            if (sent)
                send_ack(bus, kid, &block, each[i], i);
        }
        free(block.levels.nodes);
    }
    free(each);
    return sent;
}

void announce_set(struct bus *bus, struct store *s)
{
    struct identity id;
    struct err err;
    struct buf out = buf_heap(BUS_MAX_PACKET - TOPIC_MAX);
    bool good = proof_identity(s, &id, &err) && proof_sets(s, &id, SET_CHAIN_PROOF, &out, &err);
    if (!good) { /* many changes: the compact form goes further */
        buf_free(&out);
        out = buf_heap(BUS_MAX_PACKET - TOPIC_MAX);
        good = proof_identity(s, &id, &err) && proof_sets(s, &id, SET_CHAIN_COMPACT, &out, &err);
    }
    if (good)
        publish(bus, "wb/1/set", buf_slice(&out), true);
    else
        log_error("the authority set can't be announced: %s", err.msg);
    buf_free(&out);
}

void announce_refused(struct bus *bus, const struct node_refused *refused)
{
    uint8_t memory[64];
    char topic[TOPIC_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    cbor_put_array(&out, 3);
    cbor_put_uint(&out, 0);
    cbor_put_bytes(&out, hash_slice(&refused->statement));
    cbor_put_uint(&out, refused->code);
    kid_topic(topic, &refused->kid, "ack");
    publish(bus, topic, buf_slice(&out), false);
}
