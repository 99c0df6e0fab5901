"""What was typed, as questions and places; what is wrong with it is a wrong usage."""

from __future__ import annotations

import ipaddress

import typer

from proxy.asking import Inquiry, UnknownView, place
from proxy.dns.codes import type_number
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.model.answers import Protocol, Question, ServerAddress
from proxy.model.world import Address, World


def read_question(name: str, kind: str) -> Question:
    """The question of `NAME TYPE`."""
    try:
        return Question(Name.from_text(name), type_number(kind))
    except MalformedMessage as error:
        raise typer.BadParameter(error.what, param_hint="NAME [TYPE]") from error


def read_inquiry(world: World, question: Question, view: str | None, client: str | None) -> Inquiry:
    """The question from where `--view` or `--client` say."""
    if view is not None and client is not None:
        raise typer.BadParameter("a client has its view already: give one of --view and --client", param_hint="--view")
    try:
        return place(world, question, view, None if client is None else read_address(client))
    except UnknownView as error:
        raise typer.BadParameter(str(error), param_hint="--view") from error


def read_address(text: str) -> Address:
    """The address of `--client`."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no IP address, such as 10.0.1.5", param_hint="--client") from None


def read_server(text: str) -> ServerAddress:
    """The server of `--server`: ADDR, ADDR:PORT, [ADDR]:PORT."""
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "53")
    host = host.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise typer.BadParameter(f"{text} is no address and port, such as 127.0.0.1:1053", param_hint="--server") from None
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 0x10000):
        raise typer.BadParameter(f"{port} is no port from 1 to 65535", param_hint="--server")
    return ServerAddress(Protocol.UDP, str(address), int(port))
