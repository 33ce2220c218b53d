/* Arguments of a sub-command: options anywhere among the operands, --name VALUE or --name=VALUE. */
#ifndef TOOLS_CMD_ARGS_H
#define TOOLS_CMD_ARGS_H

#include "common/err.h"

#include <stddef.h>

#define CMD_ARGS_MAX 512

/* Understood by every command, beside its own. */
#define CMD_ARGS_COMMON "dir= node= ca= key= as= identity= clock= json help"

struct cmd_option {
    const char *name;  /* without dashes */
    const char *value; /* NULL: a flag */
};

struct cmd_args {
    const char *command; /* "custody offer" */
    size_t option_count, operand_count;
    struct cmd_option option[CMD_ARGS_MAX];
    const char *operand[CMD_ARGS_MAX];
};

/*
 * In: known: names separated by spaces, "=" after those that take a value; "o=" is also -o. After "--" all
 * is operands. Returns: false with the option's name when it is unknown or lacks its value.
 */
bool cmd_args_parse(const char *command, int argc, char **argv, const char *known,
                    struct cmd_args *ret_args, struct err *err);

bool cmd_args_flag(const struct cmd_args *a, const char *name);
/* The last value given, or fallback. */
const char *cmd_args_text(const struct cmd_args *a, const char *name, const char *fallback);
/* Values of an option that may be given often: the i-th, NULL after the last. */
const char *cmd_args_nth(const struct cmd_args *a, const char *name, size_t i);
/* False with a complaint when it was not given. */
bool cmd_args_need(const struct cmd_args *a, const char *name, const char **ret_value,
                   struct err *err);
/* Operands must number min … max; names describes them: "ASSET". */
bool cmd_args_expect(const struct cmd_args *a, size_t min, size_t max, const char *names,
                     struct err *err);

#endif
