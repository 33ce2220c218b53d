/*
 * Budgets that follow an asset from contract to contract (table 22): what each opening used of one, by
 * device, and what was added back. An opening's rules count what earlier openings used before it began. What
 * is added back under an opening takes away from what that opening used, and from nothing else: nobody's
 * contract can excuse what another's has found. Pure.
 *
 *     [[* [opening, start, judged, [* [device, used ms, newest sample]]]],   by start, opening; by device
 *      [* [call, opening, added ms, undone]], let go ms]
 *
 * judged: the ms carried with which the opening's totals were last judged.
 */
#ifndef NODE_BUDGET_H
#define NODE_BUDGET_H

#include "node/judging_parts.h"

#define BUDGET_OPENINGS_MAX \
    32 /* then the oldest is let go: what it used, less what was added back, stays used */
#define BUDGET_DEVICES_MAX 16 /* of one opening: those that used most are kept */
#define BUDGET_ADDED_MAX   64

struct budget_device {
    struct kid kid;
    uint64_t used_ms;
    uint64_t newest_ms; /* time of its newest sample */
};

struct budget_opening {
    struct hash hash;
    uint64_t start_ms;
    int64_t judged_ms;
    size_t device_count;
    struct budget_device devices[BUDGET_DEVICES_MAX];
};

struct budget_added {
    struct hash call, opening;
    uint64_t ms;
    bool undone;
};

struct budget {
    size_t opening_count, added_count;
    struct budget_opening openings[BUDGET_OPENINGS_MAX];
    struct budget_added added[BUDGET_ADDED_MAX];
    uint64_t let_go_ms;
};

/* Empty when there is none; false when the state is damaged. */
bool budget_decode(struct slice value, struct budget *ret_budget);
void budget_encode(const struct budget *b, struct buf *out);
/* The opening's place, made when it has none; NULL when it was let go. */
struct budget_opening *budget_enter(struct budget *b, const struct hash *opening,
                                    uint64_t start_ms);
/* Makes sure that the device has a place, so that it is judged anew when others are. True when it was new. */
bool budget_meet(struct budget_opening *o, const struct kid *device);
/* Notes what a device has used under an opening. True when that changed. */
bool budget_note(struct budget_opening *o, const struct kid *device, uint64_t used_ms,
                 uint64_t newest_ms);
/* What an opening used: devices see the same goods, so the one that counted most counts. */
uint64_t budget_used_by(const struct budget_opening *o);
/* What was added back under an opening, and stands. */
uint64_t budget_added_by(const struct budget *b, const struct hash *opening);

/* Fills j->watch.carried_ms for a device, and notes that the opening judges by its budgets. */
void budget_carry(struct judging *j, const struct kid *device);
/* What the device used goes to its budgets; notes what changed. */
void budget_keep(struct judging *j);
/* Later openings are judged anew where that matters to them. The room must be free. */
void budget_settle(struct judging *j);

#endif
