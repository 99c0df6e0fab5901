"""vpcdns as a container of testcontainers, for tests whose programs run in containers too.

A class of `testcontainers`' own, so it can only be had where that is installed.  The image is one whose entry point is the
command `vpcdns`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proxy.source import Source
from proxy.testing.worlds import Config, World, source_of

try:
    from testcontainers.core.container import DockerContainer
except ImportError as error:
    raise ImportError("VpcdnsContainer needs testcontainers: pip install testcontainers") from error

IMAGE = "vpcdns"
PORT = 1053
_FOLDER = "/etc/vpcdns"


class VpcdnsContainer(DockerContainer):  # type: ignore[misc]
    """A container that serves `config`; `with VpcdnsContainer(world) as dns: dns.address_over("udp")`.

    Its clients come from networks of the engine, so a world of Python lets any of them ask; a file has to say so itself
    (`allow_clients: any`, or a VPC's `clients`).  `view` is that of all clients; without it, of the client's address.
    """

    def __init__(self, config: Config, *, view: str | None = None, image: str = IMAGE, **kwargs: Any) -> None:
        super().__init__(image, **kwargs)
        self._folder = tempfile.TemporaryDirectory(prefix="vpcdns-")
        if isinstance(config, World):
            config = config.with_keys(allow_clients=["any"])
        write_folder(Path(self._folder.name), source_of(config), view)
        self.with_command(command_line())
        self.with_exposed_ports(f"{PORT}/udp", f"{PORT}/tcp")
        self.with_volume_mapping(self._folder.name, _FOLDER, "ro")

    def address_over(self, transport: str = "udp") -> tuple[str, int]:
        """Host and port by which this machine reaches it, over `udp` or `tcp`."""
        return self.get_container_host_ip(), int(self.get_exposed_port(f"{PORT}/{transport}"))

    def stop(self, *args: Any, **kwargs: Any) -> None:
        """Stop it, and take its configuration away."""
        super().stop(*args, **kwargs)
        self._folder.cleanup()


def command_line() -> Sequence[str]:
    """What the image's `vpcdns` is called with."""
    return ["-c", _FOLDER, "serve", "--no-watch", "--listen", f"0.0.0.0:{PORT}"]


def write_folder(folder: Path, source: Source, view: str | None) -> None:
    """Write the texts of a configuration, and a file with `default_view` where one is wanted."""
    texts = source.read()
    if view is not None:
        texts.append(("view.yaml", f'default_view: "{view}"\n'.encode()))
    for number, (name, text) in enumerate(texts):
        (folder / f"{number:03}-{Path(name).stem.replace(' ', '-')}.yaml").write_bytes(text)
    folder.chmod(0o755)  # the image's user is another
