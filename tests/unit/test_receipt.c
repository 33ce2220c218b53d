/* Receipts without a node: seal_verify_receipts() on the wire's vectors, and `waybill receipt verify` on files. */
#include "common/file.h"
#include "common/hex.h"
#include "common/seal.h"
#include "tests/support/vectors.h"
#include "tools/cmd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FILES 3

/* ------------------------------------------------------------------ four authorities */

struct four {
    struct authority_set set;
    struct header header;
    struct hash statement;
    struct buf receipts;
};

static void load_four(struct four *f, const char *receipts)
{
    assert_true(authority_set_decode(vectors_bytes("four: authority set"), &f->set, NULL));
    assert_true(header_decode(vectors_bytes("four: header 2"), &f->header, NULL));
    f->statement = crypto_sha256(vectors_bytes("four: statement"));
    f->receipts = buf_heap(1 << 16);
    cbor_put_array(&f->receipts, vectors_count(receipts));
    for (size_t i = 0; i < vectors_count(receipts); i++)
        cbor_put_bytes(&f->receipts, vectors_item(receipts, i));
}

static bool verify_four(const struct four *f, struct receipt_claim *ret_claim, struct err *err)
{
    return seal_verify_receipts(buf_slice(&f->receipts), &f->statement, &f->header.ledger, &f->set,
                                ret_claim, err);
}

static void four_authorities_receipts_hold(void **state)
{
    (void)state;
    struct four f;
    struct receipt_claim claim;
    struct err err;
    load_four(&f, "four: receipts");
    if (!verify_four(&f, &claim, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(claim.seals, 3);
    assert_int_equal(claim.height, 2);
    assert_int_equal(claim.round, 1);
    f.statement.bytes[0] ^= 1; /* another statement */
    assert_false(verify_four(&f, &claim, &err));
    assert_int_equal(err.code, ERR_PROOF);
    f.statement.bytes[0] ^= 1;
    f.header.ledger.bytes[0] ^= 1; /* another ledger */
    assert_false(verify_four(&f, &claim, &err));
    buf_free(&f.receipts);
}

/* Receipts from seals: two of them are too few, one doubled is no third, mixed rounds are no proof. */
static bool verify_chosen(const char *seals, const size_t *chosen, size_t count, struct err *err)
{
    struct four f;
    struct receipt_claim claim;
    struct cose c;
    load_four(&f, "four: receipts");
    assert_true(cose_parse(vectors_item("four: receipts", 0), &c, NULL));
    struct cbor_reader r = cbor_reader(c.proof);
    struct merkle_path path;
    cbor_take_array_of(&r, 3);
    uint64_t size = cbor_take_uint(&r), index = cbor_take_uint(&r);
    merkle_take_path(&r, &path);
    assert_true(cbor_done(&r));
    buf_clear(&f.receipts);
    cbor_put_array(&f.receipts, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t memory[RECEIPT_SIZE_MAX];
        struct buf one = buf_fixed(memory, sizeof memory);
        assert_true(
            seal_put_receipt(vectors_item(seals, chosen[i]), size, index, &path, &one, NULL));
        cbor_put_bytes(&f.receipts, buf_slice(&one));
    }
    bool holds = verify_four(&f, &claim, err);
    buf_free(&f.receipts);
    return holds;
}

static void quorums_are_counted(void **state)
{
    (void)state;
    static const size_t all[] = { 0, 1, 2 }, doubled[] = { 0, 1, 1 };
    struct err err;
    assert_true(verify_chosen("four: seals 2, round 1", all, 3, &err));
    assert_false(verify_chosen("four: seals 2, round 1", all, 2, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_false(verify_chosen("four: seals 2, round 1", doubled, 3, &err));
    assert_false(verify_chosen("four: seals 2, round 1", all, 0, &err));
}

static void mixed_rounds_are_refused(void **state)
{
    (void)state;
    static const size_t all[] = { 0, 1, 2 };
    struct err err;
    assert_false(verify_chosen("four: mixed rounds, refuse", all, 3, &err));
    assert_int_equal(err.code, ERR_PROOF);
}

/* ------------------------------------------------------------------ the command, on files */

struct desk {
    char folder[64];
    char path[FILES][96]; /* receipt, statement, identity */
};

static int set_up(void **state)
{
    static const char *const names[FILES] = { "receipt", "statement", "identity" };
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    (void)snprintf(d->folder, sizeof d->folder, "/tmp/waybill-receipt-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    for (size_t i = 0; i < FILES; i++)
        (void)snprintf(d->path[i], sizeof d->path[i], "%s/%s", d->folder, names[i]);
    *state = d;
    return crypto_init() ? 0 : -1;
}

static int tear_down(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < FILES; i++)
        (void)unlink(d->path[i]);
    (void)rmdir(d->folder);
    free(d);
    return 0;
}

/* What it says is not looked at here. */
static int run(struct desk *d)
{
    char receipt[] = "receipt", verify[] = "verify", json[] = "--json";
    char *argv[] = { receipt, verify, d->path[0], d->path[1], d->path[2], json };
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(kept >= 0 && nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0);
    int code = cmd_receipt(6, argv);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    (void)close(nowhere);
    return code;
}

static void write_files(struct desk *d)
{
    static const char *const names[FILES] = { "receipts file", "reading 12 samples T+H anchor",
                                              "identity" };
    for (size_t i = 0; i < FILES; i++)
        assert_true(file_replace(d->path[i], vectors_bytes(names[i]), 0600, NULL));
}

static void three_files_are_enough(void **state)
{
    struct desk *d = *state;
    write_files(d);
    assert_int_equal(run(d), CMD_GOOD);
}

/* Whatever byte is wrong in the receipt or the statement: exit code 3, never 0 and never a mere error. */
static void every_changed_byte_fails_the_proof(void **state)
{
    struct desk *d = *state;
    write_files(d);
    for (size_t which = 0; which < 2; which++) {
        struct buf file = buf_heap(1 << 16);
        assert_true(file_read(d->path[which], 1 << 16, &file, NULL));
        for (size_t i = 0; i < file.len; i++) {
            file.data[i] ^= 1;
            assert_true(file_replace(d->path[which], buf_slice(&file), 0600, NULL));
            if (run(d) != CMD_PROOF)
                fail_msg("file %zu, byte %zu was not noticed", which, i);
            file.data[i] ^= 1;
        }
        assert_true(file_replace(d->path[which], buf_slice(&file), 0600, NULL));
        buf_free(&file);
    }
    assert_int_equal(run(d), CMD_GOOD);
}

static void missing_files_are_errors(void **state)
{
    struct desk *d = *state;
    write_files(d);
    assert_int_equal(unlink(d->path[1]), 0);
    assert_int_equal(run(d), CMD_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_authorities_receipts_hold),
        cmocka_unit_test(quorums_are_counted),
        cmocka_unit_test(mixed_rounds_are_refused),
        cmocka_unit_test_setup_teardown(three_files_are_enough, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_changed_byte_fails_the_proof, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_files_are_errors, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
