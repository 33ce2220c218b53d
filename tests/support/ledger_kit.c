#include "tests/support/ledger_kit.h"

#include "common/genesis.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "contracts/definition.h"
#include "node/state_tree.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t device_rights[] = { 0x82, 0x01, 0x02 }; /* temperature, humidity */
static const uint8_t no_rights[] = { 0x80 };

static void check(bool good, const char *what, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "ledger_kit: %s: %s\n", what, err == NULL ? "no room" : err->msg);
    abort();
}

struct key_pair kit_pair(const char *name)
{
    struct hash seed = crypto_sha256(slice_text(name));
    return key_from_seed(seed.bytes);
}

/* ------------------------------------------------------------------ genesis */

void kit_begin(struct kit *k, uint64_t time_ms, bool demo)
{
    check(crypto_init(), "libsodium", NULL);
    *k = (struct kit){ .time_ms = time_ms, .demo = demo };
}

static void add(struct kit *k, struct kit_key key)
{
    check(k->count < KIT_KEYS_MAX, "keys", NULL);
    k->keys[k->count++] = key;
}

void kit_add_member(struct kit *k, const struct key_pair *pair, const char *name)
{
    add(k, (struct kit_key){ *pair, pair->kid, CLASS_MEMBER, name });
}

void kit_add_key(struct kit *k, const struct key_pair *pair, const struct kid *member,
                 enum key_class class)
{
    add(k, (struct kit_key){ *pair, *member, class, NULL });
}

void kit_add_node(struct kit *k, const struct kid *authority, const struct node_record *record)
{
    check(k->node_count < KIT_NODES_MAX, "too many nodes", NULL);
    k->nodes[k->node_count] = *authority;
    k->records[k->node_count++] = *record;
}

void kit_add_entry(struct kit *k, const struct state_key *key, struct slice value)
{
    check(k->entry_count < KIT_ENTRIES_MAX, "entries", NULL);
    k->entry_keys[k->entry_count] = *key;
    k->entry_values[k->entry_count++] = value;
}

#define ENTRIES_MAX (2 * KIT_KEYS_MAX + KIT_NODES_MAX + KIT_ENTRIES_MAX + 2)

/* Entries in a row: where each begins, to be sorted by key. */
struct entries {
    size_t count;
    struct state_key keys[ENTRIES_MAX];
    size_t start[ENTRIES_MAX + 1];
    size_t order[ENTRIES_MAX];
    struct buf values;
};

static struct buf *entry(struct entries *e, struct state_key key)
{
    e->keys[e->count] = key;
    e->start[e->count] = e->values.len;
    e->count++;
    return &e->values;
}

static void put_members_and_keys(struct entries *e, const struct kit *k)
{
    for (size_t i = 0; i < k->count; i++) {
        const struct kit_key *key = &k->keys[i];
        struct state_key_record record = { .member = key->member,
                                           .class = key->class,
                                           .rights = slice_of(no_rights, sizeof no_rights),
                                           .founding = true };
        if (key->class == CLASS_DEVICE)
            record.rights = slice_of(device_rights, sizeof device_rights);
        memcpy(record.pub, key->pair.pub, PUB_SIZE);
        state_key_record_put(entry(e, state_key_kid(TABLE_KEY, &key->pair.kid)), &record);
        if (key->name != NULL) {
            struct state_member member = { .name = slice_text(key->name), .active = true };
            state_member_put(entry(e, state_key_kid(TABLE_MEMBER, &key->pair.kid)), &member);
        }
    }
}

static void put_nodes(struct entries *e, const struct kit *k)
{
    for (size_t i = 0; i < k->node_count; i++)
        node_record_put(entry(e, state_key_kid(TABLE_NODE, &k->nodes[i])), &k->records[i]);
}

static int by_kid(const void *a, const void *b)
{
    const struct authority *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static void put_set(struct entries *e, struct kit *k)
{
    uint8_t memory[AUTHORITY_SET_SIZE_MAX];
    struct buf set = buf_fixed(memory, sizeof memory);
    struct authority_set *s = &k->identity.set;
    for (size_t i = 0; i < k->count; i++) {
        if (k->keys[i].class != CLASS_AUTHORITY)
            continue;
        struct authority *a = &s->at[s->count++];
        a->kid = k->keys[i].pair.kid;
        a->member = k->keys[i].member;
        memcpy(a->pub, k->keys[i].pair.pub, PUB_SIZE);
    }
    qsort(s->at, s->count, sizeof s->at[0], by_kid);
    authority_set_put(&set, s);
    state_sets_put(entry(e, state_key_plain(TABLE_SETS)), buf_slice(&set), buf_slice(&set));
}

static void sort_entries(struct entries *e)
{
    for (size_t i = 0; i < e->count; i++) {
        size_t at = i;
        for (; at > 0 && slice_compare(state_key_slice(&e->keys[e->order[at - 1]]),
                                       state_key_slice(&e->keys[i])) > 0;
             at--)
            e->order[at] = e->order[at - 1];
        e->order[at] = i;
    }
}

static struct slice entry_value(const struct entries *e, size_t i)
{
    return slice_from(buf_slice(&e->values), e->start[i], e->start[i + 1] - e->start[i]);
}

static struct hash state_root(const struct entries *e)
{
    struct state_tree *tree = state_tree_new();
    check(tree != NULL, "memory", NULL);
    for (size_t i = 0; i < e->count; i++) {
        struct hash key = crypto_sha256(state_key_slice(&e->keys[i]));
        struct hash value = crypto_sha256(entry_value(e, i));
        check(state_tree_set(tree, &key, &value), "memory", NULL);
    }
    struct hash root = state_tree_root(tree);
    state_tree_free(tree);
    return root;
}

static void put_signatures(const struct kit *k, struct buf *out)
{
    size_t members = 0;
    for (size_t i = 0; i < k->count; i++)
        members += k->keys[i].name != NULL ? 1 : 0;
    cbor_put_array(out, members);
    for (size_t i = 0; i < k->count; i++) {
        uint8_t sig[SIG_SIZE];
        if (k->keys[i].name == NULL)
            continue;
        genesis_sign(&k->identity.genesis.ledger, &k->keys[i].pair, sig);
        cbor_put_array(out, 2);
        kid_put(out, &k->keys[i].pair.kid);
        cbor_put_bytes(out, slice_of(sig, sizeof sig));
    }
}

void kit_genesis(struct kit *k, struct buf *out)
{
    struct entries *e = calloc(1, sizeof *e);
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    struct state_params params = { .rules = GENESIS_RULES,
                                   .demo = k->demo,
                                   .opening_wait_ms = 86400000 };
    check(e != NULL, "memory", NULL);
    e->values = buf_heap(GENESIS_SIZE_MAX);
    k->identity.set.count = 0;
    state_params_put(entry(e, state_key_plain(TABLE_PARAMS)), &params);
    put_members_and_keys(e, k);
    put_set(e, k);
    put_nodes(e, k);
    for (size_t i = 0; i < k->entry_count; i++)
        buf_add_slice(entry(e, k->entry_keys[i]), k->entry_values[i]);
    e->start[e->count] = e->values.len;
    sort_entries(e);
    struct hash root = state_root(e), set = authority_set_hash(&k->identity.set);
    k->identity.genesis = header_genesis(k->time_ms, &root, &set);
    header_put(&header, &k->identity.genesis);
    cbor_put_array(out, 4);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, buf_slice(&header));
    cbor_put_array(out, e->count);
    for (size_t i = 0; i < e->count; i++) {
        cbor_put_array(out, 2);
        cbor_put_bytes(out, state_key_slice(&e->keys[e->order[i]]));
        cbor_put_bytes(out, entry_value(e, e->order[i]));
    }
    put_signatures(k, out);
    check(!out->failed && !e->values.failed, "genesis", NULL);
    buf_free(&e->values);
    free(e);
}

/* ------------------------------------------------------------------ signing */

void kit_signer_begin(struct kit_signer *s, const struct key_pair *key, const struct hash *ledger)
{
    *s = (struct kit_signer){ .key = *key, .ledger = *ledger, .last = *ledger };
    memcpy(s->prev, ledger->bytes, HALF_SIZE);
}

struct hash kit_sign(struct kit_signer *s, struct statement draft, uint64_t time_ms,
                     struct buf *out)
{
    struct err err = { .msg = "" };
    draft.link.seq = s->seq + 1;
    draft.link.time_ms = time_ms;
    memcpy(draft.link.prev, s->prev, HALF_SIZE);
    check(statement_sign(&draft, &s->key, &s->ledger, out, &s->last, &err), "sign", &err);
    s->seq++;
    memcpy(s->prev, s->last.bytes, HALF_SIZE);
    return s->last;
}

/* ------------------------------------------------------------------ drafts */

struct statement kit_temperatures(const int *centi, size_t count, uint64_t step_ms)
{
    static struct samples samples;
    static uint8_t bytes[READING_SAMPLES_MAX * 8];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_READING };
    struct err err = { .msg = "" };
    samples.rows = count;
    samples.columns = 1;
    samples.column[0].property = PROPERTY_TEMPERATURE;
    samples.column[0].exponent = -2;
    for (size_t i = 0; i < count; i++) {
        samples.time_ms[i] = KIT_T0 + i * step_ms; /* only the differences are kept */
        samples.column[0].value[i] = centi[i];
        samples.column[0].present[i] = true;
    }
    check(reading_make(&samples, &memory, &s.as.reading, &err), "reading", &err);
    return s;
}

static struct asset_set one(const char *asset, struct buf *memory)
{
    struct asset_set set = asset_set_one(asset, memory);
    check(!memory->failed && set.count == 1, asset, NULL);
    return set;
}

struct statement kit_commission(const char *asset)
{
    static uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = one(asset, &memory);
    return s;
}

struct statement kit_commission_range(const char *prefix, const char *first, size_t count)
{
    static uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = asset_set_range(prefix, first, count, &memory);
    return s;
}

struct statement kit_offer(const char *asset, const struct kid *to, enum custody_role role)
{
    static uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_CUSTODY };
    s.as.custody = (struct custody){
        .assets = one(asset, &memory), .action = CUSTODY_OFFER, .to = *to, .role = role
    };
    return s;
}

struct statement kit_answer(enum custody_action action, const char *asset, const struct hash *offer,
                            enum custody_role role)
{
    static uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_CUSTODY };
    s.as.custody = (struct custody){
        .assets = one(asset, &memory), .action = action, .offer = *offer, .role = role
    };
    if (action == CUSTODY_REJECT) {
        s.as.custody.meaning = slice_text("rejection of delivery");
        s.as.custody.reason = slice_text("the box is wet");
    }
    return s;
}

struct statement kit_attach(const struct kid *device, const char *asset, bool detach)
{
    struct statement s = { .kind = KIND_ATTACH };
    s.as.attach = (struct attach){ *device, slice_text(asset), detach };
    return s;
}

struct statement kit_enrol(const struct key_pair *key, const struct hash *ledger,
                           const struct kid *sponsor, enum key_class class)
{
    static uint8_t bytes[512];
    static const uint8_t token[HALF_SIZE] = { 7 };
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct statement s = { .kind = KIND_ENROL };
    enrol_request_sign(key, ledger, sponsor, token, &memory);
    s.as.enrol = (struct enrol){ .request = buf_slice(&memory), .class = class };
    if (class == CLASS_DEVICE)
        s.as.enrol.rights = slice_of(device_rights, sizeof device_rights);
    return s;
}

struct statement kit_revoke(const struct kid *key, uint64_t from_ms, uint64_t last_good_seq)
{
    struct statement s = { .kind = KIND_REVOKE };
    s.as.revoke = (struct revoke){ *key, from_ms, last_good_seq, REVOKE_STOLEN };
    return s;
}

struct statement kit_open(struct slice definition, const char *asset, const struct kid *sender,
                          const struct kid *receiver, uint64_t expires_ms)
{
    static uint8_t asset_bytes[128], party_bytes[64];
    struct buf assets = buf_fixed(asset_bytes, sizeof asset_bytes);
    struct buf parties = buf_fixed(party_bytes, sizeof party_bytes);
    struct statement s = { .kind = KIND_OPEN };
    cbor_put_map(&parties, 2);
    cbor_put_text(&parties, slice_text("sender"));
    kid_put(&parties, sender);
    cbor_put_text(&parties, slice_text("receiver"));
    kid_put(&parties, receiver);
    s.as.open = (struct open){ .definition = definition_hash(definition),
                               .parties = buf_slice(&parties),
                               .terms = slice_of("\xa0", 1),
                               .assets = one(asset, &assets),
                               .expires_ms = expires_ms,
                               .compiled = definition };
    return s;
}

struct statement kit_agree(const struct hash *opening, bool declines)
{
    struct statement s = { .kind = KIND_AGREE };
    s.as.agree = (struct agree){ *opening, declines };
    return s;
}

struct statement kit_product(const char *gtin)
{
    struct statement s = { .kind = KIND_PRODUCT };
    s.as.product = (struct product){ .gtin = slice_text(gtin), .name = slice_text("Vaccine") };
    return s;
}

struct statement kit_party(const struct kid *member)
{
    struct statement s = { .kind = KIND_PARTY };
    s.as.party = (struct party){ .member = *member, .name = slice_text("A company") };
    return s;
}
