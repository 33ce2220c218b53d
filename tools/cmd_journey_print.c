/* A journey in words. */
#include "common/hex.h"
#include "common/instant.h"
#include "node/rule_words.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_journey_goods.h"
#include "tools/cmd_journey_holds.h"
#include "tools/goods_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS    UINT64_C(86400000)
#define TEXT_SIZE 128

/* ------------------------------------------------------------------ words */

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
    const struct journey_contract *c = journey_contract_of(j, e);
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
    const struct contract_definition *d = journey_definition_of(j, line);
    (void)printf("state ");
    print_state_name(d, line->number);
    (void)printf(" -> ");
    print_state_name(d, line->to_number);
    (void)printf(", by ");
    cmd_contract_print(line->text);
}

static void print_acknowledged(const struct journey *j, const struct journey_line *line)
{
    const struct contract_definition *d = journey_definition_of(j, line);
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
    const struct contract_definition *d = journey_definition_of(j, line);
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
    (void)printf("   %s  %s%s", clock_text(line->time_ms, time),
                 line->corrected ? "[corrected below] " : "", line->disputed ? "[disputed] " : "");
    switch (line->what) {
    case JOURNEY_COMMISSIONED:
        (void)printf("commissioned by %s\n", cmd_home_member_name(home, &line->from, name));
        return;
    case JOURNEY_PASSED:
        print_handover(home, line, line->role == ROLE_OWNER ? "ownership" : "custody");
        return;
    case JOURNEY_REJECTED: print_handover(home, line, "refused handover"); return;
    case JOURNEY_ATTACHED: (void)printf("sensor %s attached\n", kid); return;
    case JOURNEY_DETACHED: (void)printf("sensor %s detached\n", kid); return;
    case JOURNEY_IN_FORCE:
        print_contract_name(journey_definition_of(j, line), "in force");
        (void)printf("\n");
        return;
    case JOURNEY_EXCURSION: print_excursion(home, j, &j->provenance.excursion[line->index]); return;
    case JOURNEY_SUSPECT: (void)printf("SUSPECT sensor %s was revoked\n", kid); return;
    case JOURNEY_SCANNED:
        (void)printf("seen by %s%s", cmd_home_member_name(home, &line->from, name),
                     line->text.len > 0 ? " at " : "");
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
    case JOURNEY_GOODS:
        journey_goods_print(home, line);
        (void)printf("\n");
        return;
    }
}

static void print_verdict(const struct journey *j)
{
    enum provenance_reason reason;
    enum provenance_verdict verdict = provenance_judge(&j->provenance, &reason);
    char readings[TEXT_SIZE], packs[TEXT_SIZE], missing_text[TEXT_SIZE];
    uint64_t missing = journey_missing(j);
    if (!j->claim.known) {
        (void)printf("   no asset of this name was ever made: of a lot, see waybill asset lot\n");
        return;
    }
    (void)printf("   verdict  %s   %s readings in %s packs, ", provenance_verdict_name(verdict),
                 goods_words_number(j->readings, readings),
                 goods_words_number(j->provenance.packs, packs));
    if (missing == 0)
        (void)printf("no gaps\n");
    else
        (void)printf("%s packs missing\n", goods_words_number(missing, missing_text));
    if (verdict == PROVENANCE_UNCERTAIN)
        (void)printf("            %s\n", provenance_reason_sentence(reason));
    if (j->cut || j->provenance.cut)
        (void)printf("            more happened than is shown here\n");
}

static void print_proof(const struct journey *j, bool pinned)
{
    char statements[TEXT_SIZE];
    (void)printf("   %s  %s statements, none missing up to head %" PRIu64 ", %zu of %zu seals\n",
                 pinned ? "proof ok" : "UNPROVEN",
                 goods_words_number(j->claim.statements, statements), j->claim.head.height,
                 j->claim.seals, j->claim.authorities);
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
    journey_holds_print(home, j, pinned);
    journey_goods_print_standing(j);
    print_verdict(j);
    print_proof(j, pinned);
}
