/* Others: messages of the next height, who is further than this node, and what is relayed to all. */
#include "node/node_step_parts.h"

#include <stdlib.h>
#include <string.h>

#define LATER_BYTES       (4u * 1024 * 1024)
#define CATCH_UP_AGAIN_MS 2000          /* without progress another peer is asked */
#define LEVEL_MS          3000          /* no block had to be fetched for so long */
#define LEVEL_BLOCKS      2             /* may be on their way */
#define CATCH_UP_PAUSE_MS 50            /* after a run of blocks that came: the next is asked for */
#define RELAY_AGAIN_BYTES (256u * 1024) /* of statements that were relayed before, a second */
#define RELAY_BATCH_BYTES (900u * 1024) /* of statements in one envelope */
#define RELAY_BATCHES     4             /* at most in one go */
#define RELAY_BATCH_COUNT 8192

/* ------------------------------------------------------------------ the next height */

static struct later *find_later(struct node_core *core, const struct kid *from,
                                enum message_type type)
{
    for (size_t i = 0; i < core->later_count; i++)
        if (core->later[i].type == type && kid_equal(&core->later[i].from, from))
            return &core->later[i];
    return NULL;
}

static size_t later_bytes_of(const struct node_core *core, const struct kid *from)
{
    size_t bytes = 0;
    for (size_t i = 0; i < core->later_count; i++)
        if (kid_equal(&core->later[i].from, from))
            bytes += core->later[i].bytes.len;
    return bytes;
}

/* Of each sender the last of each type: a member's lies take only a member's room. */
void node_core_keep_later(struct node_core *core, const struct message *m)
{
    const struct authority_set *set = node_core_set(core);
    if (authority_set_find(set, &m->from) < 0)
        return;
    struct later *l = find_later(core, &m->from, m->type);
    size_t before = l == NULL ? 0 : l->bytes.len;
    if (later_bytes_of(core, &m->from) - before + m->bytes.len > LATER_BYTES / set->count)
        return;
    if (l == NULL && core->later_count == core->later_cap) {
        size_t cap = core->later_cap == 0 ? 16 : 2 * core->later_cap;
        struct later *bigger = realloc(core->later, cap * sizeof bigger[0]);
        if (bigger == NULL)
            return;
        core->later = bigger;
        core->later_cap = cap;
    }
    if (l == NULL) {
        l = &core->later[core->later_count++];
        *l = (struct later){ .from = m->from, .type = m->type };
        l->bytes = buf_heap(MESSAGE_SIZE_MAX);
    }
    buf_clear(&l->bytes);
    buf_add_slice(&l->bytes, m->bytes);
}

void node_core_feed_later(struct node_core *core)
{
    struct later *all = core->later;
    size_t count = core->later_count;
    core->later = NULL;
    core->later_count = core->later_cap = 0;
    for (size_t i = 0; i < count; i++) {
        if (!all[i].bytes.failed)
            node_core_receive(core, buf_slice(&all[i].bytes), core->now);
        buf_free(&all[i].bytes);
    }
    free(all);
}

void node_core_later_free(struct node_core *core)
{
    for (size_t i = 0; i < core->later_count; i++)
        buf_free(&core->later[i].bytes);
    free(core->later);
}

/* ------------------------------------------------------------------ catching up */

static uint64_t own_height(const struct node_core *core)
{
    return core->chain->head.height + 1;
}

static void note_height(struct node_core *core, const struct kid *kid, uint64_t height)
{
    for (size_t i = 0; i < core->peer_count; i++)
        if (kid_equal(&core->peers[i].kid, kid)) {
            core->peers[i].height = height;
            return;
        }
    if (core->peer_count < AUTHORITY_MAX)
        core->peers[core->peer_count++] = (struct peer_height){ *kid, height };
}

/* The next one, after the one asked last, that has blocks this node lacks. */
static const struct kid *choose(const struct node_core *core)
{
    size_t start = 0;
    for (size_t i = 0; i < core->peer_count; i++)
        if (kid_equal(&core->peers[i].kid, &core->asked))
            start = core->progress ? i : i + 1;
    for (size_t i = 0; i < core->peer_count; i++) {
        const struct peer_height *p = &core->peers[(start + i) % core->peer_count];
        if (p->height > own_height(core))
            return &p->kid;
    }
    return NULL;
}

static void ask(struct node_core *core)
{
    const struct kid *kid = choose(core);
    core->behind = kid != NULL;
    if (kid == NULL)
        return;
    core->asked = *kid;
    core->progress = false;
    core->ask_ms = core->now.steady_ms + CATCH_UP_AGAIN_MS;
    struct queued *q = node_core_queue(core, NODE_CATCH_UP);
    if (q == NULL)
        return;
    q->has_kid = true;
    q->kid = *kid;
    q->height = own_height(core);
}

void node_core_behind(struct node_core *core, const struct kid *kid, uint64_t height)
{
    note_height(core, kid, height);
    if (!core->behind)
        ask(core);
}

void node_core_caught_up(struct node_core *core)
{
    if (!core->behind)
        return;
    core->progress = true;
    core->ask_ms = core->now.steady_ms + CATCH_UP_PAUSE_MS;
    core->behind = choose(core) != NULL;
}

void node_core_ask_again(struct node_core *core)
{
    if (core->behind && core->now.steady_ms >= core->ask_ms)
        ask(core);
}

bool node_core_is_level(const struct node_core *core, uint64_t steady_ms)
{
    struct consensus_view v;
    consensus_look(core->consensus, steady_ms, &v);
    return v.reached > 0 && core->chain->head.height + LEVEL_BLOCKS >= v.reached &&
           (core->fetched_ms == 0 || steady_ms >= core->fetched_ms + LEVEL_MS);
}

/* ------------------------------------------------------------------ relaying */

/* As many due statements as one envelope takes. Returns how many. */
static size_t gather(struct node_core *core, struct buf *list)
{
    size_t count = 0;
    uint64_t now = core->now.steady_ms;
    const struct parcel *p;
    while (count < RELAY_BATCH_COUNT && (p = pool_relay_due(core->pool, now)) != NULL) {
        bool again = p->relay_ms != 0;
        if (list->len + p->len > RELAY_BATCH_BYTES ||
            (again && core->relayed + p->len > RELAY_AGAIN_BYTES))
            break;
        cbor_put_bytes(list, slice_of(p->bytes, p->len));
        core->relayed += again ? p->len : 0;
        pool_relayed(core->pool, now);
        count++;
    }
    return count;
}

static bool relay_batch(struct node_core *core)
{
    struct buf list = buf_heap(MESSAGE_SIZE_MAX), body = buf_heap(MESSAGE_SIZE_MAX);
    size_t count = gather(core, &list);
    struct queued *q = count == 0 ? NULL : node_core_queue(core, NODE_RELAY);
    if (q != NULL) {
        cbor_put_array(&body, count);
        buf_add_slice(&body, buf_slice(&list));
        struct message_draft draft = { .type = MESSAGE_STATEMENTS,
                                       .height = own_height(core),
                                       .body = buf_slice(&body) };
        message_sign(&draft, &core->options.authority, &core->chain->head.ledger, &q->message);
        core->failed = core->failed || list.failed || body.failed || q->message.failed;
    }
    buf_free(&list);
    buf_free(&body);
    return q != NULL;
}

void node_core_relay(struct node_core *core)
{
    if (node_core_alone(core))
        return;
    if (core->now.steady_ms >= core->relay_since_ms + 1000) {
        core->relay_since_ms = core->now.steady_ms;
        core->relayed = 0;
    }
    for (int i = 0; i < RELAY_BATCHES && relay_batch(core); i++)
        ;
}

/* ------------------------------------------------------------------ waiting */

uint64_t node_core_peers_wait(const struct node_core *core)
{
    uint64_t at = core->behind ? core->ask_ms : UINT64_MAX;
    uint64_t relay = node_core_alone(core) ? UINT64_MAX : pool_relay_ms(core->pool);
    /* the share of this second may be used up */
    if (relay != 0 && relay != UINT64_MAX && core->relayed > 0 &&
        relay < core->relay_since_ms + 1000)
        relay = core->relay_since_ms + 1000;
    return relay < at ? relay : at;
}
