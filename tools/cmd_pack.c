/* `waybill pack` and `waybill unpack`: goods go into a box or onto a pallet, and come out of it again. */
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

static bool check_itself(const struct pack *p, struct err *err)
{
    struct asset_iter it = asset_set_begin(&p->assets);
    while (asset_set_next(&it))
        if (slice_equal((struct slice){ (const uint8_t *)it.name, it.name_len }, p->container))
            return err_set(err, ERR_INPUT, "%s cannot be inside itself", it.name);
    return true;
}

static bool build(const struct cmd_args *args, const char *option, char *container,
                  struct buf *names, struct pack *p, struct err *err)
{
    const char *text;
    if (!cmd_args_need(args, option, &text, err))
        return false;
    if (!cmd_names_asset(text, container, err))
        return err_wrap(err, "--%s", option);
    p->container = slice_text(container);
    return cmd_names_assets(args, 0, cmd_args_flag(args, "range"), names, &p->assets, err) &&
           check_itself(p, err) && cmd_names_place(args, "place", &p->place, err);
}

static int move(struct cmd_home *home, const struct cmd_args *args, bool out, struct err *err)
{
    struct statement draft = { .kind = KIND_PACK, .as.pack = { .unpack = out } };
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    char container[GS1_NAME_MAX + 1];
    bool good = build(args, out ? "from" : "into", container, &names, &draft.as.pack, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err);
    int code =
        good ? cmd_send_finish(home, out ? "unpacked" : "packed", &draft) : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

static int pack(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return move(home, args, false, err);
}

static int unpack(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return move(home, args, true, err);
}

int cmd_pack(int argc, char **argv)
{
    static const struct cmd_action action = {
        "pack", "pack", "into= range place= time= no-wait",
        "Usage: waybill pack ASSET... --into CONTAINER [options]\n"
        "       waybill pack --range PREFIX FIRST COUNT --into CONTAINER [options]\n"
        "Goods go into a box or onto a pallet, which is itself an asset (00/SSCC, for one). From "
        "then on\n"
        "they go where it goes: what hands the pallet over hands them over. Boxes are filled "
        "before they\n"
        "are stowed.\n"
        "\n"
        "  --place GLN     where\n"
        "  --time INSTANT  when (default: now)\n"
        "Exit code: 0 accepted, 1 error, 4 refused.\n",
        pack
    };
    return cmd_action_run(&action, argc, argv);
}

int cmd_unpack(int argc, char **argv)
{
    static const struct cmd_action action = {
        "unpack", "unpack", "from= range place= time= no-wait",
        "Usage: waybill unpack ASSET... --from CONTAINER [options]\n"
        "       waybill unpack --range PREFIX FIRST COUNT --from CONTAINER [options]\n"
        "Goods come out of their box or off their pallet, and no longer go where it goes.\n"
        "\n"
        "  --place GLN     where\n"
        "  --time INSTANT  when (default: now)\n"
        "Exit code: 0 accepted, 1 error, 4 refused.\n",
        unpack
    };
    return cmd_action_run(&action, argc, argv);
}
