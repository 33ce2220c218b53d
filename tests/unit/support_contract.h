/* A contract from YAML text, ready to judge with: what every test of the rules begins with. */
#ifndef TESTS_UNIT_SUPPORT_CONTRACT_H
#define TESTS_UNIT_SUPPORT_CONTRACT_H

#include "contracts/definition.h"
#include "contracts/terms.h"

struct support_contract {
    uint8_t bytes[DEFINITION_MAX_BYTES];
    size_t len;
    struct contract_definition def; /* borrows from bytes */
    struct contract_terms terms;    /* the usual ones */
};

/* Appends the compiled bytes. Fails the test with the compiler's message. */
void support_contract_compile(const char *yaml, struct buf *out);
/* Compiles, decodes and binds. Fails the test with the compiler's message. */
void support_contract_make(const char *yaml, struct support_contract *ret);
/* Expects the compiler to refuse with exactly this message. The file's name is "c.yaml". */
void support_contract_refused(const char *yaml, const char *message);
/* Expects the compiler to refuse, and gives what it said. */
void support_contract_error(const char *yaml, struct err *ret_err);
/* 64 bits from a seed that is never 0 (xorshift64*). */
uint64_t support_contract_random(uint64_t *seed);

#endif
