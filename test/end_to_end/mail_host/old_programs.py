"""The real opendkim, clamav-milter and policyd-spf, at work by the files of a host that is to be migrated.

Each reads its file as that host has it. Where it listens, as whom it runs and
whom it asks for DNS is ours, for this is another host: of a name set twice
opendkim takes the last, clamav-milter the first.
"""

from __future__ import annotations

import os
import socket
import subprocess
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


def opendkim(listen: Path, text: str, dns: DnsServer) -> OldMilter:
    resolver, file = listen.with_suffix(".unbound"), listen.with_suffix(".conf")
    resolver.write_text(RESOLVER.format(host=dns.host, port=dns.port))
    file.write_text(f"{text}\nSocket local:{listen}\nUMask 000\nUserID nobody\nPidFile {listen}.pid\nSyslog no\n"
                    f"RequireSafeKeys no\n" # all of /tmp is unsafe
                    f"ResolverConfiguration {resolver}\n")
    return OldMilter("opendkim", ["/usr/sbin/opendkim", "-f", "-x", file], listen)


def clamav_milter(listen: Path, text: str) -> OldMilter:
    file = listen.with_suffix(".conf")
    file.write_text(f"MilterSocket unix:{listen}\nMilterSocketGroup nogroup\nMilterSocketMode 666\nUser nobody\nForeground yes\n"
                    f"PidFile {listen}.pid\nLogFile {listen}.clamav.log\n{text}")
    return OldMilter("clamav-milter", ["/usr/sbin/clamav-milter", "-c", file], listen)


class PolicydSpf:
    """As spawn(8) starts it, with a socket for its stdin and stdout. It knows only /etc/resolv.conf, so it has one of its own."""

    def __init__(self, folder: Path, text: str, dns: DnsServer) -> None:
        (folder / "policyd-spf.conf").write_text(text)
        (folder / "resolv.conf").write_text(f"nameserver {dns.host}\noptions timeout:1 attempts:1\n")
        ours, theirs = socket.socketpair()
        self._program = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", 'mount --bind "$1/resolv.conf" /etc/resolv.conf && '
             'exec /usr/bin/policyd-spf "$1/policyd-spf.conf"', "sh", folder],
            stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, start_new_session=True)
        theirs.close()
        self.connection = PolicyConnection(ours)

    def stop(self) -> None:
        """It ends when there is nobody to ask it."""
        self.connection.socket.close()
        try:
            self._program.wait(PATIENCE)
        finally:
            self._program.kill()
