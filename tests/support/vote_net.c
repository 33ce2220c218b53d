#include "tests/support/vote_net.h"

#include "common/final.h"
#include "tests/support/ledger_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct net_parcel {
    struct net_parcel *next;
    uint64_t at_ms;
    size_t to;
    size_t len;
    uint8_t bytes[];
};

/* What one key signed for one (type, height, round): never two things. */
struct net_signed {
    struct net_signed *next;
    enum message_type type;
    uint64_t height, round;
    size_t by;
    struct hash what;
};

static void fail(const struct vote_net *net, size_t node, const char *what)
{
    (void)fprintf(stderr, "vote net: seed %llu, node %zu at %llu ms: %s\n",
                  (unsigned long long)net->seed, node,
                  (unsigned long long)(net->now_ms - NET_START), what);
    abort();
}

/* ------------------------------------------------------------------ beginning, ending */

static int by_kid(const void *a, const void *b)
{
    const struct key_pair *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static void begin_core(struct vote_net *net, size_t i, bool lost)
{
    struct net_node *node = &net->nodes[i];
    struct consensus_options o = {
        .key = net->keys[i], .ledger = net->genesis.ledger, .t0_ms = 1000, .vote_lost = lost
    };
    memset(o.nonce, (int)i + 1, sizeof o.nonce);
    o.nonce[0] = ++node->nonce_seed;
    if (node->core == NULL)
        node->core = malloc(consensus_size());
    if (node->core == NULL)
        abort();
    consensus_begin(node->core, &o);
    node->up = true;
}

static void start(struct vote_net *net, size_t i, struct slice vote)
{
    struct net_node *node = &net->nodes[i];
    struct consensus_event e = { .kind = CONSENSUS_START,
                                 .set = &net->set,
                                 .parent = &node->chain[node->height],
                                 .vote = vote };
    node->began_ms = net->now_ms;
    node->wake_ms = net->now_ms + net->period_ms;
    vote_net_step(net, i, e);
}

void vote_net_begin(struct vote_net *net, size_t members, size_t followers)
{
    char name[40];
    memset(net, 0, sizeof *net);
    net->count = members + followers;
    net->members = members;
    net->now_ms = NET_START;
    net->period_ms = NET_PERIOD;
    for (size_t i = 0; i < net->count; i++) {
        (void)snprintf(name, sizeof name, "authority %zu", i);
        net->keys[i] = kit_pair(name);
    }
    qsort(net->keys, members, sizeof net->keys[0], by_kid);
    net->set.count = members;
    for (size_t i = 0; i < members; i++) {
        net->set.at[i].kid = net->set.at[i].member = net->keys[i].kid;
        memcpy(net->set.at[i].pub, net->keys[i].pub, PUB_SIZE);
    }
    struct hash state = crypto_sha256(slice_text("state")), set = authority_set_hash(&net->set);
    net->genesis = header_genesis(KIT_T0, &state, &set);
    for (size_t i = 0; i < net->count; i++) {
        net->nodes[i].chain[0] = net->genesis;
        net->nodes[i].work = true;
        net->nodes[i].vote = buf_heap(CONSENSUS_VOTE_MAX);
        net->nodes[i].evidence[0] = buf_heap(1 << 17);
        net->nodes[i].evidence[1] = buf_heap(1 << 17);
        for (size_t k = 0; k <= MESSAGE_STATUS; k++)
            net->nodes[i].said[k] = buf_heap(MESSAGE_SIZE_MAX);
        begin_core(net, i, false);
        start(net, i, (struct slice){ NULL, 0 });
    }
}

void vote_net_end(struct vote_net *net)
{
    while (net->first != NULL) {
        struct net_parcel *p = net->first;
        net->first = p->next;
        free(p);
    }
    while (net->signed_votes != NULL) {
        struct net_signed *s = net->signed_votes;
        net->signed_votes = s->next;
        free(s);
    }
    for (size_t i = 0; i < net->count; i++) {
        free(net->nodes[i].core);
        buf_free(&net->nodes[i].vote);
        buf_free(&net->nodes[i].evidence[0]);
        buf_free(&net->nodes[i].evidence[1]);
        for (size_t k = 0; k <= MESSAGE_STATUS; k++)
            buf_free(&net->nodes[i].said[k]);
    }
}

/* ------------------------------------------------------------------ luck */

uint64_t vote_net_random(struct vote_net *net, uint64_t below)
{
    uint64_t z = net->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

/* ------------------------------------------------------------------ blocks */

static const struct header *find_block(const struct vote_net *net, const struct hash *block)
{
    for (size_t i = net->block_count; i-- > 0;) {
        struct hash h = header_hash(&net->blocks[i]);
        if (hash_equal(&h, block))
            return &net->blocks[i];
    }
    return NULL;
}

static uint64_t clock_of(const struct vote_net *net, size_t node)
{
    return KIT_T0 + (uint64_t)((int64_t)net->now_ms + net->nodes[node].clock_off_ms);
}

struct header vote_net_block(struct vote_net *net, size_t node, size_t by, uint64_t time_ms)
{
    const struct header *parent = &net->nodes[node].chain[net->nodes[node].height];
    struct header h = *parent;
    h.rules = RULES_VERSION;
    h.height = parent->height + 1;
    h.prev = header_hash(parent);
    h.time_ms = time_ms > parent->time_ms ? time_ms : parent->time_ms + 1;
    h.proposer = net->keys[by].kid;
    h.size = parent->size + 1 + net->block_count % 3;
    if (net->block_count == NET_BLOCKS)
        fail(net, node, "too many blocks");
    net->blocks[net->block_count++] = h;
    return h;
}

/* ------------------------------------------------------------------ invariants */

static struct hash signed_about(const struct message *m)
{
    struct cose seal;
    switch (m->type) {
    case MESSAGE_PROPOSE: return header_hash(&m->as.propose.header);
    case MESSAGE_COMMIT:
        if (!cose_parse(m->as.commit, &seal, NULL))
            abort();
        return seal.seal.block;
    case MESSAGE_STATEMENTS:
    case MESSAGE_PREPARE:
    case MESSAGE_ROUNDCHANGE:
    case MESSAGE_RCCERT:
    case MESSAGE_DECIDED:
    case MESSAGE_STATUS: break;
    }
    return crypto_sha256(m->body);
}

static void check_signed_once(struct vote_net *net, size_t by, const struct message *m)
{
    struct hash what = signed_about(m);
    for (struct net_signed *s = net->signed_votes; s != NULL; s = s->next)
        if (s->by == by && s->type == m->type && s->height == m->height && s->round == m->round) {
            if (!hash_equal(&s->what, &what))
                fail(net, by, "it signed two things for one height and round");
            return;
        }
    struct net_signed *s = malloc(sizeof *s);
    if (s == NULL)
        abort();
    *s = (struct net_signed){ net->signed_votes, m->type, m->height, m->round, by, what };
    net->signed_votes = s;
}

/* What is durable is what the core says now, and the body of what it votes for is there. */
static void check_durable(const struct vote_net *net, size_t i, const struct message *m)
{
    const struct net_node *node = &net->nodes[i];
    struct buf now = buf_heap(CONSENSUS_VOTE_MAX);
    consensus_put_vote(node->core, &now);
    if (!slice_equal(buf_slice(&now), buf_slice(&node->vote)))
        fail(net, i, "a vote was sent before it was durable");
    buf_free(&now);
    if (m->type != MESSAGE_PROPOSE && m->type != MESSAGE_PREPARE)
        return;
    if (!node->has_durable_body)
        fail(net, i, "a vote for a block whose body is not durable");
}

static void check_decided(struct vote_net *net, size_t i, const struct header *h)
{
    struct buf seals = buf_heap(1 << 17);
    struct err err;
    consensus_put_seals(net->nodes[i].core, &seals);
    struct final f = { .header = *h, .seals = buf_slice(&seals) };
    if (!final_verify(&f, &net->set, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        fail(net, i, "a decision that is not proven");
    }
    buf_free(&seals);
    struct hash mine = header_hash(h);
    for (size_t k = 0; k < net->count; k++) {
        if (net->nodes[k].height < h->height)
            continue;
        struct hash theirs = header_hash(&net->nodes[k].chain[h->height]);
        if (!hash_equal(&mine, &theirs))
            fail(net, i, "two blocks of one height were decided");
    }
}

/* ------------------------------------------------------------------ actions */

static void post(struct vote_net *net, size_t from, size_t to, struct slice bytes)
{
    struct message m;
    struct err err;
    if (!message_decode(bytes, &m, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        fail(net, from, "a message that is not of its form");
    }
    if (net->nodes[from].mute || (net->filter != NULL && net->filter(net, from, to, &m)) ||
        (net->loss_permille > 0 && vote_net_random(net, 1000) < net->loss_permille))
        return;
    struct net_parcel *p = malloc(sizeof *p + bytes.len);
    if (p == NULL)
        abort();
    p->at_ms =
        net->now_ms + (net->delay_ms == 0 ? NET_DELAY : 1 + vote_net_random(net, net->delay_ms));
    p->to = to;
    p->len = bytes.len;
    memcpy(p->bytes, bytes.data, bytes.len);
    struct net_parcel **at = &net->first;
    if (net->last != NULL && net->last->at_ms <= p->at_ms)
        at = &net->last->next;
    while (*at != NULL && (*at)->at_ms <= p->at_ms)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
    if (p->next == NULL)
        net->last = p;
}

static void send(struct vote_net *net, size_t from, const struct consensus_action *a)
{
    struct hash hashes[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    struct message m;
    consensus_put_message(net->nodes[from].core, a, hashes, 3, &out);
    if (out.failed || !message_decode(buf_slice(&out), &m, NULL))
        fail(net, from, "a message that cannot be read");
    net->sent[m.type]++;
    struct buf *said = &net->nodes[from].said[m.type];
    buf_clear(said);
    buf_add_slice(said, buf_slice(&out));
    if (m.type != MESSAGE_STATUS && m.type != MESSAGE_DECIDED && m.type != MESSAGE_RCCERT) {
        check_durable(net, from, &m);
        check_signed_once(net, from, &m);
    }
    for (size_t i = 0; i < net->count; i++)
        if (i != from && (a->kind == CONSENSUS_SEND || kid_equal(&net->keys[i].kid, &a->to)))
            post(net, from, i, buf_slice(&out));
    buf_free(&out);
}

static void persist(struct net_node *node, const struct consensus_action *a)
{
    buf_clear(&node->vote);
    consensus_put_vote(node->core, &node->vote);
    node->has_voted = true; /* said beside the key, where no disk forgets it */
    if (a->has_block) {
        node->durable_body = a->block;
        node->has_durable_body = true;
    }
}

static void build(struct vote_net *net, size_t i, uint64_t round)
{
    struct header h = vote_net_block(net, i, i, clock_of(net, i));
    net->nodes[i].built_count++;
    vote_net_step(
        net, i, (struct consensus_event){ .kind = CONSENSUS_BUILT, .header = &h, .round = round });
}

static void judge(struct vote_net *net, size_t i, const struct hash *block)
{
    const struct header *known = find_block(net, block);
    net->nodes[i].judged_count++;
    if (net->withhold[i] || known == NULL)
        return;
    struct header h = *known;
    vote_net_step(net, i,
                  (struct consensus_event){
                      .kind = net->refuse ? CONSENSUS_INVALID : CONSENSUS_VALID, .header = &h });
}

static void apply(struct vote_net *net, size_t i, const struct consensus_action *a)
{
    struct net_node *node = &net->nodes[i];
    const struct header *h = consensus_decided(node->core);
    if (h == NULL || h->height != node->height + 1 || h->height >= NET_HEIGHTS)
        fail(net, i, "a decision of another height");
    check_decided(net, i, h);
    node->chain[++node->height] = *h;
    node->decided_round[h->height] = a->round;
    start(net, i, (struct slice){ NULL, 0 });
}

/* Blocks of another node's chain, as the fetcher brings them. */
static void catch_up(struct vote_net *net, size_t i, const struct kid *from)
{
    struct net_node *node = &net->nodes[i];
    node->behind_count++;
    for (size_t k = 0; k < net->count; k++) {
        if (!kid_equal(&net->keys[k].kid, from) || !net->nodes[k].up)
            continue;
        while (node->height < net->nodes[k].height) {
            node->height++;
            node->chain[node->height] = net->nodes[k].chain[node->height];
            start(net, i, (struct slice){ NULL, 0 });
        }
    }
}

static void do_action(struct vote_net *net, size_t i, const struct consensus_action *a)
{
    struct net_node *node = &net->nodes[i];
    switch (a->kind) {
    case CONSENSUS_PERSIST: persist(node, a); break;
    case CONSENSUS_SEND:
    case CONSENSUS_SEND_TO: send(net, i, a); break;
    case CONSENSUS_BUILD: build(net, i, a->round); break;
    case CONSENSUS_JUDGE: judge(net, i, &a->block); break;
    case CONSENSUS_DECIDE: apply(net, i, a); break;
    case CONSENSUS_EVIDENCE:
        node->evidence_count++;
        buf_clear(&node->evidence[0]);
        buf_clear(&node->evidence[1]);
        consensus_put_evidence(node->core, &node->evidence[0], &node->evidence[1]);
        break;
    case CONSENSUS_BEHIND: catch_up(net, i, &a->to); break;
    case CONSENSUS_CLOCK: node->clock_count++; break;
    }
}

void vote_net_step(struct vote_net *net, size_t node, struct consensus_event event)
{
    struct consensus_actions actions;
    event.steady_ms = net->now_ms;
    event.clock_ms = clock_of(net, node);
    event.work = net->nodes[node].work && net->now_ms >= net->nodes[node].began_ms + net->period_ms;
    consensus_step(net->nodes[node].core, &event, &actions);
    /* A question's answer is the next step: it comes last in its step, and nothing after it is lost. */
    for (size_t k = 0; k < actions.count; k++)
        do_action(net, node, &actions.at[k]);
}

/* ------------------------------------------------------------------ running */

bool vote_net_give(struct vote_net *net, size_t to, struct slice bytes)
{
    struct net_node *node = &net->nodes[to];
    struct message m;
    if (!node->up || !message_decode(bytes, &m, NULL))
        return false;
    const uint8_t *known = NULL;
    for (size_t i = 0; i < net->count; i++)
        if (kid_equal(&net->keys[i].kid, &m.from))
            known = net->keys[i].pub;
    if (!consensus_verify(node->core, &m, known, NULL))
        return false;
    vote_net_step(net, to, (struct consensus_event){ .kind = CONSENSUS_MESSAGE, .message = &m });
    return true;
}

static uint64_t wake_of(const struct net_node *node)
{
    uint64_t at = node->up ? consensus_wake_ms(node->core) : UINT64_MAX;
    return node->up && node->wake_ms < at ? node->wake_ms : at;
}

static uint64_t next_wake(const struct vote_net *net)
{
    uint64_t at = net->first == NULL ? UINT64_MAX : net->first->at_ms;
    for (size_t i = 0; i < net->count; i++)
        if (wake_of(&net->nodes[i]) < at)
            at = wake_of(&net->nodes[i]);
    return at;
}

static void deliver(struct vote_net *net)
{
    struct net_parcel *p = net->first;
    net->first = p->next;
    if (net->first == NULL)
        net->last = NULL;
    (void)vote_net_give(net, p->to, slice_of(p->bytes, p->len));
    free(p);
}

static bool go(struct vote_net *net, uint64_t until_ms)
{
    uint64_t at = next_wake(net);
    if (at > until_ms) {
        net->now_ms = until_ms;
        return false;
    }
    if (at > net->now_ms)
        net->now_ms = at;
    if (net->first != NULL && net->first->at_ms <= net->now_ms) {
        deliver(net);
        return true;
    }
    for (size_t i = 0; i < net->count; i++)
        if (wake_of(&net->nodes[i]) <= net->now_ms) {
            uint64_t due = net->nodes[i].began_ms + net->period_ms;
            net->nodes[i].wake_ms = due > net->now_ms ? due : UINT64_MAX;
            vote_net_step(net, i, (struct consensus_event){ .kind = CONSENSUS_TICK });
            if (wake_of(&net->nodes[i]) <= net->now_ms)
                fail(net, i, "a tick did not move the time of the next");
        }
    return true;
}

void vote_net_run(struct vote_net *net, uint64_t ms)
{
    uint64_t until = net->now_ms + ms;
    while (go(net, until))
        ;
}

bool vote_net_reach(struct vote_net *net, uint64_t height, uint64_t ms)
{
    uint64_t until = net->now_ms + ms;
    for (;;) {
        bool all = true;
        for (size_t i = 0; i < net->count; i++)
            all = all && (!net->nodes[i].up || net->nodes[i].height >= height);
        if (all)
            return true;
        if (!go(net, until))
            return false;
    }
}

void vote_net_crash(struct vote_net *net, size_t node)
{
    net->nodes[node].up = false;
}

void vote_net_restart(struct vote_net *net, size_t node, bool forget)
{
    struct net_node *n = &net->nodes[node];
    if (forget)
        buf_clear(&n->vote);
    begin_core(net, node, n->has_voted && n->vote.len == 0);
    start(net, node, buf_slice(&n->vote));
}

bool vote_net_said(const struct vote_net *net, size_t node, enum message_type type,
                   struct message *ret_message)
{
    const struct buf *said = &net->nodes[node].said[type];
    return said->len > 0 && message_decode(buf_slice(said), ret_message, NULL);
}

void vote_net_look(const struct vote_net *net, size_t node, struct consensus_view *ret_view)
{
    consensus_look(net->nodes[node].core, net->now_ms, ret_view);
}
