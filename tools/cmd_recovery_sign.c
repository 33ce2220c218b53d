/* `waybill recovery sign` and `seal`: the last word of old keys. */
#include "common/file.h"
#include "common/keyfile.h"
#include "tools/cmd_recovery_parts.h"
#include "tools/data_folder.h"
#include "tools/genesis_files.h"
#include "tools/member_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEALED_NAME     "recovery.cbor"
#define SIGNATURE_NAME  "recovery-signature.cbor"
#define RETIRED_SUFFIX  ".retired"
#define SIGNATURE_MAX   256
#define VOTE_FIELDS_MIN 7 /* of consensus_put_vote(): the seventh is what was sealed */

/* ------------------------------------------------------------------ sign */

/* Whether this node has put its seal under a block after the tip: elsewhere that may have become final. */
static bool has_sealed(struct store *s, const struct recovery *r, bool *ret_sealed, struct err *err)
{
    struct buf vote = buf_heap(1 << 20);
    bool good = store_vote(s, &vote, err);
    *ret_sealed = false;
    if (good && vote.len > KID_SIZE) {
        struct cbor_reader v =
            cbor_reader(slice_from(buf_slice(&vote), KID_SIZE, vote.len - KID_SIZE));
        size_t fields = cbor_take_array(&v);
        (void)cbor_take_uint(&v);
        uint64_t height = cbor_take_uint(&v);
        for (size_t i = 2; i < VOTE_FIELDS_MIN - 1; i++)
            (void)cbor_take_item(&v);
        bool sealed = cbor_peek(&v) != CBOR_NULL;
        good = (fields >= VOTE_FIELDS_MIN && !v.failed) ||
               err_set(err, ERR_INPUT, "this node's vote cannot be read");
        *ret_sealed = good && sealed && height == r->height + 1;
    }
    buf_free(&vote);
    return good;
}

static bool check_draft(const struct cmd_args *args, const struct recovery *r, struct store *s,
                        const struct recovery_last *last, struct err *err)
{
    bool sealed = false;
    if (!hash_equal(&r->ledger, &last->head.ledger))
        return err_set(err, ERR_PROOF, "the draft is for another ledger");
    if (last->head.height > r->height)
        return err_set(err, ERR_INPUT,
                       "block %" PRIu64 " is here, newer than the draft's %" PRIu64
                       ": draft it from this folder",
                       last->head.height, r->height);
    if (!hash_equal(&r->tip, &last->tip))
        return err_set(err, ERR_INPUT,
                       "the draft goes on from block %" PRIu64 ", which is not here: bring this "
                       "folder up to it first (import)",
                       r->height);
    if (!has_sealed(s, r, &sealed, err))
        return false;
    return !sealed || cmd_args_flag(args, "despite-seal") ||
           err_set(err, ERR_INPUT,
                   "this node has sealed a block after that tip, which may have become final "
                   "elsewhere; look for it first. --despite-seal gives it up");
}

/* The old key says nothing more after this: its node could still seal what the recovery leaves out. */
static bool retire(const char *key, struct err *err)
{
    char retired[PATH_MAX];
    size_t len = strlen(key), end = sizeof RETIRED_SUFFIX - 1;
    if (len > end && strcmp(key + len - end, RETIRED_SUFFIX) == 0)
        return true;
    return (snprintf(retired, sizeof retired, "%s%s", key, RETIRED_SUFFIX) < (int)sizeof retired &&
            rename(key, retired) == 0) ||
           err_set(err, ERR_IO, "%s: %s", key, strerror(errno));
}

static bool find_key(const char *data, const char *home, char path[PATH_MAX], struct err *err)
{
    return data_folder_key(data, home, path) ||
           (snprintf(path, PATH_MAX, "%s/authority.key" RETIRED_SUFFIX, data) < PATH_MAX &&
            file_exists(path)) ||
           err_set(err, ERR_NOT_FOUND, "%s: has no authority's key", data);
}

static bool sign_with(const char *key_path, const struct recovery *r,
                      const struct recovery_last *last, const char *path, struct err *err)
{
    struct key_pair key;
    struct recovery_signature s;
    uint8_t memory[SIGNATURE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct hash body = crypto_sha256(r->body);
    if (!keyfile_load(key_path, &key, err))
        return false;
    bool good = authority_set_find(&last->set, &key.kid) >= 0 ||
                err_set(err, ERR_INPUT, "%s: is not one of the last authorities", key_path);
    recovery_sign(r->body, &key, &s);
    crypto_wipe(&key, sizeof key);
    cbor_put_array(&out, 4);
    cbor_put_uint(&out, 1);
    cbor_put_bytes(&out, hash_slice(&body));
    kid_put(&out, &s.kid);
    cbor_put_bytes(&out, slice_of(s.sig, SIG_SIZE));
    return good && file_replace(path, buf_slice(&out), 0644, err) && retire(key_path, err);
}

static bool sign_draft(const struct cmd_args *args, const struct recovery *r, char path[PATH_MAX],
                       struct err *err)
{
    char data[PATH_MAX], key[PATH_MAX];
    struct recovery_last last;
    struct store *s = NULL;
    int lock = -1;
    const char *dir = args->operand[1];
    bool good =
        cmd_recovery_last(dir, &last, &s, data, err) && data_folder_lock(data, &lock, err) &&
        check_draft(args, r, s, &last, err) && find_key(data, dir, key, err) &&
        member_folder_path(dir, SIGNATURE_NAME, path, err) && sign_with(key, r, &last, path, err);
    store_close(s);
    data_folder_unlock(&lock);
    return good;
}

int cmd_recovery_sign(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[PATH_MAX];
    struct recovery r;
    struct buf bytes = buf_heap(RECOVERY_SIZE_MAX);
    bool good = cmd_args_expect(args, 2, 2, "a DRAFT and a member's DIR", err) &&
                cmd_recovery_read(args->operand[0], &bytes, &r, err) &&
                sign_draft(args, &r, path, err);
    if (good && home->json) {
        cmd_action_print(cmd_recovery_json(&r, path));
    } else if (good) {
        cmd_recovery_tell(&r);
        (void)printf(
            "\nsigned: send %s to whoever collects the signatures. The old key is retired: its\n"
            "node does not start any more; the new one is made with waybill member spare.\n",
            path);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ seal */

static bool read_signature(const char *path, const struct recovery *r,
                           struct recovery_signature *ret_s, struct err *err)
{
    uint8_t memory[SIGNATURE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    struct hash of, body = crypto_sha256(r->body);
    if (!file_read(path, SIGNATURE_MAX, &bytes, err) || !cbor_scan(buf_slice(&bytes), err))
        return err_wrap(err, "%s", path);
    struct cbor_reader c = cbor_reader(buf_slice(&bytes));
    cbor_take_array_of(&c, 4);
    (void)cbor_take_int_in(&c, 1, 1);
    cbor_take_fixed(&c, of.bytes, HASH_SIZE);
    ret_s->kid = kid_take(&c);
    cbor_take_fixed(&c, ret_s->sig, SIG_SIZE);
    if (!cbor_done(&c))
        return err_set(err, ERR_INPUT, "%s: no signature of a recovery", path);
    return hash_equal(&of, &body) || err_set(err, ERR_PROOF, "%s: signs another draft", path);
}

static int by_kid(const void *a, const void *b)
{
    const struct recovery_signature *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static bool seal_draft(const struct cmd_args *args, const struct recovery *draft, struct buf *out,
                       struct recovery *ret_r, struct err *err)
{
    char data[PATH_MAX];
    struct recovery_last last;
    struct store *s = NULL;
    struct recovery_signature signatures[AUTHORITY_MAX];
    size_t count = args->operand_count - 2;
    bool good = cmd_recovery_last(args->operand[1], &last, &s, data, err);
    store_close(s);
    for (size_t i = 0; i < count && good; i++)
        good = read_signature(args->operand[i + 2], draft, &signatures[i], err);
    if (!good)
        return false;
    qsort(signatures, count, sizeof signatures[0], by_kid);
    recovery_put(out, draft->body, signatures, count);
    return recovery_decode(buf_slice(out), ret_r, err) && recovery_verify(ret_r, &last.set, err);
}

int cmd_recovery_seal(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct recovery drafted, r;
    struct buf bytes = buf_heap(RECOVERY_SIZE_MAX), out = buf_heap(RECOVERY_SIZE_MAX);
    const char *path = cmd_args_text(args, "out", cmd_args_text(args, "o", SEALED_NAME));
    bool good = cmd_args_expect(args, 3, 2 + AUTHORITY_MAX, "a DRAFT, a DIR and SIGNATUREs", err) &&
                cmd_recovery_read(args->operand[0], &bytes, &drafted, err) &&
                seal_draft(args, &drafted, &out, &r, err) &&
                genesis_files_write(path, buf_slice(&out), err);
    if (good && home->json) {
        cmd_action_print(cmd_recovery_json(&r, path));
    } else if (good) {
        cmd_recovery_tell(&r);
        (void)printf(
            "\n%s: send it to everybody who has to do with this ledger. Whoever decides to "
            "follow it\npins it, after comparing its hash with others:\n"
            "  waybill recovery pin %s FOLDER\n",
            path, path);
    }
    buf_free(&bytes);
    buf_free(&out);
    return good ? CMD_GOOD : cmd_action_fail(err);
}
