/* The vote state that must outlive a crash, as bytes: what was said at this height, and why. */
#include "node/consensus_parts.h"

#include <string.h>

#define VOTE_VERSION 1
#define VOTE_FIELDS  10

/* [version, height, round, lost, PROPOSE, PREPARE, COMMIT, own ROUNDCHANGE, prepared, certificate] */

static void put_header(struct buf *out, const struct header *h)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    header_put(&bytes, h);
    cbor_put_bytes(out, buf_slice(&bytes));
}

static void put_said(struct buf *out, const struct said *s)
{
    if (!s->there) {
        cbor_put_null(out);
        return;
    }
    cbor_put_array(out, 2);
    cbor_put_uint(out, s->round);
    put_header(out, &s->header);
}

static void put_roundchange(struct buf *out, const struct roundchange *r)
{
    uint8_t memory[ROUNDCHANGE_SIZE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    message_put_roundchange(&bytes, r);
    cbor_put_bytes(out, buf_slice(&bytes));
}

void consensus_put_vote(const struct consensus *c, struct buf *out)
{
    cbor_put_array(out, VOTE_FIELDS);
    cbor_put_uint(out, VOTE_VERSION);
    cbor_put_uint(out, c->height);
    cbor_put_uint(out, c->round);
    if (c->lost == LOST_NOT)
        cbor_put_null(out);
    else
        cbor_put_uint(out, c->lost == LOST_UNTIL ? c->until_height : 0);
    put_said(out, &c->proposed);
    put_said(out, &c->accepted);
    put_said(out, &c->sealed);
    if (c->place >= 0 && c->has_roundchange[c->place])
        put_roundchange(out, &c->roundchanges[c->place]);
    else
        cbor_put_null(out);
    cbor_put_array(out, c->prepared.there ? 2 : 0);
    if (c->prepared.there) {
        put_header(out, &c->prepared_header);
        prepared_put(out, &c->prepared);
    }
    cbor_put_array(out, c->cert.there ? c->cert.count : 0);
    for (size_t i = 0; c->cert.there && i < c->cert.count; i++)
        put_roundchange(out, &c->cert.at[i]);
}

void consensus_put_no_vote(uint64_t height, struct buf *out)
{
    cbor_put_array(out, VOTE_FIELDS);
    cbor_put_uint(out, VOTE_VERSION);
    cbor_put_uint(out, height);
    cbor_put_uint(out, 0);
    cbor_put_null(out);            /* not lost */
    for (size_t i = 0; i < 4; i++) /* nothing proposed, prepared, sealed, no round changed */
        cbor_put_null(out);
    cbor_put_array(out, 0);
    cbor_put_array(out, 0);
}

/* ------------------------------------------------------------------ reading */

static void take_header(struct cbor_reader *r, struct header *h)
{
    struct slice bytes = cbor_take_bytes(r, 1, HEADER_SIZE_MAX);
    if (!r->failed && !header_decode(bytes, h, NULL))
        cbor_fail(r);
}

static void take_said(struct cbor_reader *r, struct said *s)
{
    s->there = cbor_peek(r) != CBOR_NULL;
    if (!s->there) {
        cbor_take_null(r);
        return;
    }
    cbor_take_array_of(r, 2);
    s->round = cbor_take_uint_max(r, INT64_MAX);
    take_header(r, &s->header);
    s->block = header_hash(&s->header);
}

static void take_roundchange(struct cbor_reader *r, struct roundchange *ret)
{
    struct message m;
    struct slice bytes = cbor_take_bytes(r, 1, MESSAGE_SIZE_MAX);
    if (r->failed || !message_decode(bytes, &m, NULL) || m.type != MESSAGE_ROUNDCHANGE)
        cbor_fail(r);
    else
        message_take_roundchange(&m, ret);
}

static void take_own_roundchange(struct consensus *c, struct cbor_reader *r)
{
    struct roundchange mine;
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return;
    }
    take_roundchange(r, &mine);
    if (r->failed || c->place < 0)
        return;
    c->has_roundchange[c->place] = true;
    c->roundchanges[c->place] = mine;
}

static void take_prepared(struct consensus *c, struct cbor_reader *r)
{
    size_t n = cbor_take_array(r);
    if (n == 0)
        return;
    take_header(r, &c->prepared_header);
    struct slice raw = cbor_take_item(r);
    if (r->failed || n != 2 || !prepared_take(raw, &c->prepared, NULL))
        cbor_fail(r);
}

static void take_cert(struct consensus *c, struct cbor_reader *r)
{
    size_t n = cbor_take_array(r);
    if (n > AUTHORITY_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        take_roundchange(r, &c->cert.at[i]);
    c->cert.there = n > 0 && !r->failed;
    c->cert.count = n;
    c->cert.round = c->cert.there ? c->cert.at[0].round : 0;
}

/* Abstaining outlives the process and the height. */
static void take_lost(struct consensus *c, struct cbor_reader *r)
{
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return;
    }
    c->until_height = cbor_take_uint_max(r, INT64_MAX);
    c->lost = c->until_height == 0 ? LOST_ASKING : LOST_UNTIL;
}

bool consensus_store_load(struct consensus *c, struct slice vote)
{
    if (!cbor_scan(vote, NULL))
        return false;
    struct cbor_reader r = cbor_reader(vote);
    cbor_take_array_of(&r, VOTE_FIELDS);
    (void)cbor_take_int_in(&r, VOTE_VERSION, VOTE_VERSION);
    uint64_t height = cbor_take_uint_max(&r, INT64_MAX);
    uint64_t round = cbor_take_uint_max(&r, INT64_MAX);
    take_lost(c, &r);
    if (r.failed || height > c->height)
        return false;
    if (height < c->height)
        return true; /* all of it was about a block that is decided */
    c->round = round;
    take_said(&r, &c->proposed);
    take_said(&r, &c->accepted);
    take_said(&r, &c->sealed);
    take_own_roundchange(c, &r);
    take_prepared(c, &r);
    take_cert(c, &r);
    if (!cbor_done(&r))
        return false;
    consensus_vote_restore(c);
    return true;
}
