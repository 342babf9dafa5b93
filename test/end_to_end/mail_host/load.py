"""Clients that send mail after mail while something happens to the host."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from mail_host.client import Answer, compose, message_id_of
from mail_host.host import MailHost
from mail_host.sink import Arrival
from mail_host.world import OUR_HOST, STRANGER, USER


def our_results(arrival: Arrival) -> list[str]:
    """The Authentication-Results that our milter has written."""
    return [value for value in arrival.fields("Authentication-Results") if value.startswith(OUR_HOST)]


class Load:
    """Clients that send mail after mail, and send again what was put off, as mail servers do."""

    def __init__(self, host: MailHost, sender: str, clients: int = 4, mails: int = 25) -> None:
        self.host = host
        self.contents = [compose(sender, USER, subject=str(number)) for number in range(clients * mails)]
        self.put_off: list[Answer] = []
        self.refused: list[Answer] = []
        self._sender = sender
        shares = [self.contents[start::clients] for start in range(clients)]
        self._threads = [threading.Thread(target=self._send, args=(share,)) for share in shares]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(240)

    def check_that_all_arrived(self) -> None:
        """None was refused, and none came past the milter."""
        for arrival in self.arrivals():
            assert len(our_results(arrival)) == 1, "a mail came past the milter"

    def arrivals(self) -> Iterator[Arrival]:
        """Every mail as it arrived; that one was refused, or does not arrive, is an error."""
        assert [str(answer) for answer in self.refused] == []
        for content in self.contents:
            yield self.host.sink.wait_for(message_id_of(content))

    def _send(self, contents: list[bytes]) -> None:
        end = time.monotonic() + 180
        waiting = list(contents)
        while waiting and time.monotonic() < end:
            content = waiting.pop(0)
            try:
                answer = self.host.send(STRANGER, self._sender, USER, content)
            except OSError:  # the connection broke: unknown whether it was taken, so it is sent again
                waiting.append(content)
                continue
            if answer.accepted:
                continue
            if answer.last.code < 500:
                self.put_off.append(answer)
                waiting.append(content)
                time.sleep(0.2)
            else:
                self.refused.append(answer)
