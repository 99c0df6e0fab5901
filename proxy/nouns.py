"""nouns: the frozen dataclasses of the house, made in a third of the time.

Python 3.11 and 3.12 write six methods of a dataclass as text and compile each by itself: half a millisecond a class, and for
the hundred of this house a fifth of the time from the start to the first answer.  Here only `__init__` is written; the others
say the same of every class, and share their code.  From 3.13 on it is Python's own.

Owns `dataclass`, which is that of the standard library but for what nobody here uses (order, keyword-only fields, fields that
are left out of some method).  Must never make a class that behaves otherwise: a test compares.

A worked example::

    @dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 0
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING or sys.version_info >= (3, 13):
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
        """The decorator of the standard library, with these two of its arguments."""

        def make(cls: type) -> type:
            own = set(vars(cls))
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            names = tuple(field.name for field in dataclasses.fields(made))
            methods = {"__init__": _init(made, frozen=frozen), "__repr__": _repr(names), "__eq__": _eq(names)}
            methods["__hash__"] = _hash(names) if frozen else None
            if frozen:
                methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
                if slots:
                    methods |= {"__getstate__": _state(names), "__setstate__": _set_state(names)}
            for name, method in methods.items():
                if name not in own:
                    setattr(made, name, method)
            return made

        return make if cls is None else make(cls)


def _init(cls: Any, *, frozen: bool) -> Any:
    """The one method that has to be written: its parameters are the fields."""
    parameters, body = [], []
    values: dict[str, Any] = {"_set": object.__setattr__, "_none": object()}
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        if field.default is not dataclasses.MISSING:
            values[f"_{name}"] = field.default
            parameters.append(f"{name}=_{name}")
        elif field.default_factory is not dataclasses.MISSING:
            values[f"_{name}"] = field.default_factory
            parameters.append(f"{name}=_none")
            value = f"_{name}() if {name} is _none else {name}"
        else:
            parameters.append(name)
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    exec(f"def __init__(self, {', '.join(parameters)}):\n    " + "\n    ".join(body or ["pass"]), values)  # noqa: S102
    values["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return values["__init__"]


def _values(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _repr(names: tuple[str, ...]) -> Any:
    def __repr__(self: Any) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _eq(names: tuple[str, ...]) -> Any:
    values = _values(names)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(names: tuple[str, ...]) -> Any:
    values = _values(names)

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _state(names: tuple[str, ...]) -> Any:
    values = _values(names)
    return lambda self: list(values(self))


def _set_state(names: tuple[str, ...]) -> Any:
    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return __setstate__


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
