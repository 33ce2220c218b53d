/* The header of a block: 13 fields, its SHA-256 the block hash. The genesis header names the ledger. */
#ifndef COMMON_HEADER_H
#define COMMON_HEADER_H

#include "common/key.h"

#define HEADER_VERSION 1
#define GENESIS_RULES  1 /* of the genesis header, WIRE "Genesis" */
/* 2: calls, documents, scans; late readings judged anew. 3: goods. 4: government by vote */
#define RULES_VERSION   4
#define HEADER_SIZE_MAX 320

struct header {
    uint64_t rules; /* version of the rules this block was made under */
    struct hash ledger;
    uint64_t height;
    struct hash prev;
    uint64_t time_ms;
    struct kid proposer; /* who built the block first */
    uint64_t size;       /* statements in the tree, this block's included */
    struct hash tree;
    struct hash outcomes;
    struct hash state;
    struct hash set;  /* of the authority set in force */
    struct hash next; /* of the next block's */
};

void header_put(struct buf *out, const struct header *h);
/* Scans and decodes exactly one header. */
bool header_decode(struct slice bytes, struct header *ret_header, struct err *err);
struct hash header_hash(const struct header *h);
/* SHA-256 of the header with null in place of the ledger id: a genesis header's ledger id. */
struct hash header_ledger_id(const struct header *genesis);
/* Fills ledger: the rest of the genesis header's fixed fields come from header_genesis(). */
struct header header_genesis(uint64_t time_ms, const struct hash *state, const struct hash *set);
/* A genesis header that names itself, with every fixed field as it must be. */
bool header_is_genesis(const struct header *h);

#endif
