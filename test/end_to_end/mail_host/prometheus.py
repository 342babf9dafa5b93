"""A real Prometheus, which scrapes what it is given and answers questions about it; and promtool, which reads a text."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mail_host.process import Process, free_port, run

CONFIGURATION = """\
global: {{ scrape_interval: 250ms, scrape_timeout: 250ms }}
scrape_configs:
{jobs}
"""
JOB = '- {{ job_name: "{name}", static_configs: [ {{ targets: ["127.0.0.1:{port}"] }} ] }}'


class Prometheus:
    """`targets`: the ports of 127.0.0.1 with a /metrics, by the name of their job."""

    def __init__(self, folder: Path, targets: Mapping[str, int]) -> None:
        folder.mkdir()
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        jobs = "\n".join(JOB.format(name=name, port=target) for name, target in targets.items())
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(jobs=jobs))
        self._process = Process("prometheus", [_program("prometheus"), f"--config.file={folder}/prometheus.yml",
                                               f"--storage.tsdb.path={folder}/data",
                                               f"--web.listen-address=127.0.0.1:{port}"], folder / "log")

    def start(self) -> None:
        self._process.start()
        self._process.wait_until(self._is_ready, "it is ready")

    def stop(self) -> None:
        self._process.stop()

    def targets(self) -> dict[str, str]:
        """The last error of each job's scrape, empty if there was none; jobs not scraped so far are left out."""
        active = self._get("/api/v1/targets")["data"]["activeTargets"]
        return {target["labels"]["job"]: target["lastError"] for target in active if target["health"] != "unknown"}

    def value(self, query: str) -> float | None:
        """What the query says, of which there must be one series; nothing if there is none yet."""
        result = self._get(f"/api/v1/query?{urllib.parse.urlencode({'query': query})}")["data"]["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(self._url + path, timeout=10) as answer:
            return json.load(answer)  # type: ignore[no-any-return]


def lint(metrics: str) -> str:
    """What promtool has to say of them; it also reads them as Prometheus does."""
    return run([_program("promtool"), "check", "metrics"], text=metrics)


def _program(name: str) -> str:
    return shutil.which(name) or f"/usr/bin/{name}"
