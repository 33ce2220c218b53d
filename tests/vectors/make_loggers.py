#!/usr/bin/env python3
"""Pairs of loggers compared with fractions and the statistics module: writes tests/vectors/loggers.txt.

usage: tests/vectors/make_loggers.py > tests/vectors/loggers.txt

Four lines a case: "case NAME PROPERTY FROM TO ACCURACY_A ACCURACY_B" (or - -), "a MS:MANTISSA …" and "b …" with
mantissas in hundredths, "expect COMPARED STEP FROM TO BIAS OFFSET WINDOWS", then FROM TO WORST of each window that
is kept. Written from the words of node/logger_compare.h; shares nothing with it.
"""
from fractions import Fraction
import random
import statistics

MINUTE = 60_000


def half_even(f):
    return round(Fraction(f))  # Python rounds halves to even


def thousandths(samples):
    return [(t, Fraction(v * 10)) for t, v in samples]


def by_step(samples, start, width):
    steps = {}
    for t, v in samples:
        steps.setdefault((t - start) // width, []).append(v)
    return steps


def median_distance(steps):
    at = sorted(steps)
    gaps = sorted(b - a for a, b in zip(at, at[1:]))
    return gaps[(len(gaps) - 1) // 2] if gaps else 1


def limit_of(prop, acc):
    if acc is not None:
        return lambda a, b: abs(a - b) > sum(acc)
    if prop == 1:
        return lambda a, b: abs(a - b) > 1000
    if prop == 2:
        return lambda a, b: abs(a - b) > 5000
    half = {3: 500, 17: 0}[prop]
    return lambda a, b: abs(a - b) > half and abs(a - b) > Fraction(2, 100) * max(abs(a), abs(b))


def compare(prop, start, end, acc, sa, sb):
    minutes = (end - start) // MINUTE + 1
    width = -(-minutes // 4096) * MINUTE
    a, b = (by_step([x for x in thousandths(s) if start <= x[0] and (x[0] - start) // width < -(-minutes // (width // MINUTE))], start, width)
            for s in (sa, sb))
    first, last = max(min(a), min(b)), min(max(a), max(b)) + 1
    a = {k: v for k, v in a.items() if first <= k < last}
    b = {k: v for k, v in b.items() if first <= k < last}
    each = max(median_distance(a), median_distance(b))

    def means(steps):
        coarse = {}
        for k, v in steps.items():
            coarse.setdefault((k - first) // each, []).extend(v)
        return {k: half_even(statistics.mean(v)) for k, v in coarse.items()}

    ma, mb = means(a), means(b)
    far = limit_of(prop, acc)

    def differences(shift):
        return [ma[i] - mb[i + shift] for i in sorted(ma) if i + shift in mb]

    base = differences(0)
    bias = half_even(statistics.mean(map(Fraction, base)))
    step = each * width
    needed = max(8, (len(base) + 1) // 2)
    offset = "-"
    moves = far(min(ma.values()), max(ma.values())) and far(min(mb.values()), max(mb.values()))
    if 30 * MINUTE // step > 0 and len(base) >= needed and moves:
        shifts = sorted(range(-(30 * MINUTE // step), 30 * MINUTE // step + 1), key=lambda s: (abs(s), -s))
        tried = [(statistics.pvariance(map(Fraction, differences(s))), n) for n, s in enumerate(shifts)
                 if len(differences(s)) >= needed]
        offset = shifts[min(tried)[1]] * step
    windows, inside = [], False
    for i in sorted(set(ma) & set(mb)):
        d = ma[i] - mb[i]
        if not far(ma[i], mb[i]):
            inside = False
            continue
        if not inside:
            windows.append([start + (first + i * each) * width, 0, 0])
        inside = True
        windows[-1][1] = start + min(first + (i + 1) * each, last) * width
        if abs(d) > abs(windows[-1][2]):
            windows[-1][2] = d
    count = -(-(last - first) // each)
    whole = (start + first * width, start + min(first + count * each, last) * width)
    return (len(base), step, *whole, bias, offset, len(windows)), windows[:64]


def show(name, prop, start, end, acc, a, b):
    head, windows = compare(prop, start, end, acc, a, b)
    print("case", name, prop, start, end, *(acc if acc is not None else "--"))
    print("a", *("%d:%d" % x for x in a))
    print("b", *("%d:%d" % x for x in b))
    print("expect", *head, *(n for w in windows for n in w))


def curve(rng, t, wave):
    """A level that goes up and down, the same for both loggers; hundredths."""
    period, height, level = wave
    phase = t % period
    return level + height * (phase if phase < period // 2 else period - phase) // (period // 2)


def walk(rng, wave, length, interval, bias, ahead, noise, missing):
    t, samples = rng.randrange(interval), []
    while t < length:
        if rng.random() >= missing:
            samples.append((t, curve(rng, t - ahead, wave) + bias + rng.randint(-noise, noise)))
        t += interval + rng.choice([0, 0, 0, 1, -1, 500])
    return samples


def main():
    rng = random.Random(4)
    hour = 60 * MINUTE
    flat = [(i * MINUTE, 450) for i in range(60)]
    show("the-same", 1, 0, hour - 1, None, flat, flat)
    show("half-a-digit-too-high", 1, 0, hour - 1, None, flat, [(t, v - (t // MINUTE) % 2) for t, v in flat])
    show("one-degree-is-no-disagreement", 1, 0, hour - 1, None, flat, [(t, v + 100) for t, v in flat])
    show("a-little-more-is", 1, 0, hour - 1, None, flat, [(t, v + 101) for t, v in flat])
    show("accurate-ones-disagree-sooner", 1, 0, hour - 1, (200, 300), flat, [(t, v + 51) for t, v in flat])
    show("two-percent", 3, 0, hour - 1, None, [(t, 10000000) for t, _ in flat],
         [(t, 10000000 + 4000 * (t // MINUTE)) for t, _ in flat])
    show("every-other-minute", 1, 0, 4 * hour, None, [(i * MINUTE, 500) for i in range(200)],
         [(i * MINUTE, 500 + 200 * (i % 2)) for i in range(200)])
    show("one-step-in-common", 1, 0, hour, None, flat[:31], flat[30:])
    for i in range(26):
        prop = rng.choice([1, 1, 1, 2, 17])
        length = rng.choice([2, 3, 5, 8]) * hour
        wave = (rng.choice([30, 47, 90]) * MINUTE, rng.choice([0, 50, 300, 1500]), rng.choice([-2000, 0, 450]))
        ia, ib = rng.choice([(1, 1), (1, 5), (5, 5), (10, 2), (3, 4)])
        ahead = rng.choice([0, 0, 5, -10, 20, 30]) * MINUTE
        acc = rng.choice([None, None, (500, 300)])
        a = walk(rng, wave, length, ia * MINUTE, 0, 0, 5, rng.choice([0, 0.1]))
        b = walk(rng, wave, length, ib * MINUTE, rng.choice([0, 30, -150, 700]), ahead, 5, rng.choice([0, 0.2]))
        start = rng.choice([0, 0, 7 * MINUTE + 123])
        show("random-%d" % i, prop, start, length, acc, a, b)
    far = [(i * 6 * hour, 450 + i % 3) for i in range(80)]
    show("weeks", 1, 0, 20 * 24 * hour, None, far, [(t + 5, v + 150) for t, v in far])


if __name__ == "__main__":
    main()
