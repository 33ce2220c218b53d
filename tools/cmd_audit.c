/*
 * `waybill audit`: does a node's folder hold what its statements, the rules and the seals make of it, byte for
 * byte? And `waybill rebuild`, for the one part of it that can be made again.
 */
#include "tools/cmd_audit.h"

#include "common/file.h"
#include "common/genesis.h"
#include "common/json.h"
#include "common/state_key.h"
#include "node/proof.h"
#include "node/read_model.h"
#include "tools/cmd_action.h"
#include "tools/data_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void audit_progress(const struct audit *a, const char *text)
{
    if (a->progress)
        (void)fprintf(stderr, "\r\033[K%s", text);
}

/* What a node that was killed left in its log goes into the file, as it would when it starts. */
static bool settle_log(const char *data, int *lock, struct err *err)
{
    struct store *s = NULL;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/ledger.db-wal", data) >= (int)sizeof path ||
        !file_exists(path))
        return true;
    if (!audit_log_file(path, err))
        return false;
    data_folder_unlock(lock); /* the store takes it itself */
    if (!store_open(data, STORE_WRITE, &s, err))
        return false;
    store_close(s);
    return data_folder_lock(data, lock, err);
}

/* ------------------------------------------------------------------ audit */

static bool check_founders(const struct genesis *genesis, struct err *err)
{
    struct genesis g = *genesis;
    for (size_t i = 0; i < g.signature_count; i++) {
        struct kid kid;
        const uint8_t *sig;
        struct genesis entries = *genesis;
        bool holds = false;
        genesis_next_signature(&g, &kid, &sig);
        struct state_key wanted = state_key_kid(TABLE_KEY, &kid);
        for (size_t k = 0; k < entries.entry_count && !holds; k++) {
            struct slice key, value;
            genesis_next_entry(&entries, &key, &value);
            struct cbor_reader r = cbor_reader(value);
            if (!slice_equal(key, state_key_slice(&wanted)))
                continue;
            (void)cbor_take_array(&r);
            struct slice pub = cbor_take_bytes(&r, PUB_SIZE, PUB_SIZE);
            holds = !r.failed && genesis_verify(&g.header.ledger, sig, pub.data);
        }
        if (!holds)
            return err_set(err, ERR_PROOF, "genesis: signature %zu of its founders does not hold",
                           i);
    }
    return g.signature_count > 0 || err_set(err, ERR_PROOF, "genesis: nobody signed it");
}

static bool run_audit(struct audit *a, struct err *err)
{
    struct genesis g;
    audit_progress(a, "pages");
    if (!audit_database_file(a, err) || !store_open(a->data, STORE_READ, &a->store, err) ||
        !store_genesis(a->store, &a->genesis, err) ||
        !proof_identity(a->store, &a->identity, err) ||
        !genesis_decode(buf_slice(&a->genesis), &g, err) || !check_founders(&g, err))
        return false;
    audit_progress(a, "files");
    return audit_other_files(a, err) && audit_replay(a, err);
}

static void tell_changes(const struct audit *a)
{
    (void)printf("authorities: %zu from the genesis on\n", a->identity.set.count);
    for (uint64_t i = 0; i < a->change_count && i < AUDIT_CHANGES_MAX; i++) {
        const struct audit_change *c = &a->changes[i];
        (void)printf("  from block %" PRIu64 " on %zu, %zu make a quorum%s\n", c->height, c->count,
                     c->quorum, c->recovery ? ": by a recovery, its quorum was lost" : "");
    }
    if (a->change_count > AUDIT_CHANGES_MAX)
        (void)printf("  and %" PRIu64 " more changes\n", a->change_count - AUDIT_CHANGES_MAX);
}

static void put_changes(const struct audit *a, struct json_doc *doc)
{
    struct json_doc *list = json_doc_put_array(doc, "sets");
    for (uint64_t i = 0; i < a->change_count && i < AUDIT_CHANGES_MAX; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "from", (int64_t)a->changes[i].height);
        json_doc_put_int(one, "authorities", (int64_t)a->changes[i].count);
        json_doc_put_bool(one, "recovery", a->changes[i].recovery);
    }
}

static void tell(const struct cmd_home *home, const struct audit *a)
{
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "good", true);
        json_doc_put_hex(doc, "ledger", hash_slice(&a->identity.genesis.ledger));
        json_doc_put_int(doc, "files", (int64_t)a->files);
        json_doc_put_int(doc, "blocks", (int64_t)a->blocks);
        json_doc_put_int(doc, "statements", (int64_t)a->statements);
        json_doc_put_int(doc, "outcomes", (int64_t)a->outcomes);
        json_doc_put_int(doc, "entries", (int64_t)a->entries);
        put_changes(a, doc);
        cmd_action_print(doc);
        return;
    }
    (void)printf("audit ok: %" PRIu64 " files, %" PRIu64 " blocks, %" PRIu64 " statements, %" PRIu64
                 " outcomes, %" PRIu64 " entries of state; all executed again from the genesis\n",
                 a->files, a->blocks, a->statements, a->outcomes, a->entries);
    if (a->change_count > 0)
        tell_changes(a);
}

static int audit(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    int lock = -1;
    struct audit *a = calloc(1, sizeof *a);
    if (a == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    a->genesis = buf_heap(GENESIS_SIZE_MAX);
    a->progress = isatty(STDERR_FILENO) == 1;
    bool good = cmd_args_expect(args, 1, 1, "one DIR", err) &&
                data_folder_find(args->operand[0], a->data, a->home, err) &&
                data_folder_lock(a->data, &lock, err) && settle_log(a->data, &lock, err) &&
                run_audit(a, err);
    audit_progress(a, "");
    if (good)
        tell(home, a);
    store_close(a->store);
    data_folder_unlock(&lock);
    buf_free(&a->genesis);
    free(a);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_audit(int argc, char **argv)
{
    static const struct cmd_action action = {
        "audit", "audit", "",
        "Usage: waybill audit DIR\n"
        "Checks a node's folder, or a company's with a node in it, while no node runs there: "
        "every\n"
        "byte of its files by checksums, then every block from the genesis on: signatures, seals,\n"
        "outcomes by executing the rules again, roots, state, tree, index, read models. The first\n"
        "wrong byte is named by file and offset, or by block and statement. A log that a killed "
        "node\n"
        "left is taken into the file first, as its start would.\n"
        "Of a ledger that was joined without its history (waybill join) the files alone can be "
        "checked: that\n"
        "is an error, not a finding.\n"
        "Exit code: 0 all as it must be, 1 error, 3 something is wrong.\n",
        audit
    };
    return cmd_action_run(&action, argc, argv);
}

/* ------------------------------------------------------------------ rebuild */

static int rebuild(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char data[PATH_MAX], outer[PATH_MAX];
    struct store *s = NULL;
    struct hash before, after;
    bool good = cmd_args_expect(args, 1, 1, "one DIR", err) &&
                data_folder_find(args->operand[0], data, outer, err) &&
                store_open(data, STORE_WRITE, &s, err) && read_model_digest(s, &before, err) &&
                read_model_rebuild(s, err) && read_model_digest(s, &after, err);
    store_close(s);
    if (!good)
        return cmd_action_fail(err);
    bool same = hash_equal(&before, &after);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "same", same);
        json_doc_put_hex(doc, "digest", hash_slice(&after));
        cmd_action_print(doc);
    } else {
        (void)printf("read models made again from the blocks: %s\n",
                     same ? "the same bytes as before"
                          : "they were wrong before, now they are not");
    }
    return CMD_GOOD;
}

int cmd_rebuild(int argc, char **argv)
{
    static const struct cmd_action action = {
        "rebuild", "rebuild", "",
        "Usage: waybill rebuild DIR\n"
        "Drops the read models of a node that is not running and makes them again from its blocks, "
        "in\n"
        "one transaction. They come back byte-equal; they never decide anything.\n"
        "Exit code: 0 good, 1 error.\n",
        rebuild
    };
    return cmd_action_run(&action, argc, argv);
}
