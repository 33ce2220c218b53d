/* Goods are made of others: divided, poured together, or turned into something else. */
#include "common/goods_name.h"
#include "node/goods.h"

#include <string.h>

/* What the checks find out, for those after them. */
struct making_sum {
    bool has_owner;
    struct kid owner;
    char anothers[ASSET_NAME_MAX + 1]; /* an input with another owner; empty = none */
    size_t measured, unmeasured; /* input assets, and output entries, with an amount and without */
    bool mixed;                  /* amounts of several dimensions, or beyond all measure */
    bool begun;                  /* the sums have a dimension */
    struct amount_sum taken, made;
    bool has_expiry;
    uint64_t expiry_ms; /* of the inputs, the earliest */
};

static struct slice name_of(const struct asset_iter *it)
{
    return slice_of(it->name, it->name_len);
}

/* ------------------------------------------------------------------ names */

/* The names of all inputs, or of all outputs, set by set. */
struct names {
    struct asset_iter at[MAKE_ENTRIES_MAX];
    size_t sets;
    size_t count; /* of names */
};

static void names_in(const struct make *m, struct names *ret_names)
{
    struct cbor_reader r = make_inputs(m);
    ret_names->sets = m->input_count;
    ret_names->count = 0;
    for (size_t i = 0; i < m->input_count; i++) {
        struct make_input input = make_next_input(&r);
        ret_names->at[i] = asset_set_begin(&input.assets);
        ret_names->count += input.assets.count;
    }
}

static void names_out(const struct make *m, struct names *ret_names)
{
    struct cbor_reader r = make_outputs(m);
    ret_names->sets = m->output_count;
    ret_names->count = 0;
    for (size_t i = 0; i < m->output_count; i++) {
        struct make_output output = make_next_output(&r);
        ret_names->at[i] = asset_set_begin(&output.assets);
        ret_names->count += output.assets.count;
    }
}

/* All of one GTIN. In and out: gtin: empty before the first name. */
static enum refusal check_gtin(struct execution *x, const struct names *names, struct slice *gtin)
{
    for (size_t i = 0; i < names->sets; i++) {
        struct asset_iter it = names->at[i];
        while (asset_set_next(&it)) {
            struct slice mine;
            if (!execution_step(x, 1))
                return REFUSED_STEPS;
            if (!goods_name_gtin(name_of(&it), &mine) ||
                (gtin->len > 0 && !slice_equal(*gtin, mine))) {
                execution_explain(x, "%s: not of one product", it.name);
                return REFUSED_BAD_REQUEST;
            }
            if (gtin->len > 0)
                continue;
            char *kept = overlay_alloc(x->overlay, mine.len);
            if (kept == NULL)
                return REFUSED_STEPS;
            memcpy(kept, mine.data, mine.len);
            *gtin = slice_of(kept, mine.len);
        }
    }
    return ACCEPTED;
}

static enum refusal check_shape(struct execution *x, const struct make *m)
{
    struct names in, out;
    struct slice gtin = { NULL, 0 };
    if (m->action == MAKE_TRANSFORM)
        return ACCEPTED;
    names_in(m, &in);
    names_out(m, &out);
    if (m->action == MAKE_SPLIT ? in.count != 1 : out.count != 1) {
        execution_explain(x,
                          m->action == MAKE_SPLIT ? "a split divides one" : "a merge comes to one");
        return REFUSED_BAD_REQUEST;
    }
    enum refusal code = check_gtin(x, &in, &gtin);
    return code == ACCEPTED ? check_gtin(x, &out, &gtin) : code;
}

/* No name twice. Each set rises, so the least of all sets' next names, over and over, is every name in order. */
static enum refusal check_once(struct execution *x, struct names *names)
{
    size_t open = 0;
    if (names->sets < 2)
        return ACCEPTED;
    for (size_t i = 0; i < names->sets; i++)
        if (asset_set_next(&names->at[i]))
            names->at[open++] = names->at[i];
    while (open > 1) {
        size_t least = 0;
        if (!execution_step(x, 1 + open / 8))
            return REFUSED_STEPS;
        for (size_t i = 1; i < open; i++) {
            int order = slice_compare(name_of(&names->at[i]), name_of(&names->at[least]));
            if (order == 0) {
                execution_explain(x, "%s: twice", names->at[i].name);
                return REFUSED_EXISTS;
            }
            least = order < 0 ? i : least;
        }
        if (!asset_set_next(&names->at[least]))
            names->at[least] = names->at[--open];
    }
    return ACCEPTED;
}

static enum refusal check_names(struct execution *x, const struct make *m)
{
    struct names names;
    enum refusal code = check_shape(x, m);
    if (code != ACCEPTED)
        return code;
    names_in(m, &names);
    code = check_once(x, &names);
    if (code != ACCEPTED)
        return code;
    names_out(m, &names);
    return check_once(x, &names);
}

/* ------------------------------------------------------------------ amounts */

/* Adds to one of the two sums; whichever is first says of what dimension they are. */
static void add_amount(struct making_sum *sum, struct amount_sum *to, const struct amount *amount,
                       uint64_t times)
{
    if (!sum->begun) {
        sum->begun = true;
        sum->taken.dimension = sum->made.dimension = amount_dimension_of(amount);
    }
    if (!amount_add(to, amount, times))
        sum->mixed = true;
}

static enum refusal check_amounts(struct execution *x, const struct make *m,
                                  const struct making_sum *sum)
{
    if (sum->measured == 0 && m->action == MAKE_TRANSFORM)
        return ACCEPTED;
    if (sum->measured == 0 || sum->unmeasured > 0) {
        execution_explain(x, "all goods need an amount");
        return REFUSED_UNITS;
    }
    if (sum->mixed) {
        execution_explain(x, "amounts of one kind are needed");
        return REFUSED_UNITS;
    }
    if (sum->made.value > sum->taken.value) {
        execution_explain(x, "more is made than was taken");
        return REFUSED_MASS;
    }
    if (m->action != MAKE_TRANSFORM && sum->made.value != sum->taken.value) {
        execution_explain(x, "less is made than was taken");
        return REFUSED_MASS;
    }
    return ACCEPTED;
}

/* What is left when it is taken. */
static enum refusal check_part(const struct state_asset *a, const struct amount *taken,
                               struct amount *ret_left)
{
    if (!a->goods.has_amount || amount_dimension_of(&a->goods.amount) != amount_dimension_of(taken))
        return REFUSED_UNITS;
    if (amount_compare(taken, &a->goods.amount) > 0)
        return REFUSED_MASS;
    return amount_subtract(&a->goods.amount, taken, ret_left) ? ACCEPTED : REFUSED_UNITS;
}

/* ------------------------------------------------------------------ inputs */

static void note_expiry(struct execution *x, const struct state_goods *g, struct making_sum *sum)
{
    uint64_t expiry_ms;
    if (!goods_expiry(x, g, &expiry_ms))
        return;
    if (!sum->has_expiry || expiry_ms < sum->expiry_ms)
        sum->expiry_ms = expiry_ms;
    sum->has_expiry = true;
}

static enum refusal check_input(struct execution *x, const struct speaker *by,
                                const struct make_input *input, struct slice name,
                                struct making_sum *sum)
{
    struct state_asset a;
    struct amount left;
    enum refusal code = goods_load(x, name, &a);
    if (code == ACCEPTED)
        code = goods_check_loose(by, &a);
    if (code == ACCEPTED && a.goods.inside > 0)
        code = REFUSED_NOT_EMPTY;
    if (code == ACCEPTED)
        code = goods_check_holds(x, name, &a, NULL);
    if (code == ACCEPTED && input->has_amount)
        code = check_part(&a, &input->amount, &left);
    if (code != ACCEPTED)
        return code;
    if (!sum->has_owner)
        sum->owner = a.owner;
    sum->has_owner = true;
    if (sum->anothers[0] == '\0' && !kid_equal(&sum->owner, &a.owner))
        memcpy(sum->anothers, name.data, name.len); /* zero-terminated: it was all zero */
    note_expiry(x, &a.goods, sum);
    if (a.goods.has_amount) {
        sum->measured++;
        add_amount(sum, &sum->taken, input->has_amount ? &input->amount : &a.goods.amount, 1);
    } else {
        sum->unmeasured++;
    }
    return ACCEPTED;
}

static enum refusal check_inputs(struct execution *x, const struct speaker *by,
                                 struct making_sum *sum)
{
    const struct make *m = &by->st->as.make;
    struct cbor_reader r = make_inputs(m);
    for (size_t i = 0; i < m->input_count; i++) {
        struct make_input input = make_next_input(&r);
        struct asset_iter it = asset_set_begin(&input.assets);
        while (asset_set_next(&it)) {
            enum refusal code = check_input(x, by, &input, name_of(&it), sum);
            if (code == ACCEPTED)
                continue;
            if (x->detail[0] == '\0')
                execution_explain(x, "%s", it.name);
            return code;
        }
    }
    if (sum->anothers[0] == '\0')
        return ACCEPTED;
    execution_explain(x, "%s", sum->anothers);
    return REFUSED_OWNERS_DIFFER;
}

/* What an input was before this statement: taken is what it has, or a part of that. */
static void use_one(struct execution *x, const struct speaker *by, const struct make_input *input,
                    struct slice name)
{
    struct state_asset a;
    struct amount left = { .mantissa = 0 };
    if (!execution_asset(x, name, &a))
        return;
    if (input->has_amount && !amount_subtract(&a.goods.amount, &input->amount, &left))
        return;
    if (left.mantissa > 0) {
        a.goods.amount = left;
    } else {
        a.goods.amount.mantissa = 0;
        a.goods.end = GOODS_USED_UP;
        a.goods.end_by = by->st->hash;
        a.goods.end_member = by->key.member;
        a.goods.end_ms = goods_counted_time(x, by->st->link.time_ms);
    }
    execution_store_asset(x, name, &a);
}

static void use_inputs(struct execution *x, const struct speaker *by)
{
    const struct make *m = &by->st->as.make;
    struct cbor_reader r = make_inputs(m);
    for (size_t i = 0; i < m->input_count; i++) {
        struct make_input input = make_next_input(&r);
        struct asset_iter it = asset_set_begin(&input.assets);
        while (asset_set_next(&it))
            use_one(x, by, &input, name_of(&it));
        struct buf *data = execution_emit(x, EVENT_USED, input.assets.raw, by->st->link.time_ms, 5);
        cbor_put_uint(data, m->action);
        cbor_put_bytes(data, hash_slice(&by->st->hash));
        if (input.has_amount) {
            cbor_put_int(data, input.amount.mantissa);
            cbor_put_int(data, input.amount.exponent);
            cbor_put_text(data, input.amount.unit);
        } else {
            cbor_put_null(data);
            cbor_put_null(data);
            cbor_put_null(data);
        }
    }
}

/* ------------------------------------------------------------------ outputs */

static struct goods_birth birth_of(const struct speaker *by, const struct make_output *output,
                                   size_t place, const struct making_sum *sum)
{
    return (struct goods_birth){ .assets = &output->assets,
                                 .output = place,
                                 .lot = output->lot,
                                 .has_amount = output->has_amount,
                                 .amount = output->amount,
                                 .custodian = by->key.member,
                                 .owner = sum->owner };
}

static enum refusal check_outputs(struct execution *x, const struct speaker *by,
                                  struct making_sum *sum)
{
    const struct make *m = &by->st->as.make;
    struct cbor_reader r = make_outputs(m);
    for (size_t i = 0; i < m->output_count; i++) {
        struct make_output output = make_next_output(&r);
        struct goods_birth birth = birth_of(by, &output, i, sum);
        enum refusal code = goods_check_birth(x, by, &birth, false);
        if (code != ACCEPTED)
            return code;
        if (output.has_amount) {
            sum->measured++;
            add_amount(sum, &sum->made, &output.amount, output.assets.count);
        } else {
            sum->unmeasured++;
        }
    }
    return ACCEPTED;
}

static void bear_outputs(struct execution *x, const struct speaker *by,
                         const struct making_sum *sum)
{
    const struct make *m = &by->st->as.make;
    struct goods_surplus surplus = { .count = 0 };
    struct cbor_reader r = make_outputs(m);
    for (size_t i = 0; i < m->output_count; i++) {
        struct make_output output = make_next_output(&r);
        struct goods_birth birth = birth_of(by, &output, i, sum);
        goods_bear(x, by, &birth, &surplus);
        struct buf *data =
            execution_emit(x, EVENT_MADE, output.assets.raw, by->st->link.time_ms, 3);
        cbor_put_uint(data, m->action);
        cbor_put_bytes(data, hash_slice(&by->st->hash));
        cbor_put_uint(data, i);
    }
    goods_tell_surplus(x, by, &surplus);
}

/* ------------------------------------------------------------------ what is kept */

/* The sets of all inputs, one after the other; false when they are too long. */
static bool join_inputs(struct execution *x, const struct make *m, struct slice *ret_inputs)
{
    size_t room = m->inputs.len < STATE_MAKING_BYTES_MAX ? m->inputs.len : STATE_MAKING_BYTES_MAX;
    uint8_t *memory = overlay_alloc(x->overlay, room);
    if (memory == NULL)
        return false;
    struct buf sets = buf_fixed(memory, room);
    struct cbor_reader r = make_inputs(m);
    for (size_t i = 0; i < m->input_count; i++)
        buf_add_slice(&sets, make_next_input(&r).assets.raw);
    *ret_inputs = buf_slice(&sets);
    return !sets.failed;
}

/* Goods that are only divided or poured together keep no longer than they did: a date is not split away. */
static struct making_output keep_of(const struct make_output *output, enum make_action action,
                                    const struct making_sum *sum)
{
    struct making_output o = { output->lot, output->has_expiry, output->expiry_ms };
    if (action != MAKE_TRANSFORM && sum->has_expiry &&
        (!o.has_expiry || o.expiry_ms > sum->expiry_ms)) {
        o.has_expiry = true;
        o.expiry_ms = sum->expiry_ms;
    }
    return o;
}

static void store_making(struct execution *x, const struct speaker *by,
                         const struct making_sum *sum, struct slice inputs)
{
    const struct make *m = &by->st->as.make;
    struct state_making making = { .kind = (enum making_kind)m->action,
                                   .member = by->key.member,
                                   .time_ms = by->st->link.time_ms,
                                   .place = m->place,
                                   .output_count = m->output_count,
                                   .input_count = m->input_count,
                                   .inputs = inputs };
    struct cbor_reader r = make_outputs(m);
    for (size_t i = 0; i < m->output_count; i++) {
        struct make_output output = make_next_output(&r);
        making.outputs[i] = keep_of(&output, m->action, sum);
    }
    goods_store_making(x, by, &making);
}

static enum refusal check(struct execution *x, const struct speaker *by, struct making_sum *sum,
                          struct slice *ret_inputs)
{
    const struct make *m = &by->st->as.make;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    enum refusal code = check_names(x, m);
    if (code == ACCEPTED)
        code = check_inputs(x, by, sum);
    if (code == ACCEPTED)
        code = check_outputs(x, by, sum);
    if (code == ACCEPTED)
        code = check_amounts(x, m, sum);
    if (code == ACCEPTED)
        code = goods_check_descent(x);
    if (code == ACCEPTED && !join_inputs(x, m, ret_inputs))
        code = REFUSED_FULL;
    return code;
}

enum refusal rules_make(struct execution *x, const struct speaker *by)
{
    struct making_sum sum = { .has_owner = false };
    struct slice inputs;
    enum refusal code = check(x, by, &sum, &inputs);
    if (code != ACCEPTED)
        return code;
    use_inputs(x, by);
    bear_outputs(x, by, &sum);
    store_making(x, by, &sum, inputs);
    return ACCEPTED;
}
