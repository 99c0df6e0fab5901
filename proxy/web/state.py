"""What a running server is and does, for programs: the values of JSON."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from proxy import __version__
from proxy.configuration import Configuration
from proxy.model.world import View
from proxy.web.desk import Desk
from proxy.web.metrics import rcode_label


def readiness_of(desk: Desk) -> dict[str, Any]:
    """Whether queries are answered; and by what."""
    server = desk.server
    return {
        "ready": bool(server.sockets) and not server.stopping,
        "listeners": listeners_of(desk),
        "configuration": configuration_of(desk),
    }


def configuration_of(desk: Desk) -> dict[str, Any]:
    """What is served, and how it came to be: `changes` are those that the file does not have."""
    configuration, reloads = desk.server.configuration, desk.server.reloads
    return {
        "name": configuration.name,
        "digest": configuration.world.digest,
        "holds": desk.counts._asdict(),
        "changes": list(configuration.changes),
        "reloads": {"good": reloads.good, "failed": reloads.failed, "last_good": reloads.last_good},
    }


def listeners_of(desk: Desk) -> list[dict[str, Any]]:
    """Where queries are taken, and for which view."""
    return [
        {"address": socket.address[0], "port": socket.address[1], "view": socket.listener.view}
        for socket in desk.server.sockets
    ]


def views_of(configuration: Configuration) -> dict[str, Any]:
    """The views, and who is in them."""
    world, vpcs = configuration.world, configuration.settings.vpcs
    networks = {name: [str(network) for network in vpc.networks] for name, vpc in vpcs.items()}
    return {
        "default_view": world.default_view,
        "views": [_view(view, networks.get(view.name, [])) for view in world.views.values()],
    }


def _view(view: View, networks: list[str]) -> dict[str, Any]:
    vpc = None
    if view.vpc is not None:
        vpc = {"name": view.vpc.name, "id": view.vpc.id, "region": view.vpc.region, "account": view.vpc.account}
    return {
        "name": view.name,
        "kind": "internet" if view.vpc is None else "vpc" if view.name == view.vpc.name else "inbound_endpoint",
        "vpc": vpc,
        "serves": view.serves,
        "clients": networks,
        "resolver_endpoint": view.resolver_endpoint,
        "firewall": view.firewall is not None,
        "claims": len(view.claims),
    }


async def statistics_of(desk: Desk) -> dict[str, Any]:
    """What was counted since the start, in sums; the metrics have it in detail."""
    counts = await desk.server.all_counts()
    by: dict[str, Counter[str]] = {"reason": Counter(), "view": Counter(), "rcode": Counter(), "transport": Counter()}
    for counted, number in counts.answers.items():
        by["reason"][counted.kind.word] += number
        by["view"][counted.view] += number
        by["rcode"][rcode_label(counted.rcode)] += number
        by["transport"]["tcp" if counted.tcp else "udp"] += number
    return {
        "version": __version__,
        "uptime": round(time.time() - desk.server.started, 3),
        "configuration": configuration_of(desk),
        "answers": {
            "total": sum(by["view"].values()),
            **{f"by_{word}": dict(numbers.most_common()) for word, numbers in by.items()},
        },
        "packets": counts.packets._asdict(),
        "cache": counts.cache._asdict(),
        "upstream": {
            "in_flight": counts.outside.in_flight,
            "servers": [
                {
                    "address": str(each.address),
                    "up": not each.rests,
                    "sent": each.sent,
                    "replies": each.replies,
                    "failures": each.failures,
                    "reply_seconds": round(each.reply_time, 6),
                }
                for each in counts.servers
            ],
        },
        "tcp_connections": sum(each.open for each in counts.connections.values()),
    }
