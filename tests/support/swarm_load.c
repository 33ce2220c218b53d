#include "tests/support/swarm_load.h"

#include "common/clock.h"
#include "tests/support/node_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RESEND_MS 1000

static void keep_talking(struct swarm_load *l, uint64_t ms)
{
    struct swarm *s = l->swarm;
    uint64_t now = clock_steady_ms();
    for (size_t i = 0; i < s->device_count; i++)
        while (s->devices[i].made < s->devices[i].acked_count + SWARM_LOAD_WINDOW) {
            struct slice bytes = swarm_make(s, i, 1);
            (void)swarm_send(s, s->devices[i].node, s->devices[i].topic, bytes);
        }
    if (now >= l->resend_at_ms) {
        l->turn++;
        for (size_t i = 0; i < s->device_count; i++)
            s->devices[i].node = (i + l->turn) % s->node_count;
        (void)swarm_send_unacked(s);
        l->resend_at_ms = now + RESEND_MS;
    }
    swarm_turn(s, ms);
}

void swarm_load_for(struct swarm_load *l, uint64_t ms)
{
    uint64_t end = clock_steady_ms() + ms;
    while (clock_steady_ms() < end)
        keep_talking(l, 5);
}

uint64_t swarm_load_until_acked(struct swarm_load *l, size_t more, uint64_t limit_ms,
                                const char *when)
{
    size_t wanted = swarm_acked(l->swarm) + more;
    uint64_t start = clock_steady_ms();
    while (swarm_acked(l->swarm) < wanted) {
        if (clock_steady_ms() > start + limit_ms)
            fail_msg("%s: no ack within %llu ms (%s)", when, (unsigned long long)limit_ms,
                     l->swarm->dir);
        keep_talking(l, 5);
    }
    return clock_steady_ms() - start;
}

static bool heads_agree(const struct swarm *s)
{
    for (size_t i = 0; i < s->node_count; i++)
        if (!s->nodes[i].head_seen || s->nodes[i].head.size != swarm_made(s) ||
            s->nodes[i].head.height != s->nodes[0].head.height)
            return false;
    return true;
}

void swarm_load_settle(struct swarm *s, uint64_t limit_ms)
{
    if (!swarm_settle(s, limit_ms))
        fail_msg("%zu of %zu acked (%s)", swarm_acked(s), swarm_made(s), s->dir);
    uint64_t end = clock_steady_ms() + limit_ms; /* acked by one: the others may need their time */
    while (!heads_agree(s) && clock_steady_ms() < end)
        swarm_turn(s, 50);
    for (size_t i = 0; i < s->node_count && !heads_agree(s); i++)
        fail_msg("node %zu: block %llu, %llu of %zu statements", i,
                 (unsigned long long)s->nodes[i].head.height,
                 (unsigned long long)s->nodes[i].head.size, swarm_made(s));
}

static struct hash check_ledger(const struct swarm *s, size_t node, uint64_t *ret_leaves)
{
    char data[SWARM_PATH_MAX];
    struct store *store = NULL;
    struct header head;
    struct err err = { .msg = "" };
    swarm_data(s, node, data);
    if (!store_open(data, STORE_READ, &store, &err) || !store_head(store, &head, NULL, &err))
        fail_msg("node %zu: %s", node, err.msg);
    for (size_t i = 0; i < s->device_count; i++) {
        const struct swarm_device *d = &s->devices[i];
        for (size_t k = 0; k < d->made; k++)
            if (d->acked[k] && !node_kit_holds(store, d->statements[k]))
                fail_msg("node %zu: statement %zu of device %zu was acked and is gone", node, k + 1,
                         i);
    }
    store_close(store);
    if (!node_kit_audit(data, NULL, ret_leaves, &err))
        fail_msg("node %zu: %s", node, err.msg);
    return head.state;
}

uint64_t swarm_load_check(const struct swarm *s)
{
    uint64_t leaves = 0;
    assert_int_equal(s->false_acks, 0);
    struct hash first = check_ledger(s, 0, &leaves);
    assert_int_equal(leaves, swarm_made(s));
    for (size_t i = 1; i < s->node_count; i++) {
        struct hash root = check_ledger(s, i, &leaves);
        assert_memory_equal(root.bytes, first.bytes, HASH_SIZE);
        assert_int_equal(leaves, swarm_made(s));
    }
    return leaves;
}
