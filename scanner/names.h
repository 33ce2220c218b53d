/*
 * What members are called: from the ledger's genesis file, when there is one, and from what the node tells.
 * Names are for people: a kid is what is signed, and a name that two members bear is refused, not guessed.
 */
#ifndef SCANNER_NAMES_H
#define SCANNER_NAMES_H

#include "common/node_client.h"

#define NAMES_MAX  256
#define NAMES_SIZE 201

struct names;

/* genesis_path may be NULL or name no file. ERR_PROOF when the file is another ledger's. */
bool names_open(const char *genesis_path, const struct hash *ledger, struct names **ret_names,
                struct err *err);
void names_close(struct names *n); /* NULL is legal */

/* Takes up {"kid": …, "name": …} as the node writes it; anything else, and what does not fit, is not. */
void names_hear(struct names *n, const struct json_doc *member);
/* The companies of the authorities. */
bool names_ask_set(struct names *n, struct node_client *node, struct err *err);

/* A kid in hex, or a name in any case of its letters. */
bool names_find(const struct names *n, const char *text, struct kid *ret_member, struct err *err);
/* The name, with nothing in it that could move a terminal's cursor; the kid in hex when unnamed. */
void names_tell(const struct names *n, const struct kid *member, char text[NAMES_SIZE]);

#endif
