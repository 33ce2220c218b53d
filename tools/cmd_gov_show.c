/* `waybill gov list` and `show`: what is proposed, who said what, and what is missing. */
#include "common/hex.h"
#include "common/instant.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_gov_parts.h"
#include "tools/cmd_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_DIGITS 12

/* ------------------------------------------------------------------ what it would do */

static void print_kid(const struct kid *kid)
{
    char hex[2 * KID_SIZE + 1];
    hex_encode(kid_slice(kid), hex);
    (void)printf("%s", hex);
}

static void print_member(const struct gov_world *w, const struct kid *kid)
{
    char text[CMD_HOME_NAME_SIZE];
    const char *name = gov_world_name(w, kid, text);
    cmd_contract_print(slice_text(name));
    if (name != text) {
        (void)printf(" (");
        print_kid(kid);
        (void)printf(")");
    }
}

/* A key that asks for something, and whose it will be. */
static void print_request(const struct gov_world *w, struct slice request, bool of_member)
{
    struct enrol_request e;
    if (!enrol_request_parse(request, &e, NULL))
        return;
    struct kid kid = key_kid(e.pub);
    if (of_member) {
        print_member(w, &e.sponsor);
        (void)printf(", key ");
    } else {
        (void)printf(" (");
    }
    print_kid(&kid);
    (void)printf("%s", of_member ? "" : ")");
}

static void print_until(uint64_t until_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_format(until_ms, text);
    (void)printf(", to enter by %s", text);
}

static void print_value(struct slice value)
{
    struct cbor_reader r = cbor_reader(value);
    char hex[2 * 64 + 1];
    switch (cbor_peek(&r)) {
    case CBOR_UINT:
    case CBOR_NINT: (void)printf("%" PRId64, cbor_take_int(&r)); return;
    case CBOR_BOOL: (void)printf("%s", cbor_take_bool(&r) ? "true" : "false"); return;
    case CBOR_TEXT:
        (void)printf("\"");
        cmd_contract_print(cbor_take_text(&r, 0, value.len));
        (void)printf("\"");
        return;
    case CBOR_BYTES:
    case CBOR_ARRAY:
    case CBOR_MAP:
    case CBOR_NULL:
    case CBOR_FLOAT:
    case CBOR_END: break;
    }
    hex_encode(slice_of(value.data, value.len < 64 ? value.len : 64), hex);
    (void)printf("CBOR %s%s", hex, value.len > 64 ? "..." : "");
}

static void print_authority(const struct gov_world *w, const struct kid *kid)
{
    struct kid member;
    for (size_t i = 0; i < w->count; i++)
        if (w->members[i].has_authority && kid_equal(&w->members[i].authority, kid)) {
            cmd_contract_print(slice_text(w->members[i].name));
            (void)printf("'s ");
        }
    print_kid(kid);
    if (gov_world_candidate(w, kid, &member)) {
        (void)printf(", which may enter the set for ");
        print_member(w, &member);
    }
}

static void print_parts(const struct gov_world *w, const struct gov_proposal *p)
{
    const struct proposal_body *b = &p->parts;
    char hex[2 * HASH_SIZE + 1];
    switch (p->action) {
    case ACTION_ADD_MEMBER:
        cmd_contract_print(b->name);
        print_request(w, b->request, false);
        return;
    case ACTION_ADD_AUTHORITY:
        (void)printf("of ");
        print_request(w, b->request, true);
        print_until(b->until_ms);
        return;
    case ACTION_RECOVER_MEMBER: print_request(w, b->request, true); return;
    case ACTION_REMOVE_AUTHORITY: print_authority(w, &b->kid); return;
    case ACTION_REMOVE_MEMBER:
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR: print_member(w, &b->kid); return;
    case ACTION_APPROVE_DEFINITION:
    case ACTION_WITHDRAW_DEFINITION:
        hex_encode(hash_slice(&b->definition), hex);
        (void)printf("%s", hex);
        return;
    case ACTION_SET_PARAMETER:
        (void)printf("%" PRIu64 " to ", b->number);
        print_value(b->value);
        return;
    case ACTION_RULES_VERSION: (void)printf("%" PRIu64, b->number); return;
    case ACTION_AMEND: (void)printf("the constitution"); return;
    }
}

void cmd_gov_print_action(const struct gov_world *w, const struct gov_proposal *p)
{
    (void)printf("%s ", constitution_action_name(p->action));
    if (p->readable)
        print_parts(w, p);
    else
        (void)printf("(what it says cannot be read)");
}

/* ------------------------------------------------------------------ list */

static void tell_short(const struct gov_world *w, const struct gov_proposal *p)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&p->hash), hex);
    (void)printf("%.*s  %-9.*s ", SHORT_DIGITS, hex, (int)p->status.len,
                 (const char *)p->status.data);
    cmd_gov_print_action(w, p);
    if (slice_equal(p->status, slice_text("open")))
        (void)printf("  %" PRIu64 " of %" PRIu64 " yes, needs %" PRIu64, p->yes, p->voters,
                     p->needed);
    else if (slice_equal(p->status, slice_text("passed")))
        (void)printf("  takes effect at height %" PRIu64, p->height);
    if (p->code.len > 0)
        (void)printf("  %.*s", (int)p->code.len, (const char *)p->code.data);
    (void)printf("\n");
}

static void tell_members(const struct gov_world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct gov_member *m = &w->members[i];
        (void)printf("  ");
        print_kid(&m->kid);
        (void)printf("  ");
        cmd_contract_print(slice_text(m->name));
        (void)printf("%s%s%s%s", m->active ? "" : " (removed)",
                     m->operator_role ? ", operator" : "", m->sponsor_role ? ", sponsor" : "",
                     m->has_authority ? ", authority " : "");
        if (m->has_authority)
            print_kid(&m->authority);
        (void)printf("\n");
    }
}

/* Those that a vote let in, and that have not said yet that they run. */
static void tell_candidates(const struct gov_world *w)
{
    const struct json_doc *nodes = json_doc_at(w->doc, "/nodes");
    for (size_t i = 0; i < json_doc_count(nodes); i++) {
        const struct json_doc *one = json_doc_element(nodes, i);
        struct slice kid, name, until;
        if (!json_doc_get_text(json_doc_at(one, "/candidate/until"), &until) ||
            !json_doc_get_text(json_doc_at(one, "/kid"), &kid))
            continue;
        (void)printf("  %.*s  may enter the set of authorities until %.*s", (int)kid.len,
                     (const char *)kid.data, (int)until.len, (const char *)until.data);
        if (json_doc_get_text(json_doc_at(one, "/member/name"), &name)) {
            (void)printf(", for ");
            cmd_contract_print(name);
        }
        (void)printf("\n");
    }
}

/* Those of whom the ledger holds two words where one is allowed. */
static void tell_evidence(const struct gov_world *w)
{
    const struct json_doc *nodes = json_doc_at(w->doc, "/nodes");
    for (size_t i = 0; i < json_doc_count(nodes); i++) {
        const struct json_doc *one = json_doc_element(nodes, i);
        struct slice kid, name, newest;
        int64_t times = 0;
        if (!json_doc_get_int(json_doc_at(one, "/evidence"), &times) || times <= 0 ||
            !json_doc_get_text(json_doc_at(one, "/newest_evidence"), &newest) ||
            !json_doc_get_text(json_doc_at(one, "/kid"), &kid))
            continue;
        (void)printf("  %.*s  signed two different things where it may sign one, %" PRId64
                     " time%s; statement %.*s",
                     (int)kid.len, (const char *)kid.data, times, times == 1 ? "" : "s",
                     SHORT_DIGITS, (const char *)newest.data);
        if (json_doc_get_text(json_doc_at(one, "/member/name"), &name)) {
            (void)printf(", of ");
            cmd_contract_print(name);
        }
        (void)printf("\n");
    }
}

static int list(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct gov_world *w = NULL;
    struct gov_proposal *p = calloc(1, sizeof *p);
    bool good = p != NULL && cmd_args_expect(args, 0, 0, "nothing", err) &&
                gov_world_load(home, cmd_args_flag(args, "all"), &w, err);
    if (good && home->json) {
        cmd_action_print(w->doc);
        w->doc = NULL;
    } else if (good) {
        const struct json_doc *proposals = json_doc_at(w->doc, "/proposals");
        size_t may_fail = w->authorities >= w->quorum ? w->authorities - w->quorum : 0;
        (void)printf("height %" PRIu64 ", %zu members, %zu authorities, quorum %zu: %zu may fail\n",
                     w->height, gov_world_active(w), w->authorities, w->quorum, may_fail);
        if (w->authorities == 3)
            (void)printf("three authorities tolerate no failure; consider a fourth as witness\n");
        tell_members(w);
        tell_candidates(w);
        tell_evidence(w);
        (void)printf("%s\n", json_doc_count(proposals) > 0 ? "proposals" : "nothing is proposed");
        for (size_t i = 0; good && i < json_doc_count(proposals); i++) {
            good = gov_world_take(json_doc_element(proposals, i), p, err);
            if (good)
                tell_short(w, p);
        }
    }
    gov_world_free(w);
    free(p);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ show */

static bool counts(const struct json_doc *ballot)
{
    bool value = true;
    (void)json_doc_get_bool(json_doc_at(ballot, "/counts"), &value);
    return value;
}

static void tell_ballot(const struct gov_world *w, const struct json_doc *ballot,
                        struct kid *ret_member)
{
    struct slice text = { NULL, 0 };
    bool yes = false;
    (void)json_doc_get_text(json_doc_at(ballot, "/member"), &text);
    if (text.len != (size_t)2 * KID_SIZE ||
        !hex_decode((const char *)text.data, text.len, ret_member->bytes, KID_SIZE))
        return;
    (void)json_doc_get_bool(json_doc_at(ballot, "/yes"), &yes);
    (void)printf("    %-4s ", yes ? "yes" : "no");
    print_member(w, ret_member);
    (void)printf("%s\n", counts(ballot) ? ""
                                        : "  (lapsed: cast under another set of authorities, or no "
                                          "voice in it now)");
}

/* Those that may vote and have not, or whose ballot lapsed. */
static void tell_silent(const struct gov_world *w, const struct gov_proposal *p,
                        const struct kid *voted, size_t voted_count)
{
    const struct constitution_rule *rule = &w->constitution.actions[p->action];
    for (size_t i = 0; i < w->count; i++) {
        const struct gov_member *m = &w->members[i];
        bool silent = m->active && (!rule->operator_only || m->operator_role);
        for (size_t k = 0; k < voted_count; k++)
            silent = silent && !kid_equal(&voted[k], &m->kid);
        if (!silent)
            continue;
        (void)printf("    -    ");
        print_member(w, &m->kid);
        (void)printf("\n");
    }
}

static void tell_ballots(const struct gov_world *w, const struct gov_proposal *p)
{
    struct kid voted[GOV_WORLD_MEMBERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < json_doc_count(p->ballots) && count < GOV_WORLD_MEMBERS_MAX; i++)
        tell_ballot(w, json_doc_element(p->ballots, i), &voted[count++]);
    if (slice_equal(p->status, slice_text("open")))
        tell_silent(w, p, voted, count);
}

static void tell_missing(const struct gov_proposal *p)
{
    if (!slice_equal(p->status, slice_text("open")))
        return;
    if (p->yes < p->needed)
        (void)printf("  %" PRIu64 " of %" PRIu64 " yes; needs %" PRIu64 ": %" PRIu64
                     " more %s missing\n",
                     p->yes, p->voters, p->needed, p->needed - p->yes,
                     p->needed - p->yes == 1 ? "is" : "are");
    if (p->voters - p->no < p->needed)
        (void)printf("  it cannot pass any more: %" PRIu64 " said no\n", p->no);
}

static void tell_proposal(const struct gov_world *w, const struct gov_proposal *p)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&p->hash), hex);
    (void)printf("proposal %s\n  ", hex);
    cmd_gov_print_action(w, p);
    (void)printf("\n  by ");
    print_member(w, &p->proposer);
    (void)printf(", %.*s", (int)p->status.len, (const char *)p->status.data);
    if (slice_equal(p->status, slice_text("open")))
        (void)printf(", expires %.*s", (int)p->expires.len, (const char *)p->expires.data);
    if (p->height > 0)
        (void)printf(", %s height %" PRIu64,
                     slice_equal(p->status, slice_text("open")) ? "to take effect not before"
                                                                : "effect at",
                     p->height);
    (void)printf("\n");
    if (p->code.len > 0) {
        (void)printf("  it passed, and was not applied: %.*s: ", (int)p->code.len,
                     (const char *)p->code.data);
        cmd_contract_print(p->sentence);
        (void)printf("\n");
    }
    if (p->reason.len > 0) {
        (void)printf("  reason: ");
        cmd_contract_print(p->reason);
        (void)printf("\n");
    }
    tell_ballots(w, p);
    tell_missing(p);
    if (p->readable && p->action == ACTION_AMEND) {
        struct constitution c;
        struct constitution_names *names = calloc(1, sizeof *names);
        if (names != NULL && constitution_decode(p->parts.constitution, &c, NULL)) {
            gov_world_names(w, names);
            constitution_file_print(&c, gov_world_active(w), names);
        }
        free(names);
    }
    if (p->readable && slice_equal(p->status, slice_text("open")))
        cmd_gov_warn(w, p->action, &p->parts);
}

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    struct gov_world *w = NULL;
    struct json_doc *doc = NULL;
    struct hash hash;
    struct gov_proposal *p = calloc(1, sizeof *p);
    bool good = p != NULL && cmd_args_expect(args, 1, 1, "one PROPOSAL", err) &&
                gov_world_load(home, true, &w, err) &&
                gov_world_proposal(w, args->operand[0], &hash, err);
    if (good) {
        hex_encode(hash_slice(&hash), hex);
        (void)snprintf(path, sizeof path, "/v1/governance/%s", hex);
        good = cmd_node_get_json(home, path, &doc, err) && gov_world_take(doc, p, err);
    }
    if (good && home->json) {
        cmd_action_print(doc);
        doc = NULL;
    } else if (good) {
        tell_proposal(w, p);
    }
    json_doc_free(doc);
    gov_world_free(w);
    free(p);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ constitution */

static int constitution(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct gov_world *w = NULL;
    struct constitution_names *names = calloc(1, sizeof *names);
    bool good = names != NULL && cmd_args_expect(args, 0, 0, "nothing", err) &&
                gov_world_load(home, false, &w, err);
    if (good && !w->governed)
        good = err_set(err, ERR_NOT_FOUND, "this ledger was founded without government by vote");
    if (good && home->json) {
        cmd_action_print(constitution_file_json(&w->constitution));
    } else if (good) {
        gov_world_names(w, names);
        constitution_file_print(&w->constitution, gov_world_active(w), names);
        (void)constitution_file_warn(&w->constitution, gov_world_active(w));
    }
    gov_world_free(w);
    free(names);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

const struct cmd_action cmd_gov_constitution_action = {
    "constitution", "gov constitution", "",
    "Usage: waybill gov constitution\n"
    "The constitution in force: what must agree for each action.\n"
    "Exit code: 0 good, 1 error.\n",
    constitution
};

const struct cmd_action cmd_gov_list_action = { "list", "gov list", "all",
                                                "Usage: waybill gov list [--all]\n"
                                                "Members, authorities and roles as they stand, and "
                                                "what is proposed: open, or passed and waiting\n"
                                                "for its height.\n"
                                                "\n"
                                                "  --all  also what was decided before\n"
                                                "Exit code: 0 good, 1 error.\n",
                                                list };

const struct cmd_action cmd_gov_show_action = {
    "show", "gov show", "",
    "Usage: waybill gov show PROPOSAL\n"
    "One proposal: what it would do, who said what, who has not, and what is missing. PROPOSAL is "
    "its\n"
    "hash, or its first digits.\n"
    "Exit code: 0 good, 1 error.\n",
    show
};
