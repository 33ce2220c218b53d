/*
 * Corrections: an earlier statement was wrong. It stays where it is; what rested on it is taken back as far as
 * that can be, and both are in the history of what it spoke of.
 */
#include "node/goods.h"
#include "node/rules_parts.h"

#include <string.h>

#define STEPS_OF_SIGNATURE 1000
#define READING_ASSETS_MAX (STATE_ATTACHMENTS_MAX + 1) /* what a device was and is attached to */

/* ------------------------------------------------------------------ may it be corrected, by them */

static bool is_correctable(enum statement_kind kind)
{
    switch (kind) {
    case KIND_READING:
    case KIND_CUSTODY:
    case KIND_COMMISSION:
    case KIND_ATTACH:
    case KIND_SCAN:
    case KIND_PACK:
    case KIND_MAKE:
    case KIND_DISPOSITION:
    case KIND_CERTIFICATE:
    case KIND_LABEL_SEAL:
    case KIND_LABEL_REVEAL: return true;
    case KIND_ENROL:
    case KIND_REVOKE:
    case KIND_PRODUCT:
    case KIND_PLACE:
    case KIND_PARTY:
    case KIND_OPEN:
    case KIND_AGREE:
    case KIND_CALL:
    case KIND_DOCUMENT:
    case KIND_DISPUTE:
    case KIND_CERTIFICATE_REVOKE:
    case KIND_CORRECTION:
    case KIND_EVIDENCE:
    case KIND_PROPOSE:
    case KIND_BALLOT:
    case KIND_WITHDRAW:
    case KIND_NODE: break;
    }
    return false;
}

static bool is_authentic(struct execution *x, const struct statement *original,
                         struct state_key_record *ret_key)
{
    struct state_key key = state_key_kid(TABLE_KEY, &original->kid);
    struct slice value;
    if (!execution_get(x, &key, &value) || !state_key_record_take(value, ret_key)) {
        execution_explain(x, "the original's signer is not on this ledger");
        return false;
    }
    if (!statement_verify(original, ret_key->pub, &x->context.ledger, execution_value(x))) {
        execution_explain(x, "the original's signature does not hold");
        return false;
    }
    return true;
}

/* Whether its place in the signer's sequence is another statement's, as far as that is still known. */
static bool is_anothers_place(const struct sequence *s, const struct statement *original)
{
    for (size_t i = 0; i < s->window_count; i++) {
        const struct sequence_seen *seen = &s->window[i];
        if (seen->seq == original->link.seq)
            return memcmp(seen->half, original->hash.bytes, HALF_SIZE) != 0 &&
                   !(seen->conflicted && memcmp(seen->other, original->hash.bytes, HALF_SIZE) == 0);
    }
    return false;
}

/* Whether its signer has not got to it yet, or it lies in a gap. */
static bool is_missing(const struct sequence *s, const struct statement *original)
{
    bool missing = original->link.seq > s->last;
    for (size_t i = 0; i < s->gap_count && !missing; i++)
        missing = original->link.seq >= s->gaps[i].from && original->link.seq <= s->gaps[i].to;
    return missing;
}

/* What is not done yet can't be undone. A device's samples may come after their correction: they count as little. */
static bool may_be_recorded(struct execution *x, const struct statement *original)
{
    struct sequence s;
    execution_load_sequence(x, &original->kid, &s);
    if (!is_anothers_place(&s, original) &&
        (original->kind == KIND_READING || !is_missing(&s, original)))
        return true;
    execution_explain(x, "the original is not on the ledger");
    return false;
}

static bool is_signers(const struct speaker *by, const struct statement *original,
                       const struct state_key_record *key)
{
    return kid_equal(&original->kid, &by->st->kid) ||
           (execution_speaks_for_member(by) && kid_equal(&key->member, &by->key.member));
}

static enum refusal check(struct execution *x, const struct speaker *by,
                          struct statement *ret_original)
{
    const struct correction *c = &by->st->as.correction;
    struct state_key_record key;
    struct slice value;
    struct err err = { .msg = "" };
    if (c->meaning.len == 0 || c->reason.len == 0)
        return REFUSED_NO_REASON;
    if (!execution_step(x, STEPS_OF_SIGNATURE))
        return REFUSED_STEPS;
    if (!statement_decode(c->original, ret_original, &err)) {
        execution_explain(x, "the original: %s", err.msg);
        return REFUSED_BAD_REQUEST;
    }
    if (!is_authentic(x, ret_original, &key) || !may_be_recorded(x, ret_original))
        return REFUSED_BAD_REQUEST;
    if (!is_signers(by, ret_original, &key))
        return REFUSED_NOT_SIGNER;
    if (!is_correctable(ret_original->kind)) {
        execution_explain(x, "%s", statement_kind_name(ret_original->kind));
        return REFUSED_NOT_CORRECTABLE;
    }
    struct state_key corrected = state_key_hash(TABLE_CORRECTED, &ret_original->hash);
    return execution_get(x, &corrected, &value) ? REFUSED_EXISTS : ACCEPTED;
}

/* ------------------------------------------------------------------ whom it is told */

struct correcting {
    struct execution *x;
    const struct speaker *by;
    const struct statement *original;
};

static void tell(const struct correcting *c, struct slice subject)
{
    struct buf *data = execution_emit(c->x, EVENT_CORRECTED, subject, c->by->st->link.time_ms, 3);
    cbor_put_bytes(data, hash_slice(&c->original->hash));
    cbor_put_uint(data, c->original->kind);
    cbor_put_bytes(data, hash_slice(&c->by->st->hash));
}

static void tell_asset(const struct correcting *c, struct slice name)
{
    tell(c, execution_subject_asset(c->x, name));
}

static void tell_make(const struct correcting *c)
{
    const struct make *m = &c->original->as.make;
    struct cbor_reader r = make_inputs(m);
    for (size_t i = 0; i < m->input_count; i++)
        tell(c, make_next_input(&r).assets.raw);
    r = make_outputs(m);
    for (size_t i = 0; i < m->output_count; i++)
        tell(c, make_next_output(&r).assets.raw);
}

static void tell_reading(const struct correcting *c)
{
    struct slice assets[READING_ASSETS_MAX];
    size_t n = rules_reading_assets(c->x, c->original, assets, READING_ASSETS_MAX);
    for (size_t i = 0; i < n; i++)
        tell_asset(c, assets[i]);
}

static void tell_all(const struct correcting *c)
{
    const struct statement *o = c->original;
    const struct asset_set *set = statement_assets(o);
    if (set != NULL)
        tell(c, set->raw);
    if (o->kind == KIND_READING)
        tell_reading(c);
    if (o->kind == KIND_ATTACH)
        tell_asset(c, o->as.attach.asset);
    if (o->kind == KIND_PACK)
        tell_asset(c, o->as.pack.container);
    if (o->kind == KIND_MAKE)
        tell_make(c);
    if (o->kind == KIND_LABEL_REVEAL)
        tell_asset(c, o->as.label_reveal.asset);
    tell(c, execution_subject_bytes(c->x, hash_slice(&o->hash)));
}

/* ------------------------------------------------------------------ what is taken back */

static void undo_end(const struct correcting *c, struct slice name)
{
    struct state_asset a;
    if (!execution_asset(c->x, name, &a) || a.goods.end == GOODS_ACTIVE ||
        !hash_equal(&a.goods.end_by, &c->original->hash))
        return;
    a.goods.end = GOODS_ACTIVE;
    execution_store_asset(c->x, name, &a);
}

/* What was rejected since stays so, whoever thinks better of the quarantine before. */
static void undo_hold(const struct correcting *c, struct slice name)
{
    struct state_hold h;
    if (!goods_load_hold(c->x, name, &h))
        return;
    bool quarantine = h.quarantined && !h.rejected && hash_equal(&h.quarantine, &c->original->hash);
    bool recall = h.recalled && hash_equal(&h.recall, &c->original->hash);
    if (!quarantine && !recall)
        return;
    h.quarantined = h.quarantined && !quarantine;
    h.recalled = h.recalled && !recall;
    goods_store_hold(c->x, name, &h);
}

static void undo_sighting(const struct correcting *c, struct slice name)
{
    struct state_asset a;
    if (!execution_asset(c->x, name, &a) || !a.goods.has_sighting ||
        !hash_equal(&a.goods.sighting.statement, &c->original->hash))
        return;
    a.goods.has_sighting = false;
    execution_store_asset(c->x, name, &a);
}

static enum refusal undo_each(const struct correcting *c, const struct asset_set *set)
{
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        if (!execution_step(c->x, EXECUTION_LOOK_STEPS))
            return REFUSED_STEPS;
        if (c->original->kind == KIND_SCAN) {
            undo_sighting(c, name);
        } else {
            undo_end(c, name);
            undo_hold(c, name);
        }
    }
    return ACCEPTED;
}

/* It never held. */
static void undo_certificate(const struct correcting *c)
{
    struct state_key key = state_key_hash(TABLE_CERTIFICATE, &c->original->hash);
    struct state_certificate v;
    struct slice value;
    if (!execution_get(c->x, &key, &value) || !state_certificate_take(value, &v) ||
        (v.revoked && v.revoked_from_ms <= v.from_ms))
        return;
    v.revoked = true;
    v.revoked_from_ms = v.from_ms;
    v.revoked_by = c->by->st->hash;
    state_certificate_put(execution_value(c->x), &v);
    execution_store(c->x, &key);
}

/* Custody does not move back, nor is anything unmade: who has the goods now may have them in good faith. */
static enum refusal undo(const struct correcting *c)
{
    const struct statement *o = c->original;
    if (o->kind == KIND_READING)
        return rules_withdraw_reading(c->x, c->by, o);
    if (o->kind == KIND_SCAN || o->kind == KIND_DISPOSITION)
        return undo_each(c, statement_assets(o));
    if (o->kind == KIND_CERTIFICATE)
        undo_certificate(c);
    return ACCEPTED;
}

enum refusal rules_correction(struct execution *x, const struct speaker *by)
{
    struct statement original;
    enum refusal code = check(x, by, &original);
    if (code != ACCEPTED)
        return code;
    struct correcting c = { x, by, &original };
    struct state_key key = state_key_hash(TABLE_CORRECTED, &original.hash);
    cbor_put_bytes(execution_value(x), hash_slice(&by->st->hash));
    execution_store(x, &key);
    tell_all(&c);
    return undo(&c);
}
