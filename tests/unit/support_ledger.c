#include "tests/unit/support_ledger.h"

#include "common/genesis.h"
#include "tests/support/ledger_kit.h"

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

struct slice ledger_keep(struct ledger *l, struct slice s)
{
    assert(l->kept_count < sizeof l->kept / sizeof l->kept[0]);
    uint8_t *bytes = l->kept[l->kept_count++] = malloc(s.len + 1);
    assert(bytes != NULL);
    if (s.len > 0)
        memcpy(bytes, s.data, s.len);
    return slice_of(bytes, s.len);
}

void ledger_forget_block(struct ledger *l)
{
    while (l->kept_count > 0)
        free(l->kept[--l->kept_count]);
    l->statements = l->outcomes = l->writes = 0;
}

static void load_state(struct ledger *l, struct slice genesis)
{
    struct genesis g;
    bool good = genesis_decode(genesis, &g, NULL);
    for (size_t i = 0; good && i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        struct hash key_hash = crypto_sha256(key), value_hash = crypto_sha256(value);
        good = state_tree_set(l->state, &key_hash, &value_hash);
    }
    assert(good);
}

static void make_genesis(struct ledger *l, struct buf *out, bool demo)
{
    struct kit kit;
    kit_begin(&kit, LEDGER_T0, demo);
    kit_add_member(&kit, &l->farm, "Farm A");
    kit_add_member(&kit, &l->carrier, "Carrier B");
    kit_add_member(&kit, &l->clinic, "Clinic C");
    kit_add_key(&kit, &l->node, &l->farm.kid, CLASS_AUTHORITY);
    kit_genesis(&kit, out);
    l->identity = kit.identity;
    l->head = l->identity.genesis;
    l->id = l->head.ledger;
    load_state(l, buf_slice(out));
}

struct ledger *ledger_new(bool demo)
{
    struct err err = { 0 };
    struct ledger *l = calloc(1, sizeof *l);
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX);
    assert(l != NULL && crypto_init());
    l->node = kit_pair("node");
    l->farm = kit_pair("farm");
    l->carrier = kit_pair("carrier");
    l->clinic = kit_pair("clinic");
    l->device = kit_pair("device");
    l->state = state_tree_new();
    l->samples = buf_heap(READING_SIZE_MAX);
    l->events = buf_heap(STATEMENT_MAX);
    merkle_frontier_begin(&l->tree);
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
    l->outcome[l->outcomes++] = ledger_keep(l, buf_slice(&out));
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
    check(statement_sign(&s, key, &l->id, &out, &l->last, &err), &err);
    l->hash[l->statements] = l->last;
    l->statement[l->statements++] = ledger_keep(l, buf_slice(&out));
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
        else if (*letters == 'b')
            cbor_put_bool(out, va_arg(args, int) != 0);
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
