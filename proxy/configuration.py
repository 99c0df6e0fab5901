"""configuration: from a source to what can be served, or to everything that is wrong with it.

Owns reading, compiling and testing a configuration, the command line's overrides included.  Must never serve it.

A worked example::

    configuration = load(source)                # ConfigError with every problem, SourceError where it cannot be read
    failed(configuration)                       # [] where the file's own expectations hold
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from proxy import __version__
from proxy.compile.plan import compile_plan
from proxy.compile.problems import Problems
from proxy.compile.short_form import expand_short_form
from proxy.compile.world import Machine, compile_world
from proxy.dns.names import Name
from proxy.expectations import failed_expectations, is_expected_refusal
from proxy.host.extras import speaks_http_2
from proxy.host.resolvers import machine_servers
from proxy.model.answers import ServerAddress
from proxy.model.plan import Listener, Plan
from proxy.model.world import World
from proxy.nouns import dataclass
from proxy.settings import Loaded, read_expectation_of_refusal, read_sound_part
from proxy.settings.problems import ConfigError, ConfigProblem
from proxy.settings.shape import AdminSetting, ListenSetting, RefusalExpected, Settings, UpstreamSetting
from proxy.source import Source


class Overrides(NamedTuple):
    """What is said in place of the file: by the command line, or by who serves one command.

    `domains` come beside those of the file.  `listeners`, if any, are all that there are: the inbound endpoints' are left out.
    What is `for_one_command` answers whoever asks, and writes no query log, which is a server's.
    """

    listen: tuple[ListenSetting, ...] = ()
    upstream: UpstreamSetting | None = None
    domains: Mapping[Name, tuple[ServerAddress | Literal["system"], ...]] = {}
    for_one_command: bool = False
    listeners: tuple[Listener, ...] = ()
    admin: AdminSetting | Literal[False] | None = None


NO_OVERRIDES = Overrides()

INSTANCE = secrets.token_hex(8)
"""This process: its answers tell it from any other, so that it knows itself where a server turns out to lead back."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that was read and compiled: it can be served.

    `changes` is what was changed since it was read, in words; the file says nothing of that.
    """

    name: str
    settings: Settings
    world: World
    plan: Plan
    loaded: Loaded
    changes: tuple[str, ...] = ()


class Check(NamedTuple):
    """What `check` found: the configuration unless it is refused, its problems, and whether the file wanted that."""

    configuration: Configuration | None
    problems: Sequence[ConfigProblem]
    refused_as_expected: bool


def load(source: Source, overrides: Overrides = NO_OVERRIDES) -> Configuration:
    """Read and compile `source`; ConfigError with all that is wrong, SourceError where it cannot be read."""
    return _compile(source.name, source.read(), overrides)


def check(source: Source, *, run_expectations: bool = True) -> Check:
    """Read, compile and test a configuration as `serve` would before it takes it."""
    texts = source.read()
    try:
        configuration = _compile(source.name, texts, NO_OVERRIDES)
    except ConfigError as error:
        expected = read_expectation_of_refusal(texts)
        refused = expected is not None and is_expected_refusal(expected, error.problems)
        return Check(None, error.problems, refused)
    return Check(configuration, failed(configuration) if run_expectations else (), refused_as_expected=False)


def failed(configuration: Configuration) -> list[ConfigProblem]:
    """The expectations of a configuration that do not hold."""
    expect, mark = configuration.settings.expect, configuration.loaded.mark
    if isinstance(expect, RefusalExpected):
        what = f"the file is accepted, though it is to be refused with: {expect.error}"
        return [ConfigProblem(mark(("expect",)), ("expect",), what)]
    return failed_expectations(configuration.world, expect, mark)


def recompile(configuration: Configuration, settings: Settings, what: str = "") -> Configuration:
    """`configuration` with other settings, which differ by `what`; ConfigError with all that is wrong.

    A `+` behind its digest says that it is no longer what its files are.  The files' expectations are not asked: whoever
    changes something wants it to be different.
    """
    digest = configuration.world.digest.removesuffix("+") + "+"
    changed = _build(configuration.name, configuration.loaded, settings, Problems(), digest)
    others = tuple(each for each in configuration.changes if each != what)  # what is changed again is told once
    return replace(changed, changes=(*others, what) if what else others)


def refresh(configuration: Configuration) -> Configuration:
    """`configuration` with what this machine is now: its resolvers, above all.  Its files are not read again."""
    settings, digest = configuration.settings, configuration.world.digest
    made = _build(configuration.name, configuration.loaded, settings, Problems(), digest)
    return replace(made, plan=configuration.plan, changes=configuration.changes)


def with_listeners(configuration: Configuration, listeners: tuple[Listener, ...]) -> Configuration:
    """`configuration` served by these listeners and no others; ConfigError where it has no such view."""
    for listener in listeners:
        if listener.view is not None and listener.view not in configuration.world.views:
            what = f"there is no view {listener.view}, which {listener} is to be"
            raise ConfigError([ConfigProblem(configuration.loaded.mark(("vpcs",)), ("vpcs",), what)])
    return replace(configuration, plan=configuration.plan._replace(listeners=listeners))


def _compile(name: str, texts: Sequence[tuple[str, bytes]], overrides: Overrides) -> Configuration:
    loaded, wrong = read_sound_part(texts)
    if loaded is None:
        raise ConfigError(wrong)
    problems = Problems()
    settings = _override(expand_short_form(loaded.settings, problems), overrides)
    digest = hashlib.sha256(b"\0".join(text for _, text in texts)).hexdigest()[:12]
    built = _build(name, loaded, settings, problems, digest, wrong=wrong)
    return with_listeners(built, overrides.listeners) if overrides.listeners else built


def _build(
    name: str,
    loaded: Loaded,
    settings: Settings,
    problems: Problems,
    digest: str,
    *,
    wrong: Sequence[ConfigProblem] = (),
) -> Configuration:
    servers = machine_servers() if asks_the_machine(settings) else ()
    machine = Machine(servers, __version__, digest, speaks_http_2(), INSTANCE)
    world = compile_world(settings, machine, problems)
    plan = compile_plan(settings, world.views, problems)
    found = [ConfigProblem(loaded.mark(path), path, what, hint) for path, what, hint in problems.found]
    if wrong:  # what was left out may be what another part refers to
        found = [*wrong, *(problem for problem in found if not problem.what.startswith("there is no "))]
    if found:
        raise ConfigError(found)
    return Configuration(name, settings, world, plan, loaded)


def asks_the_machine(settings: Settings) -> bool:
    """Whether the machine's own resolvers are asked for anything."""
    upstream = settings.upstream
    return any("system" in servers for servers in (upstream.servers, *upstream.domains.values()))


def _override(settings: Settings, overrides: Overrides) -> Settings:
    if overrides.listen:
        settings = replace(settings, listen=overrides.listen)
    if overrides.upstream is not None:
        settings = replace(settings, upstream=overrides.upstream)
    if overrides.domains:
        domains = {**settings.upstream.domains, **overrides.domains}
        settings = replace(settings, upstream=replace(settings.upstream, domains=domains))
    if overrides.for_one_command:
        settings = replace(settings, allow_clients=("any",), query_log=None)
    if overrides.admin is not None:
        settings = replace(settings, admin=_with_secrets_of(settings.admin, overrides.admin))
    return settings


def _with_secrets_of(
    file: AdminSetting | Literal[False] | None, given: AdminSetting | Literal[False]
) -> AdminSetting | Literal[False]:
    """The address that was given, with the token and the names of the file."""
    return replace(file, listen=given.listen) if file and given else given
