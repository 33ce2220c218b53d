/*
 * waybill-scan: reads the labels in pictures and says what they name.
 *
 * A guided tour. qr_read decodes a picture in a sandboxed child, before anything secret is in memory;
 * scan judges each payload, pure: whose ledger, which goods, which step; report writes the answer for a
 * person or as one line of JSON a picture. Whatever a label says is a claim by whoever printed it.
 */
#include "common/config.h"
#include "scanner/ledger_mark.h"
#include "scanner/qr_read.h"
#include "scanner/report.h"
#include "scanner/scan.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_REFUSED 4 /* a label that belongs to another ledger */

static const char usage[] =
    "Usage: waybill-scan IMAGE... [options]\n"
    "Reads the QR codes in PNG, JPEG and PGM files and says which goods they name, and whether "
    "the\n"
    "label was made for the ledger in use.\n"
    "\n"
    "  --config FILE    YAML: identity (a file) or ledger (hexadecimal digits)\n"
    "  --identity FILE  the public identity of the ledger in use\n"
    "  --ledger HEX     the same as 32 or 64 hexadecimal digits\n"
    "  --read-only      read and report only: all this program does as yet; it signs nothing\n"
    "  --json           one line of JSON a picture\n"
    "Exit code: 0 every picture holds a label, 1 error or a picture without one, 4 a label of "
    "another\n"
    "ledger.\n";

struct options {
    const char *config;
    const char *identity;
    const char *ledger;
    bool json;
    bool help;
    int first_image; /* index in argv */
};

struct ledger {
    bool known;
    uint8_t mark[GS1_LINK_LEDGER];
};

enum option_code {
    OPTION_CONFIG = 256,
    OPTION_IDENTITY,
    OPTION_LEDGER,
    OPTION_READ_ONLY,
    OPTION_JSON,
};

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        { "config", required_argument, NULL, OPTION_CONFIG },
        { "identity", required_argument, NULL, OPTION_IDENTITY },
        { "ledger", required_argument, NULL, OPTION_LEDGER },
        { "read-only", no_argument, NULL, OPTION_READ_ONLY },
        { "json", no_argument, NULL, OPTION_JSON },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int code;
    while ((code = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (code) {
        case OPTION_CONFIG: o->config = optarg; break;
        case OPTION_IDENTITY: o->identity = optarg; break;
        case OPTION_LEDGER: o->ledger = optarg; break;
        case OPTION_READ_ONLY: break;
        case OPTION_JSON: o->json = true; break;
        case 'h': o->help = true; break;
        default: return false;
        }
    }
    o->first_image = optind;
    return o->help || optind < argc;
}

static bool load_config(const char *path, struct ledger *ledger, struct err *err)
{
    static const char *const keys[] = { "identity", "ledger", NULL };
    struct yaml_tree tree;
    if (!yaml_load(path, &tree, err))
        return false;
    struct config config = config_open(&tree, err);
    config_check_keys(&config, keys);
    bool has_identity = config_has(&config, "identity");
    bool has_ledger = config_has(&config, "ledger");
    if (has_identity && has_ledger)
        config_refuse(&config, "ledger", "identity is given too: choose one");
    struct config_file identity = config_path(&config, "identity", "");
    const char *hex = has_ledger ? config_text(&config, "ledger", NULL) : "";
    bool good = config_good(&config);
    if (good && has_identity)
        good = ledger_mark_load(identity.path, ledger->mark, err);
    else if (good && has_ledger)
        good = ledger_mark_parse(hex, ledger->mark, err);
    ledger->known = good && (has_identity || has_ledger);
    yaml_free(&tree);
    return good;
}

static bool find_ledger(const struct options *o, struct ledger *ledger, struct err *err)
{
    if (o->config != NULL && !load_config(o->config, ledger, err))
        return false;
    if (o->identity != NULL && o->ledger != NULL)
        return err_set(err, ERR_INPUT, "--identity and --ledger: choose one");
    if (o->identity != NULL && !ledger_mark_load(o->identity, ledger->mark, err))
        return false;
    if (o->ledger != NULL && !ledger_mark_parse(o->ledger, ledger->mark, err))
        return false;
    ledger->known = ledger->known || o->identity != NULL || o->ledger != NULL;
    return true;
}

/* The exit code of one picture. */
static int scan_image(const char *path, const struct options *o, const struct ledger *ledger,
                      struct qr_codes *codes)
{
    struct report report = { .image = path };
    struct err err = { .code = ERR_NONE };
    if (!qr_read_file(path, codes, &err)) {
        report_failure(&report, &err, o->json);
        return EXIT_FAILURE;
    }
    unsigned labels = 0;
    bool foreign = false;
    report.too_large = codes->too_large;
    for (size_t i = 0; i < codes->count; i++) {
        struct report_code *code = &report.codes[report.count++];
        code->payload = slice_of(codes->codes[i].payload, codes->codes[i].len);
        code->named = scan_read_label(code->payload, &code->label, &code->why_not);
        if (!code->named)
            continue;
        code->identity = scan_compare_ledger(&code->label, ledger->known ? ledger->mark : NULL);
        foreign = foreign || code->identity == SCAN_OTHER;
        labels++;
    }
    report_codes(&report, o->json);
    if (foreign)
        return EXIT_REFUSED;
    return labels > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options o = { .config = NULL };
    struct ledger ledger = { .known = false };
    struct err err = { .code = ERR_NONE };
    static struct qr_codes codes;
    if (!parse_options(argc, argv, &o)) {
        (void)fputs("waybill-scan: expected IMAGE...; see waybill-scan --help\n", stderr);
        return EXIT_FAILURE;
    }
    if (o.help) {
        (void)fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (!find_ledger(&o, &ledger, &err)) {
        (void)fprintf(stderr, "waybill-scan: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    int worst = EXIT_SUCCESS;
    for (int i = o.first_image; i < argc; i++) {
        int code = scan_image(argv[i], &o, &ledger, &codes);
        worst = code > worst ? code : worst;
    }
    return worst;
}
