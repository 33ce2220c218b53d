#!/usr/bin/env python3
"""Writes tests/vectors/sets.json: a ledger of four authorities that changes them three times, and what proves it.

Encoder, trees, Ed25519 (RFC 8032, written for clearness) and verifier are this file's own, so that they witness what
the product writes and believes. Key seeds are SHA-256("waybill sets key " + name).

Block 3 holds the statement; block 7 lets e in, block 12 removes a, block 20 puts f in place of c. Heads of blocks 25
and 10025 are sealed by the newest set.
"""
import base64
import hashlib
import json

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
T0 = 1767268800000


# ---------------------------------------------------------------- Ed25519
def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def recover_x(y, odd):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        raise ValueError("no point")
    return P - x if x & 1 != odd else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def pack(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def unpack(data):
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    x = recover_x(y, odd)
    return x, y, 1, x * y % P


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


class Key:
    def __init__(self, name):
        self.seed = hashlib.sha256(b"waybill sets key " + name.encode()).digest()
        digest = hashlib.sha512(self.seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
        self.prefix = digest[32:]
        self.pub = pack(multiply(self.scalar, BASE))
        self.cose = {1: 1, -1: 6, -2: self.pub}
        self.kid = sha(encode(self.cose))[:8]

    def sign(self, message):
        r = number(self.prefix, message)
        big_r = pack(multiply(r, BASE))
        s = (r + number(big_r, self.pub, message) * self.scalar) % L
        return big_r + s.to_bytes(32, "little")


def holds(pub, message, sig):
    k = number(sig[:32], pub, message)
    left = multiply(int.from_bytes(sig[32:], "little"), BASE)
    return pack(left) == pack(add(unpack(sig[:32]), multiply(k, unpack(pub))))


# ---------------------------------------------------------------- CBOR
def sha(data):
    return hashlib.sha256(data).digest()


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | extra]) + n.to_bytes(size, "big")
    raise ValueError(n)


def encode(value):
    if value is None:
        return b"\xf6"
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


# ---------------------------------------------------------------- trees (RFC 9162, sections 2.1.1 and 2.1.4.1)
def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    k = split(len(leaves))
    return sha(b"\1" + root(leaves[:k]) + root(leaves[k:]))


def path(leaves, i):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if i < k:
        return path(leaves[:k], i) + [root(leaves[k:])]
    return path(leaves[k:], i - k) + [root(leaves[:k])]


def consistency(m, leaves, whole=True):
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root(leaves[:k])]


class State:
    """65,536 buckets of [SHA-256(key), SHA-256(value)] in order of the first."""

    def __init__(self, entries):
        self.values = entries
        self.buckets = {}
        for key, value in entries.items():
            bucket = self.buckets.setdefault(int.from_bytes(sha(key)[:2], "big"), [])
            bucket.append(sha(key) + sha(value))
        for bucket in self.buckets.values():
            bucket.sort()
        self.levels = [[sha(b"\0" + self.bucket_root(i)) for i in range(65536)]]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([sha(b"\1" + below[i] + below[i + 1]) for i in range(0, len(below), 2)])
        self.root = self.levels[-1][0]

    def bucket_root(self, i):
        return root([sha(b"\0" + e) for e in self.buckets.get(i, [])])

    def prove(self, key):
        at = int.from_bytes(sha(key)[:2], "big")
        bucket = self.buckets.get(at, [])
        hashes = [sha(b"\0" + e) for e in bucket]
        below = sum(e[:32] < sha(key) for e in bucket)
        shown = [below] if key in self.values else [i for i in (below - 1, below) if 0 <= i < len(bucket)]
        entries = [[i, bucket[i], path(hashes, i)] for i in shown]
        up = [level[at >> n ^ 1] for n, level in enumerate(self.levels[:-1])]
        return encode([key, self.values.get(key), len(bucket), entries, up])


# ---------------------------------------------------------------- the ledger
def quorum(n):
    return 2 * n // 3 + 1


class Set:
    def __init__(self, names):
        self.keys = sorted((KEYS[n] for n in names), key=lambda k: k.kid)
        self.bytes = encode([[k.kid, k.cose, k.kid] for k in self.keys])
        self.hash = sha(self.bytes)


class Block:
    def __init__(self, ledger, height, prev, size, tree, now, then):
        self.ledger, self.height, self.size, self.tree, self.now = ledger, height, size, tree, now
        self.time = T0 + 1000 * height
        roots = [tree, sha(b"outcomes %d" % height), STATE.root]
        fields = [1, 4, ledger, height, prev, self.time, now.keys[0].kid, size, *roots, now.hash, then.hash]
        self.bytes = encode(fields)
        self.hash = sha(self.bytes)

    def protected(self, key, turn):
        claims = {1: self.ledger.hex(), 6: self.time // 1000}
        return encode({1: -8, 4: key.kid, 15: claims, 395: 1, -65537: [self.height, turn, self.size, self.hash]})

    def signed(self, key, turn):
        return encode(["Signature1", self.protected(key, turn), b"", self.tree])

    def seal(self, key, turn):
        parts = [self.protected(key, turn), {}, self.tree, key.sign(self.signed(key, turn))]
        return b"\xd2" + encode(parts)

    def receipt(self, key, turn, index, path):
        proof = encode([self.size, index, path])
        parts = [self.protected(key, turn), {396: {-1: [proof]}}, None, key.sign(self.signed(key, turn))]
        return b"\xd2" + encode(parts)

    def final(self, names, turn):
        return encode([self.bytes, [self.seal(KEYS[n], turn) for n in names]])


def full(changes):
    return encode([IDENTITY, [[b.bytes, [b.seal(k, t) for k in by], s.bytes] for b, t, by, s in changes]])


def compact(changes):
    out = []
    for b, turn, by, then in changes:
        places = sorted((b.now.keys.index(k), k.sign(b.signed(k, turn))) for k in by)
        out.append([b.bytes, turn, [list(p) for p in places], then.bytes])
    return encode([2, IDENTITY, out])


def best(block, names):
    """As few as it takes, by place in the set."""
    keys = sorted((KEYS[n] for n in names), key=lambda k: k.kid)
    return keys[: quorum(len(block.now.keys))]


# five keys of the state share the bucket of [0, 0]; [0, 1] is in another, and neither [0, 2] nor [1, 0] are there
crowd = [k for k in (encode([0, i]) for i in range(400000)) if sha(k)[:2] == sha(encode([0, 0]))[:2]][:5]
STATE = State({**{k: encode(["value", k]) for k in crowd}, encode([0, 1]): b"alone"})
KEYS = {name: Key(name) for name in "abcdef"}
FOUR, FIVE, LATER, NEWEST = Set("abcd"), Set("abcde"), Set("bcde"), Set("bdef")
ZERO = bytes(32)
genesis = [1, 1, None, 0, ZERO, T0, bytes(8), 0, sha(b""), sha(b""), sha(b"state 0"), FOUR.hash, FOUR.hash]
LEDGER = sha(encode(genesis))
genesis[2] = LEDGER
IDENTITY = [1, encode(genesis), FOUR.bytes]

statement = b"the statement that block 3 holds"
said = [b"statement 0", b"statement 1", statement] + [b"statement %d" % i for i in range(3, 9)]
leaves = [sha(b"\0" + sha(s)) for s in said]
tree = root(leaves[:3])


def block(height, now, then, size=3):
    return Block(LEDGER, height, sha(b"block %d" % (height - 1)), size, root(leaves[:size]), now, then)


three = block(3, FOUR, FOUR)
seven, twelve, twenty = block(7, FOUR, FIVE), block(12, FIVE, LATER), block(20, LATER, NEWEST)
changes = [
    (seven, 0, best(seven, "abcd"), FIVE),
    (twelve, 2, best(twelve, "abcde"), LATER),
    (twenty, 0, best(twenty, "bcde"), NEWEST),
]
# every seal that a node may hold: the proof keeps all, the chain as many as it takes
held = [(b, t, b.now.keys, s) for b, t, _, s in changes]

stranger = Block(sha(b"another ledger"), 7, ZERO, 3, tree, FOUR, FIVE)
idle = block(9, FIVE, FIVE)
two = [changes[0][2][0], changes[0][2][1]]
broken = {
    "two of three": [(seven, 0, two, FIVE)],
    "another set than the header names": [(seven, 0, changes[0][2], LATER)],
    "of another ledger": [(stranger, 0, changes[0][2], FIVE)],
    "sealed by a set that nobody let in": [(block(7, FIVE, LATER), 0, FIVE.keys[:4], LATER)],
    "no change": [changes[0], (idle, 0, FIVE.keys[:4], FIVE)],
    "not in order": [changes[0], (block(6, FIVE, LATER), 0, FIVE.keys[:4], LATER)],
    "one left out": [changes[0], changes[2]],
    "a removed one seals": [changes[0], changes[1], (twenty, 0, [KEYS["a"], KEYS["b"], KEYS["c"]], NEWEST)],
}


def bad_compact(name, listed):
    if name != "a removed one seals":
        return compact(listed)
    b = listed[2][0]
    places = [[0, KEYS["a"].sign(b.signed(KEYS["a"], 0))]]
    places += [[i, b.now.keys[i].sign(b.signed(b.now.keys[i], 0))] for i in (1, 2)]
    chain = [2, IDENTITY, [[seven.bytes, 0, None, None]]]  # the first two as they are, the last with a's signature
    chain[2] = []
    for c, turn, by, then in listed[:2]:
        at = sorted((c.now.keys.index(k), k.sign(c.signed(k, turn))) for k in by)
        chain[2].append([c.bytes, turn, [list(p) for p in at], then.bytes])
    chain[2].append([b.bytes, 0, places, NEWEST.bytes])
    return encode(chain)


def twice():
    key = FOUR.keys[0]
    sig = key.sign(seven.signed(key, 0))
    return encode([2, IDENTITY, [[seven.bytes, 0, [[0, sig], [0, sig], [0, sig]], FIVE.bytes]]])


for b, turn, by, _ in changes:
    for k in by:
        assert holds(k.pub, b.signed(k, turn), k.sign(b.signed(k, turn)))
    assert not holds(by[0].pub, b.signed(by[0], turn + 1), by[0].sign(b.signed(by[0], turn)))

vectors = {f"key {n}": {"seed": k.seed.hex(), "kid": k.kid.hex(), "pub": k.pub.hex()} for n, k in KEYS.items()}
vectors["identity"] = encode(IDENTITY).hex()
vectors["sets"] = [s.bytes.hex() for s in (FOUR, FIVE, LATER, NEWEST)]
vectors["headers"] = [b.bytes.hex() for b in (seven, twelve, twenty)]
vectors["seals"] = [encode([b.seal(k, t) for k in by]).hex() for b, t, by, _ in held]
vectors["set proof"] = full(held).hex()
vectors["set proof of few seals"] = full(changes).hex()
vectors["set chain"] = compact(changes).hex()
vectors["statement"] = statement.hex()
vectors["receipts"] = encode([three.receipt(KEYS[n], 1, 2, path(leaves[:3], 2)) for n in "abc"]).hex()
vectors["final 3"] = three.final("abc", 1).hex()
vectors["final 7"] = seven.final("abcd", 0).hex()
vectors["final 8"] = block(8, FIVE, FIVE).final("abcd", 0).hex()
vectors["final 25"] = block(25, NEWEST, NEWEST).final("bdf", 0).hex()
vectors["final 10025"] = block(10025, NEWEST, NEWEST, 9).final("bef", 1).hex()
vectors["final 26, by the set before"] = block(26, LATER, LATER).final("bcde", 0).hex()

chain = compact(changes)
old, new, forked = block(8, FIVE, FIVE), block(10025, NEWEST, NEWEST, 9), block(8, FIVE, FIVE, 4)
shrunk = block(10025, NEWEST, NEWEST, 2)
finals = [old.final("abcd", 0), new.final("bef", 1)]
vectors["consistency"] = encode([3, chain, *finals, consistency(3, leaves)]).hex()
vectors["consistency of one head"] = encode([3, chain, finals[0], finals[0], []]).hex()
vectors["bad consistency"] = [
    encode(bad).hex()
    for bad in (
        [3, chain, finals[0], forked.final("abcd", 1), consistency(3, leaves[:4])],  # two blocks 8
        [3, chain, finals[0], shrunk.final("bef", 0), consistency(2, leaves[:3])],
        [3, chain, finals[1], finals[0], consistency(3, leaves)],
        [3, chain, *finals, consistency(3, [leaves[1], *leaves[1:]])],
        [3, chain, *finals, consistency(4, leaves)],
        [3, chain, *finals, []],
        [3, chain, old.final("abc", 0), finals[1], consistency(3, leaves)],
        [3, full(changes[:2]), *finals, consistency(3, leaves)],
        [4, chain, *finals, consistency(3, leaves)],
    )
]
missing = [k for k in (encode([1, i]) for i in range(400000)) if sha(k)[:2] == sha(encode([0, 0]))[:2]][:3]
for name, key in (("first", sorted(crowd, key=sha)[0]), ("alone", encode([0, 1])), ("nowhere", encode([1, 0]))):
    vectors["state-claim " + name] = encode([4, chain, finals[1], STATE.prove(key)]).hex()
vectors["state-claims, absent"] = [encode([4, chain, finals[1], STATE.prove(k)]).hex() for k in missing]
vectors["state-claim under another root"] = encode([4, chain, finals[1], State({crowd[0]: b""}).prove(crowd[0])]).hex()
receipts = encode([three.receipt(KEYS[n], 1, 2, path(leaves[:3], 2)) for n in "abc"])
late = block(25, NEWEST, NEWEST)
late_receipts = encode([late.receipt(KEYS[n], 0, 2, path(leaves[:3], 2)) for n in "bdf"])
vectors["voucher of the newest set"] = encode([5, chain, late_receipts, statement]).hex()
vectors["voucher"] = encode([5, chain, receipts, statement]).hex()


# ---------------------------------------------------------------- checkpoints
def key_id(name, kind, key):
    return sha(name.encode() + b"\n" + kind + key)[:4]


def line(name, kind, key, signature):
    whole = base64.b64encode(key_id(name, kind, key) + signature).decode()
    return f"\u2014 {name} {whole}\n"


def vkey(name, kind, key):
    return f"{name}+{key_id(name, kind, key).hex()}+{base64.b64encode(kind + key).decode()}"


def checkpoint(b, final):
    text = f"{ORIGIN}\n{b.size}\n{base64.b64encode(b.tree).decode()}\n"
    own = line(ORIGIN, b"\x01", KEYS["a"].pub, KEYS["a"].sign(text.encode()))
    proof = line(ORIGIN, b"\xffwaybill final v1", LEDGER, final) if final else ""
    seen = 1679315147
    cosigned = WITNESS.sign(f"cosignature/v1\ntime {seen}\n{text}".encode())
    return text + "\n" + own + proof + line("witness.example/w1", b"\x04", WITNESS.pub, seen.to_bytes(8, "big") + cosigned)


ORIGIN = "waybill/" + LEDGER.hex()
WITNESS = Key("witness")
vectors["key witness"] = {"seed": WITNESS.seed.hex(), "pub": WITNESS.pub.hex()}
vectors["checkpoint"] = {
    "text": checkpoint(old, finals[0]),
    "key": vkey(ORIGIN, b"\x01", KEYS["a"].pub),
    "witness": vkey("witness.example/w1", b"\x04", WITNESS.pub),
    "not final": checkpoint(old, old.final("abc", 0)),
    "no final": checkpoint(old, b""),
}
vectors["bad proofs"] = [full(listed).hex() for listed in broken.values()]
vectors["bad chains"] = [bad_compact(n, listed).hex() for n, listed in broken.items()] + [twice().hex()]
with open(__file__.replace("make_sets.py", "sets.json"), "w", encoding="utf-8") as out:
    json.dump(vectors, out, indent=1)
    out.write("\n")
print("set chain", len(chain), "bytes; set proof", len(full(changes)), "bytes")
