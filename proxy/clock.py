"""clock: seconds that never go back, and that pass while the machine sleeps.

What was kept for an hour is old when a laptop is opened the next morning.  Python's `time.monotonic` stands still meanwhile on
Linux and macOS; both have another clock that does not.

Owns which clock that is.  Must never be used for time-outs: those are the event loop's, whose clock stands still as well.

A worked example::

    until = seconds() + ttl
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable


def _choose() -> Callable[[], float]:
    name = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}.get(sys.platform, "")
    number: int | None = getattr(time, name, None)
    return time.monotonic if number is None else functools.partial(time.clock_gettime, number)


seconds = _choose()
