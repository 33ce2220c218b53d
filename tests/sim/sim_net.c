/* The network between the nodes: loses, delays, repeats and reorders, by kind of message and by partition. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

struct sim_packet *sim_net_packet(unsigned what, unsigned from, struct slice bytes)
{
    struct sim_packet *p = malloc(sizeof *p + bytes.len);
    if (p == NULL)
        abort();
    *p = (struct sim_packet){ .refs = 1, .what = what, .from = from, .len = bytes.len };
    if (bytes.len > 0)
        memcpy(p->bytes, bytes.data, bytes.len);
    return p;
}

void sim_net_release(struct sim_packet *packet)
{
    if (packet != NULL && --packet->refs == 0)
        free(packet);
}

static void deliver_after(struct sim *s, struct sim_packet *p, unsigned to, uint64_t delay_ms)
{
    p->refs++;
    sim_at(s, delay_ms, (struct sim_event){ .kind = SIM_DELIVER, .node = to, .packet = p });
}

static void carry(struct sim *s, struct sim_packet *p, unsigned to)
{
    const struct sim_node *x = &s->nodes[p->from], *y = &s->nodes[to];
    bool apart = s->part[p->from] != s->part[to];
    if (to == p->from || y->kind == SIM_DEAD)
        return;
    if (s->now_ms >= s->heal_ms) { /* liars go on talking to whom they like */
        if (!(apart && (x->byzantine || y->byzantine)))
            deliver_after(s, p, to, 5 + sim_pick(s, 95));
        return;
    }
    if (apart || sim_chance(s, s->loss[p->what]))
        return;
    deliver_after(s, p, to, 1 + sim_pick(s, s->max_delay_ms));
    if (sim_chance(s, 2))
        deliver_after(s, p, to, 1 + sim_pick(s, 2 * s->max_delay_ms));
}

void sim_net_cast(struct sim *s, struct sim_packet *packet)
{
    for (unsigned i = 0; i < s->node_count; i++)
        if (s->nodes[i].key != s->nodes[packet->from].key)
            carry(s, packet, i);
    sim_net_release(packet);
}

void sim_net_to_kid(struct sim *s, struct sim_packet *packet, const struct kid *kid)
{
    for (unsigned i = 0; i < s->node_count; i++)
        if (kid_equal(&s->keys[s->nodes[i].key].kid, kid))
            carry(s, packet, i);
    sim_net_release(packet);
}

void sim_net_to(struct sim *s, struct sim_packet *packet, unsigned node)
{
    carry(s, packet, node);
    sim_net_release(packet);
}

void sim_net_answer(struct sim *s, const struct sim_packet *packet, unsigned from,
                    struct slice blocks)
{
    struct sim_packet *p = sim_net_packet(SIM_BLOCKS, from, blocks);
    p->height = packet->height;
    sim_net_to(s, p, packet->from);
}
