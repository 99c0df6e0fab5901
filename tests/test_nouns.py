"""The quick dataclasses are those of the standard library in all that the house uses of them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from proxy import nouns

FACTORY: Any = dataclasses.field(default_factory=dict)


class Shapes:
    """The same classes, made by one decorator and by the other."""

    def __init__(self, dataclass: Callable[..., Any]) -> None:
        @dataclass(frozen=True, slots=True)
        class Frozen:
            x: int
            y: int = 3
            z: dict[str, int] = FACTORY

            @property
            def sum(self) -> int:
                return self.x + self.y

        @dataclass(frozen=True, slots=True)
        class Single:
            x: tuple[int, ...]

        @dataclass(frozen=True, slots=True)
        class Empty:
            pass

        @dataclass(slots=True)
        class Changing:
            x: int
            y: list[int] = dataclasses.field(default_factory=list)

        @dataclass(frozen=True, slots=True)
        class Own:
            x: int

            def __hash__(self) -> int:
                return 7

            def __repr__(self) -> str:
                return "own"

        @dataclass
        class Plain:
            x: int
            y: int = 1

        self.Plain: Any = Plain
        self.Frozen: Any = Frozen
        self.Single: Any = Single
        self.Empty: Any = Empty
        self.Changing: Any = Changing
        self.Own: Any = Own


QUICK, USUAL = Shapes(nouns.dataclass), Shapes(dataclasses.dataclass)


def outcome(action: Callable[[], object]) -> object:
    """What an action gives, or what it raises."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001
        return type(error), str(error)


def changed(each: Any) -> str:
    each.x = 5
    return repr(each)


ACTIONS: list[Callable[[Shapes], object]] = [
    lambda s: repr(s.Frozen(1)).replace("Shapes.__init__.<locals>.", ""),
    lambda s: repr(s.Frozen(1, y=2, z={"a": 1})),
    lambda s: s.Frozen(1, 2) == s.Frozen(1, 2),
    lambda s: s.Frozen(1, 2) == s.Frozen(1, 3),
    lambda s: s.Frozen(1) == 1,
    lambda s: s.Frozen(1).sum,
    lambda s: s.Frozen(1).z is s.Frozen(1).z,
    lambda s: hash(s.Single((1, 2))) == hash(s.Single((1, 2))),
    lambda s: hash(s.Frozen(1)),
    lambda s: s.Single((1,)) == s.Single((1,)),
    lambda s: (s.Empty() == s.Empty(), hash(s.Empty()), repr(s.Empty())),
    lambda s: setattr(s.Frozen(1), "x", 2),
    lambda s: delattr(s.Frozen(1), "x"),
    lambda s: s.Frozen(),
    lambda s: s.Frozen(1, 2, {}, 4),
    lambda s: s.Frozen(1, q=2),
    lambda s: hash(s.Changing(1)),
    lambda s: changed(s.Changing(1)),
    lambda s: changed(s.Plain(1)),
    lambda s: s.Plain(1) == s.Plain(1, 1),
    lambda s: s.Changing(1, [2]) == s.Changing(1, [2]),
    lambda s: (repr(s.Own(1)), hash(s.Own(1)), s.Own(1) == s.Own(1)),
    lambda s: repr(dataclasses.replace(s.Frozen(1), y=9)),
    lambda s: [field.name for field in dataclasses.fields(s.Frozen)],
    lambda s: dataclasses.asdict(s.Frozen(1)),
    lambda s: copy.copy(s.Frozen(1, 2)) == s.Frozen(1, 2),
    lambda s: copy.deepcopy(s.Frozen(1, 2)) == s.Frozen(1, 2),
    lambda s: s.Frozen.__match_args__,
    lambda s: s.Frozen.__slots__,
    lambda s: list(inspect.signature(s.Frozen).parameters),
]


@pytest.mark.parametrize("number", range(len(ACTIONS)))
def test_what_is_done_with_one_comes_out_the_same_with_the_other(number: int) -> None:
    action = ACTIONS[number]
    assert outcome(lambda: action(QUICK)) == outcome(lambda: action(USUAL))


def test_they_can_be_pickled() -> None:
    from proxy.dns.records import RecordSet

    found = RecordSet.pack(1, 60, [b"abcd"])
    assert pickle.loads(pickle.dumps(found)) == found
