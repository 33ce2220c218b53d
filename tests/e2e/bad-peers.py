"""bad-peers.py NODE MODE=PORT...: peers as whoever joins a ledger may meet them. What is right they have from NODE.

silent   takes connections and says nothing
garbage  answers everything with bytes out of nowhere
slow     is right, a few bytes a second
chunks   is wrong in one byte of every chunk of a snapshot and every run of blocks
boast    says it has a snapshot of a block far ahead, and has none
"""
import http.server
import re
import socket
import sys
import threading
import time
import urllib.request

NODE = sys.argv[1]


def right(path, accept):
    ask = urllib.request.Request(NODE + path, headers={"Accept": accept})
    with urllib.request.urlopen(ask, timeout=60) as answer:
        return answer.read(), answer.headers.get("Content-Type", "")


class Peer(http.server.BaseHTTPRequestHandler):
    mode = ""

    def do_GET(self):
        kind = "application/cbor"
        if self.mode == "garbage":
            body = bytes(i * 37 % 256 for i in range(5000))
        elif self.mode == "boast" and self.path == "/v1/snapshot":
            body = bytes.fromhex("81821a7fffffff1904d2")  # [[2147483647, 1234]]
        else:
            body, kind = right(self.path, self.headers.get("Accept", "*/*"))
        if self.mode == "chunks" and re.match(r"/v1/snapshot/\d+/\d+|/v1/blocks/range", self.path):
            wrong = bytearray(body)
            wrong[len(wrong) // 2] ^= 1
            body = bytes(wrong)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if self.mode == "slow":
                for i in range(0, len(body), 4):
                    self.wfile.write(body[i : i + 4])
                    self.wfile.flush()
                    time.sleep(1)
            else:
                self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *args):
        pass


def serve(mode, port):
    if mode == "silent":
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        kept = []
        while True:
            kept.append(listener.accept())
    handler = type(mode, (Peer,), {"mode": mode})
    http.server.ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever()


threads = []
for word in sys.argv[2:]:
    mode, port = word.split("=")
    threads.append(threading.Thread(target=serve, args=(mode, int(port))))
    threads[-1].start()
