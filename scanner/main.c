/*
 * waybill-scan: reads the labels in pictures, says what they name, and makes the offer or the acceptance
 * they call for, or records that they were seen.
 *
 * A guided tour. qr_read decodes a picture in a sandboxed child; all pictures are read before anything
 * secret is in memory, and a label of another ledger among them ends it there. scan judges each payload
 * and decides the step, pure: whose ledger, which goods, offer, acceptance or only seen. handover asks the node and
 * the person, signs, sends and waits for the ledger. report writes the answer for a person or as one line
 * of JSON a picture. Whatever a label says is a claim by whoever printed it.
 */
#include "common/file.h"
#include "scanner/options.h"
#include "scanner/qr_read.h"
#include "scanner/report.h"
#include "scanner/visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_REFUSED 4 /* by the ledger's rules, or a label that belongs to another ledger */

/* One picture. */
struct shot {
    bool read;
    struct err failure; /* otherwise */
    struct qr_codes codes;
    struct report report;
    int exit_code;
};

static void worsen(struct shot *shot, int code)
{
    shot->exit_code = code > shot->exit_code ? code : shot->exit_code;
}

/* Returns: true when it shows a label of another ledger. */
static bool read_shot(const char *path, const struct options *o, struct shot *shot)
{
    unsigned labels = 0;
    bool foreign = false;
    struct report *report = &shot->report;
    report->image = path;
    report->acts = o->acts;
    shot->read = qr_read_file(path, &shot->codes, &shot->failure);
    report->too_large = shot->codes.too_large;
    for (size_t i = 0; shot->read && i < shot->codes.count; i++) {
        struct report_code *code = &report->codes[report->count++];
        code->payload = slice_of(shot->codes.codes[i].payload, shot->codes.codes[i].len);
        code->named = scan_read_label(code->payload, &code->label, &code->why_not);
        if (!code->named)
            continue;
        code->identity = scan_compare_ledger(&code->label, o->knows ? o->mark : NULL);
        foreign = foreign || code->identity == SCAN_OTHER;
        labels++;
    }
    worsen(shot, foreign ? EXIT_REFUSED : labels > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    return foreign;
}

/* The same goods in two pictures, or twice in one, are handed over once. */
static bool is_repeated(const struct shot *shots, const struct shot *shot, size_t code)
{
    const char *asset = shot->report.codes[code].label.asset;
    for (const struct shot *s = shots; s <= shot; s++)
        for (size_t i = 0; i < (s == shot ? code : s->report.count); i++)
            if (s->report.codes[i].named && strcmp(s->report.codes[i].label.asset, asset) == 0)
                return true;
    return false;
}

static void act_on_shot(struct handover *h, const struct shot *shots, struct shot *shot)
{
    for (size_t i = 0; i < shot->report.count; i++) {
        struct report_code *code = &shot->report.codes[i];
        if (!code->named || is_repeated(shots, shot, i))
            continue;
        code->acted = handover_do(h, &code->label, code->identity, &code->handover, &code->why_not);
        code->failed = !code->acted;
        visible_clean(code->why_not.msg);
        if (code->failed)
            worsen(shot, code->why_not.code == ERR_REFUSED || code->why_not.code == ERR_PROOF
                             ? EXIT_REFUSED
                             : EXIT_FAILURE);
    }
}

static int tell(struct shot *shot, const struct options *o)
{
    if (shot->read)
        report_codes(&shot->report, o->json);
    else
        report_failure(&shot->report, &shot->failure, o->json);
    return shot->exit_code;
}

static int scan_all(char **images, size_t count, const struct options *o, struct shot *shots)
{
    bool foreign = false, labels = false;
    int worst = EXIT_SUCCESS;
    struct handover *handover = NULL;
    struct err err = { .code = ERR_NONE };
    for (size_t i = 0; i < count; i++) {
        foreign = read_shot(images[i], o, &shots[i]) || foreign;
        labels = labels || shots[i].exit_code == EXIT_SUCCESS;
    }
    bool acts = o->acts && labels && !foreign;
    if (acts && !handover_open(&o->handover, &handover, &err)) {
        visible_clean(err.msg); /* it may hold the node's words */
        (void)fprintf(stderr, "waybill-scan: %s\n", err.msg);
        worst = err.code == ERR_PROOF ? EXIT_REFUSED : EXIT_FAILURE;
    }
    for (size_t i = 0; i < count; i++) {
        if (handover != NULL && shots[i].read)
            act_on_shot(handover, shots, &shots[i]);
        int code = tell(&shots[i], o);
        worst = code > worst ? code : worst;
    }
    if (o->acts && foreign)
        (void)fputs("waybill-scan: a label of another ledger: nothing was signed\n", stderr);
    handover_close(handover);
    return worst;
}

int main(int argc, char **argv)
{
    static struct options o;
    struct err err = { .code = ERR_NONE };
    if (!file_hold_standard())
        return EXIT_FAILURE;
    if (!options_parse(argc, argv, &o, &err)) {
        (void)fprintf(stderr, "waybill-scan: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    if (o.help) {
        (void)fputs(options_usage, stdout);
        return EXIT_SUCCESS;
    }
    size_t count = (size_t)(argc - o.first_image);
    struct shot *shots = calloc(count, sizeof *shots);
    if (shots == NULL) {
        (void)fputs("waybill-scan: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    int code = scan_all(argv + o.first_image, count, &o, shots);
    free(shots);
    return code;
}
