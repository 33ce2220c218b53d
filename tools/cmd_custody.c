/*
 * `waybill custody`: goods change hands by an offer and its acceptance, each signed by its own side. What
 * answers an offer repeats the offer's set of goods byte for byte, so the offer itself is fetched first.
 */
#include "tools/cmd_action.h"
#include "tools/cmd_custody_ask.h"
#include "tools/cmd_custody_seen.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"
#include "tools/cmd_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    bool good =
        cmd_args_need(args, "to", &to, err) && cmd_home_find_member(home, to, &c->to, err) &&
        read_role(args, &c->role, err) && cmd_names_text(args, "condition", &c->condition, err) &&
        cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
        cmd_custody_seen_expiry(home, args, &draft, err) && cmd_custody_seen_seal(args, c, err) &&
        cmd_names_assets(args, 0, cmd_args_flag(args, "range"), &names, &c->assets, err) &&
        cmd_custody_seen_reading(home, args, c, err);
    int code = good ? cmd_send_finish(home, "offered", &draft) : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

/* ------------------------------------------------------------------ answers */

/* ret_offer borrows from bytes. */
static bool find_offer(struct cmd_home *home, const char *asset, struct buf *bytes,
                       struct statement *ret_offer, struct err *err)
{
    struct node_client *node = NULL;
    struct node_offer found = { .open = false };
    enum custody_role role;
    bool any = cmd_args_text(home->args, "role", NULL) == NULL;
    if (!read_role(home->args, &role, err) || !cmd_node_open(home, &node, err) ||
        !(any ? node_client_find_offer(node, asset, bytes, &found, err)
              : node_client_find_offer_of(node, asset, role, bytes, &found, err)))
        return false;
    if (!found.open)
        return err_set(err, ERR_NOT_FOUND, "%s: no offer is open", asset);
    *ret_offer = found.statement;
    return true;
}

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

/* A rejection says why; what it means is the same for nearly all. */
static bool read_reason(const struct cmd_args *args, struct custody *c, struct err *err)
{
    const char *reason;
    if (!cmd_args_need(args, "reason", &reason, err) ||
        !cmd_names_text(args, "reason", &c->reason, err) ||
        !cmd_names_text(args, "meaning", &c->meaning, err))
        return false;
    if (c->meaning.len == 0)
        c->meaning = slice_text("rejection of delivery");
    return true;
}

/* All that an answer repeats of its offer. */
static void follow_offer(const struct statement *offered, enum custody_action action,
                         struct custody *c)
{
    c->assets = offered->as.custody.assets;
    c->action = action;
    c->offer = offered->hash;
    c->role = offered->as.custody.role;
}

static int answer(struct cmd_home *home, const struct cmd_args *args, enum custody_action action,
                  struct err *err)
{
    static const char *const done[] = { "offered", "accepted", "rejected", "cancelled" };
    char asset[GS1_NAME_MAX + 1];
    struct statement offered = { .kind = KIND_CUSTODY }, draft = { .kind = KIND_CUSTODY };
    struct custody *c = &draft.as.custody;
    struct buf bytes = buf_heap(STATEMENT_MAX), missing = buf_heap(CMD_ASSETS_MAX);
    bool good =
        cmd_args_expect(args, 1, 1, "one ASSET", err) &&
        cmd_names_asset(args->operand[0], asset, err) &&
        cmd_names_text(args, "condition", &c->condition, err) &&
        (action != CUSTODY_REJECT || read_reason(args, c, err)) &&
        cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
        cmd_custody_seen_seal(args, c, err) && cmd_custody_seen_counts(args, &missing, c, err) &&
        find_offer(home, asset, &bytes, &offered, err) && check_side(home, &offered, action, err);
    if (good)
        follow_offer(&offered, action, c);
    good = good && cmd_custody_seen_reading(home, args, c, err);
    int code = good ? cmd_send_finish(home, done[action], &draft) : cmd_action_fail(err);
    buf_free(&missing);
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

static void tell_offer(const struct json_doc *one)
{
    cmd_pages_print("  offered to ", one, "/to/name", "");
    cmd_pages_print(" as ", one, "/role", "");
    cmd_pages_print(" at ", one, "/offered", ", not answered yet");
    cmd_pages_print("; the offer ends at ", one, "/expires", "");
    (void)printf("\n");
}

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct json_doc *doc = NULL;
    if (!cmd_args_expect(args, 1, 1, "one ASSET", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !node_client_asset_path(asset, "/custody", path, err) ||
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
    list = json_doc_at(doc, "/offers");
    for (size_t i = 0; i < json_doc_count(list); i++)
        tell_offer(json_doc_element(list, i));
    json_doc_free(doc);
    return CMD_GOOD;
}

static const struct cmd_action actions[] = {
    { "offer", "custody offer", "to= role= condition= expires= seal= reading= time= range no-wait",
      "Usage: waybill custody offer ASSET... --to MEMBER [options]\n"
      "Offers goods, and what is inside them; they stay with this company until the other one "
      "accepts.\n"
      "\n"
      "  --role custodian|owner  what passes: who holds them (default) or whose they are\n"
      "  --condition TEXT        how they look\n"
      "  --expires WHEN          a duration or an instant: nobody can accept from then on\n"
      "  --seal intact|broken|none[:NUMBER]  how the seal is\n"
      "  --reading auto|DEVICE   binds the last reading of the goods to this offer\n"
      "  --time INSTANT          when (default: now)\n"
      "  --range                 ASSET... is PREFIX FIRST COUNT\n"
      "Exit code: 0 accepted, 1 error, 4 refused.\n",
      offer },
    { "accept", "custody accept", "role= condition= seal= reading= missing= counts= time= no-wait",
      "Usage: waybill custody accept ASSET [options]\n"
      "Takes over what the open offer for ASSET names, all of it but what is missing.\n"
      "\n"
      "  --role custodian|owner  which offer, when both are open (default: custodian)\n"
      "  --condition TEXT        how they look\n"
      "  --missing ASSET         was not there and stays with who offered it; as often as "
      "needed.\n"
      "                          Only what the offer names: what is in a box goes with the "
      "box; "
      "count it\n"
      "  --counts M,S,D          how many are missing, too many, damaged\n"
      "  --seal intact|broken|none[:NUMBER]  how the seal was found\n"
      "  --reading auto|DEVICE   binds the last reading of the goods to this acceptance\n"
      "  --time INSTANT          when (default: now)\n"
      "Exit code: 0 accepted, 1 error, 4 refused.\n",
      accept },
    { "reject", "custody reject", "role= reason= meaning= condition= time= no-wait",
      "Usage: waybill custody reject ASSET --reason TEXT [--meaning TEXT] [options]\n"
      "Declines the open offer; the goods stay where they are.\n"
      "\n"
      "  --reason TEXT     why\n"
      "  --meaning TEXT    what this signature stands for (default: rejection of delivery)\n"
      "  --condition TEXT  how they look\n"
      "  --time INSTANT    when (default: now)\n"
      "Exit code: 0 accepted, 1 error, 4 refused.\n",
      reject },
    { "cancel", "custody cancel", "role= condition= time= no-wait",
      "Usage: waybill custody cancel ASSET\n"
      "Takes this company's own open offer back.\n"
      "Exit code: 0 accepted, 1 error, 4 refused.\n",
      cancel },
    { "show", "custody show", "",
      "Usage: waybill custody show ASSET\n"
      "Who held it and whose it was, as the node says.\n"
      "Exit code: 0 good, 1 error.\n",
      show },
    { "at", "custody at", "",
      "Usage: waybill custody at ASSET INSTANT\n"
      "Who held it and whose it was at a time, as the node says.\n"
      "Exit code: 0 good, 1 error.\n",
      cmd_custody_at },
    { "receipt", "custody receipt", "o=",
      "Usage: waybill custody receipt ASSET|OFFER|ANSWER -o FILE\n"
      "Keeps a handover as both sides signed it: offer and answer, each with its receipts. Of "
      "an "
      "ASSET its\n"
      "last one. It is checked before it is written; waybill receipt verify FILE checks it "
      "again, offline.\n"
      "Exit code: 0 proven, 1 error, 3 the proof failed.\n",
      cmd_custody_receipt },
    { .word = NULL },
};

int cmd_custody(int argc, char **argv)
{
    return cmd_action_choose(actions, argc, argv);
}
