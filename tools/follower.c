#include "tools/follower.h"

#include "common/clock.h"
#include "node/node_step.h"

#include <inttypes.h>
#include <stdlib.h>

struct follower {
    struct store *store;
    struct chain chain;
    bool chain_ready;
    struct node_core *core;
    uint64_t height;
};

static bool read_state(void *ctx, struct slice key, struct buf *value)
{
    struct follower *f = ctx;
    return store_state_get(f->store, key, value, NULL);
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct follower *f = ctx;
    return chain_load_entry(&f->chain, key_hash, key, value);
}

/* A key that was made this moment is in no set: the machine follows, and says nothing. */
static bool start(struct follower *f, struct err *err)
{
    struct header head;
    struct node_core_options options = { .period_ms = 0 };
    uint8_t seed[SEED_SIZE];
    crypto_random(seed, sizeof seed);
    crypto_random(options.nonce, sizeof options.nonce);
    options.authority = key_from_seed(seed);
    f->chain_ready = chain_init(&f->chain, read_state, f);
    if (!f->chain_ready)
        return err_set(err, ERR_IO, "out of memory");
    if (!store_head(f->store, &head, NULL, err) ||
        !store_state_each(f->store, load_entry, f, err) ||
        !chain_load_head(&f->chain, &head, store_tree_fetch, f->store, err))
        return false;
    f->height = head.height;
    f->core = node_core_new(&options, &f->chain, err);
    return f->core != NULL;
}

bool follower_open(struct store *s, struct follower **ret_follower, struct err *err)
{
    struct follower *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_set(err, ERR_IO, "out of memory");
    f->store = s;
    if (!start(f, err)) {
        follower_close(f);
        return false;
    }
    *ret_follower = f;
    return true;
}

void follower_close(struct follower *f)
{
    if (f == NULL)
        return;
    node_core_free(f->core);
    if (f->chain_ready)
        chain_free(&f->chain);
    free(f);
}

uint64_t follower_height(const struct follower *f)
{
    return f->height;
}

static struct node_time now(void)
{
    return (struct node_time){ .clock_ms = clock_real_ms(), .steady_ms = clock_steady_ms() };
}

/* What the machine wants done of a block it took: to be stored. */
static bool perform(struct follower *f, struct err *err)
{
    struct node_action action;
    while (node_core_next(f->core, &action)) {
        if (action.kind == NODE_ALARM && action.alarm == ALARM_RULES)
            return err_set(err, ERR_INPUT,
                           "block %" PRIu64 " is of rules that this program does not know",
                           f->height + 1);
        if (action.kind == NODE_ALARM && action.alarm == ALARM_DIVERGED)
            return err_set(err, ERR_PROOF, "block %" PRIu64 ": the rules make something else of it",
                           f->height + 1);
        if (action.kind != NODE_STORE)
            continue;
        if (!store_commit(f->store, &action.commit, err))
            return false;
        f->height = action.commit.header.height;
        node_core_stored(f->core, now());
    }
    return !node_core_failed(f->core) ||
           err_set(err, ERR_PROOF, "block %" PRIu64 " does not hold", f->height + 1);
}

bool follower_take(struct follower *f, struct slice block, struct slice seals, struct err *err)
{
    struct block b;
    if (!block_decode(block, &b, err))
        return false;
    struct hash hash = header_hash(&b.header);
    if (b.header.height < f->height)
        return true;
    if (b.header.height == f->height)
        return hash_equal(&hash, &f->chain.head_hash) ||
               err_set(err, ERR_PROOF, "block %" PRIu64 " here is another than the one given",
                       f->height);
    uint64_t before = f->height;
    if (!node_core_catch_up(f->core, block, seals, now(), err))
        return err_wrap(err, "block %" PRIu64, b.header.height);
    return perform(f, err) &&
           (f->height == before + 1 ||
            err_set(err, ERR_PROOF, "block %" PRIu64 " does not hold", b.header.height));
}

bool follower_recover(struct follower *f, const struct recovery *r, struct err *err)
{
    return chain_recover(&f->chain, r, err);
}

bool follower_recovers(const struct follower *f)
{
    return f->chain.recovers;
}
