/* `waybill statement`: any signed statement by its hash or as a file: fetch it, send it, follow it. */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/refusal.h"
#include "tools/cmd_action.h"
#include "tools/cmd_node.h"
#include "tools/cmd_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A hash typed as such, or a file that holds a statement. */
static bool name_statement(const char *text, struct hash *ret_hash, struct err *err)
{
    struct statement st;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    if (strlen(text) == (size_t)2 * HASH_SIZE && cmd_home_parse_hash(text, ret_hash, NULL))
        return true;
    bool good = file_read(text, STATEMENT_MAX, &bytes, err) &&
                (statement_decode(buf_slice(&bytes), &st, err) || err_wrap(err, "%s", text));
    if (good)
        *ret_hash = st.hash;
    buf_free(&bytes);
    return good;
}

/* ------------------------------------------------------------------ get */

static void tell(const struct cmd_home *home, const struct statement *st)
{
    char time[INSTANT_TEXT_SIZE], kid[2 * KID_SIZE + 1], hash[2 * HASH_SIZE + 1];
    instant_format(st->link.time_ms, time);
    hex_encode(kid_slice(&st->kid), kid);
    hex_encode(hash_slice(&st->hash), hash);
    if (!home->json) {
        (void)printf("%s\n  %s number %" PRIu64 " of key %s, signed %s, %zu bytes\n", hash,
                     statement_kind_name(st->kind), st->link.seq, kid, time, st->bytes.len);
        return;
    }
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "statement", hash);
    json_doc_put_text(doc, "kind", statement_kind_name(st->kind));
    json_doc_put_text(doc, "signer", kid);
    json_doc_put_int(doc, "seq", (int64_t)st->link.seq);
    json_doc_put_text(doc, "time", time);
    json_doc_put_hex(doc, "bytes", st->bytes);
    cmd_action_print(doc);
}

static int get(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct hash hash;
    struct statement st;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    const char *output = cmd_args_text(args, "o", NULL);
    bool good = cmd_args_expect(args, 1, 1, "one HASH", err) &&
                cmd_home_parse_hash(args->operand[0], &hash, err) &&
                cmd_node_get_statement(home, &hash, &bytes, err) &&
                statement_decode(buf_slice(&bytes), &st, err) &&
                (output == NULL || file_replace(output, buf_slice(&bytes), 0644, err));
    if (good)
        tell(home, &st);
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ send */

static int send_file(struct cmd_home *home, const char *path, bool wait, struct err *err)
{
    struct node_sent sent;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = file_read(path, STATEMENT_MAX, &bytes, err) &&
                cmd_send_bytes(home, buf_slice(&bytes), wait, &sent, err);
    buf_free(&bytes);
    return good ? cmd_send_report(home, "sent", &sent) : cmd_action_fail(err);
}

static int send(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    size_t count = 0;
    if (!cmd_args_expect(args, 0, 1, "at most one FILE", err))
        return cmd_action_fail(err);
    if (args->operand_count == 1)
        return send_file(home, args->operand[0], cmd_args_flag(args, "wait"), err);
    if (!cmd_send_pending(home, &count, err))
        return cmd_action_fail(err);
    if (!home->json)
        (void)printf("%zu statements of this key were waiting\n", count);
    return CMD_GOOD;
}

/* ------------------------------------------------------------------ status */

static int status(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct node_sent sent = { .seq = 0 };
    if (!cmd_args_expect(args, 1, 1, "one HASH or FILE", err) ||
        !name_statement(args->operand[0], &sent.hash, err) ||
        !cmd_node_status(home, &sent.hash, &sent.status, err))
        return cmd_action_fail(err);
    const struct refusal_entry *entry = refusal_find(sent.status.code);
    int code = cmd_send_report(home, "statement", &sent);
    if (sent.status.fate == NODE_FATE_REFUSED && !home->json)
        (void)printf("  %s: %s %s\n", refusal_name(sent.status.code),
                     entry != NULL ? entry->sentence : "", sent.status.detail);
    return code;
}

int cmd_statement(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "get", "statement get", "o=",
          "Usage: waybill statement get HASH [-o FILE]\n"
          "Fetches a statement from the ledger; it must hash to what was asked for.\n"
          "Exit code: 0 good, 1 error, 3 the node's answer is another statement.\n",
          get },
        { "send", "statement send", "wait",
          "Usage: waybill statement send [FILE] [--wait]\n"
          "Hands a signed statement in; with --wait until the ledger has decided. Without FILE: "
          "what\n"
          "this company has signed and not seen decided, the same bytes again.\n"
          "Exit code: 0 good, 1 error, 4 refused.\n",
          send },
        { "status", "statement status", "",
          "Usage: waybill statement status HASH|FILE\n"
          "Unknown, queued, final or refused, as the node says.\n"
          "Exit code: 0 good, 1 error, 4 refused.\n",
          status },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
