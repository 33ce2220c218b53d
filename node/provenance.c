#include "node/provenance.h"

#include "common/custody.h"

#include <string.h>

void provenance_begin(struct provenance *p)
{
    memset(p, 0, sizeof *p);
}

/* ------------------------------------------------------------------ custody */

void provenance_hold(struct provenance *p, uint64_t role, const struct kid *member,
                     uint64_t time_ms)
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

static void commissioned(struct provenance *p, uint64_t time_ms, struct slice data)
{
    struct kid member;
    if (!event_data_kid(data, &member))
        return;
    provenance_hold(p, ROLE_CUSTODIAN, &member, time_ms);
    provenance_hold(p, ROLE_OWNER, &member, time_ms);
}

static void passed(struct provenance *p, uint64_t time_ms, struct slice data)
{
    struct event_handover h;
    if (!event_data_handover(data, &h))
        return;
    provenance_hold(p, h.role, &h.to, time_ms);
}

/* ------------------------------------------------------------------ excursions */

static struct provenance_excursion *find(struct provenance *p, const struct event_excursion *of)
{
    for (size_t i = p->excursion_count; i-- > 0;)
        if (event_excursion_equal(&p->excursion[i].of, of))
            return &p->excursion[i];
    return NULL;
}

/* The entry of this excursion, made when it is not there; NULL when there is no room. */
static struct provenance_excursion *entry(struct provenance *p, const struct event_excursion *of)
{
    struct provenance_excursion *e = find(p, of);
    if (e != NULL)
        return e;
    if (p->excursion_count == PROVENANCE_EXCURSIONS) {
        p->cut = true;
        return NULL;
    }
    e = &p->excursion[p->excursion_count++];
    *e = (struct provenance_excursion){ .of = *of };
    return e;
}

static void excursion_opened(struct provenance *p, struct slice data)
{
    struct event_excursion of;
    struct provenance_excursion *e = event_data_excursion(data, &of) ? entry(p, &of) : NULL;
    if (e != NULL)
        e->opened = true;
}

static void excursion_closed(struct provenance *p, struct slice data)
{
    struct event_closed c;
    struct provenance_excursion *e = event_data_closed(data, &c) ? entry(p, &c.of) : NULL;
    if (e == NULL)
        return;
    e->opened = e->ended = true;
    e->to_ms = c.to_ms;
    e->peak = c.peak;
    e->peak_exponent = c.peak_exponent;
    e->mean = c.mean;
    e->mean_exponent = c.mean_exponent;
    e->certain = c.certain;
}

static void acknowledged(struct provenance *p, uint64_t time_ms, struct slice data)
{
    struct event_excursion of;
    struct provenance_excursion *e = event_data_excursion(data, &of) ? find(p, &of) : NULL;
    if (e == NULL)
        return;
    e->acknowledged = true;
    e->acknowledged_ms = time_ms;
    e->acknowledged_event = p->events - 1;
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

static void charged(struct provenance *p, struct slice data)
{
    struct event_charged c;
    struct provenance_excursion *e = event_data_charged(data, &c) ? entry(p, &c.of) : NULL;
    if (e == NULL)
        return;
    struct provenance_share share = { c.held, c.member, c.seconds };
    add_share(p, e, &share);
}

/* What was charged is void, and perhaps the excursion itself; what follows replaces it. */
static void revised(struct provenance *p, struct slice data)
{
    struct event_revision r;
    struct provenance_excursion *e = event_data_revision(data, &r) ? find(p, &r.of) : NULL;
    if (e == NULL)
        return;
    if (r.is_void) {
        size_t after = (size_t)(&p->excursion[--p->excursion_count] - e);
        memmove(e, e + 1, after * sizeof *e);
        return;
    }
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

static void recorded(struct provenance *p, struct slice data)
{
    struct event_recorded d;
    if (!event_data_recorded(data, &d))
        return;
    if (p->packs == 0 || d.first_ms < p->first_reading_ms)
        p->first_reading_ms = d.first_ms;
    if (p->packs == 0 || d.last_ms > p->last_reading_ms)
        p->last_reading_ms = d.last_ms;
    p->packs++;
    note_device(p, &d.device);
}

static void not_judged(struct provenance *p, struct slice data)
{
    struct event_not_judged n;
    if (event_data_not_judged(data, &n))
        p->not_judged++;
}

static struct provenance_contract *contract_of(struct provenance *p, const struct hash *opening)
{
    for (size_t i = 0; i < p->contract_count; i++)
        if (hash_equal(&p->contract[i].opening, opening))
            return &p->contract[i];
    return NULL;
}

static void in_force(struct provenance *p, uint64_t time_ms, struct slice data)
{
    struct hash opening;
    if (!event_data_opening(data, &opening) || contract_of(p, &opening) != NULL)
        return;
    if (p->contract_count < PROVENANCE_CONTRACTS)
        p->contract[p->contract_count++] =
            (struct provenance_contract){ .opening = opening, .status_ms = time_ms };
    else
        p->cut = true;
}

static void set_status(struct provenance *p, const struct hash *opening,
                       enum provenance_status status, uint64_t time_ms)
{
    struct provenance_contract *c = contract_of(p, opening);
    if (c == NULL)
        return;
    c->status = status;
    c->status_ms = time_ms;
}

static void finished(struct provenance *p, uint64_t time_ms, struct slice data)
{
    struct event_finished f;
    if (event_data_finished(data, &f))
        set_status(p, &f.opening, f.ending == 2 ? PROVENANCE_FAILED : PROVENANCE_SUCCEEDED,
                   time_ms);
}

static void replaced(struct provenance *p, uint64_t time_ms, struct slice data)
{
    struct event_replaced r;
    if (event_data_replaced(data, &r))
        set_status(p, &r.old, PROVENANCE_REPLACED, time_ms);
}

static void state_changed(struct provenance *p, struct slice data)
{
    struct event_state s;
    struct provenance_contract *c = event_data_state(data, &s) ? contract_of(p, &s.opening) : NULL;
    if (c == NULL)
        return;
    c->has_state = true;
    c->state = s.to;
}

void provenance_add(struct provenance *p, enum event_what what, uint64_t time_ms, struct slice data)
{
    p->events++;
    provenance_goods_add(&p->goods, what, time_ms, data);
    if (what == EVENT_RECORDED)
        recorded(p, data);
    else if (what == EVENT_COMMISSIONED)
        commissioned(p, time_ms, data);
    else if (what == EVENT_PASSED)
        passed(p, time_ms, data);
    else if (what == EVENT_IN_FORCE)
        in_force(p, time_ms, data);
    else if (what == EVENT_EXCURSION_OPENED)
        excursion_opened(p, data);
    else if (what == EVENT_EXCURSION_CLOSED)
        excursion_closed(p, data);
    else if (what == EVENT_CHARGED)
        charged(p, data);
    else if (what == EVENT_REVISION)
        revised(p, data);
    else if (what == EVENT_SUSPECT)
        p->suspect = true;
    else if (what == EVENT_NOT_JUDGED)
        not_judged(p, data);
    else if (what == EVENT_ACKNOWLEDGED)
        acknowledged(p, time_ms, data);
    else if (what == EVENT_STATE)
        state_changed(p, data);
    else if (what == EVENT_FINISHED)
        finished(p, time_ms, data);
    else if (what == EVENT_REPLACED)
        replaced(p, time_ms, data);
}

/* ------------------------------------------------------------------ answers */

void provenance_apply_rules(struct provenance *p, const struct hash *opening,
                            const struct contract_definition *definition)
{
    for (size_t i = 0; i < p->excursion_count; i++) {
        struct provenance_excursion *e = &p->excursion[i];
        if (hash_equal(&e->of.opening, opening) && e->of.rule < definition->rule_count)
            e->of_sensor = definition_rule_is_of_sensor(&definition->rules[e->of.rule]);
    }
}

size_t provenance_breaches(const struct provenance *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->excursion_count; i++)
        n += p->excursion[i].opened && !p->excursion[i].of_sensor;
    return n;
}

static bool has_sensor_finding(const struct provenance *p)
{
    for (size_t i = 0; i < p->excursion_count; i++)
        if (p->excursion[i].opened && p->excursion[i].of_sensor)
            return true;
    return false;
}

bool provenance_is_doubtful(const struct provenance_excursion *e)
{
    return e->opened && !e->of_sensor && e->ended && !e->certain;
}

const char *provenance_finding(const struct provenance_excursion *e)
{
    if (e->of_sensor)
        return "sensor";
    return provenance_is_doubtful(e) ? "uncertain" : "out";
}

size_t provenance_doubtful(const struct provenance *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->excursion_count; i++)
        n += provenance_is_doubtful(&p->excursion[i]);
    return n;
}

enum provenance_verdict provenance_judge(const struct provenance *p,
                                         enum provenance_reason *ret_reason)
{
    size_t breaches = provenance_breaches(p), doubtful = provenance_doubtful(p);
    const struct {
        bool holds;
        enum provenance_reason reason;
    } doubts[] = {
        { doubtful > 0, PROVENANCE_ACCURACY },
        { has_sensor_finding(p), PROVENANCE_SENSOR },
        { p->contract_count == 0, PROVENANCE_NO_CONTRACT },
        { p->packs == 0, PROVENANCE_NO_DATA },
        { p->not_judged > 0, PROVENANCE_NOT_JUDGED },
        { p->suspect, PROVENANCE_SUSPECT },
        { p->cut, PROVENANCE_CUT },
    };
    enum provenance_reason reason = PROVENANCE_CLEAR;
    for (size_t i = 0; i < sizeof doubts / sizeof doubts[0] && reason == PROVENANCE_CLEAR; i++)
        if (doubts[i].holds)
            reason = doubts[i].reason;
    if (breaches > doubtful) {
        *ret_reason = PROVENANCE_CLEAR;
        return PROVENANCE_BREACH;
    }
    *ret_reason = reason;
    return reason == PROVENANCE_CLEAR ? PROVENANCE_GOOD : PROVENANCE_UNCERTAIN;
}

const char *provenance_status_name(enum provenance_status status)
{
    switch (status) {
    case PROVENANCE_IN_FORCE: return "in force";
    case PROVENANCE_SUCCEEDED: return "succeeded";
    case PROVENANCE_FAILED: return "failed";
    case PROVENANCE_REPLACED: return "replaced";
    }
    return "in force";
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
    case PROVENANCE_ACCURACY:
        return "Values were out of bounds by no more than the sensor's accuracy.";
    case PROVENANCE_SENSOR: return "A sensor was silent or at fault for a time.";
    case PROVENANCE_NOT_JUDGED: return "Readings came too late to be judged.";
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
