/* What a node gives its peers over HTTPS, each question asked well and badly, and by whom it may be asked. */
#include "node/peer_api.h"

#include "common/clock.h"
#include "common/hex.h"
#include "common/http_client.h"
#include "common/log.h"
#include "common/tls_certificate.h"
#include "node/blocks_range.h"
#include "node/peers_roster.h"
#include "tests/unit/support_ledger.h"
#include "tests/unit/support_peers.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STOOD_STILL_MS 300
#define MINUTE         60000
#define LIMIT_MS       60000
#define LARGE          5    /* blocks of so many statements, … */
#define STATEMENTS     2000 /* … each some 400 KiB */
#define BLOCKS         72   /* the others are small: more than are found by hash */

static struct support_peers s;
static struct peers *nodes[2];
static struct ledger *ledger;
static struct peer_api *api;
static struct http_client *member, *stranger;
static struct err err;
static struct hash hashes[BLOCKS + 1];

/* ------------------------------------------------------------------ a ledger, two nodes, a server */

static void make_ledger(void)
{
    ledger = ledger_new(false);
    for (unsigned b = 1, number = 0; b <= BLOCKS; b++) {
        for (unsigned i = 0; i < (b <= LARGE ? STATEMENTS : 1); i++, number++) {
            char name[64];
            uint8_t memory[128];
            struct buf set = buf_fixed(memory, sizeof memory);
            struct statement st = { .kind = KIND_COMMISSION };
            (void)snprintf(name, sizeof name, "01/09506000134352/21/U%06u", number);
            st.as.commission.assets = asset_set_one(name, &set);
            (void)ledger_add(ledger, &ledger->farm, LEDGER_T0 + number, st);
        }
        ledger_seal(ledger, LEDGER_T0 + (uint64_t)b * MINUTE);
        hashes[b] = header_hash(&ledger->head);
    }
}

static void open_node(size_t i)
{
    struct support_peer *me = &s.at[i];
    struct peers_options o = { .dir = me->dir,
                               .own = me->key.kid,
                               .certificate_file = me->crt,
                               .key_file = me->pem_key,
                               .host = "127.0.0.1" };
    if (!peers_open(&o, &nodes[i], &err))
        fail_msg("%s", err.msg);
    (void)snprintf(me->peer.broker, sizeof me->peer.broker, "127.0.0.1:%u", peers_port(nodes[i]));
}

static void list_of_0(size_t count, uint64_t now_ms)
{
    struct peer list[2] = { s.at[0].peer, s.at[1].peer };
    peers_set(nodes[0], list, count, now_ms);
}

static struct http_client *client(size_t i)
{
    struct buf pem = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    char url[64];
    struct http_client *c = NULL;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", peer_api_port(api));
    tls_certificate_put_pem(slice_of(s.at[0].peer.certificate, s.at[0].peer.certificate_len), &pem);
    struct http_client_options o = { .base_url = url,
                                     .pinned = buf_slice(&pem),
                                     .certificate_file = s.at[i].crt,
                                     .key_file = s.at[i].pem_key };
    if (!http_client_open(&o, &c, &err))
        fail_msg("%s", err.msg);
    buf_free(&pem);
    return c;
}

static int setup(void **state)
{
    (void)state;
    support_peers_make(&s);
    make_ledger();
    open_node(0);
    open_node(1);
    list_of_0(2, clock_steady_ms());
    struct peer_api_options o = { .data_dir = ledger->dir,
                                  .host = "127.0.0.1",
                                  .certificate_file = s.at[0].crt,
                                  .key_file = s.at[0].pem_key,
                                  .peers = nodes[0] };
    if (!peer_api_open(&o, &api, &err))
        fail_msg("%s", err.msg);
    member = client(1);
    stranger = client(2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_client_close(member);
    http_client_close(stranger);
    peer_api_close(api);
    for (size_t i = 0; i < 2; i++)
        peers_close(nodes[i]);
    ledger_free(ledger);
    support_peers_remove(&s);
    return 0;
}

/* ------------------------------------------------------------------ asking */

static struct buf ask_as(struct http_client *who, const char *path, unsigned status)
{
    struct http_reply reply;
    if (!http_client_get(who, path, NULL, &reply, &err))
        fail_msg("%s: %s", path, err.msg);
    if (reply.status != status)
        fail_msg("%s: %u, expected %u", path, reply.status, status);
    return reply.body;
}

static struct buf ask(const char *path, unsigned status)
{
    return ask_as(member, path, status);
}

static void refused(const char *path, unsigned status)
{
    struct buf body = ask(path, status);
    assert_in_range(body.len, 1, 400); /* a sentence */
    buf_free(&body);
}

static void given(const char *path, struct slice expected)
{
    struct buf body = ask(path, 200);
    if (!slice_equal(buf_slice(&body), expected))
        fail_msg("%s: %zu bytes, expected %zu", path, body.len, expected.len);
    buf_free(&body);
}

/* Each is refused in words, and the server lives on. */
static void bad_heights(const char *what)
{
    static const char *const bad[] = { "x",   "",   "-1", "0x1", "1%20",
                                       "1.5", "1x", "+1", "%31", "1234567890123456789" };
    char path[128];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(path, sizeof path, PEER_API_PATH "%s?from=%s", what, bad[i]);
        refused(path, 400);
    }
    (void)snprintf(path, sizeof path, PEER_API_PATH "%s?from=0", what); /* a file of its own */
    refused(path, 404);
    (void)snprintf(path, sizeof path, PEER_API_PATH "%s", what);
    refused(path, 404);
    (void)snprintf(path, sizeof path, PEER_API_PATH "%s?from=%d", what, BLOCKS + 1);
    given(path, slice_text("\x80"));
    (void)snprintf(path, sizeof path, PEER_API_PATH "%s?from=999999999999999999", what);
    given(path, slice_text("\x80"));
}

static void blocks(void **state)
{
    struct buf expected = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    struct blocks_range range;
    uint64_t from = 1;
    char path[128];
    (void)state;
    bad_heights("blocks");
    while (from <= BLOCKS) { /* as a reader goes on, to the end */
        buf_clear(&expected);
        assert_true(blocks_range_put(ledger->store, from, &expected, &err));
        (void)snprintf(path, sizeof path, PEER_API_PATH "blocks?from=%u", (unsigned)from);
        given(path, buf_slice(&expected));
        assert_true(blocks_range_begin(buf_slice(&expected), from, &range, &err));
        assert_true(range.count == 1 || expected.len <= BLOCKS_RANGE_SIZE);
        assert_true(from > 1 || range.count < LARGE); /* the cap is felt */
        from += range.count;
    }
    buf_free(&expected);
}

static void history(void **state)
{
    struct blocks_range range;
    uint64_t from = 1;
    char path[128];
    (void)state;
    bad_heights("history");
    while (from <= BLOCKS) {
        struct slice block, seals, outcomes;
        (void)snprintf(path, sizeof path, PEER_API_PATH "history?from=%u", (unsigned)from);
        struct buf body = ask(path, 200);
        assert_true(blocks_range_begin(buf_slice(&body), from, &range, &err));
        assert_true(range.count > 0);
        assert_true(range.count == 1 || body.len <= 256 * 1024);
        for (; range.count > 0; from++)
            if (!blocks_range_next_history(&range, &block, &seals, &outcomes, &err))
                fail_msg("%s", err.msg);
        buf_free(&body);
    }
}

static void candidate_path(char path[128], const struct hash *hash)
{
    size_t len = (size_t)snprintf(path, 128, PEER_API_PATH "candidate/");
    hex_encode(hash_slice(hash), path + len);
}

static void candidates(void **state)
{
    struct hash proposed = crypto_sha256(slice_text("proposed")), none = { { 1 } };
    struct buf block = buf_heap(BLOCK_SIZE_MAX);
    char path[128];
    (void)state;
    candidate_path(path, &proposed);
    refused(path, 404);
    assert_true(
        store_put_vote(ledger->store, slice_text("v"), &proposed, slice_text("a body"), &err));
    given(path, slice_text("a body"));
    candidate_path(path, &none);
    refused(path, 404);
    /* decided blocks, as long as a peer may still be about to take them */
    assert_true(store_block(ledger->store, BLOCKS - 63, &block, NULL, NULL, &err));
    candidate_path(path, &hashes[BLOCKS - 63]);
    given(path, buf_slice(&block));
    candidate_path(path, &hashes[BLOCKS]);
    buf_free(&block);
    block = ask(path, 200);
    candidate_path(path, &hashes[BLOCKS - 64]);
    refused(path, 404);
    /* no hash */
    refused(PEER_API_PATH "candidate/", 400);
    refused(PEER_API_PATH "candidate/00", 400);
    candidate_path(path, &none);
    path[strlen(path) - 1] = 'G';
    refused(path, 400);
    path[strlen(path) - 1] = 'F'; /* small letters alone */
    refused(path, 400);
    candidate_path(path, &none);
    (void)strcat(path, "00");
    refused(path, 400);
    buf_free(&block);
}

static void turn(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct pollfd fds[PEERS_POLL_COUNT];
        peers_poll(nodes[i], fds);
        (void)poll(fds, PEERS_POLL_COUNT, 10);
        peers_service(nodes[i], fds, clock_steady_ms());
    }
}

/* The asker's own key, and nobody else's. */
static void heard(void **state)
{
    struct kid link;
    struct slice m;
    struct peer list[2] = { s.at[0].peer, s.at[1].peer };
    (void)state;
    given(PEER_API_PATH "heard", slice_text("\xf6"));
    peers_set(nodes[1], list, 2, clock_steady_ms());
    uint64_t begin = clock_steady_ms();
    do {
        assert_true(clock_steady_ms() < begin + LIMIT_MS);
        (void)peers_send(nodes[1], NULL, slice_text("here"));
        turn();
    } while (!peers_take(nodes[0], &link, &m));
    struct buf body = ask(PEER_API_PATH "heard", 200);
    struct cbor_reader r = cbor_reader(buf_slice(&body));
    assert_true(cbor_take_uint(&r) <= clock_steady_ms() - begin);
    assert_true(cbor_done(&r));
    buf_free(&body);
}

/* A node that stood still takes late what had come long before: its sender may have ended since. */
static void heard_when_it_came(void **state)
{
    struct kid link;
    struct slice m;
    struct pollfd fds[PEERS_POLL_COUNT];
    uint64_t begin = clock_steady_ms();
    (void)state;
    do {
        assert_true(clock_steady_ms() < begin + LIMIT_MS);
        (void)peers_send(nodes[1], NULL, slice_text("here"));
        turn();
        peers_poll(nodes[0], fds);
    } while (poll(&fds[1], 1, 0) != 1);
    (void)poll(NULL, 0, STOOD_STILL_MS + 10);
    assert_true(peers_take(nodes[0], &link, &m));
    struct buf body = ask(PEER_API_PATH "heard", 200);
    struct cbor_reader r = cbor_reader(buf_slice(&body));
    assert_true(cbor_take_uint(&r) >= STOOD_STILL_MS);
    buf_free(&body);
}

static void what_there_is_not(void **state)
{
    struct http_reply reply;
    (void)state;
    refused("/", 404);
    refused("/v1/peer", 404);
    refused(PEER_API_PATH, 404);
    refused(PEER_API_PATH "blocks/1", 404);
    refused(PEER_API_PATH "heards", 404);
    refused("/v1/head", 404); /* the pages for people are elsewhere */
    assert_true(http_client_post(member, PEER_API_PATH "heard", "text/plain", slice_text("x"),
                                 &reply, &err));
    assert_int_equal(reply.status, 405);
    http_reply_free(&reply);
}

/* Who sends much is told so, too, and not by a reset: his body is read in vain first. */
static void large_bodies(void **state)
{
    static uint8_t large[1000000];
    struct http_reply reply;
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct http_client *c = client(1);
        if (!http_client_post(c, PEER_API_PATH "blocks", "text/plain",
                              slice_of(large, sizeof large), &reply, &err))
            fail_msg("post %d: %s", i, err.msg);
        assert_int_equal(reply.status, 405);
        http_reply_free(&reply);
        http_client_close(c);
    }
}

/* Who is not on the list is told so whatever it asks, before its body is read, and from the moment it left. */
static void who_is_not_on_the_list(void **state)
{
    static const char *const paths[] = { "heard", "blocks?from=1", "history?from=1", "candidate/00",
                                         "nothing" };
    char path[128], text[4096];
    struct buf body;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)snprintf(path, sizeof path, PEER_API_PATH "%s", paths[i]);
        body = ask_as(stranger, path, 403);
        assert_in_range(body.len, 1, 200);
        buf_free(&body);
    }
    (void)support_peers_shell(
        &s, text,
        "printf 'POST /v1/peer/heard HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: "
        "100000\\r\\n\\r\\n' |"
        " timeout 60 openssl s_client -quiet -ign_eof -connect 127.0.0.1:%u -cert 2.crt -key 2.key",
        peer_api_port(api));
    assert_non_null(strstr(text, "HTTP/1.1 403")); /* of its body nothing was sent */
    (void)support_peers_shell(&s, text,
                              "printf 'GET /v1/peer/heard HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' |"
                              " timeout 60 openssl s_client -quiet -ign_eof -connect 127.0.0.1:%u",
                              peer_api_port(api));
    assert_non_null(strstr(text, "HTTP/1.1 403")); /* nor is one without a certificate let in */
    refused(PEER_API_PATH "blocks?from=0", 404);
    uint64_t now_ms = clock_steady_ms();
    list_of_0(1, now_ms);
    refused(PEER_API_PATH "blocks?from=0", 404); /* it may learn that it has left */
    list_of_0(1, now_ms + PEERS_ROSTER_LEAVE_MS);
    refused(PEER_API_PATH "blocks?from=0", 403);
    list_of_0(2, now_ms + PEERS_ROSTER_LEAVE_MS);
    refused(PEER_API_PATH "blocks?from=0", 404);
}

static void gives_blocks_as(struct http_client *who, unsigned from, size_t count)
{
    struct blocks_range range;
    char path[128];
    (void)snprintf(path, sizeof path, PEER_API_PATH "blocks?from=%u", from);
    struct buf body = ask_as(who, path, 200);
    assert_true(blocks_range_begin(buf_slice(&body), from, &range, &err));
    assert_int_equal(range.count, count);
    buf_free(&body);
}

/* Who was voted out while it was away learns so by the blocks up to then, and is given nothing else. */
static void who_has_left(void **state)
{
    static const char *const others[] = { "heard", "history?from=1", "candidate/00", "nothing" };
    const struct peer *gone = &s.at[2].peer;
    struct peer_api_left left = { .to = BLOCKS - 2 };
    char path[128];
    (void)state;
    left.fingerprint = crypto_sha256(slice_of(gone->certificate, gone->certificate_len));
    peer_api_set_left(api, &left, 1);
    gives_blocks_as(stranger, BLOCKS - 4, 3);
    gives_blocks_as(stranger, BLOCKS - 2, 1);
    gives_blocks_as(stranger, BLOCKS - 1, 0);
    gives_blocks_as(member, BLOCKS - 4, 5);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(path, sizeof path, PEER_API_PATH "%s", others[i]);
        struct buf body = ask_as(stranger, path, 403);
        assert_in_range(body.len, 1, 200);
        buf_free(&body);
    }
    peer_api_set_left(api, NULL, 0);
    struct buf body = ask_as(stranger, PEER_API_PATH "blocks?from=1", 403);
    buf_free(&body);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(history),
        cmocka_unit_test(candidates),
        cmocka_unit_test(heard),
        cmocka_unit_test(heard_when_it_came),
        cmocka_unit_test(what_there_is_not),
        cmocka_unit_test(large_bodies),
        cmocka_unit_test(who_is_not_on_the_list),
        cmocka_unit_test(who_has_left),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
