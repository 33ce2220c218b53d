/* `waybill contract show` and `actions`: how a contract stands, as the node says, and what one may do now. */
#include "common/hex.h"
#include "common/http_client.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH    20
#define ASSETS_SHOWN 20
#define NAME_WIDTH   24

static int64_t int_at(const struct json_doc *doc, const char *pointer)
{
    int64_t value = 0;
    (void)json_doc_get_int(json_doc_at(doc, pointer), &value);
    return value;
}

static void field(const char *name)
{
    (void)printf("  %-11s", name);
}

/* ------------------------------------------------------------------ state and life */

static void print_state(const struct json_doc *state, const char *indent)
{
    char bar[BAR_WIDTH + 1];
    int64_t progress = int_at(state, "/progress");
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = (int64_t)i * 100 < progress * BAR_WIDTH ? '#' : '-';
    bar[BAR_WIDTH] = '\0';
    (void)printf("%s[%s] %3" PRId64 " %%  ", indent, bar, progress);
    cmd_contract_print_at(state, "/name");
    if (!slice_equal(cmd_contract_text_at(state, "/ending", ""), slice_text("goes on"))) {
        (void)printf(", ");
        cmd_contract_print_at(state, "/ending");
    }
    if (json_doc_at(state, "/since") != NULL) {
        (void)printf(", since ");
        cmd_contract_print_at(state, "/since");
    }
    (void)printf("\n");
}

static void print_life(const struct json_doc *doc)
{
    cmd_contract_print_at(doc, "/definition/name");
    (void)printf(" version %" PRId64 ": ", int_at(doc, "/definition/version"));
    cmd_contract_print_at(doc, "/status");
    if (json_doc_at(doc, "/ending") != NULL) {
        (void)printf(", ");
        cmd_contract_print_at(doc, "/ending");
    }
    (void)printf("\n");
    if (cmd_contract_text_at(doc, "/definition/summary", "").len > 0) {
        (void)printf("  ");
        cmd_contract_print_at(doc, "/definition/summary");
        (void)printf("\n");
    }
    static const char *const lines[][2] = { { "opening", "/opening" },
                                            { "opened by", "/opener/name" },
                                            { "start", "/start" },
                                            { "end", "/end" },
                                            { "replaced by", "/replaced_by" } };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (json_doc_at(doc, lines[i][1]) == NULL)
            continue;
        field(lines[i][0]);
        (void)printf(" ");
        cmd_contract_print_at(doc, lines[i][1]);
        (void)printf("\n");
    }
    if (json_doc_at(doc, "/state") != NULL) {
        field("state");
        print_state(json_doc_at(doc, "/state"), " ");
    }
}

/* ------------------------------------------------------------------ lists of names */

/* In: keys: of each element's name and value, and of what stands behind it in brackets, or NULL. */
static void print_list(const struct json_doc *doc, const char *title, const char *pointer,
                       const char *const keys[3])
{
    const struct json_doc *list = json_doc_at(doc, pointer);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        struct slice name = cmd_contract_text_at(one, keys[0], "");
        field(i == 0 ? title : "");
        (void)printf(" ");
        cmd_contract_print(name);
        (void)printf("%*s ", name.len < NAME_WIDTH ? (int)(NAME_WIDTH - name.len) : 0, "");
        cmd_contract_print(cmd_contract_text_at(one, keys[1], "-"));
        if (keys[2] != NULL && json_doc_at(one, keys[2]) != NULL) {
            (void)printf("  (");
            cmd_contract_print_at(one, keys[2]);
            (void)printf(")");
        }
        (void)printf("\n");
    }
}

/* "10 min above 8 °C" */
static void print_rules(const struct json_doc *doc)
{
    char lasting[64];
    const struct json_doc *list = json_doc_at(doc, "/rules");
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        struct slice name = cmd_contract_text_at(one, "/rule", "");
        struct contract_value v = { .type = CONTRACT_QUANTITY, .text = slice_text("s") };
        v.number = int_at(one, "/duration_seconds");
        value_show(&v, lasting, sizeof lasting);
        field(i == 0 ? "rules" : "");
        (void)printf(" ");
        cmd_contract_print(name);
        (void)printf("%*s %s%s", name.len < NAME_WIDTH ? (int)(NAME_WIDTH - name.len) : 0, "",
                     v.number > 0 ? lasting : "", v.number > 0 ? " " : "");
        cmd_contract_print_at(one, "/looks_for");
        (void)printf("  (");
        cmd_contract_print_at(one, "/severity");
        (void)printf(")\n");
    }
}

/* Names on one line; key: of each element's, "" when it is the name. */
static void print_names(const struct json_doc *doc, const char *title, const char *pointer,
                        const char *key)
{
    const struct json_doc *list = json_doc_at(doc, pointer);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        if (i == 0)
            field(title);
        (void)printf("%s", i == 0 ? " " : ", ");
        cmd_contract_print_at(json_doc_element(list, i), key);
    }
    if (json_doc_count(list) > 0)
        (void)printf("\n");
}

/* ------------------------------------------------------------------ goods */

/* What the asset's own page tells of the same excursion: who answers for which seconds. */
static const struct json_doc *find_charged(const struct json_doc *all, struct slice opening,
                                           const struct json_doc *excursion)
{
    static const char *const same[] = { "/rule", "/from", "/device" };
    for (size_t i = 0; i < json_doc_count(all); i++) {
        const struct json_doc *one = json_doc_element(all, i);
        bool here = slice_equal(cmd_contract_text_at(one, "/opening", ""), opening);
        for (size_t k = 0; here && k < sizeof same / sizeof same[0]; k++)
            here = slice_equal(cmd_contract_text_at(one, same[k], ""),
                               cmd_contract_text_at(excursion, same[k], ""));
        if (here)
            return json_doc_at(one, "/charged");
    }
    return NULL;
}

static void print_charged(const struct json_doc *list)
{
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        (void)printf("%s%" PRId64 " s with ", i == 0 ? "                 " : ", ",
                     int_at(one, "/seconds"));
        cmd_contract_print(cmd_contract_text_at(one, "/member/name", "nobody"));
    }
    if (json_doc_count(list) > 0)
        (void)printf("\n");
}

/* A number as the node wrote it: behind its key, up to the comma or brace. */
static void print_number(const struct json_doc *doc, const char *key, const char *words)
{
    struct slice unit = cmd_contract_text_at(doc, "/unit", "");
    if (slice_equal(unit, slice_text("Cel")))
        unit = slice_text("°C");
    struct buf text = buf_heap(4096);
    json_doc_write(doc, 0, &text);
    buf_add_byte(&text, '\0');
    const char *at = text.failed ? NULL : strstr((const char *)text.data, key);
    if (at != NULL) {
        at += strlen(key);
        (void)printf(", %.*s%s", (int)strcspn(at, ",}"), at, unit.len > 0 ? " " : "");
        cmd_contract_print(unit);
        (void)printf(" %s", words);
    }
    buf_free(&text);
}

static void print_excursion(const struct json_doc *e)
{
    struct slice finding = cmd_contract_text_at(e, "/finding", "");
    (void)printf("               %s ", slice_equal(finding, slice_text("uncertain")) ? "UNCERTAIN"
                                       : slice_equal(finding, slice_text("sensor"))  ? "SENSOR"
                                                                                     : "EXCURSION");
    cmd_contract_print_at(e, "/rule");
    (void)printf(" (");
    cmd_contract_print_at(e, "/severity");
    (void)printf("): ");
    cmd_contract_print_at(e, "/from");
    (void)printf(" to ");
    cmd_contract_print(cmd_contract_text_at(e, "/to", "now"));
    print_number(e, "\"peak\":", "at worst");
    print_number(e, "\"mean\":", "on average");
    (void)printf(", sensor ");
    cmd_contract_print_at(e, "/device");
    (void)printf("\n");
}

static void print_acknowledged(const struct json_doc *e)
{
    const struct json_doc *a = json_doc_at(e, "/acknowledgement");
    if (a == NULL) {
        (void)printf("                 not acknowledged\n");
        return;
    }
    (void)printf("                 acknowledged");
    if (json_doc_at(a, "/by/name") != NULL) {
        (void)printf(" by ");
        cmd_contract_print_at(a, "/by/name");
    }
    (void)printf(": ");
    cmd_contract_print_at(a, "/meaning");
    (void)printf(": ");
    cmd_contract_print_at(a, "/comment");
    (void)printf("\n");
}

static void print_excursions(struct cmd_home *home, const struct json_doc *doc,
                             const struct json_doc *asset)
{
    char name[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct json_doc *own = NULL;
    const struct json_doc *list = json_doc_at(asset, "/excursions");
    struct slice text = cmd_contract_text_at(asset, "/asset", "");
    if (json_doc_count(list) == 0 || text.len >= sizeof name)
        return;
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    if (node_client_asset_path(name, "/excursions", path, NULL))
        (void)cmd_node_get_json(home, path, &own, NULL); /* without it: no charges are shown */
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *e = json_doc_element(list, i);
        print_excursion(e);
        print_charged(find_charged(json_doc_at(own, "/excursions"),
                                   cmd_contract_text_at(doc, "/opening", ""), e));
        print_acknowledged(e);
    }
    json_doc_free(own);
}

static void print_assets(struct cmd_home *home, const struct json_doc *doc)
{
    static const char *const properties[3] = { "/name", "/value", NULL };
    const struct json_doc *list = json_doc_at(doc, "/assets");
    int64_t count = int_at(doc, "/asset_count");
    size_t shown = json_doc_count(list);
    for (size_t i = 0; i < shown; i++) {
        const struct json_doc *one = json_doc_element(list, i);
        field(i == 0 ? "goods" : "");
        (void)printf(" ");
        cmd_contract_print_at(one, "/asset");
        (void)printf("\n");
        if (json_doc_at(one, "/state") != NULL)
            print_state(json_doc_at(one, "/state"), "               ");
        if (shown == 1)
            print_list(one, "", "/properties", properties);
        print_excursions(home, doc, one);
    }
    if (count > (int64_t)shown)
        (void)printf("               and %" PRId64 " more (--from, --limit)\n",
                     count - (int64_t)shown);
}

/* ------------------------------------------------------------------ show */

static void print_contract(struct cmd_home *home, const struct json_doc *doc)
{
    static const struct {
        const char *title, *pointer;
        const char *keys[3];
    } lists[] = {
        { "parties", "/parties", { "/party", "/member/name", "/role" } },
        { "holders", "/holders", { "/role", "/member/name", "/kid" } },
        { "terms", "/terms", { "/name", "/value", NULL } },
        { "properties", "/properties", { "/name", "/value", NULL } },
        { "documents", "/documents", { "/name", "/hash", NULL } },
    };
    print_life(doc);
    print_names(doc, "agreed", "/agreed", "/name");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        print_list(doc, lists[i].title, lists[i].pointer, lists[i].keys);
    print_rules(doc);
    print_names(doc, "quality", "/quality", "");
    print_assets(home, doc);
    (void)printf("  (as the node says at block %" PRId64
                 "; waybill trace and doc verify prove what they say)\n",
                 int_at(doc, "/head"));
}

static bool take_number(const struct cmd_args *args, const char *name, unsigned usual,
                        unsigned *ret_value, struct err *err)
{
    char *end = NULL;
    const char *text = cmd_args_text(args, name, NULL);
    *ret_value = usual;
    if (text == NULL)
        return true;
    unsigned long value = strtoul(text, &end, 10);
    *ret_value = (unsigned)value;
    return (*text >= '0' && *text <= '9' && *end == '\0' && value <= ASSET_SET_MAX) ||
           err_set(err, ERR_INPUT, "--%s: expected a number of at most %d, found \"%.40s\"", name,
                   ASSET_SET_MAX, text);
}

int cmd_contract_show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char query[64];
    unsigned from, limit;
    struct hash opening;
    struct json_doc *doc = NULL;
    if (!cmd_args_expect(args, 1, 1, "one OPENING", err) ||
        !take_number(args, "from", 0, &from, err) ||
        !take_number(args, "limit", home->json ? 100 : ASSETS_SHOWN, &limit, err) ||
        !cmd_contract_statement_name(args->operand[0], &opening, err))
        return cmd_action_fail(err);
    (void)snprintf(query, sizeof query, "?from=%u&limit=%u", from, limit);
    if (!cmd_contract_get_json(home, &opening, query, &doc, err))
        return cmd_action_fail(err);
    if (home->json) {
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    print_contract(home, doc);
    json_doc_free(doc);
    return CMD_GOOD;
}

/* ------------------------------------------------------------------ actions */

/* Whose key is asked about: --as anybody on the ledger, else the key that would sign. */
static bool find_asker(struct cmd_home *home, const struct cmd_args *args,
                       const struct contract_opened *c, struct kid *ret_kid, struct err *err)
{
    struct contract_naming naming = { home, &c->st.as.open };
    const char *as = cmd_args_text(args, "as", NULL);
    if (as != NULL && cmd_args_text(args, "key", NULL) == NULL)
        return cmd_contract_who(&naming, as, ret_kid, err) || err_wrap(err, "--as");
    return cmd_send_kid(home, ret_kid, err);
}

static void print_takes(const struct contract_definition *d, struct slice action)
{
    unsigned index;
    char kind[128];
    if (!definition_find_action(d, action, &index))
        return;
    const struct contract_action *a = &d->actions[index];
    for (size_t i = 0; i < a->param_count; i++) {
        const struct contract_param *p = &d->params[a->param + i];
        value_kind_show(&p->kind, kind, sizeof kind);
        (void)printf("%s%.*s=%s", i == 0 ? "   takes " : ", ", (int)p->name.len,
                     (const char *)p->name.data, kind);
    }
}

static void print_actions(const struct contract_definition *d, const struct json_doc *list)
{
    for (size_t i = 0; i < json_doc_count(list); i++) {
        bool may = false;
        const struct json_doc *one = json_doc_element(list, i);
        struct slice name = cmd_contract_text_at(one, "/action", "");
        (void)json_doc_get_bool(json_doc_at(one, "/may"), &may);
        (void)printf("  %s  ", may ? "yes" : "no ");
        cmd_contract_print(name);
        if (may) {
            print_takes(d, name);
        } else {
            (void)printf("%*s ", name.len < NAME_WIDTH ? (int)(NAME_WIDTH - name.len) : 0, "");
            cmd_contract_print_at(one, "/code");
            (void)printf(": ");
            cmd_contract_print_at(one, "/why");
        }
        (void)printf("\n");
    }
}

static bool ask_actions(struct cmd_home *home, const struct cmd_args *args,
                        const struct contract_opened *c, struct json_doc **ret_doc, struct err *err)
{
    struct kid kid;
    char hex[2 * KID_SIZE + 1], asset[GS1_NAME_MAX + 1], query[NODE_CLIENT_PATH_MAX / 2];
    const char *unit = cmd_args_text(args, "unit", NULL);
    struct buf out = buf_fixed(query, sizeof query);
    if (!find_asker(home, args, c, &kid, err))
        return false;
    hex_encode(kid_slice(&kid), hex);
    buf_add_slice(&out, slice_text("/actions?kid="));
    buf_add_slice(&out, slice_text(hex));
    if (unit != NULL) {
        if (!cmd_names_asset(unit, asset, err))
            return err_wrap(err, "--unit");
        buf_add_slice(&out, slice_text("&asset="));
        http_client_put_path(&out, asset);
    }
    buf_add_byte(&out, '\0');
    return !out.failed && cmd_contract_get_json(home, &c->opening, query, ret_doc, err);
}

int cmd_contract_actions(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct contract_opened *c = NULL;
    struct json_doc *doc = NULL;
    bool good = cmd_args_expect(args, 1, 1, "one OPENING", err) &&
                cmd_contract_fetch(home, args->operand[0], &c, err) &&
                ask_actions(home, args, c, &doc, err);
    if (good && home->json) {
        cmd_action_print(doc);
        doc = NULL;
    } else if (good) {
        print_actions(&c->definition, json_doc_at(doc, "/actions"));
    }
    json_doc_free(doc);
    cmd_contract_release(c);
    return good ? CMD_GOOD : cmd_action_fail(err);
}
