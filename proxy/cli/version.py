"""`vpcdns version`: which vpcdns this is, and what it runs on."""

from __future__ import annotations

import platform
from importlib import metadata

from proxy import __version__
from proxy.cli.arguments import JsonOption
from proxy.cli.output import aligned, say, say_json

_LIBRARIES = ("dnslib", "pydantic", "PyYAML", "rich", "typer")


def run(as_json: JsonOption = False) -> None:
    """Show the versions of vpcdns, of Python and of the libraries, and which extras are there."""
    extras = _extras()
    libraries = {name: _version_of(name) for name in _LIBRARIES}
    if as_json:
        say_json(
            {
                "version": __version__,
                "python": platform.python_version(),
                "platform": platform.platform(),
                "libraries": libraries,
                "extras": extras,
            }
        )
        return
    say(f"vpcdns {__version__}")
    rows = [
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("platform", platform.platform()),
        *((name, version or "not there") for name, version in libraries.items()),
        ("extras", ", ".join(extras) or "none"),
    ]
    for line in aligned(rows):
        say(f"  {line}")


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _extras() -> list[str]:
    """The extras that this installation offers; none where it runs from its source tree."""
    try:
        return metadata.metadata("vpcdns").get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return []
