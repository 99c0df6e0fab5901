"""quiet: large pieces of work that leave the loop's thread its turns.

Owns how Python's collector of garbage and its threads are told to behave while a configuration is loaded, and afterwards.
Must never do the work.

What it buys, with 10,000 records and 5,000 queries a second: a longest answer of 10 instead of 50 ms while it reloads.

A worked example::

    with quiet():
        configuration = load(source)        # in another thread, or before there is a loop
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# The loop's thread asks for the interpreter whenever a packet has come, and gets it after this many seconds; usually 5 ms.
_TURN_SECONDS = 0.0005

# What a query leaves is freed at once, by counting.  Cycles are rare: an exception here, a closed connection there.
_THRESHOLDS = 10_000, 50, 1000


@contextmanager
def quiet() -> Iterator[None]:
    """While this lasts, nobody looks for garbage, and threads take short turns; what was made is never looked at again.

    It stays, and hardly anything of it is garbage: looking for some takes two fifths of the time that loading 100,000 names
    takes, and later, each time, 0.2 s in which nobody is answered.
    """
    turns = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        sys.setswitchinterval(turns)
