/* Operations on goods become statements. */
#include "tests/support/goods_play.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const goods_play_glns[GOODS_PLACES] = {
    "", "9506000134017", "9506000134024", "9506000134031", "9506000134048", "9506000134055"
};

/* ------------------------------------------------------------------ sets */

static const char *name_of(const struct goods_play *p, uint32_t name)
{
    return p->world->reference->names[name].text;
}

static size_t digits_at_end(const char *text)
{
    size_t len = strlen(text), n = 0;
    while (n < len && n < 9 && text[len - 1 - n] >= '0' && text[len - 1 - n] <= '9')
        n++;
    return n;
}

static unsigned long number_at(const char *text)
{
    unsigned long n = 0;
    for (; *text != '\0'; text++)
        n = n * 10 + (unsigned long)(*text - '0');
    return n;
}

/* Whether the names are a prefix with rising numbers; then the length of the prefix. */
static bool is_range(const struct goods_play *p, struct goods_list list, size_t *ret_prefix)
{
    const char *first = name_of(p, list.at[0]);
    size_t len = strlen(first), prefix = len - digits_at_end(first);
    if (list.count < 2 || prefix == len)
        return false;
    for (size_t i = 1; i < list.count; i++) {
        const char *text = name_of(p, list.at[i]);
        if (strlen(text) != len || strncmp(text, first, prefix) != 0 ||
            digits_at_end(text) < len - prefix ||
            number_at(text + prefix) != number_at(first + prefix) + i)
            return false;
    }
    *ret_prefix = prefix;
    return true;
}

static size_t common_prefix(const struct goods_play *p, struct goods_list list)
{
    const char *first = name_of(p, list.at[0]), *last = name_of(p, list.at[list.count - 1]);
    size_t n = 0;
    while (first[n] != '\0' && first[n] == last[n])
        n++;
    return n;
}

/* The form follows from the names alone, so that the same names are the same bytes. */
static struct asset_set put_set(struct goods_play *p, struct goods_list list)
{
    struct buf *out = &p->memory;
    size_t start = out->len, prefix = 0;
    if (is_range(p, list, &prefix)) {
        const char *first = name_of(p, list.at[0]);
        cbor_put_array(out, 3);
        cbor_put_text(out, slice_of(first, prefix));
        cbor_put_text(out, slice_text(first + prefix));
        cbor_put_uint(out, list.count);
    } else if (list.count > 1 && list.at[0] % 2 == 0 && common_prefix(p, list) > 2) {
        prefix = common_prefix(p, list);
        cbor_put_array(out, 2);
        cbor_put_text(out, slice_of(name_of(p, list.at[0]), prefix));
        cbor_put_array(out, list.count);
        for (size_t i = 0; i < list.count; i++)
            cbor_put_text(out, slice_text(name_of(p, list.at[i]) + prefix));
    } else {
        cbor_put_array(out, list.count);
        for (size_t i = 0; i < list.count; i++)
            cbor_put_text(out, slice_text(name_of(p, list.at[i])));
    }
    assert(!out->failed);
    return (struct asset_set){ slice_from(buf_slice(out), start, out->len - start), list.count };
}

static struct amount amount_of(struct goods_amount a)
{
    static const char *const units[] = { "", "mg", "g", "kg", "t", "mL", "L", "m3", "each" };
    return (struct amount){ a.mantissa, a.exponent, slice_text(units[a.unit]) };
}

/* ------------------------------------------------------------------ what is referred to */

static struct hash hash_of(const struct goods_play *p, uint32_t op)
{
    static const char nothing[] = "nothing that there is";
    return op == GOODS_NONE ? crypto_sha256(slice_text(nothing)) : p->hashes[op];
}

static struct kid member_kid(const struct goods_play *p, unsigned member)
{
    struct kid stranger = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
    return member < GOODS_MEMBERS ? p->by[member].key.kid : stranger;
}

static struct slice why(bool there, const char *text)
{
    return there ? slice_text(text) : (struct slice){ NULL, 0 };
}

/* The covered code of goods: 12 bytes that follow from their name. */
static struct slice code_of(struct goods_play *p, uint32_t name, bool wrong)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%s%08x", wrong ? "oops" : "code", (unsigned)name);
    size_t start = p->memory.len;
    buf_add(&p->memory, text, 12);
    return slice_from(buf_slice(&p->memory), start, 12);
}

/* ------------------------------------------------------------------ kinds */

static void custody(struct goods_play *p, struct goods_op *op, struct custody *c)
{
    *c = (struct custody){ .assets = put_set(p, op->what.names),
                           .action = (enum custody_action)op->action,
                           .role = (enum custody_role)op->role,
                           .has_expiry = op->has_expiry,
                           .expiry_ms = op->expiry_ms,
                           .has_counts = op->has_counts,
                           .missing_count = op->missing.count,
                           .surplus_count = op->number % 3,
                           .has_missing = op->has_missing,
                           .has_reading = op->has_reading,
                           .meaning = why(op->has_meaning, "receiving"),
                           .reason = why(op->has_reason, "the boxes are wet") };
    op->set_bytes = c->assets.raw.len;
    if (op->action == CUSTODY_OFFER)
        c->to = member_kid(p, op->to);
    else
        c->offer = hash_of(p, op->refers);
    if (op->has_missing)
        c->missing = put_set(p, op->missing);
    if (op->has_reading) {
        c->device = p->by[GOODS_DEVICE].key.kid;
        c->reading = hash_of(p, op->reading);
    }
    c->has_seal = op->action <= CUSTODY_ACCEPT && op->number % 3 == 0;
    c->seal = (enum custody_seal)(op->number % 2);
    c->seal_number = slice_text("SEAL 17");
}

static void commission(struct goods_play *p, const struct goods_op *op, struct commission *c)
{
    *c = (struct commission){ .assets = put_set(p, op->what.names),
                              .has_expiry = op->what.expiry_ms != 0,
                              .expiry_ms = op->what.expiry_ms,
                              .has_amount = op->what.amount.unit != GOODS_NO_UNIT };
    if (op->what.lot != NULL)
        c->lot = slice_text(op->what.lot);
    if (c->has_amount)
        c->amount = amount_of(op->what.amount);
}

static struct slice rest(const struct buf *out, size_t start)
{
    return slice_from(buf_slice(out), start, out->len - start);
}

static void make(struct goods_play *p, struct goods_op *op, struct make *m)
{
    struct make_input in[GOODS_ENTRIES];
    struct make_output made[GOODS_ENTRIES];
    *m = (struct make){ .action = (enum make_action)op->action,
                        .input_count = op->input_count,
                        .output_count = op->output_count,
                        .place = slice_text(goods_play_glns[op->place]) };
    op->set_bytes = 0;
    for (size_t i = 0; i < op->input_count; i++) {
        const struct goods_entry *e = &op->inputs[i];
        in[i] = (struct make_input){ .assets = put_set(p, e->names),
                                     .has_amount = e->amount.unit != GOODS_NO_UNIT,
                                     .amount = amount_of(e->amount) };
        op->set_bytes += in[i].assets.raw.len;
    }
    for (size_t i = 0; i < op->output_count; i++) {
        const struct goods_entry *e = &op->outputs[i];
        made[i] = (struct make_output){ .assets = put_set(p, e->names),
                                        .has_amount = e->amount.unit != GOODS_NO_UNIT,
                                        .amount = amount_of(e->amount),
                                        .has_expiry = e->expiry_ms != 0,
                                        .expiry_ms = e->expiry_ms };
        if (e->lot != NULL)
            made[i].lot = slice_text(e->lot);
    }
    size_t start = p->memory.len;
    cbor_put_array(&p->memory, op->input_count);
    for (size_t i = 0; i < op->input_count; i++)
        make_put_input(&p->memory, &in[i]);
    m->inputs = rest(&p->memory, start);
    start = p->memory.len;
    cbor_put_array(&p->memory, op->output_count);
    for (size_t i = 0; i < op->output_count; i++)
        make_put_output(&p->memory, &made[i]);
    m->outputs = rest(&p->memory, start);
}

static void certificate(struct goods_play *p, const struct goods_op *op, struct certificate *c)
{
    *c = (struct certificate){ .name = slice_text("organic"),
                               .has_assets = op->what.names.count > 0,
                               .place = slice_text(goods_play_glns[op->place]),
                               .has_member = op->has_member,
                               .member = member_kid(p, op->to),
                               .from_ms = op->expiry_ms,
                               .until_ms = op->until_ms };
    if (c->has_assets)
        c->assets = put_set(p, op->what.names);
}

static void seal(struct goods_play *p, const struct goods_op *op, struct label_seal *s)
{
    s->assets = put_set(p, op->what.names);
    size_t start = p->memory.len, count = op->what.names.count;
    cbor_put_array(&p->memory, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t name = op->what.names.at[i];
        char text[16];
        (void)snprintf(text, sizeof text, "code%08x", (unsigned)name);
        struct hash h = label_commitment(slice_text(name_of(p, name)), slice_of(text, 12));
        cbor_put_bytes(&p->memory, hash_slice(&h));
    }
    s->commitments = rest(&p->memory, start);
}

static void correction(struct goods_play *p, const struct goods_op *op, struct correction *c)
{
    struct slice original = slice_text("no statement at all");
    if (op->refers != GOODS_NONE)
        original = p->signed_bytes[op->refers];
    size_t start = p->memory.len;
    buf_add_slice(&p->memory, original);
    assert(!p->memory.failed);
    if (op->spoilt)
        p->memory.data[p->memory.len - 1] ^= 1;
    *c = (struct correction){ .original = rest(&p->memory, start),
                              .meaning = why(op->has_meaning, "correction"),
                              .reason = why(op->has_reason, "the wrong box was read") };
}

static void statement_of(struct goods_play *p, struct goods_op *op, struct statement *st)
{
    struct slice place = slice_text(goods_play_glns[op->place]);
    if (op->kind == KIND_CUSTODY)
        custody(p, op, &st->as.custody);
    else if (op->kind == KIND_COMMISSION)
        commission(p, op, &st->as.commission);
    else if (op->kind == KIND_PACK)
        st->as.pack = (struct pack){ slice_text(name_of(p, op->container)),
                                     put_set(p, op->what.names), op->action == 1, place };
    else if (op->kind == KIND_MAKE)
        make(p, op, &st->as.make);
    else if (op->kind == KIND_DISPOSITION)
        st->as.disposition =
            (struct disposition){ put_set(p, op->what.names), (enum disposition_action)op->action,
                                  why(op->has_meaning, "quality"),
                                  why(op->has_reason, "a test said so"), place };
    else if (op->kind == KIND_DISPUTE)
        st->as.dispute = (struct dispute){ hash_of(p, op->refers), put_set(p, op->what.names),
                                           slice_text("we never signed that") };
    else if (op->kind == KIND_CERTIFICATE)
        certificate(p, op, &st->as.certificate);
    else if (op->kind == KIND_CERTIFICATE_REVOKE)
        st->as.certificate_revoke =
            (struct certificate_revoke){ hash_of(p, op->refers), op->expiry_ms,
                                         slice_text("a visit") };
    else if (op->kind == KIND_CORRECTION)
        correction(p, op, &st->as.correction);
    else if (op->kind == KIND_SCAN)
        st->as.scan = (struct scan){ .assets = put_set(p, op->what.names),
                                     .place = place,
                                     .in_custody = op->in_custody };
    else if (op->kind == KIND_LABEL_SEAL)
        seal(p, op, &st->as.label_seal);
    else if (op->kind == KIND_LABEL_REVEAL)
        st->as.label_reveal =
            (struct label_reveal){ slice_text(name_of(p, op->what.names.at[0])),
                                   code_of(p, op->what.names.at[0], op->spoilt), place };
    else if (op->kind == KIND_ATTACH)
        st->as.attach = (struct attach){ p->by[GOODS_DEVICE].key.kid,
                                         slice_text(name_of(p, op->what.names.at[0])), op->detach };
}

static void sign(struct goods_play *p, const struct goods_op *op, struct statement *st)
{
    struct err err = { .msg = "" };
    struct buf out = buf_heap(STATEMENT_MAX);
    p->hashes[op->number] = kit_sign(&p->by[op->signer], *st, op->time_ms, &out);
    uint8_t *copy = goods_world_room(p->world, out.len);
    memcpy(copy, out.data, out.len);
    p->signed_bytes[op->number] = slice_of(copy, out.len);
    buf_free(&out);
    bool good = statement_decode(p->signed_bytes[op->number], st, &err);
    if (!good)
        (void)fprintf(stderr, "operation %u: %s\n", (unsigned)op->number, err.msg);
    assert(good);
}

struct statement goods_play_statement(struct goods_play *p, struct goods_op *op)
{
    struct statement st = { .kind = op->kind };
    struct kit_signer *by = &p->by[op->signer];
    statement_of(p, op, &st);
    assert(!p->memory.failed);
    if (op->is_signed) {
        sign(p, op, &st);
        return st;
    }
    /* a name as good as any: nobody looks at the bytes of these */
    uint32_t seed[2] = { (uint32_t)p->world->size.names, op->number };
    st.hash = crypto_sha256(slice_of(seed, sizeof seed));
    st.kid = by->key.kid;
    st.link.seq = ++by->seq;
    st.link.time_ms = op->time_ms;
    memcpy(st.link.prev, by->prev, HALF_SIZE);
    memcpy(by->prev, st.hash.bytes, HALF_SIZE);
    by->last = p->hashes[op->number] = st.hash;
    return st;
}
