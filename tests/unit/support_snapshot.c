#include "tests/unit/support_snapshot.h"

#include "node/store_parts.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool cut_sink(void *ctx, uint32_t first, uint32_t count, struct slice chunk)
{
    struct cut *c = ctx;
    assert(c->count < CUT_CHUNKS && count > 0);
    c->first[c->count] = first;
    c->chunk[c->count] = buf_heap(SNAPSHOT_CHUNK_MAX);
    buf_add_slice(&c->chunk[c->count++], chunk);
    return true;
}

static bool add_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    bool good = snapshot_maker_add(ctx, key_hash, key, value, NULL);
    assert(good);
    return good;
}

struct cut *cut_ledger(struct ledger *l)
{
    struct cut *c = calloc(1, sizeof *c);
    assert(c != NULL);
    struct snapshot_maker *m = snapshot_maker_new(cut_sink, c);
    struct buf seals = buf_heap(4096), final = buf_heap(8192), sets = buf_heap(8192);
    struct header head;
    struct hash state;
    bool good = store_head(l->store, &head, &seals, NULL) &&
                store_state_each(l->store, add_entry, m, NULL) &&
                snapshot_maker_end(m, &state, NULL);
    assert(good && hash_equal(&state, &head.state));
    final_put(&final, &head, buf_slice(&seals));
    identity_put_set_proof(&sets, &l->identity);
    struct snapshot_parts parts = { buf_slice(&final), buf_slice(&sets), &l->store->edge };
    c->manifest = buf_heap(SNAPSHOT_MANIFEST_MAX);
    snapshot_maker_put_manifest(m, &parts, &c->manifest);
    assert(!c->manifest.failed);
    snapshot_maker_free(m);
    buf_free(&seals);
    buf_free(&final);
    buf_free(&sets);
    return c;
}

void cut_free(struct cut *c)
{
    for (size_t i = 0; i < c->count; i++)
        buf_free(&c->chunk[i]);
    buf_free(&c->manifest);
    free(c);
}

/* ------------------------------------------------------------------ folders */

void cut_make_folder(char path[64])
{
    (void)snprintf(path, 64, "/tmp/waybill-join-XXXXXX");
    char *made = mkdtemp(path);
    assert(made != NULL);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void cut_remove_folder(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
