/*
 * What a key might do with a contract as it stands, asked without doing it. Pure; for those who only read:
 * the execution's block is one that is never made.
 */
#ifndef NODE_CONTRACT_PROBE_H
#define NODE_CONTRACT_PROBE_H

#include "node/instance.h"

/*
 * Could kid call the action now, as far as that is known without its arguments? ACCEPTED, or what the call
 * would meet, with the reason in err. In: unit: one of the goods, or empty when they share a state.
 */
enum refusal contract_probe(struct execution *x, const struct contract_bound *contract,
                            unsigned action, struct slice unit, const struct kid *kid,
                            struct err *err);
/* The opening's status (table 8): false when the ledger has no such opening. */
bool contract_probe_status(struct execution *x, const struct hash *opening,
                           struct state_instance *ret_instance);

#endif
