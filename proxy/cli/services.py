"""`vpcdns services`: the endpoint services of the catalogue, and the names that their endpoints take over."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from proxy.cli.arguments import ConfigOption, JsonOption
from proxy.cli.opening import open_configuration
from proxy.cli.output import aligned, remark, say, say_json
from proxy.cli.paint import Paint
from proxy.cli.status import Status
from proxy.compile.catalogue import Service, all_services, is_region, service_hint
from proxy.settings.problems import ConfigError
from proxy.settings.shape import Settings
from proxy.source import SourceError
from proxy.telling.words import counted

_HEAD = ("SERVICE", "TYPES", "PRIVATE NAMES", "EVIDENCE")

PatternArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[PATTERN]",
        help="The beginning of a word in the service or in one of its names, or a pattern with *.",
        show_default=False,
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region", metavar="REGION", help="Names in this region; else in the configuration's.", show_default=False
    ),
]


def run(
    ctx: typer.Context,
    pattern: PatternArgument = None,
    config: ConfigOption = None,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the endpoint services: what they are called, and their private names in a region."""
    if region is not None and not is_region(region):
        raise typer.BadParameter(f"{region} has not the form of a region, such as us-east-1", param_hint="--region")
    where = region or _region_of(ctx, config)
    matching = [service for service in all_services() if pattern is None or _matches(service, pattern.lower(), where)]
    found = [service for service in matching if _is_offered(service, where)]
    if as_json:
        say_json([_as_json(service, where) for service in found])
    elif found:
        _show(found, where)
    if not found:
        remark(_nothing(pattern or "", matching, where))
        raise typer.Exit(Status.PROBLEM)


def _region_of(ctx: typer.Context, config: str | None) -> str:
    """The configuration's; one with mistakes, a service's name perhaps, is no reason not to show the services."""
    try:
        return open_configuration(ctx, config).settings.region
    except (ConfigError, SourceError):
        region = Settings().region
        remark(f"it cannot be used as it is (vpcdns check tells why); the names are those in {region}")
        return region


def _matches(service: Service, pattern: str, region: str) -> bool:
    texts = (service.short, service.full_name(region), *service.private_names(region, dualstack=True))
    if "*" in pattern or "?" in pattern:
        return any(fnmatchcase(text, pattern) for text in texts)
    return any(f".{text}".find(f"{before}{pattern}") >= 0 for text in texts for before in (".", "-"))


def _is_offered(service: Service, region: str) -> bool:
    return not service.regions or region in service.regions


def _nothing(pattern: str, matching: Iterable[Service], region: str) -> str:
    elsewhere = [f"{service.short} is offered in {', '.join(service.regions)}" for service in matching]
    hint = "; ".join(elsewhere) or service_hint(pattern)
    return f"no service matches {pattern} in {region}" + (f" ({hint})" if hint else "")


def _show(found: list[Service], region: str) -> None:
    head, *lines = aligned([_HEAD, *(row for service in found for row in _rows(service, region))])
    say(Paint(sys.stdout)(head, "bold"))
    for line in lines:
        say(line)
    remark(f"{counted(len(found), 'service')} in {region}")


def _rows(service: Service, region: str) -> Iterator[tuple[str, str, str, str]]:
    """A line a name, those of dual-stack endpoints alone marked so."""
    single = service.private_names(region, dualstack=False)
    more = [name for name in service.private_names(region, dualstack=True) if name not in single]
    names = [*single, *(f"{name} (dualstack)" for name in more)] or ["-"]
    yield service.short, ", ".join(sorted(service.types)), names[0], service.evidence
    yield from (("", "", name, "") for name in names[1:])


def _as_json(service: Service, region: str) -> dict[str, Any]:
    return {
        "service": service.short,
        "name": service.full_name(region),
        "types": sorted(service.types),
        "private_dns": service.private_dns,
        "private_names": list(service.private_names(region, dualstack=False)),
        "private_names_dualstack": list(service.private_names(region, dualstack=True)),
        "evidence": service.evidence,
    }
