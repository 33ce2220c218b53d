/* What the simulator's stand-in for common/crypto.c has besides: randomness that follows from a seed. */
#ifndef TESTS_SUPPORT_FAKE_CRYPTO_H
#define TESTS_SUPPORT_FAKE_CRYPTO_H

#include "common/crypto.h"

/* From now on crypto_random() gives what follows from seed. */
void fake_crypto_seed(uint64_t seed);

#endif
