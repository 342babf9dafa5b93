"""The real opendkim, clamav-milter and policyd-spf, at work by the files of a host that is to be migrated.

Each reads its file as that host has it. Where it listens, as whom it runs and
whom it asks for DNS is ours, for this is another host: of a name set twice
opendkim takes the last, clamav-milter the first.
"""

from __future__ import annotations

import datetime
import os
import socket
import subprocess
import threading
from pathlib import Path

from mail_host.dns_server import DnsServer
from mail_host.policy import PolicyConnection
from mail_host.process import PATIENCE, Process, answers
from mail_host.zone import Zone

RESOLVER = """\
server:
    do-not-query-localhost: no
    module-config: "iterator"
    use-syslog: no
forward-zone:
    name: "."
    forward-addr: {host}@{port}
"""


def name_server(folder: Path, zone: Zone) -> DnsServer:
    """At port 53, the only one that some of them know, of an address that no other test uses."""
    return DnsServer(folder, zone, f"127.78.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}", 53)


class OldMilter:
    """One of them, and the socket that it listens at."""

    def __init__(self, name: str, argv: list[str | Path], listen: Path) -> None:
        self.listen = listen
        self._process = Process(name, argv, listen.with_suffix(".log"))

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(lambda: answers(socket.AF_UNIX, os.fspath(self.listen)), "its socket")

    def stop(self) -> None:
        self._process.kill()  # they wait for seconds, and have nothing to lose
        self.listen.unlink(missing_ok=True)


class Syslog:
    """A syslogd for those whose `command` is run by it: each finds our socket at /dev/log, in a mount namespace of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.file = folder / "syslog"
        self._dev = folder / "dev"
        self._dev.mkdir()
        for node in DEVICES:
            (self._dev / node).touch()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(os.fspath(self._dev / "log"))
        (self._dev / "log").chmod(0o666)
        self._thread = threading.Thread(target=self._write, daemon=True, name="syslog")
        self._thread.start()

    def command(self, *argv: str | Path) -> list[str | Path]:
        nodes = " && ".join(f'mount --bind /dev/{node} "$1/{node}"' for node in DEVICES)
        return ["unshare", "-m", "sh", "-c", f'{nodes} && mount --rbind "$1" /dev && shift && exec "$@"', "sh", self._dev, *argv]

    def stop(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", os.fspath(self._dev / "log"))
        self._thread.join(PATIENCE)
        self._socket.close()

    def _write(self) -> None:
        while message := self._socket.recv(65536):  # "<22>Nov 28 03:00:00 program[1]: text"
            now = datetime.datetime.now(datetime.timezone.utc).isoformat()
            text = message.rstrip(b"\0\n").decode("utf-8", "replace").partition(">")[2][16:]
            with self.file.open("a") as out:
                out.write(f"{now} mail {text}\n")


DEVICES = ("null", "random", "urandom")


def opendkim(listen: Path, text: str, dns: DnsServer, syslog: Syslog | None = None) -> OldMilter:
    resolver, file = listen.with_suffix(".unbound"), listen.with_suffix(".conf")
    resolver.write_text(RESOLVER.format(host=dns.host, port=dns.port))
    file.write_text(f"{text}\nSocket local:{listen}\nUMask 000\nUserID nobody\nPidFile {listen}.pid\n"
                    f"Syslog {'yes' if syslog else 'no'}\n"
                    f"RequireSafeKeys no\n" # all of /tmp is unsafe
                    f"ResolverConfiguration {resolver}\n")
    command: list[str | Path] = ["/usr/sbin/opendkim", "-f", "-x", file]
    return OldMilter("opendkim", syslog.command(*command) if syslog else command, listen)


def clamav_milter(listen: Path, text: str) -> OldMilter:
    file = listen.with_suffix(".conf")
    file.write_text(f"MilterSocket unix:{listen}\nMilterSocketGroup nogroup\nMilterSocketMode 666\nUser nobody\nForeground yes\n"
                    f"PidFile {listen}.pid\nLogFile {listen}.clamav.log\n{text}")
    return OldMilter("clamav-milter", ["/usr/sbin/clamav-milter", "-c", file], listen)


def policyd_spf_command(folder: Path, text: str, dns: DnsServer) -> list[str | Path]:
    """It knows only /etc/resolv.conf, so it has one of its own."""
    (folder / "policyd-spf.conf").write_text(text)
    (folder / "resolv.conf").write_text(f"nameserver {dns.host}\noptions timeout:1 attempts:1\n")
    return ["unshare", "-m", "sh", "-c", 'mount --bind "$1/resolv.conf" /etc/resolv.conf && '
            'exec /usr/bin/policyd-spf "$1/policyd-spf.conf"', "sh", folder]


class PolicydSpf:
    """As spawn(8) starts it, with a socket for its stdin and stdout."""

    def __init__(self, folder: Path, text: str, dns: DnsServer) -> None:
        ours, theirs = socket.socketpair()
        self._program = subprocess.Popen(policyd_spf_command(folder, text, dns), stdin=theirs, stdout=theirs,
                                         stderr=subprocess.DEVNULL, start_new_session=True)
        theirs.close()
        self.connection = PolicyConnection(ours)

    def stop(self) -> None:
        """It ends when there is nobody to ask it."""
        self.connection.socket.close()
        try:
            self._program.wait(PATIENCE)
        finally:
            self._program.kill()


class PolicydSpfService:
    """At a socket, a process for each connection, as spawn(8) has it; but spawn(8) starts nothing as root, which makes namespaces."""

    def __init__(self, listen: Path, command: list[str | Path]) -> None:
        self._command = command
        self._programs: list[subprocess.Popen[bytes]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(os.fspath(listen))
        listen.chmod(0o666)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True, name="policyd-spf").start()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for program in self._programs:
            program.kill()
            program.wait(PATIENCE)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # stopped
                return
            with connection:
                self._programs.append(subprocess.Popen(self._command, stdin=connection, stdout=connection,
                                                       stderr=subprocess.DEVNULL, start_new_session=True))
