#include "tests/support/swarm.h"

#include "common/ack.h"
#include "common/clock.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "common/tls_certificate.h"
#include "node/store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(bool good, const char *what, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "swarm: %s: %s\n", what, err == NULL ? strerror(errno) : err->msg);
    abort();
}

void swarm_data(const struct swarm *s, size_t node, char out[SWARM_PATH_MAX])
{
    (void)snprintf(out, SWARM_PATH_MAX, "%s/ledger", s->nodes[node].dir);
}

/* ------------------------------------------------------------------ acks */

static void note_ack(struct swarm *s, struct swarm_device *d, const struct ack *a)
{
    struct hash own;
    const struct summary *sum = &a->summary;
    s->acks++;
    if (sum->last == 0 || sum->last > d->made || !kid_equal(&sum->kid, &d->signer.key.kid))
        return;
    own = crypto_sha256(d->statements[sum->last - 1]);
    if (!hash_equal(&own, &sum->hash))
        return;
    d->last = sum->last;
    d->run = sum->run;
    for (uint64_t seq = sum->run; seq <= sum->last; seq++) {
        d->acked_count += d->acked[seq - 1] ? 0 : 1;
        d->acked[seq - 1] = true;
    }
}

/* [0, statement hash, code] */
static void note_hint(struct swarm *s, struct slice payload)
{
    struct cbor_reader r = cbor_reader(payload);
    cbor_take_array_of(&r, 3);
    (void)cbor_take_int_in(&r, 0, 0);
    (void)cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE);
    uint64_t code = cbor_take_uint_max(&r, SWARM_CODES - 1);
    if (cbor_done(&r))
        s->hints[code]++;
    else
        s->false_acks++;
}

static void on_message(void *user, const struct bus_message *message)
{
    struct swarm_node *n = user;
    struct swarm *s = n->swarm;
    struct ack a;
    struct final f;
    if (strcmp(message->topic, "wb/1/head") == 0) {
        n->head_seen = final_decode(message->payload, &f, NULL) &&
                       final_verify(&f, &s->kit.identity.set, NULL);
        if (n->head_seen)
            n->head = f.header;
        return;
    }
    if (!ack_decode(message->payload, &a, NULL)) {
        note_hint(s, message->payload);
        return;
    }
    if (!ack_verify(&a, &s->kit.identity.genesis.ledger, &s->kit.identity.set, NULL)) {
        s->false_acks++;
        return;
    }
    for (size_t i = 0; i < s->device_count; i++)
        if (strncmp(message->topic, s->devices[i].topic, strlen("wb/1/0011223344556677")) == 0)
            note_ack(s, &s->devices[i], &a);
}

/* ------------------------------------------------------------------ the ledger */

static uint16_t free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 &&
              getsockname(fd, (struct sockaddr *)&a, &len) == 0,
          "a free port", NULL);
    (void)close(fd);
    return ntohs(a.sin_port);
}

/* Where it finds the others, when not where the ledger says. */
static void write_addresses(FILE *f, const struct swarm *s, const struct swarm_node *n)
{
    bool any = false;
    for (size_t i = 0; i < s->node_count; i++) {
        char kid[2 * KID_SIZE + 1];
        if (n->via_broker[i] == 0)
            continue;
        hex_encode(kid_slice(&s->nodes[i].key.kid), kid);
        (void)fprintf(f, "%s    %s: { broker: \"127.0.0.1:%u\", url: \"https://127.0.0.1:%u\" }\n",
                      any ? "" : "  addresses:\n", kid, n->via_broker[i], n->via_http[i]);
        any = true;
    }
}

static void write_config(const struct swarm *s, const struct swarm_node *n)
{
    char path[SWARM_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/node.yaml", n->dir);
    FILE *f = fopen(path, "w");
    check(f != NULL, path, NULL);
    (void)fprintf(f,
                  "data: ledger\n"
                  "key: node.key\n"
                  "broker:\n  host: 127.0.0.1\n  port: %u\n"
                  "http:\n  port: %u\n"
                  "block:\n  period: %llu ms\n  empty every: 1 h\n"
                  "workers: 2\n",
                  n->broker.port, n->http_port, (unsigned long long)s->period_ms);
    if (s->node_count > 1)
        (void)fprintf(f,
                      "peers:\n"
                      "  broker: { host: 127.0.0.1, port: %u }\n"
                      "  http: { host: 127.0.0.1, port: %u }\n"
                      "  certificate: tls.crt\n"
                      "  key: tls.key\n",
                      n->peers_port, n->peers_http_port);
    write_addresses(f, s, n);
    check(fclose(f) == 0, path, NULL);
}

/* What the ledger says of a node: texts and certificate live in memory until the genesis is made. */
struct node_texts {
    char broker[32], url[48];
    struct buf certificate;
};

static void make_certificate(struct swarm *s, struct swarm_node *n, struct node_texts *t)
{
    struct err err = { .msg = "" };
    char key[SWARM_PATH_MAX], certificate[SWARM_PATH_MAX], name[2 * KID_SIZE + 1];
    (void)snprintf(key, sizeof key, "%s/tls.key", n->dir);
    (void)snprintf(certificate, sizeof certificate, "%s/tls.crt", n->dir);
    hex_encode(kid_slice(&n->key.kid), name);
    t->certificate = buf_heap(TLS_CERTIFICATE_MAX);
    check(tls_certificate_make(key, certificate, name, clock_real_ms(), &err) &&
              tls_certificate_read(certificate, &t->certificate, &err),
          "certificate", &err);
    (void)snprintf(t->broker, sizeof t->broker, "127.0.0.1:%u", n->peers_port);
    (void)snprintf(t->url, sizeof t->url, "https://127.0.0.1:%u", n->peers_http_port);
    struct node_record record = { .broker = slice_text(t->broker),
                                  .url = slice_text(t->url),
                                  .certificate = buf_slice(&t->certificate) };
    kit_add_node(&s->kit, &n->key.kid, &record);
}

static void found_node(struct swarm *s, size_t i)
{
    struct swarm_node *n = &s->nodes[i];
    struct err err = { .msg = "" };
    char path[SWARM_PATH_MAX];
    n->swarm = s;
    (void)snprintf(n->name, sizeof n->name, i == 0 ? "farm" : "company %zu", i);
    (void)snprintf(n->dir, sizeof n->dir, "%s/%zu", s->dir, i);
    n->member = kit_pair(n->name);
    (void)snprintf(path, sizeof path, "node %zu", i);
    n->key = kit_pair(path);
    n->peers_port = free_port();
    n->peers_http_port = free_port();
    n->http_port = free_port();
    check(mkdir(n->dir, 0700) == 0, n->dir, NULL);
    (void)snprintf(path, sizeof path, "%s/node.key", n->dir);
    check(keyfile_write(path, &n->key, &err), path, &err);
    kit_add_member(&s->kit, &n->member, n->name);
    kit_add_key(&s->kit, &n->key, &n->member.kid, CLASS_AUTHORITY);
}

static void make_ledger(struct swarm *s, size_t devices)
{
    const size_t nodes = s->node_count > 0 ? s->node_count : 1;
    struct err err = { .msg = "" };
    struct buf genesis = buf_heap(1 << 20);
    struct key_pair *pair = calloc(devices, sizeof pair[0]);
    struct node_texts texts[SWARM_NODES_MAX] = { 0 };
    char path[SWARM_PATH_MAX];
    check(pair != NULL, "memory", NULL);
    kit_begin(&s->kit, clock_real_ms() - 1000, false);
    for (size_t i = 0; i < s->node_count; i++) {
        found_node(s, i);
        if (s->node_count > 1)
            make_certificate(s, &s->nodes[i], &texts[i]);
    }
    for (size_t i = 0; i < devices; i++) {
        (void)snprintf(path, sizeof path, "swarm device %zu", i);
        pair[i] = kit_pair(path);
        kit_add_key(&s->kit, &pair[i], &s->nodes[0].member.kid, CLASS_DEVICE);
    }
    kit_genesis(&s->kit, &genesis);
    for (size_t i = 0; i < s->node_count; i++) {
        swarm_data(s, i, path);
        check(store_create(path, buf_slice(&genesis), &err), path, &err);
        buf_free(&texts[i].certificate);
    }
    buf_free(&genesis);
    for (size_t i = 0; i < devices; i++) {
        char hex[2 * KID_SIZE + 1];
        struct swarm_device *d = &s->devices[i];
        d->node = i % nodes;
        kit_signer_begin(&d->signer, &pair[i], &s->kit.identity.genesis.ledger);
        hex_encode(kid_slice(&pair[i].kid), hex);
        (void)snprintf(d->topic, sizeof d->topic, "wb/1/%s/up", hex);
    }
    free(pair);
    s->device_count = devices;
}

/* ------------------------------------------------------------------ life */

static void connect_bus(struct swarm_node *n)
{
    struct err err = { .msg = "" };
    struct bus_options options = { .host = "127.0.0.1",
                                   .port = n->broker.port,
                                   .client_id = "swarm",
                                   .on_message = on_message,
                                   .user = n };
    bool good = bus_open(&options, &n->bus, &err) && bus_subscribe(n->bus, "wb/1/+/ack", &err) &&
                bus_subscribe(n->bus, "wb/1/head", &err);
    check(good, "bus", &err);
    for (uint64_t end = clock_steady_ms() + 60000; !bus_is_connected(n->bus);) {
        struct pollfd fd = { .fd = bus_fd(n->bus), .events = bus_events(n->bus) };
        (void)poll(&fd, 1, 5);
        bus_service(n->bus, fd.revents, clock_steady_ms());
        check(clock_steady_ms() < end, "bus", bus_last_error(n->bus));
    }
}

static void start_broker(struct swarm_node *n)
{
    struct err err = { .msg = "" };
    char dir[SWARM_PATH_MAX];
    (void)snprintf(dir, sizeof dir, "%s/broker", n->dir);
    check(mkdir(dir, 0700) == 0, dir, NULL);
    struct broker_options options = { .dir = dir };
    check(broker_start(&options, &n->broker, &err), "broker", &err);
    connect_bus(n);
}

struct swarm *swarm_new(size_t nodes, size_t devices)
{
    struct swarm *s = calloc(1, sizeof *s);
    check(s != NULL && devices <= SWARM_DEVICES_MAX, "memory", NULL);
    check(nodes > 0 && nodes <= SWARM_NODES_MAX, "so many nodes", NULL);
    s->devices = calloc(devices, sizeof s->devices[0]);
    check(s->devices != NULL && crypto_init(), "memory", NULL);
    const char *scratch = getenv("WAYBILL_SCRATCH");
    (void)snprintf(s->dir, sizeof s->dir, "%s/swarm-XXXXXX", scratch == NULL ? "/tmp" : scratch);
    check(mkdtemp(s->dir) != NULL, s->dir, NULL);
    s->node_count = nodes;
    s->period_ms = 20;
    make_ledger(s, devices);
    for (size_t i = 0; i < nodes; i++)
        start_broker(&s->nodes[i]);
    return s;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void swarm_free(struct swarm *s)
{
    for (size_t i = 0; i < s->node_count; i++) {
        if (s->nodes[i].pid != 0)
            (void)swarm_end_node(s, i, SIGKILL);
        bus_close(s->nodes[i].bus);
        broker_stop(&s->nodes[i].broker);
    }
    (void)nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < s->device_count; i++) {
        for (size_t k = 0; k < s->devices[i].made; k++)
            free((void *)(uintptr_t)s->devices[i].statements[k].data);
        free(s->devices[i].statements);
        free(s->devices[i].acked);
    }
    free(s->devices);
    free(s);
}

/* ------------------------------------------------------------------ the node */

static void become_node(const struct swarm_node *n)
{
    const char *build = getenv("WAYBILL_BUILD");
    char program[256], config[SWARM_PATH_MAX], log[SWARM_PATH_MAX];
    (void)snprintf(program, sizeof program, "%s/waybill-node",
                   build == NULL ? "build/release" : build);
    (void)snprintf(config, sizeof config, "%s/node.yaml", n->dir);
    (void)snprintf(log, sizeof log, "%s/node.log", n->dir);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)dup2(fd, STDERR_FILENO);
    (void)execl(program, program, "run", "--config", config, (char *)NULL);
    _exit(127);
}

void swarm_start_node(struct swarm *s, size_t node)
{
    struct swarm_node *n = &s->nodes[node];
    write_config(s, n);
    n->pid = fork();
    check(n->pid >= 0, "fork", NULL);
    if (n->pid == 0)
        become_node(n);
}

int swarm_end_node(struct swarm *s, size_t node, int signal)
{
    struct swarm_node *n = &s->nodes[node];
    int status = 0;
    check(kill(n->pid, signal) == 0, "kill", NULL);
    check(waitpid(n->pid, &status, 0) == n->pid, "waitpid", NULL);
    n->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

uint64_t swarm_node_memory(const struct swarm *s, size_t node)
{
    char path[64], line[128];
    unsigned long long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)s->nodes[node].pid);
    FILE *f = fopen(path, "r");
    check(f != NULL, path, NULL);
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoull(line + 6, NULL, 10);
    (void)fclose(f);
    check(kib > 0, "the node is gone", NULL);
    return (uint64_t)kib * 1024;
}

/* ------------------------------------------------------------------ statements */

static void make_room(struct swarm_device *d)
{
    if (d->made < d->cap)
        return;
    d->cap = d->cap == 0 ? 256 : 2 * d->cap;
    d->statements = realloc(d->statements, d->cap * sizeof d->statements[0]);
    d->acked = realloc(d->acked, d->cap * sizeof d->acked[0]);
    check(d->statements != NULL && d->acked != NULL, "memory", NULL);
}

struct slice swarm_make(struct swarm *s, size_t device, size_t samples)
{
    int centi[READING_SAMPLES_MAX];
    struct swarm_device *d = &s->devices[device];
    struct buf out = buf_heap(STATEMENT_MAX);
    for (size_t i = 0; i < samples; i++)
        centi[i] = 450 + (int)((d->made * 7 + i) % 50);
    (void)kit_sign(&d->signer, kit_temperatures(centi, samples, 1000), clock_real_ms(), &out);
    make_room(d);
    d->acked[d->made] = false;
    d->statements[d->made++] = buf_slice(&out);
    return buf_slice(&out);
}

bool swarm_send(struct swarm *s, size_t node, const char *topic, struct slice payload)
{
    struct bus_publish message = { .topic = topic, .payload = payload, .qos = 1 };
    return bus_publish(s->nodes[node].bus, &message, NULL, NULL);
}

bool swarm_send_unacked(struct swarm *s)
{
    for (size_t i = 0; i < s->device_count; i++) {
        const struct swarm_device *d = &s->devices[i];
        for (size_t k = 0; k < d->made; k++)
            if (!d->acked[k] && !swarm_send(s, d->node, d->topic, d->statements[k]))
                return false;
    }
    return true;
}

void swarm_turn(struct swarm *s, uint64_t ms)
{
    uint64_t now = clock_steady_ms(), end = now + ms;
    struct bus_ack ignored;
    do {
        struct pollfd fds[SWARM_NODES_MAX];
        int wait = (int)(end - now);
        for (size_t i = 0; i < s->node_count; i++) {
            struct bus *bus = s->nodes[i].bus;
            int most = bus_timeout_ms(bus, now);
            fds[i] = (struct pollfd){ .fd = bus_fd(bus), .events = bus_events(bus) };
            wait = most >= 0 && most < wait ? most : wait;
        }
        (void)poll(fds, (nfds_t)s->node_count, wait);
        now = clock_steady_ms();
        for (size_t i = 0; i < s->node_count; i++) {
            bus_service(s->nodes[i].bus, fds[i].revents, now);
            while (bus_take_ack(s->nodes[i].bus, &ignored))
                continue;
        }
    } while (now < end);
}

size_t swarm_made(const struct swarm *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->device_count; i++)
        n += s->devices[i].made;
    return n;
}

size_t swarm_acked(const struct swarm *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->device_count; i++)
        n += s->devices[i].acked_count;
    return n;
}

bool swarm_settle(struct swarm *s, uint64_t limit_ms)
{
    uint64_t end = clock_steady_ms() + limit_ms;
    while (swarm_acked(s) < swarm_made(s) && clock_steady_ms() < end) {
        (void)swarm_send_unacked(s);
        for (int i = 0; i < 20 && swarm_acked(s) < swarm_made(s); i++)
            swarm_turn(s, 50);
    }
    return swarm_acked(s) == swarm_made(s);
}
