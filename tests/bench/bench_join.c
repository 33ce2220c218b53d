/*
 * Joining at a snapshot: a ledger of four authorities in which each statement has made goods of their own, a
 * real node that serves it, a joiner that fetches it over HTTP, and a fifth's real node over what was joined.
 * Timed is from the last piece fetched to the first answer of that node, a proof that is verified.
 *   join_proven      20,000 statements: seconds
 *   join_million     1,000,000 statements: seconds, and what cutting and fetching took
 */
#include "common/head_proof.h"
#include "common/hex.h"
#include "common/http_client.h"
#include "common/keyfile.h"
#include "common/state_key.h"
#include "common/tls_certificate.h"
#include "node/snapshot_join.h"
#include "tests/support/measure.h"
#include "tests/support/sealed_ledger.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMPANIES 4
#define SMALL     20000
#define LARGE     1000000
#define WAIT_S    300

extern char **environ;

struct bench {
    char dir[200]; /* for what is joined, keys and configurations */
    struct sealed_ledger *ledger;
    char asset[64]; /* the last one made */
    struct http_client *client;
    double fetched; /* when the last piece had come */
    uint64_t bytes;
};

static void must(bool good, const char *what, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_join: %s: %s\n", what, err != NULL ? err->msg : "");
    exit(1);
}

static void nap(void)
{
    const struct timespec t = { .tv_nsec = 20 * 1000 * 1000 };
    (void)nanosleep(&t, NULL);
}

/* ------------------------------------------------------------------ the ledger */

static void fill(struct bench *b, size_t count)
{
    struct sealed_ledger *l = b->ledger;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(b->asset, sizeof b->asset, "01/09506000134352/21/%08zu", i);
        sealed_say(l, &l->member[i % COMPANIES], kit_commission(b->asset));
        if (l->count == SEALED_STATEMENTS_MAX || i + 1 == count)
            sealed_block(l, 0);
    }
    must(l->chain.head.size == count, "not all statements are on the ledger", NULL);
    store_close(l->store); /* a node has it now */
    l->store = NULL;
}

/* ------------------------------------------------------------------ nodes */

static void write_config(const char *path, const char *dir, const char *name, const char *data,
                         unsigned port)
{
    char text[1000];
    FILE *f = fopen(path, "w");
    must(f != NULL, "config", NULL);
    int n =
        snprintf(text, sizeof text,
                 "data: %s\nkey: %s.key\nhttp: { port: %u }\nbroker: { port: %u }\npeers:\n"
                 "  broker: { host: 127.0.0.1, port: %u }\n  http: { host: 127.0.0.1, port: %u }\n"
                 "  certificate: %s/%s.crt\n  key: %s/%s.tls\n",
                 data, name, port, port + 1, port + 2, port + 3, dir, name, dir, name);
    must(n < (int)sizeof text && fwrite(text, 1, (size_t)n, f) == (size_t)n && fclose(f) == 0,
         "config", NULL);
}

/* A node of this name and key over the folder `data`, and a client for it once it answers. */
static pid_t start(struct bench *b, const char *name, const struct key_pair *pair, const char *data,
                   unsigned port)
{
    char config[300], key[300], certificate[300], tls[300], program[300], url[64];
    char kid[2 * KID_SIZE + 1];
    struct err err = { 0 };
    pid_t pid = 0;
    (void)snprintf(key, sizeof key, "%s/%s.key", b->dir, name);
    (void)snprintf(tls, sizeof tls, "%s/%s.tls", b->dir, name);
    (void)snprintf(certificate, sizeof certificate, "%s/%s.crt", b->dir, name);
    (void)snprintf(config, sizeof config, "%s/%s.yaml", b->dir, name);
    must(keyfile_write(key, pair, &err), "key", &err);
    hex_encode(kid_slice(&pair->kid), kid);
    must(tls_certificate_make(tls, certificate, kid, (uint64_t)time(NULL) * 1000, &err),
         "certificate", &err);
    write_config(config, b->dir, name, data, port);
    (void)snprintf(program, sizeof program, "%s/waybill-node", getenv("WAYBILL_BUILD"));
    char *argv[] = { program, (char[]){ "run" },         (char[]){ "--config" },
                     config,  (char[]){ "--log-level" }, (char[]){ "warn" },
                     NULL };
    must(posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0, "spawn", NULL);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    http_client_close(b->client);
    struct http_client_options options = { .base_url = url };
    must(http_client_open(&options, &b->client, &err), "client", &err);
    return pid;
}

static void stop(pid_t pid)
{
    int status = 0;
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, &status, 0);
}

static bool get(void *ctx, size_t peer, const char *path, size_t max, struct buf *out,
                struct err *err)
{
    struct bench *b = ctx;
    struct http_reply reply;
    (void)peer;
    (void)max;
    bool good = http_client_get(b->client, path, "application/cbor", &reply, err) &&
                (reply.status == 200 || err_set(err, ERR_NOT_FOUND, "status %u", reply.status));
    if (good)
        buf_add_slice(out, buf_slice(&reply.body));
    http_reply_free(&reply);
    return good;
}

static bool progress(void *ctx, uint64_t done, uint64_t all, uint64_t bytes)
{
    struct bench *b = ctx;
    if (done == all)
        b->fetched = measure_now();
    b->bytes = bytes;
    return true;
}

/* Of the last goods that were made: true once it is answered and holds. */
static bool is_proven(struct bench *b)
{
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(b->asset));
    struct slice bytes = state_key_slice(&key);
    char hex[256], path[320];
    struct buf answer = buf_heap(HEAD_PROOF_SIZE_MAX);
    struct head_proof_entry entry;
    struct err err = { 0 };
    hex_encode(bytes, hex);
    (void)snprintf(path, sizeof path, "/v1/proofs/state?key=%s", hex);
    bool answered = get(b, 0, path, HEAD_PROOF_SIZE_MAX, &answer, NULL);
    if (answered) {
        must(head_proof_check_state(buf_slice(&answer), &b->ledger->identity, &entry, &err),
             "proof", &err);
        must(entry.entry.present, "the goods are not in the state", NULL);
    }
    buf_free(&answer);
    return answered;
}

/* ------------------------------------------------------------------ one run */

static void wait_until_proven(struct bench *b, pid_t node)
{
    double began = measure_now();
    while (!is_proven(b)) {
        must(measure_now() < began + WAIT_S && waitpid(node, NULL, WNOHANG) == 0,
             "the node does not answer", NULL);
        nap();
    }
}

static double wait_for_snapshot(struct bench *b)
{
    double began = measure_now();
    struct buf list = buf_heap(4096);
    bool there = false;
    while (!there) {
        must(measure_now() < began + WAIT_S, "no snapshot", NULL);
        buf_clear(&list);
        there = get(b, 0, "/v1/snapshot", 4096, &list, NULL) && list.len > 1;
        if (!there)
            nap();
    }
    buf_free(&list);
    return measure_now() - began;
}

static void run(size_t count, const char *name, bool all)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err err = { 0 };
    struct header head;
    char joined[256], figure[64];
    const char *scratch = getenv("WAYBILL_SCRATCH");
    (void)snprintf(b->dir, sizeof b->dir, "%s/%s", scratch != NULL ? scratch : "/tmp", name);
    must(mkdir(b->dir, 0700) == 0, "folder", NULL);
    (void)snprintf(joined, sizeof joined, "%s/joined", b->dir);
    b->ledger = sealed_new(COMPANIES);
    fill(b, count);
    pid_t first = start(b, "server", &b->ledger->keys[0], b->ledger->dir, 38611);
    wait_until_proven(b, first);
    double cut = wait_for_snapshot(b), began = measure_now();
    struct asked asked = { .count = 1 };
    struct snapshot_join j = { .dir = joined,
                               .trusted = &b->ledger->identity,
                               .asked = &asked,
                               .ctx = b,
                               .get = get,
                               .progress = progress };
    must(snapshot_join_run(&j, &head, &err), "join", &err);
    must(head.size == count, "not all of it was joined", NULL);
    struct key_pair fifth = kit_pair("fifth");
    pid_t second = start(b, "fifth", &fifth, joined, 38621);
    wait_until_proven(b, second);
    measure_print(name, measure_now() - b->fetched, "s");
    if (all) {
        (void)snprintf(figure, sizeof figure, "%s_cut", name);
        measure_print(figure, cut, "s");
        (void)snprintf(figure, sizeof figure, "%s_fetch", name);
        measure_print(figure, b->fetched - began, "s");
        (void)snprintf(figure, sizeof figure, "%s_size", name);
        measure_print(figure, (double)b->bytes / (1024 * 1024), "MiB");
    }
    stop(second);
    stop(first);
    sealed_free(b->ledger);
    http_client_close(b->client);
    free(b);
}

int main(int argc, char **argv)
{
    if (measure_wanted(argc, argv, "join_proven", true))
        run(SMALL, "join_proven", false);
    if (measure_wanted(argc, argv, "join_million", false))
        run(LARGE, "join_million", true);
    return 0;
}
