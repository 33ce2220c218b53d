/* Excursions and their charges, put together from the events that tell of them. */
#include "tools/trial.h"

#include <stdlib.h>
#include <string.h>

/* What names a stretch. */
struct finding {
    struct trial_excursion of; /* opening, asset, rule, device and from are set */
    struct cbor_reader data;   /* what is left of the event's */
    size_t left;
};

static bool same(const struct trial_excursion *a, const struct trial_excursion *b)
{
    return a->rule == b->rule && a->from_ms == b->from_ms && hash_equal(&a->opening, &b->opening) &&
           kid_equal(&a->device, &b->device) && strcmp(a->asset, b->asset) == 0;
}

static struct trial_excursion *find(struct trial *t, const struct trial_excursion *of)
{
    for (size_t i = t->excursion_count; i-- > 0;)
        if (same(&t->excursions[i], of))
            return &t->excursions[i];
    return NULL;
}

static struct trial_excursion *find_or_add(struct trial *t, const struct trial_excursion *of)
{
    struct trial_excursion *there = find(t, of);
    if (there != NULL)
        return there;
    size_t n = t->excursion_count;
    if ((n & (n - 1)) == 0) { /* grows at powers of two */
        struct trial_excursion *more = realloc(t->excursions, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL)
            return NULL;
        t->excursions = more;
    }
    t->excursions[n] = *of;
    return &t->excursions[t->excursion_count++];
}

static void take_asset(struct slice subject, char ret_asset[ASSET_NAME_MAX + 1])
{
    struct cbor_reader r = cbor_reader(subject);
    ret_asset[0] = '\0';
    if (cbor_peek(&r) != CBOR_TEXT)
        return;
    struct slice name = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    memcpy(ret_asset, name.data, name.len);
    ret_asset[name.len] = '\0';
}

static void take_opening(struct finding *f)
{
    cbor_take_fixed(&f->data, f->of.opening.bytes, HASH_SIZE);
    if (cbor_peek(&f->data) == CBOR_BYTES)
        f->of.device = kid_take(&f->data);
}

static bool opened(struct trial *t, const struct event *e, struct finding *f)
{
    f->of.from_ms = cbor_take_uint(&f->data);
    take_opening(f);
    struct trial_excursion *x = find_or_add(t, &f->of);
    if (x == NULL)
        return false;
    x->opened = true;
    x->broken_ms = e->time_ms;
    return true;
}

/* Mantissa and exponent; a rule that looks at no value has neither. */
static int64_t take_value(struct cbor_reader *r, int *ret_exponent)
{
    int64_t number[2] = { 0, 0 };
    for (size_t i = 0; i < 2; i++)
        if (cbor_peek(r) == CBOR_NULL)
            cbor_take_null(r);
        else
            number[i] = cbor_take_int(r);
    *ret_exponent = (int)number[1];
    return number[0];
}

static bool closed(struct trial *t, struct finding *f)
{
    f->of.from_ms = cbor_take_uint(&f->data);
    uint64_t to_ms = cbor_take_uint(&f->data);
    int exponent, mean_exponent;
    int64_t peak = take_value(&f->data, &exponent);
    take_opening(f);
    struct trial_excursion *x = find_or_add(t, &f->of);
    if (x == NULL)
        return false;
    x->ended = x->opened = true;
    x->to_ms = to_ms;
    x->peak = peak;
    x->peak_exponent = exponent;
    x->certain = true;
    if (cbor_peek(&f->data) == CBOR_END)
        return true;
    x->has_mean = cbor_peek(&f->data) != CBOR_NULL;
    x->mean = take_value(&f->data, &mean_exponent);
    x->mean_exponent = mean_exponent;
    x->certain = cbor_take_bool(&f->data);
    return true;
}

static bool charged(struct trial *t, struct finding *f)
{
    struct trial_share share = { .held = cbor_peek(&f->data) == CBOR_BYTES };
    if (share.held)
        share.member = kid_take(&f->data);
    else
        cbor_take_null(&f->data);
    share.seconds = cbor_take_uint(&f->data);
    f->of.from_ms = cbor_take_uint(&f->data);
    take_opening(f);
    struct trial_excursion *x = find_or_add(t, &f->of);
    if (x == NULL)
        return false;
    for (size_t i = 0; i < x->share_count; i++)
        if (x->shares[i].held == share.held && kid_equal(&x->shares[i].member, &share.member)) {
            x->shares[i].seconds += share.seconds;
            return true;
        }
    if (x->share_count < TRIAL_SHARES_MAX)
        x->shares[x->share_count++] = share;
    return true;
}

/* What was told no longer holds: all of it, or its charges alone. */
static void revised(struct trial *t, struct finding *f)
{
    f->of.from_ms = cbor_take_uint(&f->data);
    take_opening(f);
    bool all = cbor_peek(&f->data) == CBOR_BOOL && cbor_take_bool(&f->data);
    struct trial_excursion *x = find(t, &f->of);
    if (x == NULL)
        return;
    if (!all) {
        x->share_count = 0;
        return;
    }
    bool acknowledged = x->acknowledged;
    *x = f->of;
    x->acknowledged = acknowledged;
}

static void acknowledged(struct trial *t, struct finding *f)
{
    f->of.from_ms = cbor_take_uint(&f->data);
    take_opening(f);
    struct trial_excursion *x = find(t, &f->of);
    if (x != NULL)
        x->acknowledged = true;
}

bool trial_note_finding(struct trial *t, const struct event *e)
{
    struct finding f = { .data = cbor_reader(e->data) };
    if (e->what != EVENT_EXCURSION_OPENED && e->what != EVENT_EXCURSION_CLOSED &&
        e->what != EVENT_CHARGED && e->what != EVENT_REVISION && e->what != EVENT_ACKNOWLEDGED)
        return true;
    (void)cbor_take_array(&f.data);
    f.of.rule = cbor_take_uint(&f.data);
    take_asset(e->subject, f.of.asset);
    if (e->what == EVENT_EXCURSION_OPENED)
        return opened(t, e, &f);
    if (e->what == EVENT_EXCURSION_CLOSED)
        return closed(t, &f);
    if (e->what == EVENT_CHARGED)
        return charged(t, &f);
    if (e->what == EVENT_REVISION)
        revised(t, &f);
    else
        acknowledged(t, &f);
    return true;
}
