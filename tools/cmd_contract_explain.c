/*
 * `waybill contract explain`: of a statement, which rule, actor and values refused it and what would have to
 * be otherwise, or what it brought about; of an asset, how its contracts came to stand as they do.
 */
#include "tools/cmd_contract_explain.h"
#include "tools/cmd_contract_words.h"

#include "common/block.h"
#include "common/hex.h"
#include "common/http_client.h"
#include "common/instant.h"
#include "common/refusal.h"
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of the statement that is asked about. */
struct inquiry {
    struct cmd_home *home;
    struct buf bytes;
    struct statement st;
    struct node_status status;
    struct contract_opened *contract; /* NULL: it is about none, or the ledger has no such one */
    struct json_doc *now;             /* how the contract stands; NULL when not known */
    struct json_doc *may;             /* what its signer may do now; likewise */
    struct chronicle *chronicle;      /* of the goods, when it was accepted; likewise */
};

static void print(struct slice text)
{
    cmd_contract_print(text);
}

/* ------------------------------------------------------------------ finding the statement */

static bool is_number(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 20;
}

static bool take_leaf(struct inquiry *q, uint64_t leaf, uint64_t height, struct err *err)
{
    char path[64];
    struct block b;
    struct buf bytes = buf_heap(BLOCK_SIZE_MAX + 1024);
    (void)snprintf(path, sizeof path, "/v1/blocks/%" PRIu64, height);
    bool good =
        cmd_node_get_bytes(q->home, path, &bytes, err) && block_decode(buf_slice(&bytes), &b, err);
    uint64_t first = good && b.header.size >= b.count ? b.header.size - b.count : 0;
    if (good && (leaf < first || leaf - first >= b.count))
        good =
            err_set(err, ERR_PROOF, "block %" PRIu64 " does not hold leaf %" PRIu64, height, leaf);
    for (uint64_t i = first; good && i <= leaf; i++) {
        struct slice s = block_next(&b);
        if (i == leaf)
            buf_add_slice(&q->bytes, s);
    }
    buf_free(&bytes);
    return good;
}

static bool get_leaf(struct inquiry *q, const char *text, struct err *err)
{
    char path[64];
    struct json_doc *doc = NULL;
    int64_t height = 0;
    uint64_t leaf = strtoull(text, NULL, 10);
    (void)snprintf(path, sizeof path, "/v1/receipts/%" PRIu64, leaf);
    bool good =
        cmd_node_get_json(q->home, path, &doc, err) &&
        (json_doc_get_int(json_doc_at(doc, "/height"), &height) ||
         err_set(err, ERR_IO, "the node does not say which block holds leaf %" PRIu64, leaf));
    json_doc_free(doc);
    return good && take_leaf(q, leaf, (uint64_t)height, err);
}

static bool get_statement(struct inquiry *q, const char *text, struct err *err)
{
    struct hash hash;
    bool good = is_number(text) ? get_leaf(q, text, err)
                                : cmd_contract_statement_name(text, &hash, err) &&
                                      cmd_contract_get_statement(q->home, &hash, &q->bytes, err);
    return good && statement_decode(buf_slice(&q->bytes), &q->st, err) &&
           cmd_node_status(q->home, &q->st.hash, &q->status, err);
}

/* ------------------------------------------------------------------ what surrounds it */

static bool find_opening(const struct statement *st, struct hash *ret)
{
    if (st->kind == KIND_CALL)
        *ret = st->as.call.opening;
    else if (st->kind == KIND_DOCUMENT)
        *ret = st->as.document.opening;
    else if (st->kind == KIND_AGREE)
        *ret = st->as.agree.opening;
    else if (st->kind == KIND_OPEN)
        *ret = st->hash;
    else
        return false;
    return true;
}

/* The first of the goods it speaks of, or of the contract's. */
static bool find_unit(const struct inquiry *q, char ret_name[ASSET_NAME_MAX + 1])
{
    const struct statement *st = &q->st;
    const struct asset_set *set = &q->contract->st.as.open.assets;
    if (st->kind == KIND_CALL && st->as.call.has_assets)
        set = &st->as.call.assets;
    if (st->kind == KIND_DOCUMENT && st->as.document.has_assets)
        set = &st->as.document.assets;
    struct asset_iter it = asset_set_begin(set);
    if (!asset_set_next(&it))
        return false;
    (void)snprintf(ret_name, ASSET_NAME_MAX + 1, "%s", it.name);
    return true;
}

/* Where a unit stands among the contract's goods. */
static bool find_position(const struct inquiry *q, const char *unit, uint64_t *ret_position)
{
    struct asset_iter it = asset_set_begin(&q->contract->st.as.open.assets);
    for (*ret_position = 0; asset_set_next(&it); (*ret_position)++)
        if (strcmp(it.name, unit) == 0)
            return true;
    return false;
}

/* How the contract stands, and what the signer may do now: with the unit in question, if each has a state. */
static void ask_contract(struct inquiry *q, const struct hash *opening, const char *unit)
{
    uint64_t position = 0;
    char kid[2 * KID_SIZE + 1], rest[64], query[NODE_CLIENT_PATH_MAX / 2];
    struct buf out = buf_fixed(query, sizeof query);
    bool one =
        unit[0] != '\0' && q->contract->definition.each_unit && find_position(q, unit, &position);
    (void)snprintf(rest, sizeof rest, "?limit=1&from=%" PRIu64, one ? position : 0);
    (void)cmd_contract_get_json(q->home, opening, rest, &q->now, NULL);
    hex_encode(kid_slice(&q->st.kid), kid);
    buf_add_slice(&out, slice_text("/actions?kid="));
    buf_add_slice(&out, slice_text(kid));
    if (one) {
        buf_add_slice(&out, slice_text("&asset="));
        http_client_put_path(&out, unit);
    }
    buf_add_byte(&out, '\0');
    if (!out.failed)
        (void)cmd_contract_get_json(q->home, opening, query, &q->may, NULL);
}

/* All of it may be missing: then less is said. */
static void look_around(struct inquiry *q)
{
    struct hash opening;
    char hex[2 * HASH_SIZE + 1], asset[ASSET_NAME_MAX + 1] = "";
    if (!find_opening(&q->st, &opening))
        return;
    hex_encode(hash_slice(&opening), hex);
    if (!cmd_contract_fetch(q->home, hex, &q->contract, NULL))
        return;
    bool known = find_unit(q, asset);
    ask_contract(q, &opening, known ? asset : "");
    if (q->status.fate == NODE_FATE_FINAL && known)
        (void)cmd_contract_chronicle(q->home, asset, &q->chronicle, NULL);
}

static void free_inquiry(struct inquiry *q)
{
    buf_free(&q->bytes);
    cmd_contract_release(q->contract);
    json_doc_free(q->now);
    json_doc_free(q->may);
    cmd_contract_chronicle_free(q->chronicle);
}

/* ------------------------------------------------------------------ what it says */

static void print_said(const struct inquiry *q)
{
    char time[INSTANT_TEXT_SIZE], name[CMD_HOME_NAME_SIZE];
    const struct statement *st = &q->st;
    if (st->kind == KIND_CALL) {
        (void)printf("call of ");
        print(st->as.call.action);
    } else if (st->kind == KIND_DOCUMENT) {
        (void)printf("document ");
        print(st->as.document.name);
    } else {
        (void)printf("%s", statement_kind_name(st->kind));
    }
    if (q->contract != NULL) {
        (void)printf(" in ");
        print(q->contract->definition.name);
    }
    instant_format(st->link.time_ms, time);
    (void)printf(", signed by %s at %s\n", cmd_home_member_name(q->home, &st->kid, name), time);
    if (st->kind == KIND_CALL)
        cmd_contract_print_arguments(q->home, q->contract != NULL ? &q->contract->definition : NULL,
                                     &st->as.call);
}

/* ------------------------------------------------------------------ why not, and what would have to change */

static void print_holders(const struct inquiry *q, const struct contract_callers *who)
{
    const struct json_doc *list = json_doc_at(q->now, "/parties");
    const struct contract_definition *d = &q->contract->definition;
    for (size_t i = 0; i < d->party_count && i < json_doc_count(list); i++) {
        bool by_party = (who->parties >> i & 1) != 0;
        bool by_role = (who->roles >> d->parties[i].role & 1) != 0;
        if (!by_party && !by_role)
            continue;
        (void)printf("; ");
        print(d->parties[i].name);
        (void)printf(" is ");
        cmd_contract_print_at(json_doc_element(list, i), "/member/name");
    }
    (void)printf("\n");
}

static void print_states(const struct inquiry *q, uint64_t states)
{
    const struct contract_definition *d = &q->contract->definition;
    size_t count = 0;
    (void)printf("  possible in   ");
    for (size_t i = 0; i < d->state_count; i++)
        if ((states >> i & 1) != 0) {
            (void)printf("%s", count++ > 0 ? ", " : "");
            print(d->states[i].name);
        }
    const struct json_doc *state = json_doc_at(q->now, "/state");
    const struct json_doc *unit = state == NULL ? json_doc_at(q->now, "/assets/0") : NULL;
    if (unit != NULL)
        state = json_doc_at(unit, "/state");
    if (state != NULL) {
        (void)printf("; now ");
        print(unit != NULL ? cmd_contract_text_at(unit, "/asset", "it") : slice_text("it"));
        (void)printf(" is in ");
        cmd_contract_print_at(state, "/name");
    }
    (void)printf("\n");
}

static void print_takes(const struct contract_definition *d, const struct contract_action *a)
{
    char kind[128];
    for (size_t i = 0; i < a->param_count; i++) {
        value_kind_show(&d->params[a->param + i].kind, kind, sizeof kind);
        (void)printf("  %-13s ", i == 0 ? "it takes" : "");
        print(d->params[a->param + i].name);
        (void)printf(": %s\n", kind);
    }
}

static void print_guards(const struct contract_definition *d, const struct contract_action *a)
{
    for (size_t i = 0; i < a->step.guard_count; i++) {
        (void)printf("  %-13s ", i == 0 ? "conditions" : "");
        print(d->guards[a->step.guard + i].words);
        (void)printf("\n");
    }
}

static void print_action(const struct inquiry *q, const struct contract_action *a)
{
    (void)printf("  who may       ");
    cmd_contract_print_callers(&q->contract->definition, &a->callers);
    print_holders(q, &a->callers);
    print_states(q, a->states);
    print_takes(&q->contract->definition, a);
    print_guards(&q->contract->definition, a);
}

/* What the same key would meet today. */
static void print_today(const struct inquiry *q, struct slice action)
{
    const struct json_doc *list = json_doc_at(q->may, "/actions");
    for (size_t i = 0; i < json_doc_count(list); i++) {
        bool may = false;
        const struct json_doc *one = json_doc_element(list, i);
        if (!slice_equal(cmd_contract_text_at(one, "/action", ""), action))
            continue;
        (void)json_doc_get_bool(json_doc_at(one, "/may"), &may);
        (void)printf("  called now    ");
        if (may) {
            (void)printf("its signer may, as far as can be said without its arguments\n");
            return;
        }
        cmd_contract_print_at(one, "/code");
        (void)printf(": ");
        cmd_contract_print_at(one, "/why");
        (void)printf("\n");
    }
}

static void print_names(const char *title, const struct contract_definition *d, bool documents)
{
    size_t count = documents ? d->document_count : d->action_count;
    (void)printf("  %-13s ", title);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s", i > 0 ? ", " : "");
        print(documents ? d->documents[i].name : d->actions[i].name);
    }
    (void)printf("%s\n", count == 0 ? "none" : "");
}

static void print_document(const struct inquiry *q, struct slice name)
{
    unsigned index;
    const struct contract_definition *d = &q->contract->definition;
    if (!definition_find_document(d, name, &index)) {
        print_names("documents", d, true);
        return;
    }
    (void)printf("  who may       ");
    cmd_contract_print_callers(d, &d->documents[index].callers);
    print_holders(q, &d->documents[index].callers);
}

static void print_life(const struct inquiry *q)
{
    (void)printf("  the contract  is ");
    cmd_contract_print_at(q->now, "/status");
    if (json_doc_at(q->now, "/ending") != NULL) {
        (void)printf(" (");
        cmd_contract_print_at(q->now, "/ending");
        (void)printf(")");
    }
    if (json_doc_at(q->now, "/end") != NULL) {
        (void)printf(" since ");
        cmd_contract_print_at(q->now, "/end");
    }
    if (json_doc_at(q->now, "/replaced_by") != NULL) {
        (void)printf(", by ");
        cmd_contract_print_at(q->now, "/replaced_by");
    }
    (void)printf("\n");
}

static void print_refused(const struct inquiry *q)
{
    unsigned index;
    const struct refusal_entry *entry = refusal_find(q->status.code);
    (void)printf("  refused       %s: %s\n", refusal_name(q->status.code),
                 entry != NULL ? entry->sentence : "");
    if (q->status.detail[0] != '\0') {
        (void)printf("  because       ");
        print(slice_text(q->status.detail));
        (void)printf("\n");
    }
    if (q->contract == NULL)
        return;
    const struct contract_definition *d = &q->contract->definition;
    if (q->now != NULL)
        print_life(q);
    if (q->st.kind == KIND_DOCUMENT)
        print_document(q, q->st.as.document.name);
    if (q->st.kind != KIND_CALL)
        return;
    if (definition_find_action(d, q->st.as.call.action, &index)) {
        print_action(q, &d->actions[index]);
        print_today(q, q->st.as.call.action);
    } else if (definition_is_reserved_action(q->st.as.call.action)) {
        (void)printf("  who may       ");
        cmd_contract_print_callers(d, &d->quality);
        print_holders(q, &d->quality);
    } else {
        print_names("actions", d, false);
    }
}

/* ------------------------------------------------------------------ what it brought about */

static void print_effects(const struct inquiry *q)
{
    char words[CHRONICLE_WORDS_MAX];
    size_t count = 0;
    for (size_t i = 0; q->chronicle != NULL && i < q->chronicle->line_count; i++) {
        const struct chronicle_line *line = &q->chronicle->lines[i];
        if (!line->has_statement || !hash_equal(&line->statement, &q->st.hash))
            continue;
        cmd_contract_chronicle_say(q->home, q->chronicle, line, words);
        (void)printf("  %-13s ", count++ == 0 ? "it brought" : "");
        print(slice_text(words));
        (void)printf("\n");
    }
}

static void put_effects(const struct inquiry *q, struct json_doc *list)
{
    char words[CHRONICLE_WORDS_MAX];
    for (size_t i = 0; q->chronicle != NULL && i < q->chronicle->line_count; i++) {
        const struct chronicle_line *line = &q->chronicle->lines[i];
        if (!line->has_statement || !hash_equal(&line->statement, &q->st.hash))
            continue;
        cmd_contract_chronicle_say(q->home, q->chronicle, line, words);
        json_doc_put_text(list, NULL, words);
    }
}

/* ------------------------------------------------------------------ the answer */

static void put_guards(const struct inquiry *q, struct json_doc *doc)
{
    unsigned index;
    const struct contract_definition *d = &q->contract->definition;
    if (q->st.kind != KIND_CALL || !definition_find_action(d, q->st.as.call.action, &index))
        return;
    const struct contract_action *a = &d->actions[index];
    struct json_doc *in = json_doc_put_array(doc, "in");
    for (size_t i = 0; i < d->state_count; i++)
        if ((a->states >> i & 1) != 0)
            json_doc_put_slice(in, NULL, d->states[i].name);
    struct json_doc *when = json_doc_put_array(doc, "when");
    for (size_t i = 0; i < a->step.guard_count; i++)
        json_doc_put_slice(when, NULL, d->guards[a->step.guard + i].words);
}

static void tell_json(const struct inquiry *q)
{
    char name[CMD_HOME_NAME_SIZE], time[INSTANT_TEXT_SIZE];
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "statement", hash_slice(&q->st.hash));
    json_doc_put_text(doc, "kind", statement_kind_name(q->st.kind));
    json_doc_put_text(doc, "signer", cmd_home_member_name(q->home, &q->st.kid, name));
    json_doc_put_hex(doc, "kid", kid_slice(&q->st.kid));
    instant_format(q->st.link.time_ms, time);
    json_doc_put_text(doc, "time", time);
    json_doc_put_text(doc, "status", node_client_fate_name(q->status.fate));
    if (q->status.on_ledger) {
        json_doc_put_int(doc, "leaf", (int64_t)q->status.leaf);
        json_doc_put_int(doc, "height", (int64_t)q->status.height);
    }
    if (q->st.kind == KIND_CALL)
        json_doc_put_slice(doc, "action", q->st.as.call.action);
    if (q->status.fate == NODE_FATE_REFUSED) {
        const struct refusal_entry *entry = refusal_find(q->status.code);
        struct json_doc *refusal = json_doc_put_object(doc, "refusal");
        json_doc_put_text(refusal, "name", refusal_name(q->status.code));
        json_doc_put_text(refusal, "sentence", entry != NULL ? entry->sentence : "");
        json_doc_put_text(refusal, "detail", q->status.detail);
    }
    if (q->contract != NULL) {
        json_doc_put_hex(doc, "opening", hash_slice(&q->contract->opening));
        json_doc_put_slice(doc, "contract", q->contract->definition.name);
        put_guards(q, doc);
    }
    put_effects(q, json_doc_put_array(doc, "effects"));
    cmd_action_print(doc);
}

static void tell(const struct inquiry *q)
{
    print_said(q);
    if (q->status.fate == NODE_FATE_REFUSED) {
        print_refused(q);
        return;
    }
    (void)printf("  %s", q->status.fate == NODE_FATE_FINAL ? "accepted" : "");
    if (q->status.on_ledger)
        (void)printf("      leaf %" PRIu64 " in block %" PRIu64 "\n", q->status.leaf,
                     q->status.height);
    else
        (void)printf("%s\n", node_client_fate_name(q->status.fate));
    print_effects(q);
}

static int explain_statement(struct cmd_home *home, const char *text, struct err *err)
{
    struct inquiry q = { .home = home, .bytes = buf_heap(STATEMENT_MAX) };
    bool good = get_statement(&q, text, err);
    if (good) {
        look_around(&q);
        if (home->json)
            tell_json(&q);
        else
            tell(&q);
    }
    free_inquiry(&q);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_contract_explain(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1];
    if (!cmd_args_expect(args, 1, 1, "one CALL, LEAF or ASSET", err))
        return cmd_action_fail(err);
    if (!is_number(args->operand[0]) && cmd_names_asset(args->operand[0], asset, NULL))
        return cmd_contract_explain_asset(home, asset, err);
    return explain_statement(home, args->operand[0], err);
}
