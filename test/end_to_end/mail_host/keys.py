"""DKIM keys, made by openssl(1): PEM files for the daemons, DNS records for everybody, bytes for dkimpy."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dkim

from mail_host.process import run
from mail_host.zone import Zone


def verified_algorithms(content: bytes, zone: Zone) -> list[str]:
    """The algorithms of a mail's signatures, which dkimpy must all find good: those it does not are left out."""
    def text_at(name: str) -> bytes | None:
        text = zone.text_at(name)
        return text.encode() if text is not None else None

    return [algorithm for algorithm, _ in verified_signatures(content, text_at)]


def verified_signatures(content: bytes, text_at: Callable[[str], bytes | None]) -> list[tuple[str, str]]:
    """Algorithm and selector of those signatures of a mail that dkimpy finds good, by these TXT records."""
    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        return text_at(name.decode().rstrip("."))

    good = []
    verifier = dkim.DKIM(content)
    for index, signature in enumerate(value for name, value in verifier.headers if name.lower() == b"dkim-signature"):
        try:
            if dkim.DKIM(content).verify(idx=index, dnsfunc=txt):
                good.append((re.findall(rb"\ba=([\w-]+)", signature)[0].decode(),
                             re.findall(rb"\bs=([\w.-]+)", signature)[0].decode()))
        except dkim.DKIMException:
            pass
    return sorted(good)


@dataclass(frozen=True)
class DkimKey:
    domain: str
    selector: str
    kind: str  # rsa or ed25519
    pem: Path

    @classmethod
    def create(cls, folder: Path, domain: str, selector: str, kind: str, bits: int = 2048) -> DkimKey:
        pem = folder / f"{selector}.{domain}.pem"
        options = ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"] if kind == "rsa" else ["-algorithm", kind]
        run(["openssl", "genpkey", *options, "-out", pem])
        return cls(domain, selector, kind, pem)

    @property
    def record_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record (RFC 6376 3.6.1); of an Ed25519 key only the last 32 octets (RFC 8463 4)."""
        der = self._openssl("pkey", "-pubout", "-outform", "DER")
        public = der if self.kind == "rsa" else der[-32:]
        return f"v=DKIM1; k={self.kind}; p={base64.b64encode(public).decode()}"

    def sign(self, content: bytes) -> bytes:
        """The mail with a DKIM-Signature of this key on top, made by dkimpy."""
        if self.kind == "rsa":
            private, algorithm = self.pem.read_bytes(), b"rsa-sha256"
        else:
            seed = self._openssl("pkey", "-outform", "DER")[-32:]
            private, algorithm = base64.b64encode(seed), b"ed25519-sha256"
        signature = dkim.sign(content, self.selector.encode(), self.domain.encode(), private,
                              canonicalize=(b"relaxed", b"relaxed"), signature_algorithm=algorithm)
        return bytes(signature) + content

    def _openssl(self, *words: str) -> bytes:
        return subprocess.run(["openssl", words[0], "-in", str(self.pem), *words[1:]], check=True,
                              capture_output=True).stdout
