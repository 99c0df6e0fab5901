"""Prometheus' text format (version 0.0.4).

>>> print(written([Family("x_total", Kind.COUNTER, "What it is.", [Sample({"view": "app"}, 3)])]), end="")
# HELP x_total What it is.
# TYPE x_total counter
x_total{view="app"} 3
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Kind(Enum):
    """What a number does: a counter grows, a gauge goes up and down."""

    COUNTER = "counter"
    GAUGE = "gauge"


class Sample(NamedTuple):
    """A number under its labels."""

    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """A metric: its name, what it is, and a sample for every set of labels."""

    name: str
    kind: Kind
    about: str
    samples: Sequence[Sample]


def written(families: Iterable[Family]) -> str:
    """The text that Prometheus reads; families without a sample are left out."""
    lines = []
    for family in families:
        if family.samples:
            lines.append(f"# HELP {family.name} {family.about.translate(_IN_HELP)}")
            lines.append(f"# TYPE {family.name} {family.kind.value}")
            lines += [f"{family.name}{_labels(sample.labels)} {_number(sample.value)}" for sample in family.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_IN_LABEL)}"' for name, value in labels.items()) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
