/* A journey in words, and as JSON. */
#include "common/hex.h"
#include "common/instant.h"
#include "node/rule_words.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_journey.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS    UINT64_C(86400000)
#define TEXT_SIZE 128

/* ------------------------------------------------------------------ words */

/* 2880 -> "2,880" */
static const char *grouped(uint64_t value, char text[TEXT_SIZE])
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *out = text;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

static const char *span(uint64_t seconds, char text[TEXT_SIZE])
{
    uint64_t h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;
    if (h >= 2)
        (void)snprintf(text, TEXT_SIZE, "%" PRIu64 " h%s", h, m > 0 ? " " : "");
    else
        text[0] = '\0', m += 60 * h;
    size_t len = strlen(text);
    if (m > 0)
        (void)snprintf(text + len, TEXT_SIZE - len, "%" PRIu64 " min%s", m, s > 0 ? " " : "");
    len = strlen(text);
    if (s > 0 || seconds == 0)
        (void)snprintf(text + len, TEXT_SIZE - len, "%" PRIu64 " s", s);
    return text;
}

static const char *clock_text(uint64_t time_ms, char text[TEXT_SIZE])
{
    struct instant_parts p = instant_to_parts(time_ms);
    (void)snprintf(text, TEXT_SIZE, "%02d:%02d", p.hour, p.minute);
    return text;
}

static const struct journey_contract *contract_of(const struct journey *j,
                                                  const struct provenance_excursion *e)
{
    for (size_t i = 0; i < j->contract_count; i++)
        if (hash_equal(&j->contracts[i].opening, &e->of.opening) && j->contracts[i].known &&
            e->of.rule < j->contracts[i].definition.rule_count)
            return &j->contracts[i];
    return NULL;
}

static const char *share_name(const struct cmd_home *home, const struct provenance_share *s,
                              char text[CMD_HOME_NAME_SIZE])
{
    return s->held ? cmd_home_member_name(home, &s->member, text) : "nobody";
}

/* ------------------------------------------------------------------ lines */

static void print_shares(const struct cmd_home *home, const struct provenance_excursion *e)
{
    char lasted[TEXT_SIZE], name[CMD_HOME_NAME_SIZE];
    for (size_t i = 0; i < e->share_count; i++)
        (void)printf("%s%s with %s", i == 0 ? "            " : ", ",
                     span(e->share[i].seconds, lasted), share_name(home, &e->share[i], name));
    if (e->share_count > 0)
        (void)printf("\n");
}

static void print_excursion(const struct cmd_home *home, const struct journey *j,
                            const struct provenance_excursion *e)
{
    char peak[RULE_WORDS_SIZE], kind[RULE_WORDS_SIZE], lasted[TEXT_SIZE];
    const struct journey_contract *c = contract_of(j, e);
    const char *label = e->of_sensor                ? "SENSOR"
                        : provenance_is_doubtful(e) ? "UNCERTAIN"
                                                    : "EXCURSION";
    uint64_t seconds = e->ended ? (e->to_ms - e->of.from_ms) / 1000 : provenance_seconds(e);
    if (c == NULL) {
        (void)printf("%s rule %" PRIu64 ": %s%s\n", label, e->of.rule, span(seconds, lasted),
                     e->ended ? "" : " so far");
    } else {
        const struct contract_rule *rule = &c->definition.rules[e->of.rule];
        (void)printf("%s ", label);
        cmd_contract_print(rule->name);
        (void)printf(": ");
        if (e->ended && rule_words_has_peak(rule)) {
            rule_words_amount(e->peak, e->peak_exponent, rule_words_unit(rule), peak);
            (void)printf("%s at worst, ", peak);
        }
        rule_words_kind(&c->definition, &c->terms, e->of.rule, kind);
        bool lasts = e->ended || seconds > 0; /* an open one has no more than what was charged */
        (void)printf("%s%s%s%s\n", lasts ? span(seconds, lasted) : "", lasts ? " " : "", kind,
                     e->ended ? "" : ", not ended");
    }
    print_shares(home, e);
    if (provenance_is_doubtful(e))
        (void)printf("            the sensor's accuracy could explain it\n");
}

static void print_handover(const struct cmd_home *home, const struct journey_line *line,
                           const char *what)
{
    char from[CMD_HOME_NAME_SIZE], to[CMD_HOME_NAME_SIZE], sealed[TEXT_SIZE];
    (void)printf("%s %s -> %s", what, cmd_home_member_name(home, &line->from, from),
                 cmd_home_member_name(home, &line->to, to));
    if (line->sealed_ms > line->time_ms + 60000) /* DESIGN section 6: a split's uncertainty shows */
        (void)printf("   (as signed; sealed %s)", clock_text(line->sealed_ms, sealed));
    (void)printf("\n");
}

/* ------------------------------------------------------------------ lines of contracts */

static const struct contract_definition *definition_of(const struct journey *j,
                                                       const struct journey_line *line)
{
    bool known = line->index < j->contract_count && j->contracts[line->index].known;
    return known ? &j->contracts[line->index].definition : NULL;
}

static void print_state_name(const struct contract_definition *d, uint64_t state)
{
    if (d != NULL && state < d->state_count)
        cmd_contract_print(d->states[state].name);
    else
        (void)printf("state %" PRIu64, state);
}

static void print_contract_name(const struct contract_definition *d, const char *what)
{
    if (d == NULL) {
        (void)printf("a contract %s", what);
    } else {
        (void)printf("contract ");
        cmd_contract_print(d->name);
        (void)printf(" %s", what);
    }
}

static void print_state(const struct journey *j, const struct journey_line *line)
{
    const struct contract_definition *d = definition_of(j, line);
    (void)printf("state ");
    print_state_name(d, line->number);
    (void)printf(" -> ");
    print_state_name(d, line->to_number);
    (void)printf(", by ");
    cmd_contract_print(line->text);
}

static void print_acknowledged(const struct journey *j, const struct journey_line *line)
{
    const struct contract_definition *d = definition_of(j, line);
    (void)printf("acknowledged: ");
    if (d != NULL && line->number < d->rule_count)
        cmd_contract_print(d->rules[line->number].name);
    else
        (void)printf("rule %" PRIu64, line->number);
}

static void print_add_back(const struct journey_line *line)
{
    char amount[TEXT_SIZE];
    bool undone = line->what == JOURNEY_ADD_BACK_UNDONE;
    (void)printf("%s %s to the budget ",
                 undone ? "undone: giving back" : "given back:", span(line->number, amount));
    cmd_contract_print(line->text);
}

static void print_not_judged(const struct journey_line *line)
{
    char first[TEXT_SIZE], last[TEXT_SIZE], kid[2 * KID_SIZE + 1];
    hex_encode(kid_slice(&line->from), kid);
    (void)printf("NOT JUDGED readings of sensor %s from %s to %s came too late", kid,
                 clock_text(line->number, first), clock_text(line->to_number, last));
}

static void print_contract_line(const struct cmd_home *home, const struct journey *j,
                                const struct journey_line *line)
{
    char name[CMD_HOME_NAME_SIZE];
    const struct contract_definition *d = definition_of(j, line);
    if (line->what == JOURNEY_CALLED) {
        cmd_contract_print(line->text);
        (void)printf(" called by %s", line->by_contract
                                          ? "another contract"
                                          : cmd_home_member_name(home, &line->from, name));
    } else if (line->what == JOURNEY_STATE) {
        print_state(j, line);
    } else if (line->what == JOURNEY_DOCUMENT) {
        (void)printf("document ");
        cmd_contract_print(line->text);
        (void)printf(" attached");
    } else if (line->what == JOURNEY_ACKNOWLEDGED) {
        print_acknowledged(j, line);
    } else if (line->what == JOURNEY_NOT_JUDGED) {
        print_not_judged(line);
    } else if (line->what == JOURNEY_FINISHED) {
        print_contract_name(d, line->number == CONTRACT_FAILURE ? "ended in failure" : "fulfilled");
    } else if (line->what == JOURNEY_REPLACED) {
        print_contract_name(d, "replaced by a newer one");
    } else {
        print_add_back(line);
    }
    if (line->note.len > 0) {
        (void)printf(" (");
        cmd_contract_print(line->note);
        (void)printf(")");
    }
    (void)printf("\n");
}

static void print_line(const struct cmd_home *home, const struct journey *j,
                       const struct journey_line *line)
{
    char time[TEXT_SIZE], name[CMD_HOME_NAME_SIZE], kid[2 * KID_SIZE + 1];
    hex_encode(kid_slice(&line->from), kid);
    (void)printf("   %s  ", clock_text(line->time_ms, time));
    switch (line->what) {
    case JOURNEY_COMMISSIONED:
        (void)printf("packed by %s\n", cmd_home_member_name(home, &line->from, name));
        return;
    case JOURNEY_PASSED:
        print_handover(home, line, line->role == ROLE_OWNER ? "ownership" : "custody");
        return;
    case JOURNEY_REJECTED: print_handover(home, line, "refused handover"); return;
    case JOURNEY_ATTACHED: (void)printf("sensor %s attached\n", kid); return;
    case JOURNEY_DETACHED: (void)printf("sensor %s detached\n", kid); return;
    case JOURNEY_IN_FORCE:
        print_contract_name(definition_of(j, line), "in force");
        (void)printf("\n");
        return;
    case JOURNEY_EXCURSION: print_excursion(home, j, &j->provenance.excursion[line->index]); return;
    case JOURNEY_SUSPECT: (void)printf("SUSPECT sensor %s was revoked\n", kid); return;
    case JOURNEY_SCANNED:
        (void)printf("seen by %s%s", kid, line->text.len > 0 ? " at " : "");
        cmd_contract_print(line->text);
        (void)printf("\n");
        return;
    case JOURNEY_CALLED:
    case JOURNEY_STATE:
    case JOURNEY_DOCUMENT:
    case JOURNEY_ACKNOWLEDGED:
    case JOURNEY_ADDED_BACK:
    case JOURNEY_ADD_BACK_UNDONE:
    case JOURNEY_NOT_JUDGED:
    case JOURNEY_FINISHED:
    case JOURNEY_REPLACED: print_contract_line(home, j, line); return;
    }
}

static void print_verdict(const struct cmd_home *home, const struct journey *j, bool pinned)
{
    enum provenance_reason reason;
    enum provenance_verdict verdict = provenance_judge(&j->provenance, &reason);
    char readings[TEXT_SIZE], packs[TEXT_SIZE], missing_text[TEXT_SIZE], statements[TEXT_SIZE];
    uint64_t missing = journey_missing(j);
    size_t authorities = home->has_identity ? home->identity.set.count : j->claim.seals;
    (void)printf("   verdict  %s   %s readings in %s packs, ", provenance_verdict_name(verdict),
                 grouped(j->readings, readings), grouped(j->provenance.packs, packs));
    if (missing == 0)
        (void)printf("no gaps\n");
    else
        (void)printf("%s packs missing\n", grouped(missing, missing_text));
    if (verdict == PROVENANCE_UNCERTAIN)
        (void)printf("            %s\n", provenance_reason_sentence(reason));
    if (j->cut || j->provenance.cut)
        (void)printf("            more happened than is shown here\n");
    (void)printf("   %s  %s statements, none missing up to head %" PRIu64 ", %zu of %zu seals\n",
                 pinned ? "proof ok" : "UNPROVEN", grouped(j->claim.statements, statements),
                 j->claim.head.height, j->claim.seals, authorities);
    if (!pinned)
        (void)printf(
            "            checked only against the identity this node itself gave: pin one\n"
            "            (--identity FILE) and use --verify\n");
}

void journey_print(const struct cmd_home *home, const struct journey *j, bool pinned)
{
    char date[INSTANT_TEXT_SIZE];
    uint64_t day = 0;
    (void)printf(" %s", j->claim.asset);
    for (size_t i = 0; i < j->contract_count; i++)
        if (j->contracts[i].known) {
            (void)printf("   ");
            cmd_contract_print(j->contracts[i].definition.name);
        }
    (void)printf("%s\n", home->demo ? "   (demo ledger: its clock is virtual)" : "");
    for (size_t i = 0; i < j->line_count; i++) {
        uint64_t this_day = j->lines[i].time_ms / DAY_MS;
        if (i == 0 || this_day != day) {
            instant_format(this_day * DAY_MS, date);
            (void)printf("  %.10s UTC\n", date);
        }
        day = this_day;
        print_line(home, j, &j->lines[i]);
    }
    print_verdict(home, j, pinned);
}

/* ------------------------------------------------------------------ JSON */

static void put_time(struct json_doc *into, const char *key, uint64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_format(time_ms, text);
    json_doc_put_text(into, key, text);
}

static void put_member(const struct cmd_home *home, struct json_doc *into, const char *key,
                       const struct kid *member)
{
    char name[CMD_HOME_NAME_SIZE];
    struct json_doc *doc = json_doc_put_object(into, key);
    json_doc_put_hex(doc, "kid", kid_slice(member));
    json_doc_put_text(doc, "name", cmd_home_member_name(home, member, name));
}

static void put_excursions(const struct cmd_home *home, const struct journey *j,
                           struct json_doc *list)
{
    for (size_t i = 0; i < j->provenance.excursion_count; i++) {
        const struct provenance_excursion *e = &j->provenance.excursion[i];
        const struct journey_contract *c = contract_of(j, e);
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
        put_time(one, "from", e->of.from_ms);
        if (e->ended) {
            put_time(one, "to", e->to_ms);
            json_doc_put_decimal(one, "peak", e->peak, e->peak_exponent);
            json_doc_put_decimal(one, "mean", e->mean, e->mean_exponent);
        }
        struct json_doc *charged = json_doc_put_array(one, "charged");
        for (size_t k = 0; k < e->share_count; k++) {
            struct json_doc *share = json_doc_put_object(charged, NULL);
            if (e->share[k].held)
                put_member(home, share, "member", &e->share[k].member);
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
    const struct contract_definition *d = definition_of(j, line);
    if (line->what == JOURNEY_STATE) {
        put_state_name(doc, "from_state", d, line->number);
        put_state_name(doc, "to_state", d, line->to_number);
    } else if (line->what == JOURNEY_NOT_JUDGED) {
        put_time(doc, "first", line->number);
        put_time(doc, "last", line->to_number);
    } else if (line->what == JOURNEY_FINISHED) {
        json_doc_put_text(doc, "ending", line->number == CONTRACT_FAILURE ? "failure" : "success");
    } else if (line->what == JOURNEY_ADDED_BACK || line->what == JOURNEY_ADD_BACK_UNDONE) {
        json_doc_put_int(doc, "seconds", (int64_t)line->number);
    } else if (line->what == JOURNEY_ACKNOWLEDGED) {
        json_doc_put_int(doc, "rule", (int64_t)line->number);
    }
}

/* What happened in contracts, and who saw the goods. */
static void put_happenings(const struct journey *j, struct json_doc *list)
{
    static const struct kid nobody = { { 0 } };
    for (size_t i = 0; i < j->line_count; i++) {
        const struct journey_line *line = &j->lines[i];
        const char *name = line_name(line->what);
        if (name == NULL)
            continue;
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "event", name);
        put_time(one, "time", line->time_ms);
        if (line->index < j->contract_count && line->what != JOURNEY_SCANNED)
            json_doc_put_hex(one, "opening", hash_slice(&j->contracts[line->index].opening));
        if (line->text.len > 0)
            json_doc_put_slice(one, "name", line->text);
        if (!kid_equal(&line->from, &nobody))
            json_doc_put_hex(one, "kid", kid_slice(&line->from));
        if (line->note.len > 0)
            json_doc_put_slice(one, "note", line->note);
        put_numbers(one, j, line);
    }
}

static void put_custody(const struct cmd_home *home, const struct journey *j, struct json_doc *list)
{
    for (size_t i = 0; i < j->provenance.interval_count; i++) {
        const struct provenance_interval *v = &j->provenance.interval[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "role", v->role == ROLE_OWNER ? "owner" : "custodian");
        put_member(home, one, "member", &v->member);
        put_time(one, "from", v->from_ms);
        if (v->ended)
            put_time(one, "to", v->to_ms);
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
    json_doc_put_text(doc, "verdict", provenance_verdict_name(verdict));
    json_doc_put_text(doc, "reason", provenance_reason_sentence(reason));
    json_doc_put_int(doc, "readings", (int64_t)j->readings);
    json_doc_put_int(doc, "packs", (int64_t)j->provenance.packs);
    json_doc_put_int(doc, "missing_packs", (int64_t)journey_missing(j));
    put_custody(home, j, json_doc_put_array(doc, "custody"));
    put_excursions(home, j, json_doc_put_array(doc, "excursions"));
    put_happenings(j, json_doc_put_array(doc, "happenings"));
    put_proof(j, json_doc_put_object(doc, "proof"), pinned);
    return doc;
}
