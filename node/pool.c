#include "node/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* How many statements of a key wait. */
struct key_count {
    uint32_t count; /* 0 = free */
    struct kid kid;
};

struct pool {
    struct parcel **parcels; /* by arrival, or as pool_order() left them */
    struct parcel **sorted;  /* scratch of pool_order() */
    size_t count, cap;
    size_t bytes;
    uint64_t next_order;
    uint32_t *slots;        /* place + 1 by statement hash, 0 = free */
    struct key_count *keys; /* open addressing by kid, slot_count places */
    size_t slot_count;
    struct relay_list {
        struct parcel *first, *last;
    } fresh, later; /* to be relayed: for the first time by this node; in order of relay_ms */
};

struct pool *pool_new(void)
{
    return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->parcels[i]);
    free(p->parcels);
    free(p->sorted);
    free(p->slots);
    free(p->keys);
    free(p);
}

static size_t slot_of(const struct pool *p, const struct hash *statement)
{
    uint64_t v;
    memcpy(&v, statement->bytes, sizeof v);
    size_t i = (size_t)(v % p->slot_count);
    while (p->slots[i] != 0 && !hash_equal(&p->parcels[p->slots[i] - 1]->st.hash, statement))
        i = (i + 1) % p->slot_count;
    return i;
}

static struct key_count *key_of(const struct pool *p, const struct kid *kid)
{
    uint64_t v;
    memcpy(&v, kid->bytes, sizeof v);
    size_t i = (size_t)(v % p->slot_count);
    while (p->keys[i].count != 0 && !kid_equal(&p->keys[i].kid, kid))
        i = (i + 1) % p->slot_count;
    return &p->keys[i];
}

static void count_key(struct pool *p, const struct kid *kid)
{
    struct key_count *k = key_of(p, kid);
    k->kid = *kid;
    k->count++;
}

static void fill_slots(struct pool *p)
{
    if (p->slot_count == 0)
        return; /* nothing was ever in it */
    memset(p->slots, 0, p->slot_count * sizeof p->slots[0]);
    memset(p->keys, 0, p->slot_count * sizeof p->keys[0]);
    for (size_t i = 0; i < p->count; i++) {
        p->slots[slot_of(p, &p->parcels[i]->st.hash)] = (uint32_t)(i + 1);
        count_key(p, &p->parcels[i]->st.kid);
    }
}

static bool grow(struct pool *p)
{
    size_t cap = p->cap == 0 ? 256 : p->cap * 2;
    struct parcel **parcels = realloc(p->parcels, cap * sizeof parcels[0]);
    if (parcels != NULL)
        p->parcels = parcels;
    struct parcel **sorted = realloc(p->sorted, cap * sizeof sorted[0]);
    if (sorted != NULL)
        p->sorted = sorted;
    uint32_t *slots = malloc(4 * cap * sizeof slots[0]);
    struct key_count *keys = malloc(4 * cap * sizeof keys[0]);
    if (parcels == NULL || sorted == NULL || slots == NULL || keys == NULL) {
        free(slots);
        free(keys);
        return false;
    }
    free(p->slots);
    free(p->keys);
    p->slots = slots;
    p->keys = keys;
    p->slot_count = 4 * cap;
    p->cap = cap;
    fill_slots(p);
    return true;
}

bool pool_has(const struct pool *p, const struct hash *statement)
{
    return p->slot_count > 0 && p->slots[slot_of(p, statement)] != 0;
}

const struct parcel *pool_find(const struct pool *p, const struct hash *statement)
{
    uint32_t place = p->slot_count == 0 ? 0 : p->slots[slot_of(p, statement)];
    return place == 0 ? NULL : p->parcels[place - 1];
}

void pool_mark(const struct pool *p, const struct hash *statement, bool *gone)
{
    uint32_t place = p->slot_count == 0 ? 0 : p->slots[slot_of(p, statement)];
    if (place != 0)
        gone[place - 1] = true;
}

/* ------------------------------------------------------------------ relaying */

static void append(struct relay_list *list, struct parcel *parcel, uint64_t relay_ms)
{
    parcel->relay_ms = relay_ms;
    parcel->relay_before = list->last;
    parcel->relay_behind = NULL;
    if (list->last != NULL)
        list->last->relay_behind = parcel;
    else
        list->first = parcel;
    list->last = parcel;
}

static void unlink_parcel(struct pool *p, struct parcel *parcel)
{
    struct relay_list *list = parcel->relay_ms == 0 ? &p->fresh : &p->later;
    if (parcel->relay_before != NULL)
        parcel->relay_before->relay_behind = parcel->relay_behind;
    else
        list->first = parcel->relay_behind;
    if (parcel->relay_behind != NULL)
        parcel->relay_behind->relay_before = parcel->relay_before;
    else
        list->last = parcel->relay_before;
}

const struct parcel *pool_relay_due(const struct pool *p, uint64_t steady_ms)
{
    if (p->fresh.first != NULL)
        return p->fresh.first;
    return p->later.first != NULL && p->later.first->relay_ms <= steady_ms ? p->later.first : NULL;
}

void pool_relayed(struct pool *p, uint64_t steady_ms)
{
    struct parcel *parcel = p->fresh.first != NULL ? p->fresh.first : p->later.first;
    assert(parcel != NULL);
    unlink_parcel(p, parcel);
    append(&p->later, parcel, steady_ms + POOL_RELAY_MS);
}

uint64_t pool_relay_ms(const struct pool *p)
{
    if (p->fresh.first != NULL)
        return 0;
    return p->later.first == NULL ? UINT64_MAX : p->later.first->relay_ms;
}

/* ------------------------------------------------------------------ adding */

enum pool_answer pool_add(struct pool *p, struct parcel *parcel)
{
    if (pool_has(p, &parcel->st.hash))
        return POOL_KNOWN;
    if (p->count >= POOL_MAX || p->bytes + parcel->len > POOL_MAX_BYTES ||
        (p->count == p->cap && !grow(p)))
        return POOL_FULL;
    if (key_of(p, &parcel->st.kid)->count >= POOL_MAX_KEY)
        return POOL_QUOTA;
    parcel->order = p->next_order++;
    p->parcels[p->count++] = parcel;
    p->slots[slot_of(p, &parcel->st.hash)] = (uint32_t)p->count;
    p->bytes += parcel->len;
    count_key(p, &parcel->st.kid);
    if (parcel->from_peer)
        append(&p->later, parcel, parcel->arrived_ms + POOL_RELAY_MS);
    else
        append(&p->fresh, parcel, 0);
    return POOL_TAKEN;
}

size_t pool_count(const struct pool *p)
{
    return p->count;
}

/* ------------------------------------------------------------------ order */

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_key_and_arrival(const void *a, const void *b)
{
    const struct parcel *x = *(struct parcel *const *)a, *y = *(struct parcel *const *)b;
    int order = kid_compare(&x->st.kid, &y->st.kid);
    return order != 0 ? order : compare_u64(x->order, y->order);
}

static int by_seq(const void *a, const void *b)
{
    const struct parcel *x = *(struct parcel *const *)a, *y = *(struct parcel *const *)b;
    int order = compare_u64(x->st.link.seq, y->st.link.seq);
    return order != 0 ? order : compare_u64(x->order, y->order);
}

static int by_arrival(const void *a, const void *b)
{
    const struct parcel *x = *(struct parcel *const *)a, *y = *(struct parcel *const *)b;
    return compare_u64(x->order, y->order);
}

/* Gives one key's parcels, which stand in order of arrival, those same places in order of seq. */
static void mend_run(struct parcel **run, size_t n)
{
    bool rising = true;
    for (size_t i = 1; i < n; i++)
        rising = rising && run[i - 1]->st.link.seq < run[i]->st.link.seq;
    if (rising)
        return;
    uint64_t *places = malloc(n * sizeof places[0]);
    if (places == NULL)
        return; /* in order of arrival then: a gap that is filled later, nothing worse */
    for (size_t i = 0; i < n; i++)
        places[i] = run[i]->order;
    qsort(run, n, sizeof run[0], by_seq);
    for (size_t i = 0; i < n; i++)
        run[i]->order = places[i];
    free(places);
}

struct parcel *const *pool_order(struct pool *p, size_t *ret_count)
{
    *ret_count = p->count;
    if (p->count == 0)
        return NULL;
    memcpy(p->sorted, p->parcels, p->count * sizeof p->sorted[0]);
    qsort(p->sorted, p->count, sizeof p->sorted[0], by_key_and_arrival);
    for (size_t i = 0, start = 0; i <= p->count; i++) {
        if (i < p->count && kid_equal(&p->sorted[i]->st.kid, &p->sorted[start]->st.kid))
            continue;
        mend_run(p->sorted + start, i - start);
        start = i;
    }
    qsort(p->parcels, p->count, sizeof p->parcels[0], by_arrival);
    fill_slots(p);
    return p->parcels;
}

void pool_drop(struct pool *p, const bool *gone, size_t count)
{
    size_t kept = 0;
    assert(count <= p->count);
    for (size_t i = 0; i < p->count; i++) {
        if (i < count && gone[i]) {
            p->bytes -= p->parcels[i]->len;
            unlink_parcel(p, p->parcels[i]);
            free(p->parcels[i]);
        } else {
            p->parcels[kept++] = p->parcels[i];
        }
    }
    p->count = kept;
    fill_slots(p);
}
