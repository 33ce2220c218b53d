#include "tools/cmd_seen.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool keeps(const struct cmd_home *home)
{
    return home->has_identity && cmd_args_text(home->args, "identity", NULL) == NULL;
}

static bool path_of(const struct cmd_home *home, const char *name, char path[PATH_MAX],
                    struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", home->dir, name) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", home->dir);
}

/* ------------------------------------------------------------------ keeping */

/* Is what is to be kept further than what the file holds by now? Another command may have been faster. */
typedef bool (*is_further)(struct cmd_home *home, struct slice fresh, struct slice kept);

static bool replace_locked(struct cmd_home *home, const char *path, struct slice fresh,
                           is_further further, struct err *err)
{
    struct buf kept = buf_heap(SET_CHAIN_SIZE_MAX);
    bool there = file_exists(path) && file_read(path, SET_CHAIN_SIZE_MAX, &kept, NULL);
    bool good =
        (there && !further(home, fresh, buf_slice(&kept))) || file_replace(path, fresh, 0644, err);
    buf_free(&kept);
    return good;
}

/* One command at a time; a folder that cannot be written to keeps nothing, and that is told. */
static void keep(struct cmd_home *home, const char *name, struct slice fresh, is_further further)
{
    char path[PATH_MAX], lock[PATH_MAX];
    struct err err = { .msg = "" };
    bool good = path_of(home, name, path, &err) && path_of(home, "seen.lock", lock, &err);
    int fd = good ? open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (good && (fd < 0 || flock(fd, LOCK_EX) != 0))
        good = err_set(&err, ERR_IO, "%s: %s", lock, strerror(errno));
    if (good)
        good = replace_locked(home, path, fresh, further, &err);
    if (!good)
        (void)fprintf(stderr, "waybill: what was seen is not kept: %s\n", err.msg);
    if (fd >= 0)
        (void)close(fd);
}

/* ------------------------------------------------------------------ sets */

/* All of it holds, for the ledger of this folder. */
static bool check_sets(const struct cmd_home *home, struct slice sets, size_t *ret_changes,
                       struct err *err)
{
    struct set_chain c;
    if (!set_chain_begin(&c, sets, &home->identity, err) || !set_chain_to(&c, UINT64_MAX, err))
        return false;
    *ret_changes = c.changes;
    return true;
}

static bool read_sets(struct cmd_home *home, const char *path, struct err *err)
{
    size_t changes;
    buf_clear(&home->sets);
    return file_read(path, SET_CHAIN_SIZE_MAX, &home->sets, err) &&
           (check_sets(home, buf_slice(&home->sets), &changes, err) || err_wrap(err, "%s", path));
}

static bool load_sets(struct cmd_home *home, struct err *err)
{
    char path[PATH_MAX];
    const char *given = cmd_args_text(home->args, "sets", NULL);
    if (given != NULL)
        return read_sets(home, given, err);
    if (keeps(home)) {
        if (!path_of(home, "sets.cbor", path, err))
            return false;
        if (file_exists(path))
            return read_sets(home, path, err);
    }
    identity_put(&home->sets, &home->identity);
    return true;
}

bool cmd_seen_sets(struct cmd_home *home, struct slice *ret_sets, struct err *err)
{
    if (!cmd_home_need_identity(home, err))
        return false;
    if (home->sets.max == 0)
        home->sets = buf_heap(SET_CHAIN_SIZE_MAX);
    if (home->sets.len == 0 && !load_sets(home, err)) {
        buf_clear(&home->sets);
        return false;
    }
    *ret_sets = buf_slice(&home->sets);
    return true;
}

static bool has_more_changes(struct cmd_home *home, struct slice fresh, struct slice kept)
{
    size_t changes = 0;
    return !check_sets(home, kept, &changes, NULL) || set_chain_count(fresh) > changes;
}

bool cmd_seen_learn(struct cmd_home *home, struct err *err)
{
    struct slice known;
    size_t before = 0, changes = 0;
    if (!cmd_seen_sets(home, &known, err))
        return false;
    before = set_chain_count(known);
    struct buf bytes = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = cmd_node_get_bytes(home, "/v1/set/chain", &bytes, err) &&
                check_sets(home, buf_slice(&bytes), &changes, err);
    if (good && changes > before) {
        buf_clear(&home->sets);
        buf_add_slice(&home->sets, buf_slice(&bytes));
        if (keeps(home))
            keep(home, "sets.cbor", buf_slice(&bytes), has_more_changes);
    }
    buf_free(&bytes);
    return good;
}

bool cmd_seen_covers(struct cmd_home *home, uint64_t height, size_t changes, struct err *err)
{
    struct slice sets;
    struct set_chain c;
    if (!cmd_seen_sets(home, &sets, err) || !set_chain_begin(&c, sets, &home->identity, err) ||
        !set_chain_to(&c, height, err))
        return false;
    return c.changes <= changes ||
           err_set(err, ERR_PROOF,
                   "it leaves out that the authorities changed before block %" PRIu64
                   ", which this folder has seen: keys since removed may have sealed it",
                   height);
}

/* ------------------------------------------------------------------ heads */

/* A head under the sets known here; where it needs newer ones, the node is asked for them. */
static bool check_final(struct cmd_home *home, struct slice bytes, struct final *ret_final,
                        struct err *err)
{
    struct slice sets;
    struct set_chain c;
    struct err why;
    if (!final_decode(bytes, ret_final, err) || !cmd_seen_sets(home, &sets, err) ||
        !set_chain_begin(&c, sets, &home->identity, err))
        return false;
    if (set_chain_final(&c, ret_final, &why))
        return true;
    return cmd_seen_learn(home, err) && cmd_seen_sets(home, &sets, err) &&
           set_chain_begin(&c, sets, &home->identity, err) && set_chain_final(&c, ret_final, err);
}

/* Two final blocks of one height, as a proof file that fails for that reason. */
static bool keep_fork(struct cmd_home *home, struct slice ours, struct slice theirs,
                      uint64_t height, struct err *err)
{
    char name[64], path[PATH_MAX];
    struct slice sets;
    struct merkle_path none = { .len = 0 };
    struct buf out = buf_heap(HEAD_PROOF_SIZE_MAX);
    struct err why;
    (void)snprintf(name, sizeof name, "fork-%" PRIu64 ".cbor", height);
    bool kept = path_of(home, name, path, &why) && cmd_seen_sets(home, &sets, &why);
    if (kept) {
        head_proof_put_consistency(&out, sets, ours, theirs, &none);
        kept = file_exists(path) || file_replace(path, buf_slice(&out), 0644, &why);
    }
    buf_free(&out);
    return err_set(err, ERR_PROOF,
                   "THE LEDGER IS FORKED: this node shows another final block %" PRIu64
                   " than the one seen before. Its authorities have sealed both. %s%s",
                   height, kept ? "The evidence is in " : "The evidence could not be kept: ",
                   kept ? path : why.msg);
}

/* The finals inside a consistency proof. */
static bool take_finals(struct slice bytes, struct slice *ret_older, struct slice *ret_newer)
{
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 5);
    (void)cbor_take_uint(&r);
    (void)cbor_take_bytes(&r, 1, SET_CHAIN_SIZE_MAX);
    *ret_older = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    *ret_newer = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    return !r.failed;
}

/* A head with its seals. */
struct shown {
    struct final final;
    struct slice bytes;
};

/*
 * The node's proof that one head goes on from another. Who joined from a snapshot may not be able to give it: that is
 * told, proof stays empty, and the head seen before is still the one to be continued.
 */
static bool ask_consistency(struct cmd_home *home, uint64_t from, uint64_t to, struct buf *proof,
                            struct err *err)
{
    char path[128];
    struct err why;
    (void)snprintf(path, sizeof path, "/v1/proofs/consistency?from=%" PRIu64 "&to=%" PRIu64, from,
                   to);
    if (cmd_node_get_bytes(home, path, proof, &why))
        return true;
    if (why.code != ERR_NOT_FOUND && why.code != ERR_BUSY)
        return err_set(err, why.code, "%s", why.msg);
    (void)fprintf(stderr,
                  "waybill: this node cannot show that its head %" PRIu64
                  " goes on from head %" PRIu64 ", which was seen before: %s\n",
                  to, from, why.msg);
    buf_clear(proof);
    return true;
}

/* What a proof that holds is about must be the very heads that were seen and shown. */
static bool check_same(struct cmd_home *home, struct slice proof,
                       const struct head_proof_heads *heads, const struct shown *seen,
                       const struct shown *head, struct err *err)
{
    struct slice older, newer;
    struct hash want[2] = { header_hash(&seen->final.header), header_hash(&head->final.header) };
    struct hash have[2] = { header_hash(&heads->older), header_hash(&heads->newer) };
    if (!take_finals(proof, &older, &newer))
        return err_set(err, ERR_PROOF, "a proof of consistency without its heads");
    if (!hash_equal(&have[0], &want[0]))
        return keep_fork(home, seen->bytes, older, seen->final.header.height, err);
    return hash_equal(&have[1], &want[1]) ||
           keep_fork(home, head->bytes, newer, head->final.header.height, err);
}

/* ret_proven: the node has shown that head goes on from seen. */
static bool check_continues(struct cmd_home *home, const struct shown *seen,
                            const struct shown *head, bool *ret_proven, struct err *err)
{
    struct head_proof_heads heads;
    uint64_t from = seen->final.header.height, to = head->final.header.height;
    struct buf proof = buf_heap(HEAD_PROOF_SIZE_MAX);
    bool good = ask_consistency(home, from, to, &proof, err);
    *ret_proven = good && proof.len > 0;
    if (*ret_proven) {
        good = head_proof_check_consistency(buf_slice(&proof), &home->identity, &heads, err) ||
               err_wrap(err,
                        "this node's head does not go on from head %" PRIu64
                        ", which this folder has seen",
                        from);
        good = good && check_same(home, buf_slice(&proof), &heads, seen, head, err);
    }
    buf_free(&proof);
    return good;
}

static bool is_higher(struct cmd_home *home, struct slice fresh, struct slice kept)
{
    struct final a, b;
    (void)home;
    return !final_decode(kept, &b, NULL) || !final_decode(fresh, &a, NULL) ||
           a.header.height > b.header.height;
}

static bool compare(struct cmd_home *home, const char *path, const struct shown *head,
                    struct err *err)
{
    struct shown seen;
    bool newer = false;
    struct buf before = buf_heap(FINAL_SIZE_MAX);
    bool good =
        file_read(path, FINAL_SIZE_MAX, &before, err) &&
        (check_final(home, buf_slice(&before), &seen.final, err) || err_wrap(err, "%s", path));
    uint64_t was = good ? seen.final.header.height : 0, is = head->final.header.height;
    seen.bytes = buf_slice(&before);
    if (good && is > was) {
        good = check_continues(home, &seen, head, &newer, err);
    } else if (good && is == was) {
        struct hash a = header_hash(&seen.final.header), b = header_hash(&head->final.header);
        good = hash_equal(&a, &b) || keep_fork(home, seen.bytes, head->bytes, is, err);
    } else if (good) {
        (void)fprintf(stderr,
                      "waybill: this node is at block %" PRIu64 "; block %" PRIu64
                      " was seen before: what happened in between is not shown\n",
                      is, was);
    }
    buf_free(&before);
    if (good && newer)
        keep(home, "head.cbor", head->bytes, is_higher);
    return good;
}

bool cmd_seen_head(struct cmd_home *home, struct slice final, struct err *err)
{
    char path[PATH_MAX];
    struct shown head = { .bytes = final };
    if (!check_final(home, final, &head.final, err))
        return false;
    if (!keeps(home))
        return true;
    if (!path_of(home, "head.cbor", path, err))
        return false;
    if (file_exists(path))
        return compare(home, path, &head, err);
    keep(home, "head.cbor", final, is_higher);
    return true;
}

bool cmd_seen_bundle(struct cmd_home *home, struct slice bundle, struct err *err)
{
    struct cbor_reader r = cbor_reader(bundle);
    (void)cbor_take_array(&r);
    (void)cbor_take_uint(&r);
    (void)cbor_take_bytes(&r, 1, bundle.len);
    struct slice final = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    return !r.failed && home->has_identity ? cmd_seen_head(home, final, err) : !r.failed;
}
