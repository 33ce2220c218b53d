#!/usr/bin/env python3
"""A member that says two things at once: two PREPAREs, or two COMMITs, of one authority for one height and round and
two different blocks, from docs/wire.cddl and docs/protocol.md alone, with Ed25519 by openssl.

usage: twin.py prepare|commit FOLDER LEDGER HEIGHT ROUND     FOLDER is the member's, LEDGER its 32 bytes in hex;
                                                             writes one.message and two.message
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410, before the seed
PREPARE = 3
COMMIT = 4


def head(kind, value):
    """The first byte of a CBOR item and the number after it, in the shortest form."""
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes([kind << 5 | value])
        if value < 1 << 8 * size:
            return bytes([kind << 5 | extra]) + value.to_bytes(size, "big")
    raise ValueError(value)


def put(item):
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, dict):  # in the order given
        return head(5, len(item)) + b"".join(put(key) + put(value) for key, value in item.items())
    return head(4, len(item)) + b"".join(put(one) for one in item)


def key_of(folder):
    words = dict(line.split() for line in (folder / "node/authority.key").read_text().splitlines())
    return bytes.fromhex(words["seed"]), bytes.fromhex(words["pub"])


def kid_of(pub):
    """RFC 9679: the hash of the COSE_Key {1: 1, -1: 6, -2: pub} in canonical order."""
    return hashlib.sha256(b"\xa3\x01\x01\x20\x06\x21" + put(pub)).digest()[:8]


def sign(seed, message):
    with tempfile.TemporaryDirectory() as d:
        key, text = pathlib.Path(d) / "key", pathlib.Path(d) / "text"
        key.touch(mode=0o600)
        key.write_bytes(PKCS8 + seed)
        text.write_bytes(message)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey", key, "-rawin", "-in", text],
                              check=True, capture_output=True).stdout


def prepare(folder, ledger, height, rnd, block):
    seed, pub = key_of(folder)
    body = put(block)
    sig = sign(seed, b"waybill/1/prepare\0" + put([ledger, height, rnd, body]))
    return put([PREPARE, height, rnd, kid_of(pub), body, sig])


def commit(folder, ledger, height, rnd, block):
    """A seal, COSE_Sign1 of RFC 9052, is the whole message: it says by itself whose it is and for which block."""
    seed, pub = key_of(folder)
    protected = put({1: -8, 4: kid_of(pub), 15: {1: ledger.hex(), 6: int(time.time())}, 395: 1,
                     -65537: [height, rnd, height, block]})
    tree = os.urandom(32)
    sig = sign(seed, put(["Signature1", protected, b"", tree]))
    seal = head(6, 18) + put([protected, {}, tree, sig])
    return put([COMMIT, height, rnd, kid_of(pub), seal, b""])


def main():
    kind, folder, ledger, height, rnd = sys.argv[1:]
    make = {"prepare": prepare, "commit": commit}[kind]
    for name in ("one", "two"):
        message = make(pathlib.Path(folder), bytes.fromhex(ledger), int(height), int(rnd), os.urandom(32))
        pathlib.Path(f"{name}.message").write_bytes(message)


main()
