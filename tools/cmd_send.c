#include "tools/cmd_send.h"

#include "common/hex.h"
#include "common/keyfile.h"
#include "common/refusal.h"
#include "tools/cmd_action.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool open_signer(struct cmd_home *home, struct signer **ret_signer, struct err *err)
{
    char path[PATH_MAX];
    return cmd_home_need_identity(home, err) && cmd_home_key_path(home, path, err) &&
           node_client_open_signer(path, &home->identity.genesis.ledger, ret_signer, err);
}

/* Nothing is signed for a node that keeps another ledger: it would only use up a number. */
bool cmd_send_draft(struct cmd_home *home, struct statement *draft, struct node_sent *ret_sent,
                    struct err *err)
{
    struct signer *s = NULL;
    struct node_client *node = NULL;
    if (draft->link.time_ms == 0)
        draft->link.time_ms = clock_now_ms(&home->clock);
    bool good =
        open_signer(home, &s, err) && cmd_node_open(home, &node, err) &&
        node_client_check_ledger(node, &home->identity.genesis.ledger, err) &&
        node_client_send(node, s, draft, !cmd_args_flag(home->args, "no-wait"), ret_sent, err);
    signer_close(s);
    return good;
}

bool cmd_send_bytes(struct cmd_home *home, struct slice statement, bool wait,
                    struct node_sent *ret_sent, struct err *err)
{
    struct node_client *node = NULL;
    return cmd_node_open(home, &node, err) &&
           node_client_submit(node, statement, wait, ret_sent, err);
}

bool cmd_send_pending(struct cmd_home *home, size_t *ret_count, struct err *err)
{
    struct signer *s = NULL;
    struct node_client *node = NULL;
    bool good = open_signer(home, &s, err) && cmd_node_open(home, &node, err);
    *ret_count = good ? signer_pending_count(s) : 0;
    good = good && node_client_send_pending(node, s, err);
    signer_close(s);
    return good;
}

bool cmd_send_kid(struct cmd_home *home, struct kid *ret_kid, struct err *err)
{
    char path[PATH_MAX];
    struct key_pair key;
    if (!cmd_home_key_path(home, path, err) || !keyfile_load(path, &key, err))
        return false;
    *ret_kid = key.kid;
    crypto_wipe(&key, sizeof key);
    return true;
}

bool cmd_send_member(struct cmd_home *home, struct kid *ret_member, struct err *err)
{
    struct kid key;
    if (!cmd_send_kid(home, &key, err))
        return false;
    if (!cmd_home_key_member(home, &key, ret_member))
        *ret_member = key;
    return true;
}

/* ------------------------------------------------------------------ telling */

static void report_json(const char *what, const struct node_sent *sent)
{
    const struct node_status *s = &sent->status;
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "what", what);
    json_doc_put_hex(doc, "statement", hash_slice(&sent->hash));
    if (sent->seq > 0) { /* a statement asked for by its hash has none: numbers begin with 1 */
        json_doc_put_hex(doc, "signer", kid_slice(&sent->signer));
        json_doc_put_int(doc, "seq", (int64_t)sent->seq);
    }
    json_doc_put_text(doc, "status", node_client_fate_name(s->fate));
    if (s->on_ledger) {
        json_doc_put_int(doc, "leaf", (int64_t)s->leaf);
        json_doc_put_int(doc, "height", (int64_t)s->height);
    }
    if (s->fate == NODE_FATE_REFUSED) {
        const struct refusal_entry *entry = refusal_find(s->code);
        struct json_doc *refusal = json_doc_put_object(doc, "refusal");
        json_doc_put_int(refusal, "code", (int64_t)s->code);
        json_doc_put_text(refusal, "name", refusal_name(s->code));
        json_doc_put_text(refusal, "sentence", entry != NULL ? entry->sentence : "");
        json_doc_put_text(refusal, "detail", s->detail);
    }
    cmd_action_print(doc);
}

int cmd_send_report(struct cmd_home *home, const char *what, const struct node_sent *sent)
{
    const struct node_status *s = &sent->status;
    char hash[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&sent->hash), hash);
    if (home->json)
        report_json(what, sent);
    else if (s->on_ledger)
        (void)printf("%s: %s, leaf %" PRIu64 " in block %" PRIu64 "\n  statement %s\n", what,
                     s->fate == NODE_FATE_FINAL ? "accepted" : "refused", s->leaf, s->height, hash);
    else
        (void)printf("%s: %s\n  statement %s\n", what, node_client_fate_name(s->fate), hash);
    return s->fate == NODE_FATE_REFUSED ? CMD_REFUSED : CMD_GOOD;
}

int cmd_send_finish(struct cmd_home *home, const char *what, struct statement *draft)
{
    struct node_sent sent = { .status = { .fate = NODE_FATE_UNKNOWN } };
    struct err err = { .code = ERR_NONE };
    if (cmd_send_draft(home, draft, &sent, &err) ||
        (home->json && sent.status.fate == NODE_FATE_REFUSED))
        return cmd_send_report(home, what, &sent);
    int code = cmd_fail(home->args->command, home->json, &err);
    if (code == CMD_REFUSED && sent.status.on_ledger) { /* its name: for those who ask why */
        char hash[2 * HASH_SIZE + 1];
        hex_encode(hash_slice(&sent.hash), hash);
        (void)fprintf(stderr, "  statement %s\n", hash);
    }
    return code;
}
