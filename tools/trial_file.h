/*
 * A file of tests of a contract (docs/contract-tests.md): each test is a journey of its own on a ledger of
 * its own, told step by step with what is expected of it.
 */
#ifndef TOOLS_TRIAL_FILE_H
#define TOOLS_TRIAL_FILE_H

#include "common/yaml.h"

#define TRIAL_MESSAGES_MAX 16

struct trial_file;

struct trial_outcome {
    const char *name;
    size_t step_count;                                               /* that were taken */
    size_t message_count;                                            /* none: all was as expected */
    char messages[TRIAL_MESSAGES_MAX][sizeof((struct err *)0)->msg]; /* "file:line: expected …" */
};

/* Reads the file and compiles its contract. Returns: false with file and line. */
bool trial_file_load(const char *path, struct trial_file **ret_file, struct err *err);
void trial_file_free(struct trial_file *f); /* NULL is legal */

size_t trial_file_count(const struct trial_file *f);
const char *trial_file_test_name(const struct trial_file *f, size_t i);
/* Runs one test; *ret_outcome is large, not one for a deep stack. */
void trial_file_run(struct trial_file *f, size_t i, struct trial_outcome *ret_outcome);

/* What of the file's contract no test that ran has touched: "action", "release". */
void trial_file_untested(const struct trial_file *f,
                         void (*tell)(void *ctx, const char *kind, struct slice name), void *ctx);

#endif
