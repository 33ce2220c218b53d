/*
 * A contract put together by hand, for tests of expressions and workflow: constants and code are added to
 * its pools. Also a ledger that answers what the test says.
 */
#ifndef TESTS_UNIT_SUPPORT_FLOW_H
#define TESTS_UNIT_SUPPORT_FLOW_H

#include "contracts/flow.h"

/* Fields, terms, parameters and parties of the contract below, by index. */
enum {
    FLOW_KIT_BOOL,     /* "on" */
    FLOW_KIT_INT,      /* "count", 0..1000 */
    FLOW_KIT_TEXT,     /* "note", at most 20 bytes */
    FLOW_KIT_TEMP,     /* "warm" in Cel */
    FLOW_KIT_HUMID,    /* "damp" in %RH */
    FLOW_KIT_TIME,     /* "due" */
    FLOW_KIT_CHOICE,   /* "grade": A, B */
    FLOW_KIT_PARTY,    /* "holder": of role "carrier" */
    FLOW_KIT_ASSET,    /* "box" */
    FLOW_KIT_INSTANCE, /* "delivery" */
    FLOW_KIT_HASH,     /* "paper" */
    FLOW_KIT_LIST,     /* "notes": list of texts */
    FLOW_KIT_MONEY,    /* "price" in EUR */
    FLOW_KIT_SECONDS,  /* "span" in s */
    FLOW_KIT_PLAIN,    /* "factor", a quantity without a unit */
    FLOW_KIT_LIMITS,   /* "limits": list of Cel */
    FLOW_KIT_FIELDS,
};

struct flow_kit {
    struct contract_definition *def;
    struct contract_terms *terms;
    struct contract_value fields[DEFINITION_MAX_FIELDS];
    struct contract_value params[FLOW_MAX_ARGUMENTS];
    struct slice parties[DEFINITION_MAX_PARTIES];
    uint8_t memory[EXPR_MEMORY];
    struct expr_ledger ledger;
    struct expr_scope scope;
    /* What the ledger answers; a fact of type CONTRACT_NOTHING has no answer. */
    struct contract_value facts[EXPR_UNCERTAIN + 1];
    struct contract_value rule_facts[EXPR_PEAK_OF + 1];
    bool charged_known;
    uint64_t charged_s;
    uint64_t held;       /* bit i: whoever is asked for holds role i */
    struct slice holder; /* when not empty: only this kid does */
    bool certificate_known;
    struct expr_certificate certificate; /* whatever is asked for */
    struct expr_question asked;          /* last */
};

/* Two states, the parties "sender" and "receiver", roles "shipper" and "carrier", a rule, two documents. */
void flow_kit_begin(struct flow_kit *kit);
void flow_kit_end(struct flow_kit *kit);

struct contract_value flow_kit_int(int64_t number);
struct contract_value flow_kit_bool(bool value);
struct contract_value flow_kit_text(const char *text);
struct contract_value flow_kit_of(enum contract_type type,
                                  const char *bytes); /* a party, a hash … */
struct contract_value flow_kit_time(int64_t ms);
struct contract_value flow_kit_quantity(int64_t mantissa, int exponent, const char *unit);
struct contract_value flow_kit_nothing(void);
/* Index of the constant, which is added when it is new. */
int32_t flow_kit_constant(struct flow_kit *kit, struct contract_value value);

struct contract_code flow_kit_code(struct flow_kit *kit, const int32_t *words, size_t count);
#define KIT_CODE(kit, ...)                                 \
    flow_kit_code((kit), (const int32_t[]){ __VA_ARGS__ }, \
                  sizeof((const int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t))

/* Each adds one to a step; all of a step are added before those of the next. */
void flow_kit_guard(struct flow_kit *kit, struct contract_step *step, const char *words,
                    struct contract_code code);
void flow_kit_effect(struct flow_kit *kit, struct contract_step *step, struct contract_effect e);

#endif
