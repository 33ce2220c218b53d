#include "common/call.h"

#include "common/custody.h"
#include "common/open.h"

static void take_argument(struct cbor_reader *r)
{
    if (cbor_peek(r) == CBOR_NULL)
        cbor_take_null(r);
    else
        open_take_term(r);
}

static struct slice take_arguments(struct cbor_reader *r)
{
    size_t start = r->pos;
    size_t n = cbor_take_map(r);
    if (n > CALL_ARGUMENTS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        (void)cbor_take_text(r, 1, NAME_MAX_BYTES);
        take_argument(r);
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

void call_take(struct fields *f, struct call *ret_call)
{
    struct call c = { .has_assets = false };
    fields_need(f, 5);
    cbor_take_fixed(f->r, c.opening.bytes, HASH_SIZE);
    fields_need(f, 6);
    c.action = cbor_take_text(f->r, 1, CALL_ACTION_MAX);
    fields_need(f, 7);
    c.arguments = take_arguments(f->r);
    c.has_assets = fields_has(f, 8);
    if (c.has_assets)
        c.assets = asset_set_take(f->r);
    *ret_call = c;
}

size_t call_pairs(const struct call *c)
{
    return 3 + (size_t)c->has_assets;
}

void call_put(struct buf *out, const struct call *c)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&c->opening));
    cbor_put_int(out, 6);
    cbor_put_text(out, c->action);
    cbor_put_int(out, 7);
    if (c->arguments.len > 0)
        buf_add_slice(out, c->arguments);
    else
        cbor_put_map(out, 0);
    if (c->has_assets) {
        cbor_put_int(out, 8);
        asset_set_put(out, &c->assets);
    }
}

bool call_text(const struct call *c, const char *name, struct slice *ret_text)
{
    struct cbor_reader r = cbor_reader(c->arguments);
    size_t n = c->arguments.len == 0 ? 0 : cbor_take_map(&r);
    for (size_t i = 0; i < n && !r.failed; i++) {
        bool is_it = slice_equal(cbor_take_text(&r, 1, NAME_MAX_BYTES), slice_text(name));
        if (!is_it) {
            (void)cbor_take_item(&r);
            continue;
        }
        *ret_text = cbor_take_text(&r, 0, CALL_TEXT_MAX);
        return !r.failed;
    }
    return false;
}
