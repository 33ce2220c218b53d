#!/usr/bin/env python3
"""A member that says two things at once: two PREPAREs of one authority for one height and round and two different
blocks, from docs/wire.cddl and docs/protocol.md alone, with Ed25519 by openssl.

usage: twin.py FOLDER LEDGER HEIGHT ROUND     FOLDER is the member's, LEDGER its 32 bytes in hex;
                                              writes one.message and two.message
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410, before the seed
PREPARE = 3


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
        return head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
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


def main():
    folder, ledger, height, rnd = sys.argv[1:]
    for name in ("one", "two"):
        message = prepare(pathlib.Path(folder), bytes.fromhex(ledger), int(height), int(rnd), os.urandom(32))
        pathlib.Path(f"{name}.message").write_bytes(message)


main()
