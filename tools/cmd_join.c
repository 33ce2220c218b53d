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
    size_t peers;
    const char *url[SNAPSHOT_JOIN_PEERS];
    struct node_client *client[SNAPSHOT_JOIN_PEERS];
    const char *unit; /* of progress: "chunk", "block" */
    bool terminal;
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
    size_t before = out->len;
    if (!node_client_get_bytes(j->client[peer], path, out, err))
        return false;
    return out->len - before <= max ||
           err_set(err, ERR_INPUT, "an answer of more than %zu bytes", max);
}

static bool progress(void *ctx, uint64_t done, uint64_t all, uint64_t bytes)
{
    struct join *j = ctx;
    j->bytes = bytes;
    if (j->terminal)
        (void)fprintf(stderr, "\r\033[K%s %" PRIu64 " of %" PRIu64 ", %" PRIu64 " KiB", j->unit,
                      done, all, bytes / 1024);
    return true;
}

static void complain(void *ctx, size_t peer, const struct err *err)
{
    struct join *j = ctx;
    (void)fprintf(stderr, "%s%s: %s; the next one is asked\n", j->terminal ? "\r\033[K" : "",
                  j->url[peer], err->msg);
}

static bool open_clients(struct join *j, const struct cmd_home *home, const struct cmd_args *args,
                         struct err *err)
{
    const char *url;
    for (size_t i = 0; (url = cmd_args_nth(args, "from", i)) != NULL; i++) {
        if (j->peers == SNAPSHOT_JOIN_PEERS)
            return err_set(err, ERR_INPUT, "--from: more than %d", SNAPSHOT_JOIN_PEERS);
        j->url[j->peers] = url;
        if (!node_client_open(url, home->ca_file, &j->client[j->peers], err))
            return err_wrap(err, "--from");
        j->peers++;
    }
    return j->peers > 0 || err_set(err, ERR_INPUT, "--from URL: whom to ask");
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
                                   .peers = j->peers,
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
            err_set(err, ERR_PROOF, "a genesis of another ledger"));
}

static bool fetch_genesis(struct join *j, struct err *err)
{
    for (size_t i = 0; i < j->peers; i++) {
        buf_clear(&j->genesis);
        if (get(j, i, "/v1/genesis", GENESIS_SIZE_MAX, &j->genesis, err) &&
            check_genesis(j, buf_slice(&j->genesis), err))
            return true;
        complain(j, i, err);
    }
    return false;
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
        return false;
    j->there = false;
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
    return member_folder_settle(j->home, buf_slice(&j->genesis), &j->trusted, err);
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
static bool take_recoveries(struct join *j, struct err *err)
{
    struct set_chain c;
    struct slice bytes;
    j->recovery_count = 0;
    if (!set_chain_begin(&c, buf_slice(&j->sets), &j->trusted, err) ||
        !set_chain_to(&c, UINT64_MAX, err) ||
        !set_chain_begin(&c, buf_slice(&j->sets), &j->trusted, err))
        return false;
    while (set_chain_next_recovery(&c, &bytes)) {
        if (j->recovery_count == IDENTITY_PINS_MAX)
            return err_set(err, ERR_BUSY, "more than %d recoveries", IDENTITY_PINS_MAX);
        if (!recovery_decode(bytes, &j->recoveries[j->recovery_count++], err))
            return false;
    }
    return true;
}

/* Blocks do not hold the recovery that one of them began with; the proof of the sets does. */
static bool fetch_recoveries(struct join *j, struct err *err)
{
    struct err own = { .code = ERR_NONE };
    for (size_t i = 0; i < j->peers; i++) {
        buf_clear(&j->sets);
        if (get(j, i, "/v1/set/chain", SET_CHAIN_SIZE_MAX, &j->sets, &own) &&
            take_recoveries(j, &own))
            return true;
        if (err->code != ERR_PROOF) /* what is not pinned is worth more than who is not there */
            *err = own;
        complain(j, i, &own);
    }
    return false;
}

static bool begin_recovery(const struct join *j, struct follower *f, struct err *err)
{
    for (size_t i = 0; i < j->recovery_count; i++)
        if (j->recoveries[i].height == follower_height(f) && !follower_recovers(f))
            return follower_recover(f, &j->recoveries[i], err);
    return true;
}

/* *ret_more: it had blocks that were not here yet. */
static bool follow_peer(struct join *j, struct follower *f, size_t peer, struct buf *answer,
                        bool *ret_more, struct err *err)
{
    char path[96];
    uint64_t from = follower_height(f) + 1;
    struct blocks_range r;
    struct slice block, seals;
    (void)snprintf(path, sizeof path, "/v1/blocks/range?from=%" PRIu64, from);
    buf_clear(answer);
    if (!get(j, peer, path, BLOCKS_RANGE_SIZE_MAX, answer, err) ||
        !blocks_range_begin(buf_slice(answer), from, &r, err))
        return false;
    while (r.count > 0)
        if (!blocks_range_next(&r, &block, &seals, err) || !begin_recovery(j, f, err) ||
            !follower_take(f, block, seals, err))
            return false;
    *ret_more = follower_height(f) >= from;
    return progress(j, follower_height(f), follower_height(f), j->bytes + answer->len);
}

static bool follow(struct join *j, struct follower *f, struct err *err)
{
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    bool more = true, any = false; /* whether somebody had nothing more to give */
    while (more) {
        more = any = false;
        for (size_t i = 0; i < j->peers && !more; i++) {
            if (follow_peer(j, f, i, &answer, &more, err))
                any = true;
            else
                complain(j, i, err);
        }
    }
    buf_free(&answer);
    return any;
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

static int join(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct join *j = calloc(1, sizeof *j);
    if (j == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    j->terminal = isatty(STDERR_FILENO) == 1;
    j->genesis = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "a DIR", err) && take_identity(j, home, args, err) &&
                snprintf(j->home, sizeof j->home, "%s", args->operand[0]) < (int)sizeof j->home &&
                member_folder_path(j->home, "node", j->data, err) &&
                open_clients(j, home, args, err) && choose(j, args, err);
    if (j->terminal)
        (void)fprintf(stderr, "\r\033[K");
    if (good)
        tell(j, home);
    for (size_t i = 0; i < j->peers; i++)
        node_client_close(j->client[i]);
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
        "was; what one node gives wrong is named and asked of the next.\n"
        "\n"
        "  --from URL       a node of the ledger; more of them share the work\n"
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
