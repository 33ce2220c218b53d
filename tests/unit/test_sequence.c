/* A key's place in its own sequence: gaps, forks, clones, and what a device may delete after an ack. */
#include "common/rand.h"
#include "node/sequence.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct hash ledger = { { 9 } };
static const struct state_key_record trusted = { .revoked = false };

/* Statements without content: a sequence looks at seq, prev and hash only. */
static struct hash hash_of(uint64_t hand, uint64_t seq)
{
    uint64_t name[2] = { hand, seq };
    return crypto_sha256(slice_of(name, sizeof name));
}

static struct statement after(const struct hash *prev, const struct hash *hash, uint64_t seq)
{
    struct statement st = { .hash = *hash };
    st.link.seq = seq;
    memcpy(st.link.prev, prev->bytes, HALF_SIZE);
    return st;
}

/* Statement seq of a chain in one hand. */
static struct statement chained(uint64_t seq)
{
    struct hash hash = hash_of(0, seq), prev = seq == 1 ? ledger : hash_of(0, seq - 1);
    return after(&prev, &hash, seq);
}

static enum refusal enter(struct sequence *s, struct statement st, uint64_t *ret_flags)
{
    struct sequence_lost lost;
    struct sequence before = *s;
    enum refusal code = sequence_enter(s, &st, &trusted, ret_flags, &lost);
    if (!refusal_is_recorded(code))
        assert_memory_equal(s, &before, sizeof before);
    return code;
}

static struct sequence entered(const uint64_t *seqs, size_t n)
{
    struct sequence s;
    uint64_t flags;
    sequence_fresh(&s, &ledger);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(enter(&s, chained(seqs[i]), &flags), ACCEPTED);
    return s;
}

/* ------------------------------------------------------------------ the wire's own steps */

static void check_gaps(const struct sequence *s, const json_t *gaps)
{
    assert_int_equal(s->gap_count, json_array_size(gaps));
    for (size_t i = 0; i < s->gap_count; i++) {
        const json_t *gap = json_array_get(gaps, i);
        assert_int_equal(s->gaps[i].from, json_integer_value(json_array_get(gap, 0)));
        assert_int_equal(s->gaps[i].to, json_integer_value(json_array_get(gap, 1)));
    }
}

static void steps_of_the_vectors(void **state)
{
    (void)state;
    json_t *all = json_load_file("tests/vectors/waybill.json", 0, NULL);
    const json_t *steps = json_object_get(all, "sequence steps");
    struct sequence s;
    sequence_fresh(&s, &ledger);
    assert_int_equal(json_array_size(steps), 12);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i), *seq = json_array_get(step, 0);
        uint64_t flags;
        if (json_is_string(seq)) { /* ["repeat 6", [code, flags]], ["jump", [code, flags]] */
            bool jump = strcmp(json_string_value(seq), "jump") == 0;
            const json_t *answer = json_array_get(step, 1);
            enum refusal code = enter(&s, chained(jump ? 11 + SEQUENCE_JUMP : 6), &flags);
            assert_int_equal(code, json_integer_value(json_array_get(answer, 0)));
            assert_int_equal(flags, json_integer_value(json_array_get(answer, 1)));
            continue;
        }
        enum refusal code = enter(&s, chained((uint64_t)json_integer_value(seq)), &flags);
        assert_int_equal(code, json_integer_value(json_array_get(step, 1)));
        assert_int_equal(flags, json_integer_value(json_array_get(step, 2)));
        check_gaps(&s, json_array_get(step, 3));
    }
    json_decref(all);
}

/* ------------------------------------------------------------------ single steps */

static void largest_jump(void **state)
{
    (void)state;
    struct sequence s = entered((uint64_t[]){ 1 }, 1);
    uint64_t flags;
    assert_int_equal(enter(&s, chained(2 + SEQUENCE_JUMP), &flags), REFUSED_JUMP);
    assert_int_equal(enter(&s, chained(1 + SEQUENCE_JUMP), &flags), ACCEPTED);
    assert_int_equal(flags, FLAG_GAP);
}

static void edges_of_a_gap_must_fit(void **state)
{
    (void)state;
    struct sequence s = entered((uint64_t[]){ 1, 10 }, 2);
    struct hash other = hash_of(7, 7);
    uint64_t flags;
    struct statement st = chained(2); /* first of the gap, with another prev */
    memcpy(st.link.prev, other.bytes, HALF_SIZE);
    assert_int_equal(enter(&s, st, &flags), REFUSED_GAP_EDGE);
    st = chained(9); /* last of the gap, with another hash */
    st.hash = other;
    assert_int_equal(enter(&s, st, &flags), REFUSED_GAP_EDGE);
    st = chained(5); /* in the middle nothing can be checked yet … */
    memcpy(st.link.prev, other.bytes, HALF_SIZE);
    assert_int_equal(enter(&s, st, &flags), ACCEPTED);
    assert_int_equal(enter(&s, chained(4), &flags),
                     REFUSED_GAP_EDGE); /* … but then its edges hold */
    assert_int_equal(enter(&s, chained(6), &flags), ACCEPTED);
}

static void fork_and_clone(void **state)
{
    (void)state;
    struct sequence s = entered((uint64_t[]){ 1, 2, 3 }, 3);
    struct hash three = hash_of(1, 3), four = hash_of(1, 4), two = hash_of(0, 2),
                third = hash_of(2, 3);
    uint64_t flags;
    /* another statement 3: recorded once, as evidence */
    assert_int_equal(enter(&s, after(&two, &three, 3), &flags), REFUSED_CLONE);
    assert_int_equal(flags, FLAG_CLONE);
    assert_true(s.cloned);
    assert_int_equal(s.last, 3);
    assert_int_equal(sequence_run(&s), 1);
    assert_int_equal(enter(&s, after(&two, &three, 3), &flags), REFUSED_REPEAT);
    assert_int_equal(enter(&s, chained(3), &flags), REFUSED_REPEAT);
    assert_int_equal(enter(&s, after(&two, &third, 3), &flags), REFUSED_OUTSIDE);
    /* 4 after the other 3: a fork, and the run begins there */
    assert_int_equal(enter(&s, after(&three, &four, 4), &flags), ACCEPTED);
    assert_int_equal(flags, FLAG_FORK);
    assert_int_equal(sequence_run(&s), 4);
}

static void a_seventeenth_gap_gives_up_the_oldest(void **state)
{
    (void)state;
    struct sequence s;
    struct sequence_lost lost;
    uint64_t flags, seq = 1;
    sequence_fresh(&s, &ledger);
    for (int i = 0; i < 17; i++, seq += 3) { /* gaps 2…3, 5…6, … */
        struct statement st = chained(seq);
        assert_int_equal(sequence_enter(&s, &st, &trusted, &flags, &lost), ACCEPTED);
        assert_false(lost.happened);
    }
    assert_int_equal(s.gap_count, 16);
    struct statement st = chained(seq);
    assert_int_equal(sequence_enter(&s, &st, &trusted, &flags, &lost), ACCEPTED);
    assert_true(lost.happened);
    assert_int_equal(lost.from, 2);
    assert_int_equal(lost.to, 3);
    assert_int_equal(s.since, 4);
    assert_int_equal(enter(&s, chained(2), &flags), REFUSED_OUTSIDE);
    /* splitting a gap makes one more, too */
    struct sequence t = entered(
        (uint64_t[]){ 1, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40 }, 17);
    assert_int_equal(t.gap_count, 16);
    st = chained(5);
    assert_int_equal(sequence_enter(&t, &st, &trusted, &flags, &lost), ACCEPTED);
    assert_true(lost.happened);
    assert_int_equal(t.gap_count, 16);
    assert_int_equal(lost.from, 2);
    assert_int_equal(lost.to, 4);
}

static void a_revoked_key_fills_from_above(void **state)
{
    (void)state;
    struct state_key_record revoked = { .revoked = true, .last_good_seq = 8 };
    struct sequence s = entered((uint64_t[]){ 1, 10, 20 }, 3); /* gaps 2…9 and 11…19 */
    struct sequence_lost lost;
    uint64_t flags;
    static const uint64_t away[] = { 21, 20, 2, 5, 8, 9, 19, 15, 1 };
    for (size_t i = 0; i < sizeof away / sizeof away[0]; i++) {
        struct statement st = chained(away[i]); /* 9 and 19 are above the last good seq */
        assert_int_equal(sequence_enter(&s, &st, &revoked, &flags, &lost), REFUSED_REVOKED);
    }
    revoked.last_good_seq = 9;
    for (uint64_t seq = 9; seq >= 2; seq--) {
        struct statement st = chained(seq), wrong = chained(seq);
        wrong.hash.bytes[0] ^= 1; /* only the true one fits the edge */
        assert_int_equal(sequence_enter(&s, &wrong, &revoked, &flags, &lost), REFUSED_GAP_EDGE);
        assert_int_equal(sequence_enter(&s, &st, &revoked, &flags, &lost), ACCEPTED);
        assert_int_equal(flags, FLAG_FILLS);
    }
    assert_int_equal(s.gap_count, 1);
}

/* ------------------------------------------------------------------ encoding */

static void record_keeps_everything(void **state)
{
    (void)state;
    struct sequence s = entered((uint64_t[]){ 1, 2, 10, 6, 40 }, 5), t;
    uint8_t memory[2048];
    struct buf out = buf_fixed(memory, sizeof memory);
    uint64_t flags;
    struct statement other = chained(10);
    other.hash = hash_of(3, 10);
    assert_int_equal(enter(&s, other, &flags), REFUSED_CLONE);
    sequence_put(&out, &s);
    assert_true(sequence_take(buf_slice(&out), &t));
    assert_memory_equal(&s, &t, sizeof s);
    assert_false(sequence_take(slice_of(out.data, out.len - 1), &t));
}

static void size_of_a_full_record(void **state)
{
    (void)state;
    struct sequence s;
    uint8_t memory[2048];
    struct buf out = buf_fixed(memory, sizeof memory);
    uint64_t flags;
    sequence_fresh(&s, &ledger);
    for (uint64_t seq = 1; seq <= 16; seq++)
        assert_int_equal(enter(&s, chained(seq), &flags), ACCEPTED);
    sequence_put(&out, &s);
    assert_in_range(out.len, 340, 361); /* WIRE "Sizes" */
}

/* ------------------------------------------------------------------ random deliveries */

#define LENGTH 80 /* seqs of one run */
#define HANDS  2  /* the device, and a copy of it that was made at some point */

struct run {
    struct rand_seq rand;
    struct sequence s;
    uint64_t copied_at; /* above it the hands' statements differ; LENGTH: never */
    bool recorded[HANDS][LENGTH + 1];
    bool deleted[LENGTH + 1]; /* by the device, hand 0 */
    bool given_up[LENGTH + 1];
    uint64_t freed;
};

static struct statement of_hand(const struct run *r, uint64_t hand, uint64_t seq)
{
    struct hash hash = hash_of(seq > r->copied_at ? hand : 0, seq);
    struct hash prev = seq == 1 ? ledger : hash_of(seq - 1 > r->copied_at ? hand : 0, seq - 1);
    return after(&prev, &hash, seq);
}

/* The gaps are the seqs below last that nobody's statement fills, but for those given up. */
static void check_against_model(const struct run *r)
{
    bool missing[LENGTH + 1] = { false };
    for (uint64_t seq = 1; seq < r->s.last; seq++)
        missing[seq] = !r->recorded[0][seq] && !r->recorded[1][seq] && !r->given_up[seq];
    for (size_t i = 0; i < r->s.gap_count; i++)
        for (uint64_t seq = r->s.gaps[i].from; seq <= r->s.gaps[i].to; seq++) {
            assert_true(missing[seq]);
            missing[seq] = false;
        }
    for (uint64_t seq = 1; seq < r->s.last; seq++)
        assert_false(missing[seq]);
}

static void deliver(struct run *r)
{
    uint64_t hand = r->copied_at < LENGTH ? rand_below(&r->rand, HANDS) : 0;
    uint64_t reach = r->s.last + 8 < LENGTH ? r->s.last + 8 : LENGTH;
    uint64_t seq = rand_below(&r->rand, 3) == 0 ? r->s.last + 1 : 1 + rand_below(&r->rand, reach);
    struct sequence_lost lost;
    uint64_t flags;
    if (seq > LENGTH)
        return;
    struct statement st = of_hand(r, hand, seq);
    enum refusal code = sequence_enter(&r->s, &st, &trusted, &flags, &lost);
    if (code == ACCEPTED || code == REFUSED_CLONE)
        r->recorded[seq > r->copied_at ? hand : 0][seq] = true;
    for (uint64_t i = lost.from; lost.happened && i <= lost.to; i++)
        r->given_up[i] = true;
}

/* WIRE "Run and deletion": only run…last, and only when the hash at last is the device's own. */
static void follow_ack(struct run *r)
{
    struct summary sum;
    sequence_summary(&r->s, &sum);
    struct statement own = of_hand(r, 0, sum.last);
    if (sum.last == 0 || !hash_equal(&own.hash, &sum.hash))
        return;
    for (uint64_t seq = sum.run; seq <= sum.last; seq++) {
        r->freed += r->deleted[seq] ? 0 : 1;
        r->deleted[seq] = true;
        if (!r->recorded[0][seq])
            fail_msg("statement %llu was deleted and is not on the ledger",
                     (unsigned long long)seq);
    }
}

static void deletes_nothing_unrecorded(void **state)
{
    (void)state;
    uint64_t freed[2] = { 0, 0 };
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        struct run r = { .rand = rand_seeded(seed), .copied_at = LENGTH };
        sequence_fresh(&r.s, &ledger);
        if (seed % 2 == 0)
            r.copied_at = rand_below(&r.rand, 20);
        for (int i = 0; i < 150; i++) {
            deliver(&r);
            check_against_model(&r);
            if (rand_below(&r.rand, 4) == 0)
                follow_ack(&r);
        }
        freed[seed % 2] += r.freed;
    }
    /* It would be no art to delete nothing. */
    assert_true(freed[0] > 1000 && freed[1] > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_the_vectors),
        cmocka_unit_test(largest_jump),
        cmocka_unit_test(edges_of_a_gap_must_fit),
        cmocka_unit_test(fork_and_clone),
        cmocka_unit_test(a_seventeenth_gap_gives_up_the_oldest),
        cmocka_unit_test(a_revoked_key_fills_from_above),
        cmocka_unit_test(record_keeps_everything),
        cmocka_unit_test(size_of_a_full_record),
        cmocka_unit_test(deletes_nothing_unrecorded),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
