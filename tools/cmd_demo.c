/* `waybill demo` runs tools/demo.sh, or another story's demo-NAME.sh beside it, found beside the program where it was
   built or installed. */
#include "tools/cmd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct place {
    const char *scripts, *data, *work; /* seen from the program's folder */
};

struct story {
    const char *name, *script, *work;
};

static const struct story stories[] = {
    { "voyage", "demo.sh", "demo" }, /* unless another is asked for */
    { "cocoa", "demo-cocoa.sh", "demo-cocoa" },
    { "consortium", "demo-consortium.sh", "demo-consortium" },
};
#define STORIES (sizeof stories / sizeof stories[0])

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
        "Usage: waybill demo [--story NAME] [FOLDER]\n"
        "Shows a journey from the first statement to proven answers: a node, a broker and devices\n"
        "on one scaled clock, in FOLDER (below build, or ./waybill-NAME when installed).\n"
        "\n"
        "  --story voyage  a vaccine from sensor to verdict: 24 hours in a refrigerated van "
        "(default)\n"
        "  --story cocoa   beans from plot to bar: six hops, certificates, a making, a recall\n"
        "  --story consortium  four companies run one ledger: a crash, a vote, a fifth company\n"
        "Ends by itself unless it runs on a terminal: there it stays up until Ctrl-C.\n"
        "Exit code: 0 all went as it should, 1 it did not.\n");
}

static const struct story *find_story(const char *name)
{
    for (size_t i = 0; i < STORIES; i++)
        if (strcmp(stories[i].name, name) == 0)
            return &stories[i];
    (void)fprintf(stderr, "waybill demo: there is no story \"%s\"; there are:", name);
    for (size_t i = 0; i < STORIES; i++)
        (void)fprintf(stderr, "%s %s", i > 0 ? "," : "", stories[i].name);
    (void)fprintf(stderr, "\n");
    return NULL;
}

/* Becomes the story's script, if there is one in this place. */
static void play(const char *bin, const struct place *place, const struct story *story,
                 const char *folder)
{
    char script[2 * PATH_MAX], data[2 * PATH_MAX], work[2 * PATH_MAX];
    (void)snprintf(script, sizeof script, "%s/%s/%s", bin, place->scripts, story->script);
    (void)snprintf(data, sizeof data, "%s/%s", bin, place->data);
    if (place->work != NULL)
        (void)snprintf(work, sizeof work, "%s/%s/%s", bin, place->work, story->work);
    else
        (void)snprintf(work, sizeof work, "waybill-%s", story->work);
    if (access(script, R_OK) == 0)
        (void)execlp("bash", "bash", script, bin, data, folder != NULL ? folder : work,
                     (char *)NULL);
}

int cmd_demo(int argc, char **argv)
{
    static const struct place places[] = {
        { "../../tools", "../../docs/examples", ".." },
        { "../share/waybill", "../share/waybill/demo", NULL },
    };
    const struct story *story = &stories[0];
    char bin[PATH_MAX];
    int next = 1;
    if (argc > 2 && strcmp(argv[1], "--story") == 0) {
        story = find_story(argv[2]);
        next = 3;
    }
    if (story == NULL)
        return CMD_ERROR;
    if (argc > next + 1 || (argc == next + 1 && argv[next][0] == '-')) {
        bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
        usage(help ? stdout : stderr);
        return help ? CMD_GOOD : CMD_ERROR;
    }
    if (!own_folder(bin))
        return CMD_ERROR;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        play(bin, &places[i], story, argc > next ? argv[next] : NULL);
    (void)fprintf(stderr, "waybill demo: %s can't be run\n", story->script);
    return CMD_ERROR;
}
