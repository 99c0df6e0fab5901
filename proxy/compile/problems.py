"""The problems that compiling finds, gathered by path; their marks are looked up when all are known."""

from __future__ import annotations

from dataclasses import field

from proxy.nouns import dataclass
from proxy.settings.problems import Path


@dataclass(slots=True)
class Problems:
    """A list that every `compile_x` adds to, so that all mistakes of a file are told at once.

    `moved` leads from the path of what a short form stands for to the path where the user wrote it.
    """

    found: list[tuple[Path, str, str]] = field(default_factory=list)
    moved: dict[Path, Path] = field(default_factory=dict)

    def add(self, path: Path, what: str, hint: str = "") -> None:
        """One mistake at `path`: what is wrong, and what to write instead."""
        for length in range(len(path), 0, -1) if self.moved else ():
            if path[:length] in self.moved:
                path = self.moved[path[:length]]
                break
        self.found.append((path, what, hint))
