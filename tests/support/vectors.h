/*
 * Waybill's own test vectors, tests/vectors/waybill.json, by the names they bear there. A name that is not
 * there ends the program with a message: a test without its vector must not pass.
 *
 * Tests run from the top of the source tree. What is returned lives until the program ends.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include "common/key.h"

/* Another file of the same kind, before anything is asked for; the text must live. */
void vectors_from(const char *path);
/* The name of an entry that nothing was asked of yet; NULL: none. */
const char *vectors_unasked(void);
/* An entry as JSON text, to be freed. */
char *vectors_json(const char *name);

/* The bytes of an object: its "hex", or the entry itself when that is a text of hex digits. */
struct slice vectors_bytes(const char *name);
/* Another member of an object as text, or as bytes from hex digits. */
const char *vectors_text(const char *name, const char *member);
struct slice vectors_member(const char *name, const char *member);

/* Entries that are lists: their length, their texts, and items of lists inside them. */
size_t vectors_count(const char *name);
struct slice vectors_item(const char *name, size_t index);
const char *vectors_item_text(const char *name, size_t index, size_t member);
int64_t vectors_item_int(const char *name, size_t index, size_t member);

/* Bytes from hex digits; ends the program when they are none. */
struct slice vectors_unhex(const char *text);

/* "farm" is the entry "key farm". */
struct key_pair vectors_key(const char *name);
struct hash vectors_hash(const char *name);
/* The ledger most vectors are for. */
struct hash vectors_ledger(void);

#endif
