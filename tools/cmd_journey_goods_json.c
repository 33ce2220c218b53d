#include "tools/cmd_journey_goods.h"

#include "common/event_data.h"
#include "tools/goods_words.h"

/* ------------------------------------------------------------------ events */

static void put_handover(const struct cmd_home *home, const struct journey_line *l,
                         struct json_doc *doc)
{
    struct event_handover h;
    struct event_received r;
    struct hash offer;
    if (l->event == EVENT_OFFER_EXPIRED && event_data_handover(l->data, &h)) {
        json_doc_put_hex(doc, "offer", hash_slice(&h.offer));
        goods_words_put_member(home, doc, "from", &h.from);
        goods_words_put_member(home, doc, "to", &h.to);
    } else if (l->event == EVENT_RECEIVED && event_data_received(l->data, &r)) {
        json_doc_put_hex(doc, "offer", hash_slice(&r.offer));
        json_doc_put_int(doc, "missing", (int64_t)r.missing);
        json_doc_put_int(doc, "surplus", (int64_t)r.surplus);
        json_doc_put_int(doc, "damaged", (int64_t)r.damaged);
    } else if (l->event == EVENT_NOT_RECEIVED && event_data_not_received(l->data, &offer)) {
        json_doc_put_hex(doc, "offer", hash_slice(&offer));
    }
}

static void put_bound(struct slice data, struct json_doc *doc)
{
    static const char *const seals[] = { "intact", "broken", "none" };
    struct event_bound b;
    if (!event_data_bound(data, &b))
        return;
    json_doc_put_hex(doc, "of", hash_slice(&b.statement));
    if (b.has_reading) {
        json_doc_put_hex(doc, "device", kid_slice(&b.device));
        json_doc_put_hex(doc, "reading", hash_slice(&b.reading));
    }
    if (b.has_seal && b.seal <= SEAL_NONE) {
        json_doc_put_text(doc, "seal", seals[b.seal]);
        json_doc_put_slice(doc, "seal_number", b.seal_number);
    }
}

static void put_load(const struct journey_line *l, struct json_doc *doc)
{
    struct event_load load;
    struct slice container;
    if ((l->event == EVENT_PACKED || l->event == EVENT_UNPACKED) &&
        event_data_container(l->data, &container)) {
        json_doc_put_slice(doc, "container", container);
    } else if ((l->event == EVENT_LOADED || l->event == EVENT_UNLOADED) &&
               event_data_load(l->data, &load)) {
        json_doc_put_int(doc, "moved", (int64_t)load.moved);
        json_doc_put_int(doc, "inside", (int64_t)load.inside);
    }
}

static void put_making(const struct journey_line *l, struct json_doc *doc)
{
    struct event_made m;
    struct event_used u;
    struct statement st;
    if (l->event == EVENT_MADE && event_data_made(l->data, &m)) {
        json_doc_put_text(doc, "action", goods_words_making(m.action));
        json_doc_put_int(doc, "output", (int64_t)m.output);
    } else if (l->event == EVENT_USED && event_data_used(l->data, &u)) {
        json_doc_put_text(doc, "action", goods_words_making(u.action));
        if (u.has_amount)
            goods_words_put_amount(doc, "amount", &u.amount);
    }
    if (statement_decode(l->statement, &st, NULL) && st.kind == KIND_MAKE)
        goods_words_put_make(doc, &st.as.make);
}

static void put_disposition(const struct cmd_home *home, struct slice data, struct json_doc *doc)
{
    struct event_disposition d;
    if (!event_data_disposition(data, &d))
        return;
    json_doc_put_text(doc, "action", disposition_action_name((enum disposition_action)d.action));
    goods_words_put_member(home, doc, "member", &d.member);
    if (d.meaning.len > 0)
        json_doc_put_slice(doc, "meaning", d.meaning);
    if (d.reason.len > 0)
        json_doc_put_slice(doc, "reason", d.reason);
}

static void put_certified(const struct cmd_home *home, const struct journey_line *l,
                          struct json_doc *doc)
{
    struct event_certified c;
    if (!event_data_certified(l->data, &c))
        return;
    json_doc_put_hex(doc, "certificate", hash_slice(&c.certificate));
    json_doc_put_slice(doc, "name", c.name);
    goods_words_put_member(home, doc, "issuer", &c.issuer);
    goods_words_put_time(doc, "from", c.from_ms);
    if (l->event == EVENT_CERTIFIED)
        goods_words_put_time(doc, "until", c.until_ms);
}

static void put_objection(const struct cmd_home *home, const struct journey_line *l,
                          struct json_doc *doc)
{
    struct statement st;
    struct event_corrected c;
    struct event_disputed d;
    bool decoded = statement_decode(l->statement, &st, NULL);
    if (l->event == EVENT_CORRECTED && event_data_corrected(l->data, &c)) {
        json_doc_put_hex(doc, "original", hash_slice(&c.original));
        json_doc_put_text(doc, "kind", statement_kind_name((enum statement_kind)c.kind));
        if (decoded && st.kind == KIND_CORRECTION) {
            json_doc_put_slice(doc, "meaning", st.as.correction.meaning);
            json_doc_put_slice(doc, "reason", st.as.correction.reason);
        }
    } else if (l->event == EVENT_DISPUTED && event_data_disputed(l->data, &d)) {
        json_doc_put_hex(doc, "original", hash_slice(&d.statement));
        goods_words_put_member(home, doc, "member", &d.member);
        if (decoded && st.kind == KIND_DISPUTE)
            json_doc_put_slice(doc, "reason", st.as.dispute.reason);
    }
}

static void put_finding(const struct cmd_home *home, struct slice data, struct json_doc *doc)
{
    struct event_found f;
    if (!event_data_finding(data, &f))
        return;
    json_doc_put_text(doc, "finding", provenance_found_name(f.finding));
    json_doc_put_text(doc, "sentence", provenance_found_sentence(f.finding));
    json_doc_put_hex(doc, "evidence", hash_slice(&f.statement));
    if (f.has_other)
        json_doc_put_hex(doc, "other", hash_slice(&f.other));
    goods_words_put_member(home, doc, "key", &f.kid);
}

void journey_goods_json(const struct cmd_home *home, const struct journey_line *line,
                        struct json_doc *doc)
{
    struct event_revealed r;
    if (line->event == EVENT_BOUND)
        put_bound(line->data, doc);
    else if (line->event >= EVENT_PACKED && line->event <= EVENT_UNLOADED)
        put_load(line, doc);
    else if (line->event == EVENT_MADE || line->event == EVENT_USED)
        put_making(line, doc);
    else if (line->event == EVENT_DISPOSITION)
        put_disposition(home, line->data, doc);
    else if (line->event == EVENT_CERTIFIED || line->event == EVENT_CERTIFICATE_REVOKED)
        put_certified(home, line, doc);
    else if (line->event == EVENT_CORRECTED || line->event == EVENT_DISPUTED)
        put_objection(home, line, doc);
    else if (line->event == EVENT_FINDING)
        put_finding(home, line->data, doc);
    else if (line->event == EVENT_REVEALED && event_data_revealed(line->data, &r))
        json_doc_put_text(doc, "result", provenance_reveal_name(r.result));
    else
        put_handover(home, line, doc);
}

/* ------------------------------------------------------------------ how they stand */

static void put_hold(const struct cmd_home *home, struct json_doc *doc, const char *key,
                     const struct provenance_hold *h)
{
    if (!h->there)
        return;
    struct json_doc *one = json_doc_put_object(doc, key);
    json_doc_put_hex(one, "statement", hash_slice(&h->statement));
    goods_words_put_member(home, one, "member", &h->member);
    goods_words_put_time(one, "since", h->since_ms);
    json_doc_put_bool(one, "rejected", h->rejected);
    if (h->meaning[0] != '\0')
        json_doc_put_text(one, "meaning", h->meaning);
    if (h->reason[0] != '\0')
        json_doc_put_text(one, "reason", h->reason);
}

void journey_goods_json_standing(const struct cmd_home *home, const struct journey *j,
                                 struct json_doc *doc)
{
    const struct provenance_goods *g = &j->provenance.goods;
    const struct provenance_box *box = provenance_goods_box(g);
    json_doc_put_int(doc, "findings", (int64_t)provenance_goods_findings(g));
    put_hold(home, doc, "recall", &g->recall);
    put_hold(home, doc, "quarantine", &g->quarantine);
    if (box != NULL)
        json_doc_put_text(doc, "container", box->container);
    if (g->inside > 0)
        json_doc_put_int(doc, "inside", (int64_t)g->inside);
    json_doc_put_text(doc, "state", provenance_end_name(g->end));
}
