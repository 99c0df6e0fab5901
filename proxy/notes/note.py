"""A note."""

from __future__ import annotations

from typing import NamedTuple

from proxy.settings.problems import Path


class Note(NamedTuple):
    """Something worth knowing about what stands at `path`."""

    path: Path
    what: str
