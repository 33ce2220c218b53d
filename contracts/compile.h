/*
 * From the YAML a person writes to the canonical bytes the ledger sees. Every complaint names file and
 * line. Nothing is guessed: an unknown key, a unit that does not fit or a number without a unit is refused.
 */
#ifndef CONTRACTS_COMPILE_H
#define CONTRACTS_COMPILE_H

#include "common/yaml.h"

/*
 * Appends the compiled definition to out. What it writes, definition_decode() accepts.
 * Returns: false with "<file>:<line>: <place>: <reason>"; out is then as it was.
 */
bool compile_contract(const struct yaml_tree *tree, struct buf *out, struct err *err);

#endif
