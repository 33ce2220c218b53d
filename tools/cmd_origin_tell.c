/* What a node answers about where goods come from and went, in words. */
#include "tools/cmd_contract_words.h"
#include "tools/cmd_origin.h"
#include "tools/cmd_pages.h"

#include <inttypes.h>
#include <stdio.h>

static void tell_certificates(const struct json_doc *hop)
{
    const struct json_doc *list = json_doc_at(hop, "/certificates");
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *c = json_doc_element(list, i);
        cmd_pages_print("      certificate ", c, "/name", "");
        cmd_pages_print(" ", c, "/number", "");
        cmd_pages_print(" by ", c, "/issuer/name", "");
        cmd_pages_print(" of ", c, "/member/name", "");
        cmd_pages_print(" for place ", c, "/place", "");
        cmd_pages_print_time(", ", c, "/from");
        cmd_pages_print_time(" to ", c, "/until");
        cmd_pages_print(": ", c, "/status", "\n");
    }
}

/* What was said against the making itself. */
static void tell_objections(const struct json_doc *hop)
{
    const struct json_doc *corrections = json_doc_at(hop, "/corrections");
    const struct json_doc *disputes = json_doc_at(hop, "/disputes");
    for (size_t i = 0; i < json_doc_count(corrections); i++) {
        const struct json_doc *one = json_doc_element(corrections, i);
        cmd_pages_print_time("      CORRECTED ", one, "/time");
        cmd_pages_print(": ", one, "/reason", "");
        (void)printf("\n");
    }
    for (size_t i = 0; i < json_doc_count(disputes); i++) {
        const struct json_doc *one = json_doc_element(disputes, i);
        cmd_pages_print("      DISPUTED by ", one, "/member/name", "");
        cmd_pages_print(": ", one, "/reason", "");
        (void)printf("\n");
    }
}

/* Hops come by their distance, which is told: what one is of may stand further down than its neighbours. */
static void tell_hop(void *ctx, const struct json_doc *hop)
{
    const bool *back = ctx;
    (void)printf("%3" PRId64 " ", cmd_pages_int(hop, "/depth") + 1);
    cmd_pages_print_sets(json_doc_at(hop, *back ? "/went_on" : "/outputs"));
    (void)printf("\n");
    cmd_pages_print_time("    ", hop, "/time");
    cmd_pages_print(" ", hop, "/kind", "");
    cmd_pages_print(" by ", hop, "/by/name", "");
    cmd_pages_print(" at ", hop, "/place/name", "");
    cmd_pages_print(" (", hop, "/place/gln", ")");
    cmd_pages_print_hash("; statement ", hop, "/making");
    (void)printf("\n");
    if (json_doc_count(json_doc_at(hop, "/inputs")) > 0) {
        (void)printf("      of ");
        cmd_pages_print_sets(json_doc_at(hop, "/inputs"));
        (void)printf("\n");
    }
    tell_certificates(hop);
    tell_objections(hop);
}

static void tell_head(void *ctx, const struct json_doc *doc)
{
    const bool *back = ctx;
    cmd_pages_print("", doc, "/asset", "");
    int64_t makings = cmd_pages_int(doc, "/makings");
    (void)printf(": %" PRId64 " making%s %s\n", makings, makings == 1 ? "" : "s",
                 *back ? "on the way back" : "of it");
    cmd_pages_print_holds("  ", json_doc_at(doc, "/holds"));
    if (cmd_pages_true(doc, "/cut"))
        (void)printf("  more happened than is shown here\n");
}

int cmd_origin_ask(struct cmd_home *home, const char *path, bool back, struct err *err)
{
    struct cmd_pages pages = { path, "from", "/hops", 500 };
    int code = cmd_pages_tell(home, &pages, tell_head, tell_hop, &back, err);
    if (code == CMD_GOOD && !home->json)
        (void)printf("as the node says; --verify proves it\n");
    return code;
}
