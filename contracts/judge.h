/*
 * The rules of one contract instance over one asset as one device reports it: a pure integer state
 * machine fed with samples in rising time order for each property. It never asks for the time, never
 * allocates, and holds no more than the runs that are going on; what it finds goes to the caller at once.
 *
 * A sample holds from its time until the next one of its property, or for the maximum gap, whichever
 * ends first. A run is an unbroken stretch out of a rule's bound. See docs/contracts.md.
 */
#ifndef CONTRACTS_JUDGE_H
#define CONTRACTS_JUDGE_H

#include "contracts/terms.h"

#define JUDGE_MAX_FINDINGS    (4 * DEFINITION_MAX_RULES) /* of one sample or one expiry */
#define JUDGE_MAX_STATE_BYTES 2048

struct judge_stream {
    bool known;       /* a sample was judged */
    bool live;        /* the last sample may still hold; else it was closed by judge_expire() */
    uint64_t last_ms; /* time of the last sample when live, of the end of its hold when not */
};

struct judge_run {
    bool running;
    bool raised;      /* the excursion is open */
    uint64_t from_ms; /* of the run */
    int64_t peak;     /* the run's farthest value from the bound, the first of equals */
    int peak_exponent;
    uint64_t total_ms; /* of earlier, finished runs; only kept by `total` rules */
};

/* All zero is a fresh one. Streams are indexed by the rules' slot, runs by rule. */
struct judge_state {
    struct judge_stream streams[DEFINITION_MAX_RULES];
    struct judge_run runs[DEFINITION_MAX_RULES];
};

struct judge_reading {
    uint16_t property;
    bool present; /* false: the sensor reported nothing at this time */
    int exponent; /* -9..9 */
    uint64_t time_ms;
    int64_t mantissa;
};

enum judge_finding_kind {
    JUDGE_OPENED, /* an excursion: from_ms, to_ms = the moment that broke the rule */
    JUDGE_CLOSED, /* it ended: from_ms, to_ms, peak */
    JUDGE_CHARGE, /* [from_ms, to_ms) goes to its custodians (charge.h) under this rule */
};

struct judge_finding {
    enum judge_finding_kind kind;
    unsigned rule;
    uint64_t from_ms, to_ms;
    int64_t peak;
    int peak_exponent;
};

struct judge_findings {
    size_t count;
    struct judge_finding items[JUDGE_MAX_FINDINGS];
};

enum judge_result {
    JUDGE_DONE,
    JUDGE_NOT_WATCHED, /* no rule looks at this property */
    JUDGE_NOT_DATA,    /* absent, or the sensor's fault value: nothing changed */
    JUDGE_NOT_JUDGED,  /* not later than what was judged: flag it late. Nothing changed */
};

/* Judges one sample. findings is emptied first. */
enum judge_result judge_sample(const struct contract_definition *definition,
                               const struct contract_terms *terms, struct judge_state *state,
                               const struct judge_reading *reading,
                               struct judge_findings *findings);

/* Ends the runs of sensors silent past maximum gap + lateness at now_ms. findings is emptied first. */
void judge_expire(const struct contract_definition *definition, const struct contract_terms *terms,
                  struct judge_state *state, uint64_t now_ms, struct judge_findings *findings);

/* When judge_expire() next has something to do; 0 when no run is going on. */
uint64_t judge_deadline(const struct contract_definition *definition,
                        const struct contract_terms *terms, const struct judge_state *state);

/*
 * Canonical CBOR, at most JUDGE_MAX_STATE_BYTES: equal states have equal bytes. An empty slice decodes
 * as fresh. Decoding checks everything against the definition, as for foreign bytes.
 */
void judge_state_encode(const struct contract_definition *definition,
                        const struct judge_state *state, struct buf *out);
bool judge_state_decode(const struct contract_definition *definition, struct slice bytes,
                        struct judge_state *ret_state, struct err *err);

#endif
