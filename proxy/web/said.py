"""What a request says: its parameters and its body; and what it is refused with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from proxy.dns.codes import type_number
from proxy.dns.errors import MalformedMessage
from proxy.settings.problems import ConfigError, Path, did_you_mean, path_text

_JSON = "application/json"


class Refused(Exception):
    """What is wrong with a request: an HTTP status, a sentence, a hint, and each problem where there are several."""

    def __init__(self, status: int, what: str, hint: str = "", problems: Iterable[dict[str, str]] = ()) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.hint = hint
        self.problems = list(problems)

    def said(self) -> dict[str, Any]:
        """Its JSON."""
        found: dict[str, Any] = {"error": self.what}
        if self.hint:
            found["hint"] = self.hint
        if self.problems:
            found["problems"] = self.problems
        return found


def problem_json(path: Path, what: str, hint: str, where: str = "") -> dict[str, str]:
    """A problem, with its mark in a file if it has one."""
    said = {"where": where, "path": path_text(path), "what": what, "hint": hint}
    return {word: text for word, text in said.items() if text}


def refused_configuration(what: str, error: ConfigError, *, marks: bool) -> Refused:
    """Why a configuration is not taken, with each of its problems."""
    problems = [problem_json(each.path, each.what, each.hint, str(each.mark) if marks else "") for each in error.problems]
    return Refused(422, what, "the old configuration stays in force", problems)


def parameters_of(request: Request, known: Iterable[str]) -> dict[str, str]:
    """The parameters, each given once; those that nobody reads are mistakes."""
    found: dict[str, str] = {}
    known = tuple(known)
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise Refused(
                400, f"there is no parameter {name}", did_you_mean(name, known) if known else "there are none here"
            )
        if name in found:
            raise Refused(400, f"{name} is given twice")
        found[name] = value
    return found


def whole(parameters: dict[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most`."""
    text = parameters.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) > most:
        raise Refused(400, f"{name}: {text} is not a whole number from 0 to {most}")
    return int(text)


def flag(parameters: dict[str, str], name: str, *, default: bool) -> bool:
    """`true` or `false`."""
    text = parameters.get(name, str(default).lower())
    if text not in ("true", "false"):
        raise Refused(400, f"{name}: {text} is neither true nor false")
    return text == "true"


def read_type(text: str, status: int = 400) -> int:
    """A record type by its word."""
    try:
        return type_number(text)
    except MalformedMessage as error:
        raise Refused(status, error.what) from None


async def body_of(request: Request, keys: Iterable[str], required: Iterable[str]) -> dict[str, Any]:
    """A body that is an object with these keys; its numbers are texts, as they were written."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise Refused(415, f"the body is {kind or 'of no type'}, not {_JSON}", f"-H 'Content-Type: {_JSON}'")
    try:
        text = (await request.body()).decode()
        found = json.loads(text, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except RecursionError:
        raise Refused(400, "the body is nested too deep") from None
    except ValueError as error:
        raise Refused(400, f"the body is no JSON: {error}") from None
    keys = tuple(keys)
    if not isinstance(found, dict):
        raise Refused(400, "the body is no object", f"it has the keys {', '.join(keys)}" if keys else "leave it out")
    for key in found:
        if key not in keys:
            raise Refused(400, f"unknown key {key}", did_you_mean(key, keys) if keys else "there are none here")
    for key in required:
        if key not in found:
            raise Refused(400, f"{key} is missing", f"the keys are {', '.join(keys)}")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Refused(400, f"{key} stands twice in one object", "keep one of the two")
        found[key] = value
    return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def text_of(body: dict[str, Any], key: str) -> str | None:
    """A text of the body, if it is there."""
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(422, f"{key} is no text")
    return value
