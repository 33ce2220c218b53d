/* A journey as JSON. */
#include "node/rule_words.h"
#include "tools/cmd_journey_goods.h"
#include "tools/cmd_journey_holds.h"
#include "tools/goods_words.h"

static void put_excursions(const struct cmd_home *home, const struct journey *j,
                           struct json_doc *list)
{
    for (size_t i = 0; i < j->provenance.excursion_count; i++) {
        const struct provenance_excursion *e = &j->provenance.excursion[i];
        const struct journey_contract *c = journey_contract_of(j, e);
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "rule", (int64_t)e->of.rule);
        if (c != NULL) {
            const struct contract_rule *rule = &c->definition.rules[e->of.rule];
            json_doc_put_slice(one, "name", rule->name);
            json_doc_put_text(one, "severity", verdict_severity_name(rule->severity));
        }
        json_doc_put_bool(one, "breach", e->opened && !e->of_sensor);
        if (e->opened)
            json_doc_put_text(one, "finding", provenance_finding(e));
        json_doc_put_bool(one, "acknowledged", e->acknowledged);
        json_doc_put_hex(one, "device", kid_slice(&e->of.device));
        goods_words_put_time(one, "from", e->of.from_ms);
        if (e->ended) {
            goods_words_put_time(one, "to", e->to_ms);
            json_doc_put_decimal(one, "peak", e->peak, e->peak_exponent);
            json_doc_put_decimal(one, "mean", e->mean, e->mean_exponent);
        }
        struct json_doc *charged = json_doc_put_array(one, "charged");
        for (size_t k = 0; k < e->share_count; k++) {
            struct json_doc *share = json_doc_put_object(charged, NULL);
            if (e->share[k].held)
                goods_words_put_member(home, share, "member", &e->share[k].member);
            else
                json_doc_put_null(share, "member");
            json_doc_put_int(share, "seconds", (int64_t)e->share[k].seconds);
        }
    }
}

/* What a line of this kind is called in JSON; NULL: it is told elsewhere in the document. */
static const char *line_name(enum journey_what what)
{
    switch (what) {
    case JOURNEY_SCANNED: return "scanned";
    case JOURNEY_CALLED: return "called";
    case JOURNEY_STATE: return "state";
    case JOURNEY_DOCUMENT: return "document";
    case JOURNEY_ACKNOWLEDGED: return "acknowledged";
    case JOURNEY_ADDED_BACK: return "added_back";
    case JOURNEY_ADD_BACK_UNDONE: return "add_back_undone";
    case JOURNEY_NOT_JUDGED: return "not_judged";
    case JOURNEY_FINISHED: return "finished";
    case JOURNEY_REPLACED: return "replaced";
    case JOURNEY_GOODS:
    case JOURNEY_COMMISSIONED:
    case JOURNEY_PASSED:
    case JOURNEY_REJECTED:
    case JOURNEY_ATTACHED:
    case JOURNEY_DETACHED:
    case JOURNEY_IN_FORCE:
    case JOURNEY_EXCURSION:
    case JOURNEY_SUSPECT: return NULL;
    }
    return NULL;
}

static void put_state_name(struct json_doc *doc, const char *key,
                           const struct contract_definition *d, uint64_t state)
{
    if (d != NULL && state < d->state_count)
        json_doc_put_slice(doc, key, d->states[state].name);
    else
        json_doc_put_int(doc, key, (int64_t)state);
}

static void put_numbers(struct json_doc *doc, const struct journey *j,
                        const struct journey_line *line)
{
    const struct contract_definition *d = journey_definition_of(j, line);
    if (line->what == JOURNEY_STATE) {
        put_state_name(doc, "from_state", d, line->number);
        put_state_name(doc, "to_state", d, line->to_number);
    } else if (line->what == JOURNEY_NOT_JUDGED) {
        goods_words_put_time(doc, "first", line->number);
        goods_words_put_time(doc, "last", line->to_number);
    } else if (line->what == JOURNEY_FINISHED) {
        json_doc_put_text(doc, "ending", line->number == CONTRACT_FAILURE ? "failure" : "success");
    } else if (line->what == JOURNEY_ADDED_BACK || line->what == JOURNEY_ADD_BACK_UNDONE) {
        json_doc_put_int(doc, "seconds", (int64_t)line->number);
    } else if (line->what == JOURNEY_ACKNOWLEDGED) {
        json_doc_put_int(doc, "rule", (int64_t)line->number);
    }
}

/* What is told elsewhere is told here too when somebody objects to it. */
static const char *other_name(enum journey_what what)
{
    switch (what) {
    case JOURNEY_COMMISSIONED: return "commissioned";
    case JOURNEY_PASSED: return "passed";
    case JOURNEY_REJECTED: return "rejected";
    case JOURNEY_ATTACHED: return "attached";
    case JOURNEY_DETACHED: return "detached";
    case JOURNEY_IN_FORCE: return "in_force";
    case JOURNEY_SUSPECT: return "suspect";
    case JOURNEY_EXCURSION:
    case JOURNEY_SCANNED:
    case JOURNEY_CALLED:
    case JOURNEY_STATE:
    case JOURNEY_DOCUMENT:
    case JOURNEY_ACKNOWLEDGED:
    case JOURNEY_ADDED_BACK:
    case JOURNEY_ADD_BACK_UNDONE:
    case JOURNEY_NOT_JUDGED:
    case JOURNEY_FINISHED:
    case JOURNEY_REPLACED:
    case JOURNEY_GOODS: break;
    }
    return "";
}

/* What happened in contracts and to the goods, and who saw them. */
static void put_happening(const struct cmd_home *home, const struct journey *j,
                          const struct journey_line *line, struct json_doc *one)
{
    static const struct kid nobody = { { 0 } };
    const char *name = line_name(line->what);
    bool of_contract = name != NULL && line->what != JOURNEY_SCANNED;
    if (line->what == JOURNEY_GOODS)
        name = event_name(line->event);
    json_doc_put_text(one, "event", name != NULL ? name : other_name(line->what));
    goods_words_put_time(one, "time", line->time_ms);
    if (of_contract && line->index < j->contract_count)
        json_doc_put_hex(one, "opening", hash_slice(&j->contracts[line->index].opening));
    if (line->text.len > 0)
        json_doc_put_slice(one, "name", line->text);
    if (!kid_equal(&line->from, &nobody))
        json_doc_put_hex(one, "kid", kid_slice(&line->from));
    if (line->note.len > 0)
        json_doc_put_slice(one, "note", line->note);
    if (line->has_by)
        json_doc_put_hex(one, "statement", hash_slice(&line->by));
    put_numbers(one, j, line);
    if (line->what == JOURNEY_GOODS)
        journey_goods_json(home, line, one);
}

static void put_happenings(const struct cmd_home *home, const struct journey *j,
                           struct json_doc *list)
{
    for (size_t i = 0; i < j->line_count; i++) {
        const struct journey_line *line = &j->lines[i];
        bool marked = line->corrected || line->disputed;
        if (line_name(line->what) == NULL && line->what != JOURNEY_GOODS && !marked)
            continue;
        struct json_doc *one = json_doc_put_object(list, NULL);
        put_happening(home, j, line, one);
        if (line->corrected)
            json_doc_put_bool(one, "corrected", true);
        if (line->disputed)
            json_doc_put_bool(one, "disputed", true);
    }
}

static void put_custody(const struct cmd_home *home, const struct journey *j, struct json_doc *list)
{
    for (size_t i = 0; i < j->provenance.interval_count; i++) {
        const struct provenance_interval *v = &j->provenance.interval[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "role", v->role == ROLE_OWNER ? "owner" : "custodian");
        goods_words_put_member(home, one, "member", &v->member);
        goods_words_put_time(one, "from", v->from_ms);
        if (v->ended)
            goods_words_put_time(one, "to", v->to_ms);
    }
}

static void put_proof(const struct journey *j, struct json_doc *doc, bool pinned)
{
    json_doc_put_bool(doc, "ok", true);
    json_doc_put_bool(doc, "identity_pinned", pinned);
    json_doc_put_hex(doc, "ledger", hash_slice(&j->claim.head.ledger));
    json_doc_put_int(doc, "head", (int64_t)j->claim.head.height);
    json_doc_put_int(doc, "seals", (int64_t)j->claim.seals);
    json_doc_put_int(doc, "events", (int64_t)j->claim.events);
    json_doc_put_int(doc, "blocks", (int64_t)j->claim.blocks);
    json_doc_put_int(doc, "statements", (int64_t)j->claim.statements);
    json_doc_put_int(doc, "signatures_checked", (int64_t)j->signatures_checked);
}

struct json_doc *journey_json(const struct cmd_home *home, const struct journey *j, bool pinned)
{
    enum provenance_reason reason;
    enum provenance_verdict verdict = provenance_judge(&j->provenance, &reason);
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", j->claim.asset);
    json_doc_put_bool(doc, "known", j->claim.known);
    json_doc_put_bool(doc, "demo", home->demo);
    if (j->claim.known) {
        json_doc_put_text(doc, "verdict", provenance_verdict_name(verdict));
        json_doc_put_text(doc, "reason", provenance_reason_sentence(reason));
    }
    json_doc_put_int(doc, "readings", (int64_t)j->readings);
    json_doc_put_int(doc, "packs", (int64_t)j->provenance.packs);
    json_doc_put_int(doc, "missing_packs", (int64_t)journey_missing(j));
    put_custody(home, j, json_doc_put_array(doc, "custody"));
    put_excursions(home, j, json_doc_put_array(doc, "excursions"));
    put_happenings(home, j, json_doc_put_array(doc, "happenings"));
    journey_goods_json_standing(home, j, json_doc_put_object(doc, "standing"));
    journey_holds_json(home, j, json_doc_put_object(doc, "holds"));
    put_proof(j, json_doc_put_object(doc, "proof"), pinned);
    return doc;
}
