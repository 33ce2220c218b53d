/* Sentences put together in a caller's buffer, cut at a character where they do not fit. Pure. */
#ifndef CONTRACTS_VALUE_WORDS_H
#define CONTRACTS_VALUE_WORDS_H

#include "contracts/value.h"

struct words {
    char *text; /* always ends with a zero */
    size_t len, size;
    bool full; /* something was cut: nothing more is added */
};

/* In: size at least 1. */
struct words words_begin(char *text, size_t size);
void words_add(struct words *w, const char *text);
void words_add_slice(struct words *w, struct slice text);
/* At most max bytes of it, with "…" when it is longer. */
void words_add_cut(struct words *w, struct slice text, size_t max);
void words_add_value(struct words *w, const struct contract_value *value);

#endif
