/*
 * `waybill contract`: from the YAML page people agree on to the bytes the ledger holds them to. What would
 * be refused for its terms or parties is refused here already, with a sentence.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/json.h"
#include "common/quantity.h"
#include "contracts/compile.h"
#include "contracts/terms.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_try.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRES_MS UINT64_C(86400000)
#define PAIR_MAX   (OPEN_TEXT_MAX + 64)
#define PAIRS_MAX  OPEN_TERMS_MAX

struct contract {
    struct buf bytes;
    struct contract_definition definition; /* borrows from bytes */
    struct hash hash;
};

static bool load_contract(const char *path, struct contract *c, struct err *err)
{
    struct yaml_tree tree;
    if (!yaml_load(path, &tree, err))
        return false;
    bool good = compile_contract(&tree, &c->bytes, err) &&
                definition_decode(buf_slice(&c->bytes), &c->definition, err);
    yaml_free(&tree);
    if (good)
        c->hash = definition_hash(buf_slice(&c->bytes));
    return good;
}

/* ------------------------------------------------------------------ compile */

static void tell_contract(const struct cmd_home *home, const struct contract *c)
{
    char hash[2 * HASH_SIZE + 1];
    const struct contract_definition *d = &c->definition;
    hex_encode(hash_slice(&c->hash), hash);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_slice(doc, "name", d->name);
        json_doc_put_int(doc, "version", d->version);
        json_doc_put_text(doc, "definition", hash);
        json_doc_put_int(doc, "bytes", (int64_t)c->bytes.len);
        json_doc_put_int(doc, "rules", (int64_t)d->rule_count);
        cmd_action_print(doc);
        return;
    }
    (void)printf("%.*s version %u: %zu bytes, %zu rules, %zu terms\n  definition %s\n",
                 (int)d->name.len, (const char *)d->name.data, d->version, c->bytes.len,
                 d->rule_count, d->term_count, hash);
}

static int compile(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct contract *c = calloc(1, sizeof *c);
    const char *output = cmd_args_text(args, "o", NULL);
    if (c == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    c->bytes = buf_heap(DEFINITION_MAX_BYTES);
    bool good = cmd_args_expect(args, 1, 1, "one FILE.yaml", err) &&
                load_contract(args->operand[0], c, err) &&
                (output == NULL || file_replace(output, buf_slice(&c->bytes), 0644, err));
    if (good)
        tell_contract(home, c);
    buf_free(&c->bytes);
    free(c);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ NAME=VALUE as canonical maps */

struct pair {
    struct slice name;
    const char *value;
};

struct pairs {
    size_t count;
    struct pair at[PAIRS_MAX];
};

/* Deterministic CBOR orders text keys by length, then bytewise. */
static int by_key(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->name.len != y->name.len)
        return x->name.len < y->name.len ? -1 : 1;
    return slice_compare(x->name, y->name);
}

static bool read_pairs(const struct cmd_args *args, const char *option, struct pairs *p,
                       struct err *err)
{
    const char *text;
    for (p->count = 0; (text = cmd_args_nth(args, option, p->count)) != NULL; p->count++) {
        const char *sign = strchr(text, '=');
        if (sign == NULL || sign == text)
            return err_set(err, ERR_INPUT, "--%s: expected NAME=VALUE, found \"%.60s\"", option,
                           text);
        if (p->count == PAIRS_MAX)
            return err_set(err, ERR_INPUT, "--%s: more than %d", option, PAIRS_MAX);
        p->at[p->count] = (struct pair){ slice_of(text, (size_t)(sign - text)), sign + 1 };
    }
    qsort(p->at, p->count, sizeof p->at[0], by_key);
    for (size_t i = 1; i < p->count; i++)
        if (slice_equal(p->at[i - 1].name, p->at[i].name))
            return err_set(err, ERR_INPUT, "--%s: \"%.*s\" is given twice", option,
                           (int)p->at[i].name.len, (const char *)p->at[i].name.data);
    return true;
}

static bool put_parties(const struct cmd_home *home, const struct cmd_args *args, struct buf *out,
                        struct err *err)
{
    struct pairs p;
    if (!read_pairs(args, "party", &p, err))
        return false;
    cbor_put_map(out, p.count);
    for (size_t i = 0; i < p.count; i++) {
        struct kid kid;
        if (!cmd_home_find_member(home, p.at[i].value, &kid, err))
            return err_wrap(err, "--party %.*s", (int)p.at[i].name.len,
                            (const char *)p.at[i].name.data);
        cbor_put_text(out, p.at[i].name);
        kid_put(out, &kid);
    }
    return true;
}

static bool put_number(const char *text, struct buf *out)
{
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        return false;
    cbor_put_int(out, value);
    return true;
}

/* As the definition's term of that name is. */
static bool put_value(enum contract_type type, const char *text, struct buf *out, struct err *err)
{
    struct quantity q;
    bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
    switch (type) {
    case CONTRACT_BOOL:
        if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
            return err_set(err, ERR_INPUT, "expected yes or no, found \"%.40s\"", text);
        cbor_put_bool(out, yes);
        return true;
    case CONTRACT_INT:
        return put_number(text, out) ||
               err_set(err, ERR_INPUT, "expected a whole number, found \"%.40s\"", text);
    case CONTRACT_TEXT: cbor_put_text(out, slice_text(text)); return true;
    case CONTRACT_QUANTITY:
        if (!quantity_parse(text, &q, err))
            return false;
        cbor_put_array(out, 3);
        cbor_put_int(out, q.mantissa);
        cbor_put_int(out, q.exponent);
        cbor_put_text(out, slice_text(q.unit));
        return true;
    case CONTRACT_TIME:
    case CONTRACT_CHOICE:
    case CONTRACT_PARTY:
    case CONTRACT_ASSET:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH:
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    return false;
}

static bool put_terms(const struct contract_definition *d, const struct cmd_args *args,
                      struct buf *out, struct err *err)
{
    struct pairs p;
    if (!read_pairs(args, "term", &p, err))
        return false;
    cbor_put_map(out, p.count);
    for (size_t i = 0; i < p.count; i++) {
        unsigned index;
        struct slice name = p.at[i].name;
        if (!definition_find_term(d, name, &index))
            return err_set(err, ERR_INPUT, "--term: the contract has no term \"%.*s\"",
                           (int)name.len, (const char *)name.data);
        cbor_put_text(out, name);
        if (!put_value(d->terms[index].usual.type, p.at[i].value, out, err))
            return err_wrap(err, "--term %.*s", (int)name.len, (const char *)name.data);
    }
    return true;
}

/* ------------------------------------------------------------------ open */

struct opening {
    struct contract contract;
    struct contract_terms terms;
    struct buf parties, values, names;
    struct statement draft;
};

/* The goods are given as --asset A --asset B. */
static bool read_assets(const struct cmd_args *args, struct opening *o, struct err *err)
{
    struct cmd_args *list = calloc(1, sizeof *list);
    const char *asset;
    if (list == NULL)
        return err_set(err, ERR_IO, "out of memory");
    list->command = args->command;
    while ((asset = cmd_args_nth(args, "asset", list->operand_count)) != NULL)
        list->operand[list->operand_count++] = asset;
    bool good =
        list->operand_count > 0
            ? cmd_names_assets(list, 0, false, &o->names, &o->draft.as.open.assets, err)
            : err_set(err, ERR_INPUT, "--asset is needed; see waybill contract open --help");
    free(list);
    return good;
}

static bool build_opening(struct cmd_home *home, const struct cmd_args *args, struct opening *o,
                          struct err *err)
{
    uint64_t wait_ms = EXPIRES_MS;
    struct open *open = &o->draft.as.open;
    if (!cmd_args_expect(args, 1, 1, "one FILE.yaml", err) ||
        !load_contract(args->operand[0], &o->contract, err) ||
        !put_parties(home, args, &o->parties, err) ||
        !put_terms(&o->contract.definition, args, &o->values, err) || !read_assets(args, o, err) ||
        !cmd_names_duration(args, "expires", &wait_ms, err))
        return false;
    open->definition = o->contract.hash;
    open->parties = buf_slice(&o->parties);
    open->terms = buf_slice(&o->values);
    open->expires_ms = clock_now_ms(&home->clock) + wait_ms;
    open->compiled = buf_slice(&o->contract.bytes);
    return terms_bind(&o->contract.definition, open->terms, &o->terms, err) &&
           terms_check_parties(&o->contract.definition, open->parties, err);
}

static int open_contract(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct opening *o = calloc(1, sizeof *o);
    if (o == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    o->draft.kind = KIND_OPEN;
    o->contract.bytes = buf_heap(DEFINITION_MAX_BYTES);
    o->parties = buf_heap(PAIRS_MAX * PAIR_MAX);
    o->values = buf_heap(PAIRS_MAX * PAIR_MAX);
    o->names = buf_heap(CMD_ASSETS_MAX);
    int code = build_opening(home, args, o, err) ? cmd_send_finish(home, "opened", &o->draft)
                                                 : cmd_action_fail(err);
    buf_free(&o->contract.bytes);
    buf_free(&o->parties);
    buf_free(&o->values);
    buf_free(&o->names);
    free(o);
    return code;
}

/* ------------------------------------------------------------------ agree */

static int agree(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_AGREE };
    if (!cmd_args_expect(args, 1, 1, "one OPENING", err) ||
        !cmd_home_parse_hash(args->operand[0], &draft.as.agree.opening, err))
        return cmd_action_fail(err);
    draft.as.agree.declines = cmd_args_flag(args, "decline");
    return cmd_send_finish(home, draft.as.agree.declines ? "declined" : "agreed", &draft);
}

int cmd_contract(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "compile", "contract compile", "o=",
          "Usage: waybill contract compile FILE.yaml [-o OUT]\n"
          "Checks a contract, tells its name, version and hash, and writes its bytes to OUT.\n"
          "Exit code: 0 good, 1 error: file, line and what was expected.\n",
          compile },
        { "open", "contract open", "asset= party= term= expires= no-wait",
          "Usage: waybill contract open FILE.yaml --asset ASSET --party ROLE=MEMBER [options]\n"
          "Puts goods under a contract. It comes into force when every party has agreed; the\n"
          "statement's hash is its name.\n"
          "\n"
          "  --asset ASSET       as often as needed\n"
          "  --party ROLE=WHO    each party of the contract: a member, or a device's kid\n"
          "  --term NAME=VALUE   instead of the usual one, such as warmest=\"8 °C\"\n"
          "  --expires DURATION  how long it waits for agreement (default: 24 h)\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          open_contract },
        { "agree", "contract agree", "decline no-wait",
          "Usage: waybill contract agree OPENING [--decline]\n"
          "Agrees to the contract of this hash, or declines it for good.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          agree },
        { "test", "contract test", CMD_CONTRACT_TEST_OPTIONS, cmd_contract_test_usage,
          cmd_contract_test },
        { "dry-run", "contract dry-run", CMD_CONTRACT_DRY_RUN_OPTIONS, cmd_contract_dry_run_usage,
          cmd_contract_dry_run },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
