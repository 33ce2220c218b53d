/*
 * What the files of the definition's decoder share: the reader, its one complaint, and the takers of
 * what occurs in several sections. Indices are checked when everything is read (definition_check.c), for
 * a section may speak of a later one. Nobody else includes this.
 */
#ifndef CONTRACTS_DEFINITION_CODEC_H
#define CONTRACTS_DEFINITION_CODEC_H

#include "contracts/definition.h"

enum definition_key {
    DEFINITION_KEY_LANGUAGE = 0,
    DEFINITION_KEY_NAME = 1,
    DEFINITION_KEY_VERSION = 2, /* absent: 1 */
    DEFINITION_KEY_SUMMARY = 3,
    DEFINITION_KEY_ROLES = 4,
    DEFINITION_KEY_PARTIES = 5,
    DEFINITION_KEY_TERMS = 6,
    DEFINITION_KEY_RULES = 7,
    DEFINITION_KEY_MAXIMUM_GAP = 8, /* there exactly when rules are */
    DEFINITION_KEY_LATENESS = 9,
    DEFINITION_KEY_STATES = 10,
    DEFINITION_KEY_FIELDS = 11,
    DEFINITION_KEY_ACTIONS = 12,
    DEFINITION_KEY_REACTIONS = 13,
    DEFINITION_KEY_DOCUMENTS = 14,
    DEFINITION_KEY_QUALITY = 15,
    DEFINITION_KEY_OPENER = 16,
    DEFINITION_KEY_EACH_UNIT = 17,
    DEFINITION_KEY_CONSTANTS = 18,
    DEFINITION_KEY_GUARD_NAMES = 19,
    DEFINITION_KEY_SENSORS = 20,
    DEFINITION_KEY_CALIBRATION = 21,
    DEFINITION_KEY_FASTEST = 22,
    DEFINITION_KEY_COUNT,
};

/* What the eighth item of a rule may hold. */
enum definition_more {
    DEFINITION_MORE_WATCH = 0,
    DEFINITION_MORE_UNTIL = 1,
    DEFINITION_MORE_IGNORE = 2,
    DEFINITION_MORE_STAGES = 3,
    DEFINITION_MORE_BUDGET = 4,
    DEFINITION_MORE_WHOLE = 5,
    DEFINITION_MORE_COUNT,
};

#define DEFINITION_RULE_FIELDS 7

/* Decoding latches its first complaint here; the reader fails with it. */
struct definition_decoder {
    struct cbor_reader r;
    struct contract_definition *def;
    struct err *err;
    bool explained;
};

bool definition_refuse(struct definition_decoder *d, const char *why);
struct slice definition_decode_name(struct definition_decoder *d);
/* Elements of a list of 1 to max; 0 once refused. */
size_t definition_decode_list(struct definition_decoder *d, size_t max);
/* A value's kind; the texts of a choice go to the definition's pool. */
void definition_decode_kind(struct definition_decoder *d, struct value_kind *ret);

void definition_decode_rules(struct definition_decoder *d);
void definition_decode_sensors(struct definition_decoder *d);
struct contract_operand definition_decode_operand(struct definition_decoder *d, struct slice unit);
struct contract_operand definition_decode_duration(struct definition_decoder *d, bool zero_allowed);

void definition_decode_callers(struct definition_decoder *d, struct contract_callers *ret);
void definition_decode_states(struct definition_decoder *d);
void definition_decode_fields(struct definition_decoder *d);
void definition_decode_actions(struct definition_decoder *d);
void definition_decode_reactions(struct definition_decoder *d);
void definition_decode_documents(struct definition_decoder *d);

/* Everything that speaks of something else: indices, expressions, what belongs together. */
bool definition_check(const struct contract_definition *def, struct err *err);

/* The kind of a usual value that says all of it; false for types that have more to say. */
bool definition_kind_of(const struct contract_value *value, struct value_kind *ret);
bool definition_same_kind(const struct value_kind *a, const struct value_kind *b);
void definition_encode_kind(const struct contract_definition *def, const struct value_kind *kind,
                            struct buf *out);
void definition_encode_operand(struct buf *out, const struct contract_operand *operand);
void definition_encode_rules(const struct contract_definition *def, struct buf *out);
void definition_encode_sensors(const struct contract_definition *def, struct buf *out);
void definition_encode_flow(const struct contract_definition *def, enum definition_key key,
                            struct buf *out);
void definition_encode_callers(const struct contract_callers *callers, struct buf *out);

#endif
