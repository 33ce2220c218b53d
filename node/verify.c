#include "node/verify.h"
#include "common/goods_name.h"

#include "common/event_data.h"
#include "common/gs1.h"
#include "common/state_key.h"
#include "node/goods.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAKINGS_MAX 4096               /* as many as goods may descend from */
#define SLOTS       (4u * MAKINGS_MAX) /* of makings found so far, by hash */
#define NAMES_MAX   1000000            /* goods looked at on the way back */
#define DAY_MS      UINT64_C(86400000)

/* The way back over all makings that goods descend from. */
struct walk {
    const struct state_view *view;
    struct buf value, making, origin; /* of what is looked at, walked through, and came last */
    bool has_origin;                  /* origin holds the making of this: */
    struct hash origin_hash;
    size_t names, next, count;
    struct hash makings[MAKINGS_MAX]; /* found; from next on: not yet walked through */
    uint16_t slots[SLOTS];            /* number of a making, from 1; 0 = free */
    bool too_long;
    bool recalled;
    struct hash recall;
    char recalled_name[ASSET_NAME_MAX + 1];
};

/* What is known of the goods themselves. Borrowed from the bufs. */
struct goods_facts {
    struct slice name;
    struct buf asset_value, making_value, hold_value, lot_hold_value;
    struct state_asset asset;
    bool has_output;
    struct making_output output;
    bool has_lot_name;
    char lot_name[ASSET_NAME_MAX + 1];
    struct state_hold hold, lot_hold;
};

/* ------------------------------------------------------------------ asking the state */

static bool get(const struct state_view *view, struct state_key key, struct buf *value)
{
    buf_clear(value);
    return view->get(view->ctx, state_key_slice(&key), value) && !value->failed;
}

static bool get_asset(const struct state_view *view, struct slice name, struct buf *value,
                      struct state_asset *ret_asset)
{
    return get(view, state_key_text(TABLE_ASSET, name), value) &&
           state_asset_take(buf_slice(value), ret_asset);
}

static bool get_making(const struct state_view *view, const struct hash *statement,
                       struct buf *value, struct state_making *ret_making)
{
    return get(view, state_key_hash(TABLE_MAKING, statement), value) &&
           state_making_take(buf_slice(value), ret_making);
}

static struct state_hold get_hold(const struct state_view *view, struct slice name,
                                  struct buf *value)
{
    struct state_hold hold;
    if (get(view, state_key_text(TABLE_HOLD, name), value) &&
        state_hold_take(buf_slice(value), &hold))
        return hold;
    return (struct state_hold){ .quarantined = false };
}

static bool find_correction(const struct state_view *view, const struct hash *statement,
                            struct hash *ret_correction)
{
    struct buf value = buf_heap(STATE_VALUE_MAX);
    bool found = get(view, state_key_hash(TABLE_CORRECTED, statement), &value);
    if (found) {
        struct cbor_reader r = cbor_reader(buf_slice(&value));
        cbor_take_fixed(&r, ret_correction->bytes, HASH_SIZE);
    }
    buf_free(&value);
    return found;
}

static bool is_corrected(const struct state_view *view, const struct hash *statement)
{
    struct hash correction;
    return find_correction(view, statement, &correction);
}

/* ------------------------------------------------------------------ findings */

void verify_findings_begin(struct verify_findings *f, const struct state_view *view)
{
    *f = (struct verify_findings){ .view = view };
}

void verify_findings_event(struct verify_findings *f, const struct event *event)
{
    struct event_found found;
    if (event->what != EVENT_FINDING || !event_data_finding(event->data, &found) ||
        found.finding > FINDING_LAST || f->stands[found.finding] ||
        is_corrected(f->view, &found.statement) ||
        (found.has_other && is_corrected(f->view, &found.other)))
        return;
    f->stands[found.finding] = true;
    f->statement[found.finding] = found.statement;
}

/* ------------------------------------------------------------------ the way back */

static void look_at_hold(struct walk *w, struct slice name)
{
    struct state_hold hold = get_hold(w->view, name, &w->value);
    if (!hold.recalled || w->recalled)
        return;
    w->recalled = true;
    w->recall = hold.recall;
    memcpy(w->recalled_name, name.data, name.len);
    w->recalled_name[name.len] = '\0';
}

/* Notes a making, unless it was found before. */
static void find_making(struct walk *w, const struct hash *statement)
{
    uint32_t at;
    memcpy(&at, statement->bytes, sizeof at);
    for (at %= SLOTS; w->slots[at] != 0; at = (at + 1) % SLOTS)
        if (hash_equal(&w->makings[w->slots[at] - 1], statement))
            return;
    if (w->count == MAKINGS_MAX) {
        w->too_long = true;
        return;
    }
    w->makings[w->count++] = *statement;
    w->slots[at] = (uint16_t)w->count;
}

/* Goods of one making mostly come one after the other: its record is read once for all of them. */
static bool load_origin(struct walk *w, const struct hash *statement, struct state_making *ret)
{
    if (w->has_origin && hash_equal(&w->origin_hash, statement))
        return state_making_take(buf_slice(&w->origin), ret);
    w->has_origin = get_making(w->view, statement, &w->origin, ret);
    w->origin_hash = *statement;
    return w->has_origin;
}

static void look_at_goods(struct walk *w, struct slice name)
{
    struct state_asset a;
    struct state_making making;
    char lot[ASSET_NAME_MAX + 1];
    if (w->names++ >= NAMES_MAX) {
        w->too_long = true;
        return;
    }
    look_at_hold(w, name);
    if (!get_asset(w->view, name, &w->value, &a) || !a.goods.has_origin)
        return;
    find_making(w, &a.goods.origin);
    if (load_origin(w, &a.goods.origin, &making) && a.goods.origin_output < making.output_count &&
        goods_name_lot(name, making.outputs[a.goods.origin_output].lot, lot))
        look_at_hold(w, slice_text(lot));
}

static void look_at_inputs(struct walk *w, const struct hash *statement)
{
    struct state_making making;
    if (!get_making(w->view, statement, &w->making, &making))
        return;
    struct cbor_reader r = cbor_reader(making.inputs);
    for (size_t i = 0; i < making.input_count; i++) {
        struct asset_set set = asset_set_take(&r);
        struct asset_iter it = asset_set_begin(&set);
        while (!w->recalled && !w->too_long && asset_set_next(&it))
            look_at_goods(w, slice_of(it.name, it.name_len));
    }
}

/* Whether it, or anything that it was made of, is recalled. False: that can't be told. */
static bool look_for_recall(const struct state_view *view, const struct goods_facts *p,
                            struct verify_answer *ret, struct err *err)
{
    struct walk *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(err, ERR_BUSY, "out of memory");
    w->view = view;
    w->value = buf_heap(STATE_VALUE_MAX);
    w->making = buf_heap(STATE_VALUE_MAX);
    w->origin = buf_heap(STATE_VALUE_MAX);
    look_at_goods(w, p->name);
    while (!w->recalled && !w->too_long && w->next < w->count)
        look_at_inputs(w, &w->makings[w->next++]);
    bool told = w->recalled || !w->too_long;
    if (w->recalled) {
        ret->result = VERIFY_RECALLED;
        ret->has_cause = true;
        ret->cause = w->recall;
        ret->has_name = !slice_equal(slice_text(w->recalled_name), p->name);
        memcpy(ret->name, w->recalled_name, sizeof ret->name);
    }
    buf_free(&w->value);
    buf_free(&w->making);
    buf_free(&w->origin);
    free(w);
    return told || err_set(err, ERR_BUSY, "%s descends from more than can be followed", ret->asset);
}

/* ------------------------------------------------------------------ one question after the other */

static void conclude(struct verify_answer *ret, enum verify_result result, const struct hash *cause)
{
    ret->result = result;
    ret->has_cause = cause != NULL;
    if (cause != NULL)
        ret->cause = *cause;
}

/* What the maker said, against the label. */
static void compare_label(const struct goods_facts *p, const struct verify_label *label,
                          struct verify_answer *ret)
{
    if (!p->has_output)
        return;
    ret->lot_compared = label->lot.len > 0 && p->output.lot.len > 0;
    ret->expiry_compared = label->has_expiry && p->output.has_expiry;
    if (ret->lot_compared && !slice_equal(label->lot, p->output.lot))
        conclude(ret, VERIFY_LOT_DIFFERS, &p->asset.goods.origin);
    else if (ret->expiry_compared && label->expiry_ms / DAY_MS != p->output.expiry_ms / DAY_MS)
        conclude(ret, VERIFY_EXPIRY_DIFFERS, &p->asset.goods.origin);
}

static void look_at_quarantine(const struct goods_facts *p, struct verify_answer *ret)
{
    const struct state_hold *hold = p->hold.rejected ? &p->hold : &p->lot_hold;
    if (!hold->rejected && p->hold.quarantined)
        hold = &p->hold;
    if (!hold->quarantined)
        return;
    conclude(ret, hold->rejected ? VERIFY_REJECTED : VERIFY_QUARANTINED, &hold->quarantine);
    ret->has_name = hold == &p->lot_hold;
    if (ret->has_name)
        memcpy(ret->name, p->lot_name, sizeof ret->name);
}

static void look_at_end(const struct goods_facts *p, struct verify_answer *ret)
{
    static const enum verify_result results[] = {
        [GOODS_ACTIVE] = VERIFY_VERIFIED,
        [GOODS_DISPENSED] = VERIFY_DISPENSED,
        [GOODS_DECOMMISSIONED] = VERIFY_DECOMMISSIONED,
        [GOODS_DESTROYED] = VERIFY_DESTROYED,
        [GOODS_USED_UP] = VERIFY_USED_UP,
    };
    if (p->asset.goods.end != GOODS_ACTIVE)
        conclude(ret, results[p->asset.goods.end], &p->asset.goods.end_by);
}

/* The maker's word counts before the label's; a day printed on a label is over when the next begins. */
static void look_at_expiry(const struct goods_facts *p, const struct verify_label *label,
                           uint64_t time_ms, struct verify_answer *ret)
{
    bool kept = p->has_output && p->output.has_expiry;
    if (kept && p->output.expiry_ms <= time_ms)
        conclude(ret, VERIFY_EXPIRED, &p->asset.goods.origin);
    else if (!kept && label->has_expiry && label->expiry_ms / DAY_MS < time_ms / DAY_MS)
        conclude(ret, VERIFY_EXPIRED, NULL);
}

static void look_at_findings(const struct verify_findings *f, struct verify_answer *ret)
{
    static const struct {
        enum event_finding finding;
        enum verify_result result;
    } all[] = {
        { FINDING_MORE_THAN_MADE, VERIFY_MORE_THAN_MADE },
        { FINDING_IMPOSSIBLE_TRAVEL, VERIFY_IMPOSSIBLE_TRAVEL },
        { FINDING_TWO_CUSTODIANS, VERIFY_TWO_CUSTODIANS },
    };
    for (size_t i = 0; f != NULL && i < sizeof all / sizeof all[0]; i++)
        if (ret->result == VERIFY_VERIFIED && f->stands[all[i].finding])
            conclude(ret, all[i].result, &f->statement[all[i].finding]);
}

/* ------------------------------------------------------------------ the product */

static bool load_facts(const struct state_view *view, struct goods_facts *p)
{
    struct state_making making;
    const struct state_goods *g = &p->asset.goods;
    if (!get_asset(view, p->name, &p->asset_value, &p->asset) || !state_asset_is_made(&p->asset))
        return false;
    p->has_output = g->has_origin && get_making(view, &g->origin, &p->making_value, &making) &&
                    g->origin_output < making.output_count;
    if (p->has_output) {
        p->output = making.outputs[g->origin_output];
        p->has_lot_name = goods_name_lot(p->name, p->output.lot, p->lot_name);
    }
    p->hold = get_hold(view, p->name, &p->hold_value);
    if (p->has_lot_name)
        p->lot_hold = get_hold(view, slice_text(p->lot_name), &p->lot_hold_value);
    return true;
}

static bool judge(const struct state_view *view, struct goods_facts *p,
                  const struct verify_label *label, uint64_t time_ms, struct verify_answer *ret,
                  struct err *err)
{
    struct hash correction;
    if (!load_facts(view, p)) {
        conclude(ret, VERIFY_NEVER_COMMISSIONED, NULL);
        return true;
    }
    if (p->asset.goods.has_origin && find_correction(view, &p->asset.goods.origin, &correction))
        conclude(ret, VERIFY_COMMISSION_WITHDRAWN, &correction);
    if (ret->result == VERIFY_VERIFIED)
        compare_label(p, label, ret);
    if (ret->result == VERIFY_VERIFIED && !look_for_recall(view, p, ret, err))
        return false;
    if (ret->result == VERIFY_VERIFIED)
        look_at_quarantine(p, ret);
    if (ret->result == VERIFY_VERIFIED)
        look_at_end(p, ret);
    if (ret->result == VERIFY_VERIFIED)
        look_at_expiry(p, label, time_ms, ret);
    return true;
}

bool verify_asset_name(const struct verify_label *label, char ret_name[ASSET_NAME_MAX + 1],
                       struct err *err)
{
    struct slice gtin = label->gtin, serial = label->serial;
    struct gs1_name name = { .kind = GS1_UNIT };
    if (!gs1_check_key("01", gtin, err))
        return false;
    if (!gs1_value_fits(gs1_find_ai(slice_text("21")), serial))
        return err_set(err, ERR_INPUT,
                       "serial number: expected 1 to 20 of the characters that GS1 allows");
    memcpy(name.key, gtin.data, gtin.len);
    memcpy(name.part, serial.data, serial.len);
    gs1_format_name(&name, ret_name);
    return true;
}

bool verify_product(const struct state_view *view, const struct verify_label *label,
                    const struct verify_findings *findings, uint64_t time_ms,
                    struct verify_answer *ret_answer, struct err *err)
{
    struct verify_answer answer = { .result = VERIFY_VERIFIED };
    if (!verify_asset_name(label, answer.asset, err))
        return false;
    struct goods_facts p = { .name = slice_text(answer.asset),
                             .asset_value = buf_heap(STATE_VALUE_MAX),
                             .making_value = buf_heap(STATE_VALUE_MAX),
                             .hold_value = buf_heap(STATE_VALUE_MAX),
                             .lot_hold_value = buf_heap(STATE_VALUE_MAX) };
    bool told = judge(view, &p, label, time_ms, &answer, err);
    if (told && answer.result == VERIFY_VERIFIED)
        look_at_findings(findings, &answer);
    buf_free(&p.asset_value);
    buf_free(&p.making_value);
    buf_free(&p.hold_value);
    buf_free(&p.lot_hold_value);
    if (told)
        *ret_answer = answer;
    return told;
}

/* ------------------------------------------------------------------ in words */

static const struct {
    const char *name, *sentence;
} words[VERIFY_LAST + 1] = {
    [VERIFY_VERIFIED] = { "VERIFIED",
                          "Its maker put it on the ledger, and nothing speaks against it." },
    [VERIFY_NEVER_COMMISSIONED] = { "NEVER_COMMISSIONED", "Nobody on this ledger ever made a "
                                                          "product with this serial number." },
    [VERIFY_COMMISSION_WITHDRAWN] = { "COMMISSION_WITHDRAWN",
                                      "Its maker has declared the statement that brought it into "
                                      "being wrong." },
    [VERIFY_LOT_DIFFERS] = { "LOT_DIFFERS",
                             "Its maker put it into another lot than the label says." },
    [VERIFY_EXPIRY_DIFFERS] = { "EXPIRY_DIFFERS",
                                "Its maker gave it another expiry date than the label says." },
    [VERIFY_RECALLED] = { "RECALLED", "It, its lot or something that it was made of is recalled." },
    [VERIFY_REJECTED] = { "REJECTED",
                          "It was rejected: it goes back to its maker or is destroyed." },
    [VERIFY_QUARANTINED] = { "QUARANTINED", "It is in quarantine: it may not be handed over." },
    [VERIFY_DISPENSED] = { "DISPENSED", "It was dispensed already." },
    [VERIFY_DESTROYED] = { "DESTROYED", "It was destroyed." },
    [VERIFY_DECOMMISSIONED] = { "DECOMMISSIONED", "Its name was taken off the goods for good." },
    [VERIFY_USED_UP] = { "USED_UP", "It was used up in making something else." },
    [VERIFY_EXPIRED] = { "EXPIRED", "Its expiry date is past." },
    [VERIFY_MORE_THAN_MADE] = { "MORE_THAN_MADE",
                                "It is beyond the number its lot was declared to have." },
    [VERIFY_IMPOSSIBLE_TRAVEL] = { "IMPOSSIBLE_TRAVEL", "It was seen in two places too far apart "
                                                        "for the time between." },
    [VERIFY_TWO_CUSTODIANS] = { "TWO_CUSTODIANS", "Two companies say that they have it." },
};

const char *verify_result_name(enum verify_result result)
{
    assert(result <= VERIFY_LAST);
    return words[result].name;
}

const char *verify_result_sentence(enum verify_result result)
{
    assert(result <= VERIFY_LAST);
    return words[result].sentence;
}
