"""The file's JSON schema, for editors, and its reference, for people: both drawn from the keys of `shape.py`.

pydantic draws the schema; this is the only module that imports it, for `takes.py` says why the file is not read with it.

    >>> json_schema()["properties"]["region"]["default"]
    'us-east-1'
"""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import ConfigDict, Field, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema

from proxy.settings.composites import ByKind, KeyOf, ListOf, MapOf, ObjectOf, OneOrList, OrFalse, keys_of
from proxy.settings.records import RECORD_TYPES, Records
from proxy.settings.routing import ROUTING, ROUTING_KEYS
from proxy.settings.shape import SETTINGS
from proxy.settings.takes import Choice, Data, Flag, Integer, Takes, Text
from proxy.settings.values import ADDRESS, ANYTHING, TTL

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Row(NamedTuple):
    """A key in the reference: its path, what it takes, what it is if it is absent, what it is for."""

    path: str
    takes: str
    default: str
    about: str


def json_schema() -> dict[str, Any]:
    """The schema of a whole file, as JSON."""
    schema = TypeAdapter(_type_of(SETTINGS)).json_schema(schema_generator=_Plain)
    return {"$schema": DIALECT, **schema, "title": "A configuration of vpcdns"}


def reference() -> list[Row]:
    """Every key of the file, in the order of `shape.py`, each section before its own keys."""
    return list(_rows(SETTINGS, ""))


class _Plain(GenerateJsonSchema):
    """pydantic's schema without a title at every key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _type_of(takes: Takes) -> Any:
    """The type whose JSON schema says what a key takes."""
    match takes:
        case Flag():
            return bool
        case Choice():
            return Literal[takes.words]
        case Integer():
            return Annotated[int, Field(ge=takes.low, le=takes.high)]
        case Text():
            text = Annotated[str, Field(pattern=f"^({takes.pattern})$" if takes.pattern else None)]
            return text | float if takes.number else text
        case ListOf():
            return list[_type_of(takes.item)]  # type: ignore[misc]
        case OneOrList():
            return _one_or_list(_type_of(takes.item))
        case OrFalse():
            return _type_of(takes.item) | Literal[False]
        case MapOf():
            return dict[str, _type_of(takes.item)]  # type: ignore[misc]
        case Records():
            return dict[str, _one_or_list(_type_of(ADDRESS)) | _record_types(takes.routed)]  # type: ignore[misc]
        case ByKind():
            return functools.reduce(operator.or_, map(_type_of, takes.choices))
    return _object_type(cast("ObjectOf", takes).shape)


def _one_or_list(item: Any) -> Any:
    return item | list[item]


@functools.cache
def _record_types(routed: bool) -> Any:
    """What a name has, by types; with `routed`, aliases and lists of record sets too."""
    data = _one_or_list(_type_of(ANYTHING))
    keys: dict[str, Any] = {word: (data, _absent(f"Its {word} record, or a list of several.")) for word in RECORD_TYPES}
    keys["ttl"] = (_type_of(TTL), Field(300, description="The TTL of all these."))
    if not routed:
        return _closed("Record", keys)
    types = _one_or_list(Literal[tuple(RECORD_TYPES)])
    keys["alias"] = (str, _absent("The endpoint or the name that stands for it, instead of values."))
    keys["type"] = (types, Field("A", description="The alias's type, or a list of several."))
    routing = {name: (_type_of(key.takes), _absent(key.about)) for name, key in ROUTING_KEYS.items()}
    return _closed("ZoneRecord", keys) | list[_closed("RecordSet", keys | routing)]  # type: ignore[misc]


def _closed(name: str, keys: dict[str, Any]) -> Any:
    """An object that has these keys and no others."""
    return create_model(name, __config__=ConfigDict(extra="forbid"), **keys)


@functools.cache
def _object_type(shape: type) -> Any:
    """The object whose keys are those of a dataclass."""
    keys: dict[str, Any] = {name: (_type_of(key.takes), _field(key)) for name, key in keys_of(shape).items()}
    name = shape.__name__.removeprefix("_Written").removesuffix("Setting")
    return create_model(name, __config__=ConfigDict(extra="forbid", json_schema_extra=_conditions(shape)), **keys)


def _conditions(shape: type) -> dict[str, Any]:
    """Which keys may be absent only beside certain words of another."""
    conditions = {name: key.unless for name, key in keys_of(shape).items() if key.unless}
    rules = [
        {"anyOf": [{"required": [name]}, {"required": [other], "properties": {other: {"enum": words}}}]}
        for name, (other, *words) in conditions.items()
    ]
    return {"allOf": rules} if rules else {}


def _field(key: KeyOf) -> Any:
    if key.required:
        return Field(description=key.about)
    default = _written(key.takes, key.value)
    if default is None:
        return _absent(f"{key.about}  Default: {key.default}." if key.default else key.about)
    return Field(default, description=key.about)


def _absent(about: str) -> Any:
    """A key that may be absent and then has no value that could be written."""
    return Field(default_factory=lambda: None, description=about)


def _written(takes: Takes, value: Any) -> Data:
    """A default as a file would have it; None where there is nothing to write."""
    if value is None or value in ((), {}) or isinstance(takes, ObjectOf):
        return None
    match takes:
        case OneOrList():
            items = [_written(takes.item, item) for item in value]
            return items[0] if len(items) == 1 else items
        case ByKind(scalar=Takes() as item) | OrFalse(item=item):
            return _written(item, value)
        case Text():
            return takes.show(value)
    return value


def _rows(takes: Takes, path: str) -> Iterator[Row]:
    """The rows of all keys inside of what a key takes."""
    match takes:
        case ListOf() | OneOrList():
            yield from _rows(takes.item, f"{path}[]")
        case OrFalse():
            yield from _rows(takes.item, path)
        case MapOf():
            yield from _rows(takes.item, f"{path}.{_placeholder(takes.key)}")
        case ByKind():
            for choice in takes.choices:
                yield from _rows(choice, path)
        case ObjectOf():
            for name, key in keys_of(takes.shape).items():
                yield _row(f"{path}.{name}".removeprefix("."), key)
                yield from _rows(key.takes, f"{path}.{name}".removeprefix("."))
        case Records(routed=True):
            yield from _rows(ROUTING, f"{path}.NAME[]")


def _placeholder(key: Text) -> str:
    return "ADDRESS" if key is ADDRESS else "NAME"


def _row(path: str, key: KeyOf) -> Row:
    default = "required" if key.required else key.default or _text(_written(key.takes, key.value))
    return Row(path, key.takes.expects.removesuffix(","), default, key.about)


def _text(value: Data) -> str:
    return "" if value is None else json.dumps(value).replace('"', "")
