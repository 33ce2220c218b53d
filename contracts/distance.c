#include "contracts/distance.h"

#include <stdbool.h>

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

/* Numbers between are fractions of ONE. */
#define BITS 60
#define ONE  ((int64_t)1 << BITS)
#define PI   INT64_C(3622009729038561421) /* pi * 2^60 */

#define QUARTER_TURN INT64_C(900000000) /* 10^-7 degrees */
#define HALF_TURN    (2 * QUARTER_TURN)
#define SINE_TERMS   12 /* x^25 / 25! is below 2^-60 up to a quarter turn */
#define ARC_HALVINGS 3  /* the tangent is below 0.1 then */
#define ARC_TERMS    9  /* so x^19 / 19 is below 2^-63 */

static int64_t times(int64_t a, int64_t b)
{
    return (int64_t)(((wide)a * b) >> BITS);
}

static int64_t ratio(int64_t a, int64_t b)
{
    return (int64_t)(((wide)a << BITS) / b);
}

/* The root of a fraction: the whole root of a * 2^60, bit by bit. */
static int64_t root(int64_t a)
{
    unsigned_wide left = (unsigned_wide)a << BITS, found = 0;
    for (unsigned_wide bit = (unsigned_wide)1 << 122; bit != 0; bit >>= 2) {
        if (left >= found + bit) {
            left -= found + bit;
            found = (found >> 1) + bit;
        } else {
            found >>= 1;
        }
    }
    return (int64_t)found;
}

/* Sine of half an angle that is given in 10^-7 degrees, from 0 to half a turn: Taylor's series from its end. */
static int64_t sine_of_half(int64_t angle)
{
    int64_t x = (int64_t)((wide)angle * PI / (2 * HALF_TURN));
    int64_t square = times(x, x), sum = ONE;
    for (int64_t n = SINE_TERMS; n > 0; n--)
        sum = ONE - times(square, sum) / ((2 * n) * (2 * n + 1));
    return times(x, sum);
}

/* The angle whose tangent is a / b, both at least 0 and not both 0, as a fraction of ONE radian. */
static int64_t arc(int64_t a, int64_t b)
{
    bool steep = a > b;
    int64_t t = steep ? ratio(b, a) : ratio(a, b), sum = 0;
    for (int i = 0; i < ARC_HALVINGS; i++) /* tan(v / 2) = tan v / (1 + sqrt(1 + tan^2 v)) */
        t = ratio(t, ONE + root(ONE + times(t, t)));
    int64_t square = times(t, t);
    for (int64_t n = ARC_TERMS; n >= 0; n--)
        sum = ONE / (2 * n + 1) - times(square, sum);
    int64_t angle = times(t, sum) << ARC_HALVINGS;
    return steep ? PI / 2 - angle : angle;
}

static int64_t within(int64_t v, int64_t limit)
{
    return v > limit ? limit : v < -limit ? -limit : v;
}

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* The haversine formula: it keeps its digits however near the two are, and the arc's tangent however far. */
uint64_t distance_metres(const struct distance_point *from, const struct distance_point *to)
{
    int64_t lat1 = within(from->lat, QUARTER_TURN), lat2 = within(to->lat, QUARTER_TURN);
    int64_t turn = apart(within(from->lon, HALF_TURN), within(to->lon, HALF_TURN));
    if (turn > HALF_TURN)
        turn = 2 * HALF_TURN - turn; /* over the date line it is nearer */
    int64_t up = sine_of_half(apart(lat1, lat2)), across = sine_of_half(turn);
    int64_t cos1 = sine_of_half(2 * (QUARTER_TURN - apart(lat1, 0)));
    int64_t cos2 = sine_of_half(2 * (QUARTER_TURN - apart(lat2, 0)));
    int64_t part = times(up, up) + times(times(cos1, cos2), times(across, across));
    part = within(part, ONE);
    int64_t half = arc(root(part), root(ONE - part));
    wide dm = (wide)half * 2 * DISTANCE_EARTH_RADIUS_DM;
    wide unit = (wide)10 << BITS; /* a metre is ten dm */
    return (uint64_t)((dm + unit / 2) / unit);
}
