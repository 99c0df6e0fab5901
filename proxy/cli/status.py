"""What a verb exits with."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Exit statuses, the same for every verb.

    2 is also what Typer exits with.  NO_ANSWER is for SERVFAIL, REFUSED, any further rcode that is neither NOERROR nor
    NXDOMAIN, and time-outs: nobody could say whether the name exists.
    """

    GOOD = 0
    PROBLEM = 1
    USAGE = 2
    MACHINE = 3
    NO_ANSWER = 4
    DEFECT = 5
