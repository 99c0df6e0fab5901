"""The one exception of `dns/`.

It knows the rcode that it deserves, so that nobody who catches it has to decide anew.
"""

from __future__ import annotations

_FORMERR = 1  # RFC 1035 section 4.1.1; codes.py imports this module and so cannot lend its name


class MalformedMessage(Exception):
    """Bytes or text that are no DNS message, name or record data.

    `what` says what is wrong, for people.  `rcode` is what the sender of such a message is told; None means that it is
    told nothing, as for a message that is itself a response (RFC 1035 section 4.1.1) or too short to hold an id.
    """

    def __init__(self, what: str, rcode: int | None = _FORMERR) -> None:
        super().__init__(what)
        self.what = what
        self.rcode = rcode
