"""`/v1/records`, `/v1/health` and `/v1/reload`: what can be changed while it is served.

What is changed here holds until the configuration is read anew, by whatever it was that had it read: the file is the truth, and
it is never written.  Every answer to a change says so, and `/readyz` lists what the file does not have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from proxy.app import Change, ListenError
from proxy.changes import HealthChange, NotThere, RecordsChange, RecordsRemoval, ZonePlace, zones_of
from proxy.dns.codes import type_word
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.querylog import QueryLogError
from proxy.reach import FileError
from proxy.settings.problems import ConfigError
from proxy.settings.routing import GeolocationSetting, RoutingSetting
from proxy.settings.shape import RecordSpec
from proxy.source import SourceError
from proxy.web.desk import Desk
from proxy.web.said import Refused, body_of, parameters_of, read_type, refused_configuration, text_of

_UNTIL = "the next reload"
_FILTERS = ("zone", "view", "name", "type")
_HEALTH = {"up": True, "down": False}


async def give_records(desk: Desk, request: Request) -> Response:
    """The record sets that are served now, and the zones that they are in."""
    zones = _zones(desk, parameters := parameters_of(request, _FILTERS))
    changes = list(desk.server.configuration.changes)

    def said() -> Response:
        found = [_record_set(zone, spec) for zone in zones for spec in _wanted(zone.records, parameters)]
        return JSONResponse({"zones": [_zone(zone) for zone in zones], "record_sets": found, "changes": changes})

    return await asyncio.to_thread(said)  # there may be a hundred thousand of them, and queries do not wait for that


async def put_records(desk: Desk, request: Request) -> Response:
    """Let names have just these records."""
    return await _change(desk, await _records_of(request, patch=False))


async def patch_records(desk: Desk, request: Request) -> Response:
    """Put record sets in place of those of their type; a name keeps its others."""
    return await _change(desk, await _records_of(request, patch=True))


async def delete_records(desk: Desk, request: Request) -> Response:
    """Take record sets away."""
    parameters = parameters_of(request, (*_FILTERS, "id"))
    for key in ("zone", "name"):
        if key not in parameters:
            raise Refused(400, f"{key} is missing", "/v1/records?zone=example.com&name=www&type=A")
    kind = read_type(parameters["type"]) if "type" in parameters else None
    named = parameters["zone"], parameters["name"], kind, parameters.get("id"), parameters.get("view")
    return await _change(desk, RecordsRemoval(*named))


async def give_health(desk: Desk, request: Request) -> Response:
    """The record sets that have a health: those with a routing policy."""
    zones = _zones(desk, parameters := parameters_of(request, _FILTERS))
    found = [
        {
            "zone": zone.reference,
            "name": f"{spec.owner}.",
            "type": type_word(spec.type),
            "id": spec.routing.id,
            "policy": spec.routing.policy,
            "health": spec.routing.health,
        }
        for zone in zones
        for spec in _wanted(zone.records, parameters)
        if spec.routing is not None
    ]
    changes = list(desk.server.configuration.changes)
    return JSONResponse({"zones": [_zone(zone) for zone in zones], "record_sets": found, "changes": changes})


async def put_health(desk: Desk, request: Request) -> Response:
    """Let record sets be up or down, as `health` in the file would."""
    body = await body_of(request, ("name", "id", "health", *_FILTERS), ("name", "id", "health"))
    name, ident, health = _required(body, "name"), _required(body, "id"), _required(body, "health")
    if health not in _HEALTH:
        raise Refused(422, f"health: {health} is neither up nor down")
    kind = text_of(body, "type")
    try:
        owner = Name.from_text(name)
    except MalformedMessage as error:
        raise Refused(422, f"name: {error.what}") from None
    zone, view = text_of(body, "zone"), text_of(body, "view")
    return await _change(
        desk, HealthChange(owner, ident, _HEALTH[health], None if kind is None else read_type(kind, 422), zone, view)
    )


async def reload(desk: Desk, request: Request) -> Response:
    """Read the configuration anew; what changed, or all that is wrong with it."""
    if await request.body():
        await body_of(request, (), ())
    dropped = list(desk.server.configuration.changes)
    try:
        changed = await desk.server.reload()
    except ConfigError as error:
        raise refused_configuration("the new configuration is not taken", error, marks=True) from None
    except SourceError as error:
        raise Refused(422, error.what, error.hint) from None
    except (ListenError, QueryLogError, FileError) as error:
        raise Refused(503, str(error), "the old configuration stays in force") from None
    configuration = desk.server.configuration
    return JSONResponse({
        "changed": changed, "dropped": dropped, "name": configuration.name, "digest": configuration.world.digest,
    })  # fmt: skip


async def _records_of(request: Request, *, patch: bool) -> RecordsChange:
    body = await body_of(request, ("zone", "view", "records"), ("zone", "records"))
    records = body["records"]
    if not isinstance(records, dict):
        raise Refused(422, "records is no object", 'write for example {"www": "10.0.5.10", "old": null}')
    return RecordsChange(_required(body, "zone"), records, text_of(body, "view"), patch)


async def _change(desk: Desk, change: Change) -> Response:
    try:
        changed = await desk.server.change(change)
    except NotThere as error:
        raise Refused(404, error.what, error.hint) from None
    except ConfigError as error:
        raise refused_configuration("the change is not taken", error, marks=False) from None
    return JSONResponse({"changed": changed, "until": _UNTIL, "digest": desk.server.configuration.world.digest})


def _required(body: dict[str, Any], key: str) -> str:
    text = text_of(body, key)
    if text is None:
        raise Refused(422, f"{key} is null, and it has to be a text")
    return text


# What there is


def _zones(desk: Desk, parameters: Mapping[str, str]) -> list[ZonePlace]:
    """The zones of a view, or of an id or a name; 404 where there is no such view or zone."""
    settings, view, zone = desk.server.configuration.settings, parameters.get("view"), parameters.get("zone")
    if view is not None and view not in desk.server.configuration.world.views:
        raise Refused(404, f"there is no view {view}", "/v1/views lists them")
    found = [each for each in zones_of(settings) if view is None or view.partition("/")[0] in each.views]
    if zone is not None:
        plain = zone.lower().removesuffix(".")
        found = [each for each in found if zone == each.reference or (each.name is not None and plain == str(each.name))]
        if not found:
            raise Refused(404, f"there is no zone {zone}" + ("" if view is None else f" in view {view}"))
    return found


def _wanted(records: tuple[RecordSpec, ...], parameters: Mapping[str, str]) -> Iterator[RecordSpec]:
    """Those of a name, which is a whole one, and of a type."""
    try:
        name = Name.from_text(parameters["name"]) if "name" in parameters else None
    except MalformedMessage as error:
        raise Refused(400, error.what) from None
    kind = read_type(parameters["type"]) if "type" in parameters else None
    return (spec for spec in records if name in (None, spec.owner) and kind in (None, spec.type))


def _zone(zone: ZonePlace) -> dict[str, Any]:
    return {
        "zone": zone.reference,
        "name": None if zone.name is None else f"{zone.name}.",
        "kind": zone.section,
        "views": list(zone.views),
        "records": len(zone.records),
    }


def _record_set(zone: ZonePlace, spec: RecordSpec) -> dict[str, Any]:
    return {
        "zone": zone.reference,
        "name": f"{spec.owner}.",
        "type": type_word(spec.type),
        "ttl": spec.ttl,
        "values": list(spec.values),
        "alias": None if spec.alias is None else spec.alias.text,
        "routing": None if spec.routing is None else _routing(spec.routing),
    }


def _routing(routing: RoutingSetting) -> dict[str, Any]:
    """As an item of the file has it."""
    return {"id": routing.id, routing.policy: _policy(routing), "health": routing.health}


def _policy(routing: RoutingSetting) -> Any:
    if routing.geolocation is not None:
        return _place(routing.geolocation)
    if routing.geoproximity is not None:
        return {"region": routing.geoproximity.region, "bias": routing.geoproximity.bias}
    return getattr(routing, routing.policy)


def _place(place: GeolocationSetting) -> Any:
    words = {"continent": place.continent, "country": place.country, "subdivision": place.subdivision}
    return "default" if place.country == "*" else {word: text for word, text in words.items() if text is not None}
