/*
 * An operation on goods: a statement before it has bytes. Names, members and earlier operations are numbers.
 * What is drawn at random, judged by the reference (goods_reference.h) and said to the product (goods_play.h).
 */
#ifndef TESTS_SUPPORT_GOODS_OP_H
#define TESTS_SUPPORT_GOODS_OP_H

#include "common/statement.h"

#define GOODS_NONE      UINT32_MAX /* no name, no operation, no member */
#define GOODS_MEMBERS   6
#define GOODS_OPERATORS 3                                 /* of members 0, 1 and 2 */
#define GOODS_DEVICE    (GOODS_MEMBERS + GOODS_OPERATORS) /* signers: of member 3 */
#define GOODS_AUDITOR   (GOODS_DEVICE + 1)                /* of member 4 */
#define GOODS_SIGNERS   (GOODS_AUDITOR + 1)
#define GOODS_ENTRIES   4 /* inputs, and outputs, of a drawn making */
#define GOODS_PLACES    6 /* place 0: not said */

enum goods_unit {
    GOODS_NO_UNIT,
    GOODS_MG,
    GOODS_G,
    GOODS_KG,
    GOODS_T,
    GOODS_ML,
    GOODS_L,
    GOODS_M3,
    GOODS_EACH
};

struct goods_amount {
    enum goods_unit unit;
    int64_t mantissa;
    int exponent;
};

/* Numbers of names, rising by their texts. Borrowed from whoever drew them. */
struct goods_list {
    const uint32_t *at;
    size_t count;
};

struct goods_entry {
    struct goods_list names;
    struct goods_amount amount; /* of each */
    const char *lot;            /* of an output; NULL: none */
    uint64_t expiry_ms;         /* 0: none */
};

struct goods_op {
    uint32_t number; /* its place among all operations of a world */
    enum statement_kind kind;
    unsigned signer;
    uint64_t time_ms;
    bool is_signed;          /* its bytes are kept: it can be corrected */
    struct goods_entry what; /* the set, and what a commission says of it */
    unsigned action;         /* of the kind's own enum */
    unsigned role, to; /* offers; to also: of a certificate. GOODS_MEMBERS: a member that is none */
    uint32_t
        refers; /* offer, certificate, disputed or corrected operation; GOODS_NONE: to nothing there is */
    bool has_expiry, has_counts, has_missing, has_reading, has_member;
    uint64_t expiry_ms, until_ms; /* of an offer; of a certificate from and until */
    size_t set_bytes;             /* of the set on the wire */
    struct goods_list missing;
    uint32_t reading; /* the device's operation */
    bool has_meaning, has_reason;
    uint32_t container;
    size_t input_count, output_count;
    struct goods_entry inputs[GOODS_ENTRIES], outputs[GOODS_ENTRIES];
    unsigned place;
    bool in_custody, detach;
    bool spoilt; /* a correction whose original's signature is broken; a reveal of a wrong code */
};

#endif
