#include "node/snapshot_join.h"

#include "common/genesis.h"
#include "node/founding.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_SIZE     96
#define LIST_SIZE_MAX 4096

struct joining {
    const struct snapshot_join *j;
    struct store_join *store;
    struct snapshot *snapshot;
    struct buf genesis, manifest, answer;
    uint64_t bytes;
    bool listed[ASKED_MAX];     /* which peers said what they have */
    uint64_t newest[ASKED_MAX]; /* of what a peer says it has; 0: nothing */
    uint64_t height;            /* of the snapshot that is asked for */
    size_t index;               /* of the chunk */
};

static void complain(void *ctx, size_t peer, const struct err *err)
{
    const struct joining *g = ctx;
    if (g->j->complain != NULL)
        g->j->complain(g->j->ctx, peer, err);
}

static bool ask(struct joining *g, size_t peer, const char *path, size_t max, struct err *err)
{
    buf_free(&g->answer);
    g->answer = buf_heap(max);
    if (!g->j->get(g->j->ctx, peer, path, max, &g->answer, err))
        return false;
    g->bytes += g->answer.len;
    return true;
}

/* ------------------------------------------------------------------ which snapshot */

/* A peer's list, newest first: its newest, and whether `height` is among them. */
static bool take_list(struct slice bytes, uint64_t height, uint64_t *ret_newest, bool *ret_has)
{
    if (!cbor_scan(bytes, NULL))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    *ret_newest = 0;
    *ret_has = false;
    for (size_t n = cbor_peek(&r) == CBOR_ARRAY ? cbor_take_array(&r) : 0; n > 0; n--) {
        cbor_take_array_of(&r, 2);
        uint64_t one = cbor_take_uint(&r);
        (void)cbor_take_uint(&r);
        *ret_newest = one > *ret_newest ? one : *ret_newest;
        *ret_has = *ret_has || one == height;
    }
    return cbor_done(&r);
}

static bool take_newest(struct joining *g, size_t peer, uint64_t height, struct err *err)
{
    bool has = false;
    if (!ask(g, peer, "/v1/snapshot", LIST_SIZE_MAX, err))
        return false;
    if (!take_list(buf_slice(&g->answer), height, &g->newest[peer], &has))
        return err_set(err, ERR_INPUT, "no list of snapshots");
    g->j->asked->of[peer].lacks = height != 0 && !has;
    return true;
}

/* In: height: 0 for the newest that each has; all: who was wrong or silent, too, where others answer. */
static bool look(struct joining *g, uint64_t height, bool all, bool *ret_has, struct err *err)
{
    size_t order[ASKED_MAX];
    struct asked *a = g->j->asked;
    bool answered = false;
    struct err why = { .code = ERR_NONE };
    *ret_has = false;
    asked_anew(a);
    asked_order(a, 0, order);
    for (size_t i = 0; i < a->count; i++) {
        size_t peer = order[i];
        g->newest[peer] = 0;
        g->listed[peer] = false;
        if (answered && !all && a->of[peer].faults > 0)
            continue;
        if (take_newest(g, peer, height, &why)) {
            answered = g->listed[peer] = true;
            *ret_has = *ret_has || !a->of[peer].lacks;
            continue;
        }
        asked_failed(a, peer, &why);
        complain(g, peer, &why);
    }
    return answered || err_set(err, why.code, "%s", why.msg);
}

/* Its entries, too: they are what a header's state root says. */
static bool check_genesis(struct joining *g, struct err *err)
{
    struct identity id;
    if (!founding_check(buf_slice(&g->genesis), true, &id, err))
        return err_wrap(err, "genesis");
    struct hash found = header_hash(&id.genesis);
    struct hash expected = header_hash(&g->j->trusted->genesis);
    return hash_equal(&found, &expected) || err_set(err, ERR_PROOF, "a genesis of another ledger");
}

static bool take_answer(struct joining *g, struct buf *into)
{
    buf_clear(into);
    buf_add_slice(into, buf_slice(&g->answer));
    return !into->failed;
}

static bool fetch_manifest(struct joining *g, size_t peer, struct err *err)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/v1/snapshot/%" PRIu64, g->height);
    if (g->j->genesis.len > 0) {
        buf_clear(&g->genesis);
        buf_add_slice(&g->genesis, g->j->genesis);
    } else if (!ask(g, peer, "/v1/genesis", GENESIS_SIZE_MAX, err) ||
               !take_answer(g, &g->genesis)) {
        return false;
    }
    return check_genesis(g, err) && ask(g, peer, path, SNAPSHOT_MANIFEST_MAX, err) &&
           take_answer(g, &g->manifest) &&
           snapshot_verify(buf_slice(&g->manifest), g->j->trusted, g->snapshot, err) &&
           (g->snapshot->header.height == g->height ||
            err_set(err, ERR_INPUT, "snapshot: of another block than was asked for"));
}

static uint64_t best(const struct joining *g)
{
    uint64_t height = 0;
    for (size_t i = 0; i < g->j->asked->count; i++)
        height = g->newest[i] > height ? g->newest[i] : height;
    return height;
}

static void sort_out(struct joining *g, size_t peer, const struct err *err)
{
    g->newest[peer] = 0;
    asked_failed(g->j->asked, peer, err);
    complain(g, peer, err);
}

/* A height is a peer's word until its manifest holds: who boasts of one is passed over. */
static bool begin(struct joining *g, bool all, struct err *err)
{
    bool any = false;
    size_t order[ASKED_MAX];
    struct asked *a = g->j->asked;
    if (!look(g, 0, all, &any, err))
        return false;
    (void)err_set(err, ERR_NOT_FOUND, "no peer has a snapshot at hand yet");
    while ((g->height = best(g)) > 0) {
        for (size_t i = 0; i < a->count; i++)
            a->of[i].lacks = g->newest[i] != g->height;
        asked_order(a, 0, order);
        for (size_t i = 0; i < a->count; i++) {
            size_t peer = order[i];
            if (g->newest[peer] != g->height)
                continue;
            if (fetch_manifest(g, peer, err))
                return store_join_begin(g->store, buf_slice(&g->genesis), buf_slice(&g->manifest),
                                        err);
            sort_out(g, peer, err);
        }
    }
    for (size_t i = 0; i < a->count; i++)
        if (g->listed[i] && a->of[i].faults == 0)
            return err_set(err, ERR_NOT_FOUND, "no peer has a snapshot at hand yet");
    return false;
}

static bool is_ours(const struct joining *g, struct err *err)
{
    struct genesis there;
    return genesis_decode(buf_slice(&g->genesis), &there, err) &&
           (hash_equal(&there.header.ledger, &g->j->trusted->genesis.ledger) ||
            err_set(err, ERR_INPUT,
                    "%s: joining another ledger was begun here; remove ledger.db.joining to give "
                    "that up",
                    g->j->dir));
}

/* What an earlier try began goes on while a peer still has it. */
static bool resume(struct joining *g, bool *ret_resumed, struct err *err)
{
    *ret_resumed = false;
    if (!store_join_manifest(g->store, &g->genesis, &g->manifest, err))
        return err->code == ERR_NOT_FOUND;
    if (!is_ours(g, err))
        return false;
    if (store_join_is_whole(g->store) ||
        !snapshot_verify(buf_slice(&g->manifest), g->j->trusted, g->snapshot, err))
        return true;
    return look(g, g->snapshot->header.height, false, ret_resumed, err);
}

/* ------------------------------------------------------------------ chunks */

static enum asked_end ask_chunk(void *ctx, size_t peer, struct err *err)
{
    char path[PATH_SIZE];
    struct joining *g = ctx;
    const struct snapshot *s = g->snapshot;
    (void)snprintf(path, sizeof path, "/v1/snapshot/%" PRIu64 "/%" PRIu32, s->header.height,
                   s->first[g->index]);
    return ask(g, peer, path, SNAPSHOT_CHUNK_MAX, err) &&
                   snapshot_check_chunk(s, g->index, buf_slice(&g->answer), err)
               ? ASKED_GOOD
               : ASKED_FAULT;
}

/* Where it is gone from a peer that has answered well, trying again begins with a newer one. */
static bool fetch_chunk(struct joining *g, struct err *err)
{
    const struct asked *a = g->j->asked;
    const struct asked_question q = { g, ask_chunk, complain };
    if (asked_each(g->j->asked, g->index, &q, err))
        return true;
    for (size_t i = 0; i < a->count; i++)
        if (a->of[i].lacks)
            return err_set(err, ERR_NOT_FOUND, "the snapshot of block %" PRIu64 " is gone",
                           g->snapshot->header.height);
    return false;
}

static bool fetch_chunks(struct joining *g, struct err *err)
{
    const struct snapshot *s = g->snapshot;
    for (size_t i = 0; i < s->chunk_count; i++) {
        bool has = false;
        g->index = i;
        if (!store_join_has(g->store, s->first[i], &has, err))
            return false;
        if (!has && (!fetch_chunk(g, err) ||
                     !store_join_put(g->store, s->first[i], buf_slice(&g->answer), err)))
            return false;
        if (g->j->progress != NULL && !g->j->progress(g->j->ctx, i + 1, s->chunk_count, g->bytes))
            return err_set(err, ERR_BUSY, "stopped; the next try goes on from here");
    }
    return true;
}

bool snapshot_join_run(const struct snapshot_join *j, struct header *ret_header, struct err *err)
{
    struct joining g = { .j = j,
                         .genesis = buf_heap(GENESIS_SIZE_MAX),
                         .manifest = buf_heap(SNAPSHOT_MANIFEST_MAX),
                         .answer = buf_heap(0),
                         .snapshot = calloc(1, sizeof *g.snapshot) };
    bool resumed = false;
    bool good = (g.snapshot != NULL || err_set(err, ERR_IO, "out of memory")) &&
                store_join_open(j->dir, &g.store, err) && resume(&g, &resumed, err);
    if (good && !store_join_is_whole(g.store))
        good = (resumed || begin(&g, false, err) ||
                (err->code != ERR_NOT_FOUND && begin(&g, true, err))) &&
               fetch_chunks(&g, err);
    if (good) {
        good = store_join_finish(g.store, g.snapshot, ret_header, err);
        g.store = NULL;
    }
    store_join_close(g.store);
    buf_free(&g.genesis);
    buf_free(&g.manifest);
    buf_free(&g.answer);
    free(g.snapshot);
    return good;
}
