"""A milter of somebody else: it tells in a field which fields it has seen."""

from __future__ import annotations

import socketserver
import struct
import threading

ADD_FIELDS = 0x01  # SMFIF_ADDHDRS
# What it is not to be shown, or not to answer: SMFIP_NOCONNECT, NOHELO, NOMAIL, NORCPT, NOBODY, NOEOH, NR_HDR, NOUNKNOWN, NODATA
NOT_WANTED = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200


class SecondMilter:
    """Its field is X-Seen: the names of all others, in their order."""

    def __init__(self) -> None:
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
        self._server.daemon_threads = True
        self.socket = f"inet:127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> SecondMilter:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="milter").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        names: list[str] = []
        while len(head := self.rfile.read(4)) == 4:
            packet = self.rfile.read(struct.unpack("!I", head)[0])
            command, data = packet[:1], packet[1:]
            if command == b"O":
                self._say(b"O", struct.pack("!III", 6, ADD_FIELDS, NOT_WANTED))
            elif command == b"L":
                names.append(data.split(b"\0")[0].decode())
            elif command == b"E":
                self._say(b"h", b"X-Seen\0" + " ".join(names).encode() + b"\0")
                self._say(b"c")
                names = []
            elif command == b"A":
                names = []
            elif command == b"Q":
                return

    def _say(self, command: bytes, data: bytes = b"") -> None:
        self.wfile.write(struct.pack("!I", len(data) + 1) + command + data)
