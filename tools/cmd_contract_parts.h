/*
 * What the actions of `waybill contract` and `waybill doc` share: contracts in files and on the ledger, people
 * and values as they are typed. Each action is as struct cmd_action's run.
 */
#ifndef TOOLS_CMD_CONTRACT_PARTS_H
#define TOOLS_CMD_CONTRACT_PARTS_H

#include "common/json.h"
#include "common/statement.h"
#include "contracts/definition.h"
#include "contracts/terms.h"
#include "tools/cmd_home.h"

int cmd_contract_check(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_compile(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_lint(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_open(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_agree(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_call(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_acknowledge(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_add_back(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_undo_add_back(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_show(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_actions(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_contract_explain(struct cmd_home *home, const struct cmd_args *args, struct err *err);

/* ------------------------------------------------------------------ a contract in a file */

struct contract_file {
    struct buf bytes;                      /* compiled; released by the caller */
    struct contract_definition definition; /* borrows from bytes */
    struct hash hash;
};

/* YAML, or compiled bytes. In: c->bytes: an empty heap buf of DEFINITION_MAX_BYTES. */
bool cmd_contract_load(const char *path, struct contract_file *c, struct err *err);
/* Whether these are a compiled contract's bytes: no YAML page begins so. */
bool cmd_contract_is_compiled(struct slice bytes);

/* ------------------------------------------------------------------ a contract on the ledger */

/* Out of the opening statement and the definition that it names, both checked by their hashes. */
struct contract_opened {
    struct hash opening;
    struct buf statement, compiled;
    struct statement st;                   /* borrows from statement */
    struct contract_definition definition; /* borrows from compiled */
    bool bound;                            /* the terms are known: */
    struct contract_terms terms;
};

/* In: text: the opening's hash, or a file that holds the statement. */
bool cmd_contract_fetch(struct cmd_home *home, const char *text, struct contract_opened **ret,
                        struct err *err);
void cmd_contract_release(struct contract_opened *c); /* NULL is legal */

/* A hash typed as such, or the file of a statement: its name. */
bool cmd_contract_statement_name(const char *text, struct hash *ret_hash, struct err *err);
/* A statement's bytes, which hash to what was asked for. */
bool cmd_contract_get_statement(struct cmd_home *home, const struct hash *hash, struct buf *out,
                                struct err *err);
/* "/v1/contracts/<opening><rest>" as JSON; rest "" or from its slash. */
bool cmd_contract_get_json(struct cmd_home *home, const struct hash *opening, const char *rest,
                           struct json_doc **ret_doc, struct err *err);

/* The party of this name in an opening: its kid. */
bool cmd_contract_party(const struct open *o, struct slice name, struct kid *ret_kid);

/* What an action, also one that every contract has, takes under this name. */
bool cmd_contract_parameter(const struct contract_definition *d, struct slice action,
                            struct slice name, struct value_kind *ret_kind);

/* ------------------------------------------------------------------ what is typed */

struct contract_pair {
    struct slice name;
    const char *value;
};

struct contract_pairs {
    size_t count;
    struct contract_pair at[OPEN_TERMS_MAX];
};

/* Splits "NAME=VALUE"; what: the option, for messages. */
bool cmd_contract_take_pair(const char *what, const char *text, struct contract_pairs *p,
                            struct err *err);
/* In the order that a map's keys have on the wire; a name given twice is refused. */
bool cmd_contract_sort_pairs(const char *what, struct contract_pairs *p, struct err *err);

/* How names in values are understood. */
struct contract_naming {
    const struct cmd_home *home;
    const struct open *open; /* whose parties may be named; NULL: none */
};

/* A member, a kid, the name of a key in this folder, or a party of the contract. */
bool cmd_contract_who(const struct contract_naming *naming, const char *text, struct kid *ret_kid,
                      struct err *err);
/* Appends a value of this kind as the wire has it. "nothing" is null where null_allowed. */
bool cmd_contract_put_value(const struct contract_naming *naming, const struct value_kind *kind,
                            const char *text, bool null_allowed, struct buf *out, struct err *err);

/*
 * The goods of --asset (or another option), of --range PREFIX FIRST COUNT among the operands from `first`
 * on, and of --assets FILE, one name a line. None were named: ret_set->count is 0.
 */
bool cmd_contract_goods(const struct cmd_args *args, const char *option, size_t first,
                        struct buf *memory, struct asset_set *ret_set, struct err *err);

#endif
