/* On the page: what holds the goods back, what was found, what they are in, and where they come from. */
#include "node/page.h"

#include "node/asset_goods.h"

#include <string.h>

#define HOPS_SHOWN         24
#define CERTIFICATES_SHOWN 16 /* of one hop */

/* ------------------------------------------------------------------ recalled, held, ended */

struct contact {
    char name[READ_MODEL_NAME + 1], contact[READ_MODEL_NAME + 1];
};

static void copy_cell(const struct read_model_cell *cell, char ret[READ_MODEL_NAME + 1])
{
    size_t len = cell == NULL ? 0 : cell->bytes.len;
    len = len <= READ_MODEL_NAME ? len : READ_MODEL_NAME;
    if (len > 0)
        memcpy(ret, cell->bytes.data, len);
    ret[len] = '\0';
}

static bool take_contact(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct contact *to = ctx;
    copy_cell(read_model_cell_of(cells, count, "contact"), to->contact);
    return false;
}

/* Whom to call. */
static void put_contact(struct api_context *c, const struct kid *member, struct buf *out)
{
    struct contact to = { .contact = "" };
    struct read_model_args arg = { 1, { read_model_arg_bytes(kid_slice(member)) } };
    read_model_member_name(c->store, member, to.name);
    (void)read_model_list(c->store, LIST_PARTY, &arg, take_contact, &to, NULL);
    page_markup(out, "<p>");
    page_text(out, to.name);
    if (to.contact[0] != '\0') {
        page_markup(out, ": <strong>");
        page_text(out, to.contact);
        page_markup(out, "</strong>");
    }
    page_markup(out, "</p>");
}

static void begin_banner(struct buf *out, const char *kind, const char *sign, const char *title)
{
    page_markup(out,
                "<section class=\"card banner %s\" role=\"alert\"><h2><span class=\"sign\" "
                "aria-hidden=\"true\">%s</span> %s</h2>",
                kind, sign, title);
}

static void put_reason(const struct asset_hold *h, struct buf *out)
{
    if (h->reason[0] == '\0')
        return;
    page_markup(out, "<p class=\"reason\">");
    page_text(out, h->reason);
    page_markup(out, "</p>");
}

static void put_since(const struct asset_hold *h, struct buf *out)
{
    page_markup(out, "<p class=\"note\">Since ");
    page_time(out, h->since_ms);
    if (h->way == ASSET_HOLD_LOT)
        page_markup(out, ", with its whole lot");
    if (h->way == ASSET_HOLD_DESCENT) {
        page_markup(out, ", because it was made of ");
        page_text(out, h->name);
    }
    page_markup(out, ".</p>");
}

static void put_recalls(struct api_context *c, struct buf *out)
{
    for (size_t i = 0; i < c->view->holds.count; i++) {
        const struct asset_hold *h = &c->view->holds.at[i];
        if (!h->recall)
            continue;
        begin_banner(out, "recalled", "!", "RECALLED");
        page_markup(out, "<p>Do not use it. Call whoever recalls it:</p>");
        put_contact(c, &h->member, out);
        put_reason(h, out);
        put_since(h, out);
        page_markup(out, "</section>\n");
        return;
    }
}

static void put_quarantine(struct api_context *c, struct buf *out)
{
    const struct asset_hold *h = asset_goods_quarantine(&c->view->holds);
    if (h == NULL)
        return;
    begin_banner(out, "held", "!", h->rejected ? "Rejected" : "In quarantine");
    page_markup(out, h->rejected ? "<p>It was found unfit. Do not use it.</p>"
                                 : "<p>It is held back until it has been checked.</p>");
    put_contact(c, &h->member, out);
    put_reason(h, out);
    put_since(h, out);
    page_markup(out, "</section>\n");
}

static void put_end(const struct asset_view *v, struct buf *out)
{
    static const char *const titles[] = {
        [GOODS_ACTIVE] = "",
        [GOODS_DISPENSED] = "It was handed to whom it was for",
        [GOODS_DECOMMISSIONED] = "Its label is out of use",
        [GOODS_DESTROYED] = "It was destroyed",
        [GOODS_USED_UP] = "It was used up",
    };
    uint64_t end = v->now.end;
    if (end == GOODS_ACTIVE || end > GOODS_USED_UP)
        return;
    begin_banner(out, "ended", "·", titles[end]);
    page_markup(out, "<p>What carries this label elsewhere is not what the ledger knows.</p>");
    if (v->journey.goods.end != GOODS_ACTIVE) {
        page_markup(out, "<p class=\"note\">");
        page_time(out, v->journey.goods.end_ms);
        page_markup(out, "</p>");
    }
    page_markup(out, "</section>\n");
}

static void put_findings(const struct asset_view *v, struct buf *out)
{
    const struct provenance_goods *g = &v->journey.goods;
    bool told[FINDING_LAST + 2] = { false };
    if (provenance_goods_findings(g) == 0)
        return;
    begin_banner(out, "recalled", "!", "Something is wrong with this label");
    page_markup(out, "<ul class=\"findings\">");
    for (size_t i = 0; i < g->finding_count; i++) {
        const struct provenance_found *f = &g->finding[i];
        uint64_t kind = f->of.finding <= FINDING_LAST ? f->of.finding : FINDING_LAST + 1;
        if (f->withdrawn || told[kind])
            continue;
        told[kind] = true; /* the same again says nothing new */
        page_markup(out, "<li>");
        page_text(out, provenance_found_sentence(f->of.finding));
        page_markup(out, " <span class=\"when\">");
        page_time(out, f->time_ms);
        page_markup(out, "</span></li>");
    }
    page_markup(out, "</ul></section>\n");
}

void page_goods_banners(struct api_context *c, struct buf *out)
{
    put_recalls(c, out);
    put_quarantine(c, out);
    put_findings(c->view, out);
    put_end(c->view, out);
}

/* ------------------------------------------------------------------ inside which, said against it */

static void put_count(struct buf *out, size_t count, const char *one, const char *many)
{
    page_markup(out, "<p class=\"note\">%zu %s.</p>", count, count == 1 ? one : many);
}

/* What became of its covered code: everybody else's tries are in the history. */
static void put_label(const struct provenance_goods *g, struct buf *out)
{
    if (!g->label_opened)
        return;
    bool tamper = g->label_result == REVEAL_TAMPER;
    page_markup(out, tamper ? "<p><strong>Its covered code was opened while it was still on its "
                              "way: </strong>"
                            : "<p>Its covered code was opened after delivery: ");
    page_time(out, g->label_opened_ms);
    page_markup(out, tamper ? ". Do not trust the pack.</p>"
                            : ". If that was not you, somebody had it before.</p>");
}

void page_goods_notes(const struct asset_view *v, struct buf *out)
{
    const struct provenance_goods *g = &v->journey.goods;
    const struct provenance_box *box = provenance_goods_box(g);
    if (box != NULL) {
        page_markup(out, "<p>Packed inside <strong>");
        page_text(out, box->container);
        page_markup(out, "</strong> since ");
        page_time(out, box->from_ms);
        page_markup(out, ".</p>");
    }
    if (g->inside > 0)
        page_markup(out, "<p>%llu units are inside.</p>", (unsigned long long)g->inside);
    put_label(g, out);
    if (g->correction_count > 0)
        put_count(out, g->correction_count, "statement about it was corrected later",
                  "statements about it were corrected later");
    if (g->dispute_count > 0)
        put_count(out, g->dispute_count, "objection stands beside what was said of it",
                  "objections stand beside what was said of it");
}

/* ------------------------------------------------------------------ where it comes from */

static const char *const kind_words[] = {
    [MAKING_SPLIT] = "divided",
    [MAKING_MERGE] = "put together",
    [MAKING_TRANSFORM] = "made",
    [MAKING_COMMISSION] = "entered",
};

struct hop_page {
    struct buf *out;
    uint64_t time_ms;
    size_t count;
    int64_t seen[CERTIFICATES_SHOWN];
    size_t inputs;
};

static void put_status(struct buf *out, enum asset_certificate_status status)
{
    switch (status) {
    case ASSET_CERTIFICATE_VALID: page_markup(out, "<span class=\"ok\">valid</span>"); return;
    case ASSET_CERTIFICATE_NOT_YET:
        page_markup(out, "<span class=\"bad\">not yet valid then</span>");
        return;
    case ASSET_CERTIFICATE_EXPIRED:
        page_markup(out, "<span class=\"bad\">expired by then</span>");
        return;
    case ASSET_CERTIFICATE_REVOKED: page_markup(out, "<span class=\"bad\">revoked</span>"); return;
    }
}

static bool put_certificate(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct hop_page *h = ctx;
    char name[READ_MODEL_NAME + 1];
    for (size_t i = 0; i < h->count; i++)
        if (h->seen[i] == cells[0].number)
            return true;
    if (h->count == CERTIFICATES_SHOWN)
        return false;
    if (h->count == 0)
        page_markup(h->out, "<ul class=\"certificates\">");
    h->seen[h->count++] = cells[0].number;
    copy_cell(read_model_cell_of(cells, count, "name"), name);
    page_markup(h->out, "<li>");
    page_text(h->out, name);
    page_markup(h->out, ": ");
    put_status(h->out, asset_goods_certificate(cells, count, h->time_ms));
    page_markup(h->out, "</li>");
    return true;
}

static bool put_input(void *ctx, const struct trace_set *set)
{
    struct hop_page *h = ctx;
    char text[AMOUNT_TEXT_SIZE];
    if (h->inputs++ > 3) {
        page_markup(h->out, " …");
        return false;
    }
    page_markup(h->out, h->inputs == 1 ? "<p class=\"note\">From " : ", ");
    page_text(h->out, set->first);
    if (set->run.count > 1)
        page_markup(h->out, " and %lld more", (long long)set->run.count - 1);
    if (set->has_amount) {
        amount_format(&set->amount, text);
        page_markup(h->out, " (");
        page_text(h->out, text);
        page_markup(h->out, ")");
    }
    return true;
}

static void put_place(struct api_context *c, const char *gln, struct buf *out)
{
    struct place_facts place;
    if (gln[0] == '\0')
        return;
    page_markup(out, " at ");
    page_text(out, read_model_place(c->store, slice_text(gln), &place) ? place.name : gln);
}

static bool put_hop(struct api_context *c, const struct trace_hop *hop, struct buf *out,
                    struct err *err)
{
    struct trace_making m;
    char name[READ_MODEL_NAME + 1] = "somebody";
    if (!trace_load_making(c->store, hop->making, &m, err))
        return false;
    struct hop_page page = { .out = out, .time_ms = m.time_ms };
    if (m.has_member)
        read_model_member_name(c->store, &m.member, name);
    page_markup(out, "<li><strong>");
    page_text(out, name);
    page_markup(out, "</strong>");
    put_place(c, m.place, out);
    page_markup(out, " <span class=\"when\">%s ",
                m.kind <= MAKING_COMMISSION ? kind_words[m.kind] : "made");
    page_time(out, m.time_ms);
    page_markup(out, "</span>");
    bool good = trace_inputs(c->store, hop->making, put_input, &page, err);
    if (page.inputs > 0)
        page_markup(out, "</p>");
    struct asset_hop at = { &c->view->origin, hop, &m };
    good = good && asset_goods_hop_certificates(c->store, &at, put_certificate, &page, err);
    if (page.count > 0)
        page_markup(out, "</ul>");
    page_markup(out, "</li>");
    return good;
}

bool page_goods_origin(struct api_context *c, struct buf *out, struct err *err)
{
    const struct trace_path *path = &c->view->origin;
    bool good = true;
    if (path->count == 0)
        return true;
    page_markup(out, "<section class=\"card\"><h2>Where it comes from</h2>"
                     "<ol class=\"stops origin\">");
    for (size_t i = 0; i < path->count && i < HOPS_SHOWN && good; i++)
        good = put_hop(c, &path->hops[i], out, err);
    page_markup(out, "</ol>");
    if (path->count > HOPS_SHOWN)
        page_markup(out, "<p class=\"note\">And %zu earlier steps.</p>", path->count - HOPS_SHOWN);
    page_markup(out, "<p class=\"note\">A certificate is judged as it stood when that step was "
                     "taken.</p></section>\n");
    return good;
}
