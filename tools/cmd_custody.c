/*
 * `waybill custody`: goods change hands by an offer and its acceptance, each signed by its own side. What
 * answers an offer repeats the offer's set of goods byte for byte, so the offer itself is fetched first.
 */
#include "common/block.h"
#include "common/json.h"
#include "common/outcome.h"
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_PAGE 1000

static bool read_role(const struct cmd_args *args, enum custody_role *ret_role, struct err *err)
{
    const char *role = cmd_args_text(args, "role", "custodian");
    bool owner = strcmp(role, "owner") == 0;
    *ret_role = owner ? ROLE_OWNER : ROLE_CUSTODIAN;
    return owner || strcmp(role, "custodian") == 0 ||
           err_set(err, ERR_INPUT, "--role: expected custodian or owner, found \"%.40s\"", role);
}

/* ------------------------------------------------------------------ offer */

static int offer(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_CUSTODY };
    struct custody *c = &draft.as.custody;
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    const char *to;
    c->action = CUSTODY_OFFER;
    bool good = cmd_args_need(args, "to", &to, err) &&
                cmd_home_find_member(home, to, &c->to, err) && read_role(args, &c->role, err) &&
                cmd_names_text(args, "condition", &c->condition, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
                cmd_names_assets(args, 0, cmd_args_flag(args, "range"), &names, &c->assets, err);
    int code = good ? cmd_send_finish(home, "offered", &draft) : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

/* ------------------------------------------------------------------ finding an open offer */

struct found {
    bool open;
    uint64_t height, leaf;
};

/* Offers open and close in turn: only the last event about one matters. */
static void look_at(const struct json_doc *events, struct found *found)
{
    for (size_t i = 0; i < json_doc_count(events); i++) {
        const struct json_doc *e = json_doc_element(events, i);
        int64_t what = 0, height = 0, leaf = 0;
        (void)json_doc_get_int(json_doc_at(e, "/what"), &what);
        (void)json_doc_get_int(json_doc_at(e, "/height"), &height);
        (void)json_doc_get_int(json_doc_at(e, "/leaf"), &leaf);
        if (what == EVENT_OFFERED)
            *found = (struct found){ true, (uint64_t)height, (uint64_t)leaf };
        else if (what == EVENT_PASSED || what == EVENT_REJECTED || what == EVENT_CANCELLED ||
                 what == EVENT_OFFER_EXPIRED)
            found->open = false;
    }
}

static bool find_event(struct cmd_home *home, const char *asset, struct found *ret_found,
                       struct err *err)
{
    int64_t from = 0;
    *ret_found = (struct found){ .open = false };
    do {
        char rest[64], path[512];
        struct json_doc *doc = NULL;
        (void)snprintf(rest, sizeof rest, "/history?limit=%d&from=%" PRId64, HISTORY_PAGE, from);
        if (!cmd_node_asset_path(asset, rest, path, sizeof path, err) ||
            !cmd_node_get_json(home, path, &doc, err))
            return false;
        look_at(json_doc_at(doc, "/history"), ret_found);
        from = 0;
        (void)json_doc_get_int(json_doc_at(doc, "/next"), &from);
        json_doc_free(doc);
    } while (from > 0);
    return ret_found->open || err_set(err, ERR_NOT_FOUND, "%s: no offer is open", asset);
}

/* The statement at a leaf, from its block; appended to out. */
static bool fetch_statement(struct cmd_home *home, const struct found *found, struct buf *out,
                            struct err *err)
{
    char path[64];
    struct block b;
    struct buf bytes = buf_heap(BLOCK_SIZE_MAX + 1024);
    (void)snprintf(path, sizeof path, "/v1/blocks/%" PRIu64, found->height);
    bool good =
        cmd_node_get_bytes(home, path, &bytes, err) && block_decode(buf_slice(&bytes), &b, err);
    uint64_t first = good ? b.header.size - b.count : 0;
    if (good && (found->leaf < first || found->leaf - first >= b.count))
        good = err_set(err, ERR_PROOF, "block %" PRIu64 " does not hold leaf %" PRIu64,
                       found->height, found->leaf);
    for (uint64_t i = 0; good && i <= found->leaf - first; i++) {
        struct slice s = block_next(&b);
        if (i == found->leaf - first)
            buf_add_slice(out, s);
    }
    buf_free(&bytes);
    return good && !out->failed;
}

static bool set_names(const struct asset_set *set, const char *asset)
{
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it))
        if (strcmp(it.name, asset) == 0)
            return true;
    return false;
}

/* ret_offer borrows from bytes. */
static bool find_offer(struct cmd_home *home, const char *asset, struct buf *bytes,
                       struct statement *ret_offer, struct err *err)
{
    struct found found;
    if (!find_event(home, asset, &found, err) || !fetch_statement(home, &found, bytes, err) ||
        !statement_decode(buf_slice(bytes), ret_offer, err))
        return false;
    bool fits = ret_offer->kind == KIND_CUSTODY && ret_offer->as.custody.action == CUSTODY_OFFER &&
                set_names(&ret_offer->as.custody.assets, asset);
    return fits || err_set(err, ERR_PROOF, "%s: the node shows an offer of something else", asset);
}

/* ------------------------------------------------------------------ answers */

static bool check_side(struct cmd_home *home, const struct statement *offer,
                       enum custody_action action, struct err *err)
{
    char name[CMD_HOME_NAME_SIZE];
    struct kid self;
    if (!cmd_send_kid(home, &self, err))
        return false;
    /* Operators answer for their company: only a founding key can be told apart here. */
    for (size_t i = 0; i < home->member_count; i++)
        if (action != CUSTODY_CANCEL && kid_equal(&home->members[i].kid, &self) &&
            !kid_equal(&offer->as.custody.to, &self))
            return err_set(err, ERR_REFUSED, "the offer is for %s",
                           cmd_home_member_name(home, &offer->as.custody.to, name));
    return true;
}

static int answer(struct cmd_home *home, const struct cmd_args *args, enum custody_action action,
                  struct err *err)
{
    static const char *const done[] = { "offered", "accepted", "rejected", "cancelled" };
    char asset[GS1_NAME_MAX + 1];
    struct statement offered, draft = { .kind = KIND_CUSTODY };
    struct custody *c = &draft.as.custody;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one ASSET", err) &&
                cmd_names_asset(args->operand[0], asset, err) &&
                cmd_names_text(args, "condition", &c->condition, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
                find_offer(home, asset, &bytes, &offered, err) &&
                check_side(home, &offered, action, err);
    if (good) {
        c->assets = offered.as.custody.assets;
        c->action = action;
        c->offer = offered.hash;
        c->role = offered.as.custody.role;
    }
    int code = good ? cmd_send_finish(home, done[action], &draft) : cmd_action_fail(err);
    buf_free(&bytes);
    return code;
}

static int accept(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return answer(home, args, CUSTODY_ACCEPT, err);
}

static int reject(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return answer(home, args, CUSTODY_REJECT, err);
}

static int cancel(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return answer(home, args, CUSTODY_CANCEL, err);
}

/* ------------------------------------------------------------------ show */

static void tell_interval(const struct json_doc *v)
{
    static const char *const pointers[] = { "/from", "/to", "/role", "/member/name" };
    struct slice text[4];
    for (size_t i = 0; i < 4; i++)
        if (!json_doc_get_text(json_doc_at(v, pointers[i]), &text[i]))
            text[i] = slice_text(i == 1 ? "now" : "");
    (void)printf("  %-24.*s %-24.*s %-10.*s %.*s\n", (int)text[0].len, (const char *)text[0].data,
                 (int)text[1].len, (const char *)text[1].data, (int)text[2].len,
                 (const char *)text[2].data, (int)text[3].len, (const char *)text[3].data);
}

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[512];
    struct json_doc *doc = NULL;
    struct slice to;
    if (!cmd_args_expect(args, 1, 1, "one ASSET", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !cmd_node_asset_path(asset, "/custody", path, sizeof path, err) ||
        !cmd_node_get_json(home, path, &doc, err))
        return cmd_action_fail(err);
    if (home->json) {
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    const struct json_doc *list = json_doc_at(doc, "/custody");
    (void)puts(asset);
    for (size_t i = 0; i < json_doc_count(list); i++)
        tell_interval(json_doc_element(list, i));
    if (json_doc_get_text(json_doc_at(doc, "/offered_to/name"), &to))
        (void)printf("  offered to %.*s, not accepted yet\n", (int)to.len, (const char *)to.data);
    json_doc_free(doc);
    return CMD_GOOD;
}

int cmd_custody(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "offer", "custody offer", "to= role= condition= time= range no-wait",
          "Usage: waybill custody offer ASSET... --to MEMBER [options]\n"
          "Offers goods; they stay with this company until the other one accepts.\n"
          "\n"
          "  --role custodian|owner  what passes: who holds them (default) or whose they are\n"
          "  --condition TEXT        how they look\n"
          "  --time INSTANT          when (default: now)\n"
          "  --range                 ASSET... is PREFIX FIRST COUNT\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          offer },
        { "accept", "custody accept", "condition= time= no-wait",
          "Usage: waybill custody accept ASSET [--condition TEXT] [--time INSTANT]\n"
          "Takes over what the open offer for ASSET names, all of it.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          accept },
        { "reject", "custody reject", "condition= time= no-wait",
          "Usage: waybill custody reject ASSET [--condition TEXT]\n"
          "Declines the open offer; the goods stay where they are.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          reject },
        { "cancel", "custody cancel", "condition= time= no-wait",
          "Usage: waybill custody cancel ASSET\n"
          "Takes this company's own open offer back.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          cancel },
        { "show", "custody show", "",
          "Usage: waybill custody show ASSET\n"
          "Who held it and whose it was, as the node says.\n"
          "Exit code: 0 good, 1 error.\n",
          show },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
