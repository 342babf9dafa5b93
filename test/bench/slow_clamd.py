"""Stands before clamd and keeps the answers about some mails back.

usage: slow_clamd.py SOCKET CLAMD SECONDS, until SIGTERM. Both are paths of Unix
sockets. A mail that comes as a descriptor (FILDES) and has X-Slow: scan in its
header is answered SECONDS later; all others at once.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

MARK = b"X-Slow: scan"


def serve(client: socket.socket, clamd_path: str, seconds: float) -> None:
    with client, socket.socket(socket.AF_UNIX) as clamd:
        clamd.connect(clamd_path)
        delay = [0.0]
        answers = threading.Thread(target=pass_answers, args=(clamd, client, delay))
        answers.start()
        try:
            while True:
                octets, descriptors, _, _ = socket.recv_fds(client, 65536, 4)
                if not octets:
                    break
                for descriptor in descriptors:
                    if MARK in os.pread(descriptor, 4096, 0):
                        delay[0] = seconds
                socket.send_fds(clamd, [octets], descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)
            clamd.shutdown(socket.SHUT_WR)
        except OSError:  # one of them has hung up
            pass
        answers.join()


def pass_answers(clamd: socket.socket, client: socket.socket, delay: list[float]) -> None:
    try:
        while octets := clamd.recv(4096):
            time.sleep(delay[0])
            delay[0] = 0.0
            client.sendall(octets)
        client.shutdown(socket.SHUT_RDWR)
    except OSError:  # the same
        pass


def main() -> None:
    path, clamd_path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(1000)
        print("ready", flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, clamd_path, seconds), daemon=True).start()


if __name__ == "__main__":
    main()
