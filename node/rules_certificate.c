/* Certificates: issued for goods, places and companies, and revoked, also from a time long ago. */
#include "node/goods.h"

#include "common/commission.h"

#include <string.h>

#define PLACE_NAME_SIZE (4 + GLN_SIZE) /* "414/" and the GLN */

/* ------------------------------------------------------------------ which there are of whom */

static struct state_key place_key(struct slice gln)
{
    char name[PLACE_NAME_SIZE] = "414/";
    memcpy(name + 4, gln.data, GLN_SIZE);
    return state_key_text(TABLE_CERTIFIED, slice_of(name, PLACE_NAME_SIZE));
}

static bool load_certificate(struct execution *x, const struct hash *hash,
                             struct state_certificate *ret_certificate)
{
    struct state_key key = state_key_hash(TABLE_CERTIFICATE, hash);
    struct slice value;
    return execution_get(x, &key, &value) && state_certificate_take(value, ret_certificate);
}

/* Room for one more; but nobody may take it all, and keep others from saying anything. */
static enum refusal check_index(struct execution *x, const struct state_key *key,
                                const struct kid *issuer)
{
    struct slice value;
    size_t own = 0;
    if (!execution_step(x, EXECUTION_LOOK_STEPS))
        return REFUSED_STEPS;
    if (!execution_get(x, key, &value))
        return ACCEPTED;
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    if (n >= STATE_CERTIFICATES_MAX)
        return REFUSED_FULL;
    for (; n > 0 && own < STATE_CERTIFICATES_OF_ONE; n--) {
        struct hash hash;
        struct state_certificate v;
        if (!execution_step(x, EXECUTION_LOOK_STEPS))
            return REFUSED_STEPS;
        cbor_take_fixed(&r, hash.bytes, HASH_SIZE);
        own += !r.failed && load_certificate(x, &hash, &v) && kid_equal(&v.issuer, issuer) ? 1 : 0;
    }
    return own < STATE_CERTIFICATES_OF_ONE ? ACCEPTED : REFUSED_FULL;
}

static void add_to_index(struct execution *x, const struct state_key *key, const struct hash *hash)
{
    struct slice value, there = { NULL, 0 };
    size_t n = 0;
    if (execution_get(x, key, &value)) {
        struct cbor_reader r = cbor_reader(value);
        n = cbor_take_array(&r);
        there = slice_from(value, r.pos, value.len - r.pos);
    }
    struct buf *out = execution_value(x);
    cbor_put_array(out, n + 1);
    buf_add_slice(out, there);
    cbor_put_bytes(out, hash_slice(hash));
    execution_store(x, key);
}

/* ------------------------------------------------------------------ issuing */

/* Goods, or a lot that the ledger knows of by its units. */
static bool is_known(struct execution *x, struct slice name)
{
    struct state_key key = state_key_text(TABLE_LOT, name);
    struct state_asset a;
    struct slice value;
    return (execution_asset(x, name, &a) && state_asset_is_made(&a)) ||
           execution_get(x, &key, &value);
}

static enum refusal check_scope(struct execution *x, const struct certificate *c,
                                const struct kid *issuer)
{
    struct asset_iter it = asset_set_begin(&c->assets);
    while (c->has_assets && asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        struct state_key key = state_key_text(TABLE_CERTIFIED, name);
        enum refusal code =
            is_known(x, name) ? check_index(x, &key, issuer) : REFUSED_UNKNOWN_ASSET;
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    enum refusal code = ACCEPTED;
    if (c->place.len > 0) {
        struct state_key key = place_key(c->place);
        code = check_index(x, &key, issuer);
    }
    if (code == ACCEPTED && c->has_member) {
        struct state_key key = state_key_kid(TABLE_CERTIFIED, &c->member);
        code = check_index(x, &key, issuer);
    }
    return code;
}

static void keep_certificate(struct execution *x, const struct hash *hash,
                             const struct state_certificate *v)
{
    struct state_key key = state_key_hash(TABLE_CERTIFICATE, hash);
    state_certificate_put(execution_value(x), v);
    execution_store(x, &key);
}

static void enter(struct execution *x, const struct certificate *c, const struct hash *hash)
{
    struct asset_iter it = asset_set_begin(&c->assets);
    while (c->has_assets && asset_set_next(&it)) {
        struct state_key key = state_key_text(TABLE_CERTIFIED, slice_of(it.name, it.name_len));
        add_to_index(x, &key, hash);
    }
    if (c->place.len > 0) {
        struct state_key key = place_key(c->place);
        add_to_index(x, &key, hash);
    }
    if (c->has_member) {
        struct state_key key = state_key_kid(TABLE_CERTIFIED, &c->member);
        add_to_index(x, &key, hash);
    }
}

/* What was said of a certificate: in the history of its goods, and for a place or a company in its own. */
static void tell(struct execution *x, const struct speaker *by, enum event_what what,
                 const struct hash *hash, const struct state_certificate *v)
{
    struct slice subjects[2];
    size_t count = 0;
    if (v->assets.len > 0)
        subjects[count++] = v->assets;
    if (v->place.len > 0 || v->has_member)
        subjects[count++] = execution_subject_bytes(x, hash_slice(hash));
    bool issued = what == EVENT_CERTIFIED;
    for (size_t i = 0; i < count; i++) {
        struct buf *data =
            execution_emit(x, what, subjects[i], by->st->link.time_ms, issued ? 5 : 4);
        cbor_put_bytes(data, hash_slice(hash));
        cbor_put_text(data, v->name);
        kid_put(data, &v->issuer);
        cbor_put_uint(data, issued ? v->from_ms : v->revoked_from_ms);
        if (issued)
            cbor_put_uint(data, v->until_ms);
    }
}

enum refusal rules_certificate(struct execution *x, const struct speaker *by)
{
    const struct certificate *c = &by->st->as.certificate;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (c->has_member && !execution_member_active(x, &c->member))
        return REFUSED_UNKNOWN_MEMBER;
    enum refusal code = check_scope(x, c, &by->key.member);
    if (code != ACCEPTED)
        return code;
    struct state_certificate v = { .issuer = by->key.member,
                                   .name = c->name,
                                   .from_ms = c->from_ms,
                                   .until_ms = c->until_ms,
                                   .place = c->place,
                                   .has_member = c->has_member,
                                   .member = c->member };
    if (c->has_assets)
        v.assets = c->assets.raw;
    keep_certificate(x, &by->st->hash, &v);
    enter(x, c, &by->st->hash);
    tell(x, by, EVENT_CERTIFIED, &by->st->hash, &v);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ revoking */

enum refusal rules_certificate_revoke(struct execution *x, const struct speaker *by)
{
    const struct certificate_revoke *r = &by->st->as.certificate_revoke;
    struct state_key key = state_key_hash(TABLE_CERTIFICATE, &r->certificate);
    struct state_certificate v;
    struct slice value;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (!execution_step(x, EXECUTION_LOOK_STEPS))
        return REFUSED_STEPS;
    if (!execution_get(x, &key, &value) || !state_certificate_take(value, &v))
        return REFUSED_NO_SUCH_CERTIFICATE;
    if (!kid_equal(&v.issuer, &by->key.member))
        return REFUSED_NOT_ALLOWED;
    if (v.revoked)
        return REFUSED_EXISTS;
    v.revoked = true;
    v.revoked_from_ms = r->from_ms;
    v.revoked_by = by->st->hash;
    keep_certificate(x, &r->certificate, &v);
    tell(x, by, EVENT_CERTIFICATE_REVOKED, &r->certificate, &v);
    return ACCEPTED;
}
