/*
 * A contract definition, an opening's terms and a rule state from anyone: what decodes encodes back to
 * the same bytes, and can be judged. Input: four times a 16-bit length and as many bytes: definition,
 * terms, parties, rule state; what is left are samples of eight bytes.
 */
#include "contracts/definition.h"

#include <assert.h>
#include <string.h>

#include "contracts/charge.h"
#include "contracts/judge.h"

#define SAMPLE_SIZE 8
#define FIRST_MS    1000000

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void check_findings(const struct judge_findings *found)
{
    for (size_t i = 0; i < found->count; i++)
        assert(found->items[i].from_ms <= found->items[i].to_ms);
}

static void judge_all(const struct contract_definition *def, const struct contract_terms *terms,
                      struct judge_state *state, struct slice samples)
{
    static struct judge_findings found;
    uint64_t time_ms = FIRST_MS;
    for (; samples.len >= SAMPLE_SIZE;
         samples = slice_from(samples, SAMPLE_SIZE, samples.len - SAMPLE_SIZE)) {
        const uint8_t *p = samples.data;
        struct judge_reading r = { .property = p[0] % 20, .present = p[1] % 8 != 0 };
        r.exponent = p[2] % 19 - 9;
        time_ms += (uint64_t)p[3] * p[3] * p[3];
        r.time_ms = time_ms;
        r.mantissa = (int64_t)(((uint64_t)p[4] << (p[5] % 64)) - p[6]);
        (void)judge_sample(def, terms, state, &r, &found);
        check_findings(&found);
        if (p[7] % 8 != 0)
            continue;
        judge_expire(def, terms, state, time_ms + (uint64_t)p[7] * 100000, &found);
        check_findings(&found);
        (void)judge_deadline(def, terms, state);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct contract_definition def;
    static struct contract_terms terms;
    static struct judge_state state;
    struct slice in = slice_of(data, size);
    struct slice bytes = take_part(&in);
    struct slice terms_map = take_part(&in);
    struct slice parties_map = take_part(&in);
    struct slice state_bytes = take_part(&in);
    struct err err;
    uint8_t memory[JUDGE_MAX_STATE_BYTES];
    if (!definition_decode(bytes, &def, &err))
        return 0;
    check_same_bytes(&def, bytes);
    (void)terms_check_parties(&def, parties_map, &err);
    if (!terms_bind(&def, terms_map, &terms, &err))
        return 0;
    if (!judge_state_decode(&def, state_bytes, &state, &err))
        memset(&state, 0, sizeof state);
    struct buf out = buf_fixed(memory, sizeof memory);
    judge_state_encode(&def, &state, &out);
    assert(!out.failed);
    judge_all(&def, &terms, &state, in);
    out.len = 0;
    judge_state_encode(&def, &state, &out);
    assert(!out.failed);
    if (!judge_state_decode(&def, buf_slice(&out), &state, &err))
        assert(!"a state that was judged can be read again");
    return 0;
}
