#include "node/sequence.h"

#include <string.h>

/* ------------------------------------------------------------------ encoding */

void sequence_fresh(struct sequence *s, const struct hash *ledger)
{
    memset(s, 0, sizeof *s);
    s->hash = *ledger;
    s->since = 1;
}

static void take_seen(struct cbor_reader *r, struct sequence_seen *w)
{
    size_t n = cbor_take_array(r);
    if (n != 2 && n != 3)
        cbor_fail(r);
    w->seq = cbor_take_uint(r);
    cbor_take_fixed(r, w->half, HALF_SIZE);
    w->conflicted = n == 3;
    if (w->conflicted)
        cbor_take_fixed(r, w->other, HALF_SIZE);
}

static void take_gap(struct cbor_reader *r, struct sequence_gap *g)
{
    cbor_take_array_of(r, 4);
    g->from = cbor_take_uint(r);
    g->to = cbor_take_uint(r);
    cbor_take_fixed(r, g->low, HALF_SIZE);
    cbor_take_fixed(r, g->high, HALF_SIZE);
}

bool sequence_take(struct slice value, struct sequence *ret_sequence)
{
    struct cbor_reader r = cbor_reader(value);
    struct sequence s;
    memset(&s, 0, sizeof s);
    cbor_take_array_of(&r, 6);
    s.last = cbor_take_uint(&r);
    cbor_take_fixed(&r, s.hash.bytes, HASH_SIZE);
    s.since = cbor_take_uint(&r);
    s.cloned = cbor_take_uint_max(&r, 1) == 1;
    s.window_count = cbor_take_array(&r);
    if (s.window_count > SEQUENCE_WINDOW)
        return false;
    for (size_t i = 0; i < s.window_count; i++)
        take_seen(&r, &s.window[i]);
    s.gap_count = cbor_take_array(&r);
    if (s.gap_count > SEQUENCE_GAPS)
        return false;
    for (size_t i = 0; i < s.gap_count; i++)
        take_gap(&r, &s.gaps[i]);
    *ret_sequence = s;
    return cbor_done(&r);
}

void sequence_put(struct buf *out, const struct sequence *s)
{
    cbor_put_array(out, 6);
    cbor_put_uint(out, s->last);
    cbor_put_bytes(out, hash_slice(&s->hash));
    cbor_put_uint(out, s->since);
    cbor_put_uint(out, s->cloned ? 1 : 0);
    cbor_put_array(out, s->window_count);
    for (size_t i = 0; i < s->window_count; i++) {
        const struct sequence_seen *w = &s->window[i];
        cbor_put_array(out, w->conflicted ? 3 : 2);
        cbor_put_uint(out, w->seq);
        cbor_put_bytes(out, slice_of(w->half, HALF_SIZE));
        if (w->conflicted)
            cbor_put_bytes(out, slice_of(w->other, HALF_SIZE));
    }
    cbor_put_array(out, s->gap_count);
    for (size_t i = 0; i < s->gap_count; i++) {
        cbor_put_array(out, 4);
        cbor_put_uint(out, s->gaps[i].from);
        cbor_put_uint(out, s->gaps[i].to);
        cbor_put_bytes(out, slice_of(s->gaps[i].low, HALF_SIZE));
        cbor_put_bytes(out, slice_of(s->gaps[i].high, HALF_SIZE));
    }
}

/* ------------------------------------------------------------------ gaps and window */

static bool half_equal(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, HALF_SIZE) == 0;
}

static void raise_since(struct sequence *s, uint64_t to)
{
    if (to > s->since)
        s->since = to;
}

static void gap_remove(struct sequence *s, size_t i)
{
    memmove(&s->gaps[i], &s->gaps[i + 1], (s->gap_count - i - 1) * sizeof s->gaps[0]);
    s->gap_count--;
}

/* Keeps gaps in order of seq; when all places are taken, the oldest is given up as lost. */
static void gap_insert(struct sequence *s, struct sequence_gap gap, struct sequence_lost *lost)
{
    if (s->gap_count == SEQUENCE_GAPS) {
        struct sequence_gap oldest = s->gaps[0];
        *lost = (struct sequence_lost){ true, oldest.from, oldest.to };
        raise_since(s, oldest.to + 1);
        gap_remove(s, 0);
    }
    size_t i = s->gap_count;
    while (i > 0 && s->gaps[i - 1].from > gap.from) {
        s->gaps[i] = s->gaps[i - 1];
        i--;
    }
    s->gaps[i] = gap;
    s->gap_count++;
}

/* The window holds the highest seqs recorded, in order; a lower one than all of a full window is not kept. */
static void window_insert(struct sequence *s, uint64_t seq, const uint8_t *half)
{
    if (s->window_count == SEQUENCE_WINDOW) {
        if (seq < s->window[0].seq)
            return;
        memmove(&s->window[0], &s->window[1], (SEQUENCE_WINDOW - 1) * sizeof s->window[0]);
        s->window_count--;
    }
    size_t i = s->window_count;
    while (i > 0 && s->window[i - 1].seq > seq) {
        s->window[i] = s->window[i - 1];
        i--;
    }
    s->window[i] = (struct sequence_seen){ .seq = seq };
    memcpy(s->window[i].half, half, HALF_SIZE);
    s->window_count++;
}

/* ------------------------------------------------------------------ entering */

static enum refusal enter_new(struct sequence *s, const struct statement *st, uint64_t *flags,
                              struct sequence_lost *lost)
{
    uint64_t seq = st->link.seq;
    if (seq - s->last > SEQUENCE_JUMP)
        return REFUSED_JUMP;
    if (seq > s->last + 1) {
        struct sequence_gap gap = { .from = s->last + 1, .to = seq - 1 };
        memcpy(gap.low, s->hash.bytes, HALF_SIZE);
        memcpy(gap.high, st->link.prev, HALF_SIZE);
        gap_insert(s, gap, lost);
        *flags |= FLAG_GAP;
    } else if (!half_equal(st->link.prev, s->hash.bytes)) {
        raise_since(s, seq);
        s->cloned = true;
        *flags |= FLAG_FORK;
    }
    s->last = seq;
    s->hash = st->hash;
    window_insert(s, seq, st->hash.bytes);
    return ACCEPTED;
}

static bool fits_gap(const struct sequence_gap *g, const struct statement *st)
{
    if (st->link.seq == g->from && !half_equal(st->link.prev, g->low))
        return false;
    return st->link.seq != g->to || half_equal(st->hash.bytes, g->high);
}

static enum refusal enter_gap(struct sequence *s, size_t i, const struct statement *st,
                              uint64_t *flags, struct sequence_lost *lost)
{
    struct sequence_gap g = s->gaps[i];
    uint64_t seq = st->link.seq;
    if (!fits_gap(&g, st))
        return REFUSED_GAP_EDGE;
    gap_remove(s, i);
    struct sequence_gap below = g, above = g;
    below.to = seq - 1;
    memcpy(below.high, st->link.prev, HALF_SIZE);
    above.from = seq + 1;
    memcpy(above.low, st->hash.bytes, HALF_SIZE);
    if (seq > g.from)
        gap_insert(s, below, lost);
    if (seq < g.to)
        gap_insert(s, above, lost);
    window_insert(s, seq, st->hash.bytes);
    *flags |= FLAG_FILLS;
    return ACCEPTED;
}

static enum refusal enter_window(struct sequence *s, const struct statement *st, uint64_t *flags)
{
    for (size_t i = 0; i < s->window_count; i++) {
        struct sequence_seen *w = &s->window[i];
        if (w->seq != st->link.seq)
            continue;
        if (half_equal(w->half, st->hash.bytes) ||
            (w->conflicted && half_equal(w->other, st->hash.bytes)))
            return REFUSED_REPEAT;
        if (w->conflicted)
            return REFUSED_OUTSIDE;
        w->conflicted = true;
        memcpy(w->other, st->hash.bytes, HALF_SIZE);
        s->cloned = true;
        *flags |= FLAG_CLONE;
        return REFUSED_CLONE;
    }
    return REFUSED_OUTSIDE;
}

/* A revoked key may only close its recorded gaps, each from above, up to the last good seq. */
static enum refusal enter_revoked(struct sequence *s, const struct statement *st,
                                  const struct state_key_record *key, uint64_t *flags,
                                  struct sequence_lost *lost)
{
    for (size_t i = 0; i < s->gap_count; i++)
        if (s->gaps[i].to == st->link.seq && st->link.seq <= key->last_good_seq)
            return enter_gap(s, i, st, flags, lost);
    return REFUSED_REVOKED;
}

enum refusal sequence_enter(struct sequence *s, const struct statement *st,
                            const struct state_key_record *key, uint64_t *ret_flags,
                            struct sequence_lost *ret_lost)
{
    *ret_flags = 0;
    *ret_lost = (struct sequence_lost){ false, 0, 0 };
    if (key->revoked)
        return enter_revoked(s, st, key, ret_flags, ret_lost);
    if (st->link.seq > s->last)
        return enter_new(s, st, ret_flags, ret_lost);
    for (size_t i = 0; i < s->gap_count; i++)
        if (st->link.seq >= s->gaps[i].from && st->link.seq <= s->gaps[i].to)
            return enter_gap(s, i, st, ret_flags, ret_lost);
    return enter_window(s, st, ret_flags);
}

uint64_t sequence_run(const struct sequence *s)
{
    uint64_t run = s->since;
    for (size_t i = 0; i < s->gap_count; i++)
        if (s->gaps[i].to + 1 > run)
            run = s->gaps[i].to + 1;
    return run;
}

void sequence_summary(const struct sequence *s, struct summary *ret_summary)
{
    ret_summary->last = s->last;
    ret_summary->hash = s->hash;
    ret_summary->run = sequence_run(s);
    ret_summary->gap_count = s->gap_count;
    for (size_t i = 0; i < s->gap_count; i++) {
        ret_summary->gap_from[i] = s->gaps[i].from;
        ret_summary->gap_to[i] = s->gaps[i].to;
    }
}
