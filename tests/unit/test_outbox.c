/* device/outbox: what was signed is there after any cut of the power, and no seq is given out twice. */
#include "device/outbox.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_MAX (1024 * 1024)

struct place {
    char folder[64];
    char log[96];
    struct kid kid;
    struct hash ledger;
    struct outbox *o;
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void open_box(struct place *p)
{
    struct err err = { .code = ERR_NONE };
    if (!outbox_open(p->folder, &p->kid, &p->ledger, OUTBOX_MIN_BYTES, &p->o, &err))
        fail_msg("%s", err.msg);
}

static void close_box(struct place *p)
{
    outbox_close(p->o);
    p->o = NULL;
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_true(crypto_init());
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/waybill-outbox-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->log, sizeof p->log, "%s/log", p->folder);
    memset(p->kid.bytes, 7, KID_SIZE);
    memset(p->ledger.bytes, 9, HASH_SIZE);
    assert_true(outbox_create(p->folder, &p->kid, &p->ledger, NULL));
    open_box(p);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    close_box(p);
    (void)nftw(p->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

/* A statement's stand-in: its bytes follow from seq and variant. */
static size_t body_of(uint64_t seq, unsigned variant, uint8_t *body)
{
    size_t len = 20 + (size_t)(seq * 37 % 90);
    for (size_t i = 0; i < len; i++)
        body[i] = (uint8_t)(seq * 31 + i * 7 + variant);
    return len;
}

static void append(struct place *p, uint64_t seq)
{
    uint8_t body[128];
    struct err err;
    size_t len = body_of(seq, 0, body);
    if (!outbox_append(p->o, seq, 1000 * seq, slice_of(body, len), &err))
        fail_msg("%s", err.msg);
}

static void expect_kept(struct place *p, uint64_t seq)
{
    uint8_t body[128];
    uint8_t memory[256];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct err err;
    if (!outbox_read(p->o, seq, &out, &err))
        fail_msg("%s", err.msg);
    assert_true(slice_equal(buf_slice(&out), slice_of(body, body_of(seq, 0, body))));
}

static size_t load_file(const char *path, uint8_t *out)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, out, FILE_MAX);
    assert_true(n >= 0);
    (void)close(fd);
    return (size_t)n;
}

static void store_file(const char *path, const uint8_t *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    (void)close(fd);
}

static void test_new_box_is_empty(void **state)
{
    struct place *p = *state;
    struct outbox_state s = outbox_state(p->o);
    assert_int_equal(s.last_seq, 0);
    assert_int_equal(s.kept, 0);
    assert_memory_equal(s.last_hash.bytes, p->ledger.bytes, HASH_SIZE);
}

/* A set-up that was cut short may be repeated; what has signed is never replaced. */
static void test_only_an_unused_box_is_replaced(void **state)
{
    struct place *p = *state;
    struct err err;
    struct kid other = { { 1 } };
    assert_false(outbox_create(p->folder, &other, &p->ledger, &err)); /* in use */
    assert_int_equal(err.code, ERR_BUSY);
    close_box(p);
    assert_true(outbox_create(p->folder, &other, &p->ledger, &err));
    assert_true(outbox_create(p->folder, &p->kid, &p->ledger, &err));
    open_box(p);
    append(p, 1);
    assert_true(outbox_free(p->o, 1, 1, 1, 1, NULL));
    close_box(p);
    assert_false(outbox_create(p->folder, &p->kid, &p->ledger, &err));
    assert_int_equal(err.code, ERR_INPUT);
    open_box(p);
    assert_int_equal(outbox_state(p->o).last_seq, 1);
}

static void test_kept_across_restarts(void **state)
{
    struct place *p = *state;
    for (uint64_t seq = 1; seq <= 20; seq++) {
        append(p, seq);
        close_box(p);
        open_box(p);
        assert_int_equal(outbox_state(p->o).last_seq, seq);
        assert_int_equal(outbox_state(p->o).last_time_ms, 1000 * seq);
    }
    for (uint64_t seq = 1; seq <= 20; seq++)
        expect_kept(p, seq);
}

static void test_knows_the_last_when_empty(void **state)
{
    struct place *p = *state;
    for (uint64_t seq = 1; seq <= 3; seq++)
        append(p, seq);
    struct hash last = outbox_state(p->o).last_hash;
    assert_true(outbox_free(p->o, 1, 3, 12, 777, NULL));
    close_box(p);
    open_box(p);
    struct outbox_state s = outbox_state(p->o);
    assert_int_equal(s.kept, 0);
    assert_int_equal(s.last_seq, 3);
    assert_int_equal(s.last_time_ms, 3000);
    assert_true(hash_equal(&s.last_hash, &last));
    assert_int_equal(s.ack_height, 12);
    assert_int_equal(s.ack_time_ms, 777);
}

static void test_frees_a_range_and_keeps_its_hashes(void **state)
{
    struct place *p = *state;
    for (uint64_t seq = 1; seq <= 6; seq++)
        append(p, seq);
    assert_true(outbox_free(p->o, 3, 5, 1, 1, NULL));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(outbox_state(p->o).kept, 3);
        assert_int_equal(outbox_count(p->o), 6);
        for (size_t i = 0; i < 6; i++) {
            struct outbox_entry e = outbox_at(p->o, i);
            uint8_t body[128];
            struct hash hash = crypto_sha256(slice_of(body, body_of(i + 1, 0, body)));
            assert_int_equal(e.seq, i + 1);
            assert_int_equal(e.freed, i >= 2 && i <= 4);
            assert_true(hash_equal(&e.hash, &hash));
        }
        expect_kept(p, 1);
        expect_kept(p, 6);
        assert_false(outbox_read(p->o, 4, &(struct buf){ .failed = true }, NULL));
        close_box(p);
        open_box(p);
    }
    assert_true(outbox_free(p->o, 1, 2, 2, 2, NULL));
    assert_int_equal(outbox_count(p->o), 1);
    assert_int_equal(outbox_at(p->o, 0).seq, 6);
}

/* The power goes at every byte of an append: the statement is whole or was never there. */
static void test_torn_tail_at_every_byte(void **state)
{
    struct place *p = *state;
    static uint8_t whole[FILE_MAX];
    append(p, 1);
    append(p, 2);
    assert_true(outbox_free(p->o, 1, 1, 1, 1, NULL));
    uint64_t before = outbox_state(p->o).file_bytes;
    append(p, 3);
    close_box(p);
    size_t len = load_file(p->log, whole);
    for (int fill = 0; fill < 3; fill++) {
        for (size_t cut = before; cut < len; cut++) {
            static uint8_t torn[FILE_MAX];
            memcpy(torn, whole, cut);
            memset(torn + cut, fill == 1 ? 0 : 0xa5, len - cut); /* blocks that were not written */
            if (fill > 0 && memcmp(torn, whole, len) == 0)
                continue;
            store_file(p->log, torn, fill == 0 ? cut : len);
            open_box(p);
            struct outbox_state s = outbox_state(p->o);
            assert_int_equal(s.last_seq, 2);
            assert_int_equal(s.cut, (fill == 0 ? cut : len) - before);
            expect_kept(p, 2);
            append(p, 3); /* and life goes on */
            close_box(p);
            open_box(p);
            assert_int_equal(outbox_state(p->o).last_seq, 3);
            assert_int_equal(outbox_state(p->o).cut, 0);
            expect_kept(p, 3);
            close_box(p);
        }
    }
    store_file(p->log, whole, len);
    open_box(p);
    assert_int_equal(outbox_state(p->o).last_seq, 3);
}

static void test_damage_before_the_end_is_refused(void **state)
{
    struct place *p = *state;
    static uint8_t whole[FILE_MAX];
    append(p, 1);
    append(p, 2);
    uint64_t before = outbox_state(p->o).file_bytes;
    append(p, 3);
    close_box(p);
    size_t len = load_file(p->log, whole);
    for (size_t at = 0; at < before; at++) {
        whole[at] ^= 0x10;
        store_file(p->log, whole, len);
        struct err err = { .code = ERR_NONE };
        assert_false(outbox_open(p->folder, &p->kid, &p->ledger, OUTBOX_MIN_BYTES, &p->o, &err));
        assert_true(err.code == ERR_PROOF || err.code == ERR_INPUT);
        whole[at] ^= 0x10;
    }
    store_file(p->log, whole, len);
    open_box(p);
}

static void test_one_process_at_a_time(void **state)
{
    struct place *p = *state;
    struct outbox *second = NULL;
    struct err err;
    struct outbox_state s;
    assert_false(outbox_open(p->folder, &p->kid, &p->ledger, OUTBOX_MIN_BYTES, &second, &err));
    assert_int_equal(err.code, ERR_BUSY);
    append(p, 1);
    assert_true(outbox_inspect(p->folder, &p->kid, &p->ledger, &s, &err));
    assert_true(s.busy);
    assert_int_equal(s.last_seq, 1);
    close_box(p);
    assert_true(outbox_inspect(p->folder, &p->kid, &p->ledger, &s, &err));
    assert_false(s.busy);
    open_box(p);
}

static void test_of_another_key_or_ledger(void **state)
{
    struct place *p = *state;
    struct kid kid = p->kid;
    struct hash ledger = p->ledger;
    struct err err;
    close_box(p);
    kid.bytes[0] ^= 1;
    assert_false(outbox_open(p->folder, &kid, &p->ledger, OUTBOX_MIN_BYTES, &p->o, &err));
    assert_int_equal(err.code, ERR_INPUT);
    ledger.bytes[0] ^= 1;
    assert_false(outbox_open(p->folder, &p->kid, &ledger, OUTBOX_MIN_BYTES, &p->o, &err));
    assert_int_equal(err.code, ERR_INPUT);
    (void)unlink(p->log);
    assert_false(outbox_open(p->folder, &p->kid, &p->ledger, OUTBOX_MIN_BYTES, &p->o, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_full_takes_no_more_and_drops_nothing(void **state)
{
    struct place *p = *state;
    static uint8_t body[60000];
    struct err err;
    uint64_t seq = 1;
    while (outbox_append(p->o, seq, seq, slice_of(body, sizeof body), &err))
        seq++;
    assert_int_equal(err.code, ERR_BUSY);
    assert_int_equal(seq, 5);
    assert_true(outbox_percent(p->o) > 80);
    assert_int_equal(outbox_state(p->o).kept, 4);
    assert_true(outbox_free(p->o, 1, 1, 1, 1, NULL));
    assert_true(outbox_append(p->o, seq, seq, slice_of(body, sizeof body), &err));
}

/* The disk refuses in the middle of an append; the same statement goes in once there is room. */
static void test_disk_full(void **state)
{
    struct place *p = *state;
    struct rlimit old;
    uint8_t body[128];
    struct err err;
    append(p, 1);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit low = { .rlim_cur = outbox_state(p->o).file_bytes + 30,
                          .rlim_max = old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    size_t len = body_of(2, 0, body);
    assert_false(outbox_append(p->o, 2, 2000, slice_of(body, len), &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(outbox_state(p->o).last_seq, 1);
    append(p, 2);
    close_box(p);
    open_box(p);
    assert_int_equal(outbox_state(p->o).last_seq, 2);
    expect_kept(p, 1);
    expect_kept(p, 2);
}

static void test_compaction_keeps_all_that_counts(void **state)
{
    struct place *p = *state;
    static uint8_t body[30000];
    uint64_t seq = 0;
    append(p, ++seq); /* the ledger lags behind on this one */
    uint64_t largest = 0;
    for (int i = 0; i < 60; i++) {
        seq++;
        body[0] = (uint8_t)seq;
        assert_true(outbox_append(p->o, seq, seq, slice_of(body, sizeof body), NULL));
        assert_true(outbox_free(p->o, seq, seq, seq, seq, NULL));
        if (outbox_state(p->o).file_bytes > largest)
            largest = outbox_state(p->o).file_bytes;
    }
    assert_true(largest < 400000);
    close_box(p);
    open_box(p);
    assert_int_equal(outbox_state(p->o).last_seq, seq);
    assert_int_equal(outbox_state(p->o).kept, 1);
    assert_int_equal(outbox_count(p->o), seq);
    assert_int_equal(outbox_state(p->o).ack_height, seq);
    expect_kept(p, 1);
    struct hash hash = crypto_sha256(slice_of(body, sizeof body));
    struct outbox_entry e = outbox_at(p->o, outbox_count(p->o) - 1);
    assert_true(e.freed && hash_equal(&e.hash, &hash));
}

static void test_set_aside(void **state)
{
    struct place *p = *state;
    uint8_t body[128];
    static uint8_t found[FILE_MAX];
    char path[128];
    append(p, 1);
    append(p, 2);
    struct err err;
    if (!outbox_set_aside(p->o, 1, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(outbox_count(p->o), 1);
    (void)snprintf(path, sizeof path, "%s/aside/1.cose", p->folder);
    size_t len = load_file(path, found);
    assert_true(slice_equal(slice_of(found, len), slice_of(body, body_of(1, 0, body))));
    close_box(p);
    open_box(p);
    assert_int_equal(outbox_state(p->o).kept, 1);
    expect_kept(p, 2);
}

/*
 * A child appends as fast as it can and says on a pipe which seq is stored, as an agent would send it;
 * it is killed at a random moment. Whatever it said is there with the same bytes; the next one goes on after.
 */
static void run_child(struct place *p, int out)
{
    open_box(p);
    for (uint64_t seq = outbox_state(p->o).last_seq + 1;; seq++) {
        append(p, seq);
        if (write(out, &seq, sizeof seq) != (ssize_t)sizeof seq)
            _exit(1);
        if (seq % 7 == 0 && !outbox_free(p->o, seq - 5, seq - 1, 1, 1, NULL))
            _exit(1);
    }
}

static void test_kill_nine(void **state)
{
    struct place *p = *state;
    close_box(p);
    uint64_t said = 0;
    for (int round = 0; round < 12; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            run_child(p, ends[1]);
        (void)close(ends[1]);
        uint64_t seq = 0;
        uint64_t until = said + 3 + (uint64_t)(round * 5 % 17);
        while (seq < until && read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq) {
            assert_int_equal(seq, said + 1);
            said = seq;
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq)
            said = seq;
        (void)close(ends[0]);
        open_box(p);
        assert_true(outbox_state(p->o).last_seq >= said);
        for (size_t i = 0; i < outbox_count(p->o); i++)
            if (!outbox_at(p->o, i).freed)
                expect_kept(p, outbox_at(p->o, i).seq);
        said = outbox_state(p->o).last_seq;
        close_box(p);
    }
    open_box(p);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_new_box_is_empty),
        CASE(test_only_an_unused_box_is_replaced),
        CASE(test_kept_across_restarts),
        CASE(test_knows_the_last_when_empty),
        CASE(test_frees_a_range_and_keeps_its_hashes),
        CASE(test_torn_tail_at_every_byte),
        CASE(test_damage_before_the_end_is_refused),
        CASE(test_one_process_at_a_time),
        CASE(test_of_another_key_or_ledger),
        CASE(test_full_takes_no_more_and_drops_nothing),
        CASE(test_disk_full),
        CASE(test_compaction_keeps_all_that_counts),
        CASE(test_set_aside),
        CASE(test_kill_nine),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
