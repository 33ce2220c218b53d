/*
 * Times and values as people write them in a test of a contract, turned into what a statement holds, and back
 * into words.
 */
#ifndef TOOLS_TRIAL_VALUE_H
#define TOOLS_TRIAL_VALUE_H

#include "common/quantity.h"
#include "common/yaml.h"
#include "contracts/definition.h"
#include "tools/trial.h"

#define TRIAL_TEXT_SIZE 128

struct trial_instant {
    uint64_t ms;
    bool fine; /* written with a fraction of a second, so meant to the millisecond */
};

/*
 * "10:00", "10:00:30.250" of day 1; "day 2 10:00"; "+30 min" from now; "2026-06-01T10:00:00Z". Day 1 is the
 * day of TRIAL_START_MS.
 */
bool trial_value_time(const char *text, uint64_t now_ms, struct trial_instant *ret_instant,
                      struct err *err);
/* Whether a time is the one that was written: to the second, unless a fraction was. */
bool trial_value_same_time(const struct trial_instant *written, uint64_t time_ms);
/* As trial_value_time() reads it. */
const char *trial_value_show_time(uint64_t time_ms, char text[TRIAL_TEXT_SIZE]);

/* A quantity in this unit; "EUR 12.50" is "12.50 EUR". bare: a number without a unit is in it too. */
bool trial_value_quantity(const char *text, const char *unit, bool bare, struct quantity *ret,
                          struct err *err);
/* "9.1 °C". */
const char *trial_value_show(int64_t mantissa, int exponent, const char *unit,
                             char text[TRIAL_TEXT_SIZE]);

/* What names mean: people, contracts that were opened, hashes of statements. */
struct trial_names {
    void *ctx;
    bool (*kid)(void *ctx, const char *name, struct kid *ret_kid);
    bool (*hash)(void *ctx, const char *name, struct hash *ret_hash);
    uint64_t now_ms;
};

/*
 * Appends a value of this type as the wire has it; a list's elements are of type `scalar`.
 * Returns: false with a sentence about what was expected.
 */
bool trial_value_put(const struct yaml_node *node, enum contract_type type,
                     enum contract_type scalar, const struct trial_names *names, struct buf *out,
                     struct err *err);

#endif
