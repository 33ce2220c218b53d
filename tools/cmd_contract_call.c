/* `waybill contract call` and the three that every contract has: acknowledge, add back, undo add back. */
#include "common/hex.h"
#include "common/instant.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX ((size_t)(CALL_TEXT_MAX + 64) * CALL_ARGUMENTS_MAX)
#define BUILT_IN_MAX  5

/* A parameter: of the definition, or of an action that every contract has. */
struct parameter {
    struct slice name;
    struct value_kind kind;
};

struct signature {
    size_t count;
    struct parameter at[CALL_ARGUMENTS_MAX];
};

struct calling {
    struct contract_opened *contract;
    struct contract_pairs said;
    struct signature takes;
    struct buf arguments, units;
    struct statement draft;
};

/* ------------------------------------------------------------------ what an action takes */

static const struct {
    const char *name;
    enum contract_type type;
} built_in[][BUILT_IN_MAX] = {
    { { "rule", CONTRACT_TEXT },
      { "from", CONTRACT_TIME },
      { "device", CONTRACT_PARTY },
      { "meaning", CONTRACT_TEXT },
      { "comment", CONTRACT_TEXT } },
    { { "budget", CONTRACT_TEXT },
      { "time", CONTRACT_QUANTITY },
      { "meaning", CONTRACT_TEXT },
      { "reason", CONTRACT_TEXT },
      { NULL, CONTRACT_NOTHING } },
    { { "call", CONTRACT_INSTANCE },
      { "meaning", CONTRACT_TEXT },
      { "reason", CONTRACT_TEXT },
      { NULL, CONTRACT_NOTHING },
      { NULL, CONTRACT_NOTHING } },
};
static const char *const built_in_names[] = { "acknowledge", "add back", "undo add back" };

static void take_built_in(size_t which, struct signature *s)
{
    for (s->count = 0; s->count < BUILT_IN_MAX && built_in[which][s->count].name != NULL;
         s->count++) {
        struct parameter *p = &s->at[s->count];
        p->name = slice_text(built_in[which][s->count].name);
        p->kind = VALUE_KIND_NONE;
        p->kind.type = built_in[which][s->count].type;
        p->kind.unit = slice_text("s"); /* the one quantity is a time */
    }
}

static bool find_signature(const struct contract_definition *d, struct slice action,
                           struct signature *s, struct err *err)
{
    unsigned index;
    for (size_t i = 0; i < sizeof built_in_names / sizeof built_in_names[0]; i++)
        if (slice_equal(action, slice_text(built_in_names[i]))) {
            take_built_in(i, s);
            return true;
        }
    if (definition_find_action(d, action, &index)) {
        const struct contract_action *a = &d->actions[index];
        for (s->count = 0; s->count < a->param_count; s->count++)
            s->at[s->count] = (struct parameter){ d->params[a->param + s->count].name,
                                                  d->params[a->param + s->count].kind };
        return true;
    }
    char list[160] = "";
    for (size_t i = 0; i < d->action_count; i++) {
        size_t len = strlen(list);
        (void)snprintf(list + len, sizeof list - len, "%s%.*s", i > 0 ? ", " : "",
                       (int)d->actions[i].name.len, (const char *)d->actions[i].name.data);
    }
    return err_set(err, ERR_INPUT, "the contract has no action \"%.*s\"; it has: %s",
                   (int)action.len, (const char *)action.data, list);
}

static const struct parameter *find_parameter(const struct signature *s, struct slice name)
{
    for (size_t i = 0; i < s->count; i++)
        if (slice_equal(s->at[i].name, name))
            return &s->at[i];
    return NULL;
}

bool cmd_contract_parameter(const struct contract_definition *d, struct slice action,
                            struct slice name, struct value_kind *ret_kind)
{
    struct signature s = { .count = 0 };
    if (!find_signature(d, action, &s, NULL))
        return false;
    const struct parameter *p = find_parameter(&s, name);
    if (p != NULL)
        *ret_kind = p->kind;
    return p != NULL;
}

static bool is_said(const struct contract_pairs *said, struct slice name)
{
    for (size_t i = 0; i < said->count; i++)
        if (slice_equal(said->at[i].name, name))
            return true;
    return false;
}

static bool check_all_said(const struct calling *c, struct err *err)
{
    char kind[128];
    for (size_t i = 0; i < c->takes.count; i++) {
        const struct parameter *p = &c->takes.at[i];
        if (is_said(&c->said, p->name))
            continue;
        value_kind_show(&p->kind, kind, sizeof kind);
        return err_set(err, ERR_INPUT, "%.*s=VALUE is needed: %s", (int)p->name.len,
                       (const char *)p->name.data, kind);
    }
    return true;
}

static bool put_arguments(const struct cmd_home *home, struct calling *c, struct err *err)
{
    struct contract_naming naming = { home, &c->contract->st.as.open };
    if (!cmd_contract_sort_pairs("argument", &c->said, err) || !check_all_said(c, err))
        return false;
    cbor_put_map(&c->arguments, c->said.count);
    for (size_t i = 0; i < c->said.count; i++) {
        const struct contract_pair *pair = &c->said.at[i];
        const struct parameter *p = find_parameter(&c->takes, pair->name);
        if (p == NULL)
            return err_set(err, ERR_INPUT, "the action takes no \"%.*s\"", (int)pair->name.len,
                           (const char *)pair->name.data);
        cbor_put_text(&c->arguments, pair->name);
        if (!cmd_contract_put_value(&naming, &p->kind, pair->value, true, &c->arguments, err))
            return err_wrap(err, "%.*s", (int)pair->name.len, (const char *)pair->name.data);
    }
    return true;
}

/* ------------------------------------------------------------------ the whole */

static struct calling *begin(struct err *err)
{
    struct calling *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return NULL;
    }
    c->draft.kind = KIND_CALL;
    c->arguments = buf_heap(ARGUMENTS_MAX);
    c->units = buf_heap(CMD_ASSETS_MAX);
    return c;
}

static void end(struct calling *c)
{
    if (c == NULL)
        return;
    cmd_contract_release(c->contract);
    buf_free(&c->arguments);
    buf_free(&c->units);
    free(c);
}

static bool build(struct cmd_home *home, const struct cmd_args *args, const char *action,
                  struct calling *c, struct err *err)
{
    struct call *call = &c->draft.as.call;
    if (!find_signature(&c->contract->definition, slice_text(action), &c->takes, err) ||
        !put_arguments(home, c, err) ||
        !cmd_contract_goods(args, "unit", 0, &c->units, &call->assets, err) ||
        !cmd_names_instant(args, "time", &c->draft.link.time_ms, err))
        return false;
    call->has_assets = call->assets.count > 0;
    call->opening = c->contract->opening;
    call->action = slice_text(action);
    call->arguments = buf_slice(&c->arguments);
    return true;
}

static int send(struct cmd_home *home, const struct cmd_args *args, const char *action,
                struct calling *c, struct err *err)
{
    if (!build(home, args, action, c, err)) {
        end(c);
        return cmd_action_fail(err);
    }
    int code = cmd_send_finish(home, "called", &c->draft);
    if (code == CMD_REFUSED && !home->json)
        (void)fputs("  waybill contract explain STATEMENT says more\n", stderr);
    end(c);
    return code;
}

int cmd_contract_call(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct calling *c = begin(err);
    bool good = c != NULL &&
                cmd_args_expect(args, 2, CMD_ARGS_MAX, "OPENING ACTION [NAME=VALUE...]", err) &&
                cmd_contract_fetch(home, args->operand[0], &c->contract, err);
    for (size_t i = 2; good && i < args->operand_count; i++)
        good = cmd_contract_take_pair("argument", args->operand[i], &c->said, err);
    if (good)
        return send(home, args, args->operand[1], c, err);
    end(c);
    return cmd_action_fail(err);
}

/* ------------------------------------------------------------------ in friendlier words */

/* Options as arguments of the same names; those not given are left for later. */
static void take_options(const struct cmd_args *args, size_t which, struct contract_pairs *said)
{
    for (size_t i = 0; i < BUILT_IN_MAX && built_in[which][i].name != NULL; i++) {
        const char *name = built_in[which][i].name;
        const char *value = cmd_args_text(args, strcmp(name, "time") == 0 ? "give" : name, NULL);
        if (value != NULL)
            said->at[said->count++] = (struct contract_pair){ slice_text(name), value };
    }
}

struct found {
    size_t count;
    char from[INSTANT_TEXT_SIZE + 8], device[2 * KID_SIZE + 1];
};

static bool matches(const struct contract_pairs *said, const char *name, struct slice value)
{
    for (size_t i = 0; i < said->count; i++)
        if (slice_equal(said->at[i].name, slice_text(name)))
            return slice_equal(slice_text(said->at[i].value), value);
    return true;
}

/* The excursions of one asset that fit what was said; every asset of a shipment may have the same one. */
static void search_asset(const struct json_doc *list, const struct contract_pairs *said,
                         struct found *f)
{
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        struct slice from = cmd_contract_text_at(one, "/from", "");
        struct slice device = cmd_contract_text_at(one, "/device", "");
        if (json_doc_at(one, "/acknowledgement") != NULL ||
            !matches(said, "rule", cmd_contract_text_at(one, "/rule", "")) ||
            !matches(said, "from", from) || !matches(said, "device", device) ||
            from.len >= sizeof f->from || device.len >= sizeof f->device)
            continue;
        if (f->count > 0 && slice_equal(slice_text(f->from), from) &&
            slice_equal(slice_text(f->device), device))
            continue;
        f->count++;
        (void)snprintf(f->from, sizeof f->from, "%.*s", (int)from.len, (const char *)from.data);
        (void)snprintf(f->device, sizeof f->device, "%.*s", (int)device.len,
                       (const char *)device.data);
    }
}

/* What was not said and leaves no choice: the one excursion of the rule that waits for it. */
static bool complete(struct cmd_home *home, struct calling *c, struct found *f, struct err *err)
{
    struct json_doc *doc = NULL;
    bool from = is_said(&c->said, slice_text("from"));
    bool device = is_said(&c->said, slice_text("device"));
    if (from && device)
        return true;
    if (!cmd_contract_get_json(home, &c->contract->opening, "?limit=1000", &doc, err))
        return false;
    const struct json_doc *assets = json_doc_at(doc, "/assets");
    for (size_t i = 0; i < json_doc_count(assets); i++)
        search_asset(json_doc_at(json_doc_element(assets, i), "/excursions"), &c->said, f);
    json_doc_free(doc);
    if (f->count != 1)
        return err_set(err, f->count == 0 ? ERR_NOT_FOUND : ERR_INPUT,
                       f->count == 0
                           ? "no such excursion waits for acknowledgement; waybill contract show "
                             "lists them"
                           : "there are several: say which, by --from and --device; waybill "
                             "contract show lists them");
    if (!from)
        c->said.at[c->said.count++] = (struct contract_pair){ slice_text("from"), f->from };
    if (!device)
        c->said.at[c->said.count++] = (struct contract_pair){ slice_text("device"), f->device };
    return true;
}

static int call_built_in(struct cmd_home *home, const struct cmd_args *args, size_t which,
                         struct err *err)
{
    struct found found = { .count = 0 };
    struct calling *c = begin(err);
    const char *rule;
    bool good = c != NULL && cmd_args_expect(args, 1, 1, "one OPENING", err) &&
                (which != 0 || cmd_args_need(args, "rule", &rule, err)) &&
                cmd_contract_fetch(home, args->operand[0], &c->contract, err);
    if (good) {
        take_options(args, which, &c->said);
        good = which != 0 || complete(home, c, &found, err);
    }
    if (good)
        return send(home, args, built_in_names[which], c, err);
    end(c);
    return cmd_action_fail(err);
}

int cmd_contract_acknowledge(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return call_built_in(home, args, 0, err);
}

int cmd_contract_add_back(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return call_built_in(home, args, 1, err);
}

int cmd_contract_undo_add_back(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return call_built_in(home, args, 2, err);
}
