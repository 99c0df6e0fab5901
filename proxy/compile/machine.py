"""What a World depends on beside its file."""

from __future__ import annotations

from typing import NamedTuple

from proxy.model.answers import ServerAddress


class Machine(NamedTuple):
    """What a World depends on beside the file: the machine's own resolvers, this version, the file's digest.

    `speaks_http_2` is False where the package for it is missing.  `instance` tells this process from any other.
    """

    system_servers: tuple[ServerAddress, ...]
    version: str
    digest: str
    speaks_http_2: bool = True
    instance: str = ""
