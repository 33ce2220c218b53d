#include "tests/support/swarm.h"

#include "common/ack.h"
#include "common/clock.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "node/store.h"

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

void swarm_data(const struct swarm *s, char out[SWARM_PATH_MAX])
{
    (void)snprintf(out, SWARM_PATH_MAX, "%s/ledger", s->dir);
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
    struct swarm *s = user;
    struct ack a;
    struct final f;
    if (strcmp(message->topic, "wb/1/head") == 0) {
        s->head_seen = final_decode(message->payload, &f, NULL) &&
                       final_verify(&f, &s->kit.identity.set, NULL);
        if (s->head_seen)
            s->head = f.header;
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

/* ------------------------------------------------------------------ life */

static void write_config(const struct swarm *s)
{
    char path[SWARM_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/node.yaml", s->dir);
    FILE *f = fopen(path, "w");
    check(f != NULL, path, NULL);
    (void)fprintf(f,
                  "data: %s/ledger\n"
                  "key: %s/node.key\n"
                  "broker:\n  host: 127.0.0.1\n  port: %u\n"
                  "http:\n  enabled: false\n"
                  "block:\n  period: 20 ms\n  empty every: 1 h\n"
                  "workers: 2\n",
                  s->dir, s->dir, s->broker.port);
    check(fclose(f) == 0, path, NULL);
}

static void make_ledger(struct swarm *s, size_t devices)
{
    struct err err = { .msg = "" };
    struct buf genesis = buf_heap(1 << 20);
    struct key_pair farm = kit_pair("farm"), node = kit_pair("node"), pair[SWARM_DEVICES_MAX];
    char path[SWARM_PATH_MAX];
    kit_begin(&s->kit, clock_real_ms() - 1000, false);
    kit_add_member(&s->kit, &farm, "Farm A");
    kit_add_key(&s->kit, &node, &farm.kid, CLASS_AUTHORITY);
    for (size_t i = 0; i < devices; i++) {
        (void)snprintf(path, sizeof path, "swarm device %zu", i);
        pair[i] = kit_pair(path);
        kit_add_key(&s->kit, &pair[i], &farm.kid, CLASS_DEVICE);
    }
    kit_genesis(&s->kit, &genesis);
    swarm_data(s, path);
    check(store_create(path, buf_slice(&genesis), &err), path, &err);
    buf_free(&genesis);
    (void)snprintf(path, sizeof path, "%s/node.key", s->dir);
    check(keyfile_write(path, &node, &err), path, &err);
    for (size_t i = 0; i < devices; i++) {
        char hex[2 * KID_SIZE + 1];
        struct swarm_device *d = &s->devices[i];
        kit_signer_begin(&d->signer, &pair[i], &s->kit.identity.genesis.ledger);
        hex_encode(kid_slice(&pair[i].kid), hex);
        (void)snprintf(d->topic, sizeof d->topic, "wb/1/%s/up", hex);
    }
    s->device_count = devices;
}

static void connect_bus(struct swarm *s)
{
    struct err err = { .msg = "" };
    struct bus_options options = { .host = "127.0.0.1",
                                   .port = s->broker.port,
                                   .client_id = "swarm",
                                   .on_message = on_message,
                                   .user = s };
    bool good = bus_open(&options, &s->bus, &err) && bus_subscribe(s->bus, "wb/1/+/ack", &err) &&
                bus_subscribe(s->bus, "wb/1/head", &err);
    check(good, "bus", &err);
    for (uint64_t end = clock_steady_ms() + 10000; !bus_is_connected(s->bus);) {
        swarm_turn(s, 5);
        check(clock_steady_ms() < end, "bus", bus_last_error(s->bus));
    }
}

struct swarm *swarm_new(size_t devices)
{
    struct err err = { .msg = "" };
    struct swarm *s = calloc(1, sizeof *s);
    char broker_dir[SWARM_PATH_MAX];
    check(s != NULL && devices <= SWARM_DEVICES_MAX, "memory", NULL);
    s->devices = calloc(devices, sizeof s->devices[0]);
    check(s->devices != NULL && crypto_init(), "memory", NULL);
    const char *scratch = getenv("WAYBILL_SCRATCH");
    (void)snprintf(s->dir, sizeof s->dir, "%s/swarm-XXXXXX", scratch == NULL ? "/tmp" : scratch);
    check(mkdtemp(s->dir) != NULL, s->dir, NULL);
    make_ledger(s, devices);
    (void)snprintf(broker_dir, sizeof broker_dir, "%s/broker", s->dir);
    check(mkdir(broker_dir, 0700) == 0, broker_dir, NULL);
    struct broker_options options = { .dir = broker_dir };
    check(broker_start(&options, &s->broker, &err), "broker", &err);
    write_config(s);
    connect_bus(s);
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
    if (s->node != 0)
        (void)swarm_end_node(s, SIGKILL);
    bus_close(s->bus);
    broker_stop(&s->broker);
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

static void become_node(const struct swarm *s)
{
    const char *build = getenv("WAYBILL_BUILD");
    char program[256], config[SWARM_PATH_MAX], log[SWARM_PATH_MAX];
    (void)snprintf(program, sizeof program, "%s/waybill-node",
                   build == NULL ? "build/release" : build);
    (void)snprintf(config, sizeof config, "%s/node.yaml", s->dir);
    (void)snprintf(log, sizeof log, "%s/node.log", s->dir);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)dup2(fd, STDERR_FILENO);
    (void)execl(program, program, "run", "--config", config, (char *)NULL);
    _exit(127);
}

void swarm_start_node(struct swarm *s)
{
    s->node = fork();
    check(s->node >= 0, "fork", NULL);
    if (s->node == 0)
        become_node(s);
}

int swarm_end_node(struct swarm *s, int signal)
{
    int status = 0;
    check(kill(s->node, signal) == 0, "kill", NULL);
    check(waitpid(s->node, &status, 0) == s->node, "waitpid", NULL);
    s->node = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

uint64_t swarm_node_memory(const struct swarm *s)
{
    char path[64], line[128];
    unsigned long long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)s->node);
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

bool swarm_send(struct swarm *s, const char *topic, struct slice payload)
{
    struct bus_publish message = { .topic = topic, .payload = payload, .qos = 1 };
    return bus_publish(s->bus, &message, NULL, NULL);
}

bool swarm_send_unacked(struct swarm *s)
{
    for (size_t i = 0; i < s->device_count; i++) {
        const struct swarm_device *d = &s->devices[i];
        for (size_t k = 0; k < d->made; k++)
            if (!d->acked[k] && !swarm_send(s, d->topic, d->statements[k]))
                return false;
    }
    return true;
}

void swarm_turn(struct swarm *s, uint64_t ms)
{
    uint64_t now = clock_steady_ms(), end = now + ms;
    struct bus_ack ignored;
    do {
        struct pollfd fd = { .fd = bus_fd(s->bus), .events = bus_events(s->bus) };
        int wait = bus_timeout_ms(s->bus, now);
        if (wait < 0 || (uint64_t)wait > end - now)
            wait = (int)(end - now);
        (void)poll(&fd, 1, wait);
        now = clock_steady_ms();
        bus_service(s->bus, fd.revents, now);
        while (bus_take_ack(s->bus, &ignored))
            continue;
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
