/*
 * Excursions and who was charged for them, put together from the events that tell of them, all revisions
 * applied. Any ledger's events will do: a trial's, or a proof bundle's.
 */
#ifndef TOOLS_TRIAL_FINDINGS_H
#define TOOLS_TRIAL_FINDINGS_H

#include "common/asset_set.h"
#include "common/event_data.h"

#define TRIAL_SHARES_MAX 64

struct trial_share {
    bool held; /* false: nobody held the goods */
    struct kid member;
    uint64_t seconds;
};

/* What the ledger said of one stretch. */
struct trial_excursion {
    struct event_excursion of;
    char asset[ASSET_NAME_MAX + 1];
    bool opened; /* an excursion; else only time towards a total */
    uint64_t broken_ms;
    bool ended;
    uint64_t to_ms;
    int64_t peak, mean; /* of one that ended */
    int peak_exponent, mean_exponent;
    bool certain, acknowledged;
    size_t share_count;
    struct trial_share shares[TRIAL_SHARES_MAX];
};

struct trial_findings {
    size_t count;
    struct trial_excursion *items; /* in the order they were found */
};

/* Other events than those of excursions are passed over. False: memory is short. */
bool trial_findings_note(struct trial_findings *f, const struct event *e);
void trial_findings_free(struct trial_findings *f);

#endif
