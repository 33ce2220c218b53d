#include "common/rand.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

void rand_system(void *out, size_t len)
{
    unsigned char *at = out;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        assert(n > 0);
        at += n;
        len -= (size_t)n;
    }
}

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014). */
static uint64_t splitmix64(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

struct rand_seq rand_seeded(uint64_t seed)
{
    struct rand_seq r;
    for (size_t i = 0; i < 4; i++)
        r.s[i] = splitmix64(&seed);
    return r;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

/* xoshiro256**: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2018). */
uint64_t rand_next(struct rand_seq *r)
{
    uint64_t result = rotate(r->s[1] * 5, 7) * 9;
    uint64_t t = r->s[1] << 17;
    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = rotate(r->s[3], 45);
    return result;
}

uint64_t rand_below(struct rand_seq *r, uint64_t bound)
{
    assert(bound > 0);
    uint64_t uneven = (0 - bound) % bound; /* 2^64 mod bound: so many values would be too likely */
    uint64_t x = rand_next(r);
    while (x < uneven)
        x = rand_next(r);
    return x % bound;
}

int64_t rand_between(struct rand_seq *r, int64_t min, int64_t max)
{
    assert(min <= max);
    uint64_t span = (uint64_t)max - (uint64_t)min;
    uint64_t x = span == UINT64_MAX ? rand_next(r) : rand_below(r, span + 1);
    return (int64_t)((uint64_t)min + x);
}

void rand_fill(struct rand_seq *r, void *out, size_t len)
{
    unsigned char *at = out;
    while (len > 0) {
        uint64_t x = rand_next(r);
        size_t n = len < sizeof x ? len : sizeof x;
        for (size_t i = 0; i < n; i++)
            at[i] = (unsigned char)(x >> 8 * i);
        at += n;
        len -= n;
    }
}
