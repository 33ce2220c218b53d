/* `waybill export`: all blocks of a ledger with their seals, from its genesis on, in one file. */
#include "common/file.h"
#include "common/genesis.h"
#include "common/json.h"
#include "common/recovery.h"
#include "common/state_key.h"
#include "node/blocks_range.h"
#include "tools/cmd_action.h"
#include "tools/data_folder.h"
#include "tools/export_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct exporting {
    struct store *store;
    struct export_file *file;
    struct buf genesis, record;
    uint64_t height, before; /* the last block in the file; when this command began */
    uint64_t recovered;      /* the first block of the newest recovery in the file */
    struct header head;      /* of the ledger */
    bool terminal;
};

static void tell_progress(const struct exporting *x)
{
    if (x->terminal)
        (void)fprintf(stderr, "\r\033[Kblock %" PRIu64 " of %" PRIu64, x->height, x->head.height);
}

/* ------------------------------------------------------------------ what is there already */

/* Each run names the block before it: so they are one chain, and the store's if they meet it at the end. */
static bool take_run(struct exporting *x, struct err *err)
{
    struct blocks_range run;
    struct slice block = { NULL, 0 }, seals;
    struct block last;
    if (!blocks_range_begin(buf_slice(&x->record), x->height + 1, &run, err))
        return false;
    while (run.count > 0)
        if (!blocks_range_next(&run, &block, &seals, err))
            return false;
    if (block.len == 0 || !block_decode(block, &last, err))
        return err_set(err, ERR_PROOF, "a run of no blocks");
    x->height = last.header.height;
    struct header own;
    struct hash theirs = header_hash(&last.header);
    if (!store_header(x->store, x->height, &own, NULL, err))
        return err_wrap(err, "the file holds more than the ledger");
    struct hash ours = header_hash(&own);
    return hash_equal(&ours, &theirs) ||
           err_set(err, ERR_PROOF, "block %" PRIu64 " in the file is not that of this ledger",
                   x->height);
}

static bool take_recovery(struct exporting *x, struct err *err)
{
    uint64_t height = 0;
    if (!recovery_peek(buf_slice(&x->record), &height))
        return err_set(err, ERR_PROOF, "a recovery that is none");
    x->recovered = height + 1;
    return true;
}

static bool take_record(struct exporting *x, char kind, bool first, struct err *err)
{
    if (first)
        return (kind == EXPORT_FILE_GENESIS &&
                slice_equal(buf_slice(&x->record), buf_slice(&x->genesis))) ||
               err_set(err, ERR_INPUT, "the file is an export of another ledger");
    if (kind == EXPORT_FILE_BLOCKS)
        return take_run(x, err);
    if (kind == EXPORT_FILE_RECOVERY)
        return take_recovery(x, err);
    return kind == EXPORT_FILE_END || err_set(err, ERR_INPUT, "a record of an unknown kind");
}

static bool read_what_is_there(struct exporting *x, struct err *err)
{
    char kind = 0;
    bool first = true;
    err->code = ERR_NONE;
    while (export_file_next(x->file, &kind, &x->record, err)) {
        if (!take_record(x, kind, first, err))
            return false;
        first = false;
        tell_progress(x);
    }
    if (err->code != ERR_NONE || !export_file_rewind(x->file, err))
        return false;
    return !first || export_file_put(x->file, EXPORT_FILE_GENESIS, buf_slice(&x->genesis), err);
}

/* ------------------------------------------------------------------ what is new */

/* Those whose first block the next run may have. */
static bool put_recoveries(struct exporting *x, struct err *err)
{
    uint64_t heights[RECOVERY_TIMES_MAX];
    struct state_key list = state_key_plain(TABLE_RECOVERY);
    buf_clear(&x->record);
    size_t count = store_state_get(x->store, state_key_slice(&list), &x->record, NULL)
                       ? recovery_take_heights(buf_slice(&x->record), heights)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        struct state_key key = state_key_recovery(heights[i]);
        if (heights[i] <= x->recovered || heights[i] > x->head.height)
            continue;
        buf_clear(&x->record);
        if (!store_state_get(x->store, state_key_slice(&key), &x->record, err) ||
            !export_file_put(x->file, EXPORT_FILE_RECOVERY, buf_slice(&x->record), err))
            return false;
        x->recovered = heights[i];
    }
    return true;
}

static bool put_end(struct exporting *x, struct err *err)
{
    uint8_t memory[64];
    struct buf end = buf_fixed(memory, sizeof memory);
    struct header last;
    if (!store_header(x->store, x->height, &last, NULL, err))
        return false;
    struct hash hash = header_hash(&last);
    cbor_put_array(&end, 2);
    cbor_put_uint(&end, x->height);
    cbor_put_bytes(&end, hash_slice(&hash));
    return export_file_put(x->file, EXPORT_FILE_END, buf_slice(&end), err) &&
           export_file_sync(x->file, err);
}

/* The head is what it was when this began: a ledger that goes on is exported again. */
static bool put_runs(struct exporting *x, struct err *err)
{
    if (!put_recoveries(x, err))
        return false;
    while (x->height < x->head.height) {
        struct cbor_reader r;
        buf_clear(&x->record);
        if (!blocks_range_put(x->store, x->height + 1, &x->record, err))
            return false;
        r = cbor_reader(buf_slice(&x->record));
        size_t count = cbor_take_array(&r);
        if (count == 0)
            return err_set(err, ERR_IO, "block %" PRIu64 " is not here", x->height + 1);
        if (!export_file_put(x->file, EXPORT_FILE_BLOCKS, buf_slice(&x->record), err))
            return false;
        x->height += count;
        tell_progress(x);
    }
    return put_end(x, err);
}

static bool run_export(struct exporting *x, const struct cmd_args *args, struct err *err)
{
    char data[PATH_MAX], home[PATH_MAX];
    if (!cmd_args_expect(args, 2, 2, "a DIR and a FILE", err) ||
        !data_folder_find(args->operand[0], data, home, err) ||
        !store_open(data, STORE_READ, &x->store, err) ||
        !store_head(x->store, &x->head, NULL, err) || !store_genesis(x->store, &x->genesis, err) ||
        !export_file_extend(args->operand[1], &x->file, err))
        return false;
    if (!read_what_is_there(x, err))
        return err_wrap(err, "%s", args->operand[1]);
    x->before = x->height;
    return put_runs(x, err);
}

static int export_ledger(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct exporting x = { .genesis = buf_heap(GENESIS_SIZE_MAX),
                           .record = buf_heap(BLOCKS_RANGE_SIZE_MAX),
                           .terminal = isatty(STDERR_FILENO) == 1 };
    bool good = run_export(&x, args, err);
    if (x.terminal)
        (void)fprintf(stderr, "\r\033[K");
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_hex(doc, "ledger", hash_slice(&x.head.ledger));
        json_doc_put_int(doc, "height", (int64_t)x.height);
        json_doc_put_int(doc, "added", (int64_t)(x.height - x.before));
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("%s: blocks up to %" PRIu64 ", %" PRIu64 " of them new\n", args->operand[1],
                     x.height, x.height - x.before);
    }
    export_file_close(x.file);
    store_close(x.store);
    buf_free(&x.genesis);
    buf_free(&x.record);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_export(int argc, char **argv)
{
    static const struct cmd_action action = {
        "export", "export", "",
        "Usage: waybill export DIR FILE\n"
        "Writes a ledger's genesis and all its blocks with their seals into one file, while a node "
        "runs\n"
        "or not. A file that is there is read through and continued: after an interruption, or "
        "once "
        "the\n"
        "ledger has grown.\n"
        "Exit code: 0 good, 1 error, 3 what is there is damaged or not of this ledger.\n",
        export_ledger
    };
    return cmd_action_run(&action, argc, argv);
}
