#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/file.h"
#include "node/read_model.h"
#include "node/snapshot_file.h"
#include "node/snapshot_join.h"
#include "node/snapshot_shelf.h"
#include "tests/unit/support_api.h"
#include "tests/unit/support_snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEERS 2

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* ------------------------------------------------------------------ peers */

enum lie {
    LIE_NONE,
    LIE_CHUNK,    /* a byte of every chunk */
    LIE_MANIFEST, /* a byte of the roots */
    LIE_GENESIS,
    LIE_OUTCOMES, /* of the history */
    LIE_SILENT,
    LIE_BOAST, /* a snapshot of a block far ahead, which it has not */
};

struct peers {
    struct support_api *api[PEERS];
    enum lie lie[PEERS];
    unsigned asked[PEERS], chunks;
    unsigned complaints;
    struct err last; /* complaint */
    uint64_t stop_at;
    struct asked order;
    struct snapshot_join join;
    char dir[64];
};

static bool starts(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

static void tell_lie(struct peers *p, size_t peer, const char *path, struct buf *out)
{
    static const uint8_t far[] = { 0x81, 0x82, 0x1a, 0x7f, 0xff, 0xff, 0xff, 0x01 };
    if (p->lie[peer] == LIE_BOAST && strcmp(path, "/v1/snapshot") == 0) {
        buf_clear(out);
        buf_add(out, far, sizeof far);
    }
    bool chunk = starts(path, "/v1/snapshot/") && strchr(path + 13, '/') != NULL;
    p->chunks += chunk;
    if ((p->lie[peer] == LIE_CHUNK && chunk) ||
        (p->lie[peer] == LIE_OUTCOMES && starts(path, "/v1/blocks/range")) ||
        (p->lie[peer] == LIE_GENESIS && starts(path, "/v1/genesis")) ||
        (p->lie[peer] == LIE_MANIFEST && starts(path, "/v1/snapshot/") && !chunk))
        out->data[out->len / 2] ^= 4;
}

static bool get(void *ctx, size_t peer, const char *path, size_t max, struct buf *out,
                struct err *err)
{
    struct peers *p = ctx;
    char plain[128];
    (void)max;
    p->asked[peer]++;
    if (p->lie[peer] == LIE_SILENT)
        return err_set(err, ERR_IO, "no answer");
    (void)snprintf(plain, sizeof plain, "%s", path);
    char *query = strchr(plain, '?');
    if (query != NULL)
        *query++ = '\0';
    struct support_api *f = p->api[peer];
    unsigned status = support_api_ask(f, plain, query != NULL ? query : "", API_TYPE_CBOR);
    if (status != 200)
        return err_set(err, ERR_NOT_FOUND, "status %u", status);
    buf_add_slice(out, buf_slice(&f->answer.body));
    tell_lie(p, peer, path, out);
    return true;
}

static bool progress(void *ctx, uint64_t done, uint64_t all, uint64_t bytes)
{
    struct peers *p = ctx;
    assert_true(done <= all && bytes > 0);
    return p->stop_at == 0 || done < p->stop_at;
}

static void complain(void *ctx, size_t peer, const struct err *err)
{
    struct peers *p = ctx;
    assert_true(peer < PEERS);
    p->complaints++;
    p->last = *err;
}

/* The sample journey, then a block of state that fills several chunks, and one block more. */
static void grow(struct ledger *l)
{
    static uint8_t value[8000];
    for (unsigned i = 0; i < 600; i++) {
        uint8_t key[16];
        struct buf k = buf_fixed(key, sizeof key), v = buf_fixed(value, sizeof value);
        cbor_put_array(&k, 2);
        cbor_put_uint(&k, 99);
        cbor_put_uint(&k, i);
        cbor_put_bytes_head(&v, 6000);
        memset(buf_extend(&v, 6000), (int)i, 6000);
        ledger_put_state(l, buf_slice(&k), buf_slice(&v));
    }
    ledger_seal(l, l->head.time_ms + 1000);
    ledger_seal(l, l->head.time_ms + 1000);
}

static void cut(struct ledger *l)
{
    char dir[128];
    struct err err = { 0 };
    struct store *reader = NULL;
    uint64_t height = 0;
    (void)snprintf(dir, sizeof dir, "%s/" SNAPSHOT_FOLDER, l->dir);
    expect(store_open(l->dir, STORE_READ, &reader, &err), &err);
    expect(store_begin_read(reader, &err), &err);
    expect(snapshot_file_cut(reader, dir, UINT64_MAX, NULL, &height, &err), &err);
    store_end_read(reader);
    store_close(reader);
    assert_int_equal(height, l->head.height);
}

/* With what was cut in its folder. */
static void api_free(struct support_api *f)
{
    char dir[128];
    (void)snprintf(dir, sizeof dir, "%s/" SNAPSHOT_FOLDER, f->node.l->dir);
    cut_remove_folder(dir);
    support_api_free(f);
}

static struct peers *peers_new(void)
{
    struct peers *p = calloc(1, sizeof *p);
    for (size_t i = 0; i < PEERS; i++) {
        p->api[i] = support_api_new();
        grow(p->api[i]->node.l);
        cut(p->api[i]->node.l);
    }
    cut_make_folder(p->dir);
    p->order.count = PEERS;
    p->join = (struct snapshot_join){ .dir = p->dir,
                                      .trusted = &p->api[0]->node.l->identity,
                                      .asked = &p->order,
                                      .ctx = p,
                                      .get = get,
                                      .progress = progress,
                                      .complain = complain };
    return p;
}

static void peers_free(struct peers *p)
{
    cut_remove_folder(p->dir);
    for (size_t i = 0; i < PEERS; i++)
        api_free(p->api[i]);
    free(p);
}

static void check_joined(struct peers *p)
{
    struct err err = { 0 };
    struct store *s = NULL;
    struct header head;
    struct store_history history;
    expect(store_open(p->dir, STORE_WRITE, &s, &err), &err);
    expect(store_head(s, &head, NULL, &err), &err);
    struct hash found = header_hash(&head), expected = header_hash(&p->api[0]->node.l->head);
    assert_true(hash_equal(&found, &expected));
    expect(store_history(s, &history, &err), &err);
    assert_false(history.complete);
    assert_int_equal(history.base, head.height);
    store_close(s);
}

/* ------------------------------------------------------------------ joining */

static void test_joins_from_peers(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    expect(snapshot_join_run(&p->join, &head, &err), &err);
    assert_int_equal(head.height, p->api[0]->node.l->head.height);
    assert_int_equal(p->complaints, 0);
    assert_true(p->chunks > 3);
    assert_true(p->asked[1] > 2); /* both carry a share */
    check_joined(p);
    assert_false(snapshot_join_run(&p->join, &head, &err));
    assert_non_null(strstr(err.msg, "holds a ledger already"));
    peers_free(p);
}

static void test_a_wrong_chunk_is_fetched_elsewhere(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    p->lie[0] = LIE_CHUNK;
    expect(snapshot_join_run(&p->join, &head, &err), &err);
    assert_int_equal(p->complaints, 1); /* whoever was wrong is asked last */
    assert_int_equal(strncmp(p->last.msg, "buckets ", 8), 0);
    check_joined(p);
    peers_free(p);
}

static void test_a_silent_peer_is_asked_once(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    struct store *s = NULL;
    p->lie[0] = LIE_SILENT;
    expect(snapshot_join_run(&p->join, &head, &err), &err);
    check_joined(p);
    expect(store_open(p->dir, STORE_WRITE, &s, &err), &err);
    expect(snapshot_join_history(&p->join, s, &err), &err);
    store_close(s);
    assert_int_equal(p->asked[0], 1);
    assert_int_equal(p->complaints, 1);
    peers_free(p);
}

/* Its word for the newest snapshot kept everybody else's from being asked for. */
static void test_who_boasts_is_passed_over(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    p->lie[0] = LIE_BOAST;
    expect(snapshot_join_run(&p->join, &head, &err), &err);
    assert_int_equal(p->complaints, 1);
    check_joined(p);
    peers_free(p);
}

static void test_nothing_wrong_comes_in(void **state)
{
    (void)state;
    static const enum lie lies[] = { LIE_CHUNK, LIE_MANIFEST, LIE_GENESIS, LIE_SILENT };
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    char dir[80];
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(dir, sizeof dir, "%s/%zu", p->dir, i);
        p->join.dir = dir;
        p->lie[0] = p->lie[1] = lies[i];
        assert_false(snapshot_join_run(&p->join, &head, &err));
        assert_true(p->complaints > 0);
        p->lie[1] = LIE_NONE;
        expect(snapshot_join_run(&p->join, &head, &err), &err);
    }
    peers_free(p);
}

static void test_goes_on_where_it_ended(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    bool good = false;
    unsigned tries = 0;
    for (uint64_t at = 1; !good; at++, tries++) {
        p->stop_at = at;
        good = snapshot_join_run(&p->join, &head, &err);
        if (!good)
            assert_int_equal(err.code, ERR_BUSY);
        assert_true(p->chunks <= tries + 1); /* none is fetched twice */
    }
    assert_true(tries > 3);
    check_joined(p);
    peers_free(p);
}

/* Who began at a snapshot that nobody has any more begins at the newest one. */
static void test_begins_anew_when_the_snapshot_is_gone(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    char dir[128];
    struct peers *p = peers_new();
    p->stop_at = 2;
    assert_false(snapshot_join_run(&p->join, &head, &err));
    for (size_t i = 0; i < PEERS; i++) {
        struct ledger *l = p->api[i]->node.l;
        (void)snprintf(dir, sizeof dir, "%s/" SNAPSHOT_FOLDER, l->dir);
        expect(snapshot_file_remove(dir, l->head.height, &err), &err);
        assert_false(snapshot_join_run(&p->join, &head, &err));
        assert_int_equal(err.code, i == 0 ? ERR_BUSY : ERR_NOT_FOUND);
        ledger_seal(l, l->head.time_ms + 1000);
    }
    for (size_t i = 0; i < PEERS; i++)
        cut(p->api[i]->node.l);
    p->stop_at = 0;
    expect(snapshot_join_run(&p->join, &head, &err), &err);
    assert_int_equal(head.height, p->api[0]->node.l->head.height);
    check_joined(p);
    peers_free(p);
}

static void test_another_ledger_is_refused(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    struct identity other = p->api[0]->node.l->identity;
    other.genesis.time_ms++;
    other.genesis.ledger = header_ledger_id(&other.genesis);
    p->join.trusted = &other;
    assert_false(snapshot_join_run(&p->join, &head, &err));
    assert_int_equal(err.code, ERR_PROOF);
    peers_free(p);
}

/* ------------------------------------------------------------------ what it answers then */

/* None of it may look as if there were nothing. */
static void check_told_from_history(struct support_api *f, unsigned status)
{
    static const char label[] = "gtin=09506000134352&serial=DEMO1";
    char unknown[96];
    assert_int_equal(support_api_ask(f, "/v1/governance", "", API_TYPE_JSON), status);
    assert_int_equal(support_api_ask(f, "/v1/verify", label, API_TYPE_JSON), status);
    (void)snprintf(unknown, sizeof unknown, "/v1/proposals/%064d", 7);
    assert_int_equal(support_api_ask(f, unknown, "", API_TYPE_JSON), status == 200 ? 404 : status);
    assert_string_equal(support_api_text(f, "/code"),
                        status == 200 ? "NOT_FOUND" : "HISTORY_INCOMPLETE");
}

static void test_answers_what_it_can_prove_and_the_rest_later(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct header head;
    struct peers *p = peers_new();
    struct support_api *f = p->api[1];
    struct store *s = NULL;
    struct hash digest, expected;
    expect(snapshot_join_run(&p->join, &head, &err), &err);
    expect(store_open(p->dir, STORE_WRITE, &s, &err), &err);
    struct store *own = f->context.store;
    expect(store_open(p->dir, STORE_READ, &f->context.store, &err), &err);
    assert_int_equal(support_api_ask(f, "/v1/head", "", API_TYPE_CBOR), 200);
    assert_int_equal(support_api_ask(f, "/v1/set", "", API_TYPE_CBOR), 200);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT, "", API_TYPE_JSON), 503);
    assert_string_equal(support_api_text(f, "/code"), "HISTORY_INCOMPLETE");
    assert_int_equal(support_api_ask(f, SUPPORT_UNIT, "", API_TYPE_HTML), 503);
    check_told_from_history(f, 503);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1", "", API_TYPE_CBOR), 404);
    assert_true(support_api_body_has(f, "not here before block"));
    struct store *joined = f->context.store;
    f->context.store = own;
    p->lie[0] = LIE_OUTCOMES;
    p->stop_at = 3;
    assert_false(snapshot_join_history(&p->join, s, &err));
    p->stop_at = 0;
    store_close(s);
    expect(store_open(p->dir, STORE_WRITE, &s, &err), &err);
    expect(snapshot_join_history(&p->join, s, &err), &err);
    assert_true(p->complaints > 0);
    expect(read_model_digest(s, &digest, &err), &err);
    expect(read_model_digest(p->api[0]->node.l->store, &expected, &err), &err);
    assert_true(hash_equal(&digest, &expected));
    f->context.store = joined;
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT, "", API_TYPE_JSON), 200);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1", "", API_TYPE_CBOR), 200);
    check_told_from_history(f, 200);
    f->context.store = own;
    store_close(joined);
    store_close(s);
    peers_free(p);
}

/* ------------------------------------------------------------------ files */

static void flip(const char *path, long offset)
{
    int fd = open(path, O_RDWR);
    uint8_t byte = 0;
    off_t at = offset < 0 ? lseek(fd, offset, SEEK_END) : lseek(fd, offset, SEEK_SET);
    assert_true(fd >= 0 && at >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x81;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

static void test_files_keep_their_form(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct ledger *l = f->node.l;
    struct snapshot_file files[SNAPSHOT_FILES_MAX];
    struct store *reader = NULL;
    struct buf out = buf_heap(SNAPSHOT_MANIFEST_MAX);
    char dir[96], path[160];
    uint64_t height = 0;
    volatile int stop = 1;
    (void)snprintf(dir, sizeof dir, "%s/" SNAPSHOT_FOLDER, l->dir);
    assert_int_equal(snapshot_file_list(dir, files), 0);
    expect(store_open(l->dir, STORE_READ, &reader, &err), &err);
    assert_false(snapshot_file_cut(reader, dir, 1000, NULL, &height, &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_false(snapshot_file_cut(reader, dir, UINT64_MAX, &stop, &height, &err));
    assert_int_equal(snapshot_file_list(dir, files), 0);
    cut(l);
    assert_int_equal(snapshot_file_list(dir, files), 1);
    assert_int_equal(files[0].height, l->head.height);
    height = l->head.height;
    expect(snapshot_file_chunk(dir, height, 0, &out, &err), &err);
    assert_false(snapshot_file_chunk(dir, height, 1, &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(snapshot_file_manifest(dir, height + 1, &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    (void)snprintf(path, sizeof path, "%s/%llu.snapshot", dir, (unsigned long long)height);
    for (long at = -40; at < 0; at++) {
        flip(path, at);
        buf_clear(&out);
        assert_false(snapshot_file_manifest(dir, height, &out, &err));
        flip(path, at);
    }
    ledger_seal(l, l->head.time_ms + 1000);
    cut(l);
    assert_int_equal(snapshot_file_list(dir, files), 2);
    assert_int_equal(files[0].height, height + 1);
    store_close(reader);
    buf_free(&out);
    api_free(f);
}

/* A height is pinned when it is told, whatever is sealed while the file is written. */
static void test_the_shelf_cuts_when_due_or_wanted(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct ledger *l = f->node.l;
    struct snapshot_file files[SNAPSHOT_FILES_MAX];
    struct snapshot_shelf *shelf = NULL;
    struct snapshot_shelf_options options = { .data_dir = l->dir, .every = 10 };
    char dir[96];
    (void)snprintf(dir, sizeof dir, "%s/" SNAPSHOT_FOLDER, l->dir);
    expect(snapshot_shelf_open(&options, &shelf, &err), &err);
    snapshot_shelf_want(shelf);
    assert_true(snapshot_shelf_busy(shelf));
    snapshot_shelf_committed(shelf, l->head.height);
    uint64_t wanted = l->head.height;
    for (unsigned i = 0; i < 3; i++)
        ledger_seal(l, l->head.time_ms + 1000);
    while (snapshot_shelf_busy(shelf))
        (void)usleep(1000);
    assert_int_equal(snapshot_file_list(dir, files), 1);
    assert_int_equal(files[0].height, wanted);
    snapshot_shelf_want(shelf); /* there is one */
    snapshot_shelf_committed(shelf, l->head.height);
    assert_false(snapshot_shelf_busy(shelf));
    for (unsigned i = 0; i < 25; i++) {
        ledger_seal(l, l->head.time_ms + 1000);
        snapshot_shelf_committed(shelf, l->head.height);
        while (snapshot_shelf_busy(shelf))
            (void)usleep(1000);
    }
    assert_int_equal(snapshot_file_list(dir, files), SNAPSHOT_KEEP);
    assert_int_equal(files[0].height % 10, 0);
    assert_int_equal(files[0].height - files[1].height, 10);
    snapshot_shelf_close(shelf);
    api_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins_from_peers),
        cmocka_unit_test(test_a_wrong_chunk_is_fetched_elsewhere),
        cmocka_unit_test(test_a_silent_peer_is_asked_once),
        cmocka_unit_test(test_who_boasts_is_passed_over),
        cmocka_unit_test(test_nothing_wrong_comes_in),
        cmocka_unit_test(test_goes_on_where_it_ended),
        cmocka_unit_test(test_begins_anew_when_the_snapshot_is_gone),
        cmocka_unit_test(test_another_ledger_is_refused),
        cmocka_unit_test(test_answers_what_it_can_prove_and_the_rest_later),
        cmocka_unit_test(test_files_keep_their_form),
        cmocka_unit_test(test_the_shelf_cuts_when_due_or_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
