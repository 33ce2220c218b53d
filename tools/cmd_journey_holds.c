#include "tools/cmd_journey_holds.h"

#include "common/hex.h"
#include "common/instant.h"
#include "tools/cmd_contract_words.h"
#include "tools/goods_words.h"

#include <stdio.h>

/* A recall or a quarantine, of the goods themselves or of their lot. */
struct held {
    bool there, rejected;
    bool proven; /* by the state; otherwise their own events tell of it */
    struct kid member;
    struct hash statement;
    const char *reason; /* "": not known here */
};

/* The events know the reason, the state does not; where they differ, the state has the last word. */
static struct held held_of(bool in_state, const struct kid *member, const struct hash *statement,
                           const struct provenance_hold *told)
{
    struct held h = { .reason = "" };
    bool same = in_state && told->there && hash_equal(&told->statement, statement);
    if (in_state)
        h = (struct held){ .there = true,
                           .proven = true,
                           .member = *member,
                           .statement = *statement,
                           .reason = same ? told->reason : "" };
    else if (told->there)
        h = (struct held){ .there = true,
                           .rejected = told->rejected,
                           .member = told->member,
                           .statement = told->statement,
                           .reason = told->reason };
    return h;
}

static struct held recall_of(const struct state_hold *s, const struct provenance_hold *told)
{
    return held_of(s->recalled, &s->recall_member, &s->recall, told);
}

static struct held quarantine_of(const struct state_hold *s, const struct provenance_hold *told)
{
    struct held h = held_of(s->quarantined, &s->quarantine_member, &s->quarantine, told);
    h.rejected = h.rejected || s->rejected;
    return h;
}

struct holds {
    struct held recall, quarantine, lot_recall, lot_quarantine;
};

static struct holds holds_of(const struct journey *j)
{
    static const struct provenance_hold nothing_told;
    const struct bundle_holds *s = &j->claim.holds;
    const struct provenance_goods *g = &j->provenance.goods;
    return (struct holds){ recall_of(&s->own, &g->recall), quarantine_of(&s->own, &g->quarantine),
                           recall_of(&s->lot, &nothing_told),
                           quarantine_of(&s->lot, &nothing_told) };
}

static bool is_recalled(const struct holds *h)
{
    return h->recall.there || h->lot_recall.there;
}

static bool is_rejected(const struct holds *h)
{
    return h->quarantine.rejected || h->lot_quarantine.rejected;
}

bool journey_holds_stop(const struct journey *j)
{
    struct holds h = holds_of(j);
    return is_recalled(&h) || is_rejected(&h);
}

bool journey_holds_any(const struct journey *j)
{
    struct holds h = holds_of(j);
    return is_recalled(&h) || h.quarantine.there || h.lot_quarantine.there;
}

/* ------------------------------------------------------------------ words */

/* In: lot: NULL: of its own name. */
static void print_held(const struct cmd_home *home, const char *what, const struct held *h,
                       const char *lot, bool pinned)
{
    char name[CMD_HOME_NAME_SIZE], hex[2 * HASH_SIZE + 1];
    if (!h->there)
        return;
    (void)printf("   %s by %s", what, cmd_home_member_name(home, &h->member, name));
    if (lot != NULL) {
        hex_encode(hash_slice(&h->statement), hex);
        (void)printf(", with its lot ");
        cmd_contract_print(slice_text(lot));
        (void)printf(", statement %.16s", hex);
    }
    if (h->reason[0] != '\0') {
        (void)printf(": ");
        cmd_contract_print(slice_text(h->reason));
    }
    (void)printf("%s\n", h->proven && pinned ? " (proven)" : "");
}

static const char *quarantine_words(const struct held *h)
{
    return h->rejected ? "REJECTED; QUARANTINED" : "QUARANTINED";
}

static void print_none(const struct journey *j, bool pinned)
{
    char time[INSTANT_TEXT_SIZE];
    const struct bundle_holds *s = &j->claim.holds;
    if (!s->proven) {
        (void)printf(
            "   holds    NOT PROVEN: this proof says nothing of recalls and quarantines\n");
        return;
    }
    instant_format(j->claim.head.time_ms, time);
    (void)printf("   holds    none of its name%s", s->has_lot ? " or its lot " : "");
    cmd_contract_print(slice_text(s->lot_name));
    (void)printf(" at %.10s %.5s%s\n", time, time + 11, pinned ? " (proven)" : "");
}

void journey_holds_print(const struct cmd_home *home, const struct journey *j, bool pinned)
{
    static const struct hash commissioned; /* no making brought it into being */
    struct holds h = holds_of(j);
    const char *lot = j->claim.holds.lot_name;
    print_held(home, "RECALLED", &h.recall, NULL, pinned);
    print_held(home, "RECALLED", &h.lot_recall, lot, pinned);
    print_held(home, quarantine_words(&h.quarantine), &h.quarantine, NULL, pinned);
    print_held(home, quarantine_words(&h.lot_quarantine), &h.lot_quarantine, lot, pinned);
    if (!journey_holds_any(j) || !j->claim.holds.proven)
        print_none(j, pinned);
    if (j->provenance.goods.made && !hash_equal(&j->provenance.goods.origin.making, &commissioned))
        (void)printf(
            "            what it was made of is not looked into: waybill origin --verify\n");
}

/* ------------------------------------------------------------------ JSON */

static void put_held(const struct cmd_home *home, struct json_doc *doc, const char *key,
                     const struct held *h)
{
    if (!h->there)
        return;
    struct json_doc *one = json_doc_put_object(doc, key);
    goods_words_put_member(home, one, "member", &h->member);
    json_doc_put_hex(one, "statement", hash_slice(&h->statement));
    json_doc_put_bool(one, "proven", h->proven);
    json_doc_put_bool(one, "rejected", h->rejected);
}

void journey_holds_json(const struct cmd_home *home, const struct journey *j, struct json_doc *doc)
{
    struct holds h = holds_of(j);
    const struct bundle_holds *s = &j->claim.holds;
    json_doc_put_bool(doc, "proven", s->proven);
    json_doc_put_bool(doc, "recalled", is_recalled(&h));
    json_doc_put_bool(doc, "quarantined", h.quarantine.there || h.lot_quarantine.there);
    json_doc_put_bool(doc, "rejected", is_rejected(&h));
    put_held(home, doc, "recall", &h.recall);
    put_held(home, doc, "quarantine", &h.quarantine);
    if (!s->has_lot)
        return;
    struct json_doc *lot = json_doc_put_object(doc, "lot");
    json_doc_put_text(lot, "name", s->lot_name);
    put_held(home, lot, "recall", &h.lot_recall);
    put_held(home, lot, "quarantine", &h.lot_quarantine);
}
