#include "device/agent.h"

#include <assert.h>
#include <string.h>

#define READING_FIXED_MAX 512 /* of a statement's bytes: what does not grow with its samples */
#define INTEGER_MAX       9   /* bytes of the longest integer */

size_t agent_pack_limit(size_t columns)
{
    size_t fits = (READING_SIZE_MAX - READING_FIXED_MAX) / (INTEGER_MAX * (columns + 1));
    return fits < READING_SAMPLES_MAX ? fits : READING_SAMPLES_MAX;
}

bool agent_begin(struct agent *a, const struct agent_settings *settings, const struct key_pair *key,
                 const struct identity *identity, struct err *err)
{
    assert(settings->columns > 0 && settings->columns <= READING_COLUMNS_MAX);
    assert(settings->pack_samples > 0 &&
           settings->pack_samples <= agent_pack_limit(settings->columns));
    memset(a, 0, sizeof *a);
    if (!agent_pending_begin(&a->table))
        return err_set(err, ERR_IO, "no memory for the table of unacknowledged statements");
    a->settings = *settings;
    a->key = *key;
    a->identity = *identity;
    a->set = identity->set;
    a->before.from = UINT64_MAX; /* nowhere yet */
    a->sets = buf_heap(AGENT_SETS_MAX);
    identity_put(&a->sets, identity);
    a->last_hash = identity->genesis.ledger;
    a->out.bytes = buf_fixed(a->out_memory, sizeof a->out_memory);
    a->pack.columns = settings->columns;
    for (size_t i = 0; i < settings->columns; i++) {
        assert(i == 0 || settings->column[i].property > settings->column[i - 1].property);
        a->pack.column[i].property = settings->column[i].property;
        a->pack.column[i].exponent = settings->column[i].exponent;
    }
    return true;
}

void agent_end(struct agent *a)
{
    crypto_wipe(&a->key, sizeof a->key);
    buf_free(&a->sets);
    agent_pending_end(&a->table);
}

void agent_resume(struct agent *a, uint64_t seq, const struct hash *hash, uint64_t time_ms)
{
    assert(a->table.count == 0);
    a->table.last_seq = seq;
    a->last_time_ms = time_ms;
    if (seq > 0)
        a->last_hash = *hash;
}

void agent_restore(struct agent *a, uint64_t seq, const struct hash *hash, bool freed)
{
    agent_pending_restore(&a->table, seq, hash, freed);
}

/* ------------------------------------------------------------------ packs */

static bool pack_takes(const struct agent *a, uint64_t time_ms)
{
    const struct samples *p = &a->pack;
    if (p->rows == 0)
        return true;
    return p->rows < a->settings.pack_samples && time_ms > p->time_ms[p->rows - 1] &&
           time_ms - p->time_ms[0] < a->settings.pack_within_ms;
}

bool agent_add_sample(struct agent *a, const struct agent_sample *sample, uint64_t now_ms,
                      struct err *err)
{
    if (!pack_takes(a, sample->time_ms))
        return err_set(err, ERR_BUSY, "the pack of %zu samples must be signed first", a->pack.rows);
    if (sample->time_ms > TIME_MAX_MS)
        return err_set(err, ERR_INPUT, "a sample after the year 9999");
    for (size_t i = 0; i < a->pack.columns; i++)
        if (sample->present[i] &&
            (sample->value[i] > READING_VALUE_MAX || sample->value[i] < -READING_VALUE_MAX))
            return err_set(err, ERR_INPUT, "a sample beyond 2^53");
    size_t row = a->pack.rows++;
    if (row == 0)
        a->pack_opened_ms = now_ms;
    a->pack.time_ms[row] = sample->time_ms;
    for (size_t i = 0; i < a->pack.columns; i++) {
        a->pack.column[i].present[row] = sample->present[i];
        a->pack.column[i].value[row] = sample->present[i] ? sample->value[i] : 0;
    }
    return true;
}

uint64_t agent_pack_wait_ms(const struct agent *a, uint64_t now_ms)
{
    if (a->pack.rows == 0)
        return UINT64_MAX;
    if (a->pack.rows >= a->settings.pack_samples || now_ms < a->pack_opened_ms)
        return 0; /* a clock that went back gives no reason to keep samples unsigned */
    uint64_t waited = now_ms - a->pack_opened_ms;
    return waited >= a->settings.pack_within_ms ? 0 : a->settings.pack_within_ms - waited;
}

bool agent_pack_is_due(const struct agent *a, uint64_t now_ms)
{
    return agent_pack_wait_ms(a, now_ms) == 0;
}

static struct chain_link next_link(const struct agent *a, uint64_t now_ms)
{
    struct chain_link link = { .seq = a->table.last_seq + 1,
                               .time_ms = a->pack.time_ms[a->pack.rows - 1] };
    memcpy(link.prev, a->last_hash.bytes, HALF_SIZE);
    bool stale =
        !a->anchored || now_ms < a->anchored_ms || now_ms - a->anchored_ms >= AGENT_ANCHOR_EVERY_MS;
    if (a->head.present && stale)
        link.anchor = a->head;
    return link;
}

bool agent_sign(struct agent *a, uint64_t now_ms, struct err *err)
{
    assert(a->pack.rows > 0);
    if (a->behind)
        return err_set(
            err, ERR_REFUSED,
            "the ledger holds later statements of this key than this device: the key was "
            "used elsewhere, or the outbox was replaced; make a new key");
    if (a->out.waiting)
        return err_set(err, ERR_BUSY, "statement %llu is not on disk yet",
                       (unsigned long long)a->out.seq);
    if (a->table.count == AGENT_PENDING_MAX)
        return err_set(err, ERR_BUSY, "%d statements wait for the ledger", AGENT_PENDING_MAX);
    struct statement s;
    memset(&s, 0, sizeof s);
    s.kind = KIND_READING;
    s.link = next_link(a, now_ms);
    struct buf reading = buf_fixed(a->reading_memory, sizeof a->reading_memory);
    struct agent_signed *out = &a->out;
    buf_clear(&out->bytes);
    if (!reading_make(&a->pack, &reading, &s.as.reading, err) ||
        !statement_sign(&s, &a->key, &a->identity.genesis.ledger, &out->bytes, &out->hash, err))
        return err_wrap(err, "statement %llu", (unsigned long long)s.link.seq);
    out->waiting = true;
    out->seq = s.link.seq;
    out->time_ms = s.link.time_ms;
    out->anchored = s.link.anchor.present;
    if (out->anchored) {
        a->anchored = true;
        a->anchored_ms = now_ms;
    }
    a->pack.rows = 0;
    return true;
}

void agent_stored(struct agent *a)
{
    assert(a->out.waiting && a->out.seq == a->table.last_seq + 1);
    a->last_hash = a->out.hash;
    a->last_time_ms = a->out.time_ms;
    agent_pending_add(&a->table, &a->out.hash);
    a->out.waiting = false;
}

/* ------------------------------------------------------------------ sending */

/* On its way: asked for again only after its timeout. */
static bool is_asked(const struct agent_pending *p)
{
    return !p->freed && !p->settled;
}

bool agent_next_send(const struct agent *a, uint64_t steady_ms, uint64_t *ret_seq,
                     uint64_t *ret_wait_ms)
{
    uint64_t wait = UINT64_MAX;
    size_t under_way = 0;
    for (size_t i = 0; i < a->table.unsent; i++) {
        const struct agent_pending *p = agent_pending_at(&a->table, i);
        if (!is_asked(p))
            continue;
        if (p->due_ms <= steady_ms) {
            *ret_seq = agent_pending_first(&a->table) + i;
            return true;
        }
        if (p->due_ms - steady_ms < wait)
            wait = p->due_ms - steady_ms;
        under_way++;
    }
    *ret_wait_ms = wait;
    for (size_t i = a->table.unsent; i < a->table.count && under_way < AGENT_WINDOW; i++) {
        if (!is_asked(agent_pending_at(&a->table, i)))
            continue;
        *ret_seq = agent_pending_first(&a->table) + i;
        return true;
    }
    return false;
}

void agent_send_again(struct agent *a, uint64_t steady_ms)
{
    for (size_t i = 0; i < a->table.unsent; i++) {
        struct agent_pending *p = agent_pending_at(&a->table, i);
        p->due_ms = steady_ms;
        if (p->tries > 0)
            p->tries = 1; /* no longer waits longer each time: that was another broker's fault */
    }
}

void agent_sent(struct agent *a, uint64_t seq, uint64_t steady_ms, uint64_t jitter)
{
    struct agent_pending *p = agent_pending_find(&a->table, seq);
    assert(p != NULL);
    if (p->tries < AGENT_TRIES_MAX)
        p->tries++;
    p->sent_ms = steady_ms;
    uint64_t timeout = a->settings.resend_ms << (p->tries - 1);
    p->due_ms = steady_ms + timeout + jitter % (timeout / 4 + 1);
    size_t place = (size_t)(seq - agent_pending_first(&a->table));
    if (place >= a->table.unsent)
        a->table.unsent = place + 1;
}
