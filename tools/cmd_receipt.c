/*
 * `waybill receipt`: the proof that a statement is on the ledger. Verifying needs three files and nothing
 * else: the receipt, the statement, the ledger's public identity.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/seal.h"
#include "tools/cmd_action.h"
#include "tools/cmd_custody_ask.h"
#include "tools/cmd_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPTS_MAX (AUTHORITY_MAX * (RECEIPT_SIZE_MAX + 8))
#define IDENTITY_MAX (64 * 1024)
#define HANDOVER_MAX ((size_t)2 * (COSE_MAX_SIZE + RECEIPTS_MAX) + 64)

/* ------------------------------------------------------------------ get */

static bool find_leaf(struct cmd_home *home, const char *text, uint64_t *ret_leaf, struct err *err)
{
    char *end = NULL;
    struct hash hash;
    struct node_status status;
    if (strlen(text) != (size_t)2 * HASH_SIZE) {
        *ret_leaf = strtoull(text, &end, 10);
        return (*text >= '0' && *text <= '9' && *end == '\0') ||
               err_set(err, ERR_INPUT, "expected a LEAF number or a HASH, found \"%.80s\"", text);
    }
    if (!cmd_home_parse_hash(text, &hash, err) || !cmd_node_status(home, &hash, &status, err))
        return false;
    *ret_leaf = status.leaf;
    return status.on_ledger || err_set(err, ERR_NOT_FOUND, "the ledger does not hold it (yet)");
}

static int get(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[64];
    uint64_t leaf = 0;
    const char *output = NULL;
    struct buf bytes = buf_heap(RECEIPTS_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one LEAF or HASH", err) &&
                cmd_args_need(args, "o", &output, err) &&
                find_leaf(home, args->operand[0], &leaf, err);
    (void)snprintf(path, sizeof path, "/v1/receipts/%" PRIu64, leaf);
    good = good && cmd_node_get_bytes(home, path, &bytes, err) &&
           file_replace(output, buf_slice(&bytes), 0644, err);
    if (good && !home->json)
        (void)printf("receipt of leaf %" PRIu64 " written to %s, %zu bytes\n", leaf, output,
                     bytes.len);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_int(doc, "leaf", (int64_t)leaf);
        json_doc_put_text(doc, "file", output);
        json_doc_put_int(doc, "bytes", (int64_t)bytes.len);
        cmd_action_print(doc);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ verify */

struct verdict_files {
    struct buf receipts, statement, identity;
    struct identity id;
    struct hash hash;
};

/* The statement is named by its hash alone: whatever the bytes are, they are what was sealed. */
static bool verify_files(struct verdict_files *f, const struct cmd_args *args,
                         struct receipt_claim *ret_claim, struct err *err)
{
    const char *const *name = args->operand;
    if (!file_read(name[0], RECEIPTS_MAX, &f->receipts, err) ||
        !file_read(name[1], COSE_MAX_SIZE, &f->statement, err) ||
        !file_read(name[2], IDENTITY_MAX, &f->identity, err))
        return false;
    if (!identity_decode(buf_slice(&f->identity), &f->id, err))
        return err_wrap(err, "%s", name[2]);
    f->hash = crypto_sha256(buf_slice(&f->statement));
    struct err why = { .code = ERR_NONE };
    return seal_verify_receipts(buf_slice(&f->receipts), &f->hash, &f->id.genesis.ledger,
                                &f->id.set, ret_claim, &why) ||
           err_set(err, ERR_PROOF, "%s: %s", name[0], why.msg); /* damaged is no proof either */
}

static void tell(const struct cmd_home *home, const struct verdict_files *f,
                 const struct receipt_claim *c)
{
    char ledger[2 * HASH_SIZE + 1], block[2 * HASH_SIZE + 1], time[INSTANT_TEXT_SIZE];
    size_t quorum = authority_set_quorum(&f->id.set);
    hex_encode(hash_slice(&f->id.genesis.ledger), ledger);
    hex_encode(hash_slice(&c->block), block);
    instant_format(c->time_s * 1000, time);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_text(doc, "ledger", ledger);
        json_doc_put_hex(doc, "statement", hash_slice(&f->hash));
        json_doc_put_int(doc, "leaf", (int64_t)c->index);
        json_doc_put_int(doc, "size", (int64_t)c->size);
        json_doc_put_int(doc, "height", (int64_t)c->height);
        json_doc_put_int(doc, "round", (int64_t)c->round);
        json_doc_put_text(doc, "block", block);
        json_doc_put_text(doc, "time", time);
        json_doc_put_int(doc, "seals", (int64_t)c->seals);
        json_doc_put_int(doc, "quorum", (int64_t)quorum);
        cmd_action_print(doc);
        return;
    }
    (void)printf("proof ok: leaf %" PRIu64 " of %" PRIu64 " under block %" PRIu64
                 ", sealed %s by %zu of %zu (%zu needed)\n  ledger %s\n",
                 c->index, c->size, c->height, time, c->seals, f->id.set.count, quorum, ledger);
}

/* One file: a handover, both its statements within. */
static int verify_handover(struct cmd_home *home, const char *path, struct err *err)
{
    struct buf bytes = buf_heap(HANDOVER_MAX);
    int code = file_read(path, HANDOVER_MAX, &bytes, err)
                   ? cmd_custody_check_receipt(home, buf_slice(&bytes), err)
                   : cmd_action_fail(err);
    buf_free(&bytes);
    return code;
}

static int verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    if (args->operand_count == 1)
        return verify_handover(home, args->operand[0], err);
    struct receipt_claim claim = { .seals = 0 };
    struct verdict_files *f = calloc(1, sizeof *f);
    if (f == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    f->receipts = buf_heap(RECEIPTS_MAX);
    f->statement = buf_heap(COSE_MAX_SIZE);
    f->identity = buf_heap(IDENTITY_MAX);
    bool good = cmd_args_expect(args, 3, 3, "RECEIPT STATEMENT IDENTITY or HANDOVER", err) &&
                verify_files(f, args, &claim, err);
    if (good)
        tell(home, f, &claim);
    buf_free(&f->receipts);
    buf_free(&f->statement);
    buf_free(&f->identity);
    free(f);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_receipt(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "get", "receipt get", "o=",
          "Usage: waybill receipt get LEAF|HASH -o FILE\n"
          "Fetches the receipts of a statement: q seals of one round, each with its path.\n"
          "Exit code: 0 good, 1 error.\n",
          get },
        { "verify", "receipt verify", "",
          "Usage: waybill receipt verify RECEIPT STATEMENT IDENTITY\n"
          "       waybill receipt verify HANDOVER [--identity FILE]\n"
          "Are these bytes on that ledger? Offline: needs the files and nothing else. HANDOVER is "
          "what\n"
          "waybill custody receipt kept: an offer and its answer with their receipts.\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          verify },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
