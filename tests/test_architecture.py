"""The house rules, checked on the text of every module.

The drawing: a module may import from its own room and from those in its room's row, and from nowhere else in the house.
A rule that fails tells why it is there.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "proxy"

# Room: its layer, and the rooms that it may import.  A room is a folder or a module of `proxy/`; "" is the package itself.
DRAWING: dict[str, tuple[int, str]] = {
    "": (0, ""),
    "nouns": (0, ""),
    "dns": (0, ""),
    "model": (1, "dns"),
    "settings": (2, "model dns"),
    "compile": (2, "settings model dns"),
    "resolve": (2, "model dns"),
    "cache": (3, "model dns"),
    "cassette": (3, "model dns"),
    "cachefile": (3, "cache model dns"),
    "flow": (3, ""),
    "seldom": (4, ""),
    "clock": (4, ""),
    "difference": (3, "model dns"),
    "changes": (3, "compile settings model dns"),
    "notes": (3, "compile resolve settings model dns"),
    "listen": (4, "seldom repeated model"),
    "upstream": (4, "seldom model dns"),
    "repeated": (2, "model dns"),
    "refusals": (3, "model dns"),
    "known": (3, "repeated resolve model dns"),
    "forward": (4, "cache model"),
    "course": (4, "cache resolve model"),
    "engine": (4, "known refusals repeated course cache flow seldom resolve model dns"),
    "expectations": (4, "resolve settings model dns"),
    "notify": (4, ""),
    "quiet": (4, ""),
    "source": (4, "notify"),
    "querylog": (4, "seldom repeated model dns"),
    "interop": (4, "compile settings model dns"),
    "host": (4, "notify model"),
    "relaying": (5, "listen model"),
    "configuration": (5, "compile settings expectations source host model dns"),
    "reach": (5, "clock seldom forward cassette cachefile cache upstream settings model dns"),
    "inventory": (5, "configuration settings model dns"),
    "asking": (5, "clock configuration engine course reach upstream host compile resolve settings model dns"),
    "app": (
        5,
        "quiet clock configuration counts course difference engine repeated reach flow listen querylog source host settings "
        "model dns",
    ),
    "counts": (5, "engine listen querylog reach upstream"),
    "workers": (5, "app counts changes configuration listen source querylog reach seldom settings"),
    "telling": (5, "asking configuration notes model dns"),
    "web": (6, "app asking changes counts telling inventory configuration querylog reach source settings model dns"),
    "testing": (6, "app asking changes inventory configuration expectations source settings model dns"),
    "cli": (
        6,
        "app workers changes quiet seldom counts asking telling relaying inventory notes configuration expectations querylog "
        "reach source host interop compile settings model dns web",
    ),
    "__main__": (6, "cli"),
}
WITHOUT_CARD = {"", "__main__"}

MAX_LINES = 450
SHELL = 4  # from this layer on, there are event loops, clocks and sockets
LOOPS = frozenset(("asyncio", "selectors", "threading", "concurrent"))
IMPURE = frozenset(("time", "random", "secrets", "socket", "ssl", "logging", "os", "subprocess", "datetime"))
# Addresses between text and octets: a pure function that happens to live in a module full of sockets.
PURE = frozenset(("inet_pton", "inet_ntop", "AF_INET", "AF_INET6"))
FROZEN_BASES = frozenset(("NamedTuple", "Enum", "IntEnum", "Exception", "Protocol", "Sections"))


class Module(NamedTuple):
    """A module of the house: its path below `proxy/` without `.py`, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        first = self.path.split("/")[0]
        return "" if first == "__init__" else first

    @property
    def layer(self) -> int:
        return DRAWING[self.room][0]


def module(path: str, text: str) -> Module:
    text = textwrap.dedent(text)
    return Module(path, text, ast.parse(text))


MODULES = [module(str(path.relative_to(PACKAGE))[:-3], path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))]


def imports(each: Module) -> Iterator[tuple[int, str]]:
    """Line and full name of all that is imported anywhere in a module, inside functions too."""
    for node in ast.walk(each.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            below = ["proxy", *each.path.split("/")][: -node.level] if node.level else []
            yield from ((node.lineno, ".".join([*below, *filter(None, [node.module]), name.name])) for name in node.names)


# The rules.  Each takes a module, and gives what breaks it.


def drawn(each: Module) -> Iterator[str]:
    """Every room is in the drawing: a module that nobody placed ends up importing everything."""
    if each.room not in DRAWING:
        yield f"{each.path}: {each.room} has no row in DRAWING"


def arrows(each: Module) -> Iterator[str]:
    """Imports go where the drawing says: what points up or sideways ties rooms together that must change alone."""
    layer, rooms = DRAWING[each.room]
    allowed = {each.room, "nouns", *rooms.split()}  # of nouns they all are made
    for line, name in imports(each):
        parts = name.split(".")
        if parts[0] != "proxy":
            continue
        room = parts[1] if len(parts) > 1 else ""
        if room.startswith("__") and room not in DRAWING:  # proxy.__version__
            room = ""
        if room not in allowed and not (room == "" and layer >= SHELL):
            yield f"{each.path}:{line}: {each.room or 'the package'} imports {name}"


def dnslib_at_home(each: Module) -> Iterator[str]:
    """Only dns/ imports dnslib: its objects are mutable and slow, and must not come upon the query path."""
    yield from _foreign(each, "dnslib", {"dns"})


def yaml_at_home(each: Module) -> Iterator[str]:
    """Only settings/ and interop/ import yaml: what a file may say is decided in one place."""
    yield from _foreign(each, "yaml", {"settings", "interop"})


def _foreign(each: Module, library: str, rooms: set[str]) -> Iterator[str]:
    for line, name in imports(each):
        if name.split(".")[0] == library and each.room not in rooms:
            yield f"{each.path}:{line}: {each.room} imports {library}"


def loops_above(each: Module) -> Iterator[str]:
    """Only the shell, layer 4 and above, knows event loops: below, tests need none and nothing can be half done."""
    if each.layer < SHELL:
        yield from (f"{each.path}:{line}: imports {name}" for line, name in imports(each) if name.split(".")[0] in LOOPS)


def pure_below(each: Module) -> Iterator[str]:
    """Below layer 4 there is no clock, chance, socket, log or environment: equal inputs give equal answers; pass them in."""
    if each.layer >= SHELL:
        return
    for line, name in imports(each):
        first, _, rest = name.partition(".")
        if first in IMPURE and rest not in PURE and not (name == "socket" and _uses(each, "socket") <= PURE):
            yield f"{each.path}:{line}: imports {name}"
    for node in ast.walk(each.tree):
        if isinstance(node, ast.Name) and node.id in {"open", "input"}:
            yield f"{each.path}:{node.lineno}: {node.id}()"


def _uses(each: Module, library: str) -> set[str]:
    """What a module takes of a library, as `library.thing`."""
    nodes = (node for node in ast.walk(each.tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == library}


def frozen_nouns(each: Module) -> Iterator[str]:
    """model/ is frozen throughout: queries, views and caches share its values, and mutable ones would mix them up."""
    if each.room != "model":
        return
    for node in ast.walk(each.tree):
        if isinstance(node, ast.ClassDef) and not (_is_frozen_dataclass(node) or _bases(node) & FROZEN_BASES):
            yield f"{each.path}:{node.lineno}: class {node.name}"
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield f"{each.path}:{node.lineno}: changes {', '.join(node.names)}"


def _is_frozen_dataclass(node: ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("dataclass"):
            given = {
                word.arg for word in decorator.keywords if isinstance(word.value, ast.Constant) and word.value.value is True
            }
            return {"frozen", "slots"} <= given
    return False


def _bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).split(".")[-1] for base in node.bases}


def room_card(each: Module) -> Iterator[str]:
    """Every room has a card: what it owns, what it must never do, a worked example; so that code finds its place."""
    is_room = each.path.endswith("/__init__") or "/" not in each.path
    if not is_room or each.room in WITHOUT_CARD:
        return
    card = ast.get_docstring(each.tree) or ""
    if not card.startswith((f"{each.room}/: ", f"{each.room}: ")):
        yield f"{each.path}: its card does not begin with its name"
    for words in ("Owns ", "Must never ", "A worked example::\n\n    "):
        if words not in card:
            yield f"{each.path}: its card lacks {words.strip()!r}"


def short_files(each: Module) -> Iterator[str]:
    """A file can be read in a sitting; what is longer is two things."""
    lines = each.text.count("\n")
    if lines > MAX_LINES:
        yield f"{each.path}: {lines} lines, more than {MAX_LINES}"


def prints_at_the_top(each: Module) -> Iterator[str]:
    """Only cli/ writes to the terminal: results and messages have one place each, and --json is never spoiled."""
    if each.room == "cli":
        return
    for node in ast.walk(each.tree):
        if isinstance(node, ast.Name) and node.id == "print":
            yield f"{each.path}:{node.lineno}: print"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr"}:
            yield f"{each.path}:{node.lineno}: {ast.unparse(node)}"


Rule = Callable[[Module], Iterator[str]]
RULES: list[Rule] = [
    drawn, arrows, dnslib_at_home, yaml_at_home, loops_above, pure_below, frozen_nouns, room_card, short_files,
    prints_at_the_top,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    broken = [line for each in MODULES if rule is drawn or each.room in DRAWING for line in rule(each)]
    assert not broken, "\n".join([str(rule.__doc__), *broken])


def test_all_modules_were_looked_at() -> None:
    assert {"dns", "model", "settings", "compile", "resolve", "listen", "upstream", "cli"} <= {each.room for each in MODULES}


def test_the_drawing_points_down() -> None:
    """No room imports one that is drawn above it, and none, on whatever way, itself."""
    for room, (layer, rooms) in DRAWING.items():
        assert [other for other in rooms.split() if DRAWING[other][0] > layer] == [], room
    order = TopologicalSorter({room: rooms.split() for room, (_, rooms) in DRAWING.items()}).static_order()
    assert set(order) == set(DRAWING)


def test_rooms_that_never_meet() -> None:
    """Said of these pairs in words, so that a row of the drawing is not widened by the way."""
    pairs = [
        ("resolve", "compile", "a rule of resolution must not be settled twice"),
        ("listen", "engine", "sockets are handed a function, and can be tested with any"),
        ("engine", "upstream", "a resolution is driven without a network in tests, and by other transports later"),
        ("listen", "dns", "sockets carry packets and read none"),
        ("engine", "querylog", "what a query leads to does not depend on who watches"),
        ("cache", "settings", "a cache is told its bounds, it knows no view or client"),
    ]
    for one, other, why in pairs:
        assert other not in DRAWING[one][1].split(), why
        assert one not in DRAWING[other][1].split(), why
    for room in ("dns", "model", "compile", "resolve", "cache", "engine", "listen", "upstream"):
        assert "interop" not in DRAWING[room][1].split(), "importers are not on the query's path"


CARD = '''
"""{name}: a room.

Owns something.  Must never do another.

A worked example::

    code()
"""
'''

BROKEN: list[tuple[Rule, str, str, str]] = [
    (drawn, "nowhere", "", "nowhere: nowhere has no row in DRAWING"),
    (arrows, "dns/a", "from proxy.model.world import World", "dns/a:1: dns imports proxy.model.world.World"),
    (arrows, "dns/a", "import proxy.cli", "dns/a:1: dns imports proxy.cli"),
    (arrows, "dns/a", "from ..model import world", "dns/a:1: dns imports proxy.model.world"),
    (arrows, "dns/a", "from proxy import model", "dns/a:1: dns imports proxy.model"),
    (arrows, "dns/a", "from proxy import __version__", "dns/a:1: dns imports proxy.__version__"),
    (arrows, "compile/a", "def f():\n    from proxy.resolve import a", "compile/a:2: compile imports proxy.resolve.a"),
    (arrows, "resolve/a", "from proxy.compile import claims", "resolve/a:1: resolve imports proxy.compile.claims"),
    (arrows, "listen/a", "import proxy.engine", "listen/a:1: listen imports proxy.engine"),
    (arrows, "engine", "from proxy.upstream import Upstream", "engine:1: engine imports proxy.upstream.Upstream"),
    (dnslib_at_home, "model/a", "from dnslib import RR", "model/a:1: model imports dnslib"),
    (yaml_at_home, "cli/a", "import yaml.reader", "cli/a:1: cli imports yaml"),
    (loops_above, "cache", "import asyncio.locks", "cache:1: imports asyncio.locks"),
    (pure_below, "cache", "from time import monotonic", "cache:1: imports time.monotonic"),
    (pure_below, "dns/a", "import socket\nsocket.socket()", "dns/a:1: imports socket"),
    (pure_below, "dns/a", "from socket import create_connection", "dns/a:1: imports socket.create_connection"),
    (pure_below, "settings/a", "open('file')", "settings/a:1: open()"),
    (frozen_nouns, "model/a", "class A:\n    pass", "model/a:1: class A"),
    (frozen_nouns, "model/a", "@dataclass(frozen=True)\nclass A:\n    pass", "model/a:2: class A"),
    (frozen_nouns, "model/a", "@dataclass(frozen=True, slots=False)\nclass A:\n    pass", "model/a:2: class A"),
    (frozen_nouns, "model/a", "def f():\n    global count", "model/a:2: changes count"),
    (room_card, "dns/__init__", CARD.format(name="dns/").replace("Owns", "Has"), "dns/__init__: its card lacks 'Owns'"),
    (room_card, "engine", CARD.format(name="motor"), "engine: its card does not begin with its name"),
    (short_files, "dns/a", "x = 1\n" * (MAX_LINES + 1), "dns/a: 451 lines, more than 450"),
    (prints_at_the_top, "app", "print('ready')", "app:1: print"),
    (prints_at_the_top, "app", "sys.stderr.write('ready')", "app:1: sys.stderr"),
]  # fmt: skip

KEPT: list[tuple[Rule, str, str]] = [
    (arrows, "compile/a", "from proxy.settings.shape import Settings\nfrom proxy.compile.b import c"),
    (arrows, "app", "from proxy import __version__"),
    (arrows, "dns/a", "import proxying, model"),
    (yaml_at_home, "settings/a", "import yaml"),
    (loops_above, "engine", "import asyncio"),
    (pure_below, "engine", "import time"),
    (pure_below, "dns/a", "import socket\nsocket.inet_pton(socket.AF_INET, text)"),
    (pure_below, "dns/a", "from socket import inet_ntop"),
    (frozen_nouns, "model/a", "@dataclass(frozen=True, slots=True)\nclass A:\n    pass\nclass B(NamedTuple):\n    pass"),
    (frozen_nouns, "dns/a", "class A:\n    pass"),
    (room_card, "dns/__init__", CARD.format(name="dns/")),
    (room_card, "dns/a", ""),
    (prints_at_the_top, "cli/a", "print('ready')"),
]


@pytest.mark.parametrize(("rule", "path", "text", "finding"), BROKEN, ids=lambda value: getattr(value, "__name__", None))
def test_a_broken_rule_is_found(rule: Rule, path: str, text: str, finding: str) -> None:
    assert list(rule(module(path, text))) == [finding]


@pytest.mark.parametrize(("rule", "path", "text"), KEPT, ids=lambda value: getattr(value, "__name__", None))
def test_a_rule_that_is_kept_is_not_found_broken(rule: Rule, path: str, text: str) -> None:
    assert list(rule(module(path, text))) == []


def test_every_rule_can_fail() -> None:
    assert {rule for rule, *_ in BROKEN} == set(RULES)
