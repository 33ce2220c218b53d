/*
 * Names of goods and places by GS1 keys (GS1 General Specifications): units 01/GTIN/21/SERIAL,
 * lots 01/GTIN/10/LOT, logistic units 00/SSCC, places 414/GLN. Pure. Form and check digit are judged
 * apart: the ledger asks for the form only; the tools, which talk to the person who typed it, for
 * both.
 */
#ifndef COMMON_GS1_H
#define COMMON_GS1_H

#include "common/bytes.h"
#include "common/err.h"

#define GS1_NAME_MAX 64 /* bytes of an asset's name on the ledger */
#define GS1_KEY_MAX  18 /* digits of the longest key, an SSCC */
#define GS1_PART_MAX 20 /* characters of a serial or lot number */

enum gs1_kind {
    GS1_UNIT,     /* one trade item: GTIN and serial */
    GS1_LOT,      /* all items of one production lot: GTIN and lot */
    GS1_LOGISTIC, /* a pallet, a box: SSCC */
    GS1_PLACE,    /* where: GLN */
};

struct gs1_name {
    enum gs1_kind kind;
    char key[GS1_KEY_MAX + 1];   /* GTIN (14 digits), SSCC (18) or GLN (13) */
    char part[GS1_PART_MAX + 1]; /* serial or lot; empty for the other two */
};

/* What one application identifier may hold. */
struct gs1_ai {
    const char *ai;
    size_t min_len;
    size_t max_len;
    bool numeric;     /* digits only; otherwise the 82 characters of GS1_82 below */
    bool check_digit; /* the last digit is a check digit */
    bool fixed;       /* needs no separator after it in an element string */
};

/* Every invariant character of ISO/IEC 646 that AI data may hold (figure 7.11-1), 82 in all. */
#define GS1_82 "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

/* The identifier's row, or NULL when Waybill gives it no meaning. Known: 00, 01, 10, 21, 414. */
const struct gs1_ai *gs1_find_ai(struct slice ai);
/* True when value has the identifier's length and characters; the check digit is not judged. */
bool gs1_value_fits(const struct gs1_ai *ai, struct slice value);

/* The modulo-10 check digit that belongs after these digits (section 7.9): '0'…'9'. */
char gs1_check_digit(struct slice digits);

/*
 * Parses an asset's or a place's name by form: "01/09506000134352/21/DEMO1". A serial may itself
 * hold slashes. Returns: false with what was found and what was expected.
 */
bool gs1_parse_name(struct slice text, struct gs1_name *ret_name, struct err *err);
/* gs1_parse_name() that refuses places. */
bool gs1_parse_asset(struct slice text, struct gs1_name *ret_name, struct err *err);
/* Judges the check digit; the message names the right one. */
bool gs1_check_name(const struct gs1_name *name, struct err *err);
/* A bare GTIN, SSCC or GLN (AI 01, 00, 414): length, digits and check digit. */
bool gs1_check_key(const char *ai, struct slice key, struct err *err);

/* The ledger's form. text holds GS1_NAME_MAX + 1 bytes. */
void gs1_format_name(const struct gs1_name *name, char *text);

#define GS1_HUMAN_MAX 80
/*
 * The form printed under a code: "(01)09506000134352(21)DEMO1". A parenthesis inside a serial is
 * written "\(", as GS1's own bracketed syntax has it. text holds GS1_HUMAN_MAX + 1 bytes.
 */
void gs1_format_human(const struct gs1_name *name, char *text);

#endif
