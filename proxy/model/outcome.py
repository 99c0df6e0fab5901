"""What came of one query: for logs, metrics and pages, never for the answer itself."""

from __future__ import annotations

from typing import NamedTuple

from proxy.dns.query import Query
from proxy.model.answers import Answer
from proxy.model.plan import ClientAddress
from proxy.model.world import View


class Outcome(NamedTuple):
    """A query that was answered: who asked what, in which view, the answer with its reason, and after how many seconds.

    `client` is who the query counts as: where a client-subnet option stands for another address, it has that one.
    """

    query: Query
    client: ClientAddress
    view: View
    answer: Answer
    seconds: float

    @property
    def transport(self) -> str:
        """UDP or TCP."""
        return "TCP" if self.client.tcp else "UDP"

    @property
    def instance(self) -> str | None:
        """The id of the VPC's instance that asked, if it was one."""
        return None if self.view.vpc is None else self.view.vpc.instances.get(self.client.host)

    @property
    def resolver_endpoint(self) -> str | None:
        """The id of the inbound endpoint that the query came through, if it came through one."""
        return self.view.resolver_endpoint
