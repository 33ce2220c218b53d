/*
 * Making (kind 21): new goods from others. A split divides one into several of the same product, a merge
 * pours several together, a transformation makes something else. What comes out is never more than what
 * went in.
 */
#ifndef COMMON_MAKE_H
#define COMMON_MAKE_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "common/fields.h"

#define MAKE_ENTRIES_MAX 64 /* inputs, and outputs; each is an asset-set */

enum make_action {
    MAKE_SPLIT = 0,
    MAKE_MERGE = 1,
    MAKE_TRANSFORM = 2,
};

struct make_input {
    struct asset_set assets;
    bool has_amount;      /* false: the whole of each */
    struct amount amount; /* taken of each; with has_amount */
};

struct make_output {
    struct asset_set assets;
    bool has_amount;
    struct amount amount; /* of each; with has_amount */
    struct slice lot;     /* lot number; empty = absent */
    bool has_expiry;
    uint64_t expiry_ms;
};

struct make {
    enum make_action action;
    size_t input_count, output_count;
    struct slice inputs, outputs; /* raw arrays, checked; walked by the two below */
    struct slice place;           /* GLN of where; empty = absent */
};

void make_take(struct fields *f, struct make *ret_make);
size_t make_pairs(const struct make *m);
void make_put(struct buf *out, const struct make *m);

/* A reader at the first input or output, for make_next_input() or make_next_output() as often as there are. */
struct cbor_reader make_inputs(const struct make *m);
struct cbor_reader make_outputs(const struct make *m);
struct make_input make_next_input(struct cbor_reader *r);
struct make_output make_next_output(struct cbor_reader *r);
/* For the one who writes a statement: one item of the array of inputs or outputs. */
void make_put_input(struct buf *out, const struct make_input *input);
void make_put_output(struct buf *out, const struct make_output *output);

#endif
