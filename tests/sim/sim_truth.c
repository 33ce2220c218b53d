#include "tests/sim/sim_truth.h"

#include "common/block.h"
#include "common/final.h"
#include "common/genesis.h"
#include "common/outcome.h"
#include "common/state_value.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_work.h"
#include "tests/support/memory_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fact { /* a decided block */
    struct hash hash;
    struct header header;
    struct authority_set next; /* in force after it */
};

struct sealed { /* a statement */
    struct hash hash;
    uint64_t height; /* 0: free */
};

struct vote_said {      /* a PREPARE or COMMIT of an honest key */
    unsigned what, key; /* what 0: free */
    uint64_t height, round;
    struct hash block;
};

struct sim_truth {
    struct fact *facts; /* by height; 0 is the genesis */
    size_t count, cap;
    struct sealed *sealed; /* open addressing */
    size_t sealed_count, sealed_cap;
    struct merkle_frontier tree;
    struct vote_said *votes; /* open addressing */
    size_t vote_count, vote_cap;
    uint64_t acked; /* the highest block that a good node ever had on its disk */
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ------------------------------------------------------------------ statements */

static struct sealed *find_sealed(const struct sim_truth *t, const struct hash *hash)
{
    uint64_t v;
    memcpy(&v, hash->bytes, sizeof v);
    size_t at = (size_t)(v % t->sealed_cap);
    while (t->sealed[at].height != 0 && !hash_equal(&t->sealed[at].hash, hash))
        at = (at + 1) % t->sealed_cap;
    return &t->sealed[at];
}

static void widen_sealed(struct sim_truth *t)
{
    struct sealed *old = t->sealed;
    size_t cap = t->sealed_cap;
    t->sealed_cap = 2 * cap;
    t->sealed = must(calloc(t->sealed_cap, sizeof t->sealed[0]));
    for (size_t i = 0; i < cap; i++)
        if (old[i].height != 0)
            *find_sealed(t, &old[i].hash) = old[i];
    free(old);
}

uint64_t sim_truth_sealed(const struct sim_truth *t, const struct hash *statement)
{
    return find_sealed(t, statement)->height;
}

/* ------------------------------------------------------------------ life */

static void add_fact(struct sim_truth *t, const struct header *h, const struct authority_set *next)
{
    if (t->count == t->cap) {
        t->cap = t->cap == 0 ? 64 : 2 * t->cap;
        t->facts = must(realloc(t->facts, t->cap * sizeof t->facts[0]));
    }
    t->facts[t->count++] = (struct fact){ header_hash(h), *h, *next };
}

struct sim_truth *sim_truth_new(struct sim *s)
{
    struct sim_truth *t = must(calloc(1, sizeof *t));
    t->sealed_cap = 256;
    t->sealed = must(calloc(t->sealed_cap, sizeof t->sealed[0]));
    t->vote_cap = 512;
    t->votes = must(calloc(t->vote_cap, sizeof t->votes[0]));
    merkle_frontier_begin(&t->tree);
    add_fact(t, &s->kit.identity.genesis, &s->kit.identity.set);
    return t;
}

void sim_truth_free(struct sim_truth *t)
{
    if (t == NULL)
        return;
    free(t->facts);
    free(t->sealed);
    free(t->votes);
    free(t);
}

uint64_t sim_truth_height(const struct sim_truth *t)
{
    return t->count - 1;
}

struct hash sim_truth_hash(const struct sim_truth *t, uint64_t height)
{
    return t->facts[height].hash;
}

const struct authority_set *sim_truth_set(const struct sim_truth *t, uint64_t height)
{
    return &t->facts[height < t->count ? height : t->count - 1].next;
}

/* ------------------------------------------------------------------ a block */

/* The set that the block's writes put into force, else the one there is. */
static bool next_set(const struct sim_truth *t, const struct commit *c,
                     struct authority_set *ret_next)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    struct slice set, next;
    *ret_next = t->facts[t->count - 1].next;
    for (size_t i = 0; i < c->write_count; i++)
        if (slice_equal(c->writes[i].key, state_key_slice(&key)))
            return state_sets_take(c->writes[i].value, &set, &next) &&
                   authority_set_decode(next, ret_next, NULL);
    return true;
}

/* Distinct members that sealed this very header in one round; counted without the product's help. */
static size_t count_seals(const struct authority_set *set, const struct commit *c)
{
    struct hash block = header_hash(&c->header);
    struct cbor_reader r = cbor_reader(c->seals);
    bool seen[AUTHORITY_MAX] = { false };
    size_t count = 0;
    uint64_t round = UINT64_MAX;
    for (size_t n = cbor_take_array(&r); n > 0; n--) {
        struct cose seal;
        if (!cose_parse(cbor_take_bytes(&r, 1, SEAL_SIZE_MAX), &seal, NULL))
            return 0;
        round = round == UINT64_MAX ? seal.seal.round : round;
        for (size_t i = 0; i < set->count; i++)
            if (kid_equal(&set->at[i].kid, &seal.kid) && !seen[i] && seal.seal.round == round &&
                hash_equal(&seal.seal.block, &block)) {
                seen[i] = true;
                count++;
            }
    }
    return count;
}

static bool check_seals(struct sim *s, const struct sim_node *node, const struct commit *c)
{
    const struct authority_set *set = sim_truth_set(s->truth, c->header.height - 1);
    if (count_seals(set, c) < 2 * set->count / 3 + 1)
        return sim_fail(s, "SEALS", "node %u decided block %llu on %zu seals of %zu members",
                        node->number, (unsigned long long)c->header.height, count_seals(set, c),
                        set->count);
    struct err err = { .msg = "" };
    struct final f = { .header = c->header, .seals = c->seals };
    if (final_verify(&f, set, &err))
        return true;
    return sim_fail(s, "SEALS", "node %u decided block %llu on seals that do not hold: %s",
                    node->number, (unsigned long long)c->header.height, err.msg);
}

static bool check_statements(struct sim *s, const struct commit *c)
{
    struct sim_truth *t = s->truth;
    for (size_t i = 0; i < c->statement_count; i++) {
        struct hash hash = crypto_sha256(c->statements[i]);
        struct hash leaf = merkle_leaf(hash_slice(&hash));
        if (2 * t->sealed_count >= t->sealed_cap)
            widen_sealed(t);
        struct sealed *place = find_sealed(t, &hash);
        if (place->height != 0)
            return sim_fail(s, "TWICE", "blocks %llu and %llu hold the same statement",
                            (unsigned long long)place->height,
                            (unsigned long long)c->header.height);
        *place = (struct sealed){ hash, c->header.height };
        t->sealed_count++;
        merkle_frontier_add(&t->tree, &leaf);
    }
    struct hash root = merkle_frontier_root(&t->tree);
    return (hash_equal(&root, &c->header.tree) && t->tree.size == c->header.size) ||
           sim_fail(s, "CHAIN", "block %llu has another tree root",
                    (unsigned long long)c->header.height);
}

/* The clocks of the good nodes bound a block's time, unless more is wrong than may be. */
static bool check_time(struct sim *s, const struct header *h)
{
    int64_t most = -3600000;
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && s->nodes[i].offset_ms > most)
            most = s->nodes[i].offset_ms;
    most += 3600000; /* a common hour ahead, mended since */
    int64_t limit = (int64_t)(KIT_T0 + s->now_ms) + most + CONSENSUS_AHEAD_MS + 1000;
    return s->wide || (int64_t)h->time_ms <= limit ||
           sim_fail(s, "CHAIN", "block %llu is of a time nobody has",
                    (unsigned long long)h->height);
}

static bool check_header(struct sim *s, const struct commit *c)
{
    const struct header *h = &c->header;
    const struct fact *parent = &s->truth->facts[s->truth->count - 1];
    struct hash set = authority_set_hash(&parent->next);
    unsigned long long height = h->height;
    if (!hash_equal(&h->prev, &parent->hash))
        return sim_fail(s, "CHAIN", "block %llu does not follow its parent", height);
    if (h->time_ms <= parent->header.time_ms)
        return sim_fail(s, "CHAIN", "block %llu is not later than its parent", height);
    if (!hash_equal(&h->set, &set))
        return sim_fail(s, "CHAIN", "block %llu names another set than is in force", height);
    if (!hash_equal(&h->ledger, &parent->header.ledger))
        return sim_fail(s, "CHAIN", "block %llu is of another ledger", height);
    return check_time(s, h);
}

static bool check_outcomes(struct sim *s, const struct commit *c)
{
    struct merkle_frontier f;
    struct outcome o;
    merkle_frontier_begin(&f);
    for (size_t i = 0; i < c->outcome_count; i++) {
        struct hash leaf = merkle_leaf(c->outcomes[i]);
        merkle_frontier_add(&f, &leaf);
        if (!outcome_decode(c->outcomes[i], &o, NULL))
            return sim_fail(s, "CHAIN", "block %llu has an outcome that is none",
                            (unsigned long long)c->header.height);
        if (o.type == OUTCOME_VERDICT)
            s->cover->codes[o.verdict.code % SIM_CODES_MAX]++;
    }
    struct hash root = merkle_frontier_root(&f);
    return hash_equal(&root, &c->header.outcomes) ||
           sim_fail(s, "CHAIN", "block %llu has another outcomes root",
                    (unsigned long long)c->header.height);
}

/* Decided for the first time by anybody good. */
static void note_first(struct sim *s, const struct sim_node *node, const struct commit *c)
{
    struct authority_set next;
    if (!next_set(s->truth, c, &next)) {
        (void)sim_fail(s, "CHAIN", "block %llu has a set that is none",
                       (unsigned long long)c->header.height);
        return;
    }
    if (!check_header(s, c) || !check_statements(s, c) || !check_outcomes(s, c) ||
        !check_seals(s, node, c))
        return;
    const struct authority_set *prev = sim_truth_set(s->truth, UINT64_MAX);
    struct hash next_hash = authority_set_hash(&next);
    if (!hash_equal(&next_hash, &c->header.next)) {
        (void)sim_fail(s, "CHAIN", "block %llu names another next set than it wrote",
                       (unsigned long long)c->header.height);
        return;
    }
    s->cover->branches[BRANCH_SET_GREW] += next.count > prev->count;
    s->cover->branches[BRANCH_SET_SHRANK] += next.count < prev->count;
    if (next.count != prev->count)
        sim_say(s, "from block %llu on the set has %zu members",
                (unsigned long long)c->header.height + 1, next.count);
    add_fact(s->truth, &c->header, &next);
    s->cover->blocks++;
    s->cover->statements += c->statement_count;
    sim_work_sealed(s, c);
}

static void note_round(struct sim *s, const struct commit *c)
{
    struct cbor_reader r = cbor_reader(c->seals);
    struct cose seal;
    size_t n = cbor_take_array(&r);
    if (n == 0 || !cose_parse(cbor_take_bytes(&r, 1, SEAL_SIZE_MAX), &seal, NULL))
        return;
    uint64_t round = seal.seal.round;
    s->cover->branches[round == 0   ? BRANCH_DECIDED_IN_0
                       : round == 1 ? BRANCH_DECIDED_IN_1
                                    : BRANCH_DECIDED_ABOVE_1]++;
}

void sim_truth_decided(struct sim *s, const struct sim_node *node, const struct commit *c)
{
    struct sim_truth *t = s->truth;
    uint64_t height = c->header.height;
    struct hash hash = header_hash(&c->header);
    note_round(s, c);
    if (height > t->count) {
        (void)sim_fail(s, "CHAIN", "node %u stores block %llu, and nobody has the one before",
                       node->number, (unsigned long long)height);
        return;
    }
    if (height == t->count)
        note_first(s, node, c);
    else if (!hash_equal(&hash, &t->facts[height].hash))
        (void)sim_fail(s, "AGREEMENT", "node %u decided another block %llu than was decided",
                       node->number, (unsigned long long)height);
    else
        (void)check_seals(s, node, c);
    if (height > t->acked)
        t->acked = height;
}

/* ------------------------------------------------------------------ what is said */

static struct vote_said *find_vote(struct sim_truth *t, const struct vote_said *v)
{
    size_t at =
        (v->what * 31 + v->key * 7919 + (size_t)v->height * 104729 + (size_t)v->round * 331) %
        t->vote_cap;
    for (; t->votes[at].what != 0; at = (at + 1) % t->vote_cap)
        if (t->votes[at].what == v->what && t->votes[at].key == v->key &&
            t->votes[at].height == v->height && t->votes[at].round == v->round)
            break;
    return &t->votes[at];
}

/* No honest key ever votes for two blocks in one round, whatever its disk forgot. */
static void note_vote(struct sim *s, const struct sim_node *node, const struct message *m)
{
    struct sim_truth *t = s->truth;
    struct vote_said v = { m->type, node->key, m->height, m->round, m->as.prepare };
    struct cose seal;
    if (m->type == MESSAGE_COMMIT) {
        if (!cose_parse(m->as.commit, &seal, NULL))
            return;
        v.block = seal.seal.block;
    }
    if (2 * ++t->vote_count > t->vote_cap) {
        struct vote_said *old = t->votes;
        size_t cap = t->vote_cap;
        t->vote_cap *= 2;
        t->votes = must(calloc(t->vote_cap, sizeof t->votes[0]));
        t->vote_count = 1;
        for (size_t i = 0; i < cap; i++)
            if (old[i].what != 0) {
                *find_vote(t, &old[i]) = old[i];
                t->vote_count++;
            }
        free(old);
    }
    struct vote_said *place = find_vote(t, &v);
    if (place->what == 0)
        *place = v;
    else if (!hash_equal(&place->block, &v.block))
        (void)sim_fail(s, "EQUIVOCATION", "node %u signed two %ss of height %llu round %llu",
                       node->number, message_type_name(m->type), (unsigned long long)m->height,
                       (unsigned long long)m->round);
}

void sim_truth_said(struct sim *s, const struct sim_node *node, const struct sim_packet *packet)
{
    struct message m;
    uint64_t *b = s->cover->branches;
    if (packet->what == MESSAGE_RCCERT)
        b[BRANCH_CERT_RELAYED]++;
    if (packet->what < MESSAGE_PROPOSE || packet->what > MESSAGE_ROUNDCHANGE)
        return;
    if (!message_decode(slice_of(packet->bytes, packet->len), &m, NULL)) {
        (void)sim_fail(s, "FORM", "node %u sends what nobody can read", node->number);
        return;
    }
    if (m.type == MESSAGE_PREPARE || m.type == MESSAGE_COMMIT)
        note_vote(s, node, &m);
    else if (m.type == MESSAGE_ROUNDCHANGE)
        b[m.as.roundchange.len > 0 ? BRANCH_CHANGE_CLAIMS : BRANCH_CHANGE_BARE]++;
    else if (m.round > 0)
        b[m.as.propose.prepared.len > 0 ? BRANCH_PROPOSED_AGAIN : BRANCH_PROPOSED_FRESH_ABOVE_0]++;
}

/* ------------------------------------------------------------------ the end */

static bool replay_block(struct sim *s, struct execution *x, struct memory_state *state,
                         struct slice bytes)
{
    static struct statement statements[BLOCK_STATEMENTS_MAX];
    struct block b;
    struct execute_result result;
    if (!block_decode(bytes, &b, NULL) || b.count > BLOCK_STATEMENTS_MAX)
        return sim_fail(s, "REPLAY", "a stored block can't be read");
    struct execute_context context = { .ledger = b.header.ledger,
                                       .height = b.header.height,
                                       .time_ms = b.header.time_ms,
                                       .rules = b.header.rules,
                                       .parent_hash = b.header.prev };
    struct state_view view = memory_state_view(state);
    execute_begin(x, &view, &context);
    for (size_t i = 0; i < b.count; i++) {
        if (!statement_decode(block_next(&b), &statements[i], NULL) ||
            !refusal_is_recorded(execute_statement(x, &statements[i])))
            return sim_fail(s, "REPLAY", "block %llu holds what may not be in it",
                            (unsigned long long)b.header.height);
    }
    if (!execute_end(x, &result))
        return sim_fail(s, "REPLAY", "memory is short");
    memory_state_apply(state, &result);
    struct hash root = memory_state_root(state);
    return (hash_equal(&root, &b.header.state) &&
            hash_equal(&result.outcomes_root, &b.header.outcomes)) ||
           sim_fail(s, "REPLAY", "block %llu replayed from disk comes to other roots",
                    (unsigned long long)b.header.height);
}

static bool get_state(void *ctx, struct slice key, struct buf *value)
{
    return sim_disk_get(ctx, key, value);
}

/* As a process does that starts: the stored state must have the head's root. */
static void reload(struct sim *s, struct sim_node *node)
{
    struct err err = { .msg = "" };
    struct chain *chain = must(calloc(1, sizeof *chain));
    if (chain_init(chain, get_state, node->disk)) {
        if (!sim_disk_load(node->disk, chain, &err))
            (void)sim_fail(s, "REPLAY", "the disk of node %u can't be loaded: %s", node->number,
                           err.msg);
        chain_free(chain);
    }
    free(chain);
}

/* From the genesis on, with nothing but what one node's disk holds. */
static void replay(struct sim *s, struct sim_node *node)
{
    struct memory_state *state = memory_state_new();
    struct execution *x = must(execution_new());
    struct buf block = buf_heap(BLOCK_SIZE_MAX), seals = buf_heap(1 << 20);
    memory_state_load(state, buf_slice(&s->genesis));
    bool good = true;
    for (uint64_t h = 1; good && sim_disk_block(node->disk, h, &block, &seals); h++) {
        good = replay_block(s, x, state, buf_slice(&block));
        buf_clear(&block);
        buf_clear(&seals);
    }
    s->cover->replays++;
    buf_free(&block);
    buf_free(&seals);
    execution_free(x);
    memory_state_free(state);
}

/* Whatever any good node once had on its disk was acknowledged: the longest chain must still have it. */
static void check_acked(struct sim *s)
{
    struct buf block = buf_heap(BLOCK_SIZE_MAX), seals = buf_heap(1 << 20);
    for (unsigned i = 0; i < s->node_count && s->fault == NULL; i++) {
        struct sim_node *node = &s->nodes[i];
        if (!sim_is_good(node) || !node->up || (s->wide && node->ill))
            continue;
        uint64_t height = sim_disk_height(node->disk);
        struct block b;
        for (uint64_t h = 1; h <= height && s->fault == NULL; h++) {
            buf_clear(&block);
            buf_clear(&seals);
            if (!sim_disk_block(node->disk, h, &block, &seals) ||
                !block_decode(buf_slice(&block), &b, NULL)) {
                (void)sim_fail(s, "LOST", "node %u has lost block %llu", node->number,
                               (unsigned long long)h);
                break;
            }
            struct hash hash = header_hash(&b.header);
            if (!hash_equal(&hash, &s->truth->facts[h].hash))
                (void)sim_fail(s, "AGREEMENT", "node %u has another block %llu on its disk",
                               node->number, (unsigned long long)h);
        }
        if (s->finished && height < s->truth->acked && !s->wide && s->truth->acked <= s->base)
            (void)sim_fail(s, "LOST", "node %u ends at %llu, %llu was acknowledged", node->number,
                           (unsigned long long)height, (unsigned long long)s->truth->acked);
    }
    buf_free(&block);
    buf_free(&seals);
}

void sim_truth_finish(struct sim *s)
{
    check_acked(s);
    struct sim_node *node = sim_any_good(s);
    if (s->fault == NULL && node != NULL)
        reload(s, node);
    if (s->fault == NULL && node != NULL)
        replay(s, node);
}
