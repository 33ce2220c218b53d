/*
 * `waybill contract open` and `agree`: goods come under a contract. What the ledger would refuse for its
 * terms or parties is refused here already, with a sentence.
 */
#include "common/file.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRES_MS  UINT64_C(86400000)
#define PAIR_MAX    (OPEN_TEXT_MAX + 64)
#define HOLDERS_MAX (OPEN_HOLDERS_MAX * (NAME_MAX_BYTES + OPEN_HOLDER_KIDS * (KID_SIZE + 1) + 8))

struct opening {
    struct contract_file contract;
    struct contract_terms terms;
    struct buf parties, values, holders, names;
    struct statement draft;
};

/* In: what: "--party". */
static bool read_pairs(const struct cmd_args *args, const char *what, struct contract_pairs *p,
                       struct err *err)
{
    const char *text;
    p->count = 0;
    for (size_t i = 0; (text = cmd_args_nth(args, what + 2, i)) != NULL; i++)
        if (!cmd_contract_take_pair(what, text, p, err))
            return false;
    return cmd_contract_sort_pairs(what, p, err);
}

/* ------------------------------------------------------------------ parties and terms */

static bool put_parties(const struct cmd_home *home, const struct cmd_args *args, struct buf *out,
                        struct err *err)
{
    struct contract_pairs p;
    struct contract_naming naming = { .home = home };
    if (!read_pairs(args, "--party", &p, err))
        return false;
    cbor_put_map(out, p.count);
    for (size_t i = 0; i < p.count; i++) {
        struct kid kid;
        if (!cmd_contract_who(&naming, p.at[i].value, &kid, err))
            return err_wrap(err, "--party %.*s", (int)p.at[i].name.len,
                            (const char *)p.at[i].name.data);
        cbor_put_text(out, p.at[i].name);
        kid_put(out, &kid);
    }
    return true;
}

static bool put_terms(const struct cmd_home *home, const struct contract_definition *d,
                      const struct cmd_args *args, struct buf *out, struct err *err)
{
    struct contract_pairs p;
    struct contract_naming naming = { .home = home };
    if (!read_pairs(args, "--term", &p, err))
        return false;
    cbor_put_map(out, p.count);
    for (size_t i = 0; i < p.count; i++) {
        unsigned index;
        struct slice name = p.at[i].name;
        if (!definition_find_term(d, name, &index))
            return err_set(err, ERR_INPUT, "--term: the contract has no term \"%.*s\"",
                           (int)name.len, (const char *)name.data);
        cbor_put_text(out, name);
        if (!cmd_contract_put_value(&naming, &d->terms[index].kind, p.at[i].value, false, out, err))
            return err_wrap(err, "--term %.*s", (int)name.len, (const char *)name.data);
    }
    return true;
}

/* ------------------------------------------------------------------ who holds a role */

struct holder {
    struct slice role;
    struct kid kid;
};

struct holders {
    size_t count;
    struct holder at[CMD_ARGS_MAX];
};

/* As the wire orders them: roles as keys of a map, a role's holders by kid. */
static int by_role(const void *a, const void *b)
{
    const struct holder *x = a, *y = b;
    if (x->role.len != y->role.len)
        return x->role.len < y->role.len ? -1 : 1;
    int order = slice_compare(x->role, y->role);
    return order != 0 ? order : kid_compare(&x->kid, &y->kid);
}

static bool read_holders(const struct cmd_home *home, const struct contract_definition *d,
                         const struct cmd_args *args, struct holders *h, struct err *err)
{
    const char *text;
    struct contract_naming naming = { .home = home };
    for (h->count = 0; (text = cmd_args_nth(args, "holder", h->count)) != NULL; h->count++) {
        struct contract_pairs p = { .count = 0 };
        struct holder *one = &h->at[h->count];
        unsigned role;
        if (!cmd_contract_take_pair("--holder", text, &p, err))
            return false;
        one->role = p.at[0].name;
        if (!definition_find_role(d, one->role, &role))
            return err_set(err, ERR_INPUT, "--holder: the contract has no role \"%.*s\"",
                           (int)one->role.len, (const char *)one->role.data);
        if (!cmd_contract_who(&naming, p.at[0].value, &one->kid, err))
            return err_wrap(err, "--holder %.*s", (int)one->role.len, (const char *)one->role.data);
    }
    qsort(h->at, h->count, sizeof h->at[0], by_role);
    return true;
}

/* The run of the holders of one role, from i on. */
static size_t run_of(const struct holders *h, size_t i)
{
    size_t n = 1;
    while (i + n < h->count && slice_equal(h->at[i + n].role, h->at[i].role))
        n++;
    return n;
}

static bool put_run(const struct holder *run, size_t n, struct buf *out, struct err *err)
{
    if (n > OPEN_HOLDER_KIDS)
        return err_set(err, ERR_INPUT, "--holder %.*s: more than %d", (int)run->role.len,
                       (const char *)run->role.data, OPEN_HOLDER_KIDS);
    cbor_put_text(out, run->role);
    cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && kid_equal(&run[i - 1].kid, &run[i].kid))
            return err_set(err, ERR_INPUT, "--holder %.*s: somebody is named twice",
                           (int)run->role.len, (const char *)run->role.data);
        kid_put(out, &run[i].kid);
    }
    return true;
}

static bool put_holders(const struct cmd_home *home, const struct contract_definition *d,
                        const struct cmd_args *args, struct buf *out, struct err *err)
{
    size_t roles = 0;
    struct holders h;
    if (!read_holders(home, d, args, &h, err))
        return false;
    for (size_t i = 0; i < h.count; i += run_of(&h, i))
        roles++;
    if (roles > OPEN_HOLDERS_MAX)
        return err_set(err, ERR_INPUT, "--holder: more than %d roles", OPEN_HOLDERS_MAX);
    if (roles == 0)
        return true;
    cbor_put_map(out, roles);
    for (size_t i = 0; i < h.count; i += run_of(&h, i))
        if (!put_run(&h.at[i], run_of(&h, i), out, err))
            return false;
    return true;
}

/* ------------------------------------------------------------------ open */

static bool read_goods(const struct cmd_args *args, struct opening *o, struct err *err)
{
    struct asset_set *goods = &o->draft.as.open.assets;
    return cmd_contract_goods(args, "asset", 1, &o->names, goods, err) &&
           (goods->count > 0 ||
            err_set(err, ERR_INPUT, "--asset is needed; see waybill contract open --help"));
}

static bool read_replaces(const struct cmd_args *args, struct open *open, struct err *err)
{
    const char *text = cmd_args_text(args, "replaces", NULL);
    open->has_replaces = text != NULL;
    return text == NULL || cmd_contract_statement_name(text, &open->replaces, err) ||
           err_wrap(err, "--replaces");
}

static bool build_opening(struct cmd_home *home, const struct cmd_args *args, struct opening *o,
                          struct err *err)
{
    uint64_t wait_ms = EXPIRES_MS;
    struct open *open = &o->draft.as.open;
    size_t operands = cmd_args_flag(args, "range") ? 4 : 1;
    if (!cmd_args_expect(args, operands, operands,
                         operands == 1 ? "one FILE" : "FILE PREFIX FIRST COUNT", err) ||
        !cmd_contract_load(args->operand[0], &o->contract, err) ||
        !put_parties(home, args, &o->parties, err) ||
        !put_terms(home, &o->contract.definition, args, &o->values, err) ||
        !put_holders(home, &o->contract.definition, args, &o->holders, err) ||
        !read_replaces(args, open, err) || !read_goods(args, o, err) ||
        !cmd_names_duration(args, "expires", &wait_ms, err))
        return false;
    open->definition = o->contract.hash;
    open->parties = buf_slice(&o->parties);
    open->terms = buf_slice(&o->values);
    open->holders = buf_slice(&o->holders);
    open->expires_ms = clock_now_ms(&home->clock) + wait_ms;
    open->compiled = buf_slice(&o->contract.bytes);
    return terms_bind(&o->contract.definition, open->terms, &o->terms, err) &&
           terms_check_parties(&o->contract.definition, open->parties, err);
}

int cmd_contract_open(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct opening *o = calloc(1, sizeof *o);
    if (o == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    o->draft.kind = KIND_OPEN;
    o->contract.bytes = buf_heap(DEFINITION_MAX_BYTES);
    o->parties = buf_heap(OPEN_TERMS_MAX * PAIR_MAX);
    o->values = buf_heap(OPEN_TERMS_MAX * PAIR_MAX);
    o->holders = buf_heap(HOLDERS_MAX);
    o->names = buf_heap(CMD_ASSETS_MAX);
    int code = build_opening(home, args, o, err) ? cmd_send_finish(home, "opened", &o->draft)
                                                 : cmd_action_fail(err);
    buf_free(&o->contract.bytes);
    buf_free(&o->parties);
    buf_free(&o->values);
    buf_free(&o->holders);
    buf_free(&o->names);
    free(o);
    return code;
}

/* ------------------------------------------------------------------ agree */

int cmd_contract_agree(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_AGREE };
    if (!cmd_args_expect(args, 1, 1, "one OPENING", err) ||
        !cmd_contract_statement_name(args->operand[0], &draft.as.agree.opening, err))
        return cmd_action_fail(err);
    draft.as.agree.declines = cmd_args_flag(args, "decline");
    return cmd_send_finish(home, draft.as.agree.declines ? "declined" : "agreed", &draft);
}
