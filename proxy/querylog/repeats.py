"""What Route 53 Resolver would not log.

It logs "only unique queries, not queries that it can answer from the cache": the example of "Resolver query logging" is an
instance that asks again within the TTL.  So the second line is left out for the same client, name and type in a VPC.  What a
firewall rule alerts to or blocks is logged each time here; AWS does not say.
"""

from __future__ import annotations

from proxy.model.answers import ReasonKind
from proxy.model.outcome import Outcome

_REMEMBERED = 10_000
_NOT_AWS = frozenset((ReasonKind.CLIENT_REFUSED, ReasonKind.SELF))  # clients that AWS has not, and a name that it has not


class Repeats:
    """Remembers until when an answer would be in the client's cache, for a bounded number of them."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, bytes, int], float] = {}

    def wants(self, moment: float, outcome: Outcome) -> bool:
        """True where AWS would log a query that was answered at `moment`, in seconds of any clock."""
        query, client, view, answer, _ = outcome
        if view.vpc is None or answer.reason.kind in _NOT_AWS:
            return False
        if answer.firewall is not None:
            return True
        key = (view.name, client.host, query.name, query.type)
        if moment < self._until.get(key, moment):
            return False
        ttl = min((found.ttl for _, found in (*answer.sections.answer, *answer.sections.authority)), default=0)
        if ttl:
            if len(self._until) >= _REMEMBERED:
                self._forget(moment)
            self._until[key] = moment + ttl
        return True

    def _forget(self, moment: float) -> None:
        """Forget what is over; everything, if that is not half of it."""
        lasting = {key: until for key, until in self._until.items() if until > moment}
        self._until = lasting if len(lasting) <= _REMEMBERED // 2 else {}
