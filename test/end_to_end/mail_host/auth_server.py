"""Who may log in: everybody, with any password. Postfix asks in the words of Dovecot's auth service.

Without such a service Postfix takes nobody for logged in, not even whom XCLIENT
calls so.
"""

from __future__ import annotations

import base64
import os
import re
import socketserver
import threading
from pathlib import Path

GREETING = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0\nDONE\n"


class AuthServer:
    def __init__(self, path: Path) -> None:
        self._path = path

    def start(self) -> None:
        self._server = _Server(os.fspath(self._path), _Session)
        self._path.chmod(0o666)  # smtpd(8) is not root
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="auth").start()

    def stop(self) -> None:
        if hasattr(self, "_server"):
            self._server.shutdown()
            self._server.server_close()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 100


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(GREETING.encode())
        while line := self.rfile.readline().decode():
            if match := re.match(r"AUTH\t(\d+)\tPLAIN\t.*\bresp=(\S+)", line):
                name = base64.b64decode(match[2]).split(b"\0")[1].decode()  # RFC 4616: authzid, authcid, password
                self.wfile.write(f"OK\t{match[1]}\tuser={name}\n".encode())
