/*
 * What a sensor may report: the property table of the wire format, with the names a contract or a
 * configuration uses and the unit its values are in.
 */
#ifndef CONTRACTS_PROPERTY_H
#define CONTRACTS_PROPERTY_H

#include "common/reading.h"

struct property {
    uint16_t id;
    int8_t exponent;   /* the usual one in a reading */
    const char *name;  /* "temperature" */
    const char *alias; /* a second accepted name, or NULL */
    const char *unit;  /* as in struct quantity: "Cel", "%RH"; "" for a plain number */
};

/* NULL when the table has no such number or name. */
const struct property *property_by_id(uint64_t id);
const struct property *property_by_name(struct slice name);

#endif
