#include "contracts/property.h"

/* By number, from 1 without a hole: property_by_id() indexes. */
static const struct property properties[] = {
    { 1, -2, "temperature", NULL, "Cel" },
    { 2, -2, "humidity", "relative humidity", "%RH" },
    { 3, 0, "pressure", NULL, "Pa" },
    { 4, 0, "illuminance", "light", "lx" },
    { 5, -2, "peak acceleration", "shock", "m/s2" },
    { 6, -1, "tilt", NULL, "deg" },
    { 7, 0, "battery", NULL, "%" },
    { 8, -3, "battery voltage", NULL, "V" },
    { 9, 0, "door", NULL, "" },
    { 10, -7, "latitude", NULL, "deg" },
    { 11, -7, "longitude", NULL, "deg" },
    { 12, 0, "altitude", NULL, "m" },
    { 13, -1, "speed", NULL, "m/s" },
    { 14, 0, "carbon dioxide", "CO2", "ppm" },
    { 15, -2, "oxygen", "O2", "%" },
    { 16, -2, "ethylene", NULL, "ppm" },
    { 17, -3, "mass", NULL, "kg" },
    { 18, 0, "signal", NULL, "dBm" },
};

#define COUNT (sizeof properties / sizeof properties[0])

const struct property *property_by_id(uint64_t id)
{
    return id >= 1 && id <= COUNT ? &properties[id - 1] : NULL;
}

const struct property *property_by_name(struct slice name)
{
    for (size_t i = 0; i < COUNT; i++) {
        const struct property *p = &properties[i];
        if (slice_equal(name, slice_text(p->name)) ||
            (p->alias != NULL && slice_equal(name, slice_text(p->alias))))
            return p;
    }
    return NULL;
}
