#include "tests/sim/sim_work.h"

#include "common/outcome.h"
#include "tests/sim/sim_truth.h"
#include "tests/support/goods_play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT_MS  3000
#define OPS_MAX    400
#define SCRATCH_ST 16

static const struct goods_world_size size = { 60, OPS_MAX, 8, 20, 4 };

/* What a key is saying now. */
struct saying {
    bool busy;
    uint64_t number;     /* rises with each saying of the key */
    struct goods_op *op; /* NULL: not of goods */
    struct hash hash;
    struct slice bytes; /* lives in the world's room */
    uint64_t since_ms;
};

struct sim_work {
    struct goods_play *play;
    struct saying now[GOODS_SIGNERS];
    uint64_t said;
    uint64_t pause_ms; /* about so long between two sayings of a key */
    uint64_t last_old; /* height that sealed the last of what was said before the healing */
    unsigned places;   /* of the master data: said first, by member 0 */
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

/* Companies of the goods' world run the first nodes; whoever else runs one is a company more. */
static void found(struct sim *s, struct sim_work *w)
{
    kit_begin(&s->kit, KIT_T0 - 1000, false);
    for (unsigned i = 0; i < GOODS_MEMBERS; i++)
        kit_add_member(&s->kit, &w->play->by[i].key, "A company");
    for (unsigned i = GOODS_MEMBERS; i < GOODS_SIGNERS; i++)
        kit_add_key(&s->kit, &w->play->by[i].key, &w->play->by[goods_reference_member(i)].key.kid,
                    i < GOODS_DEVICE    ? CLASS_OPERATOR
                    : i == GOODS_DEVICE ? CLASS_DEVICE
                                        : CLASS_AUDITOR);
    for (unsigned i = 0; i < SIM_KEYS_MAX; i++)
        s->keys[i] = named_pair("authority", i);
    qsort(s->keys, s->n, sizeof s->keys[0], by_kid);
    for (unsigned i = 0; i < s->n; i++) {
        struct key_pair member = named_pair("member", i);
        if (i >= GOODS_MEMBERS)
            kit_add_member(&s->kit, &member, "One more");
        kit_add_key(&s->kit, &s->keys[i], i < GOODS_MEMBERS ? &w->play->by[i].key.kid : &member.kid,
                    CLASS_AUTHORITY);
    }
    kit_genesis(&s->kit, &s->genesis);
    for (unsigned i = 0; i < GOODS_SIGNERS; i++) {
        struct key_pair key = w->play->by[i].key;
        kit_signer_begin(&w->play->by[i], &key, &s->kit.identity.genesis.ledger);
    }
}

struct sim_work *sim_work_new(struct sim *s)
{
    static const unsigned pauses[] = { 200, 1000, 3000, 8000 };
    struct sim_work *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    w->play = goods_play_new(s->options.seed, &size);
    w->pause_ms = pauses[sim_pick(s, 4)];
    found(s, w);
    for (unsigned i = 0; i < GOODS_SIGNERS; i++)
        sim_at(s, i == 0 ? sim_pick(s, 300) : 1500 + sim_pick(s, (unsigned)(2 * w->pause_ms)),
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
    hand_in(s, signer);
}

/* The next place of the master data, until all are said. */
static bool say_place(struct sim *s)
{
    struct sim_work *w = s->work;
    while (++w->places < GOODS_PLACES) {
        const struct goods_position *at = &goods_reference_places[w->places];
        struct statement draft = { .kind = KIND_PLACE };
        struct buf out = buf_heap(STATEMENT_MAX);
        if (!at->known)
            continue;
        draft.as.place = (struct place){ .gln = slice_text(goods_play_glns[w->places]),
                                         .name = slice_text("A place"),
                                         .has_position = true,
                                         .lat = (int64_t)(at->lat * 1e7),
                                         .lon = (int64_t)(at->lon * 1e7) };
        (void)kit_sign(&w->play->by[0], draft, KIT_T0 + s->now_ms, &out);
        uint8_t *copy = goods_world_room(w->play->world, out.len);
        memcpy(copy, out.data, out.len);
        begin_saying(s, 0, slice_of(copy, out.len), NULL);
        buf_free(&out);
        return true;
    }
    return false;
}

/* An operation by a key that is not saying anything: what is drawn for others is drawn again. */
static struct goods_op *draw(struct sim_work *w)
{
    struct goods_world *world = w->play->world;
    if (world->count >= OPS_MAX)
        return NULL;
    struct goods_op *op = goods_world_draw(world);
    if (w->now[op->signer].busy) {
        world->count--; /* as if it had not been drawn */
        return NULL;
    }
    return op;
}

static void say_something(struct sim *s)
{
    struct sim_work *w = s->work;
    w->play->world->block_ms = KIT_T0 + s->now_ms;
    struct goods_op *op = draw(w);
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
    if (w->places < GOODS_PLACES && signer == 0) { /* the master data first */
        if (!w->now[0].busy)
            (void)say_place(s);
        pause = 20;
    }
    if (w->places >= GOODS_PLACES)
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
        if (w->places < GOODS_PLACES)
            (void)say_place(s);
        else
            say_something(s);
        for (unsigned i = 0; i < GOODS_SIGNERS; i++)
            somebody = somebody || w->now[i].busy;
    }
    for (unsigned i = 0; i < GOODS_SIGNERS; i++)
        if (w->now[i].busy)
            hand_in(s, i);
}

/* ------------------------------------------------------------------ sealed */

/* The reference's verdict must be the product's. */
static bool judge(struct sim *s, struct saying *now, const struct verdict *v)
{
    struct goods_play *p = s->work->play;
    struct goods_reference *r = p->world->reference;
    if (now->op == NULL)
        return v->code == ACCEPTED || sim_fail(s, "RULES", "a place is refused");
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
        for (unsigned k = 0; k < GOODS_SIGNERS; k++) {
            struct saying *now = &w->now[k];
            if (!now->busy || !hash_equal(&now->hash, &o.verdict.statement))
                continue;
            if (!judge(s, now, &o.verdict))
                return;
            finish_saying(s, now, c);
        }
    }
}

bool sim_work_is_settled(const struct sim *s)
{
    for (unsigned i = 0; i < GOODS_SIGNERS; i++)
        if (s->work->now[i].busy && s->work->now[i].since_ms <= s->heal_ms)
            return false;
    return true;
}

uint64_t sim_work_height(const struct sim *s)
{
    return s->work->last_old;
}
