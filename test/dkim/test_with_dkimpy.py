#!/usr/bin/python3
"""DKIM against a second opinion: dkimpy verifies what we sign and signs what we verify.

usage: test_with_dkimpy.py DKIM_TOOL [unittest options]
"""

from __future__ import annotations

import base64
import itertools
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import dkim

TOOL = Path()
CANONICALIZATIONS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
DOMAIN = "example.org"

HEADERS = {
    "plain": b"From: Joe <joe@example.org>\r\nTo: ann@example.net\r\nSubject: hello\r\n",
    "folded after the colon": b"From:\r\n\tJoe <joe@example.org>\r\n"
                              b"Subject:\r\n =?utf-8?q?caf=C3=A9?=\r\n\t =?utf-8?q?_?=\r\n",
    "folds and blanks everywhere": b"From:   \t Joe \t  Doe  \r\n \t  <joe@example.org> \t\r\n"
                                   b"Subject:\ta  b\t\tc   \r\n\t\r\n d\r\n",
    "strange case": b"FROM: joe@example.org\r\nsUBJECT: x\r\nmImE-vErSiOn: 1.0\r\n",
    "empty fields": b"From: joe@example.org\r\nSubject:\r\nCc: \r\nReply-To:  \t\r\n",
    "repeated fields": b"Received: one\r\nCc: a@example.net\r\nFrom: joe@example.org\r\nCc: b@example.net\r\n"
                       b"Received: two\r\nCc: c@example.net\r\n",
    "8-bit": "From: Jos\u00e9 <joe@example.org>\r\n"
             "Subject: \u041f\u0440\u0438\u0432\u0435\u0442 \u2014 \u00a0 \u4f60\u597d\r\n".encode(),
    "long": b"From: joe@example.org\r\nReferences: "
            + b"\r\n ".join(b"<%d.%s@example.org>" % (n, b"x" * 40) for n in range(200)) + b"\r\n",
}

BODIES = {
    "empty": b"",
    "one line": b"Hi.\r\n",
    "no line end": b"Hi.\r\nBye.",
    "long, no line end": b"word " * 2000 + b"end",
    "empty lines at the end": b"Hi.\r\n\r\n\r\n\r\n",
    "empty lines alone": b"\r\n\r\n\r\n",
    "blanks at line ends": b"a \r\nb\t \r\n \r\n\t\r\nc\r\n  \r\n",
    "blanks inside": b" a  b\t\tc \t d\r\n\t\tx\r\n",
    "blank lines alone": b" \r\n\t\r\n",
    "dots": b".\r\n..\r\n.x\r\n",
    "8-bit": bytes(byte for byte in range(256) if byte not in b"\r\n\0") * 8 + b"\r\n",
    "form feeds": b"a\f\vb \f c\r\n\f\r\n",
    "NUL": b"a\0b\r\n\0\r\n",
    "a very long line": b"x" * 300_000 + b"\r\n" + b"y z " * 50_000 + b"\r\n",
    "many empty lines inside": b"a\r\n" + b"\r\n" * 3000 + b"b\r\n",
}


def tool(*words: str | Path) -> bytes:
    done = subprocess.run([TOOL, *words], capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout


class Key:
    def __init__(self, folder: Path, selector: str, kind: str, *options: str) -> None:
        self.selector, self.kind = selector, kind
        self.pem = folder / f"{selector}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", kind, *options, "-out", self.pem], check=True,
                       capture_output=True)
        self.pem.chmod(0o600)
        der = self._openssl("-pubout", "-outform", "DER")
        public = der if kind == "RSA" else der[-32:]  # RFC 8463 4
        self.record = f"v=DKIM1; k={kind.lower()}; p={base64.b64encode(public).decode()}"

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{DOMAIN}"

    @property
    def argument(self) -> str:
        return f"{DOMAIN}:{self.selector}:{self.pem}"

    def sign(self, mail: bytes, canonicalization: str, **options: object) -> bytes:
        """The mail with a signature by dkimpy on top."""
        if self.kind == "RSA":
            private, algorithm = self.pem.read_bytes(), b"rsa-sha256"
        else:
            seed = self._openssl("-outform", "DER")[-32:]
            private, algorithm = base64.b64encode(seed), b"ed25519-sha256"
        header, body = (part.encode() for part in canonicalization.split("/"))
        signer = dkim.DKIM(mail, signature_algorithm=algorithm)
        return bytes(signer.sign(self.selector.encode(), DOMAIN.encode(), private, canonicalize=(header, body),
                                 **options)) + mail

    def _openssl(self, *words: str) -> bytes:
        return subprocess.run(["openssl", "pkey", "-in", self.pem, *words], check=True, capture_output=True).stdout


class WithDkimpy(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = tempfile.TemporaryDirectory(prefix="postern-dkim-")
        cls.folder = Path(cls.scratch.name)
        cls.rsa = Key(cls.folder, "rsa1", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        cls.ed25519 = Key(cls.folder, "ed1", "ED25519")
        cls.keys = [cls.rsa, cls.ed25519]
        cls.zone = cls.folder / "zone"
        cls.zone.write_text("".join(f"{key.name} {key.record}\n" for key in cls.keys))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scratch.cleanup()

    def mails(self):
        """Each header once with a plain body, each body once with a plain header."""
        for name, header in HEADERS.items():
            yield f"header: {name}", header + b"\r\nHi.\r\n"
        for name, body in BODIES.items():
            yield f"body: {name}", HEADERS["plain"] + b"\r\n" + body

    def our_signatures(self, mail: bytes, canonicalization: str, chunk: int, keys: list[Key]) -> bytes:
        path = self.folder / "mail"
        path.write_bytes(mail)
        return tool("sign", path, canonicalization, str(chunk), *(key.argument for key in keys))

    def our_results(self, mail: bytes, chunk: int = 65535) -> list[list[str]]:
        path = self.folder / "mail"
        path.write_bytes(mail)
        return [line.split("\t") for line in tool("verify", path, str(chunk), self.zone).decode().splitlines()]

    def dkimpy_results(self, mail: bytes) -> list[bool]:
        records = {f"{key.name}.": key.record for key in self.keys}
        signatures = sum(1 for name, _ in dkim.DKIM(mail).headers if name.lower() == b"dkim-signature")
        return [dkim.DKIM(mail).verify(idx=index, dnsfunc=lambda name, timeout=5: records[name.decode()])
                for index in range(signatures)]

    def test_dkimpy_verifies_what_we_sign(self) -> None:
        chunks = itertools.cycle([65535, 1, 2, 77, 4096])
        for (name, mail), canonicalization in itertools.product(self.mails(), CANONICALIZATIONS):
            chunk = next(chunks) if len(mail) < 50_000 else 65535
            with self.subTest(name, canonicalization=canonicalization, chunk=chunk):
                signed = self.our_signatures(mail, canonicalization, chunk, self.keys)
                self.assertTrue(signed.endswith(mail.partition(b"\r\n\r\n")[2]))
                self.assertEqual(self.dkimpy_results(signed), [True, True])

    def test_we_verify_what_dkimpy_signs(self) -> None:
        chunks = itertools.cycle([1, 65535, 3, 78, 4095])
        for (name, mail), canonicalization in itertools.product(self.mails(), CANONICALIZATIONS):
            chunk = next(chunks) if len(mail) < 50_000 else 65535
            with self.subTest(name, canonicalization=canonicalization, chunk=chunk):
                signed = self.rsa.sign(self.ed25519.sign(mail, canonicalization), canonicalization)
                self.assertEqual(self.our_results(signed, chunk), [["pass", DOMAIN, ""]] * 2)

    def test_a_control_character(self) -> None:
        """libopendkim would misread it when relaxed: so we sign simple, and do not judge what others signed."""
        mail = HEADERS["plain"].replace(b"hello", b"a\fb") + b"\r\nHi.\r\n"
        signed = self.our_signatures(mail, "relaxed/relaxed", 65535, self.keys)
        self.assertIn(b"c=simple/relaxed;", signed)
        self.assertEqual(self.dkimpy_results(signed), [True, True])
        self.assertEqual(self.our_results(self.rsa.sign(mail, "simple/relaxed")), [["pass", DOMAIN, ""]])
        self.assertEqual(self.our_results(self.rsa.sign(mail, "relaxed/relaxed")),
                         [["neutral", DOMAIN, "a control character in subject"]])

    def test_one_key_alone(self) -> None:
        for key in self.keys:
            with self.subTest(key.kind):
                signed = self.our_signatures(HEADERS["plain"] + b"\r\nHi.\r\n", "relaxed/simple", 65535, [key])
                self.assertEqual(self.dkimpy_results(signed), [True])
                self.assertIn(b"a=%s-sha256" % key.kind.lower().encode(), signed)

    def test_signatures_of_different_canonicalizations_on_one_mail(self) -> None:
        mail = HEADERS["folds and blanks everywhere"] + b"\r\n" + BODIES["blanks at line ends"]
        for canonicalization in CANONICALIZATIONS:
            mail = self.rsa.sign(mail, canonicalization)
        self.assertEqual(self.our_results(mail, 5), [["pass", DOMAIN, ""]] * 4)

    def test_our_signature_is_folded_and_without_odd_octets(self) -> None:
        for name, mail in self.mails():
            with self.subTest(name):
                signed = self.our_signatures(mail, "simple/simple", 65535, self.keys)
                field = signed[:signed.index(b"\r\nFrom:" if b"\r\nFrom:" in signed else b"\r\nFROM:")]
                for line in field.replace(b"\r\n", b"\n").split(b"\n"):
                    if line.startswith((b"DKIM-Signature", b"\t")):
                        self.assertLessEqual(len(line.expandtabs(8)), 78, line)
                        self.assertRegex(line, rb"^[\t\x20-\x7e]+$")

    def test_what_was_signed_and_then_changed(self) -> None:
        signed = self.our_signatures(HEADERS["plain"] + b"\r\nHi.\r\n", "relaxed/relaxed", 65535, self.keys)
        self.assertEqual([result for result, _, _ in self.our_results(signed)], ["pass", "pass"])
        changes = {
            "body": (b"Hi.", b"Ho.", "body hash did not verify"),
            "body, at its end": (b"Hi.\r\n", b"Hi.\r\nmore\r\n", "body hash did not verify"),
            "subject": (b"Subject: hello", b"Subject: hallo", "signature did not verify"),
            "a field left out": (b"To: ann@example.net\r\n", b"", "signature did not verify"),
            "a field renamed": (b"Subject:", b"Subjekt:", "signature did not verify"),
        }
        for name, (old, new, reason) in changes.items():
            with self.subTest(name):
                changed = signed.replace(old, new)
                self.assertNotEqual(changed, signed)
                self.assertEqual(self.our_results(changed), [["fail", DOMAIN, reason]] * 2)
                with self.assertRaises(dkim.DKIMException) if "body" in reason else self.subTest():
                    self.assertEqual(self.dkimpy_results(changed), [False, False])

    def test_a_limited_body(self) -> None:
        """l= is respected, and the reader of the result is told (RFC 6376 8.2)."""
        mail = self.rsa.sign(HEADERS["plain"] + b"\r\nHi.\r\n", "simple/simple", length=True)
        remark = "only the first 5 of 15 octets of the body are signed"
        self.assertEqual(self.our_results(mail), [["pass", DOMAIN, ""]])
        self.assertEqual(self.our_results(mail + b"Buy now!\r\n", 1), [["pass", DOMAIN, remark]])
        shorter = mail.replace(b"Hi.\r\n", b"")
        self.assertEqual(self.our_results(shorter), [["permerror", DOMAIN, "l= exceeds the body"]])

    def test_our_record_is_that_of_openssl(self) -> None:
        for key in self.keys:
            with self.subTest(key.kind):
                self.assertEqual(tool("record", key.pem).decode(), key.record + "\n")


if __name__ == "__main__":
    TOOL = Path(sys.argv.pop(1))
    unittest.main()
