#include "tests/support/bench_node.h"

#include "common/clock.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "node/founding.h"
#include "node/store.h"
#include "tests/support/measure.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define T0_MS    UINT64_C(1780293600000)
#define WAIT_S   120
#define LOAD_MAX (512u * 1024 * 1024)

extern char **environ;

static void fail(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, err == NULL ? "" : err->msg);
    exit(1);
}

static struct key_pair named_key(const char *kind, size_t i)
{
    char name[64];
    (void)snprintf(name, sizeof name, "bench %s %zu", kind, i);
    struct hash seed = crypto_sha256(slice_text(name));
    return key_from_seed(seed.bytes);
}

/* ------------------------------------------------------------------ acks */

static struct bench_device *device_of(struct bench_node *b, const struct kid *kid)
{
    for (size_t i = 0; i < b->device_count; i++)
        if (kid_equal(&b->devices[i].key.kid, kid))
            return &b->devices[i];
    return NULL;
}

static void on_message(void *user, const struct bus_message *message)
{
    struct bench_node *b = user;
    struct ack ack;
    if (!ack_decode(message->payload, &ack, NULL))
        return;
    if (!ack_verify(&ack, &b->ledger, &b->identity.set, NULL))
        fail("an ack that does not hold", NULL);
    struct bench_device *d = device_of(b, &ack.summary.kid);
    if (d != NULL && ack.summary.last > d->acked && ack.summary.run == 1)
        d->acked = ack.summary.last;
}

static void service(struct bench_node *b, int wait_ms)
{
    uint64_t now = clock_steady_ms();
    struct pollfd fd = { .fd = bus_fd(b->bus), .events = bus_events(b->bus) };
    int bus_ms = bus_timeout_ms(b->bus, now);
    (void)poll(&fd, 1, bus_ms >= 0 && bus_ms < wait_ms ? bus_ms : wait_ms);
    bus_service(b->bus, fd.revents, clock_steady_ms());
}

static bool all_acked(const struct bench_node *b)
{
    for (size_t i = 0; i < b->device_count; i++)
        if (b->devices[i].acked < b->devices[i].seq)
            return false;
    return true;
}

static void publish(struct bench_node *b, struct slice statement)
{
    struct bus_publish message = { .topic = "wb/1/bench/up", .payload = statement, .qos = 1 };
    double end = measure_now() + WAIT_S;
    while (!bus_publish(b->bus, &message, NULL, NULL)) {
        struct bus_ack ignored;
        service(b, 20);
        while (bus_take_ack(b->bus, &ignored))
            continue;
        if (measure_now() > end)
            fail("the broker takes nothing", bus_last_error(b->bus));
    }
}

/* ------------------------------------------------------------------ statements */

static struct slice sign(struct bench_node *b, struct statement *s, const struct key_pair *key,
                         uint64_t *seq, uint8_t prev[HALF_SIZE], struct buf *out)
{
    struct err err;
    struct hash hash;
    size_t start = out->len;
    s->link.seq = ++*seq;
    memcpy(s->link.prev, prev, HALF_SIZE);
    if (!statement_sign(s, key, &b->ledger, out, &hash, &err))
        fail("sign", &err);
    memcpy(prev, hash.bytes, HALF_SIZE);
    return slice_from(buf_slice(out), start, out->len - start);
}

void bench_node_sign(struct bench_node *b, size_t device, size_t rows, bool both, struct buf *out)
{
    struct bench_device *d = &b->devices[device];
    struct statement s;
    struct err err;
    memset(&s, 0, sizeof s);
    b->samples->rows = rows;
    b->samples->columns = both ? 2 : 1;
    for (size_t c = 0; c < b->samples->columns; c++) {
        b->samples->column[c].property = (uint16_t)(c + 1);
        b->samples->column[c].exponent = -2;
        for (size_t i = 0; i < rows; i++) {
            b->samples->column[c].present[i] = true;
            b->samples->column[c].value[i] = (c == 0 ? 450 : 6490) + (int64_t)(i * 7 % 23);
        }
    }
    for (size_t i = 0; i < rows; i++)
        b->samples->time_ms[i] = d->time_ms += 60000;
    s.kind = KIND_READING;
    s.link.time_ms = d->time_ms;
    if (!reading_make(b->samples, &b->reading_memory, &s.as.reading, &err))
        fail("reading", &err);
    (void)sign(b, &s, &d->key, &d->seq, d->prev, out);
}

void bench_node_prepare(struct bench_node *b, size_t count, size_t rows, bool both,
                        struct bench_load *ret_load)
{
    struct bench_load l = { .bytes = buf_heap(LOAD_MAX), .count = count };
    l.start = calloc(count + 1, sizeof l.start[0]);
    l.device = calloc(count + 1, sizeof l.device[0]);
    assert(l.start != NULL && l.device != NULL);
    for (size_t i = 0; i < count; i++) {
        l.device[i] = i % b->device_count;
        bench_node_sign(b, l.device[i], rows, both, &l.bytes);
        l.start[i + 1] = l.bytes.len;
    }
    *ret_load = l;
}

void bench_load_free(struct bench_load *l)
{
    buf_free(&l->bytes);
    free(l->start);
    free(l->device);
}

static struct slice load_item(const struct bench_load *l, size_t i)
{
    return slice_from(buf_slice(&l->bytes), l->start[i], l->start[i + 1] - l->start[i]);
}

double bench_node_run(struct bench_node *b, const struct bench_load *load)
{
    struct bus_ack ignored;
    double start = measure_now();
    for (size_t i = 0; i < load->count; i++) {
        publish(b, load_item(load, i));
        if (i % 64 == 0)
            service(b, 0);
        while (bus_take_ack(b->bus, &ignored))
            continue;
    }
    while (!all_acked(b)) {
        service(b, 20);
        while (bus_take_ack(b->bus, &ignored))
            continue;
        if (measure_now() > start + WAIT_S) {
            for (size_t i = 0; i < b->device_count; i++)
                if (b->devices[i].acked < b->devices[i].seq)
                    (void)fprintf(stderr, "bench: device %zu: %llu of %llu\n", i,
                                  (unsigned long long)b->devices[i].acked,
                                  (unsigned long long)b->devices[i].seq);
            fail("not everything was acknowledged in time", NULL);
        }
    }
    return measure_now() - start;
}

double bench_node_round_trip(struct bench_node *b, size_t device, struct slice statement)
{
    double start = measure_now();
    struct bus_ack ignored;
    publish(b, statement);
    while (b->devices[device].acked < b->devices[device].seq) {
        service(b, 20);
        while (bus_take_ack(b->bus, &ignored))
            continue;
        if (measure_now() > start + WAIT_S)
            fail("no ack came", NULL);
    }
    return measure_now() - start;
}

/* ------------------------------------------------------------------ the node */

static uint16_t free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        fail("no free port", NULL);
    close(fd);
    return ntohs(a.sin_port);
}

static void found_ledger(struct bench_node *b)
{
    struct key_pair authority = named_key("authority", 0);
    struct founding f = { .time_ms = T0_MS,
                          .opening_wait_ms = 300000,
                          .member_count = 1,
                          .members = {
                              { .name = "Bench", .key = &b->member, .authority = &authority } } };
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX);
    struct err err;
    char path[300];
    if (!founding_make(&f, &genesis, &b->identity, &err))
        fail("found", &err);
    b->ledger = b->identity.genesis.ledger;
    (void)snprintf(path, sizeof path, "%s/data", b->dir);
    if (!store_create(path, buf_slice(&genesis), &err))
        fail("create", &err);
    (void)snprintf(path, sizeof path, "%s/node.key", b->dir);
    if (!keyfile_write(path, &authority, &err))
        fail("key", &err);
    buf_free(&genesis);
}

static void write_config(const struct bench_node *b)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/node.yaml", b->dir);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        fail("config", NULL);
    (void)fprintf(f,
                  "data: data\nkey: node.key\nbroker: { port: %u }\nhttp: { enabled: false }\n"
                  "block: { period: 0 ms }\n",
                  b->port);
    if (fclose(f) != 0)
        fail("config", NULL);
}

static void spawn_node(struct bench_node *b)
{
    char program[300], config[300];
    const char *build = getenv("WAYBILL_BUILD");
    (void)snprintf(program, sizeof program, "%s/waybill-node",
                   build == NULL ? "build/release" : build);
    (void)snprintf(config, sizeof config, "%s/node.yaml", b->dir);
    char *argv[] = { program, (char[]){ "run" },         (char[]){ "--config" },
                     config,  (char[]){ "--log-level" }, (char[]){ "warn" },
                     NULL };
    if (posix_spawn(&b->pid, program, NULL, NULL, argv, environ) != 0)
        fail(program, NULL);
}

static void connect_bus(struct bench_node *b)
{
    struct err err;
    struct bus_options options = { .host = "127.0.0.1",
                                   .port = b->port,
                                   .client_id = "bench",
                                   .on_message = on_message,
                                   .user = b };
    if (!bus_open(&options, &b->bus, &err) || !bus_subscribe(b->bus, "wb/1/+/ack", &err))
        fail("bus", &err);
    double end = measure_now() + 20;
    while (!bus_is_connected(b->bus)) {
        service(b, 20);
        if (measure_now() > end)
            fail("connect", bus_last_error(b->bus));
    }
}

static void enrol_device(struct bench_node *b, size_t i, struct buf *out)
{
    static const uint8_t token[HALF_SIZE] = { 1 };
    static const uint8_t rights[] = { 0x82, 1, 2 };
    uint8_t memory[ENROL_REQUEST_MAX];
    struct buf request = buf_fixed(memory, sizeof memory);
    struct statement s;
    memset(&s, 0, sizeof s);
    enrol_request_sign(&b->devices[i].key, &b->ledger, &b->member.kid, token, &request);
    s.kind = KIND_ENROL;
    s.link.time_ms = T0_MS;
    s.as.enrol = (struct enrol){ .request = buf_slice(&request),
                                 .class = CLASS_DEVICE,
                                 .rights = slice_of(rights, sizeof rights) };
    buf_clear(out);
    publish(b, sign(b, &s, &b->member, &b->member_seq, b->member_prev, out));
}

struct bench_node *bench_node_start(const char *scratch, size_t devices)
{
    struct bench_node *b = calloc(1, sizeof *b);
    assert(b != NULL && devices <= BENCH_DEVICES_MAX);
    b->devices = calloc(devices, sizeof b->devices[0]);
    b->samples = malloc(sizeof *b->samples);
    b->reading_memory = buf_heap(READING_SIZE_MAX);
    assert(b->devices != NULL && b->samples != NULL);
    (void)snprintf(b->dir, sizeof b->dir, "%s/node-XXXXXX", scratch);
    if (mkdtemp(b->dir) == NULL)
        fail(b->dir, NULL);
    b->member = named_key("member", 0);
    b->port = free_port();
    found_ledger(b);
    write_config(b);
    spawn_node(b);
    connect_bus(b);
    memcpy(b->member_prev, b->ledger.bytes, HALF_SIZE);
    struct buf out = buf_heap(STATEMENT_MAX);
    b->device_count = devices;
    for (size_t i = 0; i < devices; i++) {
        b->devices[i].key = named_key("device", i);
        b->devices[i].time_ms = T0_MS;
        memcpy(b->devices[i].prev, b->ledger.bytes, HALF_SIZE);
        enrol_device(b, i, &out);
    }
    buf_free(&out);
    /* A first reading of each shows that its key is known. */
    struct bench_load load;
    bench_node_prepare(b, devices, 1, false, &load);
    (void)bench_node_run(b, &load);
    bench_load_free(&load);
    return b;
}

void bench_node_end(struct bench_node *b)
{
    int status;
    if (b->pid == 0)
        return;
    (void)kill(b->pid, SIGTERM);
    (void)waitpid(b->pid, &status, 0);
    b->pid = 0;
}

void bench_node_stop(struct bench_node *b)
{
    bus_close(b->bus);
    bench_node_end(b);
    buf_free(&b->reading_memory);
    free(b->devices);
    free(b->samples);
    free(b);
}

uint64_t bench_node_disk(const struct bench_node *b)
{
    char folder[300], path[600];
    uint64_t total = 0;
    (void)snprintf(folder, sizeof folder, "%s/data", b->dir);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        fail(folder, NULL);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            total += (uint64_t)st.st_size;
    }
    closedir(dir);
    return total;
}
