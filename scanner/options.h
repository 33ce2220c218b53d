/* What waybill-scan was asked to do: command line first, then configuration file, then environment. */
#ifndef SCANNER_OPTIONS_H
#define SCANNER_OPTIONS_H

#include "scanner/handover.h"

#include <limits.h>

#define OPTIONS_IMAGES_MAX 256

struct options {
    const char *config;
    bool json;
    bool help;
    bool read_only;
    bool acts;  /* something may be signed: handover is filled in */
    bool knows; /* a ledger to compare labels with: mark */
    bool whole; /* … and its whole id is in handover.ledger */
    bool accept, offer;
    int first_image; /* index in argv */
    uint8_t mark[GS1_LINK_LEDGER];
    const char *identity, *ledger, *node, *ca, *key, *member, *role, *time, *clock;
    struct handover_options handover;
    char genesis[PATH_MAX];
    /* what the configuration file said, for the pointers above */
    char from_config[4][PATH_MAX];
    char names_from_config[2][256];
};

extern const char options_usage[];

/* Returns: false with ERR_INPUT for a wrong command line or configuration. */
bool options_parse(int argc, char **argv, struct options *ret_options, struct err *err);

#endif
