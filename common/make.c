#include "common/make.h"

#include "common/commission.h"
#include "common/cose.h"
#include "common/custody.h"

/* ------------------------------------------------------------------ inputs and outputs */

static bool take_amount(struct cbor_reader *r, struct amount *ret_amount)
{
    bool has = cbor_peek(r) != CBOR_NULL;
    if (has)
        *ret_amount = amount_take(r, 1);
    else
        cbor_take_null(r);
    return has;
}

static void put_amount(struct buf *out, bool has, const struct amount *amount)
{
    if (has)
        amount_put(out, amount);
    else
        cbor_put_null(out);
}

struct make_input make_next_input(struct cbor_reader *r)
{
    struct make_input input = { .has_amount = false };
    cbor_take_array_of(r, 2);
    input.assets = asset_set_take(r);
    input.has_amount = take_amount(r, &input.amount);
    return input;
}

struct make_output make_next_output(struct cbor_reader *r)
{
    struct make_output output = { .has_amount = false };
    cbor_take_array_of(r, 4);
    output.assets = asset_set_take(r);
    output.has_amount = take_amount(r, &output.amount);
    if (cbor_peek(r) == CBOR_NULL)
        cbor_take_null(r);
    else
        output.lot = cbor_take_text(r, 1, NAME_MAX_BYTES);
    output.has_expiry = cbor_peek(r) != CBOR_NULL;
    if (output.has_expiry)
        output.expiry_ms = cbor_take_uint_max(r, TIME_MAX_MS);
    else
        cbor_take_null(r);
    return output;
}

void make_put_input(struct buf *out, const struct make_input *input)
{
    cbor_put_array(out, 2);
    asset_set_put(out, &input->assets);
    put_amount(out, input->has_amount, &input->amount);
}

void make_put_output(struct buf *out, const struct make_output *output)
{
    cbor_put_array(out, 4);
    asset_set_put(out, &output->assets);
    put_amount(out, output->has_amount, &output->amount);
    if (output->lot.len > 0)
        cbor_put_text(out, output->lot);
    else
        cbor_put_null(out);
    if (output->has_expiry)
        cbor_put_uint(out, output->expiry_ms);
    else
        cbor_put_null(out);
}

static struct cbor_reader begin(struct slice entries)
{
    struct cbor_reader r = cbor_reader(entries);
    (void)cbor_take_array(&r);
    return r;
}

struct cbor_reader make_inputs(const struct make *m)
{
    return begin(m->inputs);
}

struct cbor_reader make_outputs(const struct make *m)
{
    return begin(m->outputs);
}

/* ------------------------------------------------------------------ the statement */

static size_t input_assets(struct cbor_reader *r)
{
    return make_next_input(r).assets.count;
}

static size_t output_assets(struct cbor_reader *r)
{
    return make_next_output(r).assets.count;
}

static struct slice take_entries(struct cbor_reader *r, size_t (*take)(struct cbor_reader *),
                                 size_t *ret_count)
{
    size_t start = r->pos, assets = 0;
    size_t n = cbor_take_array(r);
    if (n == 0 || n > MAKE_ENTRIES_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        assets += take(r);
    if (assets > ASSET_SET_MAX)
        cbor_fail(r);
    *ret_count = n;
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

void make_take(struct fields *f, struct make *ret_make)
{
    struct make m = { .action = MAKE_SPLIT };
    fields_need(f, 5);
    m.action = (enum make_action)cbor_take_uint_max(f->r, MAKE_TRANSFORM);
    fields_need(f, 6);
    m.inputs = take_entries(f->r, input_assets, &m.input_count);
    fields_need(f, 7);
    m.outputs = take_entries(f->r, output_assets, &m.output_count);
    if (fields_has(f, 8))
        m.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    *ret_make = m;
}

size_t make_pairs(const struct make *m)
{
    return 3 + (size_t)(m->place.len > 0);
}

void make_put(struct buf *out, const struct make *m)
{
    cbor_put_int(out, 5);
    cbor_put_uint(out, m->action);
    cbor_put_int(out, 6);
    buf_add_slice(out, m->inputs);
    cbor_put_int(out, 7);
    buf_add_slice(out, m->outputs);
    if (m->place.len > 0) {
        cbor_put_int(out, 8);
        cbor_put_text(out, m->place);
    }
}
