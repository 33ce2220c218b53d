/*
 * Inside the watch: what its state is made of, and the parts that work on it. Only watch*.c include this.
 *
 * A *stream* is a sequence of samples in order of time: the data of a property, or all that was present. A
 * *track* is what one rule makes of its stream; a rule whose sensor's accuracy is known has a second one. For
 * each piece of the device's numbering a stream has its first and last sample, a track the run the piece
 * begins with and the one that goes on at its end.
 */
#ifndef CONTRACTS_WATCH_PARTS_H
#define CONTRACTS_WATCH_PARTS_H

#include "contracts/mkt.h"
#include "contracts/watch.h"

__extension__ typedef __int128 watch_wide;

#define WATCH_MAX_STREAMS   DEFINITION_MAX_RULES
#define WATCH_MAX_TRACKS    (2 * DEFINITION_MAX_RULES)
#define WATCH_PIECE_ROOM    (WATCH_MAX_PIECES + 1) /* the one a statement is judged in comes on top */
#define WATCH_MAX_STRETCHES (2 * WATCH_PIECE_ROOM + 2)
#define WATCH_STEPS         48 /* of a kinetic window are kept */
#define WATCH_WINDOW        24 /* make a window */
#define WATCH_MAX_TIME_MS   253402300799999u
#define WATCH_NEVER         UINT64_MAX

/* ------------------------------------------------------------------ what a definition asks for */

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

/* ------------------------------------------------------------------ state */

struct watch_value {
    int64_t mantissa;
    int exponent;
};

struct watch_point {
    uint64_t time_ms;
    struct watch_value value;
};

/* The ends of a stream within a piece. */
struct watch_edge {
    bool known;
    bool dead; /* no sample came for so long that the last one's hold was ended */
    struct watch_point first, last;
    int64_t scaled; /* last.value at the stream's mean_exponent; not encoded */
};

struct watch_run {
    bool any, out;    /* a sample is in it; an OUT one is */
    uint64_t from_ms; /* of the first OUT one */
    struct watch_value peak;
    watch_wide sum; /* value * ms, from from_ms to the last sample */
    /* The same of the samples before from_ms: a piece may begin with some that are neither in nor out. They
     * count when a run comes in from the piece before. */
    watch_wide lead;
};

struct watch_runs {
    bool head_ended; /* then head_to_ms says when; else head is the run that goes on, and in tail */
    uint64_t head_to_ms;
    struct watch_run head; /* begins with the piece's first sample; not `any` when that is IN */
    struct watch_run tail; /* goes on at the piece's end; not `any` when none does */
};

struct watch_piece {
    uint64_t first_seq, last_seq;
    struct watch_edge edges[WATCH_MAX_STREAMS];
    struct watch_runs runs[WATCH_MAX_TRACKS];
};

/* Steps in a row whose window was out. */
struct watch_kinetic_run {
    bool running;
    int64_t first, last; /* steps */
    int64_t peak, mean;  /* hundredths of a degree; of the last step's window */
};

/* Of a KINETIC rule. */
struct watch_kinetic {
    bool known;                      /* a sample came */
    int64_t newest;                  /* step */
    unsigned over;                   /* newest - 1 + over is the last step known to be over: 0..2 */
    struct watch_kinetic_run before; /* goes on at the end of step newest - WATCH_WINDOW - 1 */
    uint64_t cut_ms;                 /* the last one before ended here: none begins earlier */
    struct mkt_sum steps[WATCH_STEPS]; /* of step s at s % WATCH_STEPS */
    struct mkt_sum all;                /* of the whole journey */
};

/* A stretch of a track that the book should hold, without what is the same for all of them. */
struct watch_stretch {
    uint64_t from_ms, to_ms, broken_ms;
    bool open;
    struct watch_value peak, mean;
};

struct watch_list {
    size_t count;
    struct watch_stretch items[WATCH_MAX_STRETCHES];
    bool running;              /* a run goes on, be it in items or not */
    struct watch_stretch last; /* that run; to_ms is the last sample's time */
};

struct watch_state {
    uint32_t sure_rules;
    size_t piece_count;
    uint8_t order[WATCH_PIECE_ROOM]; /* pieces[order[i]] is the i-th by seq */
    struct watch_piece pieces[WATCH_PIECE_ROOM];
    uint64_t total_ms[WATCH_MAX_TRACKS]; /* of TOTAL rules: finished runs */
    uint64_t silent_ms
        [WATCH_MAX_TRACKS]; /* of SILENCE rules: 1 + the sample since which silence was raised */
    struct watch_kinetic kinetic[DEFINITION_MAX_RULES];

    /* ---- of the call that goes on; not encoded */
    struct watch_plan plan;
    bool planned;
    bool refused; /* the statement has no place among the pieces */
    bool appends; /* it goes on where the last piece ends: findings are told at once */
    size_t at;    /* its piece, in the order */
    size_t gap_count;
    struct watch_gap gaps[WATCH_MAX_GAPS];
    uint64_t settled_ms[WATCH_MAX_STREAMS];   /* samples before this came too late */
    uint64_t due_ms[WATCH_MAX_TRACKS];        /* when the run that goes on breaks its rule */
    struct watch_list told[WATCH_MAX_TRACKS]; /* what the book was told of the edges */
    struct watch_list now;
    uint32_t touched; /* rules to look at once the sample that goes on is in */
    uint32_t changed; /* rules whose stretches in the book were changed, and nobody was told yet */
    bool has_old;
    struct book old; /* as it was before the change that goes on */
};

/* ------------------------------------------------------------------ parts */

static inline struct watch_piece *watch_piece_at(struct watch_state *s, size_t position)
{
    return &s->pieces[s->order[position]];
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
/* Totals and certainty of a rule's stretches anew, and findings of what is not as it was. */
void watch_judge_rule(struct watch *w, size_t rule);
/* Samples of this stream before this time cannot be judged: what they would change was let go. */
uint64_t watch_judge_settled_ms(struct watch *w, size_t stream);

#endif
