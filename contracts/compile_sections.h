/* The compiler's sections and what they are read with. Nobody else includes this. */
#ifndef CONTRACTS_COMPILE_SECTIONS_H
#define CONTRACTS_COMPILE_SECTIONS_H

#include "contracts/compile_parts.h"
#include "contracts/property.h"

/* ---- values and kinds (compile_value.c, compile_kind.c) */

/* Letters, digits, space, "_" and an inner "-"; so that a rule can be read in only one way. */
bool compile_is_term_name(const char *name);
/* A number begins with a digit or a sign, a term's name does not: that tells them apart. */
bool compile_looks_like_number(const char *text);
/* Money in front: "EUR 12.50". */
bool compile_looks_like_money(const char *text);
/* As quantity_parse(), and money: "EUR 12.50" or "12.50 EUR". */
bool compile_quantity(const char *text, struct quantity *ret, struct err *err);
/* The unit's text, kept as long as the compiler; an empty slice with `failed` when there are too many. */
bool compile_keep_unit(struct compile *c, const char *unit, struct slice *ret);
bool compile_keep_quantity(struct compile *c, const struct quantity *q, struct contract_value *ret);
/* A kind: a text such as "int 0..5", or a map with `is` or `one of`. */
bool compile_take_kind(struct compile *c, const struct yaml_node *node, struct place at,
                       struct value_kind *ret);
/* A value as the kind says. */
bool compile_take_value(struct compile *c, const struct yaml_node *node, struct place at,
                        const struct value_kind *kind, struct contract_value *ret);
bool compile_take_terms(struct compile *c);

/* ---- the rules (compile_rules.c, compile_watch.c) */

/* text: a number with its unit, or a term's name. unit outlives the compilation. */
bool compile_take_operand(struct compile *c, const struct yaml_node *node, struct place at,
                          struct slice text, const char *unit, struct contract_operand *ret);
bool compile_take_duration(struct compile *c, const struct yaml_node *node, struct place at,
                           bool zero_allowed, struct contract_operand *ret);
bool compile_take_property(struct compile *c, const struct yaml_node *node, struct place at,
                           const struct property **ret);
/* Everything under `watch` and `sensors`, with maximum gap and lateness; terms and states are there. */
bool compile_take_rules(struct compile *c);
bool compile_take_sensors(struct compile *c);

/* ---- expressions (compile_expr.c) */

/* Appends the code of an expression and checks it. Returns: false, having complained. */
bool compile_expression(struct compile *c, const struct yaml_node *node, struct place at,
                        const struct compile_scope *scope, struct contract_code *ret_code,
                        struct value_kind *ret_kind);
/* A value for something of a kind (NULL: any): an expression, or in quotes a text, or []. */
bool compile_take_assigned(struct compile *c, const struct yaml_node *node, struct place at,
                           const struct compile_scope *scope, const struct value_kind *wanted,
                           struct contract_code *ret_code);

/* ---- the workflow (compile_flow.c, compile_actions.c) */

bool compile_take_states(struct compile *c); /* names and progress */
bool compile_take_state(struct compile *c, const struct yaml_node *node, struct place at,
                        unsigned *ret);
bool compile_take_state_set(struct compile *c, const struct yaml_node *node, struct place at,
                            uint64_t *ret_bits);
bool compile_take_callers(struct compile *c, const struct yaml_node *node, struct place at,
                          struct contract_callers *ret);
bool compile_take_fields(struct compile *c); /* names and kinds */
bool compile_take_starts(struct compile *c); /* their first values; all else is declared */
bool compile_take_documents(struct compile *c);
bool compile_take_quality(struct compile *c);
bool compile_take_guard_names(struct compile *c);
bool compile_take_actions(struct compile *c);
bool compile_take_reactions(struct compile *c);

#endif
