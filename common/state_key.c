#include "common/state_key.h"

#include <assert.h>

struct slice state_key_slice(const struct state_key *k)
{
    return slice_of(k->bytes, k->len);
}

static struct buf begin(struct state_key *k, enum state_table table, size_t ids)
{
    struct buf b = buf_fixed(k->bytes, sizeof k->bytes);
    cbor_put_array(&b, 1 + ids);
    cbor_put_uint(&b, table);
    return b;
}

static void end(struct state_key *k, const struct buf *b)
{
    assert(!b->failed);
    k->len = b->len;
}

struct state_key state_key_plain(enum state_table table)
{
    struct state_key k;
    struct buf b = begin(&k, table, 0);
    end(&k, &b);
    return k;
}

static struct state_key bytes_key(enum state_table table, struct slice id)
{
    struct state_key k;
    struct buf b = begin(&k, table, 1);
    cbor_put_bytes(&b, id);
    end(&k, &b);
    return k;
}

struct state_key state_key_kid(enum state_table table, const struct kid *kid)
{
    return bytes_key(table, kid_slice(kid));
}

struct state_key state_key_hash(enum state_table table, const struct hash *hash)
{
    return bytes_key(table, hash_slice(hash));
}

struct state_key state_key_text(enum state_table table, struct slice text)
{
    struct state_key k;
    struct buf b = begin(&k, table, 1);
    cbor_put_text(&b, text);
    end(&k, &b);
    return k;
}

struct state_key state_key_block(uint64_t height)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_BLOCK, 1);
    cbor_put_uint(&b, height % STATE_BLOCK_RING);
    end(&k, &b);
    return k;
}

struct state_key state_key_effects(uint64_t height)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_EFFECTS, 1);
    cbor_put_uint(&b, height);
    end(&k, &b);
    return k;
}

struct state_key state_key_recovery(uint64_t height)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_RECOVERY, 1);
    cbor_put_uint(&b, height);
    end(&k, &b);
    return k;
}

struct state_key state_key_evidence(const struct kid *kid, uint64_t type, uint64_t height,
                                    uint64_t round)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_EVIDENCE, 4);
    kid_put(&b, kid);
    cbor_put_uint(&b, type);
    cbor_put_uint(&b, height);
    cbor_put_uint(&b, round);
    end(&k, &b);
    return k;
}

struct state_key state_key_timer(uint64_t time_ms, uint64_t what, struct slice id)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_TIMER, 3);
    cbor_put_uint(&b, time_ms);
    cbor_put_uint(&b, what);
    cbor_put_bytes(&b, id);
    end(&k, &b);
    return k;
}

struct state_key state_key_rule(struct slice asset, const struct hash *opening,
                                const struct kid *device)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_RULE, 3);
    cbor_put_text(&b, asset);
    cbor_put_bytes(&b, hash_slice(opening));
    kid_put(&b, device);
    end(&k, &b);
    return k;
}

struct state_key state_key_book(struct slice asset, const struct hash *opening)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_BOOK, 2);
    cbor_put_text(&b, asset);
    cbor_put_bytes(&b, hash_slice(opening));
    end(&k, &b);
    return k;
}

struct state_key state_key_flow(const struct hash *opening, struct slice asset)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_FLOW, asset.len > 0 ? 2 : 1);
    cbor_put_bytes(&b, hash_slice(opening));
    if (asset.len > 0)
        cbor_put_text(&b, asset);
    end(&k, &b);
    return k;
}

struct state_key state_key_budget(struct slice asset, struct slice name)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_BUDGET, 2);
    cbor_put_text(&b, asset);
    cbor_put_text(&b, name);
    end(&k, &b);
    return k;
}

struct state_key state_key_heard(struct slice asset, const struct hash *opening)
{
    struct state_key k;
    struct buf b = begin(&k, TABLE_HEARD, 2);
    cbor_put_text(&b, asset);
    cbor_put_bytes(&b, hash_slice(opening));
    end(&k, &b);
    return k;
}

enum state_table state_key_table(struct slice key)
{
    struct cbor_reader r = cbor_reader(key);
    (void)cbor_take_array(&r);
    return (enum state_table)cbor_take_uint(&r);
}

bool state_key_take_timer(struct slice key, uint64_t *ret_time_ms, uint64_t *ret_what,
                          struct slice *ret_id)
{
    struct cbor_reader r = cbor_reader(key);
    if (cbor_take_array(&r) != 4 || cbor_take_uint(&r) != TABLE_TIMER)
        return false;
    *ret_time_ms = cbor_take_uint(&r);
    *ret_what = cbor_take_uint(&r);
    *ret_id = cbor_take_bytes(&r, 0, STATE_KEY_MAX);
    return cbor_done(&r);
}
