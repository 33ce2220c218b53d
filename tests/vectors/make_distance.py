#!/usr/bin/env python3
"""Writes tests/vectors/distance.txt: how far places are apart on a sphere, to 40 digits and in whole numbers only.

One line a case: latitude and longitude of both in 10^-7 degrees, and the distance in millimetres. The formula is
not the product's: the angle between two unit vectors, from their cross product and their dot product.
"""
from math import isqrt

ONE = 10**50
RADIUS_MM = 6371008800  # mean earth radius R1 = (2a + b) / 3 of GRS 80
QUARTER, HALF = 900000000, 1800000000  # 10^-7 degrees
CASES = 800
MASK = (1 << 64) - 1


def times(a, b):
    return a * b // ONE


def arctan(x):
    """Of 0 <= x <= 1, as fractions of ONE: halved until the series runs fast."""
    for _ in range(10):
        x = x * ONE // (ONE + isqrt(ONE * ONE + x * x))
    square, power, total, n = times(x, x), x, 0, 0
    while power != 0:
        total += power // (2 * n + 1) * (1 if n % 2 == 0 else -1)
        power = times(power, square)
        n += 1
    return total << 10


PI = 4 * arctan(ONE)


def sine(x):
    power, total, n = x, 0, 1
    while power != 0:
        total += power
        power = -(times(times(power, x), x) // ((n + 1) * (n + 2)))
        if power == -1:
            break
        n += 2
    return total


def radians(angle):
    return angle * PI // HALF


def angle_of(y, x):
    """Of the vector (x, y), y at least 0."""
    if x < 0:
        return PI - angle_of(y, -x)
    if y > x:
        return PI // 2 - arctan(x * ONE // y)
    return arctan(y * ONE // x) if x else 0


def vector(lat, lon):
    slat, clat = sine(radians(lat)), sine(radians(QUARTER - abs(lat)))
    slon, clon = sine(radians(lon)), sine(radians(QUARTER - abs(lon)))
    return times(clat, clon), times(clat, slon), slat


def millimetres(lat1, lon1, lat2, lon2):
    a, b = vector(lat1, lon1), vector(lat2, lon2)
    cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    dot = sum(p * q for p, q in zip(a, b)) // ONE
    size = isqrt(sum(c * c for c in cross)) // ONE
    return (angle_of(size, dot) * RADIUS_MM + ONE // 2) // ONE


class Draw:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % n

    def place(self):
        return self.below(2 * QUARTER + 1) - QUARTER, self.below(2 * HALF + 1) - HALF

    def near(self, place, reach):
        lat = place[0] + self.below(2 * reach + 1) - reach
        lon = place[1] + self.below(2 * reach + 1) - reach
        lat = max(-QUARTER, min(QUARTER, lat))
        return lat, (lon + HALF) % (2 * HALF) - HALF


def cases():
    rome, lyon = (419027835, 124963655), (457640430, 48356590)
    yield rome, lyon
    yield rome, rome
    yield (0, 0), (0, HALF)  # the other side of the earth
    yield (QUARTER, 0), (-QUARTER, 0)
    yield (QUARTER, 123), (QUARTER, -HALF)  # a pole is one place
    yield (0, HALF), (0, -HALF)  # so is the date line
    yield (0, HALF - 1), (0, 1 - HALF)
    yield (0, 0), (0, 1)
    yield (0, 0), (1, 0)
    yield (523702160, 48951680), (-413000000, 1748000000)
    draw = Draw(7)
    for i in range(CASES):
        a = draw.place()
        how = i % 4
        if how == 0:
            b = draw.place()
        elif how == 1:
            b = draw.near(a, 10 ** (1 + draw.below(8)))
        elif how == 2:  # nearly opposite
            far = (-a[0], a[1] - HALF if a[1] > 0 else a[1] + HALF)
            b = draw.near(far, 10 ** (1 + draw.below(8)))
        else:  # near a pole
            lat = QUARTER - draw.below(10 ** (1 + draw.below(8)))
            a, b = (lat, a[1]), draw.near((lat, draw.place()[1]), 10 ** (1 + draw.below(7)))
        yield a, b


def main():
    with open("tests/vectors/distance.txt", "w", encoding="ascii") as out:
        for a, b in cases():
            print(*a, *b, millimetres(*a, *b), file=out)


if __name__ == "__main__":
    main()
