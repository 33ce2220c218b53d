/*
 * `waybill correct` and `waybill dispute`: an earlier statement was wrong, says its own side; or the other
 * side objects to it. Either way it stays, and what is said about it stands beside it.
 */
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_send.h"

/* ------------------------------------------------------------------ correct */

static int correct(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_CORRECTION };
    struct correction *c = &draft.as.correction;
    struct hash hash;
    struct buf original = buf_heap(CORRECTION_ORIGINAL_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one STATEMENT, by its hash", err) &&
                cmd_home_parse_hash(args->operand[0], &hash, err) &&
                cmd_names_text(args, "meaning", &c->meaning, err) &&
                cmd_names_text(args, "reason", &c->reason, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
                cmd_node_get_statement(home, &hash, &original, err);
    c->original = buf_slice(&original);
    int code = good ? cmd_send_finish(home, "corrected", &draft) : cmd_action_fail(err);
    buf_free(&original);
    return code;
}

int cmd_correct(int argc, char **argv)
{
    static const struct cmd_action action = {
        "correct", "correct", "meaning= reason= time= no-wait",
        "Usage: waybill correct STATEMENT --meaning TEXT --reason TEXT [--time INSTANT]\n"
        "Says that an earlier statement of this key, or of this company, was wrong. It stays on "
        "the ledger\n"
        "and is shown with its correction; what followed from it is revised: readings are "
        "withdrawn, a\n"
        "recall or a quarantine is undone. Custody does not move back. STATEMENT is its hash.\n"
        "\n"
        "  --meaning TEXT  what this signature stands for\n"
        "  --reason TEXT   what was wrong\n"
        "Exit code: 0 accepted, 1 error, 4 refused.\n",
        correct
    };
    return cmd_action_run(&action, argc, argv);
}

/* ------------------------------------------------------------------ dispute */

/* What was typed, or else the goods of the statement itself; these borrow from bytes. */
static bool find_goods(struct cmd_home *home, const struct cmd_args *args, struct buf *names,
                       struct buf *bytes, struct dispute *d, struct err *err)
{
    struct statement st;
    bool range = cmd_args_flag(args, "range");
    if (args->operand_count > 1)
        return cmd_names_assets(args, 1, range, names, &d->assets, err);
    if (!cmd_node_get_statement(home, &d->statement, bytes, err) ||
        !statement_decode(buf_slice(bytes), &st, err))
        return false;
    const struct asset_set *set = statement_assets(&st);
    if (set == NULL)
        return err_set(err, ERR_INPUT,
                       "a %s does not name one set of goods: say which ASSET... this is about",
                       statement_kind_name(st.kind));
    d->assets = *set;
    return true;
}

static int dispute(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_DISPUTE };
    struct dispute *d = &draft.as.dispute;
    const char *reason;
    struct buf names = buf_heap(CMD_ASSETS_MAX), bytes = buf_heap(STATEMENT_MAX);
    bool good = cmd_args_expect(args, 1, CMD_ARGS_MAX, "a STATEMENT, by its hash", err) &&
                cmd_home_parse_hash(args->operand[0], &d->statement, err) &&
                cmd_args_need(args, "reason", &reason, err) &&
                cmd_names_text(args, "reason", &d->reason, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
                find_goods(home, args, &names, &bytes, d, err);
    int code = good ? cmd_send_finish(home, "disputed", &draft) : cmd_action_fail(err);
    buf_free(&bytes);
    buf_free(&names);
    return code;
}

int cmd_dispute(int argc, char **argv)
{
    static const struct cmd_action action = {
        "dispute", "dispute", "reason= range time= no-wait",
        "Usage: waybill dispute STATEMENT [ASSET...] --reason TEXT [--time INSTANT]\n"
        "Objects to what somebody else has signed; the objection stands beside it in the goods' "
        "history.\n"
        "STATEMENT is its hash; without ASSET it is about all the goods the statement names.\n"
        "Exit code: 0 accepted, 1 error, 4 refused.\n",
        dispute
    };
    return cmd_action_run(&action, argc, argv);
}
