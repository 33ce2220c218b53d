/*
 * The canonical bytes of struct flow_state:
 * [state, [+ [time, state]], [* value / null], [* [document, hash]]], values as the definition's fields.
 */
#include "contracts/flow.h"

#include <string.h>

#define STATE_PARTS    4
#define CHANGE_PARTS   2
#define DOCUMENT_PARTS 2

void flow_state_encode(const struct contract_definition *definition, const struct flow_state *state,
                       struct buf *out)
{
    cbor_put_array(out, STATE_PARTS);
    cbor_put_uint(out, state->state);
    cbor_put_array(out, state->change_count);
    for (size_t i = 0; i < state->change_count; i++) {
        cbor_put_array(out, CHANGE_PARTS);
        cbor_put_uint(out, state->changes[i].time_ms);
        cbor_put_uint(out, state->changes[i].state);
    }
    cbor_put_array(out, definition->field_count);
    for (size_t i = 0; i < definition->field_count; i++)
        value_put(out, &state->fields[i]);
    size_t attached = 0;
    for (size_t i = 0; i < definition->document_count; i++)
        attached += state->documents >> i & 1;
    cbor_put_array(out, attached);
    for (size_t i = 0; i < definition->document_count; i++) {
        if ((state->documents >> i & 1) == 0)
            continue;
        cbor_put_array(out, DOCUMENT_PARTS);
        cbor_put_uint(out, i);
        cbor_put_bytes(out, hash_slice(&state->document_hashes[i]));
    }
}

/* ------------------------------------------------------------------ foreign bytes */

/* Times never fall and every change is one; the last leads to where the contract is. */
static void take_changes(struct cbor_reader *r, const struct contract_definition *def,
                         struct flow_state *state)
{
    size_t n = cbor_take_array(r);
    if (n < 1 || n > FLOW_MAX_HISTORY) {
        cbor_fail(r);
        return;
    }
    state->change_count = n;
    for (size_t i = 0; i < n && !r->failed; i++) {
        struct flow_change *c = &state->changes[i];
        cbor_take_array_of(r, CHANGE_PARTS);
        c->time_ms = cbor_take_uint_max(r, VALUE_TIME_MAX);
        c->state = (uint8_t)cbor_take_uint_max(r, def->state_count - 1);
        if (i > 0 && c->time_ms < state->changes[i - 1].time_ms)
            cbor_fail(r);
    }
    if (!r->failed && state->changes[n - 1].state != state->state)
        cbor_fail(r);
}

static bool take_fields(struct cbor_reader *r, const struct contract_definition *def,
                        struct flow_state *state, struct err *err)
{
    cbor_take_array_of(r, def->field_count);
    for (size_t i = 0; i < def->field_count && !r->failed; i++) {
        const struct contract_field *f = &def->fields[i];
        if (!value_take(r, &f->kind, def->choices, &state->fields[i], err))
            return err_wrap(err, "%.*s", (int)f->name.len, (const char *)f->name.data);
        if (!value_is_settled(&state->fields[i]))
            return err_set(err, ERR_INPUT, "%.*s: a quantity with zeros to cut", (int)f->name.len,
                           (const char *)f->name.data);
    }
    return true;
}

static void take_documents(struct cbor_reader *r, const struct contract_definition *def,
                           struct flow_state *state)
{
    size_t n = cbor_take_array(r);
    uint64_t next = 0;
    for (size_t i = 0; i < n && !r->failed; i++) {
        cbor_take_array_of(r, DOCUMENT_PARTS);
        uint64_t document = cbor_take_uint(r);
        if (document < next || document >= def->document_count) {
            cbor_fail(r);
            return;
        }
        next = document + 1;
        state->documents |= (uint64_t)1 << document;
        cbor_take_fixed(r, state->document_hashes[document].bytes, HASH_SIZE);
    }
}

bool flow_state_decode(const struct contract_definition *definition, struct slice bytes,
                       struct flow_state *ret_state, struct err *err)
{
    struct flow_state state;
    memset(&state, 0, sizeof state);
    if (bytes.len > FLOW_MAX_STATE_BYTES)
        return err_set(err, ERR_INPUT, "workflow state: larger than %d bytes",
                       FLOW_MAX_STATE_BYTES);
    if (definition->state_count == 0)
        return err_set(err, ERR_INPUT, "workflow state: the contract has no states");
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "workflow state");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, STATE_PARTS);
    state.state = (unsigned)cbor_take_uint_max(&r, definition->state_count - 1);
    take_changes(&r, definition, &state);
    if (!r.failed && !take_fields(&r, definition, &state, err))
        return err_wrap(err, "workflow state");
    take_documents(&r, definition, &state);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "workflow state: byte %zu: not one of this contract's",
                       r.pos);
    *ret_state = state;
    return true;
}

unsigned flow_state_at(const struct flow_state *state, uint64_t time_ms)
{
    unsigned found = state->changes[0].state;
    for (size_t i = 1; i < state->change_count && state->changes[i].time_ms <= time_ms; i++)
        found = state->changes[i].state;
    return found;
}
