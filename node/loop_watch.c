/*
 * The node's eye on itself, once a second: clock, peers, vote, disk. What is wrong is told when it begins and
 * when it is over; a disk that is nearly full closes the door before a block could fail to be stored.
 */
#include "common/hex.h"
#include "common/json.h"
#include "common/log.h"
#include "common/state_key.h"
#include "node/loop_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_EVERY_MS   1000
#define LONE_AFTER_MS   5000
#define BEHIND_BLOCKS   20
#define EVIDENCE_FOR_MS (UINT64_C(24) * 60 * 60 * 1000)

static void publish(struct node *n, enum alarm which)
{
    const struct alarms_one *one = &n->watch.alarms.at[which];
    struct json_doc *o = json_doc_object();
    struct buf text = buf_heap(1024);
    json_doc_put_text(o, "alarm", alarms_name(which));
    json_doc_put_text(o, "state", one->on ? "on" : "off");
    json_doc_put_int(o, "since", (int64_t)one->since_ms);
    json_doc_put_text(o, "text", one->text);
    json_doc_write(o, 0, &text);
    json_doc_free(o);
    struct bus_publish message = { .topic = "wb/1/events/alarm", .payload = buf_slice(&text) };
    if (!text.failed)
        (void)bus_publish(n->bus, &message, NULL, NULL);
    buf_free(&text);
}

static void told(struct node *n, enum alarm which, bool changed)
{
    const struct alarms_one *one = &n->watch.alarms.at[which];
    if (!changed)
        return;
    if (one->on)
        log_warn("alarm %s: %s", alarms_name(which), one->text);
    else
        log_info("alarm %s is over", alarms_name(which));
    publish(n, which);
}

/* ------------------------------------------------------------------ what is looked at */

static void look_at_clock(struct node *n, uint64_t now_ms)
{
    const struct consensus_view *v = &n->metrics.view;
    bool off = v->offset_known && llabs(v->offset_ms) > CONSENSUS_AHEAD_MS;
    told(n, ALARMS_OWN_CLOCK,
         alarms_set(&n->watch.alarms, ALARMS_OWN_CLOCK, off, now_ms,
                    "this clock is %lld.%03lld s %s the other members' clocks",
                    llabs(v->offset_ms) / 1000, llabs(v->offset_ms) % 1000,
                    v->offset_ms > 0 ? "ahead of" : "behind"));
}

static size_t heard_of(const struct consensus_view *v)
{
    size_t count = 0;
    for (size_t i = 0; i < AUTHORITY_MAX / 64; i++)
        count += (size_t)__builtin_popcountll(v->heard[i]);
    return count;
}

static void look_at_peers(struct node *n, uint64_t now_ms, uint64_t steady_ms)
{
    const struct consensus_view *v = &n->metrics.view;
    size_t there = heard_of(v) + (v->votes ? 1 : 0);
    uint64_t lag = n->metrics.highest - n->metrics.height;
    if (there >= v->quorum || v->members < 2)
        n->watch.lone_since_ms = steady_ms;
    bool lone = steady_ms >= n->watch.lone_since_ms + LONE_AFTER_MS;
    bool outside = authority_set_find(&n->chain.next, &n->kid) < 0;
    told(n, ALARMS_LONE,
         alarms_set(&n->watch.alarms, ALARMS_LONE, lone, now_ms,
                    outside ? "%zu of %zu authorities are heard, a block needs %zu; this node's key"
                              " is not one of theirs: ask another node"
                            : "%zu of %zu authorities are there, a block needs %zu: none can be"
                              " decided",
                    there, v->members, v->quorum));
    told(n, ALARMS_ABSTAINING,
         alarms_set(&n->watch.alarms, ALARMS_ABSTAINING, v->abstains, now_ms,
                    "this node lost what it voted; it votes again once that can do no harm"));
    told(n, ALARMS_BEHIND,
         alarms_set(&n->watch.alarms, ALARMS_BEHIND, lag > BEHIND_BLOCKS, now_ms,
                    "%llu blocks behind", (unsigned long long)lag));
    told(n, ALARMS_NO_MARGIN,
         alarms_set(&n->watch.alarms, ALARMS_NO_MARGIN, v->members > 1 && v->quorum == v->members,
                    now_ms,
                    "with %zu authorities no block is made while one is away; a fourth, as a"
                    " witness, would let one fail",
                    v->members));
}

static void look_at_disk(struct node *n, uint64_t now_ms, uint64_t steady_ms)
{
    struct disk *d = &n->watch.disk;
    struct err err;
    if (!disk_look(d, n->settings->data.path, steady_ms, &err))
        return;
    unsigned long long mib = (unsigned long long)(d->free_bytes >> 20);
    told(n, ALARMS_DISK_LOW,
         alarms_set(&n->watch.alarms, ALARMS_DISK_LOW,
                    d->days < DISK_DAYS_LOW || d->free_bytes < 2 * DISK_REFUSE_BYTES, now_ms,
                    "%llu MiB are free; new statements are refused below %llu MiB", mib,
                    (unsigned long long)(DISK_REFUSE_BYTES >> 20)));
    told(n, ALARMS_DISK_FULL,
         alarms_set(&n->watch.alarms, ALARMS_DISK_FULL, disk_refuses(d), now_ms,
                    "%llu MiB are free: new statements are refused%s", mib,
                    disk_halts(d) ? ", and no block is made" : ""));
    __atomic_store_n(&n->watch.full, disk_refuses(d), __ATOMIC_RELAXED);
    if (d->free_bytes < 2 * DISK_REFUSE_BYTES)
        snapshot_shelf_yield(n->shelf);
}

/* The first of the set against which the ledger holds evidence, or whom this node caught lately. */
static const struct kid *accused(const struct node *n, uint64_t steady_ms)
{
    const struct authority_set *set = &n->chain.next;
    bool lately = n->watch.evidence_ms != 0 && steady_ms < n->watch.evidence_ms + EVIDENCE_FOR_MS;
    uint8_t memory[128];
    for (size_t i = 0; i < set->count; i++) {
        const struct kid *kid = &set->at[i].kid;
        struct state_key key = state_key_kid(TABLE_EVIDENCE, kid);
        struct buf value = buf_fixed(memory, sizeof memory);
        if ((lately && kid_equal(kid, &n->watch.evidence_of)) ||
            store_state_get(n->store, state_key_slice(&key), &value, NULL))
            return kid;
    }
    return NULL;
}

/* Until members have voted it out of the set: a node that was away, or starts again, tells it too. */
static void look_at_evidence(struct node *n, uint64_t now_ms, uint64_t steady_ms)
{
    char kid[2 * KID_SIZE + 1] = "";
    const struct kid *whom = accused(n, steady_ms);
    bool on = whom != NULL;
    if (on)
        hex_encode(kid_slice(whom), kid);
    told(n, ALARMS_EVIDENCE,
         alarms_set(&n->watch.alarms, ALARMS_EVIDENCE, on, now_ms,
                    "authority %s signed two different things where it may sign one", kid));
}

static void look_at_broker(struct node *n, uint64_t now_ms)
{
    bool unheard = n->meet.peers != NULL && !peers_is_up(n->meet.peers);
    told(n, ALARMS_UNHEARD,
         alarms_set(&n->watch.alarms, ALARMS_UNHEARD, unheard, now_ms,
                    "this node's broker for peers does not run: no other authority hears it; it is"
                    " tried again"));
}

void loop_watch_evidence(struct node *n, const struct kid *kid, uint64_t steady_ms)
{
    n->watch.evidence_of = *kid;
    n->watch.evidence_ms = steady_ms;
}

void loop_watch_open(struct node *n, uint64_t steady_ms)
{
    n->watch.lone_since_ms = steady_ms;
    look_at_disk(n, clock_now_ms(n->clock), steady_ms);
}

void loop_watch(struct node *n, uint64_t steady_ms)
{
    uint64_t now_ms = clock_now_ms(n->clock);
    if (steady_ms < n->watch.look_ms)
        return;
    n->watch.look_ms = steady_ms + LOOK_EVERY_MS;
    look_at_disk(n, now_ms, steady_ms);
    look_at_evidence(n, now_ms, steady_ms);
    look_at_broker(n, now_ms);
    if (n->meet.guard != NULL)
        return; /* it does not listen as one of them yet */
    look_at_clock(n, now_ms);
    look_at_peers(n, now_ms, steady_ms);
}
