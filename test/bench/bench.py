"""Runs the benchmarks side by side and prints their ratios. See `run`, which builds what they need."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end")]

import compare_bench  # noqa: E402  (after the path is set)
import greylist_bench  # noqa: E402
import in_flight_bench  # noqa: E402
import memory_bench  # noqa: E402
import messages_bench  # noqa: E402
import milter_bench  # noqa: E402
import policy_bench  # noqa: E402
import reload_bench  # noqa: E402
import slow_bench  # noqa: E402
import soak  # noqa: E402
import stack_bench  # noqa: E402

BENCHES = {"policy": policy_bench.run, "greylist": greylist_bench.run, "milter": milter_bench.run,
           "memory": memory_bench.run, "in_flight": in_flight_bench.run, "slow": slow_bench.run,
           "stack": stack_bench.run}
ON_DEMAND = {"compare": compare_bench.run, "messages": messages_bench.run, "reload": reload_bench.run}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", nargs="*", choices=[*BENCHES, *ON_DEMAND, "soak", []], help="which; all but those on demand without")
    parser.add_argument("--build", type=Path, required=True, help="a release build of Postern")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time")
    parser.add_argument("--sanitized", action="store_true", help="for `run`: the build is one with sanitizers")
    parser.add_argument("--mails", type=int, default=2000, help="how many a soak sends (2000)")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("the programs that are compared start as root and change to users of their own")

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # by way of what cleans up
    benches = {**BENCHES, **ON_DEMAND, "soak": lambda build, folder, scale: soak.run(build, folder, options.mails)}
    for name in options.bench or BENCHES:
        folder = Path(tempfile.mkdtemp(prefix="postern-bench-"))
        folder.chmod(0o755)
        try:
            benches[name](options.build.resolve(), folder, 0.1 if options.quick else 1.0)
        finally:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
