/* What the rules of government share among each other. Nothing else includes this. */
#ifndef NODE_RULES_GOVERN_H
#define NODE_RULES_GOVERN_H

#include "node/rules_parts.h"
#include "node/rules_tally.h"

#define GOVERN_OPEN_OF_ONE  8                     /* proposals a member may have open */
#define GOVERN_LONGEST_MS   UINT64_C(31536000000) /* a proposal is open for at most a year */
#define GOVERN_FARTHEST     UINT64_C(1000000000)  /* blocks ahead that an effect may be named for */
#define GOVERN_EFFECT_LOOKS 64                    /* heights that are looked at for room */
#define GOVERN_TIP_BLOCKS   120                   /* how old the tip is that a candidate names */
#define GOVERN_VERIFY_STEPS 5000                  /* a signature that is verified */

/* ------------------------------------------------------------------ state (rules_govern_state.c) */

/* The constitution, or the default one where the ledger has none. */
struct constitution govern_constitution(struct execution *x);
void govern_store_constitution(struct execution *x, const struct constitution *c);
/* False: nobody governs this ledger. */
bool govern_members(struct execution *x, struct state_members *ret_members);
void govern_store_members(struct execution *x, const struct state_members *members);
uint64_t govern_roles(struct execution *x, const struct kid *member);
void govern_store_roles(struct execution *x, const struct kid *member, uint64_t roles);
/* The body is borrowed from the state, until the block ends. */
bool govern_proposal(struct execution *x, const struct hash *hash, struct state_proposal *ret_v);
void govern_store_proposal(struct execution *x, const struct hash *hash,
                           const struct state_proposal *v);
void govern_open(struct execution *x, struct state_hashes *ret_hashes);
void govern_store_open(struct execution *x, const struct state_hashes *hashes);
bool govern_candidate(struct execution *x, const struct kid *kid, struct state_candidate *ret_v);
bool govern_has_key(struct execution *x, const struct kid *kid, struct state_key_record *ret_v);

/* The authority sets of this block and the next. */
void govern_sets(struct execution *x, struct govern_sets *ret_sets);
bool govern_set_changes(const struct govern_sets *sets); /* with this block already */

/* One key enters the next block's set, one leaves it; NULL: none. Tells of it. */
void govern_change_set(struct execution *x, struct govern_sets *sets, const struct authority *in,
                       const struct kid *out, uint64_t time_ms);

/* ------------------------------------------------------------------ proposals (rules_govern.c) */

/* An open proposal is open no more: out of the list, and nothing waits for its end. */
void govern_close(struct execution *x, const struct hash *hash, struct state_proposal *v,
                  enum proposal_status status);
/* Puts it down for the first of GOVERN_EFFECT_LOOKS heights from *height on that has room, and gives that
 * height. False: none has; nothing is put down. */
bool govern_schedule(struct execution *x, const struct hash *hash, uint64_t *height);

/* ------------------------------------------------------------------ actions (rules_govern_fit.c) */

/* Whether the ledger, as it stands, can do this. */
enum refusal govern_fits(struct execution *x, enum govern_action action,
                         const struct proposal_body *body);
/* ------------------------------------------------------------------ effects (rules_govern_apply.c) */

/* Does it; govern_fits() has been asked. */
void govern_apply(struct execution *x, const struct hash *hash, const struct state_proposal *v,
                  const struct proposal_body *body);

#endif
