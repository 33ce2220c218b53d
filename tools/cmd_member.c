/* `waybill member`: the companies of the ledger, as its genesis names them, and new ones. Needs no node. */
#include "common/file.h"
#include "common/hex.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/cmd_member_new.h"

#include <stdio.h>
#include <strings.h>

static void put_member(struct json_doc *into, const struct cmd_member *m)
{
    json_doc_put_text(into, "name", m->name);
    json_doc_put_hex(into, "kid", kid_slice(&m->kid));
    json_doc_put_hex(into, "pub", slice_of(m->pub, PUB_SIZE));
}

static void tell_member(const struct cmd_member *m, bool all)
{
    char kid[2 * KID_SIZE + 1], pub[2 * PUB_SIZE + 1];
    hex_encode(kid_slice(&m->kid), kid);
    hex_encode(slice_of(m->pub, PUB_SIZE), pub);
    (void)printf("%s  %s\n", kid, m->name);
    if (all)
        (void)printf("  founding key %s\n", pub);
}

static bool need_members(const struct cmd_home *home, struct err *err)
{
    return home->member_count > 0 ||
           err_set(err, ERR_NOT_FOUND, "%s/genesis.cbor: missing: it names the members", home->dir);
}

static int list(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    if (!cmd_args_expect(args, 0, 0, "nothing", err) || !need_members(home, err))
        return cmd_action_fail(err);
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    struct json_doc *members = doc != NULL ? json_doc_put_array(doc, "members") : NULL;
    for (size_t i = 0; i < home->member_count; i++) {
        if (members != NULL)
            put_member(json_doc_put_object(members, NULL), &home->members[i]);
        else
            tell_member(&home->members[i], false);
    }
    if (doc != NULL)
        cmd_action_print(doc);
    return CMD_GOOD;
}

static bool is_founder(const struct cmd_home *home, const char *name)
{
    for (size_t i = 0; i < home->member_count; i++)
        if (strcasecmp(home->members[i].name, name) == 0)
            return true;
    return false;
}

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct kid kid;
    if (args->operand_count == 1 && !is_founder(home, args->operand[0]) &&
        file_exists(args->operand[0]))
        return cmd_member_new_show(home, args->operand[0], err);
    if (!cmd_args_expect(args, 1, 1, "one MEMBER or REQUEST", err) || !need_members(home, err) ||
        !cmd_home_find_member(home, args->operand[0], &kid, err))
        return cmd_action_fail(err);
    for (size_t i = 0; i < home->member_count; i++) {
        if (!kid_equal(&home->members[i].kid, &kid))
            continue;
        if (home->json) {
            struct json_doc *doc = json_doc_object();
            put_member(doc, &home->members[i]);
            cmd_action_print(doc);
        } else {
            tell_member(&home->members[i], true);
        }
        return CMD_GOOD;
    }
    (void)err_set(err, ERR_NOT_FOUND, "\"%.60s\" is no founder of this ledger", args->operand[0]);
    return cmd_action_fail(err);
}

int cmd_member(int argc, char **argv)
{
    const struct cmd_action actions[] = {
        cmd_member_new_action,
        cmd_member_spare_action,
        cmd_member_enter_action,
        cmd_member_announce_action,
        cmd_member_certificate_action,
        cmd_member_resume_action,
        { "list", "member list", "",
          "Usage: waybill member list\n"
          "The founding companies of the ledger, from DIR/genesis.cbor.\n"
          "Exit code: 0 good, 1 error.\n",
          list },
        { "show", "member show", "",
          "Usage: waybill member show MEMBER\n"
          "       waybill member show REQUEST\n"
          "One company, by name or kid, with its founding key; or what a request's file says.\n"
          "Exit code: 0 good, 1 error, 3 a request's signature does not hold.\n",
          show },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
