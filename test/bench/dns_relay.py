"""Passes DNS questions from port 53 of a loopback address on to a name server at another port.

usage: dns_relay.py ADDRESS PORT [LABEL ...], until SIGTERM. For programs that know only /etc/resolv.conf.
Questions for names with one of the labels are kept to itself, as by a server that is down.
"""

from __future__ import annotations

import selectors
import socket
import sys


def question(packet: bytes) -> bytes:
    """What an answer has in common with what was asked: the id, and the question (RFC 1035 4.1)."""
    return packet[:2] + packet[12:packet.index(b"\0", 12) + 5]


def main() -> None:
    address, port = sys.argv[1], int(sys.argv[2])
    silent = [bytes([len(label)]) + label.encode() for label in sys.argv[3:]]
    outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    outside.bind((address, 53))
    inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    inside.connect(("127.0.0.1", port))
    waiting: dict[bytes, tuple[str, int]] = {}  # by the question

    selector = selectors.DefaultSelector()
    selector.register(outside, selectors.EVENT_READ)
    selector.register(inside, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is outside:
                packet, peer = outside.recvfrom(4096)
                if any(label in packet.lower() for label in silent):
                    continue
                waiting[question(packet)] = peer
                inside.send(packet)
            else:
                packet = inside.recv(4096)
                to = waiting.pop(question(packet), None)
                if to:
                    outside.sendto(packet, to)


if __name__ == "__main__":
    main()
