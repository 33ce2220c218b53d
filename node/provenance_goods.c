#include "node/provenance_goods.h"

#include <string.h>

static void copy_text(struct slice text, char *ret, size_t room)
{
    size_t len = text.len < room ? text.len : room - 1;
    if (len > 0)
        memcpy(ret, text.data, len);
    ret[len] = '\0';
}

/* ------------------------------------------------------------------ packing */

static void unpacked(struct provenance_goods *g, uint64_t time_ms)
{
    if (g->box_count == 0 || g->box[g->box_count - 1].ended)
        return;
    g->box[g->box_count - 1].ended = true;
    g->box[g->box_count - 1].to_ms = time_ms;
}

static void packed(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct slice name;
    if (!event_data_container(data, &name))
        return;
    unpacked(g, time_ms);
    if (g->box_count == PROVENANCE_BOXES) { /* the newest are what is asked for */
        memmove(&g->box[0], &g->box[1], (PROVENANCE_BOXES - 1) * sizeof g->box[0]);
        g->box_count--;
        g->cut = true;
    }
    struct provenance_box *box = &g->box[g->box_count++];
    *box = (struct provenance_box){ .from_ms = time_ms };
    copy_text(name, box->container, sizeof box->container);
}

static void loaded(struct provenance_goods *g, struct slice data)
{
    struct event_load l;
    if (event_data_load(data, &l))
        g->inside = l.inside;
}

/* ------------------------------------------------------------------ fate */

static void hold(struct provenance_hold *h, const struct event_disposition *d, uint64_t time_ms)
{
    if (h->there)
        return;
    *h = (struct provenance_hold){
        .there = true, .statement = d->statement, .member = d->member, .since_ms = time_ms
    };
    copy_text(d->meaning, h->meaning, sizeof h->meaning);
    copy_text(d->reason, h->reason, sizeof h->reason);
}

static void end(struct provenance_goods *g, enum goods_end how, const struct hash *by,
                uint64_t time_ms)
{
    g->end = how;
    g->ended_by = *by;
    g->end_ms = time_ms;
}

static void disposed(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct event_disposition d;
    if (!event_data_disposition(data, &d) || d.action > DISPOSITION_DESTROY)
        return;
    switch ((enum disposition_action)d.action) {
    case DISPOSITION_QUARANTINE: hold(&g->quarantine, &d, time_ms); break;
    case DISPOSITION_RELEASE: g->quarantine.there = false; break;
    case DISPOSITION_REJECT: g->quarantine.rejected = true; break;
    case DISPOSITION_RETURN:
        g->end = GOODS_ACTIVE;
        hold(&g->quarantine, &d, time_ms);
        break;
    case DISPOSITION_RECALL: hold(&g->recall, &d, time_ms); break;
    case DISPOSITION_END_RECALL: g->recall.there = false; break;
    case DISPOSITION_DECOMMISSION: end(g, GOODS_DECOMMISSIONED, &d.statement, time_ms); break;
    case DISPOSITION_DISPENSE: end(g, GOODS_DISPENSED, &d.statement, time_ms); break;
    case DISPOSITION_DESTROY: end(g, GOODS_DESTROYED, &d.statement, time_ms); break;
    }
}

static void made(struct provenance_goods *g, struct slice data)
{
    struct event_made m;
    if (!event_data_made(data, &m))
        return;
    g->made = true;
    g->origin = m;
}

/* Only the whole of it ends it for certain: what is left of a part, the ledger's state tells. */
static void used(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct event_used u;
    if (event_data_used(data, &u) && !u.has_amount)
        end(g, GOODS_USED_UP, &u.making, time_ms);
}

/* ------------------------------------------------------------------ what was said of it */

static void found(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct event_found f;
    if (!event_data_finding(data, &f))
        return;
    if (g->finding_count == PROVENANCE_FINDINGS)
        g->cut = true;
    else
        g->finding[g->finding_count++] = (struct provenance_found){ f, time_ms, false };
}

static void undo(struct provenance_goods *g, const struct hash *original)
{
    for (size_t i = 0; i < g->finding_count; i++) {
        struct provenance_found *f = &g->finding[i];
        if (hash_equal(&f->of.statement, original) ||
            (f->of.has_other && hash_equal(&f->of.other, original)))
            f->withdrawn = true;
    }
    if (hash_equal(&g->quarantine.statement, original))
        g->quarantine.there = false;
    if (hash_equal(&g->recall.statement, original))
        g->recall.there = false;
    if (hash_equal(&g->ended_by, original))
        g->end = GOODS_ACTIVE;
}

static void corrected(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct event_corrected c;
    if (!event_data_corrected(data, &c))
        return;
    undo(g, &c.original);
    if (g->correction_count == PROVENANCE_CORRECTIONS)
        g->cut = true;
    else
        g->correction[g->correction_count++] = (struct provenance_correction){ c, time_ms };
}

static void disputed(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct event_disputed d;
    if (!event_data_disputed(data, &d))
        return;
    if (g->dispute_count == PROVENANCE_DISPUTES)
        g->cut = true;
    else
        g->dispute[g->dispute_count++] = (struct provenance_dispute){ d, time_ms };
}

static void revealed(struct provenance_goods *g, uint64_t time_ms, struct slice data)
{
    struct event_revealed r;
    if (!event_data_revealed(data, &r))
        return;
    g->last_reveal = r;
    g->reveals++;
    if (r.result != REVEAL_AUTHENTIC_OPENED && r.result != REVEAL_TAMPER)
        return;
    g->label_opened = true;
    g->label_opened_ms = time_ms;
    g->label_result = r.result;
}

void provenance_goods_add(struct provenance_goods *g, enum event_what what, uint64_t time_ms,
                          struct slice data)
{
    if (what == EVENT_COMMISSIONED)
        g->made = true;
    else if (what == EVENT_PACKED)
        packed(g, time_ms, data);
    else if (what == EVENT_UNPACKED)
        unpacked(g, time_ms);
    else if (what == EVENT_LOADED || what == EVENT_UNLOADED)
        loaded(g, data);
    else if (what == EVENT_MADE)
        made(g, data);
    else if (what == EVENT_USED)
        used(g, time_ms, data);
    else if (what == EVENT_DISPOSITION)
        disposed(g, time_ms, data);
    else if (what == EVENT_FINDING)
        found(g, time_ms, data);
    else if (what == EVENT_CORRECTED)
        corrected(g, time_ms, data);
    else if (what == EVENT_DISPUTED)
        disputed(g, time_ms, data);
    else if (what == EVENT_REVEALED)
        revealed(g, time_ms, data);
}

/* ------------------------------------------------------------------ answers */

const struct provenance_box *provenance_goods_box(const struct provenance_goods *g)
{
    const struct provenance_box *last = g->box_count > 0 ? &g->box[g->box_count - 1] : NULL;
    return last == NULL || last->ended ? NULL : last;
}

size_t provenance_goods_findings(const struct provenance_goods *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->finding_count; i++)
        n += !g->finding[i].withdrawn;
    return n;
}

const char *provenance_end_name(enum goods_end end)
{
    switch (end) {
    case GOODS_ACTIVE: return "active";
    case GOODS_DISPENSED: return "dispensed";
    case GOODS_DECOMMISSIONED: return "decommissioned";
    case GOODS_DESTROYED: return "destroyed";
    case GOODS_USED_UP: return "used up";
    }
    return "active";
}

const char *provenance_found_name(uint64_t finding)
{
    static const char *const names[FINDING_LAST + 1] = {
        [FINDING_NEVER_COMMISSIONED] = "NEVER_COMMISSIONED",
        [FINDING_AFTER_END] = "AFTER_END",
        [FINDING_MORE_THAN_MADE] = "MORE_THAN_MADE",
        [FINDING_IMPOSSIBLE_TRAVEL] = "IMPOSSIBLE_TRAVEL",
        [FINDING_TWO_CUSTODIANS] = "TWO_CUSTODIANS",
    };
    return finding == 0 || finding > FINDING_LAST ? "UNKNOWN" : names[finding];
}

const char *provenance_found_sentence(uint64_t finding)
{
    static const char *const sentences[FINDING_LAST + 1] = {
        [FINDING_NEVER_COMMISSIONED] = "It was scanned, but nobody here ever made it.",
        [FINDING_AFTER_END] = "It was scanned after it had been dispensed, used up or destroyed.",
        [FINDING_MORE_THAN_MADE] = "It is a unit beyond the number that its lot was said to have.",
        [FINDING_IMPOSSIBLE_TRAVEL] = "It was scanned in two places too far apart: one is a copy.",
        [FINDING_TWO_CUSTODIANS] = "Two companies say that they have it.",
    };
    return finding == 0 || finding > FINDING_LAST ? "Something is wrong with it."
                                                  : sentences[finding];
}

const char *provenance_reveal_name(uint64_t result)
{
    static const char *const names[] = {
        [REVEAL_AUTHENTIC_OPENED] = "AUTHENTIC_OPENED",
        [REVEAL_ALREADY_OPENED] = "ALREADY_OPENED",
        [REVEAL_TAMPER] = "TAMPER",
        [REVEAL_MISMATCH] = "MISMATCH",
    };
    return result < sizeof names / sizeof names[0] ? names[result] : "UNKNOWN";
}
