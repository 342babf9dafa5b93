"""The name server of one zone, on port 53 of a loopback address of its own.

Whoever asks for the zone's NS records is led to that address, as in the world
outside; the test world's other names are answered there, too. The zone's
records change while it runs.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from mail_host.dns_server import CONFIGURATION
from mail_host.process import Process, wait_until
from mail_host.zone import Zone

OWN_ZONE = """\
zone:
    name: "{zone}"
    zonefile: "own.zone"
"""


class ZoneServer:
    def __init__(self, folder: Path, zone: str, world: Zone) -> None:
        folder.mkdir()
        self.zone = zone
        # One that no other test of this machine uses: each process has its own number.
        self.address = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
        self._folder = folder
        self._world = world
        self._serial = 0
        program = shutil.copy("/usr/sbin/nsd", folder / "nsd")  # as in dns_server
        self._process = Process("nsd", [program, "-d", "-c", folder / "nsd.conf"], folder / "log")

    def start(self) -> None:
        (self._folder / "nsd.conf").write_text(
            CONFIGURATION.format(address=f"{self.address}@53", folder=self._folder) + OWN_ZONE.format(zone=self.zone))
        (self._folder / "root.zone").write_text(self._world.text())
        self._write("")
        self._process.start()
        self._process.wait_until(self._is_current, "an answer")

    def stop(self) -> None:
        self._process.stop()

    def silence(self) -> None:
        self._process.freeze()

    def speak(self) -> None:
        self._process.thaw()

    def publish(self, lines: str) -> None:
        """These are the zone's records now, as a zone file has them."""
        self._write(lines)
        os.kill(int((self._folder / "nsd.pid").read_text()), signal.SIGHUP)  # that one of its processes
        wait_until(self._is_current, "nsd to take the new zone")

    def text_at(self, name: str) -> bytes | None:
        """The TXT record of a name, its strings joined."""
        answer = self._ask(name, "TXT").answer
        return b"".join(answer[0][0].strings) if answer else None

    def _write(self, lines: str) -> None:
        self._serial += 1
        (self._folder / "own.zone").write_text(
            f"$ORIGIN {self.zone}.\n$TTL 1\n"
            f"@ IN SOA ns hostmaster {self._serial} 3600 600 86400 1\n@ IN NS ns\nns IN A {self.address}\n{lines}")

    def _is_current(self) -> bool:
        try:
            answer = self._ask(self.zone, "SOA").answer
        except (dns.exception.Timeout, OSError):
            return False
        return bool(answer) and answer[0].rdtype == dns.rdatatype.SOA and answer[0][0].serial == self._serial

    def _ask(self, name: str, kind: str) -> dns.message.Message:
        return dns.query.udp_with_fallback(dns.message.make_query(name, kind, use_edns=True, payload=1232), self.address,
                                           timeout=2)[0]
