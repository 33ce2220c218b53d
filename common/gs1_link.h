/*
 * What a label carries: a GS1 Digital Link URI (GS1 Digital Link Standard: URI Syntax, uncompressed
 * form) with the ledger's identity as a query parameter, https://HOST/01/GTIN/21/SERIAL?wb=<32 hex>.
 * Reads also what other people's labels carry: element strings, bracketed or with FNC1. Pure.
 */
#ifndef COMMON_GS1_LINK_H
#define COMMON_GS1_LINK_H

#include "common/gs1.h"

#define GS1_LINK_MAX      512 /* bytes of a payload; the cap of the wire */
#define GS1_LINK_LEDGER   16  /* bytes of the ledger's identity on a label */
#define GS1_LINK_HOST_MAX 200

struct gs1_link {
    struct gs1_name name;
    bool has_ledger; /* the label says for which ledger it was made */
    uint8_t ledger[GS1_LINK_LEDGER];
};

/*
 * Builds the URI. host is "id.example.org", "id.example.org/shop" or the same with http:// or https://
 * before it; https when nothing is said. Returns: false for an unfit host, and for a serial of "." or
 * "..", which every browser would take out of the path. text holds GS1_LINK_MAX + 1 bytes.
 */
bool gs1_link_build(const char *host, const struct gs1_link *link, char *text, struct err *err);

/*
 * Reads a payload: a Digital Link URI; "(01)…(21)…"; 01…21… with 0x1d between variable parts and
 * perhaps a symbology identifier such as "]Q3" before; or a plain name 01/GTIN/21/SERIAL. A GTIN of 8,
 * 12 or 13 digits in a URI is filled up with zeros. With both a lot and a serial the unit is meant.
 * Only the form is judged; gs1_check_name() judges the check digit.
 */
bool gs1_link_parse(struct slice payload, struct gs1_link *ret_link, struct err *err);

#endif
