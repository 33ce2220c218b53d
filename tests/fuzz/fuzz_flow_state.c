/*
 * A workflow's state, a call's arguments and an expression from anyone: what is taken encodes back to the
 * same bytes, and whatever the check lets pass runs and leaves a state that reads back. Input: twice a
 * 16-bit length and as many bytes: state, arguments; what is left is code, a signed byte a word.
 */
#include "contracts/flow.h"

#include <assert.h>
#include <string.h>

#define FIELDS    CONTRACT_NOTHING /* one of each type */
#define MAX_WORDS EXPR_MAX_CODE

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct contract_definition def;
static struct contract_terms terms;
static struct slice parties[DEFINITION_MAX_PARTIES];

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

static void make_contract(void)
{
    static const char *const names[FIELDS] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"
    };
    def.state_count = def.party_count = def.document_count = def.role_count = 2;
    for (unsigned i = 0; i < FIELDS; i++) {
        struct value_kind kind = VALUE_KIND_NONE;
        kind.type = (enum contract_type)i;
        kind.unit = slice_text(i == CONTRACT_QUANTITY ? "s" : "");
        kind.scalar = CONTRACT_TEXT;
        kind.count = 2;
        def.fields[i] = (struct contract_field){ .name = slice_text(names[i]), .kind = kind };
        def.params[i] = (struct contract_param){ .name = slice_text(names[i]), .kind = kind };
        def.terms[i] = (struct contract_term){ .name = slice_text(names[i]), .kind = kind };
        terms.values[i].type = CONTRACT_NOTHING;
    }
    def.field_count = def.param_count = def.term_count = FIELDS;
    def.choices[0] = slice_text("x");
    def.choices[1] = slice_text("y");
    def.choice_count = 2;
    def.constants[0].type = CONTRACT_BOOL;
    def.constants[1] = (struct contract_value){ .type = CONTRACT_INT, .number = INT64_MAX };
    def.constants[2] = (struct contract_value){
        .type = CONTRACT_QUANTITY, .number = 15, .exponent = -1, .text = slice_text("s")
    };
    def.constants[3].type = CONTRACT_NOTHING;
    def.constants[4] = (struct contract_value){ .type = CONTRACT_TEXT, .text = slice_text("x") };
    def.constant_count = 5;
    def.actions[0] = (struct contract_action){ .name = slice_text("act"), .states = 3 };
    def.actions[0].callers.parties = 1;
    def.actions[0].param_count = FIELDS;
    def.actions[0].step = (struct contract_step){ .effect_count = 1, .next = 1 };
    def.action_count = def.effect_count = 1;
    parties[0] = slice_text("8 bytes.");
}

static void check_same_bytes(const struct flow_state *state, struct slice bytes)
{
    static uint8_t memory[FLOW_MAX_STATE_BYTES];
    struct buf out = buf_fixed(memory, sizeof memory);
    flow_state_encode(&def, state, &out);
    assert(!out.failed && slice_equal(buf_slice(&out), bytes));
}

static void check_reads_back(const struct flow_state *state)
{
    static uint8_t memory[FLOW_MAX_STATE_BYTES];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct flow_state read;
    flow_state_encode(&def, state, &out);
    if (out.failed || !flow_state_decode(&def, buf_slice(&out), &read, NULL))
        assert(!"a state that a call made can be read again");
}

/* The code becomes the effect of the one action, on a property that its kind suits. */
static void call(struct expr_scope *scope, struct contract_code code, struct flow_state *state)
{
    static const struct flow_caller caller = { { (const uint8_t *)"8 bytes.", 8 },
                                               { (const uint8_t *)"8 bytes.", 8 },
                                               { NULL, 0 } };
    struct value_kind kind;
    struct flow_calls calls;
    struct err err;
    if (!expr_check(&def, code, def.params, FIELDS, -1, 0, &kind, &err))
        return;
    unsigned target = 0;
    while (target < FIELDS && !value_kind_suits(&kind, &def.fields[target].kind))
        target++;
    if (target == FIELDS)
        return;
    char text[64];
    expr_explain(scope, code, text, sizeof text);
    def.effects[0] = (struct contract_effect){ .target = target, .code = code };
    (void)flow_call(scope, 0, &caller, VALUE_TIME_MAX, state, &calls, &err);
    check_reads_back(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[EXPR_MEMORY];
    struct slice in = slice_of(data, size);
    struct slice bytes = take_part(&in), map = take_part(&in);
    struct contract_value params[FLOW_MAX_ARGUMENTS];
    struct flow_state state;
    struct err err;
    make_contract();
    if (!flow_state_decode(&def, bytes, &state, &err))
        return 0;
    check_same_bytes(&state, bytes);
    bool arguments = flow_arguments(&def, &def.actions[0], map, params, &err);
    struct expr_scope scope = { .definition = &def,
                                .terms = &terms,
                                .parties = parties,
                                .fields = state.fields,
                                .params = arguments ? params : NULL,
                                .declared = def.params,
                                .memory = memory };
    size_t len = in.len < MAX_WORDS ? in.len : MAX_WORDS;
    for (size_t i = 0; i < len; i++)
        def.code[i] = in.data[i] < 128 ? in.data[i] : (int32_t)in.data[i] - 256;
    def.code_count = len;
    call(&scope, (struct contract_code){ .at = 0, .len = (uint16_t)len }, &state);
    return 0;
}
