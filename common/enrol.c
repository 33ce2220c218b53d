#include "common/enrol.h"

#include "common/custody.h"

/* [* property] or [* name]: one of the two throughout, at most ENROL_RIGHTS_MAX. */
static struct slice take_rights(struct cbor_reader *r)
{
    size_t start = r->pos;
    size_t n = cbor_take_array(r);
    enum cbor_kind kind = cbor_peek(r);
    if (n > ENROL_RIGHTS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        if (kind == CBOR_UINT)
            (void)cbor_take_uint_max(r, UINT16_MAX);
        else
            (void)cbor_take_text(r, 0, NAME_MAX_BYTES);
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

void enrol_take(struct fields *f, struct enrol *ret_enrol)
{
    struct enrol e = { .class = CLASS_DEVICE };
    fields_need(f, 5);
    e.request = cbor_take_bytes(f->r, 1, ENROL_REQUEST_MAX);
    fields_need(f, 6);
    e.class = (enum key_class)cbor_take_uint_max(f->r, CLASS_AUDITOR);
    if (fields_has(f, 7))
        e.rights = take_rights(f->r);
    if (fields_has(f, 8))
        e.name = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    struct enrol_request request;
    if (!f->r->failed && !enrol_request_parse(e.request, &request, NULL))
        cbor_fail(f->r);
    *ret_enrol = e;
}

size_t enrol_pairs(const struct enrol *e)
{
    return 2 + (size_t)(e->rights.len > 0) + (size_t)(e->name.len > 0);
}

void enrol_put(struct buf *out, const struct enrol *e)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, e->request);
    cbor_put_int(out, 6);
    cbor_put_uint(out, e->class);
    if (e->rights.len > 0) {
        cbor_put_int(out, 7);
        buf_add_slice(out, e->rights);
    }
    if (e->name.len > 0) {
        cbor_put_int(out, 8);
        cbor_put_text(out, e->name);
    }
}

bool enrol_request_parse(struct slice bytes, struct enrol_request *ret_request, struct err *err)
{
    struct enrol_request q;
    if (!cose_parse(bytes, &q.cose, err))
        return err_wrap(err, "enrolment request");
    if (q.cose.type != COSE_REQUEST)
        return err_set(err, ERR_INPUT, "enrolment request: another kind of COSE message");
    if (!cbor_scan(q.cose.payload, err))
        return err_wrap(err, "enrolment request");
    struct cbor_reader r = cbor_reader(q.cose.payload);
    cbor_take_array_of(&r, 4);
    key_take_cose(&r, q.pub);
    cbor_take_fixed(&r, q.ledger.bytes, HASH_SIZE);
    q.sponsor = kid_take(&r);
    cbor_take_fixed(&r, q.token, HALF_SIZE);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "enrolment request: not [key, ledger, sponsor, token]");
    struct kid own = key_kid(q.pub);
    if (!kid_equal(&own, &q.cose.kid))
        return err_set(err, ERR_INPUT, "enrolment request: the kid is not the key's own");
    *ret_request = q;
    return true;
}

bool enrol_request_verify(const struct enrol_request *request)
{
    uint8_t memory[ENROL_REQUEST_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(memory, sizeof memory);
    return cose_verify(&request->cose, (struct slice){ NULL, 0 }, request->cose.payload,
                       request->pub, &scratch);
}

static void put_request_header(struct buf *out, const struct kid *kid)
{
    cbor_put_map(out, 3);
    cbor_put_int(out, 1);
    cbor_put_int(out, -8);
    cbor_put_int(out, 4);
    kid_put(out, kid);
    cbor_put_int(out, -65539);
    cbor_put_int(out, 1);
}

void enrol_request_sign(const struct key_pair *key, const struct hash *ledger,
                        const struct kid *sponsor, const uint8_t token[HALF_SIZE], struct buf *out)
{
    uint8_t header_memory[64], payload_memory[128], sig_memory[128 + COSE_SIG_ROOM];
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf payload = buf_fixed(payload_memory, sizeof payload_memory);
    struct buf scratch = buf_fixed(sig_memory, sizeof sig_memory);
    put_request_header(&header, &key->kid);
    cbor_put_array(&payload, 4);
    key_put_cose(&payload, key->pub);
    cbor_put_bytes(&payload, hash_slice(ledger));
    kid_put(&payload, sponsor);
    cbor_put_bytes(&payload, slice_of(token, HALF_SIZE));
    cose_sign(buf_slice(&header), (struct slice){ NULL, 0 }, buf_slice(&payload), key, &scratch,
              out);
}

bool enrol_rights_include(struct slice rights, uint64_t property)
{
    struct cbor_reader r = cbor_reader(rights);
    if (rights.len == 0)
        return false;
    for (size_t n = cbor_take_array(&r); n > 0 && cbor_peek(&r) == CBOR_UINT; n--)
        if (cbor_take_uint(&r) == property)
            return true;
    return false;
}
