/* The end of an execution: asset chains, summaries, and every outcome's bytes and root. */
#include "node/execution.h"

#include "common/merkle.h"

#include <stdlib.h>

static void chain_event(struct execution *x, struct slice asset, struct slice link)
{
    struct state_asset a;
    struct sha256 h;
    if (!execution_asset(x, asset, &a))
        return; /* an event that speaks of an asset the ledger does not have: a refused statement */
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, hash_slice(&a.chain));
    crypto_sha256_add(&h, link);
    a.chain = crypto_sha256_end(&h);
    a.events++;
    execution_store_asset(x, asset, &a);
}

/* Adds one event to the chain of each asset it speaks of: canonical [height, outcome index, event]. */
static void chain_one(struct execution *x, uint64_t index, struct slice raw, struct slice subject,
                      struct buf *link)
{
    buf_clear(link);
    cbor_put_array(link, 3);
    cbor_put_uint(link, x->context.height);
    cbor_put_uint(link, index);
    buf_add_slice(link, raw);
    struct cbor_reader r = cbor_reader(subject);
    enum cbor_kind kind = cbor_peek(&r);
    if (kind == CBOR_TEXT) {
        chain_event(x, cbor_take_text(&r, 1, ASSET_NAME_MAX), buf_slice(link));
    } else if (kind == CBOR_ARRAY) {
        struct asset_set set = asset_set_take(&r);
        struct asset_iter it = asset_set_begin(&set);
        while (asset_set_next(&it))
            chain_event(x, slice_of(it.name, it.name_len), buf_slice(link));
    }
}

static void chain_record(struct execution *x, const struct recorded *record, uint64_t index,
                         struct buf *link)
{
    struct slice all = slice_from(buf_slice(&x->events), record->events.start, record->events.len);
    struct cbor_reader r = cbor_reader(all);
    for (size_t i = 0; i < record->events.count; i++) {
        size_t start = r.pos;
        struct event e = event_take(&r);
        chain_one(x, index, slice_from(all, start, r.pos - start), e.subject, link);
    }
}

static int compare_signers(const void *a, const void *b)
{
    const struct signer *x = a, *y = b;
    return kid_compare(&x->kid, &y->kid);
}

static void put_summary(struct execution *x, const struct signer *signer)
{
    struct sequence sequence;
    struct summary s = { .kid = signer->kid };
    execution_load_sequence(x, &signer->kid, &sequence);
    sequence_summary(&sequence, &s);
    struct buf *refusals = execution_value(x);
    cbor_put_array(refusals, signer->refused_count);
    size_t at = signer->first_refused;
    for (size_t i = 0; i < signer->refused_count; i++, at = x->records[at].next_refused) {
        cbor_put_array(refusals, 2);
        cbor_put_uint(refusals, x->records[at].st->link.seq);
        cbor_put_uint(refusals, x->records[at].code);
    }
    s.refusals = buf_slice(refusals);
    summary_put(&x->outcome_bytes, &s);
}

static void put_record(struct execution *x, const struct recorded *rec)
{
    struct slice events = slice_from(buf_slice(&x->events), rec->events.start, rec->events.len);
    if (rec->st == NULL) {
        struct timer_outcome t = { rec->timer_time_ms, rec->timer_what, rec->timer_subject,
                                   rec->events.count, events };
        timer_outcome_put(&x->outcome_bytes, &t);
        return;
    }
    struct verdict v = { .statement = rec->st->hash,
                         .code = rec->code,
                         .detail =
                             slice_from(buf_slice(&x->details), rec->detail_start, rec->detail_len),
                         .flags = rec->flags,
                         .event_count = rec->events.count,
                         .events = events };
    verdict_put(&x->outcome_bytes, &v);
}

static bool outcome_room(struct execution *x, size_t count)
{
    if (count <= x->outcome_cap)
        return true;
    struct slice *outcomes = realloc(x->outcomes, count * sizeof outcomes[0]);
    if (outcomes != NULL)
        x->outcomes = outcomes;
    struct hash *leaves = realloc(x->leaves, count * sizeof leaves[0]);
    if (leaves != NULL)
        x->leaves = leaves;
    if (outcomes == NULL || leaves == NULL)
        return false;
    x->outcome_cap = count;
    return true;
}

/* Encodes all outcomes in order; their lengths are noted first, for the memory may move. */
static void put_outcomes(struct execution *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t start = x->outcome_bytes.len;
        if (i < x->signer_count)
            put_summary(x, &x->signers[i]);
        else
            put_record(x, &x->records[i - x->signer_count]);
        x->outcomes[i] = (struct slice){ NULL, x->outcome_bytes.len - start };
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        x->outcomes[i] = slice_from(buf_slice(&x->outcome_bytes), at, x->outcomes[i].len);
        at += x->outcomes[i].len;
        x->leaves[i] = merkle_leaf(x->outcomes[i]);
    }
}

bool execute_end(struct execution *x, struct execute_result *ret_result)
{
    size_t count = x->signer_count + x->record_count;
    struct buf link = buf_heap(EXECUTION_SCRATCH_MAX);
    if (x->signer_count > 1)
        qsort(x->signers, x->signer_count, sizeof x->signers[0], compare_signers);
    for (size_t i = 0; i < x->record_count && !x->events.failed; i++)
        chain_record(x, &x->records[i], x->signer_count + i, &link);
    bool ok = !link.failed && outcome_room(x, count);
    buf_free(&link);
    if (!ok)
        return false;
    put_outcomes(x, count);
    ret_result->outcome_count = count;
    ret_result->outcomes = x->outcomes;
    ret_result->outcomes_root = merkle_root(x->leaves, count);
    ret_result->write_count =
        overlay_writes(x->overlay, &ret_result->writes, &ret_result->write_key_hashes);
    return !x->failed && !overlay_failed(x->overlay) && !x->events.failed && !x->details.failed &&
           !x->outcome_bytes.failed;
}
