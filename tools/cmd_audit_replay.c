/* The rules, once more, over every block: nothing that is stored is believed. */
#include "tools/cmd_audit.h"

#include "common/block.h"
#include "common/hex.h"
#include "common/state_key.h"
#include "common/statement.h"
#include "node/chain.h"
#include "node/read_model.h"
#include "node/store_base.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTCOMES_MAX   ((size_t)256 << 20)
#define PROGRESS_EVERY 64

struct replay {
    struct audit *a;
    char dir[PATH_MAX];   /* of the second ledger */
    struct store *second; /* what the rules make of the same statements */
    struct chain chain;
    struct recovery recovery; /* the last one met, and its bytes */
    struct buf recovery_bytes;
    bool chain_ready;
    struct execution *x;
    struct statement *statements;
    struct hash *hashes;
    struct slice *bytes;
    struct buf block, seals, outcomes, scratch;
    uint64_t compared;
    struct err *err;
};

static bool wrong(struct replay *r, uint64_t height, const char *what)
{
    return err_set(r->err, ERR_PROOF, "block %" PRIu64 ": %s", height, what);
}

/* ------------------------------------------------------------------ the second ledger */

static bool read_second(void *ctx, struct slice key, struct buf *value)
{
    struct replay *r = ctx;
    return store_state_get(r->second, key, value, NULL);
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct replay *r = ctx;
    return chain_load_entry(&r->chain, key_hash, key, value);
}

static bool begin(struct replay *r)
{
    struct header head;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(r->dir, sizeof r->dir, "%s/waybill-audit-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(r->dir) == NULL) {
        (void)err_set(r->err, ERR_IO, "%s: %s", r->dir, strerror(errno));
        r->dir[0] = '\0';
        return false;
    }
    if (!store_create(r->dir, buf_slice(&r->a->genesis), r->err) ||
        !store_open(r->dir, STORE_WRITE, &r->second, r->err))
        return false;
    r->x = execution_new();
    r->statements = calloc(BLOCK_STATEMENTS_MAX, sizeof *r->statements);
    r->hashes = calloc(BLOCK_STATEMENTS_MAX, sizeof *r->hashes);
    r->bytes = calloc(BLOCK_STATEMENTS_MAX, sizeof *r->bytes);
    r->chain_ready = chain_init(&r->chain, read_second, r);
    if (r->x == NULL || r->statements == NULL || r->hashes == NULL || r->bytes == NULL ||
        !r->chain_ready)
        return err_set(r->err, ERR_IO, "out of memory");
    r->block = buf_heap(BLOCK_SIZE_MAX + 1024);
    r->recovery_bytes = buf_heap(RECOVERY_SIZE_MAX);
    r->seals = buf_heap(FINAL_SIZE_MAX);
    r->outcomes = buf_heap(OUTCOMES_MAX);
    r->scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    return store_head(r->second, &head, NULL, r->err) &&
           store_state_each(r->second, load_entry, r, r->err) &&
           chain_load_head(&r->chain, &head, store_tree_fetch, r->second, r->err);
}

/* Nothing in there but the store's own files. */
static void remove_second(const char *dir)
{
    DIR *d = dir[0] != '\0' ? opendir(dir) : NULL;
    const struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        char path[PATH_MAX];
        if (entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) < (int)sizeof path)
            (void)unlink(path);
    }
    if (d != NULL)
        (void)closedir(d);
    if (dir[0] != '\0')
        (void)rmdir(dir);
}

static void end(struct replay *r)
{
    store_close(r->second);
    remove_second(r->dir);
    if (r->chain_ready)
        chain_free(&r->chain);
    execution_free(r->x);
    free(r->statements);
    free(r->hashes);
    free(r->bytes);
    buf_free(&r->block);
    buf_free(&r->recovery_bytes);
    buf_free(&r->seals);
    buf_free(&r->outcomes);
    buf_free(&r->scratch);
}

/* ------------------------------------------------------------------ one block */

static bool check_seals(struct replay *r, const struct header *h)
{
    struct final f = { .header = *h, .seals = buf_slice(&r->seals) };
    struct err why = { .code = ERR_NONE };
    return final_verify(&f, &r->chain.next, &why) || wrong(r, h->height, why.msg);
}

/* What must hold before the rules are asked. */
static bool check_header(struct replay *r, const struct header *h, uint64_t height)
{
    const struct header *before = &r->chain.head;
    if (h->height != height)
        return wrong(r, height, "its header says another height");
    if (!chain_knows_rules(h->rules))
        return err_set(r->err, ERR_INPUT,
                       "block %" PRIu64 ": made under rules %" PRIu64 "; this program knows %d",
                       height, h->rules, RULES_VERSION);
    if (r->chain.rules != 0 ? h->rules != r->chain.rules : h->rules < before->rules)
        return wrong(r, height,
                     "it was made under other rules than the ledger's constitution says");
    if (!hash_equal(&h->ledger, &before->ledger))
        return wrong(r, height, "its header is of another ledger");
    if (!hash_equal(&h->prev, &r->chain.head_hash))
        return wrong(r, height, "it does not follow the block before it");
    if (h->time_ms <= before->time_ms)
        return wrong(r, height, "its time does not rise");
    return check_seals(r, h);
}

static bool run_statement(struct replay *r, const struct header *h, size_t i, uint64_t leaf)
{
    struct statement *st = &r->statements[i];
    struct err why = { .code = ERR_NONE };
    uint8_t pub[PUB_SIZE];
    const char *what = NULL;
    if (!statement_decode(r->bytes[i], st, &why))
        what = why.msg;
    else if (!execute_key(r->x, &st->kid, pub))
        what = "its signer was not on the ledger";
    else if (!statement_verify(st, pub, &h->ledger, &r->scratch))
        what = "its signature does not hold";
    else {
        enum refusal code = execute_statement(r->x, st);
        if (code != ACCEPTED && !refusal_is_recorded(code))
            what = refusal_name(code);
    }
    r->hashes[i] = st->hash;
    return what == NULL ||
           err_set(r->err, ERR_PROOF, "block %" PRIu64 ", statement %zu (leaf %" PRIu64 "): %s",
                   h->height, i, leaf, what);
}

/* The stored outcomes, one by one, against what the rules made now. */
static bool compare_outcomes(struct replay *r, uint64_t height, const struct execute_result *result)
{
    struct cbor_reader stored = cbor_reader(buf_slice(&r->outcomes));
    size_t count = cbor_take_array(&stored);
    if (count != result->outcome_count)
        return err_set(r->err, ERR_PROOF,
                       "block %" PRIu64 ": %zu outcomes are stored, the rules make %zu", height,
                       count, result->outcome_count);
    for (size_t i = 0; i < count; i++) {
        struct slice bytes = cbor_take_bytes(&stored, 0, OUTCOMES_MAX);
        if (stored.failed || slice_equal(bytes, result->outcomes[i]))
            continue;
        size_t at = 0;
        while (at < bytes.len && at < result->outcomes[i].len &&
               bytes.data[at] == result->outcomes[i].data[at])
            at++;
        return err_set(r->err, ERR_PROOF,
                       "block %" PRIu64 ", outcome %zu: byte %zu is not what the rules make",
                       height, i, at);
    }
    r->a->outcomes += count;
    return cbor_done(&stored) || wrong(r, height, "its outcomes are malformed");
}

static bool compare_header(struct replay *r, const struct header *stored, const struct header *made)
{
    static const struct {
        size_t at;
        const char *what;
    } roots[] = {
        { offsetof(struct header, tree), "the tree root is not that of its statements" },
        { offsetof(struct header, outcomes), "the outcomes root is not what the rules make" },
        { offsetof(struct header, state), "the state root is not what the rules make" },
        { offsetof(struct header, set), "the authority set is not the one in force" },
        { offsetof(struct header, next), "the next authority set is another one" },
    };
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (memcmp((const char *)stored + roots[i].at, (const char *)made + roots[i].at,
                   HASH_SIZE) != 0)
            return wrong(r, stored->height, roots[i].what);
    struct hash a = header_hash(stored), b = header_hash(made);
    return hash_equal(&a, &b) || wrong(r, stored->height, "its header is not what the rules make");
}

static bool keep_block(struct replay *r, const struct header *h, size_t count,
                       const struct execute_result *result)
{
    struct commit c = { .header = *h,
                        .seals = buf_slice(&r->seals),
                        .block = buf_slice(&r->block),
                        .statement_count = count,
                        .statements = r->bytes,
                        .statement_hashes = r->hashes,
                        .outcome_count = result->outcome_count,
                        .outcomes = result->outcomes,
                        .write_count = result->write_count,
                        .writes = result->writes };
    return store_commit(r->second, &c, r->err);
}

static bool run_block(struct replay *r, struct block *b, uint64_t height)
{
    struct execute_result result;
    struct header made;
    struct execute_context context = chain_next(&r->chain, b->header.time_ms);
    context.rules = b->header.rules;
    uint64_t first_leaf = r->chain.head.size;
    execute_begin(r->x, &r->chain.view, &context);
    for (size_t i = 0; i < b->count; i++) {
        r->bytes[i] = block_next(b);
        if (!run_statement(r, &b->header, i, first_leaf + i))
            return false;
    }
    if (!execute_end(r->x, &result))
        return err_set(r->err, ERR_IO, "out of memory");
    if (!compare_outcomes(r, height, &result))
        return false;
    struct chain_block block = { .proposer = b->header.proposer,
                                 .statement_hashes = r->hashes,
                                 .statement_count = b->count };
    if (!chain_try(&r->chain, &context, &block, &result, &made))
        return err_set(r->err, ERR_IO, "out of memory");
    r->a->statements += b->count;
    return compare_header(r, &b->header, &made) && keep_block(r, &b->header, b->count, &result) &&
           (chain_keep(&r->chain) || err_set(r->err, ERR_IO, "out of memory"));
}

static void note_change(struct replay *r, uint64_t height, bool recovery)
{
    struct audit *a = r->a;
    if (a->change_count < AUDIT_CHANGES_MAX)
        a->changes[a->change_count] =
            (struct audit_change){ .height = height,
                                   .count = r->chain.next.count,
                                   .quorum = authority_set_quorum(&r->chain.next),
                                   .recovery = recovery };
    a->change_count++;
}

/* A recovery is not in a block: it stands in the state of the block that began with it. */
static bool begin_recovery(struct replay *r, uint64_t height)
{
    struct state_key key = state_key_recovery(height);
    struct err why = { .code = ERR_NONE };
    buf_clear(&r->recovery_bytes);
    if (!store_state_get(r->a->store, state_key_slice(&key), &r->recovery_bytes, NULL))
        return true;
    if (!recovery_decode(buf_slice(&r->recovery_bytes), &r->recovery, &why) ||
        !chain_recover(&r->chain, &r->recovery, &why) || !r->chain.recovers)
        return wrong(r, height, why.code != ERR_NONE ? why.msg : "its recovery does not fit");
    note_change(r, height, true);
    return true;
}

static bool replay_block(struct replay *r, uint64_t height)
{
    struct block b;
    struct err why = { .code = ERR_NONE };
    if (!begin_recovery(r, height))
        return false;
    buf_clear(&r->block);
    buf_clear(&r->seals);
    buf_clear(&r->outcomes);
    if (!store_block(r->a->store, height, &r->block, &r->seals, &r->outcomes, &why))
        return err_set(r->err, why.code == ERR_NOT_FOUND ? ERR_PROOF : why.code,
                       "block %" PRIu64 ": %s", height, why.msg);
    if (!block_decode(buf_slice(&r->block), &b, &why))
        return wrong(r, height, why.msg);
    if (!check_header(r, &b.header, height) || !run_block(r, &b, height))
        return false;
    if (!hash_equal(&b.header.set, &b.header.next))
        note_change(r, height + 1, false);
    return true;
}

/* ------------------------------------------------------------------ what is derived */

/* Each stored entry against the second ledger's; then the counts. */
static bool compare_entry(void *ctx, const struct hash *key_hash, struct slice key,
                          struct slice value)
{
    struct replay *r = ctx;
    struct hash made, stored = crypto_sha256(value), named = crypto_sha256(key);
    char hex[2 * STATE_KEY_MAX + 1];
    r->compared++;
    if (hash_equal(&named, key_hash) && state_tree_find(r->chain.state, key_hash, &made) &&
        hash_equal(&made, &stored))
        return true;
    hex_encode(slice_from(key, 0, key.len < STATE_KEY_MAX ? key.len : STATE_KEY_MAX), hex);
    (void)err_set(r->err, ERR_PROOF, "state: the entry of key %.160s is not what the rules make",
                  hex);
    return false;
}

static bool compare_state(struct replay *r)
{
    r->err->code = ERR_NONE;
    if (!store_state_each(r->a->store, compare_entry, r, r->err) || r->err->code != ERR_NONE)
        return false;
    r->a->entries = r->compared;
    return r->compared == state_tree_count(r->chain.state) ||
           err_set(r->err, ERR_PROOF,
                   "state: %" PRIu64 " entries are stored, the rules make %" PRIu64, r->compared,
                   state_tree_count(r->chain.state));
}

static bool compare_tree(struct replay *r)
{
    uint64_t size = r->chain.head.size;
    for (unsigned level = 0; level < MERKLE_LEVELS && size >> level > 0; level++)
        for (uint64_t i = 0; i < size >> level; i++) {
            struct hash stored, made;
            if (!store_tree_fetch(r->second, level, i, &made))
                return err_set(r->err, ERR_IO, "tree: cannot be read");
            if (!store_tree_fetch(r->a->store, level, i, &stored) || !hash_equal(&stored, &made))
                return err_set(r->err, ERR_PROOF,
                               "tree: the subtree of leaves %" PRIu64 " to %" PRIu64
                               " is not that of its statements",
                               i << level, ((i + 1) << level) - 1);
        }
    return true;
}

/* Statements that share eight bytes of hash are found by either leaf. */
static bool compare_index(struct replay *r)
{
    for (uint64_t leaf = 0; leaf < r->chain.head.size; leaf++) {
        uint64_t found = 0;
        buf_clear(&r->block);
        if (!store_statement(r->second, leaf, &r->block, r->err))
            return false;
        struct hash hash = crypto_sha256(buf_slice(&r->block));
        if (!store_find_statement(r->a->store, &hash, &found, NULL) || found != leaf)
            return err_set(r->err, ERR_PROOF, "index: it does not find leaf %" PRIu64, leaf);
    }
    return true;
}

/* The rows of one ledger, one after the other. */
static bool add_set_change(void *ctx, uint64_t height, struct slice next)
{
    struct buf *out = ctx;
    cbor_put_uint(out, height);
    cbor_put_bytes(out, next);
    return true;
}

static bool compare_set_changes(struct replay *r)
{
    buf_clear(&r->block);
    buf_clear(&r->outcomes);
    if (!store_set_changes(r->a->store, add_set_change, &r->block, r->err) ||
        !store_set_changes(r->second, add_set_change, &r->outcomes, r->err))
        return false;
    return (!r->block.failed && slice_equal(buf_slice(&r->block), buf_slice(&r->outcomes))) ||
           err_set(r->err, ERR_PROOF,
                   "the stored changes of the authority set are not those of the blocks");
}

static bool compare_read_models(struct replay *r)
{
    struct hash stored, made;
    if (!read_model_digest(r->a->store, &stored, r->err) ||
        !read_model_digest(r->second, &made, r->err))
        return false;
    return hash_equal(&stored, &made) ||
           err_set(r->err, ERR_PROOF,
                   "read models: not what the blocks make; waybill rebuild makes them again");
}

/* ------------------------------------------------------------------ the whole */

/* Of a ledger that was joined at a snapshot the rules have nothing to begin with until its history is here. */
static bool check_history(struct replay *r)
{
    struct store_history at;
    if (!store_history(r->a->store, &at, r->err))
        return false;
    if (at.complete)
        return true;
    return err_set(r->err, ERR_INPUT,
                   "its files are sound, but it was joined at block %" PRIu64
                   " and has blocks 1 to "
                   "%" PRIu64 " of those before: nothing can be executed again until all are here "
                   "(waybill join DIR --history --from URL, or its running node)",
                   at.base, at.history);
}

static bool replay_all(struct replay *r)
{
    uint64_t head = 0;
    char text[64];
    if (!check_history(r) || !store_height(r->a->store, &head, r->err) || !begin(r))
        return false;
    for (uint64_t h = 1; h <= head; h++) {
        if (!replay_block(r, h))
            return false;
        r->a->blocks = h;
        if (h % PROGRESS_EVERY != 0)
            continue;
        (void)snprintf(text, sizeof text, "block %" PRIu64 " of %" PRIu64, h, head);
        audit_progress(r->a, text);
    }
    audit_progress(r->a, "state, tree, index, read models");
    return compare_state(r) && compare_tree(r) && compare_index(r) && compare_set_changes(r) &&
           compare_read_models(r);
}

bool audit_replay(struct audit *a, struct err *err)
{
    struct replay *r = calloc(1, sizeof *r);
    struct err own = { .code = ERR_NONE };
    if (r == NULL)
        return err_set(err, ERR_IO, "out of memory");
    r->a = a;
    r->err = &own;
    bool good = replay_all(r);
    audit_progress(a, "");
    end(r);
    free(r);
    return good || err_set(err, own.code, "%s", own.msg);
}
