/*
 * A past journey, out of its proof bundle, lived through once more under another contract: its readings,
 * handovers and scans in their order and times, on a trial ledger. Calls and agreements are not repeated, for
 * nobody knows what people would have done.
 */
#ifndef TOOLS_TRIAL_REPLAY_H
#define TOOLS_TRIAL_REPLAY_H

#include "common/bundle.h"
#include "contracts/definition.h"
#include "tools/trial.h"

#define TRIAL_REPLAY_PEOPLE    64
#define TRIAL_REPLAY_CONTRACTS 8

struct trial_replay_item {
    enum event_what what; /* COMMISSIONED, PASSED, ATTACHED, DETACHED, RECORDED, SCANNED */
    uint64_t time_ms, block_ms;
    struct kid who, to; /* who: member, device, or from; to: of a handover */
    uint64_t role;
    uint64_t first_ms, last_ms; /* of a reading: the samples that are the goods' */
    struct slice statement;     /* of a reading, in the bundle */
    struct slice place;         /* of a scan */
};

struct trial_replay_contract {
    struct hash opening;
    struct contract_definition *definition; /* NULL: its opening did not bring it along */
};

struct trial_replay {
    struct bundle_claim claim;
    size_t count;
    struct trial_replay_item *items; /* as they came */
    size_t order_count;
    size_t *order;        /* items that are readings, by device and seq */
    uint64_t in_force_ms; /* block time at which the first contract came into force; 0 = none */
    size_t member_count, device_count;
    struct kid
        members[TRIAL_REPLAY_PEOPLE]; /* custodians, in the order they first held the goods */
    struct kid devices[TRIAL_REPLAY_PEOPLE];
    struct kid
        company[TRIAL_REPLAY_PEOPLE]; /* of each device: the custodian when it was attached */
    size_t contract_count;
    struct trial_replay_contract contracts[TRIAL_REPLAY_CONTRACTS];
    struct trial_findings recorded; /* what the ledger itself had found */
    /* after trial_replay_run() */
    struct trial *t;
    struct hash opening;
    uint64_t start_ms; /* the proposed contract came into force */
    uint64_t readings, refused, not_judged;
    char refusal[200];       /* the first one, in words */
    struct samples *samples; /* scratch */
};

/*
 * In: bundle outlives the replay; trusted: NULL to believe the identity that the bundle brings along.
 * Returns: false with ERR_PROOF when the bundle does not hold.
 */
bool trial_replay_load(struct slice bundle, const struct identity *trusted,
                       struct trial_replay **ret_replay, struct err *err);
void trial_replay_free(struct trial_replay *r); /* NULL is legal */

struct trial_proposal {
    struct slice compiled;
    struct slice parties, terms; /* raw maps, as an opening has them */
    struct kid opener;           /* a member among the parties */
    struct slice holders;        /* raw map, or empty */
    uint64_t start_ms;           /* 0: when the journey's first contract was, or at its beginning */
    /* Members' names for people; NULL: kids in hex. */
    const char *(*name)(void *ctx, const struct kid *member, char *text, size_t size);
    void *ctx;
};
/* Once. False with a sentence when the contract cannot be opened so, or memory is short. */
bool trial_replay_run(struct trial_replay *r, const struct trial_proposal *p, struct err *err);

/* r->samples := those of a reading that are the goods'; false: none are. */
bool trial_replay_load_samples(struct trial_replay *r, const struct trial_replay_item *item);
/* Each sample of the goods, in the order it came. */
void trial_replay_samples(struct trial_replay *r,
                          void (*take)(void *ctx, uint16_t property, uint64_t time_ms,
                                       int64_t mantissa, int exponent),
                          void *ctx);

#endif
