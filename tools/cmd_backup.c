/*
 * `waybill backup` and `restore`: a node's ledger as one file, copied while the node goes on, and put back.
 * What is put back may be older than what the node's key has voted since: so the vote is forgotten, and the
 * node keeps silent until it has made sure that it cannot contradict itself.
 */
#include "common/db.h"
#include "common/file.h"
#include "common/genesis.h"
#include "common/keyfile.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/store.h"
#include "node/voted.h"
#include "tools/cmd_recovery_parts.h"
#include "tools/data_folder.h"
#include "tools/member_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUNDRED 100

/* ------------------------------------------------------------------ backup */

static void show_progress(void *ctx, uint64_t done, uint64_t pages)
{
    const bool *terminal = ctx;
    if (*terminal && pages > 0)
        (void)fprintf(stderr, "\r\033[K%" PRIu64 " %%", done * HUNDRED / pages);
}

static bool copy_ledger(const char *data, const char *file, struct err *err)
{
    char from[PATH_MAX], part[PATH_MAX];
    struct db *db = NULL;
    struct db_damage damage;
    size_t count = 0;
    struct db_options options = { .flags = DB_READONLY };
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (file_exists(file))
        return err_set(err, ERR_INPUT, "%s: is there already; a backup is never made over another",
                       file);
    if (!member_folder_path(data, "ledger.db", from, err) ||
        snprintf(part, sizeof part, "%s.part", file) >= (int)sizeof part)
        return false;
    (void)unlink(part); /* of a backup that was cut short */
    bool good = db_open(from, &options, &db, err) &&
                db_backup(db, part, show_progress, &terminal, err) &&
                db_check_file(part, &damage, 1, &count, err);
    db_close(db);
    if (terminal)
        (void)fprintf(stderr, "\r\033[K");
    good =
        good && (rename(part, file) == 0 || err_set(err, ERR_IO, "%s: %s", file, strerror(errno)));
    if (!good)
        (void)unlink(part);
    return good;
}

/* What a file that is a ledger holds; looked into in a folder of its own, where nothing runs. */
struct held {
    struct header head, genesis;
};

static bool look_into(const char *folder, struct held *ret_held, struct err *err)
{
    struct store *s = NULL;
    bool good = store_open(folder, STORE_WRITE, &s, err) &&
                store_head(s, &ret_held->head, NULL, err) &&
                store_header(s, 0, &ret_held->genesis, NULL, err);
    store_close(s);
    return good;
}

static int backup(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char data[PATH_MAX], outer[PATH_MAX];
    struct stat st = { .st_size = 0 };
    bool good = cmd_args_expect(args, 2, 2, "a DIR and a FILE", err) &&
                data_folder_find(args->operand[0], data, outer, err) &&
                copy_ledger(data, args->operand[1], err);
    if (!good)
        return cmd_action_fail(err);
    (void)stat(args->operand[1], &st);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "file", args->operand[1]);
        json_doc_put_int(doc, "bytes", st.st_size);
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    (void)printf(
        "%s: the ledger as of now, %" PRId64 " bytes, every page checked\n"
        "It holds no key: those of %s need a copy of their own, kept as secret as they are.\n",
        args->operand[1], (int64_t)st.st_size, args->operand[0]);
    return CMD_GOOD;
}

/* ------------------------------------------------------------------ restore */

struct restoring {
    const char *file;
    char data[PATH_MAX], home[PATH_MAX];
    char work[PATH_MAX]; /* a folder in data, where the file is made ready */
    struct held held;
    struct identity identity;
    bool replaces, had_key;
    bool key_known; /* the restored state has the node's key: it may have voted */
    uint64_t replaced_height;
};

/* DIR/node of a company's folder, or DIR itself when it has been one; neither needs a ledger yet. */
static bool find_place(const char *dir, struct restoring *r, struct err *err)
{
    char identity[PATH_MAX];
    struct buf bytes = buf_heap(64 * 1024);
    if (!member_folder_path(dir, "identity.cbor", identity, err) ||
        !member_folder_path(dir, "node", r->data, err))
        return false;
    (void)snprintf(r->home, sizeof r->home, "%s", dir);
    bool good = file_read(identity, 64 * 1024, &bytes, err) &&
                identity_decode(buf_slice(&bytes), &r->identity, err);
    buf_free(&bytes);
    if (good && !file_exists(r->data))
        good = file_make_folder(r->data, 0700, err);
    return good;
}

static bool check_room(struct restoring *r, const struct cmd_args *args, struct err *err)
{
    char database[PATH_MAX], aside[PATH_MAX];
    struct held there;
    if (!member_folder_path(r->data, "ledger.db", database, err) ||
        !member_folder_path(r->data, "ledger.db.replaced", aside, err))
        return false;
    r->replaces = file_exists(database);
    if (!r->replaces)
        return true;
    if (file_exists(aside))
        return err_set(err, ERR_INPUT, "%s: of an earlier restore: move it away first", aside);
    if (!cmd_args_flag(args, "replace"))
        return err_set(err, ERR_INPUT,
                       "%s: there is a ledger here: --replace puts it aside as ledger.db.replaced",
                       r->data);
    if (look_into(r->data, &there,
                  NULL)) /* and what a killed node left in its log is in the file */
        r->replaced_height = there.head.height;
    return true;
}

static bool knows_key(struct store *s, const struct restoring *r)
{
    char path[PATH_MAX];
    struct key_pair pair;
    struct buf value = buf_heap(STATE_VALUE_MAX);
    bool known = true; /* one that cannot be read is not taken for a new one */
    if (data_folder_key(r->data, r->home, path) && keyfile_load(path, &pair, NULL)) {
        struct state_key key = state_key_kid(TABLE_KEY, &pair.kid);
        known = store_state_get(s, state_key_slice(&key), &value, NULL);
        crypto_wipe(&pair, sizeof pair);
    }
    buf_free(&value);
    return known;
}

static bool make_ready(struct restoring *r, struct err *err)
{
    char copy[PATH_MAX];
    struct db_damage damage;
    struct store *s = NULL;
    size_t count = 0;
    if (!db_check_file(r->file, &damage, 1, &count, err) ||
        !member_folder_path(r->data, "restore", r->work, err) ||
        !member_folder_path(r->work, "ledger.db", copy, err))
        return false;
    if (mkdir(r->work, 0700) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: %s", r->work, strerror(errno));
    (void)unlink(copy); /* of a restore that was cut short */
    if (!data_folder_copy(r->file, copy, err) || !look_into(r->work, &r->held, err))
        return false;
    if (!hash_equal(&r->held.genesis.ledger, &r->identity.genesis.ledger))
        return err_set(err, ERR_PROOF, "%s: is of another ledger than %s", r->file, r->home);
    bool good = store_open(r->work, STORE_WRITE, &s, err) && store_forget_vote(s, err);
    r->key_known = good && knows_key(s, r);
    store_close(s);
    return good;
}

/* The key remembers that it has voted, even where it was brought to another machine. */
static bool mark_voted(struct restoring *r, struct err *err)
{
    char key[PATH_MAX];
    struct voted voted = { .fd = -1 };
    const struct hash *ledger = &r->identity.genesis.ledger;
    char voted_path[PATH_MAX];
    if (!data_folder_key(r->data, r->home, key))
        return true;
    bool fresh = snprintf(voted_path, sizeof voted_path, "%s%s", key, VOTED_SUFFIX) <
                     (int)sizeof voted_path &&
                 !file_exists(voted_path) && !r->key_known;
    if (fresh) /* never in the set, so there is nothing that it could contradict */
        return true;
    r->had_key = true;
    bool good = voted_open(key, ledger, &voted, err) && voted_mark(&voted, ledger, err);
    voted_close(&voted);
    return good;
}

static bool put_in_place(const struct restoring *r, struct err *err)
{
    static const char *const ends[] = { "-wal", "-shm" };
    char to[PATH_MAX], from[PATH_MAX], aside[PATH_MAX], rest[PATH_MAX];
    if (!member_folder_path(r->data, "ledger.db", to, err) ||
        !member_folder_path(r->work, "ledger.db", from, err) ||
        !member_folder_path(r->data, "ledger.db.replaced", aside, err))
        return false;
    if (r->replaces && rename(to, aside) != 0)
        return err_set(err, ERR_IO, "%s: %s", to, strerror(errno));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (snprintf(rest, sizeof rest, "%s%s", to, ends[i]) < (int)sizeof rest)
            (void)unlink(
                rest); /* of the ledger put aside: a foreign log must not go into this one */
    if (rename(from, to) != 0)
        return err_set(err, ERR_IO, "%s: %s", to, strerror(errno));
    if (member_folder_path(r->work, "lock", rest, NULL))
        (void)unlink(rest);
    (void)rmdir(r->work);
    return true;
}

static void tell_restored(const struct cmd_home *home, const struct restoring *r)
{
    struct recovery_last last = { .set.count = 0 };
    struct store *s = NULL;
    char data[PATH_MAX];
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_int(doc, "height", (int64_t)r->held.head.height);
        json_doc_put_hex(doc, "ledger", hash_slice(&r->held.genesis.ledger));
        json_doc_put_bool(doc, "abstains", r->had_key);
        cmd_action_print(doc);
        return;
    }
    (void)printf("restored as of block %" PRIu64 "\n", r->held.head.height);
    if (r->replaces)
        (void)printf("the ledger that was here, as of block %" PRIu64
                     ", is %s/ledger.db.replaced\n",
                     r->replaced_height, r->data);
    if (!r->had_key)
        return;
    (void)printf(
        "what this node's key has voted since is not known: it will follow, and abstain "
        "until it\nhas heard enough of the others to be sure that it contradicts nothing\n");
    if (cmd_recovery_last(r->home, &last, &s, data, NULL) && last.set.count == 1)
        (void)printf(
            "it is the ledger's one authority and has nobody to hear: it does not go on by "
            "itself.\nIf you know that this is the only copy: waybill member resume %s "
            "--only-copy\n",
            r->home);
    store_close(s);
}

static int restore(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct restoring r = { .replaces = false };
    int lock = -1;
    bool good = cmd_args_expect(args, 2, 2, "a FILE and a DIR", err) &&
                find_place(args->operand[1], &r, err);
    r.file = good ? args->operand[0] : NULL;
    good = good && data_folder_lock(r.data, &lock, err);
    data_folder_unlock(&lock); /* the store takes it itself, where it opens one */
    good = good && check_room(&r, args, err) && make_ready(&r, err) && mark_voted(&r, err) &&
           put_in_place(&r, err);
    if (good)
        tell_restored(home, &r);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ commands */

int cmd_backup(int argc, char **argv)
{
    static const struct cmd_action action = {
        "backup", "backup", "",
        "Usage: waybill backup DIR FILE\n"
        "Copies a node's ledger into one file, as it is at one moment, while the node goes on. It "
        "holds\n"
        "no key.\n"
        "Exit code: 0 good, 1 error, 3 the ledger's file is damaged.\n",
        backup
    };
    return cmd_action_run(&action, argc, argv);
}

int cmd_restore(int argc, char **argv)
{
    static const struct cmd_action action = {
        "restore", "restore", "replace",
        "Usage: waybill restore FILE DIR [--replace]\n"
        "Puts a backup into a member's folder whose node does not run. The node then catches up, "
        "and\n"
        "abstains from voting until it is sure that it contradicts nothing its key has said "
        "since.\n"
        "\n"
        "  --replace  put the ledger that is there aside, as ledger.db.replaced\n"
        "Exit code: 0 good, 1 error, 3 the backup is damaged, or of another ledger.\n",
        restore
    };
    return cmd_action_run(&action, argc, argv);
}
