/* One action of a sub-command ("custody offer"): its options, its help, and the function that does it. */
#ifndef TOOLS_CMD_ACTION_H
#define TOOLS_CMD_ACTION_H

#include "tools/cmd.h"
#include "tools/cmd_home.h"

struct json_doc;

struct cmd_action {
    const char *word;    /* "offer"; NULL ends a table */
    const char *command; /* "custody offer" */
    const char *known;   /* options, as cmd_args_parse() */
    const char *usage;
    /* Returns the exit code; on CMD_ERROR with err filled it is told by the caller. */
    int (*run)(struct cmd_home *home, const struct cmd_args *args, struct err *err);
};

/* Parses, answers --help, opens the home, runs, tells an error. Returns the exit code. */
int cmd_action_run(const struct cmd_action *action, int argc, char **argv);
/* argv[1] is the action's word. */
int cmd_action_choose(const struct cmd_action *table, int argc, char **argv);

/* For the end of an action: the exit code that fits err, which the caller of run() then tells. */
int cmd_action_fail(const struct err *err);

/* Prints doc on standard output with a line end, and frees it. */
void cmd_action_print(struct json_doc *doc);

#endif
