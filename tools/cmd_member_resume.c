/*
 * `waybill member resume`: the one authority of a ledger votes again, though nobody can tell what it has voted.
 * Where there are others, they can: there it resumes by itself, and this refuses.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/keyfile.h"
#include "node/consensus.h"
#include "node/settings.h"
#include "node/voted.h"
#include "tools/cmd_member_new.h"
#include "tools/cmd_recovery_parts.h"
#include "tools/data_folder.h"
#include "tools/member_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VOTE_ROOM (KID_SIZE + CONSENSUS_VOTE_MAX)
#define LOG_MAX   (64 * 1024)

struct resuming {
    char data[PATH_MAX], home[PATH_MAX];
    struct store *store;
    struct recovery_last last;
    struct kid kid;
    bool has_voted; /* what KEY.voted says of this ledger */
};

static bool find_key(struct resuming *r, struct err *err)
{
    char path[PATH_MAX];
    struct key_pair pair;
    struct voted voted = { .fd = -1 };
    if (!data_folder_key(r->data, r->home, path))
        return err_set(err, ERR_NOT_FOUND, "%s: has no authority's key", r->data);
    if (!keyfile_load(path, &pair, err))
        return false;
    r->kid = pair.kid;
    crypto_wipe(&pair, sizeof pair);
    bool good = voted_open(path, &r->last.head.ledger, &voted, err);
    r->has_voted = good && voted.there;
    voted_close(&voted);
    return good;
}

/* Whether this key's vote is here and whole, or there never was one: then there is nothing to set aside. */
static bool knows_vote(struct resuming *r, bool *ret_knows, struct err *err)
{
    struct buf row = buf_heap(VOTE_ROOM);
    bool good = store_vote(r->store, &row, err);
    struct slice all = buf_slice(&row);
    *ret_knows = !r->has_voted;
    if (good && all.len > KID_SIZE &&
        slice_equal(slice_from(all, 0, KID_SIZE), kid_slice(&r->kid))) {
        struct cbor_reader v = cbor_reader(slice_from(all, KID_SIZE, all.len - KID_SIZE));
        (void)cbor_take_array(&v);
        for (size_t i = 0; i < 3; i++) /* version, height, round */
            (void)cbor_take_uint(&v);
        *ret_knows = *ret_knows || (!v.failed && cbor_peek(&v) == CBOR_NULL); /* else: abstains */
    }
    buf_free(&row);
    return good;
}

static bool may_resume(struct resuming *r, const struct cmd_args *args, struct err *err)
{
    bool knows = false;
    const struct authority_set *set = &r->last.set;
    if (set->count > 1)
        return err_set(err, ERR_INPUT,
                       "the ledger has %zu authorities: this node resumes by itself when it has "
                       "heard the others; nothing is set aside by hand",
                       set->count);
    if (authority_set_find(set, &r->kid) < 0)
        return err_set(err, ERR_INPUT, "%s: its key is not the ledger's authority", r->data);
    if (!knows_vote(r, &knows, err))
        return false;
    if (knows)
        return err_set(err, ERR_INPUT, "%s: nothing is lost: its node knows what it voted",
                       r->data);
    return cmd_args_flag(args, "only-copy") ||
           err_set(err, ERR_INPUT,
                   "blocks after %" PRIu64 " may exist elsewhere: if this key runs on another copy "
                   "of the ledger, or has sealed them, it will have sealed two ledgers. "
                   "--only-copy: you know that it has not",
                   r->last.head.height);
}

/* One line for each time, which the node tells of whenever it starts. */
static bool note(const struct resuming *r, uint64_t now_ms, struct err *err)
{
    char path[PATH_MAX], time[INSTANT_TEXT_SIZE], hex[2 * HASH_SIZE + 1], line[256];
    struct buf all = buf_heap(LOG_MAX);
    if (!member_folder_path(r->data, SETTINGS_RESUMED, path, err))
        return false;
    instant_format(now_ms, time);
    hex_encode(hash_slice(&r->last.tip), hex);
    (void)snprintf(line, sizeof line, "%s resumed by hand after block %" PRIu64 " %s\n", time,
                   r->last.head.height, hex);
    bool good = !file_exists(path) || file_read(path, LOG_MAX, &all, err);
    buf_add_slice(&all, slice_text(line));
    good = good && file_replace(path, buf_slice(&all), 0644, err);
    buf_free(&all);
    return good;
}

static bool put_vote(struct resuming *r, struct err *err)
{
    struct buf row = buf_heap(VOTE_ROOM);
    buf_add_slice(&row, kid_slice(&r->kid));
    consensus_put_no_vote(r->last.head.height, &row);
    bool good = store_put_vote(r->store, buf_slice(&row), NULL, (struct slice){ .len = 0 }, err);
    buf_free(&row);
    return good;
}

/* The lock is let go between the reader and the writer; the writer takes it itself. */
static bool resume_in(struct resuming *r, struct cmd_home *home, const struct cmd_args *args,
                      struct err *err)
{
    int lock = -1;
    const char *dir = args->operand[0];
    if (!data_folder_find(dir, r->data, r->home, err) || !data_folder_lock(r->data, &lock, err))
        return false;
    data_folder_unlock(&lock);
    bool good = cmd_recovery_last(dir, &r->last, &r->store, r->data, err) && find_key(r, err) &&
                may_resume(r, args, err);
    store_close(r->store);
    r->store = NULL;
    good = good && store_open(r->data, STORE_WRITE, &r->store, err) &&
           note(r, clock_now_ms(&home->clock), err) && put_vote(r, err);
    store_close(r->store);
    return good;
}

static int resume(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct resuming r = { .store = NULL };
    if (!cmd_args_expect(args, 1, 1, "one DIR", err) || !resume_in(&r, home, args, err))
        return cmd_action_fail(err);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_int(doc, "height", (int64_t)r.last.head.height);
        json_doc_put_hex(doc, "tip", hash_slice(&r.last.tip));
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    (void)printf(
        "its node votes again, from block %" PRIu64 " on; noted in %s/%s\n"
        "If any copy of this key has sealed a block of that number, two ledgers exist now.\n",
        r.last.head.height + 1, r.data, SETTINGS_RESUMED);
    return CMD_GOOD;
}

const struct cmd_action cmd_member_resume_action = {
    "resume", "member resume", "only-copy",
    "Usage: waybill member resume DIR --only-copy\n"
    "For a ledger of one authority, whose node abstains since it was restored, or lost what it "
    "voted:\n"
    "there is no other to tell it what it has sealed. DIR's ledger is taken for all there is, and "
    "the\n"
    "node, which must not run, votes again after its newest block. Refused where the ledger has "
    "more\n"
    "authorities. Noted in DIR/node/resumed.log; the node says so whenever it starts.\n"
    "\n"
    "  --only-copy  you know that no other copy of this key runs, and that no block after the "
    "newest\n"
    "               one here was shown to anybody: otherwise two blocks of one height are sealed\n"
    "Exit code: 0 good, 1 error.\n",
    resume
};
