/*
 * `waybill contract dry-run`: what a proposed contract would have found on a journey that is over. The journey
 * comes out of a proof bundle and is lived through once more on a ledger in memory; no node is asked.
 */
#include "common/file.h"
#include "contracts/compile.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_try.h"
#include "tools/cmd_names.h"
#include "tools/trial_report.h"
#include "tools/trial_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_MAX (DEFINITION_MAX_TERMS * (OPEN_TEXT_MAX + 64))

const char cmd_contract_dry_run_usage[] =
    "Usage: waybill contract dry-run CONTRACT.yaml TRACE [options]\n"
    "Replays a past journey, as waybill trace -o kept it, against a proposed contract, and shows\n"
    "what it would have found beside what the ledger had found. People's calls are not replayed.\n"
    "\n"
    "  --party NAME=WHO    a member, or a kid; else the parties are the custodians in their order\n"
    "  --term NAME=VALUE   instead of the usual one, such as warmest=\"9 °C\"\n"
    "  --from INSTANT      when it comes into force (default: as the journey's own contract did)\n"
    "  --identity FILE     the ledger the trace must be of (default: DIR/identity.cbor if there)\n"
    "Exit code: 0 it would have found nothing, 1 error, 2 a breach, 3 the trace's proof failed.\n";

struct dry_run {
    const struct cmd_home *home;
    const struct cmd_args *args;
    struct buf compiled, bundle, parties, terms, holders;
    struct contract_definition definition;
    struct contract_terms bound;
    struct trial_proposal proposal;
    struct trial_replay *replay;
    struct kid party[OPEN_PARTIES_MAX]; /* as the definition's parties */
};

/* ------------------------------------------------------------------ the proposal */

static bool load_contract(struct dry_run *d, struct err *err)
{
    struct yaml_tree tree;
    if (!yaml_load(d->args->operand[0], &tree, err))
        return false;
    bool good = compile_contract(&tree, &d->compiled, err) &&
                definition_decode(buf_slice(&d->compiled), &d->definition, err);
    yaml_free(&tree);
    return good;
}

static bool load_trace(struct dry_run *d, struct err *err)
{
    const char *path = d->args->operand[1];
    const struct identity *trusted = d->home->has_identity ? &d->home->identity : NULL;
    return file_read(path, BUNDLE_SIZE_MAX, &d->bundle, err) &&
           (trial_replay_load(buf_slice(&d->bundle), trusted, &d->replay, err) ||
            err_wrap(err, "%s", path));
}

/* The value of --OPTION NAME=VALUE; NULL when it is not given. */
static const char *option_of(const struct cmd_args *args, const char *option, struct slice name)
{
    const char *text;
    for (size_t i = 0; (text = cmd_args_nth(args, option, i)) != NULL; i++)
        if (strncmp(text, (const char *)name.data, name.len) == 0 && text[name.len] == '=')
            return text + name.len + 1;
    return NULL;
}

static bool find_kid(void *ctx, const char *name, struct kid *ret_kid)
{
    struct dry_run *d = ctx;
    return cmd_home_find_member(d->home, name, ret_kid, NULL) ||
           cmd_home_parse_kid(name, ret_kid, NULL);
}

static bool find_hash(void *ctx, const char *name, struct hash *ret_hash)
{
    (void)ctx;
    return cmd_home_parse_hash(name, ret_hash, NULL);
}

static const char *name_of(void *ctx, const struct kid *member, char *text, size_t size)
{
    const struct dry_run *d = ctx;
    char name[CMD_HOME_NAME_SIZE];
    (void)snprintf(text, size, "%s", cmd_home_member_name(d->home, member, name));
    return text;
}

static bool is_device(const struct dry_run *d, size_t party)
{
    return d->definition.roles[d->definition.parties[party].role].rank == CONTRACT_DEVICE;
}

/* Named, or the next custodian (or device) in the order of the journey. */
static bool choose_party(struct dry_run *d, size_t i, size_t *next_member, size_t *next_device,
                         struct err *err)
{
    struct slice name = d->definition.parties[i].name;
    const char *who = option_of(d->args, "party", name);
    bool device = is_device(d, i);
    size_t *next = device ? next_device : next_member;
    const struct trial_replay *r = d->replay;
    if (who != NULL)
        return find_kid(d, who, &d->party[i]) ||
               err_set(err, ERR_INPUT, "--party %.*s: no member \"%.60s\", and no kid",
                       (int)name.len, (const char *)name.data, who);
    if (*next >= (device ? r->device_count : r->member_count))
        return err_set(err, ERR_INPUT, "--party %.*s=WHO is needed: the journey had only %zu %s",
                       (int)name.len, (const char *)name.data, *next,
                       device ? "devices" : "custodians");
    d->party[i] = device ? r->devices[*next] : r->members[*next];
    (*next)++;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return slice_compare(*x, *y);
}

/* A contract that names no parties takes all who held the goods. */
static void put_any_parties(struct dry_run *d)
{
    size_t n = d->replay->member_count < 9 ? d->replay->member_count : 9;
    cbor_put_map(&d->parties, n);
    for (size_t i = 0; i < n; i++) {
        char name[] = "holder 0";
        name[7] = (char)('1' + i);
        cbor_put_text(&d->parties, slice_text(name));
        kid_put(&d->parties, &d->replay->members[i]);
    }
    d->proposal.opener = d->replay->members[0];
}

static void put_parties(struct dry_run *d)
{
    const struct contract_definition *def = &d->definition;
    struct slice names[DEFINITION_MAX_PARTIES];
    unsigned index;
    for (size_t i = 0; i < def->party_count; i++)
        names[i] = def->parties[i].name;
    qsort(names, def->party_count, sizeof names[0], by_name);
    cbor_put_map(&d->parties, def->party_count);
    for (size_t i = 0; i < def->party_count; i++) {
        cbor_put_text(&d->parties, names[i]);
        if (definition_find_party(def, names[i], &index))
            kid_put(&d->parties, &d->party[index]);
    }
}

/* A member at the table; where a role is asked for and no party has it, the opener is given it. */
static void choose_opener(struct dry_run *d)
{
    const struct contract_definition *def = &d->definition;
    size_t chosen = def->party_count;
    for (size_t i = def->party_count; i-- > 0;)
        if (!is_device(d, i))
            chosen = i;
    for (size_t i = def->party_count; def->has_opener && i-- > 0;)
        if (def->parties[i].role == def->opener)
            chosen = i;
    if (chosen == def->party_count)
        return;
    d->proposal.opener = d->party[chosen];
    if (!def->has_opener || def->parties[chosen].role == def->opener)
        return;
    cbor_put_map(&d->holders, 1);
    cbor_put_text(&d->holders, def->roles[def->opener].name);
    cbor_put_array(&d->holders, 1);
    kid_put(&d->holders, &d->party[chosen]);
}

static bool check_names(const struct dry_run *d, const char *option, struct err *err)
{
    const char *text;
    unsigned index;
    for (size_t i = 0; (text = cmd_args_nth(d->args, option, i)) != NULL; i++) {
        const char *sign = strchr(text, '=');
        struct slice name = slice_of(text, sign == NULL ? 0 : (size_t)(sign - text));
        if (sign == NULL || sign == text)
            return err_set(err, ERR_INPUT, "--%s: expected NAME=VALUE, found \"%.60s\"", option,
                           text);
        if (strcmp(option, "term") == 0 ? !definition_find_term(&d->definition, name, &index)
                                        : !definition_find_party(&d->definition, name, &index))
            return err_set(err, ERR_INPUT, "--%s: the contract has no %s \"%.*s\"", option, option,
                           (int)name.len, (const char *)name.data);
    }
    return true;
}

static bool put_terms(struct dry_run *d, struct err *err)
{
    const struct contract_definition *def = &d->definition;
    struct trial_names names = { d, find_kid, find_hash, d->replay->items[0].block_ms };
    struct slice given[DEFINITION_MAX_TERMS];
    size_t n = 0;
    unsigned index;
    for (size_t i = 0; i < def->term_count; i++)
        if (option_of(d->args, "term", def->terms[i].name) != NULL)
            given[n++] = def->terms[i].name;
    qsort(given, n, sizeof given[0], by_name);
    cbor_put_map(&d->terms, n);
    for (size_t i = 0; i < n && definition_find_term(def, given[i], &index); i++) {
        const struct value_kind *kind = &def->terms[index].kind;
        struct yaml_node node = { .kind = YAML_SCALAR,
                                  .text = option_of(d->args, "term", given[i]) };
        cbor_put_text(&d->terms, given[i]);
        if (!trial_value_put(&node, kind->type, kind->scalar, &names, &d->terms, err))
            return err_wrap(err, "--term %.*s", (int)given[i].len, (const char *)given[i].data);
    }
    return terms_bind(def, buf_slice(&d->terms), &d->bound, err);
}

static bool propose(struct dry_run *d, struct err *err)
{
    size_t next_member = 0, next_device = 0;
    if (!check_names(d, "party", err) || !check_names(d, "term", err))
        return false;
    for (size_t i = 0; i < d->definition.party_count; i++)
        if (!choose_party(d, i, &next_member, &next_device, err))
            return false;
    if (d->definition.party_count == 0)
        put_any_parties(d);
    else
        put_parties(d);
    if (d->definition.party_count > 0)
        choose_opener(d);
    if (!put_terms(d, err) || !cmd_names_instant(d->args, "from", &d->proposal.start_ms, err))
        return false;
    d->proposal.compiled = buf_slice(&d->compiled);
    d->proposal.parties = buf_slice(&d->parties);
    d->proposal.terms = buf_slice(&d->terms);
    d->proposal.holders = buf_slice(&d->holders);
    d->proposal.name = name_of;
    d->proposal.ctx = d;
    return trial_replay_run(d->replay, &d->proposal, err);
}

/* ------------------------------------------------------------------ the whole */

int cmd_contract_dry_run(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct dry_run *d = calloc(1, sizeof *d);
    if (d == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    d->home = home;
    d->args = args;
    d->compiled = buf_heap(DEFINITION_MAX_BYTES);
    d->bundle = buf_heap(BUNDLE_SIZE_MAX);
    d->parties = buf_heap(MAP_MAX);
    d->terms = buf_heap(MAP_MAX);
    d->holders = buf_heap(MAP_MAX);
    bool good = cmd_args_expect(args, 2, 2, "CONTRACT.yaml and TRACE", err) &&
                load_contract(d, err) && load_trace(d, err) && propose(d, err);
    int code = good ? CMD_GOOD : cmd_action_fail(err);
    if (good) {
        struct trial_report report = {
            .home = home, .replay = d->replay, .definition = &d->definition, .terms = &d->bound
        };
        if (home->json)
            cmd_action_print(trial_report_json(&report));
        else
            trial_report_print(&report);
        code = trial_report_breaches(&report) ? CMD_BREACH : CMD_GOOD;
    }
    trial_replay_free(d->replay);
    buf_free(&d->compiled);
    buf_free(&d->bundle);
    buf_free(&d->parties);
    buf_free(&d->terms);
    buf_free(&d->holders);
    free(d);
    return code;
}
