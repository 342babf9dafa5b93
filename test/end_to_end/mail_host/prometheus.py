"""A real Prometheus: its checker of what a daemon shows, and its server, which scrapes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from mail_host.process import HostError, Process, free_port, wait_until

PROMTOOL = shutil.which("promtool")
SERVER = shutil.which("prometheus")


def check_metrics(text: str) -> str:
    """What promtool finds wrong: with the syntax, the names, the help texts."""
    if PROMTOOL is None:
        raise HostError("promtool is not installed")
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60,
                             check=False)
    return (checked.stdout + checked.stderr).strip() if checked.returncode else ""


class Prometheus:
    """Scrapes the targets, each a host:port, many times a second."""

    def __init__(self, folder: Path, targets: list[str]) -> None:
        if SERVER is None:
            raise HostError("prometheus is not installed")
        folder.mkdir()
        self._address = f"127.0.0.1:{free_port()}"
        configuration = folder / "prometheus.yml"
        configuration.write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
            "scrape_configs": [{"job_name": "postern", "scrape_interval": "1s", "scrape_timeout": "1s",
                                "static_configs": [{"targets": targets}]}],
        }))
        self._process = Process("prometheus", [SERVER, f"--config.file={configuration}",
                                               f"--storage.tsdb.path={folder / 'data'}",
                                               f"--web.listen-address={self._address}"], folder / "prometheus.log")

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(lambda: bool(self._ready()), "it is ready")

    def stop(self) -> None:
        self._process.stop()

    def wait_for(self, query: str, wanted: float) -> None:
        """Waits until the query has one result, of this value."""
        wait_until(lambda: self.ask(query) == [wanted], f"prometheus to see {query} = {wanted}",
                   explain=lambda: f"{query} = {self.ask(query)}\n{self.problems()}")

    def ask(self, query: str) -> list[float]:
        answer = self._get(f"/api/v1/query?{urllib.parse.urlencode({'query': query})}")
        return [float(result["value"][1]) for result in answer["data"]["result"]]

    def problems(self) -> list[str]:
        """Why a target could not be scraped."""
        return [target["lastError"] for target in self._get("/api/v1/targets")["data"]["activeTargets"]
                if target["lastError"]]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://{self._address}{path}", timeout=10) as answer:
            return json.load(answer)  # type: ignore[no-any-return]
