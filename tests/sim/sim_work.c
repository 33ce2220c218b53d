#include "tests/sim/sim_work.h"

#include "common/constitution.h"
#include "common/state_govern.h"
#include "common/state_value.h"
#include "tests/sim/sim_truth.h"
#include "tests/support/goods_play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT_MS 3000
#define OPS_MAX   400

static const struct goods_world_size size = { 60, OPS_MAX, 8, 20, 4 };

/* What a key is saying now. */
struct saying {
    bool busy;
    uint64_t number;     /* rises with each saying */
    struct goods_op *op; /* NULL: not of goods */
    struct hash hash;
    struct slice bytes; /* lives in the world's room */
    uint64_t since_ms;
};

struct sim_work {
    struct goods_play *play;
    struct kit_signer others[2 * SIM_KEYS_MAX]; /* companies, then authorities */
    struct saying now[SIM_SIGNERS];
    uint64_t said;
    uint64_t pause_ms; /* about so long between two sayings of a key */
    uint64_t last_old; /* height that sealed the last of what was said before the healing */
};

/* ------------------------------------------------------------------ founding */

static struct key_pair named_pair(const char *what, unsigned number)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%s %u", what, number);
    return kit_pair(name);
}

static int by_kid(const void *a, const void *b)
{
    const struct key_pair *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

unsigned sim_work_voters(const struct sim *s)
{
    unsigned n = s->n + SIM_CANDIDATES;
    return n > GOODS_MEMBERS ? n : GOODS_MEMBERS;
}

static struct kit_signer *signer_of(struct sim_work *w, unsigned signer)
{
    return signer < GOODS_SIGNERS ? &w->play->by[signer] : &w->others[signer - GOODS_SIGNERS];
}

struct kid sim_work_member(const struct sim *s, unsigned key)
{
    return signer_of(s->work, SIM_MEMBER(key))->key.kid;
}

/* The places of the goods' world are master data of the genesis, and so is what governing needs. */
static void add_entries(struct sim *s, struct buf *memory)
{
    struct state_members members = { .count = 0 };
    struct constitution constitution = constitution_default();
    constitution.actions[ACTION_SET_PARAMETER] = (struct constitution_rule){
        .there = true, .threshold = { 1, 2, true }, .operator_only = true
    };
    constitution.open_sponsoring = s->options.seed % 16 != 0;
    constitution.open_definitions = s->options.seed % 16 != 1;
    struct state_key key = state_key_plain(TABLE_MEMBERS);
    size_t start[GOODS_PLACES + 2], n = 0;
    for (unsigned i = 0; i < sim_work_voters(s); i++) {
        struct kid kid = sim_work_member(s, i);
        state_members_add(&members, &kid);
    }
    state_members_put(memory, &members);
    kit_add_entry(&s->kit, &key, slice_from(buf_slice(memory), 0, memory->len));
    start[n++] = memory->len;
    constitution_put(memory, &constitution);
    key = state_key_plain(TABLE_CONSTITUTION);
    kit_add_entry(&s->kit, &key, slice_from(buf_slice(memory), start[0], memory->len - start[0]));
    for (unsigned i = 1; i < GOODS_PLACES; i++) {
        const struct goods_position *at = &goods_reference_places[i];
        uint8_t bytes[512];
        struct buf payload = buf_fixed(bytes, sizeof bytes);
        struct statement draft = { .kind = KIND_PLACE,
                                   .link = { .seq = 1, .time_ms = KIT_T0 - 1000 } };
        struct hash hash = crypto_sha256(slice_of(&i, sizeof i));
        if (!at->known)
            continue;
        draft.as.place = (struct place){ .gln = slice_text(goods_play_glns[i]),
                                         .name = slice_text("A place"),
                                         .has_position = true,
                                         .lat = (int64_t)(at->lat * 1e7),
                                         .lon = (int64_t)(at->lon * 1e7) };
        statement_put_payload(&payload, &draft);
        start[0] = memory->len;
        state_master_put(memory, buf_slice(&payload), &hash);
        key = state_key_text(TABLE_PLACE, draft.as.place.gln);
        kit_add_entry(&s->kit, &key,
                      slice_from(buf_slice(memory), start[0], memory->len - start[0]));
    }
}

static void begin_signers(struct sim *s)
{
    struct sim_work *w = s->work;
    for (unsigned i = 0; i < SIM_SIGNERS; i++) {
        struct kit_signer *signer = signer_of(w, i);
        struct key_pair key = signer->key;
        kit_signer_begin(signer, &key, &s->kit.identity.genesis.ledger);
    }
}

/* Companies of the goods' world run the first nodes; whoever else runs one, or may, is a company more. */
static void found(struct sim *s)
{
    static uint8_t memory[32768];
    struct sim_work *w = s->work;
    struct buf values = buf_fixed(memory, sizeof memory);
    for (unsigned i = 0; i < SIM_KEYS_MAX; i++) {
        s->keys[i] = named_pair("authority", i);
        w->others[i].key = named_pair("member", i);
    }
    qsort(s->keys, s->n, sizeof s->keys[0], by_kid);
    for (unsigned i = 0; i < SIM_KEYS_MAX; i++)
        w->others[SIM_KEYS_MAX + i].key = s->keys[i];
    kit_begin(&s->kit, KIT_T0 - 1000, false);
    for (unsigned i = 0; i < sim_work_voters(s); i++)
        kit_add_member(&s->kit, &signer_of(w, SIM_MEMBER(i))->key, "A company");
    for (unsigned i = GOODS_MEMBERS; i < GOODS_SIGNERS; i++)
        kit_add_key(&s->kit, &w->play->by[i].key, &w->play->by[goods_reference_member(i)].key.kid,
                    i < GOODS_DEVICE    ? CLASS_OPERATOR
                    : i == GOODS_DEVICE ? CLASS_DEVICE
                                        : CLASS_AUDITOR);
    for (unsigned i = 0; i < s->n; i++) {
        struct kid member = sim_work_member(s, i);
        kit_add_key(&s->kit, &s->keys[i], &member, CLASS_AUTHORITY);
    }
    add_entries(s, &values);
    kit_genesis(&s->kit, &s->genesis);
    begin_signers(s);
}

struct sim_work *sim_work_new(struct sim *s)
{
    static const unsigned pauses[] = { 200, 1000, 3000, 8000 };
    struct sim_work *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    s->work = w;
    w->play = goods_play_new(s->options.seed, &size);
    w->pause_ms = pauses[sim_pick(s, 4)];
    found(s);
    for (unsigned i = 0; i < GOODS_SIGNERS; i++)
        sim_at(s, sim_pick(s, (unsigned)(2 * w->pause_ms)),
               (struct sim_event){ .kind = SIM_WORK, .node = i });
    return w;
}

void sim_work_free(struct sim_work *w)
{
    if (w == NULL)
        return;
    goods_play_free(w->play);
    free(w);
}

/* ------------------------------------------------------------------ saying */

static void hand_in(struct sim *s, unsigned signer)
{
    const struct saying *now = &s->work->now[signer];
    struct sim_node *node = sim_any_good(s);
    if (node != NULL)
        sim_node_submit(s, node, now->bytes);
    sim_at(s, REPEAT_MS,
           (struct sim_event){ .kind = SIM_REPEAT, .node = signer, .arg = now->number });
}

static void begin_saying(struct sim *s, unsigned signer, struct slice bytes, struct goods_op *op)
{
    struct sim_work *w = s->work;
    struct saying *now = &w->now[signer];
    *now = (struct saying){ .busy = true,
                            .number = ++w->said,
                            .op = op,
                            .hash = crypto_sha256(bytes),
                            .bytes = bytes,
                            .since_ms = s->now_ms };
    /* not at once: a machine may be in the middle of something */
    sim_at(s, 1, (struct sim_event){ .kind = SIM_REPEAT, .node = signer, .arg = now->number });
}

/* An operation by a key that is not saying anything: what is drawn for others is drawn again. */
static struct goods_op *draw(struct sim *s)
{
    struct sim_work *w = s->work;
    struct goods_world *world = w->play->world;
    if (world->count >= OPS_MAX)
        return NULL;
    struct goods_op *op = goods_world_draw(world);
    if (w->now[op->signer].busy || sim_deal_wants(s, op->signer)) {
        world->count--; /* as if it had not been drawn */
        return NULL;
    }
    return op;
}

static void say_something(struct sim *s)
{
    struct sim_work *w = s->work;
    w->play->world->block_ms = KIT_T0 + s->now_ms;
    struct goods_op *op = draw(s);
    if (op == NULL)
        return;
    op->is_signed = true;
    buf_clear(&w->play->memory);
    (void)goods_play_statement(w->play, op);
    begin_saying(s, op->signer, w->play->signed_bytes[op->number], op);
}

void sim_work_say(struct sim *s, unsigned signer)
{
    struct sim_work *w = s->work;
    uint64_t pause = 1 + sim_pick(s, (unsigned)(2 * w->pause_ms));
    if (s->now_ms > s->heal_ms + 8000)
        pause += 2000;
    say_something(s);
    sim_at(s, pause, (struct sim_event){ .kind = SIM_WORK, .node = signer });
}

void sim_work_repeat(struct sim *s, unsigned signer, uint64_t number)
{
    const struct saying *now = &s->work->now[signer];
    if (now->busy && now->number == number)
        hand_in(s, signer);
}

void sim_work_wake(struct sim *s)
{
    struct sim_work *w = s->work;
    bool somebody = false;
    for (unsigned i = 0; i < GOODS_SIGNERS; i++)
        somebody = somebody || w->now[i].busy;
    for (unsigned tries = 0; !somebody && tries < 50; tries++) {
        say_something(s);
        for (unsigned i = 0; i < GOODS_SIGNERS; i++)
            somebody = somebody || w->now[i].busy;
    }
    for (unsigned i = 0; i < SIM_SIGNERS; i++)
        if (w->now[i].busy)
            hand_in(s, i);
}

void sim_work_shout(struct sim *s, unsigned signer, struct statement draft)
{
    struct sim_work *w = s->work;
    struct sim_node *node = sim_any_good(s);
    struct buf out = buf_heap(STATEMENT_MAX);
    if (w->now[signer].busy || node == NULL)
        return;
    (void)kit_sign(signer_of(w, signer), draft, KIT_T0 + s->now_ms, &out);
    sim_node_submit(s, node, buf_slice(&out));
    buf_free(&out);
}

struct hash sim_work_last(const struct sim *s, unsigned signer)
{
    return s->work->now[signer].hash;
}

bool sim_work_utter(struct sim *s, unsigned signer, struct statement draft)
{
    struct sim_work *w = s->work;
    struct buf out = buf_heap(STATEMENT_MAX);
    if (w->now[signer].busy)
        return false;
    (void)kit_sign(signer_of(w, signer), draft, KIT_T0 + s->now_ms, &out);
    uint8_t *copy = goods_world_room(w->play->world, out.len);
    memcpy(copy, out.data, out.len);
    begin_saying(s, signer, slice_of(copy, out.len), NULL);
    buf_free(&out);
    return true;
}

/* ------------------------------------------------------------------ sealed */

/* The reference's verdict must be the product's. */
static bool judge(struct sim *s, struct saying *now, const struct verdict *v)
{
    struct goods_play *p = s->work->play;
    struct goods_reference *r = p->world->reference;
    if (now->op == NULL) {
        sim_govern_heard(s, (unsigned)(now - s->work->now), v);
        return true;
    }
    enum refusal code = goods_reference_say(r, now->op);
    goods_world_note(p->world, now->op);
    s->cover->compared++;
    if (code == v->code)
        return true;
    char text[512];
    goods_play_describe(p, now->op, text);
    return sim_fail(s, "CUSTODY", "the product says %s, the reference %s: %s",
                    refusal_name(v->code), refusal_name(code), text);
}

static void finish_saying(struct sim *s, struct saying *now, const struct commit *c)
{
    now->busy = false;
    if (now->since_ms <= s->heal_ms)
        s->work->last_old = c->header.height;
}

void sim_work_sealed(struct sim *s, const struct commit *c)
{
    struct sim_work *w = s->work;
    struct outcome o;
    goods_reference_block(w->play->world->reference, c->header.time_ms);
    for (size_t i = 0; i < c->outcome_count; i++) {
        if (!outcome_decode(c->outcomes[i], &o, NULL) || o.type != OUTCOME_VERDICT)
            continue;
        for (unsigned k = 0; k < SIM_SIGNERS; k++) {
            struct saying *now = &w->now[k];
            if (!now->busy || !hash_equal(&now->hash, &o.verdict.statement))
                continue;
            finish_saying(s, now, c);
            if (!judge(s, now, &o.verdict))
                return;
        }
    }
}

bool sim_work_is_settled(const struct sim *s)
{
    for (unsigned i = 0; i < SIM_SIGNERS; i++)
        if (s->work->now[i].busy && s->work->now[i].since_ms <= s->heal_ms) {
            if (s->now_ms > s->heal_ms + 50000)
                sim_say(s, "signer %u still waits for what it said at %llu ms", i,
                        (unsigned long long)s->work->now[i].since_ms);
            return false;
        }
    return true;
}

uint64_t sim_work_height(const struct sim *s)
{
    return s->work->last_old;
}
