"""A name server of our own: NSD with one zone file, on a loopback port."""

from __future__ import annotations

import shutil
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from mail_host.process import Process, free_port
from mail_host.zone import Zone

CONFIGURATION = """\
server:
    ip-address: {address}
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    xfrdir: "{folder}"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
"""


class DnsServer:
    def __init__(self, folder: Path, zone: Zone, host: str = "127.0.0.1", port: int = 0) -> None:
        """`port` 53 at a loopback address of its own is for programs that know no other port."""
        folder.mkdir()
        self.zone = zone
        self.host = host
        self.port = port or free_port()
        self.address = f"{host}:{self.port}"
        self._folder = folder
        # A copy: where AppArmor guards programs by their path it would not let them into our folder.
        program = shutil.copy("/usr/sbin/nsd", folder / "nsd")
        self._process = Process("nsd", [program, "-d", "-c", folder / "nsd.conf"], folder / "log")

    def start(self) -> None:
        text = CONFIGURATION.format(address=f"{self.host}@{self.port}", folder=self._folder)
        for name in self.zone.broken:  # a zone whose file cannot be read is answered SERVFAIL
            text += f'zone:\n    name: "{name}"\n    zonefile: "no-such-file"\n'
        (self._folder / "nsd.conf").write_text(text)
        (self._folder / "root.zone").write_text(self.zone.text())
        self._process.start()
        self._process.wait_until(self._answers, "an answer")

    def stop(self) -> None:
        self._process.stop()

    def silence(self) -> None:
        """Questions are taken and not answered, until `speak`."""
        self._process.freeze()

    def speak(self) -> None:
        self._process.thaw()

    def _answers(self) -> bool:
        try:
            dns.query.udp(dns.message.make_query("ns.test.example.", "A"), self.host, port=self.port, timeout=0.5)
            return True
        except (dns.exception.Timeout, OSError):
            return False
