/*
 * `waybill join`: a ledger that others run, on this machine too. At a snapshot of its state, of which every
 * piece proves itself, or from its genesis on, executing all of it. It needs to trust the pinned identity and
 * nobody it asks.
 */
#include "common/file.h"
#include "common/genesis.h"
#include "common/hex.h"
#include "common/json.h"
#include "common/set_chain.h"
#include "node/blocks_range.h"
#include "node/founding.h"
#include "node/snapshot_join.h"
#include "tools/cmd_action.h"
#include "tools/follower.h"
#include "tools/join_peers.h"
#include "tools/member_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 60 /* for peers to cut a snapshot, when none has one */

struct join {
    char home[PATH_MAX], data[PATH_MAX];
    struct identity trusted;
    struct join_peers peers;
    const char *unit;   /* of progress: "chunk", "block" */
    struct header head; /* what was joined at; or the newest block that was executed */
    uint64_t bytes;
    bool history; /* is here, too */
    bool there;   /* the ledger was, before */
    struct buf genesis;
    /* --from-genesis: by which the ledger goes on, all of them pinned; what they borrow from */
    size_t recovery_count;
    struct recovery recoveries[IDENTITY_PINS_MAX];
    struct buf sets;
};

/* ------------------------------------------------------------------ asking */

static bool get(void *ctx, size_t peer, const char *path, size_t max, struct buf *out,
                struct err *err)
{
    struct join *j = ctx;
    return join_peers_get(&j->peers, peer, path, max, out, err);
}

static bool progress(void *ctx, uint64_t done, uint64_t all, uint64_t bytes)
{
    struct join *j = ctx;
    j->bytes = bytes;
    if (j->peers.terminal)
        (void)fprintf(stderr, "\r\033[K%s %" PRIu64 " of %" PRIu64 ", %" PRIu64 " KiB", j->unit,
                      done, all, bytes / 1024);
    return true;
}

static void complain(void *ctx, size_t peer, const struct err *err)
{
    struct join *j = ctx;
    join_peers_complain(&j->peers, peer, err);
}

/* What a person pins besides: recoveries to be followed. */
static bool take_identity(struct join *j, const struct cmd_home *home, const struct cmd_args *args,
                          struct err *err)
{
    const char *text;
    struct identity *id = &j->trusted;
    if (!home->has_identity)
        return err_set(err, ERR_INPUT, "--identity FILE: which ledger, and whom to trust");
    *id = home->identity;
    for (size_t i = 0; (text = cmd_args_nth(args, "pin", i)) != NULL; i++) {
        if (id->pin_count == IDENTITY_PINS_MAX)
            return err_set(err, ERR_INPUT, "--pin: more than %d", IDENTITY_PINS_MAX);
        if (!cmd_home_parse_hash(text, &id->pins[id->pin_count++], err))
            return err_wrap(err, "--pin");
    }
    return true;
}

static struct snapshot_join plan(struct join *j)
{
    return (struct snapshot_join){ .dir = j->data,
                                   .genesis = buf_slice(&j->genesis),
                                   .trusted = &j->trusted,
                                   .asked = &j->peers.asked,
                                   .ctx = j,
                                   .get = get,
                                   .progress = progress,
                                   .complain = complain };
}

/* ------------------------------------------------------------------ the folder */

static bool has_ledger(const struct join *j)
{
    char path[PATH_MAX];
    return member_folder_path(j->data, "ledger.db", path, NULL) && file_exists(path);
}

static bool make_folders(const struct join *j, struct err *err)
{
    return (file_exists(j->home) || file_make_folder(j->home, 0700, err)) &&
           (file_exists(j->data) || file_make_folder(j->data, 0700, err));
}

static bool check_genesis(const struct join *j, struct slice genesis, struct err *err)
{
    struct identity id;
    return founding_check(genesis, true, &id, err) &&
           (hash_equal(&id.genesis.ledger, &j->trusted.genesis.ledger) ||
            err_set(err, ERR_PROOF, "its genesis is of another ledger than the identity"));
}

static enum asked_end ask_genesis(void *ctx, size_t peer, struct err *err)
{
    struct join *j = ctx;
    buf_clear(&j->genesis);
    return get(j, peer, "/v1/genesis", GENESIS_SIZE_MAX, &j->genesis, err) &&
                   check_genesis(j, buf_slice(&j->genesis), err)
               ? ASKED_GOOD
               : ASKED_FAULT;
}

static bool fetch_genesis(struct join *j, struct err *err)
{
    const struct asked_question q = { j, ask_genesis, complain };
    return asked_each(&j->peers.asked, 0, &q, err);
}

/* What is here already, and of which block. */
static bool read_ledger(struct join *j, struct store *s, struct err *err)
{
    struct store_history at = { .complete = false };
    bool good = store_genesis(s, &j->genesis, err) && store_head(s, &j->head, NULL, err) &&
                store_history(s, &at, err) &&
                (check_genesis(j, buf_slice(&j->genesis), NULL) ||
                 err_set(err, ERR_INPUT, "%s: holds another ledger", j->home));
    store_close(s);
    j->history = at.complete;
    return good;
}

static bool read_genesis(struct join *j)
{
    char path[PATH_MAX];
    return member_folder_path(j->home, "genesis.cbor", path, NULL) && file_exists(path) &&
           file_read(path, GENESIS_SIZE_MAX, &j->genesis, NULL) &&
           check_genesis(j, buf_slice(&j->genesis), NULL);
}

/* A ledger's file that a try from the genesis had just begun is none yet; that try goes on with it. */
static bool find_genesis(struct join *j, bool from_genesis, struct err *err)
{
    struct store *s = NULL;
    j->there = has_ledger(j);
    if (j->there && store_open(j->data, STORE_READ, &s, err))
        return read_ledger(j, s, err);
    if (j->there && !from_genesis)
        return err_wrap(err, "%s", j->data);
    j->there = false;
    join_peers_meet(&j->peers, &j->trusted.genesis.ledger);
    return read_genesis(j) || fetch_genesis(j, err);
}

static bool take_folder(struct join *j, bool from_genesis, struct err *err)
{
    return find_genesis(j, from_genesis, err) &&
           member_folder_fits(j->home, buf_slice(&j->genesis), &j->trusted, err) &&
           make_folders(j, err);
}

static bool settle(struct join *j, struct err *err)
{
    return store_join_forget(j->data, err) &&
           member_folder_settle(j->home, buf_slice(&j->genesis), &j->trusted, err);
}

/* ------------------------------------------------------------------ at a snapshot */

static bool join_snapshot(struct join *j, struct err *err)
{
    struct snapshot_join p = plan(j);
    j->unit = "chunk";
    bool good = snapshot_join_run(&p, &j->head, err);
    for (unsigned waited = 0; !good && err->code == ERR_NOT_FOUND && waited < WAIT_S; waited++) {
        const struct timespec second = { .tv_sec = 1 };
        if (waited == 0)
            (void)fprintf(stderr, "no snapshot is at hand; asked for one, waiting\n");
        (void)nanosleep(&second, NULL);
        good = snapshot_join_run(&p, &j->head, err);
    }
    return good && settle(j, err);
}

static bool join_history(struct join *j, struct err *err)
{
    struct snapshot_join p = plan(j);
    struct store *s = NULL;
    struct store_history at = { .complete = false };
    j->unit = "block";
    bool good = store_open(j->data, STORE_WRITE, &s, err) && store_history(s, &at, err) &&
                store_head(s, &j->head, NULL, err) &&
                (at.complete || snapshot_join_history(&p, s, err));
    store_close(s);
    j->history = good;
    return good;
}

/* ------------------------------------------------------------------ from the genesis */

/* All in the chain are pinned: it has been followed to its end. */
static bool take_recoveries(const struct join *j, struct slice sets,
                            struct recovery *ret_recoveries, size_t *ret_count, struct err *err)
{
    struct set_chain c;
    struct slice bytes;
    *ret_count = 0;
    if (!set_chain_begin(&c, sets, &j->trusted, err) || !set_chain_to(&c, UINT64_MAX, err) ||
        !set_chain_begin(&c, sets, &j->trusted, err))
        return false;
    while (set_chain_next_recovery(&c, &bytes)) {
        if (*ret_count == IDENTITY_PINS_MAX)
            return err_set(err, ERR_BUSY, "more than %d recoveries", IDENTITY_PINS_MAX);
        if (!recovery_decode(bytes, &ret_recoveries[(*ret_count)++], err))
            return false;
    }
    return true;
}

/* Of two proofs that hold, the one that knows of more recoveries: the other's node is behind. */
static bool ask_recoveries(struct join *j, size_t peer, struct err *err)
{
    struct recovery found[IDENTITY_PINS_MAX];
    size_t count = 0;
    struct buf sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = get(j, peer, "/v1/set/chain", SET_CHAIN_SIZE_MAX, &sets, err) &&
                take_recoveries(j, buf_slice(&sets), found, &count, err);
    if (!good || count <= j->recovery_count) {
        buf_free(&sets);
        return good;
    }
    buf_free(&j->sets);
    j->sets = sets; /* what was found borrows from it */
    j->recovery_count = count;
    memcpy(j->recoveries, found, count * sizeof found[0]);
    return true;
}

/* Blocks do not hold the recovery that one of them began with; the proof of the sets does. */
static bool fetch_recoveries(struct join *j, struct err *err)
{
    size_t order[ASKED_MAX];
    struct asked *a = &j->peers.asked;
    struct err own = { .code = ERR_NONE };
    bool any = false;
    asked_order(a, 0, order);
    for (size_t i = 0; i < a->count; i++) {
        size_t peer = order[i];
        if (any && a->of[peer].faults > 0)
            continue;
        if (ask_recoveries(j, peer, &own)) {
            any = true;
            continue;
        }
        if (err->code != ERR_PROOF) /* what is not pinned is worth more than who is not there */
            *err = own;
        asked_failed(a, peer, &own);
        complain(j, peer, &own);
    }
    return any;
}

static bool begin_recovery(const struct join *j, struct follower *f, struct err *err)
{
    for (size_t i = 0; i < j->recovery_count; i++)
        if (j->recoveries[i].height == follower_height(f) && !follower_recovers(f))
            return follower_recover(f, &j->recoveries[i], err);
    return true;
}

static bool take_range(struct join *j, struct follower *f, struct slice answer, struct err *err)
{
    struct blocks_range r;
    struct slice block, seals;
    if (!blocks_range_begin(answer, follower_height(f) + 1, &r, err))
        return false;
    while (r.count > 0)
        if (!blocks_range_next(&r, &block, &seals, err) || !begin_recovery(j, f, err) ||
            !follower_take(f, block, seals, err))
            return false;
    return true;
}

/* A disk that fails is nobody's fault who was asked. Who has no block more lacks it. */
static enum asked_end follow_peer(struct join *j, struct follower *f, size_t peer,
                                  struct buf *answer, struct err *err)
{
    char path[96];
    uint64_t before = follower_height(f);
    (void)snprintf(path, sizeof path, "/v1/blocks/range?from=%" PRIu64, before + 1);
    buf_clear(answer);
    if (!get(j, peer, path, BLOCKS_RANGE_SIZE_MAX, answer, err))
        return ASKED_FAULT;
    if (!take_range(j, f, buf_slice(answer), err))
        return err->code == ERR_IO || err->code == ERR_BUSY ? ASKED_STOP : ASKED_FAULT;
    j->peers.asked.of[peer].lacks = follower_height(f) == before;
    (void)progress(j, follower_height(f), follower_height(f), j->bytes + answer->len);
    return ASKED_GOOD;
}

/* Once round; *ret_end: ASKED_GOOD when somebody answered well. Ends at the first who had more. */
static bool follow_round(struct join *j, struct follower *f, struct buf *answer,
                         enum asked_end *ret_end, struct err *err)
{
    size_t order[ASKED_MAX];
    struct asked *a = &j->peers.asked;
    uint64_t before = follower_height(f);
    *ret_end = ASKED_FAULT;
    asked_order(a, 0, order);
    for (size_t i = 0; i < a->count; i++) {
        size_t peer = order[i];
        if (*ret_end == ASKED_GOOD && a->of[peer].faults > 0)
            break;
        enum asked_end end = follow_peer(j, f, peer, answer, err);
        if (end == ASKED_FAULT) {
            asked_failed(a, peer, err);
            complain(j, peer, err);
            continue;
        }
        *ret_end = end;
        if (end == ASKED_STOP || follower_height(f) > before)
            return end == ASKED_GOOD;
    }
    return false;
}

static bool follow(struct join *j, struct follower *f, struct err *err)
{
    enum asked_end end;
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    asked_anew(&j->peers.asked);
    while (follow_round(j, f, &answer, &end, err))
        continue;
    buf_free(&answer);
    return end == ASKED_GOOD;
}

static bool join_genesis(struct join *j, struct err *err)
{
    struct store *s = NULL;
    struct store_history at = { .complete = false };
    struct follower *f = NULL;
    j->unit = "block";
    j->sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good =
        store_create_or_keep(j->data, buf_slice(&j->genesis), err) &&
        store_open(j->data, STORE_WRITE, &s, err) && store_history(s, &at, err) &&
        (at.complete ||
         err_set(err, ERR_INPUT, "%s: was joined at a snapshot; --history brings what came before",
                 j->home)) &&
        follower_open(s, &f, err) && fetch_recoveries(j, err) && follow(j, f, err) &&
        store_head(s, &j->head, NULL, err) && settle(j, err);
    follower_close(f);
    store_close(s);
    buf_free(&j->sets);
    j->history = good;
    j->there = false; /* whatever was new is here now */
    return good;
}

/* ------------------------------------------------------------------ telling */

static void tell(const struct join *j, const struct cmd_home *home)
{
    char ledger[2 * HASH_SIZE + 1], config[PATH_MAX];
    hex_encode(hash_slice(&j->head.ledger), ledger);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "ledger", ledger);
        json_doc_put_int(doc, "height", (int64_t)j->head.height);
        json_doc_put_int(doc, "statements", (int64_t)j->head.size);
        json_doc_put_int(doc, "bytes", (int64_t)j->bytes);
        json_doc_put_bool(doc, "history", j->history);
        join_peers_put(&j->peers, doc);
        cmd_action_print(doc);
        return;
    }
    (void)printf("ledger %s\n%s: block %" PRIu64 " with %" PRIu64 " statements, %s\n", ledger,
                 j->home, j->head.height, j->head.size,
                 j->there     ? "which was here already"
                 : j->history ? "and all that led to it"
                              : "its state proven piece by piece");
    if (!j->history)
        (void)printf("What happened before is not here yet: `waybill join %s --history --from URL "
                     "--identity %s/identity.cbor` fetches it.\n",
                     j->home, j->home);
    if (member_folder_path(j->home, "node.yaml", config, NULL) && file_exists(config))
        (void)printf("start the node: waybill-node run --config %s\n", config);
}

static bool choose(struct join *j, const struct cmd_args *args, struct err *err)
{
    bool from_genesis = cmd_args_flag(args, "from-genesis");
    bool history = cmd_args_flag(args, "history");
    if (from_genesis && history)
        return err_set(err, ERR_INPUT, "--from-genesis brings the history along");
    if (!take_folder(j, from_genesis, err))
        return false;
    if (from_genesis)
        return join_genesis(j, err);
    /* A try that was ended after its last renaming left no more than this to do. */
    bool good = j->there ? settle(j, err) : join_snapshot(j, err);
    j->there = j->there && !history;
    return good && (!history || join_history(j, err));
}

/* What begun is not lost, whether peers, room or time were missing. */
static bool may_go_on(const struct join *j, const struct err *err)
{
    return (err->code == ERR_IO || err->code == ERR_BUSY || err->code == ERR_NOT_FOUND) &&
           (has_ledger(j) || store_join_begun(j->data));
}

static int join(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct join *j = calloc(1, sizeof *j);
    if (j == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    j->peers.terminal = isatty(STDERR_FILENO) == 1;
    j->genesis = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "a DIR", err) && take_identity(j, home, args, err) &&
                snprintf(j->home, sizeof j->home, "%s", args->operand[0]) < (int)sizeof j->home &&
                member_folder_path(j->home, "node", j->data, err) &&
                join_peers_open(&j->peers, home, args, err) && choose(j, args, err);
    if (j->peers.terminal)
        (void)fprintf(stderr, "\r\033[K");
    if (!home->json && j->peers.asked.count > 1)
        join_peers_tell(&j->peers);
    if (good)
        tell(j, home);
    else if (!home->json && may_go_on(j, err))
        (void)fprintf(stderr, "what is here stays in %s; the same command goes on from there\n",
                      j->data);
    join_peers_close(&j->peers);
    buf_free(&j->genesis);
    free(j);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_join(int argc, char **argv)
{
    static const struct cmd_action action = {
        "join", "join", "from= pin= from-genesis history",
        "Usage: waybill join DIR --from URL [--from URL ...] --identity FILE [options]\n"
        "Takes part in a ledger that others run: fetches its state at a recent block from the "
        "nodes "
        "named,\n"
        "every piece proven down from the ledger's identity, into DIR/node. Ended early, it goes "
        "on "
        "where it\n"
        "was; what one node gives wrong is named and asked of the next, and who was wrong, silent "
        "or\n"
        "slow is asked last.\n"
        "\n"
        "  --from URL       a node of the ledger, at its address for people; more of them share "
        "the "
        "work\n"
        "  --identity FILE  the ledger's identity.cbor, from somebody you trust\n"
        "  --history        also what happened before that block; or only that, when DIR was "
        "joined\n"
        "                   (its node must not run). Until it is here, the node answers of state, "
        "proofs and\n"
        "                   new blocks alone\n"
        "  --from-genesis   instead of a state: every block, executed again\n"
        "  --pin HASH       follow this recovery of the ledger (waybill recovery)\n"
        "  --ca FILE        certificates to trust for https\n"
        "Exit code: 0 good, 1 error, 3 something given does not hold.\n",
        join
    };
    return cmd_action_run(&action, argc, argv);
}
