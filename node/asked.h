/*
 * Whom to ask first, of peers that nobody vouches for: who answered well comes before who was slow, who lacked what was
 * asked for, and, last, who was wrong or silent. One bad peer costs a wait or two, whatever is asked of it how often.
 */
#ifndef NODE_ASKED_H
#define NODE_ASKED_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define ASKED_MAX 64

struct asked_peer {
    unsigned answers, faults; /* that came; that did not, or did not hold */
    bool lacks;               /* what is being asked for: asked_anew() forgets it */
    uint64_t ms;              /* that its last answer took */
    uint64_t bytes;           /* of all of them */
};

struct asked {
    size_t count;
    struct asked_peer of[ASKED_MAX]; /* in the order in which they were named */
};

/* In: turn: changes from question to question, so that those who are equally good share the work. */
void asked_order(const struct asked *a, size_t turn, size_t ret_order[ASKED_MAX]);
/* Something else is asked for from now on. */
void asked_anew(struct asked *a);
void asked_answered(struct asked *a, size_t peer, uint64_t ms, uint64_t bytes);
/* What it said, or did not say, did not help: ERR_NOT_FOUND is no fault. */
void asked_failed(struct asked *a, size_t peer, const struct err *err);

enum asked_end {
    ASKED_GOOD,
    ASKED_FAULT, /* err is filled: the next one is asked */
    ASKED_STOP,  /* err is filled: nobody else could help */
};

struct asked_question {
    void *ctx;
    enum asked_end (*ask)(void *ctx, size_t peer, struct err *err);
    void (*complain)(void *ctx, size_t peer, const struct err *err); /* NULL: in silence */
};

/*
 * Asks one after the other until one has it right; who is silent and has answered before is asked once more.
 * Returns: false with what does not hold (ERR_PROOF) rather than with who was not there.
 */
bool asked_each(struct asked *a, size_t turn, const struct asked_question *q, struct err *err);

#endif
