/*
 * What a company's folder has seen of its ledger, so that no node can show it another one later:
 *
 *   DIR/sets.cbor   the proof of the authority sets (set_chain.h) that goes furthest
 *   DIR/head.cbor   the newest head, with its seals
 *   DIR/fork-N.cbor two final blocks N that differ: kept when met, never removed here
 *
 * A folder that cannot be written to keeps nothing, and every command says so.
 * Only of the identity in DIR: with --identity FILE nothing is kept and nothing compared, but for --sets FILE.
 */
#ifndef TOOLS_CMD_SEEN_H
#define TOOLS_CMD_SEEN_H

#include "common/head_proof.h"
#include "tools/cmd_node.h"

#define CMD_SEEN_OPTIONS "sets="

/* The sets to verify with: --sets FILE, what the folder has seen, or the identity alone. Borrowed from home. */
bool cmd_seen_sets(struct cmd_home *home, struct slice *ret_sets, struct err *err);
/* Asks the node, and keeps what goes further. */
bool cmd_seen_learn(struct cmd_home *home, struct err *err);

/*
 * A head that the node shows, with its seals: final, and the newest one seen before continued. ERR_PROOF and
 * evidence in the folder when it is another history. A head older than the newest seen is told, and let be.
 */
bool cmd_seen_head(struct cmd_home *home, struct slice final, struct err *err);
/* The same of the head of a bundle that was verified. */
bool cmd_seen_bundle(struct cmd_home *home, struct slice bundle, struct err *err);

/*
 * Does a proof that follows so many changes of the sets up to this height leave out one that the folder knows
 * of? Then keys since removed may have sealed it: ERR_PROOF.
 */
bool cmd_seen_covers(struct cmd_home *home, uint64_t height, size_t changes, struct err *err);

#endif
