/* What kind of value each operation makes of which kinds: expr_value() on kinds instead of values. */
#include "contracts/expr_parts.h"

#include <assert.h>

struct value_kind expr_kind_plain(enum contract_type type)
{
    struct value_kind kind = VALUE_KIND_NONE;
    kind.type = type;
    return kind;
}

struct value_kind expr_kind_quantity(struct slice unit)
{
    struct value_kind kind = expr_kind_plain(CONTRACT_QUANTITY);
    kind.unit = unit;
    return kind;
}

static bool makes(struct value_kind kind, struct value_kind *ret)
{
    *ret = kind;
    return true;
}

static bool makes_type(bool fits, enum contract_type type, struct value_kind *ret)
{
    return fits && makes(expr_kind_plain(type), ret);
}

/* ------------------------------------------------------------------ what a kind is */

static bool go_together(const struct value_kind *a, const struct value_kind *b)
{
    return value_kind_suits(a, b) || value_kind_suits(b, a);
}

static bool is_bool(const struct value_kind *kind)
{
    return kind->type == CONTRACT_BOOL;
}

static bool is_number(const struct value_kind *kind)
{
    return kind->type == CONTRACT_INT || kind->type == CONTRACT_QUANTITY;
}

static bool has_order(const struct value_kind *kind)
{
    return is_number(kind) || kind->type == CONTRACT_TIME;
}

static bool is_seconds(const struct value_kind *kind)
{
    return kind->type == CONTRACT_QUANTITY && slice_equal(kind->unit, slice_text("s"));
}

/* A whole number, or a quantity without a unit. */
static bool is_plain(const struct value_kind *kind)
{
    return is_number(kind) && kind->unit.len == 0;
}

static bool same_unit(const struct value_kind *a, const struct value_kind *b)
{
    return a->type == b->type && (a->type != CONTRACT_QUANTITY || slice_equal(a->unit, b->unit));
}

static struct value_kind without_range(const struct value_kind *kind)
{
    return kind->type == CONTRACT_QUANTITY ? expr_kind_quantity(kind->unit)
                                           : expr_kind_plain(kind->type);
}

/* ------------------------------------------------------------------ if */

static struct value_kind either_list(const struct value_kind *a, const struct value_kind *b)
{
    const struct value_kind *known = a->scalar == CONTRACT_NOTHING ? b : a;
    struct value_kind kind = expr_kind_plain(CONTRACT_LIST);
    bool unlike =
        a->scalar != b->scalar && a->scalar != CONTRACT_NOTHING && b->scalar != CONTRACT_NOTHING;
    kind.scalar = unlike ? CONTRACT_TEXT : known->scalar;
    kind.unit = known->unit;
    return kind;
}

/* What either of two may be: a range, choices or a role that only one of them has are not kept. */
static struct value_kind either(const struct value_kind *a, const struct value_kind *b)
{
    if (a->type == CONTRACT_NOTHING)
        return *b;
    if (b->type == CONTRACT_NOTHING)
        return *a;
    if (a->type == CONTRACT_LIST)
        return either_list(a, b);
    struct value_kind kind = without_range(a);
    bool choices = a->first == b->first && a->count == b->count;
    if (a->type != b->type || (a->type == CONTRACT_CHOICE && !choices))
        kind.type = CONTRACT_TEXT;
    if (kind.type == CONTRACT_CHOICE) {
        kind.first = a->first;
        kind.count = a->count;
    }
    if (a->role == b->role)
        kind.role = a->role;
    return kind;
}

static bool kind_of_if(const struct value_kind *operands, struct value_kind *ret)
{
    return is_bool(&operands[0]) && go_together(&operands[1], &operands[2]) &&
           makes(either(&operands[1], &operands[2]), ret);
}

/* ------------------------------------------------------------------ arithmetic */

static bool kind_of_sum(const struct value_kind *a, const struct value_kind *b, bool add,
                        struct value_kind *ret)
{
    if (is_number(a) && same_unit(a, b))
        return makes(without_range(a), ret);
    bool moved = (a->type == CONTRACT_TIME && is_seconds(b)) ||
                 (add && is_seconds(a) && b->type == CONTRACT_TIME);
    if (moved)
        return makes_type(true, CONTRACT_TIME, ret);
    return !add && a->type == CONTRACT_TIME && b->type == CONTRACT_TIME &&
           makes(expr_kind_quantity(slice_text("s")), ret);
}

static bool kind_of_product(const struct value_kind *a, const struct value_kind *b,
                            struct value_kind *ret)
{
    if (!is_number(a) || !is_number(b) || (!is_plain(a) && !is_plain(b)))
        return false;
    bool left = !is_plain(a) || b->type == CONTRACT_INT;
    return makes(without_range(left ? a : b), ret);
}

static bool kind_of_quotient(const struct value_kind *a, const struct value_kind *b,
                             struct value_kind *ret)
{
    if (!is_number(a) || !is_number(b))
        return false;
    if (is_plain(b))
        return makes(without_range(a), ret);
    return makes_type(same_unit(a, b), CONTRACT_INT, ret);
}

static bool kind_of_share(const struct value_kind *operands, struct value_kind *ret)
{
    return is_number(&operands[0]) && is_number(&operands[1]) &&
           same_unit(&operands[1], &operands[2]) && makes(without_range(&operands[0]), ret);
}

/* ------------------------------------------------------------------ lists */

static bool belongs_to(const struct value_kind *value, const struct value_kind *list)
{
    struct value_kind element = expr_kind_plain(list->scalar);
    element.unit = list->unit;
    bool scalar = value->type != CONTRACT_LIST && value->type != CONTRACT_NOTHING;
    return list->type == CONTRACT_LIST && scalar &&
           (list->scalar == CONTRACT_NOTHING || go_together(value, &element));
}

static bool kind_of_added(const struct value_kind *list, const struct value_kind *value,
                          struct value_kind *ret)
{
    if (!belongs_to(value, list))
        return false;
    struct value_kind longer = *list;
    if (list->scalar == CONTRACT_NOTHING) {
        longer.scalar = value->type;
        longer.unit = value->unit;
    } else if (list->scalar != value->type) {
        longer = expr_kind_plain(CONTRACT_LIST);
        longer.scalar = CONTRACT_TEXT;
    }
    return makes(longer, ret);
}

/* ------------------------------------------------------------------ all of them */

bool expr_kind_of(enum expr_op op, const struct value_kind *operands, struct value_kind *ret)
{
    const struct value_kind *a = &operands[0], *b = &operands[1];
    switch (op) {
    case EXPR_HOLDS:
    case EXPR_CERTIFIED:
    case EXPR_GOODS_CERTIFIED_BY: return makes_type(a->type == CONTRACT_PARTY, CONTRACT_BOOL, ret);
    case EXPR_CERTIFIED_BY:
        return makes_type(a->type == CONTRACT_PARTY && b->type == CONTRACT_PARTY, CONTRACT_BOOL,
                          ret);
    case EXPR_CHARGED:
        return a->type == CONTRACT_PARTY && makes(expr_kind_quantity(slice_text("s")), ret);
    case EXPR_NOT: return makes_type(is_bool(a), CONTRACT_BOOL, ret);
    case EXPR_AND:
    case EXPR_OR: return makes_type(is_bool(a) && is_bool(b), CONTRACT_BOOL, ret);
    case EXPR_EQUAL:
    case EXPR_DIFFERENT: return makes_type(go_together(a, b), CONTRACT_BOOL, ret);
    case EXPR_LESS:
    case EXPR_AT_MOST:
    case EXPR_GREATER:
    case EXPR_AT_LEAST: return makes_type(has_order(a) && same_unit(a, b), CONTRACT_BOOL, ret);
    case EXPR_NEGATE: return is_number(a) && makes(without_range(a), ret);
    case EXPR_ADD:
    case EXPR_SUBTRACT: return kind_of_sum(a, b, op == EXPR_ADD, ret);
    case EXPR_MULTIPLY: return kind_of_product(a, b, ret);
    case EXPR_DIVIDE: return kind_of_quotient(a, b, ret);
    case EXPR_MINIMUM:
    case EXPR_MAXIMUM: return has_order(a) && same_unit(a, b) && makes(without_range(a), ret);
    case EXPR_PRORATE: return kind_of_share(operands, ret);
    case EXPR_IN: return makes_type(belongs_to(a, b), CONTRACT_BOOL, ret);
    case EXPR_COUNT: return makes_type(a->type == CONTRACT_LIST, CONTRACT_INT, ret);
    case EXPR_IF: return kind_of_if(operands, ret);
    case EXPR_ADDED: return kind_of_added(a, b, ret);
    case EXPR_CONSTANT:
    case EXPR_TERM:
    case EXPR_FIELD:
    case EXPR_PARAM:
    case EXPR_PARTY:
    case EXPR_FACT:
    case EXPR_RULE_FACT:
    case EXPR_DOCUMENT:
    case EXPR_OPEN_GUARD:
    case EXPR_GOODS_CERTIFIED: break;
    }
    assert(!"an operation that takes nothing");
    return false;
}
