/*
 * Inside the watch: what a definition asks for. A *stream* is a sequence of samples in order of time: the
 * data of a property, or all that was present. A *track* is what one rule makes of its stream; a rule whose
 * sensor's accuracy is known has a second one. Only watch*.c include this.
 */
#ifndef CONTRACTS_WATCH_PLAN_H
#define CONTRACTS_WATCH_PLAN_H

#include "contracts/definition.h"

#define WATCH_MAX_STREAMS DEFINITION_MAX_RULES
#define WATCH_MAX_TRACKS  (2 * DEFINITION_MAX_RULES)

enum watch_stream_kind {
    WATCH_DATA,    /* of a property: no faults */
    WATCH_PRESENT, /* of a property: faults too */
    WATCH_ANY,     /* of any property */
};

struct watch_stream {
    enum watch_stream_kind kind;
    uint16_t property;
    int mean_exponent;
};

struct watch_track {
    uint8_t rule;
    bool sure;
    uint8_t stream;
    enum contract_watch watch;
};

struct watch_plan {
    size_t stream_count, track_count;
    struct watch_stream streams[WATCH_MAX_STREAMS];
    struct watch_track tracks[WATCH_MAX_TRACKS]; /* by rule, sure */
    uint8_t first_track[DEFINITION_MAX_RULES + 1];
};

/* sure_rules: bit i: rule i has a second track. */
void watch_plan_make(const struct contract_definition *def, uint32_t sure_rules,
                     struct watch_plan *ret_plan);
/* Pieces that such a state can hold within WATCH_MAX_STATE_BYTES, and the bytes it then takes at most. */
size_t watch_plan_pieces(const struct contract_definition *def, const struct watch_plan *plan,
                         size_t *ret_bytes);

#endif
