/*
 * `waybill witness`: somebody outside who has seen that the ledger only grows, and signs that. A folder of its own holds
 * its key, the ledger's identity, and what it has seen; whoever verifies a checkpoint knows its key.
 */
#include "tools/cmd_checkpoint.h"

#include "common/file.h"
#include "common/instant.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void put_key(const struct note_key *key, struct buf *out)
{
    buf_clear(out);
    note_key_put(out, key);
}

/* ------------------------------------------------------------------ init */

static bool make_folder(const struct cmd_home *home, const char *dir, struct err *err)
{
    char path[PATH_MAX];
    struct buf identity = buf_heap(1 << 16);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    identity_put(&identity, &home->identity);
    bool good = snprintf(path, sizeof path, "%s/identity.cbor", dir) < PATH_MAX ||
                err_set(err, ERR_INPUT, "%s: the name is too long", dir);
    good = good && (file_exists(path) || file_create(path, buf_slice(&identity), 0644, err));
    buf_free(&identity);
    return good;
}

static int init(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    const char *name = NULL;
    struct note_key key;
    struct buf text = buf_heap(NOTE_KEY_TEXT_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one FOLDER", err) &&
                cmd_args_need(args, "name", &name, err) && cmd_home_need_identity(home, err) &&
                make_folder(home, args->operand[0], err) &&
                witness_make(args->operand[0], name, &key, err);
    if (good) {
        put_key(&key, &text);
        if (home->json) {
            struct json_doc *doc = json_doc_object();
            json_doc_put_slice(doc, "key", buf_slice(&text));
            cmd_action_print(doc);
        } else {
            (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
        }
    }
    buf_free(&text);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ cosign */

/* The head within the checkpoint: it too must go on from what the folder has seen. */
static bool see_head(struct cmd_home *home, const struct checkpoint *c, struct err *err)
{
    struct note walk = c->note;
    struct note_line line;
    struct final f;
    struct buf memory = buf_heap(NOTE_SIZE_MAX);
    bool good = false, found = false;
    while (!found && note_next(&walk, &memory, &line))
        found = final_decode(line.sig, &f, NULL);
    good = found ? cmd_seen_head(home, line.sig, err)
                 : err_set(err, ERR_PROOF, "the checkpoint brings no head");
    buf_free(&memory);
    return good;
}

static void tell_cosigned(const struct cmd_home *home, const struct witness *w, uint64_t old,
                          uint64_t time_s, int64_t kept)
{
    char time[INSTANT_TEXT_SIZE];
    instant_format(time_s * 1000, time);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "witness", w->key.name);
        json_doc_put_int(doc, "before", (int64_t)old);
        json_doc_put_int(doc, "size", (int64_t)w->seen.size);
        json_doc_put_text(doc, "time", time);
        json_doc_put_int(doc, "kept", kept);
        cmd_action_print(doc);
        return;
    }
    (void)printf("cosigned %" PRIu64 " statements (%" PRIu64 " before) as %s at %s\n", w->seen.size,
                 old, w->key.name, time);
    if (kept == 0)
        (void)printf("  the node does not keep it: is this witness's key among its witnesses?\n");
}

static bool cosign_now(struct cmd_home *home, struct witness *w, struct err *err)
{
    struct checkpoint c;
    struct header h;
    struct witness_request r = { .old = witness_old_size(w) };
    uint64_t old = r.old, time_s = clock_now_ms(&home->clock) / 1000;
    int64_t kept = 0;
    const char *output = cmd_args_text(home->args, "o", NULL);
    struct buf bytes = buf_heap(NOTE_SIZE_MAX), line = buf_heap(NOTE_SIZE_MAX);
    bool good =
        cmd_checkpoint_fetch(home, "/checkpoint", &bytes, &c, &h, err) && see_head(home, &c, err);
    r.note = buf_slice(&bytes);
    good = good &&
           (old == 0 || old >= c.size || cmd_checkpoint_path(home, old, c.size, &r.path, err)) &&
           witness_cosign(w, &r, &c, time_s, &line, err) &&
           (output == NULL || file_replace(output, buf_slice(&w->last), 0644, err));
    if (good && !cmd_args_flag(home->args, "keep"))
        good = cmd_checkpoint_hand_in(home, buf_slice(&w->last), &kept, err);
    if (good)
        tell_cosigned(home, w, old, time_s, cmd_args_flag(home->args, "keep") ? 1 : kept);
    buf_free(&bytes);
    buf_free(&line);
    return good;
}

static int cosign(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct witness w;
    if (!cmd_args_expect(args, 0, 0, "", err) || !cmd_home_need_identity(home, err) ||
        !witness_open(home->dir, &w, err))
        return cmd_action_fail(err);
    bool good = cosign_now(home, &w, err);
    witness_close(&w);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ check */

/* What is served under this witness's name is what it cosigned, or older and continued by that. */
static bool check_served(struct cmd_home *home, const struct witness *w, bool *ret_served,
                         struct err *err)
{
    struct checkpoint c;
    struct header h;
    struct merkle_path path = { .len = 0 };
    uint64_t time_s;
    struct buf bytes = buf_heap(NOTE_SIZE_MAX);
    bool good = cmd_checkpoint_fetch(home, "/checkpoint/witnessed", &bytes, &c, &h, err);
    *ret_served = good;
    if (!good && err->code == ERR_NOT_FOUND) { /* it knows other witnesses, or none */
        buf_free(&bytes);
        return true;
    }
    if (good && note_verify(&c.note, &w->key, &time_s) != NOTE_GOOD)
        (void)printf("the newest cosigned checkpoint, of %" PRIu64 " statements, is not by %s\n",
                     c.size, w->key.name);
    else if (good && c.size > w->seen.size)
        good = err_set(err, ERR_PROOF,
                       "%s has signed %" PRIu64 " statements, and this folder knows of %" PRIu64
                       ": its key is used elsewhere, or the folder is an old copy",
                       w->key.name, c.size, w->seen.size);
    good = good &&
           (c.size >= w->seen.size || cmd_checkpoint_path(home, c.size, w->seen.size, &path, err));
    if (good && c.size <= w->seen.size)
        good = merkle_verify_consistency(c.size, &c.root, w->seen.size, &w->seen.root, &path) ||
               err_set(err, ERR_PROOF, "the cosigned checkpoint is of another history");
    buf_free(&bytes);
    return good;
}

static bool check_newest(struct cmd_home *home, const struct witness *w, uint64_t *ret_size,
                         struct err *err)
{
    struct checkpoint c;
    struct header h;
    struct merkle_path path = { .len = 0 };
    struct buf bytes = buf_heap(NOTE_SIZE_MAX);
    bool good =
        cmd_checkpoint_fetch(home, "/checkpoint", &bytes, &c, &h, err) &&
        (c.size <= w->seen.size || cmd_checkpoint_path(home, w->seen.size, c.size, &path, err)) &&
        witness_agree(w, &c, &path, err);
    *ret_size = good ? c.size : 0;
    buf_free(&bytes);
    return good;
}

static int check(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct witness w;
    uint64_t size = 0;
    bool served = false;
    if (!cmd_args_expect(args, 0, 0, "", err) || !cmd_home_need_identity(home, err) ||
        !witness_open(home->dir, &w, err))
        return cmd_action_fail(err);
    bool good = w.has_last || err_set(err, ERR_NOT_FOUND, "this witness has cosigned nothing yet");
    good = good && check_newest(home, &w, &size, err) && check_served(home, &w, &served, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_int(doc, "cosigned", (int64_t)w.seen.size);
        json_doc_put_int(doc, "newest", (int64_t)size);
        json_doc_put_bool(doc, "served", served);
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("proof ok: the node's %" PRIu64 " statements begin with the %" PRIu64
                     " that %s cosigned%s\n",
                     size, w.seen.size, w.key.name,
                     served ? "" : "; it serves no cosigned checkpoint");
    }
    witness_close(&w);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ answer */

static bool read_input(struct buf *out, struct err *err)
{
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, stdin)) > 0)
        buf_add(out, part, n);
    return (!out->failed && ferror(stdin) == 0) ||
           err_set(err, ERR_INPUT, "standard input: cannot be read, or too much");
}

/* The status that c2sp.org/tlog-witness wants, as the first line; then the body. */
static int answer_with(unsigned status, const char *body, int code)
{
    (void)printf("%u\n%s", status, body);
    return code;
}

static int answer_request(struct cmd_home *home, struct witness *w, struct slice input,
                          struct err *err)
{
    struct witness_request r;
    struct checkpoint c;
    struct header h;
    char size[32];
    struct buf line = buf_heap(NOTE_SIZE_MAX);
    if (!witness_take_request(input, &r, err) || !checkpoint_decode(r.note, &c, err))
        return answer_with(400, "", CMD_GOOD);
    char origin[CHECKPOINT_ORIGIN_SIZE];
    checkpoint_origin(&home->identity.genesis.ledger, origin);
    if (!slice_equal(c.origin, slice_text(origin)))
        return answer_with(404, "", CMD_GOOD);
    if (!cmd_checkpoint_check(home, r.note, &c, &h, err))
        return answer_with(403, "", CMD_GOOD);
    if (r.old > c.size)
        return answer_with(400, "", CMD_GOOD);
    (void)snprintf(size, sizeof size, "%" PRIu64 "\n", witness_old_size(w));
    if (r.old != witness_old_size(w))
        return answer_with(409, size, CMD_GOOD);
    bool good = witness_cosign(w, &r, &c, clock_now_ms(&home->clock) / 1000, &line, err);
    if (!good && err->code != ERR_PROOF) {
        buf_free(&line);
        return answer_with(500, "", CMD_ERROR);
    }
    buf_add_byte(&line, '\0');
    (void)answer_with(good ? 200 : 422, good ? (const char *)line.data : "", CMD_GOOD);
    buf_free(&line);
    return CMD_GOOD;
}

static int answer(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct witness w;
    struct buf input = buf_heap(2 * NOTE_SIZE_MAX);
    int code = CMD_ERROR;
    if (cmd_args_expect(args, 0, 0, "", err) && cmd_home_need_identity(home, err) &&
        read_input(&input, err) && witness_open(home->dir, &w, err)) {
        code = answer_request(home, &w, buf_slice(&input), err);
        witness_close(&w);
    } else {
        code = cmd_action_fail(err);
    }
    buf_free(&input);
    return code;
}

int cmd_witness(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "init", "witness init", "name=",
          "Usage: waybill witness init FOLDER --name NAME [--identity FILE]\n"
          "Makes a witness of the ledger: a key, and a folder for what it will have seen. Prints "
          "its key, which goes\n"
          "into witnesses: of node.yaml and to those who verify checkpoints.\n"
          "\n"
          "  --name NAME  such as witness.example/north, without http://\n",
          init },
        { "cosign", "witness cosign", "o= keep " CMD_SEEN_OPTIONS,
          "Usage: waybill witness cosign --dir FOLDER [--node URL] [--keep] [-o FILE] [--sets "
          "FILE]\n"
          "Fetches the node's checkpoint, checks that it is final and that it goes on from the "
          "one cosigned\n"
          "before, signs it, and hands it to the node.\n"
          "\n"
          "  --keep   do not hand it to the node\n"
          "Exit code: 0 cosigned, 1 error, 3 the ledger does not go on from what was seen.\n",
          cosign },
        { "check", "witness check", CMD_SEEN_OPTIONS,
          "Usage: waybill witness check --dir FOLDER [--node URL] [--sets FILE]\n"
          "Does the node still show the history that this witness cosigned, and serve what it "
          "signed, if it\n"
          "serves cosigned checkpoints at all? Signs nothing.\n"
          "Exit code: 0 proven, 1 error, 3 it is not so.\n",
          check },
        { "answer", "witness answer", CMD_SEEN_OPTIONS,
          "Usage: waybill witness answer --dir FOLDER [--sets FILE] <REQUEST\n"
          "For a web server: answers an add-checkpoint request of c2sp.org/tlog-witness from "
          "standard input. The\n"
          "first line of the answer is the HTTP status, the rest the body.\n",
          answer },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
