"""Chance that nobody can foresee, for ids, ports and letter case (RFC 5452 section 4)."""

from __future__ import annotations

import os
from collections.abc import Callable

_AT_A_TIME = 4096


class Chance:
    """Random octets of the machine, fetched many at a time: a call into the kernel for each query would cost more."""

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._octets = b""
        self._at = 0

    def octets(self, count: int) -> bytes:
        """`count` octets, 4,096 at most, none of which was given out before."""
        at = self._at
        self._at = end = at + count
        if end > len(self._octets):
            self._octets = self._source(_AT_A_TIME)
            at, self._at = 0, count
            end = count
        return self._octets[at:end]

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1; `bound` is small, so that the unevenness does not count."""
        return int.from_bytes(self.octets(4), "big") % bound
