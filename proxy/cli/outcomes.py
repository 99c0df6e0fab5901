"""What came of a question: its colour, and the status to exit with."""

from __future__ import annotations

from proxy.asking import Outcome
from proxy.cli.status import Status

STATUS = {
    Outcome.ANSWER: Status.GOOD,
    Outcome.NODATA: Status.PROBLEM,
    Outcome.NXDOMAIN: Status.PROBLEM,
    Outcome.FAILURE: Status.NO_ANSWER,
    Outcome.SILENCE: Status.NO_ANSWER,
    Outcome.UNASKED: Status.GOOD,
}
STYLE = {
    Outcome.ANSWER: "bold green",
    Outcome.NODATA: "bold yellow",
    Outcome.NXDOMAIN: "bold yellow",
    Outcome.FAILURE: "bold red",
    Outcome.SILENCE: "bold red",
    Outcome.UNASKED: "bold cyan",
}
