"""`profiles`: Route 53 Profiles, what several VPCs have in common.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated

from proxy.nouns import dataclass
from proxy.settings.composites import ByKind, Key, ListOf, MapOf, ObjectOf, OneOrList
from proxy.settings.takes import Integer, Text, Wrong
from proxy.settings.values import VPC_NAME, WORD, parse_name

_PRIORITY = Integer(0, 0x7FFFFFFF)  # those that AWS refuses are told with AWS's words, later


def _parse_zone(text: str) -> str:
    parse_name(text)
    return text


def _parse_endpoint(text: str) -> tuple[str, str]:
    vpc, slash, handle = text.partition("/")
    if not slash:
        raise Wrong(f"{text} is no endpoint", "write VPC/HANDLE, for example app/cloudwatch")
    return str(VPC_NAME.parse(vpc)), str(WORD.parse(handle))


def _without_priority(vpcs: Iterable[str]) -> dict[str, int | None]:
    return dict.fromkeys(vpcs)


_ASSOCIATIONS = ByKind(
    "a mapping from VPCs to priorities, or a list of VPCs,",
    "{app: 100}",
    sequence=ListOf(VPC_NAME, _without_priority),
    mapping=MapOf(VPC_NAME, _PRIORITY),
)
_ZONE = Text("a private zone's name or id", "example.com", _parse_zone)
_ENDPOINT = Text("an endpoint as VPC/HANDLE", "app/cloudwatch", _parse_endpoint, pattern=r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class ProfileSetting:
    """`profiles[N]`: a Profile.

    `vpcs` leads from each VPC to the priority of the association there, None where none was given.
    """

    name: Annotated[str | None, Key(WORD, "Its name.", default="none")] = None
    vpcs: Annotated[
        Mapping[str, int | None],
        Key(
            _ASSOCIATIONS,
            "The VPCs that have it, two Profiles a VPC at most, each with the priority there, from 100 to 9900: the lower one "
            "wins.  Without one, in a list, it is 100, which only the first Profile of a VPC can leave out.",
        ),
    ] = field(default_factory=dict)
    private_zones: Annotated[
        tuple[str, ...], Key(OneOrList(_ZONE), "The private zones that it brings, by name, or by id where names are equal.")
    ] = ()
    resolver_rules: Annotated[tuple[str, ...], Key(OneOrList(WORD), "The resolver rules that it brings, by name.")] = ()
    firewall_rule_groups: Annotated[
        Mapping[str, int], Key(MapOf(WORD, _PRIORITY), "The firewall's rule groups that it brings, each with its priority.")
    ] = field(default_factory=dict)
    endpoints: Annotated[
        tuple[tuple[str, str], ...],
        Key(OneOrList(_ENDPOINT), "The interface endpoints whose private names it brings, as VPC/HANDLE."),
    ] = ()


PROFILES = ListOf(ObjectOf(ProfileSetting, "{name: shared, vpcs: {app: 100}, private_zones: [example.com]}"))
