#include "tools/cmd_asset_ask.h"

#include "common/instant.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE  1000
#define WIDTH 64 /* columns of the plot */

/* ------------------------------------------------------------------ loggers */

static uint64_t time_at(const struct json_doc *doc, const char *pointer)
{
    char text[40];
    uint64_t ms = 0;
    struct slice s = cmd_contract_text_at(doc, pointer, "");
    (void)snprintf(text, sizeof text, "%.*s", (int)(s.len < 39 ? s.len : 39), (const char *)s.data);
    (void)instant_parse(text, &ms);
    return ms;
}

/* The time both reported, from left to right: "#" where they disagreed. */
static void plot(const struct json_doc *pair)
{
    char line[WIDTH + 1];
    uint64_t from = time_at(pair, "/from"), to = time_at(pair, "/to");
    const struct json_doc *list = json_doc_at(pair, "/disagreements");
    if (to <= from)
        return;
    memset(line, '-', WIDTH);
    line[WIDTH] = '\0';
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *w = json_doc_element(list, i);
        uint64_t begins = time_at(w, "/from"), ends = time_at(w, "/to");
        for (uint64_t k = 0; k < WIDTH; k++) {
            uint64_t left = from + (to - from) * k / WIDTH;
            uint64_t right = from + (to - from) * (k + 1) / WIDTH;
            if (begins < right && ends > left)
                line[k] = '#';
        }
    }
    (void)printf("    |%s|\n", line);
}

/* By name where it has one, else by its kid. */
static void print_device(const char *before, const struct json_doc *pair, const char *pointer)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%s_name", pointer);
    cmd_pages_print(before, pair, json_doc_at(pair, name) != NULL ? name : pointer, "");
}

static void tell_pair(const struct json_doc *pair, struct slice unit)
{
    const struct json_doc *list = json_doc_at(pair, "/disagreements");
    print_device("  ", pair, "/a");
    print_device(" minus ", pair, "/b");
    cmd_pages_print_number(": ", pair, "/bias");
    (void)printf(" ");
    cmd_contract_print(unit);
    (void)printf(" on average");
    cmd_pages_print_number(", up to ", pair, "/limit");
    (void)printf(json_doc_at(pair, "/limit") != NULL ? " is within their accuracy\n" : "\n");
    if (json_doc_at(pair, "/clock_offset_s") != NULL)
        (void)printf("    the second one's clock is ahead by %" PRId64 " s\n",
                     cmd_pages_int(pair, "/clock_offset_s"));
    cmd_pages_print_time("    ", pair, "/from");
    cmd_pages_print_time(" to ", pair, "/to");
    (void)printf(", compared at %" PRId64 " times; periods apart: %" PRId64 "\n",
                 cmd_pages_int(pair, "/compared"), cmd_pages_int(pair, "/disagreement_count"));
    plot(pair);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *w = json_doc_element(list, i);
        cmd_pages_print_time("    # ", w, "/from");
        cmd_pages_print_time(" to ", w, "/to");
        cmd_pages_print_number(": ", w, "/worst");
        (void)printf(" ");
        cmd_contract_print(unit);
        (void)printf(" at worst\n");
    }
}

static void tell_logger(const struct json_doc *one)
{
    const struct json_doc *times = json_doc_at(one, "/attached");
    cmd_pages_print("  ", one, "/device_name", " ");
    cmd_pages_print(json_doc_at(one, "/device_name") != NULL ? "" : "  ", one, "/device", "");
    (void)printf("  %" PRId64 " samples", cmd_pages_int(one, "/samples"));
    cmd_pages_print_time(", ", one, "/first");
    cmd_pages_print_time(" to ", one, "/last");
    (void)printf("\n");
    for (size_t i = 0; i < json_doc_count(times); i++) {
        cmd_pages_print_time("    attached ", json_doc_element(times, i), "/from");
        cmd_pages_print_time(", detached ", json_doc_element(times, i), "/to");
        (void)printf("\n");
    }
}

static void tell_loggers(const struct json_doc *doc)
{
    const struct json_doc *loggers = json_doc_at(doc, "/loggers");
    const struct json_doc *pairs = json_doc_at(doc, "/comparisons");
    struct slice unit = cmd_contract_text_at(doc, "/unit", "");
    if (slice_equal(unit, slice_text("Cel")))
        unit = slice_text("°C");
    cmd_pages_print("", doc, "/asset", "");
    cmd_pages_print("  ", doc, "/name", "\n");
    for (size_t i = 0; i < json_doc_count(loggers); i++)
        tell_logger(json_doc_element(loggers, i));
    for (size_t i = 0; i < json_doc_count(pairs); i++)
        tell_pair(json_doc_element(pairs, i), unit);
    if (json_doc_count(pairs) == 0)
        (void)printf("  no two of them reported at the same time\n");
}

int cmd_asset_loggers(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    const char *property = cmd_args_text(args, "property", NULL);
    struct json_doc *doc = NULL;
    if (!cmd_args_expect(args, 1, 1, "one ASSET", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !node_client_asset_path(asset, "/loggers", path, err) ||
        (property != NULL && !cmd_pages_query(path, sizeof path, "property", property, err)) ||
        !cmd_node_get_json(home, path, &doc, err))
        return cmd_action_fail(err);
    if (home->json) {
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    tell_loggers(doc);
    json_doc_free(doc);
    return CMD_GOOD;
}

/* ------------------------------------------------------------------ lots */

static void tell_lot(void *ctx, const struct json_doc *doc)
{
    (void)ctx;
    cmd_pages_print("", doc, "/lot", "\n");
    cmd_pages_print("  made by ", doc, "/maker/name", "");
    (void)printf(", %" PRId64 " units", cmd_pages_int(doc, "/made"));
    if (json_doc_at(doc, "/declared") != NULL)
        (void)printf(" of %" PRId64 " declared", cmd_pages_int(doc, "/declared"));
    (void)printf("\n");
}

static void tell_units(void *ctx, const struct json_doc *one)
{
    (void)ctx;
    (void)printf("  ");
    cmd_pages_print_set(one);
    cmd_pages_print_time("  made ", one, "/time");
    cmd_pages_print_time("  best before ", one, "/expiry");
    cmd_pages_print_hash("  statement ", one, "/making");
    (void)printf("\n");
}

int cmd_asset_lot(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct cmd_pages pages = { path, "after", "/goods", PAGE };
    struct gs1_name name;
    struct buf out = buf_fixed(path, sizeof path);
    if (!cmd_args_expect(args, 1, 1, "one LOT, 01/GTIN/10/LOT", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !gs1_parse_asset(slice_text(asset), &name, err))
        return cmd_action_fail(err);
    if (name.kind != GS1_LOT) {
        (void)err_set(err, ERR_INPUT, "%s is no lot; expected 01/GTIN/10/LOT", asset);
        return cmd_action_fail(err);
    }
    buf_add_slice(&out, slice_text("/v1/lots/"));
    buf_add_slice(&out, slice_text(name.key));
    buf_add_byte(&out, '/');
    cmd_pages_put_segment(&out, name.part);
    buf_add_byte(&out, '\0');
    return cmd_pages_tell(home, &pages, tell_lot, tell_units, NULL, err);
}
