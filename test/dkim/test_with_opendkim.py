#!/usr/bin/python3
"""OpenDKIM's tables against OpenDKIM itself: the same files select the same signatures.

usage: test_with_opendkim.py DKIM_TOOL [unittest options]

opendkim(8) runs in the foreground on a Unix socket and is spoken to as Postfix does (the milter protocol); what it
signs is read from the fields that it inserts. Where it is not installed, nothing is compared.

Known difference: where three rows or more fit, opendkim 2.11 signs by the first and the last of them alone (its list of
requests loses those between). Such authors are compared by those two.
"""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TOOL = Path()
OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/bin")
FINAL = b"acrtd"  # accept, continue, reject, tempfail, discard


def is_listened_at(path: Path) -> bool:
    """The socket is there a moment before anybody listens."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class MilterClient:
    """One mail through a milter: the steps of Postfix, each waited for."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self._send(b"O", struct.pack(">III", 6, 0x1ff, 0))
        self._receive()

    def __enter__(self) -> MilterClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def signatures_of(self, author: str) -> str:
        """For each signature domain/selector/identity, or "defer"."""
        self._send(b"D", b"Cj\0host\0{daemon_name}\0host\0")
        self._step(b"C", b"localhost\0004" + struct.pack(">H", 1234) + b"127.0.0.1\0")
        self._step(b"H", b"host\0")
        self._send(b"D", b"Mi\0Q1\0")
        self._step(b"M", b"<envelope@sender.example>\0")
        self._step(b"R", b"<reader@elsewhere.example>\0")
        self._step(b"T")
        self._step(b"L", b"From\0" + author.encode() + b"\0")
        self._step(b"L", b"Subject\0x\0")
        answer = self._step(b"N")[-1][0]
        if answer != b"c":
            return "defer" if answer == b"t" else ""
        self._step(b"B", b"Hi.\r\n")
        found = []
        for code, data in self._step(b"E"):
            if code not in (b"i", b"h"):  # a field is inserted, or added
                continue
            name, value = data[4 if code == b"i" else 0:].split(b"\0")[:2]
            if name.lower() == b"dkim-signature":
                tags = dict(tag.split("=", 1) for tag in re.sub(r"\s", "", value.decode()).split(";") if "=" in tag)
                found.append(f"{tags['d'].lower()}/{tags['s']}/{tags.get('i', '')}")
        return " ".join(found)

    def _send(self, code: bytes, data: bytes = b"") -> None:
        self.socket.sendall(struct.pack(">I", len(data) + 1) + code + data)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError("opendkim has closed the connection")
            data += part
        return data

    def _receive(self) -> tuple[bytes, bytes]:
        packet = self._read(struct.unpack(">I", self._read(4))[0])
        return packet[:1], packet[1:]

    def _step(self, code: bytes, data: bytes = b"") -> list[tuple[bytes, bytes]]:
        self._send(code, data)
        answers = [self._receive()]
        while answers[-1][0] not in FINAL and len(answers) < 100:
            answers.append(self._receive())
        return answers


KEYS = """\
k1 example.org:s1:{key}
k2 example.org:s2:{key}
k3 Example.ORG:s3:{key}
other example.net:s4:{key}
any %:s5:{key}
example.com example.com:s6:{key}   # named as its domain
own %:s7:{folder}/of/%/key
"""

AUTHORS = ["joe@example.org", "JOE@Example.ORG", "Joe Doe <joe@example.org>", "ann@example.org", "joe+x@example.org",
           "joe@a.example.org", "ann@b.a.example.org", "joe@badexample.org", "joe@example.net", "ann@example.net",
           "joe@example.com", "joe@x.org", "ann@x.org", "joe@elsewhere.example", "ann@elsewhere.example",
           '"a b"@example.org', "joe@owner.example", "joe@no-owner.example"]

# name: kind of the signing table, its rows
TABLES = {
    "patterns": ("refile", "*@example.org k1\n*@*.example.org k2\njoe@example.net other\n"),
    "patterns, two keys": ("refile", "*@example.org k1\n*@example.org k2:@example.org\n"),
    "patterns, the order counts": ("refile", "joe@* k1\n*@example.org k2\n*@example.net other\n"),
    "patterns, case": ("refile", "JOE@*.Org k1\n"),
    "patterns, an octet that is special elsewhere": ("refile", "j?e@example.org k1\nj.e@example.org k2\n*@x[a-z]rg k3\n"),
    "a pattern without an address": ("refile", "example.org k1\n"),
    "the author's domain": ("refile", "*@*.example any\n*@example.com %\n"),
    "a name that is missing": ("refile", "*@example.com %\n*@example.net %\n"),
    "keys of the authors": ("refile", "*@owner.example own\n*@no-owner.example own\n"),
    "identities": ("refile", "joe@example.org k1:%@%\nann@example.org k1:@sub.%\n*@a.example.org k2:list@a.example.org\n"
                             "*@example.net k1:@%\n*@x.org any:@%\n"),
    "look-up": ("file", "joe@example.org k1\nexample.net other\n.example.org k2\n"),
    "look-up, address and domain": ("file", "joe@example.org k1\nexample.org k2\n"),
    "look-up, user of the domains below": ("file", "joe@.example.org k1\njoe@.org k3\n"),
    "look-up, domains below": ("file", ".example.org k1\n.org k2\n"),
    "look-up, a user anywhere": ("file", "joe@* k1\n"),
    "look-up, everybody": ("file", "* any\njoe@example.org k1\n"),
    "look-up, a user anywhere and everybody": ("file", "* any\njoe@* k1\n"),
    "look-up, a pattern means nothing": ("file", "*@example.org k1\n"),
    "look-up, all that there is": ("file", "* any\njoe@* k1\n.org k2\n.example.org k3\njoe@.org k1\njoe@.example.org k2\n"
                                           "example.org k3\njoe@example.org k1:@example.org\n"),
    "a list": ("csl", "*=k1, joe@example.net=other"),
}


@unittest.skipUnless(OPENDKIM, "opendkim is not installed")
class WithOpendkim(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="postern-opendkim-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        key = self.folder / "key"
        subprocess.run(["openssl", "genrsa", "-out", key, "1024"], check=True, capture_output=True)
        (self.folder / "of/owner.example").mkdir(parents=True)
        shutil.copy(key, self.folder / "of/owner.example/key")
        self.keys = self.folder / "keys"
        self.keys.write_text(KEYS.format(key=key, folder=self.folder))

    def data_set(self, kind: str, rows: str) -> str:
        if kind == "csl":
            return f"csl:{rows}"
        path = self.folder / "signing"
        path.write_text(rows)
        return f"{kind}:{path}"

    def opendkim_signatures(self, keys: str, signing: str, wants_all: bool) -> list[str]:
        path = self.folder / "socket"
        configuration = self.folder / "opendkim.conf"
        configuration.write_text(f"Socket local:{path}\nMode s\nKeyTable {keys}\nSigningTable {signing}\n"
                                 f"MultipleSignatures {'yes' if wants_all else 'no'}\nInternalHosts 127.0.0.1\n"
                                 "RequireSafeKeys no\n")
        opendkim = subprocess.Popen([OPENDKIM, "-f", "-x", configuration], stderr=subprocess.PIPE)
        try:
            deadline = time.monotonic() + 30
            while not is_listened_at(path):
                if opendkim.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"opendkim does not start: {opendkim.stderr.read().decode()}")
                time.sleep(0.02)
            found = []
            for author in AUTHORS:
                with MilterClient(path) as client:
                    found.append(client.signatures_of(author))
            return found
        finally:
            opendkim.kill()  # it would take five seconds to end by itself
            opendkim.communicate()
            path.unlink(missing_ok=True)

    def our_signatures(self, keys: str, signing: str, wants_all: bool) -> list[str]:
        done = subprocess.run([TOOL, "select", keys, signing, "all" if wants_all else "first", *AUTHORS],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode().splitlines()

    def test_the_same_tables_select_the_same_signatures(self) -> None:
        for name, (kind, rows) in TABLES.items():
            signing = self.data_set(kind, rows)
            for wants_all in (False, True):
                theirs = self.opendkim_signatures(f"file:{self.keys}", signing, wants_all)
                ours = self.our_signatures(f"file:{self.keys}", signing, wants_all)
                for author, their, our in zip(AUTHORS, theirs, ours, strict=True):
                    parts = our.split(" ")
                    if len(parts) > 2:
                        our = f"{parts[0]} {parts[-1]}"
                    with self.subTest(name, author=author, wants_all=wants_all):
                        self.assertEqual(our, their)

    def test_a_key_table_of_patterns(self) -> None:
        signing = self.data_set("refile", "*@example.org k1\n*@example.net other\n")
        theirs = self.opendkim_signatures(f"refile:{self.keys}", signing, False)
        self.assertEqual(self.our_signatures(f"refile:{self.keys}", signing, False), theirs)
        self.assertIn("example.org/s1/", theirs)


if __name__ == "__main__":
    TOOL = Path(sys.argv.pop(1))
    unittest.main()
