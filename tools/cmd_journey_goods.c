#include "tools/cmd_journey_goods.h"

#include "common/event_data.h"
#include "common/instant.h"
#include "tools/cmd_contract_words.h"
#include "tools/goods_words.h"

#include <inttypes.h>
#include <stdio.h>

bool journey_goods_is(enum event_what what)
{
    return what == EVENT_OFFER_EXPIRED || (what >= EVENT_RECEIVED && what <= EVENT_REVEALED);
}

/* ------------------------------------------------------------------ what was corrected, how it stands */

static bool names_line(const struct journey_line *l, const struct hash *statement)
{
    struct event_found f;
    if (l->has_by && hash_equal(&l->by, statement))
        return true;
    return l->what == JOURNEY_GOODS && l->event == EVENT_FINDING &&
           event_data_finding(l->data, &f) && f.has_other && hash_equal(&f.other, statement);
}

static void mark(struct journey *j, const struct hash *statement, bool corrected)
{
    for (size_t i = 0; i < j->line_count; i++) {
        struct journey_line *l = &j->lines[i];
        if (!names_line(l, statement))
            continue;
        l->corrected = l->corrected || corrected;
        l->disputed = l->disputed || !corrected;
    }
}

void journey_goods_settle(struct journey *j)
{
    struct event_corrected c;
    struct event_disputed d;
    for (size_t i = 0; i < j->line_count; i++) {
        const struct journey_line *l = &j->lines[i];
        if (l->what != JOURNEY_GOODS)
            continue;
        if (l->event == EVENT_CORRECTED && event_data_corrected(l->data, &c))
            mark(j, &c.original, true);
        else if (l->event == EVENT_DISPUTED && event_data_disputed(l->data, &d))
            mark(j, &d.statement, false);
    }
}

/* ------------------------------------------------------------------ words */

static const char *by_member(const struct cmd_home *home, const struct kid *kid,
                             char text[CMD_HOME_NAME_SIZE])
{
    return cmd_home_member_name(home, kid, text);
}

static void print_quoted(const char *before, struct slice text, const char *after)
{
    if (text.len == 0)
        return;
    (void)printf("%s", before);
    cmd_contract_print(text);
    (void)printf("%s", after);
}

static void print_date(const char *before, uint64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_format(time_ms, text);
    (void)printf("%s%.10s", before, text);
}

static void print_received(struct slice data)
{
    struct event_received r;
    if (!event_data_received(data, &r))
        return;
    if (r.missing == 0 && r.surplus == 0 && r.damaged == 0)
        (void)printf("received complete");
    else
        (void)printf("RECEIVED with %" PRIu64 " missing, %" PRIu64 " too many, %" PRIu64 " damaged",
                     r.missing, r.surplus, r.damaged);
}

static void print_bound(struct slice data)
{
    static const char *const seals[] = {
        [SEAL_INTACT] = "seal intact",
        [SEAL_BROKEN] = "SEAL BROKEN",
        [SEAL_NONE] = "no seal",
    };
    char kid[2 * KID_SIZE + 1];
    struct event_bound b;
    if (!event_data_bound(data, &b))
        return;
    if (b.has_seal)
        (void)printf("%s", b.seal <= SEAL_NONE ? seals[b.seal] : "");
    if (b.has_seal)
        print_quoted(", number ", b.seal_number, "");
    hex_encode(kid_slice(&b.device), kid);
    if (b.has_reading)
        (void)printf("%sbound to the last reading of sensor %s", b.has_seal ? "; " : "", kid);
}

static void print_load(struct slice data, const char *what)
{
    char moved[GOODS_WORDS_SIZE], inside[GOODS_WORDS_SIZE];
    struct event_load l;
    if (event_data_load(data, &l))
        (void)printf("%s %s, now %s inside", goods_words_number(l.moved, moved), what,
                     goods_words_number(l.inside, inside));
}

/* What a making was made of, or what came of it, when the bundle brings it along. */
static void print_make_side(const struct journey_line *l, bool inputs)
{
    struct statement st;
    if (!statement_decode(l->statement, &st, NULL) || st.kind != KIND_MAKE)
        return;
    (void)printf(inputs ? " of " : " for ");
    goods_words_print_make(&st.as.make, inputs);
}

static void print_made(const struct cmd_home *home, const struct journey_line *l)
{
    static const char *const words[] = { "split off", "poured together", "made", "made" };
    char name[CMD_HOME_NAME_SIZE];
    struct event_made m;
    struct statement st;
    if (!event_data_made(l->data, &m))
        return;
    (void)printf("%s", m.action < 4 ? words[m.action] : "made");
    if (statement_decode(l->statement, &st, NULL))
        (void)printf(" by %s,", by_member(home, &st.kid, name));
    print_make_side(l, true);
}

static void print_used(const struct journey_line *l)
{
    char amount[AMOUNT_TEXT_SIZE] = "all of it";
    struct event_used u;
    if (!event_data_used(l->data, &u))
        return;
    if (u.has_amount)
        amount_format(&u.amount, amount);
    (void)printf("%s used", amount);
    print_make_side(l, false);
}

static const char *disposition_words(uint64_t action)
{
    switch ((enum disposition_action)action) {
    case DISPOSITION_QUARANTINE: return "QUARANTINED";
    case DISPOSITION_RELEASE: return "released";
    case DISPOSITION_REJECT: return "REJECTED";
    case DISPOSITION_RETURN: return "returned";
    case DISPOSITION_RECALL: return "RECALLED";
    case DISPOSITION_END_RECALL: return "recall ended";
    case DISPOSITION_DECOMMISSION: return "decommissioned";
    case DISPOSITION_DISPENSE: return "dispensed";
    case DISPOSITION_DESTROY: return "destroyed";
    }
    return "";
}

static void print_disposition(const struct cmd_home *home, struct slice data)
{
    char name[CMD_HOME_NAME_SIZE];
    struct event_disposition d;
    if (!event_data_disposition(data, &d))
        return;
    (void)printf("%s by %s", disposition_words(d.action), by_member(home, &d.member, name));
    print_quoted(" (", d.meaning, d.reason.len > 0 ? ": " : ")");
    print_quoted(d.meaning.len > 0 ? "" : " (", d.reason, ")");
}

static void print_disputed(const struct cmd_home *home, const struct journey_line *l)
{
    char name[CMD_HOME_NAME_SIZE];
    struct event_disputed d;
    struct statement st;
    if (!event_data_disputed(l->data, &d))
        return;
    (void)printf("DISPUTED by %s", by_member(home, &d.member, name));
    if (statement_decode(l->statement, &st, NULL) && st.kind == KIND_DISPUTE)
        print_quoted(" (", st.as.dispute.reason, ")");
}

static void print_certified(const struct cmd_home *home, const struct journey_line *l)
{
    char name[CMD_HOME_NAME_SIZE];
    struct event_certified c;
    if (!event_data_certified(l->data, &c))
        return;
    bool revoked = l->event == EVENT_CERTIFICATE_REVOKED;
    print_quoted(revoked ? "CERTIFICATE " : "certified ", c.name, "");
    (void)printf("%s by %s", revoked ? " REVOKED" : "", by_member(home, &c.issuer, name));
    print_date(revoked ? ", not valid from " : ", valid from ", c.from_ms);
    if (!revoked)
        print_date(" until ", c.until_ms);
}

static void print_corrected(const struct journey_line *l)
{
    struct event_corrected c;
    struct statement st;
    if (!event_data_corrected(l->data, &c))
        return;
    (void)printf("CORRECTED an earlier %s", statement_kind_name((enum statement_kind)c.kind));
    if (!statement_decode(l->statement, &st, NULL) || st.kind != KIND_CORRECTION)
        return;
    print_quoted(" (", st.as.correction.meaning, ": ");
    print_quoted("", st.as.correction.reason, ")");
}

static void print_finding(const struct cmd_home *home, struct slice data)
{
    char name[CMD_HOME_NAME_SIZE], hex[2 * HASH_SIZE + 1];
    struct event_found f;
    if (!event_data_finding(data, &f))
        return;
    hex_encode(hash_slice(&f.statement), hex);
    (void)printf("FINDING %s: %s (%s, statement %.8s", provenance_found_name(f.finding),
                 provenance_found_sentence(f.finding), by_member(home, &f.kid, name), hex);
    hex_encode(hash_slice(&f.other), hex);
    (void)printf(f.has_other ? " against %.8s)" : ")", hex);
}

static void print_container(struct slice data, const char *what)
{
    struct slice container;
    if (event_data_container(data, &container))
        print_quoted(what, container, "");
}

static void print_revealed(struct slice data)
{
    struct event_revealed r;
    if (event_data_revealed(data, &r))
        (void)printf("covered code uncovered: %s", provenance_reveal_name(r.result));
}

static void print_expired(const struct cmd_home *home, struct slice data)
{
    char name[CMD_HOME_NAME_SIZE];
    struct event_handover h;
    if (event_data_handover(data, &h))
        (void)printf("the offer to %s expired", by_member(home, &h.to, name));
}

static void print_words(const struct cmd_home *home, const struct journey_line *l)
{
    if (l->event == EVENT_RECEIVED)
        print_received(l->data);
    else if (l->event == EVENT_NOT_RECEIVED)
        (void)printf("NOT RECEIVED: it stays with who offered it");
    else if (l->event == EVENT_BOUND)
        print_bound(l->data);
    else if (l->event == EVENT_PACKED)
        print_container(l->data, "packed into ");
    else if (l->event == EVENT_UNPACKED)
        print_container(l->data, "unpacked from ");
    else if (l->event == EVENT_LOADED || l->event == EVENT_UNLOADED)
        print_load(l->data, l->event == EVENT_LOADED ? "packed into it" : "taken out of it");
    else if (l->event == EVENT_MADE)
        print_made(home, l);
    else if (l->event == EVENT_USED)
        print_used(l);
    else if (l->event == EVENT_DISPOSITION)
        print_disposition(home, l->data);
    else if (l->event == EVENT_DISPUTED)
        print_disputed(home, l);
    else if (l->event == EVENT_CERTIFIED || l->event == EVENT_CERTIFICATE_REVOKED)
        print_certified(home, l);
    else if (l->event == EVENT_CORRECTED)
        print_corrected(l);
    else if (l->event == EVENT_FINDING)
        print_finding(home, l->data);
    else if (l->event == EVENT_LABEL_SEALED)
        (void)printf("covered code sealed");
    else if (l->event == EVENT_REVEALED)
        print_revealed(l->data);
    else
        print_expired(home, l->data);
}

void journey_goods_print(const struct cmd_home *home, const struct journey_line *line)
{
    print_words(home, line);
}

void journey_goods_print_standing(const struct journey *j)
{
    char count[GOODS_WORDS_SIZE];
    const struct provenance_goods *g = &j->provenance.goods;
    size_t findings = provenance_goods_findings(g);
    if (g->end != GOODS_ACTIVE)
        (void)printf("   ended    %s\n", provenance_end_name(g->end));
    if (findings > 0)
        (void)printf("   FINDINGS %s, see above\n", goods_words_number(findings, count));
}
