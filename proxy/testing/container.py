"""vpcdns as a container of testcontainers, for tests whose programs run in containers too.

A class of `testcontainers`' own, so it can only be had where that is installed.  The image is one whose entry point is the
command `vpcdns`.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from proxy.asking import Outcome, ask_server, outcome_of
from proxy.dns.codes import TYPE_A
from proxy.dns.names import Name
from proxy.model.answers import Protocol, Question, ServerAddress, UpstreamError
from proxy.source import Source
from proxy.testing.worlds import Config, World, source_of

try:
    from testcontainers.core.container import DockerContainer
except ImportError as error:
    raise ImportError("VpcdnsContainer needs testcontainers: pip install testcontainers") from error

IMAGE = "vpcdns"
PORT = 1053
READY_WITHIN = 60.0
PROBE = Question(Name.from_text("health.vpcdns.test"), TYPE_A)
_FOLDER = "/etc/vpcdns"
_COMMAND = ("-c", _FOLDER, "serve", "--no-watch")


class VpcdnsContainer(DockerContainer):  # type: ignore[misc]
    """A container that serves `config`; `with VpcdnsContainer(world) as dns: dns.address_over("udp")`.

    Its clients come from networks of the engine, so a world of Python lets any of them ask; a file has to say so itself
    (`allow_clients: any`, or a VPC's `clients`).  `view` is that of all clients; without it, and for a file that is the
    `default_view` which it must not name itself, of the client's address.
    """

    def __init__(self, config: Config, *, view: str | None = None, image: str = IMAGE, **kwargs: Any) -> None:
        super().__init__(image, **kwargs)
        self._folder = tempfile.TemporaryDirectory(prefix="vpcdns-")
        if isinstance(config, World):
            listen = {"address": f"0.0.0.0:{PORT}", **({} if view is None else {"view": view})}
            write_folder(Path(self._folder.name), source_of(config.with_keys(allow_clients=["any"], listen=[listen])), None)
            self.with_command([*_COMMAND])
        else:
            write_folder(Path(self._folder.name), source_of(config), view)
            self.with_command([*_COMMAND, "--listen", f"0.0.0.0:{PORT}"])
        self.with_exposed_ports(f"{PORT}/udp", f"{PORT}/tcp")
        self.with_volume_mapping(self._folder.name, _FOLDER, "ro")

    def address_over(self, transport: str = "udp") -> tuple[str, int]:
        """Host and port by which this machine reaches it, over `udp` or `tcp`."""
        return self.get_container_host_ip(), int(self.get_exposed_port(f"{PORT}/{transport}"))

    def start(self) -> Self:
        """Start it, and wait until it answers; RuntimeError with what it said if it does not."""
        super().start()
        end = time.monotonic() + READY_WITHIN
        while not self._answers():
            if time.monotonic() > end:
                said = b"".join(self.get_logs()).decode(errors="replace")
                self.stop()
                raise RuntimeError(f"vpcdns does not answer in its container:\n{said}")
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        """Asked in a thread of its own: the caller may have an event loop that runs."""
        host, port = self.address_over("tcp")
        server = ServerAddress(Protocol.TCP, socket.gethostbyname(host), port)
        with ThreadPoolExecutor(1) as pool, suppress(UpstreamError):
            reply = pool.submit(asyncio.run, ask_server(server, PROBE, 2.0)).result()
            return outcome_of(PROBE, reply) is Outcome.ANSWER
        return False

    def stop(self, *args: Any, **kwargs: Any) -> None:
        """Stop it, and take its configuration away."""
        super().stop(*args, **kwargs)
        self._folder.cleanup()


def write_folder(folder: Path, source: Source, view: str | None) -> None:
    """Write the texts of a configuration, and a file with `default_view` where one is wanted."""
    texts = source.read()
    if view is not None:
        texts.append(("view.yaml", f'default_view: "{view}"\n'.encode()))
    for number, (name, text) in enumerate(texts):
        (folder / f"{number:03}-{Path(name).stem.replace(' ', '-')}.yaml").write_bytes(text)
    folder.chmod(0o755)  # the image's user is another
