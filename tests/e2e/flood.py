#!/usr/bin/env python3
"""Floods on a peers' port.

usage: flood.py raw PORT SECONDS                            connections with 64 KiB of anything
       flood.py tls PORT SECONDS [CERTIFICATE KEY]          handshakes, with that certificate or none
       flood.py publish PORT SECONDS CERTIFICATE KEY        messages of 1,000,000 random bytes, as a broker's owner

Prints how many there were.
"""
import os
import socket
import ssl
import sys
import threading
import time

CONNECT = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01x"
HANDS = 6


def context(files):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if files:
        c.load_cert_chain(*files)
    return c


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 2)


def length(n):
    out = b""
    while True:
        n, digit = divmod(n, 128)
        out += bytes([digit | (128 if n else 0)])
        if n == 0:
            return out


def publish(port, end, files):
    """As fast as the broker takes them."""
    stream = context(files).wrap_socket(connect(port))
    stream.sendall(CONNECT)
    assert stream.recv(100)[:1] == b"\x20"
    topic = b"wb/1/peer/all"
    body = len(topic).to_bytes(2, "big") + topic + b"\0" + os.urandom(1000000)
    frame, sent = b"\x30" + length(len(body)) + body, 0
    while time.monotonic() < end:
        stream.sendall(frame)
        sent += 1
    return sent


def knock(kind, port, end, files, counts, place):
    while time.monotonic() < end:
        try:
            with connect(port) as s:
                if kind == "raw":
                    s.sendall(os.urandom(65536))
                else:
                    with context(files).wrap_socket(s) as stream:
                        stream.sendall(CONNECT)
                        stream.recv(100)
        except OSError:
            pass
        counts[place] += 1


def main():
    kind, port, end, files = sys.argv[1], int(sys.argv[2]), time.monotonic() + float(sys.argv[3]), sys.argv[4:]
    if kind == "publish":
        print(publish(port, end, files))
        return
    counts = [0] * HANDS
    hands = [threading.Thread(target=knock, args=(kind, port, end, files, counts, i)) for i in range(HANDS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    print(sum(counts))


main()
