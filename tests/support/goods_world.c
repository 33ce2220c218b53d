#include "tests/support/goods_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0         UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z */
#define CHUNK_SIZE ((size_t)1 << 20)
#define GTINS      4
#define LOTS       6 /* of each product */

struct goods_chunk {
    struct goods_chunk *next;
    size_t used, size;
    max_align_t memory[];
};

void *goods_world_room(struct goods_world *w, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (w->chunks == NULL || w->chunks->size - w->chunks->used < size) {
        size_t bytes = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        struct goods_chunk *c = calloc(1, sizeof *c + bytes);
        if (c == NULL)
            abort();
        c->size = bytes;
        c->next = w->chunks;
        w->chunks = c;
    }
    uint8_t *at = (uint8_t *)w->chunks->memory + w->chunks->used;
    w->chunks->used += size;
    return at;
}

static uint64_t next_random(struct goods_world *w)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

size_t goods_world_pick(struct goods_world *w, size_t n)
{
    return n == 0 ? 0 : (size_t)(next_random(w) % n);
}

bool goods_world_chance(struct goods_world *w, size_t n)
{
    return goods_world_pick(w, n) == 0;
}

/* ------------------------------------------------------------------ names */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void make_names(struct goods_world *w)
{
    size_t n = w->size.names, lots = GTINS * LOTS;
    char(*texts)[ASSET_NAME_MAX + 1] = calloc(n, sizeof texts[0]);
    assert(texts != NULL && n > lots);
    for (size_t i = 0; i < n; i++) {
        unsigned long long gtin = 9506000134352ULL + 7 * (i % GTINS), k = i;
        int len;
        if (i < lots)
            len = snprintf(texts[i], sizeof texts[i], "01/%014llu/10/L%llu", gtin, k / GTINS);
        else if (i % 10 == 9)
            len = snprintf(texts[i], sizeof texts[i], "00/%018llu", 340123450000000000ULL + k);
        else if (i % 20 == 8)
            len = snprintf(texts[i], sizeof texts[i], "01/%014llu/10/BULK%llu", gtin, k);
        else if (i % 100 == 7)
            len = snprintf(texts[i], sizeof texts[i], "thing/%llu", k);
        else
            len = snprintf(texts[i], sizeof texts[i], "01/%014llu/21/U%05llu", gtin, k / GTINS);
        assert(len > 0);
    }
    qsort(texts, n, sizeof texts[0], by_text);
    for (size_t i = 0; i < n; i++)
        (void)goods_reference_name(w->reference, texts[i]);
    assert(w->reference->name_count == n);
    free(texts);
}

struct goods_world *goods_world_new(uint64_t seed, const struct goods_world_size *size)
{
    struct goods_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    w->random = seed * UINT64_C(0x2545f4914f6cdd1d);
    w->size = *size;
    w->names = size->names;
    w->block_ms = T0;
    /* lots of one number and several products come to be as they are named */
    w->reference = goods_reference_new(5 * size->names, size->operations);
    w->ops = calloc(size->operations, sizeof w->ops[0]);
    w->offers = calloc(size->operations, sizeof w->offers[0]);
    w->certificates = calloc(size->operations, sizeof w->certificates[0]);
    w->signed_ones = calloc(size->operations, sizeof w->signed_ones[0]);
    if (w->ops == NULL || w->offers == NULL || w->certificates == NULL || w->signed_ones == NULL)
        abort();
    make_names(w);
    return w;
}

void goods_world_free(struct goods_world *w)
{
    if (w == NULL)
        return;
    while (w->chunks != NULL) {
        struct goods_chunk *next = w->chunks->next;
        free(w->chunks);
        w->chunks = next;
    }
    goods_reference_free(w->reference);
    free(w->ops);
    free(w->offers);
    free(w->certificates);
    free(w->signed_ones);
    free(w);
}

uint64_t goods_world_block(struct goods_world *w)
{
    static const uint64_t steps_ms[] = { 1, 1000, 60000, 600000, 3600000, 43200000 };
    uint64_t step = steps_ms[goods_world_pick(w, sizeof steps_ms / sizeof steps_ms[0])];
    w->block_ms += step + goods_world_pick(w, step);
    goods_reference_block(w->reference, w->block_ms);
    return w->block_ms;
}

struct goods_op *goods_world_add(struct goods_world *w, enum statement_kind kind, unsigned signer)
{
    assert(w->count < w->size.operations);
    struct goods_op *op = &w->ops[w->count];
    memset(op, 0, sizeof *op);
    op->number = (uint32_t)w->count++;
    op->kind = kind;
    op->signer = signer;
    op->refers = op->reading = op->container = GOODS_NONE;
    op->time_ms = w->block_ms;
    if (goods_world_chance(w, 4))
        op->time_ms += goods_world_pick(w, 60000);
    else
        op->time_ms -= goods_world_pick(w, goods_world_chance(w, 8) ? 86400000 : 3600000);
    return op;
}

void goods_world_note(struct goods_world *w, const struct goods_op *op)
{
    if (op->kind == KIND_CUSTODY && w->reference->said[op->number].open)
        w->offers[w->offer_count++] = op->number;
    if (op->kind == KIND_CERTIFICATE && w->reference->said[op->number].code == ACCEPTED)
        w->certificates[w->certificate_count++] = op->number;
    if (op->is_signed)
        w->signed_ones[w->signed_count++] = op->number;
}

/* ------------------------------------------------------------------ searching */

static bool is_at_hand(const struct goods_name *n)
{
    return n->made && n->end == GOODS_ACTIVE && n->container == GOODS_NONE;
}

bool goods_world_is(const struct goods_world *w, uint32_t name, enum goods_want want,
                    unsigned member)
{
    const struct goods_name *n = &w->reference->names[name];
    bool anybody = member == GOODS_NONE, holds = anybody || n->custodian == member;
    bool offered = n->offers[0] != GOODS_NONE || n->offers[1] != GOODS_NONE;
    switch (want) {
    case GOODS_ANY: return true;
    case GOODS_UNBORN: return !n->made;
    case GOODS_AT_HAND: return is_at_hand(n) && holds && !offered;
    case GOODS_TO_SELL:
        return is_at_hand(n) && (anybody || n->owner == member) && n->offers[1] == GOODS_NONE;
    case GOODS_HELD: return n->made && n->end == GOODS_ACTIVE && holds;
    case GOODS_MADE: return n->made;
    case GOODS_FULL: return is_at_hand(n) && holds && n->inside_count > 0 && !offered;
    case GOODS_LOT: return n->is_lot && (anybody || n->lot_maker == member);
    case GOODS_LOT_NAME: return !n->made && strncmp(n->text + 17, "/10/L", 5) == 0;
    case GOODS_QUARANTINED:
        return n->hold.quarantined && (anybody || n->hold.quarantine_member == member);
    case GOODS_RECALLED: return n->hold.recalled && (anybody || n->hold.recall_member == member);
    case GOODS_SOLD:
        return n->made && n->end == GOODS_DISPENSED && (anybody || n->end_member == member);
    case GOODS_LABELLED: return n->has_label;
    case GOODS_COVERED:
        return n->has_label && n->reveal == GOODS_NONE && n->offers[ROLE_CUSTODIAN] != GOODS_NONE;
    case GOODS_DESCENDED:
        return is_at_hand(n) && holds && !offered &&
               w->reference->said[n->origin].op->input_count > 0;
    case GOODS_SEEN: return n->has_sighting;
    case GOODS_OFFERED: return offered && holds;
    }
    return false;
}

uint32_t goods_world_find(struct goods_world *w, enum goods_want want, unsigned member)
{
    uint32_t name = (uint32_t)goods_world_pick(w, w->names);
    if (want == GOODS_AT_HAND && goods_world_chance(w, 12))
        want = GOODS_OFFERED;
    for (size_t tries = 0; tries < 400 && !goods_world_is(w, name, want, member); tries++)
        name = (uint32_t)goods_world_pick(w, w->names);
    return name;
}

size_t goods_world_few(struct goods_world *w)
{
    switch (goods_world_pick(w, 8)) {
    case 0:
    case 1: return 2 + goods_world_pick(w, 4);
    case 2: return 2 + goods_world_pick(w, goods_world_chance(w, 40) ? w->size.bulk : 30);
    default: return 1;
    }
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

struct goods_list goods_world_one(struct goods_world *w, uint32_t name)
{
    uint32_t *at = goods_world_room(w, sizeof *at);
    at[0] = name;
    return (struct goods_list){ at, 1 };
}

struct goods_list goods_world_set(struct goods_world *w, uint32_t first, enum goods_want want,
                                  unsigned member, size_t most)
{
    if (most <= 1)
        return goods_world_one(w, first);
    uint32_t *at = goods_world_room(w, most * sizeof *at), name = first;
    size_t count = 1, step = goods_world_chance(w, 3) ? 1 + w->names / 40 : 1;
    at[0] = first;
    for (size_t tries = 0; tries < 2 * most && count < most; tries++) {
        name = (uint32_t)((name + (step == 1 ? 1 : 1 + goods_world_pick(w, step))) % w->names);
        if (name != first && goods_world_is(w, name, want, member))
            at[count++] = name;
    }
    qsort(at, count, sizeof at[0], by_number);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (at[i] != at[kept - 1])
            at[kept++] = at[i];
    return (struct goods_list){ at, kept };
}

void goods_world_spoil(struct goods_world *w, struct goods_list *list)
{
    if (list->count == 0 || !goods_world_chance(w, 5))
        return;
    uint32_t *at = goods_world_room(w, list->count * sizeof *at);
    memcpy(at, list->at, list->count * sizeof *at);
    uint32_t other = (uint32_t)goods_world_pick(w, w->names);
    for (size_t i = 0; i < list->count; i++)
        if (at[i] == other)
            return;
    at[goods_world_pick(w, list->count)] = other;
    qsort(at, list->count, sizeof at[0], by_number);
    list->at = at;
}

unsigned goods_world_signer(struct goods_world *w, unsigned member)
{
    if (member >= GOODS_MEMBERS || goods_world_chance(w, 12))
        return (unsigned)goods_world_pick(w, GOODS_SIGNERS);
    if (member < GOODS_OPERATORS && goods_world_chance(w, 3))
        return GOODS_MEMBERS + member;
    return member;
}

struct goods_amount goods_world_amount(struct goods_world *w, enum amount_dimension dimension,
                                       int64_t smallest_units)
{
    static const struct {
        enum goods_unit unit;
        int exponent;
    } masses[] = { { GOODS_MG, 0 }, { GOODS_G, -3 }, { GOODS_KG, -6 }, { GOODS_T, -9 } },
      volumes[] = { { GOODS_ML, 0 }, { GOODS_L, -3 }, { GOODS_M3, -6 } };
    struct goods_amount a = { GOODS_EACH, smallest_units, 0 };
    size_t i = goods_world_pick(w, 4);
    if (dimension == AMOUNT_MASS) {
        a.unit = masses[i].unit;
        a.exponent = masses[i].exponent;
    } else if (dimension == AMOUNT_VOLUME) {
        a.unit = volumes[i % 3].unit;
        a.exponent = volumes[i % 3].exponent;
    }
    while (a.mantissa > 0 && a.mantissa % 10 == 0 && a.exponent < 9 && goods_world_chance(w, 2)) {
        a.mantissa /= 10;
        a.exponent++;
    }
    if (a.exponent > -9 && goods_world_chance(w, 8)) {
        a.mantissa *= 10;
        a.exponent--;
    }
    return a;
}
