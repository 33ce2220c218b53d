#!/usr/bin/env python3
"""Mean kinetic temperature by the printed formula, in 40 decimal digits: writes tests/vectors/mkt.txt.

usage: tests/support/mkt_witness.py > tests/vectors/mkt.txt

One line a case: its name, the mean in ten-thousandths of a degree, then MS:CENTI for each sample, MS
since the sample before it. Shares nothing with contracts/mkt.c but the formula (USP <1079.2>, 10,000 K).
"""
from decimal import Decimal, getcontext
import random

getcontext().prec = 40
ZERO = Decimal("273.15")
HOUR = 3_600_000
MINUTE = 60_000


def heat(centi):
    return (Decimal(-10000) / (Decimal(centi) / 100 + ZERO)).exp()


def mean(samples):
    """samples: (ms since the one before, hundredths of a degree); trapezoids between neighbours."""
    total = weight = Decimal(0)
    for (_, a), (ms, b) in zip(samples, samples[1:]):
        total += (heat(a) + heat(b)) / 2 * ms
        weight += ms
    return Decimal(10000) / -(total / weight).ln() - ZERO


def say(name, samples):
    value = (mean(samples) * 10000).to_integral_value()
    print(name, value, *("%d:%d" % s for s in samples))


def stretches(*parts):
    """Minutes at a level, one after the other, from level to level in a minute."""
    samples = []
    for hours, centi in parts:
        samples.append((MINUTE if samples else 0, centi))
        samples.append((hours * HOUR - MINUTE, centi))
    return samples


def walk(rng, count, level, jump):
    samples = []
    for i in range(count):
        ms = rng.choice([1, 7, 999, MINUTE, MINUTE + 1, 5 * MINUTE, 30 * MINUTE, rng.randint(1, 6 * HOUR)])
        samples.append((ms if i else 0, level))
        level = max(-9500, min(14500, level + rng.randint(-jump, jump)))
    return samples


def main():
    rng = random.Random(20791)
    say("year-at-25", [(0, 2500), (52 * 7 * 24 * HOUR, 2500)])
    say("usp-example", stretches((200, 2300), (20, 2800), (8, 3000), (300, 2100)))
    say("five-and-fourteen-4h", stretches((20, 500), (4, 1400)))
    say("five-and-fourteen-6h", stretches((18, 500), (6, 1400)))
    say("coldest", [(0, -10000), (HOUR, -10000)])
    say("warmest", [(0, 15000), (HOUR, 15000)])
    say("from-end-to-end", [(0, -10000), (HOUR, 15000)])
    say("one-warm-millisecond", [(0, 500), (HOUR, 500), (1, 4000), (1, 500), (HOUR, 500)])
    for i in range(60):
        say("cold-chain-%d" % i, walk(rng, rng.randint(2, 40), rng.randint(-500, 1500), 120))
    for i in range(60):
        say("any-%d" % i, walk(rng, rng.randint(2, 30), rng.randint(-8000, 12000), 4000))


if __name__ == "__main__":
    main()
