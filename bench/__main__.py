"""Run the comparison (see the package's docstring): 0 all reached, 1 not all, 2 a program is missing, 3 a noisy machine."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from bench.measure import measure, others_share
from bench.names import every
from bench.report import Report, machine, write
from bench.servers import SERVERS
from bench.single import SINGLES, large
from bench.works import LARGE, WORKS

PACKAGES = {
    "dnsperf": "dnsperf",
    "gcc": "gcc",
    "taskset": "util-linux",
    "dnsmasq": "dnsmasq-base",
    "unbound": "unbound",
    "named": "bind9",
}
NEEDED = ("dnsperf", "gcc", "taskset")


def main() -> int:
    """Measure, print, and write what was measured."""
    options = arguments()
    missing = [program for program in PACKAGES if not shutil.which(program)]
    if missing:
        packages = " ".join(PACKAGES[program] for program in missing)
        print(f"not installed: {', '.join(missing)} (Debian: apt-get install {packages})", file=sys.stderr)
    if set(missing) & set(NEEDED):
        return 2
    servers = [name for name in SERVERS if name not in missing]
    report = Report(machine(), options.rounds, options.seconds, others_share())
    for work in WORKS:
        if options.only in work.name:
            print(f"measuring: {work.name}", file=sys.stderr)
            report.results[work] = measure(work, servers, options.rounds, options.seconds)
            shown = (f"{name} {result.cpu.median:.2f}" for name, result in report.results[work].items())
            print(f"  µs a query: {', '.join(shown)}", file=sys.stderr)
            if work.names is LARGE and work.questions is every:
                report.rows += large(report.results[work])
    for name, single in SINGLES.items():
        if options.only in name:
            print(f"measuring: {name}", file=sys.stderr)
            report.rows += single(servers, options.rounds, options.seconds)
    report.others = max(report.others, others_share())
    print(report.markdown())
    if not options.only:
        write(report, Path(__file__).parent.parent)
    if report.noise():
        return 3
    return 0 if report.all_reached() else 1


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="vpcdns beside other DNS servers")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, the servers in turn in each (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of load a round (default 2)")
    parser.add_argument("--only", default="", help="only works whose name has this word; nothing is written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
