/*
 * How far two places are apart over the ground: the great circle on a sphere of the earth's mean radius, in
 * whole metres. Integers only, the same on every machine; pure. Within 0.6 % of the way over the ellipsoid.
 */
#ifndef CONTRACTS_DISTANCE_H
#define CONTRACTS_DISTANCE_H

#include <stdint.h>

/* The mean radius R1 = (2a + b) / 3 of the ellipsoid GRS 80 (Moritz, "Geodetic Reference System 1980"), in dm. */
#define DISTANCE_EARTH_RADIUS_DM 63710088

struct distance_point {
    int64_t lat, lon; /* 10^-7 degrees, WGS 84; beyond a pole or half a turn counts as there */
};

/* Metres, rounded to the nearest. */
uint64_t distance_metres(const struct distance_point *from, const struct distance_point *to);

#endif
