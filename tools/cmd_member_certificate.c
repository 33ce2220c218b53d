/*
 * `waybill member certificate`: another key and certificate by which the others know this member's node, for
 * one that is lost or ends. The ledger has to hold it before the node may show it, and the old one counts
 * only until the others have taken the new one over: so it is made, announced, put in place, and then the
 * node is to be restarted.
 */
#include "common/hex.h"
#include "common/instant.h"
#include "common/keyfile.h"
#include "common/tls_certificate.h"
#include "tools/cmd_member_new.h"
#include "tools/cmd_member_node.h"
#include "tools/member_certificate.h"
#include "tools/member_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How the node that is asked stands, when it is this folder's own. */
struct standing {
    bool own;
    int64_t peers; /* authorities heard beside it */
    int64_t quorum, members;
};

struct changing {
    struct kid authority;
    struct member_certificate files;
    struct tls_certificate certificate;
    struct standing standing;
    struct node_record record; /* borrows from the two below */
    struct buf address, der;
    struct node_sent sent;
};

/* ------------------------------------------------------------------ before */

static bool read_authority(const struct cmd_home *home, struct kid *ret_kid, struct err *err)
{
    char path[PATH_MAX];
    struct key_pair key;
    if (!cmd_member_node_key(home, path, err) || !keyfile_load(path, &key, err))
        return false;
    *ret_kid = key.kid;
    crypto_wipe(&key, sizeof key);
    return true;
}

static bool read_standing(struct cmd_home *home, const struct kid *own, struct standing *ret_s,
                          struct err *err)
{
    struct json_doc *doc = NULL;
    struct slice text;
    struct kid kid;
    struct standing s = { .own = false };
    if (!cmd_node_get_json(home, "/v1/consensus", &doc, err))
        return false;
    s.own = json_doc_get_text(json_doc_at(doc, "/kid"), &text) &&
            hex_decode((const char *)text.data, text.len, kid.bytes, KID_SIZE) &&
            kid_equal(&kid, own) && json_doc_get_int(json_doc_at(doc, "/peers"), &s.peers) &&
            json_doc_get_int(json_doc_at(doc, "/quorum"), &s.quorum) &&
            json_doc_get_int(json_doc_at(doc, "/members"), &s.members);
    json_doc_free(doc);
    *ret_s = s;
    return true;
}

/* Once it is announced the others let the node in no more until it was restarted. */
static bool may_miss_it(const struct standing *s, bool now, struct err *err)
{
    if (now || !s->own || s->peers >= s->quorum || s->members <= s->quorum)
        return true;
    return err_set(err, ERR_BUSY,
                   "not now: a block needs %" PRId64 " authorities and beside this node %" PRId64
                   " are heard, so none would be made until it was restarted. Wait until another "
                   "one is back, or say --now",
                   s->quorum, s->peers);
}

/* ------------------------------------------------------------------ after */

static const char *restart_word(const struct standing *s)
{
    if (!s->own)
        return "start";
    return s->peers >= s->quorum ? "restart" : "restart-halts";
}

static void put_json(const struct changing *c)
{
    char until[INSTANT_TEXT_SIZE];
    struct json_doc *doc = json_doc_object();
    instant_format(c->certificate.until_ms, until);
    json_doc_put_text(doc, "what", "announced another certificate");
    json_doc_put_hex(doc, "statement", hash_slice(&c->sent.hash));
    json_doc_put_text(doc, "status", node_client_fate_name(c->sent.status.fate));
    json_doc_put_int(doc, "height", (int64_t)c->sent.status.height);
    json_doc_put_hex(doc, "authority", kid_slice(&c->authority));
    json_doc_put_hex(doc, "certificate", hash_slice(&c->certificate.fingerprint));
    json_doc_put_text(doc, "until", until);
    json_doc_put_text(doc, "next", restart_word(&c->standing));
    cmd_action_print(doc);
}

static void tell(const struct changing *c)
{
    const struct standing *s = &c->standing;
    char fingerprint[2 * HASH_SIZE + 1], until[INSTANT_TEXT_SIZE];
    hex_encode(hash_slice(&c->certificate.fingerprint), fingerprint);
    instant_format(c->certificate.until_ms, until);
    (void)printf("  certificate SHA-256 %s, until %s\n  in place: %s and %s\n", fingerprint, until,
                 c->files.key, c->files.certificate);
    if (!s->own)
        (void)printf("Now start its node, or restart it. ");
    else if (s->peers >= s->quorum)
        (void)printf("Now restart its node: %" PRId64 " others are heard, enough for blocks. ",
                     s->peers);
    else
        (void)printf("Now restart its node: until it is heard again no block is made. ");
    (void)printf("The others take the certificate over within some 10 s,\nor minutes for one who "
                 "announces again and again; from then on they know no other.\n");
}

/* ------------------------------------------------------------------ the whole */

static bool prepare(struct cmd_home *home, const struct cmd_args *args, struct changing *c,
                    struct err *err)
{
    return cmd_args_expect(args, 0, 0, "nothing", err) && cmd_home_need_identity(home, err) &&
           read_authority(home, &c->authority, err) &&
           member_folder_read_address(home->dir, &c->address, &c->record, err) &&
           member_certificate_find(home->dir, &c->files, err) &&
           read_standing(home, &c->authority, &c->standing, err) &&
           may_miss_it(&c->standing, cmd_args_flag(args, "now"), err) &&
           member_certificate_make(&c->files, &c->authority, clock_real_ms(), &c->der, err) &&
           tls_certificate_check(buf_slice(&c->der), &c->certificate, err);
}

static bool change(struct cmd_home *home, const struct cmd_args *args, struct changing *c,
                   struct err *err)
{
    if (!prepare(home, args, c, err))
        return false;
    c->record.certificate = buf_slice(&c->der);
    if (!cmd_member_node_say(home, false, &c->record, &c->sent, err)) {
        (void)fprintf(stderr, "not announced yet; the certificate waits in %s for another try\n",
                      c->files.next_certificate);
        return false;
    }
    return member_certificate_replace(&c->files, err) &&
           member_folder_write_address(home->dir, &c->record, err);
}

static int certificate(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct changing c = { .address = buf_heap(CMD_MEMBER_NODE_ROOM),
                          .der = buf_heap(REQUEST_CERTIFICATE_MAX),
                          .sent = { .status = { .fate = NODE_FATE_UNKNOWN } } };
    bool good = change(home, args, &c, err);
    int code = CMD_GOOD;
    if (!good && home->json && c.sent.status.fate == NODE_FATE_REFUSED) {
        code = cmd_send_report(home, "announced another certificate", &c.sent);
    } else if (!good) {
        code = cmd_action_fail(err);
    } else if (home->json) {
        put_json(&c);
    } else {
        code = cmd_send_report(home, "announced another certificate", &c.sent);
        tell(&c);
    }
    buf_free(&c.address);
    buf_free(&c.der);
    return code;
}

const struct cmd_action cmd_member_certificate_action = {
    "certificate", "member certificate", "now",
    "Usage: waybill member certificate [--now] [--dir DIR] [--node URL]\n"
    "Another key and certificate by which the others know the folder's node, where the old one is\n"
    "lost, known to somebody else, or ends: makes them (DIR/tls.key.next, DIR/tls.crt.next), has\n"
    "the authority's key announce the certificate, and once that is on the ledger puts them in "
    "place;\n"
    "the old ones stay as DIR/tls.key.old and DIR/tls.crt.old. Then the node is to be restarted, "
    "and\n"
    "the command says what that means for the others. Ended early, it goes on with the same "
    "certificate.\n"
    "Where the others let the node in no more, or it does not run, --node is another member's "
    "node.\n"
    "\n"
    "  --now  even while so few authorities are heard that no block is made until it is restarted\n"
    "Exit code: 0 announced and in place, 1 error, 4 refused.\n",
    certificate
};
