/*
 * A contract definition, an opening's terms, a watch's state and a book from anyone: what decodes encodes
 * back to the same bytes, and can be judged with. Input: five times a 16-bit length and as many bytes:
 * definition, terms, parties, state, book; what is left are samples of eight bytes.
 */
#include "contracts/definition.h"

#include <assert.h>
#include <string.h>

#include "contracts/watch.h"

#define SAMPLE_SIZE 8
#define FIRST_MS    1000000

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct book book;
static struct watch_findings findings;

static struct slice take_part(struct slice *in)
{
    size_t len = in->len < 2 ? 0 : (size_t)in->data[0] << 8 | in->data[1];
    size_t head = in->len < 2 ? in->len : 2;
    *in = slice_from(*in, head, in->len - head);
    len = len < in->len ? len : in->len;
    struct slice part = slice_from(*in, 0, len);
    *in = slice_from(*in, len, in->len - len);
    return part;
}

static void check_same_bytes(const struct contract_definition *def, struct slice bytes)
{
    static uint8_t memory[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(memory, sizeof memory);
    definition_encode(def, &out);
    assert(!out.failed && slice_equal(buf_slice(&out), bytes));
}

static struct book *the_book(void *ctx)
{
    (void)ctx;
    return &book;
}

static unsigned first_state(void *ctx, uint64_t time_ms)
{
    (void)ctx;
    (void)time_ms;
    return 0;
}

static void check_findings(void)
{
    for (size_t i = 0; i < findings.count; i++) {
        const struct book_stretch *s = &findings.items[i].stretch;
        assert(!s->sure && (s->open || s->from_ms <= s->to_ms));
    }
}

/* ------------------------------------------------------------------ a device that loses statements */

struct line {
    uint64_t seq; /* the last one */
    size_t gap_count;
    struct watch_gap gaps[WATCH_MAX_GAPS];
};

/* The next statement; with `what` it leaves a gap before it, or it is the one that fills the last gap. */
static uint64_t next_seq(struct line *l, unsigned what)
{
    if (what == 1 && l->gap_count < WATCH_MAX_GAPS) {
        l->gaps[l->gap_count++] = (struct watch_gap){ l->seq + 1, l->seq + 1 };
        l->seq += 2;
        return l->seq;
    }
    if (what == 2 && l->gap_count > 0)
        return l->gaps[--l->gap_count].first;
    return ++l->seq;
}

static void judge_all(struct watch *w, struct slice samples)
{
    struct line line = { .seq = 0 };
    uint64_t time_ms = FIRST_MS;
    bool begun = false;
    for (; samples.len >= SAMPLE_SIZE;
         samples = slice_from(samples, SAMPLE_SIZE, samples.len - SAMPLE_SIZE)) {
        const uint8_t *p = samples.data;
        struct watch_reading r = { .property = p[0] % 20, .present = p[1] % 8 != 0 };
        if (!begun)
            watch_begin(w, next_seq(&line, p[1] / 8 % 4), line.gaps, line.gap_count);
        check_findings();
        begun = true;
        r.exponent = p[2] % 19 - 9;
        time_ms += (uint64_t)p[3] * p[3] * p[3];
        r.time_ms = p[1] / 32 % 2 == 0 ? time_ms : time_ms - time_ms / 8;
        r.mantissa = (int64_t)(((uint64_t)p[4] << (p[5] % 64)) - p[6]);
        (void)watch_sample(w, &r);
        check_findings();
        if (p[7] % 8 != 0)
            continue;
        watch_end(w);
        check_findings();
        begun = false;
        watch_expire(w, time_ms + (uint64_t)p[7] * 100000);
        check_findings();
        (void)watch_deadline(w);
    }
    if (begun)
        watch_end(w);
    check_findings();
}

/* What is kept can be read again, and is the same then. */
static void check_state(const struct contract_definition *def, struct watch_state *state)
{
    static uint8_t first[WATCH_MAX_STATE_BYTES], second[WATCH_MAX_STATE_BYTES];
    struct buf a = buf_fixed(first, sizeof first), b = buf_fixed(second, sizeof second);
    struct err err;
    watch_state_encode(def, state, &a);
    if (a.failed || !watch_state_decode(def, buf_slice(&a), state, &err))
        assert(!"a state that was judged can be read again");
    watch_state_encode(def, state, &b);
    assert(slice_equal(buf_slice(&a), buf_slice(&b)));
}

static void check_book(const struct contract_definition *def)
{
    static uint8_t first[BOOK_MAX_BYTES], second[BOOK_MAX_BYTES];
    struct buf a = buf_fixed(first, sizeof first), b = buf_fixed(second, sizeof second);
    struct err err;
    book_encode(&book, &a);
    if (a.failed || !book_decode(def, buf_slice(&a), &book, &err))
        assert(!"a book can be read again");
    book_encode(&book, &b);
    assert(slice_equal(buf_slice(&a), buf_slice(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct contract_definition def;
    static struct contract_terms terms;
    static struct watch_state *state;
    struct slice in = slice_of(data, size);
    struct slice bytes = take_part(&in);
    struct slice terms_map = take_part(&in);
    struct slice parties_map = take_part(&in);
    struct slice state_bytes = take_part(&in);
    struct slice book_bytes = take_part(&in);
    struct err err;
    if (state == NULL)
        state = watch_state_new();
    if (state == NULL || !definition_decode(bytes, &def, &err))
        return 0;
    check_same_bytes(&def, bytes);
    (void)terms_check_parties(&def, parties_map, &err);
    if (!terms_bind(&def, terms_map, &terms, &err))
        return 0;
    if (!watch_state_decode(&def, state_bytes, state, &err))
        (void)watch_state_decode(&def, (struct slice){ NULL, 0 }, state, &err);
    if (!book_decode(&def, book_bytes, &book, &err))
        memset(&book, 0, sizeof book);
    struct watch w = { .definition = &def,
                       .terms = &terms,
                       .state = state,
                       .start_ms = FIRST_MS / 2,
                       .state_at = def.state_count > 0 ? first_state : NULL,
                       .book = the_book,
                       .findings = &findings };
    check_state(&def, state);
    judge_all(&w, in);
    check_state(&def, state);
    check_book(&def);
    return 0;
}
