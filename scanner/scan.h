/*
 * What a scan means. Pure: takes the payload, the ledger in use, what the ledger says of the goods and
 * what the person wants, and answers with the one step to take. It never signs or sends anything.
 */
#ifndef SCANNER_SCAN_H
#define SCANNER_SCAN_H

#include "common/custody.h"
#include "common/gs1_link.h"

/* Was the label made for the ledger in use? */
enum scan_identity {
    SCAN_SAME,      /* it carries this ledger's identity */
    SCAN_OTHER,     /* it carries another's: a twin ledger, a demo, a forgery */
    SCAN_ABSENT,    /* it carries none: another system's label */
    SCAN_UNCHECKED, /* no ledger was given to compare with */
};

struct scan_label {
    struct gs1_link link;
    char asset[GS1_NAME_MAX + 1]; /* the ledger's name for it */
    char human[GS1_HUMAN_MAX + 1];
};

/* Reads a payload. Returns: false when it names no goods or place, or a check digit is wrong. */
bool scan_read_label(struct slice payload, struct scan_label *ret_label, struct err *err);

/* In: ledger, the first GS1_LINK_LEDGER bytes of its id, or NULL when none is in use. */
enum scan_identity scan_compare_ledger(const struct scan_label *label, const uint8_t *ledger);
/* "same", "other", "absent", "unchecked". */
const char *scan_identity_name(enum scan_identity identity);

/* What the ledger says of the goods now. */
struct scan_goods {
    bool known;
    bool has_custodian;
    struct kid custodian; /* when ownership is to be offered: the owner */
    bool has_offer;       /* an open one */
    struct kid offer_from;
    struct kid offer_to;
    struct hash offer; /* statement hash */
    /* what people call them; NULL: their kids */
    const char *custodian_name, *from_name, *to_name;
};

struct scan_wish {
    struct kid self; /* the scanner's member */
    bool has_to;
    struct kid to; /* hand over to this member */
    bool accept;   /* take over, nothing else */
    bool seen;     /* record that the goods were here, nothing else */
    bool
        asks; /* somebody is there to be asked whether to record it when nothing else is to be done */
};

enum scan_step {
    SCAN_STEP_NONE, /* nothing to sign: the person is told what the ledger says */
    SCAN_STEP_OFFER,
    SCAN_STEP_ACCEPT,
    SCAN_STEP_SEEN, /* record it; hands nothing over */
};

struct scan_decision {
    enum scan_step step;
    struct kid to;     /* of an offer */
    struct hash offer; /* of an acceptance */
    char why[160];     /* in words */
};

/*
 * An open offer to this member is accepted; goods this member holds are offered to wish->to. Accepting
 * what is in these hands already is no error and no step. Where nothing changes hands the scan itself may
 * be recorded: when that is wished, or may be asked; why then says what else the ledger knows.
 * Returns: false with ERR_REFUSED when what is wished cannot be done, ERR_NOT_FOUND when the ledger does
 * not know the goods, ERR_PROOF when the label belongs to another ledger.
 */
bool scan_decide(const struct scan_label *label, enum scan_identity identity,
                 const struct scan_goods *goods, const struct scan_wish *wish,
                 struct scan_decision *ret_decision, struct err *err);

#endif
