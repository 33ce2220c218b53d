/*
 * Random numbers. rand_system() asks the kernel: for tokens, salts and jitter. struct rand_seq repeats
 * itself from its seed: for tests and the simulator, never for anything that must not be guessed.
 */
#ifndef COMMON_RAND_H
#define COMMON_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Fills out from getrandom(2). A kernel that cannot is a broken invariant. */
void rand_system(void *out, size_t len);

struct rand_seq {
    uint64_t s[4];
};

struct rand_seq rand_seeded(uint64_t seed);
uint64_t rand_next(struct rand_seq *r);
/* 0 … bound - 1, each as likely. In: bound > 0. */
uint64_t rand_below(struct rand_seq *r, uint64_t bound);
/* min … max, both inclusive. */
int64_t rand_between(struct rand_seq *r, int64_t min, int64_t max);
void rand_fill(struct rand_seq *r, void *out, size_t len);

#endif
