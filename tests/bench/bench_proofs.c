/*
 * What a person's or a phone's check costs on a ledger of 20,000 keys: a receipt of before three changes of the
 * authorities, its proof of them checked from the genesis on each time.
 */
#include "common/head_proof.h"
#include "node/proof.h"
#include "tests/support/measure.h"
#include "tests/support/sealed_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS   20000
#define ROUNDS 201

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fail(const struct err *err)
{
    (void)fprintf(stderr, "bench: proofs: %s\n", err->msg);
    exit(1);
}

int main(int argc, char **argv)
{
    static double ms[ROUNDS];
    struct err err = { .msg = "" };
    bool wanted = argc < 2 || strcmp(argv[1], "receipt_verify_ms") == 0 ||
                  strcmp(argv[1], "set_chain_bytes") == 0;
    if (!wanted)
        return 0;
    if (!crypto_init())
        return 1;
    struct buf receipts = buf_heap(1 << 20), chain = buf_heap(SET_CHAIN_SIZE_MAX);
    struct sealed_ledger *l = sealed_new(4);
    sealed_enrol(l, KEYS);
    sealed_say(l, &l->member[1], kit_commission(KIT_UNIT));
    struct hash statement = l->last;
    sealed_block(l, 0);
    if (!proof_receipts(l->store, l->chain.head.size - 1, &receipts, &err))
        fail(&err);
    sealed_rotate(l, 0);
    sealed_rotate(l, 1);
    sealed_rotate(l, 2);
    if (!proof_sets(l->store, &l->identity, SET_CHAIN_COMPACT, &chain, &err))
        fail(&err);
    for (size_t i = 0; i < ROUNDS; i++) {
        struct head_proof_voucher v;
        struct authority_set newest;
        double start = measure_now();
        if (!set_chain_at(buf_slice(&chain), &l->identity, UINT64_MAX, &newest, &err) ||
            !head_proof_check_receipts(buf_slice(&receipts), &statement, buf_slice(&chain),
                                       &l->identity, &v, &err))
            fail(&err);
        ms[i] = (measure_now() - start) * 1000;
    }
    qsort(ms, ROUNDS, sizeof ms[0], compare);
    (void)printf("bench receipt_verify_ms %.2f ms\n", ms[ROUNDS / 2]);
    (void)printf("bench set_chain_bytes %zu bytes\n", chain.len);
    buf_free(&receipts);
    buf_free(&chain);
    sealed_free(l);
    return 0;
}
