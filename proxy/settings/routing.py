"""Routing policies: what tells the record sets of one name and type apart.

They are keys beside the records in an item of a list, `{id: blue, A: 10.0.8.1, weight: 1, ttl: 60}`, and only private zones
have such lists.

    >>> read_routing({"id": "blue", "weight": "1"}, Place(("app", 0), []))
    RoutingSetting(id='blue', weight=1, failover=None, multivalue=False, latency=None, geolocation=None, geoproximity=None, \
health=None)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from proxy.nouns import dataclass
from proxy.settings.composites import ByKind, Key, ObjectOf, keys_of
from proxy.settings.problems import Path
from proxy.settings.takes import Choice, Data, Flag, Integer, Place, Text, Wrong, whole_number
from proxy.settings.values import REGION, like

POLICIES = ("weight", "failover", "multivalue", "latency", "geolocation", "geoproximity")
MAX_BIAS = 99
ANYWHERE = "*"

_CONTINENTS = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")
_COUNTRY = like("a country", r"[A-Z]{2}|\*", "US", "its two capital letters, or * for all that no other set is for")
_SUBDIVISION = like("a state of the United States", "[A-Z]{2}", "VA", "its two capital letters")


def _parse_id(text: str) -> str:
    if 1 <= len(text) <= 128:
        return text
    raise Wrong(f"{text or 'an empty text'} is no id", "write 1 to 128 letters")


def _parse_bias(text: str) -> int:
    number = whole_number(text.removeprefix("-").removeprefix("+"))
    if number is None or number > MAX_BIAS:
        raise Wrong(f"{text} is no bias", f"write a whole number from -{MAX_BIAS} to {MAX_BIAS}")
    return -number if text.startswith("-") else number


def _parse_default(text: str) -> GeolocationSetting:
    if text == "default":
        return GeolocationSetting(country=ANYWHERE)
    raise Wrong(f"{text} is no place", "write {country: US}, {continent: EU} or default")


SET_ID = Text("an id", "blue", _parse_id, number=True)
BIAS = Text("a bias", "10", _parse_bias, number=True)


@dataclass(frozen=True, slots=True)
class GeolocationSetting:
    """`geolocation`: one continent, one country or one state, whose country is US; the country `*` is the default."""

    continent: Annotated[str | None, Key(Choice(_CONTINENTS), "The continent.")] = None
    country: Annotated[str | None, Key(_COUNTRY, "The country (ISO 3166-1); `*`: the default.")] = None
    subdivision: Annotated[str | None, Key(_SUBDIVISION, "The state, of the United States alone.")] = None


@dataclass(frozen=True, slots=True)
class GeoproximitySetting:
    """`geoproximity`: where the resource is; a positive bias makes its share of the map larger."""

    region: Annotated[str, Key(REGION, "The region that the resource is in.")]
    bias: Annotated[int, Key(BIAS, "How much larger, or smaller, its share of the map is, from -99 to 99.")] = 0


def _settle_place(place: GeolocationSetting, _: Path) -> GeolocationSetting:
    if place.continent is not None and (place.country, place.subdivision) != (None, None):
        raise Wrong("InvalidInput: a continent beside a country or a state", "keep one of the two", ("continent",))
    if place.subdivision is not None and place.country not in (None, "US"):
        raise Wrong("InvalidInput: a state is one of the United States", "write country: US", ("country",))
    if place == GeolocationSetting():
        raise Wrong("there is no place here", "write for example {country: US}")
    return place if place.subdivision is None else replace(place, country="US")


_GEOLOCATION = ByKind(
    "a place, or default,",
    "{country: US}",
    scalar=Text("default", "default", _parse_default, pattern="default"),
    mapping=ObjectOf(GeolocationSetting, "{country: US}", _settle_place),
)


@dataclass(frozen=True, slots=True)
class RoutingSetting:
    """What makes a record set one of several of its name and type: its id, its one policy, its health (None: unchecked)."""

    id: Annotated[str, Key(SET_ID, "What tells it from the others (the API's SetIdentifier).")]
    weight: Annotated[int | None, Key(Integer(0, 255), "Weighted: its share of all answers.")] = None
    failover: Annotated[
        Literal["primary", "secondary"] | None, Key(Choice(("primary", "secondary")), "Failover: which of the two it is.")
    ] = None
    multivalue: Annotated[bool, Key(Flag(), "Multivalue answer: up to eight healthy ones are answered together.")] = False
    latency: Annotated[str | None, Key(REGION, "Latency: the region of the resource; the VPC's nearest is answered.")] = None
    geolocation: Annotated[
        GeolocationSetting | None, Key(_GEOLOCATION, "Geolocation: where the VPC's region has to lie.")
    ] = None
    geoproximity: Annotated[
        GeoproximitySetting | None,
        Key(ObjectOf(GeoproximitySetting, "{region: us-east-1, bias: 10}"), "Geoproximity: where the resource is."),
    ] = None
    health: Annotated[
        Literal["up", "down"] | None,
        Key(Choice(("up", "down")), "What its health check says.", default="none, which counts as up"),
    ] = None

    @property
    def policy(self) -> str:
        """The key of its policy."""
        return next(policy for policy in POLICIES if _is_given(self, policy))

    @property
    def is_up(self) -> bool:
        """False where its health check says that it is down."""
        return self.health != "down"


def _is_given(setting: RoutingSetting, policy: str) -> bool:
    value = getattr(setting, policy)
    return value is not None and value is not False  # a weight of 0 is one


def _settle(setting: RoutingSetting, _: Path) -> RoutingSetting:
    given = [policy for policy in POLICIES if _is_given(setting, policy)]
    if len(given) > 1:
        raise Wrong(
            f"InvalidInput: {' and '.join(given)}: a record set cannot mix routing policies", "keep one", (given[1],)
        )
    if not given:
        raise Wrong(f"InvalidInput: expected exactly one of {', '.join(POLICIES)}, but found none", "write one, or no id")
    return setting


ROUTING = ObjectOf(RoutingSetting, "{id: blue, weight: 1}", _settle)
ROUTING_KEYS = keys_of(RoutingSetting)


def read_routing(data: dict[str, Data], place: Place) -> Any:
    """The RoutingSetting of those keys of an item that are no records; None, and problems, where they are not right."""
    return ROUTING.check(data, place)
