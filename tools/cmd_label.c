/*
 * `waybill label`: prints an asset's name as a QR code. The file is scanned before it gets its name, so
 * that no label leaves this command which a scanner would read otherwise.
 */
#include "tools/cmd.h"

#include "common/gs1_link.h"
#include "common/image.h"
#include "scanner/json_text.h"
#include "scanner/ledger_mark.h"
#include "scanner/qr_read.h"
#include "tools/cmd_label_code.h"
#include "tools/qr_make.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_HOST  "http://localhost:8600"
#define DEFAULT_SCALE 8
#define VERIFY_SCALE  4
#define LABEL_MAX     (8 * 1024 * 1024)

static const char usage[] =
    "Usage: waybill label ASSET -o FILE.png|FILE.svg [options]\n"
    "Prints a label: a QR code with a GS1 Digital Link, and the name in characters beneath it.\n"
    "\n"
    "  ASSET            01/GTIN/21/SERIAL, 01/GTIN/10/LOT, 00/SSCC, 414/GLN, or (01)...(21)...\n"
    "  -o, --output F   the file; its ending chooses PNG or SVG\n"
    "  --host HOST      where the link points (default: " DEFAULT_HOST ")\n"
    "  --identity FILE  the ledger's public identity, of which 16 bytes go into the link\n"
    "  --ledger HEX     the same as 32 or 64 hexadecimal digits\n"
    "  --scale N        pixels a module, 1 to 32 (default: 8)\n"
    "  --json           answer in JSON\n"
    "Exit code: 0 the file is written and scans as it should, 1 error.\n"
    "\n"
    "waybill label seal and waybill label reveal are about labels with a covered code: see their "
    "--help.\n";

struct options {
    const char *asset;
    const char *output;
    const char *host;
    const char *identity;
    const char *ledger;
    unsigned scale;
    bool json;
    bool help;
};

static bool parse_scale(const char *text, unsigned *ret_scale)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value == 0 || value > QR_MAKE_MAX_SCALE)
        return false;
    *ret_scale = (unsigned)value;
    return true;
}

enum option_code {
    OPTION_HOST = 256,
    OPTION_IDENTITY,
    OPTION_LEDGER,
    OPTION_SCALE,
    OPTION_JSON,
};

static bool take_option(int code, struct options *o, struct err *err)
{
    switch (code) {
    case 'o': o->output = optarg; return true;
    case 'h': o->help = true; return true;
    case OPTION_HOST: o->host = optarg; return true;
    case OPTION_IDENTITY: o->identity = optarg; return true;
    case OPTION_LEDGER: o->ledger = optarg; return true;
    case OPTION_JSON: o->json = true; return true;
    case OPTION_SCALE:
        return parse_scale(optarg, &o->scale) ||
               err_set(err, ERR_INPUT, "--scale: expected 1 to %d, found \"%.40s\"",
                       QR_MAKE_MAX_SCALE, optarg);
    default: return err_set(err, ERR_INPUT, "see waybill label --help");
    }
}

static bool parse_options(int argc, char **argv, struct options *o, struct err *err)
{
    static const struct option longs[] = {
        { "output", required_argument, NULL, 'o' },
        { "host", required_argument, NULL, OPTION_HOST },
        { "identity", required_argument, NULL, OPTION_IDENTITY },
        { "ledger", required_argument, NULL, OPTION_LEDGER },
        { "scale", required_argument, NULL, OPTION_SCALE },
        { "json", no_argument, NULL, OPTION_JSON },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    optind = 0; /* another sub-command may have used getopt before */
    int code;
    while ((code = getopt_long(argc, argv, "o:h", longs, NULL)) != -1)
        if (!take_option(code, o, err))
            return false;
    if (o->help)
        return true;
    if (optind != argc - 1)
        return err_set(err, ERR_INPUT, "expected one ASSET, found %d", argc - optind);
    o->asset = argv[optind];
    if (o->output == NULL)
        return err_set(err, ERR_INPUT, "expected -o FILE.png or -o FILE.svg");
    if (o->identity != NULL && o->ledger != NULL)
        return err_set(err, ERR_INPUT, "--identity and --ledger: choose one");
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len > end_len && strcasecmp(text + len - end_len, end) == 0;
}

struct label {
    struct gs1_link link;
    char uri[GS1_LINK_MAX + 1];
    char human[GS1_HUMAN_MAX + 1];
    bool svg;
};

static bool prepare(const struct options *o, struct label *label, struct err *err)
{
    if (!gs1_link_parse(slice_text(o->asset), &label->link, err) ||
        !gs1_check_name(&label->link.name, err))
        return false;
    label->link.has_ledger = o->identity != NULL || o->ledger != NULL;
    if (o->identity != NULL && !ledger_mark_load(o->identity, label->link.ledger, err))
        return false;
    if (o->ledger != NULL && !ledger_mark_parse(o->ledger, label->link.ledger, err))
        return false;
    assert(o->output != NULL);
    label->svg = ends_with(o->output, ".svg");
    if (!label->svg && !ends_with(o->output, ".png"))
        return err_set(err, ERR_INPUT, "%s: expected a name that ends in .png or .svg", o->output);
    gs1_format_human(&label->link.name, label->human);
    return gs1_link_build(o->host == NULL ? DEFAULT_HOST : o->host, &label->link, label->uri, err);
}

static bool write_file(const char *path, struct slice bytes, struct err *err)
{
    FILE *file = fopen(path, "wbe");
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    bool good = fwrite(bytes.data, 1, bytes.len, file) == bytes.len && fflush(file) == 0 &&
                fsync(fileno(file)) == 0;
    int why = errno;
    good = fclose(file) == 0 && good;
    return good || err_set(err, ERR_IO, "%s: %s", path, strerror(why));
}

/* An SVG as it is in the file becomes a picture first. */
static bool scan_svg(const char *path, struct qr_codes *codes, struct err *err)
{
    struct buf file = buf_heap(LABEL_MAX);
    struct buf png = buf_heap(LABEL_MAX);
    struct image image = { .grey = NULL };
    FILE *in = fopen(path, "rbe");
    if (in == NULL)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    uint8_t chunk[4096];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, in)) > 0)
        buf_add(&file, chunk, len);
    bool good = qr_make_draw_svg(buf_slice(&file), VERIFY_SCALE, &image, err) &&
                image_encode_png(&image, &png, err) && qr_read(buf_slice(&png), codes, err);
    (void)fclose(in);
    image_free(&image);
    buf_free(&png);
    buf_free(&file);
    return good || err_wrap(err, "%s", path);
}

/* Does the file hold this label and nothing else? */
static bool verify_file(const char *path, const struct label *label, struct err *err)
{
    struct qr_codes *codes = calloc(1, sizeof *codes);
    if (codes == NULL)
        return err_set(err, ERR_IO, "out of memory");
    bool good = label->svg ? scan_svg(path, codes, err) : qr_read_file(path, codes, err);
    if (good &&
        (codes->count != 1 || !slice_equal(slice_of(codes->codes[0].payload, codes->codes[0].len),
                                           slice_text(label->uri))))
        good = err_set(err, ERR_PROOF, "%s: the label does not scan as it was written", path);
    free(codes);
    return good;
}

/* The file gets its name only when it has been scanned: a bad label never replaces a good one. */
static bool make_file(const struct options *o, const struct label *label, struct err *err)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s.part", o->output) >= (int)sizeof part)
        return err_set(err, ERR_INPUT, "the name of the file is too long");
    struct buf file = buf_heap(LABEL_MAX);
    struct qr_label qr = { .text = label->uri, .human = label->human, .scale = o->scale };
    bool good = label->svg ? qr_make_svg(&qr, &file, err) : qr_make_png(&qr, &file, err);
    bool written = good && write_file(part, buf_slice(&file), err);
    good = written && verify_file(part, label, err);
    if (good && rename(part, o->output) != 0)
        good = err_set(err, ERR_IO, "%s: %s", o->output, strerror(errno));
    if (written && !good)
        (void)unlink(part);
    buf_free(&file);
    return good;
}

static void answer(const struct options *o, const struct label *label)
{
    char asset[GS1_NAME_MAX + 1];
    gs1_format_name(&label->link.name, asset);
    if (!o->json) {
        printf("%s\n  %s\n  %s\n  written to %s, scanned back: same\n", asset, label->human,
               label->uri, o->output);
        return;
    }
    struct buf out = buf_heap(PATH_MAX * 8);
    buf_add_byte(&out, '{');
    json_text_put_member(&out, "asset", slice_text(asset));
    buf_add_byte(&out, ',');
    json_text_put_member(&out, "human", slice_text(label->human));
    buf_add_byte(&out, ',');
    json_text_put_member(&out, "uri", slice_text(label->uri));
    buf_add_byte(&out, ',');
    json_text_put_member(&out, "file", slice_text(o->output));
    buf_add(&out, ",\"scanned\":\"same\"}", 18);
    printf("%.*s\n", (int)out.len, (const char *)out.data);
    buf_free(&out);
}

int cmd_label(int argc, char **argv)
{
    struct options o = { .scale = DEFAULT_SCALE };
    struct label label = { .uri = "" };
    struct err err = { .code = ERR_NONE };
    if (argc > 1 && strcmp(argv[1], "seal") == 0)
        return cmd_label_code_seal(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "reveal") == 0)
        return cmd_label_code_reveal(argc - 1, argv + 1);
    if (!parse_options(argc, argv, &o, &err)) {
        (void)fprintf(stderr, "waybill label: %s\n", err.msg);
        return 1;
    }
    if (o.help) {
        (void)fputs(usage, stdout);
        return 0;
    }
    if (!prepare(&o, &label, &err) || !make_file(&o, &label, &err)) {
        (void)fprintf(stderr, "waybill label: %s\n", err.msg);
        return 1;
    }
    if (!label.link.has_ledger)
        (void)fputs("waybill label: note: no --identity: scanners cannot tell which ledger this "
                    "label belongs to\n",
                    stderr);
    if (o.host == NULL)
        (void)fputs("waybill label: note: no --host: only this machine can open " DEFAULT_HOST "\n",
                    stderr);
    answer(&o, &label);
    return 0;
}
