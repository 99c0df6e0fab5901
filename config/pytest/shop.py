"""A program as there are many: it has names, and connects to what they lead to."""

from __future__ import annotations

import asyncio
import contextlib
import socket


def database() -> str:
    """Where the database is."""
    return socket.gethostbyname("db.shop.example")


async def queue() -> str:
    """Where the queue is."""
    found = await asyncio.get_running_loop().getaddrinfo("sqs.eu-west-1.amazonaws.com", 443, type=socket.SOCK_STREAM)
    return str(found[0][4][0])


def order() -> str:
    """An order; whether anybody hears of it does not matter."""
    with contextlib.suppress(OSError):
        socket.gethostbyname("telemetry.example.net")
    return database()
