/*
 * `waybill checkpoint`: the ledger as one line of text that witnesses of any log understand, with its signatures; asked
 * for, verified offline, and shown to witnesses that speak c2sp.org/tlog-witness.
 */
#include "tools/cmd_checkpoint.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/http_client.h"
#include "common/instant.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_NOTE         "text/plain; charset=utf-8"
#define WITNESS_LEAST_MAX 100

/* ------------------------------------------------------------------ shared */

bool cmd_checkpoint_check(struct cmd_home *home, struct slice bytes, struct checkpoint *ret_c,
                          struct header *ret_header, struct err *err)
{
    struct slice sets;
    size_t changes;
    struct err why;
    if (!cmd_seen_sets(home, &sets, err))
        return false;
    if (!checkpoint_decode(bytes, ret_c, &why) ||
        !checkpoint_check_final(ret_c, sets, &home->identity, ret_header, &changes, &why))
        return err_set(err, ERR_PROOF, "%s", why.msg); /* damaged is no proof either */
    return true;
}

bool cmd_checkpoint_fetch(struct cmd_home *home, const char *path, struct buf *bytes,
                          struct checkpoint *ret_c, struct header *ret_header, struct err *err)
{
    buf_clear(bytes);
    return cmd_seen_learn(home, err) && cmd_node_get_bytes(home, path, bytes, err) &&
           cmd_checkpoint_check(home, buf_slice(bytes), ret_c, ret_header, err);
}

static bool take_path(const struct json_doc *doc, struct merkle_path *ret_path)
{
    const struct json_doc *list = json_doc_at(doc, "/path");
    size_t count = json_doc_count(list);
    ret_path->len = 0;
    if (list == NULL || count > MERKLE_LEVELS)
        return false;
    for (; ret_path->len < count; ret_path->len++) {
        struct slice hex;
        if (!json_doc_get_text(json_doc_element(list, ret_path->len), &hex) ||
            !hex_decode((const char *)hex.data, hex.len, ret_path->step[ret_path->len].bytes,
                        HASH_SIZE))
            return false;
    }
    return true;
}

bool cmd_checkpoint_path(struct cmd_home *home, uint64_t old, uint64_t size,
                         struct merkle_path *ret_path, struct err *err)
{
    char path[128];
    struct json_doc *doc = NULL;
    (void)snprintf(path, sizeof path, "/v1/proofs/consistency?old=%" PRIu64 "&size=%" PRIu64, old,
                   size);
    bool good = cmd_node_get_json(home, path, &doc, err) &&
                (take_path(doc, ret_path) ||
                 err_set(err, ERR_PROOF, "the node's path between two trees is none"));
    json_doc_free(doc);
    return good;
}

bool cmd_checkpoint_hand_in(struct cmd_home *home, struct slice note, int64_t *ret_kept,
                            struct err *err)
{
    struct node_client *node = NULL;
    struct json_doc *doc = NULL;
    struct buf answer = buf_heap(1 << 16);
    *ret_kept = 0;
    bool good = cmd_node_open(home, &node, err) &&
                node_client_post(node, "/checkpoint/cosignatures", TYPE_NOTE, note, &answer, err);
    if (good && json_doc_parse(buf_slice(&answer), answer.max, &doc, NULL))
        (void)json_doc_get_int(json_doc_at(doc, "/kept"), ret_kept);
    json_doc_free(doc);
    buf_free(&answer);
    return good;
}

/* ------------------------------------------------------------------ get */

static void tell(const struct cmd_home *home, const struct checkpoint *c, const struct header *h,
                 size_t cosignatures)
{
    char root[2 * HASH_SIZE + 1], time[INSTANT_TEXT_SIZE];
    hex_encode(hash_slice(&c->root), root);
    instant_format(h->time_ms, time);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_slice(doc, "origin", c->origin);
        json_doc_put_int(doc, "size", (int64_t)c->size);
        json_doc_put_text(doc, "root", root);
        json_doc_put_int(doc, "height", (int64_t)h->height);
        json_doc_put_text(doc, "time", time);
        json_doc_put_int(doc, "signatures", (int64_t)c->note.signatures);
        json_doc_put_int(doc, "witnesses", (int64_t)cosignatures);
        cmd_action_print(doc);
        return;
    }
    (void)printf("proof ok: %" PRIu64 " statements, root %.16s..., block %" PRIu64
                 " of %s, final; cosigned by %zu of the witnesses asked for\n",
                 c->size, root, h->height, time, cosignatures);
}

static int get(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct checkpoint c = { .size = 0 };
    struct header h = { .height = 0 };
    const char *output = cmd_args_text(args, "o", NULL);
    const char *path = cmd_args_flag(args, "witnessed") ? "/checkpoint/witnessed" : "/checkpoint";
    struct buf bytes = buf_heap(NOTE_SIZE_MAX);
    bool good = cmd_args_expect(args, 0, 0, "", err) &&
                cmd_checkpoint_fetch(home, path, &bytes, &c, &h, err) &&
                (output == NULL || file_replace(output, buf_slice(&bytes), 0644, err));
    if (good && output == NULL && !home->json)
        (void)printf("%.*s", (int)bytes.len, (const char *)bytes.data);
    else if (good)
        tell(home, &c, &h, 0);
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ verify */

/* How many of the keys given with --witness have cosigned; one that does not hold spoils the note. */
static bool count_witnesses(const struct cmd_args *args, const struct note *n, size_t *ret_count,
                            struct err *err)
{
    const char *text;
    *ret_count = 0;
    for (size_t i = 0; (text = cmd_args_nth(args, "witness", i)) != NULL; i++) {
        struct note_key key;
        uint64_t time_s;
        if (!note_key_parse(text, &key, err))
            return err_wrap(err, "--witness");
        enum note_verdict verdict = note_verify(n, &key, &time_s);
        if (verdict == NOTE_BAD)
            return err_set(err, ERR_PROOF, "the signature of %s does not hold", key.name);
        *ret_count += verdict == NOTE_GOOD ? 1 : 0;
        if (verdict == NOTE_ABSENT)
            (void)fprintf(stderr, "waybill: %s has not signed it\n", key.name);
    }
    return true;
}

static bool need_witnesses(const struct cmd_args *args, size_t count, struct err *err)
{
    char *end = NULL;
    const char *text = cmd_args_text(args, "least", NULL);
    size_t least = text != NULL ? strtoul(text, &end, 10) : 0;
    if (text != NULL && (*text < '0' || *text > '9' || *end != '\0' || least > WITNESS_LEAST_MAX))
        return err_set(err, ERR_INPUT, "--least: expected a number of witnesses, found \"%.20s\"",
                       text);
    while (text == NULL && cmd_args_nth(args, "witness", least) != NULL)
        least++;
    return count >= least ||
           err_set(err, ERR_PROOF, "cosigned by %zu witnesses, but %zu are needed", count, least);
}

static int verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct checkpoint c = { .size = 0 };
    struct header h = { .height = 0 };
    size_t count = 0;
    struct buf bytes = buf_heap(NOTE_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one NOTE", err) && cmd_home_need_identity(home, err) &&
                file_read(args->operand[0], NOTE_SIZE_MAX, &bytes, err) &&
                cmd_checkpoint_check(home, buf_slice(&bytes), &c, &h, err) &&
                count_witnesses(args, &c.note, &count, err) && need_witnesses(args, count, err);
    if (good)
        tell(home, &c, &h, count);
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ keys */

static int keys(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct slice known;
    struct authority_set set;
    if (!cmd_args_expect(args, 0, 0, "", err) || !cmd_seen_sets(home, &known, err) ||
        !set_chain_at(known, &home->identity, UINT64_MAX, &set, err))
        return cmd_action_fail(err);
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    struct json_doc *list = doc != NULL ? json_doc_put_array(doc, "keys") : NULL;
    for (size_t i = 0; i < set.count; i++) {
        struct buf text = buf_heap(NOTE_KEY_TEXT_MAX);
        struct note_key key =
            checkpoint_authority_key(&home->identity.genesis.ledger, set.at[i].pub);
        note_key_put(&text, &key);
        if (list != NULL)
            json_doc_put_slice(list, NULL, buf_slice(&text));
        else
            (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
        buf_free(&text);
    }
    if (doc != NULL)
        cmd_action_print(doc);
    return CMD_GOOD;
}

/* ------------------------------------------------------------------ submit */

/* The server and the path of a witness's URL prefix. */
static bool split_url(const char *url, char base[HTTP_CLIENT_URL_MAX],
                      char path[HTTP_CLIENT_URL_MAX], struct err *err)
{
    const char *host = strstr(url, "://");
    const char *slash = host == NULL ? NULL : strchr(host + 3, '/');
    size_t len = slash == NULL ? strlen(url) : (size_t)(slash - url);
    size_t rest = slash == NULL ? 0 : strlen(slash);
    while (rest > 0 && slash[rest - 1] == '/')
        rest--;
    return (host != NULL && len < HTTP_CLIENT_URL_MAX &&
            snprintf(base, HTTP_CLIENT_URL_MAX, "%.*s", (int)len, url) > 0 &&
            snprintf(path, HTTP_CLIENT_URL_MAX, "%.*s/add-checkpoint", (int)rest,
                     slash == NULL ? "" : slash) < HTTP_CLIENT_URL_MAX) ||
           err_set(err, ERR_INPUT, "expected a witness's URL, found \"%.80s\"", url);
}

struct asked {
    struct http_client *http;
    char path[HTTP_CLIENT_URL_MAX];
    struct slice note;
    uint64_t size;
};

/* Asks once. ret_old: what the witness says that it has, when it refused for that (409). */
static bool ask(struct cmd_home *home, struct asked *q, uint64_t old, struct buf *ret_lines,
                uint64_t *ret_old, struct err *err)
{
    struct merkle_path path = { .len = 0 };
    struct http_reply reply;
    struct buf request = buf_heap(NOTE_SIZE_MAX * 2);
    if (old > 0 && !cmd_checkpoint_path(home, old, q->size, &path, err))
        return false;
    witness_put_request(&request, old, &path, q->note);
    bool good = http_client_post(q->http, q->path, "text/plain", buf_slice(&request), &reply, err);
    *ret_old = UINT64_MAX;
    if (good && reply.status == 409 && reply.body.len > 0 && reply.body.len < 20) {
        char text[20], *end = NULL;
        memcpy(text, reply.body.data, reply.body.len);
        text[reply.body.len] = '\0';
        *ret_old = strtoull(text, &end, 10);
        good =
            end != text || err_set(err, ERR_INPUT, "the witness does not say how far it has come");
    } else if (good && reply.status != 200) {
        good = err_set(err, ERR_REFUSED, "the witness answers with status %u: %.*s", reply.status,
                       (int)(reply.body.len < 120 ? reply.body.len : 120),
                       reply.body.data == NULL ? "" : (const char *)reply.body.data);
    } else if (good) {
        buf_add_slice(ret_lines, buf_slice(&reply.body));
    }
    http_reply_free(&reply);
    buf_free(&request);
    return good;
}

/* Its cosignature, by a key that is known: anything else that it answers is passed over. */
static bool add_cosignature(struct slice note, struct slice lines, const struct note_key *key,
                            struct buf *ret_note, struct err *err)
{
    struct checkpoint c;
    uint64_t time_s;
    buf_add_slice(ret_note, note);
    buf_add_slice(ret_note, lines);
    return checkpoint_decode(buf_slice(ret_note), &c, err) &&
           (note_verify(&c.note, key, &time_s) == NOTE_GOOD ||
            err_set(err, ERR_PROOF, "the witness's answer bears no signature of %s that holds",
                    key->name));
}

static bool submit_to(struct cmd_home *home, const char *url, const struct note_key *key,
                      struct buf *ret_note, struct err *err)
{
    struct checkpoint c = { .size = 0 };
    struct header h = { .height = 0 };
    struct asked q;
    char base[HTTP_CLIENT_URL_MAX];
    uint64_t old = UINT64_MAX;
    struct buf bytes = buf_heap(NOTE_SIZE_MAX), lines = buf_heap(NOTE_SIZE_MAX);
    const struct http_client_options options = { .base_url = base, .ca_file = home->ca_file };
    bool good = split_url(url, base, q.path, err) &&
                cmd_checkpoint_fetch(home, "/checkpoint", &bytes, &c, &h, err) &&
                http_client_open(&options, &q.http, err);
    if (good) {
        q.note = buf_slice(&bytes);
        q.size = c.size;
        good = ask(home, &q, 0, &lines, &old, err) &&
               (old == UINT64_MAX || ask(home, &q, old, &lines, &old, err)) &&
               (lines.len > 0 || err_set(err, ERR_BUSY, "the witness is being asked by others"));
        http_client_close(q.http);
    }
    good = good && add_cosignature(buf_slice(&bytes), buf_slice(&lines), key, ret_note, err);
    buf_free(&bytes);
    buf_free(&lines);
    return good;
}

static int submit(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    const char *text = NULL, *output = cmd_args_text(args, "o", NULL);
    struct note_key key;
    int64_t kept = 0;
    struct buf note = buf_heap(NOTE_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "the URL of a witness", err) &&
                cmd_args_need(args, "witness", &text, err) && note_key_parse(text, &key, err) &&
                submit_to(home, args->operand[0], &key, &note, err) &&
                (output == NULL || file_replace(output, buf_slice(&note), 0644, err)) &&
                cmd_checkpoint_hand_in(home, buf_slice(&note), &kept, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "witness", key.name);
        json_doc_put_int(doc, "kept", kept);
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("cosigned by %s%s\n", key.name,
                     kept > 0 ? ", and kept by the node" : "; the node had it already");
    }
    buf_free(&note);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_checkpoint(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "get", "checkpoint get", "o= witnessed " CMD_SEEN_OPTIONS,
          "Usage: waybill checkpoint get [--witnessed] [-o FILE] [--sets FILE]\n"
          "The newest checkpoint of the node, or the newest that a witness has cosigned: a signed "
          "note of origin,\n"
          "size and root (c2sp.org/tlog-checkpoint) that also proves its block final.\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          get },
        { "verify", "checkpoint verify", "witness= least= " CMD_SEEN_OPTIONS,
          "Usage: waybill checkpoint verify NOTE [--witness KEY]... [--least N] [--sets FILE]\n"
          "Is it a checkpoint of this ledger, final, and cosigned? Offline.\n"
          "\n"
          "  --witness KEY  of a witness, as it prints it: NAME+ID+KEY\n"
          "  --least N      so many of them must have cosigned it; all, when not given\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          verify },
        { "keys", "checkpoint keys", CMD_SEEN_OPTIONS,
          "Usage: waybill checkpoint keys [--sets FILE]\n"
          "The keys by which the authorities sign checkpoints, for witnesses and verifiers of "
          "other logs.\n",
          keys },
        { "submit", "checkpoint submit", "witness= o= " CMD_SEEN_OPTIONS,
          "Usage: waybill checkpoint submit URL --witness KEY [-o FILE] [--sets FILE]\n"
          "Shows the newest checkpoint to a witness that speaks c2sp.org/tlog-witness, and gives "
          "its cosignature\n"
          "to the node.\n"
          "Exit code: 0 good, 1 error, 3 a proof failed, 4 the witness refused.\n",
          submit },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
