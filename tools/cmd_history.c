/* `waybill history`, `waybill contents`, `waybill findings`: what the node knows of one asset, line by line. */
#include "common/disposition.h"
#include "common/event.h"
#include "common/hex.h"
#include "common/instant.h"
#include "node/provenance_goods.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_pages.h"
#include "tools/goods_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE        1000
#define HASH_DIGITS (2 * HASH_SIZE)
#define KID_DIGITS  (2 * KID_SIZE)

/* ------------------------------------------------------------------ history */

/* A member's name for its kid, the beginning of a hash, an instant for milliseconds. */
static void print_value(const struct cmd_home *home, const char *key, const struct json_doc *value)
{
    struct slice text;
    struct kid kid;
    int64_t number = 0;
    bool flag = false;
    char name[CMD_HOME_NAME_SIZE], time[INSTANT_TEXT_SIZE];
    size_t len = strlen(key);
    if (json_doc_get_text(value, &text)) {
        bool is_kid = text.len == KID_DIGITS &&
                      hex_decode((const char *)text.data, text.len, kid.bytes, KID_SIZE);
        if (is_kid)
            (void)printf("%s", cmd_home_member_name(home, &kid, name));
        else
            cmd_contract_print(slice_from(text, 0, text.len == HASH_DIGITS ? 16 : text.len));
    } else if (json_doc_get_int(value, &number)) {
        bool is_time = len > 3 && strcmp(key + len - 3, "_ms") == 0 && number >= 0;
        if (is_time)
            instant_format((uint64_t)number, time);
        if (is_time)
            (void)printf("%s", time);
        else
            (void)printf("%" PRId64, number);
    } else if (json_doc_get_bool(value, &flag)) {
        (void)printf("%s", flag ? "yes" : "no");
    }
}

/* A number that stands for a word: NULL for those that do not. */
static const char *word_for(int64_t what, const char *key, int64_t number)
{
    bool action = strcmp(key, "action") == 0;
    if (strcmp(key, "role") == 0)
        return number == 0 ? "custodian" : "owner";
    if (what == EVENT_FINDING && strcmp(key, "finding") == 0)
        return provenance_found_name((uint64_t)number);
    if (what == EVENT_REVEALED && strcmp(key, "result") == 0)
        return provenance_reveal_name((uint64_t)number);
    if (action && what == EVENT_DISPOSITION)
        return disposition_action_name((enum disposition_action)number);
    if (action && (what == EVENT_MADE || what == EVENT_USED))
        return goods_words_making((uint64_t)number);
    return NULL;
}

static void tell_datum(const struct cmd_home *home, const struct json_doc *e, const char *key,
                       const struct json_doc *value)
{
    int64_t number = 0;
    const char *word =
        json_doc_get_int(value, &number) ? word_for(cmd_pages_int(e, "/what"), key, number) : NULL;
    if (json_doc_is_null(value))
        return;
    (void)printf("  %s ", key);
    if (word != NULL)
        (void)printf("%s", word);
    else
        print_value(home, key, value);
}

static void tell_event(void *ctx, const struct json_doc *e)
{
    const struct cmd_home *home = ctx;
    const struct json_doc *data = json_doc_at(e, "/data");
    (void)printf("%5" PRId64 "  ", cmd_pages_int(e, "/n"));
    cmd_pages_print("", e, "/time", "  ");
    cmd_pages_print("", e, "/event", "");
    (void)printf("  block %" PRId64, cmd_pages_int(e, "/height"));
    const char *key = NULL;
    while ((key = json_doc_next_key(data, key)) != NULL) {
        char pointer[64];
        (void)snprintf(pointer, sizeof pointer, "/%s", key);
        tell_datum(home, e, key, json_doc_at(data, pointer));
    }
    (void)printf("\n");
}

static int history(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct cmd_pages pages = { path, "from", "/history", PAGE };
    if (!cmd_args_expect(args, 1, 1, "one ASSET", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !node_client_asset_path(asset, "/history", path, err))
        return cmd_action_fail(err);
    return cmd_pages_tell(home, &pages, NULL, tell_event, home, err);
}

int cmd_history(int argc, char **argv)
{
    static const struct cmd_action action = { "history", "history", "",
                                              "Usage: waybill history ASSET\n"
                                              "Every event of an asset as the ledger tells it, one "
                                              "a line. waybill trace tells the story, "
                                              "and proves\n"
                                              "it.\n"
                                              "Exit code: 0 good, 1 error.\n",
                                              history };
    return cmd_action_run(&action, argc, argv);
}

/* ------------------------------------------------------------------ contents */

static void tell_container(void *ctx, const struct json_doc *doc)
{
    (void)ctx;
    const struct json_doc *list = json_doc_at(doc, "/containers");
    cmd_pages_print("", doc, "/asset", "");
    (void)printf("  %" PRId64 " inside\n", cmd_pages_int(doc, "/inside"));
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        cmd_pages_print("  itself in ", one, "/container", "");
        cmd_pages_print_time(" from ", one, "/since");
        cmd_pages_print_time(" to ", one, "/until");
        (void)printf("\n");
    }
}

static void tell_inside(void *ctx, const struct json_doc *one)
{
    (void)ctx;
    cmd_pages_print("  ", one, "/asset", "");
    cmd_pages_print_time("  since ", one, "/since");
    (void)printf("\n");
}

static int contents(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct cmd_pages pages = { path, "after", "/contents", PAGE };
    if (!cmd_args_expect(args, 1, 1, "one CONTAINER", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !node_client_asset_path(asset, "/contents", path, err))
        return cmd_action_fail(err);
    return cmd_pages_tell(home, &pages, tell_container, tell_inside, NULL, err);
}

int cmd_contents(int argc, char **argv)
{
    static const struct cmd_action action = { "contents", "contents", "",
                                              "Usage: waybill contents CONTAINER\n"
                                              "What is directly inside a box or on a pallet, how "
                                              "much with all that is in those, and what "
                                              "it was\n"
                                              "itself inside of; as the node says.\n"
                                              "Exit code: 0 good, 1 error.\n",
                                              contents };
    return cmd_action_run(&action, argc, argv);
}

/* ------------------------------------------------------------------ findings */

struct found {
    const struct cmd_home *home;
    bool stands;
};

static void tell_finding(void *ctx, const struct json_doc *one)
{
    struct found *f = ctx;
    bool stands = cmd_pages_true(one, "/stands");
    f->stands = f->stands || stands;
    if (f->home->json)
        return;
    cmd_pages_print("", one, "/asset", "  ");
    cmd_pages_print("", one, "/finding", stands ? "" : " (withdrawn)");
    cmd_pages_print_time("  ", one, "/time");
    cmd_pages_print("  by ", one, "/by/name", "");
    cmd_pages_print("  key ", one, "/signer", "");
    cmd_pages_print_hash("  statement ", one, "/statement");
    cmd_pages_print_hash(" against ", one, "/other");
    (void)printf("\n");
}

static int findings(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX] = "/v1/findings";
    const char *key = cmd_args_text(args, "of-key", NULL);
    struct cmd_pages pages = { path, "after", "/findings", PAGE };
    struct found found = { .home = home };
    bool named = args->operand_count == 1;
    if (!cmd_args_expect(args, 0, 1, "at most one ASSET", err) ||
        (named && (!cmd_names_asset(args->operand[0], asset, err) ||
                   !cmd_pages_query(path, sizeof path, "asset", asset, err))) ||
        (key != NULL && !cmd_pages_query(path, sizeof path, "key", key, err)))
        return cmd_action_fail(err);
    int code = cmd_pages_tell(home, &pages, NULL, tell_finding, &found, err);
    if (code == CMD_GOOD && home->json && !cmd_pages_each(home, &pages, tell_finding, &found, err))
        return cmd_action_fail(err);
    return code == CMD_GOOD && found.stands ? CMD_BREACH : code;
}

int cmd_findings(int argc, char **argv)
{
    static const struct cmd_action action = {
        "findings", "findings", "of-key=",
        "Usage: waybill findings [ASSET] [--of-key KID]\n"
        "What does not add up: goods nobody made, scans after the end, more units than made, "
        "travel "
        "too fast,\n"
        "two custodians; with the statements that show it. Without ASSET all there are; --of-key "
        "those in the\n"
        "history of one key.\n"
        "Exit code: 0 none that stands, 1 error, 2 there are some.\n",
        findings
    };
    return cmd_action_run(&action, argc, argv);
}
