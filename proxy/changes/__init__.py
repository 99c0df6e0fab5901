"""changes/: other settings than the file's, while they are served: records put in place of others, health checks that turn.

A change is a value: it makes new settings of those that there are, it can be told in words, and it can be sent to another
process, where it makes the same of the same.  Whoever makes one compiles the outcome anew and serves that World, or tells what
is wrong with it; so a change is there as a whole or not at all, and what a file may not say, a change may not bring.

Owns finding the zone and the record sets that a change is about, and the settings that come of it.  Records are read by the
reader of the file, and each stands at the path that it has there.

Must never compile, serve, or write a file.

A worked example::

    change = RecordsChange("example.com", {"www": "10.0.5.11", "old": None})
    after = change(settings)        # ConfigError with all that is wrong, NotThere where there is no such zone
    str(change)                     # "example.com: www, old"
"""

from __future__ import annotations

from proxy.changes.health import HealthChange
from proxy.changes.records import RecordsChange, RecordsRemoval
from proxy.changes.zones import PUBLIC_RECORDS, NotThere, ZonePlace, find_zone, zones_of

__all__ = [
    "PUBLIC_RECORDS", "HealthChange", "NotThere", "RecordsChange", "RecordsRemoval", "ZonePlace", "find_zone", "zones_of",
]  # fmt: skip
