/* `waybill product verify`: is this thing what its label says, as far as the ledger knows? */
#include "tools/cmd_product_verify.h"

#include "common/gs1.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"

#include <stdio.h>

static bool put_label(const struct cmd_args *args, char *path, size_t size, struct err *err)
{
    static const char *const options[] = { "serial", "lot", "expiry" };
    const char *serial;
    if (!cmd_args_expect(args, 1, 1, "one GTIN", err) ||
        !cmd_args_need(args, "serial", &serial, err) ||
        !gs1_check_key("01", slice_text(args->operand[0]), err) ||
        !cmd_pages_query(path, size, "gtin", args->operand[0], err))
        return false;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value = cmd_args_text(args, options[i], NULL);
        if (value != NULL && !cmd_pages_query(path, size, options[i], value, err))
            return false;
    }
    return true;
}

int cmd_product_verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX] = "/v1/verify";
    struct json_doc *doc = NULL;
    if (!put_label(args, path, sizeof path, err) || !cmd_node_get_json(home, path, &doc, err))
        return cmd_action_fail(err);
    bool verified = cmd_pages_true(doc, "/verified");
    if (home->json) {
        cmd_action_print(doc);
        return verified ? CMD_GOOD : CMD_BREACH;
    }
    cmd_pages_print("", doc, "/asset", "  ");
    cmd_pages_print("", doc, "/result", "\n");
    cmd_pages_print("  ", doc, "/sentence", "\n");
    cmd_pages_print("  by the name ", doc, "/by_name", "\n");
    cmd_pages_print("  see statement ", doc, "/cause", "\n");
    if (cmd_args_text(args, "lot", NULL) != NULL && !cmd_pages_true(doc, "/lot_compared"))
        (void)printf("  its maker did not say of which lot it is\n");
    if (cmd_args_text(args, "expiry", NULL) != NULL && !cmd_pages_true(doc, "/expiry_compared"))
        (void)printf("  its maker did not say when it expires\n");
    json_doc_free(doc);
    return verified ? CMD_GOOD : CMD_BREACH;
}
