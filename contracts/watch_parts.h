/* The parts that work on the state of a watch, one file each. Only watch*.c include this. */
#ifndef CONTRACTS_WATCH_PARTS_H
#define CONTRACTS_WATCH_PARTS_H

#include "common/cbor.h"
#include "contracts/watch_state.h"

static inline struct watch_piece *watch_piece_at(struct watch_state *s, size_t position)
{
    return &s->pieces[s->order[position]];
}

/* Of samples one after the other; SILENCE and KINETIC have none. */
static inline bool watch_has_runs(enum contract_watch watch)
{
    return watch == CONTRACT_BOUND || watch == CONTRACT_FAULT || watch == CONTRACT_STUCK;
}

static inline void watch_list_clear(struct watch_list *list)
{
    list->count = list->part_count = 0;
    list->running = false;
    list->due_ms = WATCH_NEVER;
}

/* Makes the plan when there is none yet, from the terms. */
void watch_plan_ready(const struct watch *w);
bool watch_value_is_fault(const struct watch *w, const struct watch_reading *reading);
bool watch_value_holds(enum contract_operator op, struct watch_value value, int64_t bound,
                       int exponent);
int64_t watch_value_scale(struct watch_value value, int exponent);
/* sum / ms, half to even */
int64_t watch_value_mean(watch_wide sum, uint64_t ms);

/* Whether the hold of a's last sample reaches the point in time. */
bool watch_runs_touch(const struct watch *w, const struct watch_edge *a, uint64_t time_ms);
/* A sample of a BOUND, FAULT or STUCK track; its piece's edge is still as it was before. */
void watch_runs_sample(struct watch *w, size_t track, const struct watch_point *p, bool fault);
/* Makes b's runs follow a's, in a. The edges are still apart. */
void watch_runs_join(const struct watch *w, size_t track, struct watch_piece *a,
                     const struct watch_piece *b);
/* The stretches that begin or end at the edges of pieces, over all of them. */
void watch_runs_list(const struct watch *w, size_t track, struct watch_list *ret);

/* sign 1 adds, -1 takes back the pair of neighbours a, b. */
void watch_kinetic_pair(struct watch *w, size_t track, const struct watch_point *a,
                        const struct watch_point *b, int sign);
void watch_kinetic_check(struct watch *w, size_t track);
/* A sample came at this time: steps before it are over. */
void watch_kinetic_reach(struct watch *w, size_t track, uint64_t time_ms);
void watch_kinetic_expire(struct watch *w, size_t track, uint64_t now_ms);
uint64_t watch_kinetic_deadline(const struct watch *w, size_t track);
void watch_kinetic_list(const struct watch *w, size_t track, struct watch_list *ret);

/* The spans' part of the state's bytes; nothing when there are none. */
void watch_span_put(struct buf *out, const struct watch_state *s);
void watch_span_take(struct cbor_reader *r, struct watch_state *s);
/* What spans leave of a run, as far as each part lasts long enough for its rule; returns their number. */
size_t watch_span_parts(const struct watch *w, size_t track, const struct watch_stretch *run,
                        struct watch_stretch ret[WATCH_MAX_PARTS]);
/* The same, but all of them, however short: of a run that goes on with to_ms = WATCH_NEVER. */
size_t watch_span_cut(const struct watch *w, const struct watch_stretch *run,
                      struct watch_stretch ret[WATCH_MAX_PARTS]);

/* What the book was told of the edges so far, before anything is changed. */
void watch_ledger_begin(struct watch *w);
/* A stretch that only a change of budgets can alter any more; it may be in the book already, still open. */
void watch_ledger_keep(struct watch *w, size_t track, const struct watch_stretch *s);
/* Tells book and caller what has changed: of the rules touched, or of all. */
void watch_ledger_tell(struct watch *w, bool all);
/* Judges a rule's totals anew, though no run has changed. */
void watch_ledger_recount(struct watch *w, size_t rule);
void watch_ledger_list(const struct watch *w, size_t track, struct watch_list *ret);
/* Of the last piece that has samples of the stream; NULL when none has. */
struct watch_edge *watch_ledger_last_edge(const struct watch *w, size_t stream);

/* Remembers the book as it is before a change, unless that is done. */
void watch_judge_open(struct watch *w);
void watch_judge_put(struct watch *w, size_t track, const struct watch_stretch *s);
void watch_judge_remove(struct watch *w, size_t track, const struct watch_stretch *s);
/* Cuts the spans out of finished stretches that the book has of this device's runs. */
void watch_judge_cut(struct watch *w);
/* Totals and certainty of a rule's stretches anew, and findings of what is not as it was. */
void watch_judge_rule(struct watch *w, size_t rule);
/* Samples of this stream before this time cannot be judged: what they would change was let go. */
uint64_t watch_judge_settled_ms(struct watch *w, size_t stream);

#endif
