/*
 * `waybill make`: goods are made of goods. What is typed as --from and --to becomes the statement's inputs
 * and outputs one by one, each with its amount, its lot and its expiry.
 */
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <stdio.h>
#include <string.h>

#define TYPED_MAX (2 * GS1_NAME_MAX)

/* NAME, FIRST..LAST, and behind a last "=" the amount of each. */
struct typed {
    char name[TYPED_MAX];
    bool has_amount;
    struct amount amount; /* borrows from the argument */
};

static bool parse_typed(const char *text, struct typed *ret_typed, struct err *err)
{
    const char *sign = strrchr(text, '=');
    size_t len = sign != NULL ? (size_t)(sign - text) : strlen(text);
    if (len >= sizeof ret_typed->name)
        return err_set(err, ERR_INPUT, "\"%.80s\": too long for a name", text);
    memcpy(ret_typed->name, text, len);
    ret_typed->name[len] = '\0';
    ret_typed->has_amount = sign != NULL;
    return sign == NULL || cmd_names_amount(sign + 1, &ret_typed->amount, err) ||
           err_wrap(err, "%.80s", ret_typed->name);
}

/* ------------------------------------------------------------------ inputs */

static bool put_input(const char *text, struct buf *out, struct err *err)
{
    struct typed t = { .has_amount = false };
    struct make_input input = { .has_amount = false };
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    bool good = parse_typed(text, &t, err) && cmd_names_span(t.name, &names, &input.assets, err);
    if (good) {
        input.has_amount = t.has_amount;
        input.amount = t.has_amount ? t.amount : input.amount;
        make_put_input(out, &input);
    }
    buf_free(&names);
    return good || err_wrap(err, "--from");
}

static bool put_inputs(const struct cmd_args *args, struct buf *out, struct make *m,
                       struct err *err)
{
    while (cmd_args_nth(args, "from", m->input_count) != NULL)
        m->input_count++;
    if (m->input_count == 0 || m->input_count > MAKE_ENTRIES_MAX)
        return err_set(err, ERR_INPUT, "--from: expected 1 to %d, found %zu; see waybill %s --help",
                       MAKE_ENTRIES_MAX, m->input_count, args->command);
    cbor_put_array(out, m->input_count);
    for (size_t i = 0; i < m->input_count; i++)
        if (!put_input(cmd_args_nth(args, "from", i), out, err))
            return false;
    m->inputs = buf_slice(out);
    return true;
}

/* ------------------------------------------------------------------ outputs */

/*
 * --each, --lot and --expiry are for the outputs before them that have none yet; before the first --to they
 * are for all. In: from: where the output's --to is among the options.
 */
static const char *value_for(const struct cmd_args *args, size_t from, const char *option)
{
    const char *for_all = NULL;
    bool outputs = false;
    for (size_t i = 0; i < args->option_count; i++) {
        const struct cmd_option *o = &args->option[i];
        outputs = outputs || strcmp(o->name, "to") == 0;
        if (strcmp(o->name, option) != 0)
            continue;
        if (i > from)
            return o->value;
        if (!outputs)
            for_all = o->value;
    }
    return for_all;
}

static bool read_lot(const char *text, struct make_output *o, struct err *err)
{
    if (text == NULL)
        return true;
    o->lot = slice_text(text);
    return cmd_names_check("--lot", text, err);
}

static bool put_output(const struct cmd_args *args, size_t at, struct buf *out, struct err *err)
{
    struct typed t = { .has_amount = false };
    struct make_output o = { .has_amount = false };
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    const char *each = value_for(args, at, "each"), *expiry = value_for(args, at, "expiry");
    bool good = parse_typed(args->option[at].value, &t, err) &&
                cmd_names_span(t.name, &names, &o.assets, err) &&
                (t.has_amount || each == NULL || cmd_names_amount(each, &t.amount, err)) &&
                read_lot(value_for(args, at, "lot"), &o, err) &&
                cmd_names_instant_text("expiry", expiry, &o.expiry_ms, err);
    if (good) {
        o.has_amount = t.has_amount || each != NULL;
        o.amount = o.has_amount ? t.amount : o.amount;
        o.has_expiry = expiry != NULL;
        make_put_output(out, &o);
    }
    buf_free(&names);
    return good || err_wrap(err, "--to");
}

static bool put_outputs(const struct cmd_args *args, struct buf *out, struct make *m,
                        struct err *err)
{
    while (cmd_args_nth(args, "to", m->output_count) != NULL)
        m->output_count++;
    if (m->output_count == 0 || m->output_count > MAKE_ENTRIES_MAX)
        return err_set(err, ERR_INPUT, "--to: expected 1 to %d, found %zu; see waybill %s --help",
                       MAKE_ENTRIES_MAX, m->output_count, args->command);
    cbor_put_array(out, m->output_count);
    for (size_t i = 0; i < args->option_count; i++)
        if (strcmp(args->option[i].name, "to") == 0 && !put_output(args, i, out, err))
            return false;
    m->outputs = buf_slice(out);
    return true;
}

/* ------------------------------------------------------------------ the three of them */

static bool fits(const struct make *m)
{
    struct cbor_reader inputs = make_inputs(m), outputs = make_outputs(m);
    uint64_t in = 0, out = 0;
    for (size_t i = 0; i < m->input_count; i++)
        in += make_next_input(&inputs).assets.count;
    for (size_t i = 0; i < m->output_count; i++)
        out += make_next_output(&outputs).assets.count;
    return in <= ASSET_SET_MAX && out <= ASSET_SET_MAX;
}

static int make(struct cmd_home *home, const struct cmd_args *args, enum make_action action,
                struct err *err)
{
    static const char *const done[] = { "split", "merged", "made" };
    struct statement draft = { .kind = KIND_MAKE, .as.make = { .action = action } };
    struct make *m = &draft.as.make;
    struct buf inputs = buf_heap(STATEMENT_MAX), outputs = buf_heap(STATEMENT_MAX);
    bool good = cmd_args_expect(args, 0, 0, "only options", err) &&
                put_inputs(args, &inputs, m, err) && put_outputs(args, &outputs, m, err) &&
                cmd_names_place(args, "place", &m->place, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err);
    if (good && (inputs.failed || outputs.failed || !fits(m)))
        good = err_set(err, ERR_INPUT,
                       "these goods are too many for one statement: at most %d go in, and %d come "
                       "out",
                       ASSET_SET_MAX, ASSET_SET_MAX);
    int code = good ? cmd_send_finish(home, done[action], &draft) : cmd_action_fail(err);
    buf_free(&inputs);
    buf_free(&outputs);
    return code;
}

static int split(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return make(home, args, MAKE_SPLIT, err);
}

static int merge(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return make(home, args, MAKE_MERGE, err);
}

static int transform(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return make(home, args, MAKE_TRANSFORM, err);
}

#define OPTIONS "from= to= each= lot= expiry= place= time= no-wait"
#define TAIL                                                                                   \
    "\n"                                                                                       \
    "  --from ASSET[=AMOUNT]  what is used: of each so much, or all of it\n"                   \
    "  --to ASSET[=AMOUNT]    what comes of it, each of that amount\n"                         \
    "  --each AMOUNT          the amount of --to's that say none\n"                            \
    "  --lot TEXT             their lot; --each, --lot and --expiry are for the --to's\n"      \
    "  --expiry INSTANT       before them, or, when they come first, for all\n"                \
    "  --place GLN            where\n"                                                         \
    "  --time INSTANT         when (default: now)\n"                                           \
    "ASSET may be a span of numbered units: 01/GTIN/21/BAR0001..0500. An amount is in mg, g, " \
    "kg, t,\n"                                                                                 \
    "mL, L, m3 or each. A \"=\" within a serial is typed %3D, in a Digital Link.\n"            \
    "Exit code: 0 accepted, 1 error, 4 refused.\n"

int cmd_make(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "split", "make split", OPTIONS,
          "Usage: waybill make split --from ASSET[=AMOUNT] --to ASSET=AMOUNT... [options]\n"
          "Divides one into several of the same product: 25 t into 20 t and 5 t.\n" TAIL,
          split },
        { "merge", "make merge", OPTIONS,
          "Usage: waybill make merge --from ASSET[=AMOUNT]... --to ASSET=AMOUNT [options]\n"
          "Pours several of the same product together.\n" TAIL,
          merge },
        { "transform", "make transform", OPTIONS,
          "Usage: waybill make transform --from ASSET[=AMOUNT]... --to ASSET[=AMOUNT]... "
          "[options]\n"
          "Makes something else; never more than went in.\n" TAIL,
          transform },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
