/*
 * What became of goods, from their own events: what they were inside, what held them back, how they ended,
 * what was found, corrected and objected to. A part of a journey (node/provenance.h); pure and bounded as it
 * is. Holds of their lot, or of what they were made of, are told in no event of theirs.
 */
#ifndef NODE_PROVENANCE_GOODS_H
#define NODE_PROVENANCE_GOODS_H

#include "common/disposition.h"
#include "common/event_data.h"
#include "common/state_goods.h"

#define PROVENANCE_BOXES       32
#define PROVENANCE_FINDINGS    64
#define PROVENANCE_CORRECTIONS 64
#define PROVENANCE_DISPUTES    64
#define PROVENANCE_TEXT        200

/* Inside another. */
struct provenance_box {
    char container[ASSET_NAME_MAX + 1];
    uint64_t from_ms;
    bool ended;
    uint64_t to_ms;
};

/* In force when `there`. */
struct provenance_hold {
    bool there, rejected;
    struct hash statement;
    struct kid member;
    uint64_t since_ms;
    char meaning[PROVENANCE_TEXT + 1], reason[PROVENANCE_TEXT + 1];
};

struct provenance_found {
    struct event_found of;
    uint64_t time_ms;
    bool withdrawn; /* one of the statements that contradict each other was corrected */
};

struct provenance_correction {
    struct event_corrected of;
    uint64_t time_ms;
};

struct provenance_dispute {
    struct event_disputed of;
    uint64_t time_ms;
};

struct provenance_goods {
    bool cut; /* more happened than there is room for */
    bool made;
    struct event_made origin; /* with made; of a commission all zeros */
    size_t box_count;
    struct provenance_box box[PROVENANCE_BOXES];
    struct provenance_hold quarantine, recall;
    enum goods_end end;
    struct hash ended_by;
    uint64_t end_ms;
    uint64_t inside; /* units, of a container */
    size_t finding_count;
    struct provenance_found finding[PROVENANCE_FINDINGS];
    size_t correction_count;
    struct provenance_correction correction[PROVENANCE_CORRECTIONS];
    size_t dispute_count;
    struct provenance_dispute dispute[PROVENANCE_DISPUTES];
    uint64_t reveals;
    struct event_revealed last_reveal;
    bool label_opened; /* the covered code was told: authentic, or on the way */
    uint64_t label_opened_ms, label_result;
};

/* Of all events, those about goods; a misfit changes nothing. */
void provenance_goods_add(struct provenance_goods *g, enum event_what what, uint64_t time_ms,
                          struct slice data);
/* The container it is in now; NULL when it is loose. */
const struct provenance_box *provenance_goods_box(const struct provenance_goods *g);
/* Findings that stand. */
size_t provenance_goods_findings(const struct provenance_goods *g);
const char *provenance_end_name(enum goods_end end); /* "dispensed" …; "active" */
/* "IMPOSSIBLE_TRAVEL" …, and a sentence for people. */
const char *provenance_found_name(uint64_t finding);
const char *provenance_found_sentence(uint64_t finding);
const char *provenance_reveal_name(uint64_t result); /* "TAMPER" … */

#endif
