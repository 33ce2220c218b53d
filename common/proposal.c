#include "common/proposal.h"

#include "common/custody.h"

void proposal_take(struct fields *f, struct proposal *ret_proposal)
{
    struct proposal p = { .has_height = false };
    struct proposal_body body;
    fields_need(f, 5);
    p.action = (enum govern_action)cbor_take_int_in(f->r, ACTION_ADD_MEMBER, ACTION_LAST);
    fields_need(f, 6);
    p.body = cbor_take_bytes(f->r, 1, PROPOSAL_BODY_MAX);
    fields_need(f, 7);
    p.expires_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    p.has_height = fields_has(f, 8);
    if (p.has_height)
        p.height = (uint64_t)cbor_take_int_in(f->r, 1, INT64_MAX);
    if (fields_has(f, 9))
        p.reason = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (!f->r->failed && !proposal_body_decode(p.action, p.body, &body, NULL))
        cbor_fail(f->r);
    *ret_proposal = p;
}

size_t proposal_pairs(const struct proposal *p)
{
    return 3 + (size_t)p->has_height + (size_t)(p->reason.len > 0);
}

void proposal_put(struct buf *out, const struct proposal *p)
{
    cbor_put_int(out, 5);
    cbor_put_uint(out, p->action);
    cbor_put_int(out, 6);
    cbor_put_bytes(out, p->body);
    cbor_put_int(out, 7);
    cbor_put_uint(out, p->expires_ms);
    if (p->has_height) {
        cbor_put_int(out, 8);
        cbor_put_uint(out, p->height);
    }
    if (p->reason.len > 0) {
        cbor_put_int(out, 9);
        cbor_put_text(out, p->reason);
    }
}

/* ------------------------------------------------------------------ bodies */

static struct slice take_request(struct cbor_reader *r)
{
    struct enrol_request request;
    struct slice bytes = cbor_take_bytes(r, 1, ENROL_REQUEST_MAX);
    if (!r->failed && !enrol_request_parse(bytes, &request, NULL))
        cbor_fail(r);
    return bytes;
}

static struct slice take_constitution(struct cbor_reader *r)
{
    struct constitution c;
    struct slice bytes = cbor_take_bytes(r, 1, CONSTITUTION_SIZE_MAX);
    if (!r->failed && !constitution_decode(bytes, &c, NULL))
        cbor_fail(r);
    return bytes;
}

static size_t body_items(enum govern_action action)
{
    switch (action) {
    case ACTION_ADD_MEMBER:
    case ACTION_ADD_AUTHORITY:
    case ACTION_SET_PARAMETER:
    case ACTION_RECOVER_MEMBER: return 2;
    case ACTION_REMOVE_MEMBER:
    case ACTION_REMOVE_AUTHORITY:
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR:
    case ACTION_APPROVE_DEFINITION:
    case ACTION_WITHDRAW_DEFINITION:
    case ACTION_RULES_VERSION:
    case ACTION_AMEND: return 1;
    }
    return 0;
}

static void take_body(struct cbor_reader *r, enum govern_action action, struct proposal_body *b)
{
    cbor_take_array_of(r, body_items(action));
    switch (action) {
    case ACTION_ADD_MEMBER:
        b->request = take_request(r);
        b->name = cbor_take_text(r, 1, NAME_MAX_BYTES);
        return;
    case ACTION_ADD_AUTHORITY:
        b->request = take_request(r);
        b->until_ms = cbor_take_uint_max(r, TIME_MAX_MS);
        return;
    case ACTION_RECOVER_MEMBER:
        b->kid = kid_take(r);
        b->request = take_request(r);
        return;
    case ACTION_REMOVE_MEMBER:
    case ACTION_REMOVE_AUTHORITY:
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR: b->kid = kid_take(r); return;
    case ACTION_APPROVE_DEFINITION:
    case ACTION_WITHDRAW_DEFINITION: cbor_take_fixed(r, b->definition.bytes, HASH_SIZE); return;
    case ACTION_SET_PARAMETER:
        b->number = cbor_take_uint_max(r, PROPOSAL_PARAMETER_MAX);
        b->value = cbor_take_item(r);
        return;
    case ACTION_RULES_VERSION: b->number = cbor_take_uint_max(r, UINT16_MAX); return;
    case ACTION_AMEND: b->constitution = take_constitution(r); return;
    }
    cbor_fail(r);
}

bool proposal_body_decode(enum govern_action action, struct slice body,
                          struct proposal_body *ret_body, struct err *err)
{
    struct proposal_body b = { .number = 0 };
    if (body.len > PROPOSAL_BODY_MAX)
        return err_set(err, ERR_INPUT, "proposal: a body of %zu bytes, more than the %d allowed",
                       body.len, PROPOSAL_BODY_MAX);
    if (!cbor_scan(body, err))
        return err_wrap(err, "proposal");
    struct cbor_reader r = cbor_reader(body);
    take_body(&r, action, &b);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "proposal: byte %zu of its body: not what %s takes", r.pos,
                       constitution_action_name(action));
    *ret_body = b;
    return true;
}

void proposal_body_put(struct buf *out, enum govern_action action, const struct proposal_body *body)
{
    cbor_put_array(out, body_items(action));
    switch (action) {
    case ACTION_ADD_MEMBER:
        cbor_put_bytes(out, body->request);
        cbor_put_text(out, body->name);
        return;
    case ACTION_ADD_AUTHORITY:
        cbor_put_bytes(out, body->request);
        cbor_put_uint(out, body->until_ms);
        return;
    case ACTION_RECOVER_MEMBER:
        kid_put(out, &body->kid);
        cbor_put_bytes(out, body->request);
        return;
    case ACTION_REMOVE_MEMBER:
    case ACTION_REMOVE_AUTHORITY:
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR: kid_put(out, &body->kid); return;
    case ACTION_APPROVE_DEFINITION:
    case ACTION_WITHDRAW_DEFINITION: cbor_put_bytes(out, hash_slice(&body->definition)); return;
    case ACTION_SET_PARAMETER:
        cbor_put_uint(out, body->number);
        buf_add_slice(out, body->value);
        return;
    case ACTION_RULES_VERSION: cbor_put_uint(out, body->number); return;
    case ACTION_AMEND: cbor_put_bytes(out, body->constitution); return;
    }
}
