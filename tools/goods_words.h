/* Sets of goods, amounts and counts in words, and as JSON. */
#ifndef TOOLS_GOODS_WORDS_H
#define TOOLS_GOODS_WORDS_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "common/hex.h"
#include "common/json.h"
#include "common/make.h"
#include "tools/cmd_home.h"

#define GOODS_WORDS_SIZE      64
#define GOODS_WORDS_NAMES_MAX 100 /* more are told by the first and the last of them */

/* 2880 -> "2,880" */
const char *goods_words_number(uint64_t value, char text[GOODS_WORDS_SIZE]);

/* "A", "A and B", "A to Z (10,000)" on standard output. */
void goods_words_print_set(const struct asset_set *set);
/* {"count": n, "first": …, "last": …}, and "names" when they are few. */
void goods_words_put_set(struct json_doc *into, const char *key, const struct asset_set *set);
void goods_words_put_amount(struct json_doc *into, const char *key, const struct amount *amount);

/* "1 t of A, 0.1 kg each of B to C (30)": all inputs, or all outputs, of a making. */
void goods_words_print_make(const struct make *m, bool inputs);
/* "inputs" and "outputs". */
void goods_words_put_make(struct json_doc *into, const struct make *m);

void goods_words_put_time(struct json_doc *into, const char *key, uint64_t time_ms);
void goods_words_put_member(const struct cmd_home *home, struct json_doc *into, const char *key,
                            const struct kid *member);

const char *goods_words_making(uint64_t action); /* "split" … */

#endif
