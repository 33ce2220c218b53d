/* PREPAREs and COMMITs: keeping, counting by bitmap, sealing, deciding. */
#include "node/consensus_parts.h"

#include <assert.h>
#include <string.h>

void consensus_vote_clear(struct consensus *c)
{
    for (size_t i = 0; i < c->set.count; i++)
        for (size_t k = 0; k < VOTES_KEPT; k++)
            c->prepares.at[i][k].there = c->commits.at[i][k].there = false;
}

/* ------------------------------------------------------------------ keeping */

static struct vote *find(struct ballot_box *box, size_t place, uint64_t round)
{
    for (size_t k = 0; k < VOTES_KEPT; k++)
        if (box->at[place][k].there && box->at[place][k].round == round)
            return &box->at[place][k];
    return NULL;
}

/* Room for a vote of the round: a free place, or that of an older one. NULL: all are newer. */
static struct vote *room_for(struct ballot_box *box, size_t place, uint64_t round)
{
    struct vote *oldest = &box->at[place][0];
    for (size_t k = 0; k < VOTES_KEPT; k++) {
        struct vote *v = &box->at[place][k];
        if (!v->there)
            return v;
        if (v->round < oldest->round)
            oldest = v;
    }
    return oldest->round < round ? oldest : NULL;
}

const struct vote *consensus_vote_own(const struct consensus *c, const struct ballot_box *box,
                                      uint64_t round)
{
    if (c->place < 0)
        return NULL;
    for (size_t k = 0; k < VOTES_KEPT; k++) {
        const struct vote *v = &box->at[c->place][k];
        if (v->there && v->round == round)
            return v;
    }
    return NULL;
}

void consensus_vote_evidence(struct consensus *c, size_t place, struct slice a, struct slice b)
{
    if (c->peers[place].evidenced || a.len > EVIDENCE_MAX || b.len > EVIDENCE_MAX)
        return;
    c->peers[place].evidenced = true;
    c->wants.evidence = true;
    c->wants.evidence_of = c->set.at[place].kid;
    c->evidence_len[0] = a.len;
    c->evidence_len[1] = b.len;
    memcpy(c->evidence[0], a.data, a.len);
    memcpy(c->evidence[1], b.data, b.len);
}

static void tell_two(struct consensus *c, size_t place, const struct vote *v,
                     const struct message *m)
{
    uint8_t memory[SEAL_SIZE_MAX + 256], body_memory[HASH_SIZE + 8];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct buf body = buf_fixed(body_memory, sizeof body_memory);
    cbor_put_bytes(&body, hash_slice(&v->block));
    bool seal = m->type == MESSAGE_COMMIT;
    struct message_draft d = { m->type, m->height, m->round,
                               seal ? slice_of(v->seal, v->seal_len) : buf_slice(&body) };
    message_put_signed(&out, &d, &m->from, seal ? NULL : v->sig);
    assert(!out.failed);
    consensus_vote_evidence(c, place, buf_slice(&out), m->bytes);
}

/* ------------------------------------------------------------------ counting */

static size_t count_prepares(const struct consensus *c, uint64_t round, const struct hash *block,
                             uint64_t *ret_bits)
{
    size_t n = 0;
    memset(ret_bits, 0, BITMAP_WORDS * sizeof *ret_bits);
    for (size_t i = 0; i < c->set.count; i++)
        for (size_t k = 0; k < VOTES_KEPT; k++) {
            const struct vote *v = &c->prepares.at[i][k];
            if (v->there && v->round == round && hash_equal(&v->block, block) &&
                !bitmap_has(ret_bits, i)) {
                bitmap_add(ret_bits, i);
                n++;
            }
        }
    return n;
}

static const struct header *find_header(const struct consensus *c, const struct hash *block)
{
    size_t n = c->header_count < HEADERS_KEPT ? c->header_count : HEADERS_KEPT;
    for (size_t i = 0; i < n; i++)
        if (hash_equal(&c->header_hashes[i], block))
            return &c->headers[i];
    return NULL;
}

static bool seal_is_of(const struct vote *v, const struct header *h)
{
    return v->time_s == h->time_ms / 1000 && v->size == h->size && hash_equal(&v->tree, &h->tree);
}

/* The COMMIT of the one at `place` for this very block and round, or NULL. */
static const struct vote *commit_of(const struct consensus *c, size_t place, uint64_t round,
                                    const struct hash *block)
{
    for (size_t k = 0; k < VOTES_KEPT; k++) {
        const struct vote *v = &c->commits.at[place][k];
        if (v->there && v->round == round && hash_equal(&v->block, block))
            return v;
    }
    return NULL;
}

static void decide(struct consensus *c, const struct header *h, uint64_t round)
{
    c->decision.there = true;
    c->decision.header = *h;
    c->decision.block = header_hash(h);
    c->decision.round = round;
    c->phase = PHASE_DECIDED;
    c->timer_ms = NEVER;
    c->building = false;
    c->wants.decide = true;
    c->wants.judge = c->wants.build = false;
}

static void clear_seals(struct decision *d)
{
    d->there = false;
    d->count = 0;
    memset(d->bits, 0, sizeof d->bits);
}

static void keep_seal(struct decision *d, size_t place, struct slice seal)
{
    bitmap_add(d->bits, place);
    d->count++;
    d->seal_len[place] = seal.len;
    memcpy(d->seal[place], seal.data, seal.len);
}

/* q seals of one round: seals of mixed rounds prove nothing. */
static void try_decide(struct consensus *c, uint64_t round, const struct hash *block)
{
    const struct header *h = find_header(c, block);
    size_t n = 0;
    if (h == NULL || c->phase == PHASE_DECIDED)
        return;
    for (size_t i = 0; i < c->set.count; i++) {
        const struct vote *v = commit_of(c, i, round, block);
        n += v != NULL && seal_is_of(v, h);
    }
    if (n < c->quorum)
        return;
    clear_seals(&c->decision);
    for (size_t i = 0; i < c->set.count; i++) {
        const struct vote *v = commit_of(c, i, round, block);
        if (v != NULL && seal_is_of(v, h))
            keep_seal(&c->decision, i, slice_of(v->seal, v->seal_len));
    }
    decide(c, h, round);
}

void consensus_vote_note_header(struct consensus *c, const struct header *h)
{
    struct hash block = header_hash(h);
    if (find_header(c, &block) != NULL)
        return;
    size_t at = c->header_count++ % HEADERS_KEPT;
    c->headers[at] = *h;
    c->header_hashes[at] = block;
    for (size_t i = 0; i < c->set.count; i++)
        for (size_t k = 0; k < VOTES_KEPT; k++)
            if (c->commits.at[i][k].there && hash_equal(&c->commits.at[i][k].block, &block))
                try_decide(c, c->commits.at[i][k].round, &block);
}

/* ------------------------------------------------------------------ votes that come */

void consensus_vote_prepare(struct consensus *c, size_t place, const struct message *m)
{
    struct vote *v = find(&c->prepares, place, m->round);
    if (v != NULL) {
        if (!hash_equal(&v->block, &m->as.prepare))
            tell_two(c, place, v, m);
        return;
    }
    v = room_for(&c->prepares, place, m->round);
    if (v == NULL)
        return;
    v->there = true;
    v->round = m->round;
    v->block = m->as.prepare;
    memcpy(v->sig, m->sig, SIG_SIZE);
}

static void keep_commit(struct vote *v, struct slice bytes, const struct cose *seal)
{
    v->there = true;
    v->round = seal->seal.round;
    v->block = seal->seal.block;
    v->time_s = seal->seal.time_s;
    v->size = seal->seal.size;
    memcpy(v->tree.bytes, seal->payload.data, HASH_SIZE);
    v->seal_len = bytes.len;
    memcpy(v->seal, bytes.data, bytes.len);
}

void consensus_vote_commit(struct consensus *c, size_t place, const struct message *m)
{
    struct cose seal;
    if (!cose_parse(m->as.commit, &seal, NULL))
        return;
    struct vote *v = find(&c->commits, place, m->round);
    if (v != NULL) {
        if (!hash_equal(&v->block, &seal.seal.block))
            tell_two(c, place, v, m);
        return;
    }
    v = room_for(&c->commits, place, m->round);
    if (v == NULL)
        return;
    keep_commit(v, m->as.commit, &seal);
    try_decide(c, v->round, &v->block);
}

/* The set may be another one by now: the seal that decided is found by its signer. */
void consensus_vote_late(struct consensus *c, size_t place, const struct message *m)
{
    const struct decision *d = &c->decision;
    struct cose late, kept;
    if (!d->there || d->header.height != m->height || d->round != m->round ||
        !cose_parse(m->as.commit, &late, NULL) || hash_equal(&late.seal.block, &d->block))
        return;
    for (size_t i = 0; i < AUTHORITY_MAX; i++) {
        struct slice bytes = slice_of(d->seal[i], d->seal_len[i]);
        if (!bitmap_has(d->bits, i) || !cose_parse(bytes, &kept, NULL) ||
            !kid_equal(&kept.kid, &m->from))
            continue;
        uint8_t memory[SEAL_SIZE_MAX + 256];
        struct buf out = buf_fixed(memory, sizeof memory);
        struct message_draft draft = { MESSAGE_COMMIT, m->height, m->round, bytes };
        message_put_signed(&out, &draft, &m->from, NULL);
        consensus_vote_evidence(c, place, buf_slice(&out), m->bytes);
    }
}

/* ------------------------------------------------------------------ own votes */

static void keep_own_prepare(struct consensus *c)
{
    uint8_t memory[HASH_SIZE + 8];
    struct buf body = buf_fixed(memory, sizeof memory);
    struct vote *v = room_for(&c->prepares, (size_t)c->place, c->accepted.round);
    assert(v != NULL);
    v->there = true;
    v->round = c->accepted.round;
    v->block = c->accepted.block;
    if (c->set.count == 1)
        return; /* nobody will see it */
    cbor_put_bytes(&body, hash_slice(&v->block));
    struct message_draft d = { MESSAGE_PREPARE, c->height, v->round, buf_slice(&body) };
    message_make_sig(&d, &c->options.key, &c->options.ledger, v->sig);
}

static void keep_own_commit(struct consensus *c)
{
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct cose seal;
    struct vote *v = room_for(&c->commits, (size_t)c->place, c->sealed.round);
    assert(v != NULL);
    seal_sign(&c->sealed.header, c->sealed.round, &c->options.key, &out);
    bool ok = !out.failed && cose_parse(buf_slice(&out), &seal, NULL);
    assert(ok);
    keep_commit(v, buf_slice(&out), &seal);
}

void consensus_vote_restore(struct consensus *c)
{
    if (c->accepted.there) {
        keep_own_prepare(c);
        consensus_vote_note_header(c, &c->accepted.header);
    }
    if (c->sealed.there) {
        keep_own_commit(c);
        consensus_vote_note_header(c, &c->sealed.header);
    }
    if (c->accepted.there && c->accepted.round == c->round)
        c->phase = c->sealed.there && c->sealed.round == c->round ? PHASE_COMMIT : PHASE_PREPARE;
}

void consensus_vote_accept(struct consensus *c, const struct header *h)
{
    if (!consensus_may_vote(c) || (c->accepted.there && c->accepted.round >= c->round))
        return;
    c->accepted = (struct said){ true, c->round, *h, header_hash(h) };
    c->phase = PHASE_PREPARE;
    keep_own_prepare(c);
    consensus_vote_note_header(c, h);
    consensus_want_persist(c, &c->accepted.block);
    consensus_want_send(c, MESSAGE_PREPARE);
}

/* The first q signers, in order of kid: more prove nothing more. */
static void make_prepared(struct consensus *c, const uint64_t *bits)
{
    struct prepared *p = &c->prepared;
    p->there = true;
    p->round = c->accepted.round;
    p->block = c->accepted.block;
    p->count = 0;
    c->prepared_header = c->accepted.header;
    for (size_t i = 0; i < c->set.count && p->count < c->quorum; i++) {
        if (!bitmap_has(bits, i))
            continue;
        const struct vote *v = find(&c->prepares, i, p->round);
        assert(v != NULL);
        p->by[p->count].kid = c->set.at[i].kid;
        memcpy(p->by[p->count++].sig, v->sig, SIG_SIZE);
    }
}

void consensus_vote_seal(struct consensus *c)
{
    uint64_t bits[BITMAP_WORDS];
    if (c->phase != PHASE_PREPARE || !consensus_may_vote(c) || c->accepted.round != c->round ||
        count_prepares(c, c->round, &c->accepted.block, bits) < c->quorum)
        return;
    make_prepared(c, bits);
    c->sealed = c->accepted;
    c->phase = PHASE_COMMIT;
    keep_own_commit(c);
    consensus_want_persist(c, &c->sealed.block);
    consensus_want_send(c, MESSAGE_COMMIT);
    try_decide(c, c->sealed.round, &c->sealed.block);
}

/* ------------------------------------------------------------------ DECIDED */

/* The place of a seal's signer if it is of this header and round; its signature was verified. */
static int seal_place(const struct consensus *c, const struct message *m, struct slice bytes)
{
    struct cose s;
    const struct header *h = &m->as.decided.header;
    struct hash block = header_hash(h);
    if (!cose_parse(bytes, &s, NULL) || s.type != COSE_SEAL || s.seal.round != m->round ||
        s.seal.height != h->height || s.seal.size != h->size ||
        s.seal.time_s != h->time_ms / 1000 || !hash_equal(&s.seal.block, &block) ||
        !slice_equal(s.payload, hash_slice(&h->tree)))
        return -1;
    return authority_set_find(&c->set, &s.kid);
}

void consensus_vote_decided(struct consensus *c, const struct message *m)
{
    uint64_t bits[BITMAP_WORDS] = { 0 };
    size_t n = 0;
    if (c->phase == PHASE_DECIDED || !consensus_propose_fits(c, &m->as.decided.header))
        return;
    struct cbor_reader r = cbor_reader(m->as.decided.seals);
    for (size_t left = cbor_take_array(&r); left > 0; left--) {
        int place = seal_place(c, m, cbor_take_bytes(&r, 1, SEAL_SIZE_MAX));
        if (place < 0 || bitmap_has(bits, (size_t)place))
            continue;
        bitmap_add(bits, (size_t)place);
        n++;
    }
    if (n < c->quorum)
        return;
    clear_seals(&c->decision);
    r = cbor_reader(m->as.decided.seals);
    for (size_t left = cbor_take_array(&r); left > 0; left--) {
        struct slice seal = cbor_take_bytes(&r, 1, SEAL_SIZE_MAX);
        int place = seal_place(c, m, seal);
        if (place >= 0 && !bitmap_has(c->decision.bits, (size_t)place))
            keep_seal(&c->decision, (size_t)place, seal);
    }
    decide(c, &m->as.decided.header, m->round);
}
