#include "tools/trial_findings.h"

#include <stdlib.h>
#include <string.h>

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

static struct trial_excursion *find(struct trial_findings *f, const struct event *e,
                                    const struct event_excursion *of)
{
    char asset[ASSET_NAME_MAX + 1];
    take_asset(e->subject, asset);
    for (size_t i = f->count; i-- > 0;)
        if (event_excursion_equal(&f->items[i].of, of) && strcmp(f->items[i].asset, asset) == 0)
            return &f->items[i];
    return NULL;
}

static struct trial_excursion *find_or_add(struct trial_findings *f, const struct event *e,
                                           const struct event_excursion *of)
{
    struct trial_excursion *there = find(f, e, of);
    size_t n = f->count;
    if (there != NULL)
        return there;
    if ((n & (n - 1)) == 0) { /* grows at powers of two */
        struct trial_excursion *more = realloc(f->items, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL)
            return NULL;
        f->items = more;
    }
    f->items[n] = (struct trial_excursion){ .of = *of };
    take_asset(e->subject, f->items[n].asset);
    return &f->items[f->count++];
}

static bool opened(struct trial_findings *f, const struct event *e)
{
    struct event_excursion of;
    if (!event_data_excursion(e->data, &of))
        return true;
    struct trial_excursion *x = find_or_add(f, e, &of);
    if (x == NULL)
        return false;
    x->opened = true;
    x->broken_ms = e->time_ms;
    return true;
}

static bool closed(struct trial_findings *f, const struct event *e)
{
    struct event_closed d;
    if (!event_data_closed(e->data, &d))
        return true;
    struct trial_excursion *x = find_or_add(f, e, &d.of);
    if (x == NULL)
        return false;
    x->opened = x->ended = true;
    x->to_ms = d.to_ms;
    x->peak = d.peak;
    x->peak_exponent = d.peak_exponent;
    x->mean = d.mean;
    x->mean_exponent = d.mean_exponent;
    x->certain = d.certain;
    return true;
}

static bool charged(struct trial_findings *f, const struct event *e)
{
    struct event_charged d;
    if (!event_data_charged(e->data, &d))
        return true;
    struct trial_excursion *x = find_or_add(f, e, &d.of);
    if (x == NULL)
        return false;
    for (size_t i = 0; i < x->share_count; i++)
        if (x->shares[i].held == d.held &&
            (!d.held || kid_equal(&x->shares[i].member, &d.member))) {
            x->shares[i].seconds += d.seconds;
            return true;
        }
    if (x->share_count < TRIAL_SHARES_MAX)
        x->shares[x->share_count++] = (struct trial_share){ d.held, d.member, d.seconds };
    return true;
}

/* What was told no longer holds: all of it, or its charges alone. */
static void revised(struct trial_findings *f, const struct event *e)
{
    struct event_revision d;
    if (!event_data_revision(e->data, &d))
        return;
    struct trial_excursion *x = find(f, e, &d.of);
    if (x == NULL)
        return;
    x->share_count = 0;
    if (d.is_void)
        x->opened = x->ended = false;
}

static void acknowledged(struct trial_findings *f, const struct event *e)
{
    struct event_excursion of;
    if (!event_data_excursion(e->data, &of))
        return;
    struct trial_excursion *x = find(f, e, &of);
    if (x != NULL)
        x->acknowledged = true;
}

bool trial_findings_note(struct trial_findings *f, const struct event *e)
{
    if (e->what == EVENT_EXCURSION_OPENED)
        return opened(f, e);
    if (e->what == EVENT_EXCURSION_CLOSED)
        return closed(f, e);
    if (e->what == EVENT_CHARGED)
        return charged(f, e);
    if (e->what == EVENT_REVISION)
        revised(f, e);
    else if (e->what == EVENT_ACKNOWLEDGED)
        acknowledged(f, e);
    return true;
}

void trial_findings_free(struct trial_findings *f)
{
    free(f->items);
    *f = (struct trial_findings){ 0 };
}
