"""Names of which a file has nothing to say: they go straight to the servers of the internet, and the reply is the answer.

Nearly all that a dev machine asks is of this kind, and most of it is asked once.  `resolve` comes to the same end, but has to
look at every place where a file could have its say.  Here that is one question: is the name, or one above it, in any table?
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from proxy.dns.names import MAX_LABEL, MAX_NAME, ROOT
from proxy.model.answers import Route
from proxy.model.claims import Internet
from proxy.model.world import View

_WILDCARD_LABEL = b"\x01*"


class Straight(NamedTuple):
    """The route of such names in one view.

    `tables` have what the file speaks of, by the highest name of it; `names` are its single public names, wildcards among them.
    """

    route: Route
    tables: tuple[Mapping[bytes, object], ...]
    names: Mapping[bytes, object]


def find_straight(view: View) -> Straight | None:
    """The way of names that `view` knows nothing of; None where it has its say in all of them, or in what comes back.

    So it is with a firewall, with DNS64, where private addresses are dropped, and with private APIs: their names are told by
    what stands in the middle of a label.
    """
    action = view.claims[ROOT].action
    if view.firewall is not None or view.dns64 or not isinstance(action, Internet):
        return None
    if action.rebinding is not None or action.api_names or not isinstance(action.beyond, Route):
        return None
    tables = (view.claims, action.zones, action.special, action.domains, action.endpoint_zones)
    return Straight(action.beyond, tuple(table for table in tables if table), action.names)


def goes_straight(straight: Straight, name: bytes) -> bool:
    """Whether no table has `name` (lower case) or a name above it; False as well where it is no name in wire form."""
    _, tables, names = straight
    if len(name) > MAX_NAME:
        return False
    suffix = name
    while len(suffix) > 1:
        for table in tables:
            if suffix in table:
                return False
        if names and (suffix in names or _WILDCARD_LABEL + suffix in names):
            return False
        length = suffix[0]
        if not 0 < length <= MAX_LABEL:
            return False
        suffix = suffix[length + 1 :]
    return suffix == ROOT and len(name) > 1
