"""`vpcdns schema`: the JSON schema of the file, for editors."""

from __future__ import annotations

from proxy.cli.output import say_json
from proxy.settings.schema import json_schema


def run() -> None:
    """Print the JSON schema of the configuration file."""
    say_json(json_schema())
