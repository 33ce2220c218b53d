#include "node/page.h"

#include "common/hex.h"
#include "node/rule_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define POINTS 240 /* buckets of a chart: about three units of its width each */

/* ------------------------------------------------------------------ frame */

static void begin(struct buf *out, const char *title, bool demo)
{
    page_markup(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<meta name=\"color-scheme\" content=\"light dark\"><title>");
    page_text(out, title);
    page_markup(out, " · Waybill</title><link rel=\"stylesheet\" href=\"/web/page.css\">"
                     "<script src=\"/web/page.js\" defer></script></head>\n<body>"
                     "<header class=\"top\"><span class=\"logo\">Waybill</span>"
                     "<span class=\"tagline\">where it has been, checked</span></header>\n");
    if (demo)
        page_markup(out, "<p class=\"demo\" role=\"note\"><strong>Demo.</strong> This ledger is a "
                         "demonstration on a virtual clock; nothing here is about real goods.</p>");
    page_markup(out, "<main>\n");
}

static void end(struct buf *out)
{
    page_markup(out, "</main></body></html>\n");
}

void page_problem(unsigned status, const char *reason, struct buf *out)
{
    const char *title = status == 404   ? "Nothing is known of it"
                        : status == 400 ? "This is not a label's address"
                                        : "It cannot be shown now";
    begin(out, title, false);
    page_markup(out, "<section class=\"card\"><h1>%s</h1><p>", title);
    page_text(out, reason);
    page_markup(out, ".</p></section>");
    end(out);
}

/* ------------------------------------------------------------------ the answer first */

static const char *const verdict_words[] = {
    [PROVENANCE_GOOD] = "Kept as agreed",
    [PROVENANCE_BREACH] = "Not kept as agreed",
    [PROVENANCE_UNCERTAIN] = "This cannot be told",
};
static const char *const verdict_class[] = {
    [PROVENANCE_GOOD] = "good",
    [PROVENANCE_BREACH] = "breach",
    [PROVENANCE_UNCERTAIN] = "uncertain",
};
static const char *const verdict_sign[] = {
    [PROVENANCE_GOOD] = "✓",
    [PROVENANCE_BREACH] = "!",
    [PROVENANCE_UNCERTAIN] = "?",
};

static uint64_t breach_seconds(const struct provenance *p)
{
    uint64_t seconds = 0;
    for (size_t i = 0; i < p->excursion_count; i++)
        if (p->excursion[i].opened)
            seconds += provenance_seconds(&p->excursion[i]);
    return seconds;
}

static void put_verdict(const struct asset_view *v, struct buf *out)
{
    const struct provenance *p = &v->journey;
    size_t breaches = provenance_breaches(p);
    page_markup(out,
                "<div class=\"verdict %s\"><span class=\"sign\" aria-hidden=\"true\">%s</span>"
                "<div><h2>%s</h2><p>",
                verdict_class[v->verdict], verdict_sign[v->verdict], verdict_words[v->verdict]);
    switch (v->verdict) {
    case PROVENANCE_GOOD:
        page_markup(out, "Every recorded value stayed within the contract.");
        break;
    case PROVENANCE_BREACH:
        page_markup(out, "%zu time%s out of bounds, ", breaches, breaches == 1 ? "" : "s");
        page_duration(out, breach_seconds(p));
        page_markup(out, " in all.");
        if (provenance_doubtful(p) > 0)
            page_markup(out, " %zu of them could be the sensor's error.", provenance_doubtful(p));
        break;
    case PROVENANCE_UNCERTAIN: page_text(out, provenance_reason_sentence(v->reason)); break;
    }
    page_markup(out, "</p></div></div>");
}

static void put_product(const struct asset_view *v, struct buf *out)
{
    char human[GS1_HUMAN_MAX + 1];
    gs1_format_human(&v->gs1, human);
    page_markup(out, "<section class=\"card hero\">");
    if (v->has_product && v->product.brand[0] != '\0') {
        page_markup(out, "<p class=\"brand\">");
        page_text(out, v->product.brand);
        page_markup(out, "</p>");
    }
    page_markup(out, "<h1>");
    page_text(out, v->has_product ? v->product.name : v->name);
    page_markup(out, "</h1><p class=\"id\">");
    page_text(out, human);
    page_markup(out, "</p>");
    put_verdict(v, out);
    page_markup(out, "</section>\n");
}

/* ------------------------------------------------------------------ journey */

static void put_stop(struct api_context *c, size_t i, struct buf *out)
{
    const struct provenance *p = &c->view->journey;
    const struct provenance_interval *v = &p->interval[i];
    char name[READ_MODEL_NAME + 1];
    read_model_member_name(c->store, &v->member, name);
    page_markup(out, "<li%s><strong>", v->ended ? "" : " class=\"now\"");
    page_text(out, name);
    page_markup(out, "</strong><span class=\"when\">");
    if (v->ended) {
        page_span(out, v->from_ms, v->to_ms);
    } else {
        page_time(out, v->from_ms);
        page_markup(out, ", holds it now");
    }
    page_markup(out, "</span></li>");
}

static void put_journey(struct api_context *c, struct buf *out)
{
    const struct provenance *p = &c->view->journey;
    page_markup(out, "<section class=\"card\"><h2>Journey</h2><ol class=\"stops\">");
    for (size_t i = 0; i < p->interval_count; i++)
        if (p->interval[i].role == 0)
            put_stop(c, i, out);
    page_markup(out, "</ol>");
    if (c->view->stand.offer[ROLE_CUSTODIAN].open) {
        char name[READ_MODEL_NAME + 1];
        read_model_member_name(c->store, &c->view->stand.offer[ROLE_CUSTODIAN].to, name);
        page_markup(out, "<p>Offered to ");
        page_text(out, name);
        page_markup(out, ", who has not answered yet.</p>");
    }
    page_goods_notes(c->view, out);
    page_markup(out, "<p class=\"note\">Both sides signed each handover. Times are UTC.</p>"
                     "</section>\n");
}

/* ------------------------------------------------------------------ charts */

static bool put_charts(struct api_context *c, struct buf *out, struct err *err)
{
    static const struct {
        uint16_t property;
        const char *title;
    } wanted[] = {
        { PROPERTY_TEMPERATURE, "Temperature" },
        { PROPERTY_HUMIDITY, "Humidity" },
    };
    const struct provenance *p = &c->view->journey;
    for (size_t i = 0; i < 2; i++) {
        c->series[i].property = wanted[i].property;
        series_begin(&c->series[i].series, p->first_reading_ms, p->last_reading_ms, POINTS);
    }
    if (!asset_view_read(c->store, c->view->id, c->series, 2, c->samples, err))
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (c->series[i].series.samples == 0)
            continue;
        page_markup(out, "<section class=\"card\"><h2>%s</h2><figure>", wanted[i].title);
        page_chart(c, &c->series[i], out);
        page_markup(out,
                    "<figcaption>%" PRIu64 " signed readings. The band runs from the lowest to the "
                    "highest value of each moment; nothing is averaged.</figcaption></figure>"
                    "</section>\n",
                    c->series[i].series.samples);
    }
    return true;
}

/* ------------------------------------------------------------------ excursions */

/* The rule of an excursion; NULL when its contract is not known. */
static const struct contract_rule *rule_of(const struct asset_view *v,
                                           const struct provenance_excursion *e)
{
    const struct asset_contract *c = asset_view_contract(v, &e->of.opening);
    return c == NULL || e->of.rule >= c->definition.rule_count ? NULL
                                                               : &c->definition.rules[e->of.rule];
}

static void put_shares(struct api_context *c, const struct provenance_excursion *e, struct buf *out)
{
    page_markup(out, "<ul class=\"shares\">");
    for (size_t i = 0; i < e->share_count; i++) {
        char name[READ_MODEL_NAME + 1] = "nobody";
        if (e->share[i].held)
            read_model_member_name(c->store, &e->share[i].member, name);
        page_markup(out, "<li>");
        page_duration(out, e->share[i].seconds);
        page_markup(out, " with ");
        page_text(out, name);
        page_markup(out, "</li>");
    }
    page_markup(out, "</ul>");
}

/* What was found: when, how far, and whether the sensor is to be believed. */
static void put_finding(struct api_context *c, const struct provenance_excursion *e,
                        struct buf *out)
{
    const struct contract_rule *rule = rule_of(c->view, e);
    const char *unit = rule == NULL ? "" : rule_words_unit(rule);
    char amount[RULE_WORDS_SIZE];
    page_markup(out, "<p>");
    if (e->ended) {
        page_span(out, e->of.from_ms, e->to_ms);
    } else {
        page_time(out, e->of.from_ms);
        page_markup(out, ", and it goes on");
    }
    if (e->ended && (rule == NULL || rule_words_has_peak(rule))) {
        rule_words_amount(e->peak, e->peak_exponent, unit, amount);
        page_markup(out, ", ");
        page_text(out, amount);
        rule_words_amount(e->mean, e->mean_exponent, unit, amount);
        page_markup(out, " at worst, ");
        page_text(out, amount);
        page_markup(out, " on average");
    }
    page_markup(out, "</p>");
    if (provenance_is_doubtful(e))
        page_markup(out,
                    "<p class=\"note\"><strong>Uncertain:</strong> the sensor's accuracy could "
                    "explain it.</p>");
}

static void put_acknowledgement(struct api_context *c, const struct provenance_excursion *e,
                                struct buf *out)
{
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct slice comment = { NULL, 0 };
    struct statement call;
    struct kid member;
    char name[READ_MODEL_NAME + 1];
    if (!e->acknowledged)
        return;
    page_markup(out, "<p class=\"note\">Acknowledged ");
    page_time(out, e->acknowledged_ms);
    if (asset_view_acknowledgement(c->store, c->view, e, &bytes, &call)) {
        if (!read_model_key_member(c->store, &call.kid, &member))
            member = call.kid;
        read_model_member_name(c->store, &member, name);
        page_markup(out, " by ");
        page_text(out, name);
        if (call_text(&call.as.call, "comment", &comment) && comment.len > 0) {
            page_markup(out, ": ");
            page_slice(out, comment);
        }
    }
    page_markup(out, "</p>");
    buf_free(&bytes);
}

static void put_excursion(struct api_context *c, const struct provenance_excursion *e,
                          struct buf *out)
{
    char rule[DEFINITION_MAX_NAME + 1];
    asset_view_rule_name(c->view, e, rule);
    page_markup(out, "<li><h3>");
    page_text(out, rule);
    page_markup(out, "</h3>");
    put_finding(c, e, out);
    put_shares(c, e, out);
    put_acknowledgement(c, e, out);
    if (e->revisions > 0)
        page_markup(out,
                    "<p class=\"note\">Charged anew %" PRIu64 " time%s, when later facts "
                    "arrived.</p>",
                    e->revisions, e->revisions == 1 ? "" : "s");
    page_markup(out, "</li>");
}

static void put_excursions(struct api_context *c, struct buf *out)
{
    const struct provenance *p = &c->view->journey;
    if (provenance_breaches(p) == 0 && c->view->reason != PROVENANCE_SENSOR)
        return;
    page_markup(out, "<section class=\"card\"><h2>What went wrong</h2><ul class=\"excursions\">");
    for (size_t i = 0; i < p->excursion_count; i++)
        if (p->excursion[i].opened)
            put_excursion(c, &p->excursion[i], out);
    page_markup(out, "</ul><p class=\"note\">Every second out of bounds is charged to whoever held "
                     "the goods in that second.</p></section>\n");
}

/* "Status: in force since …; state: travelling." */
static void put_contract_state(const struct asset_view *v, size_t i, struct buf *out)
{
    const struct provenance_contract *c = &v->journey.contract[i];
    struct slice state = asset_view_state_name(v, i);
    page_markup(out, "<p class=\"note\">Status: %s since ", provenance_status_name(c->status));
    page_time(out, c->status_ms);
    if (state.len > 0) {
        page_markup(out, "; state: <strong>");
        page_slice(out, state);
        page_markup(out, "</strong>");
    }
    page_markup(out, ".</p>");
}

static void put_contracts(const struct asset_view *v, struct buf *out)
{
    for (size_t i = 0; i < v->contract_count; i++) {
        const struct asset_contract *c = &v->contract[i];
        if (!c->known)
            continue;
        page_markup(out, "<section class=\"card\"><h2>Agreed: ");
        page_slice(out, c->definition.name);
        page_markup(out, "</h2><p>");
        page_slice(out, c->definition.summary);
        page_markup(out, "</p>");
        put_contract_state(v, i, out);
        page_markup(out, "</section>\n");
    }
}

/* ------------------------------------------------------------------ proof */

/* A path of our own making: names hold no character that a path would give a meaning to, once encoded. */
static void put_path(const struct asset_view *v, struct buf *out)
{
    for (const char *p = v->gs1.part; *p != '\0'; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= 'a' && *p <= 'z') || *p == '-' || *p == '_';
        if (plain)
            buf_add_byte(out, (uint8_t)*p);
        else
            page_markup(out, "%%%02X", (unsigned)(uint8_t)*p);
    }
}

static void put_link(const struct asset_view *v, const char *what, const char *label,
                     struct buf *out)
{
    page_markup(out, "<a href=\"/v1/assets/%s/%s", v->gs1.kind == GS1_LOGISTIC ? "00" : "01",
                v->gs1.key);
    if (v->gs1.kind != GS1_LOGISTIC)
        page_markup(out, "/%s/", v->gs1.kind == GS1_UNIT ? "21" : "10");
    put_path(v, out);
    page_markup(out, "/%s\">%s</a>", what, label);
}

static void put_proof(struct api_context *c, struct buf *out)
{
    const struct asset_view *v = c->view;
    char ledger[2 * HASH_SIZE + 1];
    struct authority_set set = { .count = 0 };
    (void)proof_set_at(c->store, &c->identity, v->head.height, &set, NULL, NULL);
    hex_encode(hash_slice(&v->head.ledger), ledger);
    page_markup(out,
                "<section class=\"card proof\"><h2>Proof</h2><dl>"
                "<div><dt>Events</dt><dd>%" PRIu64 ", the newest at leaf %" PRIu64 "</dd></div>"
                "<div><dt>Head</dt><dd>block <span id=\"head\" data-height=\"%" PRIu64 "\">%" PRIu64
                "</span>, ",
                v->journey.events, v->last_leaf, v->head.height, v->head.height);
    page_time(out, v->head.time_ms);
    page_markup(out,
                "<span id=\"fresh\" role=\"status\"></span></dd></div>"
                "<div><dt>Seals</dt><dd>%zu of %zu authorities, %zu needed</dd></div>"
                "<div><dt>Ledger</dt><dd class=\"hash\">%s</dd></div></dl>",
                v->seals, set.count, authority_set_quorum(&set), ledger);
    page_markup(out, "<p>A page cannot prove that the node behind it is honest. Take the ");
    put_link(v, "proof", "proof file", out);
    page_markup(out, " and check it offline with <code>waybill verify</code>: it needs only the "
                     "ledger's identity, whose first half is on the label. As data: ");
    put_link(v, "history", "history", out);
    page_markup(out, ", ");
    put_link(v, "readings", "readings", out);
    page_markup(out, ", ");
    put_link(v, "custody", "custody", out);
    page_markup(out, ", ");
    put_link(v, "origin", "origin", out);
    page_markup(out, ".</p></section>\n");
}

bool page_asset(struct api_context *c, struct buf *out, struct err *err)
{
    const struct asset_view *v = c->view;
    begin(out, v->has_product ? v->product.name : v->name, v->demo);
    page_goods_banners(c, out);
    put_product(v, out);
    put_journey(c, out);
    if (!page_goods_origin(c, out, err))
        return false;
    if (v->journey.packs > 0 && !put_charts(c, out, err))
        return false;
    put_excursions(c, out);
    put_contracts(v, out);
    put_proof(c, out);
    end(out);
    return !out->failed || err_set(err, ERR_BUSY, "the page is larger than its room");
}
