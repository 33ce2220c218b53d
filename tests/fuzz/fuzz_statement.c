/* Foreign bytes as a statement: what decodes is encoded again to the same payload, and expands. */
#include "common/statement.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

/* Defaults that may be written out on the wire are left out again: 2 bytes, of these kinds only. */
static bool may_write_default(const struct statement *s)
{
    return s->kind == KIND_CUSTODY || s->kind == KIND_REVOKE || s->kind == KIND_AGREE;
}

static void check_payload(const struct statement *s)
{
    static uint8_t memory[STATEMENT_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    statement_put_payload(&out, s);
    assert(!out.failed);
    bool same = slice_equal(buf_slice(&out), s->cose.payload);
    bool shorter = may_write_default(s) && out.len + 2 == s->cose.payload.len;
    assert(same || shorter);
    struct err err;
    if (!cbor_scan(buf_slice(&out), &err))
        assert(!"a payload that was encoded is canonical");
}

static void check_assets(const struct asset_set *set)
{
    struct asset_iter it = asset_set_begin(set);
    char before[ASSET_NAME_MAX + 1] = "";
    size_t n = 0;
    for (; asset_set_next(&it); n++) {
        assert(it.name_len > 0 && strcmp(before, it.name) < 0);
        memcpy(before, it.name, it.name_len + 1);
    }
    assert(n == set->count && n <= ASSET_SET_MAX);
}

static void check_reading(const struct statement *s)
{
    static struct samples samples;
    struct err err;
    if (!statement_samples(s, &samples, &err)) {
        assert(s->senml);
        return;
    }
    assert(samples.rows > 0 && samples.rows <= READING_SAMPLES_MAX);
    assert(samples.columns > 0 && samples.columns <= READING_COLUMNS_MAX);
    assert(samples.time_ms[samples.rows - 1] <= s->link.time_ms);
    for (size_t i = 1; i < samples.rows; i++)
        assert(samples.time_ms[i] > samples.time_ms[i - 1]);
}

static void check_call(const struct call *c)
{
    struct slice text = { NULL, 0 };
    if (c->has_assets)
        check_assets(&c->assets);
    if (call_text(c, "comment", &text))
        assert(text.len <= CALL_TEXT_MAX);
}

static void check_custody(const struct statement *s)
{
    const struct custody *c = &s->as.custody;
    check_assets(&c->assets);
    if (c->has_missing)
        check_assets(&c->missing);
    assert(!c->has_expiry || (c->action == CUSTODY_OFFER && c->expiry_ms > s->link.time_ms));
    assert(c->action == CUSTODY_ACCEPT || !(c->has_counts || c->has_missing));
    assert(c->action == CUSTODY_REJECT || c->meaning.len + c->reason.len == 0);
}

static void check_amount(bool has, const struct amount *a)
{
    char text[AMOUNT_TEXT_SIZE];
    struct amount left;
    if (!has)
        return;
    assert(amount_compare(a, a) == 0);
    assert(amount_subtract(a, a, &left) && left.mantissa == 0);
    amount_format(a, text);
}

static void check_make(const struct make *m)
{
    struct cbor_reader r = make_inputs(m);
    size_t assets = 0;
    for (size_t i = 0; i < m->input_count; i++) {
        struct make_input in = make_next_input(&r);
        check_assets(&in.assets);
        check_amount(in.has_amount, &in.amount);
        assets += in.assets.count;
    }
    assert(cbor_done(&r) && assets <= ASSET_SET_MAX);
    r = make_outputs(m);
    for (size_t i = 0; i < m->output_count; i++) {
        struct make_output out = make_next_output(&r);
        check_assets(&out.assets);
        check_amount(out.has_amount, &out.amount);
    }
    assert(cbor_done(&r));
}

static void check_goods(const struct statement *s)
{
    if (s->kind == KIND_PACK)
        check_assets(&s->as.pack.assets);
    if (s->kind == KIND_MAKE)
        check_make(&s->as.make);
    if (s->kind == KIND_DISPOSITION)
        check_assets(&s->as.disposition.assets);
    if (s->kind == KIND_DISPUTE)
        check_assets(&s->as.dispute.assets);
    if (s->kind == KIND_CERTIFICATE && s->as.certificate.has_assets)
        check_assets(&s->as.certificate.assets);
    if (s->kind == KIND_LABEL_SEAL)
        check_assets(&s->as.label_seal.assets);
    if (s->kind == KIND_LABEL_REVEAL)
        (void)label_commitment(s->as.label_reveal.asset, s->as.label_reveal.code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t scratch_memory[STATEMENT_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    const struct hash ledger = { { 0 } };
    struct statement s;
    struct err err = { 0 };
    if (!statement_decode(slice_of(data, size), &s, &err)) {
        assert(err.code == ERR_INPUT);
        return 0;
    }
    (void)statement_verify(&s, ledger.bytes, &ledger, &scratch);
    assert(!scratch.failed);
    if (!s.senml)
        check_payload(&s);
    if (s.kind == KIND_READING)
        check_reading(&s);
    if (s.kind == KIND_CUSTODY)
        check_custody(&s);
    if (s.kind == KIND_COMMISSION) {
        check_assets(&s.as.commission.assets);
        check_amount(s.as.commission.has_amount, &s.as.commission.amount);
    }
    if (s.kind == KIND_OPEN) {
        struct kid kids[OPEN_PARTIES_MAX];
        size_t n = open_parties(&s.as.open, kids);
        assert(n > 0 && n <= OPEN_PARTIES_MAX);
        check_assets(&s.as.open.assets);
    }
    if (s.kind == KIND_SCAN)
        check_assets(&s.as.scan.assets);
    if (s.kind == KIND_DOCUMENT && s.as.document.has_assets)
        check_assets(&s.as.document.assets);
    if (s.kind == KIND_CALL)
        check_call(&s.as.call);
    check_goods(&s);
    return 0;
}
