/* What the two files that read expressions share. Nobody else includes this. */
#ifndef CONTRACTS_COMPILE_EXPR_H
#define CONTRACTS_COMPILE_EXPR_H

#include "contracts/compile_sections.h"
#include "contracts/expr.h"

struct compile_parse {
    struct compile *c;
    const struct yaml_node *node;
    struct place place;
    const struct compile_scope *scope;
    const char *at; /* what is not read yet */
    unsigned depth;
    struct contract_code code;
};

void compile_skip_spaces(struct compile_parse *p);
/* Whether a name or a word may end here: what follows is not more of one. */
bool compile_name_ends(const char *at);
bool compile_refuse_here(struct compile_parse *p, const char *why);
bool compile_emit(struct compile_parse *p, int32_t word);
bool compile_emit_with(struct compile_parse *p, enum expr_op op, size_t argument);
/* The index of a constant in the pool, put there when it is new. */
bool compile_keep_constant(struct compile_parse *p, const struct contract_value *value,
                           size_t *ret_index);
/* The same, and the code for it. */
bool compile_emit_constant(struct compile_parse *p, const struct contract_value *value);

/* A name that is declared, a fact, a word such as `yes`. Where nothing matches: a complaint. */
bool compile_parse_name(struct compile_parse *p);
/* The longest name of a list that stands here; items' first member is their name. */
bool compile_match(const char *at, const void *items, size_t count, size_t size, size_t *ret_len,
                   unsigned *ret_index);
/* Everything that is left: one expression. */
bool compile_parse_whole(struct compile_parse *p);
/* A text in quotation marks, the first of which stands here. */
bool compile_parse_quoted(struct compile_parse *p, struct slice *ret_text);
/* One operand, as in `time charged to P`. */
bool compile_parse_operand(struct compile_parse *p);

#endif
