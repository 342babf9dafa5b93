"""The DNS of the test world, written as a root zone for NSD.

Every name that is not in the zone does not exist. Names under a domain of
`broken` are answered SERVFAIL, as by a server whose own zone is damaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Zone:
    records: list[tuple[str, str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    ttl: int = 1  # a test that changes a record need not wait

    def add(self, name: str, kind: str, value: str) -> None:
        """One record; TXT takes any text of any length, the rest is as a zone file has it."""
        self.records.append((name, kind, value))

    def text_at(self, name: str) -> str | None:
        """The TXT record of a name."""
        return next((value for found, kind, value in self.records if (found, kind) == (name, "TXT")), None)

    def text(self) -> str:
        lines = [
            "$ORIGIN .",
            f"$TTL {self.ttl}",
            ". IN SOA ns.test.example. hostmaster.test.example. 1 3600 600 86400 1",
            ". IN NS ns.test.example.",
            "ns.test.example. IN A 127.0.0.1",
        ]
        for name, kind, value in self.records:
            lines.append(f"{name}. IN {kind} {_quoted(value) if kind == 'TXT' else value}")
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TXT record's strings: at most 255 octets each (RFC 1035 3.3)."""
    pieces = [text[at:at + 255] for at in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
