/*
 * `waybill recovery`: the quorum of a ledger is lost for good. More than half of its last authorities name the
 * newest block they have and fresh authorities that go on from there. Nobody follows by himself: each person
 * pins the recovery's hash, in the node's configuration and in the identity that he verifies by.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_recovery_parts.h"
#include "tools/data_folder.h"
#include "tools/genesis_files.h"
#include "tools/genesis_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAFT_NAME "recovery.draft"

/* ------------------------------------------------------------------ what a folder's ledger says */

bool cmd_recovery_last(const char *dir, struct recovery_last *ret_last, struct store **ret_store,
                       char data[PATH_MAX], struct err *err)
{
    char home[PATH_MAX];
    struct buf value = buf_heap(2 * AUTHORITY_SET_SIZE_MAX + 64);
    struct state_key key = state_key_plain(TABLE_SETS);
    struct slice set, next;
    bool good = data_folder_find(dir, data, home, err) &&
                store_open(data, STORE_READ, ret_store, err) &&
                store_head(*ret_store, &ret_last->head, NULL, err);
    good = good && ((store_state_get(*ret_store, state_key_slice(&key), &value, NULL) &&
                     state_sets_take(buf_slice(&value), &set, &next) &&
                     authority_set_decode(next, &ret_last->set, NULL)) ||
                    err_set(err, ERR_PROOF, "%s: its authority set cannot be read", data));
    if (good)
        ret_last->tip = header_hash(&ret_last->head);
    buf_free(&value);
    return good;
}

/* ------------------------------------------------------------------ telling */

static void print_hex(const char *label, struct slice bytes)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(bytes, hex);
    (void)printf("%s%s\n", label, hex);
}

void cmd_recovery_tell(const struct recovery *given)
{
    struct recovery r = *given;
    char time[INSTANT_TEXT_SIZE];
    instant_format(r.time_ms, time);
    (void)printf("recovery of %s\n", time);
    /* what is pinned is the hash with the signatures */
    print_hex(r.signature_count > 0 ? "  hash    " : "  draft   ", hash_slice(&r.hash));
    print_hex("  ledger  ", hash_slice(&r.ledger));
    (void)printf("  after block %" PRIu64, r.height);
    print_hex(", ", hash_slice(&r.tip));
    if (r.reason.len > 0) {
        (void)printf("  reason: ");
        cmd_contract_print(r.reason);
        (void)printf("\n");
    }
    for (size_t i = 0; i < r.set.count; i++) {
        struct recovery_node node;
        struct enrol_request e;
        recovery_next_node(&r, &node);
        if (!enrol_request_parse(node.request, &e, NULL))
            continue;
        struct kid kid = key_kid(e.pub);
        char hex[2 * KID_SIZE + 1];
        hex_encode(kid_slice(&kid), hex);
        (void)printf("  authority %s of member ", hex);
        hex_encode(kid_slice(&e.sponsor), hex);
        (void)printf("%s  %.*s  %.*s\n", hex, (int)node.record.broker.len,
                     (const char *)node.record.broker.data, (int)node.record.url.len,
                     (const char *)node.record.url.data);
    }
    (void)printf("  signatures %zu\n", r.signature_count);
    genesis_words_print_quorum(&r.set);
}

struct json_doc *cmd_recovery_json(const struct recovery *r, const char *path)
{
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "file", path);
    json_doc_put_hex(doc, "hash", hash_slice(&r->hash));
    json_doc_put_hex(doc, "ledger", hash_slice(&r->ledger));
    json_doc_put_int(doc, "height", (int64_t)r->height);
    json_doc_put_hex(doc, "tip", hash_slice(&r->tip));
    json_doc_put_int(doc, "authorities", (int64_t)r->set.count);
    json_doc_put_int(doc, "signatures", (int64_t)r->signature_count);
    return doc;
}

bool cmd_recovery_read(const char *path, struct buf *out, struct recovery *ret_r, struct err *err)
{
    return file_read(path, RECOVERY_SIZE_MAX, out, err) &&
           (recovery_decode(buf_slice(out), ret_r, err) || err_wrap(err, "%s", path));
}

/* ------------------------------------------------------------------ draft */

struct drafting {
    struct recovery_draft draft;
    struct buf bytes[AUTHORITY_MAX];
};

static bool add_node(struct drafting *d, const char *path, struct err *err)
{
    size_t i = d->draft.count;
    struct recovery_node *n = &d->draft.nodes[i];
    d->bytes[i] = buf_heap(REQUEST_SIZE_MAX);
    d->draft.count++;
    if (!file_read(path, REQUEST_SIZE_MAX, &d->bytes[i], err) ||
        !cbor_scan(buf_slice(&d->bytes[i]), err))
        return err_wrap(err, "%s", path);
    struct cbor_reader r = cbor_reader(buf_slice(&d->bytes[i]));
    cbor_take_array_of(&r, 4);
    n->request = cbor_take_bytes(&r, 1, ENROL_REQUEST_MAX);
    n->record.broker = cbor_take_text(&r, 1, NODE_ADDRESS_MAX);
    n->record.url = cbor_take_text(&r, 1, NODE_ADDRESS_MAX);
    n->record.certificate = cbor_take_bytes(&r, 1, NODE_CERTIFICATE_MAX);
    return cbor_done(&r) ||
           err_set(err, ERR_INPUT, "%s: no request of a node (member spare: node-request.cbor)",
                   path);
}

static bool fill(struct drafting *d, struct cmd_home *home, const struct cmd_args *args,
                 struct err *err)
{
    char data[PATH_MAX];
    struct recovery_last last;
    struct store *s = NULL;
    bool good =
        cmd_args_expect(args, 2, 1 + AUTHORITY_MAX, "DIR and the new nodes' requests", err) &&
        cmd_names_text(args, "reason", &d->draft.reason, err) &&
        cmd_recovery_last(args->operand[0], &last, &s, data, err);
    store_close(s);
    for (size_t i = 1; i < args->operand_count && good; i++)
        good = add_node(d, args->operand[i], err);
    if (!good)
        return false;
    d->draft.ledger = last.head.ledger;
    d->draft.height = last.head.height;
    d->draft.tip = last.tip;
    d->draft.time_ms = clock_now_ms(&home->clock);
    return true;
}

static bool write_draft(const struct drafting *d, const char *path, struct buf *out,
                        struct recovery *ret_r, struct err *err)
{
    struct buf body = buf_heap(RECOVERY_SIZE_MAX);
    recovery_put_body(&body, &d->draft);
    recovery_put(out, buf_slice(&body), NULL, 0);
    bool good = ((!body.failed && !out->failed) ||
                 err_set(err, ERR_INPUT, "too many new authorities for one recovery")) &&
                recovery_decode(buf_slice(out), ret_r, err) &&
                genesis_files_write(path, buf_slice(out), err);
    buf_free(&body);
    return good;
}

static int draft(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct recovery r;
    struct buf out = buf_heap(RECOVERY_SIZE_MAX);
    struct drafting *d = calloc(1, sizeof *d);
    const char *path = cmd_args_text(args, "out", cmd_args_text(args, "o", DRAFT_NAME));
    bool good = d != NULL && fill(d, home, args, err) && write_draft(d, path, &out, &r, err);
    if (good && home->json) {
        cmd_action_print(cmd_recovery_json(&r, path));
    } else if (good) {
        cmd_recovery_tell(&r);
        (void)printf(
            "\n%s: each of the last authorities that is still there looks at it and signs,\n"
            "more than half of them:\n  waybill recovery sign %s FOLDER\n",
            path, path);
    }
    for (size_t i = 0; d != NULL && i < d->draft.count; i++)
        buf_free(&d->bytes[i]);
    free(d);
    buf_free(&out);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ show */

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct recovery r;
    struct buf bytes = buf_heap(RECOVERY_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one FILE", err) &&
                cmd_recovery_read(args->operand[0], &bytes, &r, err);
    if (good && home->json)
        cmd_action_print(cmd_recovery_json(&r, args->operand[0]));
    else if (good)
        cmd_recovery_tell(&r);
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ actions */

int cmd_recovery(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "draft", "recovery draft", "reason= out= o=",
          "Usage: waybill recovery draft DIR NODE-REQUEST... [--reason TEXT] [-o FILE]\n"
          "When too many authorities of a ledger are gone for ever: fresh ones (waybill member "
          "spare) "
          "go on\n"
          "from the newest block of the ledger in DIR. What was sealed stays as it was, with its "
          "receipts.\n"
          "\n"
          "  --reason TEXT   it stands on the ledger\n"
          "  -o, --out FILE  where to (default: recovery.draft)\n"
          "Exit code: 0 good, 1 error.\n",
          draft },
        { "show", "recovery show", "",
          "Usage: waybill recovery show FILE\n"
          "What a recovery, drafted or sealed, says.\n"
          "Exit code: 0 good, 1 error, 3 it does not hold.\n",
          show },
        { "sign", "recovery sign", "despite-seal",
          "Usage: waybill recovery sign DRAFT DIR [--despite-seal]\n"
          "Signs with the authority's key of DIR, whose node must not run and has the same newest "
          "block,\n"
          "into DIR/recovery-signature.cbor, and retires that key.\n"
          "\n"
          "  --despite-seal  although the node has sealed a block after that one, which then is "
          "lost\n"
          "Exit code: 0 good, 1 error, 3 the draft does not hold.\n",
          cmd_recovery_sign },
        { "seal", "recovery seal", "out= o=",
          "Usage: waybill recovery seal DRAFT DIR SIGNATURE... [-o FILE]\n"
          "Puts the signatures under it: more than half of the last authorities of the ledger in "
          "DIR.\n"
          "Exit code: 0 good, 1 error, 3 there are too few, or one does not hold.\n",
          cmd_recovery_seal },
        { "pin", "recovery pin", "instead",
          "Usage: waybill recovery pin RECOVERY DIR [--instead]\n"
          "Decides to follow it: in DIR/identity.cbor, for what is verified from there, and in the "
          "node's\n"
          "configuration, if there is one. Nothing follows a recovery that is not pinned. A second "
          "one for\n"
          "what another goes on from is refused; who signed both is named, and the evidence kept "
          "in "
          "DIR.\n"
          "\n"
          "  --instead  give up the one that is pinned\n"
          "Exit code: 0 good, 1 error, 3 it does not hold, or another one is pinned.\n",
          cmd_recovery_pin },
        { "check", "recovery check", "",
          "Usage: waybill recovery check RECOVERY RECOVERY DIR\n"
          "       waybill recovery check EVIDENCE DIR\n"
          "What two recoveries are to each other, and who of the authorities that DIR knows signed "
          "both.\n"
          "Two decisions are evidence against those, kept as DIR/recovery-evidence-....cbor.\n"
          "Exit code: 0 they can be one after the other, 1 error, 3 a ledger can go on by one "
          "alone.\n",
          cmd_recovery_check },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
