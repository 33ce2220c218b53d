/* What `waybill checkpoint` and `waybill witness` share: a node's checkpoint, checked by the ledger's identity. */
#ifndef TOOLS_CMD_CHECKPOINT_H
#define TOOLS_CMD_CHECKPOINT_H

#include "common/checkpoint.h"
#include "tools/cmd_seen.h"

/* Of this ledger, made final by the authorities of its height; c borrows from bytes. */
bool cmd_checkpoint_check(struct cmd_home *home, struct slice bytes, struct checkpoint *ret_c,
                          struct header *ret_header, struct err *err);
/* The node's answer under "/checkpoint" or such, checked so; bytes is cleared. Newer sets are learned from it. */
bool cmd_checkpoint_fetch(struct cmd_home *home, const char *path, struct buf *bytes,
                          struct checkpoint *ret_c, struct header *ret_header, struct err *err);
/* The node's path between trees of so many statements. */
bool cmd_checkpoint_path(struct cmd_home *home, uint64_t old, uint64_t size,
                         struct merkle_path *ret_path, struct err *err);
/* Hands a cosigned checkpoint to the node: ret_kept, how many cosignatures were new to it. */
bool cmd_checkpoint_hand_in(struct cmd_home *home, struct slice note, int64_t *ret_kept,
                            struct err *err);

#endif
