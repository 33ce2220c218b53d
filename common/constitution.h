/*
 * How members govern their ledger: what each action needs to pass, who may veto it, and what is open to
 * all. It stands in the genesis, in state table 32, and is amended as a whole.
 */
#ifndef COMMON_CONSTITUTION_H
#define COMMON_CONSTITUTION_H

#include "common/key.h"

#define CONSTITUTION_SIZE_MAX 8192
#define CONSTITUTION_VETO_MAX 16
#define CONSTITUTION_PART_MAX 1000 /* numerator and denominator of a threshold */

/* What members decide by vote. */
enum govern_action {
    ACTION_ADD_MEMBER = 1,
    ACTION_REMOVE_MEMBER = 2,
    ACTION_ADD_AUTHORITY = 3,
    ACTION_REMOVE_AUTHORITY = 4,
    ACTION_ADD_OPERATOR = 5,
    ACTION_REMOVE_OPERATOR = 6,
    ACTION_ADD_SPONSOR = 7,
    ACTION_REMOVE_SPONSOR = 8,
    ACTION_APPROVE_DEFINITION = 9,
    ACTION_WITHDRAW_DEFINITION = 10,
    ACTION_SET_PARAMETER = 11,
    ACTION_RULES_VERSION = 12,
    ACTION_AMEND = 13,
    ACTION_RECOVER_MEMBER = 14,
};
#define ACTION_LAST ACTION_RECOVER_MEMBER

/* yes * d > n * members (strict), or >=; at least one yes. */
struct constitution_threshold {
    uint64_t n, d;
    bool strict;
};

struct constitution_rule {
    bool there; /* false: the default threshold, no veto, every member votes */
    struct constitution_threshold threshold;
    size_t veto_count;
    struct kid veto[CONSTITUTION_VETO_MAX]; /* members whose no ends a proposal, rising */
    bool operator_only; /* proposed by members with the role of operator, and counted among them */
};

struct constitution {
    uint64_t rules;                                    /* version that blocks are made under */
    struct constitution_rule actions[ACTION_LAST + 1]; /* [0] is not used */
    struct constitution_threshold otherwise;
    bool open_definitions; /* any contract may be opened; else approved ones only */
    bool open_sponsoring;  /* every member enrols devices; else those with the role of sponsor */
};

/* More than half; at least two thirds for members, amendment, rules version and recovery; all open. */
struct constitution constitution_default(void);
void constitution_put(struct buf *out, const struct constitution *c);
/* Scans and decodes; every other form than constitution_put()'s is refused. */
bool constitution_decode(struct slice bytes, struct constitution *ret_constitution,
                         struct err *err);
/* Least number of yes ballots among so many who may vote. */
size_t constitution_needed(const struct constitution *c, enum govern_action action, size_t voters);
bool constitution_has_veto(const struct constitution *c, enum govern_action action,
                           const struct kid *member);
const char *constitution_action_name(enum govern_action action); /* "add-member" … */
/* 0 when it names none. */
enum govern_action constitution_find_action(struct slice name);

#endif
