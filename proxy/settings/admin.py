"""`admin`: where the control API listens, and who may change things through it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from proxy.nouns import dataclass
from proxy.settings.composites import Key, ObjectOf, OneOrList, OrFalse
from proxy.settings.sockets import ListenSetting, host_and_port
from proxy.settings.takes import Text, Wrong

ADMIN_PORT = 8053
_EXAMPLE = f"127.0.0.1:{ADMIN_PORT}"
_SHORTEST_TOKEN = 16
_ADDRESS = ListenSetting("127.0.0.1", ADMIN_PORT)


def parse_admin_address(text: str) -> ListenSetting:
    """ADDRESS:PORT, or ADDRESS for port 8053."""
    return ListenSetting(*host_and_port(text, _EXAMPLE, ADMIN_PORT))


def _parse_token(text: str) -> str:
    if len(text) < _SHORTEST_TOKEN or re.fullmatch(r"[\x21-\x7e]+", text) is None:
        raise Wrong(
            f"this is no token of {_SHORTEST_TOKEN} or more letters, digits and signs",
            "leave it out, and a random one is made; or write what `openssl rand -hex 20` prints",
        )
    return text


def _parse_host(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", text) is None:
        raise Wrong(f"{text or 'an empty text'} is no host name", "write it without a port, for example vpcdns.internal")
    return text.lower()


ADMIN_ADDRESS = Text("an address and a port", _EXAMPLE, parse_admin_address)


@dataclass(frozen=True, slots=True)
class AdminSetting:
    """`admin`: `listen` is False where there is none; `token` is None where one is made."""

    listen: Annotated[
        ListenSetting | Literal[False],
        Key(OrFalse(ADMIN_ADDRESS), "Where the control API and the metrics are, by HTTP; false: nowhere."),
    ] = _ADDRESS
    token: Annotated[
        str | None,
        Key(
            Text("a token", "correct-horse-battery-staple", _parse_token),
            "What a request that changes something has to carry (`Authorization: Bearer TOKEN`).",
            default="a new one at every start, in a file that only the same user can read",
        ),
    ] = None
    hosts: Annotated[
        tuple[str, ...],
        Key(
            OneOrList(Text("a host name", "vpcdns.internal", _parse_host)),
            "By which names it may be asked, beside localhost and any address.  Others are refused, so that no web page can "
            "reach it through a name of its own.",
        ),
    ] = ()


ADMIN = OrFalse(ObjectOf(AdminSetting, f'{{listen: "{_EXAMPLE}"}}'))
