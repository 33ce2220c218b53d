#!/usr/bin/env python3
"""Writes tests/vectors/arithmetic.txt: what the arithmetic of contracts must come to, by exact fractions.

The operands are not in the file: the test draws the same ones from the same generator (splitmix64). One
line a case: "m" of a whole number, "m e" of a quantity (m * 10^e), "-" where there is no value.
"""
from fractions import Fraction
from math import floor

CASES = 10000
MASK = (1 << 64) - 1
INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
OPS = ["add", "subtract", "multiply", "divide", "ratio", "prorate", "share", "product", "quotient"]


class Draw:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n):
        return self.next() % n

    def mantissa(self):
        how = self.below(6)
        raw = self.next()
        if how == 0:
            return raw % 21 - 10
        if how == 1:
            return raw % 2000001 - 1000000
        if how == 2:  # any 64 bits
            return raw - (1 << 64) if raw >> 63 else raw
        if how == 3:
            return INT_MAX - raw % 5
        if how == 4:
            return INT_MIN + raw % 5
        return (raw % 19 - 9) * 10 ** (raw // 19 % 18)

    def exponent(self):
        if self.below(2) == 0:
            return -self.below(4)
        return self.below(19) - 9


def settled(value):
    """The one form (m, e) of an amount, or None."""
    if value == 0:
        return 0, 0
    for e in range(0, -10, -1):  # no more decimals than it needs
        m = value / Fraction(10) ** e
        if m.denominator == 1:
            if INT_MIN <= m <= INT_MAX:
                return int(m), e
            break
    for e in range(1, 10):
        m = value / Fraction(10) ** e
        if m.denominator == 1 and INT_MIN <= m <= INT_MAX:
            return int(m), e
    return None


def whole(value):
    return int(value) if INT_MIN <= value <= INT_MAX else None


def half_even(value, decimals):
    scaled = value * Fraction(10) ** decimals
    return Fraction(round(scaled)) / Fraction(10) ** decimals  # Fraction's round() is half to even


def rounded(amount, exact):
    form = settled(amount)
    return settled(half_even(exact, max(2, -form[1])))


def case(draw, op):
    a, b, c = draw.mantissa(), draw.mantissa(), draw.mantissa()
    ea, eb, ec = draw.exponent(), draw.exponent(), draw.exponent()
    x, y, z = (Fraction(m) * Fraction(10) ** e for m, e in ((a, ea), (b, eb), (c, ec)))
    if op == "add":
        return settled(x + y)
    if op == "subtract":
        return settled(x - y)
    if op == "multiply":
        return settled(x * y)
    if op == "divide":
        return None if y == 0 else rounded(x, x / y)
    if op == "ratio":
        return None if y == 0 else whole(floor(x / y))
    if op == "prorate":
        return None if z == 0 else rounded(x, x * y / z)
    if op == "share":  # of a whole number
        return None if z == 0 else whole(round(a * y / z))
    if op == "product":
        return whole(a * b)
    return None if b == 0 else whole(round(Fraction(a, b)))


def main():
    draw = Draw(20260601)
    with open("tests/vectors/arithmetic.txt", "w", encoding="ascii") as out:
        for i in range(CASES):
            result = case(draw, OPS[i % len(OPS)])
            if result is None:
                out.write("-\n")
            elif isinstance(result, tuple):
                out.write("%d %d\n" % result)
            else:
                out.write("%d\n" % result)


main()
