/*
 * waybill-node: one company's ledger node.
 *
 * A guided tour. A statement comes in over MQTT (loop.c, on_message) or HTTP (api.c) and goes to the door
 * (ingest.c): a bounded queue, and threads that decode and verify. What is authentic waits in the pool
 * (pool.c). When a block is due, the machine (node_step.c) executes what waits in order (execute.c, the
 * rules in rules_*.c), takes the writes into the state tree and the statements into the Merkle tree
 * (chain.c), and has the header sealed (consensus.c). The loop stores all of it in one transaction
 * (store.c), and only then shows it: acks that prove themselves, the head, events (announce.c). Queries
 * read the store (api.c, provenance.c) and never touch the machine.
 */
#include "common/crypto.h"
#include "common/file.h"
#include "common/log.h"
#include "node/loop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int stop_flag;

static void on_signal(int number)
{
    (void)number;
    stop_flag = 1;
}

static void usage(FILE *out)
{
    (void)fprintf(
        out, "usage: waybill-node run --config FILE [--clock SPEC] [--log-json] [--log-level L]\n"
             "       waybill-node check-config FILE\n"
             "\n"
             "  --config FILE    the node's YAML configuration\n"
             "  --clock SPEC     REAL, or START@RATE[@ORIGIN]: a scaled virtual clock\n"
             "  --log-json       one JSON object a line\n"
             "  --log-level L    error, warn, info or debug\n");
}

struct arguments {
    const char *config;
    struct clock clock;
};

static bool parse_option(int option, struct arguments *a)
{
    enum log_level level;
    struct err err;
    switch (option) {
    case 'c': a->config = optarg; return true;
    case 'j': log_set_json(true); return true;
    case 't':
        if (clock_parse(optarg, &a->clock, &err))
            return true;
        (void)fprintf(stderr, "waybill-node: --clock: %s\n", err.msg);
        return false;
    case 'l':
        if (!log_parse_level(optarg, &level))
            return false;
        log_set_level(level);
        return true;
    default: return false;
    }
}

static bool parse_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "clock", required_argument, NULL, 't' },
        { "log-json", no_argument, NULL, 'j' },
        { "log-level", required_argument, NULL, 'l' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!parse_option(option, a))
            return false;
    return optind == argc && a->config != NULL;
}

static int run(int argc, char **argv)
{
    struct arguments a = { .config = NULL };
    struct settings settings;
    struct err err = { .msg = "" };
    (void)clock_parse("REAL", &a.clock, NULL);
    if (!parse_arguments(argc, argv, &a)) {
        usage(stderr);
        return 1;
    }
    struct sigaction action = { .sa_handler = on_signal };
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
    if (!settings_load(a.config, &settings, &err) ||
        !loop_run(&settings, &a.clock, &stop_flag, &err)) {
        log_error("%s", err.msg);
        return 1;
    }
    return 0;
}

static int check_config(const char *path)
{
    struct settings settings;
    struct err err = { .msg = "" };
    if (settings_load(path, &settings, &err)) {
        (void)printf("%s: good\n", path);
        return 0;
    }
    (void)fprintf(stderr, "%s\n", err.msg);
    return 1;
}

int main(int argc, char **argv)
{
    if (!file_hold_standard())
        return 1;
    log_set_program("waybill-node");
    if (!crypto_init()) {
        log_error("libsodium can't be initialised");
        return 1;
    }
    if (argc >= 2 && strcmp(argv[1], "run") == 0)
        return run(argc - 1, argv + 1);
    if (argc == 3 && strcmp(argv[1], "check-config") == 0)
        return check_config(argv[2]);
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    usage(help ? stdout : stderr);
    return help ? 0 : 1;
}
