/*
 * insert_1m_over_100k: does a ledger of a million statements still take them as fast as one of a hundred
 * thousand? A loader that skips signatures, and nothing else: every statement is decoded, executed, put
 * into the trees and stored, block by block, with an fsync each.
 */
#include "common/statement.h"
#include "node/chain.h"
#include "node/store.h"
#include "tests/support/ledger_kit.h"
#include "tests/support/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES   48
#define PER_BLOCK 4000
#define WINDOW    100000 /* statements timed around each size */
#define SMALL     100000
#define LARGE     1000000

struct loader {
    struct kit kit;
    struct store *store;
    struct chain chain;
    struct execution *execution;
    struct key_pair authority;
    struct kit_signer devices[DEVICES];
    struct statement *statements;
    struct slice *bytes;
    struct hash *hashes;
    struct buf memory, block, seals;
    uint64_t time_ms;
};

static void must(bool good, const char *what, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_store: %s: %s\n", what, err->msg);
    exit(1);
}

static bool get_state(void *ctx, struct slice key, struct buf *value)
{
    struct loader *l = ctx;
    return store_state_get(l->store, key, value, NULL);
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct loader *l = ctx;
    return chain_load_entry(&l->chain, key_hash, key, value);
}

static void found(struct loader *l, const char *dir)
{
    struct key_pair farm = kit_pair("bench farm");
    struct buf genesis = buf_heap(1024 * 1024);
    struct err err;
    struct header head;
    l->authority = kit_pair("bench authority");
    kit_begin(&l->kit, KIT_T0, false);
    kit_add_member(&l->kit, &farm, "Farm");
    kit_add_key(&l->kit, &l->authority, &farm.kid, CLASS_AUTHORITY);
    for (size_t i = 0; i < DEVICES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "bench device %zu", i);
        struct key_pair pair = kit_pair(name);
        kit_add_key(&l->kit, &pair, &farm.kid, CLASS_DEVICE);
    }
    kit_genesis(&l->kit, &genesis);
    for (size_t i = 0; i < DEVICES; i++)
        kit_signer_begin(&l->devices[i], &l->kit.keys[i + 2].pair, &l->kit.identity.genesis.ledger);
    must(store_create(dir, buf_slice(&genesis), &err), "create", &err);
    must(store_open(dir, STORE_WRITE, &l->store, &err), "open", &err);
    must(chain_init(&l->chain, get_state, l), "memory", &err);
    must(store_head(l->store, &head, &l->seals, &err), "head", &err);
    must(store_state_each(l->store, load_entry, l, &err), "state", &err);
    must(chain_load_head(&l->chain, &head, store_tree_fetch, l->store, &err), "chain", &err);
    buf_free(&genesis);
}

/* Appends a reading of one sample with a signature of zeros; returns its length. */
static size_t make_statement(struct loader *l, struct kit_signer *d)
{
    static const uint8_t no_signature[SIG_SIZE];
    static const int centi[] = { 450 };
    uint8_t header_memory[32], payload_memory[128];
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf payload = buf_fixed(payload_memory, sizeof payload_memory);
    struct statement s = kit_temperatures(centi, 1, 60000);
    size_t start = l->memory.len;
    s.link.seq = ++d->seq;
    s.link.time_ms = l->time_ms += 10;
    memcpy(s.link.prev, d->prev, HALF_SIZE);
    cose_put_native(&header, &d->key.kid);
    statement_put_payload(&payload, &s);
    buf_add_byte(&l->memory, 0xd2);
    cbor_put_array(&l->memory, 4);
    cbor_put_bytes(&l->memory, buf_slice(&header));
    cbor_put_map(&l->memory, 0);
    cbor_put_bytes(&l->memory, buf_slice(&payload));
    cbor_put_bytes(&l->memory, slice_of(no_signature, SIG_SIZE));
    return l->memory.len - start;
}

static void make_statements(struct loader *l)
{
    buf_clear(&l->memory);
    for (size_t i = 0; i < PER_BLOCK; i++) {
        struct kit_signer *d = &l->devices[i % DEVICES];
        size_t len = make_statement(l, d);
        l->bytes[i].len = len;
        struct slice whole = slice_from(buf_slice(&l->memory), l->memory.len - len, len);
        struct hash hash = crypto_sha256(whole);
        memcpy(d->prev, hash.bytes, HALF_SIZE);
    }
    size_t offset = 0;
    for (size_t i = 0; i < PER_BLOCK; i++) {
        struct err err;
        l->bytes[i] = slice_from(buf_slice(&l->memory), offset, l->bytes[i].len);
        offset += l->bytes[i].len;
        must(statement_decode(l->bytes[i], &l->statements[i], &err), "decode", &err);
        l->hashes[i] = l->statements[i].hash;
    }
}

static void add_block(struct loader *l)
{
    struct execute_result result;
    struct header h;
    struct err err = { .msg = "" };
    make_statements(l);
    struct execute_context context = chain_next(&l->chain, l->time_ms);
    execute_begin(l->execution, &l->chain.view, &context);
    for (size_t i = 0; i < PER_BLOCK; i++)
        must(execute_statement(l->execution, &l->statements[i]) == ACCEPTED, "refused", &err);
    must(execute_end(l->execution, &result), "execute", &err);
    struct chain_block block = { l->authority.kid, l->hashes, PER_BLOCK };
    must(chain_try(&l->chain, &context, &block, &result, &h) && chain_keep(&l->chain), "chain",
         &err);
    buf_clear(&l->block);
    buf_clear(&l->seals);
    block_put_head(&l->block, &h, PER_BLOCK);
    for (size_t i = 0; i < PER_BLOCK; i++)
        block_put_statement(&l->block, l->bytes[i]);
    uint8_t seal_memory[SEAL_SIZE_MAX];
    struct buf seal = buf_fixed(seal_memory, sizeof seal_memory);
    seal_sign(&h, 0, &l->authority, &seal);
    cbor_put_array(&l->seals, 1);
    cbor_put_bytes(&l->seals, buf_slice(&seal));
    struct commit c = { .header = h,
                        .seals = buf_slice(&l->seals),
                        .block = buf_slice(&l->block),
                        .statement_count = PER_BLOCK,
                        .statements = l->bytes,
                        .statement_hashes = l->hashes,
                        .outcome_count = result.outcome_count,
                        .outcomes = result.outcomes,
                        .write_count = result.write_count,
                        .writes = result.writes };
    must(store_commit(l->store, &c, &err), "commit", &err);
}

/* Fills the ledger up to `size` statements; returns statements a second over the last WINDOW of them. */
static double fill(struct loader *l, uint64_t size)
{
    while (l->chain.head.size + WINDOW < size)
        add_block(l);
    double start = measure_now();
    uint64_t from = l->chain.head.size;
    while (l->chain.head.size < size)
        add_block(l);
    return (double)(l->chain.head.size - from) / (measure_now() - start);
}

int main(int argc, char **argv)
{
    const char *scratch = getenv("WAYBILL_SCRATCH");
    char dir[300];
    if (!measure_wanted(argc, argv, "insert_1m_over_100k", false))
        return 0;
    struct loader *l = calloc(1, sizeof *l);
    if (l == NULL || !crypto_init())
        return 1;
    l->execution = execution_new();
    l->statements = calloc(PER_BLOCK, sizeof l->statements[0]);
    l->bytes = calloc(PER_BLOCK, sizeof l->bytes[0]);
    l->hashes = calloc(PER_BLOCK, sizeof l->hashes[0]);
    l->memory = buf_heap(64 * 1024 * 1024);
    l->block = buf_heap(BLOCK_SIZE_MAX);
    l->seals = buf_heap(64 * 1024);
    l->time_ms = KIT_T0;
    (void)snprintf(dir, sizeof dir, "%s/store", scratch == NULL ? "/tmp" : scratch);
    found(l, dir);
    double small = fill(l, SMALL + WINDOW / 2);
    double large = fill(l, LARGE + WINDOW / 2);
    (void)fprintf(stderr, "insert: %.0f statements/s at 100,000, %.0f at 1,000,000\n", small,
                  large);
    measure_print("insert_1m_over_100k", large / small, "ratio");
    store_close(l->store);
    chain_free(&l->chain);
    execution_free(l->execution);
    buf_free(&l->memory);
    buf_free(&l->block);
    buf_free(&l->seals);
    free(l->statements);
    free(l->bytes);
    free(l->hashes);
    free(l);
    return 0;
}
