/*
 * Random journeys of goods: a world of names, six members with some operators, a device and an auditor, and
 * one operation after the other, about half of them such as the rules take. What is drawn follows from the
 * seed and from the reference alone, so a seed gives the same operations whatever the product makes of them.
 */
#ifndef TESTS_SUPPORT_GOODS_WORLD_H
#define TESTS_SUPPORT_GOODS_WORLD_H

#include "tests/support/goods_reference.h"

struct goods_world_size {
    size_t names, operations, block; /* of a block: the most operations */
    size_t alive;                    /* goods that there are at a time, about */
    size_t bulk;                     /* names in the largest set */
};

struct goods_chunk;

struct goods_world {
    uint64_t random;
    struct goods_world_size size;
    struct goods_reference *reference;
    struct goods_op *ops;
    size_t count;
    size_t names; /* 0 … names - 1 are goods and lots, rising by text */
    size_t alive;
    uint64_t block_ms;
    struct goods_chunk *chunks;
    uint32_t *offers, *certificates, *signed_ones; /* operations to refer to */
    size_t offer_count, certificate_count, signed_count;
};

struct goods_world *goods_world_new(uint64_t seed, const struct goods_world_size *size);
void goods_world_free(struct goods_world *w);
/* The next block's time, told to the reference too. */
uint64_t goods_world_block(struct goods_world *w);
/* The next operation, which the caller gives to the reference. Lives as long as the world. */
struct goods_op *goods_world_draw(struct goods_world *w);
/* The next operation, still empty: for those who write it by hand. */
struct goods_op *goods_world_add(struct goods_world *w, enum statement_kind kind, unsigned signer);
/* Keeps what an operation said now refers to, once the reference has judged it. */
void goods_world_note(struct goods_world *w, const struct goods_op *op);

/* 0 … n - 1 */
size_t goods_world_pick(struct goods_world *w, size_t n);
/* Once in n. */
bool goods_world_chance(struct goods_world *w, size_t n);
void *goods_world_room(struct goods_world *w, size_t size);

/* Which goods are wanted. member: GOODS_NONE: anybody's. */
enum goods_want {
    GOODS_ANY,
    GOODS_UNBORN,
    GOODS_AT_HAND, /* held by member, loose, in no offer */
    GOODS_TO_SELL, /* owned by member, loose, for sale to nobody */
    GOODS_HELD,    /* by member, whatever else */
    GOODS_MADE,
    GOODS_FULL, /* containers at hand */
    GOODS_LOT,
    GOODS_LOT_NAME,    /* that births name, and that is no goods yet */
    GOODS_QUARANTINED, /* by member */
    GOODS_RECALLED,    /* by member */
    GOODS_SOLD,        /* dispensed by member */
    GOODS_LABELLED,
    GOODS_COVERED,   /* labelled, on offer, and not looked at */
    GOODS_DESCENDED, /* at hand, and made of others */
    GOODS_SEEN,      /* at a place */
    GOODS_OFFERED,   /* in member's hands */
};
bool goods_world_is(const struct goods_world *w, uint32_t name, enum goods_want want,
                    unsigned member);
/* One that is wanted, if a search finds it; else any. */
uint32_t goods_world_find(struct goods_world *w, enum goods_want want, unsigned member);
/* A set of at most so many of the wanted, beginning with one. */
struct goods_list goods_world_set(struct goods_world *w, uint32_t first, enum goods_want want,
                                  unsigned member, size_t most);
/* How many a set shall have: mostly one or few. */
size_t goods_world_few(struct goods_world *w);
struct goods_list goods_world_one(struct goods_world *w, uint32_t name);
/* Sometimes one of the set is replaced by another. */
void goods_world_spoil(struct goods_world *w, struct goods_list *list);
/* A key that speaks for a member, or once in a while anybody's. */
unsigned goods_world_signer(struct goods_world *w, unsigned member);
/* So much, in any unit of its dimension. */
struct goods_amount goods_world_amount(struct goods_world *w, enum amount_dimension dimension,
                                       int64_t smallest_units);

#endif
