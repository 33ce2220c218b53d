/* `waybill product`, `place`, `party`: master data, amended by newer statements, history kept. */
#include "common/file.h"
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_product_verify.h"
#include "tools/cmd_send.h"

#include <stdio.h>
#include <string.h>

#define IMAGE_MAX   ((size_t)64 << 20)
#define DEGREE      10000000 /* 10^-7 degrees */
#define DEGREES_MAX 180

/* ------------------------------------------------------------------ product */

static bool hash_image(const char *path, struct hash *ret_hash, struct err *err)
{
    struct buf bytes = buf_heap(IMAGE_MAX);
    bool good = file_read(path, IMAGE_MAX, &bytes, err);
    if (good)
        *ret_hash = crypto_sha256(buf_slice(&bytes));
    buf_free(&bytes);
    return good || err_wrap(err, "--image");
}

static int product(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_PRODUCT };
    struct product *p = &draft.as.product;
    const char *name, *image = cmd_args_text(args, "image", NULL);
    struct hash image_hash;
    if (!cmd_args_expect(args, 1, 1, "one GTIN", err) || !cmd_args_need(args, "name", &name, err) ||
        !gs1_check_key("01", slice_text(args->operand[0]), err) ||
        !cmd_names_text(args, "name", &p->name, err) ||
        !cmd_names_text(args, "brand", &p->brand, err) ||
        !cmd_names_text(args, "unit", &p->unit, err) ||
        (image != NULL && !hash_image(image, &image_hash, err)))
        return cmd_action_fail(err);
    p->gtin = slice_text(args->operand[0]);
    if (image != NULL)
        p->image = hash_slice(&image_hash);
    return cmd_send_finish(home, "product", &draft);
}

int cmd_product(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "set", "product set", "name= brand= unit= image= no-wait",
          "Usage: waybill product set GTIN --name NAME [--brand B] [--unit U] [--image FILE]\n"
          "Says what a product is. The image's SHA-256 goes on the ledger, not the image.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          product },
        { "verify", "product verify", "serial= lot= expiry=",
          "Usage: waybill product verify GTIN --serial SERIAL [--lot LOT] [--expiry DATE]\n"
          "Is this thing what its label says? VERIFIED, or the first reason why not: never made, "
          "recalled,\n"
          "dispensed before, expired, seen at two places at once. DATE is 2027-06-01, or 270601 as "
          "on the label.\n"
          "Exit code: 0 VERIFIED, 1 error, 2 it is not.\n",
          cmd_product_verify },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}

/* ------------------------------------------------------------------ place */

/* "52.3676" or "-4.5" in 10^-7 degrees: decimal digits only, no float. */
static bool parse_degrees(const char *option, const char *text, int64_t max, int64_t *ret,
                          struct err *err)
{
    const char *p = text;
    bool negative = *p == '-';
    int64_t value = 0, scale = DEGREE;
    p += negative ? 1 : 0;
    bool good = *p >= '0' && *p <= '9';
    for (; *p >= '0' && *p <= '9' && value <= DEGREES_MAX; p++)
        value = value * 10 + (*p - '0');
    value *= DEGREE;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9' && scale > 1; p++) {
            scale /= 10;
            value += (*p - '0') * scale;
        }
    if (!good || *p != '\0' || value > max * DEGREE)
        return err_set(err, ERR_INPUT,
                       "--%s: expected degrees such as 52.3676 with at most 7 decimals, found "
                       "\"%.40s\"",
                       option, text);
    *ret = negative ? -value : value;
    return true;
}

static bool read_position(const struct cmd_args *args, struct place *p, struct err *err)
{
    const char *lat = cmd_args_text(args, "lat", NULL), *lon = cmd_args_text(args, "lon", NULL);
    if (lat == NULL && lon == NULL)
        return true;
    if (lat == NULL || lon == NULL)
        return err_set(err, ERR_INPUT, "--lat and --lon belong together");
    p->has_position = true;
    return parse_degrees("lat", lat, DEGREES_MAX / 2, &p->lat, err) &&
           parse_degrees("lon", lon, DEGREES_MAX, &p->lon, err);
}

static int place(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_PLACE };
    struct place *p = &draft.as.place;
    const char *name, *member = cmd_args_text(args, "member", NULL);
    if (!cmd_args_expect(args, 1, 1, "one GLN", err) || !cmd_args_need(args, "name", &name, err) ||
        !gs1_check_key("414", slice_text(args->operand[0]), err) ||
        !cmd_names_text(args, "name", &p->name, err) ||
        !cmd_names_text(args, "zone", &p->zone, err) || !read_position(args, p, err) ||
        (member != NULL && !cmd_home_find_member(home, member, &p->member, err)))
        return cmd_action_fail(err);
    p->gln = slice_text(args->operand[0]);
    p->has_member = member != NULL;
    return cmd_send_finish(home, "place", &draft);
}

int cmd_place(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "set", "place set", "name= lat= lon= zone= member= no-wait",
          "Usage: waybill place set GLN --name NAME [--lat D --lon D] [--zone IANA] [--member M]\n"
          "Says what a place is: coordinates in degrees, its time zone, whose it is. A place that\n"
          "names its company is that company's to amend.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          place },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}

/* ------------------------------------------------------------------ party */

static int party(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_PARTY };
    struct party *p = &draft.as.party;
    const char *name, *gln = cmd_args_text(args, "gln", NULL);
    if (!cmd_args_expect(args, 0, 1, "at most one MEMBER", err) ||
        !cmd_args_need(args, "name", &name, err) || !cmd_names_text(args, "name", &p->name, err) ||
        !cmd_names_text(args, "contact", &p->contact, err) ||
        (gln != NULL && !gs1_check_key("414", slice_text(gln), err)))
        return cmd_action_fail(err);
    bool named = args->operand_count == 1;
    if (!(named ? cmd_home_find_member(home, args->operand[0], &p->member, err)
                : cmd_send_member(home, &p->member, err)))
        return cmd_action_fail(err);
    if (gln != NULL)
        p->gln = slice_text(gln);
    return cmd_send_finish(home, "party", &draft);
}

int cmd_party(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "set", "party set", "name= contact= gln= no-wait",
          "Usage: waybill party set [MEMBER] --name NAME [--contact TEXT] [--gln GLN]\n"
          "Says how a company is called and reached; without MEMBER the one that signs.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          party },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
