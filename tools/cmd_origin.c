/*
 * `waybill origin` and `waybill uses`: where goods come from, and what was made of them. As the node tells it;
 * or, with --verify, as it is proven for every asset on the way.
 */
#include "tools/cmd_origin.h"

#include "common/file.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_seen.h"
#include "tools/lineage.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------ proven */

static bool get_from_node(void *ctx, const char *asset, struct buf *out, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    return node_client_asset_path(asset, "/proof", path, err) &&
           cmd_node_get_bytes(ctx, path, out, err);
}

static bool get_from_pack(void *ctx, const char *asset, struct buf *out, struct err *err)
{
    struct slice bundle = bundle_pack_find(ctx, asset);
    if (bundle.len == 0)
        return err_set(err, ERR_PROOF, "the file brings no proof of %s, which is on the way",
                       asset);
    buf_add_slice(out, bundle);
    return true;
}

static int tell(const struct cmd_home *home, const struct lineage *l)
{
    if (home->json)
        cmd_action_print(lineage_json(home, l));
    else
        lineage_print(home, l);
    return lineage_recalled(l) != NULL || lineage_is_open(l) ? CMD_BREACH : CMD_GOOD;
}

static bool keep(const struct cmd_home *home, const struct lineage *l, struct err *err)
{
    const char *output = cmd_args_text(home->args, "o", NULL);
    struct buf pack = buf_heap(BUNDLE_PACK_SIZE_MAX);
    if (output == NULL)
        return true;
    lineage_pack(l, &pack);
    bool good = !pack.failed ? file_replace(output, buf_slice(&pack), 0644, err)
                             : err_set(err, ERR_BUSY, "the proofs are larger than one file holds");
    buf_free(&pack);
    return good;
}

/* No proof may leave out a change of authorities that this folder has seen. */
static bool check_covers(struct cmd_home *home, const struct lineage *l, struct err *err)
{
    for (size_t i = 0; i < l->count; i++)
        if (!cmd_seen_covers(home, l->node[i]->claim.head.height, l->node[i]->claim.set_changes,
                             err))
            return err_wrap(err, "%s", l->node[i]->claim.asset);
    return true;
}

static int prove(struct cmd_home *home, const char *asset, enum bundle_pack_direction direction,
                 struct err *err)
{
    struct lineage *l = NULL;
    struct lineage_source source = { get_from_node, home };
    bool good = cmd_home_need_identity(home, err) &&
                lineage_walk(asset, direction, &home->identity, &source, &l, err) &&
                check_covers(home, l, err) &&
                cmd_seen_bundle(home, buf_slice(&l->node[0]->bundle), err) && keep(home, l, err);
    int code = good ? tell(home, l) : cmd_action_fail(err);
    lineage_free(l);
    return code;
}

/* What a file brings must be what the way asks for: no less, and nothing besides. */
int cmd_origin_verify_pack(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct lineage *l = NULL;
    struct bundle_pack *pack = calloc(1, sizeof *pack);
    char asset[ASSET_NAME_MAX + 1];
    if (pack == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    struct lineage_source source = { get_from_pack, pack };
    bool good = bundle_pack_take(bytes, pack, err);
    if (good) {
        (void)snprintf(asset, sizeof asset, "%.*s", (int)pack->item[0].asset.len,
                       (const char *)pack->item[0].asset.data);
        good = lineage_walk(asset, pack->direction, &home->identity, &source, &l, err) &&
               (l->count == pack->count ||
                err_set(err, ERR_PROOF, "the file brings %zu proofs, of which %zu are on the way",
                        pack->count, l->count)) &&
               check_covers(home, l, err);
    }
    if (!good && err->code != ERR_IO && err->code != ERR_BUSY)
        err->code = ERR_PROOF; /* damaged is no proof either */
    int code = good ? tell(home, l) : cmd_action_fail(err);
    lineage_free(l);
    free(pack);
    return code;
}

/* ------------------------------------------------------------------ as the node says */

static int ask(struct cmd_home *home, const char *asset, bool back, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    return node_client_asset_path(asset, back ? "/origin" : "/uses", path, err)
               ? cmd_origin_ask(home, path, back, err)
               : cmd_action_fail(err);
}

static int run(struct cmd_home *home, const struct cmd_args *args, bool back, struct err *err)
{
    char asset[GS1_NAME_MAX + 1];
    bool verify = cmd_args_flag(args, "verify");
    if (!cmd_args_expect(args, 1, 1, "one ASSET", err) ||
        !cmd_names_asset(args->operand[0], asset, err))
        return cmd_action_fail(err);
    if (!verify && cmd_args_text(args, "o", NULL) != NULL) {
        (void)err_set(err, ERR_INPUT, "-o keeps proofs: it needs --verify");
        return cmd_action_fail(err);
    }
    return verify ? prove(home, asset, back ? BUNDLE_PACK_BACK : BUNDLE_PACK_FORWARD, err)
                  : ask(home, asset, back, err);
}

static int origin(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return run(home, args, true, err);
}

static int uses(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return run(home, args, false, err);
}

int cmd_origin(int argc, char **argv)
{
    static const struct cmd_action action = {
        "origin", "origin", "verify o=",
        "Usage: waybill origin ASSET [--verify [-o FILE]]\n"
        "Where goods come from: every making on the way back, who, where and when, with the "
        "certificates that\n"
        "held then.\n"
        "\n"
        "  --verify  believe nothing but proofs: every asset's events are fetched and checked "
        "against\n"
        "            DIR/identity.cbor, and none is missing. Certificates of places and companies "
        "are not\n"
        "            among an asset's events: ask without --verify\n"
        "  -o FILE   keep all the proofs; waybill verify FILE checks them offline\n"
        "Exit code: 0 good, 1 error, 2 proven, and something on the way, or its lot, is recalled, "
        "or too much\n"
        "to follow leaves that open, 3 the proof failed.\n",
        origin
    };
    return cmd_action_run(&action, argc, argv);
}

int cmd_uses(int argc, char **argv)
{
    static const struct cmd_action action = {
        "uses", "uses", "verify o=",
        "Usage: waybill uses ASSET [--verify [-o FILE]]\n"
        "What was made of goods, and what of that, as far as it goes, and who holds it.\n"
        "\n"
        "  --verify  believe nothing but proofs: as an asset's events are complete, so are its "
        "uses. Sets of\n"
        "            more than 1000 units are named and not followed, and the answer says so\n"
        "  -o FILE   keep all the proofs; waybill verify FILE checks them offline\n"
        "Exit code: 0 good, 1 error, 2 proven, and ASSET is recalled, 3 the proof failed.\n",
        uses
    };
    return cmd_action_run(&action, argc, argv);
}
