/*
 * Makes the offer or the acceptance that a scan calls for, or records the scan itself: asks the node, lets scan decide, asks the
 * person, signs and sends. Opened only after every picture was read, because the child that decodes a
 * picture starts as a copy of this process and must find no key in it.
 */
#ifndef SCANNER_HANDOVER_H
#define SCANNER_HANDOVER_H

#include "common/clock.h"
#include "common/node_client.h"
#include "scanner/names.h"
#include "scanner/scan.h"

struct handover_options {
    const char *node_url, *ca_file; /* ca_file: NULL for the system's certificates */
    const char *key_path;
    const char *genesis_path; /* names of members; NULL or a file that need not exist */
    const char *member;       /* whom the key signs for; NULL: the member of that very kid */
    const char *to;           /* whom to offer to, a name or a kid; NULL: accept */
    const char *condition;    /* remark on the goods' state, or NULL */
    struct hash ledger;
    enum custody_role role;   /* of an offer */
    const char *place, *note; /* of a scan that hands nothing over: a GLN, a remark; or NULL */
    bool accept;              /* said that offers are to be accepted */
    bool seen;                /* said that the scan is to be recorded, and nothing else */
    bool yes;                 /* ask nothing */
    uint64_t time_ms;         /* of the statements; 0: now, by the clock */
    struct clock clock;
};

struct handover;

/* Everything options points to is borrowed. ERR_PROOF: the node keeps another ledger. */
bool handover_open(const struct handover_options *options, struct handover **ret_handover,
                   struct err *err);
void handover_close(struct handover *h); /* wipes the key; NULL is legal */

struct handover_result {
    enum scan_step step; /* NONE: nothing was signed, and why[] says why */
    char why[160];
    struct kid other;            /* whom it came from or goes to; nobody when only seen */
    char other_name[NAMES_SIZE]; /* as the node or the genesis says; kid in hex otherwise */
    enum custody_role role;
    size_t count; /* assets in the statement's set */
    struct node_sent sent;
};

/*
 * Returns: false with ERR_REFUSED, nothing signed, when the wish cannot be done; ERR_REFUSED too when the
 * ledger refused it by a rule; ERR_PROOF for a label of another ledger; other codes as they come.
 */
bool handover_do(struct handover *h, const struct scan_label *label, enum scan_identity identity,
                 struct handover_result *ret_result, struct err *err);

#endif
