"""What the pages work with."""

from __future__ import annotations

from proxy.app import Server
from proxy.configuration import Configuration
from proxy.inventory import Counts, count
from proxy.web.watching import Watching


class Desk:
    """A running server, who watches its queries, and what its configuration holds, counted once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.watching = Watching(server.watch, server.unwatch)
        self.closed = False
        self.streams = 0
        self._counted: tuple[Configuration, Counts] | None = None

    @property
    def counts(self) -> Counts:
        """How much of what the configuration has."""
        configuration = self.server.configuration
        if self._counted is None or self._counted[0] is not configuration:
            self._counted = configuration, count(configuration)
        return self._counted[1]

    def close(self) -> None:
        """Watch no more; streams end."""
        self.closed = True
        self.watching.stop()
