#include "tools/cmd_seen.h"

#include "common/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

bool cmd_seen_learn(struct cmd_home *home, struct err *err)
{
    char path[PATH_MAX];
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
        good = !keeps(home) || (path_of(home, "sets.cbor", path, err) &&
                                file_replace(path, buf_slice(&bytes), 0644, err));
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

/* The node proves that its head goes on from the one seen before. */
static bool check_continues(struct cmd_home *home, const struct final *seen,
                            struct slice seen_bytes, const struct final *head,
                            struct slice head_bytes, struct err *err)
{
    char path[128];
    struct head_proof_heads heads;
    struct slice older, newer;
    struct hash want[2] = { header_hash(&seen->header), header_hash(&head->header) };
    struct buf proof = buf_heap(HEAD_PROOF_SIZE_MAX);
    (void)snprintf(path, sizeof path, "/v1/proofs/consistency?from=%" PRIu64 "&to=%" PRIu64,
                   seen->header.height, head->header.height);
    bool good = cmd_node_get_bytes(home, path, &proof, err);
    if (good && !head_proof_check_consistency(buf_slice(&proof), &home->identity, &heads, err))
        good = err_wrap(err,
                        "this node's head does not go on from head %" PRIu64
                        ", which this folder has seen",
                        seen->header.height);
    if (good) {
        struct hash have[2] = { header_hash(&heads.older), header_hash(&heads.newer) };
        good = take_finals(buf_slice(&proof), &older, &newer);
        if (good && !hash_equal(&have[0], &want[0]))
            good = keep_fork(home, seen_bytes, older, seen->header.height, err);
        else if (good && !hash_equal(&have[1], &want[1]))
            good = keep_fork(home, head_bytes, newer, head->header.height, err);
    }
    buf_free(&proof);
    return good;
}

static bool compare(struct cmd_home *home, const char *path, struct slice bytes,
                    const struct final *head, struct err *err)
{
    struct final seen;
    struct buf before = buf_heap(FINAL_SIZE_MAX);
    bool good = file_read(path, FINAL_SIZE_MAX, &before, err) &&
                (check_final(home, buf_slice(&before), &seen, err) || err_wrap(err, "%s", path));
    bool newer = good && head->header.height > seen.header.height;
    if (newer) {
        good = check_continues(home, &seen, buf_slice(&before), head, bytes, err);
    } else if (good && head->header.height == seen.header.height) {
        struct hash a = header_hash(&seen.header), b = header_hash(&head->header);
        good = hash_equal(&a, &b) ||
               keep_fork(home, buf_slice(&before), bytes, head->header.height, err);
    } else if (good) {
        (void)fprintf(stderr,
                      "waybill: this node is at block %" PRIu64 "; block %" PRIu64
                      " was seen before: what happened in between is not shown\n",
                      head->header.height, seen.header.height);
    }
    buf_free(&before);
    return good && (!newer || file_replace(path, bytes, 0644, err));
}

bool cmd_seen_head(struct cmd_home *home, struct slice final, struct err *err)
{
    char path[PATH_MAX];
    struct final head;
    if (!check_final(home, final, &head, err))
        return false;
    if (!keeps(home))
        return true;
    if (!path_of(home, "head.cbor", path, err))
        return false;
    return file_exists(path) ? compare(home, path, final, &head, err)
                             : file_replace(path, final, 0644, err);
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
