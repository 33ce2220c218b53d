#include "tools/trial.h"

#include "common/state_value.h"
#include "contracts/property.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_PER_ADVANCE 100000

/* What only trial.c sees. */
struct trial_parts {
    struct trial_state *state;
    struct execution *execution;
    struct state_view view;
    struct execute_context context; /* of the open block, or the last one */
    struct hash head;               /* stands for the last block's hash */
    bool open;
    size_t count, cap;  /* statements of the open block; they outlive its execution */
    struct buf **bytes; /* each of its own, so that they stay where they are */
    struct statement **statements;
    struct buf scratch;
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_IO, "out of memory");
}

/* ------------------------------------------------------------------ life */

struct trial *trial_new(uint64_t start_ms)
{
    struct trial *t = calloc(1, sizeof *t);
    struct trial_parts *p = calloc(1, sizeof *p);
    if (t == NULL || p == NULL) {
        free(t);
        free(p);
        return NULL;
    }
    t->parts = p;
    p->state = trial_state_new();
    p->execution = execution_new();
    p->scratch = buf_heap(STATE_VALUE_MAX);
    if (p->state == NULL || p->execution == NULL) {
        trial_free(t);
        return NULL;
    }
    t->ledger = crypto_sha256(slice_text("waybill trial"));
    t->now_ms = start_ms;
    p->head = t->ledger;
    p->context.time_ms = start_ms - 1;
    return t;
}

static void forget_block(struct trial_parts *p)
{
    for (size_t i = 0; i < p->count; i++) {
        buf_free(p->bytes[i]);
        free(p->bytes[i]);
        free(p->statements[i]);
    }
    p->count = 0;
}

void trial_free(struct trial *t)
{
    if (t == NULL)
        return;
    struct trial_parts *p = t->parts;
    forget_block(p);
    trial_state_free(p->state);
    execution_free(p->execution);
    buf_free(&p->scratch);
    free(p->bytes);
    free(p->statements);
    free(p);
    trial_findings_free(&t->found);
    free(t);
}

/* ------------------------------------------------------------------ people */

struct trial_person *trial_find(struct trial *t, const char *name)
{
    for (size_t i = 0; i < t->person_count; i++)
        if (strcmp(t->people[i].name, name) == 0)
            return &t->people[i];
    return NULL;
}

struct trial_person *trial_find_kid(struct trial *t, const struct kid *kid)
{
    for (size_t i = 0; i < t->person_count; i++)
        if (kid_equal(&t->people[i].key.kid, kid))
            return &t->people[i];
    return NULL;
}

static bool store(struct trial *t, struct state_key key)
{
    struct trial_parts *p = t->parts;
    bool good = !p->scratch.failed &&
                trial_state_set(p->state, state_key_slice(&key), buf_slice(&p->scratch));
    buf_clear(&p->scratch);
    return good;
}

/* As the genesis would have it, which names no statement that enrolled the key. */
static bool enrol(struct trial *t, const struct trial_person *who, struct slice rights)
{
    uint8_t memory[64];
    struct buf all = buf_fixed(memory, sizeof memory);
    struct state_key_record record = {
        .member = who->member, .class = who->class, .rights = rights, .founding = true
    };
    memcpy(record.pub, who->key.pub, PUB_SIZE);
    if (rights.len == 0) {
        size_t n = 0;
        while (who->class == CLASS_DEVICE && property_by_id(n + 1) != NULL)
            n++;
        cbor_put_array(&all, n);
        for (size_t i = 1; i <= n; i++)
            cbor_put_uint(&all, i);
        record.rights = buf_slice(&all);
    }
    state_key_record_put(&t->parts->scratch, &record);
    if (!store(t, state_key_kid(TABLE_KEY, &who->key.kid)))
        return false;
    if (who->class != CLASS_MEMBER)
        return true;
    struct state_member member = { .name = slice_text(who->name), .active = true };
    state_member_put(&t->parts->scratch, &member);
    return store(t, state_key_kid(TABLE_MEMBER, &who->key.kid));
}

static bool check_name(struct trial *t, const char *name, struct err *err)
{
    size_t len = strlen(name);
    if (trial_find(t, name) != NULL)
        return err_set(err, ERR_INPUT, "there are two of the name \"%s\"", name);
    if (len == 0 || len >= TRIAL_NAME_SIZE || !cbor_text_valid(slice_text(name)))
        return err_set(err, ERR_INPUT, "expected a name of 1 to %d bytes, found \"%.40s\"",
                       TRIAL_NAME_SIZE - 1, name);
    return t->person_count < TRIAL_PEOPLE_MAX ||
           err_set(err, ERR_BUSY, "more than %d people", TRIAL_PEOPLE_MAX);
}

struct trial_person *trial_add(struct trial *t, const struct trial_who *who, struct err *err)
{
    if (!check_name(t, who->name, err) || !trial_settle(t, err))
        return NULL;
    struct trial_person *made = &t->people[t->person_count];
    struct hash seed = crypto_sha256(slice_text(who->name));
    *made = (struct trial_person){ .class = who->class, .key = key_from_seed(seed.bytes) };
    memcpy(made->name, who->name, strlen(who->name) + 1);
    if (who->kid != NULL)
        made->key.kid = *who->kid;
    made->member = who->company != NULL ? who->company->key.kid : made->key.kid;
    memcpy(made->prev, t->ledger.bytes, HALF_SIZE);
    if (!enrol(t, made, who->rights)) {
        (void)no_memory(err);
        return NULL;
    }
    t->person_count++;
    return made;
}

/* ------------------------------------------------------------------ blocks */

static void begin_block(struct trial *t, uint64_t time_ms)
{
    struct trial_parts *p = t->parts;
    uint64_t least = p->context.time_ms + 1;
    t->now_ms = time_ms > least ? time_ms : least;
    p->context = (struct execute_context){ .ledger = t->ledger,
                                           .rules = RULES_VERSION,
                                           .height = p->context.height + 1,
                                           .time_ms = t->now_ms,
                                           .parent_hash = p->head };
    p->view = trial_state_view(p->state);
    execute_begin(p->execution, &p->view, &p->context);
    p->open = true;
}

static void take_verdict(struct trial *t, const struct verdict *v)
{
    struct trial_result *last = &t->last;
    if (!hash_equal(&v->statement, &last->statement))
        return;
    last->flags = v->flags;
    memcpy(last->words, v->detail.data, v->detail.len);
    last->words[v->detail.len] = '\0';
}

static bool take_outcome(struct trial *t, struct slice bytes, struct err *err)
{
    struct outcome o;
    if (!outcome_decode(bytes, &o, err))
        return false;
    if (o.type == OUTCOME_SUMMARY)
        return true;
    bool timer = o.type == OUTCOME_TIMER;
    struct cbor_reader r = cbor_reader(timer ? o.timer.events : o.verdict.events);
    for (size_t n = timer ? o.timer.event_count : o.verdict.event_count; n > 0; n--) {
        struct event e = event_take(&r);
        if (!trial_findings_note(&t->found, &e))
            return no_memory(err);
        if (t->watch != NULL)
            t->watch(t->watch_ctx, &e);
    }
    if (!timer && o.verdict.detail.len <= OUTCOME_DETAIL_MAX)
        take_verdict(t, &o.verdict);
    return true;
}

bool trial_settle(struct trial *t, struct err *err)
{
    struct trial_parts *p = t->parts;
    struct execute_result result;
    bool good = true;
    if (!p->open)
        return true;
    p->open = false;
    if (!execute_end(p->execution, &result))
        return no_memory(err);
    for (size_t i = 0; good && i < result.outcome_count; i++)
        good = take_outcome(t, result.outcomes[i], err);
    if (good && !trial_state_apply(p->state, &result))
        good = no_memory(err);
    p->head = crypto_sha256(hash_slice(&p->head));
    forget_block(p);
    return good;
}

bool trial_advance(struct trial *t, uint64_t time_ms, struct err *err)
{
    uint64_t due;
    if (time_ms + 1000 <= t->now_ms)
        return err_set(err, ERR_INPUT, "time runs one way");
    if (time_ms <= t->now_ms)
        return true;
    if (!trial_settle(t, err))
        return false;
    for (size_t i = 0; trial_state_next_timer(t->parts->state, &due) && due <= time_ms; i++) {
        if (i == BLOCKS_PER_ADVANCE)
            return err_set(err, ERR_BUSY, "more than %d timers on the way", BLOCKS_PER_ADVANCE);
        begin_block(t, due);
        if (!trial_settle(t, err))
            return false;
    }
    t->now_ms = time_ms > t->now_ms ? time_ms : t->now_ms;
    return true;
}

bool trial_get(const struct trial *t, const struct state_key *key, struct slice *ret_value)
{
    return trial_state_get(t->parts->state, key, ret_value);
}

/* ------------------------------------------------------------------ statements */

bool trial_sign(struct trial *t, struct trial_person *by, struct statement draft, uint64_t time_ms,
                struct buf *out, struct err *err)
{
    struct hash hash;
    draft.link.seq = by->seq + 1;
    draft.link.time_ms = time_ms;
    draft.link.anchor.present = false;
    memcpy(draft.link.prev, by->prev, HALF_SIZE);
    if (!statement_sign(&draft, &by->key, &t->ledger, out, &hash, err))
        return false;
    by->seq++;
    memcpy(by->prev, hash.bytes, HALF_SIZE);
    return true;
}

static bool make_place(struct trial_parts *p)
{
    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
        struct buf **bytes = realloc(p->bytes, cap * sizeof(struct buf *));
        p->bytes = bytes != NULL ? bytes : p->bytes;
        struct statement **statements = realloc(p->statements, cap * sizeof(struct statement *));
        p->statements = statements != NULL ? statements : p->statements;
        if (bytes == NULL || statements == NULL)
            return false;
        p->cap = cap;
    }
    struct buf *copy = malloc(sizeof *copy);
    struct statement *st = malloc(sizeof *st);
    if (copy == NULL || st == NULL) {
        free(copy);
        free(st);
        return false;
    }
    *copy = buf_heap(STATEMENT_MAX);
    p->bytes[p->count] = copy;
    p->statements[p->count++] = st;
    return true;
}

/* A key's seqs rise within a block: an earlier one waits for the next. */
static bool open_for(struct trial *t, const struct statement *st, struct err *err)
{
    struct trial_parts *p = t->parts;
    if (p->open &&
        (p->context.time_ms < t->now_ms ||
         execute_has_heard(p->execution, &st->kid, st->link.seq)) &&
        !trial_settle(t, err))
        return false;
    if (!p->open)
        begin_block(t, t->now_ms);
    return true;
}

bool trial_send(struct trial *t, struct slice bytes, struct err *err)
{
    struct trial_parts *p = t->parts;
    struct statement decoded;
    if (!statement_decode(bytes, &decoded, err) || !open_for(t, &decoded, err))
        return false;
    if (!make_place(p))
        return no_memory(err);
    struct buf *copy = p->bytes[p->count - 1];
    struct statement *st = p->statements[p->count - 1];
    buf_add_slice(copy, bytes);
    if (copy->failed || !statement_decode(buf_slice(copy), st, err))
        return no_memory(err);
    t->last = (struct trial_result){ .statement = st->hash };
    t->last.code = execute_statement(p->execution, st);
    if (t->last.code != ACCEPTED && !refusal_is_recorded(t->last.code))
        return err_set(err, ERR_REFUSED, "the ledger turns it away: %s",
                       refusal_find(t->last.code)->sentence);
    return true;
}

bool trial_say(struct trial *t, struct trial_person *by, struct statement draft, struct err *err)
{
    struct buf out = buf_heap(STATEMENT_MAX);
    struct trial_person before = *by;
    uint64_t next = t->parts->context.time_ms + 1;
    if (!t->parts->open && t->now_ms < next)
        t->now_ms = next;
    bool good =
        trial_sign(t, by, draft, t->now_ms, &out, err) && trial_send(t, buf_slice(&out), err);
    if (!good)
        *by = before;
    buf_free(&out);
    return good;
}
