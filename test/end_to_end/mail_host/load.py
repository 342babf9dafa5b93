"""Clients that send mail after mail while something happens to the host."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from mail_host.clamd import EICAR, SIGNATURE
from mail_host.client import Answer, Client, compose, message_id_of
from mail_host.host import MailHost
from mail_host.sink import Arrival
from mail_host.world import OUR_HOST, STRANGER, USER


def our_results(arrival: Arrival) -> list[str]:
    """The Authentication-Results that our milter has written."""
    return [value for value in arrival.fields("Authentication-Results") if value.startswith(OUR_HOST)]


class Load:
    """Clients that send mail after mail, and send again what was put off, as mail servers do.

    With `infected` every second mail is, and each of those must be refused with the name of what clamd found.
    """

    def __init__(self, host: MailHost, sender: str, clients: int = 4, mails: int = 25, *, infected: bool = False,
                 client: Client = STRANGER, patience: float = 180) -> None:
        self.host = host
        clean = clients * mails // 2 if infected else clients * mails
        self.contents = [compose(sender, USER, subject=str(number)) for number in range(clean)]
        self.infected = [compose(sender, USER, subject=str(number), body=EICAR)
                         for number in range(clean if infected else 0)]
        self.put_off: list[Answer] = []
        self.refused: list[Answer] = []
        self.found: list[Answer] = []  # infected, and refused as such
        self.passed: list[Answer] = []  # infected, and accepted
        self.unsent = 0
        self._sender = sender
        self._client = client
        self._patience = patience
        mixed = self.contents
        if infected:
            mixed = [content for pair in zip(self.contents, self.infected) for content in pair]
        shares = [mixed[start::clients] for start in range(clients)]
        self._threads = [threading.Thread(target=self._send, args=(share,)) for share in shares]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(self._patience + 60)

    @property
    def running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def check_that_all_arrived(self) -> None:
        """None was refused, and none came past the milter."""
        for arrival in self.arrivals():
            assert len(our_results(arrival)) == 1, "a mail came past the milter"

    def check_that_no_virus_passed(self) -> None:
        """Each infected mail was refused for good, and none has arrived."""
        assert [str(answer) for answer in self.passed] == [], "an infected mail was accepted"
        assert len(self.found) == len(self.infected), "each infected mail was refused for good"
        arrived = [content for content in self.infected if self.host.sink.arrivals(message_id_of(content))]
        assert arrived == [], "an infected mail passed"

    def arrivals(self) -> Iterator[Arrival]:
        """Every clean mail as it arrived; that one was refused, or does not arrive, is an error."""
        assert [str(answer) for answer in self.refused] == []
        assert self.unsent == 0, f"{self.unsent} mails were put off for ever"
        for content in self.contents:
            yield self.host.sink.wait_for(message_id_of(content))

    def _send(self, contents: list[bytes]) -> None:
        end = time.monotonic() + self._patience
        waiting = list(contents)
        while waiting and time.monotonic() < end:
            content = waiting.pop(0)
            try:
                answer = self.host.send(self._client, self._sender, USER, content)
            except OSError:  # the connection broke: unknown whether it was taken, so it is sent again
                waiting.append(content)
                continue
            is_infected = EICAR.encode() in content
            if answer.accepted:
                if is_infected:
                    self.passed.append(answer)
            elif answer.last.code < 500:
                self.put_off.append(answer)
                waiting.append(content)
                time.sleep(0.2)
            elif is_infected and SIGNATURE in answer.last.text:
                self.found.append(answer)
            else:
                self.refused.append(answer)
        self.unsent += len(waiting)
