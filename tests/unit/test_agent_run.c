/*
 * The whole agent against a real broker and a made-up ledger of one authority that drops acks and forges
 * them: whatever happens to the process, each row of its file arrives once, and no seq is signed twice.
 */
#include "device/run.h"

#include "common/ack.h"
#include "common/broker.h"
#include "common/bus.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/rand.h"
#include "device/outbox.h"

#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SEQ_MAX     512
#define WAIT_MAX_MS 60000
#define T0          UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z */

struct ledger {
    char dir[64];
    struct broker broker;
    struct bus *bus;
    struct key_pair node, device;
    struct identity identity;
    char kid[2 * KID_SIZE + 1];
    uint64_t height, last;
    bool known[SEQ_MAX];
    struct hash hash[SEQ_MAX];
    uint64_t row_ms[SEQ_MAX * 16]; /* of every sample, in order of seq, once all are there */
    struct samples *samples[SEQ_MAX];
    struct rand_seq random;
    unsigned drop_percent; /* acks that get lost */
    bool silent;           /* none at all */
    bool forge;            /* each answer is a forgery */
    uint64_t give_up_ms;   /* the agent's */
    unsigned online, offline;
    unsigned resent;
    char twice[160]; /* why the test must fail */
};

static struct ledger *lg;

static void path_of(const char *name, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s/%s", lg->dir, name);
}

static void put_file(const char *name, const char *text)
{
    char path[PATH_MAX];
    struct err err;
    path_of(name, path);
    if (!file_replace(path, slice_text(text), 0600, &err))
        fail_msg("%s", err.msg);
}

/* ------------------------------------------------------------------ the ledger */

static uint64_t first_gap(void)
{
    uint64_t seq = 1;
    while (seq < lg->last && lg->known[seq])
        seq++;
    return seq;
}

/* run…last is one chain; the highest unknown seq below last is the end of the highest gap. */
static struct summary summary_now(void)
{
    static const uint8_t none[] = { 0x80 };
    struct summary s = { .kid = lg->device.kid,
                         .last = lg->last,
                         .hash = lg->hash[lg->last],
                         .run = 1,
                         .refusals = { none, 1 } };
    for (uint64_t seq = 1; seq < lg->last; seq++) {
        if (lg->known[seq])
            continue;
        s.run = seq + 1;
        if (s.gap_count > 0 && s.gap_to[s.gap_count - 1] == seq - 1) {
            s.gap_to[s.gap_count - 1] = seq;
        } else if (s.gap_count < SUMMARY_GAPS_MAX) {
            s.gap_from[s.gap_count] = seq;
            s.gap_to[s.gap_count++] = seq;
        }
    }
    return s;
}

static void answer(void)
{
    static uint8_t ack_memory[4096], summary_memory[2048], seals_memory[1024], seal_memory[512];
    struct buf ack = buf_fixed(ack_memory, sizeof ack_memory);
    struct buf summary = buf_fixed(summary_memory, sizeof summary_memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    struct buf seal = buf_fixed(seal_memory, sizeof seal_memory);
    struct summary s = summary_now();
    struct header h = lg->identity.genesis;
    struct merkle_path path = { .len = 0 };
    summary_put(&summary, &s);
    h.height = ++lg->height;
    h.prev = merkle_leaf(slice_text("before"));
    struct hash leaf = merkle_leaf(buf_slice(&summary));
    h.outcomes = leaf;
    struct key_pair stranger = key_from_seed(h.outcomes.bytes);
    seal_sign(&h, 0, lg->forge ? &stranger : &lg->node, &seal);
    cbor_put_array(&seals, 1);
    cbor_put_bytes(&seals, buf_slice(&seal));
    ack_put(&ack, &h, buf_slice(&seals), &(struct ack_place){ buf_slice(&summary), 1, 0, &path });
    char topic[64];
    (void)snprintf(topic, sizeof topic, "wb/1/%s/ack", lg->kid);
    struct bus_publish m = { .topic = topic, .payload = buf_slice(&ack), .qos = 1 };
    assert_true(bus_publish(lg->bus, &m, NULL, NULL));
}

static void take_statement(struct slice bytes)
{
    static uint8_t memory[STATEMENT_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(memory, sizeof memory);
    struct statement s;
    struct err err;
    if (!statement_decode(bytes, &s, &err) ||
        !statement_verify(&s, lg->device.pub, &lg->identity.genesis.ledger, &scratch) ||
        s.link.seq >= SEQ_MAX) {
        (void)snprintf(lg->twice, sizeof lg->twice, "a statement that is none");
        return;
    }
    uint64_t seq = s.link.seq;
    if (lg->known[seq] && !hash_equal(&lg->hash[seq], &s.hash))
        (void)snprintf(lg->twice, sizeof lg->twice, "seq %u was signed twice", (unsigned)seq);
    lg->resent += lg->known[seq];
    if (!lg->known[seq]) {
        lg->known[seq] = true;
        lg->hash[seq] = s.hash;
        lg->samples[seq] = malloc(sizeof *lg->samples[seq]);
        if (lg->samples[seq] == NULL || !statement_samples(&s, lg->samples[seq], &err))
            (void)snprintf(lg->twice, sizeof lg->twice, "seq %u has no samples", (unsigned)seq);
        if (seq > lg->last)
            lg->last = seq;
    }
    if (!lg->silent && rand_below(&lg->random, 100) >= lg->drop_percent)
        answer();
}

static void on_message(void *user, const struct bus_message *m)
{
    (void)user;
    if (strstr(m->topic, "/up") != NULL)
        take_statement(m->payload);
    else if (slice_equal(m->payload, slice_text("online")))
        lg->online++;
    else if (slice_equal(m->payload, slice_text("offline")))
        lg->offline++;
}

static void serve(int ms)
{
    struct pollfd p = { .fd = bus_fd(lg->bus), .events = bus_events(lg->bus) };
    int wait = bus_timeout_ms(lg->bus, clock_steady_ms());
    (void)poll(&p, 1, wait >= 0 && wait < ms ? wait : ms);
    bus_service(lg->bus, p.revents, clock_steady_ms());
    if (lg->twice[0] != '\0')
        fail_msg("%s", lg->twice);
}

/* ------------------------------------------------------------------ the agent */

static const char config[] = "ledger: ledger.identity\n"
                             "key: agent.key\n"
                             "outbox: { folder: outbox }\n"
                             "%s\n"
                             "pack: { samples: 7, within: 1 h, resend: 300 ms }\n"
                             "sensors:\n%s";

static const char csv_sensor[] = "  - source: csv\n"
                                 "    file: log.csv\n"
                                 "    time column: time\n"
                                 "    columns:\n"
                                 "      - { name: h, property: humidity, unit: \"%\" }\n"
                                 "      - { name: t, property: temperature, unit: °C }\n";

static const char hwmon_sensor[] = "  - source: hwmon\n"
                                   "    chip: sht3x\n"
                                   "    interval: 100 ms\n"
                                   "    columns:\n"
                                   "      - { channel: temp1, property: temperature }\n";

static void put_config(const char *sensors)
{
    char text[2048], broker[64];
    (void)snprintf(broker, sizeof broker, "broker: { port: %u }", (unsigned)lg->broker.port);
    (void)snprintf(text, sizeof text, config, broker, sensors);
    put_file("agent.yaml", text);
}

static volatile int agent_stop;

static void on_term(int number)
{
    (void)number;
    agent_stop = 1;
}

static pid_t start_agent(const char *clock_spec, bool exit_when_done)
{
    char path[PATH_MAX];
    path_of("agent.yaml", path);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    static struct setup setup;
    struct run_options o = { .exit_when_done = exit_when_done,
                             .give_up_ms = lg->give_up_ms,
                             .stop = &agent_stop };
    struct err err = { .msg = "" };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGTERM, on_term);
    log_set_level(LOG_LEVEL_ERROR);
    bool good = clock_parse(clock_spec, &o.clock, &err) && setup_load(path, &setup, &err);
    if (good && setup.source == SETUP_HWMON)
        setup.sensor[0].hwmon.sysfs_root = lg->dir;
    good = good && run_agent(&setup, &o, &err);
    _exit(good ? 0 : 1);
}

/* The agent has ended; its last words, or its will, may still be on their way through the broker. */
static void serve_until(unsigned offline, uint64_t last, unsigned resent)
{
    uint64_t until = clock_steady_ms() + WAIT_MAX_MS;
    while ((lg->offline < offline || lg->last < last || lg->resent < resent) &&
           clock_steady_ms() < until)
        serve(20);
}

static int wait_for(pid_t child)
{
    uint64_t until = clock_steady_ms() + WAIT_MAX_MS;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (clock_steady_ms() > until) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &status, 0);
            fail_msg("the agent did not end");
        }
        serve(20);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static struct outbox_state inspect(void)
{
    char path[PATH_MAX];
    struct outbox_state s;
    struct err err;
    path_of("outbox", path);
    if (!outbox_inspect(path, &lg->device.kid, &lg->identity.genesis.ledger, &s, &err))
        fail_msg("%s", err.msg);
    return s;
}

/* ------------------------------------------------------------------ a world for each test */

static void make_identity(void)
{
    char path[PATH_MAX];
    uint8_t memory[2048];
    struct buf out = buf_fixed(memory, sizeof memory);
    uint8_t seed[SEED_SIZE] = { 42 };
    lg->node = key_from_seed(seed);
    struct authority *at = &lg->identity.set.at[0];
    lg->identity.set.count = 1;
    at->kid = lg->node.kid;
    at->member = lg->node.kid;
    memcpy(at->pub, lg->node.pub, PUB_SIZE);
    struct hash set = authority_set_hash(&lg->identity.set);
    struct hash state = merkle_empty();
    lg->identity.genesis = header_genesis(T0, &state, &set);
    identity_put(&out, &lg->identity);
    path_of("ledger.identity", path);
    assert_true(file_replace(path, buf_slice(&out), 0600, NULL));
    path_of("agent.key", path);
    assert_true(keyfile_make(path, &lg->device, NULL));
    hex_encode(kid_slice(&lg->device.kid), lg->kid);
    path_of("outbox", path);
    assert_true(outbox_create(path, &lg->device.kid, &lg->identity.genesis.ledger, NULL));
}

static int set_up(void **state)
{
    (void)state;
    struct err err = { .msg = "" };
    assert_true(crypto_init());
    lg = calloc(1, sizeof *lg);
    assert_non_null(lg);
    lg->random = rand_seeded(7);
    lg->give_up_ms = 15000;
    (void)snprintf(lg->dir, sizeof lg->dir, "/tmp/waybill-agent-XXXXXX");
    assert_non_null(mkdtemp(lg->dir));
    make_identity();
    struct broker_options bo = { .dir = lg->dir };
    if (!broker_start(&bo, &lg->broker, &err))
        fail_msg("%s", err.msg);
    struct bus_options o = { .host = "127.0.0.1",
                             .port = lg->broker.port,
                             .client_id = "ledger",
                             .on_message = on_message };
    assert_true(bus_open(&o, &lg->bus, NULL));
    assert_true(bus_subscribe(lg->bus, "wb/1/+/up", NULL));
    assert_true(bus_subscribe(lg->bus, "wb/1/+/status", NULL));
    uint64_t until = clock_steady_ms() + WAIT_MAX_MS;
    while (!bus_is_connected(lg->bus) && clock_steady_ms() < until)
        serve(20);
    put_config(csv_sensor);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    bus_close(lg->bus);
    broker_stop(&lg->broker);
    (void)nftw(lg->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < SEQ_MAX; i++)
        free(lg->samples[i]);
    free(lg);
    return 0;
}

/* Rows of one minute; the value of row i is i hundredths. Every `bad`th row is no row. */
static void put_rows(unsigned n, unsigned bad)
{
    static char text[64 * SEQ_MAX * 16];
    size_t at = (size_t)snprintf(text, sizeof text, "time,t,h\n");
    for (unsigned i = 0; i < n; i++) {
        char time[INSTANT_TEXT_SIZE];
        instant_format(T0 + i * 60000u, time);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s,%u.%02u,%s\n", time, i / 100,
                               i % 100, bad > 0 && i % bad == bad - 1 ? "x" : "50");
    }
    put_file("log.csv", text);
}

/* Every good row arrived once, in order, and nothing else. */
static void expect_rows(unsigned n, unsigned bad)
{
    unsigned row = 0;
    assert_int_equal(first_gap(), lg->last);
    for (uint64_t seq = 1; seq <= lg->last; seq++) {
        const struct samples *s = lg->samples[seq];
        assert_int_equal(s->columns, 2);
        assert_int_equal(s->column[0].property, PROPERTY_TEMPERATURE);
        for (size_t i = 0; i < s->rows; i++, row++) {
            row += bad > 0 && row % bad == bad - 1;
            assert_int_equal(s->time_ms[i], T0 + row * 60000u);
            assert_int_equal(s->column[0].value[i], row);
            assert_int_equal(s->column[1].value[i], 5000);
        }
    }
    assert_int_equal(row + (bad > 0 && row % bad == bad - 1), n);
}

/* ------------------------------------------------------------------ tests */

static void test_replays_a_file_to_the_end(void **state)
{
    (void)state;
    put_rows(200, 9);
    assert_int_equal(wait_for(start_agent("REAL", true)), 0);
    expect_rows(200, 9);
    assert_int_equal(inspect().kept, 0);
    assert_int_equal(inspect().last_seq, lg->last);
    serve_until(1, 0, 0);
    assert_int_equal(lg->online, 1);
    assert_int_equal(lg->offline, 1);
    /* Again: all of it is signed already. */
    assert_int_equal(wait_for(start_agent("REAL", true)), 0);
    expect_rows(200, 9);
}

/* The first broker is not there, the second has nobody behind it who would acknowledge. */
static void test_goes_on_to_the_next_broker(void **state)
{
    (void)state;
    char dir[PATH_MAX], brokers[160], text[2048];
    struct broker mute;
    struct err err = { .msg = "" };
    path_of("mute", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    struct broker_options bo = { .dir = dir };
    if (!broker_start(&bo, &mute, &err))
        fail_msg("%s", err.msg);
    (void)snprintf(brokers, sizeof brokers, "brokers: [ { port: 1 }, { port: %u }, { port: %u } ]",
                   (unsigned)mute.port, (unsigned)lg->broker.port);
    (void)snprintf(text, sizeof text, config, brokers, csv_sensor);
    put_file("agent.yaml", text);
    put_rows(200, 0);
    uint64_t began = clock_steady_ms();
    assert_int_equal(wait_for(start_agent("REAL", true)), 0);
    expect_rows(200, 0);
    assert_int_equal(inspect().kept, 0);
    assert_true(clock_steady_ms() - began >= 3000 + 5 * 300);
    broker_stop(&mute);
}

/* A day in about a second: no row is skipped, packs go out as they fill. */
static void test_replays_a_day_in_scaled_time(void **state)
{
    (void)state;
    put_rows(1440, 0);
    uint64_t began = clock_steady_ms();
    pid_t child = start_agent("2026-06-01T05:59:00Z@86400", true);
    while (lg->last < 100 && clock_steady_ms() < began + WAIT_MAX_MS)
        serve(5);
    assert_in_range(lg->last, 100, 206);
    assert_true(clock_steady_ms() - began >=
                lg->last * 7 * 60000 / 86400); /* nothing before its time */
    assert_int_equal(wait_for(child), 0);
    expect_rows(1440, 0);
    assert_true(clock_steady_ms() - began >= 900);
}

static void test_killed_again_and_again(void **state)
{
    (void)state;
    put_rows(700, 0);
    lg->drop_percent = 40;
    uint64_t until = clock_steady_ms() + 2 * WAIT_MAX_MS;
    unsigned kills = 0;
    /* On a clock of its own and fast, which goes on while it is dead: it is killed in the midst of things. */
    char spec[CLOCK_SPEC_SIZE];
    (void)snprintf(spec, sizeof spec, "2026-06-01T06:00:00Z@24000@%llu",
                   (unsigned long long)clock_real_ms());
    for (; (kills < 12 || lg->offline < 2 || lg->resent == 0) && clock_steady_ms() < until;
         kills++) {
        lg->silent = lg->resent == 0; /* what nobody acks is sent by the next one, too */
        pid_t child = start_agent(spec, true);
        uint64_t stop = clock_steady_ms() + 20 + rand_below(&lg->random, 250 + 20 * kills);
        while (clock_steady_ms() < stop)
            serve(5);
        assert_int_equal(kill(child, SIGKILL), 0);
        int how = wait_for(child);
        assert_true(how == -SIGKILL || how == 0);
    }
    lg->silent = false;
    assert_int_equal(wait_for(start_agent("REAL", true)), 0);
    expect_rows(700, 0);
    assert_true(lg->resent > 0);
    assert_int_equal(inspect().kept, 0);
    assert_true(lg->offline > 1); /* the last will of the killed */
}

static void test_forged_acks_delete_nothing(void **state)
{
    (void)state;
    put_rows(70, 0);
    lg->forge = true;
    lg->give_up_ms = 3000; /* time to send all of it twice */
    assert_int_equal(wait_for(start_agent("REAL", true)), 1);
    serve_until(0, 10, 10);
    assert_int_equal(lg->last, 10);
    assert_int_equal(inspect().kept, 10);
    assert_true(lg->resent >= 10);
    lg->forge = false;
    assert_int_equal(wait_for(start_agent("REAL", true)), 0);
    assert_int_equal(inspect().kept, 0);
    expect_rows(70, 0);
}

static void test_silence_is_an_error_and_keeps_all(void **state)
{
    (void)state;
    put_rows(30, 0);
    lg->silent = true;
    lg->give_up_ms = 500;
    assert_int_equal(wait_for(start_agent("REAL", true)), 1);
    assert_int_equal(inspect().kept, 5);
}

static void test_bad_row_can_stop_it(void **state)
{
    (void)state;
    char sensors[1024];
    (void)snprintf(sensors, sizeof sensors, "%s    bad rows: stop\n", csv_sensor);
    put_config(sensors);
    put_rows(30, 20);
    assert_int_equal(wait_for(start_agent("REAL", true)), 1);
    expect_rows(19, 0); /* what came before is signed and proven */
    assert_int_equal(inspect().kept, 0);
}

static void make_chip(const char *value)
{
    static const char *const folders[] = { "class", "class/hwmon", "class/hwmon/hwmon0" };
    char path[PATH_MAX];
    for (size_t i = 0; i < 3; i++) {
        path_of(folders[i], path);
        (void)mkdir(path, 0700);
    }
    put_file("class/hwmon/hwmon0/name", "sht3x\n");
    put_file("class/hwmon/hwmon0/temp1_input", value);
}

static void test_reads_a_chip(void **state)
{
    (void)state;
    make_chip("4440\n");
    put_config(hwmon_sensor);
    pid_t child = start_agent("REAL", false);
    uint64_t until = clock_steady_ms() + WAIT_MAX_MS;
    while (lg->last < 1 && clock_steady_ms() < until)
        serve(10);
    assert_true(lg->last >= 1);
    assert_int_equal(lg->samples[1]->rows, 7);
    assert_int_equal(lg->samples[1]->column[0].value[0], 444);
    uint64_t apart = lg->samples[1]->time_ms[6] - lg->samples[1]->time_ms[0];
    assert_in_range(apart, 550, WAIT_MAX_MS);
    assert_int_equal(kill(child, SIGKILL), 0);
    (void)wait_for(child);
}

/* The pack is far from full and from its hour: what was sampled is signed, sent and proven all the same. */
static void test_told_to_stop_it_flushes(void **state)
{
    (void)state;
    make_chip("-18005\n");
    put_config("  - source: hwmon\n"
               "    chip: sht3x\n"
               "    interval: 1 h\n"
               "    columns:\n"
               "      - { channel: temp1, property: temperature }\n");
    pid_t child = start_agent("REAL", false);
    uint64_t until = clock_steady_ms() + WAIT_MAX_MS;
    while (lg->online == 0 && clock_steady_ms() < until)
        serve(10);
    assert_int_equal(lg->last, 0);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(lg->last, 1);
    assert_int_equal(lg->samples[1]->rows, 1);
    assert_int_equal(lg->samples[1]->column[0].value[0], -1800);
    assert_int_equal(inspect().kept, 0);
    serve_until(1, 0, 0);
    assert_int_equal(lg->offline, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_replays_a_file_to_the_end),    CASE(test_goes_on_to_the_next_broker),
        CASE(test_replays_a_day_in_scaled_time), CASE(test_killed_again_and_again),
        CASE(test_forged_acks_delete_nothing),   CASE(test_silence_is_an_error_and_keeps_all),
        CASE(test_bad_row_can_stop_it),          CASE(test_reads_a_chip),
        CASE(test_told_to_stop_it_flushes),
    };
    return cmocka_run_group_tests_name("agent_run", tests, NULL, NULL);
}
