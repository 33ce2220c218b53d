/*
 * The folder of a rehearsal: every member of a ledger on one machine, each in a folder of its own that
 * could as well be on another. DIR/consortium.yaml lists them; it comes last when the folder is made.
 */
#ifndef TOOLS_CONSORTIUM_DIR_H
#define TOOLS_CONSORTIUM_DIR_H

#include "node/founding.h"
#include "node/settings.h"
#include "tools/cmd_home.h"

struct consortium_member {
    char name[CMD_SLUG_SIZE];
    char dir[PATH_MAX];          /* DIR/name */
    char url[CMD_HOME_URL_SIZE]; /* "" when its node.yaml can't be read: */
    struct err damage;           /* why */
};

struct consortium_dir {
    char dir[PATH_MAX];
    char clock[CLOCK_SPEC_SIZE]; /* "" : the real one */
    size_t count;
    struct consortium_member members[FOUNDING_MEMBERS_MAX];
};

/* Returns: false with ERR_NOT_FOUND when DIR is no such folder. */
bool consortium_dir_load(const char *dir, struct consortium_dir **ret_dir, struct err *err);
void consortium_dir_free(struct consortium_dir *d); /* NULL is legal */
/* Its members alone that are named; none named: all. ERR_NOT_FOUND for one that is not there. */
bool consortium_dir_choose(struct consortium_dir *d, const char *const *names, size_t count,
                           struct err *err);

#endif
