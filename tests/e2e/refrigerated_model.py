#!/usr/bin/env python3
"""A second opinion on contracts/library/refrigerated-transportation.yaml: the rules as people tell them, in a few lines
of Python that have never seen the YAML. Makes files of tests with random calls (every action, caller and state, and
values on, just inside and just outside the bounds) that say what must come of each call.

refrigerated_model.py CONTRACT FOLDER: writes FOLDER/model-*.test.yaml; prints how many calls they hold, accepted and refused.
"""
import pathlib
import random
import sys
from decimal import Decimal

SEED = 20260601
TESTS, CALLS, CALLS_AFTER_THE_END, TESTS_A_FILE = 320, 20, 4, 20

ROLES = {
    "Dairy": {"Owner", "InitiatingCounterparty"},
    "Chain": {"Owner"},
    "Watch": {"Observer"},
    "Truck": {"Counterparty"},
    "Ship": {"Counterparty"},
    "Nosy": set(),
    "probe": {"Device"},
    "spare": {"Device"},
    "odd": {"Device", "Counterparty"},
}
PEOPLE = """people:
  Dairy: Owner, InitiatingCounterparty
  Chain: Owner
  Watch: Observer
  Truck: Counterparty
  Ship: Counterparty
  Nosy: member
  probe: Device of Dairy
  spare: Device of Dairy
  odd: Device, Counterparty of Truck
"""


class Refused(Exception):
    pass


class Transport:
    """Who opens it is initiating counterparty, owner and first counterparty."""

    def __init__(self, opener, device, bounds):
        if "Owner" not in ROLES[opener]:
            raise Refused("NOT_ALLOWED")
        self.initiating = self.owner = self.counterparty = opener
        self.previous = None
        self.device = device
        self.bounds = bounds
        self.state = "Created"
        self.updated = None
        self.breach = None

    def check(self, states, caller):
        if self.state == "Completed":
            raise Refused("FINISHED")
        if self.state not in states:
            raise Refused("WRONG_STATE")
        return caller

    def ingest(self, caller, humidity, temperature, timestamp):
        if self.check(("Created", "InTransit"), caller) != self.device:
            raise Refused("NOT_ALLOWED")
        self.updated = timestamp
        for sensor, value in (("humidity", humidity), ("temperature", temperature)):
            low, high = self.bounds[sensor]
            if not low <= value <= high:
                self.breach = sensor, value
                self.state = "OutOfCompliance"
                return

    def transfer(self, caller, to):
        self.check(("Created", "InTransit"), caller)
        responsible = self.initiating if self.state == "Created" else self.counterparty
        if caller != responsible:
            raise Refused("NOT_ALLOWED")
        if "Counterparty" not in ROLES[to]:
            raise Refused("BAD_ARGUMENT")
        if to == self.device:
            raise Refused("GUARD")
        self.previous, self.counterparty = self.counterparty, to
        self.state = "InTransit"

    def complete(self, caller):
        if self.check(("InTransit",), caller) != self.owner:
            raise Refused("NOT_ALLOWED")
        self.previous, self.counterparty = self.counterparty, None
        self.state = "Completed"


def some_bounds(dice, least, most):
    low = Decimal(dice.randint(least * 10, most * 10)) / 10
    return low, low + Decimal(dice.randint(0, 400)) / 10


def some_value(dice, bounds, good):
    """Mostly on or next to a bound; `good` asks for one between them."""
    low, high = bounds
    near = [Decimal(x) for x in ("-10", "-0.1", "-0.001", "0", "0.001", "0.1", "10")]
    value = dice.choice((low, high)) + dice.choice(near)
    if good:
        value = min(max(value, low), high)
    return value


def some_call(dice, t):
    """What somebody tries: as YAML, and as a call of the model."""
    action = dice.choices(("ingest", "transfer", "complete"), (50, 35, 15))[0]
    right = {"ingest": t.device, "transfer": t.counterparty or t.owner, "complete": t.owner}[action]
    caller = right if dice.random() < 0.7 else dice.choice(list(ROLES))
    if action == "ingest":
        good = dice.random() < 0.85
        h = some_value(dice, t.bounds["humidity"], good or dice.random() < 0.5)
        c = some_value(dice, t.bounds["temperature"], good)
        when = "day %d %02d:%02d:%02d" % (dice.randint(1, 9), dice.randint(0, 23), dice.randint(0, 59), dice.randint(0, 59))
        yaml = f"IngestTelemetry, with: {{ humidity: {h} %RH, temperature: {c} °C, timestamp: {when} }}"
        return caller, yaml, lambda: t.ingest(caller, h, c, when)
    if action == "transfer":
        to = dice.choice(("Truck", "Ship", "odd") if dice.random() < 0.8 else list(ROLES))
        yaml = f"TransferResponsibility, with: {{ newCounterparty: {to} }}"
        return caller, yaml, lambda: t.transfer(caller, to)
    return caller, "Complete", lambda: t.complete(caller)


def opening(opener, device, bounds):
    (hl, hh), (tl, th) = bounds["humidity"], bounds["temperature"]
    others = [who for who in ("Dairy", "Chain") if who != opener]
    return f"""    - open:
        by: {opener}
        parties: {{ initiator: {opener}, device: {device}, supply chain owner: {others[0]}, supply chain observer: Watch }}
        terms: {{ min humidity: {hl} %RH, max humidity: {hh} %RH, min temperature: {tl} °C, max temperature: {th} °C }}
"""


def expectation(t):
    sensor, value = t.breach or ("nothing", None)
    unit = {"humidity": "%RH", "temperature": "°C"}
    lines = [
        f"state: {t.state}",
        "ended: " + {"Completed": "success", "OutOfCompliance": "failure"}.get(t.state, "no"),
        f"property initiating counterparty: {t.initiating}",
        f"property owner: {t.owner}",
        f"property counterparty: {t.counterparty or 'nobody'}",
        f"property previous counterparty: {t.previous or 'nobody'}",
        f"property last update: {t.updated or 'nothing'}",
        f"property breached sensor: {sensor}",
    ]
    for name in unit:
        lines.append(f"property breached {name}: " + (f"{value} {unit[name]}" if name == sensor else "nothing"))
    return "    - expect:\n" + "".join(f"        {line}\n" for line in lines)


def one_test(dice, count):
    bounds = {"humidity": some_bounds(dice, 0, 50), "temperature": some_bounds(dice, -30, 20)}
    device = dice.choice(("probe", "probe", "odd"))
    opener = dice.choice(("Dairy", "Dairy", "Chain", "Truck"))
    text = opening(opener, device, bounds)
    try:
        t = Transport(opener, device, bounds)
    except Refused as refusal:
        return text + f"      refused: {refusal}\n"
    text += expectation(t)
    left = CALLS
    while left > 0:
        left = min(left - 1, CALLS_AFTER_THE_END) if t.state in ("Completed", "OutOfCompliance") else left - 1
        caller, yaml, call = some_call(dice, t)
        text += f"    - call: {{ by: {caller}, action: {yaml} }}\n"
        try:
            call()
            count["accepted"] += 1
        except Refused as refusal:
            count["refused"] += 1
            text += f"      refused: {refusal}\n"
        text += expectation(t)
    return text


def main():
    contract, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    dice = random.Random(SEED)
    count = {"accepted": 0, "refused": 0}
    for first in range(0, TESTS, TESTS_A_FILE):
        text = f"contract: {contract}\n{PEOPLE}tests:\n"
        for i in range(first, first + TESTS_A_FILE):
            text += f"  random {i}:\n" + one_test(dice, count)
        (folder / f"model-{first:03}.test.yaml").write_text(text, encoding="utf-8")
    print(count["accepted"] + count["refused"], count["accepted"], count["refused"])


if __name__ == "__main__":
    main()
