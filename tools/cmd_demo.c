/* `waybill demo` runs tools/demo.sh, found beside the program where it was built or installed. */
#include "tools/cmd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct place {
    const char *script, *data, *work; /* seen from the program's folder */
};

static bool own_folder(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (len <= 0)
        return false;
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
    return slash != NULL;
}

static void usage(FILE *out)
{
    (void)fprintf(
        out,
        "Usage: waybill demo [FOLDER]\n"
        "Shows one journey from sensor to proven answer: a node, a broker, two agents and a\n"
        "scanner on one scaled clock, in FOLDER (build/demo, or ./waybill-demo when installed).\n"
        "Ends by itself unless it runs on a terminal: there it stays up until Ctrl-C.\n"
        "Exit code: 0 all went as it should, 1 it did not.\n");
}

int cmd_demo(int argc, char **argv)
{
    static const struct place places[] = {
        { "../../tools/demo.sh", "../../docs/examples", "../demo" },
        { "../share/waybill/demo.sh", "../share/waybill/demo", NULL },
    };
    char bin[PATH_MAX], script[2 * PATH_MAX], data[2 * PATH_MAX], work[2 * PATH_MAX];
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
        usage(help ? stdout : stderr);
        return help ? CMD_GOOD : CMD_ERROR;
    }
    if (!own_folder(bin))
        return CMD_ERROR;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(script, sizeof script, "%s/%s", bin, places[i].script);
        (void)snprintf(data, sizeof data, "%s/%s", bin, places[i].data);
        if (places[i].work != NULL)
            (void)snprintf(work, sizeof work, "%s/%s", bin, places[i].work);
        else
            (void)snprintf(work, sizeof work, "waybill-demo");
        if (access(script, R_OK) != 0)
            continue;
        (void)execlp("bash", "bash", script, bin, data, argc == 2 ? argv[1] : work, (char *)NULL);
        break;
    }
    (void)fprintf(stderr, "waybill demo: %s can't be run\n", script);
    return CMD_ERROR;
}
