/*
 * One test under way: what the readers of its steps share. trial_file.c runs it, the files of
 * trial_step.h take its steps. Nobody else includes this.
 */
#ifndef TOOLS_TRIAL_CASE_H
#define TOOLS_TRIAL_CASE_H

#include "contracts/definition.h"
#include "tools/trial_file.h"
#include "tools/trial_value.h"

#define TRIAL_CONTRACTS_MAX 8
#define TRIAL_OPENINGS_MAX  32
#define TRIAL_NAMED_MAX     128
#define TRIAL_PACKS_MAX     4096
#define TRIAL_BUFS          6

struct trial_contract {
    const char *path; /* as the test file has it */
    struct buf bytes;
    struct hash hash;
    struct contract_definition definition;                 /* borrows from bytes */
    uint64_t actions, rules, states, documents, reactions; /* bit i: some test has touched it */
};

struct trial_file {
    struct yaml_tree tree;
    char *folder; /* of the file, with its slash; "" for the present one */
    const struct yaml_node *people, *tests;
    unsigned units;
    const char *packer; /* NULL: the first company */
    const char *lot;    /* number of the lot that all goods are of; NULL: none */
    size_t contract_count;
    struct trial_contract *contracts[TRIAL_CONTRACTS_MAX]; /* the first is the file's own */
};

struct trial_opening {
    const char *name; /* NULL: it was given none */
    struct hash hash;
    struct trial_contract *contract;
};

struct trial_named {
    const char *name;
    struct hash hash; /* of the statement */
};

/* Signed by a device and not delivered. */
struct trial_pack {
    const char *name; /* of its step; NULL: none */
    bool delivered;
    struct buf bytes;
};

struct trial_case {
    struct trial_file *file;
    struct trial *t;
    struct trial_outcome *out;
    const struct yaml_node *roles[TRIAL_PEOPLE_MAX]; /* of each person: where its text stands */
    size_t opening_count, named_count, pack_count;
    struct trial_opening openings[TRIAL_OPENINGS_MAX];
    struct trial_named named[TRIAL_NAMED_MAX];
    bool has_certificate;
    struct hash certificate; /* the newest */
    struct trial_pack *packs;
    const char *as; /* the step's name for itself, or NULL */
    bool refused;   /* the step's last statement was; the rest of the step was left undone */
    struct buf bufs[TRIAL_BUFS]; /* what drafts borrow from: emptied at each step */
    struct err err;
};

/* c->err := "<file>:<line>: <why>". Returns false always. */
__attribute__((format(printf, 3, 4))) bool trial_case_refuse(struct trial_case *c,
                                                             const struct yaml_node *node,
                                                             const char *fmt, ...);
/* The same with what c->err says already. */
bool trial_case_blame(struct trial_case *c, const struct yaml_node *node);
/* Something was not as expected: noted, and the test goes on. */
__attribute__((format(printf, 3, 4))) void trial_case_differs(struct trial_case *c,
                                                              const struct yaml_node *node,
                                                              const char *fmt, ...);

/* node is a map (or left empty) of known keys; ended by NULL. */
bool trial_case_check_keys(struct trial_case *c, const struct yaml_node *node,
                           const char *const *known);
/* *ret is NULL where the key is absent. Refuses what is no single value. */
bool trial_case_text(struct trial_case *c, const struct yaml_node *map, const char *key,
                     const char **ret_text);
/* Whoever stands under key; a refusal when it is missing or unknown. */
bool trial_case_person(struct trial_case *c, const struct yaml_node *map, const char *key,
                       struct trial_person **ret_person);
struct trial_names trial_case_names(struct trial_case *c);
/* What `on:` or `of:` names, or the newest; node is what to blame. */
bool trial_case_opening(struct trial_case *c, const struct yaml_node *map, const char *key,
                        struct trial_opening **ret_opening);
bool trial_case_contract(struct trial_file *f, const struct yaml_node *node, const char *path,
                         struct trial_contract **ret_contract, struct err *err);
/* Makes everybody under `people`, packs the goods, attaches the devices; then day 1 begins. */
bool trial_people_found(struct trial_case *c);
/* Whether a person was given this role under `people`. */
bool trial_people_holds(const struct trial_case *c, const struct trial_person *who,
                        struct slice role);
/* A unit's name, from 1. */
void trial_case_unit(unsigned number, char ret_name[ASSET_NAME_MAX + 1]);
/* The name of a lot. */
void trial_case_lot(const char *number, char ret_name[ASSET_NAME_MAX + 1]);
/* The number of a unit there is. */
bool trial_case_unit_number(struct trial_case *c, const struct yaml_node *node,
                            unsigned *ret_number);
/* `units:` of map (a number or a list of numbers), or all of them. */
bool trial_case_units(struct trial_case *c, const struct yaml_node *map, struct buf *memory,
                      struct asset_set *ret_set);
/* Says it now. False: broken (c->err), or refused (c->refused). */
bool trial_case_say(struct trial_case *c, const struct yaml_node *node, struct trial_person *by,
                    struct statement draft);
/* The clock, moved. */
bool trial_case_advance(struct trial_case *c, const struct yaml_node *node, uint64_t time_ms);

#endif
