/* The HTTP side of the loop: what its thread may ask of the node, behind the locks it needs. */
#include "common/checkpoint.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "node/api.h"
#include "node/loop_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WEB_BUILT_IN_PLACE "../../node/web"       /* seen from build/<profile>/ */
#define WEB_INSTALLED      "../share/waybill/web" /* seen from <prefix>/bin */

static bool submit(void *ctx, struct slice statement, struct hash *ret_hash, struct err *err)
{
    struct node *n = ctx;
    *ret_hash = crypto_sha256(statement);
    /* Noted first: the loop may be done with it, and forget it, before submit returns. */
    tracker_note(n->tracker, ret_hash, ACCEPTED);
    if (node_submit(n, statement, err))
        return true;
    tracker_forget(n->tracker, ret_hash);
    return false;
}

static bool fate(void *ctx, const struct hash *statement, enum refusal *ret_code)
{
    struct node *n = ctx;
    return tracker_find(n->tracker, statement, ret_code);
}

static bool prove_one(struct node *n, struct slice key, struct buf *value, struct buf *out,
                      struct err *err)
{
    struct hash key_hash = crypto_sha256(key), value_hash;
    bool present = state_tree_find(n->chain.state, &key_hash, &value_hash);
    buf_clear(value);
    if (present && !store_state_get(n->reader, key, value, err))
        return false;
    state_tree_prove(n->chain.state, key, buf_slice(value), out);
    return !out->failed || err_set(err, ERR_IO, "the proof is too large");
}

static bool prove(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                  uint64_t *ret_height, struct err *err)
{
    struct node *n = ctx;
    struct buf value = buf_heap(STATEMENT_MAX * 2);
    pthread_rwlock_wrlock(&n->trees); /* the reader is one connection: one asks at a time */
    bool ok = chain_undo(&n->chain) || err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; i < count && ok; i++)
        ok = prove_one(n, keys[i], &value, &outs[i], err);
    *ret_height = n->chain.head.height;
    pthread_rwlock_unlock(&n->trees);
    buf_free(&value);
    return ok;
}

static void metrics(void *ctx, struct api_metrics *ret_metrics)
{
    struct node *n = ctx;
    pthread_rwlock_rdlock(&n->trees);
    *ret_metrics = (struct api_metrics){
        .blocks = n->shown.blocks,
        .statements = n->shown.statements,
        .turned_away = n->shown.turned_away,
        .busy = __atomic_load_n(&n->busy, __ATOMIC_RELAXED),
        .waiting = n->shown.waiting,
        .uptime_s = (clock_steady_ms() - n->shown.started_ms) / 1000,
        .rounds = n->shown.rounds,
        .sent = n->shown.sent,
        .sent_bytes = n->shown.sent_bytes,
        .disk_free = n->shown_watch.disk.free_bytes,
        .disk_days = n->shown_watch.disk.days,
        .alarms = n->shown_watch.alarms,
    };
    pthread_rwlock_unlock(&n->trees);
}

static void consensus(void *ctx, struct api_consensus *ret_consensus)
{
    struct node *n = ctx;
    pthread_rwlock_rdlock(&n->trees);
    const struct node_metrics *m = &n->shown;
    *ret_consensus = (struct api_consensus){
        .kid = n->kid,
        .tip = m->tip,
        .height = m->view.height,
        .round = m->view.round,
        .quorum = m->view.quorum,
        .members = m->view.members,
        .votes = m->view.votes,
        .abstains = m->view.abstains,
        .offset_known = m->view.offset_known,
        .offset_ms = m->view.offset_ms,
        .waiting = m->waiting,
        .lag = m->highest - m->height,
    };
    for (size_t i = 0; i < AUTHORITY_MAX; i++)
        ret_consensus->peers += m->view.heard[i / 64] >> i % 64 & 1;
    memcpy(ret_consensus->heard, m->view.heard, sizeof m->view.heard);
    pthread_rwlock_unlock(&n->trees);
}

static void want_snapshot(void *ctx)
{
    struct node *n = ctx;
    snapshot_shelf_want(n->shelf);
}

/* By the key file, which is read anew: what signs votes stays with the core. */
static bool sign_note(void *ctx, struct slice text, struct buf *out, struct err *err)
{
    const struct node *n = ctx;
    struct key_pair pair;
    if (!keyfile_load(n->settings->key.path, &pair, err))
        return false;
    struct note_key key = checkpoint_authority_key(&n->identity.genesis.ledger, pair.pub);
    note_sign(out, &key, &pair, text, 0);
    crypto_wipe(&pair, sizeof pair);
    return !out->failed || err_set(err, ERR_BUSY, "the signature has no room");
}

/* The pages' folder: as configured, or beside the program where it was built or installed. */
static void find_web(const struct node *n, char path[PATH_MAX])
{
    static const char *const places[] = { WEB_BUILT_IN_PLACE, WEB_INSTALLED };
    char self[PATH_MAX / 2];
    (void)snprintf(path, PATH_MAX, "%s", n->settings->http_web.path);
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (path[0] != '\0' || len <= 0)
        return;
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, PATH_MAX, "%s/%s", self, places[i]);
        if (access(path, R_OK) == 0)
            return;
    }
}

bool loop_api_open(struct node *n, struct err *err)
{
    char web[PATH_MAX];
    n->metrics.started_ms = n->shown.started_ms = clock_steady_ms();
    if (!n->settings->http)
        return true;
    const char *witnesses[SETTINGS_WITNESSES_MAX];
    for (size_t i = 0; i < n->settings->witness_count; i++)
        witnesses[i] = n->settings->witnesses[i];
    find_web(n, web);
    struct api_options options = {
        .data_dir = n->settings->data.path,
        .web_dir = web,
        .host = n->settings->http_host,
        .port = n->settings->http_port,
        .node = { .ctx = n,
                  .submit = submit,
                  .fate = fate,
                  .prove = prove,
                  .metrics = metrics,
                  .consensus = consensus,
                  .want_snapshot = want_snapshot,
                  .sign_note = sign_note },
        .witnesses = witnesses,
        .witness_count = n->settings->witness_count,
    };
    struct snapshot_shelf_options shelf = { .data_dir = n->settings->data.path };
    if (!snapshot_shelf_open(&shelf, &n->shelf, err) ||
        !store_open(n->settings->data.path, STORE_READ, &n->reader, err) ||
        !api_open(&options, &n->api, err))
        return false;
    log_info("http://%s:%u", n->settings->http_host, api_port(n->api));
    return true;
}

void loop_api_close(struct node *n)
{
    api_close(n->api);
    snapshot_shelf_close(n->shelf);
    store_close(n->reader);
}
