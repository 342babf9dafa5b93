"""The files that people start with, compose.yaml and kubernetes.yaml, read and run as they are."""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from containers import HERE, ROOT, STRANGER, Container, send, speak
from mail_host.client import compose, message_id_of
from mail_host.clamd import EICAR
from mail_host.keys import verified_algorithms
from mail_host.process import run, wait_until
from mail_host.sink import Sink
from mail_host.slapd import BIND_DN, PASSWORD, Authority, Slapd
from mail_host.world import World

LAN = "10.97.0.1"  # where the older server and the directory are; behind it is this host's loopback interface

# Nobody waits for five minutes of greylisting here.
OVERRIDE = """
services:
  mail_in:
    environment: {POSTERN_GREYLIST_DELAY: 1s, POSTGREY_WHITELIST_UPDATE: "false"}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Slapd]:
    made = Slapd(tmp_path / "slapd", Authority(tmp_path / "ca"), ["smtp:user@postern.example"], anonymous=False)
    made.start()
    yield made
    made.stop()


def volume(name: str) -> Path:
    """A named volume of the recipe, which compose will find there."""
    subprocess.run(["podman", "volume", "create", f"recipe_{name}"], capture_output=True, check=False)  # which may be there
    return Path(run(["podman", "volume", "inspect", f"recipe_{name}", "--format", "{{.Mountpoint}}"]).strip())


def fill_volumes(world: World) -> None:
    certs, dkim = volume("certs"), volume("dkim")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=mail.postern.example", "-keyout", certs / "privkey.pem", "-out", certs / "fullchain.pem"])
    key = world.our_keys[0]
    (dkim / "ours.private").write_bytes(key.pem.read_bytes())
    (dkim / "ours.private").chmod(0o600)
    (dkim / "KeyTable").write_text(f"ours postern.example:{key.selector}:/etc/mail/dkim/ours.private\n")
    (dkim / "SigningTable").write_text("*@postern.example ours\n")
    for name in ("clamav_in", "clamav_out"):
        (volume(name) / "eicar.ndb").write_text(f"Test.Eicar:0:*:{EICAR.encode().hex()}\n")


def open_the_world(sink: Sink) -> None:
    """For the containers: the LAN, the world's DNS whomever they ask, and the sink for the stranger's MX."""
    Path("/proc/sys/net/ipv4/conf/all/route_localnet").write_text("1")
    for rule in (f"-d {LAN} -j DNAT --to-destination 127.0.0.1",
                 "-p udp --dport 53 -j DNAT --to-destination 127.0.0.1",
                 "-p tcp --dport 53 -j DNAT --to-destination 127.0.0.1",
                 f"-p tcp -d {STRANGER} --dport 25 -j DNAT --to-destination 127.0.0.1:{sink.port}"):
        run(["iptables", "-t", "nat", "-I", "PREROUTING", *shlex.split(rule)])


@contextlib.contextmanager
def recipe(folder: Path, values: dict[str, str]) -> Iterator[None]:
    """The services of compose.yaml, with these in place of what is written there in capitals."""
    text = (ROOT / "container/compose.yaml").read_text()
    for written, value in values.items():
        assert written in text
        text = text.replace(written, value)
    settings = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert not re.search(r"YOUR|OTHERDOMAIN", settings), "compose.yaml has something that this test does not fill in"
    (folder / "compose.yaml").write_text(text)
    (folder / "override.yaml").write_text(OVERRIDE)
    (folder / "ldap_password").write_text(PASSWORD)
    command = ["podman-compose", "-p", "recipe", "-f", folder / "compose.yaml", "-f", folder / "override.yaml"]
    try:
        run([*command, "up", "-d"], seconds=120)
        yield
    except BaseException:
        for name in ("mail_in", "mail_out"):
            print(subprocess.run(["podman", "logs", name], capture_output=True, text=True, check=False))
        raise
    finally:
        subprocess.run([*command, "down", "-v", "-t", "2"], capture_output=True, check=False, timeout=120)


def test_the_recipe_of_compose_yaml_around_an_older_server(world: World, sink: Sink, directory: Slapd, tmp_path: Path) -> None:
    fill_volumes(world)
    run(["podman", "tag", "localhost/postern:test", "localhost/postern:latest"])
    values = {"CN=mailrelay,OU=Service Accounts,OU=Users,DC=YOURDOMAIN,DC=example": BIND_DN, "YOURDOMAIN": "postern",
              "SOMEOTHERDOMAIN": "other", "YOUR.LAN.SUBNET.0/24": f"{HERE}/32", "YOUR.OLDER.SERVER.ADDRESS": f"[{LAN}]:{sink.port}",
              "YOUR.DIRECTORY.SERVER.ADDRESS": f"{LAN}:{directory.port}"}
    open_the_world(sink)
    with recipe(tmp_path, values):
        mail_in, mail_out = Container("mail_in"), Container("mail_out")
        for it in (mail_in, mail_out):
            it.wait_healthy()

        # From the world, to the older server
        mail = compose("a@stranger.example", "user@postern.example")

        def arrives(content: bytes = mail, recipient: str = "user") -> tuple[int, str]:
            return send(content, "a@stranger.example", f"{recipient}@postern.example", source=STRANGER, port=2525)

        code, text = arrives()
        assert (code, "Greylisted" in text) == (450, True), text
        code, text = arrives(recipient="nobody")
        assert (code, "User unknown" in text) == (450, True), text
        time.sleep(1.5)
        wait_until(lambda: arrives()[0] == 250, "the mail to be taken, when clamd is there", 30, mail_in.logs)
        arrival = sink.wait_for(message_id_of(mail))
        assert arrival.fields("Received-SPF")[0].lower().startswith("pass")
        assert arrival.fields("Authentication-Results")[0].startswith("mail.postern.example")
        assert "(inbound)" in " ".join(arrival.fields("Received"))
        code, text = arrives(compose("a@stranger.example", "user@postern.example", body=EICAR + "\n"))
        assert (code, "Eicar" in text) == (550, True), text

        # From the older server, to the world
        def leaves(content: bytes) -> int:
            return send(content, "user@postern.example", "you@stranger.example", source=HERE)[0]

        mail = compose("user@postern.example", "you@stranger.example")
        wait_until(lambda: leaves(mail) == 250, "the mail to be taken, when clamd is there", 30, mail_out.logs)
        arrival = sink.wait_for(message_id_of(mail))
        assert verified_algorithms(arrival.content, world.zone) == ["rsa-sha256"]
        assert "mail.postern.example" in arrival.fields("X-Virus-Scanned")[0]
        assert leaves(compose("user@postern.example", "you@stranger.example", body=EICAR + "\n")) == 550
        with speak(source=STRANGER) as session:  # who is not of the LAN gets nothing out
            session.ehlo()
            session.mail("a@stranger.example")
            assert session.rcpt("you@elsewhere.example")[0] == 554
        for it in (mail_in, mail_out):
            assert it.stop() == 0


def probes(manifest: Path) -> dict[str, tuple[list[str], int]]:
    """The command of each probe of the one container, and the seconds that it has."""
    pod = next(document for document in yaml.safe_load_all(manifest.read_text()) if document["kind"] == "Pod")
    [mail] = pod["spec"]["containers"]
    found = {name: (mail[name]["exec"]["command"], mail[name]["timeoutSeconds"]) for name in mail if name.endswith("Probe")}
    assert set(found) == {"startupProbe", "readinessProbe", "livenessProbe"}
    return found


def test_in_a_pod(world: World) -> None:
    manifest = ROOT / "container/kubernetes.yaml"
    commands = probes(manifest)

    def verdicts() -> dict[str, int]:
        """The status of each, as the kubelet would have it: asked inside, and given up on in time."""
        def ask(name: str) -> int:
            command, seconds = commands[name]
            return subprocess.run(["podman", "exec", "postern-mail", *command], capture_output=True, check=False, timeout=seconds).returncode
        with ThreadPoolExecutor() as threads:
            return dict(zip(commands, threads.map(ask, commands)))

    run(["podman", "kube", "play", manifest], seconds=120)
    try:
        it = Container("postern-mail")
        wait_until(lambda: set(verdicts().values()) == {0}, "a healthy pod", 60, it.logs)
        assert "Permission denied" not in it.logs()
        # A service that Postfix asks is gone: its greeting is as ever, and each recipient is told 451.
        before = it.exec("cat", "/run/postern/postfix/main.cf")
        it.exec("postconf", "-e", "smtpd_recipient_restrictions = check_policy_service unix:/run/gone, permit")
        it.exec("postfix", "reload")
        wait_until(lambda: 0 not in verdicts().values(), "all probes to fail", 30, lambda: str(verdicts()))
        it.exec("sh", "-c", f"printf %s {shlex.quote(before)} >/run/postern/postfix/main.cf && postfix reload")
        wait_until(lambda: set(verdicts().values()) == {0}, "a healthy pod again", 30, it.logs)
        # And one that hangs: the probe gives up by itself, before the kubelet would.
        everybody = "$(grep -lE '^(master|smtpd)$' /proc/[0-9]*/comm | cut -d/ -f3)"
        it.exec("sh", "-c", f"kill -STOP {everybody}")
        assert 0 not in verdicts().values()
        it.exec("sh", "-c", f"kill -CONT {everybody}")
        wait_until(lambda: set(verdicts().values()) == {0}, "a healthy pod at last", 30, it.logs)
        assert it.stop() == 0
    finally:
        run(["podman", "kube", "down", manifest], seconds=60)


def test_the_gateway_of_the_bridge_may_not_relay() -> None:
    shown = run(["podman", "run", "--rm", "-e", "MAILNAME=mail.postern.example", "localhost/postern:plain", "postern-container", "show"])
    [networks] = [line for line in shown.splitlines() if line.startswith("mynetworks = ")]
    assert re.match(r"mynetworks = !10\.\d+\.\d+\.1 127\.0\.0\.0/8 ", networks)
