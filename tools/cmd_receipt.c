/*
 * `waybill receipt`: the proof that a statement is on the ledger. Verifying needs three files and nothing
 * else: the receipt, the statement, the ledger's public identity; and once the authorities have changed, a proof
 * of that. A voucher is all of them in one file, but for the identity.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/cmd_custody_ask.h"
#include "tools/cmd_seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPTS_MAX (AUTHORITY_MAX * (RECEIPT_SIZE_MAX + 8))
#define HANDOVER_MAX ((size_t)2 * (COSE_MAX_SIZE + RECEIPTS_MAX) + SET_CHAIN_SIZE_MAX + 64)

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

/* A voucher that does not hold is not worth keeping. */
static bool check_voucher(struct cmd_home *home, struct slice bytes,
                          struct head_proof_voucher *ret_voucher, struct err *err)
{
    struct err why;
    if (!head_proof_check_voucher(bytes, &home->identity, ret_voucher, &why))
        return err_set(err, ERR_PROOF, "%s", why.msg); /* damaged is no proof either */
    return cmd_seen_covers(home, ret_voucher->claim.height, ret_voucher->by.changes, err);
}

static int get(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[64];
    uint64_t leaf = 0;
    const char *output = NULL;
    bool voucher = cmd_args_flag(args, "voucher");
    struct head_proof_voucher v;
    struct buf bytes = buf_heap(HEAD_PROOF_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one LEAF or HASH", err) &&
                cmd_args_need(args, "o", &output, err) &&
                find_leaf(home, args->operand[0], &leaf, err);
    (void)snprintf(path, sizeof path, "/v1/receipts/%" PRIu64 "%s", leaf,
                   voucher ? "/voucher" : "");
    good = good && cmd_node_get_bytes(home, path, &bytes, err) &&
           (!home->has_identity || cmd_seen_learn(home, err)) &&
           (!voucher || !home->has_identity || check_voucher(home, buf_slice(&bytes), &v, err)) &&
           file_replace(output, buf_slice(&bytes), 0644, err);
    if (good && !home->json)
        (void)printf("%s of leaf %" PRIu64 " written to %s, %zu bytes\n",
                     voucher ? "voucher" : "receipt", leaf, output, bytes.len);
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
    struct buf receipts, statement, identity, sets;
    struct identity id;
    struct hash hash;
    bool alone; /* no proof of later sets is there */
};

/* alone: nothing but the identity was there to say which set was in force. */
static void tell(const struct cmd_home *home, const struct identity *id,
                 const struct head_proof_voucher *v, bool alone)
{
    char ledger[2 * HASH_SIZE + 1], block[2 * HASH_SIZE + 1], time[INSTANT_TEXT_SIZE];
    const struct receipt_claim *c = &v->claim;
    hex_encode(hash_slice(&id->genesis.ledger), ledger);
    hex_encode(hash_slice(&c->block), block);
    instant_format(c->time_s * 1000, time);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_text(doc, "ledger", ledger);
        json_doc_put_hex(doc, "statement", hash_slice(&v->hash));
        json_doc_put_int(doc, "leaf", (int64_t)c->index);
        json_doc_put_int(doc, "size", (int64_t)c->size);
        json_doc_put_int(doc, "height", (int64_t)c->height);
        json_doc_put_int(doc, "round", (int64_t)c->round);
        json_doc_put_text(doc, "block", block);
        json_doc_put_text(doc, "time", time);
        json_doc_put_int(doc, "seals", (int64_t)c->seals);
        json_doc_put_int(doc, "quorum", (int64_t)v->by.quorum);
        json_doc_put_int(doc, "set_changes", (int64_t)v->by.changes);
        json_doc_put_bool(doc, "set_of_genesis", v->by.changes == 0);
        cmd_action_print(doc);
        return;
    }
    (void)printf("proof ok: leaf %" PRIu64 " of %" PRIu64 " under block %" PRIu64
                 ", sealed %s by %zu of %zu (%zu needed) by the set of %s\n  ledger %s\n",
                 c->index, c->size, c->height, time, c->seals, v->by.authorities, v->by.quorum,
                 v->by.changes == 0 ? "the genesis" : "its height", ledger);
    if (v->by.changes > 0)
        (void)printf("  the authorities had changed %zu times since the genesis\n", v->by.changes);
    else if (alone)
        (void)printf("  whether the authorities had changed by then, IDENTITY alone does not say: "
                     "--sets FILE does\n");
}

/* --sets FILE; what this folder has seen of the same ledger; or what the third file itself says. */
static bool find_sets(struct cmd_home *home, struct verdict_files *f, struct slice *ret_sets,
                      struct err *err)
{
    const char *given = cmd_args_text(home->args, "sets", NULL);
    *ret_sets = buf_slice(&f->identity);
    if (given != NULL) {
        *ret_sets = buf_slice(&f->sets);
        bool good = file_read(given, SET_CHAIN_SIZE_MAX, &f->sets, err);
        *ret_sets = buf_slice(&f->sets);
        return good;
    }
    bool same =
        home->has_identity && hash_equal(&home->identity.genesis.ledger, &f->id.genesis.ledger);
    struct slice seen;
    if (!same || set_chain_count(*ret_sets) > 0)
        return true;
    if (!cmd_seen_sets(home, &seen, err))
        return false;
    *ret_sets = seen;
    return true;
}

/* The identity alone, or with the changes that follow it. */
static bool take_identity(struct slice bytes, struct identity *ret_identity, struct err *err)
{
    struct cbor_reader r = cbor_reader(bytes);
    if (identity_decode(bytes, ret_identity, err))
        return true;
    if (!cbor_scan(bytes, NULL))
        return false;
    size_t items = cbor_take_array(&r);
    if (items == 3)
        (void)cbor_take_uint(&r);
    return (items == 2 || items == 3) && identity_take(&r, ret_identity, err);
}

/* The statement is named by its hash alone: whatever the bytes are, they are what was sealed. */
static bool verify_files(struct cmd_home *home, struct verdict_files *f,
                         const struct cmd_args *args, struct head_proof_voucher *ret_voucher,
                         struct err *err)
{
    const char *const *name = args->operand;
    struct slice sets;
    if (!file_read(name[0], RECEIPTS_MAX, &f->receipts, err) ||
        !file_read(name[1], COSE_MAX_SIZE, &f->statement, err) ||
        !file_read(name[2], SET_CHAIN_SIZE_MAX, &f->identity, err))
        return false;
    if (!take_identity(buf_slice(&f->identity), &f->id, err))
        return err_wrap(err, "%s", name[2]);
    if (!find_sets(home, f, &sets, err))
        return false;
    f->alone = set_chain_count(sets) == 0 && cmd_args_text(args, "sets", NULL) == NULL;
    f->hash = crypto_sha256(buf_slice(&f->statement));
    struct err why = { .code = ERR_NONE };
    return head_proof_check_receipts(buf_slice(&f->receipts), &f->hash, sets, &f->id, ret_voucher,
                                     &why) ||
           err_set(err, ERR_PROOF, "%s: %s", name[0], why.msg); /* damaged is no proof either */
}

/* One file: a voucher, or a handover with both its statements. */
static int verify_one(struct cmd_home *home, const char *path, struct err *err)
{
    struct buf bytes = buf_heap(HEAD_PROOF_SIZE_MAX);
    struct head_proof_voucher v = { .by = { .seals = 0 } };
    bool good = file_read(path, HEAD_PROOF_SIZE_MAX, &bytes, err);
    int code = CMD_GOOD;
    if (good && head_proof_kind(buf_slice(&bytes)) != HEAD_PROOF_VOUCHER) {
        code = cmd_custody_check_receipt(home, buf_slice(&bytes), err);
    } else {
        good = good && cmd_home_need_identity(home, err) &&
               check_voucher(home, buf_slice(&bytes), &v, err);
        code = good ? CMD_GOOD : cmd_action_fail(err);
    }
    if (good && v.by.seals > 0)
        tell(home, &home->identity, &v, false);
    buf_free(&bytes);
    return code;
}

static int verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    if (args->operand_count == 1)
        return verify_one(home, args->operand[0], err);
    struct head_proof_voucher voucher = { .by = { .seals = 0 } };
    struct verdict_files *f = calloc(1, sizeof *f);
    if (f == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    f->receipts = buf_heap(RECEIPTS_MAX);
    f->statement = buf_heap(COSE_MAX_SIZE);
    f->identity = buf_heap(SET_CHAIN_SIZE_MAX);
    f->sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = cmd_args_expect(args, 3, 3,
                                "RECEIPT STATEMENT IDENTITY, or one VOUCHER or HANDOVER", err) &&
                verify_files(home, f, args, &voucher, err);
    if (good)
        tell(home, &f->id, &voucher, f->alone);
    buf_free(&f->receipts);
    buf_free(&f->statement);
    buf_free(&f->identity);
    buf_free(&f->sets);
    free(f);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_receipt(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "get", "receipt get", "o= voucher",
          "Usage: waybill receipt get LEAF|HASH -o FILE [--voucher]\n"
          "Fetches the receipts of a statement: q seals of one round, each with its path.\n"
          "\n"
          "  --voucher  with the statement and the authorities of every height in one file, which\n"
          "             waybill receipt verify checks against DIR/identity.cbor alone\n"
          "Exit code: 0 good, 1 error, 3 the voucher does not hold.\n",
          get },
        { "verify", "receipt verify", CMD_SEEN_OPTIONS,
          "Usage: waybill receipt verify RECEIPT STATEMENT IDENTITY [--sets FILE]\n"
          "       waybill receipt verify VOUCHER|HANDOVER [--identity FILE]\n"
          "Are these bytes on that ledger? Offline: needs the files and nothing else. HANDOVER is "
          "what\n"
          "waybill custody receipt kept: an offer and its answer with their receipts.\n"
          "\n"
          "  --sets FILE  the authorities of every height (waybill proof sets), once they have\n"
          "               changed; without it what DIR has seen. IDENTITY may be such a file too\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          verify },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
