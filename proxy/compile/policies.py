"""Which record sets of one name and type are answered: the routing policies of Route 53, as far as chance is not asked.

The rules are those of "Choosing a routing policy" and "How Amazon Route 53 chooses records when health checking is
configured": a set without a health check is healthy, and where none is healthy, all count as healthy.  In a private zone
latency, geolocation and geoproximity look at the region of the VPC that asks ("Latency-based routing in private hosted
zones" and the two pages beside it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from proxy.compile.regions import biased_distance, distance, place
from proxy.settings.routing import ANYWHERE, GeolocationSetting, GeoproximitySetting, RoutingSetting

MAX_ANSWERS = 8
"""So many of the record sets of a multivalue answer are answered together."""


class Candidate(NamedTuple):
    """A record set that could be chosen."""

    routing: RoutingSetting
    healthy: bool


class Choice(NamedTuple):
    """The places of the chosen ones among the candidates, the weight of each where chance decides, and why these."""

    chosen: Sequence[int]
    why: str
    weights: Sequence[int] = ()


def choose(candidates: Sequence[Candidate], region: str) -> Choice:
    """Which of `candidates`, at least one, all of one policy, are answered in a VPC of `region`."""
    return _POLICIES[candidates[0].routing.policy](candidates, region)


def is_regional(routing: RoutingSetting) -> bool:
    """Whether a policy looks at the region that asks."""
    return routing.policy in ("latency", "geolocation", "geoproximity")


def says(routing: RoutingSetting) -> str:
    """What a record set has for its policy: weight 5, primary, country US."""
    match routing:
        case RoutingSetting(failover=str(failover)):
            return failover
        case RoutingSetting(multivalue=True):
            return "multivalue"
        case RoutingSetting(geolocation=GeolocationSetting() as where):
            return _area_of(where)
        case RoutingSetting(geoproximity=GeoproximitySetting(region, bias)):
            return f"{region}, bias {bias}" if bias else region
    return f"{routing.policy} {getattr(routing, routing.policy)}"


def _area_of(where: GeolocationSetting) -> str:
    if where.country == ANYWHERE:
        return "default"
    if where.subdivision is not None:
        return f"state {where.subdivision}"
    return f"country {where.country}" if where.country is not None else f"continent {where.continent}"


def _healthy(candidates: Sequence[Candidate]) -> list[int]:
    """The places of the healthy ones, or of all where none is."""
    return [at for at, each in enumerate(candidates) if each.healthy] or list(range(len(candidates)))


def _word(candidates: Sequence[Candidate]) -> str:
    """What those are that can be chosen."""
    if not any(each.healthy for each in candidates):
        return "of all, for none is healthy"
    return "of the healthy ones" if not all(each.healthy for each in candidates) else "of all"


def _choose_failover(candidates: Sequence[Candidate], _: str) -> Choice:
    primary, secondary = (
        next((at for at, each in enumerate(candidates) if each.routing.failover == word), None)
        for word in ("primary", "secondary")
    )
    if primary is None or secondary is None:
        return Choice([0], "there is no other")
    if candidates[primary].healthy:
        return Choice([primary], "the primary one is healthy")
    if candidates[secondary].healthy:
        return Choice([secondary], "the primary one is not healthy, the secondary one is")
    return Choice([primary], "neither is healthy, and then it is the primary one")


def _choose_multivalue(candidates: Sequence[Candidate], _: str) -> Choice:
    chosen = _healthy(candidates)
    if len(chosen) > MAX_ANSWERS:
        return Choice(chosen, f"{MAX_ANSWERS} of {len(chosen)}, by chance, {_word(candidates)}")
    return Choice(chosen, _word(candidates).removeprefix("of "))


def _choose_weighted(candidates: Sequence[Candidate], _: str) -> Choice:
    able = _healthy(candidates)
    heavy = [at for at in able if candidates[at].routing.weight]
    if heavy:
        why = f"the weights {_word(candidates)}"
        return Choice(heavy, why, [candidates[at].routing.weight or 0 for at in heavy])
    return Choice(able, f"equal shares {_word(candidates)}, for their weights are 0", [1] * len(able))


def _choose_latency(candidates: Sequence[Candidate], region: str) -> Choice:
    def far(at: int) -> float:
        return distance(region, candidates[at].routing.latency or "")

    nearest = min(_healthy(candidates), key=far)
    return Choice([nearest], f"its region is the nearest to {region}, {_word(candidates)}")


def _choose_geoproximity(candidates: Sequence[Candidate], region: str) -> Choice:
    def far(at: int) -> float:
        where = candidates[at].routing.geoproximity or GeoproximitySetting("")
        return biased_distance(region, where.region, where.bias)

    nearest = min(_healthy(candidates), key=far)
    return Choice([nearest], f"with the biases, its region is the nearest to {region}, {_word(candidates)}")


def _choose_geolocation(candidates: Sequence[Candidate], region: str) -> Choice:
    """The healthy one of the smallest area; where none is healthy that of the smallest area; or none at all."""
    areas = _areas_around(region)
    fitting = [at for area in areas for at, each in enumerate(candidates) if each.routing.geolocation == area]
    if not fitting:
        return Choice([], f"no place has {region} in it, and there is no default")
    healthy = [at for at in fitting if candidates[at].healthy]
    where = "the smallest place" if healthy[:1] == fitting[:1] else "the smallest healthy place"
    return Choice((healthy or fitting)[:1], f"{where if healthy else _UNHEALTHY} that has {region} in it")


_UNHEALTHY = "none is healthy, and this is the smallest place"


def _areas_around(region: str) -> list[GeolocationSetting]:
    """The places that a region lies in, the smallest first."""
    default = GeolocationSetting(country=ANYWHERE)
    here = place(region)
    if here is None:
        return [default]
    state = GeolocationSetting(country=here.country, subdivision=here.subdivision)
    country, continent = GeolocationSetting(country=here.country), GeolocationSetting(continent=here.continent)
    return list(dict.fromkeys((state, country, continent, default)))


_POLICIES: dict[str, Callable[[Sequence[Candidate], str], Choice]] = {
    "weight": _choose_weighted,
    "failover": _choose_failover,
    "multivalue": _choose_multivalue,
    "latency": _choose_latency,
    "geolocation": _choose_geolocation,
    "geoproximity": _choose_geoproximity,
}
