/*
 * waybill-agent: signs what a sensor measures and keeps it until the ledger has proven that it has it.
 *
 * A guided tour. Sensors (sensor_csv.c replays a file, sensor_hwmon.c reads this machine's chips) give
 * samples, feed.c makes one row of them, agent.c collects them into packs and signs a pack when it is full
 * or an hour old. The signed bytes go to the disk first (outbox.c, on the records of outbox_log.c), then
 * over MQTT to the ledger (run_bus.c). What comes back is a proof, or nothing: agent_ack.c checks an ack
 * against the ledger's public identity, and only the run it proves is deleted from the outbox. run.c is
 * the loop around all that; setup.c reads the configuration.
 *
 * What decides (agent*.c) knows no clock, disk or network: times are arguments. So the same code runs in
 * the simulator. The private key is made here, by `init` or `request`, and never leaves.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/quantity.h"
#include "device/outbox.h"
#include "device/run.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_FAILED    1
#define GIVE_UP_MS     60000
#define GIVE_UP_MAX_MS 86400000u
#define REQUEST_MODE   0644

static volatile int stop_flag;

static void on_signal(int number)
{
    (void)number;
    stop_flag = 1;
}

static void usage(FILE *out)
{
    (void)fprintf(
        out,
        "usage: waybill-agent run --config FILE [--clock SPEC] [--sysfs-root DIR]\n"
        "                         [--exit-when-done] [--give-up-after DURATION]\n"
        "       waybill-agent check-config FILE\n"
        "       waybill-agent init --config FILE\n"
        "       waybill-agent request --config FILE --sponsor KID [--token HEX] [-o FILE]\n"
        "       waybill-agent status --config FILE\n"
        "\n"
        "  --config FILE       the agent's YAML configuration\n"
        "  --clock SPEC        REAL, or START@RATE[@ORIGIN]: a scaled virtual clock\n"
        "  --sysfs-root DIR    where hwmon sensors are looked for; /sys\n"
        "  --exit-when-done    end once every file is read and all of it proven on the ledger\n"
        "  --give-up-after D   … or with exit code 1 after so long without an ack; 60 s\n"
        "  --sponsor KID       the member that will enrol this device, 16 hex digits\n"
        "  --token HEX         what the sponsor gave out for this device, 32 hex digits;\n"
        "                      a random one when it gave none\n"
        "  -o FILE             where the request goes; - or nothing: standard output\n"
        "  --log-json          one JSON object a line\n"
        "  --log-level LEVEL   error, warn, info or debug\n");
}

/* ------------------------------------------------------------------ arguments */

struct arguments {
    const char *config;
    const char *sysfs_root;
    const char *out;
    bool has_sponsor, has_token;
    struct kid sponsor;
    uint8_t token[HALF_SIZE];
    struct run_options run;
};

static bool refuse(const char *what, const char *why)
{
    (void)fprintf(stderr, "waybill-agent: %s: %s\n", what, why);
    return false;
}

static bool parse_clock(const char *text, struct clock *ret)
{
    struct err err;
    return clock_parse(text, ret, &err) || refuse("--clock", err.msg);
}

static bool parse_give_up(const char *text, uint64_t *ret_ms)
{
    struct err err;
    if (!quantity_parse_duration_ms(text, ret_ms, &err))
        return refuse("--give-up-after", err.msg);
    return *ret_ms <= GIVE_UP_MAX_MS || refuse("--give-up-after", "expected at most a day");
}

static bool parse_level(const char *text)
{
    enum log_level level;
    if (!log_parse_level(text, &level))
        return refuse("--log-level", "expected error, warn, info or debug");
    log_set_level(level);
    return true;
}

static bool parse_option(int option, struct arguments *a)
{
    switch (option) {
    case 'c': a->config = optarg; return true;
    case 'o': a->out = optarg; return true;
    case 'r': a->sysfs_root = optarg; return true;
    case 'e': a->run.exit_when_done = true; return true;
    case 'j': log_set_json(true); return true;
    case 't': return parse_clock(optarg, &a->run.clock);
    case 'g': return parse_give_up(optarg, &a->run.give_up_ms);
    case 'l': return parse_level(optarg);
    case 's':
        a->has_sponsor = hex_decode(optarg, strlen(optarg), a->sponsor.bytes, KID_SIZE);
        return a->has_sponsor || refuse("--sponsor", "expected 16 hex digits");
    case 'k':
        a->has_token = hex_decode(optarg, strlen(optarg), a->token, HALF_SIZE);
        return a->has_token || refuse("--token", "expected 32 hex digits");
    default: return false;
    }
}

static bool parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "clock", required_argument, NULL, 't' },
        { "sysfs-root", required_argument, NULL, 'r' },
        { "exit-when-done", no_argument, NULL, 'e' },
        { "give-up-after", required_argument, NULL, 'g' },
        { "sponsor", required_argument, NULL, 's' },
        { "token", required_argument, NULL, 'k' },
        { "output", required_argument, NULL, 'o' },
        { "log-json", no_argument, NULL, 'j' },
        { "log-level", required_argument, NULL, 'l' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    *ret = (struct arguments){ .run = { .give_up_ms = GIVE_UP_MS, .stop = &stop_flag } };
    (void)clock_parse("REAL", &ret->run.clock, NULL);
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1)
        if (!parse_option(option, ret))
            return false;
    return optind == argc && (ret->config != NULL || refuse("--config", "is missing"));
}

/* ------------------------------------------------------------------ commands */

/* What every command needs: static because it is too large for a stack. */
static struct setup setup;
static struct identity identity;

static bool load(const struct arguments *a, struct err *err)
{
    return setup_load(a->config, &setup, err) &&
           run_load_identity(setup.ledger.path, &identity, err);
}

static bool run(const struct arguments *a, struct err *err)
{
    struct sigaction action = { .sa_handler = on_signal };
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
    if (!setup_load(a->config, &setup, err))
        return false;
    for (size_t i = 0; a->sysfs_root != NULL && i < setup.sensors; i++)
        setup.sensor[i].hwmon.sysfs_root = a->sysfs_root;
    return run_agent(&setup, &a->run, err);
}

/*
 * The outbox first: it remembers which seq was signed last, so a key without its outbox would sign seqs
 * twice. A key that is there already is used, and must have its outbox.
 */
static bool init_key(struct key_pair *ret_key, struct err *err)
{
    const struct hash *ledger = &identity.genesis.ledger;
    struct outbox_state state;
    if (file_exists(setup.key.path)) {
        if (!keyfile_load(setup.key.path, ret_key, err))
            return false;
        if (!outbox_inspect(setup.outbox.path, &ret_key->kid, ledger, &state, err))
            return err_wrap(err, "the key is there, but not the outbox that knows what it signed");
        return true;
    }
    uint8_t seed[SEED_SIZE];
    crypto_random(seed, sizeof seed);
    *ret_key = key_from_seed(seed);
    crypto_wipe(seed, sizeof seed);
    return outbox_create(setup.outbox.path, &ret_key->kid, ledger, err) &&
           keyfile_write(setup.key.path, ret_key, err);
}

static void print_kid(FILE *out, const struct key_pair *key)
{
    char kid[2 * KID_SIZE + 1];
    char ledger[2 * HASH_SIZE + 1];
    hex_encode(kid_slice(&key->kid), kid);
    hex_encode(hash_slice(&identity.genesis.ledger), ledger);
    (void)fprintf(out, "device   %s\nkey      %s\noutbox   %s\nledger   %s\n", kid, setup.key.path,
                  setup.outbox.path, ledger);
}

static bool init(const struct arguments *a, struct err *err)
{
    struct key_pair key;
    if (!load(a, err) || !init_key(&key, err))
        return false;
    print_kid(stdout, &key);
    crypto_wipe(&key, sizeof key);
    return true;
}

static bool write_request(const struct arguments *a, struct slice bytes, struct err *err)
{
    if (a->out != NULL && strcmp(a->out, "-") != 0)
        return file_replace(a->out, bytes, REQUEST_MODE, err);
    if (fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0)
        return true;
    return err_set(err, ERR_IO, "standard output: cannot write");
}

static bool request(const struct arguments *a, struct err *err)
{
    struct key_pair key;
    uint8_t memory[ENROL_REQUEST_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    uint8_t token[HALF_SIZE];
    crypto_random(token, sizeof token);
    if (!a->has_sponsor)
        return err_set(err, ERR_INPUT, "request needs --sponsor, the kid of the member to ask");
    if (!load(a, err) || !init_key(&key, err))
        return false;
    enrol_request_sign(&key, &identity.genesis.ledger, &a->sponsor, a->has_token ? a->token : token,
                       &bytes);
    bool good = (!bytes.failed || err_set(err, ERR_INPUT, "the request is too large")) &&
                write_request(a, buf_slice(&bytes), err);
    if (good)
        print_kid(stderr, &key);
    crypto_wipe(&key, sizeof key);
    return good;
}

static void print_status(const struct outbox_state *s)
{
    char time[INSTANT_TEXT_SIZE];
    (void)printf("agent    %s\n", s->busy ? "running" : "not running");
    (void)printf("waiting  %zu statements, %" PRIu64 " bytes of %" PRIu64 "\n", s->kept,
                 s->kept_bytes, setup.outbox_max_bytes);
    if (s->last_seq > 0) {
        instant_format(s->last_time_ms, time);
        (void)printf("signed   up to seq %" PRIu64 ", samples up to %s\n", s->last_seq, time);
    } else {
        (void)printf("signed   nothing yet\n");
    }
    if (s->ack_height > 0) {
        instant_format(s->ack_time_ms, time);
        (void)printf("proven   last by block %" PRIu64 ", at %s\n", s->ack_height, time);
    } else {
        (void)printf("proven   nothing yet\n");
    }
}

static bool status(const struct arguments *a, struct err *err)
{
    struct key_pair key;
    struct outbox_state state;
    if (!load(a, err) || !keyfile_load(setup.key.path, &key, err))
        return false;
    bool good = outbox_inspect(setup.outbox.path, &key.kid, &identity.genesis.ledger, &state, err);
    if (good) {
        print_kid(stdout, &key);
        print_status(&state);
    }
    crypto_wipe(&key, sizeof key);
    return good;
}

static int check_config(const char *path)
{
    struct err err = { .msg = "" };
    if (!setup_load(path, &setup, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return EXIT_FAILED;
    }
    (void)printf("%s: good\n", path);
    setup_free(&setup);
    return EXIT_SUCCESS;
}

static const struct command {
    const char *name;
    bool (*call)(const struct arguments *a, struct err *err);
} commands[] = {
    { "run", run },
    { "init", init },
    { "request", request },
    { "status", status },
};

static int call(const struct command *command, int argc, char **argv)
{
    struct arguments a;
    struct err err = { .msg = "" };
    if (!parse_arguments(argc, argv, &a)) {
        usage(stderr);
        return EXIT_FAILED;
    }
    bool good = command->call(&a, &err);
    if (!good)
        log_error("%s", err.msg);
    setup_free(&setup);
    return good ? EXIT_SUCCESS : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    if (!file_hold_standard())
        return EXIT_FAILED;
    log_set_program("waybill-agent");
    if (!crypto_init()) {
        log_error("libsodium can't be initialised");
        return EXIT_FAILED;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return call(&commands[i], argc - 1, argv + 1);
    if (argc == 3 && strcmp(argv[1], "check-config") == 0)
        return check_config(argv[2]);
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    usage(help ? stdout : stderr);
    return help ? EXIT_SUCCESS : EXIT_FAILED;
}
