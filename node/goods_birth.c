/* Goods come into being: by a commission, or out of other goods. */
#include "common/goods_name.h"
#include "node/finding.h"
#include "node/goods.h"

#include <string.h>

/* The lot that the last name counted to: the next is mostly of the same. */
struct tally {
    bool there;
    char name[ASSET_NAME_MAX + 1];
    struct state_lot lot;
};

static bool load_lot(struct execution *x, const char *name, struct state_lot *ret_lot)
{
    struct state_key key = state_key_text(TABLE_LOT, slice_text(name));
    struct slice value;
    return execution_get(x, &key, &value) && state_lot_take(value, ret_lot);
}

static void store_tally(struct execution *x, const struct tally *t)
{
    if (!t->there)
        return;
    struct state_key key = state_key_text(TABLE_LOT, slice_text(t->name));
    state_lot_put(execution_value(x), &t->lot);
    execution_store(x, &key);
}

/* ------------------------------------------------------------------ may they be */

static enum refusal check_name(struct execution *x, struct slice name, const struct kid *claimant)
{
    struct state_asset there;
    if (!execution_asset(x, name, &there) || !state_asset_is_made(&there))
        return ACCEPTED;
    if (claimant != NULL && there.has_custodian && !kid_equal(&there.custodian, claimant))
        finding_claim(x, FINDING_TWO_CUSTODIANS, name);
    return REFUSED_EXISTS;
}

/* In and out: last: the lot asked for before. */
static enum refusal check_lot(struct execution *x, const struct speaker *by, struct slice name,
                              struct slice lot_number, struct tally *last)
{
    char lot[ASSET_NAME_MAX + 1];
    if (!goods_name_lot(name, lot_number, lot) || (last->there && strcmp(last->name, lot) == 0))
        return ACCEPTED;
    last->there = true;
    memcpy(last->name, lot, sizeof lot);
    if (!load_lot(x, lot, &last->lot) || kid_equal(&last->lot.maker, &by->key.member))
        return ACCEPTED;
    return REFUSED_NOT_MAKER;
}

enum refusal goods_check_birth(struct execution *x, const struct speaker *by,
                               const struct goods_birth *birth, bool claims)
{
    struct tally last = { .there = false };
    struct asset_iter it = asset_set_begin(birth->assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        enum refusal code = REFUSED_STEPS;
        if (execution_step(x, EXECUTION_LOOK_STEPS))
            code = check_name(x, name, claims ? &by->key.member : NULL);
        if (code == ACCEPTED)
            code = check_lot(x, by, name, birth->lot, &last);
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    return ACCEPTED;
}

/* ------------------------------------------------------------------ they are */

static void bear_one(struct execution *x, const struct speaker *by, const struct goods_birth *birth,
                     struct slice name)
{
    struct state_asset a;
    if (!execution_asset(x, name, &a)) /* what was only seen keeps what it was seen as */
        a = (struct state_asset){ .events = 0 };
    a.has_custodian = a.has_owner = true;
    a.custodian = birth->custodian;
    a.owner = birth->owner;
    if (x->context.rules >= EXECUTE_RULES_GOODS) {
        a.goods.has_origin = true;
        a.goods.origin = by->st->hash;
        a.goods.origin_output = birth->output;
    }
    a.goods.has_amount = birth->has_amount;
    a.goods.amount = birth->amount;
    execution_store_asset(x, name, &a);
}

/* How many pieces an amount is: false when it is no whole number of them. */
static bool whole_pieces(const struct amount *a, uint64_t *ret_pieces)
{
    if (amount_dimension_of(a) != AMOUNT_COUNT)
        return false;
    uint64_t pieces = (uint64_t)a->mantissa;
    for (int e = a->exponent; e < 0; e++) {
        if (pieces % 10 != 0)
            return false;
        pieces /= 10;
    }
    for (int e = 0; e < a->exponent; e++)
        pieces = pieces > INT64_MAX / 10 ? INT64_MAX : pieces * 10;
    *ret_pieces = pieces;
    return true;
}

static void count_one(struct execution *x, const struct speaker *by,
                      const struct goods_birth *birth, struct slice name, struct tally *t,
                      struct goods_surplus *surplus)
{
    char lot[ASSET_NAME_MAX + 1];
    if (!goods_name_lot(name, birth->lot, lot))
        return;
    if (!t->there || strcmp(t->name, lot) != 0) {
        store_tally(x, t);
        t->there = true;
        memcpy(t->name, lot, sizeof lot);
        if (!load_lot(x, lot, &t->lot))
            t->lot = (struct state_lot){ .maker = by->key.member };
    }
    if (goods_name_is_lot(name)) {
        uint64_t declared;
        if (birth->has_amount && whole_pieces(&birth->amount, &declared)) {
            t->lot.has_declared = true;
            t->lot.declared = declared;
        }
        return;
    }
    t->lot.made++;
    if (t->lot.has_declared && t->lot.made > t->lot.declared &&
        surplus->count < GOODS_SURPLUS_TOLD) {
        char *told = surplus->names[surplus->count++];
        memcpy(told, name.data, name.len);
        told[name.len] = '\0';
    }
}

void goods_bear(struct execution *x, const struct speaker *by, const struct goods_birth *birth,
                struct goods_surplus *surplus)
{
    struct tally t = { .there = false };
    struct asset_iter it = asset_set_begin(birth->assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        bear_one(x, by, birth, name);
        if (x->context.rules >= EXECUTE_RULES_GOODS)
            count_one(x, by, birth, name, &t, surplus);
    }
    store_tally(x, &t);
}

void goods_tell_surplus(struct execution *x, const struct speaker *by,
                        const struct goods_surplus *surplus)
{
    const struct finding_other none = { .there = false };
    for (size_t i = 0; i < surplus->count; i++)
        finding_tell(x, by, FINDING_MORE_THAN_MADE, slice_text(surplus->names[i]), &none);
}

void goods_store_making(struct execution *x, const struct speaker *by,
                        const struct state_making *making)
{
    if (x->context.rules < EXECUTE_RULES_GOODS)
        return;
    struct state_key key = state_key_hash(TABLE_MAKING, &by->st->hash);
    state_making_put(execution_value(x), making);
    execution_store(x, &key);
}
