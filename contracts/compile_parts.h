/*
 * What compile.c and compile_rules.c share: the contract as far as it is read, and the way to complain.
 * Nobody else includes this.
 */
#ifndef CONTRACTS_COMPILE_PARTS_H
#define CONTRACTS_COMPILE_PARTS_H

#include "common/quantity.h"
#include "common/yaml.h"
#include "contracts/definition.h"

struct compile {
    const struct yaml_tree *tree;
    struct err *err;
    struct contract_definition def; /* its texts live in the tree, or in units */
    char units[DEFINITION_MAX_TERMS][sizeof((struct quantity *)0)->unit];
};

/* Where a value stands, for messages: "watch", "too warm", "for". Later parts may be NULL. */
struct place {
    const char *section;
    const char *name;
    const char *key;
};

/* err := "<file>:<line>: <place>: <why>, found "<found>"". Returns false always; found may be NULL. */
bool compile_refuse(struct compile *c, const struct yaml_node *node, struct place at,
                    const char *why, const char *found);
/* Every key of map is one of `known`; those of `later` get a sentence of their own. */
bool compile_check_keys(struct compile *c, const struct yaml_node *map, struct place at,
                        const char *const *known, const char *const *later);
/* A map of 1 to max named things; *ret is NULL where the section is left out. */
bool compile_take_section(struct compile *c, const char *section, size_t max,
                          const struct yaml_node **ret);
/* Letters, digits, space, "_" and an inner "-"; so that a rule can be read in only one way. */
bool compile_is_term_name(const char *name);
/* A number begins with a digit or a sign, a term's name does not: that tells them apart. */
bool compile_looks_like_number(const char *text);
/* Everything under `watch`, with maximum gap and lateness; the terms are there already. */
bool compile_take_rules(struct compile *c);

#endif
