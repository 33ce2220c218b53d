#include "tools/cmd_args.h"

#include <string.h>

/* Finds a name in a list of names: 0 absent, 1 a flag, 2 takes a value. ret_name is the list's own text. */
static int find_name(const char *list, const char *name, size_t len)
{
    while (*list != '\0') {
        size_t word = strcspn(list, " ");
        bool takes = word > 0 && list[word - 1] == '=';
        size_t own = takes ? word - 1 : word;
        if (own == len && memcmp(list, name, len) == 0)
            return takes ? 2 : 1;
        list += word;
        list += strspn(list, " ");
    }
    return 0;
}

static int know(const char *known, const char *name, size_t len)
{
    int kind = find_name(known, name, len);
    return kind != 0 ? kind : find_name(CMD_ARGS_COMMON, name, len);
}

/* Option names are compared, never kept apart from argv: "--name=value" is cut at its sign. */
static bool take_option(struct cmd_args *a, char *text, const char *next, const char *known,
                        bool *ret_used_next, struct err *err)
{
    char *name = text + (text[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    bool joined = name[len] == '=';
    int kind = strcmp(text, "-h") == 0 ? 1 : know(known, name, len);
    if (kind == 0)
        return err_set(err, ERR_INPUT, "%.60s is no option of it; see waybill %s --help", text,
                       a->command);
    if (kind == 1 && joined)
        return err_set(err, ERR_INPUT, "--%.*s takes no value", (int)len, name);
    if (kind == 2 && !joined && next == NULL)
        return err_set(err, ERR_INPUT, "--%.60s needs a value", name);
    if (a->option_count == CMD_ARGS_MAX)
        return err_set(err, ERR_INPUT, "more than %d options", CMD_ARGS_MAX);
    *ret_used_next = kind == 2 && !joined;
    struct cmd_option *o = &a->option[a->option_count++];
    o->value = kind == 1 ? NULL : joined ? name + len + 1 : next;
    name[len] = '\0';
    o->name = strcmp(text, "-h") == 0 ? "help" : name;
    return true;
}

bool cmd_args_parse(const char *command, int argc, char **argv, const char *known,
                    struct cmd_args *ret_args, struct err *err)
{
    struct cmd_args *a = ret_args;
    bool options = true;
    memset(a, 0, sizeof *a);
    a->command = command;
    for (int i = 1; i < argc; i++) {
        bool used_next = false;
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL, known, &used_next, err))
                return false;
            i += used_next ? 1 : 0;
        } else if (a->operand_count == CMD_ARGS_MAX) {
            return err_set(err, ERR_INPUT, "more than %d arguments", CMD_ARGS_MAX);
        } else {
            a->operand[a->operand_count++] = argv[i];
        }
    }
    return true;
}

bool cmd_args_flag(const struct cmd_args *a, const char *name)
{
    for (size_t i = 0; i < a->option_count; i++)
        if (strcmp(a->option[i].name, name) == 0)
            return true;
    return false;
}

const char *cmd_args_text(const struct cmd_args *a, const char *name, const char *fallback)
{
    const char *found = fallback;
    for (size_t i = 0; i < a->option_count; i++)
        if (strcmp(a->option[i].name, name) == 0)
            found = a->option[i].value;
    return found;
}

const char *cmd_args_nth(const struct cmd_args *a, const char *name, size_t i)
{
    for (size_t k = 0; k < a->option_count; k++)
        if (strcmp(a->option[k].name, name) == 0 && i-- == 0)
            return a->option[k].value;
    return NULL;
}

bool cmd_args_need(const struct cmd_args *a, const char *name, const char **ret_value,
                   struct err *err)
{
    *ret_value = cmd_args_text(a, name, NULL);
    return *ret_value != NULL || err_set(err, ERR_INPUT, "%s%s is needed; see waybill %s --help",
                                         name[1] == '\0' ? "-" : "--", name, a->command);
}

bool cmd_args_expect(const struct cmd_args *a, size_t min, size_t max, const char *names,
                     struct err *err)
{
    if (a->operand_count >= min && a->operand_count <= max)
        return true;
    if (a->operand_count > max && max == 0)
        return err_set(err, ERR_INPUT, "expected only options, found \"%.60s\"", a->operand[0]);
    return err_set(err, ERR_INPUT, "expected %s, found %zu arguments; see waybill %s --help", names,
                   a->operand_count, a->command);
}
