#include "tests/support/node_ring_parts.h"

#include "common/block.h"
#include "common/genesis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_BLOCKS 8 /* of one answer to a node that is behind */

enum parcel_kind { PARCEL_MESSAGE, PARCEL_BODY, PARCEL_CATCH_UP };

struct ring_parcel {
    struct ring_parcel *next;
    enum parcel_kind kind;
    uint64_t at_ms;
    size_t from, to;
    uint64_t height; /* CATCH_UP */
    size_t len;
    uint8_t bytes[];
};

static struct node_time time_of(const struct node_ring *r)
{
    return (struct node_time){ .clock_ms = KIT_T0 + r->now_ms, .steady_ms = r->now_ms };
}

/* ------------------------------------------------------------------ the wire */

static struct ring_parcel *post(struct node_ring *r, enum parcel_kind kind, size_t from, size_t to,
                                struct slice bytes)
{
    struct ring_parcel *p = calloc(1, sizeof *p + bytes.len);
    assert(p != NULL);
    p->kind = kind;
    p->from = from;
    p->to = to;
    p->at_ms = r->now_ms + RING_DELAY;
    p->len = bytes.len;
    if (bytes.len > 0)
        memcpy(p->bytes, bytes.data, bytes.len);
    if (r->last != NULL)
        r->last->next = p;
    else
        r->first = p;
    r->last = p;
    return p;
}

void node_ring_send(struct node_ring *r, size_t from, size_t to, struct slice message)
{
    struct message m;
    node_ring_must(message_decode(message, &m, NULL), "a message that does not decode");
    if (r->filter == NULL || !r->filter(r, from, to, &m))
        (void)post(r, PARCEL_MESSAGE, from, to, message);
}

static size_t place_of(const struct node_ring *r, const struct kid *kid)
{
    for (size_t i = 0; i < r->count; i++)
        if (kid_equal(&r->nodes[i].key.kid, kid))
            return i;
    return r->count;
}

static void send_all(struct node_ring *r, size_t from, const struct node_action *a)
{
    if (a->message.len == 0)
        return;
    for (size_t i = 0; i < r->count; i++)
        if (i != from && (!a->has_kid || kid_equal(&r->nodes[i].key.kid, &a->kid)))
            node_ring_send(r, from, i, a->message);
}

/* Whoever is asked may have it proposed, or decided already. */
static struct slice find_body(const struct ring_node *n, const struct hash *block)
{
    struct slice body = node_core_find_body(n->core, block);
    for (uint64_t h = 1; h <= n->height && body.len == 0; h++)
        if (hash_equal(&n->blocks[h].hash, block))
            body = buf_slice(&n->blocks[h].block);
    return body;
}

static void fetch(struct node_ring *r, size_t to, const struct node_action *a)
{
    for (size_t i = 0; i < a->kid_count && !r->no_fetch; i++) {
        size_t from = place_of(r, &a->kids[i]);
        if (from == r->count || !r->nodes[from].up)
            continue;
        struct slice body = find_body(&r->nodes[from], &a->block);
        if (r->nodes[from].garbage)
            body = slice_text("\x80");
        if (body.len == 0)
            continue;
        (void)post(r, PARCEL_BODY, from, to, body);
        return;
    }
}

/* ------------------------------------------------------------------ performing */

static void perform(struct node_ring *r, size_t place, const struct node_action *a)
{
    struct ring_node *n = &r->nodes[place];
    switch (a->kind) {
    case NODE_PERSIST:
        n->persists++;
        node_ring_persist(n, a);
        break;
    case NODE_SEND: send_all(r, place, a); break;
    case NODE_RELAY:
        n->relays++;
        send_all(r, place, a);
        break;
    case NODE_FETCH:
        n->fetches++;
        fetch(r, place, a);
        break;
    case NODE_CATCH_UP:
        n->catch_ups++;
        post(r, PARCEL_CATCH_UP, place_of(r, &a->kid), place, slice_of(NULL, 0))->height =
            a->height;
        break;
    case NODE_STORE:
        node_ring_store(n, &a->commit);
        node_core_stored(n->core, time_of(r));
        break;
    case NODE_REFUSED:
        n->refused += a->refused_count;
        n->last_refused = a->refused[0].code;
        break;
    case NODE_ALARM: n->alarms[a->alarm]++; break;
    case NODE_EVIDENCE: break;
    }
}

static void drain(struct node_ring *r, size_t place)
{
    struct node_action action;
    while (r->nodes[place].up && node_core_next(r->nodes[place].core, &action))
        perform(r, place, &action);
}

static void tick(struct node_ring *r, size_t place)
{
    node_core_tick(r->nodes[place].core, time_of(r));
    drain(r, place);
}

/* ------------------------------------------------------------------ life */

void node_ring_start(struct node_ring *r, size_t place)
{
    struct ring_node *n = &r->nodes[place];
    struct err err = { .msg = "" };
    struct slice bodies[RING_BODIES];
    struct node_core_options options = { .authority = n->key,
                                         .period_ms = RING_PERIOD,
                                         .empty_ms = RING_EMPTY,
                                         .vote = buf_slice(&n->vote),
                                         .bodies = bodies,
                                         .body_count = n->body_count };
    options.nonce[0] = (uint8_t)place;
    memcpy(options.nonce + 1, &r->now_ms, sizeof r->now_ms);
    for (size_t i = 0; i < n->body_count; i++)
        bodies[i] = buf_slice(&n->bodies[n->body_count - 1 - i]);
    node_ring_load(r, n);
    n->core = node_core_new(&options, &n->chain, &err);
    node_ring_must(n->core != NULL, err.msg);
    n->up = true;
    tick(r, place);
}

void node_ring_stop(struct node_ring *r, size_t place)
{
    struct ring_node *n = &r->nodes[place];
    if (!n->up)
        return;
    node_core_free(n->core);
    chain_free(&n->chain);
    n->core = NULL;
    n->up = false;
}

static int by_kid(const void *a, const void *b)
{
    const struct key_pair *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

/* Keys of the ledger; followers have authority keys of members that are not in the set. */
static void make_keys(struct node_ring *r, struct key_pair *keys)
{
    char name[64];
    for (size_t i = 0; i < r->members; i++) {
        (void)snprintf(name, sizeof name, "ring node %zu", i);
        keys[i] = kit_pair(name);
    }
    qsort(keys, r->members, sizeof keys[0], by_kid);
    for (size_t i = r->members; i < r->count; i++) {
        (void)snprintf(name, sizeof name, "ring follower %zu", i);
        keys[i] = kit_pair(name);
    }
}

static void make_ledger(struct node_ring *r, struct buf *genesis)
{
    struct key_pair keys[RING_NODES], device = kit_pair("ring device");
    struct key_pair owner = kit_pair("ring member 0");
    char name[64];
    make_keys(r, keys);
    kit_begin(&r->kit, KIT_T0, false);
    for (size_t i = 0; i < r->count; i++) {
        r->nodes[i].key = keys[i];
        if (i >= r->members)
            continue;
        (void)snprintf(name, sizeof name, "ring member %zu", i);
        struct key_pair member = kit_pair(name);
        kit_add_member(&r->kit, &member, "A company");
        kit_add_key(&r->kit, &keys[i], &member.kid, CLASS_AUTHORITY);
    }
    kit_add_key(&r->kit, &device, &owner.kid, CLASS_DEVICE);
    kit_genesis(&r->kit, genesis);
    kit_signer_begin(&r->device, &device, &r->kit.identity.genesis.ledger);
    kit_signer_begin(&r->owner, &owner, &r->kit.identity.genesis.ledger);
}

struct node_ring *node_ring_new(size_t members, size_t followers)
{
    struct node_ring *r = calloc(1, sizeof *r);
    struct buf genesis = buf_heap(1 << 16);
    assert(r != NULL && members + followers <= RING_NODES);
    r->members = members;
    r->count = members + followers;
    r->now_ms = RING_START;
    make_ledger(r, &genesis);
    for (size_t i = 0; i < r->count; i++) {
        struct ring_node *n = &r->nodes[i];
        n->vote = buf_heap(CONSENSUS_VOTE_MAX);
        n->state = memory_state_new();
        memory_state_load(n->state, buf_slice(&genesis));
        node_ring_start(r, i);
    }
    buf_free(&genesis);
    node_ring_run(r, RING_PERIOD); /* a block may be made from now on */
    return r;
}

void node_ring_free(struct node_ring *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct ring_node *n = &r->nodes[i];
        node_ring_stop(r, i);
        memory_state_free(n->state);
        node_ring_forget_bodies(n);
        for (uint64_t h = 1; h <= n->height; h++) {
            buf_free(&n->blocks[h].block);
            buf_free(&n->blocks[h].seals);
        }
        buf_free(&n->vote);
        free(n->leaves);
    }
    while (r->first != NULL) {
        struct ring_parcel *p = r->first;
        r->first = p->next;
        free(p);
    }
    free(r);
}

/* ------------------------------------------------------------------ statements */

static enum pool_answer add(struct node_ring *r, size_t place, struct slice statement,
                            bool from_peer)
{
    struct parcel *p = malloc(sizeof *p + statement.len);
    assert(p != NULL);
    p->len = statement.len;
    p->from_peer = from_peer;
    p->arrived_ms = r->now_ms;
    memcpy(p->bytes, statement.data, statement.len);
    node_ring_must(statement_decode(slice_of(p->bytes, p->len), &p->st, NULL), "a statement");
    enum pool_answer answer = node_core_add(r->nodes[place].core, p);
    if (answer != POOL_TAKEN)
        free(p);
    return answer;
}

enum pool_answer node_ring_give(struct node_ring *r, size_t place, struct slice statement)
{
    enum pool_answer answer = add(r, place, statement, false);
    tick(r, place);
    return answer;
}

struct hash node_ring_read(struct node_ring *r, size_t place)
{
    static const int centi[] = { 450 };
    struct buf out = buf_heap(STATEMENT_MAX);
    struct hash hash =
        kit_sign(&r->device, kit_temperatures(centi, 1, 0), KIT_T0 + r->now_ms, &out);
    node_ring_must(node_ring_give(r, place, buf_slice(&out)) == POOL_TAKEN, "pool");
    buf_free(&out);
    return hash;
}

/* ------------------------------------------------------------------ running */

static void arrive_message(struct node_ring *r, const struct ring_parcel *p)
{
    struct message m;
    struct slice bytes = slice_of(p->bytes, p->len);
    node_ring_must(message_decode(bytes, &m, NULL), "a message");
    if (m.type != MESSAGE_STATEMENTS) {
        node_core_receive(r->nodes[p->to].core, bytes, time_of(r));
        return;
    }
    struct cbor_reader at = m.as.statements.at;
    for (size_t i = 0; i < m.as.statements.count; i++)
        (void)add(r, p->to, cbor_take_bytes(&at, 1, STATEMENT_MAX), true);
    node_core_tick(r->nodes[p->to].core, time_of(r));
}

static void arrive_blocks(struct node_ring *r, const struct ring_parcel *p)
{
    const struct ring_node *from = &r->nodes[p->from];
    struct ring_node *to = &r->nodes[p->to];
    for (uint64_t h = p->height; h < p->height + RUN_BLOCKS && h <= from->height; h++) {
        if (!node_core_catch_up(to->core, buf_slice(&from->blocks[h].block),
                                buf_slice(&from->blocks[h].seals), time_of(r), NULL))
            return;
        drain(r, p->to);
    }
}

static void arrive(struct node_ring *r, const struct ring_parcel *p)
{
    if (!r->nodes[p->to].up)
        return;
    switch (p->kind) {
    case PARCEL_MESSAGE: arrive_message(r, p); break;
    case PARCEL_BODY:
        node_core_body(r->nodes[p->to].core, slice_of(p->bytes, p->len), time_of(r));
        break;
    case PARCEL_CATCH_UP:
        if (r->nodes[p->from].up)
            arrive_blocks(r, p);
        break;
    }
    drain(r, p->to);
}

/* When something happens next, `end` at the latest. */
static uint64_t next_ms(const struct node_ring *r, uint64_t end)
{
    uint64_t at = r->first != NULL && r->first->at_ms < end ? r->first->at_ms : end;
    for (size_t i = 0; i < r->count; i++) {
        const struct ring_node *n = &r->nodes[i];
        uint64_t wait = n->up ? node_core_wait_ms(n->core, r->now_ms) : UINT64_MAX;
        if (wait < at - r->now_ms)
            at = r->now_ms + wait;
    }
    return at;
}

static void run_once(struct node_ring *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->nodes[i].up && node_core_wait_ms(r->nodes[i].core, r->now_ms) == 0)
            tick(r, i);
    while (r->first != NULL && r->first->at_ms <= r->now_ms) {
        struct ring_parcel *p = r->first;
        r->first = p->next;
        if (r->first == NULL)
            r->last = NULL;
        arrive(r, p);
        free(p);
    }
}

void node_ring_run(struct node_ring *r, uint64_t ms)
{
    uint64_t end = r->now_ms + ms;
    size_t still = 0; /* turns without time passing: a machine that never rests */
    while (r->now_ms < end) {
        uint64_t at = next_ms(r, end);
        still = at > r->now_ms ? 0 : still + 1;
        node_ring_must(still < 10000, "a machine wants to be ticked without end");
        r->now_ms = at;
        run_once(r);
    }
}

bool node_ring_reach(struct node_ring *r, uint64_t height, uint64_t ms)
{
    for (uint64_t end = r->now_ms + ms; r->now_ms < end; node_ring_run(r, 1)) {
        bool all = true;
        for (size_t i = 0; i < r->count; i++)
            all = all && (!r->nodes[i].up || r->nodes[i].height >= height);
        if (all)
            return true;
    }
    return false;
}

bool node_ring_agrees(const struct node_ring *r)
{
    for (size_t i = 1; i < r->count; i++)
        for (uint64_t h = 1; h <= r->nodes[0].height && h <= r->nodes[i].height; h++)
            if (!hash_equal(&r->nodes[0].blocks[h].hash, &r->nodes[i].blocks[h].hash))
                return false;
    return true;
}

bool node_ring_holds(const struct node_ring *r, size_t place, const struct hash *statement)
{
    const struct ring_node *n = &r->nodes[place];
    struct hash leaf = merkle_leaf(hash_slice(statement));
    for (size_t i = 0; i < n->leaf_count; i++)
        if (hash_equal(&n->leaves[i], &leaf))
            return true;
    return false;
}
