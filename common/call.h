/*
 * Call of an action of a contract (kind 15). Whether the contract has such an action, and what its
 * parameters are, is the definition's to say; here only the forms are checked.
 */
#ifndef COMMON_CALL_H
#define COMMON_CALL_H

#include "common/asset_set.h"
#include "common/crypto.h"
#include "common/fields.h"

#define CALL_ACTION_MAX    64 /* bytes */
#define CALL_ARGUMENTS_MAX 16
#define CALL_TEXT_MAX      4000

struct call {
    struct hash opening;     /* statement hash */
    struct slice action;     /* its name */
    struct slice arguments;  /* raw map: name => argument, see wire.cddl; empty = no arguments */
    bool has_assets;         /* only these units of the opening, when each has a state of its own */
    struct asset_set assets; /* with has_assets */
};

void call_take(struct fields *f, struct call *ret_call);
size_t call_pairs(const struct call *c);
void call_put(struct buf *out, const struct call *c);

/* The argument of this name when it is a text; false otherwise. Borrowed. */
bool call_text(const struct call *c, const char *name, struct slice *ret_text);

#endif
