"""Talking to a running server's control API: where it is, the token, a request, and what to do when it does not go well.

Imported only by the verbs that do so.  The client is that of the standard library, and asks the address itself, whatever proxy
the environment has for the web.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import typer

from proxy.cli.banner import from_here
from proxy.cli.opening import quiet_source
from proxy.cli.output import remark, say_json
from proxy.cli.status import Status
from proxy.settings import read_sound_part
from proxy.settings.admin import ADMIN_PORT
from proxy.settings.problems import ConfigError, one_line
from proxy.settings.shape import AdminSetting
from proxy.source import SourceError
from proxy.web import read_token, token_path

TOKEN_VARIABLE = "VPCDNS_TOKEN"  # noqa: S105  its name

_SECONDS = 60.0  # a large configuration takes its time to be compiled


class Unreachable(Exception):
    """There is nobody to talk to, or nobody who listens to us: what to tell, the last lines being what to do."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))


class Refused(Exception):
    """The server does not do it: the status and the JSON of its answer."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        super().__init__(said.get("error", ""))
        self.status = status
        self.said = said


class Token(NamedTuple):
    """A token, and where it was found."""

    text: str
    where: str


class Control:
    """The control API at `host` and `port`; `settings` gives what the configuration says of it, if it can be read."""

    def __init__(self, host: str, port: int, settings: Callable[[], AdminSetting]) -> None:
        self.host = host
        self.port = port
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._settings = settings

    def get(self, path: str, **parameters: str | int | None) -> Any:
        """What a path says."""
        return self._said(self._ask("GET", _with(path, parameters), None, {}))

    def change(self, method: str, path: str, body: Any = None, **parameters: str | None) -> Any:
        """What comes of a change, with whichever token of ours the server takes."""
        text = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        tried: list[str] = []
        for token in self._tokens():
            status, said = self._ask(
                method, _with(path, parameters), text, {"Authorization": f"Bearer {token.text}", **kind}
            )
            if status != 401:
                return self._said((status, said))
            tried.append(token.where)
        if not tried:
            self._ask("GET", "/readyz", None, {})  # where nobody is, a token is not what lacks
        raise Unreachable(*self._no_token(tried))

    def _said(self, answer: tuple[int, Any]) -> Any:
        status, said = answer
        if status != 200:
            raise Refused(status, said)
        return said

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            status, said = response.status, _object(response.read())
        except (http.client.HTTPException, ValueError):
            raise Unreachable(
                f"what answers at {self.address} is no vpcdns", "  --admin ADDR names another address"
            ) from None
        except OSError as error:
            raise Unreachable(*self._nobody(error)) from None
        finally:
            connection.close()
        return status, said

    def _tokens(self) -> Iterator[Token]:
        """The environment's; else the one that the server keeps for its own user, and that of the configuration."""
        given = os.environ.get(TOKEN_VARIABLE, "").strip()
        if given:
            yield Token(given, TOKEN_VARIABLE)
            return
        kept = self._kept_token()
        if kept.text:
            yield kept
        written = self._settings().token
        if written not in (None, kept.text):
            yield Token(written, "admin.token of the configuration")

    def _kept_token(self) -> Token:
        """It is kept by the address that the server listens on, which may be all of its machine's."""
        for address in (self.address, f"0.0.0.0:{self.port}", f"[::]:{self.port}"):
            token = read_token(address)
            if token:
                return Token(token, str(token_path(address)))
        return Token("", "")

    def _no_token(self, tried: Sequence[str]) -> Iterator[str]:
        if tried:
            yield f"the server at {self.address} does not take the token of {' or '.join(tried)}"
        else:
            yield f"changing something at {self.address} takes a token, and none was found"
        try:
            kept = f"; without one, the server keeps one for its own user in {token_path(self.address)}"
        except RuntimeError:
            kept = ""
        yield f"  it is admin.token of the server's configuration{kept}"
        yield f"  give it as {TOKEN_VARIABLE}=…, or name the server's configuration with -c"

    def _nobody(self, error: OSError) -> Iterator[str]:
        why = "it gave no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
        yield f"no control API at {self.address}: {why}"
        yield "  is the server running?  `vpcdns serve` tells at its start where its control API is; --admin ADDR names it here"
        yield "  it has none with `--admin off`, with `admin: false` in its configuration, or without the extra vpcdns[admin]"


def find_control(ctx: typer.Context, config: str | None, admin: str | None) -> Control:
    """The control API that `--admin` names, or the configuration; that need not be right, it may be why somebody reloads."""
    read: list[AdminSetting] = []

    def settings() -> AdminSetting:
        if not read:
            read.append(_settings(ctx, config))
        return read[0]

    if admin is not None:
        return Control(*_place(admin), settings)
    listen = settings().listen
    if listen is False:
        raise typer.BadParameter(
            "the configuration has no control API (admin: false): say where it is", param_hint="--admin"
        )
    if not listen.port:
        raise typer.BadParameter("the configuration says port 0, any free one: say which it is", param_hint="--admin")
    return Control(from_here(listen.host), listen.port, settings)


def _settings(ctx: typer.Context, config: str | None) -> AdminSetting:
    try:
        loaded, _ = read_sound_part(quiet_source(ctx, config).read())
    except (ConfigError, SourceError):
        loaded = None
    setting = None if loaded is None else loaded.settings.admin
    return AdminSetting(listen=False) if setting is False else setting or AdminSetting()


def _place(text: str) -> tuple[str, int]:
    """Host and port of an address, which may be copied from a line of `serve`."""
    wrong = typer.BadParameter(f"{text} is no address: write for example 127.0.0.1:{ADMIN_PORT}", param_hint="--admin")
    try:
        parts = urlsplit(text if text.startswith("http://") else f"http://{text}")
        port = ADMIN_PORT if parts.port is None else parts.port
    except ValueError:
        raise wrong from None
    if not parts.hostname or not port or parts.path not in ("", "/") or parts.query or text in ("off", "false"):
        raise wrong
    return from_here(parts.hostname), port


def _object(text: bytes) -> dict[str, Any]:
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError(f"{said} is no object")  # noqa: TRY004  it is as little of ours as what is no JSON
    return said


def _with(path: str, parameters: Mapping[str, str | int | None]) -> str:
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def told(work: Callable[[], None], *, as_json: bool = False) -> None:
    """Do it; where it cannot be done, tell why and exit."""
    try:
        work()
    except Unreachable as error:
        remark(error)
        raise typer.Exit(Status.MACHINE) from None
    except Refused as error:
        if as_json:
            say_json(error.said)
        for line in _lines_of(error.said):
            remark(line)
        raise typer.Exit(Status.MACHINE if error.status == 503 else Status.PROBLEM) from None


def _lines_of(said: Mapping[str, Any]) -> Iterator[str]:
    """An error as `check` would print it."""
    for problem in said.get("problems", ()):
        what = f"{problem['what']} ({problem['hint']})" if "hint" in problem else problem["what"]
        yield one_line(": ".join(filter(None, (problem.get("where"), problem.get("path"), what))))
    yield one_line(f"{said['error']} ({said['hint']})" if "hint" in said else str(said.get("error")))
