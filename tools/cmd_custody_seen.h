/* What the two sides of a handover saw, as typed: when an offer ends, the seal, the last reading, what is missing. */
#ifndef TOOLS_CMD_CUSTODY_SEEN_H
#define TOOLS_CMD_CUSTODY_SEEN_H

#include "common/statement.h"
#include "tools/cmd_home.h"

/* --expires "24 h" or an instant; a duration counts from the statement's time, which is filled in. */
bool cmd_custody_seen_expiry(struct cmd_home *home, const struct cmd_args *args,
                             struct statement *draft, struct err *err);

/* --seal intact|broken|none[:NUMBER] */
bool cmd_custody_seen_seal(const struct cmd_args *args, struct custody *c, struct err *err);

/* --reading auto|DEVICE: asks the node for the last one of the goods in c->assets. */
bool cmd_custody_seen_reading(struct cmd_home *home, const struct cmd_args *args, struct custody *c,
                              struct err *err);

/* --counts MISSING,SURPLUS,DAMAGED and --missing ASSET...; memory: a buf of CMD_ASSETS_MAX. */
bool cmd_custody_seen_counts(const struct cmd_args *args, struct buf *memory, struct custody *c,
                             struct err *err);

#endif
