#include "tools/cmd_action.h"

#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX ((size_t)256 << 20)

int cmd_action_fail(const struct err *err)
{
    switch (err->code) {
    case ERR_PROOF: return CMD_PROOF;
    case ERR_REFUSED: return CMD_REFUSED;
    case ERR_NONE:
    case ERR_INPUT:
    case ERR_IO:
    case ERR_BUSY:
    case ERR_NOT_FOUND: break;
    }
    return CMD_ERROR;
}

static int run_in_home(const struct cmd_action *action, const struct cmd_args *args)
{
    struct cmd_home *home = NULL;
    struct err err = { .code = ERR_NONE };
    bool json = cmd_args_flag(args, "json");
    int code = CMD_ERROR;
    if (cmd_home_open(args, &home, &err))
        code = action->run(home, args, &err);
    cmd_home_close(home);
    if (err.code != ERR_NONE && code != CMD_GOOD)
        return cmd_fail(action->command, json, &err);
    if (fflush(stdout) == 0)
        return code;
    (void)err_set(&err, ERR_IO, "standard output: cannot be written");
    return cmd_fail(action->command, false, &err);
}

int cmd_action_run(const struct cmd_action *action, int argc, char **argv)
{
    struct err err = { .code = ERR_NONE };
    struct cmd_args *args = calloc(1, sizeof *args);
    int code = CMD_ERROR;
    if (args == NULL)
        (void)err_set(&err, ERR_IO, "out of memory");
    if (args == NULL || !cmd_args_parse(action->command, argc, argv, action->known, args, &err))
        code = cmd_fail(action->command, false, &err);
    else if (cmd_args_flag(args, "help"))
        code = fputs(action->usage, stdout) < 0 ? CMD_ERROR : CMD_GOOD;
    else
        code = run_in_home(action, args);
    free(args);
    return code;
}

int cmd_action_choose(const struct cmd_action *table, int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        for (const struct cmd_action *a = table; a->word != NULL; a++)
            (void)printf("%s%s", a == table ? "" : "\n", a->usage);
        return CMD_GOOD;
    }
    for (const struct cmd_action *a = table; argc >= 2 && a->word != NULL; a++)
        if (strcmp(argv[1], a->word) == 0)
            return cmd_action_run(a, argc - 1, argv + 1);
    (void)fprintf(stderr, "waybill %s: expected one of", argv[0]);
    for (const struct cmd_action *a = table; a->word != NULL; a++)
        (void)fprintf(stderr, " %s", a->word);
    (void)fprintf(stderr, "; see waybill %s --help\n", argv[0]);
    return CMD_ERROR;
}

void cmd_action_print(struct json_doc *doc)
{
    struct buf out = buf_heap(JSON_MAX);
    json_doc_write(doc, 2, &out);
    buf_add_byte(&out, '\n');
    (void)fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    json_doc_free(doc);
}
