/* A contract and its tests as text, run as `waybill contract test` would, for tests of what such a file can say. */
#ifndef TESTS_UNIT_SUPPORT_TRIAL_H
#define TESTS_UNIT_SUPPORT_TRIAL_H

#include "common/err.h"

/* Keeps the contract as c.yaml, in a folder that support_trial_end() takes away. For a group's set-up: 0 = good. */
int support_trial_begin(const char *contract);
int support_trial_end(void);
/* Loads such a file, that must be refused. */
void support_trial_refused(const char *people, const char *steps, struct err *ret_err);
/* Runs such a file: fails unless all of it comes true. */
void support_trial_passes(const char *people, const char *steps);
/* Fails unless the first message has this part. */
void support_trial_fails(const char *people, const char *steps, const char *part);

#endif
