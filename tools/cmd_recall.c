/* `waybill recall`: which goods are recalled, how many there are of them, who has them and how to reach him. */
#include "tools/cmd_action.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"
#include "tools/goods_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE        1000
#define HASH_DIGITS ((size_t)2 * HASH_SIZE)

/* ------------------------------------------------------------------ all of them */

static void tell_recall(void *ctx, const struct json_doc *one)
{
    (void)ctx;
    cmd_pages_print("", one, "/statement", "\n");
    cmd_pages_print_time("  ", one, "/time");
    cmd_pages_print(" by ", one, "/member/name", "");
    cmd_pages_print(": ", one, "/first", "");
    if (cmd_pages_int(one, "/names") > 1)
        (void)printf(" and %" PRId64 " more", cmd_pages_int(one, "/names") - 1);
    cmd_pages_print("; ", one, "/reason", "");
    (void)printf(cmd_pages_true(one, "/open") ? "\n" : "  (ended)\n");
}

static int list_all(struct cmd_home *home, struct err *err)
{
    struct cmd_pages pages = { "/v1/recalls", "before", "/recalls", PAGE };
    return cmd_pages_tell(home, &pages, NULL, tell_recall, NULL, err);
}

/* ------------------------------------------------------------------ which one */

struct looking {
    char asset[GS1_NAME_MAX + 1];
    bool found;
    char hash[2 * HASH_SIZE + 1];
};

static void keep(struct looking *l, const struct json_doc *one)
{
    struct slice hash = cmd_contract_text_at(one, "/statement", "");
    if (l->found || hash.len != HASH_DIGITS)
        return;
    l->found = true;
    (void)snprintf(l->hash, sizeof l->hash, "%.*s", (int)hash.len, (const char *)hash.data);
}

/* A recall names goods or lots; one whose first name is this is meant. */
static void look_at_recall(void *ctx, const struct json_doc *one)
{
    struct looking *l = ctx;
    if (slice_equal(cmd_contract_text_at(one, "/first", ""), slice_text(l->asset)))
        keep(l, one);
}

static bool look_at_holds(struct cmd_home *home, struct looking *l, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    struct json_doc *doc = NULL;
    if (!node_client_asset_path(l->asset, "", path, err) ||
        !cmd_node_get_json(home, path, &doc, err))
        return err->code == ERR_NOT_FOUND; /* a lot need not be an asset */
    const struct json_doc *list = json_doc_at(doc, "/holds");
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        if (slice_equal(cmd_contract_text_at(one, "/hold", ""), slice_text("recall")))
            keep(l, one);
    }
    json_doc_free(doc);
    return true;
}

static bool find_recall(struct cmd_home *home, const char *typed, struct looking *l,
                        struct err *err)
{
    static const struct cmd_pages pages = { "/v1/recalls", "before", "/recalls", PAGE };
    struct hash hash;
    if (strlen(typed) == HASH_DIGITS && cmd_home_parse_hash(typed, &hash, NULL)) {
        (void)snprintf(l->hash, sizeof l->hash, "%s", typed);
        return true;
    }
    if (!cmd_names_asset(typed, l->asset, err) || !look_at_holds(home, l, err) ||
        (!l->found && !cmd_pages_each(home, &pages, look_at_recall, l, err)))
        return false;
    return l->found || err_set(err, ERR_NOT_FOUND, "%s: nothing recalls it", l->asset);
}

/* ------------------------------------------------------------------ who has what */

static void tell_holder(const struct json_doc *one)
{
    char units[GOODS_WORDS_SIZE];
    int64_t count = cmd_pages_int(one, "/units");
    const struct json_doc *goods = json_doc_at(one, "/goods");
    struct slice name = cmd_contract_text_at(one, "/holder/name", "nobody");
    (void)printf("  ");
    cmd_contract_print(name);
    (void)printf("  %s unit%s", goods_words_number((uint64_t)count, units), count == 1 ? "" : "s");
    if (cmd_contract_text_at(one, "/party/contact", "").len > 0)
        cmd_pages_print(", contact ", one, "/party/contact", "\n");
    else
        (void)printf(", no contact given\n");
    for (size_t i = 0; i < json_doc_count(goods); i++) {
        (void)printf("    ");
        cmd_pages_print_set(json_doc_element(goods, i));
        cmd_pages_print("  ", json_doc_element(goods, i), "/product", "");
        cmd_pages_print("  (", json_doc_element(goods, i), "/state", ")");
        (void)printf("\n");
    }
    int64_t left = cmd_pages_int(one, "/ranges") - (int64_t)json_doc_count(goods);
    if (left > 0)
        (void)printf("    and %" PRId64 " more ranges\n", left);
}

static void tell_one(void *ctx, const struct json_doc *doc)
{
    char units[GOODS_WORDS_SIZE];
    const struct json_doc *r = json_doc_at(doc, "/recall");
    const struct json_doc *list = json_doc_at(doc, "/holders");
    (void)ctx;
    cmd_pages_print("recall by ", r, "/member/name", "");
    cmd_pages_print(", contact ", r, "/party/contact", "");
    cmd_pages_print_time(", ", r, "/time");
    cmd_pages_print("\n  ", r, "/meaning", "");
    cmd_pages_print(": ", r, "/reason", "");
    (void)printf("\n  of ");
    cmd_pages_print_sets(json_doc_at(r, "/goods"));
    if (!cmd_pages_true(r, "/open"))
        (void)printf("\n  ENDED: these goods are no longer recalled by it");
    if (json_doc_is_array(list))
        (void)printf("\n  %s unit%s with %zu holder%s\n",
                     goods_words_number((uint64_t)cmd_pages_int(doc, "/units"), units),
                     cmd_pages_int(doc, "/units") == 1 ? "" : "s", json_doc_count(list),
                     json_doc_count(list) == 1 ? "" : "s");
    else
        (void)printf("\n");
    for (size_t i = 0; i < json_doc_count(list); i++)
        tell_holder(json_doc_element(list, i));
}

static void tell_unit(void *ctx, const struct json_doc *one)
{
    (void)ctx;
    cmd_pages_print("  ", one, "/asset", "");
    cmd_pages_print("  ", one, "/holder/name", "");
    cmd_pages_print("  ", one, "/state", "\n");
}

static int list(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct looking l = { .found = false };
    char path[NODE_CLIENT_PATH_MAX];
    bool units = cmd_args_flag(args, "units");
    if (!cmd_args_expect(args, 0, 1, "at most one RECALL or ASSET", err))
        return cmd_action_fail(err);
    if (args->operand_count == 0)
        return list_all(home, err);
    if (!find_recall(home, args->operand[0], &l, err))
        return cmd_action_fail(err);
    (void)snprintf(path, sizeof path, "/v1/recalls/%s%s", l.hash, units ? "?units=1" : "");
    struct cmd_pages pages = { path, "after", units ? "/units" : "/holders", PAGE };
    return cmd_pages_tell(home, &pages, tell_one, units ? tell_unit : NULL, NULL, err);
}

int cmd_recall(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "list", "recall list", "units",
          "Usage: waybill recall list [RECALL|ASSET] [--units]\n"
          "Who holds what of recalled goods and of all that was made of them, how many, and how to "
          "reach him.\n"
          "RECALL is the hash of the statement; ASSET a lot or goods that are recalled. Without "
          "either: all\n"
          "recalls, the newest first. waybill goods recall makes one.\n"
          "\n"
          "  --units  every single name, instead of ranges\n"
          "Exit code: 0 good, 1 error.\n",
          list },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
