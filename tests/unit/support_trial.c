#include "tests/unit/support_trial.h"

#include "common/crypto.h"
#include "common/file.h"
#include "tools/trial_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_SIZE 64

static char folder[] = "/tmp/waybill-trial-XXXXXX";

static void path_of(const char *name, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *head, const char *rest)
{
    char path[PATH_SIZE];
    struct buf all = buf_heap(1 << 16);
    struct err err = { 0 };
    buf_add(&all, head, strlen(head));
    buf_add(&all, rest, strlen(rest));
    path_of(name, path);
    if (!file_replace(path, buf_slice(&all), 0600, &err))
        fail_msg("%s", err.msg);
    buf_free(&all);
}

int support_trial_begin(const char *contract)
{
    if (!crypto_init() || mkdtemp(folder) == NULL)
        return -1;
    write_file("c.yaml", contract, "");
    return 0;
}

int support_trial_end(void)
{
    char path[PATH_SIZE];
    path_of("c.yaml", path);
    (void)unlink(path);
    path_of("t.yaml", path);
    (void)unlink(path);
    return rmdir(folder);
}

/* The first message, or "". It lasts until the next run. */
static const char *run(const char *people, const char *steps)
{
    static struct trial_outcome outcome;
    struct trial_file *f = NULL;
    struct err err = { 0 };
    char path[PATH_SIZE];
    write_file("t.yaml", people, steps);
    path_of("t.yaml", path);
    if (!trial_file_load(path, &f, &err))
        fail_msg("%s", err.msg);
    trial_file_run(f, 0, &outcome);
    trial_file_free(f);
    return outcome.message_count == 0 ? "" : outcome.messages[0];
}

void support_trial_refused(const char *people, const char *steps, struct err *ret_err)
{
    struct trial_file *f = NULL;
    char path[PATH_SIZE];
    write_file("t.yaml", people, steps);
    path_of("t.yaml", path);
    if (trial_file_load(path, &f, ret_err))
        fail_msg("the file is taken");
}

void support_trial_passes(const char *people, const char *steps)
{
    const char *said = run(people, steps);
    if (said[0] != '\0')
        fail_msg("%s", said);
}

void support_trial_fails(const char *people, const char *steps, const char *part)
{
    const char *said = run(people, steps);
    if (strstr(said, part) == NULL)
        fail_msg("expected \"%s\", found \"%s\"", part, said);
}
