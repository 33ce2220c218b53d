/*
 * Scans: someone had these goods before them. What does not fit what is known of them is told, in the histories
 * of both; evidence is not refused for being unwelcome.
 */
#include "contracts/distance.h"
#include "node/finding.h"
#include "node/goods.h"
#include "node/rules_parts.h"

#include <string.h>

#define GHOSTS_MAX        1000  /* names nobody made that one scan may bring up */
#define FINDINGS_MAX      1000  /* that one scan may tell of; the rest of it counts all the same */
#define USUAL_FASTEST_KMH 1200  /* faster than goods fly */
#define NEAR_METRES       10000 /* what positions and clocks may be off by */
#define MS_AT_1_KMH       3600  /* for a metre */

/* A scan as it is compared with what is known. */
struct sight {
    const struct speaker *by;
    const struct scan *scan;
    uint64_t time_ms; /* as it counts */
    bool has_position;
    struct distance_point at;
    size_t told;    /* findings */
    size_t number;  /* of the name at hand in the scan */
    uint8_t *found; /* of each name: bit i is finding i; NULL while there are none */
};

/* ------------------------------------------------------------------ where */

static bool find_position(struct execution *x, struct slice gln, struct distance_point *ret_point)
{
    struct state_key key = state_key_text(TABLE_PLACE, gln);
    struct place place;
    if (!rules_load_place(x, &key, &place) || !place.has_position)
        return false;
    *ret_point = (struct distance_point){ place.lat, place.lon };
    return true;
}

static uint64_t fastest_of(struct execution *x, const struct hash *opening)
{
    struct instance_life life;
    const struct contract_bound *c = contract_cache_find(x, opening);
    if (c == NULL || !instance_load_life(x, opening, &life) || life.ended || life.replaced)
        return 0;
    return c->terms.fastest_kmh;
}

/* The least that its contracts allow. What it costs to ask them is not to refuse the scan. */
static uint64_t fastest_kmh(struct execution *x, struct slice name)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, name);
    struct slice value;
    uint64_t least = 0;
    if (!execution_get(x, &key, &value))
        return USUAL_FASTEST_KMH;
    struct cbor_reader r = cbor_reader(value);
    for (size_t n = cbor_take_array(&r); n > 0 && instance_may_react(x); n--) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        uint64_t kmh = r.failed ? 0 : fastest_of(x, &opening);
        if (kmh > 0 && (least == 0 || kmh < least))
            least = kmh;
    }
    return least == 0 ? USUAL_FASTEST_KMH : least;
}

/* ------------------------------------------------------------------ what does not fit */

static void tell(struct execution *x, struct sight *s, enum event_finding finding,
                 struct slice name, const struct finding_other *other)
{
    size_t count = s->scan->assets.count;
    if (s->told++ >= FINDINGS_MAX)
        return;
    finding_tell(x, s->by, finding, name, other);
    if (s->found == NULL && (s->found = overlay_alloc(x->overlay, count)) != NULL)
        memset(s->found, 0, count);
    if (s->found != NULL)
        s->found[s->number] |= (uint8_t)(1u << finding);
}

static void compare_end(struct execution *x, struct sight *s, struct slice name,
                        const struct state_goods *g)
{
    if (g->end == GOODS_ACTIVE || s->time_ms <= g->end_ms)
        return;
    struct finding_other other = { .there = true, .statement = g->end_by, .kid = g->end_member };
    tell(x, s, FINDING_AFTER_END, name, &other);
}

/* Whether the goods would have had to go faster than they can. */
static bool is_too_fast(struct execution *x, const struct sight *s, struct slice name,
                        const struct goods_sighting *before)
{
    struct distance_point there = { before->lat, before->lon };
    uint64_t metres = distance_metres(&there, &s->at);
    uint64_t ms =
        s->time_ms > before->time_ms ? s->time_ms - before->time_ms : before->time_ms - s->time_ms;
    if (metres <= NEAR_METRES)
        return false;
    uint64_t kmh = fastest_kmh(x, name);
    return ms <= UINT64_MAX / kmh && metres * MS_AT_1_KMH > kmh * ms;
}

/* Late ones are compared too; the newest stays. True: the asset was changed. */
static bool compare_sighting(struct execution *x, struct sight *s, struct slice name,
                             struct state_goods *g)
{
    if (g->has_sighting && is_too_fast(x, s, name, &g->sighting)) {
        struct finding_other other = { .there = true,
                                       .statement = g->sighting.statement,
                                       .kid = g->sighting.kid };
        tell(x, s, FINDING_IMPOSSIBLE_TRAVEL, name, &other);
    }
    if (g->has_sighting && s->time_ms < g->sighting.time_ms)
        return false;
    g->has_sighting = true;
    g->sighting = (struct goods_sighting){ .time_ms = s->time_ms,
                                           .lat = s->at.lat,
                                           .lon = s->at.lon,
                                           .statement = s->by->st->hash,
                                           .kid = s->by->st->kid };
    return true;
}

static void compare_custody(struct execution *x, struct sight *s, struct slice name,
                            const struct state_asset *a)
{
    if (!s->scan->in_custody || !a->has_custodian || kid_equal(&a->custodian, &s->by->key.member))
        return;
    struct finding_other other = { .there = false, .kid = a->custodian };
    tell(x, s, FINDING_TWO_CUSTODIANS, name, &other);
}

static void compare(struct execution *x, struct sight *s, struct slice name)
{
    struct state_asset a = { .events = 0 };
    bool changed = !execution_asset(x, name, &a);
    if (changed) /* a finding needs an asset to be told of */
        execution_store_asset(x, name, &a);
    if (!state_asset_is_made(&a))
        tell(x, s, FINDING_NEVER_COMMISSIONED, name, NULL);
    else
        compare_end(x, s, name, &a.goods);
    if (s->has_position && compare_sighting(x, s, name, &a.goods))
        execution_store_asset(x, name, &a);
    compare_custody(x, s, name, &a);
}

/* ------------------------------------------------------------------ who is told of it */

/* The names that something was found of. */
static struct asset_set list_found(struct execution *x, const struct sight *s, unsigned finding)
{
    const struct asset_set *all = &s->scan->assets;
    struct asset_set list = { { NULL, 0 }, 0 };
    for (size_t i = 0; i < all->count; i++)
        list.count += s->found[i] >> finding & 1;
    size_t size = list.count * (ASSET_NAME_MAX + 2) + 9; /* a name's head is two bytes at most */
    void *memory = list.count > 0 ? overlay_alloc(x->overlay, size) : NULL;
    if (memory == NULL)
        return (struct asset_set){ { NULL, 0 }, 0 };
    struct buf out = buf_fixed(memory, size);
    struct asset_iter it = asset_set_begin(all);
    cbor_put_array(&out, list.count);
    for (size_t i = 0; asset_set_next(&it); i++)
        if ((s->found[i] >> finding & 1) != 0)
            cbor_put_text(&out, slice_of(it.name, it.name_len));
    list.raw = buf_slice(&out);
    return list;
}

/* Once all is compared: what contracts do about it is not to change what else is found. */
static void tell_contracts(struct execution *x, const struct sight *s, unsigned finding)
{
    struct asset_set found = list_found(x, s, finding);
    struct instance_event e = { .trigger = CONTRACT_ON_FINDING,
                                .detail = finding,
                                .time_ms = s->by->st->link.time_ms };
    if (found.count > 0)
        instance_react_set(x, &found, &e);
}

/* ------------------------------------------------------------------ the statement */

static enum refusal check_names(struct execution *x, const struct scan *s)
{
    size_t ghosts = 0, most = x->context.rules < EXECUTE_RULES_GOODS ? 0 : GHOSTS_MAX;
    struct asset_iter it = asset_set_begin(&s->assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_step(x, EXECUTION_LOOK_STEPS))
            return REFUSED_STEPS;
        if (!execution_asset(x, slice_of(it.name, it.name_len), &a) && ++ghosts > most) {
            execution_explain(x, "%s", it.name);
            return REFUSED_UNKNOWN_ASSET;
        }
    }
    return ACCEPTED;
}

static void compare_all(struct execution *x, const struct speaker *by)
{
    const struct scan *scan = &by->st->as.scan;
    struct sight s = { .by = by,
                       .scan = scan,
                       .time_ms = goods_counted_time(x, by->st->link.time_ms) };
    s.has_position = scan->place.len > 0 && find_position(x, scan->place, &s.at);
    struct asset_iter it = asset_set_begin(&scan->assets);
    for (; !execution_is_over(x) && asset_set_next(&it); s.number++)
        compare(x, &s, slice_of(it.name, it.name_len));
    for (unsigned finding = 0; s.found != NULL && finding <= FINDING_LAST; finding++)
        if (definition_detail_word(CONTRACT_ON_FINDING, finding) != NULL)
            tell_contracts(x, &s, finding);
}

enum refusal rules_scan(struct execution *x, const struct speaker *by)
{
    const struct scan *s = &by->st->as.scan;
    if (!execution_speaks_for_member(by) && by->key.class != CLASS_DEVICE)
        return REFUSED_NOT_ALLOWED;
    enum refusal code = check_names(x, s);
    if (code != ACCEPTED)
        return code;
    struct buf *data = execution_emit(x, EVENT_SCANNED, s->assets.raw, by->st->link.time_ms, 2);
    kid_put(data, &by->st->kid);
    if (s->place.len > 0)
        cbor_put_text(data, s->place);
    else
        cbor_put_null(data);
    if (x->context.rules >= EXECUTE_RULES_GOODS)
        compare_all(x, by);
    struct instance_event e = { .trigger = CONTRACT_ON_SCAN,
                                .time_ms = by->st->link.time_ms,
                                .place = s->place };
    instance_react_set(x, &s->assets, &e);
    return ACCEPTED;
}
