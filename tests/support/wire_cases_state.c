/* The other half of wire_cases: what the ledger makes of statements. */
#include "tests/support/wire_parts.h"

#include "common/ack.h"
#include "common/block.h"
#include "common/senml.h"
#include "common/state_proof.h"
#include "common/state_value.h"
#include "node/sequence.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNIT "01/04012345678901/21/000001"

/* ------------------------------------------------------------------ outcomes and acks */

void wire_case_acks(void **state)
{
    static const struct {
        const char *ack, *set, *header;
    } cases[] = { { "ack", "authority set", "header 3" },
                  { "ack with a gap", "authority set", "header 2" },
                  { "four: ack", "four: authority set", "four: header 2" } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ack a;
        struct header h;
        struct buf out = buf_heap(ACK_SIZE_MAX);
        struct authority_set set = wire_set_named(cases[i].set);
        assert_true(header_decode(vectors_bytes(cases[i].header), &h, NULL));
        assert_true(ack_decode(vectors_bytes(cases[i].ack), &a, NULL));
        assert_true(slice_equal(a.final.header_bytes, vectors_bytes(cases[i].header)));
        assert_true(ack_verify(&a, &h.ledger, &set, NULL));
        struct ack_place place = { a.summary_bytes, a.size, a.index, &a.path };
        ack_put(&out, &h, a.final.seals, &place);
        wire_assert_bytes(buf_slice(&out), cases[i].ack);
        struct hash other = crypto_sha256(hash_slice(&h.ledger));
        assert_false(ack_verify(&a, &other, &set, NULL));
        if (strcmp(cases[i].ack, "ack with a gap") == 0)
            wire_assert_bytes(a.summary_bytes, "summary with a gap");
        buf_free(&out);
    }
}

void wire_case_outcomes(void **state)
{
    static const char *const names[] = { "outcome late", "outcome accept", "outcome clone" };
    struct outcome o;
    struct summary sum;
    struct buf out = buf_heap(4096);
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        buf_clear(&out);
        assert_true(outcome_decode(vectors_bytes(names[i]), &o, NULL));
        verdict_put(&out, &o.verdict);
        wire_assert_bytes(buf_slice(&out), names[i]);
    }
    assert_int_equal(o.verdict.code, REFUSED_CLONE);
    assert_int_equal(o.verdict.flags, FLAG_CLONE);
    struct cbor_reader r = cbor_reader(o.verdict.events);
    struct event e = event_take(&r);
    assert_int_equal(e.what, EVENT_CLONE);
    buf_clear(&out);
    assert_true(summary_decode(vectors_bytes("summary with a gap"), &sum, NULL));
    summary_put(&out, &sum);
    wire_assert_bytes(buf_slice(&out), "summary with a gap");
    assert_int_equal(sum.gap_count, 1);
    assert_int_equal(sum.run, 3);
    buf_free(&out);
}

/* What one statement too many makes of the state after block 3: another statement 5 of device 1. */
void wire_case_a_clone_is_judged_as_the_vectors_say(void **state)
{
    struct vector_chain *c = *state;
    struct outcome want, got;
    struct statement st;
    struct execute_result result;
    vector_chain_run(c, 3);
    assert_true(outcome_decode(vectors_bytes("outcome clone"), &want, NULL));
    assert_true(statement_decode(vectors_bytes("reading 60 samples T+H"), &st, NULL));
    st.hash = want.verdict.statement; /* its bytes are not among the vectors */
    struct cbor_reader r = cbor_reader(want.verdict.events);
    st.link.time_ms = event_take(&r).time_ms;
    struct state_view view = memory_state_view(c->state);
    struct execute_context context = { .ledger = c->parent.ledger,
                                       .height = 4,
                                       .time_ms = st.link.time_ms + 1000,
                                       .parent_hash = header_hash(&c->parent) };
    execute_begin(c->execution, &view, &context);
    assert_int_equal(execute_statement(c->execution, &st), REFUSED_CLONE);
    assert_true(execute_end(c->execution, &result));
    assert_int_equal(result.outcome_count, 2);
    assert_true(outcome_decode(result.outcomes[1], &got, NULL));
    wire_assert_bytes(result.outcomes[1], "outcome clone");
}

/* ------------------------------------------------------------------ state */

static void assert_state(struct vector_chain *c, struct state_key key, const char *name)
{
    struct slice value;
    assert_true(memory_state_get(c->state, state_key_slice(&key), &value));
    wire_assert_bytes(value, name);
}

void wire_case_state_after_two_blocks(void **state)
{
    struct vector_chain *c = *state;
    vector_chain_run(c, 2);
    struct kid device = vectors_key("device 1").kid;
    struct hash offer = crypto_sha256(vectors_bytes("custody offer"));
    assert_state(c, state_key_kid(TABLE_SEQUENCE, &device), "key sequence state with a gap");
    assert_state(c, state_key_hash(TABLE_OFFER, &offer), "state offer value");
    assert_state(c, state_key_kid(TABLE_ATTACHMENT, &device), "state attach value");
    assert_state(c, state_key_text(TABLE_PRODUCT, slice_text("04012345678901")),
                 "state master value");
}

void wire_case_state_after_three_blocks(void **state)
{
    struct vector_chain *c = *state;
    struct state_asset a;
    struct slice value;
    vector_chain_run(c, 3);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(UNIT));
    assert_state(c, key, "state proof asset entry value");
    /*
     * "event chain of …" counts 15 events, five of them of later blocks whose statements are not among the
     * vectors. What can be held against it is the chain so far: the entry above has 10.
     */
    assert_true(memory_state_get(c->state, state_key_slice(&key), &value));
    assert_true(state_asset_take(value, &a));
    assert_int_equal(a.events, 10);
    free(vectors_json("event chain of " UNIT));
}

void wire_case_state_proofs(void **state)
{
    static const char *const names[] = { "state proof present", "state proof absent" };
    struct state_proof proof;
    struct header h;
    struct hash root;
    (void)state;
    assert_true(header_decode(vectors_bytes("header 3"), &h, NULL));
    for (size_t i = 0; i < 2; i++) {
        assert_true(state_proof_verify(vectors_bytes(names[i]), &h.state, &proof, NULL));
        assert_int_equal(proof.present, i == 0);
    }
    struct slice bytes = vectors_member("state proof absent with neighbours", "root");
    memcpy(root.bytes, bytes.data, HASH_SIZE);
    bytes = vectors_bytes("state proof absent with neighbours");
    assert_true(state_proof_verify(bytes, &root, &proof, NULL));
    assert_false(proof.present);
}

void wire_case_block_three(void **state)
{
    struct block b;
    struct buf out = buf_heap(BLOCK_SIZE_MAX);
    (void)state;
    assert_true(block_decode(vectors_bytes("block 3"), &b, NULL));
    assert_true(slice_equal(b.header_bytes, vectors_bytes("header 3")));
    assert_int_equal(b.count, 3);
    block_put_head(&out, &b.header, b.count);
    for (size_t i = 0; i < b.count; i++)
        block_put_statement(&out, block_next(&b));
    wire_assert_bytes(buf_slice(&out), "block 3");
    buf_free(&out);
}

/* ------------------------------------------------------------------ sequence, strictness, floats */

static struct statement chained(uint64_t seq)
{
    struct statement st = { .link = { .seq = seq } };
    uint64_t before = seq - 1;
    struct hash prev = crypto_sha256(slice_of(&before, sizeof before));
    st.hash = crypto_sha256(slice_of(&seq, sizeof seq));
    memcpy(st.link.prev, prev.bytes, HALF_SIZE);
    return st;
}

static void sequence_step(struct sequence *s, const json_t *step)
{
    const json_t *first = json_array_get(step, 0), *answer = json_array_get(step, 1);
    const char *name = json_string_value(first);
    struct state_key_record key = { .revoked = false };
    struct sequence_lost lost;
    uint64_t flags, seq = (uint64_t)json_integer_value(first);
    if (name != NULL)
        seq = strcmp(name, "jump") == 0 ? s->last + SEQUENCE_JUMP + 1 : 6;
    struct statement st = chained(seq);
    enum refusal code = sequence_enter(s, &st, &key, &flags, &lost);
    if (name != NULL) {
        assert_int_equal(code, json_integer_value(json_array_get(answer, 0)));
        assert_int_equal(flags, json_integer_value(json_array_get(answer, 1)));
        return;
    }
    const json_t *gaps = json_array_get(step, 3);
    assert_int_equal(code, json_integer_value(answer));
    assert_int_equal(flags, json_integer_value(json_array_get(step, 2)));
    assert_int_equal(s->gap_count, json_array_size(gaps));
    for (size_t i = 0; i < s->gap_count; i++) {
        const json_t *gap = json_array_get(gaps, i);
        assert_int_equal(s->gaps[i].from, json_integer_value(json_array_get(gap, 0)));
        assert_int_equal(s->gaps[i].to, json_integer_value(json_array_get(gap, 1)));
    }
}

void wire_case_sequence_steps(void **state)
{
    struct sequence s;
    (void)state;
    char *text = vectors_json("sequence steps");
    json_t *steps = json_loads(text, 0, NULL);
    uint64_t nought = 0;
    struct hash ledger = crypto_sha256(slice_of(&nought, sizeof nought));
    sequence_fresh(&s, &ledger);
    assert_true(json_array_size(steps) >= 12);
    for (size_t i = 0; i < json_array_size(steps); i++)
        sequence_step(&s, json_array_get(steps, i));
    json_decref(steps);
    free(text);
}

void wire_case_what_must_be_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < vectors_count("must refuse (CBOR)"); i++)
        assert_false(cbor_scan(vectors_item("must refuse (CBOR)", i), NULL));
}

void wire_case_senml_floats(void **state)
{
    (void)state;
    for (size_t i = 0; i < vectors_count("SenML floats"); i++) {
        int64_t mantissa;
        int exponent;
        size_t size = 0;
        struct cbor_reader r = cbor_reader(vectors_unhex(vectors_item_text("SenML floats", i, 0)));
        uint64_t bits = cbor_take_float_bits(&r, &size);
        assert_true(senml_float(bits, size, &mantissa, &exponent));
        assert_int_equal(mantissa, vectors_item_int("SenML floats", i, 1));
        assert_int_equal(exponent, vectors_item_int("SenML floats", i, 2));
    }
}

void wire_case_no_vector_is_left_out(void **state)
{
    (void)state;
    free(vectors_json("note")); /* a sentence */
    const char *name = vectors_unasked();
    if (name != NULL)
        fail_msg("nothing was tested of \"%s\"", name);
}
