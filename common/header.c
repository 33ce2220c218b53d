#include "common/header.h"

#include "common/cose.h"
#include "common/merkle.h"

#include <string.h>

#define HEADER_FIELDS 13

static void put_fields(struct buf *out, const struct header *h, bool with_ledger)
{
    cbor_put_array(out, HEADER_FIELDS);
    cbor_put_uint(out, HEADER_VERSION);
    cbor_put_uint(out, h->rules);
    if (with_ledger)
        cbor_put_bytes(out, hash_slice(&h->ledger));
    else
        cbor_put_null(out);
    cbor_put_uint(out, h->height);
    cbor_put_bytes(out, hash_slice(&h->prev));
    cbor_put_uint(out, h->time_ms);
    kid_put(out, &h->proposer);
    cbor_put_uint(out, h->size);
    cbor_put_bytes(out, hash_slice(&h->tree));
    cbor_put_bytes(out, hash_slice(&h->outcomes));
    cbor_put_bytes(out, hash_slice(&h->state));
    cbor_put_bytes(out, hash_slice(&h->set));
    cbor_put_bytes(out, hash_slice(&h->next));
}

void header_put(struct buf *out, const struct header *h)
{
    put_fields(out, h, true);
}

static struct hash hash_fields(const struct header *h, bool with_ledger)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf b = buf_fixed(memory, sizeof memory);
    put_fields(&b, h, with_ledger);
    return crypto_sha256(buf_slice(&b));
}

struct hash header_hash(const struct header *h)
{
    return hash_fields(h, true);
}

struct hash header_ledger_id(const struct header *genesis)
{
    return hash_fields(genesis, false);
}

static struct hash take_hash(struct cbor_reader *r)
{
    struct hash h;
    cbor_take_fixed(r, h.bytes, HASH_SIZE);
    return h;
}

bool header_decode(struct slice bytes, struct header *ret_header, struct err *err)
{
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "header");
    struct cbor_reader r = cbor_reader(bytes);
    struct header h;
    cbor_take_array_of(&r, HEADER_FIELDS);
    (void)cbor_take_int_in(&r, HEADER_VERSION, HEADER_VERSION);
    h.rules = cbor_take_uint(&r);
    h.ledger = take_hash(&r);
    h.height = cbor_take_uint(&r);
    h.prev = take_hash(&r);
    h.time_ms = cbor_take_uint_max(&r, TIME_MAX_MS);
    h.proposer = kid_take(&r);
    h.size = cbor_take_uint(&r);
    h.tree = take_hash(&r);
    h.outcomes = take_hash(&r);
    h.state = take_hash(&r);
    h.set = take_hash(&r);
    h.next = take_hash(&r);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "header: not the 13 fields of a version 1 header");
    *ret_header = h;
    return true;
}

struct header header_genesis(uint64_t time_ms, const struct hash *state, const struct hash *set)
{
    struct header h;
    memset(&h, 0, sizeof h);
    h.rules = GENESIS_RULES;
    h.time_ms = time_ms;
    h.tree = merkle_empty();
    h.outcomes = merkle_empty();
    h.state = *state;
    h.set = *set;
    h.next = *set;
    h.ledger = header_ledger_id(&h);
    return h;
}

bool header_is_genesis(const struct header *h)
{
    struct header again = header_genesis(h->time_ms, &h->state, &h->set);
    struct hash a = header_hash(h), b = header_hash(&again);
    return hash_equal(&a, &b);
}
