/*
 * Who has what of recalled goods: one entry a holder, and its goods as ranges of consecutive serials, however
 * many they are. Walks the goods once, in order; keeps only what it answers.
 */
#ifndef NODE_RECALL_LIST_H
#define NODE_RECALL_LIST_H

#include "node/read_model_trace.h"

#define RECALL_HOLDERS_MAX 8192
#define RECALL_ENDS        5 /* enum goods_end */

struct recall_holder {
    bool known; /* false: nobody holds these */
    struct kid member;
    uint64_t units;
    uint64_t by_end[RECALL_ENDS]; /* how many are active, dispensed … */
    size_t ranges;
    size_t next; /* of the same slot, + 1; 0: none */
};

/* Names of one holder that follow each other: the last digits rise by one. */
struct recall_range {
    size_t holder;
    uint64_t end; /* enum goods_end, of all of them */
    uint64_t count;
    char first[ASSET_NAME_MAX + 1], last[ASSET_NAME_MAX + 1];
};

struct recall_list {
    uint64_t units;
    size_t holder_count;
    struct recall_holder *holders; /* in order of their first goods */
    size_t range_count, range_max;
    struct recall_range *ranges; /* in order of the goods' numbers */
    bool cut;                    /* there are more ranges than asked, or more holders than fit */
    size_t *slots;
};

/* False: only a name, such as a lot's that nobody made, or of which only the units are goods. */
bool recall_list_is_goods(struct store *s, const struct trace_asset *a);
/* In: ranges: how many are wanted at most. Names that are no goods, such as a lot's, are left out. */
bool recall_list_make(struct store *s, const struct trace_runs *reached, size_t ranges,
                      struct recall_list *ret_list, struct err *err);
void recall_list_free(struct recall_list *l);

#endif
