"""The domains and clients of the test world, and what its DNS says of them.

`postern.example` is ours. The others send to us; their names say how they
behave. Addresses are those set apart for documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import dns.reversename

from mail_host.client import Client
from mail_host.keys import DkimKey
from mail_host.zone import Zone

OUR_DOMAIN = "postern.example"
OUR_HOST = "mail.postern.example"
USER = f"user@{OUR_DOMAIN}"

LOCAL = Client(helo="localhost")
COLLEAGUE = Client("192.0.2.10", "desk.postern.example", "desk.postern.example")  # in our own network
TRAVELLER = Client("203.0.113.80", "hotel.example", "laptop", login="user")  # far away, but logged in
STRANGER = Client("198.51.100.25", "mx.stranger.example", "mx.stranger.example")
STRANGER6 = Client("2001:db8:51::25", "mx.stranger.example", "mx.stranger.example")
FORGER = Client("203.0.113.66", "dialup-66.pool.example", "mx.stranger.example.pool.example")

LISTED = Client("203.0.113.99", "dialup-99.pool.example", "spam.pool.example")
LISTED6 = Client("2001:db8:bad::1", "dialup-6.pool.example", "spam.pool.example")
LISTED_AND_GOOD = Client("203.0.113.98", "big.pool.example", "big.pool.example")
LISTED_BY_KEY = Client("203.0.113.97", "dialup-97.pool.example", "spam.pool.example")
GRUDGED = Client("203.0.113.96", "dialup-96.pool.example", "honest.pool.example")  # its list answers an error
GOOD = Client("203.0.113.95", "good.pool.example", "good.pool.example")

BAD_LIST = "bl.lists.example"
GOOD_LIST = "wl.lists.example"
NAME_LIST = "names.lists.example"
DEAD_LIST = "dead.lists.example"
WILD_LIST = "wild.lists.example"  # lists everything
REFUSING_LIST = "refusing.lists.example"  # answers everything with an error
GRUDGING_LIST = "grudging.lists.example"
LIST_KEY = "aip7yig6sahg6ehsohn5shco3z"
KEYED_LIST = f"{LIST_KEY}.zen.dq.spamhaus.net"

OUR_NETWORKS = ["127.0.0.0/8", "::1", "192.0.2.0/24"]


@dataclass(frozen=True)
class World:
    zone: Zone
    our_keys: list[DkimKey]  # one rsa, one ed25519
    stranger_key: DkimKey

    @classmethod
    def create(cls, folder: Path) -> World:
        folder.mkdir()
        our_keys = [DkimKey.create(folder, OUR_DOMAIN, "rsa1", "rsa"),
                    DkimKey.create(folder, OUR_DOMAIN, "ed1", "ed25519")]
        stranger_key = DkimKey.create(folder, "stranger.example", "s1", "rsa")
        zone = Zone(broken=["broken.example"])
        for key in [*our_keys, stranger_key]:
            zone.add(key.record_name, "TXT", key.record)
        _add_hosts(zone)
        return cls(zone, our_keys, stranger_key)


def _add_hosts(zone: Zone) -> None:
    zone.add(OUR_DOMAIN, "MX", f"10 {OUR_HOST}.")
    zone.add(OUR_DOMAIN, "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    zone.add(OUR_HOST, "A", "192.0.2.1")

    zone.add("stranger.example", "MX", "10 mx.stranger.example.")
    zone.add("stranger.example", "TXT", "v=spf1 mx -all exp=why.stranger.example")
    zone.add("why.stranger.example", "TXT", "%{i} may not send mail of %{d}")
    zone.add("mx.stranger.example", "A", STRANGER.address)
    zone.add("mx.stranger.example", "AAAA", STRANGER6.address)
    zone.add("mx.stranger.example", "TXT", "v=spf1 a -all")
    zone.add("25.100.51.198.in-addr.arpa", "PTR", "mx.stranger.example.")

    _add_dns_lists(zone)

    zone.add("old-hosts.example", "TXT", "v=spf1 mx -all")  # three MX hosts without an IPv6 address
    for number in (1, 2, 3):
        zone.add("old-hosts.example", "MX", f"{number}0 mx{number}.old-hosts.example.")
        zone.add(f"mx{number}.old-hosts.example", "A", f"198.51.100.{100 + number}")

    zone.add("careless.example", "TXT", "v=spf1 include:loop.careless.example -all")  # permerror
    zone.add("loop.careless.example", "TXT", "v=spf1 include:loop.careless.example")
    zone.add("silent.example", "MX", "10 mx.stranger.example.")  # no SPF record
    zone.add("_dmarc.stranger.example", "TXT", "v=DMARC1; p=none")
    zone.add("_dmarc.strict.example", "TXT", "v=DMARC1; p=reject; sp=quarantine; np=reject")
    zone.add("strict.example", "TXT", f"v=spf1 ip4:{STRANGER.address} -all")
    zone.add("there.strict.example", "A", "198.51.100.77")
    zone.add("_dmarc.testing.example", "TXT", "v=DMARC1; p=quarantine; t=y")
    zone.add("testing.example", "A", "198.51.100.78")
    zone.add("_dmarc.bank.example", "TXT", "v=DMARC1; p=reject; psd=y")  # RFC 9989 B.4.3
    zone.add("_dmarc.giant.bank.example", "TXT", "v=DMARC1; p=quarantine")
    zone.add("mail.giant.bank.example", "TXT", f"v=spf1 ip4:{STRANGER.address} -all")
    zone.add("mail.mega.bank.example", "TXT", f"v=spf1 ip4:{STRANGER.address} -all")

    zone.add("xn--bcher-kva.example", "TXT", f"v=spf1 ip4:{STRANGER.address} -all")  # bücher.example


def _add_dns_lists(zone: Zone) -> None:
    for name, address in [(BAD_LIST, "127.0.0.2"), (GOOD_LIST, "127.0.0.2"), (GRUDGING_LIST, "127.0.0.2"),
                          (KEYED_LIST, "127.0.0.2")]:
        zone.add(f"2.0.0.127.{name}", "A", address)  # RFC 5782 5: the test entry
    zone.add(f"test.{NAME_LIST}", "A", "127.0.1.2")
    zone.add(f"*.{WILD_LIST}", "A", "127.0.0.2")
    zone.add(f"*.{REFUSING_LIST}", "A", "127.255.255.254")

    for client in (LISTED, LISTED6, LISTED_AND_GOOD):
        _list(zone, client, BAD_LIST, "127.0.0.4", "https://lists.example/why")
    for client in (LISTED_AND_GOOD, GOOD):
        _list(zone, client, GOOD_LIST, "127.0.5.3")
    _list(zone, LISTED_BY_KEY, KEYED_LIST, "127.0.0.4", f"https://check.example/?key={LIST_KEY}")
    _list(zone, GRUDGED, GRUDGING_LIST, "127.255.255.255")
    zone.add(f"spammer.example.{NAME_LIST}", "A", "127.0.1.2")


def _list(zone: Zone, client: Client, name: str, answer: str, reason: str = "") -> None:
    reverse = dns.reversename.from_address(client.address).to_text()
    entry = reverse.replace(".in-addr.arpa.", "").replace(".ip6.arpa.", "") + f".{name}"
    zone.add(entry, "A", answer)
    if reason:
        zone.add(entry, "TXT", reason)
