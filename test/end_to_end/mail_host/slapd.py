"""A directory of our own: slapd with a few addresses, on a loopback port, with TLS by an authority of its own."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from mail_host.process import Process, answers, free_port, run

BASE = "dc=postern,dc=example"
BIND_DN = f"cn=reader,{BASE}"
PASSWORD = "s e#cret"

CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
pidfile {folder}/pid
TLSCACertificateFile {ca}
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
{database}
directory {folder}/db
suffix "{base}"
rootdn "{bind_dn}"
rootpw "{password}"
access to * by {readers} read by * none
"""

PLAIN = "database ldif"
INDEXED = """\
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 104857600
index mail eq"""

ENTRY = """
dn: uid={uid},{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {uid}
sn: {uid}
mail: {address}
"""


class Authority:
    """Issues certificates for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.certificate = folder / "ca.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=Scratch CA", "-keyout", folder / "ca.key", "-out", self.certificate])
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")

    def issue(self, folder: Path) -> None:
        """server.pem and server.key in the folder."""
        run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=slapd",
             "-keyout", folder / "server.key", "-out", folder / "server.csr"])
        run(["openssl", "x509", "-req", "-days", "2", "-in", folder / "server.csr", "-CA", self.certificate,
             "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-extfile", self.folder / "names",
             "-out", folder / "server.pem"])


class Slapd:
    """`anonymous`: everybody may read; otherwise only who logs in as BIND_DN with PASSWORD. INDEXED is for thousands of addresses."""

    def __init__(self, folder: Path, authority: Authority, addresses: Sequence[str], anonymous: bool = True,
                 database: str = PLAIN) -> None:
        folder.mkdir()
        self._folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.url, self.tls_url = f"ldap://127.0.0.1:{self.port}", f"ldaps://127.0.0.1:{self.tls_port}"
        authority.issue(folder)
        (folder / "slapd.conf").write_text(CONFIGURATION.format(
            folder=folder, ca=authority.certificate, base=BASE, bind_dn=BIND_DN, password=PASSWORD, database=database,
            readers="*" if anonymous else f'dn.exact="{BIND_DN}"'))
        self.load(addresses)
        # A copy: Debian's AppArmor profile of /usr/sbin/slapd would not let it into our folder.
        program = shutil.copy("/usr/sbin/slapd", folder / "slapd")
        self._process = Process("slapd", [program, "-d", "0", "-f", folder / "slapd.conf",
                                          "-h", f"{self.url}/ {self.tls_url}/"], folder / "log")

    def load(self, addresses: Sequence[str]) -> None:
        """These addresses instead of what is there; it must not run. What begins with "smtp:" is a proxyAddress."""
        database = self._folder / "db"
        shutil.rmtree(database, ignore_errors=True)
        database.mkdir()
        entries = [f"dn: {BASE}\nobjectClass: domain\ndc: postern\n"]
        for number, address in enumerate(addresses):
            if address.startswith("smtp:"):
                entries.append(f"\ndn: cn=user{number},{BASE}\nobjectClass: person\nobjectClass: extensibleObject\n"
                               f"cn: user{number}\nsn: user{number}\nproxyAddresses: {address}\n")
            else:
                entries.append(ENTRY.format(uid=f"user{number}", base=BASE, address=address))
        (self._folder / "data.ldif").write_text("".join(entries))
        run(["/usr/sbin/slapadd", "-q", "-s", "-f", self._folder / "slapd.conf", "-l", self._folder / "data.ldif"])

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(lambda: answers(socket.AF_INET, ("127.0.0.1", self.port)), "its socket")

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    @property
    def running(self) -> bool:
        return self._process.running

    def silence(self) -> None:
        """Connections are taken and nothing is said."""
        self._process.freeze()

    def speak(self) -> None:
        self._process.thaw()
