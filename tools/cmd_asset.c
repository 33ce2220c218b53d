/* `waybill asset`: goods come into being on the ledger and are seen; which there are, how one stands. */
#include "common/http_client.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/cmd_asset_ask.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"
#include "tools/cmd_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 1000

/* ------------------------------------------------------------------ commission */

static bool build_commission(const struct cmd_args *args, struct buf *names, struct commission *c,
                             struct err *err)
{
    const char *amount = cmd_args_text(args, "amount", NULL);
    if (!cmd_names_assets(args, 0, cmd_args_flag(args, "range"), names, &c->assets, err) ||
        !cmd_names_text(args, "lot", &c->lot, err) ||
        !cmd_names_place(args, "place", &c->place, err) ||
        !cmd_names_instant(args, "expiry", &c->expiry_ms, err))
        return false;
    c->has_expiry = cmd_args_text(args, "expiry", NULL) != NULL;
    c->has_amount = amount != NULL;
    return amount == NULL || cmd_names_amount(amount, &c->amount, err) || err_wrap(err, "--amount");
}

static int commission(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_COMMISSION };
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    int code = build_commission(args, &names, &draft.as.commission, err) &&
                       cmd_names_instant(args, "time", &draft.link.time_ms, err)
                   ? cmd_send_finish(home, "commissioned", &draft)
                   : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

/* ------------------------------------------------------------------ scan */

static int scan(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_SCAN };
    struct scan *s = &draft.as.scan;
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    bool good = cmd_names_assets(args, 0, cmd_args_flag(args, "range"), &names, &s->assets, err) &&
                cmd_names_place(args, "place", &s->place, err) &&
                cmd_names_text(args, "note", &s->note, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err);
    s->in_custody = cmd_args_flag(args, "in-custody");
    int code = good ? cmd_send_finish(home, "scanned", &draft) : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

/* ------------------------------------------------------------------ list */

/* Prints a page of names and keeps the last one. */
static size_t print_page(const struct json_doc *doc, struct json_doc *all, char *last, size_t size)
{
    const struct json_doc *names = json_doc_at(doc, "/assets");
    size_t count = json_doc_count(names);
    for (size_t i = 0; i < count; i++) {
        struct slice name;
        if (!json_doc_get_text(json_doc_element(names, i), &name))
            continue;
        (void)snprintf(last, size, "%.*s", (int)name.len, (const char *)name.data);
        if (all != NULL)
            json_doc_put_slice(all, NULL, name);
        else
            (void)puts(last);
    }
    return count;
}

static bool list_pages(struct cmd_home *home, struct json_doc *all, struct err *err)
{
    char last[GS1_NAME_MAX + 1] = "", path[NODE_CLIENT_PATH_MAX];
    size_t count = PAGE_SIZE;
    while (count == PAGE_SIZE) {
        struct json_doc *doc = NULL;
        struct buf out = buf_fixed(path, sizeof path);
        char head[64];
        (void)snprintf(head, sizeof head, "/v1/assets?limit=%d%s", PAGE_SIZE,
                       last[0] != '\0' ? "&after=" : "");
        buf_add_slice(&out, slice_text(head));
        http_client_put_path(&out, last);
        buf_add_byte(&out, '\0');
        if (!cmd_node_get_json(home, path, &doc, err))
            return false;
        count = print_page(doc, all, last, sizeof last);
        json_doc_free(doc);
    }
    return true;
}

static int list(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *names = json_doc_put_array(doc, "assets");
    bool good = cmd_args_expect(args, 0, 0, "nothing", err) &&
                list_pages(home, home->json ? names : NULL, err);
    if (good && home->json)
        cmd_action_print(doc);
    else
        json_doc_free(doc);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ show */

static void tell_text(const struct json_doc *doc, const char *pointer, const char *label)
{
    struct slice text;
    if (json_doc_get_text(json_doc_at(doc, pointer), &text))
        (void)printf("  %-10s %.*s\n", label, (int)text.len, (const char *)text.data);
}

static void tell_finding(const struct json_doc *doc, size_t i)
{
    char at[64];
    bool stands = true;
    (void)snprintf(at, sizeof at, "/findings/%zu/stands", i);
    (void)json_doc_get_bool(json_doc_at(doc, at), &stands);
    if (!stands)
        return;
    (void)snprintf(at, sizeof at, "/findings/%zu/finding", i);
    tell_text(doc, at, "FINDING");
}

static void tell_goods(const struct json_doc *doc)
{
    struct slice state;
    int64_t inside = 0;
    if (json_doc_get_text(json_doc_at(doc, "/state"), &state) &&
        !slice_equal(state, slice_text("active")))
        tell_text(doc, "/state", "ended");
    tell_text(doc, "/lot", "lot");
    tell_text(doc, "/expiry", "expiry");
    tell_text(doc, "/amount/text", "amount");
    tell_text(doc, "/container", "inside of");
    if (json_doc_get_int(json_doc_at(doc, "/inside"), &inside) && inside > 0)
        (void)printf("  %-10s %" PRId64 " inside\n", "contents", inside);
    cmd_pages_print_holds("  ", json_doc_at(doc, "/holds"));
    for (size_t i = 0; i < json_doc_count(json_doc_at(doc, "/findings")); i++)
        tell_finding(doc, i);
}

static void tell_summary(const struct json_doc *doc)
{
    int64_t events = 0, packs = 0, head = 0;
    struct slice name;
    (void)json_doc_get_int(json_doc_at(doc, "/events"), &events);
    (void)json_doc_get_int(json_doc_at(doc, "/packs"), &packs);
    (void)json_doc_get_int(json_doc_at(doc, "/head"), &head);
    if (json_doc_get_text(json_doc_at(doc, "/asset"), &name))
        (void)printf("%.*s\n", (int)name.len, (const char *)name.data);
    tell_text(doc, "/product/name", "product");
    tell_text(doc, "/custodian/name", "custodian");
    tell_text(doc, "/owner/name", "owner");
    for (size_t i = 0; i < json_doc_count(json_doc_at(doc, "/contracts")); i++) {
        char pointer[64];
        (void)snprintf(pointer, sizeof pointer, "/contracts/%zu/name", i);
        tell_text(doc, pointer, "contract");
    }
    tell_goods(doc);
    tell_text(doc, "/verdict", "verdict");
    tell_text(doc, "/reason", "because");
    (void)printf("  %-10s %" PRId64 ", %" PRId64 " of them packs of readings, up to block %" PRId64
                 "\n  as the node says; waybill trace --verify proves it\n",
                 "events", events, packs, head);
}

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct json_doc *doc = NULL;
    if (!cmd_args_expect(args, 1, 1, "one ASSET", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !node_client_asset_path(asset, "", path, err) || !cmd_node_get_json(home, path, &doc, err))
        return cmd_action_fail(err);
    if (home->json) {
        cmd_action_print(doc);
    } else {
        tell_summary(doc);
        json_doc_free(doc);
    }
    return CMD_GOOD;
}

int cmd_asset(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "commission", "asset commission", "range place= lot= expiry= amount= time= no-wait",
          "Usage: waybill asset commission ASSET... [options]\n"
          "       waybill asset commission --range PREFIX FIRST COUNT [options]\n"
          "Goods come into being, held and owned by the company that signs. ASSET is\n"
          "01/GTIN/21/SERIAL, 01/GTIN/10/LOT or 00/SSCC.\n"
          "\n"
          "  --place GLN       where\n"
          "  --lot TEXT        of which lot\n"
          "  --expiry INSTANT  best before\n"
          "  --amount AMOUNT   how much each is: 25t, 0.1kg; of a lot in pieces (500 each): how "
          "many units it\n"
          "                    will have\n"
          "  --time INSTANT    when (default: now)\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          commission },
        { "scan", "asset scan", "range in-custody place= note= time= no-wait",
          "Usage: waybill asset scan ASSET... [options]\n"
          "The company that signs has these goods before it. It hands nothing over: a contract may "
          "react "
          "to it,\n"
          "and the journey shows it.\n"
          "\n"
          "  --place GLN       where\n"
          "  --note TEXT       what there is to say, 1 to 200 bytes\n"
          "  --in-custody      this company says that it holds them; if another one does, that is "
          "a finding\n"
          "  --range           ASSET... is PREFIX FIRST COUNT\n"
          "  --time INSTANT    when (default: now)\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          scan },
        { "list", "asset list", "",
          "Usage: waybill asset list\n"
          "The goods the node's ledger knows, one a line.\n"
          "Exit code: 0 good, 1 error.\n",
          list },
        { "show", "asset show", "",
          "Usage: waybill asset show ASSET\n"
          "How one stands now, as the node says.\n"
          "Exit code: 0 good, 1 error.\n",
          show },
        { "lot", "asset lot", "",
          "Usage: waybill asset lot LOT\n"
          "A lot, 01/GTIN/10/LOT: who makes it, how many units it has, and which; as the node "
          "says.\n"
          "Exit code: 0 good, 1 error.\n",
          cmd_asset_lot },
        { "loggers", "asset loggers", "property=",
          "Usage: waybill asset loggers ASSET [--property NUMBER]\n"
          "The loggers on one asset, when each was attached, and how far any two are apart: the "
          "mean "
          "of\n"
          "their difference, how their clocks differ, and when they disagreed by more than their "
          "accuracy.\n"
          "  --property NUMBER  of what (default: temperature)\n"
          "Exit code: 0 good, 1 error.\n",
          cmd_asset_loggers },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
