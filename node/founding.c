#include "node/founding.h"

#include "common/state_key.h"
#include "common/state_value.h"
#include "node/state_tree.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX (5 * FOUNDING_MEMBERS_MAX + 4)

struct entry {
    struct state_key key;
    size_t start, len; /* of the value in memory */
};

struct draft {
    size_t count;
    struct entry *entries; /* ENTRIES_MAX and those of the plan */
    struct buf memory;
};

static struct draft *draft_new(const struct founding_plan *plan)
{
    struct draft *d = calloc(1, sizeof *d);
    struct entry *entries = calloc(ENTRIES_MAX + plan->entry_count, sizeof *entries);
    if (d == NULL || entries == NULL) {
        free(d);
        free(entries);
        return NULL;
    }
    d->entries = entries;
    d->memory = buf_heap(GENESIS_SIZE_MAX);
    return d;
}

static void draft_free(struct draft *d)
{
    buf_free(&d->memory);
    free(d->entries);
    free(d);
}

static void begin_value(struct draft *d, struct state_key key)
{
    d->entries[d->count] = (struct entry){ .key = key, .start = d->memory.len };
}

static void end_value(struct draft *d)
{
    struct entry *e = &d->entries[d->count++];
    e->len = d->memory.len - e->start;
}

static void put_raw(struct draft *d, struct state_key key, struct slice value)
{
    begin_value(d, key);
    buf_add_slice(&d->memory, value);
    end_value(d);
}

/* ------------------------------------------------------------------ entries */

static void put_key(struct draft *d, const uint8_t pub[PUB_SIZE], const struct kid *member,
                    enum key_class class)
{
    static const uint8_t no_rights[] = { 0x80 };
    struct state_key_record record = { .member = *member,
                                       .class = class,
                                       .rights = slice_of(no_rights, sizeof no_rights),
                                       .founding = true };
    struct kid kid = key_kid(pub);
    memcpy(record.pub, pub, PUB_SIZE);
    begin_value(d, state_key_kid(TABLE_KEY, &kid));
    state_key_record_put(&d->memory, &record);
    end_value(d);
}

static void put_party(struct draft *d, const struct founding_party *p)
{
    struct state_member value = { .name = p->name, .active = true };
    struct kid kid = key_kid(p->pub);
    begin_value(d, state_key_kid(TABLE_MEMBER, &kid));
    state_member_put(&d->memory, &value);
    end_value(d);
    put_key(d, p->pub, &kid, CLASS_MEMBER);
    if (p->roles != 0) {
        begin_value(d, state_key_kid(TABLE_ROLES, &kid));
        cbor_put_uint(&d->memory, p->roles);
        end_value(d);
    }
    if (p->authority == NULL)
        return;
    put_key(d, p->authority, &kid, CLASS_AUTHORITY);
    if (p->node.len > 0) {
        struct kid node = key_kid(p->authority);
        put_raw(d, state_key_kid(TABLE_NODE, &node), p->node);
    }
}

static int by_kid(const void *a, const void *b)
{
    const struct authority *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static bool make_set(const struct founding_plan *plan, struct authority_set *set, struct err *err)
{
    set->count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct founding_party *p = &plan->parties[i];
        if (p->authority == NULL)
            continue;
        struct authority *a = &set->at[set->count++];
        a->kid = key_kid(p->authority);
        a->member = key_kid(p->pub);
        memcpy(a->pub, p->authority, PUB_SIZE);
    }
    qsort(set->at, set->count, sizeof set->at[0], by_kid);
    return set->count > 0 || err_set(err, ERR_INPUT, "no member runs a node: a ledger needs one");
}

static void put_params(struct draft *d, const struct founding_plan *plan)
{
    struct state_params params = { .rules = GENESIS_RULES,
                                   .demo = plan->demo,
                                   .opening_wait_ms = plan->opening_wait_ms,
                                   .name = plan->name };
    begin_value(d, state_key_plain(TABLE_PARAMS));
    state_params_put(&d->memory, &params);
    end_value(d);
}

/* A ledger without a constitution is never governed: nothing in its state says who has a vote. */
static void put_government(struct draft *d, const struct founding_plan *plan)
{
    struct state_members members = { .count = 0 };
    if (plan->constitution.len == 0)
        return;
    put_raw(d, state_key_plain(TABLE_CONSTITUTION), plan->constitution);
    for (size_t i = 0; i < plan->count; i++) {
        struct kid kid = key_kid(plan->parties[i].pub);
        state_members_add(&members, &kid);
    }
    begin_value(d, state_key_plain(TABLE_MEMBERS));
    state_members_put(&d->memory, &members);
    end_value(d);
}

static void put_sets(struct draft *d, const struct authority_set *set)
{
    uint8_t memory[AUTHORITY_SET_SIZE_MAX + 16];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    authority_set_put(&bytes, set);
    begin_value(d, state_key_plain(TABLE_SETS));
    state_sets_put(&d->memory, buf_slice(&bytes), buf_slice(&bytes));
    end_value(d);
}

/* ------------------------------------------------------------------ order and root */

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

/* Without signatures: the empty list at the end is where founding_seal() puts them. */
static void put_file(const struct draft *d, const struct header *h, struct buf *out)
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
    cbor_put_array(out, 0);
}

static void put_all(struct draft *d, const struct founding_plan *plan,
                    const struct authority_set *set)
{
    put_params(d, plan);
    put_sets(d, set);
    put_government(d, plan);
    for (size_t i = 0; i < plan->count; i++)
        put_party(d, &plan->parties[i]);
    qsort(d->entries, d->count, sizeof d->entries[0], by_key_bytes);
}

/* What a fork brings along, unless the founders say it anew. */
static void put_brought(struct draft *d, const struct founding_plan *plan)
{
    size_t own = d->count;
    for (size_t i = 0; i < plan->entry_count; i++) {
        struct entry wanted = { .key = plan->entries[i].key };
        if (bsearch(&wanted, d->entries, own, sizeof d->entries[0], by_key_bytes) == NULL)
            put_raw(d, plan->entries[i].key, plan->entries[i].value);
    }
    qsort(d->entries, d->count, sizeof d->entries[0], by_key_bytes);
}

static bool is_valid(const struct founding_plan *plan, struct err *err)
{
    struct constitution constitution;
    struct node_record node;
    if (plan->constitution.len > 0 && !constitution_decode(plan->constitution, &constitution, err))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (plan->parties[i].node.len > 0 && !node_record_take(plan->parties[i].node, &node))
            return err_set(err, ERR_INPUT, "%.*s: not [broker, url, certificate] of a node",
                           (int)plan->parties[i].name.len,
                           (const char *)plan->parties[i].name.data);
    return true;
}

bool founding_draft(const struct founding_plan *plan, struct buf *out,
                    struct identity *ret_identity, struct err *err)
{
    struct identity id = { .pin_count = 0 };
    struct hash root;
    if (plan->count == 0 || plan->count > FOUNDING_MEMBERS_MAX)
        return err_set(err, ERR_INPUT, "%zu members, expected 1-%d", plan->count,
                       FOUNDING_MEMBERS_MAX);
    if (!is_valid(plan, err) || !make_set(plan, &id.set, err))
        return false;
    struct draft *d = draft_new(plan);
    if (d == NULL)
        return err_set(err, ERR_IO, "out of memory");
    put_all(d, plan, &id.set);
    bool ok = keys_differ(d) || err_set(err, ERR_INPUT, "two members share a key");
    put_brought(d, plan);
    if (ok && (d->memory.failed || !state_root(d, &root)))
        ok = err_set(err, ERR_IO, "out of memory");
    if (ok) {
        struct hash set = authority_set_hash(&id.set);
        id.genesis = header_genesis(plan->time_ms, &root, &set);
        put_file(d, &id.genesis, out);
        *ret_identity = id;
        ok = !out->failed || err_set(err, ERR_IO, "the genesis file is too large");
    }
    draft_free(d);
    return ok;
}
