/*
 * `waybill trace` and `waybill verify`: where goods have been, in whose hands, at what temperature. Both read
 * a proof bundle, from the node or from a file, and believe nothing that does not follow from it.
 */
#include "common/bundle_pack.h"
#include "common/file.h"
#include "common/hex.h"
#include "tools/cmd_action.h"
#include "tools/cmd_journey_holds.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_origin.h"
#include "tools/cmd_seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A silent sensor proves nothing good: whoever only looks at the exit code must not take it for green. */
static int exit_code(const struct journey *j)
{
    enum provenance_reason reason;
    bool breach = provenance_judge(&j->provenance, &reason) == PROVENANCE_BREACH;
    bool doubt = reason == PROVENANCE_SENSOR || reason == PROVENANCE_ACCURACY;
    return breach || doubt || journey_holds_stop(j) ? CMD_BREACH : CMD_GOOD;
}

/* ------------------------------------------------------------------ trace */

/* The pinned identity; without one, and unless --verify asks for it, what the node says it is. */
static bool find_identity(struct cmd_home *home, bool verify, struct identity *ret_identity,
                          struct err *err)
{
    if (home->has_identity) {
        *ret_identity = home->identity;
        return true;
    }
    if (verify)
        return cmd_home_need_identity(home, err);
    struct buf bytes = buf_heap(64 * 1024);
    bool good = cmd_node_get_bytes(home, "/v1/identity", &bytes, err) &&
                identity_decode(buf_slice(&bytes), ret_identity, err);
    buf_free(&bytes);
    return good;
}

static bool fetch_bundle(struct cmd_home *home, const char *asset, struct buf *out, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    const char *output = cmd_args_text(home->args, "o", NULL);
    return node_client_asset_path(asset, "/proof", path, err) &&
           cmd_node_get_bytes(home, path, out, err) &&
           (output == NULL || file_replace(output, buf_slice(out), 0644, err));
}

/* A node that proves another asset's journey than the one asked for has proven nothing. */
static bool check_asset(const struct journey *j, const char *asset, struct err *err)
{
    if (strcmp(j->claim.asset, asset) != 0)
        return err_set(err, ERR_PROOF, "the node proves %s instead of %s", j->claim.asset, asset);
    if (j->claim.known || journey_holds_any(j)) /* a lot may be held that is no asset */
        return true;
    bool lot = strncmp(asset, "01/", 3) == 0 && strstr(asset, "/10/") != NULL;
    return err_set(err, ERR_NOT_FOUND, "%s: the ledger does not know it; that is proven%s", asset,
                   lot ? "; see waybill asset lot" : "");
}

/* No other history than the one that this folder has seen. */
static bool check_seen(struct cmd_home *home, struct slice bundle, const struct bundle_claim *claim,
                       struct err *err)
{
    return !home->has_identity ||
           (cmd_seen_covers(home, claim->head.height, claim->set_changes, err) &&
            cmd_seen_bundle(home, bundle, err));
}

static int trace(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1];
    struct journey *j = NULL;
    struct identity *trusted = calloc(1, sizeof *trusted);
    struct buf bundle = buf_heap(BUNDLE_SIZE_MAX);
    if (trusted == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    bool good = cmd_args_expect(args, 1, 1, "one ASSET", err) &&
                cmd_names_asset(args->operand[0], asset, err) &&
                find_identity(home, cmd_args_flag(args, "verify"), trusted, err) &&
                fetch_bundle(home, asset, &bundle, err) &&
                journey_load(home, buf_slice(&bundle), trusted, &j, err) &&
                check_asset(j, asset, err) && check_seen(home, buf_slice(&bundle), &j->claim, err);
    int code = good ? exit_code(j) : cmd_action_fail(err);
    if (good && home->json)
        cmd_action_print(journey_json(home, j, home->has_identity));
    else if (good)
        journey_print(home, j, home->has_identity);
    journey_free(j);
    buf_free(&bundle);
    free(trusted);
    return code;
}

int cmd_trace(int argc, char **argv)
{
    static const struct cmd_action action = {
        "trace", "trace", "verify o=",
        "Usage: waybill trace ASSET [--verify] [-o FILE]\n"
        "Where goods have been, in whose hands, what went wrong and who answers for it. The "
        "node's\n"
        "answer comes with its proof, which is checked against DIR/identity.cbor: every event is "
        "under\n"
        "a sealed block, and none is left out; and whether goods or their lot are recalled or in "
        "quarantine.\n"
        "Whether what they were made of is: waybill origin ASSET --verify.\n"
        "\n"
        "  --verify     refuse to go on without a pinned identity\n"
        "  -o FILE      keep the proof; waybill verify FILE checks it offline\n"
        "Exit code: 0 good, 1 error, 2 a contract was breached, or a\n"
        "sensor leaves that open, or goods are recalled or rejected, 3 the proof failed.\n",
        trace
    };
    return cmd_action_run(&action, argc, argv);
}

/* ------------------------------------------------------------------ verify */

static void tell(const struct cmd_home *home, const struct journey *j)
{
    char ledger[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&j->claim.head.ledger), ledger);
    (void)printf(
        "proof ok  ledger%s%s%s (identity %.4s...)  %llu statements of %s, none missing up "
        "to head %llu\n",
        home->ledger_name[0] != '\0' ? " \"" : "", home->ledger_name,
        home->ledger_name[0] != '\0' ? "\"" : "", ledger, (unsigned long long)j->claim.statements,
        j->claim.asset, (unsigned long long)j->claim.head.height);
    journey_print(home, j, true);
}

static int verify_bundle(struct cmd_home *home, struct slice bundle, struct err *err)
{
    struct journey *j = NULL;
    bool good = (journey_load(home, bundle, &home->identity, &j, err) &&
                 cmd_seen_covers(home, j->claim.head.height, j->claim.set_changes, err)) ||
                err_wrap(err, "%s", home->args->operand[0]);
    int code = good ? exit_code(j) : cmd_action_fail(err);
    if (good && home->json)
        cmd_action_print(journey_json(home, j, true));
    else if (good)
        tell(home, j);
    journey_free(j);
    return code;
}

static int verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct buf file = buf_heap(BUNDLE_PACK_SIZE_MAX);
    int code = CMD_ERROR;
    if (!cmd_args_expect(args, 1, 1, "one BUNDLE file", err) ||
        !cmd_home_need_identity(home, err) ||
        !file_read(args->operand[0], BUNDLE_PACK_SIZE_MAX, &file, err))
        code = cmd_action_fail(err);
    else if (bundle_pack_is(buf_slice(&file)))
        code = cmd_origin_verify_pack(home, buf_slice(&file), err);
    else
        code = verify_bundle(home, buf_slice(&file), err);
    buf_free(&file);
    return code;
}

int cmd_verify(int argc, char **argv)
{
    static const struct cmd_action action = {
        "verify", "verify", "",
        "Usage: waybill verify BUNDLE [--identity FILE]\n"
        "Checks a proof that trace, origin or uses -o kept, offline: needs the ledger's identity "
        "and nothing\n"
        "else.\n"
        "Exit code: 0 proven and good, 1 error, 2 proven, and a contract was breached, a sensor "
        "leaves that\n"
        "open, or goods are recalled or rejected, 3 not proven.\n",
        verify
    };
    return cmd_action_run(&action, argc, argv);
}
