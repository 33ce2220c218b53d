/* What is asked about certificates: which there are, and one of them. */
#include "tools/cmd_cert.h"

#include "common/hex.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"

#include <inttypes.h>
#include <stdio.h>

#define PAGE 1000

static void tell_lines(const struct json_doc *c)
{
    cmd_pages_print("  ", c, "/name", "");
    cmd_pages_print(" ", c, "/number", "");
    cmd_pages_print(" by ", c, "/issuer/name", "");
    cmd_pages_print_time(", valid from ", c, "/from");
    cmd_pages_print_time(" until ", c, "/until");
    cmd_pages_print_time("; REVOKED from ", c, "/revoked_from");
    cmd_pages_print("\n  of company ", c, "/member/name", "");
    cmd_pages_print("\n  of place ", c, "/place", "");
    if (cmd_pages_int(c, "/goods") > 0)
        (void)printf("\n  of %" PRId64 " goods", cmd_pages_int(c, "/goods"));
    (void)printf("\n");
}

static void tell_one(void *ctx, const struct json_doc *c)
{
    (void)ctx;
    cmd_pages_print("", c, "/certificate", "\n");
    tell_lines(c);
}

int cmd_cert_list(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX] = "/v1/certificates";
    char hex[2 * KID_SIZE + 1];
    const char *member = cmd_args_text(args, "member", NULL);
    struct cmd_pages pages = { path, "after", "/certificates", PAGE };
    struct slice place;
    struct kid kid;
    bool named = args->operand_count == 1;
    if (!cmd_args_expect(args, 0, 1, "at most one ASSET", err) ||
        !cmd_names_place(args, "place", &place, err) ||
        (member != NULL && !cmd_home_find_member(home, member, &kid, err)) ||
        (named && (!cmd_names_asset(args->operand[0], asset, err) ||
                   !cmd_pages_query(path, sizeof path, "asset", asset, err))))
        return cmd_action_fail(err);
    if (member != NULL)
        hex_encode(kid_slice(&kid), hex);
    if ((member != NULL && !cmd_pages_query(path, sizeof path, "member", hex, err)) ||
        (place.len > 0 &&
         !cmd_pages_query(path, sizeof path, "place", (const char *)place.data, err)))
        return cmd_action_fail(err);
    return cmd_pages_tell(home, &pages, NULL, tell_one, NULL, err);
}

int cmd_cert_show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    struct json_doc *doc = NULL;
    struct hash hash;
    if (!cmd_args_expect(args, 1, 1, "one CERTIFICATE, by its hash", err) ||
        !cmd_home_parse_hash(args->operand[0], &hash, err))
        return cmd_action_fail(err);
    (void)snprintf(path, sizeof path, "/v1/certificates/%s", args->operand[0]);
    if (!cmd_node_get_json(home, path, &doc, err))
        return cmd_action_fail(err);
    if (home->json) {
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    const struct json_doc *goods = json_doc_at(doc, "/assets");
    tell_one(NULL, doc);
    for (size_t i = 0; i < json_doc_count(goods); i++)
        cmd_pages_print("    ", json_doc_element(goods, i), "/asset", "\n");
    cmd_pages_print("  document ", doc, "/document", "\n");
    cmd_pages_print("  now ", doc, "/status", "");
    cmd_pages_print(": ", doc, "/revocation/reason", "");
    cmd_pages_print_hash("; statement ", doc, "/revocation/statement");
    (void)printf("\n");
    json_doc_free(doc);
    return CMD_GOOD;
}
