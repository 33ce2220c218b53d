#include "common/bundle.h"

#include "common/goods_name.h"
#include "common/state_key.h"
#include "common/state_proof.h"
#include "common/state_value.h"
#include "common/statement.h"

#include <string.h>

/* ------------------------------------------------------------------ making one */

void bundle_put_head(struct buf *out, struct slice set_proof, struct slice final,
                     struct slice state_proof, size_t parts, bool holds)
{
    cbor_put_array(out, holds ? 6 : 5);
    cbor_put_uint(out, BUNDLE_VERSION);
    cbor_put_bytes(out, set_proof);
    cbor_put_bytes(out, final);
    cbor_put_bytes(out, state_proof);
    cbor_put_array(out, parts);
}

void bundle_put_part(struct buf *out, struct slice part)
{
    cbor_put_bytes(out, part);
}

void bundle_put_holds(struct buf *out, struct slice own, struct slice lot)
{
    cbor_put_array(out, lot.len > 0 ? 2 : 1);
    cbor_put_bytes(out, own);
    if (lot.len > 0)
        cbor_put_bytes(out, lot);
}

void bundle_part_put_head(struct buf *out, struct slice final, uint64_t size, size_t count)
{
    cbor_put_array(out, 3);
    cbor_put_bytes(out, final);
    cbor_put_uint(out, size);
    cbor_put_array(out, count);
}

void bundle_part_put_outcome(struct buf *out, uint64_t index, struct slice outcome,
                             const struct merkle_path *path, struct slice statement)
{
    cbor_put_array(out, 4);
    cbor_put_uint(out, index);
    cbor_put_bytes(out, outcome);
    merkle_put_path(out, path);
    if (statement.len > 0)
        cbor_put_bytes(out, statement);
    else
        cbor_put_null(out);
}

/* ------------------------------------------------------------------ checking one */

struct check {
    const struct identity *trusted;
    struct set_chain sets; /* at the part before, for they rise */
    bundle_visitor visit;
    void *ctx;
    struct bundle_claim claim;
    struct state_asset entry; /* what the state says of the asset */
    struct slice origin;      /* the statement that made it, when the bundle brings it */
    struct hash chain;        /* of the events seen */
    uint64_t seen;
    uint64_t height; /* of the part before; 0: none */
    struct err *err;
};

/* A final of this ledger, under the set in force at its height. */
static bool check_final(struct check *c, struct set_chain *sets, struct slice bytes,
                        struct final *ret_final)
{
    return final_decode(bytes, ret_final, c->err) && set_chain_final(sets, ret_final, c->err);
}

/* The proven state key must be [6, asset]. */
static bool take_asset_name(struct check *c, struct slice key)
{
    struct cbor_reader r = cbor_reader(key);
    cbor_take_array_of(&r, 2);
    uint64_t table = cbor_take_uint(&r);
    struct slice name = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    if (!cbor_done(&r) || table != TABLE_ASSET)
        return err_set(c->err, ERR_PROOF, "the state proof is not of an asset");
    memcpy(c->claim.asset, name.data, name.len);
    c->claim.asset[name.len] = '\0';
    return true;
}

static bool check_state(struct check *c, struct slice bytes)
{
    struct state_proof proof;
    if (!state_proof_verify(bytes, &c->claim.head.state, &proof, c->err) ||
        !take_asset_name(c, proof.key))
        return false;
    c->claim.known = proof.present;
    if (!proof.present)
        return true;
    if (!state_asset_take(proof.value, &c->entry))
        return err_set(c->err, ERR_INPUT, "the asset's entry is malformed");
    c->claim.made = state_asset_is_made(&c->entry);
    c->claim.has_amount = c->entry.goods.has_amount;
    c->claim.amount = c->entry.goods.amount;
    c->claim.has_custodian = c->entry.has_custodian;
    c->claim.custodian = c->entry.custodian;
    c->claim.has_owner = c->entry.has_owner;
    c->claim.owner = c->entry.owner;
    return true;
}

static bool set_has(struct cbor_reader *r, const char *name)
{
    struct asset_set set = asset_set_take(r);
    if (r->failed)
        return false;
    struct asset_iter it = asset_set_begin(&set);
    while (asset_set_next(&it))
        if (strcmp(it.name, name) == 0)
            return true;
    return false;
}

static bool is_about(const struct event *e, const char *name)
{
    struct cbor_reader r = cbor_reader(e->subject);
    if (cbor_peek(&r) == CBOR_TEXT)
        return slice_equal(cbor_take_text(&r, 1, ASSET_NAME_MAX), slice_text(name));
    return cbor_peek(&r) == CBOR_ARRAY && set_has(&r, name);
}

/* chain = SHA-256(chain before || canonical [height, outcome index, event]) */
static void extend_chain(struct check *c, const struct bundle_event *e, struct slice raw)
{
    uint8_t memory[32];
    struct buf link = buf_fixed(memory, sizeof memory);
    struct sha256 h;
    cbor_put_array(&link, 3);
    cbor_put_uint(&link, e->header->height);
    cbor_put_uint(&link, e->outcome);
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, hash_slice(&c->chain));
    crypto_sha256_add(&h, buf_slice(&link));
    crypto_sha256_add(&h, raw);
    c->chain = crypto_sha256_end(&h);
    c->seen++;
}

/* The events of one proven outcome that speak of the asset. */
static bool check_events(struct check *c, const struct outcome *o, struct bundle_event *e)
{
    bool timer = o->type == OUTCOME_TIMER;
    struct cbor_reader r = cbor_reader(timer ? o->timer.events : o->verdict.events);
    uint64_t before = c->seen;
    for (size_t n = timer ? o->timer.event_count : o->verdict.event_count; n > 0; n--) {
        size_t start = r.pos;
        e->event = event_take(&r);
        if (!is_about(&e->event, c->claim.asset))
            continue;
        extend_chain(c, e, slice_from(r.in, start, r.pos - start));
        if (c->visit != NULL && !c->visit(c->ctx, e))
            return err_set(c->err, ERR_INPUT, "the check was stopped");
    }
    c->claim.statements += e->has_statement && c->seen > before;
    return c->seen > before ||
           err_set(c->err, ERR_INPUT, "an outcome that says nothing of %s", c->claim.asset);
}

static bool take_statement(struct check *c, struct cbor_reader *r, const struct outcome *o,
                           struct bundle_event *e)
{
    e->has_statement = o->type == OUTCOME_VERDICT;
    if (e->has_statement)
        e->statement_hash = o->verdict.statement;
    if (cbor_peek(r) != CBOR_BYTES) {
        cbor_take_null(r);
        return !r->failed || err_set(c->err, ERR_INPUT, "an outcome's statement is malformed");
    }
    e->statement = cbor_take_bytes(r, 1, COSE_MAX_SIZE);
    struct hash hash = crypto_sha256(e->statement);
    if (!e->has_statement || !hash_equal(&hash, &e->statement_hash))
        return err_set(c->err, ERR_PROOF, "a statement that is not the one its verdict names");
    if (c->entry.goods.has_origin && hash_equal(&hash, &c->entry.goods.origin))
        c->origin = e->statement;
    return true;
}

/* [index, outcome, path, statement]; *next is the lowest index it may have. */
static bool check_outcome(struct check *c, struct cbor_reader *r, const struct header *header,
                          uint64_t size, uint64_t *next)
{
    struct merkle_path path;
    struct outcome o;
    struct bundle_event e = { .header = header };
    cbor_take_array_of(r, 4);
    e.outcome = cbor_take_uint(r);
    struct slice bytes = cbor_take_bytes(r, 1, BUNDLE_SIZE_MAX);
    merkle_take_path(r, &path);
    if (r->failed || e.outcome < *next)
        return err_set(c->err, ERR_INPUT, "block %llu: its outcomes are malformed or out of order",
                       (unsigned long long)header->height);
    *next = e.outcome + 1;
    struct hash leaf = merkle_leaf(bytes);
    if (!merkle_verify(&leaf, e.outcome, size, &path, &header->outcomes))
        return err_set(c->err, ERR_PROOF, "block %llu: outcome %llu is not under its root",
                       (unsigned long long)header->height, (unsigned long long)e.outcome);
    if (!outcome_decode(bytes, &o, c->err))
        return false;
    if (o.type == OUTCOME_SUMMARY)
        return err_set(c->err, ERR_INPUT, "a summary where a verdict or timer belongs");
    return take_statement(c, r, &o, &e) && check_events(c, &o, &e);
}

static bool check_part(struct check *c, struct slice bytes)
{
    struct final f;
    uint64_t next = 0;
    if (!cbor_scan(bytes, c->err))
        return err_wrap(c->err, "part");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 3);
    struct slice final = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    uint64_t size = cbor_take_uint(&r);
    size_t count = cbor_take_array(&r);
    if (r.failed)
        return err_set(c->err, ERR_INPUT, "a part is not [final, size, outcomes]");
    if (!check_final(c, &c->sets, final, &f))
        return false;
    if (f.header.height <= c->height || f.header.height > c->claim.head.height)
        return err_set(c->err, ERR_PROOF, "block %llu is out of order or after the head",
                       (unsigned long long)f.header.height);
    c->height = f.header.height;
    c->claim.blocks++;
    for (size_t i = 0; i < count; i++)
        if (!check_outcome(c, &r, &f.header, size, &next))
            return false;
    return cbor_done(&r) || err_set(c->err, ERR_INPUT, "a part has bytes after its end");
}

static bool check_parts(struct check *c, struct cbor_reader *r)
{
    size_t parts = cbor_take_array(r);
    if (parts > BUNDLE_PARTS_MAX)
        return err_set(c->err, ERR_INPUT, "more than %d parts", BUNDLE_PARTS_MAX);
    for (size_t i = 0; i < parts && !r->failed; i++) {
        struct slice part = cbor_take_bytes(r, 1, BUNDLE_SIZE_MAX);
        if (!r->failed && !check_part(c, part))
            return false;
    }
    return !r->failed || err_set(c->err, ERR_INPUT, "bundle: its parts are malformed");
}

static bool check_complete(const struct check *c)
{
    uint64_t expected = c->claim.known ? c->entry.events : 0;
    if (c->seen != expected)
        return err_set(c->err, ERR_PROOF, "%llu events, but the ledger counts %llu for %s",
                       (unsigned long long)c->seen, (unsigned long long)expected, c->claim.asset);
    if (c->claim.known && !hash_equal(&c->chain, &c->entry.chain))
        return err_set(c->err, ERR_PROOF, "the events of %s do not give its hash chain",
                       c->claim.asset);
    return true;
}

/* ------------------------------------------------------------------ holds */

/* The lot number that was given to the output when it was made. */
static bool take_lot_number(const struct check *c, struct slice *ret_number)
{
    struct statement st;
    if (c->origin.len == 0 || !statement_decode(c->origin, &st, NULL))
        return false;
    if (st.kind == KIND_COMMISSION) {
        *ret_number = st.as.commission.lot;
        return true;
    }
    if (st.kind != KIND_MAKE || c->entry.goods.origin_output >= st.as.make.output_count)
        return false;
    struct cbor_reader r = make_outputs(&st.as.make);
    for (uint64_t i = 0; i <= c->entry.goods.origin_output; i++)
        *ret_number = make_next_output(&r).lot;
    return true;
}

/* The same lot that the rules have in mind: of what they keep no origin of, they know no lot either. */
static bool find_lot(struct check *c)
{
    struct bundle_holds *h = &c->claim.holds;
    struct slice name = slice_text(c->claim.asset), number = { NULL, 0 };
    if (!c->claim.known || !c->entry.goods.has_origin || !goods_name_is_unit(name))
        return true;
    if (!take_lot_number(c, &number))
        return err_set(c->err, ERR_PROOF,
                       "the statement that made %s, and says of which lot, is missing",
                       c->claim.asset);
    h->has_lot = goods_name_lot(name, number, h->lot_name);
    return true;
}

static bool check_hold(struct check *c, struct cbor_reader *r, const char *name,
                       struct state_hold *ret_hold)
{
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(name));
    struct slice bytes = cbor_take_bytes(r, 1, BUNDLE_SIZE_MAX);
    struct state_proof proof;
    if (r->failed)
        return err_set(c->err, ERR_INPUT, "its holds are malformed");
    if (!state_proof_verify(bytes, &c->claim.head.state, &proof, c->err))
        return err_wrap(c->err, "hold of %s", name);
    if (!slice_equal(proof.key, state_key_slice(&key)))
        return err_set(c->err, ERR_PROOF, "a proof of something else than the hold of %s", name);
    return !proof.present || state_hold_take(proof.value, ret_hold) ||
           err_set(c->err, ERR_INPUT, "the hold of %s is malformed", name);
}

static bool check_holds(struct check *c, struct cbor_reader *r)
{
    struct bundle_holds *h = &c->claim.holds;
    size_t count = cbor_take_array(r);
    if (!find_lot(c))
        return false;
    if (!r->failed && count != (h->has_lot ? 2u : 1u))
        return err_set(c->err, ERR_PROOF, "%zu proofs of holds, where %s %s", count, c->claim.asset,
                       h->has_lot ? "is of a lot and needs two" : "is of no lot and needs one");
    if (!check_hold(c, r, c->claim.asset, &h->own) ||
        (h->has_lot && !check_hold(c, r, h->lot_name, &h->lot)))
        return false;
    h->proven = true;
    return true;
}

/* ------------------------------------------------------------------ the whole */

static bool check_bundle(struct check *c, struct slice bytes)
{
    struct final head;
    if (bytes.len > BUNDLE_SIZE_MAX)
        return err_set(c->err, ERR_INPUT, "%zu bytes, more than the %d allowed", bytes.len,
                       BUNDLE_SIZE_MAX);
    if (!cbor_scan(bytes, c->err))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    size_t items = cbor_take_array(&r);
    (void)cbor_take_int_in(&r, BUNDLE_VERSION, BUNDLE_VERSION);
    struct slice set_proof = cbor_take_bytes(&r, 1, BUNDLE_SIZE_MAX);
    struct slice final = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    struct slice state_proof = cbor_take_bytes(&r, 1, BUNDLE_SIZE_MAX);
    if (r.failed || items < 5 || items > 6)
        return err_set(c->err, ERR_INPUT, "not [1, set-proof, final, state-proof, parts, ? holds]");
    if (!set_chain_begin(&c->sets, set_proof, c->trusted, c->err))
        return false;
    struct set_chain to_head = c->sets;
    if (!check_final(c, &to_head, final, &head))
        return false;
    c->claim.authorities = to_head.set.count;
    c->claim.set_changes = to_head.changes;
    if (!set_chain_to(&to_head, UINT64_MAX, c->err)) /* all of it must hold */
        return false;
    c->claim.head = head.header;
    struct cbor_reader seals = cbor_reader(head.seals);
    c->claim.seals = cbor_take_array(&seals);
    if (!check_state(c, state_proof) || !check_parts(c, &r) || !check_complete(c) ||
        (items > 5 && !check_holds(c, &r)))
        return false;
    return cbor_done(&r) || err_set(c->err, ERR_INPUT, "bytes after its end");
}

bool bundle_verify(struct slice bytes, const struct identity *trusted, bundle_visitor visit,
                   void *ctx, struct bundle_claim *ret_claim, struct err *err)
{
    struct check c = { .trusted = trusted, .visit = visit, .ctx = ctx, .err = err };
    if (!check_bundle(&c, bytes))
        return err_wrap(err, "bundle");
    c.claim.events = c.seen;
    *ret_claim = c.claim;
    return true;
}

const struct state_hold *bundle_recalled(const struct bundle_claim *c, const char **ret_name)
{
    const struct bundle_holds *h = &c->holds;
    const struct state_hold *found = h->own.recalled ? &h->own : h->lot.recalled ? &h->lot : NULL;
    if (found != NULL && ret_name != NULL)
        *ret_name = found == &h->own ? c->asset : h->lot_name;
    return found;
}

const struct state_hold *bundle_quarantined(const struct bundle_claim *c, const char **ret_name)
{
    const struct bundle_holds *h = &c->holds;
    const struct state_hold *found = h->own.quarantined   ? &h->own
                                     : h->lot.quarantined ? &h->lot
                                                          : NULL;
    if (found == &h->own && !h->own.rejected && h->lot.rejected)
        found = &h->lot;
    if (found != NULL && ret_name != NULL)
        *ret_name = found == &h->own ? c->asset : h->lot_name;
    return found;
}

bool bundle_hides_holds(const struct bundle_claim *c)
{
    return !c->holds.proven && c->head.rules >= BUNDLE_RULES_HOLDS;
}
