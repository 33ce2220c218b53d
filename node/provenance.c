#include "node/provenance.h"

#include <string.h>

void provenance_begin(struct provenance *p)
{
    memset(p, 0, sizeof *p);
}

static struct kid take_kid(struct cbor_reader *r)
{
    struct kid kid;
    cbor_take_fixed(r, kid.bytes, KID_SIZE);
    return kid;
}

static struct hash take_hash(struct cbor_reader *r)
{
    struct hash hash;
    cbor_take_fixed(r, hash.bytes, HASH_SIZE);
    return hash;
}

/* ------------------------------------------------------------------ custody */

static void hold(struct provenance *p, uint64_t role, const struct kid *member, uint64_t time_ms)
{
    for (size_t i = p->interval_count; i-- > 0;) {
        struct provenance_interval *last = &p->interval[i];
        if (last->role != role)
            continue;
        last->ended = true;
        last->to_ms = time_ms;
        break;
    }
    if (p->interval_count == PROVENANCE_INTERVALS) {
        p->cut = true;
        return;
    }
    p->interval[p->interval_count++] =
        (struct provenance_interval){ .role = role, .member = *member, .from_ms = time_ms };
}

static void commissioned(struct provenance *p, uint64_t time_ms, struct cbor_reader *r)
{
    struct kid member = take_kid(r);
    if (r->failed)
        return;
    hold(p, 0, &member, time_ms);
    hold(p, 1, &member, time_ms);
}

static void passed(struct provenance *p, uint64_t time_ms, struct cbor_reader *r)
{
    (void)take_hash(r);
    (void)take_kid(r);
    struct kid to = take_kid(r);
    uint64_t role = cbor_take_uint_max(r, 1);
    if (r->failed)
        return;
    p->offered = false;
    hold(p, role, &to, time_ms);
}

static void offered(struct provenance *p, struct cbor_reader *r)
{
    (void)take_kid(r);
    struct kid to = take_kid(r);
    if (r->failed)
        return;
    p->offered = true;
    p->offered_to = to;
}

/* ------------------------------------------------------------------ excursions */

/* The entry of (opening, rule, from), made when it is not there; NULL when there is no room. */
static struct provenance_excursion *entry(struct provenance *p, const struct hash *opening,
                                          uint64_t rule, uint64_t from_ms)
{
    for (size_t i = p->excursion_count; i-- > 0;) {
        struct provenance_excursion *e = &p->excursion[i];
        if (e->rule == rule && e->from_ms == from_ms && hash_equal(&e->opening, opening))
            return e;
    }
    if (p->excursion_count == PROVENANCE_EXCURSIONS) {
        p->cut = true;
        return NULL;
    }
    struct provenance_excursion *e = &p->excursion[p->excursion_count++];
    *e = (struct provenance_excursion){ .opening = *opening, .rule = rule, .from_ms = from_ms };
    return e;
}

static void excursion_opened(struct provenance *p, struct cbor_reader *r)
{
    uint64_t rule = cbor_take_uint(r);
    uint64_t from_ms = cbor_take_uint(r);
    struct hash opening = take_hash(r);
    struct provenance_excursion *e = r->failed ? NULL : entry(p, &opening, rule, from_ms);
    if (e != NULL)
        e->opened = true;
}

static void excursion_closed(struct provenance *p, struct cbor_reader *r)
{
    uint64_t rule = cbor_take_uint(r);
    uint64_t from_ms = cbor_take_uint(r);
    uint64_t to_ms = cbor_take_uint(r);
    int64_t peak = cbor_take_int(r);
    int64_t exponent = cbor_take_int_in(r, -9, 9);
    struct hash opening = take_hash(r);
    struct provenance_excursion *e = r->failed ? NULL : entry(p, &opening, rule, from_ms);
    if (e == NULL)
        return;
    e->opened = e->ended = true;
    e->to_ms = to_ms;
    e->peak = peak;
    e->exponent = (int)exponent;
}

static void add_share(struct provenance *p, struct provenance_excursion *e,
                      const struct provenance_share *share)
{
    for (size_t i = 0; i < e->share_count; i++) {
        struct provenance_share *s = &e->share[i];
        if (s->held != share->held || (s->held && !kid_equal(&s->member, &share->member)))
            continue;
        s->seconds += share->seconds;
        return;
    }
    if (e->share_count < PROVENANCE_SHARES)
        e->share[e->share_count++] = *share;
    else
        p->cut = true;
}

static void charged(struct provenance *p, struct cbor_reader *r)
{
    struct provenance_share share = { .held = false };
    uint64_t rule = cbor_take_uint(r);
    if (cbor_peek(r) == CBOR_BYTES) {
        share.held = true;
        share.member = take_kid(r);
    } else {
        cbor_take_null(r);
    }
    share.seconds = cbor_take_uint(r);
    uint64_t from_ms = cbor_take_uint(r);
    struct hash opening = take_hash(r);
    struct provenance_excursion *e = r->failed ? NULL : entry(p, &opening, rule, from_ms);
    if (e != NULL)
        add_share(p, e, &share);
}

/* What was charged is void; the charges that follow replace it. */
static void revised(struct provenance *p, struct cbor_reader *r)
{
    uint64_t rule = cbor_take_uint(r);
    uint64_t from_ms = cbor_take_uint(r);
    struct hash opening = take_hash(r);
    struct provenance_excursion *e = r->failed ? NULL : entry(p, &opening, rule, from_ms);
    if (e == NULL)
        return;
    e->revisions++;
    e->share_count = 0;
}

/* ------------------------------------------------------------------ readings and contracts */

static void note_device(struct provenance *p, const struct kid *kid)
{
    for (size_t i = 0; i < p->device_count; i++)
        if (kid_equal(&p->device[i], kid))
            return;
    if (p->device_count < PROVENANCE_DEVICES)
        p->device[p->device_count++] = *kid;
}

static void recorded(struct provenance *p, struct cbor_reader *r)
{
    struct kid kid = take_kid(r);
    uint64_t first = cbor_take_uint(r);
    uint64_t last = cbor_take_uint(r);
    if (r->failed)
        return;
    if (p->packs == 0 || first < p->first_reading_ms)
        p->first_reading_ms = first;
    if (p->packs == 0 || last > p->last_reading_ms)
        p->last_reading_ms = last;
    p->packs++;
    note_device(p, &kid);
}

static void in_force(struct provenance *p, struct cbor_reader *r)
{
    struct hash opening = take_hash(r);
    if (r->failed)
        return;
    for (size_t i = 0; i < p->contract_count; i++)
        if (hash_equal(&p->contract[i], &opening))
            return;
    if (p->contract_count < PROVENANCE_CONTRACTS)
        p->contract[p->contract_count++] = opening;
    else
        p->cut = true;
}

void provenance_add(struct provenance *p, enum event_what what, uint64_t time_ms, struct slice data)
{
    struct cbor_reader r = cbor_reader(data);
    (void)cbor_take_array(&r);
    p->events++;
    switch (what) {
    case EVENT_RECORDED: recorded(p, &r); break;
    case EVENT_COMMISSIONED: commissioned(p, time_ms, &r); break;
    case EVENT_OFFERED: offered(p, &r); break;
    case EVENT_PASSED: passed(p, time_ms, &r); break;
    case EVENT_IN_FORCE: in_force(p, &r); break;
    case EVENT_EXCURSION_OPENED: excursion_opened(p, &r); break;
    case EVENT_EXCURSION_CLOSED: excursion_closed(p, &r); break;
    case EVENT_CHARGED: charged(p, &r); break;
    case EVENT_REVISION: revised(p, &r); break;
    case EVENT_SUSPECT: p->suspect = true; break;
    case EVENT_REJECTED:
    case EVENT_CANCELLED:
    case EVENT_OFFER_EXPIRED: p->offered = false; break;
    case EVENT_NOT_JUDGED:
    case EVENT_CALLED:
    case EVENT_STATE:
    case EVENT_SCANNED:
    case EVENT_DOCUMENT:
    case EVENT_ACKNOWLEDGED:
    case EVENT_ADDED_BACK:
    case EVENT_ADD_BACK_UNDONE:
    case EVENT_FINISHED:
    case EVENT_REPLACED:
    case EVENT_ATTACHED:
    case EVENT_DETACHED:
    case EVENT_ENROLLED:
    case EVENT_REVOKED:
    case EVENT_CLONE:
    case EVENT_GAP:
    case EVENT_LATE:
    case EVENT_LOST:
    case EVENT_MASTER_DATA:
    case EVENT_OPENED:
    case EVENT_AGREED:
    case EVENT_LAPSED: break;
    }
}

/* ------------------------------------------------------------------ answers */

size_t provenance_breaches(const struct provenance *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->excursion_count; i++)
        n += p->excursion[i].opened;
    return n;
}

enum provenance_verdict provenance_judge(const struct provenance *p,
                                         enum provenance_reason *ret_reason)
{
    enum provenance_reason reason = p->contract_count == 0 ? PROVENANCE_NO_CONTRACT
                                    : p->packs == 0        ? PROVENANCE_NO_DATA
                                    : p->suspect           ? PROVENANCE_SUSPECT
                                    : p->cut               ? PROVENANCE_CUT
                                                           : PROVENANCE_CLEAR;
    if (provenance_breaches(p) > 0) {
        *ret_reason = PROVENANCE_CLEAR;
        return PROVENANCE_BREACH;
    }
    *ret_reason = reason;
    return reason == PROVENANCE_CLEAR ? PROVENANCE_GOOD : PROVENANCE_UNCERTAIN;
}

const char *provenance_verdict_name(enum provenance_verdict verdict)
{
    switch (verdict) {
    case PROVENANCE_GOOD: return "GOOD";
    case PROVENANCE_BREACH: return "BREACH";
    case PROVENANCE_UNCERTAIN: return "UNCERTAIN";
    }
    return "UNCERTAIN";
}

const char *provenance_reason_sentence(enum provenance_reason reason)
{
    switch (reason) {
    case PROVENANCE_CLEAR: return "";
    case PROVENANCE_NO_CONTRACT: return "No contract says how it should have been kept.";
    case PROVENANCE_NO_DATA: return "No reading has been recorded for it.";
    case PROVENANCE_SUSPECT: return "A sensor that reported on it is no longer trusted.";
    case PROVENANCE_CUT: return "More happened to it than this summary can hold.";
    }
    return "";
}

const struct provenance_interval *provenance_holder(const struct provenance *p, uint64_t role,
                                                    uint64_t time_ms)
{
    for (size_t i = p->interval_count; i-- > 0;) {
        const struct provenance_interval *v = &p->interval[i];
        if (v->role == role && v->from_ms <= time_ms && (!v->ended || time_ms < v->to_ms))
            return v;
    }
    return NULL;
}

const struct provenance_interval *provenance_current(const struct provenance *p, uint64_t role)
{
    for (size_t i = p->interval_count; i-- > 0;)
        if (p->interval[i].role == role)
            return &p->interval[i];
    return NULL;
}

uint64_t provenance_seconds(const struct provenance_excursion *e)
{
    uint64_t seconds = 0;
    for (size_t i = 0; i < e->share_count; i++)
        seconds += e->share[i].seconds;
    return seconds;
}
