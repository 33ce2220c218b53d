/* common/signer: no seq is signed twice, whatever happens between signing and sending. */
#include "common/signer.h"

#include "common/file.h"
#include "common/keyfile.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct desk {
    char folder[64];
    char key[96], state[96];
    struct key_pair pair;
    struct hash ledger;
    struct buf out;
    struct hash hash;
    struct err err;
};

static int set_up(void **state)
{
    struct desk *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_true(crypto_init());
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/waybill-signer-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->key, sizeof p->key, "%s/key", p->folder);
    (void)snprintf(p->state, sizeof p->state, "%s/key.state", p->folder);
    p->pair = vectors_key("farm");
    p->ledger = vectors_ledger();
    p->out = buf_heap(STATEMENT_MAX);
    assert_true(keyfile_write(p->key, &p->pair, NULL));
    assert_true(signer_create(p->key, &p->ledger, &p->err));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *p = *state;
    (void)chmod(p->folder, 0700);
    (void)unlink(p->state);
    (void)unlink(p->key);
    assert_int_equal(rmdir(p->folder), 0); /* nothing else was left there */
    buf_free(&p->out);
    free(p);
    return 0;
}

static struct signer *open_signer(struct desk *p)
{
    struct signer *s = NULL;
    if (!signer_open(p->key, &p->ledger, &s, &p->err))
        fail_msg("%s", p->err.msg);
    return s;
}

/* A party statement of the given time. */
static struct statement draft(struct desk *p, uint64_t time_ms)
{
    struct statement s = { .kind = KIND_PARTY, .link.time_ms = time_ms };
    s.as.party.member = p->pair.kid;
    s.as.party.name = slice_text("Farm A");
    return s;
}

static void sign(struct desk *p, struct signer *s, uint64_t time_ms)
{
    struct statement d = draft(p, time_ms);
    buf_clear(&p->out);
    if (!signer_sign(s, &d, &p->out, &p->hash, &p->err))
        fail_msg("%s", p->err.msg);
}

static void first_statement_begins_at_the_ledger(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    struct statement got;
    sign(p, s, 5000);
    assert_true(statement_decode(buf_slice(&p->out), &got, NULL));
    assert_int_equal(got.link.seq, 1);
    assert_memory_equal(got.link.prev, p->ledger.bytes, HALF_SIZE);
    assert_memory_equal(got.hash.bytes, p->hash.bytes, HASH_SIZE);
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    assert_true(statement_verify(&got, p->pair.pub, &p->ledger, &scratch));
    buf_free(&scratch);
    signer_close(s);
}

static void sequence_goes_on_after_reopening(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    struct statement got;
    sign(p, s, 5000);
    struct hash first = p->hash;
    signer_close(s);
    s = open_signer(p);
    assert_int_equal(signer_seq(s), 1);
    sign(p, s, 5000);
    assert_true(statement_decode(buf_slice(&p->out), &got, NULL));
    assert_int_equal(got.link.seq, 2);
    assert_memory_equal(got.link.prev, first.bytes, HALF_SIZE);
    signer_close(s);
}

static void bytes_are_kept_until_settled(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    sign(p, s, 1);
    struct hash first = p->hash;
    sign(p, s, 2);
    signer_close(s);
    s = open_signer(p);
    assert_int_equal(signer_pending_count(s), 2);
    assert_true(slice_equal(signer_pending(s, 1), buf_slice(&p->out)));
    assert_true(signer_settle(s, &first, &p->err));
    assert_true(signer_settle(s, &first, &p->err)); /* again: no error */
    signer_close(s);
    s = open_signer(p);
    assert_int_equal(signer_pending_count(s), 1);
    assert_int_equal(signer_seq(s), 2);
    assert_true(slice_equal(signer_pending(s, 0), buf_slice(&p->out)));
    signer_close(s);
}

static void one_process_at_a_time(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p), *other = NULL;
    assert_false(signer_open(p->key, &p->ledger, &other, &p->err));
    assert_int_equal(p->err.code, ERR_BUSY);
    signer_close(s);
    signer_close(open_signer(p));
}

static void missing_state_is_not_begun_anew(void **state)
{
    struct desk *p = *state;
    struct signer *s = NULL;
    assert_int_equal(unlink(p->state), 0);
    assert_false(signer_open(p->key, &p->ledger, &s, &p->err));
    assert_int_equal(p->err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(p->err.msg, "key.state"));
}

static void state_is_never_replaced_by_create(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    sign(p, s, 1);
    signer_close(s);
    assert_false(signer_create(p->key, &p->ledger, &p->err));
    s = open_signer(p);
    assert_int_equal(signer_seq(s), 1);
    signer_close(s);
}

static void other_ledger_is_refused(void **state)
{
    struct desk *p = *state;
    struct signer *s = NULL;
    struct hash other = p->ledger;
    other.bytes[31] ^= 1;
    assert_false(signer_open(p->key, &other, &s, &p->err));
    assert_int_equal(p->err.code, ERR_INPUT);
}

static void every_flipped_byte_is_found(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    struct buf file = buf_heap(SIGNER_STATE_MAX);
    sign(p, s, 1);
    signer_close(s);
    assert_true(file_read(p->state, SIGNER_STATE_MAX, &file, NULL));
    for (size_t i = 0; i < file.len; i += 3) {
        file.data[i] ^= 0x40;
        assert_true(file_replace(p->state, buf_slice(&file), 0600, NULL));
        assert_false(signer_open(p->key, &p->ledger, &s, &p->err));
        file.data[i] ^= 0x40;
    }
    buf_free(&file);
}

static void malformed_draft_uses_no_number(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    struct statement d = draft(p, 1);
    d.as.party.name = slice_text("");
    buf_clear(&p->out);
    assert_false(signer_sign(s, &d, &p->out, &p->hash, &p->err));
    assert_int_equal(signer_seq(s), 0);
    assert_int_equal(p->out.len, 0);
    assert_int_equal(signer_pending_count(s), 0);
    sign(p, s, 1);
    assert_int_equal(signer_seq(s), 1);
    signer_close(s);
}

/* A folder that cannot be written to: nothing is signed, and nothing is given out. */
static void unstored_is_unsigned(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    struct statement d = draft(p, 1);
    char part[112];
    (void)snprintf(part, sizeof part, "%s.part", p->state);
    assert_int_equal(mkdir(part, 0700), 0); /* in the way, for root too */
    buf_clear(&p->out);
    assert_false(signer_sign(s, &d, &p->out, &p->hash, &p->err));
    assert_int_equal(p->err.code, ERR_IO);
    assert_int_equal(p->out.len, 0);
    assert_int_equal(signer_seq(s), 0);
    assert_int_equal(rmdir(part), 0);
    sign(p, s, 1);
    assert_int_equal(signer_seq(s), 1);
    signer_close(s);
}

static void pending_is_bounded(void **state)
{
    struct desk *p = *state;
    struct signer *s = open_signer(p);
    for (uint64_t i = 1; i <= SIGNER_PENDING_MAX; i++)
        sign(p, s, i);
    struct statement d = draft(p, 99);
    assert_false(signer_sign(s, &d, &p->out, &p->hash, &p->err));
    assert_int_equal(p->err.code, ERR_BUSY);
    assert_int_equal(signer_seq(s), SIGNER_PENDING_MAX);
    signer_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_statement_begins_at_the_ledger, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sequence_goes_on_after_reopening, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_are_kept_until_settled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_process_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_state_is_not_begun_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(state_is_never_replaced_by_create, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_ledger_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(malformed_draft_uses_no_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unstored_is_unsigned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pending_is_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
