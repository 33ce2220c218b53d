/* tools/cmd_audit_files, _log: one wrong byte in a key or in a log is found, and its place is named. */
#include "common/db.h"
#include "common/file.h"
#include "common/keyfile.h"
#include "tests/support/vectors.h"
#include "tools/cmd_audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG_BYTES_MAX (16 << 20)
#define LOG_STEP      97 /* bytes between two that are tried */

struct desk {
    char folder[64];
    char key[96], db[96], live_log[96], log[96];
    struct buf bytes;
    struct err err;
};

static int set_up(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    (void)snprintf(d->folder, sizeof d->folder, "/tmp/waybill-audit-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    (void)snprintf(d->key, sizeof d->key, "%s/a.key", d->folder);
    (void)snprintf(d->db, sizeof d->db, "%s/x.db", d->folder);
    (void)snprintf(d->live_log, sizeof d->live_log, "%s/x.db-wal", d->folder);
    (void)snprintf(d->log, sizeof d->log, "%s/copy", d->folder);
    d->bytes = buf_heap(LOG_BYTES_MAX);
    *state = d;
    return crypto_init() ? 0 : -1;
}

static int tear_down(void **state)
{
    struct desk *d = *state;
    (void)unlink(d->key);
    (void)unlink(d->db);
    (void)unlink(d->log);
    (void)rmdir(d->folder);
    buf_free(&d->bytes);
    free(d);
    return 0;
}

/* ------------------------------------------------------------------ keys */

static void every_byte_of_a_key_is_located(void **state)
{
    struct desk *d = *state;
    struct key_pair pair = vectors_key("farm");
    char wanted[64];
    assert_true(keyfile_write(d->key, &pair, NULL));
    assert_true(audit_key_file(d->key, &d->err));
    assert_true(file_read(d->key, 4096, &d->bytes, NULL));
    for (size_t i = 0; i < d->bytes.len; i++) {
        uint8_t was = d->bytes.data[i];
        d->bytes.data[i] = was == '7' ? '8' : i % 2 == 0 ? '7' : was ^ 0x10;
        assert_true(file_replace(d->key, buf_slice(&d->bytes), 0600, NULL));
        (void)snprintf(wanted, sizeof wanted, "byte %zu is wrong", i);
        assert_false(audit_key_file(d->key, &d->err));
        assert_int_equal(d->err.code, ERR_PROOF);
        if (strstr(d->err.msg, wanted) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", wanted, d->err.msg);
        d->bytes.data[i] = was;
    }
}

/* ------------------------------------------------------------------ logs */

/* A log of some commits, as a killed node leaves it. */
static void make_log(struct desk *d)
{
    struct db_options options = { .flags = DB_CREATE };
    struct db *db = NULL;
    if (!db_open(d->db, &options, &db, &d->err))
        fail_msg("%s", d->err.msg);
    assert_true(db_exec(db, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)", NULL));
    for (int i = 0; i < 4; i++)
        assert_true(db_exec(db, "INSERT INTO t (b) VALUES (hex(randomblob(3000)))", NULL));
    assert_true(file_read(d->live_log, LOG_BYTES_MAX, &d->bytes, &d->err));
    db_close(db);
    assert_true(d->bytes.len > 5 * 4096);
}

static void put_log(struct desk *d, size_t len)
{
    assert_true(file_replace(d->log, slice_of(d->bytes.data, len), 0600, NULL));
}

/* The place in the message is the byte, or a range around it. */
static bool names_place(const char *message, size_t place)
{
    unsigned long long first = 0, last = 0;
    const char *at = strstr(message, "offset ");
    if (at == NULL)
        return strstr(message, "bytes 0 to 31") != NULL && place < 32;
    int found = sscanf(at, "offset %llu and %llu", &first, &last); // NOLINT(cert-err34-c)
    return found == 2 ? place >= first && place <= last : found == 1 && place == first;
}

static void bytes_of_a_log_are_located(void **state)
{
    struct desk *d = *state;
    make_log(d);
    put_log(d, d->bytes.len);
    if (!audit_log_file(d->log, &d->err))
        fail_msg("%s", d->err.msg);
    for (size_t i = 0; i < d->bytes.len; i += i < 64 ? 1 : LOG_STEP) {
        d->bytes.data[i] ^= 1 << (i % 8);
        put_log(d, d->bytes.len);
        if (audit_log_file(d->log, &d->err))
            fail_msg("byte %zu was not noticed", i);
        assert_int_equal(d->err.code, ERR_PROOF);
        if (!names_place(d->err.msg, i))
            fail_msg("byte %zu: \"%s\"", i, d->err.msg);
        d->bytes.data[i] ^= 1 << (i % 8);
    }
}

/* What a kill in the midst of a write leaves is no damage: it was never acknowledged. */
static void torn_ends_are_no_damage(void **state)
{
    struct desk *d = *state;
    make_log(d);
    for (size_t cut = 1; cut < 3 * 4120; cut += 1001) {
        put_log(d, d->bytes.len - cut);
        if (!audit_log_file(d->log, &d->err))
            fail_msg("cut by %zu: %s", cut, d->err.msg);
    }
    memset(d->bytes.data + d->bytes.len - 2000, 0, 2000); /* a page half written */
    put_log(d, d->bytes.len);
    assert_true(audit_log_file(d->log, &d->err));
    put_log(d, 0);
    assert_true(audit_log_file(d->log, &d->err));
}

static void several_bytes_in_the_middle_are_damage(void **state)
{
    struct desk *d = *state;
    make_log(d);
    memset(d->bytes.data + 32 + 24 + 100, 0x55, 200);
    put_log(d, d->bytes.len);
    assert_false(audit_log_file(d->log, &d->err));
    assert_int_equal(d->err.code, ERR_PROOF);
    assert_non_null(strstr(d->err.msg, "several bytes from offset 32 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_of_a_key_is_located, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_of_a_log_are_located, set_up, tear_down),
        cmocka_unit_test_setup_teardown(torn_ends_are_no_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_bytes_in_the_middle_are_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
