/*
 * `waybill goods`: what becomes of goods, from quarantine to the end. Release, rejection and recall say by
 * whom they count and why, and the ledger refuses them without.
 */
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <string.h>

#define OPTIONS "range meaning= reason= place= time= no-wait"

static bool build(const struct cmd_args *args, struct buf *names, struct disposition *d,
                  struct err *err)
{
    return cmd_names_assets(args, 0, cmd_args_flag(args, "range"), names, &d->assets, err) &&
           cmd_names_text(args, "meaning", &d->meaning, err) &&
           cmd_names_text(args, "reason", &d->reason, err) &&
           cmd_names_place(args, "place", &d->place, err);
}

static int dispose(struct cmd_home *home, const struct cmd_args *args,
                   enum disposition_action action, struct err *err)
{
    static const char *const done[] = {
        [DISPOSITION_QUARANTINE] = "in quarantine", [DISPOSITION_RELEASE] = "released",
        [DISPOSITION_REJECT] = "rejected",          [DISPOSITION_RETURN] = "returned",
        [DISPOSITION_RECALL] = "recalled",          [DISPOSITION_END_RECALL] = "recall ended",
        [DISPOSITION_DECOMMISSION] = "ended",       [DISPOSITION_DISPENSE] = "dispensed",
        [DISPOSITION_DESTROY] = "destroyed",
    };
    struct statement draft = { .kind = KIND_DISPOSITION, .as.disposition = { .action = action } };
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    bool good = build(args, &names, &draft.as.disposition, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err);
    int code = good ? cmd_send_finish(home, done[action], &draft) : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

static int quarantine(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_QUARANTINE, err);
}

static int release(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_RELEASE, err);
}

static int reject(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_REJECT, err);
}

static int take_back(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_RETURN, err);
}

static int recall(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_RECALL, err);
}

static int end_recall(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_END_RECALL, err);
}

static int decommission(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_DECOMMISSION, err);
}

static int dispense(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_DISPENSE, err);
}

static int destroy(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return dispose(home, args, DISPOSITION_DESTROY, err);
}

#define TAIL                                                                  \
    "Options: --meaning TEXT --reason TEXT --place GLN --time INSTANT; with " \
    "--range, ASSET... is PREFIX FIRST COUNT.\n"                              \
    "Exit code: 0 accepted, 1 error, 4 refused.\n"

int cmd_goods(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "quarantine", "goods quarantine", OPTIONS,
          "Usage: waybill goods quarantine ASSET... [options]\n"
          "Keeps goods, or a whole lot (01/GTIN/10/LOT), from being handed over until they are "
          "released.\n" TAIL,
          quarantine },
        { "release", "goods release", OPTIONS,
          "Usage: waybill goods release ASSET... --meaning TEXT --reason TEXT [options]\n"
          "Ends a quarantine. Refused without what the signature means and why.\n" TAIL,
          release },
        { "reject", "goods reject", OPTIONS,
          "Usage: waybill goods reject ASSET... --meaning TEXT --reason TEXT [options]\n"
          "Quarantined goods are no good: they go back to their maker or are destroyed.\n" TAIL,
          reject },
        { "return", "goods return", OPTIONS,
          "Usage: waybill goods return ASSET... [options]\n"
          "Dispensed goods come back to who dispensed them, into quarantine.\n" TAIL,
          take_back },
        { "recall", "goods recall", OPTIONS,
          "Usage: waybill goods recall ASSET... --meaning TEXT --reason TEXT [options]\n"
          "The maker wants goods back: these, or a lot, and all that was ever made of them. They "
          "can then\n"
          "be handed over to the maker only. waybill recall list says who holds them.\n" TAIL,
          recall },
        { "end-recall", "goods end-recall", OPTIONS,
          "Usage: waybill goods end-recall ASSET... --meaning TEXT --reason TEXT [options]\n"
          "Takes back this company's own recall.\n" TAIL,
          end_recall },
        { "decommission", "goods decommission", OPTIONS,
          "Usage: waybill goods decommission ASSET... [options]\n"
          "The name ends, not the goods: a label is taken off, a lot is packed anew.\n" TAIL,
          decommission },
        { "dispense", "goods dispense", OPTIONS,
          "Usage: waybill goods dispense ASSET... [options]\n"
          "Goods go to a patient or a consumer.\n" TAIL,
          dispense },
        { "destroy", "goods destroy", OPTIONS,
          "Usage: waybill goods destroy ASSET... [options]\n"
          "Goods are no more.\n" TAIL,
          destroy },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
