/*
 * What the compiler's files share: the contract as far as it is read, and the way to complain. Nobody
 * else includes this.
 */
#ifndef CONTRACTS_COMPILE_PARTS_H
#define CONTRACTS_COMPILE_PARTS_H

#include "common/quantity.h"
#include "common/yaml.h"
#include "contracts/definition.h"

#define COMPILE_MAX_UNITS  64
#define COMPILE_MAX_MEMORY 16384 /* bytes of usual values that are not in the file as they are */

struct compile {
    const struct yaml_tree *tree;
    struct err *err;
    struct contract_definition def; /* its texts live in the tree, in units or in memory */
    size_t unit_count;
    char units[COMPILE_MAX_UNITS][sizeof((struct quantity *)0)->unit];
    size_t memory_used;
    uint8_t memory[COMPILE_MAX_MEMORY];
    bool filling; /* inside a guard that was filled: it may not name another */
};

/* Where a value stands, for messages: "watch", "too warm", "for". Later parts may be NULL. */
struct place {
    const char *section;
    const char *name;
    const char *key;
};

/* A key that was thought of, and what to write instead. */
struct compile_hint {
    const char *key; /* NULL ends a list */
    const char *why;
};

/* What an expression may ask for where it stands. */
struct compile_scope {
    const struct contract_param *params;
    size_t param_count;
    int trigger; /* -1: not in a reaction */
    unsigned detail;
    bool at_start; /* the first value of a property: there are no others yet */
};

/* The declared name that is nearest to a misspelt one. */
struct compile_nearest {
    struct slice word;
    struct slice best;
    unsigned distance;
    bool tied;
};
struct compile_nearest compile_nearest_begin(struct slice word);
void compile_nearest_try(struct compile_nearest *n, struct slice name);

/* err := "<file>:<line>: <place>: <why>, found "<found>"". Returns false always; found may be NULL. */
bool compile_refuse(struct compile *c, const struct yaml_node *node, struct place at,
                    const char *why, const char *found);
/* The same, and asks whether the nearest name was meant, when there is one. */
bool compile_refuse_near(struct compile *c, const struct yaml_node *node, struct place at,
                         const char *why, const struct compile_nearest *nearest);
/* Every key of map is one of `known`. hints may be NULL. */
bool compile_check_keys(struct compile *c, const struct yaml_node *map, struct place at,
                        const char *const *known, const struct compile_hint *hints);
/* A map of 1 to max named things; *ret is NULL where the section is left out. */
bool compile_take_section(struct compile *c, const char *section, size_t max,
                          const struct yaml_node **ret);
/* A map under a place: of at most max pairs, its keys names. NULL node: an empty one. */
bool compile_take_pairs(struct compile *c, const struct yaml_node *node, struct place at,
                        size_t max, size_t *ret_count);
bool compile_take_text(struct compile *c, const struct yaml_node *node, struct place at, size_t max,
                       struct slice *ret);
bool compile_is_word(const struct yaml_node *node, const char *word);
/* An unquoted whole number from limits[0] to limits[1]; why: the sentence when it is not. */
bool compile_take_number(struct compile *c, const struct yaml_node *node, struct place at,
                         const int64_t limits[2], const char *why, int64_t *ret);
bool compile_take_yes(struct compile *c, const struct yaml_node *node, struct place at, bool *ret);
/* A name of one of the definition's lists; which: "state", "role" … for the complaint. */
bool compile_take_role(struct compile *c, const struct yaml_node *node, struct place at,
                       unsigned *ret);
/* One node or a list of nodes: the number of them, and the i-th. */
size_t compile_count(const struct yaml_node *node);
const struct yaml_node *compile_nth(const struct yaml_node *node, size_t i);

#endif
