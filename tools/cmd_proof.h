/* Parts of `waybill proof` that are files of their own. */
#ifndef TOOLS_CMD_PROOF_H
#define TOOLS_CMD_PROOF_H

#include "common/state_key.h"
#include "tools/cmd_home.h"

/* "member Farm A", "asset 01/…", "sets", "hex 8105": the state key that operands name. */
bool cmd_proof_key(const struct cmd_home *home, const struct cmd_args *args,
                   struct state_key *ret_key, struct err *err);
/* A CBOR item in diagnostic notation (RFC 8949 section 8); hex when it is none. */
void cmd_proof_put_words(struct buf *out, struct slice item);

#endif
