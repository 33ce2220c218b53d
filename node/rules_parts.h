/* What the rules of contracts share among each other. Nothing else includes this. */
#ifndef NODE_RULES_PARTS_H
#define NODE_RULES_PARTS_H

#include "node/instance_parts.h"

/* "%.*s" of a name. */
#define RULES_SHOW(s) (int)(s).len, (const char *)(s).data

/* Members that must agree: those the opening's parties name by a member's kid. */
size_t rules_member_parties(struct execution *x, struct slice parties,
                            struct kid ret_members[OPEN_PARTIES_MAX]);
bool rules_names_kid(const struct kid *list, size_t n, const struct kid *kid);

/* ------------------------------------------------------------------ rules_identity.c */

/* A place's master data. What it borrows is good until the next state access. */
bool rules_load_place(struct execution *x, const struct state_key *key, struct place *ret_place);

/* ------------------------------------------------------------------ rules_call.c */

/*
 * The goods that a call or a document is about: those it names (NULL: none), else all of the contract's. Only
 * contracts with a state for each unit let them be named, unless the action is built in.
 */
enum refusal rules_choose_units(struct execution *x, const struct contract_bound *contract,
                                const struct asset_set *named, bool built_in,
                                struct asset_set *ret_set);

/* ------------------------------------------------------------------ rules_force.c */

/* Whether the opening may take the place of the one it names. */
enum refusal rules_check_replaces(struct execution *x, const struct contract_bound *contract);
/* The contract is in force from now on. A refusal's traces are the caller's to take back. */
enum refusal rules_enter_force(struct execution *x, const struct contract_bound *contract,
                               uint64_t time_ms);

/* ------------------------------------------------------------------ rules_quality.c */

/* Actions that every contract has. */
enum rules_built_in {
    RULES_ACKNOWLEDGE,
    RULES_ADD_BACK,
    RULES_UNDO_ADD_BACK,
    RULES_NO_BUILT_IN,
};
enum rules_built_in rules_find_built_in(struct slice action);
enum refusal rules_quality(struct execution *x, const struct speaker *by,
                           const struct contract_bound *contract, enum rules_built_in what);

/* ------------------------------------------------------------------ rules_reading.c */

/* A correction takes these samples back wherever they were judged; EVENT_CORRECTED about each asset is the caller's. */
enum refusal rules_withdraw_reading(struct execution *x, const struct speaker *by,
                                    const struct statement *original);
/* The assets that a reading's samples speak of, by when its device was attached to what. At most max. */
size_t rules_reading_assets(struct execution *x, const struct statement *reading,
                            struct slice *ret_assets, size_t max);

#endif
