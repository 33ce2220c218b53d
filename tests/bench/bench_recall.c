/*
 * recall_1m_over_10k: is a recall of a lot of a million units recorded as fast as one of ten thousand?
 * recall_list_1m: how long it takes to say who has which of that million, as the API answers it. The ledger is
 * built by the product's own rules and store from signed statements of up to ten thousand units each. To save
 * time, signatures are not checked, and the units' own entries of the state are kept in memory, not on disk:
 * neither recording nor listing a recall has any use for them.
 */
#include "common/hex.h"
#include "common/statement.h"
#include "node/api_parts.h"
#include "node/chain.h"
#include "node/store.h"
#include "tests/support/ledger_kit.h"
#include "tests/support/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDERS    300
#define UNITS      1000000
#define UNITS_FEW  10000
#define SET        10000
#define LINKS      200000 /* of a block: chains that its events lengthen */
#define PER_BLOCK  64
#define RECORDINGS 21
#define GTIN       "01/09506000134352"

#define ENTRIES (1u << 22) /* slots: more than twice the units */

/* The units' entries of the state. */
struct entry {
    struct slice key, value; /* in memory of its own; no key: free */
};

struct loader {
    struct entry *entries;
    struct state_write *writes; /* of a block, less the units' */
    size_t write_room;
    struct kit kit;
    struct store *store;
    struct chain chain;
    struct execution *execution;
    struct key_pair authority, pairs[HOLDERS + 1]; /* the maker last */
    struct kit_signer signers[HOLDERS + 1];
    size_t count, links;
    struct statement *statements;
    struct buf bytes[PER_BLOCK];
    struct slice items[PER_BLOCK];
    struct hash hashes[PER_BLOCK];
    struct buf block, seals;
    uint64_t time_ms;
};

static void must(bool good, const char *what, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_recall: %s: %s\n", what, err->msg);
    exit(1);
}

static struct entry *entry_of(struct loader *l, struct slice key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ key.data[i]) * UINT64_C(1099511628211);
    size_t at = (hash ^ hash >> 32) % ENTRIES;
    while (l->entries[at].key.len > 0 && !slice_equal(l->entries[at].key, key))
        at = (at + 1) % ENTRIES;
    return &l->entries[at];
}

static struct slice copy(struct slice s)
{
    uint8_t *bytes = malloc(s.len);
    if (bytes == NULL)
        exit(1);
    memcpy(bytes, s.data, s.len);
    return slice_of(bytes, s.len);
}

static void keep(struct loader *l, const struct state_write *w)
{
    struct entry *e = entry_of(l, w->key);
    if (e->key.len == 0)
        e->key = copy(w->key);
    if (w->value.len <= e->value.len) {
        memcpy((uint8_t *)(uintptr_t)e->value.data, w->value.data, w->value.len);
        e->value.len = w->value.len;
    } else {
        free((void *)(uintptr_t)e->value.data);
        e->value = copy(w->value);
    }
}

static bool get_state(void *ctx, struct slice key, struct buf *value)
{
    struct loader *l = ctx;
    if (state_key_table(key) != TABLE_ASSET)
        return store_state_get(l->store, key, value, NULL);
    const struct entry *e = entry_of(l, key);
    buf_add_slice(value, e->value);
    return e->key.len > 0;
}

/* Takes the units' entries out of what the store is to keep. */
static size_t sort_out(struct loader *l, const struct execute_result *result)
{
    size_t kept = 0;
    if (result->write_count > l->write_room) {
        free(l->writes);
        l->write_room = result->write_count;
        l->writes = calloc(l->write_room, sizeof l->writes[0]);
        if (l->writes == NULL)
            exit(1);
    }
    for (size_t i = 0; i < result->write_count; i++)
        if (state_key_table(result->writes[i].key) == TABLE_ASSET)
            keep(l, &result->writes[i]);
        else
            l->writes[kept++] = result->writes[i];
    return kept;
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct loader *l = ctx;
    return chain_load_entry(&l->chain, key_hash, key, value);
}

static void found(struct loader *l, const char *dir)
{
    struct buf genesis = buf_heap(1024 * 1024);
    struct err err = { .msg = "" };
    struct header head;
    char name[32];
    l->authority = kit_pair("bench authority");
    kit_begin(&l->kit, KIT_T0, false);
    for (size_t i = 0; i <= HOLDERS; i++) {
        (void)snprintf(name, sizeof name, "Pharmacy %zu", i);
        l->pairs[i] = kit_pair(name);
        kit_add_member(&l->kit, &l->pairs[i], i == HOLDERS ? "Maker" : "Pharmacy");
    }
    kit_add_key(&l->kit, &l->authority, &l->pairs[HOLDERS].kid, CLASS_AUTHORITY);
    kit_genesis(&l->kit, &genesis);
    for (size_t i = 0; i <= HOLDERS; i++)
        kit_signer_begin(&l->signers[i], &l->pairs[i], &l->kit.identity.genesis.ledger);
    must(store_create(dir, buf_slice(&genesis), &err), "create", &err);
    must(store_open(dir, STORE_WRITE, &l->store, &err), "open", &err);
    must(chain_init(&l->chain, get_state, l), "chain", &err);
    must(store_state_each(l->store, load_entry, l, &err), "state", &err);
    must(store_head(l->store, &head, NULL, &err), "head", &err);
    must(chain_load_head(&l->chain, &head, store_tree_fetch, l->store, &err), "chain", &err);
    buf_free(&genesis);
}

/* ------------------------------------------------------------------ blocks */

static void commit(struct loader *l, const struct execute_result *result, const struct header *h)
{
    struct err err = { .msg = "" };
    uint8_t seal_memory[SEAL_SIZE_MAX];
    struct buf seal = buf_fixed(seal_memory, sizeof seal_memory);
    buf_clear(&l->block);
    buf_clear(&l->seals);
    block_put_head(&l->block, h, l->count);
    for (size_t i = 0; i < l->count; i++)
        block_put_statement(&l->block, l->items[i]);
    seal_sign(h, 0, &l->authority, &seal);
    cbor_put_array(&l->seals, 1);
    cbor_put_bytes(&l->seals, buf_slice(&seal));
    struct commit c = { .header = *h,
                        .seals = buf_slice(&l->seals),
                        .block = buf_slice(&l->block),
                        .statement_count = l->count,
                        .statements = l->items,
                        .statement_hashes = l->hashes,
                        .outcome_count = result->outcome_count,
                        .outcomes = result->outcomes,
                        .write_count = sort_out(l, result) };
    c.writes = l->writes;
    must(store_commit(l->store, &c, &err), "commit", &err);
}

/* What was said becomes a block. Returns the seconds it took. */
static double seal(struct loader *l)
{
    struct execute_result result;
    struct header h;
    struct err err = { .msg = "" };
    double start = measure_now();
    if (l->count == 0)
        return 0;
    l->time_ms += 1000;
    struct execute_context context = chain_next(&l->chain, l->time_ms);
    execute_begin(l->execution, &l->chain.view, &context);
    for (size_t i = 0; i < l->count; i++) {
        enum refusal code = execute_statement(l->execution, &l->statements[i]);
        if (code != ACCEPTED)
            (void)snprintf(err.msg, sizeof err.msg, "%s", refusal_name(code));
        must(code == ACCEPTED, "refused", &err);
    }
    must(execute_end(l->execution, &result), "execute", &err);
    struct chain_block block = { l->authority.kid, l->hashes, l->count };
    must(chain_try(&l->chain, &context, &block, &result, &h) && chain_keep(&l->chain), "chain",
         &err);
    commit(l, &result, &h);
    l->count = l->links = 0;
    return measure_now() - start;
}

static struct hash say(struct loader *l, size_t who, struct statement draft, size_t links)
{
    struct err err = { .msg = "" };
    if (l->count == PER_BLOCK || l->links + links > LINKS)
        (void)seal(l);
    struct buf *out = &l->bytes[l->count];
    buf_clear(out);
    struct hash hash = kit_sign(&l->signers[who], draft, l->time_ms, out);
    l->items[l->count] = buf_slice(out);
    l->hashes[l->count] = hash;
    must(statement_decode(l->items[l->count], &l->statements[l->count], &err), "decode", &err);
    l->count++;
    l->links += links;
    return hash;
}

/* ------------------------------------------------------------------ the goods */

static struct asset_set units(const char *prefix, size_t first, size_t count, struct buf *memory)
{
    char digits[16];
    (void)snprintf(digits, sizeof digits, "%07zu", first);
    buf_clear(memory);
    return asset_set_range(prefix, digits, count, memory);
}

static void make_lot(struct loader *l, const char *prefix, const char *lot, size_t count)
{
    uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    for (size_t at = 0; at < count; at += SET) {
        struct statement s = { .kind = KIND_COMMISSION };
        s.as.commission.assets = units(prefix, at, SET, &memory);
        s.as.commission.lot = slice_text(lot);
        (void)say(l, HOLDERS, s, SET);
    }
    (void)seal(l);
}

/* Every holder gets its share by one offer and one acceptance. */
static void spread(struct loader *l, const char *prefix, size_t count)
{
    uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    size_t share = (count + HOLDERS - 1) / HOLDERS, n = 0;
    for (size_t at = 0; at < count; at += share, n++) {
        size_t goods = at + share > count ? count - at : share;
        struct statement offer = { .kind = KIND_CUSTODY };
        offer.as.custody.assets = units(prefix, at, goods, &memory);
        offer.as.custody.action = CUSTODY_OFFER;
        offer.as.custody.to = l->pairs[n].kid;
        struct statement answer = offer;
        answer.as.custody.action = CUSTODY_ACCEPT;
        if (l->links + 2 * goods > LINKS)
            (void)seal(l);
        answer.as.custody.offer = say(l, HOLDERS, offer, goods);
        (void)say(l, n, answer, goods);
    }
    (void)seal(l);
}

static struct hash dispose(struct loader *l, const char *name, enum disposition_action action,
                           double *ret_seconds)
{
    uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_DISPOSITION };
    s.as.disposition.assets = asset_set_one(name, &memory);
    s.as.disposition.action = action;
    s.as.disposition.meaning = slice_text("recall of a lot");
    s.as.disposition.reason = slice_text("a blister may leak");
    struct hash hash = say(l, HOLDERS, s, 1);
    *ret_seconds = seal(l);
    return hash;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *took)
{
    qsort(took, RECORDINGS, sizeof took[0], compare);
    return took[RECORDINGS / 2];
}

/* The median times to record a recall of each lot, in turns. Both stay recalled. */
static void record(struct loader *l, double *ret_few, double *ret_many, struct hash *ret_recall)
{
    double few[RECORDINGS], many[RECORDINGS], other;
    (void)dispose(l, GTIN "/10/FEW", DISPOSITION_RECALL, &other); /* warms what both need */
    (void)dispose(l, GTIN "/10/MANY", DISPOSITION_RECALL, &other);
    for (size_t i = 0; i < RECORDINGS; i++) {
        (void)dispose(l, GTIN "/10/FEW", DISPOSITION_END_RECALL, &other);
        (void)dispose(l, GTIN "/10/MANY", DISPOSITION_END_RECALL, &other);
        (void)dispose(l, GTIN "/10/FEW", DISPOSITION_RECALL, &few[i]);
        *ret_recall = dispose(l, GTIN "/10/MANY", DISPOSITION_RECALL, &many[i]);
    }
    *ret_few = median(few);
    *ret_many = median(many);
}

/* ------------------------------------------------------------------ the list */

static double list(const char *dir, const struct hash *recall)
{
    struct err err = { .msg = "" };
    struct api_context c;
    struct api_options options = { .data_dir = dir, .web_dir = "node/web" };
    char hex[2 * HASH_SIZE + 1], path[128];
    struct http_answer a;
    int64_t found_units = 0;
    struct json_doc *doc = NULL;
    hex_encode(hash_slice(recall), hex);
    (void)snprintf(path, sizeof path, "/v1/recalls/%s", hex);
    struct http_request q = {
        .method = HTTP_GET, .path = path, .query = "", .accept = "", .type = ""
    };
    must(api_context_open(&c, &options, &err), "api", &err);
    double start = measure_now();
    api_handle(&c, &q, &a);
    double took = measure_now() - start;
    must(a.status == 200 && json_doc_parse(buf_slice(&a.body), a.body.len, &doc, &err) &&
             json_doc_get_int(json_doc_at(doc, "/units"), &found_units) && found_units == UNITS &&
             json_doc_count(json_doc_at(doc, "/holders")) >= HOLDERS,
         "the list is not whole", &err);
    json_doc_free(doc);
    buf_free(&a.body);
    api_context_close(&c);
    return took;
}

static struct loader *begin(void)
{
    struct loader *l = calloc(1, sizeof *l);
    if (l == NULL || !crypto_init())
        exit(1);
    l->execution = execution_new();
    l->entries = calloc(ENTRIES, sizeof l->entries[0]);
    l->statements = calloc(PER_BLOCK, sizeof l->statements[0]);
    for (size_t i = 0; i < PER_BLOCK; i++)
        l->bytes[i] = buf_heap(STATEMENT_MAX);
    l->block = buf_heap(BLOCK_SIZE_MAX);
    l->seals = buf_heap(64 * 1024);
    l->time_ms = KIT_T0;
    return l;
}

static void end(struct loader *l)
{
    store_close(l->store);
    chain_free(&l->chain);
    execution_free(l->execution);
    for (size_t i = 0; i < PER_BLOCK; i++)
        buf_free(&l->bytes[i]);
    buf_free(&l->block);
    buf_free(&l->seals);
    for (size_t i = 0; i < ENTRIES; i++) {
        free((void *)(uintptr_t)l->entries[i].key.data);
        free((void *)(uintptr_t)l->entries[i].value.data);
    }
    free(l->entries);
    free(l->writes);
    free(l->statements);
    free(l);
}

int main(int argc, char **argv)
{
    const char *scratch = getenv("WAYBILL_SCRATCH");
    bool ratio = measure_wanted(argc, argv, "recall_1m_over_10k", true);
    bool listing = measure_wanted(argc, argv, "recall_list_1m", true);
    char dir[300];
    struct hash all;
    double took_few = 0, took_all = 0;
    if (!ratio && !listing)
        return 0;
    struct loader *l = begin();
    (void)snprintf(dir, sizeof dir, "%s/recall", scratch == NULL ? "/tmp" : scratch);
    double start = measure_now();
    found(l, dir);
    make_lot(l, GTIN "/21/F", "FEW", UNITS_FEW);
    make_lot(l, GTIN "/21/M", "MANY", UNITS);
    double made = measure_now();
    spread(l, GTIN "/21/F", UNITS_FEW);
    spread(l, GTIN "/21/M", UNITS);
    (void)fprintf(stderr, "recall: %d units made in %.1f s, handed over in %.1f s\n", UNITS,
                  made - start, measure_now() - made);
    record(l, &took_few, &took_all, &all);
    (void)fprintf(stderr, "recall: recorded in %.2f ms of %d units, in %.2f ms of %d\n",
                  took_few * 1000, UNITS_FEW, took_all * 1000, UNITS);
    if (ratio)
        measure_print("recall_1m_over_10k", took_all / took_few, "ratio");
    if (listing)
        measure_print("recall_list_1m", list(dir, &all), "s");
    end(l);
    return 0;
}
