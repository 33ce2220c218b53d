#include "common/statement.h"

#include "common/hex.h"
#include "common/senml.h"

#include <string.h>

static void take_kind(struct fields *f, struct statement *s)
{
    switch (s->kind) {
    case KIND_READING: reading_take(f, s->link.time_ms, &s->as.reading); return;
    case KIND_CUSTODY: custody_take(f, s->link.time_ms, &s->as.custody); return;
    case KIND_COMMISSION: commission_take(f, &s->as.commission); return;
    case KIND_ATTACH: attach_take(f, &s->as.attach); return;
    case KIND_ENROL: enrol_take(f, &s->as.enrol); return;
    case KIND_REVOKE: revoke_take(f, &s->as.revoke); return;
    case KIND_PRODUCT: product_take(f, &s->as.product); return;
    case KIND_PLACE: place_take(f, &s->as.place); return;
    case KIND_PARTY: party_take(f, &s->as.party); return;
    case KIND_OPEN: open_take(f, &s->as.open); return;
    case KIND_AGREE: agree_take(f, &s->as.agree); return;
    case KIND_SCAN: scan_take(f, &s->as.scan); return;
    case KIND_EVIDENCE: evidence_take(f, &s->as.evidence); return;
    case KIND_CALL: call_take(f, &s->as.call); return;
    case KIND_DOCUMENT: document_take(f, &s->as.document); return;
    case KIND_PROPOSE: proposal_take(f, &s->as.proposal); return;
    case KIND_BALLOT: ballot_take(f, &s->as.ballot); return;
    case KIND_WITHDRAW: withdraw_take(f, &s->as.withdraw); return;
    case KIND_PACK: pack_take(f, &s->as.pack); return;
    case KIND_MAKE: make_take(f, &s->as.make); return;
    case KIND_DISPOSITION: disposition_take(f, &s->as.disposition); return;
    case KIND_DISPUTE: dispute_take(f, &s->as.dispute); return;
    case KIND_CERTIFICATE: certificate_take(f, &s->as.certificate); return;
    case KIND_CERTIFICATE_REVOKE: certificate_revoke_take(f, &s->as.certificate_revoke); return;
    case KIND_CORRECTION: correction_take(f, &s->as.correction); return;
    case KIND_LABEL_SEAL: label_seal_take(f, &s->as.label_seal); return;
    case KIND_LABEL_REVEAL: label_reveal_take(f, &s->as.label_reveal); return;
    case KIND_NODE: node_announce_take(f, &s->as.node); return;
    }
    cbor_fail(f->r);
}

static void take_base(struct fields *f, struct statement *s)
{
    fields_need(f, 0);
    s->kind = (enum statement_kind)cbor_take_int_in(f->r, KIND_READING, KIND_NODE);
    fields_need(f, 1);
    s->link.seq = (uint64_t)cbor_take_int_in(f->r, 1, INT64_MAX);
    fields_need(f, 2);
    cbor_take_fixed(f->r, s->link.prev, HALF_SIZE);
    fields_need(f, 3);
    s->link.time_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    if (fields_has(f, 4))
        s->link.anchor = cose_take_anchor(f->r);
}

static bool decode_native(struct statement *s, struct err *err)
{
    if (!cbor_scan(s->cose.payload, err))
        return err_wrap(err, "payload");
    struct cbor_reader r = cbor_reader(s->cose.payload);
    struct fields f = fields_begin(&r);
    take_base(&f, s);
    if (r.failed)
        return err_set(err, ERR_INPUT,
                       "payload: kind, seq, prev or time is missing or out of range");
    take_kind(&f, s);
    fields_end(&f);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "payload: byte %zu: not a field of a %s statement", r.pos,
                       statement_kind_name(s->kind));
    if (s->kind == KIND_READING && s->bytes.len > READING_SIZE_MAX)
        return err_set(err, ERR_INPUT, "a reading of %zu bytes, more than the %d allowed",
                       s->bytes.len, READING_SIZE_MAX);
    return true;
}

static bool decode_senml(struct statement *s, struct err *err)
{
    s->kind = KIND_READING;
    s->senml = true;
    s->link = s->cose.link;
    if (s->bytes.len > READING_SIZE_MAX)
        return err_set(err, ERR_INPUT, "a reading of %zu bytes, more than the %d allowed",
                       s->bytes.len, READING_SIZE_MAX);
    return cbor_scan_bounds(s->cose.payload, err) || err_wrap(err, "SenML payload");
}

bool statement_decode(struct slice bytes, struct statement *ret_statement, struct err *err)
{
    struct statement s;
    memset(&s, 0, sizeof s);
    s.bytes = bytes;
    if (!cose_parse(bytes, &s.cose, err))
        return false;
    s.kid = s.cose.kid;
    bool ok = false;
    if (s.cose.type == COSE_SENML)
        ok = decode_senml(&s, err);
    else if (s.cose.type == COSE_STATEMENT || s.cose.type == COSE_SCITT)
        ok = decode_native(&s, err);
    else
        return err_set(err, ERR_INPUT, "a COSE_Sign1 that is not a statement");
    if (!ok)
        return false;
    s.hash = crypto_sha256(bytes);
    *ret_statement = s;
    return true;
}

/* A SCITT statement names its ledger in the subject, and signs with empty external_aad. */
static bool scitt_is_for(const struct statement *s, const struct hash *ledger)
{
    struct hash named;
    const size_t digits = 2 * sizeof named.bytes;
    const char *subject = (const char *)s->cose.subject.data;
    return s->cose.subject.len >= digits + 2 && subject[digits] == '/' &&
           hex_decode_lower(subject, digits, named.bytes, HASH_SIZE) && hash_equal(&named, ledger);
}

bool statement_verify(const struct statement *s, const uint8_t pub[PUB_SIZE],
                      const struct hash *ledger, struct buf *scratch)
{
    struct slice aad = hash_slice(ledger);
    if (s->cose.type == COSE_SCITT) {
        if (!scitt_is_for(s, ledger))
            return false;
        aad.len = 0;
    }
    return cose_verify(&s->cose, aad, s->cose.payload, pub, scratch);
}

static size_t kind_pairs(const struct statement *s)
{
    switch (s->kind) {
    case KIND_READING: return reading_pairs(&s->as.reading);
    case KIND_CUSTODY: return custody_pairs(&s->as.custody);
    case KIND_COMMISSION: return commission_pairs(&s->as.commission);
    case KIND_ATTACH: return attach_pairs(&s->as.attach);
    case KIND_ENROL: return enrol_pairs(&s->as.enrol);
    case KIND_REVOKE: return revoke_pairs(&s->as.revoke);
    case KIND_PRODUCT: return product_pairs(&s->as.product);
    case KIND_PLACE: return place_pairs(&s->as.place);
    case KIND_PARTY: return party_pairs(&s->as.party);
    case KIND_OPEN: return open_pairs(&s->as.open);
    case KIND_AGREE: return agree_pairs(&s->as.agree);
    case KIND_SCAN: return scan_pairs(&s->as.scan);
    case KIND_EVIDENCE: return evidence_pairs(&s->as.evidence);
    case KIND_CALL: return call_pairs(&s->as.call);
    case KIND_DOCUMENT: return document_pairs(&s->as.document);
    case KIND_PROPOSE: return proposal_pairs(&s->as.proposal);
    case KIND_BALLOT: return ballot_pairs(&s->as.ballot);
    case KIND_WITHDRAW: return withdraw_pairs(&s->as.withdraw);
    case KIND_PACK: return pack_pairs(&s->as.pack);
    case KIND_MAKE: return make_pairs(&s->as.make);
    case KIND_DISPOSITION: return disposition_pairs(&s->as.disposition);
    case KIND_DISPUTE: return dispute_pairs(&s->as.dispute);
    case KIND_CERTIFICATE: return certificate_pairs(&s->as.certificate);
    case KIND_CERTIFICATE_REVOKE: return certificate_revoke_pairs(&s->as.certificate_revoke);
    case KIND_CORRECTION: return correction_pairs(&s->as.correction);
    case KIND_LABEL_SEAL: return label_seal_pairs(&s->as.label_seal);
    case KIND_LABEL_REVEAL: return label_reveal_pairs(&s->as.label_reveal);
    case KIND_NODE: return node_announce_pairs(&s->as.node);
    }
    return 0;
}

static void put_kind(struct buf *out, const struct statement *s)
{
    switch (s->kind) {
    case KIND_READING: reading_put(out, &s->as.reading); return;
    case KIND_CUSTODY: custody_put(out, &s->as.custody); return;
    case KIND_COMMISSION: commission_put(out, &s->as.commission); return;
    case KIND_ATTACH: attach_put(out, &s->as.attach); return;
    case KIND_ENROL: enrol_put(out, &s->as.enrol); return;
    case KIND_REVOKE: revoke_put(out, &s->as.revoke); return;
    case KIND_PRODUCT: product_put(out, &s->as.product); return;
    case KIND_PLACE: place_put(out, &s->as.place); return;
    case KIND_PARTY: party_put(out, &s->as.party); return;
    case KIND_OPEN: open_put(out, &s->as.open); return;
    case KIND_AGREE: agree_put(out, &s->as.agree); return;
    case KIND_SCAN: scan_put(out, &s->as.scan); return;
    case KIND_EVIDENCE: evidence_put(out, &s->as.evidence); return;
    case KIND_CALL: call_put(out, &s->as.call); return;
    case KIND_DOCUMENT: document_put(out, &s->as.document); return;
    case KIND_PROPOSE: proposal_put(out, &s->as.proposal); return;
    case KIND_BALLOT: ballot_put(out, &s->as.ballot); return;
    case KIND_WITHDRAW: withdraw_put(out, &s->as.withdraw); return;
    case KIND_PACK: pack_put(out, &s->as.pack); return;
    case KIND_MAKE: make_put(out, &s->as.make); return;
    case KIND_DISPOSITION: disposition_put(out, &s->as.disposition); return;
    case KIND_DISPUTE: dispute_put(out, &s->as.dispute); return;
    case KIND_CERTIFICATE: certificate_put(out, &s->as.certificate); return;
    case KIND_CERTIFICATE_REVOKE: certificate_revoke_put(out, &s->as.certificate_revoke); return;
    case KIND_CORRECTION: correction_put(out, &s->as.correction); return;
    case KIND_LABEL_SEAL: label_seal_put(out, &s->as.label_seal); return;
    case KIND_LABEL_REVEAL: label_reveal_put(out, &s->as.label_reveal); return;
    case KIND_NODE: node_announce_put(out, &s->as.node); return;
    }
}

void statement_put_payload(struct buf *out, const struct statement *s)
{
    cbor_put_map(out, 4 + (size_t)s->link.anchor.present + kind_pairs(s));
    cbor_put_int(out, 0);
    cbor_put_uint(out, s->kind);
    cbor_put_int(out, 1);
    cbor_put_uint(out, s->link.seq);
    cbor_put_int(out, 2);
    cbor_put_bytes(out, slice_of(s->link.prev, HALF_SIZE));
    cbor_put_int(out, 3);
    cbor_put_uint(out, s->link.time_ms);
    if (s->link.anchor.present) {
        cbor_put_int(out, 4);
        cose_put_anchor(out, &s->link.anchor);
    }
    put_kind(out, s);
}

bool statement_sign(const struct statement *s, const struct key_pair *key,
                    const struct hash *ledger, struct buf *out, struct hash *ret_hash,
                    struct err *err)
{
    uint8_t header_memory[32];
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf payload = buf_heap(STATEMENT_MAX);
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    size_t start = out->len;
    cose_put_native(&header, &key->kid);
    statement_put_payload(&payload, s);
    bool fits = !payload.failed;
    if (fits)
        cose_sign(buf_slice(&header), hash_slice(ledger), buf_slice(&payload), key, &scratch, out);
    buf_free(&payload);
    buf_free(&scratch);
    if (!fits || out->failed)
        return err_set(err, ERR_INPUT, "the statement is larger than %d bytes", STATEMENT_MAX);
    struct slice bytes = slice_from(buf_slice(out), start, out->len - start);
    struct statement check;
    if (!statement_decode(bytes, &check, err))
        return err_wrap(err, "the new statement");
    *ret_hash = check.hash;
    return true;
}

bool statement_samples(const struct statement *s, struct samples *ret_samples, struct err *err)
{
    if (s->senml)
        return senml_expand(s->cose.payload, s->link.time_ms, ret_samples, err);
    reading_expand(&s->as.reading, s->link.time_ms, ret_samples);
    return true;
}

const struct asset_set *statement_assets(const struct statement *s)
{
    switch (s->kind) {
    case KIND_CUSTODY: return &s->as.custody.assets;
    case KIND_COMMISSION: return &s->as.commission.assets;
    case KIND_OPEN: return &s->as.open.assets;
    case KIND_SCAN: return &s->as.scan.assets;
    case KIND_CALL: return s->as.call.has_assets ? &s->as.call.assets : NULL;
    case KIND_DOCUMENT: return s->as.document.has_assets ? &s->as.document.assets : NULL;
    case KIND_PACK: return &s->as.pack.assets;
    case KIND_DISPOSITION: return &s->as.disposition.assets;
    case KIND_DISPUTE: return &s->as.dispute.assets;
    case KIND_CERTIFICATE: return s->as.certificate.has_assets ? &s->as.certificate.assets : NULL;
    case KIND_LABEL_SEAL: return &s->as.label_seal.assets;
    case KIND_READING:
    case KIND_ATTACH:
    case KIND_ENROL:
    case KIND_REVOKE:
    case KIND_PRODUCT:
    case KIND_PLACE:
    case KIND_PARTY:
    case KIND_AGREE:
    case KIND_MAKE:
    case KIND_CERTIFICATE_REVOKE:
    case KIND_CORRECTION:
    case KIND_LABEL_REVEAL:
    case KIND_EVIDENCE:
    case KIND_PROPOSE:
    case KIND_BALLOT:
    case KIND_WITHDRAW:
    case KIND_NODE: break;
    }
    return NULL;
}

const char *statement_kind_name(enum statement_kind kind)
{
    switch (kind) {
    case KIND_READING: return "reading";
    case KIND_CUSTODY: return "custody";
    case KIND_COMMISSION: return "commission";
    case KIND_ATTACH: return "attach";
    case KIND_ENROL: return "enrol";
    case KIND_REVOKE: return "revoke";
    case KIND_PRODUCT: return "product";
    case KIND_PLACE: return "place";
    case KIND_PARTY: return "party";
    case KIND_OPEN: return "open";
    case KIND_AGREE: return "agree";
    case KIND_SCAN: return "scan";
    case KIND_EVIDENCE: return "evidence";
    case KIND_CALL: return "call";
    case KIND_DOCUMENT: return "document";
    case KIND_PROPOSE: return "propose";
    case KIND_BALLOT: return "ballot";
    case KIND_WITHDRAW: return "withdraw";
    case KIND_PACK: return "pack";
    case KIND_MAKE: return "make";
    case KIND_DISPOSITION: return "disposition";
    case KIND_DISPUTE: return "dispute";
    case KIND_CERTIFICATE: return "certificate";
    case KIND_CERTIFICATE_REVOKE: return "certificate-revoke";
    case KIND_CORRECTION: return "correction";
    case KIND_LABEL_SEAL: return "label-seal";
    case KIND_LABEL_REVEAL: return "label-reveal";
    case KIND_NODE: return "node";
    }
    return "unknown";
}
