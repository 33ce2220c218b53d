/*
 * What is legal in a contract and still wrong: states nobody reaches, actions nobody may call, calls after
 * the end, arithmetic that can overflow, properties read before anything set them, terms and roles nobody
 * uses. Works on the compiled form, so it sees what the ledger will see. Pure.
 */
#ifndef CONTRACTS_LINT_H
#define CONTRACTS_LINT_H

#include "contracts/definition.h"

#define LINT_MAX_FINDINGS 256

enum lint_what {
    LINT_UNREACHABLE_STATE, /* no action or reaction leads there */
    LINT_NO_WAY_ON,         /* a state that does not end and that nothing leaves */
    LINT_NO_CALLER,         /* an action nobody may call */
    LINT_NEVER_CALLABLE,    /* an action or reaction whose states are all unreachable */
    LINT_CALL_AFTER_END,    /* an action that may be called in a state that ends */
    LINT_OVERFLOW,          /* a calculation that can leave 64 bits */
    LINT_NEVER_SET, /* read where nothing can have set it: an offer accepted that nobody made */
    LINT_PERHAPS_NOT_SET, /* read where not every way has set it */
    LINT_UNUSED,          /* a term, role, party, property, document or parameter nobody reads */
    LINT_OPEN_GUARD,      /* a guard left to be filled in: every call is refused */
    LINT_NO_SUCCESS,      /* no state that ends in success can be reached */
};

/* Where, as the author knows it: "actions", "accept offer", "when". Later parts may be empty. */
struct lint_finding {
    enum lint_what what;
    bool error; /* a mistake; else something to look at */
    const char *section;
    struct slice name;
    const char *key; /* may be NULL */
    char words[200];
};

struct lint {
    size_t count, dropped;
    struct lint_finding items[LINT_MAX_FINDINGS];
};

/* "unreachable-state" … */
const char *lint_what_name(enum lint_what what);
/* In: a definition that definition_decode() accepted. *ret_lint is about 64 kB. */
void lint_contract(const struct contract_definition *definition, struct lint *ret_lint);

#endif
