/*
 * Expressions: total functions over a contract's values. Compiled to flat postfix code without jumps, so
 * that evaluation ends after as many steps as the code has operations; arithmetic is exact in decimal
 * integers and checked; what has no value (a property not set, an overflow, a division by nought) makes
 * the whole expression have none, with a sentence that says why. Pure; allocates nothing.
 *
 * A field, term, parameter or fact that is not set has no value, but may be compared by = and != with the
 * constant nothing, and that alone. Every quantity that is made is settled (value.h).
 *
 * Code is operations of one or two words: the operation, then its argument where it has one. Both sides
 * of `and`, `or` and `if` are evaluated; only the chosen one's lack of a value counts.
 */
#ifndef CONTRACTS_EXPR_H
#define CONTRACTS_EXPR_H

#include "common/crypto.h"
#include "contracts/definition.h"
#include "contracts/expr_ops.h"
#include "contracts/terms.h"

#define EXPR_MAX_STACK       32
#define EXPR_MAX_CODE        256 /* words of one expression */
#define EXPR_CERTIFICATE_MAX 200 /* bytes of a certificate's name, as on the wire */

/* How a certificate of some name stands at block time. */
enum expr_standing {
    EXPR_STANDS_HOLDS = 0,
    EXPR_STANDS_NONE = 1, /* there never was one */
    EXPR_STANDS_NOT_YET = 2,
    EXPR_STANDS_EXPIRED = 3,
    EXPR_STANDS_REVOKED = 4,
};

struct expr_question {
    struct slice name;   /* of the certificate */
    struct slice party;  /* empty: of the goods */
    struct slice issuer; /* empty: whoever issued it */
};

struct expr_certificate {
    enum expr_standing standing;
    struct hash statement; /* that certified; unless there is none */
    struct slice asset;    /* of goods: for which it does not hold; empty otherwise */
};

/*
 * What an expression may ask of the ledger; any may say that there is no answer (false). Counted as steps.
 * Bytes of an answer must live as long as what is made of it: a flow_state, until it is encoded.
 */
struct expr_ledger {
    void *ctx;
    bool (*fact)(void *ctx, enum expr_fact fact, struct contract_value *ret_value);
    bool (*rule_fact)(void *ctx, enum expr_rule_fact fact, unsigned rule,
                      struct contract_value *ret_value);
    /* rule < 0: all of them. */
    bool (*charged)(void *ctx, int rule, struct slice party, uint64_t *ret_seconds);
    bool (*holds)(void *ctx, unsigned role, struct slice party);
    /* One that holds, else the one that came last. */
    bool (*certificate)(void *ctx, const struct expr_question *question,
                        struct expr_certificate *ret_certificate);
};

struct expr_scope {
    const struct contract_definition *definition;
    const struct contract_terms *terms;
    const struct slice *parties;         /* kids, as the definition's parties; empty = not named */
    const struct contract_value *fields; /* NULL: none may be asked for */
    const struct contract_value *params; /* of the action; NULL: not known */
    const struct contract_param *declared; /* their names, for messages; may be NULL */
    uint64_t documents;                    /* bit i: document i is attached */
    const struct expr_ledger *ledger;
    uint8_t *memory; /* for lists that EXPR_ADDED makes: at least EXPR_MEMORY bytes */
    size_t memory_used;
    uint64_t steps; /* counted up: one an operation, a question to the ledger, 256 bytes compared */
};
#define EXPR_MEMORY 8192

/* False when it has no value, with the reason in words; steps are counted either way. */
bool expr_value(struct expr_scope *scope, struct contract_code code,
                struct contract_value *ret_value, struct err *err);

/*
 * Why a condition does not hold, by the values in it: "worst severity is critical". Cut where it does not
 * fit. The scope is as it was for expr_value(); no steps are counted.
 */
void expr_explain(const struct expr_scope *scope, struct contract_code code, char *text,
                  size_t size);

/*
 * Checks code against a definition whose lists are complete: operations known, indices within bounds,
 * types and units fitting, the stack never beyond EXPR_MAX_STACK. params: the action's, never NULL for an
 * action, even without any; trigger: the reaction's, or -1. With neither it is a field's first value, which
 * may ask for terms, parties, opener, now and started alone. *ret_kind: CONTRACT_NOTHING for the constant.
 */
bool expr_check(const struct contract_definition *definition, struct contract_code code,
                const struct contract_param *params, size_t param_count, int trigger,
                unsigned detail, struct value_kind *ret_kind, struct err *err);

#endif
