#include "node/finding.h"

#include <assert.h>
#include <string.h>

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void emit(struct execution *x, const struct speaker *by, enum event_finding finding,
                 struct slice raw_subject, const struct finding_other *other)
{
    struct buf *data = execution_emit(x, EVENT_FINDING, raw_subject, by->st->link.time_ms, 4);
    cbor_put_uint(data, finding);
    cbor_put_bytes(data, hash_slice(&by->st->hash));
    if (other != NULL && other->there && !is_zero(other->statement.bytes, HASH_SIZE))
        cbor_put_bytes(data, hash_slice(&other->statement));
    else
        cbor_put_null(data);
    kid_put(data, &by->st->kid);
}

void finding_tell(struct execution *x, const struct speaker *by, enum event_finding finding,
                  struct slice asset, const struct finding_other *other)
{
    const struct kid *signer = &by->st->kid;
    emit(x, by, finding, execution_subject_asset(x, asset), other);
    emit(x, by, finding, execution_subject_bytes(x, kid_slice(signer)), other);
    if (other == NULL || is_zero(other->kid.bytes, KID_SIZE) || kid_equal(&other->kid, signer))
        return;
    emit(x, by, finding, execution_subject_bytes(x, kid_slice(&other->kid)), other);
}

/* ------------------------------------------------------------------ of statements that are refused */

void finding_claim(struct execution *x, enum event_finding finding, struct slice asset)
{
    assert(asset.len <= ASSET_NAME_MAX);
    x->claim.made = true;
    x->claim.finding = finding;
    memcpy(x->claim.asset, asset.data, asset.len);
    x->claim.asset[asset.len] = '\0';
}

void finding_tell_claim(struct execution *x, const struct speaker *by)
{
    struct state_asset a;
    struct slice name = slice_text(x->claim.asset);
    if (!x->claim.made || x->context.rules < EXECUTE_RULES_GOODS)
        return; /* blocks made under older rules tell of none */
    x->claim.made = false;
    if (!execution_asset(x, name, &a))
        return; /* this very statement had made it: nobody else has it */
    struct finding_other other = { .there = false };
    if (a.has_custodian)
        other.kid = a.custodian;
    finding_tell(x, by, x->claim.finding, name, &other);
}
