#include "common/party.h"

#include "common/commission.h"
#include "common/custody.h"

void party_take(struct fields *f, struct party *ret_party)
{
    struct party p = { .name = { NULL, 0 } };
    fields_need(f, 5);
    p.member = kid_take(f->r);
    fields_need(f, 6);
    p.name = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 7))
        p.contact = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 8))
        p.gln = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    *ret_party = p;
}

size_t party_pairs(const struct party *p)
{
    return 2 + (size_t)(p->contact.len > 0) + (size_t)(p->gln.len > 0);
}

void party_put(struct buf *out, const struct party *p)
{
    cbor_put_int(out, 5);
    kid_put(out, &p->member);
    cbor_put_int(out, 6);
    cbor_put_text(out, p->name);
    if (p->contact.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, p->contact);
    }
    if (p->gln.len > 0) {
        cbor_put_int(out, 8);
        cbor_put_text(out, p->gln);
    }
}
