/* What the benchmarks share: time, figures, names. */
#ifndef TESTS_SUPPORT_MEASURE_H
#define TESTS_SUPPORT_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds from an arbitrary start. */
double measure_now(void);
/* True when figure `name` is wanted: named on the command line, or none was and it is a quick one. */
bool measure_wanted(int argc, char **argv, const char *name, bool quick);
/* Prints "bench NAME VALUE UNIT". */
void measure_print(const char *name, double value, const char *unit);
/* Raw Ed25519 verifications a second with all cores at work, over one-reading statements. */
double measure_verify_all_cores(double seconds);

#endif
