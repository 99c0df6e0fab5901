"""What the machine says of this process; what it does not say is left out.

Names and meaning are those of all Prometheus clients.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from proxy.web.exposition import Family, Kind, Sample

_STATISTICS = Path("/proc/self/statm")
_DESCRIPTORS = Path("/proc/self/fd")


def process_families(started: float) -> Iterator[Family]:
    """Processor time, memory and open files; `started` is in seconds since 1970."""
    yield _gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", started)
    used = os.times()
    about = "Processor time that was used, in seconds."
    yield Family("process_cpu_seconds_total", Kind.COUNTER, about, [Sample({}, used.user + used.system)])
    with suppress(OSError, ValueError, AttributeError):
        resident = int(_STATISTICS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        yield _gauge("process_resident_memory_bytes", "Memory that is in use, in octets.", resident)
    with suppress(OSError):
        yield _gauge(
            "process_open_fds", "How many files are open, sockets included.", sum(1 for _ in _DESCRIPTORS.iterdir())
        )
    with suppress(ImportError, OSError):
        import resource  # noqa: PLC0415  Windows has none

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        yield _gauge("process_max_fds", "How many files may be open.", most)


def _gauge(name: str, about: str, value: float) -> Family:
    return Family(name, Kind.GAUGE, about, [Sample({}, value)])
