/*
 * Inside the watch: what its state is made of. For each piece of the device's numbering a stream has its first
 * and last sample, a track the run the piece begins with and the one that goes on at its end. Only watch*.c
 * include this.
 */
#ifndef CONTRACTS_WATCH_STATE_H
#define CONTRACTS_WATCH_STATE_H

#include "contracts/mkt.h"
#include "contracts/watch.h"
#include "contracts/watch_plan.h"

__extension__ typedef __int128 watch_wide;

#define WATCH_PIECE_ROOM    (WATCH_MAX_PIECES + 1) /* the one a statement is judged in comes on top */
#define WATCH_MAX_STRETCHES (2 * WATCH_PIECE_ROOM + 2 + WATCH_MAX_SPANS)
#define WATCH_MAX_PARTS     (WATCH_MAX_SPANS + 1) /* of one run that spans are cut out of */
#define WATCH_PIECES_BYTES  49152                 /* of a state, for all but its spans */
#define WATCH_STEPS         48                    /* of a kinetic window are kept */
#define WATCH_WINDOW        24                    /* make a window */
#define WATCH_MAX_TIME_MS   253402300799999u
#define WATCH_NEVER         UINT64_MAX

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
    uint64_t head_hold_ms; /* its last sample held that long, until then; 0: not kept */
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
    uint64_t hold_ms; /* from its last sample to to_ms; 0: not known, or it is later */
    bool open;
    struct watch_value peak, mean;
};

/* Time that was taken back, of one statement or of several that touch. */
struct watch_taken {
    uint64_t from_ms, last_ms, to_ms; /* as struct watch_span */
    uint64_t reach_ms; /* another that begins before this leaves nothing between: clocks jitter */
};

struct watch_list {
    size_t count;
    struct watch_stretch items[WATCH_MAX_STRETCHES];
    bool running;    /* a run goes on, be it in items or not */
    uint64_t due_ms; /* when it breaks its rule next; WATCH_NEVER */
    size_t part_count;
    struct watch_stretch parts[WATCH_MAX_PARTS]; /* what spans leave of it, up to the last sample */
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
    size_t span_count;
    struct watch_taken spans[WATCH_MAX_SPANS]; /* rising, apart */

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
    bool withdraws;   /* samples are being taken back */
    bool has_old;
    struct book old; /* as it was before the change that goes on */
};

#endif
