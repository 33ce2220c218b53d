#include "tests/support/measure.h"

#include "common/crypto.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_SIZE 140 /* the Sig_structure of a reading with one sample */
#define CORES_MAX    64

double measure_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool measure_wanted(int argc, char **argv, const char *name, bool quick)
{
    if (argc < 2)
        return quick;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

void measure_print(const char *name, double value, const char *unit)
{
    (void)printf("bench %s %.*f %s\n", name, value < 100 ? 3 : 0, value, unit);
    (void)fflush(stdout);
}

struct run {
    double seconds;
    uint64_t count;
};

static void *verify_loop(void *arg)
{
    struct run *r = arg;
    uint8_t seed[SEED_SIZE] = { 1 }, pub[PUB_SIZE], secret[SECRET_SIZE], sig[SIG_SIZE];
    uint8_t message[MESSAGE_SIZE] = { 0 };
    crypto_ed25519_key(seed, pub, secret);
    crypto_ed25519_sign(slice_of(message, sizeof message), secret, sig);
    double end = measure_now() + r->seconds;
    while (measure_now() < end)
        for (int i = 0; i < 100; i++, r->count++)
            if (!crypto_ed25519_verify(slice_of(message, sizeof message), sig, pub))
                abort();
    return NULL;
}

double measure_verify_all_cores(double seconds)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[CORES_MAX];
    struct run runs[CORES_MAX];
    size_t n = cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : (size_t)cores;
    uint64_t total = 0;
    double start = measure_now();
    for (size_t i = 0; i < n; i++) {
        runs[i] = (struct run){ seconds, 0 };
        int failed = pthread_create(&threads[i], NULL, verify_loop, &runs[i]);
        assert(failed == 0);
    }
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        total += runs[i].count;
    }
    return (double)total / (measure_now() - start);
}
