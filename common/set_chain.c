#include "common/set_chain.h"

#include "common/hex.h"
#include "common/recovery.h"

#define SET_BYTES_MAX (AUTHORITY_SET_SIZE_MAX + 16)

/* ------------------------------------------------------------------ form */

/* One change taken apart, nothing of it believed. */
struct change {
    struct final final; /* seals: full seals, or [place, signature] in a compact chain */
    uint64_t round;     /* compact */
    struct slice next;
    struct slice recovery; /* instead of all that; empty: none */
    uint64_t height;       /* up to which the set before is in force */
};

static void take_signatures(struct cbor_reader *r, struct final *f)
{
    size_t start = r->pos, n = cbor_take_array(r);
    if (n == 0 || n > AUTHORITY_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        cbor_take_array_of(r, 2);
        (void)cbor_take_uint_max(r, AUTHORITY_MAX - 1);
        (void)cbor_take_bytes(r, SIG_SIZE, SIG_SIZE);
    }
    if (!r->failed)
        f->seals = slice_from(r->in, start, r->pos - start);
}

static void take_compact(struct cbor_reader *r, struct change *ret)
{
    cbor_take_array_of(r, 4);
    ret->final.header_bytes = cbor_take_bytes(r, 1, HEADER_SIZE_MAX);
    ret->round = cbor_take_uint(r);
    take_signatures(r, &ret->final);
    if (!r->failed && !header_decode(ret->final.header_bytes, &ret->final.header, NULL))
        cbor_fail(r);
}

static void take_change(struct cbor_reader *r, bool compact, struct change *ret)
{
    struct cbor_reader ahead = *r;
    if (cbor_take_array(&ahead) == 1) {
        cbor_take_array_of(r, 1);
        ret->recovery = cbor_take_bytes(r, 1, RECOVERY_SIZE_MAX);
        if (!r->failed && !recovery_peek(ret->recovery, &ret->height))
            cbor_fail(r);
        return;
    }
    if (compact) {
        take_compact(r, ret);
    } else {
        cbor_take_array_of(r, 3);
        final_take(r, &ret->final);
    }
    ret->next = cbor_take_bytes(r, 1, SET_BYTES_MAX);
    ret->height = ret->final.header.height;
}

/* Walks all changes: the proof ends behind the last, and their heights rise. */
static bool check_form(const struct set_chain *c)
{
    struct cbor_reader r = c->reader;
    uint64_t above = 0;
    for (size_t i = 0; i < c->left && !r.failed; i++) {
        struct change change = { .round = 0 };
        take_change(&r, c->compact, &change);
        bool after = change.recovery.len > 0 ? change.height >= above : change.height > above;
        if (!r.failed && !after)
            cbor_fail(&r);
        above = change.height;
    }
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ reading */

/* Heights up to the block of the next change are the present set's. */
static void look_ahead(struct set_chain *c)
{
    struct cbor_reader r = c->reader;
    struct change next = { .round = 0 };
    c->to = UINT64_MAX;
    if (c->left == 0)
        return;
    take_change(&r, c->compact, &next);
    c->to = next.height;
}

static bool take_head(struct set_chain *c, struct cbor_reader *r, struct identity *id,
                      struct err *err)
{
    struct cbor_reader ahead = *r;
    size_t items = cbor_take_array(&ahead);
    enum cbor_kind first = cbor_peek(&ahead);
    bool bare = items >= 3 && first == CBOR_UINT && cbor_take_uint(&ahead) == 1;
    c->compact = items == 3 && first == CBOR_UINT && !bare;
    if (!bare)
        cbor_take_array_of(r, c->compact ? 3 : 2);
    if (c->compact)
        (void)cbor_take_int_in(r, 2, 2);
    if (!identity_take(r, id, err))
        return false;
    c->left = bare ? 0 : cbor_take_array(r);
    return !r->failed || err_set(err, ERR_INPUT, "not an identity and its changes");
}

bool set_chain_begin(struct set_chain *c, struct slice proof, const struct identity *trusted,
                     struct err *err)
{
    struct identity id;
    struct cbor_reader r = cbor_reader(proof);
    if (proof.len > SET_CHAIN_SIZE_MAX)
        return err_set(err, ERR_INPUT, "authority sets: %zu bytes, more than the %d allowed",
                       proof.len, SET_CHAIN_SIZE_MAX);
    if (!cbor_scan(proof, err) || !take_head(c, &r, &id, err))
        return err_wrap(err, "authority sets");
    c->ledger = id.genesis.ledger;
    c->set = id.set;
    c->from = 0;
    c->changes = 0;
    c->pin_count = trusted != NULL ? trusted->pin_count : 0;
    for (size_t i = 0; i < c->pin_count; i++)
        c->pins[i] = trusted->pins[i];
    c->reader = r;
    if (!check_form(c))
        return err_set(err, ERR_INPUT,
                       "authority sets: not [header, seals, set] at rising heights");
    if (trusted != NULL && !hash_equal(&c->ledger, &trusted->genesis.ledger))
        return err_set(err, ERR_PROOF, "authority sets: of another ledger");
    look_ahead(c);
    return true;
}

/* Signatures by distinct places, which rise. */
static bool verify_compact(const struct change *change, const struct authority_set *set,
                           struct err *err)
{
    struct hash set_hash = authority_set_hash(set);
    if (!hash_equal(&set_hash, &change->final.header.set))
        return err_set(err, ERR_PROOF, "block %llu was sealed under another authority set",
                       (unsigned long long)change->final.header.height);
    struct cbor_reader r = cbor_reader(change->final.seals);
    size_t n = cbor_take_array(&r);
    uint64_t free_place = 0;
    for (size_t i = 0; i < n; i++) {
        cbor_take_array_of(&r, 2);
        uint64_t place = cbor_take_uint(&r);
        struct seal_parts parts = { .round = change->round };
        parts.sig = cbor_take_bytes(&r, SIG_SIZE, SIG_SIZE).data;
        if (place < free_place || place >= set->count)
            return err_set(err, ERR_PROOF, "seals that are not of distinct authorities in order");
        parts.kid = set->at[place].kid;
        if (!seal_holds(&change->final.header, &set->at[place], &parts))
            return err_set(err, ERR_PROOF, "a seal whose signature does not hold");
        free_place = place + 1;
    }
    return n >= authority_set_quorum(set) ||
           err_set(err, ERR_PROOF, "%zu seals, but %zu are needed", n, authority_set_quorum(set));
}

/* What more than half of the set before signed, and a person pinned: nothing else leads over it. */
static bool follow_recovery(struct set_chain *c, struct slice bytes, struct err *err)
{
    struct recovery r;
    char hex[2 * HASH_SIZE + 1];
    bool pinned = false;
    if (!recovery_decode(bytes, &r, err))
        return false;
    for (size_t i = 0; i < c->pin_count; i++)
        pinned = pinned || hash_equal(&c->pins[i], &r.hash);
    hex_encode(hash_slice(&r.hash), hex);
    if (!hash_equal(&r.ledger, &c->ledger))
        return err_set(err, ERR_PROOF, "a recovery of another ledger");
    if (!pinned)
        return err_set(
            err, ERR_PROOF,
            "after block %llu the ledger goes on by recovery %s, which is not pinned here",
            (unsigned long long)r.height, hex);
    if (!recovery_verify(&r, &c->set, err))
        return false;
    c->set = r.set;
    c->from = r.height + 1;
    c->changes++;
    c->left--;
    look_ahead(c);
    return true;
}

/* One change of set: sealed by the one in force, which it replaces from the next height on. */
static bool follow_change(struct set_chain *c, struct err *err)
{
    struct change change = { .round = 0 };
    take_change(&c->reader, c->compact, &change);
    if (change.recovery.len > 0)
        return follow_recovery(c, change.recovery, err);
    const struct header *h = &change.final.header;
    struct authority_set next;
    if (!hash_equal(&h->ledger, &c->ledger))
        return err_set(err, ERR_PROOF, "a block of another ledger");
    if (hash_equal(&h->set, &h->next))
        return err_set(err, ERR_PROOF, "block %llu does not change the set",
                       (unsigned long long)h->height);
    if (!(c->compact ? verify_compact(&change, &c->set, err)
                     : final_verify(&change.final, &c->set, err)) ||
        !authority_set_decode(change.next, &next, err))
        return false;
    struct hash next_hash = authority_set_hash(&next);
    if (!hash_equal(&next_hash, &h->next))
        return err_set(err, ERR_PROOF, "a set that the header of block %llu does not name",
                       (unsigned long long)h->height);
    c->set = next;
    c->from = h->height + 1;
    c->changes++;
    c->left--;
    look_ahead(c);
    return true;
}

bool set_chain_to(struct set_chain *c, uint64_t height, struct err *err)
{
    if (height < c->from)
        return err_set(err, ERR_INPUT, "authority sets: followed beyond height %llu already",
                       (unsigned long long)height);
    while (c->left > 0 && height > c->to)
        if (!follow_change(c, err))
            return err_wrap(err, "authority sets");
    return true;
}

bool set_chain_at(struct slice proof, const struct identity *trusted, uint64_t height,
                  struct authority_set *ret_set, struct err *err)
{
    struct set_chain c = { .left = 0 };
    if (!set_chain_begin(&c, proof, trusted, err) || !set_chain_to(&c, height, err))
        return false;
    *ret_set = c.set;
    return true;
}

bool set_chain_next_recovery(struct set_chain *c, struct slice *ret_recovery)
{
    while (c->left > 0 && !c->reader.failed) {
        struct change change = { .round = 0 };
        take_change(&c->reader, c->compact, &change);
        c->left--;
        *ret_recovery = change.recovery;
        if (change.recovery.len > 0)
            return !c->reader.failed;
    }
    return false;
}

size_t set_chain_count(struct slice proof)
{
    struct set_chain c = { .left = 0 };
    return set_chain_begin(&c, proof, NULL, NULL) ? c.left : 0;
}

bool set_chain_final(struct set_chain *c, const struct final *f, struct err *err)
{
    if (!hash_equal(&f->header.ledger, &c->ledger))
        return err_set(err, ERR_PROOF, "a block of another ledger");
    return set_chain_to(c, f->header.height, err) && final_verify(f, &c->set, err);
}

/* ------------------------------------------------------------------ making */

void set_chain_make(struct set_chain_maker *m, enum set_chain_form form, const struct identity *id,
                    size_t changes, struct buf *out)
{
    *m = (struct set_chain_maker){ .form = form, .set = id->set, .out = out };
    cbor_put_array(out, form == SET_CHAIN_COMPACT ? 3 : 2);
    if (form == SET_CHAIN_COMPACT)
        cbor_put_uint(out, 2);
    identity_put(out, id);
    cbor_put_array(out, changes);
}

/* A quorum's signatures, by place in the set. */
struct signatures {
    uint64_t round;
    const uint8_t *sig[AUTHORITY_MAX];
    size_t count;
};

static bool gather(const struct authority_set *set, struct slice seals, struct signatures *ret)
{
    struct cbor_reader r = cbor_reader(seals);
    *ret = (struct signatures){ .count = 0 };
    for (size_t n = cbor_take_array(&r); n > 0; n--) {
        struct seal_parts parts;
        if (!seal_take_parts(cbor_take_bytes(&r, 1, SEAL_SIZE_MAX), &parts))
            return false;
        int place = authority_set_find(set, &parts.kid);
        if (place < 0 || (ret->count > 0 && parts.round != ret->round))
            return false;
        ret->count += ret->sig[place] == NULL;
        ret->sig[place] = parts.sig;
        ret->round = parts.round;
    }
    return !r.failed && ret->count >= authority_set_quorum(set);
}

static void put_signatures(struct buf *out, const struct authority_set *set,
                           const struct signatures *s)
{
    size_t left = authority_set_quorum(set);
    cbor_put_uint(out, s->round);
    cbor_put_array(out, left);
    for (size_t i = 0; i < set->count && left > 0; i++) {
        if (s->sig[i] == NULL)
            continue;
        cbor_put_array(out, 2);
        cbor_put_uint(out, i);
        cbor_put_bytes(out, slice_of(s->sig[i], SIG_SIZE));
        left--;
    }
}

bool set_chain_add(struct set_chain_maker *m, const struct header *h, struct slice seals,
                   struct slice next, struct err *err)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    struct signatures signatures;
    struct authority_set set;
    if (!authority_set_decode(next, &set, err))
        return false;
    if (!gather(&m->set, seals, &signatures))
        return err_set(err, ERR_PROOF, "block %llu: its seals are no quorum of its set",
                       (unsigned long long)h->height);
    header_put(&header, h);
    cbor_put_array(m->out, m->form == SET_CHAIN_COMPACT ? 4 : 3);
    cbor_put_bytes(m->out, buf_slice(&header));
    if (m->form == SET_CHAIN_COMPACT)
        put_signatures(m->out, &m->set, &signatures);
    else
        buf_add_slice(m->out, seals);
    cbor_put_bytes(m->out, next);
    m->set = set;
    return !m->out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room");
}

bool set_chain_add_recovery(struct set_chain_maker *m, struct slice recovery, struct err *err)
{
    struct recovery r;
    if (!recovery_decode(recovery, &r, err))
        return false;
    cbor_put_array(m->out, 1);
    cbor_put_bytes(m->out, recovery);
    m->set = r.set;
    return !m->out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room");
}
