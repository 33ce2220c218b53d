/* What lint*.c share. Nobody else includes this. */
#ifndef CONTRACTS_LINT_PARTS_H
#define CONTRACTS_LINT_PARTS_H

#include "contracts/expr.h"
#include "contracts/lint.h"

struct lint_work {
    const struct contract_definition *def;
    struct lint *lint;
    uint64_t reachable; /* states */
};

/* An action or a reaction, as both have states, a step and cases. */
struct lint_unit {
    const char *section; /* "actions" or "reactions" */
    struct slice name;
    uint64_t states;
    const struct contract_callers *callers; /* NULL: a reaction */
    const struct contract_step *step;
    const struct contract_case *cases;
    size_t case_count;
    const struct contract_param *params;
    size_t param_count;
};
size_t lint_unit_count(const struct contract_definition *def);
struct lint_unit lint_unit_at(const struct contract_definition *def, size_t i);

/* name NULL-terminated or a slice of the definition; key may be NULL. */
__attribute__((format(printf, 6, 7))) void lint_report(struct lint_work *w, enum lint_what what,
                                                       bool error, const struct lint_unit *unit,
                                                       const char *key, const char *fmt, ...);
void lint_report_at(struct lint_work *w, enum lint_what what, bool error, const char *section,
                    struct slice name, const char *words);

/* "%.*s" of a name. */
#define LINT_SHOW(s) (int)(s).len, (const char *)(s).data

/* Code as operations: *at moves on; the argument is 0 where an operation has none. */
enum expr_op lint_code_next(const struct contract_definition *def, struct contract_code code,
                            size_t *at, int32_t *ret_argument);

/* lint_set.c: properties read where nothing, or not every way, has set them. */
void lint_set(struct lint_work *w);
/* lint_range.c: calculations that can leave 64 bits. */
void lint_range(struct lint_work *w);
/* lint_use.c: what nobody uses, and guards left open. */
void lint_use(struct lint_work *w);

#endif
