#!/usr/bin/env python3
"""Messages of authorities, made from docs/wire.cddl alone: writes tests/vectors/messages.txt.

usage: tests/vectors/make_messages.py > tests/vectors/messages.txt

One line a message: its name and its bytes in hex. CBOR, COSE and Ed25519 (RFC 8032, the slow way) are this
file's own, so that the bytes have a witness that shares nothing with the encoder under test.
"""
import hashlib

# ---------------------------------------------------------------- Ed25519

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_x(y, odd):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    return P - x if x & 1 != odd else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (point_x(BASE_Y, 0), BASE_Y)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def times(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def squeeze(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def number(data):
    return int.from_bytes(data, "little")


class Key:
    def __init__(self, name):
        digest = hashlib.sha512(sha(name.encode())).digest()
        self.secret = number(digest[:32]) & ((1 << 254) - 8) | 1 << 254
        self.salt = digest[32:]
        self.pub = squeeze(times(self.secret, BASE))
        self.cose = cbor({1: 1, -1: 6, -2: self.pub})
        self.kid = sha(self.cose)[:8]

    def sign(self, message):
        r = number(hashlib.sha512(self.salt + message).digest()) % L
        point = squeeze(times(r, BASE))
        k = number(hashlib.sha512(point + self.pub + message).digest()) % L
        return point + ((r + k * self.secret) % L).to_bytes(32, "little")


# ---------------------------------------------------------------- CBOR (RFC 8949 section 4.2.1)


def sha(data):
    return hashlib.sha256(data).digest()


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | code]) + value.to_bytes(size, "big")
    raise ValueError(value)


def cbor(item):
    if item is None:
        return b"\xf6"
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(cbor(i) for i in item)
    pairs = sorted((cbor(k), cbor(v)) for k, v in item.items())
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


# ---------------------------------------------------------------- a ledger of four

KEYS = sorted((Key("authority %d" % i) for i in range(4)), key=lambda k: k.kid)
SET = sha(head(4, 4) + b"".join(head(4, 3) + cbor(k.kid) + k.cose + cbor(k.kid) for k in KEYS))
T0 = 1780293600000
EMPTY = sha(b"")


def header(ledger, rules, height, prev, time, proposer, size):
    return cbor([1, rules, ledger, height, prev, time, proposer, size, EMPTY, EMPTY, sha(b"state"), SET, SET])


LEDGER = sha(header(None, 1, 0, bytes(32), T0, bytes(8), 0))
GENESIS = header(LEDGER, 1, 0, bytes(32), T0, bytes(8), 0)
TIME = T0 + 1000
HEADER = header(LEDGER, 3, 1, sha(GENESIS), TIME, KEYS[1].kid, 7)
BLOCK = sha(HEADER)
NUMBERS = dict(statements=1, propose=2, prepare=3, commit=4, roundchange=5, rccert=6, decided=7, status=8)


def signed(kind, round_, body, by, height=1):
    text = b"waybill/1/" + kind.encode() + b"\0" + cbor([LEDGER, height, round_, body])
    return by.sign(text)


def message(kind, round_, body, by):
    signature = b"" if kind == "commit" else signed(kind, round_, body, by)
    return cbor([NUMBERS[kind], 1, round_, by.kid, body, signature])


def seal(round_, by):
    protected = cbor({1: -8, 4: by.kid, 15: {1: LEDGER.hex(), 6: TIME // 1000}, 395: 1, -65537: [1, round_, 7, BLOCK]})
    signature = by.sign(cbor(["Signature1", protected, b"", EMPTY]))
    return b"\xd2" + cbor([protected, {}, EMPTY, signature])


def prepared(round_, signers):
    return [round_, BLOCK, [[k.kid, signed("prepare", round_, cbor(BLOCK), k)] for k in signers]]


def roundchange(round_, claim, by):
    return message("roundchange", round_, cbor(claim), by)


CLAIM = prepared(0, KEYS[1:])
HASHES = [bytes([i]) + bytes(31) for i in (1, 2, 3)]
REASONS = [roundchange(2, None, KEYS[1]), roundchange(2, CLAIM, KEYS[2]), roundchange(2, None, KEYS[3])]

VECTORS = {
    "statements": message("statements", 0, cbor([b"one", b"the other"]), KEYS[0]),
    "propose": message("propose", 0, cbor([HEADER, HASHES, [], None]), KEYS[1]),
    "propose again": message("propose", 2, cbor([HEADER, [], REASONS, CLAIM]), KEYS[3]),
    "prepare": message("prepare", 3, cbor(BLOCK), KEYS[2]),
    "commit": message("commit", 3, seal(3, KEYS[2]), KEYS[2]),
    "roundchange": roundchange(1, None, KEYS[0]),
    "roundchange claiming": roundchange(300, CLAIM, KEYS[0]),
    "rccert": message("rccert", 2, cbor(REASONS), KEYS[0]),
    "decided": message("decided", 1, cbor([HEADER, HASHES, [seal(1, k) for k in KEYS[:3]]]), KEYS[0]),
    "status": message("status", 4, cbor([BLOCK, TIME, None, None, None]), KEYS[0]),
    "status asking": message("status", 0, cbor([BLOCK, TIME, bytes(range(16)), None, None]), KEYS[1]),
    "status answering": message("status", 0, cbor([BLOCK, TIME, None, bytes(range(16)), 70000]), KEYS[1]),
}

for name, data in VECTORS.items():
    print(name.replace(" ", "-"), data.hex())
