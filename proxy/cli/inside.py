"""Where `vpcdns exec` puts a command."""

from __future__ import annotations

from typing import NamedTuple

from proxy.configuration import Configuration
from proxy.model.answers import ServerAddress
from proxy.model.world import View
from proxy.source import Source


class InView(NamedTuple):
    """A view of a configuration, and where that comes from."""

    source: Source
    configuration: Configuration
    view: View


Inside = InView | ServerAddress
"""In a view, or wherever a server that runs says."""
