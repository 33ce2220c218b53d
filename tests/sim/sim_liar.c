#include "tests/sim/sim_liar.h"

#include "common/block.h"
#include "tests/sim/sim_truth.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_KEPT 6
#define HASHES_KEPT 128
#define ROUNDS_KEPT 4
#define HEARD_KEPT  24
#define SEALS_KEPT  (2 * SIM_KEYS_MAX)
#define OUT_MAX     (256u * 1024)

struct seal_heard {
    uint64_t round;
    struct kid kid;
    size_t len;
    uint8_t bytes[SEAL_SIZE_MAX];
};

struct block_heard {
    struct header header;
    struct hash hash;
    size_t count;
    struct hash hashes[HASHES_KEPT];
    size_t seal_count;
    struct seal_heard seals[SEALS_KEPT];
};

struct round_heard {
    uint64_t round; /* 0: free */
    size_t count;
    struct roundchange at[SIM_KEYS_MAX];
};

struct sim_liar {
    uint64_t height;
    size_t block_count; /* ever; the newest are kept */
    struct block_heard blocks[BLOCKS_KEPT];
    struct round_heard rounds[ROUNDS_KEPT];
    uint64_t proposed_round; /* + 1 */
    size_t heard_count;
    struct sim_packet *heard[HEARD_KEPT];
};

struct sim_liar *sim_liar_new(void)
{
    struct sim_liar *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    return l;
}

void sim_liar_free(struct sim_liar *l)
{
    for (size_t i = 0; l != NULL && i < HEARD_KEPT; i++)
        sim_net_release(l->heard[i]);
    free(l);
}

/* ------------------------------------------------------------------ speaking */

static void speak(struct sim *s, struct sim_node *node, struct slice envelope)
{
    struct sim_packet *p = sim_net_packet(envelope.data[1], node->number, envelope);
    for (unsigned i = 0; i < s->node_count; i++)
        if (s->nodes[i].key != node->key && sim_chance(s, s->chatty)) {
            p->refs++;
            sim_net_to(s, p, i);
        }
    sim_net_release(p);
}

static void say(struct sim *s, struct sim_node *node, struct message_draft draft)
{
    struct buf out = buf_heap(OUT_MAX);
    message_sign(&draft, &s->keys[node->key], &s->kit.identity.genesis.ledger, &out);
    if (!out.failed && out.len > 1)
        speak(s, node, buf_slice(&out));
    buf_free(&out);
}

static void sign_one(struct sim *s, struct sim_node *node, const struct header *h, uint64_t round)
{
    uint8_t memory[SEAL_SIZE_MAX], small[HASH_SIZE + 8];
    struct buf seal = buf_fixed(memory, sizeof memory), body = buf_fixed(small, sizeof small);
    struct hash hash = header_hash(h);
    cbor_put_bytes(&body, hash_slice(&hash));
    say(s, node, (struct message_draft){ MESSAGE_PREPARE, h->height, round, buf_slice(&body) });
    seal_sign(h, round, &s->keys[node->key], &seal);
    say(s, node, (struct message_draft){ MESSAGE_COMMIT, h->height, round, buf_slice(&seal) });
}

/* Now and then a block that nobody has, too: two signatures for one round. */
static void sign_block(struct sim *s, struct sim_node *node, const struct header *h, uint64_t round)
{
    struct header other = *h;
    other.time_ms++;
    sign_one(s, node, h, round);
    if (sim_chance(s, 5))
        sign_one(s, node, &other, round);
}

/* A claim made of nothing: signatures that hold for nobody, or the own one and no more. */
static void forge(struct sim *s, const struct sim_node *node, uint64_t round,
                  const struct block_heard *b, struct prepared *p)
{
    const struct authority_set *set = sim_truth_set(s->truth, b->header.height - 1);
    *p = (struct prepared){ .there = true, .round = round, .block = b->hash };
    if (sim_chance(s, 70)) {
        uint8_t memory[HASH_SIZE + 8];
        struct buf body = buf_fixed(memory, sizeof memory);
        cbor_put_bytes(&body, hash_slice(&b->hash));
        struct message_draft draft = { MESSAGE_PREPARE, b->header.height, round, buf_slice(&body) };
        p->by[p->count].kid = s->keys[node->key].kid;
        message_make_sig(&draft, &s->keys[node->key], &s->kit.identity.genesis.ledger,
                         p->by[p->count++].sig);
        return;
    }
    for (size_t i = 0; i < set->count && p->count < authority_set_quorum(set); i++) {
        p->by[p->count].kid = set->at[i].kid;
        memset(p->by[p->count++].sig, (int)sim_pick(s, 256), SIG_SIZE);
    }
}

static void change_round(struct sim *s, struct sim_node *node, uint64_t height, uint64_t round,
                         const struct prepared *claim)
{
    struct buf body = buf_heap(OUT_MAX);
    if (claim != NULL)
        prepared_put(&body, claim);
    else
        cbor_put_null(&body);
    say(s, node, (struct message_draft){ MESSAGE_ROUNDCHANGE, height, round, buf_slice(&body) });
    buf_free(&body);
}

/* ------------------------------------------------------------------ hearing */

static void begin_height(struct sim_liar *l, uint64_t height)
{
    l->height = height;
    l->block_count = 0;
    l->proposed_round = 0;
    memset(l->rounds, 0, sizeof l->rounds);
}

static struct block_heard *find_block(struct sim_liar *l, const struct hash *hash)
{
    for (size_t i = 0; i < l->block_count && i < BLOCKS_KEPT; i++)
        if (hash_equal(&l->blocks[i].hash, hash))
            return &l->blocks[i];
    return NULL;
}

static struct block_heard *note_block(struct sim_liar *l, const struct message *m)
{
    struct hash hash = header_hash(&m->as.propose.header);
    struct block_heard *b = find_block(l, &hash);
    if (b != NULL)
        return b;
    b = &l->blocks[l->block_count++ % BLOCKS_KEPT];
    b->header = m->as.propose.header;
    b->hash = hash;
    b->seal_count = 0;
    b->count = m->as.propose.hash_count < HASHES_KEPT ? m->as.propose.hash_count : 0;
    struct cbor_reader at = m->as.propose.hashes;
    for (size_t i = 0; i < b->count; i++)
        cbor_take_fixed(&at, b->hashes[i].bytes, HASH_SIZE);
    return b;
}

static struct round_heard *note_change(struct sim_liar *l, const struct message *m)
{
    struct round_heard *r = &l->rounds[m->round % ROUNDS_KEPT];
    struct roundchange rc;
    if (r->round > m->round)
        return r;
    if (r->round != m->round)
        *r = (struct round_heard){ .round = m->round };
    message_take_roundchange(m, &rc);
    for (size_t i = 0; i < r->count; i++)
        if (kid_equal(&r->at[i].from, &rc.from))
            return r;
    if (r->count < SIM_KEYS_MAX)
        r->at[r->count++] = rc;
    return r;
}

/* ------------------------------------------------------------------ proposing */

static void put_list(struct buf *out, const struct block_heard *b)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    header_put(&header, &b->header);
    cbor_put_bytes(out, buf_slice(&header));
    cbor_put_array(out, b->count);
    for (size_t i = 0; i < b->count; i++)
        cbor_put_bytes(out, hash_slice(&b->hashes[i]));
}

static int by_claim(const void *a, const void *b)
{
    const struct roundchange *x = a, *y = b;
    if (x->prepared.there != y->prepared.there)
        return x->prepared.there ? 1 : -1;
    return (x->prepared.round > y->prepared.round) - (x->prepared.round < y->prepared.round);
}

static void own_change(struct sim *s, const struct sim_node *node, uint64_t height, uint64_t round,
                       struct roundchange *ret_change)
{
    static const uint8_t nothing[] = { 0xf6 };
    *ret_change =
        (struct roundchange){ .from = s->keys[node->key].kid, .height = height, .round = round };
    struct message_draft draft = { MESSAGE_ROUNDCHANGE, height, round,
                                   slice_of(nothing, sizeof nothing) };
    message_make_sig(&draft, &s->keys[node->key], &s->kit.identity.genesis.ledger, ret_change->sig);
}

/* Of the ROUNDCHANGEs heard, those q that hide most; of the blocks they allow, an old one. */
static void propose(struct sim *s, struct sim_node *node, struct round_heard *r)
{
    struct sim_liar *l = node->liar;
    const struct authority_set *set = sim_truth_set(s->truth, l->height - 1);
    size_t q = authority_set_quorum(set);
    if (set->count == 0 || l->proposed_round == r->round + 1 || r->count + 1 < q || q < 2 ||
        !kid_equal(&set->at[(l->height + r->round) % set->count].kid, &s->keys[node->key].kid))
        return;
    struct roundchange own;
    own_change(s, node, l->height, r->round, &own);
    qsort(r->at, r->count, sizeof r->at[0], by_claim);
    const struct prepared *best = &r->at[q - 2].prepared;
    struct block_heard *b = best->there ? find_block(l, &best->block) : NULL;
    if (!best->there && l->block_count > 0)
        b = &l->blocks[sim_pick(
            s, (unsigned)(l->block_count < BLOCKS_KEPT ? l->block_count : BLOCKS_KEPT))];
    if (b == NULL)
        return;
    l->proposed_round = r->round + 1;
    struct buf body = buf_heap(OUT_MAX), one = buf_heap(OUT_MAX);
    cbor_put_array(&body, 4);
    put_list(&body, b);
    cbor_put_array(&body, q);
    for (size_t i = 0; i < q; i++) {
        buf_clear(&one);
        message_put_roundchange(&one, i + 1 < q ? &r->at[i] : &own);
        cbor_put_bytes(&body, buf_slice(&one));
    }
    if (best->there)
        prepared_put(&body, best);
    else
        cbor_put_null(&body);
    say(s, node, (struct message_draft){ MESSAGE_PROPOSE, l->height, r->round, buf_slice(&body) });
    sign_block(s, node, &b->header, r->round);
    buf_free(&body);
    buf_free(&one);
}

/* A block whose roots are those of its parent: nobody can come to them. */
static void propose_nonsense(struct sim *s, struct sim_node *node, const struct header *parent)
{
    const struct authority_set *set = sim_truth_set(s->truth, parent->height);
    struct block_heard *b = &node->liar->blocks[0];
    if (!kid_equal(&set->at[(parent->height + 1) % set->count].kid, &s->keys[node->key].kid))
        return;
    begin_height(node->liar, parent->height + 1);
    node->liar->block_count = 1;
    b->header = *parent;
    b->header.height = parent->height + 1;
    b->header.prev = header_hash(parent);
    b->header.time_ms = KIT_T0 + s->now_ms;
    b->header.proposer = s->keys[node->key].kid;
    b->header.set = parent->next;
    b->hash = header_hash(&b->header);
    b->count = b->seal_count = 0;
    struct buf body = buf_heap(OUT_MAX);
    cbor_put_array(&body, 4);
    put_list(&body, b);
    cbor_put_array(&body, 0);
    cbor_put_null(&body);
    say(s, node, (struct message_draft){ MESSAGE_PROPOSE, b->header.height, 0, buf_slice(&body) });
    buf_free(&body);
    sign_block(s, node, &b->header, 0);
}

/* ------------------------------------------------------------------ false proofs */

/* DECIDED with seals of several rounds, or with one seal several times. */
static void decide_falsely(struct sim *s, struct sim_node *node, const struct block_heard *b,
                           uint64_t round, bool one_only)
{
    const struct authority_set *set = sim_truth_set(s->truth, b->header.height - 1);
    size_t q = authority_set_quorum(set);
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf own = buf_fixed(memory, sizeof memory), body = buf_heap(OUT_MAX);
    seal_sign(&b->header, round, &s->keys[node->key], &own);
    if (!one_only && b->seal_count + 1 < q)
        return;
    cbor_put_array(&body, 3);
    put_list(&body, b);
    cbor_put_array(&body, q);
    for (size_t i = 0; i < q; i++)
        cbor_put_bytes(&body, one_only || i == q - 1
                                  ? buf_slice(&own)
                                  : slice_of(b->seals[i].bytes, b->seals[i].len));
    say(s, node,
        (struct message_draft){ MESSAGE_DECIDED, b->header.height, round, buf_slice(&body) });
    buf_free(&body);
}

/* One seal a signer, of whatever round. */
static void note_seal(struct sim *s, struct sim_node *node, const struct message *m)
{
    struct cose c;
    if (!cose_parse(m->as.commit, &c, NULL) || m->as.commit.len > SEAL_SIZE_MAX)
        return;
    struct block_heard *b = find_block(node->liar, &c.seal.block);
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->seal_count; i++)
        if (kid_equal(&b->seals[i].kid, &c.kid))
            return;
    if (b->seal_count == SEALS_KEPT)
        return;
    struct seal_heard *seal = &b->seals[b->seal_count++];
    *seal = (struct seal_heard){ .round = m->round, .kid = c.kid, .len = m->as.commit.len };
    memcpy(seal->bytes, m->as.commit.data, m->as.commit.len);
    if (sim_chance(s, 50))
        decide_falsely(s, node, b, m->round, false);
}

/* ------------------------------------------------------------------ a cosigner's events */

static void put_status(struct sim *s, struct buf *out, const struct hash *tip,
                       const uint8_t *answers)
{
    cbor_put_array(out, 5);
    cbor_put_bytes(out, hash_slice(tip));
    cbor_put_uint(out, KIT_T0 + s->now_ms + sim_pick(s, 7200000));
    cbor_put_null(out);
    if (answers != NULL)
        cbor_put_bytes(out, slice_of(answers, HALF_SIZE));
    else
        cbor_put_null(out);
    cbor_put_null(out);
}

/* A height that is not, or one long past; as an answer to who asks where we stand. */
static void lie_about_height(struct sim *s, struct sim_node *node, const uint8_t *question)
{
    static const int64_t lies[] = { 1000, 3, 2, 0, 0, -1, -5 };
    int64_t height = (int64_t)node->liar->height + lies[sim_pick(s, 7)];
    struct hash tip = crypto_sha256(slice_of(&height, sizeof height));
    struct buf body = buf_heap(1024);
    put_status(s, &body, &tip, question);
    say(s, node,
        (struct message_draft){ MESSAGE_STATUS, height < 1 ? 1 : (uint64_t)height, sim_pick(s, 3),
                                buf_slice(&body) });
    buf_free(&body);
}

static void keep_heard(struct sim_liar *l, const struct sim_packet *packet)
{
    struct sim_packet **place = &l->heard[l->heard_count++ % HEARD_KEPT];
    sim_net_release(*place);
    *place = sim_net_packet(packet->what, packet->from, slice_of(packet->bytes, packet->len));
}

static void hear_change(struct sim *s, struct sim_node *node, const struct message *m)
{
    static const uint64_t jumps[] = { 1, 2, 900, 1000000 };
    struct sim_liar *l = node->liar;
    struct round_heard *r = note_change(l, m);
    change_round(s, node, m->height, m->round, NULL);
    if (sim_chance(s, 10))
        change_round(s, node, m->height, m->round + jumps[sim_pick(s, 4)], NULL);
    if (sim_chance(s, 15) && l->block_count > 0 && m->round > 0) {
        struct prepared *claim = malloc(sizeof *claim);
        if (claim == NULL)
            abort();
        forge(s, node, m->round - 1, &l->blocks[0], claim);
        change_round(s, node, m->height, m->round, claim);
        free(claim);
    }
    if (r->round == m->round)
        propose(s, node, r);
}

/* To one who is behind: a block of its next height that only the liar ever sealed. */
static void mislead(struct sim *s, struct sim_node *node, const struct sim_packet *packet)
{
    uint64_t height = packet->height;
    if (height == 0 || height > sim_truth_height(s->truth))
        return;
    struct header h = s->kit.identity.genesis;
    struct hash set = authority_set_hash(sim_truth_set(s->truth, height - 1));
    h.height = height;
    h.rules = RULES_VERSION;
    h.prev = sim_truth_hash(s->truth, height - 1);
    h.time_ms = KIT_T0 + s->now_ms;
    h.proposer = s->keys[node->key].kid;
    h.set = h.next = set;
    struct buf block = buf_heap(4096), seal = buf_heap(SEAL_SIZE_MAX), answer = buf_heap(8192);
    block_put_head(&block, &h, 0);
    seal_sign(&h, 0, &s->keys[node->key], &seal);
    cbor_put_array(&answer, 1);
    cbor_put_array(&answer, 2);
    cbor_put_bytes(&answer, buf_slice(&block));
    cbor_put_array(&answer, 1);
    cbor_put_bytes(&answer, buf_slice(&seal));
    sim_net_answer(s, packet, node->number, buf_slice(&answer));
    buf_free(&block);
    buf_free(&seal);
    buf_free(&answer);
}

void sim_liar_hear(struct sim *s, struct sim_node *node, const struct sim_packet *packet)
{
    struct sim_liar *l = node->liar;
    struct message m;
    if (packet->what == SIM_ASK)
        mislead(s, node, packet);
    if (packet->what > MESSAGE_STATUS || packet->what == MESSAGE_STATEMENTS ||
        s->nodes[packet->from].byzantine ||
        !message_decode(slice_of(packet->bytes, packet->len), &m, NULL))
        return;
    keep_heard(l, packet);
    if (m.type == MESSAGE_STATUS) {
        if (m.as.status.question != NULL)
            lie_about_height(s, node, m.as.status.question);
        return;
    }
    if (m.type == MESSAGE_DECIDED && m.height >= l->height &&
        m.height == sim_truth_height(s->truth) && sim_chance(s, 50)) {
        propose_nonsense(s, node, &m.as.decided.header);
        return;
    }
    if (m.height < l->height || m.height > sim_truth_height(s->truth) + 1)
        return;
    if (m.height > l->height)
        begin_height(l, m.height);
    if (m.type == MESSAGE_PROPOSE) {
        struct block_heard *b = note_block(l, &m);
        sign_block(s, node, &b->header, m.round);
        if (sim_chance(s, 10))
            decide_falsely(s, node, b, m.round, true);
    } else if (m.type == MESSAGE_COMMIT)
        note_seal(s, node, &m);
    else if (m.type == MESSAGE_ROUNDCHANGE)
        hear_change(s, node, &m);
}

void sim_liar_wake(struct sim *s, struct sim_node *node)
{
    struct sim_liar *l = node->liar;
    if (l->height > 0)
        lie_about_height(s, node, NULL);
    if (l->heard_count == 0 || !sim_chance(s, 30))
        return;
    struct sim_packet *old = l->heard[sim_pick(
        s, (unsigned)(l->heard_count < HEARD_KEPT ? l->heard_count : HEARD_KEPT))];
    speak(s, node, slice_of(old->bytes, old->len)); /* heard once, said again by another */
}

/* ------------------------------------------------------------------ bending what the product says */

void sim_liar_moody(struct sim *s, struct sim_node *node)
{
    static const int64_t jumps[] = { 0, 0, 0, 0, 0, 0, -3600000, 20000, 3600000, 5000 };
    node->offset_ms = jumps[sim_pick(s, 10)];
}

struct sim_packet *sim_liar_bend(struct sim *s, struct sim_node *node, struct sim_packet *packet)
{
    struct message m;
    bool drop = sim_chance(s, 20);
    if (!drop && packet->what == MESSAGE_ROUNDCHANGE && sim_chance(s, 70) &&
        message_decode(slice_of(packet->bytes, packet->len), &m, NULL)) {
        change_round(s, node, m.height, m.round, NULL); /* hides what it prepared */
        drop = true;
    }
    if (!drop)
        return packet;
    sim_net_release(packet);
    return NULL;
}
