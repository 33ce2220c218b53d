#include "tests/unit/support_ledger.h"

#include "common/genesis.h"
#include "common/state_key.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(bool good, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "support_ledger: %s\n", err->msg);
    abort();
}

static struct slice copy(struct slice s)
{
    uint8_t *bytes = malloc(s.len + 1);
    assert(bytes != NULL);
    if (s.len > 0)
        memcpy(bytes, s.data, s.len);
    return slice_of(bytes, s.len);
}

static void release(struct slice s)
{
    free((void *)(uintptr_t)s.data);
}

static struct key_pair named_key(const char *name)
{
    struct hash seed = crypto_sha256(slice_text(name));
    return key_from_seed(seed.bytes);
}

/* ------------------------------------------------------------------ genesis */

static void put_member(struct ledger *l, const struct kid *kid, const char *name)
{
    uint8_t memory[256];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_kid(TABLE_MEMBER, kid);
    cbor_put_array(&value, 2);
    cbor_put_text(&value, slice_text(name));
    cbor_put_bool(&value, true);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&value));
}

static void put_key(struct ledger *l, const struct key_pair *pair, const struct kid *member,
                    enum key_class class)
{
    uint8_t memory[256];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_kid(TABLE_KEY, &pair->kid);
    cbor_put_array(&value, 6);
    cbor_put_bytes(&value, slice_of(pair->pub, PUB_SIZE));
    kid_put(&value, member);
    cbor_put_uint(&value, class);
    cbor_put_array(&value, 0);
    cbor_put_null(&value);
    cbor_put_null(&value);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&value));
}

static void put_params(struct ledger *l, bool demo)
{
    uint8_t memory[64];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_plain(TABLE_PARAMS);
    cbor_put_map(&value, 3);
    cbor_put_uint(&value, 0);
    cbor_put_uint(&value, 1);
    cbor_put_uint(&value, 1);
    cbor_put_bool(&value, demo);
    cbor_put_uint(&value, 2);
    cbor_put_uint(&value, 86400000);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&value));
}

static void put_sets(struct ledger *l)
{
    uint8_t set_memory[256], memory[512];
    struct buf set = buf_fixed(set_memory, sizeof set_memory);
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_plain(TABLE_SETS);
    authority_set_put(&set, &l->identity.set);
    cbor_put_array(&value, 2);
    cbor_put_bytes(&value, buf_slice(&set));
    cbor_put_bytes(&value, buf_slice(&set));
    ledger_put_state(l, state_key_slice(&key), buf_slice(&value));
}

static int by_key_bytes(const void *a, const void *b)
{
    const struct state_write *x = a, *y = b;
    return slice_compare(x->key, y->key);
}

static struct hash apply_writes(struct ledger *l)
{
    for (size_t i = 0; i < l->writes; i++) {
        struct hash key = crypto_sha256(l->write[i].key);
        struct hash value = crypto_sha256(l->write[i].value);
        bool good = state_tree_set(l->state, &key, l->write[i].value.len > 0 ? &value : NULL);
        assert(good);
    }
    return state_tree_root(l->state);
}

void ledger_forget_block(struct ledger *l)
{
    for (size_t i = 0; i < l->statements; i++)
        release(l->statement[i]);
    for (size_t i = 0; i < l->outcomes; i++)
        release(l->outcome[i]);
    for (size_t i = 0; i < l->writes; i++) {
        release(l->write[i].key);
        release(l->write[i].value);
    }
    l->statements = l->outcomes = l->writes = 0;
}

static void make_genesis(struct ledger *l, struct buf *out, bool demo)
{
    uint8_t memory[HEADER_SIZE_MAX], sig[SIG_SIZE];
    struct buf header = buf_fixed(memory, sizeof memory);
    put_params(l, demo);
    put_member(l, &l->farm.kid, "Farm A");
    put_member(l, &l->carrier.kid, "Carrier B");
    put_member(l, &l->clinic.kid, "Clinic C");
    put_key(l, &l->farm, &l->farm.kid, CLASS_MEMBER);
    put_key(l, &l->carrier, &l->carrier.kid, CLASS_MEMBER);
    put_key(l, &l->clinic, &l->clinic.kid, CLASS_MEMBER);
    put_key(l, &l->node, &l->farm.kid, CLASS_AUTHORITY);
    put_sets(l);
    struct hash root = apply_writes(l);
    struct hash set = authority_set_hash(&l->identity.set);
    l->head = header_genesis(LEDGER_T0, &root, &set);
    l->identity.genesis = l->head;
    l->id = l->head.ledger;
    qsort(l->write, l->writes, sizeof l->write[0], by_key_bytes);
    header_put(&header, &l->head);
    cbor_put_array(out, 4);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, buf_slice(&header));
    cbor_put_array(out, l->writes);
    for (size_t i = 0; i < l->writes; i++) {
        cbor_put_array(out, 2);
        cbor_put_bytes(out, l->write[i].key);
        cbor_put_bytes(out, l->write[i].value);
    }
    genesis_sign(&l->id, &l->farm, sig);
    cbor_put_array(out, 1);
    cbor_put_array(out, 2);
    kid_put(out, &l->farm.kid);
    cbor_put_bytes(out, slice_of(sig, sizeof sig));
    ledger_forget_block(l);
}

struct ledger *ledger_new(bool demo)
{
    struct err err = { 0 };
    struct ledger *l = calloc(1, sizeof *l);
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX);
    assert(l != NULL && crypto_init());
    l->node = named_key("node");
    l->farm = named_key("farm");
    l->carrier = named_key("carrier");
    l->clinic = named_key("clinic");
    l->device = named_key("device");
    l->state = state_tree_new();
    l->scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    l->samples = buf_heap(READING_SIZE_MAX);
    l->events = buf_heap(STATEMENT_MAX);
    merkle_frontier_begin(&l->tree);
    l->identity.set.count = 1;
    l->identity.set.at[0].kid = l->node.kid;
    l->identity.set.at[0].member = l->farm.kid;
    memcpy(l->identity.set.at[0].pub, l->node.pub, PUB_SIZE);
    make_genesis(l, &genesis, demo);
    (void)snprintf(l->dir, sizeof l->dir, "/tmp/waybill-test-XXXXXX");
    bool made = mkdtemp(l->dir) != NULL;
    assert(made);
    check(store_create(l->dir, buf_slice(&genesis), &err), &err);
    check(store_open(l->dir, STORE_WRITE, &l->store, &err), &err);
    buf_free(&genesis);
    return l;
}

void ledger_reopen(struct ledger *l)
{
    struct err err = { 0 };
    store_close(l->store);
    l->store = NULL;
    check(store_open(l->dir, STORE_WRITE, &l->store, &err), &err);
}

void ledger_free(struct ledger *l)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "lock" };
    char path[128];
    store_close(l->store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", l->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(l->dir);
    ledger_forget_block(l);
    state_tree_free(l->state);
    buf_free(&l->scratch);
    buf_free(&l->samples);
    buf_free(&l->events);
    free(l);
}

/* ------------------------------------------------------------------ statements */

void ledger_end_verdict(struct ledger *l)
{
    struct buf out = buf_heap(STATEMENT_MAX);
    if (l->outcomes == l->statements)
        return;
    l->verdict.event_count = l->event_count;
    l->verdict.events = buf_slice(&l->events);
    verdict_put(&out, &l->verdict);
    l->outcome[l->outcomes++] = copy(buf_slice(&out));
    buf_free(&out);
    buf_clear(&l->events);
    l->event_count = 0;
}

struct hash ledger_add(struct ledger *l, const struct key_pair *key, uint64_t time_ms,
                       struct statement s)
{
    struct err err = { 0 };
    struct buf out = buf_heap(STATEMENT_MAX);
    ledger_end_verdict(l);
    assert(l->statements < LEDGER_ITEMS);
    s.link = (struct chain_link){ .seq = ++l->seq, .time_ms = time_ms };
    check(statement_sign(&s, key, &l->id, &l->scratch, &out, &l->last, &err), &err);
    l->hash[l->statements] = l->last;
    l->statement[l->statements++] = copy(buf_slice(&out));
    l->verdict = (struct verdict){ .statement = l->last };
    buf_free(&out);
    return l->last;
}

struct hash ledger_add_readings(struct ledger *l, uint64_t time_ms, const int *centi, size_t count)
{
    struct err err = { 0 };
    struct statement s = { .kind = KIND_READING };
    struct samples *samples = calloc(1, sizeof *samples);
    assert(samples != NULL);
    samples->rows = count;
    samples->columns = 1;
    samples->column[0].property = PROPERTY_TEMPERATURE;
    samples->column[0].exponent = -2;
    for (size_t i = 0; i < count; i++) {
        samples->time_ms[i] = time_ms - (count - 1 - i) * 60000;
        samples->column[0].value[i] = centi[i];
        samples->column[0].present[i] = true;
    }
    check(reading_make(samples, &l->samples, &s.as.reading, &err), &err);
    struct hash hash = ledger_add(l, &l->device, time_ms, s);
    free(samples);
    return hash;
}

void ledger_refuse(struct ledger *l, enum refusal code, const char *detail)
{
    l->verdict.code = code;
    l->verdict.detail = slice_text(detail);
}

/* ------------------------------------------------------------------ events */

static void put_data(struct buf *out, const char *letters, va_list args)
{
    cbor_put_array(out, strlen(letters));
    for (; *letters != '\0'; letters++) {
        if (*letters == 'k')
            kid_put(out, va_arg(args, const struct kid *));
        else if (*letters == 'h')
            cbor_put_bytes(out, hash_slice(va_arg(args, const struct hash *)));
        else if (*letters == 'u')
            cbor_put_uint(out, va_arg(args, uint64_t));
        else if (*letters == 'i')
            cbor_put_int(out, va_arg(args, int64_t));
        else if (*letters == 't')
            cbor_put_text(out, slice_text(va_arg(args, const char *)));
        else
            cbor_put_null(out);
    }
}

static void add_event(struct ledger *l, const struct event *what, const char *letters, va_list args)
{
    uint8_t memory[512];
    struct buf data = buf_fixed(memory, sizeof memory);
    struct event e = *what;
    put_data(&data, letters, args);
    assert(!data.failed);
    e.data = buf_slice(&data);
    event_put(&l->events, &e);
    l->event_count++;
}

void ledger_event_raw(struct ledger *l, enum event_what what, struct slice subject,
                      uint64_t time_ms, const char *data, ...)
{
    struct event e = { .what = what, .subject = subject, .time_ms = time_ms };
    va_list args;
    va_start(args, data);
    add_event(l, &e, data, args);
    va_end(args);
}

void ledger_event(struct ledger *l, enum event_what what, const char *asset, uint64_t time_ms,
                  const char *data, ...)
{
    uint8_t memory[128];
    struct buf subject = buf_fixed(memory, sizeof memory);
    struct event e = { .what = what, .time_ms = time_ms };
    cbor_put_text(&subject, slice_text(asset));
    e.subject = buf_slice(&subject);
    va_list args;
    va_start(args, data);
    add_event(l, &e, data, args);
    va_end(args);
}

void ledger_event_bytes(struct ledger *l, enum event_what what, struct slice id, uint64_t time_ms,
                        const char *data, ...)
{
    uint8_t memory[128];
    struct buf subject = buf_fixed(memory, sizeof memory);
    struct event e = { .what = what, .time_ms = time_ms };
    cbor_put_bytes(&subject, id);
    e.subject = buf_slice(&subject);
    va_list args;
    va_start(args, data);
    add_event(l, &e, data, args);
    va_end(args);
}
