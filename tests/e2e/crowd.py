#!/usr/bin/env python3
"""Strangers who connect and say nothing: crowd.py PORT COUNT READY keeps COUNT connections open to 127.0.0.1, from many
addresses of the loopback network, and opens those anew that are closed. The file READY is made when all were tried."""
import pathlib
import select
import socket
import sys

port, count, ready = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
waiting = {}
poll = select.poll()


def dial(i):
    s = socket.socket()
    s.setblocking(False)
    s.bind((f"127.0.{1 + i // 200}.{1 + i % 200}", 0))
    s.connect_ex(("127.0.0.1", port))
    waiting[s.fileno()] = (i, s)
    poll.register(s, select.POLLIN)


for i in range(count):
    dial(i)
ready.touch()
while True:
    closed = poll.poll()
    for fd, _ in closed:
        poll.unregister(fd)
        i, s = waiting.pop(fd)
        s.close()
        dial(i)
    select.select([], [], [], 0.2)  # no storm: it is their number that counts here
