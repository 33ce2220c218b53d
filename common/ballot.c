#include "common/ballot.h"

void ballot_take(struct fields *f, struct ballot *ret_ballot)
{
    struct ballot b = { .yes = false };
    fields_need(f, 5);
    cbor_take_fixed(f->r, b.proposal.bytes, HASH_SIZE);
    fields_need(f, 6);
    b.yes = cbor_take_bool(f->r);
    fields_need(f, 7);
    cbor_take_fixed(f->r, b.set.bytes, HASH_SIZE);
    *ret_ballot = b;
}

size_t ballot_pairs(const struct ballot *b)
{
    (void)b;
    return 3;
}

void ballot_put(struct buf *out, const struct ballot *b)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&b->proposal));
    cbor_put_int(out, 6);
    cbor_put_bool(out, b->yes);
    cbor_put_int(out, 7);
    cbor_put_bytes(out, hash_slice(&b->set));
}
