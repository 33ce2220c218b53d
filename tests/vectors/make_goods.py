#!/usr/bin/env python3
"""Writes tests/vectors/goods.json: a statement of each kind about goods, with every field and with the fewest.

The encoder of deterministic CBOR below is its own, so that it witnesses what the product writes and reads. The
statements are not signed: 64 zeros stand where the signature does. "says" is the payload in words of JSON, bytes as
"h'…'", for other decoders.
"""
import json

TIME = 1767268800000
KID = bytes.fromhex("2f8468b0474d61da")
MEMBER = bytes(range(8))
HASH = bytes(range(32))
GLN = "9506000134352"
UNIT = "01/09506000134352/21/A1"


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | extra]) + n.to_bytes(size, "big")
    raise ValueError(n)


def encode(value):
    if value is None or value is True or value is False:
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    pairs = sorted((encode(k), encode(v)) for k, v in value.items())
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


def statement(payload):
    parts = [encode({1: -8, 4: KID}), {}, encode(payload), bytes(64)]
    return b"\xd2" + encode(parts)


def words(value):
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, list):
        return [words(v) for v in value]
    if isinstance(value, dict):
        return {str(k): words(v) for k, v in value.items()}
    return value


RANGE = ["01/09506000134352/21/B", "001", 250]
SUFFIXES = ["01/09506000134352/21/", ["A1", "A2", "C"]]
KG = [25, 3, "kg"]
TONNES = [25, 0, "t"]
LONG = "ü" * 100  # 200 bytes

KINDS = {
    "commission with an amount": (3, {5: ["01/09506000134352/10/L7"], 9: [48, 0, "each"]}),
    "offer": (2, {5: [UNIT], 6: 0, 7: MEMBER}),
    "offer with everything": (
        2,
        {5: RANGE, 6: 0, 7: MEMBER, 9: "dry", 10: 1, 11: TIME + 1, 14: [MEMBER, HASH], 15: [0, "S-1"]},
    ),
    "acceptance with everything": (
        2,
        {5: SUFFIXES, 6: 1, 8: HASH, 9: "wet", 10: 1, 12: [2, 0, 1000000000], 13: [UNIT], 14: [MEMBER, HASH],
         15: [2, ""]},
    ),
    "rejection": (2, {5: [UNIT], 6: 2, 8: HASH, 16: "refused at the dock", 17: LONG}),
    "scan in custody": (12, {5: [UNIT], 6: GLN, 7: "cold room", 8: True}),
    "pack": (20, {5: "00/195060001343520011", 6: RANGE, 7: 0, 8: GLN}),
    "unpack": (20, {5: "00/195060001343520011", 6: SUFFIXES, 7: 1}),
    "split": (21, {5: 0, 6: [[[UNIT], None]], 7: [[RANGE, None, None, None]]}),
    "merge": (21, {5: 1, 6: [[RANGE, [1, -9, "mg"]]], 7: [[[UNIT], [250, -9, "mg"], None, None]]}),
    "transform": (21, {5: 2, 6: [[["01/09506000134352/10/BEANS"], TONNES]], 7: [[RANGE, [96, 0, "kg"], "L7", TIME + 1]]}),
    "transform with everything": (
        21,
        {
            5: 2,
            6: [[["01/09506000134352/10/BEANS"], TONNES], [SUFFIXES, None]],
            7: [[RANGE, [1, -1, "kg"], "L7", TIME + 1], [["01/09506000134352/10/REST"], [1 << 53, 9, "t"], LONG, 0]],
            8: GLN,
        },
    ),
    "quarantine": (22, {5: [UNIT], 6: 0}),
    "recall with everything": (22, {5: ["01/09506000134352/10/L7"], 6: 4, 7: "recall", 8: LONG, 9: GLN}),
    "destroy": (22, {5: RANGE, 6: 8}),
    "dispute": (23, {5: HASH, 6: SUFFIXES, 7: "the seal was whole"}),
    "certificate of a company": (24, {5: "GMP", 8: MEMBER, 9: 0, 10: 1}),
    "certificate with everything": (
        24,
        {5: "organic", 6: SUFFIXES, 7: GLN, 8: MEMBER, 9: TIME, 10: 253402300799999, 11: HASH, 12: "DE-ÖKO-006"},
    ),
    "certificate revocation": (25, {5: HASH, 6: 0, 7: "residues"}),
    "correction": (26, {5: b"\x00"}),
    "correction with everything": (26, {5: bytes(range(256)) * 3, 6: "correction", 7: "wrong logger"}),
    "label seal": (27, {5: SUFFIXES, 6: [HASH, HASH[::-1], bytes(32)]}),
    "label reveal": (28, {5: UNIT, 6: bytes(range(10))}),
    "label reveal with a place": (28, {5: UNIT, 6: bytes(range(64)), 7: GLN}),
}

vectors = {}
for name, (kind, fields) in KINDS.items():
    whole = {0: kind, 1: 7, 2: HASH[:16], 3: TIME, **fields}
    vectors[name] = {"hex": statement(whole).hex(), "says": words(whole)}
with open(__file__.replace("make_goods.py", "goods.json"), "w", encoding="utf-8") as out:
    json.dump(vectors, out, ensure_ascii=False, indent=1)
    out.write("\n")
