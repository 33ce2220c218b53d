/* `waybill constitution`: how a ledger is governed, before it is signed or voted on. Needs no node. */
#include "common/file.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/constitution_file.h"
#include "tools/genesis_files.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------ check */

static int check(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct constitution_file *f = calloc(1, sizeof *f);
    bool good = f != NULL && cmd_args_expect(args, 1, 1, "one FILE", err) &&
                constitution_file_load(args->operand[0], NULL, f, err);
    if (good && home->json) {
        cmd_action_print(constitution_file_json(&f->constitution));
    } else if (good) {
        constitution_file_print(&f->constitution, 0, NULL);
        (void)constitution_file_warn(&f->constitution, 0);
        (void)printf("%s: good\n", args->operand[0]);
    }
    free(f);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ show */

static bool from_genesis(const char *path, struct constitution *ret_c, size_t *ret_members,
                         struct constitution_names *names, struct buf *bytes, struct err *err)
{
    struct genesis_view *v = calloc(1, sizeof *v);
    bool good = v != NULL && genesis_files_read(path, false, bytes, v, err);
    if (good && v->constitution.len == 0)
        good = err_set(err, ERR_NOT_FOUND, "%s: a ledger without a constitution", path);
    good = good && constitution_decode(v->constitution, ret_c, err);
    for (size_t i = 0; good && i < v->count; i++) {
        names->at[i].name = v->members[i].name;
        names->at[i].kid = v->members[i].kid;
        names->count = i + 1;
    }
    *ret_members = good ? v->count : 0;
    free(v);
    return good;
}

/* Without an argument: of the folder's genesis; amendments since are on the ledger: waybill gov show. */
static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[PATH_MAX];
    struct constitution c;
    size_t members = 0;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    struct constitution_names *names = calloc(1, sizeof *names);
    bool good = names != NULL && cmd_args_expect(args, 0, 1, "at most one GENESIS", err);
    good = good && member_folder_path(home->dir, "genesis.cbor", path, err) &&
           from_genesis(args->operand_count > 0 ? args->operand[0] : path, &c, &members, names,
                        &bytes, err);
    if (good && home->json) {
        cmd_action_print(constitution_file_json(&c));
    } else if (good) {
        constitution_file_print(&c, members, names);
        (void)constitution_file_warn(&c, members);
    }
    buf_free(&bytes);
    free(names);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_constitution(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "check", "constitution check", "",
          "Usage: waybill constitution check FILE\n"
          "Reads a constitution written in YAML and says what it means; a complaint names its "
          "line.\n"
          "Exit code: 0 good, 1 error.\n",
          check },
        { "show", "constitution show", "",
          "Usage: waybill constitution show [GENESIS]\n"
          "The constitution that a genesis or a draft begins with (default: DIR/genesis.cbor). "
          "Whether\n"
          "it was amended since, waybill gov list says.\n"
          "Exit code: 0 good, 1 error.\n",
          show },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
