#include "tests/support/world.h"

#include "contracts/compile.h"
#include "contracts/definition.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[WORLD_KEYS] = { "farm",   "carrier",  "clinic",
                                               "node",   "operator", "auditor",
                                               "logger", "tracker",  "stranger" };

static const char contract_yaml[] = "contract: vaccine-2-8\n"
                                    "version: 1\n"
                                    "summary: Keep vaccines cold.\n"
                                    "roles:\n"
                                    "  shipper: packs the goods\n"
                                    "  clinic: receives them\n"
                                    "parties:\n"
                                    "  sender: shipper\n"
                                    "  receiver: clinic\n"
                                    "terms:\n"
                                    "  warmest: 8 °C\n"
                                    "maximum gap: 30 min\n"
                                    "lateness: 1 h\n"
                                    "watch:\n"
                                    "  too warm:\n"
                                    "    when: temperature > warmest\n"
                                    "    for: 10 min\n"
                                    "    severity: high\n";

static void check(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "world: %s\n", what);
    abort();
}

struct slice world_contract(void)
{
    static uint8_t memory[DEFINITION_MAX_BYTES];
    static size_t len;
    struct yaml_tree tree = { 0 };
    struct err err = { .msg = "" };
    struct buf out = buf_fixed(memory, sizeof memory);
    if (len == 0) {
        bool good = yaml_parse("c.yaml", slice_text(contract_yaml), &tree, &err) &&
                    compile_contract(&tree, &out, &err);
        check(good, err.msg);
        yaml_tree_free(&tree);
        len = out.len;
    }
    return slice_of(memory, len);
}

/* ------------------------------------------------------------------ life */

static void found(struct world *w, struct buf *genesis)
{
    struct key_pair pair[WORLD_KEYS];
    for (size_t i = 0; i < WORLD_KEYS; i++)
        pair[i] = kit_pair(names[i]);
    kit_begin(&w->kit, KIT_T0, false);
    kit_add_member(&w->kit, &pair[FARM], "Farm A");
    kit_add_member(&w->kit, &pair[CARRIER], "Carrier B");
    kit_add_member(&w->kit, &pair[CLINIC], "Clinic C");
    kit_add_key(&w->kit, &pair[NODE], &pair[FARM].kid, CLASS_AUTHORITY);
    kit_add_key(&w->kit, &pair[OPERATOR], &pair[CARRIER].kid, CLASS_OPERATOR);
    kit_add_key(&w->kit, &pair[AUDITOR], &pair[CLINIC].kid, CLASS_AUDITOR);
    kit_add_key(&w->kit, &pair[LOGGER], &pair[FARM].kid, CLASS_DEVICE);
    kit_add_key(&w->kit, &pair[TRACKER], &pair[CARRIER].kid, CLASS_DEVICE);
    kit_genesis(&w->kit, genesis);
    w->id = w->kit.identity.genesis.ledger;
    w->head = header_hash(&w->kit.identity.genesis);
    for (size_t i = 0; i < WORLD_KEYS; i++)
        kit_signer_begin(&w->by[i], &pair[i], &w->id);
}

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    struct buf genesis = buf_heap(1 << 20);
    check(w != NULL && crypto_init(), "memory");
    w->state = memory_state_new();
    w->execution = execution_new();
    w->statements = calloc(WORLD_STATEMENTS_MAX, sizeof w->statements[0]);
    w->events = calloc(WORLD_EVENTS_MAX, sizeof w->events[0]);
    check(w->execution != NULL && w->statements != NULL && w->events != NULL, "memory");
    found(w, &genesis);
    memory_state_load(w->state, buf_slice(&genesis));
    w->context.time_ms = KIT_T0;
    buf_free(&genesis);
    return w;
}

static void forget_block(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        buf_free(&w->bytes[i]);
    w->count = 0;
}

void world_free(struct world *w)
{
    forget_block(w);
    memory_state_free(w->state);
    execution_free(w->execution);
    free(w->statements);
    free(w->events);
    free(w);
}

const struct kid *world_kid(const struct world *w, enum world_key who)
{
    return &w->by[who].key.kid;
}

/* ------------------------------------------------------------------ events as text */

struct text {
    char *at;
    size_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->at + t->len, t->cap - t->len, fmt, ap);
    va_end(ap);
    check(n >= 0 && (size_t)n < t->cap - t->len, "an event's text is too long");
    t->len += (size_t)n;
}

static void add_number(struct text *t, int64_t v)
{
    int64_t ms = v - (int64_t)KIT_T0;
    if (ms < 0 || ms > INT64_C(1000) * 86400000)
        add(t, " %lld", (long long)v);
    else if (ms % 60000 == 0)
        add(t, " +%lldm", (long long)(ms / 60000));
    else
        add(t, " +%lldm%llds", (long long)(ms / 60000), (long long)(ms % 60000 / 1000));
}

static void add_bytes(struct text *t, const struct world *w, struct slice s)
{
    for (size_t i = 0; s.len == KID_SIZE && i < WORLD_KEYS; i++)
        if (slice_equal(s, kid_slice(world_kid(w, (enum world_key)i)))) {
            add(t, " %s", names[i]);
            return;
        }
    add(t, " #");
}

#define LIST_SHOWN 12 /* items; a longer list is its first one and how many there are */

static void add_item(struct text *t, const struct world *w, struct cbor_reader *r)
{
    struct slice s;
    size_t count;
    switch (cbor_peek(r)) {
    case CBOR_UINT:
    case CBOR_NINT: add_number(t, cbor_take_int(r)); return;
    case CBOR_BYTES: add_bytes(t, w, cbor_take_bytes(r, 0, 64)); return;
    case CBOR_TEXT:
        s = cbor_take_text(r, 0, 64);
        add(t, " %.*s", (int)s.len, (const char *)s.data);
        return;
    case CBOR_ARRAY:
        count = cbor_take_array(r);
        for (size_t i = 0; i < count; i++)
            if (i == 0 || count <= LIST_SHOWN)
                add_item(t, w, r);
            else
                (void)cbor_take_item(r);
        if (count > LIST_SHOWN)
            add(t, " and %zu", count - 1);
        return;
    case CBOR_NULL:
        cbor_take_null(r);
        add(t, " -");
        return;
    case CBOR_BOOL: add(t, cbor_take_bool(r) ? " yes" : " no"); return;
    case CBOR_MAP:
    case CBOR_FLOAT:
    case CBOR_END: break;
    }
    check(false, "an event with an item that none has");
}

static void keep_event(struct world *w, const struct event *e, bool of_timer)
{
    check(w->event_count < WORLD_EVENTS_MAX, "too many events");
    struct world_event *kept = &w->events[w->event_count++];
    struct text t = { kept->text, 0, sizeof kept->text };
    struct cbor_reader subject = cbor_reader(e->subject), data = cbor_reader(e->data);
    if (w->listener != NULL)
        w->listener(w->listener_ctx, e);
    kept->height = w->context.height;
    kept->of_timer = of_timer;
    add(&t, "%s", event_name(e->what));
    add_item(&t, w, &subject);
    add_item(&t, w, &data);
    add(&t, " at");
    add_number(&t, (int64_t)e->time_ms);
}

static void keep_outcome(struct world *w, struct slice bytes)
{
    struct outcome o;
    struct err err = { .msg = "" };
    check(outcome_decode(bytes, &o, &err), err.msg);
    if (o.type == OUTCOME_SUMMARY) {
        check(w->summary_count < WORLD_KEYS, "too many summaries");
        o.summary.refusals = (struct slice){ NULL, 0 }; /* borrowed from what goes away */
        w->summaries[w->summary_count++] = o.summary;
        return;
    }
    bool timer = o.type == OUTCOME_TIMER;
    struct cbor_reader r = cbor_reader(timer ? o.timer.events : o.verdict.events);
    for (size_t n = timer ? o.timer.event_count : o.verdict.event_count; n > 0; n--) {
        struct event e = event_take(&r);
        keep_event(w, &e, timer);
    }
    if (!timer) {
        w->flags = o.verdict.flags;
        w->caused = o.verdict.event_count;
        (void)snprintf(w->detail, sizeof w->detail, "%.*s", (int)o.verdict.detail.len,
                       (const char *)o.verdict.detail.data);
    }
}

/* ------------------------------------------------------------------ blocks */

static void begin(struct world *w, uint64_t time_ms)
{
    uint64_t least = w->context.time_ms + 1;
    w->context = (struct execute_context){ .ledger = w->id,
                                           .rules = RULES_VERSION,
                                           .height = ++w->height,
                                           .time_ms = time_ms > least ? time_ms : least,
                                           .parent_hash = w->head };
    w->view = memory_state_view(w->state);
    execute_begin(w->execution, &w->view, &w->context);
    w->open = true;
}

void world_block(struct world *w, uint64_t time_ms)
{
    world_end(w);
    begin(w, time_ms);
}

void world_end(struct world *w)
{
    struct execute_result result;
    if (!w->open)
        return;
    check(execute_end(w->execution, &result), "out of memory");
    w->summary_count = 0;
    for (size_t i = 0; i < result.outcome_count; i++)
        keep_outcome(w, result.outcomes[i]);
    memory_state_apply(w->state, &result);
    w->head = crypto_sha256(hash_slice(&w->head));
    forget_block(w);
    w->open = false;
}

enum refusal world_say_bytes(struct world *w, struct slice bytes)
{
    struct err err = { .msg = "" };
    uint8_t pub[PUB_SIZE];
    if (!w->open)
        begin(w, w->context.time_ms + 1000);
    check(w->count < WORLD_STATEMENTS_MAX, "too many statements in a block");
    struct statement *st = &w->statements[w->count];
    struct buf *copy = &w->bytes[w->count];
    *copy = buf_heap(STATEMENT_MAX);
    buf_add_slice(copy, bytes);
    check(statement_decode(buf_slice(copy), st, &err), err.msg);
    w->last = st->hash;
    w->count++;
    if (!execute_key(w->execution, &st->kid, pub))
        return REFUSED_UNKNOWN_KEY;
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    bool authentic = statement_verify(st, pub, &w->id, &scratch);
    buf_free(&scratch);
    return authentic ? execute_statement(w->execution, st) : REFUSED_BAD_SIGNATURE;
}

enum refusal world_say(struct world *w, enum world_key who, struct statement draft,
                       uint64_t time_ms)
{
    struct buf out = buf_heap(STATEMENT_MAX);
    struct kit_signer before = w->by[who];
    (void)kit_sign(&w->by[who], draft, time_ms, &out);
    enum refusal code = world_say_bytes(w, buf_slice(&out));
    if (!refusal_is_recorded(code))
        w->by[who] = before;
    buf_free(&out);
    return code;
}

/* ------------------------------------------------------------------ looking */

size_t world_count(struct world *w, const char *text)
{
    size_t n = 0;
    world_end(w);
    for (size_t i = 0; i < w->event_count; i++)
        n += strncmp(w->events[i].text, text, strlen(text)) == 0 ? 1 : 0;
    return n;
}

bool world_has(struct world *w, const char *text)
{
    if (world_count(w, text) == 1)
        return true;
    (void)fprintf(stderr, "world: %zu times \"%s\" among\n", world_count(w, text), text);
    world_print(w);
    return false;
}

void world_print(const struct world *w)
{
    for (size_t i = 0; i < w->event_count; i++)
        (void)fprintf(stderr, "  block %llu%s: %s\n", (unsigned long long)w->events[i].height,
                      w->events[i].of_timer ? " (timer)" : "", w->events[i].text);
}

const struct summary *world_summary(const struct world *w, enum world_key who)
{
    for (size_t i = 0; i < w->summary_count; i++)
        if (kid_equal(&w->summaries[i].kid, world_kid(w, who)))
            return &w->summaries[i];
    return NULL;
}

bool world_asset(struct world *w, const char *name, struct state_asset *ret_asset)
{
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(name));
    struct slice value;
    world_end(w);
    return memory_state_get(w->state, state_key_slice(&key), &value) &&
           state_asset_take(value, ret_asset);
}
