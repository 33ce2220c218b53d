#include "node/recall_list.h"

#include "common/state_goods.h"
#include "common/state_key.h"
#include "node/store.h"

#include <stdlib.h>
#include <string.h>

#define LOT_VALUE_MAX 256
#define SLOTS         16384 /* more than twice the holders */

struct walk {
    struct store *store;
    struct recall_list *list;
    size_t holder; /* of the last asset */
    bool open;     /* the last range goes on: */
    struct recall_range range;
    size_t last_len;
    char next[ASSET_NAME_MAX + 1]; /* the name that would continue it */
};

/* ------------------------------------------------------------------ holders */

static bool is_holder(const struct recall_holder *h, const struct trace_asset *a)
{
    return h->known == a->has_custodian && (!h->known || kid_equal(&h->member, &a->custodian));
}

static size_t slot_of(const struct trace_asset *a)
{
    uint32_t n = 0;
    if (a->has_custodian)
        memcpy(&n, a->custodian.bytes, sizeof n);
    return n % SLOTS;
}

/* SIZE_MAX when there are too many. */
static size_t holder_of(struct walk *w, const struct trace_asset *a)
{
    struct recall_list *l = w->list;
    if (w->holder < l->holder_count && is_holder(&l->holders[w->holder], a))
        return w->holder;
    size_t *slot = &l->slots[slot_of(a)];
    for (size_t i = *slot; i != 0; i = l->holders[i - 1].next)
        if (is_holder(&l->holders[i - 1], a))
            return i - 1;
    if (l->holder_count == RECALL_HOLDERS_MAX)
        return SIZE_MAX;
    l->holders[l->holder_count] =
        (struct recall_holder){ .known = a->has_custodian, .member = a->custodian, .next = *slot };
    *slot = l->holder_count + 1;
    return l->holder_count++;
}

/* ------------------------------------------------------------------ ranges */

/* The name whose last digits are one more; one that is no name when there is none. */
static void set_next(struct walk *w, const struct trace_asset *a)
{
    size_t i = a->name_len;
    memcpy(w->next, a->name, a->name_len + 1);
    while (i > 0 && w->next[i - 1] == '9')
        w->next[--i] = '0';
    if (i == 0 || w->next[i - 1] < '0' || w->next[i - 1] > '8')
        w->next[0] = '\0';
    else
        w->next[i - 1]++;
    w->last_len = a->name_len;
}

static void close_range(struct walk *w)
{
    struct recall_list *l = w->list;
    if (!w->open)
        return;
    l->holders[w->range.holder].ranges++;
    if (l->range_count < l->range_max)
        l->ranges[l->range_count++] = w->range;
    else
        l->cut = true;
    w->open = false;
}

static bool continues(const struct walk *w, const struct trace_asset *a, size_t holder)
{
    return w->open && w->range.holder == holder && w->range.end == a->end &&
           w->last_len == a->name_len && memcmp(w->next, a->name, a->name_len) == 0;
}

/* A lot that was entered to say how many units it has, and has them: they are the goods, not its name. */
static bool stands_for_units(struct store *s, const struct trace_asset *a)
{
    static const char lot[] = "/10/";
    struct slice name = { (const uint8_t *)a->name, a->name_len };
    struct buf value = buf_heap(LOT_VALUE_MAX);
    struct state_lot v;
    if (strstr(a->name, lot) == NULL)
        return false;
    struct state_key key = state_key_text(TABLE_LOT, name);
    bool answer = store_state_get(s, state_key_slice(&key), &value, NULL) &&
                  state_lot_take(buf_slice(&value), &v) && v.has_declared && v.made > 0;
    buf_free(&value);
    return answer;
}

bool recall_list_is_goods(struct store *s, const struct trace_asset *a)
{
    return (a->has_custodian || a->making != 0) && !stands_for_units(s, a);
}

static bool add_asset(void *ctx, const struct trace_asset *a)
{
    struct walk *w = ctx;
    struct recall_list *l = w->list;
    if (!recall_list_is_goods(w->store, a))
        return true;
    l->units++;
    size_t holder = holder_of(w, a);
    if (holder == SIZE_MAX) {
        l->cut = true;
        return true;
    }
    w->holder = holder;
    l->holders[holder].units++;
    l->holders[holder].by_end[a->end < RECALL_ENDS ? a->end : 0]++;
    if (continues(w, a, holder)) {
        w->range.count++;
    } else {
        close_range(w);
        w->open = true;
        w->range = (struct recall_range){ .holder = holder, .end = a->end, .count = 1 };
        memcpy(w->range.first, a->name, a->name_len + 1);
    }
    memcpy(w->range.last, a->name, a->name_len + 1);
    set_next(w, a);
    return true;
}

/* ------------------------------------------------------------------ the list */

bool recall_list_make(struct store *s, const struct trace_runs *reached, size_t ranges,
                      struct recall_list *ret_list, struct err *err)
{
    struct recall_list *l = ret_list;
    struct walk w = { .store = s, .list = l };
    *l = (struct recall_list){ .range_max = ranges };
    l->holders = calloc(RECALL_HOLDERS_MAX, sizeof *l->holders);
    l->ranges = calloc(ranges + 1, sizeof *l->ranges);
    l->slots = calloc(SLOTS, sizeof *l->slots);
    bool good = l->holders != NULL && l->ranges != NULL && l->slots != NULL;
    if (!good)
        (void)err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; i < reached->count && good; i++)
        good = trace_assets(s, reached->at[i], add_asset, &w, err);
    if (good)
        close_range(&w);
    else
        recall_list_free(l);
    return good;
}

void recall_list_free(struct recall_list *l)
{
    free(l->holders);
    free(l->ranges);
    free(l->slots);
    *l = (struct recall_list){ .units = 0 };
}
