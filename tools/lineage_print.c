/* A proven lineage in words, and as JSON. */
#include "tools/lineage.h"

#include "common/instant.h"
#include "tools/cmd_contract_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INDENT_MAX 12 /* levels; what is deeper is not moved further to the right */

enum certificate_standing {
    CERTIFICATE_VALID,
    CERTIFICATE_NOT_YET,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_REVOKED,
};

/* At the time of the hop: what was valid when the goods were made stays so. */
static enum certificate_standing standing_at(const struct lineage_certificate *c, uint64_t time_ms)
{
    if (c->revoked && c->revoked_from_ms <= time_ms)
        return CERTIFICATE_REVOKED;
    if (time_ms < c->from_ms)
        return CERTIFICATE_NOT_YET;
    return time_ms < c->until_ms ? CERTIFICATE_VALID : CERTIFICATE_EXPIRED;
}

static const char *standing_name(enum certificate_standing standing)
{
    switch (standing) {
    case CERTIFICATE_VALID: return "VALID";
    case CERTIFICATE_NOT_YET: return "NOT_YET";
    case CERTIFICATE_EXPIRED: return "EXPIRED";
    case CERTIFICATE_REVOKED: return "REVOKED";
    }
    return "";
}

/* ------------------------------------------------------------------ one asset */

static void indent(const struct lineage_node *n)
{
    size_t depth = n->depth < INDENT_MAX ? n->depth : INDENT_MAX;
    (void)printf("%*s", (int)(2 * depth), "");
}

static void print_statement(const char *before, const struct hash *statement, uint64_t height)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(statement), hex);
    (void)printf("%sstatement %.16s in block %" PRIu64 "\n", before, hex, height);
}

static void print_at(struct slice place)
{
    if (place.len == 0)
        return;
    (void)printf(" at ");
    cmd_contract_print(place);
}

static void print_birth(const struct cmd_home *home, const struct lineage_node *n)
{
    char time[INSTANT_TEXT_SIZE], name[CMD_HOME_NAME_SIZE];
    struct make m;
    struct statement st;
    instant_format(n->time_ms, time);
    indent(n);
    (void)printf("  %s%.10s %s ", n->corrected ? "[corrected later] " : "", time,
                 cmd_home_member_name(home, &n->kid, name));
    if (n->made && lineage_take_make(n->statement, &m)) {
        (void)printf("%s", m.action == MAKE_SPLIT   ? "split it off "
                           : m.action == MAKE_MERGE ? "poured it together of "
                                                    : "made it of ");
        goods_words_print_make(&m, true);
        print_at(m.place);
    } else {
        (void)printf("brought it into being");
        if (statement_decode(n->statement, &st, NULL) && st.kind == KIND_COMMISSION)
            print_at(st.as.commission.place);
    }
    print_statement("; ", &n->birth, n->height);
}

static void print_certificates(const struct cmd_home *home, const struct lineage_node *n)
{
    char name[CMD_HOME_NAME_SIZE], from[INSTANT_TEXT_SIZE], until[INSTANT_TEXT_SIZE];
    for (size_t i = 0; i < n->certificate_count; i++) {
        const struct lineage_certificate *c = &n->certificate[i];
        indent(n);
        (void)printf("  certificate ");
        cmd_contract_print(c->name);
        instant_format(c->from_ms, from);
        instant_format(c->until_ms, until);
        (void)printf(" by %s, %.10s to %.10s: %s\n", cmd_home_member_name(home, &c->issuer, name),
                     from, until, standing_name(standing_at(c, n->time_ms)));
    }
}

static void print_hold(const struct cmd_home *home, const struct lineage_node *n,
                       const struct state_hold *hold, const char *whose, bool recall)
{
    char name[CMD_HOME_NAME_SIZE];
    const struct kid *by = recall ? &hold->recall_member : &hold->quarantine_member;
    bool own = strcmp(whose, n->claim.asset) == 0;
    indent(n);
    (void)printf("  %s by %s",
                 recall           ? "RECALLED"
                 : hold->rejected ? "REJECTED, in QUARANTINE"
                                  : "in QUARANTINE",
                 cmd_home_member_name(home, by, name));
    if (!own) {
        (void)printf(" by its lot ");
        cmd_contract_print(slice_text(whose));
    } else if (recall && n->recall_reason[0] != '\0') {
        (void)printf(": ");
        cmd_contract_print(slice_text(n->recall_reason));
    }
    (void)printf("\n");
}

static void print_standing(const struct cmd_home *home, const struct lineage_node *n)
{
    const char *whose = "";
    const struct state_hold *hold = bundle_recalled(&n->claim, &whose);
    if (hold != NULL)
        print_hold(home, n, hold, whose, true);
    hold = bundle_quarantined(&n->claim, &whose);
    if (hold != NULL)
        print_hold(home, n, hold, whose, false);
    if (n->findings > 0) {
        indent(n);
        (void)printf("  FINDINGS %zu: see waybill trace\n", n->findings);
    }
}

static void print_uses(const struct cmd_home *home, const struct lineage_node *n)
{
    char time[INSTANT_TEXT_SIZE], name[CMD_HOME_NAME_SIZE];
    for (size_t i = 0; i < n->use_count; i++) {
        const struct lineage_use *u = &n->uses[i];
        struct make m;
        if (!lineage_take_make(u->statement, &m))
            continue;
        instant_format(u->time_ms, time);
        indent(n);
        (void)printf("  %.10s %s made of it ", time, cmd_home_member_name(home, &u->kid, name));
        goods_words_print_make(&m, false);
        print_at(m.place);
        print_statement("; ", &u->making, u->height);
    }
}

static void print_node(const struct cmd_home *home, const struct lineage *l,
                       const struct lineage_node *n)
{
    char name[CMD_HOME_NAME_SIZE], left[AMOUNT_TEXT_SIZE];
    indent(n);
    cmd_contract_print(slice_text(n->claim.asset));
    if (n->claim.has_amount) {
        amount_format(&n->claim.amount, left);
        (void)printf("   %s left", left);
    }
    if (n->end != GOODS_ACTIVE)
        (void)printf("   %s", provenance_end_name(n->end));
    else if (n->claim.has_custodian)
        (void)printf("   with %s", cmd_home_member_name(home, &n->claim.custodian, name));
    (void)printf("\n");
    if (l->direction == BUNDLE_PACK_BACK)
        print_birth(home, n);
    print_certificates(home, n);
    print_standing(home, n);
    if (l->direction == BUNDLE_PACK_FORWARD)
        print_uses(home, n);
}

/* ------------------------------------------------------------------ the whole */

static void print_recalled(const struct lineage_node *n)
{
    const char *whose = "";
    (void)printf("RECALLED: ");
    cmd_contract_print(slice_text(n->claim.asset));
    if (bundle_recalled(&n->claim, &whose) != NULL && strcmp(whose, n->claim.asset) != 0) {
        (void)printf(" with its lot ");
        cmd_contract_print(slice_text(whose));
    }
    (void)printf(", and all that was made of it\n");
}

static size_t without_holds(const struct lineage *l)
{
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++)
        count += !l->node[i]->claim.holds.proven;
    return count;
}

void lineage_print(const struct cmd_home *home, const struct lineage *l)
{
    char assets[GOODS_WORDS_SIZE], makings[GOODS_WORDS_SIZE], hex[2 * HASH_SIZE + 1];
    const struct lineage_node *recalled = lineage_recalled(l);
    for (size_t i = 0; i < l->count; i++)
        print_node(home, l, l->node[i]);
    for (size_t i = 0; i < l->unfollowed_count; i++) {
        hex_encode(hash_slice(&l->unfollowed[i]), hex);
        (void)printf(
            "not followed: sets of more than %d in statement %.16s; %s is not looked into\n",
            LINEAGE_SET_MAX, hex,
            l->direction == BUNDLE_PACK_BACK ? "where each came from"
                                             : "whether one was used again");
    }
    if (l->cut)
        (void)printf("not followed: more than %d assets\n", BUNDLE_PACK_ASSETS_MAX);
    if (recalled != NULL)
        print_recalled(recalled);
    else if (lineage_is_open(l))
        (void)printf("NOT PROVEN: whether what is not followed is recalled\n");
    if (without_holds(l) > 0)
        (void)printf("NOT PROVEN: whether %s of the assets are recalled: their proofs do not say\n",
                     goods_words_number(without_holds(l), assets));
    (void)printf("proof ok  %s assets, %s makings, none of their events missing up to head %" PRIu64
                 ", at least %zu of %zu seals\n",
                 goods_words_number(l->count, assets), goods_words_number(l->making_count, makings),
                 l->head, l->seals, l->authorities);
}

/* ------------------------------------------------------------------ JSON */

static void put_make(const struct cmd_home *home, struct json_doc *doc, struct slice statement,
                     const struct kid *kid)
{
    struct make m;
    goods_words_put_member(home, doc, "by", kid);
    if (!lineage_take_make(statement, &m))
        return;
    json_doc_put_text(doc, "action", goods_words_making(m.action));
    if (m.place.len > 0)
        json_doc_put_slice(doc, "place", m.place);
    goods_words_put_make(doc, &m);
}

static void put_birth(const struct cmd_home *home, const struct lineage_node *n,
                      struct json_doc *doc)
{
    json_doc_put_hex(doc, "statement", hash_slice(&n->birth));
    json_doc_put_int(doc, "height", (int64_t)n->height);
    goods_words_put_time(doc, "time", n->time_ms);
    json_doc_put_bool(doc, "corrected", n->corrected);
    if (!n->made)
        json_doc_put_text(doc, "action", "commission");
    put_make(home, doc, n->statement, &n->kid);
}

static void put_certificates(const struct cmd_home *home, const struct lineage_node *n,
                             struct json_doc *list)
{
    for (size_t i = 0; i < n->certificate_count; i++) {
        const struct lineage_certificate *c = &n->certificate[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_hex(one, "certificate", hash_slice(&c->certificate));
        json_doc_put_slice(one, "name", c->name);
        goods_words_put_member(home, one, "issuer", &c->issuer);
        goods_words_put_time(one, "from", c->from_ms);
        goods_words_put_time(one, "until", c->until_ms);
        json_doc_put_text(one, "standing", standing_name(standing_at(c, n->time_ms)));
    }
}

static void put_recall(const struct cmd_home *home, const struct lineage_node *n,
                       struct json_doc *doc)
{
    const char *whose = "";
    const struct state_hold *hold = bundle_recalled(&n->claim, &whose);
    if (hold == NULL)
        return;
    struct json_doc *recall = json_doc_put_object(doc, "recall");
    json_doc_put_text(recall, "name", whose);
    goods_words_put_member(home, recall, "member", &hold->recall_member);
    json_doc_put_hex(recall, "statement", hash_slice(&hold->recall));
}

static void put_node(const struct cmd_home *home, const struct lineage *l,
                     const struct lineage_node *n, struct json_doc *doc)
{
    json_doc_put_text(doc, "asset", n->claim.asset);
    json_doc_put_int(doc, "depth", (int64_t)n->depth);
    if (n->claim.has_custodian)
        goods_words_put_member(home, doc, "custodian", &n->claim.custodian);
    if (n->claim.has_owner)
        goods_words_put_member(home, doc, "owner", &n->claim.owner);
    if (n->claim.has_amount)
        goods_words_put_amount(doc, "amount", &n->claim.amount);
    json_doc_put_text(doc, "state", provenance_end_name(n->end));
    json_doc_put_bool(doc, "recalled", bundle_recalled(&n->claim, NULL) != NULL);
    put_recall(home, n, doc);
    json_doc_put_bool(doc, "quarantined", bundle_quarantined(&n->claim, NULL) != NULL);
    if (n->claim.holds.has_lot)
        json_doc_put_text(doc, "lot", n->claim.holds.lot_name);
    json_doc_put_int(doc, "findings", (int64_t)n->findings);
    if (n->has_birth)
        put_birth(home, n, json_doc_put_object(doc, "birth"));
    put_certificates(home, n, json_doc_put_array(doc, "certificates"));
    struct json_doc *uses = json_doc_put_array(doc, "uses");
    for (size_t i = 0; i < n->use_count && l->direction == BUNDLE_PACK_FORWARD; i++) {
        struct json_doc *one = json_doc_put_object(uses, NULL);
        json_doc_put_hex(one, "statement", hash_slice(&n->uses[i].making));
        json_doc_put_int(one, "height", (int64_t)n->uses[i].height);
        goods_words_put_time(one, "time", n->uses[i].time_ms);
        put_make(home, one, n->uses[i].statement, &n->uses[i].kid);
    }
}

struct json_doc *lineage_json(const struct cmd_home *home, const struct lineage *l)
{
    const struct lineage_node *recalled = lineage_recalled(l);
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", l->node[0]->claim.asset);
    json_doc_put_text(doc, "direction", l->direction == BUNDLE_PACK_BACK ? "origin" : "uses");
    struct json_doc *list = json_doc_put_array(doc, "assets");
    for (size_t i = 0; i < l->count; i++)
        put_node(home, l, l->node[i], json_doc_put_object(list, NULL));
    list = json_doc_put_array(doc, "not_followed");
    for (size_t i = 0; i < l->unfollowed_count; i++)
        json_doc_put_hex(list, NULL, hash_slice(&l->unfollowed[i]));
    json_doc_put_bool(doc, "cut", l->cut);
    if (recalled != NULL) {
        json_doc_put_text(doc, "recalled", recalled->claim.asset);
        put_recall(home, recalled, doc);
    }
    struct json_doc *proof = json_doc_put_object(doc, "proof");
    json_doc_put_bool(proof, "ok", true);
    json_doc_put_bool(proof, "holds", without_holds(l) == 0 && !lineage_is_open(l));
    json_doc_put_int(proof, "makings", (int64_t)l->making_count);
    json_doc_put_int(proof, "head", (int64_t)l->head);
    json_doc_put_int(proof, "seals", (int64_t)l->seals);
    json_doc_put_hex(proof, "ledger", hash_slice(&l->node[0]->claim.head.ledger));
    return doc;
}
