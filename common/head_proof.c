#include "common/head_proof.h"

#define RECEIPTS_MAX (AUTHORITY_MAX * (RECEIPT_SIZE_MAX + 8))
#define ENTRY_MAX    (1024 * 1024)

enum head_proof_kind head_proof_kind(struct slice bytes)
{
    struct cbor_reader r = cbor_reader(bytes);
    if (!cbor_scan(bytes, NULL) || cbor_peek(&r) != CBOR_ARRAY)
        return HEAD_PROOF_NONE;
    size_t items = cbor_take_array(&r);
    if (items == 0 || cbor_peek(&r) != CBOR_UINT)
        return HEAD_PROOF_NONE;
    uint64_t kind = cbor_take_uint(&r);
    if (kind == HEAD_PROOF_CONSISTENCY && items == 5)
        return HEAD_PROOF_CONSISTENCY;
    if (kind == HEAD_PROOF_STATE && items == 4)
        return HEAD_PROOF_STATE;
    return kind == HEAD_PROOF_VOUCHER && items == 4 ? HEAD_PROOF_VOUCHER : HEAD_PROOF_NONE;
}

static void put_head(struct buf *out, enum head_proof_kind kind, size_t items, struct slice sets)
{
    cbor_put_array(out, items);
    cbor_put_uint(out, kind);
    cbor_put_bytes(out, sets);
}

/* Opens the file and the sets in it. */
static bool begin(struct slice bytes, enum head_proof_kind kind, const struct identity *trusted,
                  struct cbor_reader *ret_reader, struct set_chain *ret_sets, struct err *err)
{
    if (bytes.len > HEAD_PROOF_SIZE_MAX)
        return err_set(err, ERR_INPUT, "%zu bytes, more than the %d allowed", bytes.len,
                       HEAD_PROOF_SIZE_MAX);
    if (head_proof_kind(bytes) != kind)
        return err_set(err, ERR_INPUT, "not a proof of this kind");
    *ret_reader = cbor_reader(bytes);
    (void)cbor_take_array(ret_reader);
    (void)cbor_take_uint(ret_reader);
    struct slice sets = cbor_take_bytes(ret_reader, 1, SET_CHAIN_SIZE_MAX);
    if (ret_reader->failed)
        return err_set(err, ERR_INPUT, "the proof of the authority sets is missing");
    return set_chain_begin(ret_sets, sets, trusted, err);
}

static struct head_proof_by by_whom(const struct set_chain *sets, size_t seals)
{
    return (struct head_proof_by){ .seals = seals,
                                   .authorities = sets->set.count,
                                   .quorum = authority_set_quorum(&sets->set),
                                   .changes = sets->changes };
}

/* A final block under the set of its height. */
static bool check_final(struct set_chain *sets, struct slice bytes, struct header *ret_header,
                        struct head_proof_by *ret_by, struct err *err)
{
    struct final f;
    if (!final_decode(bytes, &f, err) || !set_chain_final(sets, &f, err))
        return false;
    struct cbor_reader seals = cbor_reader(f.seals);
    *ret_header = f.header;
    *ret_by = by_whom(sets, cbor_take_array(&seals));
    return true;
}

/* ------------------------------------------------------------------ consistency */

void head_proof_put_consistency(struct buf *out, struct slice sets, struct slice older,
                                struct slice newer, const struct merkle_path *path)
{
    put_head(out, HEAD_PROOF_CONSISTENCY, 5, sets);
    cbor_put_bytes(out, older);
    cbor_put_bytes(out, newer);
    merkle_put_path(out, path);
}

bool head_proof_agree(const struct header *older, const struct header *newer,
                      const struct merkle_path *path, struct err *err)
{
    unsigned long long low = older->height, high = newer->height;
    struct hash a = header_hash(older), b = header_hash(newer);
    if (older->height > newer->height)
        return err_set(err, ERR_INPUT, "head %llu is older than %llu", high, low);
    if (older->height == newer->height && !hash_equal(&a, &b))
        return err_set(err, ERR_PROOF, "two different blocks %llu are final: the ledger is forked",
                       low);
    if (older->time_ms > newer->time_ms || older->size > newer->size)
        return err_set(err, ERR_PROOF, "head %llu takes back what head %llu holds", high, low);
    return merkle_verify_consistency(older->size, &older->tree, newer->size, &newer->tree, path) ||
           err_set(err, ERR_PROOF,
                   "the statements under head %llu are not those under head %llu "
                   "and more",
                   high, low);
}

bool head_proof_check_consistency(struct slice bytes, const struct identity *trusted,
                                  struct head_proof_heads *ret_heads, struct err *err)
{
    struct cbor_reader r;
    struct set_chain sets;
    struct head_proof_heads heads;
    struct merkle_path path;
    if (!begin(bytes, HEAD_PROOF_CONSISTENCY, trusted, &r, &sets, err))
        return err_wrap(err, "consistency");
    struct slice older = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    struct slice newer = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    merkle_take_path(&r, &path);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "consistency: not [3, sets, final, final, path]");
    if (!check_final(&sets, older, &heads.older, &heads.by, err) ||
        !check_final(&sets, newer, &heads.newer, &heads.by, err) ||
        !head_proof_agree(&heads.older, &heads.newer, &path, err))
        return err_wrap(err, "consistency");
    *ret_heads = heads;
    return true;
}

/* ------------------------------------------------------------------ state */

void head_proof_put_state(struct buf *out, struct slice sets, struct slice final,
                          struct slice state_proof)
{
    put_head(out, HEAD_PROOF_STATE, 4, sets);
    cbor_put_bytes(out, final);
    cbor_put_bytes(out, state_proof);
}

bool head_proof_check_state(struct slice bytes, const struct identity *trusted,
                            struct head_proof_entry *ret_entry, struct err *err)
{
    struct cbor_reader r;
    struct set_chain sets;
    struct head_proof_entry e;
    if (!begin(bytes, HEAD_PROOF_STATE, trusted, &r, &sets, err))
        return err_wrap(err, "state");
    struct slice final = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    struct slice proof = cbor_take_bytes(&r, 1, ENTRY_MAX);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "state: not [4, sets, final, state-proof]");
    if (!check_final(&sets, final, &e.head, &e.by, err) ||
        !state_proof_verify(proof, &e.head.state, &e.entry, err))
        return err_wrap(err, "state");
    *ret_entry = e;
    return true;
}

/* ------------------------------------------------------------------ vouchers */

void head_proof_put_voucher(struct buf *out, struct slice sets, struct slice receipts,
                            struct slice statement)
{
    put_head(out, HEAD_PROOF_VOUCHER, 4, sets);
    cbor_put_bytes(out, receipts);
    cbor_put_bytes(out, statement);
}

static bool check_receipts(struct set_chain *sets, struct slice receipts,
                           const struct hash *statement, struct head_proof_voucher *ret,
                           struct err *err)
{
    uint64_t height;
    struct receipt_claim claim;
    if (!seal_receipts_height(receipts, &height))
        return err_set(err, ERR_INPUT, "receipts: not an array of receipts");
    if (!set_chain_to(sets, height, err) ||
        !seal_verify_receipts(receipts, statement, &sets->ledger, &sets->set, &claim, err))
        return false;
    ret->claim = claim;
    ret->hash = *statement;
    ret->by = by_whom(sets, claim.seals);
    return true;
}

bool head_proof_check_receipts(struct slice receipts, const struct hash *statement,
                               struct slice sets, const struct identity *trusted,
                               struct head_proof_voucher *ret_voucher, struct err *err)
{
    struct set_chain chain;
    struct head_proof_voucher v = { .statement = { NULL, 0 } };
    if (!set_chain_begin(&chain, sets, trusted, err) ||
        !check_receipts(&chain, receipts, statement, &v, err))
        return false;
    *ret_voucher = v;
    return true;
}

bool head_proof_check_voucher(struct slice bytes, const struct identity *trusted,
                              struct head_proof_voucher *ret_voucher, struct err *err)
{
    struct cbor_reader r;
    struct set_chain sets;
    struct head_proof_voucher v;
    if (!begin(bytes, HEAD_PROOF_VOUCHER, trusted, &r, &sets, err))
        return err_wrap(err, "voucher");
    struct slice receipts = cbor_take_bytes(&r, 1, RECEIPTS_MAX);
    v.statement = cbor_take_bytes(&r, 1, COSE_MAX_SIZE);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "voucher: not [5, sets, receipts, statement]");
    struct hash hash = crypto_sha256(v.statement);
    if (!check_receipts(&sets, receipts, &hash, &v, err))
        return err_wrap(err, "voucher");
    *ret_voucher = v;
    return true;
}
