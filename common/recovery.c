#include "common/recovery.h"

#include <stdlib.h>
#include <string.h>

#define DOMAIN "waybill/1/recovery" /* signed with its terminating zero */

/* ------------------------------------------------------------------ form */

static void take_node(struct cbor_reader *r, struct recovery_node *ret_node)
{
    cbor_take_array_of(r, 4);
    ret_node->request = cbor_take_bytes(r, 1, ENROL_REQUEST_MAX);
    ret_node->record.broker = cbor_take_text(r, 1, NODE_ADDRESS_MAX);
    ret_node->record.url = cbor_take_text(r, 1, NODE_ADDRESS_MAX);
    ret_node->record.certificate = cbor_take_bytes(r, 1, NODE_CERTIFICATE_MAX);
}

void recovery_next_node(struct recovery *r, struct recovery_node *ret_node)
{
    take_node(&r->nodes, ret_node);
}

static int by_kid(const void *a, const void *b)
{
    const struct authority *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static bool take_authority(struct recovery *r, const struct recovery_node *node, struct err *err)
{
    struct enrol_request e;
    struct authority *a = &r->set.at[r->set.count++];
    if (!enrol_request_parse(node->request, &e, err))
        return err_wrap(err, "recovery");
    if (!enrol_request_verify(&e) || !hash_equal(&e.ledger, &r->ledger))
        return err_set(err, ERR_PROOF,
                       "recovery: a new key's request does not hold for this ledger");
    a->kid = key_kid(e.pub);
    a->member = e.sponsor;
    memcpy(a->pub, e.pub, PUB_SIZE);
    return node_record_is_valid(&node->record, err) || err_wrap(err, "recovery");
}

/* In order of kid, as every set; nobody and no member twice. */
static bool take_set(struct recovery *r, size_t count, struct err *err)
{
    struct cbor_reader walk = r->nodes;
    uint8_t memory[AUTHORITY_SET_SIZE_MAX + 16];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    struct authority_set again;
    for (size_t i = 0; i < count; i++) {
        struct recovery_node node;
        take_node(&walk, &node);
        if (walk.failed || !take_authority(r, &node, err))
            return walk.failed ? err_set(err, ERR_INPUT, "recovery: no recovery of a ledger")
                               : false;
    }
    qsort(r->set.at, r->set.count, sizeof r->set.at[0], by_kid);
    authority_set_put(&bytes, &r->set);
    return authority_set_decode(buf_slice(&bytes), &again, err) || err_wrap(err, "recovery");
}

static bool take_body(struct recovery *r, size_t *ret_count)
{
    struct cbor_reader b = cbor_reader(r->body);
    cbor_take_array_of(&b, 6);
    cbor_take_fixed(&b, r->ledger.bytes, HASH_SIZE);
    r->height = cbor_take_uint_max(&b, INT64_MAX);
    cbor_take_fixed(&b, r->tip.bytes, HASH_SIZE);
    r->time_ms = cbor_take_uint_max(&b, TIME_MAX_MS);
    r->reason = cbor_take_text(&b, 0, RECOVERY_REASON_MAX);
    size_t count = cbor_take_array(&b);
    if (count == 0 || count > AUTHORITY_MAX)
        cbor_fail(&b);
    r->nodes = b;
    for (size_t i = 0; i < count && !b.failed; i++) {
        struct recovery_node node;
        take_node(&b, &node);
    }
    *ret_count = count;
    return cbor_done(&b);
}

bool recovery_decode(struct slice bytes, struct recovery *ret_recovery, struct err *err)
{
    struct recovery r = { .bytes = bytes };
    size_t nodes = 0;
    if (bytes.len > RECOVERY_SIZE_MAX)
        return err_set(err, ERR_INPUT, "recovery: %zu bytes, more than the %d allowed", bytes.len,
                       RECOVERY_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "recovery");
    struct cbor_reader f = cbor_reader(bytes);
    cbor_take_array_of(&f, 3);
    (void)cbor_take_int_in(&f, 1, 1);
    r.body = cbor_take_bytes(&f, 1, RECOVERY_SIZE_MAX);
    r.signature_count = cbor_take_array(&f);
    r.signatures = f;
    for (size_t i = 0; i < r.signature_count && !f.failed; i++) {
        cbor_take_array_of(&f, 2);
        (void)kid_take(&f);
        (void)cbor_take_bytes(&f, SIG_SIZE, SIG_SIZE);
    }
    if (!cbor_done(&f) || !cbor_scan(r.body, NULL) || !take_body(&r, &nodes))
        return err_set(err, ERR_INPUT, "recovery: no recovery of a ledger");
    if (!take_set(&r, nodes, err))
        return false;
    r.hash = crypto_sha256(bytes);
    *ret_recovery = r;
    return true;
}

bool recovery_peek(struct slice bytes, uint64_t *ret_height)
{
    if (bytes.len > RECOVERY_SIZE_MAX || !cbor_scan(bytes, NULL))
        return false;
    struct cbor_reader f = cbor_reader(bytes);
    cbor_take_array_of(&f, 3);
    (void)cbor_take_int_in(&f, 1, 1);
    struct slice body = cbor_take_bytes(&f, 1, RECOVERY_SIZE_MAX);
    if (f.failed || !cbor_scan(body, NULL))
        return false;
    struct cbor_reader b = cbor_reader(body);
    cbor_take_array_of(&b, 6);
    (void)cbor_take_bytes(&b, HASH_SIZE, HASH_SIZE);
    *ret_height = cbor_take_uint_max(&b, INT64_MAX);
    return !b.failed;
}

/* ------------------------------------------------------------------ signatures */

static void put_message(struct buf *out, struct slice body)
{
    buf_add(out, DOMAIN, sizeof DOMAIN);
    buf_add_slice(out, body);
}

bool recovery_count(const struct recovery *r, const struct authority_set *last, size_t *ret_count,
                    struct err *err)
{
    struct cbor_reader s = r->signatures;
    struct buf message = buf_heap(sizeof DOMAIN + RECOVERY_SIZE_MAX);
    bool good = true;
    int before = -1;
    put_message(&message, r->body);
    for (size_t i = 0; i < r->signature_count && good; i++) {
        cbor_take_array_of(&s, 2);
        struct kid kid = kid_take(&s);
        const uint8_t *sig = cbor_take_bytes(&s, SIG_SIZE, SIG_SIZE).data;
        int place = authority_set_find(last, &kid);
        if (place <= before) /* of nobody in the set, twice, or not in order */
            good = err_set(err, ERR_PROOF,
                           "recovery: signature %zu is not of the next authority of the last set",
                           i + 1);
        else
            good = crypto_ed25519_verify(buf_slice(&message), sig, last->at[place].pub) ||
                   err_set(err, ERR_PROOF, "recovery: signature %zu does not hold", i + 1);
        before = place;
    }
    buf_free(&message);
    *ret_count = good ? r->signature_count : 0;
    return good;
}

bool recovery_verify(const struct recovery *r, const struct authority_set *last, struct err *err)
{
    size_t count = 0;
    return recovery_count(r, last, &count, err) &&
           (2 * count > last->count ||
            err_set(err, ERR_PROOF,
                    "recovery: signed by %zu of the last %zu authorities; more than half must",
                    count, last->count));
}

/* ------------------------------------------------------------------ making */

void recovery_put_body(struct buf *out, const struct recovery_draft *d)
{
    cbor_put_array(out, 6);
    cbor_put_bytes(out, hash_slice(&d->ledger));
    cbor_put_uint(out, d->height);
    cbor_put_bytes(out, hash_slice(&d->tip));
    cbor_put_uint(out, d->time_ms);
    cbor_put_text(out, d->reason);
    cbor_put_array(out, d->count);
    for (size_t i = 0; i < d->count; i++) {
        cbor_put_array(out, 4);
        cbor_put_bytes(out, d->nodes[i].request);
        cbor_put_text(out, d->nodes[i].record.broker);
        cbor_put_text(out, d->nodes[i].record.url);
        cbor_put_bytes(out, d->nodes[i].record.certificate);
    }
}

void recovery_sign(struct slice body, const struct key_pair *authority,
                   struct recovery_signature *ret_signature)
{
    struct buf message = buf_heap(sizeof DOMAIN + RECOVERY_SIZE_MAX);
    put_message(&message, body);
    ret_signature->kid = authority->kid;
    crypto_ed25519_sign(buf_slice(&message), authority->secret, ret_signature->sig);
    buf_free(&message);
}

void recovery_put(struct buf *out, struct slice body, const struct recovery_signature *signatures,
                  size_t count)
{
    cbor_put_array(out, 3);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, body);
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        cbor_put_array(out, 2);
        kid_put(out, &signatures[i].kid);
        cbor_put_bytes(out, slice_of(signatures[i].sig, SIG_SIZE));
    }
}

size_t recovery_take_heights(struct slice value, uint64_t ret_heights[RECOVERY_TIMES_MAX])
{
    struct cbor_reader r = cbor_reader(value);
    size_t count = cbor_take_array(&r);
    if (count > RECOVERY_TIMES_MAX)
        return 0;
    for (size_t i = 0; i < count; i++)
        ret_heights[i] = cbor_take_uint(&r);
    return cbor_done(&r) ? count : 0;
}

void recovery_put_heights(struct buf *out, const uint64_t *heights, size_t count)
{
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_uint(out, heights[i]);
}
