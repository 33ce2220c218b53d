/*
 * `waybill import`: a ledger out of an export, executed block by block by the very machine that a node runs
 * when it catches up: nothing in the file is believed but what founders' signatures, seals and rules make of
 * it. It goes on where an earlier import, or the node, has left off.
 */
#include "common/file.h"
#include "common/genesis.h"
#include "common/hex.h"
#include "common/json.h"
#include "node/blocks_range.h"
#include "node/founding.h"
#include "tools/cmd_action.h"
#include "tools/export_file.h"
#include "tools/follower.h"
#include "tools/member_folder.h"
#include "tools/recovery_meet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct importing {
    const char *path;
    char home[PATH_MAX], data[PATH_MAX];
    struct export_file *file;
    struct identity identity;
    struct store *store;
    bool terminal, ended;
    struct follower *follower;
    struct buf record, recovery_bytes;
    struct recovery recovery; /* the last one in the file, and its bytes */
    bool has_recovery;
    uint64_t before;  /* height of the store when this began */
    uint64_t seen;    /* in the file */
    struct hash last; /* the hash of that block */
};

/* ------------------------------------------------------------------ records */

/* Only where a person has pinned it: else nothing after it is taken. */
static bool take_recovery(struct importing *m, struct err *err)
{
    bool pinned = false;
    buf_clear(&m->recovery_bytes);
    buf_add_slice(&m->recovery_bytes, buf_slice(&m->record));
    if (!recovery_decode(buf_slice(&m->recovery_bytes), &m->recovery, err))
        return false;
    struct recovery_folder folder = { m->home, &m->identity, m->store };
    if (!recovery_meet_refuse(&folder, &m->recovery, err))
        return false;
    for (size_t i = 0; i < m->identity.pin_count; i++)
        pinned = pinned || hash_equal(&m->identity.pins[i], &m->recovery.hash);
    m->has_recovery = true;
    if (pinned && !recovery_meet_keep(m->home, &m->recovery, err))
        return false;
    return !pinned || follower_height(m->follower) > m->recovery.height ||
           follower_recover(m->follower, &m->recovery, err);
}

/* The next block would be the first one after a recovery that is not followed here. */
static bool may_go_on(const struct importing *m, struct err *err)
{
    char hex[2 * HASH_SIZE + 1];
    uint64_t height = follower_height(m->follower);
    if (!m->has_recovery || height != m->recovery.height || follower_recovers(m->follower))
        return true;
    hex_encode(hash_slice(&m->recovery.hash), hex);
    return err_set(err, ERR_PROOF,
                   "after block %" PRIu64 " it goes on by recovery %s, which is not pinned here "
                   "(--pin HASH)",
                   height, hex);
}

static bool take_block(struct importing *m, struct slice block, struct slice seals, struct err *err)
{
    struct block b;
    if (!block_decode(block, &b, err))
        return false;
    m->seen = b.header.height;
    m->last = header_hash(&b.header);
    if (b.header.height > follower_height(m->follower) && !may_go_on(m, err))
        return false;
    return follower_take(m->follower, block, seals, err);
}

static void tell_progress(const struct importing *m)
{
    if (m->terminal)
        (void)fprintf(stderr, "\r\033[Kblock %" PRIu64, m->seen);
}

static bool take_run(struct importing *m, struct err *err)
{
    struct blocks_range run;
    struct slice block, seals;
    if (!blocks_range_begin(buf_slice(&m->record), m->seen + 1, &run, err))
        return false;
    while (run.count > 0)
        if (!blocks_range_next(&run, &block, &seals, err) || !take_block(m, block, seals, err))
            return false;
    tell_progress(m);
    return true;
}

/* It names the last block: so a file that lost its tail at a record's edge is noticed too. */
static bool take_end(struct importing *m, struct err *err)
{
    struct hash hash;
    if (!cbor_scan(buf_slice(&m->record), err))
        return false;
    struct cbor_reader r = cbor_reader(buf_slice(&m->record));
    cbor_take_array_of(&r, 2);
    uint64_t height = cbor_take_uint(&r);
    cbor_take_fixed(&r, hash.bytes, HASH_SIZE);
    m->ended = cbor_done(&r) && height == m->seen && (height == 0 || hash_equal(&hash, &m->last));
    return m->ended || err_set(err, ERR_PROOF, "its end names another last block");
}

static bool take_records(struct importing *m, struct err *err)
{
    char kind = 0;
    struct err why = { .code = ERR_NONE };
    while (export_file_next(m->file, &kind, &m->record, &why)) {
        bool good = kind == EXPORT_FILE_BLOCKS     ? take_run(m, err)
                    : kind == EXPORT_FILE_RECOVERY ? take_recovery(m, err)
                    : kind == EXPORT_FILE_END
                        ? take_end(m, err)
                        : err_set(err, ERR_INPUT, "a record of an unknown kind");
        if (!good)
            return err_wrap(err, "%s", m->path);
    }
    if (why.code != ERR_NONE)
        *err = why;
    return why.code == ERR_NONE;
}

/* ------------------------------------------------------------------ the folder */

static bool read_genesis(struct importing *m, struct buf *genesis, struct err *err)
{
    char kind = 0;
    err->code = ERR_NONE;
    if (!export_file_open(m->path, &m->file, err))
        return false;
    if (!export_file_next(m->file, &kind, genesis, err) || kind != EXPORT_FILE_GENESIS)
        return err->code == ERR_NONE
                   ? err_set(err, ERR_INPUT, "%s: begins with no genesis", m->path)
                   : false;
    return founding_check(buf_slice(genesis), true, &m->identity, err) ||
           err_wrap(err, "%s", m->path);
}

/* What the caller trusts: the folder's own identity, or --ledger; else the file's, which is then told. */
static bool check_identity(struct importing *m, const struct cmd_home *home,
                           const struct cmd_args *args, struct err *err)
{
    char path[PATH_MAX];
    struct identity own;
    struct hash pinned;
    struct buf bytes = buf_heap(64 * 1024);
    const char *text = cmd_args_text(args, "ledger", NULL);
    const struct hash *ledger = &m->identity.genesis.ledger;
    if (text != NULL && !cmd_home_parse_hash(text, &pinned, err))
        return err_wrap(err, "--ledger");
    if (text != NULL && !hash_equal(&pinned, ledger))
        return err_set(err, ERR_PROOF, "%s: is of another ledger", m->path);
    if (cmd_args_text(args, "identity", NULL) != NULL &&
        !hash_equal(&home->identity.genesis.ledger, ledger))
        return err_set(err, ERR_PROOF, "%s: is of another ledger than --identity", m->path);
    if (!member_folder_path(m->home, "identity.cbor", path, err))
        return false;
    bool good = !file_exists(path) || (file_read(path, 64 * 1024, &bytes, err) &&
                                       identity_decode(buf_slice(&bytes), &own, err));
    if (good && file_exists(path) && !hash_equal(&own.genesis.ledger, ledger))
        good = err_set(err, ERR_PROOF, "%s: is of another ledger than %s", m->path, m->home);
    if (good && file_exists(path))
        m->identity = own; /* with what it pins */
    buf_free(&bytes);
    return good;
}

static bool add_pin(struct importing *m, const struct cmd_args *args, struct err *err)
{
    const char *text = cmd_args_text(args, "pin", NULL);
    struct identity *id = &m->identity;
    if (text == NULL)
        return true;
    if (id->pin_count == IDENTITY_PINS_MAX)
        return err_set(err, ERR_BUSY, "--pin: there are %d already", IDENTITY_PINS_MAX);
    return cmd_home_parse_hash(text, &id->pins[id->pin_count++], err) || err_wrap(err, "--pin");
}

/* A folder for a person to ask and verify from; of a member or a spare what genesis start makes of it. */
static bool make_home(const struct importing *m, struct slice genesis, struct err *err)
{
    return member_folder_fits(m->home, genesis, &m->identity, err) &&
           (file_exists(m->home) || file_make_folder(m->home, 0700, err)) &&
           (file_exists(m->data) || file_make_folder(m->data, 0700, err)) &&
           store_create_or_keep(m->data, genesis, err) &&
           member_folder_settle(m->home, genesis, &m->identity, err);
}

static bool run_import(struct importing *m, const struct cmd_home *home,
                       const struct cmd_args *args, struct err *err)
{
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 2, 2, "a FILE and a DIR", err);
    if (good) {
        m->path = args->operand[0];
        good = snprintf(m->home, sizeof m->home, "%s", args->operand[1]) < (int)sizeof m->home &&
               member_folder_path(m->home, "node", m->data, err);
    }
    good = good && read_genesis(m, &genesis, err) && check_identity(m, home, args, err) &&
           add_pin(m, args, err) && make_home(m, buf_slice(&genesis), err) &&
           store_open(m->data, STORE_WRITE, &m->store, err) &&
           follower_open(m->store, &m->follower, err);
    if (good) {
        m->before = follower_height(m->follower);
        good = take_records(m, err);
    }
    buf_free(&genesis);
    return good;
}

/* ------------------------------------------------------------------ telling */

static void tell(const struct importing *m, const struct cmd_home *home)
{
    char ledger[2 * HASH_SIZE + 1];
    uint64_t height = follower_height(m->follower);
    hex_encode(hash_slice(&m->identity.genesis.ledger), ledger);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "ledger", ledger);
        json_doc_put_int(doc, "height", (int64_t)height);
        json_doc_put_int(doc, "added", (int64_t)(height - m->before));
        json_doc_put_bool(doc, "whole", m->ended);
        cmd_action_print(doc);
        return;
    }
    (void)printf("ledger %s\n%s: blocks up to %" PRIu64 ", %" PRIu64
                 " of them new, each executed again\n",
                 ledger, m->home, height, height - m->before);
}

/* What was whole stays: the same command goes on from there once the file is whole. */
static int tell_cut(const struct importing *m, const struct cmd_home *home, struct err *err)
{
    if (home->json) /* "whole": false */
        return CMD_ERROR;
    (void)err_set(err, ERR_INPUT,
                  "%s: has no end: cut short at byte %" PRIu64 ", after block %" PRIu64
                  ", or its export still goes on. Whole, it goes on from block %" PRIu64 " here",
                  m->path, export_file_offset(m->file), m->seen, follower_height(m->follower) + 1);
    return cmd_action_fail(err);
}

static int import(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct importing *m = calloc(1, sizeof *m);
    if (m == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    m->terminal = isatty(STDERR_FILENO) == 1;
    m->record = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    m->recovery_bytes = buf_heap(RECOVERY_SIZE_MAX);
    bool good = run_import(m, home, args, err);
    if (m->terminal)
        (void)fprintf(stderr, "\r\033[K");
    int code = good ? CMD_GOOD : cmd_action_fail(err);
    if (good)
        tell(m, home);
    if (good && !m->ended)
        code = tell_cut(m, home, err);
    follower_close(m->follower);
    store_close(m->store);
    export_file_close(m->file);
    buf_free(&m->record);
    buf_free(&m->recovery_bytes);
    free(m);
    return code;
}

int cmd_import(int argc, char **argv)
{
    static const struct cmd_action action = {
        "import", "import", "ledger= pin=",
        "Usage: waybill import FILE DIR [--ledger IDENTITY-HASH]\n"
        "Makes a ledger out of an export, in a new folder or in one of the same ledger whose node "
        "does\n"
        "not run, and goes on where that ends. Founders' signatures, seals and every statement's "
        "are\n"
        "verified, and every block is executed again; where one does not hold, it stops. Of a file "
        "that\n"
        "was cut short it takes what is whole, and says so (exit code 1); with the whole file it "
        "goes on.\n"
        "\n"
        "  --pin HASH     follow this recovery (waybill recovery); DIR's identity keeps it\n"
        "  --ledger HASH  the ledger that it has to be (default: what the folder says, else the "
        "file)\n"
        "Exit code: 0 good, 1 error, or the file has no end, 3 something in it does not hold.\n",
        import
    };
    return cmd_action_run(&action, argc, argv);
}
