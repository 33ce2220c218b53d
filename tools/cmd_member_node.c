/*
 * `waybill member spare`, `enter` and `announce`: what an authority's key itself says on the ledger: that it
 * is there and runs, and where. Also how another key, another machine or another address takes over.
 */
#include "tools/cmd_member_node.h"
#include "common/hex.h"
#include "common/statement.h"
#include "common/tls_certificate.h"
#include "tools/cmd_member_new.h"
#include "tools/data_folder.h"
#include "tools/member_certificate.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ what it says */

/* The newest block that the node shows: so the word is recent, and on this chain. */
static bool read_anchor(struct cmd_home *home, struct anchor *ret_anchor, struct err *err)
{
    struct json_doc *doc = NULL;
    struct slice hash;
    struct hash tip;
    int64_t height = 0;
    if (!cmd_node_get_json(home, "/v1/head", &doc, err))
        return false;
    bool good = (json_doc_get_int(json_doc_at(doc, "/height"), &height) && height >= 0 &&
                 json_doc_get_text(json_doc_at(doc, "/hash"), &hash) &&
                 hex_decode((const char *)hash.data, hash.len, tip.bytes, HASH_SIZE)) ||
                err_set(err, ERR_IO, "the node's answer is no head");
    if (good) {
        *ret_anchor = (struct anchor){ .present = true, .height = (uint64_t)height };
        memcpy(ret_anchor->hash, tip.bytes, ANCHOR_HASH_SIZE);
    }
    json_doc_free(doc);
    return good;
}

bool cmd_member_node_key(const struct cmd_home *home, char path[PATH_MAX], struct err *err)
{
    char data[PATH_MAX];
    const char *given = cmd_args_text(home->args, "key", NULL);
    if (given != NULL)
        return snprintf(path, PATH_MAX, "%s", given) < PATH_MAX;
    if (!member_folder_path(home->dir, "node", data, err))
        return false;
    return data_folder_key(data, home->dir, path) ||
           err_set(err, ERR_NOT_FOUND, "%s: has no authority's key", home->dir);
}

bool cmd_member_node_say(struct cmd_home *home, bool enter, const struct node_record *record,
                         struct node_sent *ret_sent, struct err *err)
{
    char key[PATH_MAX];
    struct signer *s = NULL;
    struct node_client *node = NULL;
    struct statement draft = { .kind = KIND_NODE,
                               .as.node = { .record = *record, .enter = enter } };
    const struct hash *ledger = &home->identity.genesis.ledger;
    draft.link.time_ms = clock_now_ms(&home->clock);
    bool good = cmd_home_need_identity(home, err) && cmd_member_node_key(home, key, err) &&
                node_client_open_signer(key, ledger, &s, err) && cmd_node_open(home, &node, err) &&
                node_client_check_ledger(node, ledger, err) &&
                read_anchor(home, &draft.link.anchor, err) &&
                node_client_send(node, s, &draft, true, ret_sent, err);
    signer_close(s);
    return good;
}

static int say(struct cmd_home *home, const char *what, bool enter,
               const struct node_record *record, struct err *err)
{
    struct node_sent sent = { .status = { .fate = NODE_FATE_UNKNOWN } };
    bool good = cmd_member_node_say(home, enter, record, &sent, err);
    return good || (home->json && sent.status.fate == NODE_FATE_REFUSED)
               ? cmd_send_report(home, what, &sent)
               : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ enter */

static int enter(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct node_record record;
    struct buf bytes = buf_heap(CMD_MEMBER_NODE_ROOM);
    int code = cmd_args_expect(args, 0, 0, "nothing", err) &&
                       member_folder_read_address(home->dir, &bytes, &record, err)
                   ? say(home, "entered the set of authorities", true, &record, err)
                   : cmd_action_fail(err);
    buf_free(&bytes);
    return code;
}

/* ------------------------------------------------------------------ announce */

/* What is given replaces what the folder says; the certificate is the one that its node shows. */
static bool change_address(const struct cmd_home *home, const struct cmd_args *args,
                           struct buf *certificate, struct node_record *record, struct err *err)
{
    struct member_certificate files;
    struct tls_certificate checked;
    const char *broker = cmd_args_text(args, "broker", NULL);
    const char *url = cmd_args_text(args, "url", NULL);
    if (broker != NULL)
        record->broker = slice_text(broker);
    if (url != NULL)
        record->url = slice_text(url);
    if (!member_certificate_find(home->dir, &files, err) ||
        !tls_certificate_read(files.certificate, certificate, err) ||
        !tls_certificate_check(buf_slice(certificate), &checked, err))
        return false;
    record->certificate = buf_slice(certificate);
    return (request_check_broker(record->broker, err) || err_wrap(err, "--broker")) &&
           (request_check_url(record->url, err) || err_wrap(err, "--url")) &&
           member_folder_write_address(home->dir, record, err);
}

static int announce(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct node_record record;
    struct buf bytes = buf_heap(CMD_MEMBER_NODE_ROOM);
    struct buf certificate = buf_heap(REQUEST_CERTIFICATE_MAX);
    int code = cmd_args_expect(args, 0, 0, "nothing", err) &&
                       member_folder_read_address(home->dir, &bytes, &record, err) &&
                       change_address(home, args, &certificate, &record, err)
                   ? say(home, "announced where the node is", false, &record, err)
                   : cmd_action_fail(err);
    buf_free(&bytes);
    buf_free(&certificate);
    return code;
}

/* ------------------------------------------------------------------ actions */

const struct cmd_action cmd_member_enter_action = {
    "enter", "member enter", "",
    "Usage: waybill member enter [--dir DIR] [--node URL]\n"
    "The authority's key of the folder says that it runs, with the newest block that its node "
    "has:\n"
    "once members have voted it in (waybill gov propose add-authority), it enters the set with "
    "the\n"
    "next block. If its member had another authority there, that one leaves in the same block.\n"
    "Exit code: 0 entered, 1 error, 4 refused.\n",
    enter
};

const struct cmd_action cmd_member_announce_action = {
    "announce", "member announce", "broker= url=",
    "Usage: waybill member announce [--broker HOST:PORT] [--url URL] [--dir DIR]\n"
    "Tells the ledger where the folder's node is now, and by which certificate (that of "
    "node.yaml)\n"
    "it is known; the others take it from there. Where it listens is in node.yaml. Another\n"
    "certificate: waybill member certificate.\n"
    "Exit code: 0 accepted, 1 error, 4 refused.\n",
    announce
};
