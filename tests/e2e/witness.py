#!/usr/bin/env python3
"""A witness by another hand: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature and tlog-witness from their texts
alone, with Ed25519 by openssl. Knows nothing of Waybill.

usage: witness.py PORT FOLDER NAME LOG-KEY     serves POST /w/add-checkpoint; FOLDER/vkey is its own key
       witness.py --open NOTE KEY              prints the note's text when a signature by KEY holds
"""
import base64
import hashlib
import http.server
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ED25519, COSIGNATURE = b"\x01", b"\x04"
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, before the key


def run(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=False)


def key_id(name, kind, pub):
    return hashlib.sha256(name.encode() + b"\n" + kind + pub).digest()[:4]


def vkey(name, kind, pub):
    return f"{name}+{key_id(name, kind, pub).hex()}+{base64.b64encode(kind + pub).decode()}"


def parse_key(text):
    name, ident, rest = text.strip().split("+", 2)
    raw = base64.b64decode(rest, validate=True)
    kind, pub = raw[:1], raw[1:]
    assert ident == key_id(name, kind, pub).hex() and len(pub) == 32
    return name, kind, pub


def holds(pub, message, sig):
    with tempfile.TemporaryDirectory() as d:
        folder = pathlib.Path(d)
        (folder / "key").write_bytes(SPKI + pub)
        (folder / "message").write_bytes(message)
        (folder / "sig").write_bytes(sig)
        done = run("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", d + "/key", "-rawin", "-in",
                   d + "/message", "-sigfile", d + "/sig")
        return done.returncode == 0


def split(note):
    """The text, and for each signature the key's name, its id and what was signed."""
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", note)
    text, found, lines = note.rpartition("\n\n")
    assert found and lines.endswith("\n")
    signatures = []
    for line in lines.splitlines():
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/]+={0,2})", line)
        raw = base64.b64decode(match[2], validate=True)
        signatures.append((match[1], raw[:4], raw[4:]))
    return text + "\n", signatures


def is_signed(note, key):
    """A note by the key: its text. None when no signature of it is there; an error when one does not hold."""
    name, kind, pub = key
    text, signatures = split(note)
    found = None
    for who, ident, sig in signatures:
        if (who, ident) != (name, key_id(name, kind, pub)):
            continue
        message = text.encode()
        if kind == COSIGNATURE:
            message = f"cosignature/v1\ntime {int.from_bytes(sig[:8], 'big')}\n".encode() + message
            sig = sig[8:]
        if not holds(pub, message, sig):
            raise ValueError("a signature does not hold")
        found = text
    return found


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def consistent(m, n, old, new, path):
    """RFC 6962, section 2.1.2, from the definition: the roots that the proof's parts give, taken apart recursively."""
    if m == 0 or m == n:
        return not path and (m == 0 or old == new)
    rest = list(path)

    def walk(m, n, whole):
        if m == n:
            root = old if whole else rest.pop(0)
            return root, root
        k = 1
        while 2 * k < n:
            k *= 2
        if m <= k:
            first, second = walk(m, k, whole)
            return first, node(second, rest.pop(0))
        first, second = walk(m - k, n - k, False)
        left = rest.pop(0)
        return node(left, first), node(left, second)

    try:
        return walk(m, n, True) == (old, new) and not rest
    except IndexError:
        return False


class Witness:
    def __init__(self, folder, name, log):
        self.folder, self.name, self.log = pathlib.Path(folder), name, parse_key(log)
        self.folder.mkdir(exist_ok=True)
        self.key = str(self.folder / "key.pem")
        if not pathlib.Path(self.key).exists():
            run("genpkey", "-algorithm", "ed25519", "-out", self.key)
        self.pub = run("pkey", "-in", self.key, "-pubout", "-outform", "DER").stdout[-32:]
        (self.folder / "vkey").write_text(vkey(name, COSIGNATURE, self.pub) + "\n")
        self.size, self.root = 0, hashlib.sha256().digest()

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as f:
            f.write(message)
            f.flush()
            return run("pkeyutl", "-sign", "-inkey", self.key, "-rawin", "-in", f.name).stdout

    def add(self, body):
        head, _, note = body.partition("\n\n")
        lines = head.split("\n")
        old = int(re.fullmatch(r"old (0|[1-9][0-9]*)", lines[0])[1])
        path = [base64.b64decode(line, validate=True) for line in lines[1:]]
        text, _ = split(note)
        origin, size, root = text.splitlines()[:3]
        size, root = int(size), base64.b64decode(root, validate=True)
        if origin != self.log[0]:
            return 404, ""
        try:
            if is_signed(note, self.log) is None:
                return 403, ""
        except ValueError:
            return 403, ""
        if old > size:
            return 400, ""
        if old != self.size:
            return 409, f"{self.size}\n"
        if not consistent(old, size, self.root, root, path):
            return 422, ""
        self.size, self.root = size, root
        now = int(time.time())
        sig = self.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
        raw = key_id(self.name, COSIGNATURE, self.pub) + now.to_bytes(8, "big") + sig
        return 200, f"\u2014 {self.name} {base64.b64encode(raw).decode()}\n"


def serve(port, witness):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = 404, ""
            if self.path == "/w/add-checkpoint":
                try:
                    status, answer = witness.add(body.decode())
                except (AssertionError, TypeError, ValueError) as error:
                    status, answer = 400, f"{error}\n"
            self.send_response(status)
            self.send_header("Content-Type", "text/x.tlog.size" if status == 409 else "text/plain")
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_):
            pass

    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if sys.argv[1] == "--open":
    opened = is_signed(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"), parse_key(sys.argv[3]))
    if opened is None:
        sys.exit("no signature by this key")
    sys.stdout.write(opened)
else:
    serve(int(sys.argv[1]), Witness(*sys.argv[2:5]))
