/* Certificates, as a contract at work may ask for them: of a party, or of all its goods. */
#include "common/goods_name.h"
#include "node/goods.h"
#include "node/instance_parts.h"

#include <string.h>

struct certificate_search {
    struct slice name;
    bool of_one_issuer;
    struct kid issuer; /* member */
    struct expr_certificate found;
    bool over; /* no steps were left to go on with */
};

/* A value of the state, and what it costs to look at it. */
static bool read_value(struct instance_frame *f, struct certificate_search *s,
                       const struct state_key *key, struct slice *ret_value)
{
    s->over = s->over || !instance_has_room(f, 1) || !execution_step(f->x, 1);
    if (s->over || !execution_get(f->x, key, ret_value))
        return false;
    size_t more = ret_value->len / INSTANCE_BYTES_OF_STEP;
    s->over = !instance_has_room(f, more) || !execution_step(f->x, more);
    return !s->over;
}

static enum expr_standing standing_of(const struct state_certificate *c, uint64_t now_ms)
{
    if (state_certificate_holds(c, now_ms))
        return EXPR_STANDS_HOLDS;
    if (c->revoked && now_ms >= c->revoked_from_ms)
        return EXPR_STANDS_REVOKED;
    return now_ms < c->from_ms ? EXPR_STANDS_NOT_YET : EXPR_STANDS_EXPIRED;
}

/* Those of one subject, oldest first; stops at one that holds. */
static void search(struct instance_frame *f, const struct state_key *subject,
                   struct certificate_search *s)
{
    struct state_certificate c;
    struct slice index, value;
    if (s->found.standing == EXPR_STANDS_HOLDS || !read_value(f, s, subject, &index))
        return;
    struct cbor_reader r = cbor_reader(index);
    for (size_t n = cbor_take_array(&r); n > 0; n--) {
        struct hash statement;
        cbor_take_fixed(&r, statement.bytes, HASH_SIZE);
        struct state_key key = state_key_hash(TABLE_CERTIFICATE, &statement);
        if (r.failed || !read_value(f, s, &key, &value) || !state_certificate_take(value, &c))
            return;
        if (!slice_equal(c.name, s->name) ||
            (s->of_one_issuer && !kid_equal(&c.issuer, &s->issuer)))
            continue;
        s->found.standing = standing_of(&c, f->x->context.time_ms);
        s->found.statement = statement;
        if (s->found.standing == EXPR_STANDS_HOLDS)
            return;
    }
}

/* The lot number that its making gave it; empty when none is kept. */
static struct slice lot_number(struct instance_frame *f, struct certificate_search *s,
                               struct slice asset)
{
    const struct slice none = { NULL, 0 };
    struct state_asset a;
    struct state_making making;
    struct slice value;
    if (!execution_asset(f->x, asset, &a) || !a.goods.has_origin)
        return none;
    struct state_key key = state_key_hash(TABLE_MAKING, &a.goods.origin);
    if (!read_value(f, s, &key, &value) || !state_making_take(value, &making) ||
        a.goods.origin_output >= making.output_count)
        return none;
    return making.outputs[a.goods.origin_output].lot;
}

/* Its own certificates, then its lot's. */
static void search_asset(struct instance_frame *f, struct slice asset, struct certificate_search *s)
{
    char lot[ASSET_NAME_MAX + 1];
    struct state_key key = state_key_text(TABLE_CERTIFIED, asset);
    s->found.standing = EXPR_STANDS_NONE;
    search(f, &key, s);
    bool is_lot = goods_name_lot(asset, (struct slice){ NULL, 0 }, lot);
    if (is_lot || s->found.standing == EXPR_STANDS_HOLDS ||
        !goods_name_lot(asset, lot_number(f, s, asset), lot))
        return;
    key = state_key_text(TABLE_CERTIFIED, slice_text(lot));
    search(f, &key, s);
}

/* Goes on as long as each asset has one that holds. */
static bool visit_asset(struct instance_frame *f, struct slice asset, void *ctx)
{
    struct certificate_search *s = ctx;
    search_asset(f, asset, s);
    if (s->found.standing == EXPR_STANDS_HOLDS || s->over)
        return !s->over;
    memcpy(f->uncertified, asset.data, asset.len);
    s->found.asset = slice_of(f->uncertified, asset.len);
    return false;
}

/* Companies certify and are certified: a key of one stands for its company. */
static struct kid member_of(struct instance_frame *f, struct slice who,
                            struct certificate_search *s)
{
    struct state_key_record record;
    struct slice value;
    struct kid kid = { { 0 } };
    memcpy(kid.bytes, who.data, who.len < KID_SIZE ? who.len : KID_SIZE);
    struct state_key key = state_key_kid(TABLE_KEY, &kid);
    bool enrolled = read_value(f, s, &key, &value) && state_key_record_take(value, &record);
    return enrolled ? record.member : kid;
}

bool instance_certificate(void *ctx, const struct expr_question *question,
                          struct expr_certificate *ret_certificate)
{
    struct instance_frame *f = ctx;
    struct certificate_search s = { .name = question->name,
                                    .of_one_issuer = question->issuer.len > 0,
                                    .found = { .standing = EXPR_STANDS_NONE } };
    if (s.of_one_issuer)
        s.issuer = member_of(f, question->issuer, &s);
    if (question->party.len > 0) {
        struct kid member = member_of(f, question->party, &s);
        struct state_key key = state_key_kid(TABLE_CERTIFIED, &member);
        search(f, &key, &s);
    } else if (!instance_each_asset(f, visit_asset, &s) && s.found.asset.len == 0) {
        return false; /* more goods than steps */
    }
    *ret_certificate = s.found;
    return !s.over;
}
