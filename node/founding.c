#include "node/founding.h"

#include "common/state_key.h"
#include "common/state_value.h"
#include "node/state_tree.h"

#include <stdlib.h>

#define ENTRIES_MAX (3 * FOUNDING_MEMBERS_MAX + 2)
#define MEMORY_MAX  (64 * 1024)

struct entry {
    struct state_key key;
    size_t start, len; /* of the value in memory */
};

struct draft {
    size_t count;
    struct entry entries[ENTRIES_MAX];
    struct buf memory;
};

static void begin_value(struct draft *d, struct state_key key)
{
    d->entries[d->count] = (struct entry){ .key = key, .start = d->memory.len };
}

static void end_value(struct draft *d)
{
    struct entry *e = &d->entries[d->count++];
    e->len = d->memory.len - e->start;
}

static void put_key(struct draft *d, const struct key_pair *key, const struct kid *member,
                    enum key_class class)
{
    static const uint8_t no_rights[] = { 0x80 };
    struct state_key_record record = { .member = *member,
                                       .class = class,
                                       .rights = slice_of(no_rights, sizeof no_rights),
                                       .founding = true };
    for (size_t i = 0; i < PUB_SIZE; i++)
        record.pub[i] = key->pub[i];
    begin_value(d, state_key_kid(TABLE_KEY, &key->kid));
    state_key_record_put(&d->memory, &record);
    end_value(d);
}

static void put_member(struct draft *d, const struct founding_member *m)
{
    struct state_member value = { slice_text(m->name), true };
    begin_value(d, state_key_kid(TABLE_MEMBER, &m->key->kid));
    state_member_put(&d->memory, &value);
    end_value(d);
    put_key(d, m->key, &m->key->kid, CLASS_MEMBER);
    if (m->authority != NULL)
        put_key(d, m->authority, &m->key->kid, CLASS_AUTHORITY);
}

static int by_kid(const void *a, const void *b)
{
    const struct authority *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static bool make_set(const struct founding *f, struct authority_set *set, struct err *err)
{
    set->count = 0;
    for (size_t i = 0; i < f->member_count; i++) {
        const struct founding_member *m = &f->members[i];
        if (m->authority == NULL)
            continue;
        struct authority *a = &set->at[set->count++];
        a->kid = m->authority->kid;
        a->member = m->key->kid;
        for (size_t k = 0; k < PUB_SIZE; k++)
            a->pub[k] = m->authority->pub[k];
    }
    qsort(set->at, set->count, sizeof set->at[0], by_kid);
    return set->count > 0 || err_set(err, ERR_INPUT, "no member runs a node: a ledger needs one");
}

static void put_params_and_sets(struct draft *d, const struct founding *f,
                                const struct authority_set *set)
{
    struct state_params params = { GENESIS_RULES, f->demo, f->opening_wait_ms };
    uint8_t memory[AUTHORITY_SET_SIZE_MAX + 16];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    begin_value(d, state_key_plain(TABLE_PARAMS));
    state_params_put(&d->memory, &params);
    end_value(d);
    authority_set_put(&bytes, set);
    begin_value(d, state_key_plain(TABLE_SETS));
    state_sets_put(&d->memory, buf_slice(&bytes), buf_slice(&bytes));
    end_value(d);
}

static int by_key_bytes(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return slice_compare(state_key_slice(&x->key), state_key_slice(&y->key));
}

static bool keys_differ(const struct draft *d)
{
    for (size_t i = 1; i < d->count; i++)
        if (by_key_bytes(&d->entries[i - 1], &d->entries[i]) == 0)
            return false;
    return true;
}

static struct slice entry_value(const struct draft *d, const struct entry *e)
{
    return slice_from(buf_slice(&d->memory), e->start, e->len);
}

static bool state_root(const struct draft *d, struct hash *ret_root)
{
    struct state_tree *t = state_tree_new();
    bool ok = t != NULL;
    for (size_t i = 0; ok && i < d->count; i++) {
        struct hash key = crypto_sha256(state_key_slice(&d->entries[i].key));
        struct hash value = crypto_sha256(entry_value(d, &d->entries[i]));
        ok = state_tree_set(t, &key, &value);
    }
    if (ok)
        *ret_root = state_tree_root(t);
    state_tree_free(t);
    return ok;
}

static void put_signatures(const struct founding *f, const struct hash *ledger, struct buf *out)
{
    const struct founding_member *order[FOUNDING_MEMBERS_MAX];
    for (size_t i = 0; i < f->member_count; i++) {
        size_t k = i;
        for (; k > 0 && kid_compare(&order[k - 1]->key->kid, &f->members[i].key->kid) > 0; k--)
            order[k] = order[k - 1];
        order[k] = &f->members[i];
    }
    cbor_put_array(out, f->member_count);
    for (size_t i = 0; i < f->member_count; i++) {
        uint8_t sig[SIG_SIZE];
        genesis_sign(ledger, order[i]->key, sig);
        cbor_put_array(out, 2);
        kid_put(out, &order[i]->key->kid);
        cbor_put_bytes(out, slice_of(sig, SIG_SIZE));
    }
}

static void put_file(const struct founding *f, const struct draft *d, const struct header *h,
                     struct buf *out)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    header_put(&header, h);
    cbor_put_array(out, 4);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, buf_slice(&header));
    cbor_put_array(out, d->count);
    for (size_t i = 0; i < d->count; i++) {
        cbor_put_array(out, 2);
        cbor_put_bytes(out, state_key_slice(&d->entries[i].key));
        cbor_put_bytes(out, entry_value(d, &d->entries[i]));
    }
    put_signatures(f, &h->ledger, out);
}

bool founding_make(const struct founding *f, struct buf *out, struct identity *ret_identity,
                   struct err *err)
{
    struct identity id;
    struct hash root;
    if (f->member_count == 0 || f->member_count > FOUNDING_MEMBERS_MAX)
        return err_set(err, ERR_INPUT, "%zu members, expected 1-%d", f->member_count,
                       FOUNDING_MEMBERS_MAX);
    if (!make_set(f, &id.set, err))
        return false;
    struct draft *d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(err, ERR_IO, "out of memory");
    d->memory = buf_heap(MEMORY_MAX);
    put_params_and_sets(d, f, &id.set);
    for (size_t i = 0; i < f->member_count; i++)
        put_member(d, &f->members[i]);
    qsort(d->entries, d->count, sizeof d->entries[0], by_key_bytes);
    bool ok = keys_differ(d) || err_set(err, ERR_INPUT, "two members share a key");
    if (ok && (d->memory.failed || !state_root(d, &root)))
        ok = err_set(err, ERR_IO, "out of memory");
    if (ok) {
        struct hash set = authority_set_hash(&id.set);
        id.genesis = header_genesis(f->time_ms, &root, &set);
        put_file(f, d, &id.genesis, out);
        *ret_identity = id;
        ok = !out->failed || err_set(err, ERR_IO, "the genesis file is too large");
    }
    buf_free(&d->memory);
    free(d);
    return ok;
}
