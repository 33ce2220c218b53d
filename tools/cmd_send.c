#include "tools/cmd_send.h"

#include "common/hex.h"
#include "common/keyfile.h"
#include "common/refusal.h"
#include "tools/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLL_MS      50
#define LOCK_WAIT_MS 5000 /* another command of the same company may be signing */
#define RETRY_MS     500

static void sleep_ms(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    (void)nanosleep(&t, NULL);
}

/* ------------------------------------------------------------------ sending and waiting */

static bool refuse(const struct cmd_status *s, struct err *err)
{
    const struct refusal_entry *entry = refusal_find(s->code);
    return err_set(err, ERR_REFUSED, "refused %s: %s%s%s", refusal_name(s->code),
                   entry != NULL ? entry->sentence : "", s->detail[0] != '\0' ? " " : "",
                   s->detail);
}

static bool is_decided(const struct cmd_status *s)
{
    return s->fate == CMD_FATE_FINAL || (s->fate == CMD_FATE_REFUSED && !s->retry);
}

/* Hands it in, and again when the node asks for patience, until it is decided or time is up. */
static bool push(struct cmd_home *home, struct slice bytes, const struct hash *hash, bool wait,
                 struct cmd_status *ret_status, struct err *err)
{
    uint64_t start = clock_steady_ms(), posted = 0;
    bool in = false;
    for (;;) {
        uint64_t now = clock_steady_ms();
        if (!in || (ret_status->fate == CMD_FATE_REFUSED && now - posted >= RETRY_MS)) {
            in = cmd_node_post(home, bytes, err);
            posted = now;
            if (!in && (err->code != ERR_BUSY || now - start > CMD_SEND_WAIT_MS))
                return false;
        }
        if (in && !cmd_node_status(home, hash, ret_status, err))
            return false;
        if (in && (!wait || is_decided(ret_status)))
            return true;
        if (now - start > CMD_SEND_WAIT_MS)
            return err_set(err, ERR_BUSY,
                           "not decided after %d s; it is signed and kept: waybill statement send "
                           "sends it again",
                           CMD_SEND_WAIT_MS / 1000);
        sleep_ms(POLL_MS);
    }
}

bool cmd_send_bytes(struct cmd_home *home, struct slice statement, bool wait,
                    struct cmd_sent *ret_sent, struct err *err)
{
    struct statement st;
    struct err why = { .code = ERR_NONE };
    if (!statement_decode(statement, &st, err))
        return err_wrap(err, "no statement");
    *ret_sent = (struct cmd_sent){ .hash = st.hash, .signer = st.kid, .seq = st.link.seq };
    if (!push(home, statement, &st.hash, wait, &ret_sent->status, &why))
        return err_set(err, why.code, "%s", why.msg);
    return ret_sent->status.fate != CMD_FATE_REFUSED || refuse(&ret_sent->status, err);
}

/* ------------------------------------------------------------------ signing */

static bool open_signer(struct cmd_home *home, struct signer **ret_signer, struct err *err)
{
    char path[PATH_MAX];
    struct err why = { .code = ERR_NONE };
    uint64_t start = clock_steady_ms();
    if (!cmd_home_need_identity(home, err) || !cmd_home_key_path(home, path, err))
        return false;
    while (!signer_open(path, &home->identity.genesis.ledger, ret_signer, &why)) {
        if (why.code != ERR_BUSY || clock_steady_ms() - start > LOCK_WAIT_MS)
            return err_set(err, why.code, "%s", why.msg);
        sleep_ms(POLL_MS);
    }
    return true;
}

/* What an earlier command signed and never saw decided goes first: its seq comes before. */
static bool send_pending(struct cmd_home *home, struct signer *s, struct err *err)
{
    while (signer_pending_count(s) > 0) {
        struct cmd_sent sent;
        if (!cmd_send_bytes(home, signer_pending(s, 0), true, &sent, err) &&
            err->code != ERR_REFUSED)
            return err_wrap(err, "an earlier statement");
        if (!signer_settle(s, &sent.hash, err))
            return false;
    }
    return true;
}

static bool sign_and_send(struct cmd_home *home, struct signer *s, struct statement *draft,
                          struct cmd_sent *ret_sent, struct err *err)
{
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool wait = !cmd_args_flag(home->args, "no-wait");
    struct err send_err = { .code = ERR_NONE };
    if (draft->link.time_ms == 0)
        draft->link.time_ms = clock_now_ms(&home->clock);
    bool good = signer_sign(s, draft, &bytes, &ret_sent->hash, err);
    if (good) {
        good = cmd_send_bytes(home, buf_slice(&bytes), wait, ret_sent, &send_err);
        if (is_decided(&ret_sent->status) && !signer_settle(s, &ret_sent->hash, err))
            good = false;
        else if (!good)
            (void)err_set(err, send_err.code, "%s", send_err.msg);
    }
    buf_free(&bytes);
    return good;
}

bool cmd_send_draft(struct cmd_home *home, struct statement *draft, struct cmd_sent *ret_sent,
                    struct err *err)
{
    struct signer *s = NULL;
    struct err why = { .code = ERR_NONE };
    *ret_sent = (struct cmd_sent){ .seq = 0 };
    if (!open_signer(home, &s, err))
        return false;
    bool good = send_pending(home, s, &why) && sign_and_send(home, s, draft, ret_sent, &why);
    signer_close(s);
    return good || err_set(err, why.code, "%s", why.msg);
}

bool cmd_send_pending(struct cmd_home *home, size_t *ret_count, struct err *err)
{
    struct signer *s = NULL;
    struct err why = { .code = ERR_NONE };
    if (!open_signer(home, &s, err))
        return false;
    *ret_count = signer_pending_count(s);
    bool good = send_pending(home, s, &why);
    signer_close(s);
    return good || err_set(err, why.code, "%s", why.msg);
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

/* ------------------------------------------------------------------ telling */

static void report_json(const char *what, const struct cmd_sent *sent, const char *hash)
{
    struct json_doc *doc = json_doc_object();
    struct buf out = buf_heap(4096);
    json_doc_put_text(doc, "what", what);
    json_doc_put_text(doc, "statement", hash);
    json_doc_put_hex(doc, "signer", kid_slice(&sent->signer));
    json_doc_put_int(doc, "seq", (int64_t)sent->seq);
    json_doc_put_text(doc, "status", cmd_node_fate_name(sent->status.fate));
    if (sent->status.on_ledger) {
        json_doc_put_int(doc, "leaf", (int64_t)sent->status.leaf);
        json_doc_put_int(doc, "height", (int64_t)sent->status.height);
    }
    if (sent->status.fate == CMD_FATE_REFUSED) {
        const struct refusal_entry *entry = refusal_find(sent->status.code);
        struct json_doc *refusal = json_doc_put_object(doc, "refusal");
        json_doc_put_int(refusal, "code", (int64_t)sent->status.code);
        json_doc_put_text(refusal, "name", refusal_name(sent->status.code));
        json_doc_put_text(refusal, "sentence", entry != NULL ? entry->sentence : "");
        json_doc_put_text(refusal, "detail", sent->status.detail);
    }
    json_doc_write(doc, 2, &out);
    (void)printf("%.*s\n", (int)out.len, (const char *)out.data);
    buf_free(&out);
    json_doc_free(doc);
}

int cmd_send_report(struct cmd_home *home, const char *what, const struct cmd_sent *sent)
{
    char hash[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&sent->hash), hash);
    if (home->json)
        report_json(what, sent, hash);
    else if (sent->status.on_ledger)
        (void)printf("%s: %s, leaf %" PRIu64 " in block %" PRIu64 "\n  statement %s\n", what,
                     sent->status.fate == CMD_FATE_FINAL ? "accepted" : "refused",
                     sent->status.leaf, sent->status.height, hash);
    else
        (void)printf("%s: %s\n  statement %s\n", what, cmd_node_fate_name(sent->status.fate), hash);
    return sent->status.fate == CMD_FATE_REFUSED ? CMD_REFUSED : CMD_GOOD;
}

int cmd_send_finish(struct cmd_home *home, const char *what, struct statement *draft)
{
    struct cmd_sent sent;
    struct err err = { .code = ERR_NONE };
    if (cmd_send_draft(home, draft, &sent, &err))
        return cmd_send_report(home, what, &sent);
    if (home->json && sent.status.fate == CMD_FATE_REFUSED)
        return cmd_send_report(home, what, &sent);
    return cmd_fail(home->args->command, home->json, &err);
}
