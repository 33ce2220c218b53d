/* A ledger's state for long random journeys: a hash table of keys and values, and its timers; no tree over it. */
#ifndef TESTS_SUPPORT_GOODS_STORE_H
#define TESTS_SUPPORT_GOODS_STORE_H

#include "node/execute.h"

struct goods_store;

struct goods_store *goods_store_new(void);
void goods_store_free(struct goods_store *s);
/* An empty value removes. */
void goods_store_set(struct goods_store *s, struct slice key, struct slice value);
bool goods_store_get(const struct goods_store *s, const struct state_key *key,
                     struct slice *ret_value);
struct state_view goods_store_view(struct goods_store *s);
/* How many entries a table has. */
size_t goods_store_count(const struct goods_store *s, enum state_table table);

#endif
