#!/usr/bin/env python3
"""A second opinion on the claim of contracts/library/cargo-insurance.yaml, in decimal fractions: random journeys in and out of
bounds, the seconds of each excursion, and what the insurer owes for them.

insurance_model.py CONTRACT FOLDER: writes FOLDER/insurance.test.yaml; prints how many journeys it holds.
"""
import pathlib
import random
import sys
from decimal import ROUND_HALF_EVEN, Decimal

SEED = 20260602
TESTS = 150
HEAD = """people:
  Insurer: insurer
  Owner: insured
  Haulier: carrier
  logger: device of Owner
goods: { packed by: Owner }
tests:
"""


def clock(seconds):
    days, rest = divmod(seconds, 86400)
    return "day %d %02d:%02d:%02d" % (days + 1, rest // 3600, rest // 60 % 60, rest % 60)


def journey(dice, allowed):
    """Steps, and the seconds of each stretch that was warm for long enough."""
    text, now, counted = "", 600, 0
    for _ in range(dice.randint(1, 5)):
        warm = dice.choice((allowed - 1, allowed, allowed + 1, dice.randint(60, 20000)))
        minutes, odd = divmod(warm, 60)
        text += f"    - at: {clock(now)}\n"
        text += f"    - readings: {{ from: logger, temperature: 8.1 °C, every: 1 min, for: {minutes} min, pack: 60 }}\n"
        if odd > 0:
            text += f"    - readings: {{ from: logger, temperature: 8.1 °C }}\n    - at: {clock(now + warm)}\n"
        text += "    - readings: { from: logger, temperature: 8 °C }\n"
        counted += warm if warm >= allowed else 0
        now += warm + dice.randint(60, 3600)
    return text, counted


def one_test(dice):
    value = Decimal(dice.randint(1, 10_000_000_00)) / 100
    deductible = Decimal(dice.randint(0, 500_00)) / 100
    allowed = dice.randint(5, 60) * 60
    total = dice.randint(1, 30) * 3600 + dice.choice((0, 7, 1800))
    steps, counted = journey(dice, allowed)
    text = (
        f"    - open: {{ terms: {{ insured value: EUR {value}, deductible: EUR {deductible}, "
        f"allowed: {allowed} s, total loss: {total} s }} }}\n{steps}"
        "    - call: { by: Owner, action: claim damage }\n"
    )
    if counted == 0:
        return text + "      refused: GUARD\n    - expect: { state: insured, property claim: EUR 0 }\n"
    loss = (value * min(counted, total) / total).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    claim = max(loss - deductible, Decimal(0))
    text += f"    - expect: {{ state: claimed, property loss: EUR {loss}, property claim: EUR {claim} }}\n"
    return text + f"    - call: {{ by: Insurer, action: settle, with: {{ sum: EUR {claim} }} }}\n    - expect: {{ state: settled }}\n"


def main():
    dice = random.Random(SEED)
    text = f"contract: {sys.argv[1]}\n{HEAD}"
    for i in range(TESTS):
        text += f"  journey {i}:\n" + one_test(dice)
    (pathlib.Path(sys.argv[2]) / "insurance.test.yaml").write_text(text, encoding="utf-8")
    print(TESTS)


if __name__ == "__main__":
    main()
